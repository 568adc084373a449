//! A file a secret, as Docker and Kubernetes lay them down.

use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use loopline_ports::secrets::{Asking, LONGEST, SecretError, SecretSource, SecretString};
use tokio::io::AsyncReadExt as _;

use crate::name::is_name;

/// The file with the name of the secret holds its value. A line break at its end does not belong to it.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Files in this folder. They are read each time, so that a changed one counts at once.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

#[async_trait]
impl SecretSource for Folder {
    async fn value(&self, _: Asking<'_>, name: &str) -> Result<Option<SecretString>, SecretError> {
        if !is_name(name) {
            return Ok(None);
        }
        let path = self.path.join(name);
        let failed = |error: io::Error| SecretError(format!("{}: {error}", path.display()));
        let file = match tokio::fs::File::open(&path).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        // One more than may be, and a line break: so a file that is too long is seen, and never read whole.
        let mut bytes = Vec::new();
        file.take(LONGEST as u64 + 3).read_to_end(&mut bytes).await.map_err(failed)?;
        let text = String::from_utf8(bytes).map_err(|_| SecretError(format!("{} is not UTF-8", path.display())))?;
        Ok(Some(without_line_break(&text).into()))
    }
}

/// The text without one line break at its end.
pub(crate) fn without_line_break(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use loopline_ports::secrets::ExposeSecret as _;

    use super::*;

    #[tokio::test]
    async fn a_file_holds_a_value_until_its_last_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let source = Folder::new(folder.path().to_owned());
        let asked = async |name: &str| {
            let value = source.value(Asking { project: "default", pipeline: "p" }, name).await;
            value.map(|value| value.map(|value| value.expose_secret().to_owned())).map_err(|error| error.to_string())
        };
        std::fs::write(folder.path().join("KEY"), "-----BEGIN-----\nabc\n\n").unwrap();
        assert_eq!(asked("KEY").await, Ok(Some("-----BEGIN-----\nabc\n".into())));
        std::fs::write(folder.path().join("KEY"), "new\r\n").unwrap();
        assert_eq!(asked("KEY").await, Ok(Some("new".into())), "a changed file counts at once");
        assert_eq!(asked("NONE").await, Ok(None));
        std::fs::write(folder.path().join("BYTES"), b"\xff\xfe").unwrap();
        assert!(asked("BYTES").await.unwrap_err().ends_with("is not UTF-8"));
        std::fs::create_dir(folder.path().join("DIR")).unwrap();
        assert!(asked("DIR").await.is_err(), "what cannot be read is not the same as none");
        std::fs::write(folder.path().parent().unwrap().join("outside"), "x").unwrap();
        assert_eq!(asked("../outside").await, Ok(None));
        std::fs::remove_file(folder.path().parent().unwrap().join("outside")).unwrap();
    }
}

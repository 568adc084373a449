//! `NAME=VALUE`, a secret a line: what a run in the foreground is given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use loopline_ports::secrets::{Asking, SecretError, SecretSource, SecretString};

use crate::name::is_name;

/// Secrets read from files once.
#[derive(Clone, Default)]
pub struct SecretFile {
    values: BTreeMap<String, SecretString>,
}

/// Why a file gives no secrets. Shows no line of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is not what it must be.
    #[error("{}:{line}: {message}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        message: &'static str,
    },
}

impl SecretFile {
    /// Adds the secrets of a file; one that has the name of an earlier one takes its place.
    ///
    /// A line is empty, a comment behind `#`, or `NAME=VALUE`. The value is what stands there to the end of the line, or in
    /// quotes: in `"…"` with the escapes of JSON, in `'…'` as it stands.
    pub fn read(&mut self, path: &Path) -> Result<(), SecretFileError> {
        let file = |source| SecretFileError::File { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(file)?;
        for (index, line) in text.lines().enumerate() {
            let wrong = |message| SecretFileError::Line { path: path.to_owned(), line: index + 1, message };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = line.split_once('=').ok_or_else(|| wrong("write it like NAME=VALUE"))?;
            let (name, value) = (name.trim(), value.trim());
            if !is_name(name) {
                return Err(wrong("a name has letters, digits and _, and does not begin with a digit"));
            }
            let value = unquoted(value).ok_or_else(|| wrong("the quotes are not closed, or hold an unknown escape"))?;
            if value.is_empty() {
                return Err(wrong("the value is empty"));
            }
            self.values.insert(name.to_owned(), value.into());
        }
        Ok(())
    }
}

fn unquoted(value: &str) -> Option<String> {
    match value.as_bytes().first() {
        Some(b'"') => serde_json::from_str(value).ok(),
        Some(b'\'') => value.strip_prefix('\'')?.strip_suffix('\'').map(str::to_owned),
        _ => Some(value.to_owned()),
    }
}

#[async_trait]
impl SecretSource for SecretFile {
    async fn value(&self, _: Asking<'_>, name: &str) -> Result<Option<SecretString>, SecretError> {
        Ok(self.values.get(name).cloned())
    }
}

#[cfg(test)]
mod tests {
    use loopline_ports::secrets::ExposeSecret as _;

    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        std::fs::write(&path, text).unwrap();
        let mut secrets = SecretFile::default();
        secrets.read(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "F"))?;
        Ok(secrets.values.into_iter().map(|(name, value)| (name, value.expose_secret().to_owned())).collect())
    }

    #[test]
    fn lines_are_secrets() {
        let text = "# of the team\n\nA=plain = text # and all\nB=\"two\\nlines\"\n C = 'as \\n it is'\nA=later\n";
        let expected = [("A", "later"), ("B", "two\nlines"), ("C", "as \\n it is")];
        assert_eq!(read(text).unwrap(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_wrong_line_is_named_and_not_shown() {
        for (text, message) in [
            ("A=1\nhidden", "F:2: write it like NAME=VALUE"),
            ("1A=hidden", "F:1: a name has letters, digits and _, and does not begin with a digit"),
            ("A=\"hidden", "F:1: the quotes are not closed, or hold an unknown escape"),
            ("A=''", "F:1: the value is empty"),
        ] {
            assert_eq!(read(text).unwrap_err(), message);
        }
    }
}

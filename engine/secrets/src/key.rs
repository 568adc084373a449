//! Keys that stored secrets are sealed with: identities of [age](https://age-encryption.org), one a line.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use age::x25519::Identity;
use loopline_ports::secrets::{ExposeSecret as _, SecretString};

/// Where the keys are.
#[derive(Debug, Clone)]
pub enum KeyFrom {
    /// The text itself, from the environment.
    Text(SecretString),
    /// A file that must be there.
    File(PathBuf),
    /// A file that is made, with a new key, when a secret is stored for the first time.
    OwnFile(PathBuf),
}

/// Why there is no key. Never holds one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(pub String);

/// Opens what any of them has sealed; seals with the first.
pub(crate) struct Keys(Vec<Identity>);

impl KeyFrom {
    /// The keys; `None` where they are still to be made.
    pub(crate) fn load(&self) -> Result<Option<Keys>, KeyError> {
        let (path, may_be_absent) = match self {
            Self::Text(text) => return Keys::parse(text.expose_secret(), "the key in the environment").map(Some),
            Self::File(path) => (path, false),
            Self::OwnFile(path) => (path, true),
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => SecretString::from(text),
            Err(error) if may_be_absent && error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(KeyError(format!("the key of secrets, {}: {error}", path.display()))),
        };
        if std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o007 != 0) {
            let path = path.display();
            tracing::warn!(%path, "everybody on this machine may touch the key of secrets: `chmod o= FILE` mends that");
        }
        Keys::parse(text.expose_secret(), &path.display().to_string()).map(Some)
    }

    /// The keys, made now where that is still to be done.
    pub(crate) fn load_or_make(&self) -> Result<Keys, KeyError> {
        if let Some(keys) = self.load()? {
            return Ok(keys);
        }
        let Self::OwnFile(path) = self else { return Err(KeyError("there is no key of secrets".to_owned())) };
        match make(path) {
            Ok(()) => {}
            // Somebody was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(KeyError(format!("{}: {error}", path.display()))),
        }
        self.load()?.ok_or_else(|| KeyError(format!("{} has gone again", path.display())))
    }
}

/// Writes a new key. It is on disk before anything is sealed with it.
fn make(path: &Path) -> io::Result<()> {
    let identity = Identity::generate();
    let folder = path.parent().unwrap_or(Path::new("."));
    // Never seen half written: it gets its name when it is whole.
    let unfinished = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    let written = writeln!(file, "# Opens the secrets that are stored here. Without it they are lost: keep a copy.")
        .and_then(|()| writeln!(file, "{}", identity.to_string().expose_secret()))
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::hard_link(&unfinished, path));
    std::fs::remove_file(&unfinished)?;
    written?;
    std::fs::File::open(folder)?.sync_all()
}

impl Keys {
    fn parse(text: &str, place: &str) -> Result<Self, KeyError> {
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let mut keys = Vec::new();
        for (index, line) in lines {
            let key = Identity::from_str(line).map_err(|_| {
                KeyError(format!("{place}: line {} is no key; one looks like AGE-SECRET-KEY-1…", index + 1))
            })?;
            keys.push(key);
        }
        if keys.is_empty() { Err(KeyError(format!("{place} holds no key"))) } else { Ok(Self(keys)) }
    }

    /// Seals with the first key.
    pub(crate) fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        age::encrypt(&self.0[0].to_public(), plain).map_err(|error| KeyError(format!("sealing failed: {error}")))
    }

    /// What was sealed, and whether the first key has opened it; `None` where none does.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<(Vec<u8>, bool)> {
        let mut keys = self.0.iter().enumerate();
        keys.find_map(|(index, key)| age::decrypt(key, sealed).ok().map(|plain| (plain, index == 0)))
    }
}

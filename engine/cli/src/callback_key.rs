//! The key that tokens of callbacks are made with: a file of the data directory, made once.
//!
//! Whoever has it can end steps that wait for a callback. A directory without it makes a new one: addresses that were
//! handed out before are unknown then.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use loopline_ports::callback::CallbackTokens;
use rand::TryRng as _;
use rand::rngs::SysRng;

const FILE: &str = "callback.key";

/// The tokens of this data directory.
pub async fn callback_tokens(data: &Path) -> anyhow::Result<CallbackTokens> {
    let folder = data.to_owned();
    let key = tokio::task::spawn_blocking(move || key(&folder)).await?;
    let key = key.with_context(|| format!("cannot use {}", data.join(FILE).display()))?;
    Ok(CallbackTokens::new(key))
}

fn key(folder: &Path) -> io::Result<[u8; 32]> {
    let path = folder.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let wrong = |_| io::Error::new(io::ErrorKind::InvalidData, "it does not hold a key of 32 bytes");
            bytes.as_slice().try_into().map_err(wrong)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(folder, &path),
        Err(error) => Err(error),
    }
}

/// On disk before anybody is told an address: under its name there is a whole key, or none.
fn make(folder: &Path, path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    SysRng.try_fill_bytes(&mut key).map_err(io::Error::other)?;
    let unfinished = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&key)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let first = key(folder.path()).expect("a key");
        assert_eq!(key(folder.path()).expect("the same"), first);
        let mode = std::fs::metadata(folder.path().join(FILE)).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_ne!(key(tempfile::tempdir().expect("another folder").path()).expect("a key"), first);
        std::fs::write(folder.path().join(FILE), b"short").expect("written");
        assert_eq!(key(folder.path()).expect_err("no key").kind(), io::ErrorKind::InvalidData);
    }
}

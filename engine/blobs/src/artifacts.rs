//! Content kept under its SHA-256: written once, never changed.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use loopline_core::outcome::ArtifactRef;
use sha2::{Digest as _, Sha256};

use crate::layout::{Layout, create_private, sync_folder};

/// What a crash left unfinished is removed when it is older than this; younger files may still be written.
const LEFTOVER_AGE: Duration = Duration::from_secs(24 * 3600);

/// The checked name of kept content, written `sha256:` and 64 digits of lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

/// The text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest (sha256: and 64 digits of lower-case hex)")]
pub struct InvalidDigest(pub String);

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.strip_prefix("sha256:") {
            Some(digits) if digits.len() == 64 && digits.bytes().all(hex) => Ok(Self(digits.to_owned())),
            _ => Err(InvalidDigest(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl Digest {
    fn path(&self, layout: &Layout) -> PathBuf {
        let (folder, name) = self.0.split_at(2);
        layout.artifacts().join(folder).join(name)
    }
}

/// Times of files are as coarse as this: what was written within it cannot be told from what is written right after it.
const TICK: Duration = Duration::from_millis(20);

/// Copies the file's content in; when this returns, it is on disk under its digest. Blocks.
pub(crate) fn keep(layout: &Layout, file: &Path) -> io::Result<ArtifactRef> {
    let mut source = File::open(file)?;
    let before = source.metadata()?;
    if !before.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "only files can be kept"));
    }
    let before = settled(&source, before)?;
    let mut copy = Unfinished::create(layout)?;
    let (digest, size) = copy_and_digest(&mut source, &mut copy.file)?;
    if size != before.len() || Version::of(&source.metadata()?) != Version::of(&before) {
        return Err(io::Error::other("the file changed while it was being kept"));
    }
    publish(layout, &copy, &digest, size)?;
    let file_name = file.file_name().map_or_else(|| "artifact".to_owned(), |name| name.to_string_lossy().into_owned());
    let executable = before.mode() & 0o100 != 0;
    Ok(ArtifactRef { digest: digest.to_string(), size, file_name, executable, ..ArtifactRef::default() })
}

/// The same of bytes. Blocks.
pub(crate) fn keep_bytes(layout: &Layout, bytes: &[u8]) -> io::Result<ArtifactRef> {
    let mut copy = Unfinished::create(layout)?;
    let (digest, size) = copy_and_digest(&mut &*bytes, &mut copy.file)?;
    publish(layout, &copy, &digest, size)?;
    Ok(ArtifactRef { digest: digest.to_string(), size, file_name: "artifact".to_owned(), ..ArtifactRef::default() })
}

/// What tells whether a file is the one that was looked at before.
#[derive(PartialEq, Eq)]
struct Version([i64; 4], u64);

impl Version {
    fn of(data: &fs::Metadata) -> Self {
        Self([data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec()], data.len())
    }
}

/// The file's data at a moment from which on every write shows in its times.
fn settled(file: &File, mut data: fs::Metadata) -> io::Result<fs::Metadata> {
    for _ in 0..3 {
        let changed = UNIX_EPOCH + Duration::new(data.ctime().max(0).unsigned_abs(), data.ctime_nsec() as u32);
        // A time that lies ahead tells nothing either way.
        let age = changed.elapsed().unwrap_or(TICK);
        if age >= TICK {
            break;
        }
        std::thread::sleep(TICK - age);
        data = file.metadata()?;
    }
    Ok(data)
}

/// Brings what was copied to its place, unless it is there.
fn publish(layout: &Layout, copy: &Unfinished, digest: &Digest, size: u64) -> io::Result<()> {
    let target = digest.path(layout);
    if fs::metadata(&target).is_ok_and(|kept| kept.len() == size) {
        return Ok(());
    }
    copy.file.sync_all()?;
    let folder = target.parent().expect("content lies in a folder");
    let is_new = !folder.exists();
    create_private(folder)?;
    fs::rename(&copy.path, &target)?;
    sync_folder(folder)?;
    if is_new { sync_folder(&layout.artifacts()) } else { Ok(()) }
}

/// Opens kept content; `None` when there is none of that digest. Blocks.
pub(crate) fn open(layout: &Layout, digest: &Digest) -> io::Result<Option<File>> {
    match File::open(digest.path(layout)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes what earlier processes began to keep and never finished.
pub(crate) fn remove_leftovers(layout: &Layout) -> io::Result<()> {
    for entry in fs::read_dir(layout.unfinished_artifacts())? {
        let entry = entry?;
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        if age > LEFTOVER_AGE {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn copy_and_digest(source: &mut impl Read, copy: &mut File) -> io::Result<(Digest, u64)> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..read]);
        copy.write_all(&buffer[..read])?;
        size += read as u64;
    }
    Ok((Digest(hex(&hasher.finalize())), size))
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A copy whose digest is not known yet. Removed when it is dropped, unless it was moved to its place by then.
struct Unfinished {
    file: File,
    path: PathBuf,
}

impl Unfinished {
    fn create(layout: &Layout) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = layout.unfinished_artifacts().join(name);
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok(Self { file, path }),
                // Left behind by an earlier process with the same id.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_digest_is_a_digest() {
        let good = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(good.parse::<Digest>().map(|digest| digest.to_string()), Ok(good.clone()));
        for bad in [
            "",
            "sha256:",
            "sha256:../../../../etc/passwd",
            &good[7..],
            &good[..70],
            &format!("{good}0"),
            &good.to_uppercase(),
            &good.replace('a', "/"),
        ] {
            assert_eq!(bad.parse::<Digest>(), Err(InvalidDigest(bad.to_owned())), "{bad}");
        }
    }
}

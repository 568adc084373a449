//! Texts on disk, read up to a limit.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::time::UNIX_EPOCH;

use loopline_core::time::Timestamp;

/// The text of a file, cut off behind `most` bytes, and when it was changed. What is no file, or no UTF-8 text, is an error.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<(String, Timestamp)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "not a file"));
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    let text =
        String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))?;
    Ok((text, changed_at(&metadata)))
}

fn changed_at(metadata: &fs::Metadata) -> Timestamp {
    let since = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Timestamp(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// Whether an entry of a folder is a file, or a link to one that does not lead out of `root`, which is without links.
/// Anything else is never opened: a pipe would make its reader wait.
pub(crate) fn is_file_beneath(entry: &fs::DirEntry, root: &Path) -> bool {
    let Ok(kind) = entry.file_type() else { return false };
    kind.is_file() || (kind.is_symlink() && leads_to_file_beneath(&entry.path(), root))
}

fn leads_to_file_beneath(link: &Path, root: &Path) -> bool {
    link.canonicalize().is_ok_and(|target| target.starts_with(root) && target.is_file())
}

//! What steps keep from run to run, one file a cache.
//!
//! ```text
//! CACHES/SCOPE/KEY       SHA-256 of what they stand for: content · label as JSON · its length (4 bytes) · "LLC1"
//!       /unfinished/…    until all of it is written
//! ```
//!
//! A cache comes to its place whole, by a link that fails when something is there: so the first of several wins, and
//! nobody ever sees a part of one. Nothing is synced: what a power cut leaves of a cache does not have the digest that
//! its label says, and is removed when it is opened. A file's time of change is when it was used last.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use loopline_ports::caches::{CacheContent, CacheKept, CacheScope, FoundCache, WriteCache};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::artifacts::hex;
use crate::layout::create_private;

/// How many bytes all caches together may have, unless said otherwise.
pub(crate) const MAX_CACHES: u64 = 10 << 30;

const MAGIC: &[u8; 4] = b"LLC1";

/// A label is not longer.
const MAX_LABEL: u64 = 64 * 1024;

/// What a kill left unfinished is removed when it is older than this.
const LEFTOVER_AGE: Duration = Duration::from_secs(24 * 3600);

const UNFINISHED: &str = "unfinished";

/// A folder of caches. Several processes may use it at the same time.
#[derive(Debug, Clone)]
pub(crate) struct CacheFolder {
    folder: PathBuf,
    limit: u64,
}

/// What stands behind the content of a cache.
#[derive(Debug, Serialize, Deserialize)]
struct Label {
    key: String,
    /// Nanoseconds since 1970.
    kept_at: u128,
    size: u64,
    sha256: String,
}

impl CacheFolder {
    /// A folder, created when it is first needed, of caches that have so many bytes together at the most.
    pub(crate) fn new(folder: PathBuf, limit: u64) -> Self {
        Self { folder, limit }
    }

    fn of_scope(&self, scope: &CacheScope) -> PathBuf {
        let mut hasher = Sha256::new();
        for part in [&scope.project, scope.trust.as_str()].into_iter().chain(scope.paths.iter().map(String::as_str)) {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        self.folder.join(&hex(&hasher.finalize())[..32])
    }

    fn place(&self, scope: &CacheScope, key: &str) -> PathBuf {
        self.of_scope(scope).join(hex(&Sha256::digest(key)))
    }

    /// As [`loopline_ports::caches::Caches::find_cache`]. Blocks.
    pub(crate) fn find(&self, scope: &CacheScope, key: &str, beginnings: &[String]) -> io::Result<Option<FoundCache>> {
        if let Some(label) = label_at(&self.place(scope, key))? {
            return Ok(Some(FoundCache { key: label.key, size: label.size }));
        }
        if beginnings.is_empty() {
            return Ok(None);
        }
        let mut labels = Vec::new();
        for path in files_in(&self.of_scope(scope))? {
            labels.extend(label_at(&path)?);
        }
        let newest = beginnings.iter().find_map(|beginning| {
            let fits = labels.iter().filter(|label| label.key.starts_with(beginning));
            fits.max_by(|a, b| (a.kept_at, &a.key).cmp(&(b.kept_at, &b.key)))
        });
        Ok(newest.map(|label| FoundCache { key: label.key.clone(), size: label.size }))
    }

    /// As [`loopline_ports::caches::Caches::open_cache`]. Blocks.
    pub(crate) fn open(&self, scope: &CacheScope, key: &str) -> io::Result<Option<CacheContent>> {
        let place = self.place(scope, key);
        let mut file = match File::open(&place) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let whole = match label_of(&mut file)? {
            Some(label) if label.key == key => {
                file.rewind()?;
                let mut hasher = Hashing { to: io::sink(), hasher: Sha256::new(), size: 0 };
                io::copy(&mut (&file).take(label.size), &mut hasher)?;
                (hex(&hasher.hasher.finalize()) == label.sha256).then_some(label.size)
            }
            _ => None,
        };
        let Some(size) = whole else {
            let _ = fs::remove_file(&place);
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is damaged, and was removed"));
        };
        // Without it, it only seems to have been used less.
        let _ = OpenOptions::new().write(true).open(&place).and_then(|file| file.set_modified(SystemTime::now()));
        file.rewind()?;
        Ok(Some(CacheContent { file, size }))
    }

    /// As [`loopline_ports::caches::Caches::keep_cache`]. Blocks.
    pub(crate) fn keep(&self, scope: &CacheScope, key: &str, write: WriteCache) -> io::Result<CacheKept> {
        let place = self.place(scope, key);
        if label_at(&place)?.is_some() {
            return Ok(CacheKept::There);
        }
        let unfinished = Unfinished::create(&self.folder.join(UNFINISHED))?;
        let mut content = Hashing { to: BufWriter::new(&unfinished.file), hasher: Sha256::new(), size: 0 };
        write(&mut content)?;
        let Hashing { mut to, hasher, size } = content;
        if size > self.limit {
            return Ok(CacheKept::TooLarge { limit: self.limit });
        }
        let kept_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let label = Label { key: key.to_owned(), kept_at, size, sha256: hex(&hasher.finalize()) };
        let label = serde_json::to_vec(&label)?;
        to.write_all(&label)?;
        to.write_all(&u32::try_from(label.len()).map_err(io::Error::other)?.to_be_bytes())?;
        to.write_all(MAGIC)?;
        to.flush()?;
        drop(to);
        create_private(&self.of_scope(scope))?;
        match fs::hard_link(&unfinished.path, &place) {
            Ok(()) => {}
            // What a power cut left there is no cache.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && label_at(&place)?.is_none() => {
                fs::rename(&unfinished.path, &place)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(CacheKept::There),
            Err(error) => return Err(error),
        }
        self.make_room(&place)?;
        Ok(CacheKept::New(size))
    }

    /// Removes what was not used for longest, until the rest is small enough.
    fn make_room(&self, newest: &Path) -> io::Result<()> {
        let mut caches = Vec::new();
        for folder in entries_of(&self.folder)? {
            let unfinished = folder.file_name().is_some_and(|name| name == UNFINISHED);
            for path in files_in(&folder)? {
                // Somebody else may be removing them too.
                let Ok(data) = fs::metadata(&path) else { continue };
                let used = data.modified()?;
                if !unfinished {
                    caches.push((used, data.len(), path));
                } else if used.elapsed().unwrap_or_default() > LEFTOVER_AGE {
                    let _ = fs::remove_file(&path);
                }
            }
        }
        let mut size: u64 = caches.iter().map(|(_, size, _)| size).sum();
        caches.sort();
        for (_, bytes, path) in caches {
            if size <= self.limit {
                break;
            }
            if path != newest {
                let _ = fs::remove_file(&path);
                size -= bytes;
            }
        }
        Ok(())
    }
}

fn entries_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if folder.is_dir() { entries_of(folder) } else { Ok(Vec::new()) }
}

/// The label of a cache; `None` when there is none that is whole.
fn label_at(path: &Path) -> io::Result<Option<Label>> {
    match File::open(path) {
        Ok(mut file) => label_of(&mut file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn label_of(file: &mut File) -> io::Result<Option<Label>> {
    let size = file.metadata()?.len();
    let Some(end) = size.checked_sub(8) else { return Ok(None) };
    file.seek(SeekFrom::Start(end))?;
    let mut last = [0; 8];
    file.read_exact(&mut last)?;
    let length = u64::from(u32::from_be_bytes(last[..4].try_into().expect("four bytes")));
    let Some(begin) = end.checked_sub(length).filter(|_| last[4..] == *MAGIC && length <= MAX_LABEL) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(begin))?;
    let mut label = Vec::new();
    file.take(length).read_to_end(&mut label)?;
    Ok(serde_json::from_slice(&label).ok().filter(|label: &Label| label.size == begin))
}

/// Hashes and counts what passes.
struct Hashing<W> {
    to: W,
    hasher: Sha256,
    size: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A cache that is being written. Its name goes when this is dropped.
struct Unfinished {
    file: File,
    path: PathBuf,
}

impl Unfinished {
    fn create(folder: &Path) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        create_private(folder)?;
        loop {
            let path = folder.join(format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok(Self { file, path }),
                // Left behind by an earlier process of this number.
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

//! One process a database: a lock file beside it, held as long as the store is open.
//!
//! The lock is the operating system's, so it ends with the process however that ends; the number inside only tells
//! people whom to look for.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::sqlite::OpenError;

/// How long the lock of a process that is gone is waited for. A process that was killed while it started another leaves the
/// lock to that one until its program begins, which closes what it should not have; on a busy machine that takes a while.
const OUTLIVED: Duration = Duration::from_secs(10);

/// Holds the lock until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a database, or says who has it. Where the database is somewhere else, the file that would be it stands
    /// for its folder.
    pub fn take(database: &Path) -> Result<Self, OpenError> {
        let path = path_beside(database);
        let failed = |source: io::Error| OpenError::File { path: path.clone(), source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    file.rewind().map_err(failed)?;
                    // What cannot be read now is being written by the process that has just taken the lock.
                    let _ = file.read_to_string(&mut holder);
                    let pid = holder.trim().parse().ok();
                    if !pid.is_some_and(is_gone) || since.elapsed() > OUTLIVED {
                        return Err(OpenError::InUse { path: database.to_owned(), pid });
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// The process that has the lock of a database; `None` where nobody has it.
///
/// # Errors
/// The lock cannot be looked at.
pub fn holder(database: &Path) -> io::Result<Option<u32>> {
    let mut file = match File::open(path_beside(database)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            Ok(Some(holder.trim().parse().unwrap_or_default()))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn is_gone(pid: u32) -> bool {
    !Path::new("/proc").join(pid.to_string()).exists() && Path::new("/proc/self").exists()
}

fn path_beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

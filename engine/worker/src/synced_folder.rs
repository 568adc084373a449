//! A folder whose entries must outlast a power cut. Those who add entries at the same time share one trip to the disk.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

/// The folder, and how far it is on disk.
#[derive(Debug)]
pub(crate) struct SyncedFolder {
    path: PathBuf,
    progress: Mutex<Progress>,
    synced: Condvar,
}

/// Everyone who wants the folder on disk takes the next number.
#[derive(Debug, Default)]
struct Progress {
    /// The last number that was taken.
    asked: u64,
    /// Everyone up to this number is done.
    done: u64,
    /// Somebody is syncing.
    busy: bool,
}

impl SyncedFolder {
    /// The folder at `path`, which need not be there yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, progress: Mutex::default(), synced: Condvar::new() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates it, if it is not there. Blocks.
    pub(crate) fn create(&self) -> io::Result<()> {
        if self.path.try_exists()? {
            return Ok(());
        }
        create_private(&self.path)?;
        self.path.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
    }

    /// When this returns, every entry that was there before the call is on disk. Blocks.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.asked += 1;
        let mine = progress.asked;
        loop {
            if progress.done >= mine {
                return Ok(());
            }
            if progress.busy {
                progress = self.synced.wait(progress).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            // Who finds nobody at work does it for all that have asked by now.
            let up_to = progress.asked;
            progress.busy = true;
            drop(progress);
            let result = File::open(&self.path).and_then(|folder| folder.sync_all());
            progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            progress.busy = false;
            self.synced.notify_all();
            // The others try for themselves when this failed, and hear of it that way.
            result?;
            progress.done = progress.done.max(up_to);
        }
    }
}

/// Creates a folder and those above it, for the owner's eyes only.
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn all_who_ask_at_the_same_time_are_served() {
        let above = tempfile::tempdir().expect("a temporary folder");
        let folder = SyncedFolder::new(above.path().join("new"));
        folder.create().expect("it can be created");
        thread::scope(|scope| {
            let asking: Vec<_> = (0..16).map(|_| scope.spawn(|| (0..20).try_for_each(|_| folder.sync()))).collect();
            for thread in asking {
                thread.join().expect("no panic").expect("it can be synced");
            }
        });
        let progress = folder.progress.lock().expect("not poisoned");
        assert_eq!((progress.asked, progress.done, progress.busy), (320, 320, false));
    }

    #[test]
    fn who_cannot_be_served_hears_of_it() {
        let folder = SyncedFolder::new("/no/such/folder".into());
        assert!(folder.sync().is_err() && folder.sync().is_err());
    }
}

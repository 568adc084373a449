//! A folder of pipeline files, watched.
//!
//! ```text
//!  files ──► scan ──► compile what has changed ──► Pipelines, published as one value
//!    ▲                                                  │
//!    └── save: temporary file, rename ◄── If-Match ─────┘
//! ```
//!
//! The pipelines of a folder know each other and the step types beneath its `.loopline/steps`: when one of these changes,
//! those that use it are compiled anew. A file that does not compile shows its diagnostics and keeps its last good version
//! runnable. What is outside the folder is never read or written, whatever links say.

mod load;
mod names;
mod save;
mod shelf;
#[cfg(test)]
mod tests;
mod walk;
mod watching;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

pub(crate) use load::Basis;
pub(crate) use walk::NameSays;

use crate::pipelines::{PipelineFile, Pipelines};
use crate::saving::{Precondition, SaveError};
use crate::step_types;
use watching::Watching;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the folder {} cannot be read: {source}", path.display())]
pub struct FolderError {
    /// The folder.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// A folder of pipeline files. Watched as long as this exists.
#[derive(Debug)]
pub struct Folder {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Without links, so that paths can be compared with it.
    root: PathBuf,
    published: watch::Sender<Arc<Pipelines>>,
    /// Held while files are read or written, so that a scan never sees half a save.
    files: Mutex<Option<Watching>>,
}

impl Folder {
    /// Reads the folder, and goes on watching it. Must be called within a tokio runtime.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, FolderError> {
        let path = path.into();
        let failed = |source| FolderError { path: path.clone(), source };
        let root = tokio::fs::canonicalize(&path).await.map_err(failed)?;
        // A folder that cannot be listed is an error at the start, and an empty one later.
        drop(tokio::fs::read_dir(&root).await.map_err(failed)?);
        let inner = Arc::new(Inner { root, published: watch::Sender::default(), files: Mutex::default() });
        let weak = Arc::downgrade(&inner);
        let changed = Watching::begin(move || {
            let Some(inner) = weak.upgrade() else { return false };
            inner.scan();
            true
        });
        inner.files.lock().unwrap_or_else(PoisonError::into_inner).replace(changed);
        let first = Arc::clone(&inner);
        tokio::task::spawn_blocking(move || first.scan()).await.map_err(|error| failed(io::Error::other(error)))?;
        Ok(Self { inner })
    }

    /// The folder, without links.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// All pipelines as they are now. Files that were changed a moment ago may be seen only after [`changes`](Self::changes).
    pub fn pipelines(&self) -> Arc<Pipelines> {
        Arc::clone(&self.inner.published.borrow())
    }

    /// Tells of every change.
    pub fn changes(&self) -> watch::Receiver<Arc<Pipelines>> {
        self.inner.published.subscribe()
    }

    /// Reads the folder again, without waiting to be told of a change.
    pub async fn rescan(&self) {
        let inner = Arc::clone(&self.inner);
        // Only ends early when the runtime does.
        let _ = tokio::task::spawn_blocking(move || inner.scan()).await;
    }

    /// Stores a text that compiles to the pipeline `name`. When this returns, the text is on disk and
    /// [`pipelines`](Self::pipelines) shows it.
    ///
    /// A pipeline that is not there yet becomes `NAME.loopline.yaml`. What stands on disk at this moment counts, not what
    /// was read before, so that an edit made outside is not lost.
    pub async fn save(
        &self,
        name: &str,
        yaml: &str,
        precondition: Precondition,
    ) -> Result<Arc<PipelineFile>, SaveError> {
        let inner = Arc::clone(&self.inner);
        let (name, yaml) = (name.to_owned(), yaml.to_owned());
        tokio::task::spawn_blocking(move || inner.save(&name, &yaml, &precondition))
            .await
            .unwrap_or_else(|error| Err(SaveError::Io(error.to_string())))
    }
}

impl Inner {
    /// Reads the folder and publishes what has changed.
    fn scan(&self) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        self.scan_locked(files.as_mut());
    }

    fn scan_locked(&self, mut watching: Option<&mut Watching>) {
        let mut enter = |folder: &Path| {
            if let Some(watching) = &mut watching {
                watching.folder(folder);
            }
        };
        let walk = walk::walk(&self.root, &mut enter);
        let types = step_types::folder(&self.root).inspect(|folder| enter(folder));
        let types = types.map(|folder| step_types::read(&folder, &self.root)).unwrap_or_default();
        let before = Arc::clone(&self.published.borrow());
        let after = load::load(&self.root, &walk, types, &before);
        self.published.send_if_modified(|published| {
            let changed = !load::same(published, &after);
            if changed {
                *published = Arc::new(after);
            }
            changed
        });
    }
}

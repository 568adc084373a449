//! Hearing of changes in folders.
//!
//! The operating system tells of every write; an editor's save is several of them. One signal stands for all that came
//! since the last scan, and a scan begins when it has been quiet for a moment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

/// So long must nothing change before a scan begins.
const QUIET: Duration = Duration::from_millis(40);
/// And a scan begins after this time even so.
const LONGEST: Duration = Duration::from_millis(500);
/// Where the operating system tells nothing, the folder is read this often.
const POLL: Duration = Duration::from_secs(5);

/// Ends when it is dropped.
pub(super) struct Watching {
    watcher: Option<RecommendedWatcher>,
    /// Folders whose changes are not heard, and were spoken of.
    unheard: BTreeSet<PathBuf>,
    signal: Arc<Notify>,
    deaf: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl std::fmt::Debug for Watching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watching").field("unheard", &self.unheard).finish_non_exhaustive()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watching {
    /// Calls `scan` after changes, on a thread that may block, until it gives `false`.
    pub(super) fn begin(scan: impl Fn() -> bool + Clone + Send + 'static) -> Self {
        let signal = Arc::new(Notify::new());
        let heard = Arc::clone(&signal);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // What cannot be told exactly (`Err`: too many events at once) is a change too.
            if event.map_or(true, |event| changes_something(event.kind)) {
                heard.notify_one();
            }
        });
        let watcher = match watcher {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                tracing::warn!(%error, "changes of files are not heard; the folder is read every {POLL:?} instead");
                None
            }
        };
        let deaf = Arc::new(AtomicBool::new(watcher.is_none()));
        let (hears, is_deaf) = (Arc::clone(&signal), Arc::clone(&deaf));
        let task = tokio::spawn(async move {
            loop {
                match is_deaf.load(Ordering::Relaxed) {
                    false => hears.notified().await,
                    true => drop(timeout(POLL, hears.notified()).await),
                }
                let latest = Instant::now() + LONGEST;
                while timeout_at(latest.min(Instant::now() + QUIET), hears.notified()).await.is_ok() {}
                if !matches!(tokio::task::spawn_blocking(scan.clone()).await, Ok(true)) {
                    return;
                }
            }
        });
        Self { watcher, unheard: BTreeSet::new(), signal, deaf, task }
    }

    /// Listens to a folder (not to those within). To be called before it is read, so that nothing is missed.
    pub(super) fn folder(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        // Asked for each time: a folder that was removed and made anew is another one.
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive)
            && self.unheard.insert(folder.to_owned())
        {
            tracing::warn!(folder = %folder.display(), %error, "changes in this folder are not heard; it is read every {POLL:?}");
            self.deaf.store(true, Ordering::Relaxed);
            self.signal.notify_one();
        }
    }
}

/// Reading a file is an event too, and would make scans follow each other for ever.
fn changes_something(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

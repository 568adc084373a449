//! Tells followers of a log, within this process, that it has grown.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use loopline_core::id::AttemptId;
use tokio::sync::watch;

/// How far a log reaches, had nothing been left out of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Bytes of storage up to the end of the last whole frame.
    pub(crate) size: u64,
    /// The last frame says that the log was finished.
    pub(crate) complete: bool,
}

/// A log that somebody writes or waits for.
#[derive(Debug, Default)]
pub(crate) struct Live {
    reach: watch::Sender<Reach>,
    written: AtomicBool,
}

impl Live {
    /// Takes the one place of a writer; `false` when it is taken.
    fn begin_writing(&self) -> bool {
        !self.written.swap(true, Ordering::AcqRel)
    }

    /// Frees the writer's place and has followers look at the disk again.
    fn end_writing(&self) {
        self.written.store(false, Ordering::Release);
        self.reach.send_modify(|_| ());
    }

    /// Whether [`follow`](Self::follow) tells the truth; without a writer only the disk does.
    pub(crate) fn is_written(&self) -> bool {
        self.written.load(Ordering::Acquire)
    }

    /// Wakes the followers.
    fn reaches(&self, reach: Reach) {
        self.reach.send_replace(reach);
    }

    /// Sees every growth from now on.
    pub(crate) fn follow(&self) -> watch::Receiver<Reach> {
        self.reach.subscribe()
    }
}

/// The one place of the writer of a log, until it is dropped.
#[derive(Debug)]
pub(crate) struct WriterPlace(Arc<Live>);

impl WriterPlace {
    /// Takes it; `None` when it is taken.
    pub(crate) fn take(live: Arc<Live>) -> Option<Self> {
        live.begin_writing().then(|| Self(live))
    }

    /// Wakes the followers.
    pub(crate) fn reaches(&self, reach: Reach) {
        self.0.reaches(reach);
    }
}

impl Drop for WriterPlace {
    fn drop(&mut self) {
        self.0.end_writing();
    }
}

/// The live logs of a process.
#[derive(Debug, Default)]
pub(crate) struct LiveLogs(Mutex<HashMap<AttemptId, Weak<Live>>>);

impl LiveLogs {
    /// The one entry of this log, shared by its writer and its followers for as long as there are any.
    pub(crate) fn of(&self, id: &AttemptId) -> Arc<Live> {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = logs.get(id).and_then(Weak::upgrade) {
            return live;
        }
        // Entries of logs that nobody holds any more are thrown out when the map would have to grow.
        if logs.len() == logs.capacity() {
            logs.retain(|_, live| live.strong_count() > 0);
        }
        let live = Arc::new(Live::default());
        logs.insert(id.clone(), Arc::downgrade(&live));
        live
    }
}

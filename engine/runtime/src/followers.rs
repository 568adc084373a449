//! Who wants to know how far a run has come.

use std::collections::HashMap;
use std::sync::Mutex;

use loopline_core::id::RunId;
use loopline_ports::driver::Progress;
use tokio::sync::watch;

/// One watch a run, kept while somebody listens.
#[derive(Default)]
pub(crate) struct Followers {
    runs: Mutex<HashMap<RunId, watch::Sender<Progress>>>,
}

impl Followers {
    pub(crate) fn subscribe(&self, run: RunId) -> watch::Receiver<Progress> {
        let mut runs = self.runs.lock().expect("no holder of this lock panics");
        runs.retain(|_, sender| sender.receiver_count() > 0);
        runs.entry(run).or_insert_with(|| watch::Sender::new(Progress { last_seq: 0, over: false })).subscribe()
    }

    /// The runs that somebody listens to.
    pub(crate) fn followed(&self) -> Vec<RunId> {
        let runs = self.runs.lock().expect("no holder of this lock panics");
        runs.iter().filter(|(_, sender)| sender.receiver_count() > 0).map(|(run, _)| *run).collect()
    }

    /// Tells what is on disk. Progress never goes back, in whatever order it is told.
    pub(crate) fn progress(&self, run: RunId, progress: Progress) {
        let mut runs = self.runs.lock().expect("no holder of this lock panics");
        let Some(sender) = runs.get(&run) else { return };
        sender.send_if_modified(|known| {
            // A rerun takes a run up again, so the later event says whether it is over.
            let newer = progress.last_seq > known.last_seq
                || (progress.last_seq == known.last_seq && progress.over && !known.over);
            if newer {
                *known = progress;
            }
            newer
        });
        if sender.borrow().over || sender.receiver_count() == 0 {
            // Dropping the sender closes the watch: receivers see the last value and then its end.
            runs.remove(&run);
        }
    }
}

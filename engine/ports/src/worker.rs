//! Who carries out attempts. The driver knows three verbs and one stream; what stands behind them (a task of this
//! process, a supervisor that outlives it, a machine far away) is not its business.

use std::collections::BTreeSet;

use async_trait::async_trait;
use loopline_core::command::AttemptSpec;
use loopline_core::id::AttemptId;
use loopline_core::outcome::Outcome;
use tokio::sync::mpsc;

/// Starts, finds again and ends attempts.
#[async_trait]
pub trait Worker: Send + Sync + 'static {
    /// Starts an attempt. When this returns, the worker has taken it over: exactly one [`Report::Finished`] will follow,
    /// from this worker or, after a restart, from what [`attach`](Self::attach) finds. A second start of the same
    /// attempt is ignored.
    async fn start(&self, spec: AttemptSpec);

    /// Asks for an attempt that was handed over before the driver was restarted.
    async fn attach(&self, id: AttemptId) -> Attached;

    /// Ends an attempt: process tree, request or container. Its report follows as usual. Unknown attempts are ignored.
    async fn cancel(&self, id: AttemptId);

    /// The driver has the attempt's result on disk: the worker may drop what it keeps to tell it again.
    async fn forget(&self, id: &AttemptId);

    /// Said once, at the start of a driver: these are all the attempts whose results it waits for. Whatever else the
    /// worker keeps was forgotten by a driver that was killed before it could say so.
    async fn forget_others(&self, open: &BTreeSet<AttemptId>) {
        let _ = open;
    }

    /// Said by a driver that does not drive any more: nobody waits for what the worker has. All of it is ended; reports follow
    /// as usual.
    async fn cancel_all(&self) {}
}

/// What became of an attempt while nobody listened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// The worker still has it; its report will come.
    Running,
    /// The worker has no trace of a start: it never began, and may be started.
    NeverStarted,
    /// It was begun and nobody can tell how it ended. Whatever was left of it has been ended by now.
    Lost,
}

/// What a worker tells. Reports pass by one at a time, so their size does not matter.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum Report {
    /// The attempt has begun.
    Started {
        /// Which.
        id: AttemptId,
    },
    /// No worker has all the labels that the attempt asks for. It is held until it is cancelled.
    Unplaced {
        /// Which.
        id: AttemptId,
        /// Those that nobody has, sorted.
        missing: Vec<String>,
    },
    /// The attempt is settled. Its log and artifacts are on disk, and nothing of it is alive.
    Finished {
        /// Which.
        id: AttemptId,
        /// How.
        outcome: Outcome,
    },
}

/// Where reports go. Bounded: a worker waits when the driver is behind.
pub type Reports = mpsc::Sender<Report>;

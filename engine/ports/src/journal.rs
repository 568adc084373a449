//! The record of everything: histories of runs, and what can be found without reading them.

use async_trait::async_trait;
use loopline_core::command::Timer;
use loopline_core::event::{Recorded, RunCreated};
use loopline_core::graph::Graph;
use loopline_core::group::{Ask, Holder, Slot};
use loopline_core::id::{AttemptId, AttemptKey, RunId, Seq};
use loopline_core::time::Timestamp;
use loopline_core::view::RunStatus;
use std::sync::Arc;

use crate::access::{Act, Reach};

/// Everything that one step of a run's fold changes. All of it, or nothing of it, is written.
#[derive(Debug, Clone)]
pub struct Append {
    /// The run.
    pub run: RunId,
    /// The last event that the writer knows; the first new one is the next.
    pub expected: Seq,
    /// The new events.
    pub events: Vec<Recorded>,
    /// Set when this begins the run.
    pub created: Option<NewRun>,
    /// What lists of runs show, as of the last event here; none where that is as it was. A new run has one.
    pub row: Option<RunRow>,
    /// Timers to be armed.
    pub timers_set: Vec<(Timer, Timestamp)>,
    /// Timers that are settled.
    pub timers_cleared: Vec<Timer>,
    /// Attempts that will be handed to a worker after the commit.
    pub attempts_started: Vec<AttemptKey>,
    /// Attempts that are settled.
    pub attempts_finished: Vec<AttemptKey>,
    /// Places in groups that are asked for, with the number of each in the order of asking.
    pub slots_asked: Vec<(u64, Slot, Ask)>,
    /// Places that were given.
    pub slots_granted: Vec<Slot>,
    /// Places that are given back, or not waited for any more.
    pub slots_released: Vec<Slot>,
    /// The client's key of the request behind this, with a digest of what was asked.
    pub request: Option<RequestKey>,
    /// Rows of the audit, for what people asked for.
    pub acts: Vec<Act>,
    /// The state after the last event here, now and then.
    pub snapshot: Option<Snapshot>,
}

impl Append {
    /// Number of the last event once this is written.
    pub fn last(&self) -> Seq {
        self.expected + self.events.len() as Seq
    }

    /// The events follow `expected` and each other without gap, and a run begins with its first event.
    pub fn is_contiguous(&self) -> bool {
        let begins = self.created.is_none() || (self.expected == 0 && !self.events.is_empty() && self.row.is_some());
        begins && self.events.iter().zip(self.expected + 1..).all(|(event, seq)| event.seq == seq)
    }
}

/// A run's state as bytes, kept so that its history need not be folded from the beginning. Only a help: it may go missing, and
/// events are never forgotten for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What [`loopline_core::machine::RunState::snapshot`] gives.
    pub state: Vec<u8>,
    /// Of the states kept before this one, the first remains in each stretch of so many events; at least 1.
    pub apart: Seq,
}

impl Snapshot {
    /// So many states of one run are kept at the most, the newest not counted.
    pub const MOST: Seq = 128;
    /// Bytes that those may come to, while they are at least a few.
    const MOST_BYTES: Seq = 16 << 20;
    const FEW: Seq = 4;

    /// The state after event `seq`. The longer the history and the larger the state, the fewer of the others are kept, evenly
    /// over the whole history.
    pub fn new(seq: Seq, state: Vec<u8>) -> Self {
        let many = (Self::MOST_BYTES / state.len().max(1) as Seq).clamp(Self::FEW, Self::MOST);
        // Doubled and never moved, so that what was kept stays where it is.
        let apart = (0..Seq::BITS).map(|shift| 1 << shift).find(|apart| seq / apart < many);
        Self { state, apart: apart.unwrap_or(Seq::MAX) }
    }
}

/// How a run begins, for the projections.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// The first event's content.
    pub created: RunCreated,
    /// The definition it pins.
    pub definition: DefinitionId,
}

/// A key that a client sent along, so that asking twice does things once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// What the key belongs to: route and object, like `trigger default/release`.
    pub scope: String,
    /// The key itself.
    pub key: String,
    /// Digest of the request; the same key with another digest is refused.
    pub digest: String,
}

/// One row in a list of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// State of the run.
    pub status: RunStatus,
    /// Its epoch.
    pub epoch: u32,
    /// How it is called, if the pipeline says so.
    pub name: Option<String>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// The failure that is its error, as JSON of [`loopline_core::view::RunError`].
    pub error: Option<loopline_core::view::RunError>,
    /// Steps that wait for people.
    pub waiting_steps: Vec<String>,
}

/// A stored definition: text and compiled graph, never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefinitionId(pub i64);

/// A definition, to be stored or read.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Digest of the text.
    pub text_digest: String,
    /// The YAML.
    pub yaml: String,
    /// What it compiles to.
    pub graph: Arc<Graph>,
    /// Digest of the graph.
    pub digest: String,
}

/// A run as it is found in lists.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// Its project.
    pub project: String,
    /// Its pipeline.
    pub pipeline: String,
    /// Counts the pipeline's runs.
    pub number: u64,
    /// What started it.
    pub trigger: loopline_core::event::Trigger,
    /// When.
    pub created_at: Timestamp,
    /// The rest.
    pub row: RunRow,
}

/// Which runs are wanted.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Only of this project and pipeline.
    pub pipeline: Option<(String, String)>,
    /// Only what somebody reaches; none: everything.
    pub reach: Option<Reach>,
    /// Only in one of these states; empty: any.
    pub status: Vec<RunStatus>,
    /// Only runs older than this one. Lists go from the newest to the oldest.
    pub before: Option<RunId>,
    /// How many at the most.
    pub limit: u32,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another writer advanced the run. Reload and decide again, do not retry blindly.
    #[error("another writer advanced run {run} beyond event {expected}")]
    Conflict {
        /// The run.
        run: RunId,
        /// What the writer knew.
        expected: Seq,
    },
    /// The key was used before, for this run.
    #[error("the request key was used before")]
    Repeated {
        /// The run it belongs to.
        run: RunId,
        /// It was the same request.
        same: bool,
    },
    /// The store cannot be used now. Whether anything was written is unknown: read again, never assume.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// Another engine drives the runs of this database, and nothing that this one writes is taken any more. Nothing was written.
    #[error("another engine drives the runs of this database")]
    Fenced,
    /// What is stored cannot be understood.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
}

/// An attempt that was handed to a worker and is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAttempt {
    /// Which.
    pub id: AttemptId,
    /// It was handed to a worker of another server.
    pub elsewhere: bool,
}

/// Somebody who has asked for a place in a group, and has not released it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedSlot {
    /// Its number in the order of asking.
    pub number: u64,
    /// Who.
    pub holder: Holder,
    /// What.
    pub ask: Ask,
    /// The history of the run says that it was given.
    pub granted: bool,
}

/// The durable record.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Writes all of `batch` in one transaction, one result each, in order. When this returns `Ok(results)`, every
    /// `Ok` in it survives a crash and a power cut, and every `Err` in it has left no trace; the others are not affected by it.
    async fn commit(&self, batch: Vec<Append>) -> Result<Vec<Result<(), JournalError>>, JournalError>;

    /// The events of a run behind `after`, in order, at most `limit`.
    async fn events(&self, run: RunId, after: Seq, limit: u32) -> Result<Vec<Recorded>, JournalError>;

    /// The latest state that is kept of a run and does not lie behind `upto`, with the event that it follows.
    async fn snapshot(&self, run: RunId, upto: Option<Seq>) -> Result<Option<(Seq, Snapshot)>, JournalError>;

    /// Stores a definition once; the same text again gives the same id.
    async fn put_definition(&self, definition: &Definition) -> Result<DefinitionId, JournalError>;

    /// The definition that a run pinned; `None` when there is no such run.
    async fn definition_of(&self, run: RunId) -> Result<Option<Definition>, JournalError>;

    /// The next number of a pipeline's runs.
    async fn next_number(&self, project: &str, pipeline: &str) -> Result<u64, JournalError>;

    /// The run behind a request key, with the digest that came with it.
    async fn find_request(&self, scope: &str, key: &str) -> Result<Option<(RunId, String)>, JournalError>;

    /// All keys of requests with their runs.
    async fn requests(&self) -> Result<Vec<(RequestKey, RunId)>, JournalError>;

    /// One run's row; `None` when there is no such run.
    async fn summary(&self, run: RunId) -> Result<Option<RunSummary>, JournalError>;

    /// Runs from the newest to the oldest. A run that begins between two pages neither repeats nor hides another.
    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError>;

    /// Every attempt that was handed out and is not settled.
    async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, JournalError>;

    /// Everybody who holds a place in a group or waits for one, in the order of asking.
    async fn slots(&self) -> Result<Vec<AskedSlot>, JournalError>;

    /// Timers due at `now`, earliest first, at most `limit`.
    async fn due_timers(&self, now: Timestamp, limit: u32) -> Result<Vec<(RunId, Timer)>, JournalError>;

    /// When the earliest timer is due.
    async fn next_timer(&self) -> Result<Option<Timestamp>, JournalError>;
}

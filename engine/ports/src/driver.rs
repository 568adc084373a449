//! What a client may ask of an engine, whichever engine it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::event::{ApprovalDecided, CallbackReceived, Recorded, RerunFrom, SignalReceived, Trigger};
use loopline_core::expr::ExprError;
use loopline_core::graph::Requirement;
use loopline_core::id::{RunId, Seq, UnitPath};
use loopline_core::machine::{Draft, Refused};
use loopline_core::view::RunView;
use loopline_core::why::StepWhy;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use tokio::sync::watch;

use crate::access::Asker;
use crate::journal::{Definition, JournalError};

/// A wish to start a run.
#[derive(Debug, Clone)]
pub struct TriggerRequest {
    /// The project.
    pub project: String,
    /// What to run; its graph's name is the pipeline's.
    pub definition: Arc<Definition>,
    /// Inputs as given; defaults are filled in by the driver.
    pub inputs: Map<String, Json>,
    /// Labels as given.
    pub labels: BTreeMap<String, String>,
    /// Who and how.
    pub trigger: Trigger,
    /// The client's key, if it sent one.
    pub idempotency_key: Option<String>,
    /// For the audit: who asks for it.
    pub asked_by: Asker,
}

/// Answer to a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Triggered {
    /// The run.
    pub run: RunId,
    /// `false`: the same request had been made before, and this is its run.
    pub created: bool,
}

/// Why a request was not carried out. None of these leaves a trace in the history.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// There is no such run.
    #[error("there is no run {0}")]
    NoSuchRun(RunId),
    /// The run has no event of this number.
    #[error("run {run} has no event {at}: {}", numbers(*.last))]
    NoSuchMoment {
        /// The run.
        run: RunId,
        /// What was asked for.
        at: Seq,
        /// Its last event.
        last: Seq,
    },
    /// Inputs that do not fit: JSON pointer (`/inputs/x`) and what is wrong there.
    #[error("the inputs do not fit: {}", .0.iter().map(|p| format!("{} {}", p.pointer, p.message)).collect::<Vec<_>>().join("; "))]
    InvalidInputs(Vec<Problem>),
    /// The pipeline needs something that this engine cannot run.
    #[error("this engine cannot run {}", .0.iter().map(|r| format!("`{}` at {}", r.feature, r.pointer)).collect::<Vec<_>>().join(", "))]
    Unsupported(Vec<Requirement>),
    /// The fold refused the event.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The same idempotency key came with another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The record cannot be written or read now.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The engine is shutting down.
    #[error("the engine is shutting down")]
    Stopping,
}

fn numbers(last: Seq) -> String {
    if last == 1 { "it has event 1 alone".to_owned() } else { format!("its events are 1 to {last}") }
}

/// One thing wrong with one place of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// JSON pointer into the request.
    pub pointer: String,
    /// One plain sentence, lower case, without full stop.
    pub message: String,
}

/// An engine that drives runs. Each change that somebody asks for has its row of the audit in the same transaction.
#[async_trait]
pub trait Driver: Send + Sync + 'static {
    /// Starts a run. When this returns, its first event is on disk.
    async fn trigger(&self, request: TriggerRequest) -> Result<Triggered, DriverError>;

    /// Takes a decision. When this returns, it is on disk.
    async fn decide(&self, run: RunId, decision: ApprovalDecided, by: Asker) -> Result<(), DriverError>;

    /// Takes a signal. When this returns, it is on disk. A second signal with the same key changes nothing.
    async fn signal(&self, run: RunId, signal: SignalReceived, by: Asker) -> Result<(), DriverError>;

    /// Takes a call back. When this returns, it is on disk. Whether the caller may, is for whoever calls this to know.
    async fn call_back(&self, run: RunId, received: CallbackReceived, by: Asker) -> Result<(), DriverError>;

    /// Asks a run to start nothing new. When this returns, the wish is on disk.
    async fn pause(&self, run: RunId, by: Asker) -> Result<(), DriverError>;

    /// Lets a paused run go on. When this returns, the wish is on disk.
    async fn resume(&self, run: RunId, by: Asker) -> Result<(), DriverError>;

    /// Has steps done again. When this returns, the wish is on disk; a run that was over goes on in a new epoch.
    async fn rerun(&self, run: RunId, by: Asker, from: RerunFrom) -> Result<(), DriverError>;

    /// Asks a run to end. When this returns, the wish is on disk.
    async fn cancel(&self, run: RunId, by: Asker, reason: Option<String>) -> Result<(), DriverError>;

    /// The state right after event `at`, or now. Shows every event that was acknowledged before the call.
    async fn view(&self, run: RunId, at: Option<Seq>) -> Result<RunView, DriverError>;

    /// Why a step, or an item of it, stands where it does, right after event `at`, or now.
    async fn why(&self, run: RunId, step: UnitPath, at: Option<Seq>) -> Result<StepWhy, DriverError>;

    /// What an expression or a template gives in a step of the run, now or as of a past moment.
    async fn evaluate(
        &self,
        run: RunId,
        step: Option<UnitPath>,
        draft: Draft,
        at: Option<Seq>,
    ) -> Result<Result<Json, ExprError>, DriverError>;

    /// Events behind `after` that are on disk, in order, at most `limit`.
    async fn events(&self, run: RunId, after: Seq, limit: u32) -> Result<Vec<Recorded>, DriverError>;

    /// The number of the run's last event on disk, now and whenever it grows. Closed when the run is over.
    async fn follow(&self, run: RunId) -> Result<watch::Receiver<Progress>, DriverError>;
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Its last event on disk.
    pub last_seq: Seq,
    /// It is over.
    pub over: bool,
}

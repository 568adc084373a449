//! A run as people and programs see it: one JSON shape for the command line, the HTTP interface and the browser.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::event::{Decision, Trigger};
use crate::graph::{Condition, GotoOn};
use crate::id::{RunId, Seq, StepId, StepPath};
use crate::outcome::Failure;
use crate::time::Timestamp;

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Not begun yet.
    Queued,
    /// Something of it runs.
    Running,
    /// Nothing of it runs, and something waits: a person, a signal, a timer.
    Waiting,
    /// Held by a person.
    Paused,
    /// It was asked to end, and something still lives.
    Cancelling,
    /// Over.
    Succeeded,
    /// Over.
    Failed,
    /// Over.
    Cancelled,
}

impl RunStatus {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Paused,
        Self::Cancelling,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Cancelling => "cancelling",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more will happen in this epoch.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// State of a step in its current visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Undecided.
    Pending,
    /// Handed out, not begun.
    Queued,
    /// Begun.
    Running,
    /// Waits for a person, a signal, a timer.
    Waiting,
    /// Ended.
    Succeeded,
    /// Ended.
    Failed,
    /// Does not go on.
    Skipped,
    /// Was ended.
    Cancelled,
}

impl StepStatus {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Succeeded,
        Self::Failed,
        Self::Skipped,
        Self::Cancelled,
    ];

    /// The word in JSON and in `steps.x.status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why a step was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Its `if` is false.
    Condition,
    /// No edge led here.
    NotTaken,
    /// What it needs failed.
    UpstreamFailed,
    /// The run was ended before it began.
    Cancelled,
}

impl SkipReason {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::NotTaken => "not_taken",
            Self::UpstreamFailed => "upstream_failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The failure that failed a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunError {
    /// The step, if a step it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// What happened to it.
    #[serde(flatten)]
    pub failure: Failure,
}

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunView {
    /// The run.
    pub id: RunId,
    /// Its project.
    pub project: String,
    /// Its pipeline.
    pub pipeline: String,
    /// Counts the pipeline's runs, from 1.
    pub number: u64,
    /// How it is called, if the pipeline says so.
    pub name: Option<String>,
    /// Digest of the pinned graph.
    pub digest: String,
    /// Counts reruns, from 1.
    pub epoch: u32,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it failed.
    pub error: Option<RunError>,
    /// The step that it is a child run of.
    pub parent: Option<ParentView>,
    /// What it was given.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub inputs: Map<String, Json>,
    /// What it gives back; empty until it has succeeded.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub outputs: Map<String, Json>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What started it.
    pub trigger: Trigger,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// The last event in this state.
    pub last_seq: Seq,
    /// Every step; those of `finally` once it has begun.
    pub steps: BTreeMap<StepId, StepView>,
    /// Every forward edge.
    pub edges: Vec<EdgeView>,
    /// Every loop edge.
    pub loops: Vec<LoopView>,
    /// What is undone because the run failed, in that order.
    pub compensations: Vec<CompensationView>,
}

/// Where a child run belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParentView {
    /// The run.
    pub run: RunId,
    /// Its step, as people name it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub step: StepPath,
    /// The item, for a step that runs many times.
    pub item: Option<u32>,
    /// The visit of the step.
    pub visit: u32,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepView {
    /// Of the current visit.
    pub status: StepStatus,
    /// Its number.
    pub visit: u32,
    /// The latest attempt in it; 0 before the first.
    pub attempt: u32,
    /// Why it was skipped.
    pub skip_reason: Option<SkipReason>,
    /// What it gave.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub outputs: Map<String, Json>,
    /// Files it kept.
    pub artifacts: BTreeMap<String, crate::outcome::ArtifactRef>,
    /// What its latest attempt told people of itself: Markdown, at `…/summary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<crate::outcome::ArtifactRef>,
    /// How the tests ended that its latest attempt ran; each of them at `…/tests`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<crate::outcome::TestsRef>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// When the current visit began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The latest visits: past ones, at least the last hundred, and then the current one once it has begun.
    pub visits: Vec<VisitView>,
    /// How many visits there were before those; a past moment of the run still shows them.
    pub older_visits: u32,
    /// For a step that runs many times, once it has begun: every item, in the order of the list.
    pub items: Option<Vec<ItemView>>,
    /// For a step that runs a pipeline in place, once it has begun.
    pub child: Option<Box<ChildView>>,
    /// What it waits for.
    pub waiting_for: Option<WaitingFor>,
}

/// One item of a step that runs many times.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemView {
    /// What tells it from the others: what `key` gives, or its place in the list, from 0.
    pub key: String,
    /// What `item` is.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub item: Json,
    /// Where it stands.
    pub status: StepStatus,
    /// The earlier visit whose result it keeps, since others were done again without it. Its attempts and logs are of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_from: Option<u32>,
    /// The latest attempt; 0 before the first.
    pub attempt: u32,
    /// What it gave.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub outputs: Map<String, Json>,
    /// Files it kept.
    pub artifacts: BTreeMap<String, crate::outcome::ArtifactRef>,
    /// What its latest attempt told people of itself: Markdown, at `…/summary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<crate::outcome::ArtifactRef>,
    /// How the tests ended that its latest attempt ran; each of them at `…/tests`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<crate::outcome::TestsRef>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What it waits for.
    pub waiting_for: Option<WaitingFor>,
    /// Of a step that runs a pipeline in place, once the item has begun.
    pub child: Option<Box<ChildView>>,
    /// The child run of the latest attempt.
    pub child_run: Option<RunId>,
}

/// What undoes one visit of a step, or one item of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompensationView {
    /// The step.
    pub step: StepId,
    /// The item, for a step that runs many times.
    pub item: Option<u32>,
    /// The visit that is undone.
    pub visit: u32,
    /// Where it stands.
    pub status: StepStatus,
    /// The latest attempt; 0 before the first.
    pub attempt: u32,
    /// Why it failed.
    pub error: Option<Failure>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A pipeline in place, as the latest attempt at its step left it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChildView {
    /// Where it stands.
    pub status: RunStatus,
    /// Why it failed.
    pub error: Option<RunError>,
    /// What it was given.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub inputs: Map<String, Json>,
    /// What it gives back; empty until it has succeeded.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub outputs: Map<String, Json>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Every step.
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub steps: BTreeMap<StepId, StepView>,
    /// Every forward edge.
    pub edges: Vec<EdgeView>,
    /// Every loop edge.
    pub loops: Vec<LoopView>,
    /// What is undone because the run failed, in that order.
    pub compensations: Vec<CompensationView>,
}

/// An item that one event changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemChange {
    /// Its step.
    pub step: StepId,
    /// Its place in the list, from 0.
    pub index: u32,
    /// The item, whole.
    pub item: ItemView,
}

/// One visit of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitView {
    /// Its number.
    pub visit: u32,
    /// How it ended, or where it stands.
    pub status: StepStatus,
    /// Why it was skipped.
    pub skip_reason: Option<SkipReason>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// How many attempts it had.
    pub attempts: u32,
    /// The child run of the latest of them.
    pub child_run: Option<RunId>,
    /// What it gave.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub outputs: Map<String, Json>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WaitingFor {
    /// People.
    Approval(Box<ApprovalWait>),
    /// A moment: the end of a sleep, or of the delay of a loop.
    Timer {
        /// When.
        until: Timestamp,
    },
    /// The next attempt.
    Retry {
        /// When.
        until: Timestamp,
        /// Its number.
        attempt: u32,
    },
    /// A signal that fits.
    Signal {
        /// Its name.
        name: String,
        /// When the step fails with kind `timeout`.
        until: Option<Timestamp>,
        /// Signals of this name that came and do not fit; they are kept.
        kept: u32,
    },
    /// Its lock, which somebody else holds.
    Lock {
        /// Its name.
        name: String,
        /// When the step fails with kind `timeout`.
        until: Option<Timestamp>,
    },
    /// Somebody who calls back.
    Callback {
        /// When the attempt fails with kind `timeout`.
        until: Timestamp,
    },
    /// A worker with its labels; there is none.
    Worker {
        /// Labels that no worker has.
        missing: Vec<String>,
        /// When the attempt fails with kind `timeout`.
        until: Option<Timestamp>,
    },
    /// The end of what a re-open cancelled or lets drain.
    Draining {
        /// How many attempts.
        attempts: u32,
    },
}

/// An approval that waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovalWait {
    /// What is asked.
    pub message: String,
    /// Who may decide; empty: whoever holds the approver role.
    pub approvers: Vec<String>,
    /// How many must approve.
    pub quorum: u32,
    /// Who started the run may decide.
    pub allow_self: bool,
    /// What is asked besides: name → JSON Schema.
    pub fields: BTreeMap<String, Json>,
    /// Digest of message, fields and inputs; a decision that names another one is refused.
    pub digest: String,
    /// Decisions so far.
    pub decisions: Vec<DecisionView>,
    /// When it fails with kind `timeout`.
    pub until: Option<Timestamp>,
    /// Where a rejection goes back to, if a loop edge catches it.
    pub on_reject: Option<StepId>,
}

/// One person's decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionView {
    /// Who.
    pub by: String,
    /// Which way.
    pub decision: Decision,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Whether a forward edge leads on, in the current visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EdgeState {
    /// Its source is not decided.
    Undecided,
    /// It leads on.
    Live,
    /// It neither leads on nor stands in the way.
    Neutral,
    /// It stands in the way.
    Blocked,
}

/// A forward edge.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EdgeView {
    /// Where it comes from.
    pub from: StepId,
    /// Where it leads.
    pub to: StepId,
    /// When it is live.
    pub on: Condition,
    /// What it is now.
    pub state: EdgeState,
}

/// A loop edge.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoopView {
    /// The step whose end fires it.
    pub from: StepId,
    /// Its place in that step's `goto`.
    pub index: u32,
    /// Where it goes back to.
    pub to: StepId,
    /// What fires it.
    pub on: GotoOn,
    /// How often it has fired since its budget was last filled.
    pub used: u32,
    /// Its budget; none: unlimited.
    pub max: Option<u32>,
}

/// What one event changed, for a reader who holds the state before it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changes {
    /// The run's own state after the event.
    pub run: RunPatch,
    /// Steps that changed, whole. A step that runs many times comes with its `items` when it has got a new list of them;
    /// later it comes without, and keeps those it had in this visit but for the ones in `items` below.
    pub steps: BTreeMap<StepId, StepView>,
    /// Items that changed, of steps that come without them.
    pub items: Vec<ItemChange>,
    /// Forward edges out of those steps.
    pub edges: Vec<EdgeView>,
    /// Loop edges whose count changed.
    pub loops: Vec<LoopView>,
    /// All that is undone, when something of it changed.
    pub compensations: Option<Vec<CompensationView>>,
}

/// The run's own state after an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunPatch {
    /// Where it stands.
    pub status: RunStatus,
    /// Why it failed.
    pub error: Option<RunError>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// What it gives back.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub outputs: Map<String, Json>,
    /// Counts reruns, from 1.
    pub epoch: u32,
    /// The event.
    pub last_seq: Seq,
}

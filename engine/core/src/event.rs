//! Facts: what happened, in the order in which the driver wrote it down. A run is the fold of its events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::command::Timer;
use crate::group::{Holder, Slot};
use crate::id::{AttemptKey, RunId, Seq, StepId, StepPath, StepUnit};
use crate::outcome::{Failure, Outcome};
use crate::time::Timestamp;

/// An event with its place in the history of its run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recorded {
    /// 1, 2, 3 … without gap.
    pub seq: Seq,
    /// When the driver took it in. Never goes back within a run.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "most events are the large one: the end of an attempt")]
pub enum Event {
    /// Always the first.
    RunCreated(Box<RunCreated>),
    /// A worker has begun an attempt. Tells people; and only an attempt that has begun is let end by `drain`.
    AttemptStarted {
        /// Which.
        key: AttemptKey,
    },
    /// A worker has settled an attempt.
    AttemptFinished {
        /// Which.
        key: AttemptKey,
        /// How.
        outcome: Outcome,
    },
    /// No worker has all the labels that an attempt asks for (`runs_on`): it waits for one. Tells people.
    AttemptUnplaced {
        /// Which.
        key: AttemptKey,
        /// Those that nobody has, sorted.
        missing: Vec<String>,
    },
    /// A child run is over, or could not begin.
    ChildFinished(Box<ChildFinished>),
    /// A timer ran out.
    TimerFired {
        /// Which.
        timer: Timer,
    },
    /// A person approved or rejected.
    ApprovalDecided(Box<ApprovalDecided>),
    /// A signal came from outside.
    SignalReceived(Box<SignalReceived>),
    /// Somebody has called back, as the request of a step had asked for.
    CallbackReceived(Box<CallbackReceived>),
    /// A concurrency group has a place for the run, or a lock is the step's.
    SlotGranted {
        /// Who has waited for it.
        slot: Slot,
    },
    /// A person wants nothing new started.
    PauseRequested {
        /// Who.
        by: String,
    },
    /// A person wants a paused run to go on.
    ResumeRequested {
        /// Who.
        by: String,
    },
    /// A person wants steps done again. Of a run that is over this begins a new epoch.
    RerunRequested {
        /// Who.
        by: String,
        /// What.
        from: RerunFrom,
    },
    /// The run that waits for this one wants something of it.
    ParentAsked {
        /// What.
        wish: ParentWish,
    },
    /// A person (or a rule) wants the run ended.
    CancelRequested {
        /// Who.
        by: String,
        /// Why, in their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

impl Event {
    /// The word in `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RunCreated(_) => "run_created",
            Self::AttemptStarted { .. } => "attempt_started",
            Self::AttemptFinished { .. } => "attempt_finished",
            Self::AttemptUnplaced { .. } => "attempt_unplaced",
            Self::ChildFinished(_) => "child_finished",
            Self::TimerFired { .. } => "timer_fired",
            Self::ApprovalDecided(_) => "approval_decided",
            Self::SignalReceived(_) => "signal_received",
            Self::CallbackReceived(_) => "callback_received",
            Self::SlotGranted { .. } => "slot_granted",
            Self::PauseRequested { .. } => "pause_requested",
            Self::ResumeRequested { .. } => "resume_requested",
            Self::RerunRequested { .. } => "rerun_requested",
            Self::ParentAsked { .. } => "parent_asked",
            Self::CancelRequested { .. } => "cancel_requested",
        }
    }
}

/// How a run begins: everything its fold needs besides the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunCreated {
    /// The run.
    pub run: RunId,
    /// The project the pipeline belongs to.
    pub project: String,
    /// The pipeline's name inside the project.
    pub pipeline: String,
    /// Counts the runs of the pipeline, from 1.
    pub number: u64,
    /// Digest of the graph that is pinned.
    pub digest: String,
    /// Meaning of the events, see [`crate::graph::SEMANTICS`].
    pub semantics: u32,
    /// Inputs, complete: defaults are filled in.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub inputs: Map<String, Json>,
    /// What started it.
    pub trigger: Trigger,
    /// Labels given with the trigger.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The step that it is a child run of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Address of the run's page, where the server knows its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Where a child run belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Parent {
    /// The run that waits for it.
    pub run: RunId,
    /// The attempt that it is.
    pub key: AttemptKey,
    /// How many runs stand above it.
    pub depth: u32,
    /// Places in groups that those hold, and that it shares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Holder>,
}

/// The end of a child run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChildFinished {
    /// The attempt that it was.
    pub key: AttemptKey,
    /// How.
    pub outcome: RunOutcome,
    /// `false`: there never was a run, and `error` says why.
    pub began: bool,
    /// What it gave.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub outputs: Map<String, Json>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// What started a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trigger {
    /// `manual`, `api`, `draft`, `schedule`, `webhook` …
    pub kind: String,
    /// Who, where there is a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl Trigger {
    /// The kind of a run whose definition came with the request, and is stored under no name.
    pub const DRAFT: &str = "draft";
}

/// A decision of one person about one visit of one approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovalDecided {
    /// The approval.
    pub step: StepPath,
    /// The visit the person saw.
    pub visit: u32,
    /// Who.
    pub by: String,
    /// The groups and roles that the server knows the person to be in when deciding, as `group:NAME` and `role:NAME`;
    /// `group:*` for the one user of a local server, who stands for everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub member_of: Vec<String>,
    /// Which way.
    pub decision: Decision,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The fields they filled in.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub fields: Map<String, Json>,
    /// Digest of what they were shown, where they sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A signal from outside. It is kept until a `wait` takes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignalReceived {
    /// Its name, as `wait` says it.
    pub name: String,
    /// What it says.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub payload: Json,
    /// Who sent it.
    pub by: String,
    /// The sender's key: a second signal with the same one is the same signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// A call back. Whoever takes it has looked whether it may come; the token does not stand here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallbackReceived {
    /// The attempt whose request named the address.
    pub key: AttemptKey,
    /// What it says.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub payload: Json,
}

/// What is done again, together with everything that stands behind it, and whatever the end of the run has cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RerunFrom {
    /// These steps.
    Steps(Vec<StepId>),
    /// These steps, and of steps that run many times only these items: the others keep their results.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    Units(Vec<StepUnit>),
    /// The steps whose current visit has failed, with all of their items. Histories hold it; nobody asks for it any more.
    Failed,
    /// The steps whose current visit has failed, and of their items those that did not succeed.
    FailedItems,
    /// All steps.
    Everything,
}

/// What a run wants of a child of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParentWish {
    /// To end, and to let end what is not to be interrupted. Asked again, it is the same wish.
    Cancel,
    /// To end with all that runs: there is no time left.
    End,
    /// To start nothing, as the run itself.
    Pause,
    /// To go on with it.
    Resume,
}

/// One way or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Go on.
    Approved,
    /// Do not.
    Rejected,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Nothing failed, or every failure was handled.
    Succeeded,
    /// A failure was not handled, or its time was over.
    Failed,
    /// It was ended.
    Cancelled,
}

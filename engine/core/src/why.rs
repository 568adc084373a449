//! Why a step stands where it does: what decided, what it waits for, and what has become of each of its edges.
//!
//! Made by [`crate::machine::RunState::why`] out of a graph and a folded state, so it can be asked about any past moment.

use serde::Serialize;

use crate::graph::{Condition, GotoOn};
use crate::id::{Seq, StepId, UnitPath};
use crate::outcome::Failure;
use crate::view::{EdgeState, SkipReason, StepStatus, WaitingFor};

/// Why a step stands where it does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepWhy {
    /// The step, or the item of it. What is said of edges and of visits before is said of steps.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub step: UnitPath,
    /// The last event that was looked at.
    pub last_seq: Seq,
    /// Where its current visit stands.
    pub status: StepStatus,
    /// The number of that visit.
    pub visit: u32,
    /// The answer in whole sentences, the reason first.
    pub said: Vec<String>,
    /// Why it was skipped.
    pub skip_reason: Option<SkipReason>,
    /// What it waits for.
    pub waiting_for: Option<WaitingFor>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// What its edges come to together; `null` where it needs nothing.
    pub join: Option<JoinWhy>,
    /// Forward edges into it.
    pub needs: Vec<NeedWhy>,
    /// Its `if`, which is judged once the edges let it go on.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// Loop edges out of it, in the order in which they are tried.
    pub goto: Vec<GotoWhy>,
    /// Its visits before this one, at least the last hundred.
    pub past: Vec<PastWhy>,
    /// How many there were before those; a past moment of the run still tells of them.
    pub older_visits: u32,
}

/// What the forward edges into a step come to together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinWhy {
    /// How many edges must be live; `null`: none blocked, and one live.
    pub at_least: Option<u32>,
    /// How many lead on.
    pub live: u32,
    /// How many count neither way.
    pub neutral: u32,
    /// How many stand in the way.
    pub blocked: u32,
    /// How many are not decided.
    pub undecided: u32,
}

/// A forward edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NeedWhy {
    /// Where it comes from.
    pub step: StepId,
    /// The current visit of that step.
    pub visit: u32,
    /// Where that stands.
    pub status: StepStatus,
    /// Why that was skipped.
    pub skip_reason: Option<SkipReason>,
    /// When the edge is live.
    pub on: Condition,
    /// What it is.
    pub state: EdgeState,
    /// Why, in a sentence.
    pub said: String,
}

/// A loop edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GotoWhy {
    /// Its place in `goto`; a `repeat` is the first.
    pub index: u32,
    /// Where it leads.
    pub to: StepId,
    /// Which outcome fires it.
    pub on: GotoOn,
    /// And only if this holds.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// How often it has fired since its budget was last filled.
    pub used: u32,
    /// Its budget; `null`: unlimited.
    pub max: Option<u32>,
    /// Visits of its step at whose end it has fired.
    pub fired: Vec<u32>,
    /// What has become of it in the current visit.
    pub state: GotoState,
    /// Why, in a sentence.
    pub said: String,
}

/// What has become of a loop edge in the current visit of its step. One that fires begins another visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GotoState {
    /// The visit has not ended.
    Undecided,
    /// It waits for another outcome.
    OtherOutcome,
    /// Its `if` is false.
    ConditionFalse,
    /// Its `if` cannot be evaluated, which fails the step.
    ConditionFailed,
    /// Its budget, or the run's limit of visits, is used up.
    UsedUp,
    /// It was not its turn: an entry before it decided, or the visit did not end by itself.
    NotTried,
    /// The run was being ended.
    RunEnded,
}

/// A visit that is over because the step was re-opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PastWhy {
    /// Its number.
    pub visit: u32,
    /// How it ended.
    pub status: StepStatus,
    /// Why it was skipped.
    pub skip_reason: Option<SkipReason>,
    /// What re-opened the step.
    pub reopened: Reopening,
    /// The same, in a sentence.
    pub said: String,
}

/// What re-opened a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reopening {
    /// A loop edge fired.
    Loop {
        /// Whose edge.
        from: StepId,
        /// Which visit of that step had ended.
        visit: u32,
        /// Its place in `goto`.
        index: u32,
        /// Where it leads.
        to: StepId,
    },
    /// A person had steps done again.
    Rerun,
}

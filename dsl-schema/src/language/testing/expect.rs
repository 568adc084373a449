//! What must come of a run.

use loopline_core::outcome::FailureKind;
use loopline_core::view::{RunStatus, SkipReason, StepStatus};

use super::short::Short;
use crate::decode::mapping;
use crate::language::values::{AnyJson, Duration, Entries, OneOrMany, Text, Whole};
use crate::language::words::{Word, WordList};

mapping! {
    /// What must come of a run. What is not said is not looked at; but a run must end, unless it is said that it waits.
    #[schemars(example = serde_json::json!({"status": "succeeded", "order": ["build", "deploy"], "within": "2h"}))]
    pub struct Expect ("`expect`") {
        /// Where the run stands.
        #[schemars(example = &"succeeded")]
        "status" status: Option<Word<RunStatus>>,
        /// The failure that failed the run: its kind, or a mapping that says more.
        #[schemars(example = serde_json::json!({"step": "deploy", "kind": "exit"}))]
        "error" error: Option<Short<FailureKind, ExpectedError>>,
        /// Visits in the order in which they started. Steps that stand nowhere in the list are not looked at; of those that do, all visits count.
        #[schemars(example = serde_json::json!(["deploy", "verify", "deploy", "verify", "announce"]))]
        "order" order: Option<Vec<Text>>,
        /// Steps, by name: their status, or a mapping that says more.
        #[schemars(example = serde_json::json!({"verify": {"visit": 2}, "rollback": {"skip_reason": "not_taken"}}))]
        "steps" steps: Option<Entries<Short<StepStatus, ExpectedStep>>>,
        /// Outputs of the run: those that are named, and of each what is written.
        #[schemars(example = serde_json::json!({"version": "1.2.3"}))]
        "outputs" outputs: Option<Entries<AnyJson>>,
        /// The steps that were undone, in this order; all of them.
        #[schemars(example = serde_json::json!(["deploy", "build"]))]
        "undone" undone: Option<Vec<Text>>,
        /// The longest time that it may have taken.
        #[schemars(example = &"2h")]
        "within" within: Option<Duration>,
        /// The time that it took, exactly.
        #[schemars(example = &"1h10m")]
        "duration" duration: Option<Duration>,
        /// The steps that wait; all of them, in any order.
        #[schemars(example = serde_json::json!(["approve"]))]
        "waiting_for" waiting_for: Option<OneOrMany<Text>>,
    }
}

mapping! {
    /// What must have become of a step.
    #[schemars(example = serde_json::json!({"status": "failed", "visit": 2, "error": "exit"}))]
    pub struct ExpectedStep ("an expected step") {
        /// Where it stands, in its current visit.
        #[schemars(example = &"succeeded")]
        "status" status: Option<Word<StepStatus>>,
        /// The number of its current visit.
        #[schemars(example = 2)]
        "visit" visit: Option<Whole<1, 1_000_000>>,
        /// How each of its visits ended, from the first.
        #[schemars(example = serde_json::json!(["failed", "succeeded"]))]
        "visits" visits: Option<Vec<Word<StepStatus>>>,
        /// How many attempts its current visit had.
        #[schemars(example = 3)]
        "attempts" attempts: Option<Whole<0, 1_000_000>>,
        /// Why it was skipped.
        #[schemars(example = &"not_taken")]
        "skip_reason" skip_reason: Option<Word<SkipReason>>,
        /// Outputs: those that are named, and of each what is written.
        #[schemars(example = serde_json::json!({"version": "1.2.3"}))]
        "outputs" outputs: Option<Entries<AnyJson>>,
        /// Its failure: the kind, or a mapping that says more.
        #[schemars(example = &"exit")]
        "error" error: Option<Short<FailureKind, ExpectedError>>,
        /// Single items, by their place in the list, from 0, or by their `key`.
        #[schemars(example = serde_json::json!({"1": "failed"}))]
        "items" items: Option<Entries<Short<StepStatus, ExpectedStep>>>,
    }
}

mapping! {
    /// A failure that must be there.
    #[schemars(example = serde_json::json!({"step": "deploy", "kind": "exit", "exit_code": 22}))]
    pub struct ExpectedError ("an expected failure") {
        /// The step that failed the run.
        #[schemars(example = &"deploy")]
        "step" step: Option<Text>,
        /// The kind of failure.
        #[schemars(example = &"exit")]
        "kind" kind: Option<Word<FailureKind>>,
        /// A part of its sentence.
        #[schemars(example = &"disk is full")]
        "message" message: Option<Text>,
        /// Of kind `exit`: the code.
        #[schemars(example = 22)]
        "exit_code" exit_code: Option<Whole<1, 255>>,
        /// Of kind `http_status`: the status.
        #[schemars(example = 503)]
        "status" status: Option<Whole<100, 599>>,
    }
}

impl WordList for FailureKind {
    const WHAT: &'static str = "kind of failure";

    fn all() -> Vec<(&'static str, Self)> {
        Self::ALL.iter().map(|each| (each.as_str(), *each)).collect()
    }

    fn meaning(self) -> &'static str {
        Self::meaning(self)
    }
}

impl WordList for RunStatus {
    const WHAT: &'static str = "status of a run";

    fn all() -> Vec<(&'static str, Self)> {
        Self::ALL.iter().map(|each| (each.as_str(), *each)).collect()
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Queued => "Its concurrency group has no place for it yet.",
            Self::Running => "Something of it runs.",
            Self::Waiting => "Nothing of it runs, and something waits.",
            Self::Paused => "Held by a person.",
            Self::Cancelling => "It was asked to end, and something still lives.",
            Self::Succeeded => "Over: nothing failed, or every failure was handled.",
            Self::Failed => "Over: a failure was not handled, or its time was over.",
            Self::Cancelled => "Over: it was ended.",
        }
    }
}

impl WordList for StepStatus {
    const WHAT: &'static str = "status of a step";

    fn all() -> Vec<(&'static str, Self)> {
        Self::ALL.iter().map(|each| (each.as_str(), *each)).collect()
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Pending => "Undecided.",
            Self::Queued => "Handed out, not begun.",
            Self::Running => "Begun.",
            Self::Waiting => "Waits for a person, a signal, a timer.",
            Self::Succeeded => "Ended well.",
            Self::Failed => "Ended with a failure.",
            Self::Skipped => "Did not go on.",
            Self::Cancelled => "Was ended.",
        }
    }
}

impl WordList for SkipReason {
    const WHAT: &'static str = "reason to skip a step";

    fn all() -> Vec<(&'static str, Self)> {
        let all = [Self::Condition, Self::NotTaken, Self::UpstreamFailed, Self::Cancelled];
        all.into_iter().map(|each| (each.as_str(), each)).collect()
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Condition => "Its `if` is false.",
            Self::NotTaken => "No edge led there.",
            Self::UpstreamFailed => "What it needs failed.",
            Self::Cancelled => "The run was ended before it began.",
        }
    }
}

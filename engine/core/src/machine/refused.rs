//! Why the fold does not take an event. A refused event is not written down.

use serde::{Deserialize, Serialize};

use crate::id::{RunId, Seq, StepId};
use crate::view::{RunStatus, StepStatus};

/// Why an event was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The history does not begin with `run_created`, or holds it twice.
    #[error("event {seq}: a history begins with run_created, and holds it once")]
    NotTheBeginning {
        /// Its place.
        seq: Seq,
    },
    /// The events do not follow each other.
    #[error("event {got} cannot follow event {last}")]
    OutOfOrder {
        /// The last one taken.
        last: Seq,
        /// The one that came.
        got: Seq,
    },
    /// The history was written for another graph or another meaning of events.
    #[error("the history is of {history}, this is {graph}")]
    OtherDefinition {
        /// What the history says.
        history: String,
        /// What is here.
        graph: String,
    },
    /// The run is over.
    #[error("the run is over: it {}{}", if *status == RunStatus::Cancelled { "was " } else { "" }, status.as_str())]
    RunOver {
        /// How.
        status: RunStatus,
    },
    /// The pipeline has no such step.
    #[error("the pipeline has no step `{step}`")]
    UnknownStep {
        /// The name that came.
        step: StepId,
    },
    /// The step is no approval.
    #[error("step `{step}` is not an approval")]
    NotAnApproval {
        /// The step.
        step: StepId,
    },
    /// The visit is not the one that waits.
    #[error("visit {visit} of `{step}` is closed: {why}")]
    ClosedVisit {
        /// The step.
        step: StepId,
        /// The visit that was named.
        visit: u32,
        /// The visit that is current.
        current: u32,
        /// Where the current visit stands.
        status: StepStatus,
        /// In words.
        why: String,
    },
    /// The person saw something else than what waits now.
    #[error("what `{step}` asks has changed since it was shown")]
    WrongDigest {
        /// The step.
        step: StepId,
        /// The right one.
        expected: String,
    },
    /// The person has decided this visit before.
    #[error("{by} has decided visit {visit} of `{step}` already")]
    DecidedBefore {
        /// The step.
        step: StepId,
        /// The visit.
        visit: u32,
        /// Who.
        by: String,
    },
    /// The person may not decide.
    #[error("{by} may not decide `{step}`: {why}")]
    NotEligible {
        /// The step.
        step: StepId,
        /// Who.
        by: String,
        /// In words.
        why: String,
    },
    /// A field is missing or does not fit.
    #[error("field `{field}` {message}")]
    InvalidField {
        /// Its name.
        field: String,
        /// What is wrong.
        message: String,
    },
    /// An attempt or a timer that this run never had.
    #[error("this run has no {what}")]
    NeverAsked {
        /// Its identity.
        what: String,
    },
    /// No step of the pipeline waits for such a signal.
    #[error("no step waits for a signal `{name}`")]
    UnknownSignal {
        /// Its name.
        name: String,
    },
    /// The signal fits the schema of no step that waits for one of its name.
    #[error("the signal fits no step that waits for `{name}`: {message}")]
    SignalFitsNothing {
        /// Its name.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// A signal with this key came before.
    #[error("a signal with the key `{key}` came before")]
    SignalBefore {
        /// The sender's key.
        key: String,
        /// It was the same signal, so the sender has what they want.
        same: bool,
    },
    /// Nothing waits for this callback any more.
    #[error("attempt {attempt} in visit {visit} of `{step}` waits for no callback: {why}")]
    CallbackClosed {
        /// The step.
        step: StepId,
        /// The visit that had asked for it.
        visit: u32,
        /// The attempt in it.
        attempt: u32,
        /// In words.
        why: String,
    },
    /// More signals wait to be taken than a run keeps.
    #[error("the run keeps {kept} signals already, and no step takes them")]
    TooManySignals {
        /// How many.
        kept: usize,
    },
    /// The run starts nothing already.
    #[error("the run is paused already")]
    PausedBefore,
    /// A child goes on with its parent.
    #[error("the run that this one is a child of is paused; resume that")]
    ParentPaused,
    /// There is nothing to resume.
    #[error("the run is not paused")]
    NotPaused,
    /// No step is named, or none has failed or was cut off.
    #[error("nothing is to be rerun: no step is named, has failed, or was cancelled")]
    NothingToRerun,
    /// There is no such item.
    #[error("there is no item {item} of `{step}`: it has {} in its current visit", count_of(*.items))]
    UnknownItem {
        /// The step.
        step: StepId,
        /// The item that was asked for.
        item: u32,
        /// How many there are; none where its current visit has no list.
        items: Option<u32>,
    },
    /// A list is closed before a part of it is done again.
    #[error("the items of `{step}` go on; one of them can be rerun when all have ended")]
    ItemsGoOn {
        /// The step.
        step: StepId,
    },
    /// A child belongs to the step that waits for it.
    #[error("this is a child run: rerun step `{step}` of run {run}")]
    ChildRun {
        /// The step.
        step: StepId,
        /// The run of that step.
        run: RunId,
    },
    /// What is being ended is not begun again before it has ended.
    #[error("the run is being ended; rerun it when it is over")]
    RerunWhileEnding,
    /// The wish was made before.
    #[error("the run is being cancelled already")]
    CancelledBefore,
}

fn count_of(items: Option<u32>) -> String {
    match items {
        None | Some(0) => "no items".to_owned(),
        Some(1) => "one item, number 0,".to_owned(),
        Some(count) => format!("items 0 to {}", count - 1),
    }
}

//! The state of a run: what all its events so far add up to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::child::ChildRun;
use super::compensate::Done;
use super::many::{ItemsAgain, ItemsState};
use super::slot::Place;
use crate::command::{Command, Timer};
use crate::event::{ApprovalDecided, RunCreated, RunOutcome};
use crate::expr::Scope;
use crate::graph::Graph;
use crate::group::Holder;
use crate::id::{AttemptKey, Seq, StepId, StepIx, Within};
use crate::outcome::{ArtifactRef, Failure, RawResult, TestsRef};
use crate::shape::{EntryIx, StepSet};
use crate::text::Text;
use crate::time::Timestamp;
use crate::view::{RunStatus, SkipReason};

/// The state of a run after some event. Begin with [`RunState::default`], and go on with [`super::apply`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    pub(super) created: Option<Arc<RunCreated>>,
    pub(super) created_at: Timestamp,
    pub(super) name: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) epoch: u32,
    /// Who asked last to have steps done again.
    pub(super) rerun_by: Option<String>,
    pub(super) last_seq: Seq,
    pub(super) last_at: Timestamp,
    #[serde(with = "super::snapshot::steps")]
    pub(super) steps: Vec<StepState>,
    /// How often each loop edge has fired since its budget was last filled; by [`crate::shape::EntryIx`].
    pub(super) used: Vec<u32>,
    /// Counts all firings, so that each delay has a timer of its own.
    pub(super) firings: u32,
    /// Regions that were re-opened and may not be judged yet.
    pub(super) open: Vec<Reopened>,
    /// Attempts that were handed out and are not settled.
    pub(super) live: BTreeMap<AttemptRef, Live>,
    /// Child runs, by the attempts that they are; past ones too.
    pub(super) children: BTreeMap<AttemptRef, ChildRun>,
    pub(super) stop: Option<Stop>,
    /// Steps that are pending or running. The run is over when there is none and nothing is live.
    pub(super) undecided: u32,
    /// Steps that wait for a person, a moment or a retry.
    pub(super) waiting: u32,
    /// Order in which visits ended, for "the earliest failure".
    pub(super) ended: u64,
    /// How many visits had ended when the run's time was over: a failure behind them is not the first one.
    pub(super) ended_in_time: Option<u64>,
    /// How the steps ended, once they have; `finally` comes behind them.
    pub(super) leaving: Option<Over>,
    /// What succeeded and can be undone, in the order of the events.
    pub(super) done: Vec<Done>,
    /// What is to be undone: places in `done`, the next one last.
    pub(super) due: Vec<u32>,
    /// What is being undone.
    pub(super) undoing: Option<u32>,
    /// `finally`, once it has begun: a state like this one, over a graph of its own.
    pub(super) finally: Option<Box<Self>>,
    /// `finally` of the epochs before, made ready to begin again.
    pub(super) finally_again: Option<Box<Self>>,
    /// A second cancel: what comes behind the steps is ended too, or does not begin.
    pub(super) cut_short: bool,
    pub(super) over: Option<Over>,
    /// The attempts that this pipeline in place lies in; none for the run itself.
    pub(super) within: Within,
    /// Of a pipeline in place: what the step that runs it hands to the environment of each of its steps.
    pub(super) env: BTreeMap<String, Text>,
    /// What is going on here and in all pipelines in place, so that nobody has to look through them.
    pub(super) going_on: GoingOn,
    /// When the run's `timeout` is over; none while it is paused.
    pub(super) deadline: Option<Timestamp>,
    pub(super) paused: Option<Paused>,
    /// The run's place in its concurrency group, from the wish to the end of the epoch.
    pub(super) slot: Option<Place>,
    /// Locks by step or item and visit, from the wish until nothing of the visit runs.
    pub(super) locks: BTreeMap<(Unit, u32), Place>,
    /// What the runs and steps around hold: it is shared.
    pub(super) shared: Vec<Holder>,
    /// Why the run could not begin.
    pub(super) unfit: Option<Failure>,
    /// Signals that no step has taken yet, the oldest first.
    pub(super) kept: Vec<Kept>,
    /// Senders' keys and the digests of what came with them.
    pub(super) signal_keys: BTreeMap<String, String>,
    /// Those keys, the oldest first.
    pub(super) signal_order: VecDeque<String>,
}

/// How much of what goes on in a run, with all pipelines in place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GoingOn {
    /// Attempts that a worker has.
    pub(super) attempts: u32,
    /// Attempts that are child runs.
    pub(super) children: u32,
    /// Steps and items that wait for a lock.
    pub(super) locks: u32,
    /// Approvals that wait.
    pub(super) approvals: u32,
    /// Steps that wait for a signal.
    pub(super) signals: u32,
}

impl GoingOn {
    /// What is left when a part of it went from `before` to `after`.
    pub(super) fn with(self, before: Self, after: Self) -> Self {
        Self {
            attempts: self.attempts - before.attempts + after.attempts,
            children: self.children - before.children + after.children,
            locks: self.locks - before.locks + after.locks,
            approvals: self.approvals - before.approvals + after.approvals,
            signals: self.signals - before.signals + after.signals,
        }
    }

    /// The count that a wait belongs to.
    pub(super) fn waits(&mut self, wait: &Wait) -> Option<&mut u32> {
        match wait {
            Wait::Approval(_) => Some(&mut self.approvals),
            Wait::Signal { .. } => Some(&mut self.signals),
            Wait::Lock { .. } => Some(&mut self.locks),
            Wait::Sleep { .. } | Wait::Retry { .. } | Wait::Callback(_) => None,
        }
    }
}

/// A run that starts nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Paused {
    /// Who wants it so; more than one may.
    pub(super) by: BTreeSet<Pauser>,
    /// What is left of the run's `timeout`.
    pub(super) timeout_left_ms: Option<u64>,
    /// Timers that ran out meanwhile, in that order.
    pub(super) due: Vec<Timer>,
}

/// Who pauses a run: it goes on when nobody does any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Pauser {
    Person,
    /// The run that it is a child of is paused.
    Parent,
}

/// A signal that no step has taken yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) payload: Arc<Json>,
}

/// What attempts are made for: a step, or one item of a step that runs many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Unit {
    pub(super) step: StepIx,
    pub(super) item: Option<u32>,
}

impl From<StepIx> for Unit {
    fn from(step: StepIx) -> Self {
        Self { step, item: None }
    }
}

/// An attempt of the current epoch, by position of its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct AttemptRef {
    pub(super) step: StepIx,
    pub(super) item: Option<u32>,
    pub(super) visit: u32,
    pub(super) attempt: u32,
    /// It undoes what the visit did.
    pub(super) undo: bool,
}

impl AttemptRef {
    pub(super) fn unit(self) -> Unit {
        Unit { step: self.step, item: self.item }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Live {
    /// A worker has begun it.
    pub(super) started: bool,
    pub(super) past: Past,
    /// The pipeline in place that the attempt is, where it is one: no worker knows of it.
    pub(super) child: Option<Box<RunState>>,
    /// Of a past visit.
    pub(super) saw: Option<Arc<Saw>>,
    /// The command that started it, where something that it was made of may become something else before it ends.
    pub(super) start: Option<Arc<Command>>,
    /// What came with the callback, where that came before the request was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) called: Option<Arc<Json>>,
    /// Its wait for a worker.
    #[serde(default, skip_serializing_if = "Queue::is_default")]
    pub(super) queue: Queue,
}

/// How an attempt waits for a worker with its labels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Queue {
    /// When it fails, while it is not over and the step says so.
    pub(super) until: Option<Timestamp>,
    /// Labels that no worker has.
    pub(super) missing: Vec<String>,
    /// It was taken back, because its time in the queue was over.
    pub(super) timed_out: bool,
}

impl Queue {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Live {
    /// Handed to a worker, or begun as a run of its own.
    pub(super) fn new(started: bool) -> Self {
        Self { started, past: Past::No, child: None, saw: None, start: None, called: None, queue: Queue::default() }
    }
}

/// What a visit saw when it was re-opened: what lives on of it is judged, and undone, with that.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saw {
    /// The names that expressions over the result read, by expression.
    pub(super) result: BTreeMap<String, Scope>,
    /// Those that undoing it will read, where it can be undone.
    pub(super) undo: Option<Scope>,
}

/// Whether an attempt's end still decides anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Past {
    /// It does.
    No,
    /// Its visit was re-opened or its run stopped; it was asked to end.
    Cancel,
    /// Its visit was re-opened or its run stopped; it is let end.
    Drain,
}

/// A region between its re-opening and its first judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Reopened {
    pub(super) region: Arc<StepSet>,
    /// Where it begins: the target of a loop edge, or what a person asked for.
    pub(super) to: StepSet,
    /// Attempts of past visits in the region that still live.
    pub(super) zombies: BTreeSet<AttemptRef>,
    /// The delay, while it runs.
    pub(super) timer: Option<(Timer, Timestamp)>,
}

/// Why the run was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stop {
    Cancel,
    Timeout,
    FailFast,
    /// It could not begin.
    Unfit,
}

/// The run is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Over {
    pub(super) outcome: RunOutcome,
    pub(super) at: Timestamp,
    pub(super) error: Option<(Option<StepId>, Failure)>,
    pub(super) outputs: Map<String, Json>,
}

/// A step as the machine sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StepState {
    pub(super) st: St,
    /// Why it was skipped, when it was.
    pub(super) why: Option<SkipReason>,
    pub(super) visit: u32,
    /// How many of its visits belong to earlier epochs.
    pub(super) visits_before: u32,
    /// It was judged in this visit: it started or was skipped.
    pub(super) begun: bool,
    /// Edges of which re-opens bind the join; `None` (⊤): all edges alike.
    #[serde(skip)]
    pub(super) inside: Option<Arc<StepSet>>,
    /// Edges before this one are decided: `needs` are looked at once, not once an event.
    pub(super) cursor: u32,
    /// The latest attempt of this visit.
    pub(super) attempt: u32,
    pub(super) wait: Option<Wait>,
    pub(super) outputs: Arc<Map<String, Json>>,
    pub(super) artifacts: BTreeMap<String, ArtifactRef>,
    #[serde(default, skip_serializing_if = "Told::is_nothing")]
    pub(super) told: Told,
    pub(super) error: Option<Failure>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    /// Place in the order of ends, see [`RunState::ended`].
    pub(super) ended: u64,
    /// What `previous` shows: the named steps as they were when the region was last re-opened.
    #[serde(skip)]
    pub(super) previous: Option<Arc<Picture>>,
    /// Its items, once a step that runs many times has begun.
    pub(super) many: Option<Arc<ItemsState>>,
    /// Until it begins again by hand with some of its items: which they are, and what the others keep.
    pub(super) again: Option<Arc<ItemsAgain>>,
    /// The pipeline in place as its latest attempt left it.
    pub(super) child: Option<Arc<RunState>>,
    /// The latest of its visits that a re-open closed, see [`super::past`].
    pub(super) past: VecDeque<PastVisit>,
    /// How the visits before those ended, the oldest first, each with the number of visits on end that did: only of a step
    /// of which some expression reads `visits`.
    pub(super) older: Vec<(St, u32)>,
}

/// What an attempt told people. Nothing is decided by it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<ArtifactRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tests: Option<TestsRef>,
}

impl Told {
    pub(super) fn of(result: &RawResult) -> Self {
        Self { summary: result.summary.clone(), tests: result.tests.clone() }
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Steps as they were, by position.
pub(super) type Picture = BTreeMap<StepIx, Json>;

/// `st` of the language reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum St {
    Pending,
    Running,
    Succeeded,
    Failed,
    Skipped,
    Cancelled,
}

impl St {
    pub(super) fn is_decided(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// What a running step waits for, when nothing of it is live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Wait {
    Sleep {
        until: Timestamp,
    },
    Retry {
        until: Timestamp,
    },
    Approval(Box<Asked>),
    Signal {
        until: Option<Timestamp>,
    },
    /// For the step's lock.
    Lock {
        until: Option<Timestamp>,
    },
    /// For somebody who calls back.
    Callback(Box<Called>),
}

/// A request that was answered as expected, and whose callback has not come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Called {
    pub(super) until: Timestamp,
    /// What `outputs` read besides what comes with the callback.
    pub(super) answer: RawResult,
}

/// An approval that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) message: String,
    pub(super) digest: String,
    pub(super) until: Option<Timestamp>,
    pub(super) decisions: Vec<(Timestamp, ApprovalDecided)>,
}

/// A visit that a re-open closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PastVisit {
    pub(super) visit: u32,
    pub(super) st: St,
    pub(super) why: Option<SkipReason>,
    pub(super) attempts: u32,
    pub(super) outputs: Arc<Map<String, Json>>,
    pub(super) error: Option<Failure>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    /// Items of which some attempt still lives.
    pub(super) many: Option<Arc<ItemsState>>,
    /// For people who ask why; nothing is decided by it.
    pub(super) closed_by: ClosedBy,
}

/// What re-opened a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ClosedBy {
    /// A loop edge, at the end of this visit of the step that it leads out of.
    Loop { entry: EntryIx, visit: u32 },
    /// A person.
    Rerun,
}

impl Default for StepState {
    fn default() -> Self {
        Self {
            st: St::Pending,
            why: None,
            visit: 1,
            visits_before: 0,
            begun: false,
            inside: None,
            cursor: 0,
            attempt: 0,
            wait: None,
            outputs: Arc::default(),
            artifacts: BTreeMap::new(),
            told: Told::default(),
            error: None,
            started_at: None,
            finished_at: None,
            ended: 0,
            previous: None,
            many: None,
            again: None,
            child: None,
            past: VecDeque::new(),
            older: Vec::new(),
        }
    }
}

impl RunState {
    /// Nothing has happened over this graph.
    pub(super) fn of(graph: &Graph) -> Self {
        let count = graph.steps.len();
        Self {
            steps: vec![StepState::default(); count],
            used: vec![0; graph.shape().entries().len()],
            undecided: count as u32,
            ..Self::default()
        }
    }

    /// The last event that was taken; 0 before the first.
    pub fn last_seq(&self) -> Seq {
        self.last_seq
    }

    /// The moment of that event.
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// How the run began; `None` before the first event.
    pub fn created(&self) -> Option<&RunCreated> {
        self.created.as_deref()
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Where the run stands (rule W5: it waits when nothing of it runs and something waits).
    pub fn status(&self) -> RunStatus {
        let stopping = match self.stop {
            // What the steps' end leaves to be done is done as after any other end, unless someone cancels the run.
            Some(Stop::Timeout | Stop::FailFast) => self.leaving.is_none(),
            Some(Stop::Cancel | Stop::Unfit) => true,
            None => false,
        };
        match &self.over {
            Some(over) => match over.outcome {
                RunOutcome::Succeeded => RunStatus::Succeeded,
                RunOutcome::Failed => RunStatus::Failed,
                RunOutcome::Cancelled => RunStatus::Cancelled,
            },
            None if stopping => RunStatus::Cancelling,
            None if self.paused.is_some() => RunStatus::Paused,
            None if self.created.is_none() || self.is_queued() => RunStatus::Queued,
            None if self.only_waits() => RunStatus::Waiting,
            None => RunStatus::Running,
        }
    }

    /// The life of the run that goes on, or was the last one; counted from 1.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Nothing more will happen, unless a person has steps done again.
    pub fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// It has asked its concurrency group for a place, and has none yet.
    pub(super) fn is_queued(&self) -> bool {
        self.slot.as_ref().is_some_and(|asked| !asked.granted)
    }

    /// Nothing of it runs or is queued, here and inside (rule W5).
    pub(super) fn only_waits(&self) -> bool {
        let GoingOn { attempts, children, locks, approvals: _, signals: _ } = self.going_on;
        attempts == 0 && children == 0 && locks == 0
    }

    /// Nothing is handed out but child runs: until a timer fires, one of them ends or a person acts, nothing happens, and the
    /// state need not be kept in memory.
    pub fn is_quiet(&self) -> bool {
        self.going_on.attempts == 0
    }

    pub(super) fn key_of(&self, graph: &Graph, at: AttemptRef) -> AttemptKey {
        AttemptKey {
            epoch: self.epoch,
            step: graph.step(at.step).id.clone(),
            item: at.item,
            visit: at.visit,
            attempt: at.attempt,
            within: self.within.clone(),
            undo: at.undo,
        }
    }

    /// Identity of the latest attempt in the current visit, for its timers.
    pub(super) fn visit_key(&self, graph: &Graph, unit: impl Into<Unit>) -> AttemptKey {
        self.key_of(graph, self.latest_attempt(unit.into()))
    }

    /// The latest attempt in the current visit; number 0 before the first. Of an item that keeps its result, that attempt.
    pub(super) fn latest_attempt(&self, unit: Unit) -> AttemptRef {
        let step = &self.steps[unit.step.get()];
        let (attempt, kept_from) = self.item(unit).map_or((step.attempt, None), |item| (item.attempt, item.kept_from));
        AttemptRef { step: unit.step, item: unit.item, visit: kept_from.unwrap_or(step.visit), attempt, undo: false }
    }
}

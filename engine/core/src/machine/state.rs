//! The state of a run: what all its events so far add up to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::child::Child;
use super::slot::Place;
use crate::command::Timer;
use crate::event::{ApprovalDecided, RunCreated, RunOutcome};
use crate::graph::Graph;
use crate::id::{AttemptKey, Seq, StepIx};
use crate::outcome::{ArtifactRef, Failure};
use crate::shape::StepSet;
use crate::time::Timestamp;
use crate::view::{RunStatus, SkipReason};

/// The state of a run after some event. Begin with [`RunState::default`], and go on with [`super::apply`].
#[derive(Debug, Clone, Default)]
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
    pub(super) children: BTreeMap<AttemptRef, Child>,
    pub(super) stop: Option<Stop>,
    /// Steps that are pending or running. The run is over when there is none and nothing is live.
    pub(super) undecided: u32,
    /// Steps that wait for a person, a moment or a retry.
    pub(super) waiting: u32,
    /// Order in which visits ended, for "the earliest failure".
    pub(super) ended: u64,
    pub(super) over: Option<Over>,
    /// When the run's `timeout` is over; none while it is paused.
    pub(super) deadline: Option<Timestamp>,
    pub(super) paused: Option<Paused>,
    /// The run's place in its concurrency group, from the wish to the end of the epoch.
    pub(super) slot: Option<Place>,
    /// Locks by step and visit, from the wish until nothing of the visit runs.
    pub(super) locks: BTreeMap<(StepIx, u32), Place>,
    /// Why the run could not begin.
    pub(super) unfit: Option<Failure>,
    /// Signals that no step has taken yet, the oldest first.
    pub(super) kept: Vec<Kept>,
    /// Senders' keys and the digests of what came with them.
    pub(super) signal_keys: BTreeMap<String, String>,
    /// Those keys, the oldest first.
    pub(super) signal_order: VecDeque<String>,
}

/// A run that starts nothing.
#[derive(Debug, Clone)]
pub(super) struct Paused {
    /// What is left of the run's `timeout`.
    pub(super) timeout_left_ms: Option<u64>,
    /// Timers that ran out meanwhile, in that order.
    pub(super) due: Vec<Timer>,
}

/// A signal that no step has taken yet.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) payload: Arc<Json>,
}

/// An attempt of the current epoch, by position of its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AttemptRef {
    pub(super) step: StepIx,
    pub(super) item: Option<u32>,
    pub(super) visit: u32,
    pub(super) attempt: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Live {
    /// A worker has begun it.
    pub(super) started: bool,
    pub(super) past: Past,
}

/// Whether an attempt's end still decides anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Past {
    /// It does.
    No,
    /// Its visit was re-opened or its run stopped; it was asked to end.
    Cancel,
    /// Its visit was re-opened or its run stopped; it is let end.
    Drain,
}

/// A region between its re-opening and its first judgement.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Cancel,
    Timeout,
    FailFast,
    /// It could not begin.
    Unfit,
}

/// The run is over.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Over {
    pub(super) outcome: RunOutcome,
    pub(super) at: Timestamp,
    pub(super) error: Option<(Option<StepIx>, Failure)>,
    pub(super) outputs: Map<String, Json>,
}

/// A step as the machine sees it.
#[derive(Debug, Clone)]
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
    pub(super) inside: Option<Arc<StepSet>>,
    /// Edges before this one are decided: `needs` are looked at once, not once an event.
    pub(super) cursor: u32,
    /// The latest attempt of this visit.
    pub(super) attempt: u32,
    pub(super) wait: Option<Wait>,
    pub(super) outputs: Arc<Map<String, Json>>,
    pub(super) artifacts: BTreeMap<String, ArtifactRef>,
    pub(super) error: Option<Failure>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    /// Place in the order of ends, see [`RunState::ended`].
    pub(super) ended: u64,
    /// What `previous` shows: the named steps as they were when the region was last re-opened.
    pub(super) previous: Option<Arc<BTreeMap<StepIx, Json>>>,
    pub(super) past: Vec<PastVisit>,
}

/// `st` of the language reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone)]
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
}

/// An approval that waits.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) message: String,
    pub(super) digest: String,
    pub(super) until: Option<Timestamp>,
    pub(super) decisions: Vec<(Timestamp, ApprovalDecided)>,
}

/// A visit that a re-open closed.
#[derive(Debug, Clone)]
pub(super) struct PastVisit {
    pub(super) visit: u32,
    pub(super) st: St,
    pub(super) why: Option<SkipReason>,
    pub(super) attempts: u32,
    pub(super) outputs: Arc<Map<String, Json>>,
    pub(super) error: Option<Failure>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
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
            error: None,
            started_at: None,
            finished_at: None,
            ended: 0,
            previous: None,
            past: Vec::new(),
        }
    }
}

impl RunState {
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

    /// Where the run stands (rule W5: it waits when nothing of it runs and something waits).
    pub fn status(&self) -> RunStatus {
        match (&self.over, self.stop) {
            (Some(over), _) => match over.outcome {
                RunOutcome::Succeeded => RunStatus::Succeeded,
                RunOutcome::Failed => RunStatus::Failed,
                RunOutcome::Cancelled => RunStatus::Cancelled,
            },
            (None, Some(_)) => RunStatus::Cancelling,
            (None, None) if self.paused.is_some() => RunStatus::Paused,
            (None, None) if self.created.is_none() || self.is_queued() => RunStatus::Queued,
            (None, None) if !self.live.is_empty() || self.waits_for_locks() => RunStatus::Running,
            (None, None) => RunStatus::Waiting,
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

    /// A step is queued for its lock: then the run is not one that only waits (rule W5).
    fn waits_for_locks(&self) -> bool {
        self.locks.values().any(|asked| !asked.granted)
    }

    /// Nothing is handed out but child runs: until a timer fires, one of them ends or a person acts, nothing happens, and the
    /// state need not be kept in memory.
    pub fn is_quiet(&self) -> bool {
        self.live.keys().all(|at| self.children.contains_key(at))
    }

    /// Attempts that were handed out and are not settled; a driver asks its worker for them after a restart.
    pub fn live_attempts<'a>(&'a self, graph: &'a Graph) -> impl Iterator<Item = AttemptKey> + 'a {
        self.live.keys().map(|at| self.key_of(graph, *at))
    }

    /// The attempt is live and was asked to end.
    pub fn is_ending(&self, graph: &Graph, key: &AttemptKey) -> bool {
        let Some(step) = graph.find(key.step.as_str()) else { return false };
        let at = AttemptRef { step, item: key.item, visit: key.visit, attempt: key.attempt };
        self.live.get(&at).is_some_and(|live| live.past == Past::Cancel)
    }

    /// The steps that wait for people.
    pub fn steps_waiting_for_people<'a>(&'a self, graph: &'a Graph) -> impl Iterator<Item = &'a str> + 'a {
        self.steps
            .iter()
            .zip(&graph.steps)
            .filter(|(state, _)| matches!(state.wait, Some(Wait::Approval(_))))
            .map(|(_, step)| step.id.as_str())
    }

    pub(super) fn key_of(&self, graph: &Graph, at: AttemptRef) -> AttemptKey {
        AttemptKey {
            epoch: self.epoch,
            step: graph.step(at.step).id.clone(),
            item: at.item,
            visit: at.visit,
            attempt: at.attempt,
        }
    }

    /// Identity of the current visit of a step, for its timers.
    pub(super) fn visit_key(&self, graph: &Graph, ix: StepIx) -> AttemptKey {
        let step = &self.steps[ix.get()];
        self.key_of(graph, AttemptRef { step: ix, item: None, visit: step.visit, attempt: step.attempt })
    }
}

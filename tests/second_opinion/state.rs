//! STATE: plain maps, as the exact machine writes them. Nothing is derived beforehand, nothing is cached.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use loopline_core::command::Timer;
use loopline_core::event::{RunCreated, RunOutcome};
use loopline_core::graph::Graph;
use loopline_core::id::{AttemptKey, Seq, StepId, StepIx, Within};
use loopline_core::outcome::Failure;
use loopline_core::time::Timestamp;
use loopline_core::view::{DecisionView, RunError, SkipReason, StepStatus};
use serde_json::{Map, Value as Json};

use super::edges::Regions;
use super::inside::Outer;
use super::undo::Done;

pub type Outputs = Map<String, Json>;

/// What `steps.x` was for each step at some moment.
pub type Seen = Rc<BTreeMap<StepIx, Json>>;

/// The six states of a step. What people see of `Running` (queued, waiting) follows from `live`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum St {
    Pending,
    Running,
    Succeeded,
    Failed,
    Skipped,
    Cancelled,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub st: St,
    pub why: Option<SkipReason>,
    pub err: Option<Failure>,
    pub outputs: Outputs,
    pub vis: u32,
    /// The last visit of the epochs before.
    pub vis_before: u32,
    pub begun: bool,
    /// Edges from these steps bind a join; none stands for ⊤.
    pub inside: Option<BTreeSet<StepIx>>,
    /// The latest attempt of the visit, 0 before the first.
    pub attempt: u32,
    /// Counts decisions of the whole run: the earliest failure is the run's error.
    pub decided: u64,
    /// Of a step that runs many times, in the order of the list.
    pub items: Vec<Item>,
    /// Until it begins: the items that alone are done again by hand; of the others the results stay.
    pub again: Option<BTreeSet<u32>>,
    /// No further item begins, and none is tried again: too many have failed.
    pub items_closed: bool,
    pub archive: Vec<Visit>,
    /// What each step was when the region of this one was last re-opened.
    pub previous: Option<Seen>,
}

/// One execution of a step that runs many times.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub value: Json,
    pub st: St,
    /// The visit that its result comes from, where that is an earlier one.
    pub kept_from: Option<u32>,
    /// The latest attempt, 0 before the first.
    pub attempt: u32,
    pub err: Option<Failure>,
    pub outputs: Outputs,
}

impl Item {
    pub fn new(value: Json) -> Self {
        Self { value, st: St::Pending, kept_from: None, attempt: 0, err: None, outputs: Outputs::new() }
    }
}

/// What a visit saw: the other steps, and what was before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Saw {
    pub steps: Seen,
    pub previous: Option<Seen>,
}

/// A visit that is past, or the current one.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Of a past one.
    pub saw: Option<Saw>,
    pub visit: u32,
    pub status: StepStatus,
    pub why: Option<SkipReason>,
    pub err: Option<Failure>,
    pub attempts: u32,
    pub outputs: Outputs,
    pub items: Vec<Item>,
}

/// An element of `live`: an attempt, or what stands for one while a step waits.
#[derive(Debug)]
pub struct Live<'a> {
    pub step: StepIx,
    pub visit: u32,
    pub what: What<'a>,
    pub past: Past,
}

#[derive(Debug)]
pub enum What<'a> {
    /// Handed out to a worker.
    Attempt {
        key: AttemptKey,
        begun: bool,
    },
    /// A pipeline in place, which no worker knows of.
    Child {
        key: AttemptKey,
        state: Box<State<'a>>,
    },
    /// The next attempt of a retry.
    BackOff {
        key: AttemptKey,
        until: Timestamp,
    },
    Sleep {
        until: Timestamp,
    },
    Signal {
        until: Option<Timestamp>,
    },
    Approval(Asked),
}

/// An approval that people look at.
#[derive(Debug, Clone)]
pub struct Asked {
    pub message: String,
    pub until: Option<Timestamp>,
    pub decisions: Vec<DecisionView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    No,
    Cancel,
    Drain,
}

/// A region that was re-opened and is not free yet.
#[derive(Debug, Clone)]
pub struct Open {
    pub region: BTreeSet<StepIx>,
    /// Where it begins.
    pub to: BTreeSet<StepIx>,
    /// Attempts that were live in it.
    pub zombies: BTreeSet<AttemptKey>,
    /// The delay, while it runs.
    pub timer: Option<(Timer, Timestamp)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    Cancel,
    Timeout,
    FailFast,
}

#[derive(Debug, Clone)]
pub struct Kept {
    pub name: String,
    pub payload: Json,
}

/// The end of a run.
#[derive(Debug, Clone)]
pub struct Over {
    pub outcome: RunOutcome,
    pub error: Option<RunError>,
    pub outputs: Outputs,
}

/// A pause: nothing starts, and timers that run out wait for the resume.
#[derive(Debug, Clone)]
pub struct Pause {
    /// How much of the run's time was left.
    pub left_ms: Option<u64>,
    pub ran_out: Vec<Timer>,
}

/// What a whole run has once, however many machines go on in it.
#[derive(Debug, Default)]
pub struct World {
    pub created_at: Timestamp,
    pub seq: Seq,
    pub now: Timestamp,
    pub epoch: u32,
    /// Who had steps done again last.
    pub rerun_by: Option<String>,
    /// How often somebody had.
    pub reruns: u32,
    pub pause: Option<Pause>,
    pub signals: Vec<Kept>,
    pub signal_keys: BTreeSet<String>,
    /// Every attempt that was ever handed out, with what its environment held.
    pub handed_out: BTreeMap<AttemptKey, BTreeMap<String, String>>,
    /// Attempts that workers were asked to end.
    pub asked_to_end: BTreeSet<AttemptKey>,
    /// Timers that are set.
    pub timers: BTreeMap<Timer, Timestamp>,
    /// Timers that were ever set.
    pub ever_set: BTreeSet<Timer>,
}

/// One machine: the run's own, that of a pipeline in place, or that of `finally`.
#[derive(Debug)]
pub struct State<'a> {
    pub graph: &'a Graph,
    /// Of a machine inside: with that around it, but while something happens in it.
    pub world: World,
    pub created: Option<RunCreated>,
    pub steps: BTreeMap<StepIx, Step>,
    /// The steps, by how many edges lead to them at the most, then by id.
    pub order: Vec<StepIx>,
    pub regions: Regions,
    /// Firings of loop edges, by step and place.
    pub used: BTreeMap<(StepIx, usize), u32>,
    /// Firings since the beginning of the run, never refilled.
    pub fired: BTreeMap<(StepIx, usize), u32>,
    /// Firings with a delay.
    pub delays: u32,
    pub live: Vec<Live<'a>>,
    pub open: Vec<Open>,
    /// Successes that can be undone, by the order in which they ended.
    pub done: Vec<Done>,
    /// Which of them are to be undone, the next one last.
    pub due: Vec<usize>,
    /// How the steps ended.
    pub leaving: Option<Over>,
    /// What comes behind the steps is ended, or does not begin.
    pub cut_short: bool,
    pub finally: Option<Box<State<'a>>>,
    /// That of the epochs before, made ready to begin again.
    pub finally_again: Option<Box<State<'a>>>,
    /// Of `finally`: what it sees of the run.
    pub outer: Option<Outer>,
    /// Of a pipeline in place: the attempts that it lies in.
    pub within: Within,
    /// The environment that all steps begin with.
    pub env: BTreeMap<String, String>,
    /// How much time there is.
    pub time_ms: Option<u64>,
    pub stop: Option<Stop>,
    /// Failures that nothing could catch any more after the last event.
    pub beyond_catching: BTreeSet<(StepIx, u32)>,
    /// How much had been decided when the run's time was over.
    pub timed_out: Option<u64>,
    pub over: Option<Over>,
    pub decisions: u64,
}

impl<'a> State<'a> {
    pub fn new(graph: &'a Graph) -> Self {
        let step = Step {
            st: St::Pending,
            why: None,
            err: None,
            outputs: Outputs::new(),
            vis: 1,
            vis_before: 0,
            begun: false,
            inside: None,
            attempt: 0,
            decided: 0,
            items: Vec::new(),
            again: None,
            items_closed: false,
            archive: Vec::new(),
            previous: None,
        };
        Self {
            graph,
            world: World { epoch: 1, ..World::default() },
            created: None,
            steps: graph.indices().map(|x| (x, step.clone())).collect(),
            order: super::edges::order(graph),
            regions: super::edges::regions(graph),
            used: graph
                .indices()
                .flat_map(|x| (0..graph.step(x).goto.len()).map(move |place| ((x, place), 0)))
                .collect(),
            fired: BTreeMap::new(),
            delays: 0,
            live: Vec::new(),
            open: Vec::new(),
            done: Vec::new(),
            due: Vec::new(),
            leaving: None,
            cut_short: false,
            finally: None,
            finally_again: None,
            outer: None,
            within: Within::default(),
            env: BTreeMap::new(),
            time_ms: graph.timeout_ms,
            stop: None,
            beyond_catching: BTreeSet::new(),
            timed_out: None,
            over: None,
            decisions: 0,
        }
    }

    pub fn at(&self, x: StepIx) -> &Step {
        &self.steps[&x]
    }

    pub fn at_mut(&mut self, x: StepIx) -> &mut Step {
        self.steps.get_mut(&x).expect("every step of the graph is in the map")
    }

    /// R(t).
    pub fn reach(&self, t: StepIx) -> &BTreeSet<StepIx> {
        &self.regions[&t]
    }

    pub fn id(&self, x: StepIx) -> StepId {
        self.graph.step(x).id.clone()
    }

    /// The identity of an attempt of the current visit.
    pub fn key(&self, x: StepIx, item: Option<u32>, attempt: u32) -> AttemptKey {
        AttemptKey {
            epoch: self.world.epoch,
            step: self.id(x),
            item,
            visit: self.at(x).vis,
            attempt,
            within: self.within.clone(),
            undo: false,
        }
    }

    pub fn set_timer(&mut self, timer: Timer, at: Timestamp) {
        self.world.ever_set.insert(timer.clone());
        self.world.timers.insert(timer, at);
    }

    /// The timer is void, whether it runs or waits for a resume.
    pub fn clear_timer(&mut self, timer: &Timer) {
        self.world.timers.remove(timer);
        if let Some(pause) = &mut self.world.pause {
            pause.ran_out.retain(|waiting| waiting != timer);
        }
    }

    /// What is live of the current visit of a step, and not past.
    pub fn live_now(&self, x: StepIx) -> Option<&Live<'a>> {
        self.live.iter().find(|live| live.step == x && live.past == Past::No)
    }
}

impl Live<'_> {
    /// The timer that belongs to it.
    pub fn timer(&self, of: &State<'_>) -> Option<Timer> {
        let key = AttemptKey { visit: self.visit, ..of.key(self.step, None, 0) };
        match &self.what {
            What::Attempt { .. } | What::Child { .. } => None,
            What::BackOff { key, .. } => Some(Timer::Retry { key: key.clone() }),
            What::Sleep { .. } => Some(Timer::Sleep { key }),
            What::Signal { until } => until.map(|_| Timer::Signal { key }),
            What::Approval(asked) => asked.until.map(|_| Timer::Approval { key }),
        }
    }

    pub fn attempt(&self) -> Option<&AttemptKey> {
        match &self.what {
            What::Attempt { key, .. } | What::Child { key, .. } => Some(key),
            _ => None,
        }
    }
}

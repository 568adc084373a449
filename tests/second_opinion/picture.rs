//! What both sides must agree on: one picture of a run, drawn from the reference's state and from core's view and commands.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use loopline_core::command::{Command, Timer};
use loopline_core::event::{Event, RunOutcome};
use loopline_core::graph::Condition;
use loopline_core::id::{AttemptKey, StepId, StepIx};
use loopline_core::outcome::Failure;
use loopline_core::time::Timestamp;
use loopline_core::view::{
    ChildView, CompensationView, EdgeState, EdgeView, ItemView, LoopView, RunStatus, RunView, SkipReason, StepStatus,
    StepView, VisitView, WaitingFor,
};
use serde::Serialize;

/// So many closed visits of a step are shown.
const SHOWN: usize = 100;
use serde_json::{Value as Json, json};

use super::state::{Item, Outputs, St, State, Stop, Visit, What, World};

/// Borrowed, for it is drawn twice an event.
#[derive(Debug, PartialEq, Serialize)]
pub struct Picture<'a> {
    pub status: RunStatus,
    pub epoch: u32,
    pub error: Option<(Option<&'a StepId>, Error)>,
    pub outputs: Option<&'a Outputs>,
    pub finished_at: Option<Timestamp>,
    #[serde(flatten)]
    pub machine: MachinePicture<'a>,
    /// Attempts that are live, with what their environment holds.
    pub live: Vec<(AttemptKey, &'a BTreeMap<String, String>)>,
    pub asked_to_end: &'a BTreeSet<AttemptKey>,
    pub timers: Vec<(&'a Timer, Timestamp)>,
}

/// The run's own machine and that of `finally`, or one of a pipeline in place.
#[derive(Debug, PartialEq, Serialize)]
pub struct MachinePicture<'a> {
    pub steps: Vec<StepPicture<'a>>,
    pub edges: Vec<(&'a StepId, Condition, &'a StepId, EdgeState)>,
    /// By source and place, what was used of the budget.
    pub loops: Vec<(&'a StepId, u32, u32)>,
    pub undone: Vec<UndoPicture<'a>>,
}

/// What undoes a visit, or an item of it.
#[derive(Debug, PartialEq, Serialize)]
pub struct UndoPicture<'a> {
    pub step: &'a StepId,
    pub visit: u32,
    pub item: Option<u32>,
    pub status: StepStatus,
    pub attempt: u32,
    pub error: Option<Error>,
}

/// A pipeline in place that goes on.
#[derive(Debug, PartialEq, Serialize)]
pub struct ChildPicture<'a> {
    pub status: RunStatus,
    #[serde(flatten)]
    pub machine: MachinePicture<'a>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct StepPicture<'a> {
    pub id: &'a StepId,
    pub status: StepStatus,
    pub visit: u32,
    pub attempt: u32,
    pub skip_reason: Option<SkipReason>,
    pub error: Option<Error>,
    pub outputs: Cow<'a, Outputs>,
    pub visits: Vec<VisitPicture<'a>>,
    pub items: Vec<ItemPicture<'a>>,
    pub child: Option<ChildPicture<'a>>,
    pub waiting_for: Option<Json>,
}

/// One item of a step that runs many times.
#[derive(Debug, PartialEq, Serialize)]
pub struct ItemPicture<'a> {
    pub value: &'a Json,
    pub status: StepStatus,
    pub kept_from: Option<u32>,
    pub attempt: u32,
    pub error: Option<Error>,
    pub outputs: &'a Outputs,
    pub child: Option<ChildPicture<'a>>,
    pub waiting_for: Option<Json>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct VisitPicture<'a> {
    pub visit: u32,
    pub status: StepStatus,
    pub skip_reason: Option<SkipReason>,
    pub error: Option<Error>,
    pub attempts: u32,
    pub outputs: Cow<'a, Outputs>,
}

/// A failure, by its kinds: words for people are core's own.
#[derive(Debug, PartialEq, Serialize)]
pub struct Error {
    pub kind: &'static str,
    pub exit_code: Option<i32>,
    pub cause: Option<&'static str>,
}

impl From<&Failure> for Error {
    fn from(failure: &Failure) -> Self {
        Self {
            kind: failure.kind.as_str(),
            exit_code: failure.exit_code,
            cause: failure.cause.as_ref().map(|cause| cause.kind.as_str()),
        }
    }
}

/// Outputs of a step with items hold the errors of those: there too, words for people are core's own.
fn without_words(outputs: &Outputs) -> Cow<'_, Outputs> {
    let Some(Json::Array(errors)) = outputs.get("errors") else { return Cow::Borrowed(outputs) };
    let mut errors = errors.clone();
    for error in errors.iter_mut().filter_map(Json::as_object_mut) {
        error.remove("message");
        let cause = error.get("cause").map(|cause| cause["kind"].clone()).unwrap_or_default();
        error.insert("cause".to_owned(), cause);
    }
    let mut outputs = outputs.clone();
    outputs.insert("errors".to_owned(), Json::Array(errors));
    Cow::Owned(outputs)
}

/// Where two pictures differ, and what stands there in each: the first few places.
pub fn difference(reference: &Picture<'_>, core: &Picture<'_>) -> Option<String> {
    if reference == core {
        return None;
    }
    let json = |picture: &Picture<'_>| serde_json::to_value(picture).expect("a picture is JSON");
    let mut found = Vec::new();
    differ("", &json(reference), &json(core), &mut found);
    found.truncate(8);
    Some(found.join("\n"))
}

fn differ(path: &str, reference: &Json, core: &Json, found: &mut Vec<String>) {
    match (reference, core) {
        (Json::Object(left), Json::Object(right)) => {
            let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for name in names {
                let at = format!("{path}/{name}");
                differ(&at, left.get(name).unwrap_or(&Json::Null), right.get(name).unwrap_or(&Json::Null), found);
            }
        }
        (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
            for (at, (left, right)) in left.iter().zip(right).enumerate() {
                let at = left["id"].as_str().map_or_else(|| at.to_string(), str::to_owned);
                differ(&format!("{path}/{at}"), left, right, found);
            }
        }
        (left, right) if left == right => {}
        (left, right) => found.push(format!("{path}: the reference has {left}, core has {right}")),
    }
}

/// What is known of core besides its view: the wishes it has uttered.
#[derive(Debug, Default)]
pub struct Wishes {
    pub live: BTreeMap<AttemptKey, BTreeMap<String, String>>,
    pub asked_to_end: BTreeSet<AttemptKey>,
    pub timers: BTreeMap<Timer, Timestamp>,
    pub finished: Option<RunOutcome>,
}

impl Wishes {
    /// What an event that core took has settled, and what it wants then.
    pub fn follow(&mut self, event: &Event, commands: &[Command]) {
        match event {
            Event::AttemptFinished { key, .. } => drop(self.live.remove(key)),
            Event::TimerFired { timer } => drop(self.timers.remove(timer)),
            Event::RerunRequested { .. } => self.finished = None,
            _ => {}
        }
        for command in commands {
            match command {
                Command::StartAttempt(spec) => {
                    let text = |text: &loopline_core::text::Text| text.as_plain().unwrap_or("a secret").to_owned();
                    let env = spec.env.iter().filter(|(name, _)| name.starts_with("SEEN"));
                    self.live
                        .insert(spec.id.key.clone(), env.map(|(name, value)| (name.clone(), text(value))).collect());
                }
                Command::CancelAttempt { key } => drop(self.asked_to_end.insert(key.clone())),
                Command::SetTimer { timer, at } => drop(self.timers.insert(timer.clone(), *at)),
                Command::ClearTimer { timer } => drop(self.timers.remove(timer)),
                Command::FinishRun { outcome } => self.finished = Some(*outcome),
                Command::StartChild(_)
                | Command::CancelChild { .. }
                | Command::AskChild { .. }
                | Command::TellParent(_)
                | Command::AskSlot { .. }
                | Command::ReleaseSlot { .. } => unreachable!("no child run and no lock is drawn"),
            }
        }
    }
}

pub fn of_core<'a>(view: &'a RunView, wishes: &'a Wishes) -> Picture<'a> {
    Picture {
        status: view.status,
        epoch: view.epoch,
        error: view.error.as_ref().map(|error| (error.step.as_ref(), Error::from(&error.failure))),
        outputs: Some(&view.outputs).filter(|outputs| !outputs.is_empty()),
        finished_at: view.finished_at,
        machine: machine_of_core(&view.steps, &view.edges, &view.loops, &view.compensations),
        live: wishes.live.iter().map(|(key, env)| (key.clone(), env)).collect(),
        asked_to_end: &wishes.asked_to_end,
        timers: wishes.timers.iter().map(|(timer, at)| (timer, *at)).collect(),
    }
}

fn machine_of_core<'a>(
    steps: &'a BTreeMap<StepId, StepView>,
    edges: &'a [EdgeView],
    loops: &'a [LoopView],
    compensations: &'a [CompensationView],
) -> MachinePicture<'a> {
    let visit = |visit: &'a VisitView| VisitPicture {
        visit: visit.visit,
        status: visit.status,
        skip_reason: visit.skip_reason,
        error: visit.error.as_ref().map(Error::from),
        attempts: visit.attempts,
        outputs: without_words(&visit.outputs),
    };
    let item = |item: &'a ItemView| ItemPicture {
        value: &item.item,
        status: item.status,
        kept_from: item.kept_from,
        attempt: item.attempt,
        error: item.error.as_ref().map(Error::from),
        outputs: &item.outputs,
        child: item.child.as_deref().and_then(child_of_core),
        waiting_for: item.waiting_for.as_ref().map(waits),
    };
    let steps = steps.iter().map(|(id, step)| StepPicture {
        id,
        status: step.status,
        visit: step.visit,
        attempt: step.attempt,
        skip_reason: step.skip_reason,
        error: step.error.as_ref().map(Error::from),
        outputs: without_words(&step.outputs),
        visits: step.visits.iter().map(visit).collect(),
        items: step.items.iter().flatten().map(item).collect(),
        child: step.child.as_deref().and_then(child_of_core),
        waiting_for: step.waiting_for.as_ref().map(waits),
    });
    let undone = compensations.iter().map(|undo| UndoPicture {
        step: &undo.step,
        visit: undo.visit,
        item: undo.item,
        status: undo.status,
        attempt: undo.attempt,
        error: undo.error.as_ref().map(Error::from),
    });
    let mut undone: Vec<_> = undone.collect();
    undone.sort_by_key(|undo| (undo.step, undo.visit, undo.item));
    MachinePicture {
        steps: steps.collect(),
        edges: edges.iter().map(|edge| (&edge.from, edge.on, &edge.to, edge.state)).collect(),
        loops: loops.iter().map(|entry| (&entry.from, entry.index, entry.used)).collect(),
        undone,
    }
}

/// One that is over is not compared any more: what it came to is its attempt's.
fn child_of_core(child: &ChildView) -> Option<ChildPicture<'_>> {
    let ChildView { status, steps, edges, loops, compensations, .. } = child;
    let machine = || machine_of_core(steps, edges, loops, compensations);
    (!status.is_over()).then(|| ChildPicture { status: *status, machine: machine() })
}

fn waits(waiting: &WaitingFor) -> Json {
    match waiting {
        WaitingFor::Approval(wait) => {
            json!({"approval": wait.message, "until": wait.until, "decisions": wait.decisions})
        }
        WaitingFor::Timer { until } => json!({"timer": until}),
        WaitingFor::Retry { until, attempt } => json!({"retry": attempt, "until": until}),
        WaitingFor::Signal { name, until, kept } => json!({"signal": name, "until": until, "kept": kept}),
        WaitingFor::Lock { .. } | WaitingFor::Callback { .. } | WaitingFor::Worker { .. } => {
            unreachable!("no lock, callback or label is drawn")
        }
        WaitingFor::Draining { attempts } => json!({"draining": attempts}),
    }
}

pub fn of_reference<'a>(state: &'a State<'_>) -> Picture<'a> {
    let world = &state.world;
    let over = state.over.as_ref();
    let error = over.and_then(|over| over.error.as_ref());
    let mut live: Vec<_> =
        state.attempts().into_iter().map(|(key, _)| (key.clone(), &world.handed_out[&key])).collect();
    live.sort();
    let mut machine = machine_of_reference(state, world);
    if let Some(finally) = state.shown_finally() {
        let finally = machine_of_reference(finally, world);
        machine.steps.extend(finally.steps);
        machine.steps.sort_by_key(|step| step.id);
        machine.edges.extend(finally.edges);
        machine.loops.extend(finally.loops);
        machine.undone.extend(finally.undone);
        machine.undone.sort_by_key(|undo| (undo.step, undo.visit, undo.item));
    }
    Picture {
        status: state.run_status(world.pause.is_some()),
        epoch: world.epoch,
        error: error.map(|error| (error.step.as_ref(), Error::from(&error.failure))),
        outputs: over.map(|over| &over.outputs).filter(|outputs| !outputs.is_empty()),
        finished_at: over.map(|_| world.now),
        machine,
        live,
        asked_to_end: &world.asked_to_end,
        timers: world.timers.iter().map(|(timer, at)| (timer, *at)).collect(),
    }
}

fn machine_of_reference<'a>(state: &'a State<'_>, world: &'a World) -> MachinePicture<'a> {
    let graph = state.graph;
    let id = |x: StepIx| &graph.step(x).id;
    let steps = graph.indices().map(|x| {
        let step = state.at(x);
        let current = step.begun.then(|| VisitPicture {
            visit: step.vis,
            status: state.shown(x),
            skip_reason: step.why,
            error: step.err.as_ref().map(Error::from),
            attempts: step.attempt,
            outputs: without_words(&step.outputs),
        });
        StepPicture {
            id: id(x),
            status: state.shown(x),
            visit: step.vis,
            attempt: step.attempt,
            skip_reason: step.why,
            error: step.err.as_ref().map(Error::from),
            outputs: without_words(&step.outputs),
            visits: step.archive[step.archive.len().saturating_sub(SHOWN)..]
                .iter()
                .map(VisitPicture::from)
                .chain(current)
                .collect(),
            items: (0..).zip(&step.items).map(|(at, item)| state.item(x, at, item, world)).collect(),
            child: state.child(x, None, step.attempt, world),
            waiting_for: state.waits_for(x, world),
        }
    });
    let edges = graph.indices().flat_map(|y| graph.step(y).needs.iter().map(move |need| (y, *need)));
    let undone = (0..).zip(&state.done).filter_map(|(at, done): (usize, _)| {
        let undo = done.undo.as_ref();
        (undo.is_some() || state.due.contains(&at)).then(|| UndoPicture {
            step: id(done.step),
            visit: done.visit,
            item: done.item,
            status: match undo {
                None => StepStatus::Pending,
                Some(undo) => match (undo.st, &undo.live, &undo.until) {
                    (St::Running, _, Some(_)) => StepStatus::Waiting,
                    (St::Running, Some((_, true)), _) => StepStatus::Running,
                    (St::Running, ..) => StepStatus::Queued,
                    (st, ..) => told(st),
                },
            },
            attempt: undo.map_or(0, |undo| undo.attempt),
            error: undo.filter(|undo| undo.st == St::Failed).and_then(|undo| undo.err.as_ref()).map(Error::from),
        })
    });
    let mut undone: Vec<_> = undone.collect();
    undone.sort_by_key(|undo| (undo.step, undo.visit, undo.item));
    MachinePicture {
        steps: steps.collect(),
        edges: edges.map(|(y, need)| (id(need.step), need.on, id(y), state.edge(need))).collect(),
        loops: state.used.iter().map(|((x, at), used)| (id(*x), *at as u32, *used)).collect(),
        undone,
    }
}

fn told(st: St) -> StepStatus {
    match st {
        St::Pending => StepStatus::Pending,
        St::Running => StepStatus::Running,
        St::Succeeded => StepStatus::Succeeded,
        St::Failed => StepStatus::Failed,
        St::Skipped => StepStatus::Skipped,
        St::Cancelled => StepStatus::Cancelled,
    }
}

impl<'a> From<&'a Visit> for VisitPicture<'a> {
    fn from(visit: &'a Visit) -> Self {
        Self {
            visit: visit.visit,
            status: visit.status,
            skip_reason: visit.why,
            error: visit.err.as_ref().map(Error::from),
            attempts: visit.attempts,
            outputs: without_words(&visit.outputs),
        }
    }
}

impl State<'_> {
    /// The status that people and expressions see.
    pub fn shown(&self, x: StepIx) -> StepStatus {
        let step = self.at(x);
        match step.st {
            St::Pending if self.open.iter().any(|open| open.to.contains(&x) && open.timer.is_some()) => {
                StepStatus::Waiting
            }
            St::Running => {
                let live = self.live.iter().filter(|live| live.step == x && live.visit == step.vis);
                let live: Vec<StepStatus> = live.map(|live| doing(&live.what)).collect();
                if live.contains(&StepStatus::Running) {
                    StepStatus::Running
                } else if !live.is_empty() && !live.contains(&StepStatus::Queued) {
                    StepStatus::Waiting
                } else {
                    StepStatus::Queued
                }
            }
            st => told(st),
        }
    }

    fn item<'a>(&'a self, x: StepIx, at: u32, item: &'a Item, world: &'a World) -> ItemPicture<'a> {
        let visit = self.at(x).vis;
        let of_item = |key: &AttemptKey| key.item == Some(at) && key.visit == visit;
        let live = self.live.iter().filter(|live| live.step == x).map(|live| &live.what).find(|what| match what {
            What::Attempt { key, .. } | What::BackOff { key, .. } | What::Child { key, .. } => of_item(key),
            _ => false,
        });
        ItemPicture {
            value: &item.value,
            status: match item.st {
                St::Running => live.map_or(StepStatus::Queued, doing),
                st => told(st),
            },
            kept_from: item.kept_from,
            attempt: item.attempt,
            error: item.err.as_ref().map(Error::from),
            outputs: &item.outputs,
            child: self.child(x, Some(at), item.attempt, world),
            waiting_for: match live {
                Some(What::BackOff { key, until }) => Some(json!({"retry": key.attempt, "until": until})),
                _ => None,
            },
        }
    }

    /// The pipeline in place of the latest attempt, while it goes on.
    fn child<'a>(&'a self, x: StepIx, item: Option<u32>, attempt: u32, world: &'a World) -> Option<ChildPicture<'a>> {
        let visit = self.at(x).vis;
        self.live.iter().find_map(|live| match &live.what {
            What::Child { key, state }
                if live.step == x && (key.item, key.visit, key.attempt) == (item, visit, attempt) =>
            {
                let machine = machine_of_reference(state, world);
                Some(ChildPicture { status: state.run_status(false), machine })
            }
            _ => None,
        })
    }

    fn waits_for(&self, x: StepIx, world: &World) -> Option<Json> {
        let step = self.at(x);
        if step.st == St::Pending {
            let opens = || self.open.iter().filter(|open| open.to.contains(&x));
            if let Some((_, until)) = opens().find_map(|open| open.timer.as_ref()) {
                return Some(json!({"timer": until}));
            }
            let attempts = opens().map(|open| self.zombies(open)).max().unwrap_or(0);
            return (attempts > 0).then(|| json!({"draining": attempts}));
        }
        match &self.live_now(x).filter(|_| step.items.is_empty())?.what {
            What::Attempt { .. } | What::Child { .. } => None,
            What::BackOff { key, until } => Some(json!({"retry": key.attempt, "until": until})),
            What::Sleep { until } => Some(json!({"timer": until})),
            What::Approval(asked) => {
                Some(json!({"approval": asked.message, "until": asked.until, "decisions": asked.decisions}))
            }
            What::Signal { until } => {
                let loopline_core::graph::Action::Wait(wait) = &self.graph.step(x).action else { return None };
                let kept = world.signals.iter().filter(|kept| kept.name == wait.signal).count();
                Some(json!({"signal": wait.signal, "until": until, "kept": kept}))
            }
        }
    }

    /// W5, and the words of a run.
    pub fn run_status(&self, paused: bool) -> RunStatus {
        if let Some(over) = &self.over {
            return match over.outcome {
                RunOutcome::Succeeded => RunStatus::Succeeded,
                RunOutcome::Failed => RunStatus::Failed,
                RunOutcome::Cancelled => RunStatus::Cancelled,
            };
        }
        // What comes behind the steps goes on as after any other end, unless someone has cancelled the run.
        let stopping = match self.stop {
            Some(Stop::Cancel) => true,
            Some(Stop::Timeout | Stop::FailFast) => self.leaving.is_none(),
            None => false,
        };
        match (stopping, paused) {
            (true, _) => RunStatus::Cancelling,
            (_, true) => RunStatus::Paused,
            _ if self.works() => RunStatus::Running,
            _ => RunStatus::Waiting,
        }
    }
}

/// What a live element of a running step shows.
fn doing(what: &What<'_>) -> StepStatus {
    match what {
        What::Attempt { begun: false, .. } => StepStatus::Queued,
        What::Attempt { begun: true, .. } => StepStatus::Running,
        What::Child { state, .. } if state.works() => StepStatus::Running,
        _ => StepStatus::Waiting,
    }
}

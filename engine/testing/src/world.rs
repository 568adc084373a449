//! The world around a simulated run: a clock that jumps, work that ends as a script says, timers and locks.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::command::{AttemptSpec, ChildSpec, Command, Timer, Work};
use loopline_core::event::{
    CallbackReceived, ChildFinished, Event, ParentWish, Recorded, RunCreated, RunOutcome, Trigger,
};
use loopline_core::group::{Ask, GroupCommand, GroupEvent, GroupId, GroupState, Holder, Slot, apply_group};
use loopline_core::id::{AttemptKey, RunId};
use loopline_core::machine::{Passage, Refused, RunState, apply};
use loopline_core::outcome::{Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::RunView;
use loopline_dsl::Diagnostic;
use serde_json::{Map, Value as Json};

use crate::run::Subject;

/// The random part of the run's id; what follows from it is the same in every test.
const RANDOM: u128 = 7;

/// A finding after which the case cannot go on. Boxed: it travels through every call, and mostly there is none.
pub(crate) type Stopped = Box<Diagnostic>;

/// What work comes to.
pub(crate) trait Script {
    /// How long an attempt takes, how it ends, and what comes with its callback, where it asks for one.
    fn attempt(&mut self, spec: &AttemptSpec) -> Result<(u64, Outcome, Json), Stopped>;

    /// The same of a child run. `item_key` tells its item from the others.
    fn child(
        &mut self,
        spec: &ChildSpec,
        item_key: &dyn Fn() -> Option<String>,
    ) -> Result<(u64, ChildFinished), Stopped>;
}

/// What will happen.
#[derive(Debug, Clone)]
enum Due {
    Started(AttemptKey),
    Finished(AttemptKey, Box<Outcome>),
    Child(Box<ChildFinished>),
    Timer(Timer),
    Granted(Slot),
    Called(AttemptKey),
}

/// When something is due; at one moment in the order in which it was planned.
pub(crate) type Turn = (i64, u64);

/// A run and the world around it.
pub(crate) struct World<'a, S> {
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) script: S,
    pub(crate) state: RunState,
    /// What was passed, and when.
    pub(crate) passages: Vec<(Timestamp, Passage)>,
    /// All events, where somebody wants them.
    pub(crate) history: Option<Vec<Recorded>>,
    /// First attempts at undoing something, and when.
    pub(crate) undone: Vec<(Timestamp, AttemptKey)>,
    now: Timestamp,
    began: Timestamp,
    due: BTreeMap<Turn, Due>,
    timers: BTreeMap<Timer, Turn>,
    count: u64,
    live: BTreeSet<AttemptKey>,
    children: BTreeMap<AttemptKey, RunId>,
    /// What comes with callbacks.
    payloads: BTreeMap<AttemptKey, Json>,
    groups: BTreeMap<GroupId, GroupState>,
    of: BTreeMap<Slot, GroupId>,
}

impl<'a, S: Script> World<'a, S> {
    pub(crate) fn new(subject: &'a Subject<'a>, began: Timestamp, script: S) -> Self {
        Self {
            subject,
            script,
            state: RunState::default(),
            passages: Vec::new(),
            history: None,
            undone: Vec::new(),
            now: began,
            began,
            due: BTreeMap::new(),
            timers: BTreeMap::new(),
            count: 0,
            live: BTreeSet::new(),
            children: BTreeMap::new(),
            payloads: BTreeMap::new(),
            groups: BTreeMap::new(),
            of: BTreeMap::new(),
        }
    }

    /// Begins the run. Its inputs are complete.
    pub(crate) fn begin(&mut self, inputs: Map<String, Json>, trigger: Trigger) -> Result<(), Stopped> {
        let graph = self.subject.graph;
        let created = RunCreated {
            run: RunId::from_parts(u64::try_from(self.began.0).unwrap_or(0), RANDOM),
            project: "default".to_owned(),
            pipeline: graph.name.clone(),
            number: 1,
            digest: self.subject.digest().to_owned(),
            semantics: graph.semantics,
            inputs,
            trigger,
            labels: BTreeMap::new(),
            parent: None,
            url: None,
        };
        // The first event of a run is never refused.
        self.event(Event::RunCreated(Box::new(created))).map(|answer| answer.unwrap_or(()))
    }

    /// When something happens by itself next.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(at, _)| Timestamp(*at))
    }

    /// Lets it happen.
    pub(crate) fn step(&mut self) -> Result<(), Stopped> {
        let Some((turn, _)) = self.due.first_key_value() else { return Ok(()) };
        self.let_happen(*turn)
    }

    /// Lets one thing happen that will, whatever else would come before it.
    pub(crate) fn let_happen(&mut self, turn: Turn) -> Result<(), Stopped> {
        let Some(due) = self.due.remove(&turn) else { return Ok(()) };
        self.jump(Timestamp(turn.0));
        self.happen(due)
    }

    /// What is due by now and is no end of work: nothing depends on when it comes.
    pub(crate) fn due_besides_ends(&self) -> Option<Turn> {
        let now = self.due.range(..=(self.now.0, u64::MAX));
        now.into_iter().find(|(_, due)| !matches!(due, Due::Finished(..) | Due::Child(_))).map(|(turn, _)| *turn)
    }

    /// The ends of work that are due by now, in the order in which they were planned.
    pub(crate) fn ends_due(&self) -> Vec<(Turn, AttemptKey)> {
        let now = self.due.range(..=(self.now.0, u64::MAX));
        now.filter_map(|(turn, due)| match due {
            Due::Finished(key, _) if self.live.contains(key) => Some((*turn, key.clone())),
            Due::Child(finished) if self.children.contains_key(&finished.key) => Some((*turn, finished.key.clone())),
            _ => None,
        })
        .collect()
    }

    /// The next timer that lets a step go on.
    pub(crate) fn next_timer(&self) -> Option<(Turn, Timer)> {
        let due = self.due.iter().find(|(_, due)| matches!(due, Due::Timer(_)))?;
        match due {
            (turn, Due::Timer(timer @ (Timer::Sleep { .. } | Timer::Retry { .. } | Timer::LoopDelay { .. }))) => {
                Some((*turn, timer.clone()))
            }
            _ => None,
        }
    }

    /// The clock never goes back.
    pub(crate) fn jump(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// The run as people see it.
    pub(crate) fn view(&self) -> Option<RunView> {
        self.state.view(self.subject.graph)
    }

    /// How many events the history has.
    pub(crate) fn events(&self) -> u64 {
        self.state.last_seq()
    }

    /// How long the run took, or has been going on.
    pub(crate) fn took_ms(&self) -> u64 {
        let end = if self.state.is_over() { self.state.last_at() } else { self.now };
        end.ms_since(self.began)
    }

    /// Since the run began.
    pub(crate) fn since_began(&self, at: Timestamp) -> u64 {
        at.ms_since(self.began)
    }

    fn plan(&mut self, at: Timestamp, due: Due) -> Turn {
        self.count += 1;
        let turn = (at.0, self.count);
        self.due.insert(turn, due);
        turn
    }

    /// Takes an event, and carries out what the fold wants. The inner result is the fold's own answer.
    pub(crate) fn event(&mut self, event: Event) -> Result<Result<(), Refused>, Stopped> {
        let recorded = Recorded { seq: self.state.last_seq() + 1, at: self.now, event };
        let applied = match apply(self.subject.graph, &mut self.state, &recorded) {
            Ok(applied) => applied,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(history) = &mut self.history {
            history.push(recorded);
        }
        let now = self.now;
        self.passages.extend(applied.passages.into_iter().map(|passage| (now, passage)));
        for command in applied.commands {
            self.obey(command)?;
        }
        Ok(Ok(()))
    }

    fn happen(&mut self, due: Due) -> Result<(), Stopped> {
        let event = match due {
            Due::Started(key) if self.live.contains(&key) => Event::AttemptStarted { key },
            Due::Finished(key, outcome) if self.live.remove(&key) => Event::AttemptFinished { key, outcome: *outcome },
            Due::Child(finished) if self.children.remove(&finished.key).is_some() => Event::ChildFinished(finished),
            Due::Timer(timer) => {
                self.timers.remove(&timer);
                Event::TimerFired { timer }
            }
            Due::Granted(slot) => Event::SlotGranted { slot },
            Due::Called(key) => {
                let payload = self.payloads.remove(&key).unwrap_or_default();
                Event::CallbackReceived(Box::new(CallbackReceived { key, payload }))
            }
            // It was cancelled, and has ended by that.
            Due::Started(_) | Due::Finished(..) | Due::Child(_) => return Ok(()),
        };
        // What comes late is refused and forgotten, as an engine does with reports of the past.
        self.event(event).map(|answer| answer.unwrap_or(()))
    }

    fn obey(&mut self, command: Command) -> Result<(), Stopped> {
        match command {
            Command::StartAttempt(spec) => self.start(&spec)?,
            Command::StartChild(spec) => self.start_child(&spec)?,
            Command::CancelAttempt { key } => {
                let outcome = Outcome::Cancelled { result: RawResult::default() };
                self.plan(self.now, Due::Finished(key, Box::new(outcome)));
            }
            Command::CancelChild { run } | Command::AskChild { run, wish: ParentWish::End } => {
                let found = self.children.iter().find(|(_, child)| **child == run).map(|(key, _)| key.clone());
                if let Some(key) = found {
                    let finished = ChildFinished {
                        key,
                        outcome: RunOutcome::Cancelled,
                        began: true,
                        outputs: Map::new(),
                        error: None,
                    };
                    self.plan(self.now, Due::Child(Box::new(finished)));
                }
            }
            // What a mock does is said by the test, whatever is wanted of it meanwhile.
            Command::AskChild { .. } => {}
            Command::SetTimer { timer, at } => {
                if let Timer::Callback { key } = &timer {
                    self.plan(self.now, Due::Called(key.clone()));
                }
                let turn = self.plan(at, Due::Timer(timer.clone()));
                self.timers.insert(timer, turn);
            }
            Command::ClearTimer { timer } => {
                if let Some(turn) = self.timers.remove(&timer) {
                    self.due.remove(&turn);
                }
            }
            Command::AskSlot { slot, ask } => self.ask(slot, *ask),
            Command::ReleaseSlot { slot } => self.release(&slot),
            Command::FinishRun { .. } | Command::TellParent(_) => {}
        }
        Ok(())
    }

    fn start(&mut self, spec: &AttemptSpec) -> Result<(), Stopped> {
        let key = &spec.id.key;
        if key.undo && key.attempt == 1 {
            self.undone.push((self.now, key.clone()));
        }
        let (after_ms, outcome, payload) = self.script.attempt(spec)?;
        if matches!(&spec.work, Work::Http(http) if http.callback.is_some()) {
            self.payloads.insert(key.clone(), payload);
        }
        self.live.insert(key.clone());
        self.plan(self.now, Due::Started(key.clone()));
        self.plan(self.now.plus_ms(after_ms), Due::Finished(key.clone(), Box::new(outcome)));
        Ok(())
    }

    fn start_child(&mut self, spec: &ChildSpec) -> Result<(), Stopped> {
        let key = &spec.parent.key;
        let (state, graph) = (&self.state, self.subject.graph);
        let item_key = || {
            let view = state.view(graph)?;
            let step = crate::steps::find(&view, &key.within.path_to(key.step.clone()))?;
            Some(step.items.as_ref()?.get(key.item? as usize)?.key.clone())
        };
        let (after_ms, finished) = self.script.child(spec, &item_key)?;
        self.children.insert(key.clone(), spec.run);
        self.plan(self.now.plus_ms(after_ms), Due::Child(Box::new(finished)));
        Ok(())
    }

    /// Groups are the run's alone: nobody else wants a place. Steps of the run may want the same lock.
    fn ask(&mut self, slot: Slot, ask: Ask) {
        let number = self.count;
        let holder = Holder { run: self.run_id(), slot: slot.clone() };
        self.of.insert(slot, ask.group.clone());
        let group = self.groups.entry(ask.group.clone()).or_default();
        let due = apply_group(group, GroupEvent::Asked { number, holder, ask });
        self.obey_group(due);
    }

    fn release(&mut self, slot: &Slot) {
        let holder = Holder { run: self.run_id(), slot: slot.clone() };
        let Some(group) = self.of.remove(slot).and_then(|id| self.groups.get_mut(&id)) else { return };
        let due = apply_group(group, GroupEvent::Released { holder });
        self.obey_group(due);
    }

    fn obey_group(&mut self, due: Vec<GroupCommand>) {
        for command in due {
            match command {
                GroupCommand::Grant { holder } => {
                    self.plan(self.now, Due::Granted(holder.slot));
                }
                // A run is told to go only for the sake of another one, and here is none.
                GroupCommand::Cancel { .. } => {}
            }
        }
    }

    fn run_id(&self) -> RunId {
        self.state.created().map_or(RunId::from_parts(0, RANDOM), |created| created.run)
    }
}

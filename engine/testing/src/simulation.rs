//! The world around a simulated run: a clock that jumps, mocks that end, timers, and people who act at their times.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::command::{AttemptSpec, ChildSpec, Command, Timer};
use loopline_core::event::{ChildFinished, Event, Recorded, RunCreated, RunOutcome, Trigger};
use loopline_core::group::{Ask, GroupCommand, GroupEvent, GroupId, GroupState, Holder, Slot, apply_group};
use loopline_core::id::{AttemptKey, RunId};
use loopline_core::machine::{Passage, Passed, Refused, RunState, apply};
use loopline_core::outcome::{Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::RunView;
use loopline_dsl::diagnostics::Place;
use loopline_dsl::language::testing::{Case, TestFile};
use loopline_dsl::{Code, Diagnostic, duration};
use serde_json::Map;

use crate::acts::{Deed, deeds};
use crate::mocks::{Asked, Mocks};
use crate::outcomes;
use crate::run::Subject;

/// The random part of the run's id; what follows from it is the same in every test.
const RANDOM: u128 = 7;

/// A finding after which the case cannot go on. Boxed: it travels through every call, and mostly there is none.
pub(crate) type Stopped = Box<Diagnostic>;

/// What will happen.
#[derive(Debug, Clone)]
enum Due<'a> {
    Started(AttemptKey),
    Finished(AttemptKey, Box<Outcome>),
    Child(Box<ChildFinished>),
    Timer(Timer),
    Granted(Slot),
    Deed(Deed<'a>),
}

/// When something is due. What happens by itself comes before what people do at the same moment.
type Turn = (i64, Who, u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    ByItself,
    People,
}

/// A simulated run.
pub(crate) struct Simulation<'a> {
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) file: &'a TestFile,
    pub(crate) case: &'a Case,
    pub(crate) state: RunState,
    /// What was passed, and when.
    pub(crate) passages: Vec<(Timestamp, Passage)>,
    /// First attempts at undoing something, and when.
    pub(crate) undone: Vec<(Timestamp, AttemptKey)>,
    /// What people did, and when.
    pub(crate) done: Vec<(Timestamp, String)>,
    pub(crate) findings: Vec<Diagnostic>,
    pub(crate) now: Timestamp,
    began: Timestamp,
    mocks: Mocks<'a>,
    due: BTreeMap<Turn, Due<'a>>,
    timers: BTreeMap<Timer, Turn>,
    count: u64,
    deeds_left: usize,
    live: BTreeSet<AttemptKey>,
    children: BTreeMap<AttemptKey, RunId>,
    groups: BTreeMap<GroupId, GroupState>,
    of: BTreeMap<Slot, GroupId>,
}

impl<'a> Simulation<'a> {
    pub(crate) fn new(subject: &'a Subject<'a>, file: &'a TestFile, case: &'a Case, began: Timestamp) -> Self {
        let mut simulation = Self {
            subject,
            file,
            case,
            state: RunState::default(),
            passages: Vec::new(),
            undone: Vec::new(),
            done: Vec::new(),
            findings: Vec::new(),
            now: began,
            began,
            mocks: Mocks::of(file, case),
            due: BTreeMap::new(),
            timers: BTreeMap::new(),
            count: 0,
            deeds_left: 0,
            live: BTreeSet::new(),
            children: BTreeMap::new(),
            groups: BTreeMap::new(),
            of: BTreeMap::new(),
        };
        for (after_ms, deed) in deeds(case) {
            simulation.deeds_left += 1;
            simulation.plan(began.plus_ms(after_ms), Who::People, Due::Deed(deed));
        }
        simulation
    }

    /// Runs until it is over and nobody does anything any more, or until nothing more can happen.
    pub(crate) fn run(&mut self) -> Result<(), Stopped> {
        self.begin()?;
        while !self.state.is_over() || self.deeds_left > 0 {
            let Some(((at, _, _), due)) = self.due.pop_first() else { break };
            self.now = self.now.max(Timestamp(at));
            self.happen(due)?;
            if self.state.last_seq() >= self.subject.most_events() {
                return Err(Box::new(self.without_end()));
            }
        }
        Ok(())
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

    fn begin(&mut self) -> Result<(), Stopped> {
        let given: Map<_, _> = self
            .case
            .inputs
            .iter()
            .flat_map(|inputs| &inputs.0)
            .filter_map(|item| Some((item.name.clone(), item.value.as_ref()?.0.value.clone())))
            .collect();
        let graph = self.subject.graph;
        // The compiler has looked at them, unless they were too large to be looked at.
        let inputs = loopline_core::contract::complete_inputs(graph, &given).map_err(|problems| {
            let said: Vec<_> =
                problems.iter().map(|problem| format!("`{}` {}", problem.input, problem.message)).collect();
            let place = Place::Key(self.case.at.key("inputs"));
            Box::new(Diagnostic::new(Code::InputDoesNotFit, place, said.join("; ")))
        })?;
        let trigger = self.case.trigger.as_ref();
        let kind = trigger.and_then(|trigger| trigger.kind.as_ref()).map_or("manual", |kind| &kind.value);
        let actor = trigger.and_then(|trigger| trigger.actor.as_ref()).map(|actor| actor.value.clone());
        let created = RunCreated {
            run: RunId::from_parts(u64::try_from(self.began.0).unwrap_or(0), RANDOM),
            project: "default".to_owned(),
            pipeline: graph.name.clone(),
            number: 1,
            digest: self.subject.digest().to_owned(),
            semantics: graph.semantics,
            inputs,
            trigger: Trigger { kind: kind.to_owned(), actor },
            labels: BTreeMap::new(),
            parent: None,
            url: None,
        };
        // The first event of a run is never refused.
        self.event(Event::RunCreated(Box::new(created)))?.unwrap_or(());
        Ok(())
    }

    fn plan(&mut self, at: Timestamp, who: Who, due: Due<'a>) -> Turn {
        self.count += 1;
        let turn = (at.0, who, self.count);
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
        let now = self.now;
        self.passages.extend(applied.passages.into_iter().map(|passage| (now, passage)));
        for command in applied.commands {
            self.obey(command)?;
        }
        Ok(Ok(()))
    }

    fn happen(&mut self, due: Due<'a>) -> Result<(), Stopped> {
        let event = match due {
            Due::Deed(deed) => {
                self.deeds_left -= 1;
                return self.act(&deed);
            }
            Due::Started(key) if self.live.contains(&key) => Event::AttemptStarted { key },
            Due::Finished(key, outcome) if self.live.remove(&key) => Event::AttemptFinished { key, outcome: *outcome },
            Due::Child(finished) if self.children.remove(&finished.key).is_some() => Event::ChildFinished(finished),
            Due::Timer(timer) => {
                self.timers.remove(&timer);
                Event::TimerFired { timer }
            }
            Due::Granted(slot) => Event::SlotGranted { slot },
            // It was cancelled, and has ended by that.
            Due::Started(_) | Due::Finished(..) | Due::Child(_) => return Ok(()),
        };
        // What comes late is refused and forgotten, as an engine does with reports of the past.
        self.event(event).map(|answer| answer.unwrap_or(()))
    }

    fn obey(&mut self, command: Command) -> Result<(), Stopped> {
        match command {
            Command::StartAttempt(spec) => self.start(&spec)?,
            Command::StartChild(spec) => self.start_child(*spec)?,
            Command::CancelAttempt { key } => {
                let outcome = Outcome::Cancelled { result: RawResult::default() };
                self.plan(self.now, Who::ByItself, Due::Finished(key, Box::new(outcome)));
            }
            Command::CancelChild { run } => {
                let found = self.children.iter().find(|(_, child)| **child == run).map(|(key, _)| key.clone());
                if let Some(key) = found {
                    let finished = ChildFinished {
                        key,
                        outcome: RunOutcome::Cancelled,
                        began: true,
                        outputs: Map::new(),
                        error: None,
                    };
                    self.plan(self.now, Who::ByItself, Due::Child(Box::new(finished)));
                }
            }
            Command::SetTimer { timer, at } => {
                let turn = self.plan(at, Who::ByItself, Due::Timer(timer.clone()));
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
        let mock = self.mocks.of_attempt(Asked { key, item_key: &|| spec.item_key.clone() })?;
        let (after_ms, outcome) = outcomes::of_attempt(mock, spec);
        self.live.insert(key.clone());
        self.plan(self.now, Who::ByItself, Due::Started(key.clone()));
        self.plan(self.now.plus_ms(after_ms), Who::ByItself, Due::Finished(key.clone(), Box::new(outcome)));
        Ok(())
    }

    fn start_child(&mut self, spec: ChildSpec) -> Result<(), Stopped> {
        let key = spec.parent.key;
        let (state, graph) = (&self.state, self.subject.graph);
        let item_key = || {
            let view = state.view(graph)?;
            let step = crate::steps::find(&view, &key.within.path_to(key.step.clone()))?;
            Some(step.items.as_ref()?.get(key.item? as usize)?.key.clone())
        };
        let mock = self.mocks.of_attempt(Asked { key: &key, item_key: &item_key })?;
        let (after_ms, finished) = outcomes::of_child(mock, key.clone());
        self.children.insert(key, spec.run);
        self.plan(self.now.plus_ms(after_ms), Who::ByItself, Due::Child(Box::new(finished)));
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
                    self.plan(self.now, Who::ByItself, Due::Granted(holder.slot));
                }
                // A run is told to go only for the sake of another one, and here is none.
                GroupCommand::Cancel { .. } => {}
            }
        }
    }

    fn run_id(&self) -> RunId {
        self.state.created().map_or(RunId::from_parts(0, RANDOM), |created| created.run)
    }

    fn without_end(&self) -> Diagnostic {
        let mut firings: BTreeMap<String, u64> = BTreeMap::new();
        for (_, passage) in &self.passages {
            if let Passed::Fired { .. } = passage.passed {
                *firings.entry(crate::steps::plain_name(passage)).or_default() += 1;
            }
        }
        let most = firings.into_iter().max_by_key(|(_, count)| *count);
        let after = duration::write(self.took_ms());
        let message = format!("the run does not end: it has {} events after {after}", self.events());
        let place = Place::Key(self.case.at.clone());
        Diagnostic::new(Code::TooManyEvents, place, message).help(match most {
            Some((step, count)) => format!("a loop of `{step}` fired {count} times: let a mock or an act end it"),
            None => "let a mock or an act end it".to_owned(),
        })
    }
}

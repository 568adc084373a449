//! A world that does its worst, and looks after each event whether the lemmas hold.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::command::{Command, Timer};
use loopline_core::event::{ApprovalDecided, Decision, Event, Recorded, RunCreated, Trigger};
use loopline_core::graph::Graph;
use loopline_core::id::{AttemptKey, RunId, StepId};
use loopline_core::machine::{RunState, apply};
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::{RunView, StepStatus};

use crate::bounds::Bounds;
use crate::measure::{Counts, measure};

/// Numbers that look random and are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % count
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}

/// What may happen next.
enum Next {
    Begin(AttemptKey),
    Settle(AttemptKey),
    Fire(Timer),
    Decide(StepId),
    Cancel,
}

/// A run, and what is under way around it.
pub struct World<'a> {
    graph: &'a Graph,
    dice: Dice,
    state: RunState,
    now: i64,
    /// Attempts that live, and whether they have begun.
    live: BTreeMap<AttemptKey, bool>,
    cancelled: BTreeSet<AttemptKey>,
    timers: BTreeMap<Timer, Timestamp>,
    decisions: u64,
    /// By loop edge, in the order of the graph.
    fired: Vec<u64>,
    /// Moves of visits, by step and visit.
    moves: BTreeMap<(String, u32), u64>,
    is_cancelled: bool,
    all_firings: u64,
}

impl<'a> World<'a> {
    pub fn new(graph: &'a Graph, seed: u64) -> Self {
        Self {
            graph,
            dice: Dice::new(seed),
            state: RunState::default(),
            now: 0,
            live: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            timers: BTreeMap::new(),
            decisions: 0,
            fired: vec![0; graph.shape().entries().len()],
            moves: BTreeMap::new(),
            is_cancelled: false,
            all_firings: Bounds::of(graph).firings.iter().sum(),
        }
    }

    /// Runs until it is over, at random.
    pub fn run(&mut self) {
        self.begin();
        while !self.state.is_over() {
            let next = self.choose();
            self.happen(next);
        }
        let view = self.view();
        assert!(self.live.is_empty() && view.steps.values().all(|step| is_decided(step.status)), "{view:?}");
    }

    /// Runs until it is over. `succeeds` says how each attempt and each decision ends.
    pub fn run_scripted(&mut self, mut succeeds: impl FnMut(&str) -> bool) {
        self.begin();
        while !self.state.is_over() {
            let event = match (self.live.keys().next().cloned(), self.asking().into_iter().next()) {
                (Some(key), _) => {
                    self.live.remove(&key);
                    Event::AttemptFinished { outcome: outcome(succeeds(key.step.as_str())), key }
                }
                (None, Some(step)) => {
                    let approves = succeeds(step.as_str());
                    self.decision(step, approves)
                }
                (None, None) => Event::TimerFired { timer: self.next_timer().expect("something is awaited").0 },
            };
            self.take(event);
        }
    }

    /// Visits by step.
    pub fn visits(&self) -> Vec<u64> {
        self.view().steps.values().map(|step| u64::from(step.visit)).collect()
    }

    /// Firings by loop edge.
    pub fn firings(&self) -> Vec<u64> {
        self.fired.clone()
    }

    /// Lemma 3.
    pub fn check_bounds(&self, bounds: &Bounds) {
        let limit = u64::from(self.graph.max_visits);
        for (at, (fired, most)) in self.fired.iter().zip(&bounds.firings).enumerate() {
            assert!(fired <= most, "loop {at} fired {fired} times, more than {most}");
        }
        for (visits, most) in self.visits().iter().zip(&bounds.visits) {
            assert!(visits <= most && *visits <= limit, "{visits} visits, more than {most} or {limit}");
        }
        for step in self.graph.indices() {
            let of_step = self.graph.shape().entries().iter().zip(&self.fired).filter(|(entry, _)| entry.from == step);
            assert!(of_step.map(|(_, fired)| fired).sum::<u64>() < limit);
        }
    }

    fn begin(&mut self) {
        self.take(Event::RunCreated(Box::new(RunCreated {
            run: RunId::from_parts(0, 7),
            project: "default".into(),
            pipeline: self.graph.name.clone(),
            number: 1,
            digest: String::new(),
            semantics: self.graph.semantics,
            inputs: serde_json::Map::new(),
            trigger: Trigger { kind: "manual".into(), actor: None },
            labels: BTreeMap::new(),
            parent: None,
            url: None,
        })));
    }

    /// Lemma 6: there always is something that may happen.
    fn choose(&mut self) -> Next {
        let mut choices: Vec<Next> = Vec::new();
        for (key, begun) in &self.live {
            choices.push(Next::Settle(key.clone()));
            if !begun {
                choices.push(Next::Begin(key.clone()));
            }
        }
        choices.extend(self.next_timer().map(|(timer, _)| Next::Fire(timer)));
        choices.extend(self.asking().into_iter().map(Next::Decide));
        assert!(!choices.is_empty(), "the run is stuck: {:?}", self.view());
        if !self.is_cancelled && self.dice.one_in(150) {
            return Next::Cancel;
        }
        let at = self.dice.below(choices.len());
        choices.swap_remove(at)
    }

    fn happen(&mut self, next: Next) {
        let before = self.measure();
        let is_move = !matches!(next, Next::Begin(_));
        let event = match next {
            Next::Begin(key) => {
                self.live.insert(key.clone(), true);
                Event::AttemptStarted { key }
            }
            Next::Settle(key) => self.settlement(key),
            Next::Fire(timer) => {
                self.now = self.timers.remove(&timer).expect("it was set").0;
                self.note_timer(&timer);
                Event::TimerFired { timer }
            }
            Next::Decide(step) => {
                let approves = self.dice.one_in(2);
                self.note(step.as_str(), self.visit(&step));
                self.decision(step, approves)
            }
            Next::Cancel => {
                self.is_cancelled = true;
                Event::CancelRequested { by: "ada".into(), reason: None }
            }
        };
        self.take(event);
        let after = self.measure();
        // Lemma 4.
        assert!(
            if is_move { after < before } else { after <= before },
            "{before:?} became {after:?}: {:?}",
            self.view()
        );
    }

    /// An attempt ends; one that was asked to end may not have listened.
    fn settlement(&mut self, key: AttemptKey) -> Event {
        self.live.remove(&key);
        self.note(key.step.as_str(), key.visit);
        let cancelled = self.cancelled.remove(&key) && self.dice.below(3) > 0;
        let succeeds = self.dice.below(5) < 2;
        let outcome = if cancelled { Outcome::Cancelled { result: RawResult::default() } } else { outcome(succeeds) };
        Event::AttemptFinished { key, outcome }
    }

    fn decision(&mut self, step: StepId, approves: bool) -> Event {
        self.decisions += 1;
        Event::ApprovalDecided(Box::new(ApprovalDecided {
            visit: self.visit(&step),
            step: step.into(),
            by: format!("person {}", self.decisions),
            member_of: Vec::new(),
            decision: if approves { Decision::Approved } else { Decision::Rejected },
            comment: None,
            fields: serde_json::Map::new(),
            digest: None,
        }))
    }

    fn note_timer(&mut self, timer: &Timer) {
        match timer {
            // The key of a retry names the attempt that it begins.
            Timer::Sleep { key }
            | Timer::Retry { key }
            | Timer::Approval { key }
            | Timer::Signal { key }
            | Timer::Child { key }
            | Timer::Callback { key }
            | Timer::Queue { key } => self.note(key.step.as_str(), key.visit),
            Timer::LoopDelay { .. } | Timer::Run { .. } => {}
        }
    }

    fn note(&mut self, step: &str, visit: u32) {
        *self.moves.entry((step.to_owned(), visit)).or_default() += 1;
    }

    /// Takes an event, obeys what it commands, and counts the loops that it fires.
    fn take(&mut self, event: Event) {
        let used = |state: &RunState, graph| {
            state.view(graph).map_or(Vec::new(), |view| view.loops.iter().map(|each| each.used).collect::<Vec<_>>())
        };
        let before = used(&self.state, self.graph);
        let recorded = Recorded { seq: self.state.last_seq() + 1, at: Timestamp(self.now), event };
        let applied = apply(self.graph, &mut self.state, &recorded)
            .unwrap_or_else(|refused| panic!("{:?}: {refused}", recorded.event));
        for (at, after) in used(&self.state, self.graph).into_iter().enumerate() {
            self.fired[at] += u64::from(after.saturating_sub(before.get(at).copied().unwrap_or(0)));
        }
        for command in applied.commands {
            self.obey(command);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::StartAttempt(spec) => {
                let key = spec.id.key;
                // A new visit never runs beside an old one.
                assert!(self.live.keys().all(|other| other.step != key.step), "two attempts of `{}` live", key.step);
                self.live.insert(key, false);
            }
            Command::CancelAttempt { key } => {
                self.cancelled.insert(key);
            }
            Command::SetTimer { timer, at } => {
                self.timers.insert(timer, at);
            }
            Command::ClearTimer { timer } => {
                self.timers.remove(&timer);
            }
            Command::FinishRun { .. } => {}
            Command::StartChild(_)
            | Command::CancelChild { .. }
            | Command::AskChild { .. }
            | Command::TellParent(_)
            | Command::AskSlot { .. }
            | Command::ReleaseSlot { .. } => unreachable!("random pipelines have neither children nor groups"),
        }
    }

    fn measure(&self) -> (u64, u64) {
        let view = self.view();
        let current = |key: &&AttemptKey| view.steps[&key.step].visit == key.visit;
        let timers = |wanted: fn(&Timer) -> bool| self.timers.keys().filter(|timer| wanted(timer)).count() as u64;
        let counts = Counts {
            firings: self.fired.iter().sum(),
            late_attempts: self.live.keys().filter(|key| !current(key)).count() as u64,
            delays: timers(|timer| matches!(timer, Timer::LoopDelay { .. })),
            may_be_cancelled: !self.is_cancelled,
            may_time_out: timers(|timer| matches!(timer, Timer::Run { .. })) > 0,
            moves: self
                .moves
                .iter()
                .filter(|((step, visit), _)| {
                    view.steps.iter().any(|(id, each)| id.as_str() == step && each.visit == *visit)
                })
                .map(|((step, _), moves)| (step.clone(), *moves))
                .collect(),
        };
        measure(self.graph, &view, &counts, self.all_firings)
    }

    fn view(&self) -> RunView {
        self.state.view(self.graph).expect("the run has begun")
    }

    fn visit(&self, step: &StepId) -> u32 {
        self.view().steps[step].visit
    }

    fn asking(&self) -> Vec<StepId> {
        let names = self.state.steps_waiting_for_people(self.graph);
        names.iter().map(|name| StepId::new(name).expect("the id of a step")).collect()
    }

    fn next_timer(&self) -> Option<(Timer, Timestamp)> {
        self.timers.iter().min_by_key(|(_, at)| **at).map(|(timer, at)| (timer.clone(), *at))
    }
}

fn outcome(succeeds: bool) -> Outcome {
    let result = RawResult::default();
    match succeeds {
        true => Outcome::Succeeded { result },
        false => Outcome::Failed { error: Failure::new(FailureKind::Exit, "as the test says"), result },
    }
}

fn is_decided(status: StepStatus) -> bool {
    matches!(status, StepStatus::Succeeded | StepStatus::Failed | StepStatus::Skipped | StepStatus::Cancelled)
}

//! A run without processes, network or clock: the real compiler and the real fold, and a scripted world around them.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::command::{AttemptSpec, ChildSpec, Command, Timer};
use loopline_core::event::{
    ApprovalDecided, CallbackReceived, ChildFinished, Decision, Event, ParentWish, Recorded, RerunFrom, RunCreated,
    RunOutcome, SignalReceived, Trigger,
};
use loopline_core::graph::{Graph, WhenFull};
use loopline_core::group::{Ask, GroupCommand, GroupEvent, GroupId, GroupKind, GroupState, Holder, Slot, apply_group};
use loopline_core::id::{AttemptKey, InvalidStepId, RunId, StepPath, StepUnit, UnitPath, Within};
use loopline_core::machine::{Applied, Refused, RunState, apply, restart};
use loopline_core::outcome::{ArtifactRef, Failure, FailureKind, Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::RunView;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// How an attempt of a step ends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mock {
    #[serde(default)]
    pub after_ms: u64,
    #[serde(default)]
    pub outputs: BTreeMap<String, Json>,
    #[serde(default)]
    pub response: Option<loopline_core::outcome::HttpResponse>,
    #[serde(default)]
    pub stdout: Option<String>,
    /// Names and digests of what it has kept.
    #[serde(default)]
    pub artifacts: BTreeMap<String, String>,
    #[serde(default)]
    pub fail: Option<FailMock>,
    /// Of a child run: it could not begin.
    #[serde(default)]
    pub never: bool,
    /// Labels that no worker has.
    #[serde(default)]
    pub unplaced: Vec<String>,
    /// When a worker that has them comes; never, where it is unsaid.
    #[serde(default)]
    pub placed_after_ms: Option<u64>,
    /// Does not obey a cancel: ends as it would have ended.
    #[serde(default)]
    pub deaf: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailMock {
    pub kind: FailureKind,
    #[serde(default)]
    pub exit_code: Option<i32>,
}

/// What is done again.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Rerun {
    Word(RerunWord),
    Units(Vec<StepUnit>),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RerunWord {
    Failed,
    Everything,
}

impl From<Rerun> for RerunFrom {
    fn from(rerun: Rerun) -> Self {
        match rerun {
            Rerun::Word(RerunWord::Failed) => Self::FailedItems,
            Rerun::Word(RerunWord::Everything) => Self::Everything,
            Rerun::Units(units) if units.iter().all(|unit| unit.item.is_none()) => {
                Self::Steps(units.into_iter().map(|unit| unit.step).collect())
            }
            Rerun::Units(units) => Self::Units(units),
        }
    }
}

/// What people do at some moment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    pub at_ms: u64,
    #[serde(default)]
    pub approve: Option<String>,
    #[serde(default)]
    pub reject: Option<String>,
    #[serde(default)]
    pub cancel: bool,
    #[serde(default)]
    pub pause: bool,
    #[serde(default)]
    pub resume: bool,
    /// What the run that this one is a child of wants: `cancel`, `end`, `pause` or `resume`.
    #[serde(default)]
    pub parent: Option<ParentWish>,
    /// `everything`, `failed`, or a list of steps and of items: `test[4]`.
    #[serde(default)]
    pub rerun: Option<Rerun>,
    /// The run must stand there.
    #[serde(default)]
    pub status: Option<String>,
    /// What is said of steps, by the ways to them: parts of the answer.
    #[serde(default)]
    pub why: BTreeMap<String, Vec<String>>,
    /// A step, or an item of it as `step[0]`, is called back, with `payload`; `visit` and `attempt` say which one was asked.
    #[serde(default)]
    pub call_back: Option<String>,
    #[serde(default)]
    pub attempt: Option<u32>,
    /// Name of a signal.
    #[serde(default)]
    pub signal: Option<String>,
    #[serde(default)]
    pub payload: Json,
    #[serde(default)]
    pub idempotency_key: Option<String>,
    #[serde(default)]
    pub by: Option<String>,
    #[serde(default)]
    pub groups: Vec<String>,
    /// The visit that is named; the current one where it is unsaid.
    #[serde(default)]
    pub visit: Option<u32>,
    #[serde(default)]
    pub comment: Option<String>,
    #[serde(default)]
    pub fields: Map<String, Json>,
    /// The act must be refused, with a sentence that holds this.
    #[serde(default)]
    pub refused: Option<String>,
}

/// Another run, or a step of one, that wants a place in the same group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rival {
    /// Before the run begins, where it is negative.
    pub at_ms: i64,
    #[serde(default)]
    pub group: Option<String>,
    #[serde(default)]
    pub lock: Option<String>,
    #[serde(default = "one")]
    pub limit: u32,
    #[serde(default)]
    pub when_full: Option<WhenFull>,
    /// How long it holds its place; it gives it up at once when it is told to end.
    pub for_ms: u64,
}

fn one() -> u32 {
    1
}

/// Attempts by step, or by item as `step[0]`: one script per attempt in order of starts; the last one holds for all further ones.
pub type Script = BTreeMap<String, Vec<Mock>>;

#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a test holds a few of them")]
enum Due {
    Started(AttemptKey),
    Finished(AttemptKey, Outcome),
    Timer(Timer),
    Act(Box<Act>),
    Rival(usize),
    /// A child run ends as its mock says.
    Child(Box<ChildFinished>),
    RivalLeaves(Holder),
    Event(Box<Event>),
}

/// A simulated run.
pub struct Simulation<'a> {
    graph: &'a Graph,
    script: &'a Script,
    rivals: &'a [Rival],
    groups: BTreeMap<GroupId, GroupState>,
    of: BTreeMap<Holder, GroupId>,
    number: u64,
    pub state: RunState,
    pub history: Vec<Recorded>,
    /// Steps in the order in which attempts were handed out.
    pub order: Vec<String>,
    pub refusals: Vec<String>,
    /// The environment of the latest attempt, by the names in `order`.
    pub env: BTreeMap<String, Json>,
    /// What workers were told, by the names in `order`.
    pub attempts: BTreeMap<String, Vec<Json>>,
    now: i64,
    count: u64,
    due: BTreeMap<(i64, u64), Due>,
    starts: BTreeMap<String, usize>,
    live: BTreeSet<AttemptKey>,
    children: BTreeMap<AttemptKey, RunId>,
    /// What paused child runs have still to do, and how long that takes.
    paused: BTreeMap<RunId, (i64, Due)>,
    /// Inputs of child runs, as they were begun.
    pub child_inputs: Vec<Json>,
}

const BEGIN: i64 = 1_790_000_000_000;
/// Where the ids of rivals begin.
const RIVALS: u64 = 1;

impl<'a> Simulation<'a> {
    pub fn new(graph: &'a Graph, script: &'a Script, acts: &[Act], rivals: &'a [Rival]) -> Self {
        let mut simulation = Self {
            graph,
            script,
            rivals,
            groups: BTreeMap::new(),
            of: BTreeMap::new(),
            number: 0,
            state: RunState::default(),
            history: Vec::new(),
            order: Vec::new(),
            refusals: Vec::new(),
            env: BTreeMap::new(),
            attempts: BTreeMap::new(),
            now: BEGIN,
            count: 0,
            due: BTreeMap::new(),
            starts: BTreeMap::new(),
            live: BTreeSet::new(),
            children: BTreeMap::new(),
            paused: BTreeMap::new(),
            child_inputs: Vec::new(),
        };
        for act in acts {
            simulation.plan(BEGIN + act.at_ms as i64, Due::Act(Box::new(act.clone())));
        }
        for (at, rival) in rivals.iter().enumerate() {
            simulation.plan(BEGIN + rival.at_ms, Due::Rival(at));
        }
        simulation
    }

    /// Runs until it is over, or until nothing more will happen.
    pub fn run(&mut self, inputs: &Map<String, Json>) -> Result<RunView, String> {
        let inputs =
            loopline_core::contract::complete_inputs(self.graph, inputs).map_err(|problems| format!("{problems:?}"))?;
        while let Some(first) = self.due.first_entry().filter(|first| first.key().0 < BEGIN) {
            let ((at, _), due) = first.remove_entry();
            self.now = at;
            self.happen(due)?;
        }
        self.now = BEGIN;
        let run = RunId::from_parts(BEGIN as u64, 7);
        let created = RunCreated {
            run,
            project: "default".into(),
            pipeline: self.graph.name.clone(),
            number: 1,
            digest: self.graph.digest(),
            semantics: self.graph.semantics,
            inputs,
            trigger: Trigger { kind: "manual".into(), actor: Some("ada".into()) },
            labels: BTreeMap::new(),
            parent: None,
            url: None,
        };
        self.event(Event::RunCreated(Box::new(created))).map_err(|refused| refused.to_string())?;
        while !self.state.is_over() || self.goes_on_later() {
            let Some(((at, _), due)) = self.due.pop_first() else { break };
            self.now = self.now.max(at);
            self.happen(due)?;
            if self.history.len() > 100_000 {
                return Err("the run does not end".into());
            }
        }
        self.state.view(self.graph).ok_or_else(|| "the run has no events".into())
    }

    /// Somebody will have steps done again, though the run is over.
    fn goes_on_later(&self) -> bool {
        self.due.values().any(|due| matches!(due, Due::Act(act) if act.rerun.is_some()))
    }

    fn run_id(&self) -> RunId {
        self.state.created().expect("it has begun").run
    }

    fn plan(&mut self, at: i64, due: Due) {
        self.count += 1;
        self.due.insert((at, self.count), due);
    }

    fn event(&mut self, event: Event) -> Result<(), Refused> {
        let recorded = Recorded { seq: self.state.last_seq() + 1, at: Timestamp(self.now), event };
        let applied = apply(self.graph, &mut self.state, &recorded)?;
        self.history.push(recorded);
        for command in applied.commands {
            self.obey(command);
        }
        Ok(())
    }

    fn happen(&mut self, due: Due) -> Result<(), String> {
        match due {
            Due::Started(key) => {
                if self.live.contains(&key) {
                    self.event(Event::AttemptStarted { key }).map_err(|refused| refused.to_string())?;
                }
            }
            Due::Finished(key, outcome) => {
                if self.live.remove(&key) {
                    self.event(Event::AttemptFinished { key, outcome }).map_err(|refused| refused.to_string())?;
                }
            }
            Due::Timer(timer) => {
                self.event(Event::TimerFired { timer: timer.clone() }).map_err(|r| format!("{timer}: {r}"))?;
            }
            Due::Act(act) => self.act(&act)?,
            Due::Rival(at) => {
                let rival = self.rivals[at].clone();
                let (kind, name) = match (rival.group, rival.lock) {
                    (Some(name), None) => (GroupKind::Concurrency, name),
                    (None, Some(name)) => (GroupKind::Lock, name),
                    _ => return Err(format!("rival {at} names neither a group nor a lock, or both")),
                };
                let group = GroupId { project: "default".into(), kind, name };
                let when_full = rival.when_full.unwrap_or(WhenFull::Queue);
                let ask = Ask { group, limit: rival.limit, when_full, within: Vec::new() };
                let run = RunId::from_parts(RIVALS + at as u64, 1);
                self.ask(Holder { run, slot: Slot::Run { epoch: 1 } }, ask);
            }
            Due::Child(finished) => {
                if self.children.remove(&finished.key).is_some() {
                    self.event(Event::ChildFinished(finished)).map_err(|refused| refused.to_string())?;
                }
            }
            Due::RivalLeaves(holder) => self.release(holder),
            // The run may have ended, or need it no more.
            Due::Event(event) => drop(self.event(*event)),
        }
        Ok(())
    }

    /// What is said of a step holds all these parts.
    pub fn says_why(&self, step: &str, parts: &[String]) -> Result<(), String> {
        let unit: UnitPath = step.parse().map_err(|error: InvalidStepId| error.to_string())?;
        let why = self.state.why(self.graph, &unit).map_err(|refused| refused.to_string())?;
        let whole = serde_json::to_string(&why).map_err(|error| error.to_string())?;
        let said = [why.said.join(" "), why.needs.iter().map(|need| need.said.as_str()).collect::<Vec<_>>().join(" ")];
        let loops: Vec<_> = why.goto.iter().map(|goto| goto.said.as_str()).collect();
        let past: Vec<_> = why.past.iter().map(|past| past.said.as_str()).collect();
        let said = [said.join(" | "), loops.join(" "), past.join(" ")].join(" | ");
        match parts.iter().find(|part| !said.contains(*part)) {
            Some(part) => Err(format!("{step}: {part:?} is not in {said:?}\n{whole}")),
            None => Ok(()),
        }
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        if !act.why.is_empty() {
            let at = |error| format!("at {} ms: {error}", act.at_ms);
            return act.why.iter().try_for_each(|(step, parts)| self.says_why(step, parts)).map_err(at);
        }
        if let Some(wanted) = &act.status {
            let found = self.state.status().as_str();
            return if found == wanted {
                Ok(())
            } else {
                Err(format!("at {} ms it is {found}, not {wanted}", act.at_ms))
            };
        }
        let by = act.by.clone().unwrap_or_else(|| "bob".into());
        let event = match (&act.approve, &act.reject, &act.rerun) {
            (None, None, Some(rerun)) => Event::RerunRequested { by, from: rerun.clone().into() },
            (None, None, None) if act.signal.is_some() => Event::SignalReceived(Box::new(SignalReceived {
                name: act.signal.clone().unwrap_or_default(),
                payload: act.payload.clone(),
                by,
                idempotency_key: act.idempotency_key.clone(),
            })),
            (None, None, None) if act.call_back.is_some() => {
                let named = act.call_back.as_deref().unwrap_or_default();
                let StepUnit { step, item } = named.parse().map_err(|error: InvalidStepId| error.to_string())?;
                let view = self.state.view(self.graph).expect("the run has begun");
                let shown = view.steps.get(&step).ok_or_else(|| format!("there is no step {step}"))?;
                let of_item = item.and_then(|item| shown.items.as_ref()?.get(item as usize)).map(|item| item.attempt);
                let key = AttemptKey {
                    epoch: self.state.epoch(),
                    step,
                    item,
                    visit: act.visit.unwrap_or(shown.visit),
                    attempt: act.attempt.unwrap_or(of_item.unwrap_or(shown.attempt)),
                    within: Within::default(),
                    undo: false,
                };
                Event::CallbackReceived(Box::new(CallbackReceived { key, payload: act.payload.clone() }))
            }
            (None, None, None) if act.parent.is_some() => Event::ParentAsked { wish: act.parent.expect("just looked") },
            (None, None, None) if act.pause => Event::PauseRequested { by },
            (None, None, None) if act.resume => Event::ResumeRequested { by },
            (None, None, None) if act.cancel => Event::CancelRequested { by, reason: None },
            (None, None, None) => return Err(format!("the act at {} ms does nothing", act.at_ms)),
            (step, rejected, _) => {
                let name = step.as_ref().or(rejected.as_ref()).expect("one of them is there");
                let view = self.state.view(self.graph).expect("the run has begun");
                let id: StepPath = name.parse().map_err(|error: InvalidStepId| error.to_string())?;
                let current = || id.within.is_empty().then(|| Some(view.steps.get(&id.step)?.visit)).flatten();
                let visit = act.visit.or_else(current).unwrap_or(1);
                Event::ApprovalDecided(Box::new(ApprovalDecided {
                    step: id,
                    visit,
                    by,
                    member_of: act.groups.clone(),
                    decision: if step.is_some() { Decision::Approved } else { Decision::Rejected },
                    comment: act.comment.clone(),
                    fields: act.fields.clone(),
                    digest: None,
                }))
            }
        };
        match (self.event(event), &act.refused) {
            (Ok(()), None) => Ok(()),
            (Err(refused), Some(wanted)) if refused.to_string().contains(wanted) => {
                self.refusals.push(refused.to_string());
                Ok(())
            }
            (Ok(()), Some(wanted)) => Err(format!("the act at {} ms was taken, not refused: {wanted}", act.at_ms)),
            (Err(refused), _) => Err(format!("the act at {} ms was refused: {refused}", act.at_ms)),
        }
    }

    /// The script of an item, where it has one of its own, else that of its step; and the name that it stands under.
    fn mocks_of(&self, key: &AttemptKey) -> (String, &'a [Mock]) {
        if key.undo {
            let name = name_of(key);
            let mocks = self.script.get(&name).map(Vec::as_slice).unwrap_or_default();
            return (name, mocks);
        }
        let names = [name_of(key), key.within.path_to(key.step.clone()).to_string(), key.step.to_string()];
        let found = names.into_iter().find_map(|name| Some((self.script.get(&name)?.as_slice(), name)));
        found.map_or((name_of(key), &[]), |(mocks, name)| (name, mocks))
    }

    fn is_deaf(&self, key: &AttemptKey) -> bool {
        let (name, mocks) = self.mocks_of(key);
        let count = self.starts.get(&name).copied().unwrap_or(1);
        mocks.get(count.saturating_sub(1)).or(mocks.last()).is_some_and(|mock| mock.deaf)
    }

    fn child(&self, run: RunId) -> Option<AttemptKey> {
        self.children.iter().find(|(_, child)| **child == run).map(|(key, _)| key.clone())
    }

    fn next_mock(&mut self, key: &AttemptKey) -> Mock {
        self.order.push(name_of(key));
        let (name, mocks) = self.mocks_of(key);
        let count = self.starts.entry(name).or_default();
        *count += 1;
        mocks.get(*count - 1).or(mocks.last()).cloned().unwrap_or_default()
    }

    fn ask(&mut self, holder: Holder, ask: Ask) {
        self.number += 1;
        self.of.insert(holder.clone(), ask.group.clone());
        let number = self.number;
        let group = self.groups.entry(ask.group.clone()).or_default();
        let due = apply_group(group, GroupEvent::Asked { number, holder, ask });
        self.obey_group(due);
    }

    fn release(&mut self, holder: Holder) {
        let Some(group) = self.of.remove(&holder).and_then(|id| self.groups.get_mut(&id)) else { return };
        let due = apply_group(group, GroupEvent::Released { holder });
        self.obey_group(due);
    }

    fn obey_group(&mut self, due: Vec<GroupCommand>) {
        for command in due {
            let (GroupCommand::Grant { holder } | GroupCommand::Cancel { holder, .. }) = &command;
            let rival =
                self.rivals.iter().enumerate().find(|(at, _)| holder.run == RunId::from_parts(RIVALS + *at as u64, 1));
            let holder = holder.clone();
            match (command, rival) {
                (GroupCommand::Grant { .. }, Some((_, rival))) => {
                    self.plan(self.now + rival.for_ms as i64, Due::RivalLeaves(holder));
                }
                (GroupCommand::Cancel { .. }, Some(_)) => self.plan(self.now, Due::RivalLeaves(holder)),
                (GroupCommand::Grant { .. }, None) => {
                    self.plan(self.now, Due::Event(Box::new(Event::SlotGranted { slot: holder.slot })));
                }
                (GroupCommand::Cancel { reason, .. }, None) => {
                    let event = Event::CancelRequested { by: "concurrency".into(), reason: Some(reason) };
                    self.plan(self.now, Due::Event(Box::new(event)));
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::AskSlot { slot, ask } => self.ask(Holder { run: self.run_id(), slot }, *ask),
            Command::ReleaseSlot { slot } => self.release(Holder { run: self.run_id(), slot }),
            Command::StartAttempt(spec) => {
                let key = spec.id.key.clone();
                let mut env = serde_json::to_value(&spec.env).expect("text is JSON");
                env["LOOPLINE_IDEMPOTENCY_KEY"] = spec.idempotency_key.as_str().into();
                self.env.insert(name_of(&key), env);
                let told = serde_json::to_value(&spec).expect("an attempt is JSON");
                self.attempts.entry(name_of(&key)).or_default().push(told);
                let mock = self.next_mock(&key);
                self.live.insert(key.clone());
                let mut begins = Some(self.now);
                if !mock.unplaced.is_empty() {
                    let missing = mock.unplaced.clone();
                    let event = Event::AttemptUnplaced { key: key.clone(), missing };
                    self.plan(self.now, Due::Event(Box::new(event)));
                    begins = mock.placed_after_ms.map(|ms| self.now + ms as i64);
                }
                if let Some(begins) = begins {
                    self.plan(begins, Due::Started(key.clone()));
                    self.plan(begins + mock.after_ms as i64, Due::Finished(key, outcome(&mock)));
                }
            }
            Command::StartChild(spec) => {
                let key = spec.parent.key.clone();
                let mock = self.next_mock(&key);
                self.child_inputs.push(spec.inputs.clone().into());
                self.children.insert(key.clone(), spec.run);
                let finished = ChildFinished {
                    key,
                    outcome: if mock.fail.is_some() { RunOutcome::Failed } else { RunOutcome::Succeeded },
                    began: !mock.never,
                    outputs: mock.outputs.clone().into_iter().collect(),
                    error: mock.fail.as_ref().map(|fail| Failure::new(fail.kind, "as the test says")),
                };
                self.plan(self.now + mock.after_ms as i64, Due::Child(Box::new(finished)));
            }
            Command::CancelChild { run } => {
                let found = self.child(run).filter(|key| !self.is_deaf(key));
                if let Some(key) = found {
                    self.obey(Command::AskChild { run: self.children[&key], wish: ParentWish::End });
                }
            }
            Command::AskChild { run, wish: ParentWish::Pause } => {
                let of_run = |due: &Due| matches!(due, Due::Child(end) if self.children.get(&end.key) == Some(&run));
                let found = self.due.iter().find(|(_, due)| of_run(due)).map(|(at, _)| *at);
                if let Some((at, Some(due))) = found.map(|at| (at.0, self.due.remove(&at))) {
                    self.paused.insert(run, (at - self.now, due));
                }
            }
            Command::AskChild { run, wish: ParentWish::Resume } => {
                if let Some((left, due)) = self.paused.remove(&run) {
                    self.plan(self.now + left, due);
                }
            }
            Command::AskChild { run, .. } => {
                if let Some(key) = self.child(run) {
                    let (outcome, outputs) = (RunOutcome::Cancelled, Map::new());
                    let finished = ChildFinished { key, outcome, began: true, outputs, error: None };
                    self.plan(self.now, Due::Child(Box::new(finished)));
                }
            }
            Command::CancelAttempt { key } => {
                if !self.is_deaf(&key) {
                    self.plan(self.now, Due::Finished(key, Outcome::Cancelled { result: RawResult::default() }));
                }
            }
            Command::SetTimer { timer, at } => self.plan(at.0, Due::Timer(timer)),
            Command::ClearTimer { timer } => {
                self.due.retain(|_, due| !matches!(due, Due::Timer(set) if *set == timer));
            }
            Command::FinishRun { .. } | Command::TellParent(_) => {}
        }
    }
}

/// `t`, `t[0]` for an item, `child/t` inside of a pipeline in place, `t.undo` for what undoes it.
fn name_of(key: &AttemptKey) -> String {
    let path = key.within.path_to(key.step.clone());
    let undo = if key.undo { ".undo" } else { "" };
    match key.item {
        None => format!("{path}{undo}"),
        Some(item) => format!("{path}[{item}]{undo}"),
    }
}

fn kept((name, digest): (&String, &String)) -> (String, ArtifactRef) {
    let path = Some(format!("out/{name}"));
    (name.clone(), ArtifactRef { digest: digest.clone(), file_name: name.clone(), path, ..ArtifactRef::default() })
}

fn outcome(mock: &Mock) -> Outcome {
    let result = RawResult {
        exit_code: mock.fail.as_ref().map_or(Some(0), |fail| fail.exit_code),
        stdout: mock.stdout.clone(),
        response: mock.response.clone(),
        outputs: mock.outputs.clone(),
        artifacts: mock.artifacts.iter().map(kept).collect(),
        ..RawResult::default()
    };
    match &mock.fail {
        None => Outcome::Succeeded { result },
        Some(fail) => {
            let error = Failure { exit_code: fail.exit_code, ..Failure::new(fail.kind, "as the test says") };
            Outcome::Failed { error, result }
        }
    }
}

/// Folds a recorded history again, and gives the view and all commands as JSON after each event. At each moment an
/// engine may be killed: what the next one would start again is what was started.
pub fn replay(graph: &Graph, history: &[Recorded]) -> Vec<(Json, Json)> {
    let mut state = RunState::default();
    let mut started: BTreeMap<AttemptKey, AttemptSpec> = BTreeMap::new();
    let mut begun: BTreeMap<AttemptKey, ChildSpec> = BTreeMap::new();
    history
        .iter()
        .map(|recorded| {
            let Applied { commands, .. } = apply(graph, &mut state, recorded).expect("a recorded event is taken again");
            for command in &commands {
                match command {
                    Command::StartAttempt(spec) => drop(started.insert(spec.id.key.clone(), (**spec).clone())),
                    Command::StartChild(spec) => drop(begun.insert(spec.parent.key.clone(), (**spec).clone())),
                    _ => {}
                }
            }
            let live = state.live_attempts(graph);
            let is_child = |key: &AttemptKey| state.child_of(graph, key).is_some();
            assert_eq!(state.is_quiet(), live.iter().all(is_child), "after event {}", recorded.seq);
            for key in live {
                if let Some(child) = state.child_of(graph, &key) {
                    let again = child.spec.clone().filter(|_| child.is_wanted());
                    assert!(again.is_none() || again.as_ref() == begun.get(&key), "{key} is begun again as {again:?}");
                    continue;
                }
                let again = restart(graph, &state, &key);
                assert!(again.is_none() || again.as_ref() == started.get(&key), "{key} is started again as {again:?}");
                assert!(again.is_none() || !state.is_ending(graph, &key), "{key} is being ended");
            }
            let view = serde_json::to_value(state.view(graph)).expect("a view is JSON");
            let commands = serde_json::to_value(commands).expect("commands are JSON");
            (view, commands)
        })
        .collect()
}

//! A run without processes, network or clock: the real compiler and the real fold, and a scripted world around them.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::command::{AttemptSpec, Command, Timer};
use loopline_core::event::{ApprovalDecided, Decision, Event, Recorded, RunCreated, SignalReceived, Trigger};
use loopline_core::graph::Graph;
use loopline_core::id::{AttemptKey, InvalidStepId, RunId, StepPath};
use loopline_core::machine::{Applied, Refused, RunState, apply, restart};
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
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
    #[serde(default)]
    pub fail: Option<FailMock>,
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

/// Attempts by step, or by item as `step[0]`: one script per attempt in order of starts; the last one holds for all further ones.
pub type Script = BTreeMap<String, Vec<Mock>>;

#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a test holds a few of them")]
enum Due {
    Started(AttemptKey),
    Finished(AttemptKey, Outcome),
    Timer(Timer),
    Act(Box<Act>),
}

/// A simulated run.
pub struct Simulation<'a> {
    graph: &'a Graph,
    script: &'a Script,
    pub state: RunState,
    pub history: Vec<Recorded>,
    /// Steps in the order in which attempts were handed out.
    pub order: Vec<String>,
    pub refusals: Vec<String>,
    /// The environment of the latest attempt, by the names in `order`.
    pub env: BTreeMap<String, Json>,
    now: i64,
    count: u64,
    due: BTreeMap<(i64, u64), Due>,
    starts: BTreeMap<String, usize>,
    live: BTreeSet<AttemptKey>,
}

const BEGIN: i64 = 1_790_000_000_000;

impl<'a> Simulation<'a> {
    pub fn new(graph: &'a Graph, script: &'a Script, acts: &[Act]) -> Self {
        let mut simulation = Self {
            graph,
            script,
            state: RunState::default(),
            history: Vec::new(),
            order: Vec::new(),
            refusals: Vec::new(),
            env: BTreeMap::new(),
            now: BEGIN,
            count: 0,
            due: BTreeMap::new(),
            starts: BTreeMap::new(),
            live: BTreeSet::new(),
        };
        for act in acts {
            simulation.plan(BEGIN + act.at_ms as i64, Due::Act(Box::new(act.clone())));
        }
        simulation
    }

    /// Runs until it is over, or until nothing more will happen.
    pub fn run(&mut self, inputs: &Map<String, Json>) -> Result<RunView, String> {
        let inputs =
            loopline_core::contract::complete_inputs(self.graph, inputs).map_err(|problems| format!("{problems:?}"))?;
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
            url: None,
        };
        self.event(Event::RunCreated(Box::new(created))).map_err(|refused| refused.to_string())?;
        while !self.state.is_over() {
            let Some(((at, _), due)) = self.due.pop_first() else { break };
            self.now = self.now.max(at);
            self.happen(due)?;
            if self.history.len() > 100_000 {
                return Err("the run does not end".into());
            }
        }
        self.state.view(self.graph).ok_or_else(|| "the run has no events".into())
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
        }
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        let by = act.by.clone().unwrap_or_else(|| "bob".into());
        let event = match (&act.approve, &act.reject) {
            (None, None) if act.signal.is_some() => Event::SignalReceived(Box::new(SignalReceived {
                name: act.signal.clone().unwrap_or_default(),
                payload: act.payload.clone(),
                by,
                idempotency_key: act.idempotency_key.clone(),
            })),
            (None, None) if act.pause => Event::PauseRequested { by },
            (None, None) if act.resume => Event::ResumeRequested { by },
            (None, None) if act.cancel => Event::CancelRequested { by, reason: None },
            (None, None) => return Err(format!("the act at {} ms does nothing", act.at_ms)),
            (step, rejected) => {
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

    fn obey(&mut self, command: Command) {
        match command {
            Command::StartAttempt(spec) => {
                let key = spec.id.key.clone();
                self.order.push(name_of(&key));
                let mut env = serde_json::to_value(&spec.env).expect("text is JSON");
                env["LOOPLINE_IDEMPOTENCY_KEY"] = spec.idempotency_key.as_str().into();
                self.env.insert(name_of(&key), env);
                let (name, mocks) = self.mocks_of(&key);
                let count = self.starts.entry(name).or_default();
                let mock = mocks.get(*count).or(mocks.last()).cloned().unwrap_or_default();
                *count += 1;
                self.live.insert(key.clone());
                self.plan(self.now, Due::Started(key.clone()));
                self.plan(self.now + mock.after_ms as i64, Due::Finished(key, outcome(&mock)));
            }
            Command::CancelAttempt { key } => {
                let (name, mocks) = self.mocks_of(&key);
                let count = self.starts.get(&name).copied().unwrap_or(1);
                let deaf = mocks.get(count.saturating_sub(1)).or(mocks.last()).is_some_and(|mock| mock.deaf);
                if !deaf {
                    self.plan(self.now, Due::Finished(key, Outcome::Cancelled { result: RawResult::default() }));
                }
            }
            Command::SetTimer { timer, at } => self.plan(at.0, Due::Timer(timer)),
            Command::ClearTimer { timer } => {
                self.due.retain(|_, due| !matches!(due, Due::Timer(set) if *set == timer));
            }
            Command::FinishRun { .. } => {}
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

fn outcome(mock: &Mock) -> Outcome {
    let result = RawResult {
        exit_code: mock.fail.as_ref().map_or(Some(0), |fail| fail.exit_code),
        stdout: mock.stdout.clone(),
        response: mock.response.clone(),
        outputs: mock.outputs.clone(),
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

/// Folds a recorded history again, and gives the state's digest and all commands as JSON after each event. At each moment an
/// engine may be killed: what the next one would start again is what was started.
pub fn replay(graph: &Graph, history: &[Recorded]) -> Vec<(String, Json)> {
    let mut state = RunState::default();
    let mut started: BTreeMap<AttemptKey, AttemptSpec> = BTreeMap::new();
    history
        .iter()
        .map(|recorded| {
            let Applied { commands, .. } = apply(graph, &mut state, recorded).expect("a recorded event is taken again");
            for command in &commands {
                if let Command::StartAttempt(spec) = command {
                    started.insert(spec.id.key.clone(), (**spec).clone());
                }
            }
            let live = state.live_attempts(graph);
            assert_eq!(state.is_quiet(), live.is_empty(), "after event {}", recorded.seq);
            for key in live {
                let again = restart(graph, &state, &key);
                assert!(again.is_none() || again.as_ref() == started.get(&key), "{key} is started again as {again:?}");
                assert!(again.is_none() || !state.is_ending(graph, &key), "{key} is being ended");
            }
            let view = serde_json::to_value(state.view(graph)).expect("a view is JSON");
            let commands = serde_json::to_value(commands).expect("commands are JSON");
            (loopline_core::canonical::digest(&view), commands)
        })
        .collect()
}

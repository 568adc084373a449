//! Tries the ways that a run can take: first those with few surprises.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use loopline_core::event::{ApprovalDecided, Decision, Event, SignalReceived, Trigger};
use loopline_core::graph::{Action, Graph, Step};
use loopline_core::id::StepPath;
use loopline_core::machine::{Passage, Passed};
use loopline_core::outcome::FailureKind;
use loopline_core::time::Timestamp;
use loopline_core::view::{ApprovalWait, RunStatus, RunView, StepStatus, StepView, WaitingFor};
use loopline_dsl::testing::{all_steps, step_at};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::bounds::Bounds;
use super::choices::{Choice, Choices, Made, Plan};
use super::samples::{MadeUp, samples};
use crate::coverage::{Coverage, Uncovered};
use crate::run::Subject;
use crate::steps;
use crate::waits;
use crate::world::World;

/// A run with more events is cut short: where a loop is unlimited, it goes round for ever as far as can be seen.
const MOST_EVENTS: u64 = 20_000;

/// More events than this are not tried in all runs together: a few seconds of work.
const MOST_EVENTS_IN_ALL: u64 = 2_000_000;

/// Steps of a way that are told.
const MOST_TOLD: usize = 24;

/// What was tried, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Explored {
    /// How many runs were tried.
    pub runs: usize,
    /// All ways were gone that made-up answers can take, in one order of completions.
    pub complete: bool,
    /// How runs ended: by status, and `hangs`, `endless` or `cut_short` for those that did not.
    pub endings: BTreeMap<String, Ending>,
    /// The most visits that a step had, by name.
    pub visits: BTreeMap<String, u32>,
    /// The way on which some step had the most visits.
    pub longest: Option<Ending>,
    /// What no run has passed.
    pub uncovered: Uncovered,
    /// Steps that failed over made-up values: what can come of them was not tried.
    pub unsure: BTreeMap<String, String>,
    #[serde(skip)]
    succeeded: BTreeSet<String>,
}

/// A way that runs took.
#[derive(Debug, Clone, Serialize)]
pub struct Ending {
    /// How many runs ended so.
    pub runs: usize,
    /// What made the first of them end so, of answers that are not the usual ones.
    pub when: Vec<String>,
    /// The steps that it passed.
    pub way: String,
    /// Of a run that did not end: what it waits for.
    pub waits_for: Option<String>,
}

pub(super) fn explore(
    subject: &Subject<'_>,
    given: &Map<String, Json>,
    most_runs: usize,
) -> Result<Explored, Vec<String>> {
    let graph = subject.graph;
    let made_up = MadeUp::of(graph, given);
    let mut coverage = Coverage::of(graph);
    let mut explored = Explored {
        runs: 0,
        complete: true,
        endings: BTreeMap::new(),
        visits: BTreeMap::new(),
        longest: None,
        uncovered: coverage.uncovered(),
        unsure: BTreeMap::new(),
        succeeded: BTreeSet::new(),
    };
    let unlimited = !Bounds::of(graph).every_run_ends();
    let mut events = 0;
    let mut open: VecDeque<Plan> = VecDeque::from([Vec::new()]);
    while let Some(plan) = open.pop_front() {
        if events > MOST_EVENTS_IN_ALL {
            explored.complete = false;
            break;
        }
        let next = plan.last().map_or(0, |(at, _)| at + 1);
        let run = Run::of(subject, given, &made_up, plan.clone())?;
        explored.runs += 1;
        events += run.world.events();
        explored.see(&run, &plan, unlimited);
        coverage.see(&run.world.passages);
        coverage.see_undone(&run.world.undone);
        for (at, made) in run.world.script.made.iter().enumerate().skip(next) {
            for option in (0..made.options.len()).filter(|option| *option != made.taken) {
                if explored.runs + open.len() < most_runs {
                    open.push_back(plan.iter().copied().chain([(at, option)]).collect());
                } else {
                    explored.complete = false;
                }
            }
        }
    }
    explored.uncovered = coverage.uncovered();
    // Some other values did.
    explored.unsure.retain(|step, _| !explored.succeeded.contains(step));
    Ok(explored)
}

impl Explored {
    fn see(&mut self, run: &Run<'_>, plan: &Plan, unlimited: bool) {
        let Some(view) = run.world.view() else { return };
        let (status, waits_for) = match (run.cut_short, view.status.is_over()) {
            (true, _) if unlimited => ("endless".to_owned(), None),
            (true, _) => ("cut_short".to_owned(), None),
            (false, true) => (view.status.as_str().to_owned(), None),
            (false, false) => ("hangs".to_owned(), Some(waits::in_words(&view))),
        };
        let made = &run.world.script.made;
        let when: Vec<String> = plan.iter().filter_map(|(at, _)| made.get(*at)).map(Made::in_words).collect();
        let ending =
            || Ending { runs: 0, when: when.clone(), way: way(&run.world.passages), waits_for: waits_for.clone() };
        self.endings.entry(status).or_insert_with(ending).runs += 1;
        let most = self.visits.values().copied().max().unwrap_or(1);
        let mut highest = 0;
        steps::each_step(&view, &mut |name, step: &StepView| {
            let seen = self.visits.entry(name.to_owned()).or_insert(0);
            *seen = step.visit.max(*seen);
            highest = step.visit.max(highest);
            self.unsure.extend(over_made_up_values(name, step));
            if step.visits.iter().any(|visit| visit.status == StepStatus::Succeeded) {
                self.succeeded.insert(name.to_owned());
            }
        });
        if highest > most {
            self.longest = Some(Ending { runs: 1, ..ending() });
        }
    }
}

/// Failures that the engine finds by itself, over values that nobody has really given.
fn over_made_up_values(name: &str, step: &StepView) -> Option<(String, String)> {
    use FailureKind as K;
    let errors = step.visits.iter().filter_map(|visit| visit.error.as_ref());
    let found = errors
        .flat_map(|error| std::iter::successors(Some(error), |error| error.cause.as_deref()))
        .find(|error| matches!(error.kind, K::Contract | K::Condition | K::Template | K::Expectation))?;
    Some((name.to_owned(), found.message.clone()))
}

/// The steps that were passed, each loop with the step that it goes back from.
fn way(passages: &[(Timestamp, Passage)]) -> String {
    let mut way = String::new();
    let mut back = false;
    for (at, (_, passage)) in passages.iter().enumerate() {
        if at == MOST_TOLD {
            way.push_str(" → …");
            break;
        }
        match passage.passed {
            Passed::Started { .. } => {
                let arrow = if back { " ⟲ " } else { " → " };
                way.push_str(if way.is_empty() { "" } else { arrow });
                way.push_str(&steps::plain_name(passage));
                back = false;
            }
            Passed::Fired { .. } => back = true,
            Passed::Exhausted { .. } => {}
        }
    }
    way
}

/// One run.
struct Run<'a> {
    world: World<'a, Choices<'a>>,
    /// Questions that nobody answers: steps by their names, and visits.
    left: BTreeSet<(String, u32)>,
    cut_short: bool,
}

impl<'a> Run<'a> {
    fn of(
        subject: &'a Subject<'a>,
        given: &Map<String, Json>,
        made_up: &'a MadeUp,
        plan: Plan,
    ) -> Result<Self, Vec<String>> {
        let graph = subject.graph;
        let mut choices = Choices::new(graph, made_up, plan);
        let inputs = inputs(graph, given, made_up, &mut choices)?;
        let mut run =
            Self { world: World::new(subject, crate::run::BEGAN, choices), left: BTreeSet::new(), cut_short: false };
        let trigger = Trigger { kind: "manual".to_owned(), actor: None };
        // A script of choices answers everything, and stops nothing.
        let stopped = |stopped: crate::world::Stopped| vec![stopped.message.clone()];
        run.world.begin(inputs, trigger).map_err(stopped)?;
        let asks = |step: &Step| matches!(step.action, Action::Approval(_) | Action::Wait(_));
        let asks = all_steps(graph).iter().any(|(_, step)| asks(step));
        while !run.world.state.is_over() {
            // People act when nothing more happens by itself at this moment.
            let quiet = run.world.next_at().is_none_or(|at| at > run.world.now());
            match if asks && quiet { run.someone_answers() } else { None } {
                Some(event) => drop(run.world.event(event).map_err(stopped)?),
                None if run.world.next_at().is_some() => run.world.step().map_err(stopped)?,
                None => break,
            }
            if run.world.events() > MOST_EVENTS {
                run.cut_short = true;
                break;
            }
        }
        Ok(run)
    }

    /// What people or other systems do, if something waits for them.
    fn someone_answers(&mut self) -> Option<Event> {
        if self.world.state.status() == RunStatus::Queued {
            return None;
        }
        let view = self.world.view()?;
        let (name, visit, waiting) = self.asking(&view)?;
        let path: StepPath = name.parse().ok()?;
        let plain = steps::without_items(&path).to_string();
        let (options, yes) = match &waiting {
            WaitingFor::Approval(wait) => {
                let timeout = wait.until.map(|_| Choice::Nobody);
                ([Choice::Approve, Choice::Reject].into_iter().chain(timeout).collect(), Choice::Approve)
            }
            WaitingFor::Signal { until, .. } => {
                ([Choice::Signal].into_iter().chain(until.map(|_| Choice::Nobody)).collect(), Choice::Signal)
            }
            _ => return None,
        };
        // Of a quorum all say the same: it is one question.
        let decided = matches!(&waiting, WaitingFor::Approval(wait) if !wait.decisions.is_empty());
        let choice = if decided { yes } else { self.world.script.choose(&plain, options) };
        let event = match (choice, &waiting) {
            (Choice::Approve, WaitingFor::Approval(wait)) => self.decision(path, visit, wait, Decision::Approved),
            (Choice::Reject, WaitingFor::Approval(wait)) => self.decision(path, visit, wait, Decision::Rejected),
            (Choice::Signal, WaitingFor::Signal { name: signal, kept: 0, .. }) => {
                let schema = step_at(self.world.subject.graph, &path).and_then(|step| match &step.action {
                    Action::Wait(wait) => wait.schema.as_ref(),
                    _ => None,
                });
                let made_up = schema.map(samples).and_then(|all| all.into_iter().next());
                let payload = made_up.unwrap_or_else(|| Json::Object(Map::new()));
                let by = "somebody".to_owned();
                let signal = SignalReceived { name: signal.clone(), payload, by, idempotency_key: None };
                Some(Event::SignalReceived(Box::new(signal)))
            }
            _ => None,
        };
        if event.is_none() || !matches!(waiting, WaitingFor::Approval(_)) {
            self.left.insert((name, visit));
        }
        event.or_else(|| self.someone_answers())
    }

    /// The first step that waits for somebody, and was not left alone.
    fn asking(&self, view: &RunView) -> Option<(String, u32, WaitingFor)> {
        let mut found = None;
        steps::each_step(view, &mut |name, step| {
            let asks = matches!(step.waiting_for, Some(WaitingFor::Approval(_) | WaitingFor::Signal { .. }));
            if asks && found.is_none() && !self.left.contains(&(name.to_owned(), step.visit)) {
                found = step.waiting_for.clone().map(|waiting| (name.to_owned(), step.visit, waiting));
            }
        });
        found
    }

    fn decision(&self, step: StepPath, visit: u32, wait: &ApprovalWait, decision: Decision) -> Option<Event> {
        let users = wait.approvers.iter().filter_map(|approver| approver.strip_prefix("user:")).map(str::to_owned);
        let anybody = wait.approvers.is_empty() || wait.approvers.iter().any(|approver| approver.starts_with("group:"));
        let others = (1..=wait.quorum).filter(|_| anybody).map(|number| format!("person {number}"));
        let by = users.chain(others).find(|name| wait.decisions.iter().all(|before| before.by != *name))?;
        let first = |schema: &Json| samples(schema).into_iter().next().unwrap_or_default();
        Some(Event::ApprovalDecided(Box::new(ApprovalDecided {
            step,
            visit,
            by,
            member_of: vec!["group:*".to_owned()],
            decision,
            comment: None,
            fields: wait.fields.iter().map(|(name, schema)| (name.clone(), first(schema))).collect(),
            digest: None,
        })))
    }
}

/// Inputs as given; what is not is made up, in as many variants as its schemas give.
fn inputs(
    graph: &Graph,
    given: &Map<String, Json>,
    made_up: &MadeUp,
    choices: &mut Choices<'_>,
) -> Result<Map<String, Json>, Vec<String>> {
    let variants = made_up.inputs.iter().map(|(_, all)| all.len()).max().unwrap_or(1).max(1);
    let variant = match choices.choose("inputs", (0..variants).map(Choice::Succeed).collect()) {
        Choice::Succeed(variant) => variant,
        _ => 0,
    };
    let mut all = given.clone();
    for (name, values) in &made_up.inputs {
        if let Some(value) = values.get(variant % values.len().max(1)) {
            all.insert(name.clone(), value.clone());
        }
    }
    loopline_core::contract::complete_inputs(graph, &all)
        .map_err(|problems| problems.iter().map(|problem| format!("`{}` {}", problem.input, problem.message)).collect())
}

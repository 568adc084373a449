//! One run, with an answer to every question that comes up: how work ends, what people say, and what comes first.

use std::collections::BTreeSet;

use loopline_core::event::{ApprovalDecided, Decision, Event, SignalReceived, Trigger};
use loopline_core::graph::{Action, Graph, Step};
use loopline_core::id::StepPath;
use loopline_core::view::{ApprovalWait, RunStatus, WaitingFor};
use loopline_dsl::testing::{all_steps, step_at};
use serde_json::{Map, Value as Json};

use super::choices::{Choice, Choices, INPUTS, Plan};
use super::orders::Orders;
use super::samples::{MadeUp, samples};
use crate::run::Subject;
use crate::steps;
use crate::world::{Stopped, Turn, World};

/// A run with more events is cut short: where a loop is unlimited, it goes round for ever as far as can be seen.
const MOST_EVENTS: u64 = 20_000;

/// One run.
pub(super) struct Run<'a> {
    pub(super) world: World<'a, Choices<'a>>,
    /// Questions that nobody answers: steps by their names, and visits.
    left: BTreeSet<(String, u32)>,
    pub(super) cut_short: bool,
    /// At some moment several things could have come first.
    pub(super) parallel: bool,
    /// It may matter which of several things comes first.
    orders_matter: bool,
}

/// What may come next.
enum Next {
    /// The end of an attempt, or a timer.
    Due(Turn),
    /// Somebody answers this step, in this visit.
    Answer(String, u32, WaitingFor),
}

/// One of several things that may come next: the step that it is about, and what it is in words.
struct Candidate {
    next: Next,
    path: StepPath,
    says: String,
}

impl<'a> Run<'a> {
    pub(super) fn of(
        subject: &'a Subject<'a>,
        given: &Map<String, Json>,
        made_up: &'a MadeUp,
        orders: &Orders<'a>,
        plan: Plan,
    ) -> Result<Self, Vec<String>> {
        let graph = subject.graph;
        let mut choices = Choices::new(graph, made_up, plan);
        let inputs = inputs(graph, given, made_up, &mut choices)?;
        let world = World::new(subject, crate::run::BEGAN, choices);
        let mut run =
            Self { world, left: BTreeSet::new(), cut_short: false, parallel: false, orders_matter: orders.any() };
        let trigger = Trigger { kind: "manual".to_owned(), actor: None };
        // A script of choices answers everything, and stops nothing.
        let stopped = |stopped: Stopped| vec![stopped.message.clone()];
        run.world.begin(inputs, trigger).map_err(stopped)?;
        let asks = |step: &Step| matches!(step.action, Action::Approval(_) | Action::Wait(_));
        let asks = all_steps(graph).iter().any(|(_, step)| asks(step));
        while !run.world.state.is_over() {
            if !run.goes_on(asks, orders).map_err(stopped)? {
                break;
            }
            if run.world.events() > MOST_EVENTS {
                run.cut_short = true;
                break;
            }
        }
        Ok(run)
    }

    /// Lets one thing happen. Not where nothing can.
    fn goes_on(&mut self, asks: bool, orders: &Orders<'_>) -> Result<bool, Stopped> {
        // What only tells something comes first: whatever can end has begun.
        if let Some(turn) = self.world.due_besides_ends() {
            self.world.let_happen(turn)?;
            return Ok(true);
        }
        match self.first(asks, orders) {
            Some(Next::Due(turn)) => self.world.let_happen(turn)?,
            Some(Next::Answer(name, visit, waiting)) => {
                let answer = self.answer(name.clone(), visit, &waiting);
                // What does not fit is refused, and would be again.
                if let Some(event) = answer
                    && self.world.event(event)?.is_err()
                {
                    self.left.insert((name, visit));
                }
            }
            None if self.world.next_at().is_some() => self.world.step()?,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// What comes next. Where several things may, and it matters which is first, that is a question.
    fn first(&mut self, asks: bool, orders: &Orders<'_>) -> Option<Next> {
        let mut candidates = Vec::new();
        let ends = self.world.ends_due();
        for (at, (turn, key)) in ends.iter().enumerate() {
            // Of one that is being cancelled two ends are due, and neither decides anything.
            if ends.iter().skip(at + 1).any(|(_, other)| other == key) {
                return Some(Next::Due(*turn));
            }
            let path = key.within.path_to(key.step.clone());
            let item = key.item.map(|item| format!("[{item}]")).unwrap_or_default();
            let says = format!("`{path}{item}` ends");
            candidates.push(Candidate { next: Next::Due(*turn), path, says });
        }
        let wanted = asks && (candidates.is_empty() || self.orders_matter);
        let open = if wanted && self.world.state.status() != RunStatus::Queued { self.asking() } else { Vec::new() };
        for (name, visit, waiting) in open {
            let Ok(path) = name.parse() else { continue };
            let says = format!("`{name}` is answered");
            candidates.push(Candidate { next: Next::Answer(name, visit, waiting), path, says });
        }
        if candidates.is_empty() {
            return None;
        }
        if let Some((turn, timer)) = self.world.next_timer()
            && let Some(step) = timer.step()
        {
            let path = timer.within().path_to(step.clone());
            let says = format!("the time of `{path}` is over");
            candidates.push(Candidate { next: Next::Due(turn), path, says });
        }
        self.parallel |= candidates.len() > 1;
        let paths: Vec<&StepPath> = candidates.iter().map(|candidate| &candidate.path).collect();
        let together = orders.that_matter(&paths);
        let taken = match together.as_slice() {
            [_, _, ..] => {
                let says = together.iter().map(|at| candidates[*at].says.clone()).collect();
                together[self.world.script.first_of(says)]
            }
            _ => 0,
        };
        Some(candidates.swap_remove(taken).next)
    }

    /// What people or other systems do about a step that waits for them. None where nobody does anything.
    fn answer(&mut self, name: String, visit: u32, waiting: &WaitingFor) -> Option<Event> {
        let path: StepPath = name.parse().ok()?;
        let plain = steps::without_items(&path).to_string();
        let (options, yes) = match waiting {
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
        let decided = matches!(waiting, WaitingFor::Approval(wait) if !wait.decisions.is_empty());
        let choice = if decided { yes } else { self.world.script.choose(&plain, options) };
        let event = match (choice, waiting) {
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
        event
    }

    /// The steps that wait for somebody, and were not left alone.
    fn asking(&self) -> Vec<(String, u32, WaitingFor)> {
        let mut found = Vec::new();
        let Some(view) = self.world.view() else { return found };
        steps::each_step(&view, &mut |name, step| {
            if let Some(waiting @ (WaitingFor::Approval(_) | WaitingFor::Signal { .. })) = &step.waiting_for
                && !self.left.contains(&(name.to_owned(), step.visit))
            {
                found.push((name.to_owned(), step.visit, waiting.clone()));
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
    let variant = match choices.choose(INPUTS, (0..variants).map(Choice::Succeed).collect()) {
        Choice::Succeed(variant) => variant,
        _ => 0,
    };
    let mut all = given.clone();
    let mut told = Vec::new();
    for (name, values) in &made_up.inputs {
        if let Some(value) = values.get(variant % values.len().max(1)) {
            told.push(format!("the input `{name}` is {value}"));
            all.insert(name.clone(), value.clone());
        }
    }
    choices.tell_values(told);
    loopline_core::contract::complete_inputs(graph, &all)
        .map_err(|problems| problems.iter().map(|problem| format!("`{}` {}", problem.input, problem.message)).collect())
}

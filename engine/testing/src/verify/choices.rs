//! What the world answers in one run: a plan says where it is something else than before.

use std::collections::BTreeMap;

use loopline_core::command::{AttemptSpec, ChildSpec, Work};
use loopline_core::event::{ChildFinished, RunOutcome};
use loopline_core::graph::{GotoOn, Graph, Step};
use loopline_core::id::AttemptKey;
use loopline_core::outcome::{Failure, FailureKind, HttpResponse, Outcome, RawResult};
use loopline_dsl::testing::step_at;
use serde_json::{Map, Value as Json};

use super::samples::{MadeUp, OfStep};
use crate::outcomes::artifacts_of;
use crate::steps::without_items;
use crate::world::{Script, Stopped};

/// The question what a run is given. No step has such a name.
pub(super) const INPUTS: &str = "(inputs)";

/// A longer list of values is cut.
const LONGEST: usize = 80;

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// It succeeds, and gives the values of this number that can be made up.
    Succeed(usize),
    Fail(FailureKind),
    Approve,
    Reject,
    Signal,
    /// Nobody answers, and its time runs out.
    Nobody,
    /// Of what may come next, the one of this number does.
    First(usize),
}

/// A question that came up in a run.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) name: String,
    pub(super) options: Vec<Choice>,
    /// Which of them was taken.
    pub(super) taken: usize,
    /// What may come next, in words, where that is the question.
    pub(super) order: Vec<String>,
    /// What was given, in words, where values are the answer.
    pub(super) values: Option<String>,
}

/// Where a run differs from answering each question as it was answered before: the number of the question, and the answer.
pub(super) type Plan = Vec<(usize, usize)>;

/// The answers of one run. Who has failed goes on to fail until the plan says something else, so that loops are used up by
/// one difference and not by as many as they have rounds.
pub(super) struct Choices<'g> {
    graph: &'g Graph,
    made_up: &'g MadeUp,
    plan: Plan,
    latest: BTreeMap<String, Choice>,
    pub(super) made: Vec<Made>,
}

impl<'g> Choices<'g> {
    pub(super) fn new(graph: &'g Graph, made_up: &'g MadeUp, plan: Plan) -> Self {
        Self { graph, made_up, plan, latest: BTreeMap::new(), made: Vec::new() }
    }

    pub(super) fn choose(&mut self, name: &str, options: Vec<Choice>) -> Choice {
        let number = self.made.len();
        let planned = self.plan.iter().find(|(at, _)| *at == number).map(|(_, option)| *option);
        let before = || self.latest.get(name).and_then(|choice| options.iter().position(|option| option == choice));
        let taken = planned.or_else(before).unwrap_or(0).min(options.len().saturating_sub(1));
        let choice = options[taken];
        self.latest.insert(name.to_owned(), choice);
        self.made.push(Made { name: name.to_owned(), options, taken, order: Vec::new(), values: None });
        choice
    }

    /// Says what the values are that were given as the latest answer.
    pub(super) fn tell_values(&mut self, values: Vec<String>) {
        let text = values.join(", ");
        let cut = match text.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        };
        if let Some(made) = self.made.last_mut().filter(|_| !cut.is_empty()) {
            made.values = Some(cut);
        }
    }

    /// Which of these comes first: that which was planned first, unless the plan says something else.
    pub(super) fn first_of(&mut self, order: Vec<String>) -> usize {
        let number = self.made.len();
        let planned = self.plan.iter().find(|(at, _)| *at == number).map_or(0, |(_, option)| *option);
        let taken = planned.min(order.len().saturating_sub(1));
        let options = (0..order.len()).map(Choice::First).collect();
        self.made.push(Made { name: String::new(), options, taken, order, values: None });
        taken
    }

    fn step(&self, key: &AttemptKey) -> (String, Option<&'g Step>) {
        let path = without_items(&key.within.path_to(key.step.clone()));
        let name = format!("{path}{}", if key.undo { ".undo" } else { "" });
        (name, step_at(self.graph, &path))
    }
}

impl Script for Choices<'_> {
    fn attempt(&mut self, spec: &AttemptSpec) -> Result<(u64, Outcome, Json), Stopped> {
        let (name, step) = self.step(&spec.id.key);
        let undo = spec.id.key.undo;
        let made_up = self.made_up;
        let of_step = made_up.steps.get(&name);
        let variants = of_step.map_or(1, OfStep::variants);
        let mut options: Vec<Choice> = (0..variants).map(Choice::Succeed).collect();
        options.push(Choice::Fail(match spec.work {
            Work::Http(_) => FailureKind::HttpStatus,
            _ => FailureKind::Exit,
        }));
        let looks_at_time = |step: &Step| step.goto.iter().any(|goto| goto.on == GotoOn::Timeout);
        options.extend(step.filter(|step| !undo && looks_at_time(step)).map(|_| Choice::Fail(FailureKind::Timeout)));
        let outcome = match self.choose(&name, options) {
            Choice::Fail(kind) => Outcome::Failed { error: failure(kind), result: RawResult::default() },
            Choice::Succeed(variant) => {
                let result = made_up_result(spec, of_step, variant);
                let answered = result.response.as_ref().and_then(|response| response.body.clone());
                let given = result.outputs.iter().map(|(name, value)| format!("{name} = {value}"));
                self.tell_values(given.chain(answered).collect());
                Outcome::Succeeded { result }
            }
            Choice::Approve | Choice::Reject | Choice::Signal | Choice::Nobody | Choice::First(_) => {
                Outcome::Succeeded { result: RawResult::default() }
            }
        };
        let payload = of_step.map(|of_step| of_step.payload.clone()).unwrap_or_default();
        Ok((0, outcome, payload))
    }

    fn child(&mut self, spec: &ChildSpec, _: &dyn Fn() -> Option<String>) -> Result<(u64, ChildFinished), Stopped> {
        let key = spec.parent.key.clone();
        let (name, _) = self.step(&key);
        let (outcome, error) = match self.choose(&name, vec![Choice::Succeed(0), Choice::Fail(FailureKind::Child)]) {
            Choice::Fail(kind) => (RunOutcome::Failed, Some(failure(kind))),
            _ => (RunOutcome::Succeeded, None),
        };
        Ok((0, ChildFinished { key, outcome, began: true, outputs: Map::new(), error }))
    }
}

fn failure(kind: FailureKind) -> Failure {
    let exit_code = (kind == FailureKind::Exit).then_some(1);
    let status = (kind == FailureKind::HttpStatus).then_some(500);
    Failure { exit_code, status, ..Failure::new(kind, "it was tried") }
}

/// What an attempt gives that succeeds, of the values of this number.
pub(crate) fn made_up_result(spec: &AttemptSpec, of_step: Option<&OfStep>, variant: usize) -> RawResult {
    let mut result = RawResult { artifacts: artifacts_of(spec), ..RawResult::default() };
    match &spec.work {
        Work::Http(http) => {
            let status = http.expect_status.first().map_or(200, |range| range.first);
            let answers = of_step.filter(|_| spec.capture.body).map(|of_step| &of_step.answers);
            let json = answers.and_then(|answers| answers.get(variant % answers.len().max(1))).cloned();
            let body = json.as_ref().map(ToString::to_string);
            result.response = Some(HttpResponse { status, body, json, ..HttpResponse::default() });
        }
        _ => {
            result.exit_code = Some(0);
            // Read as a number or as a text.
            result.stdout = spec.capture.stdout.then(|| "1".to_owned());
            result.stderr = spec.capture.stderr.then(String::new);
        }
    }
    for (name, values) in of_step.iter().flat_map(|of_step| &of_step.outputs) {
        result.outputs.insert(name.clone(), values.get(variant % values.len().max(1)).cloned().unwrap_or_default());
    }
    result
}

impl Made {
    /// It is about what comes first, and not about what comes.
    pub(super) fn is_order(&self) -> bool {
        !self.order.is_empty()
    }

    /// What was answered, where it was not the first of the answers.
    pub(super) fn in_words(&self) -> String {
        let name = &self.name;
        match self.options[self.taken] {
            Choice::Succeed(_) if name == INPUTS => self.values.clone().unwrap_or_default(),
            Choice::Succeed(0) => format!("`{name}` succeeds"),
            Choice::Succeed(variant) => match &self.values {
                Some(values) => format!("`{name}` gives {values}"),
                None => format!("`{name}` gives its values number {}", variant + 1),
            },
            Choice::Fail(kind) => format!("`{name}` fails ({kind})"),
            Choice::Approve => format!("`{name}` is approved"),
            Choice::Reject => format!("`{name}` is rejected"),
            Choice::Signal => format!("`{name}` gets its signal"),
            Choice::Nobody => format!("nobody answers `{name}`"),
            Choice::First(which) => match (self.order.get(which), self.order.first()) {
                (Some(taken), Some(usual)) => format!("{taken} before {usual}"),
                _ => String::new(),
            },
        }
    }
}

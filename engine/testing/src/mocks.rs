//! Which mock an attempt has.

use std::collections::BTreeMap;

use loopline_core::command::{AttemptSpec, ChildSpec};
use loopline_core::event::{ChildFinished, RunOutcome};
use loopline_core::graph::Graph;
use loopline_core::id::{AttemptKey, StepPath, Within};
use loopline_core::outcome::Outcome;
use loopline_dsl::diagnostics::Place;
use loopline_dsl::language::testing::{Case, Mock, Mocks as Written, TestFile};
use loopline_dsl::language::{Entries, Item};
use loopline_dsl::{Code, Diagnostic};
use serde_json::{Map, Value as Json};

use crate::outcomes;
use crate::steps::without_items;
use crate::verify::{MadeUp, OfStep, made_up_result};
use crate::world::{Script, Stopped};

/// An attempt that asks what it does.
#[derive(Clone, Copy)]
struct Asked<'k> {
    key: &'k AttemptKey,
    /// What tells its item from the others. Asked for only where a mock names items.
    item_key: &'k dyn Fn() -> Option<String>,
}

/// The mocks of a case, and which visits have asked for theirs.
pub(crate) struct Mocks<'a> {
    case: &'a Case,
    /// Those of the case, then those of all cases.
    books: [BTreeMap<&'a str, &'a Item<Written>>; 2],
    /// Visits of steps in pipelines in place, by the names of the mocks, in the order in which they asked.
    visits: BTreeMap<&'a str, Vec<(Within, u32)>>,
    /// What work gives that no mock stands for; without it there must be one.
    made_up: Option<MadeUp>,
}

impl<'a> Mocks<'a> {
    pub(crate) fn of(file: &'a TestFile, case: &'a Case) -> Self {
        let book = |written: &'a Option<Entries<Written>>| {
            written.iter().flat_map(|mocks| &mocks.0).map(|item| (item.name.as_str(), item)).collect()
        };
        Self { case, books: [book(&case.mock), book(&file.mock)], visits: BTreeMap::new(), made_up: None }
    }

    /// Lets work succeed that no mock stands for.
    pub(crate) fn make_up(&mut self, graph: &Graph) {
        self.made_up = Some(MadeUp::of(graph, &Map::new()));
    }

    /// What is made up for an attempt that no mock stands for.
    fn made_up(&self, key: &AttemptKey) -> Option<Option<&OfStep>> {
        let path = key.within.path_to(key.step.clone());
        let made_up = self.made_up.as_ref().filter(|_| self.find(&path, key.undo).is_none())?;
        Some(made_up.steps.get(&without_items(&path).to_string()).filter(|_| !key.undo))
    }

    /// What the attempt does; or that nobody has said it.
    fn of_attempt(&mut self, asked: Asked<'_>) -> Result<&'a Mock, Stopped> {
        let key = asked.key;
        let path = key.within.path_to(key.step.clone());
        let Some(item) = self.find(&path, key.undo) else { return Err(self.unmocked(&path, key)) };
        let mock = match &item.value {
            Some(Written::EveryVisit(mock)) => mock,
            Some(Written::ByVisit(all)) => {
                let visit = self.number_of_visit(item, key);
                all.get(visit as usize - 1).ok_or_else(|| used_up(item, "visit", visit, all.len()))?
            }
            // A checked file has none.
            None => return Err(self.unmocked(&path, key)),
        };
        let mock = of_item(mock, asked);
        match &mock.attempts {
            None => Ok(mock),
            Some(all) => {
                let of_attempt = all.get(key.attempt as usize - 1);
                of_attempt.ok_or_else(|| used_up(item, "attempt", key.attempt, all.len()))
            }
        }
    }

    fn find(&self, path: &StepPath, undo: bool) -> Option<&'a Item<Written>> {
        let undo = if undo { ".undo" } else { "" };
        let (exact, plain) = (format!("{path}{undo}"), format!("{}{undo}", without_items(path)));
        let in_book = |book: &BTreeMap<&str, &'a Item<Written>>| {
            book.get(exact.as_str()).or_else(|| book.get(plain.as_str())).copied()
        };
        self.books.iter().find_map(in_book)
    }

    /// Visits of a step of the run are counted by the engine. In a pipeline in place they begin anew with each attempt at it,
    /// so there they are counted in the order in which they start.
    fn number_of_visit(&mut self, item: &'a Item<Written>, key: &AttemptKey) -> u32 {
        if key.within.is_empty() {
            return key.visit;
        }
        let visits = self.visits.entry(&item.name).or_default();
        let found = visits.iter().position(|(within, visit)| *within == key.within && *visit == key.visit);
        let at = found.unwrap_or_else(|| {
            visits.push((key.within.clone(), key.visit));
            visits.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX - 1) + 1
    }

    fn unmocked(&self, path: &StepPath, key: &AttemptKey) -> Stopped {
        let undo = if key.undo { ".undo" } else { "" };
        let name = format!("{}{undo}", without_items(path));
        let message = match key.visit {
            1 => format!("`{name}` starts, and no mock says what it does"),
            visit => format!("`{name}` starts visit {visit}, and no mock says what it does"),
        };
        let place = Place::Key(self.case.given.at("mock").unwrap_or(&self.case.at).clone());
        let help = format!("add one: `mock: {{{name}: {{}}}}` succeeds at once");
        Box::new(Diagnostic::new(Code::StepWithoutMock, place, message).help(help))
    }
}

impl Script for Mocks<'_> {
    fn attempt(&mut self, spec: &AttemptSpec) -> Result<(u64, Outcome, Json), Stopped> {
        if let Some(of_step) = self.made_up(&spec.id.key) {
            let payload = of_step.map(|of_step| of_step.payload.clone()).unwrap_or_default();
            return Ok((0, Outcome::Succeeded { result: made_up_result(spec, of_step, 0) }, payload));
        }
        let mock = self.of_attempt(Asked { key: &spec.id.key, item_key: &|| spec.item_key.clone() })?;
        let (after_ms, outcome) = outcomes::of_attempt(mock, spec);
        let payload = mock.payload.as_ref().map(|payload| payload.0.value.clone()).unwrap_or_default();
        Ok((after_ms, outcome, payload))
    }

    fn child(
        &mut self,
        spec: &ChildSpec,
        item_key: &dyn Fn() -> Option<String>,
    ) -> Result<(u64, ChildFinished), Stopped> {
        let key = &spec.parent.key;
        if self.made_up(key).is_some() {
            let outputs = Map::new();
            let key = key.clone();
            return Ok((0, ChildFinished { key, outcome: RunOutcome::Succeeded, began: true, outputs, error: None }));
        }
        let mock = self.of_attempt(Asked { key, item_key })?;
        Ok(outcomes::of_child(mock, key.clone()))
    }
}

/// What a single item does, where the mock says so.
fn of_item<'a>(mock: &'a Mock, asked: Asked<'_>) -> &'a Mock {
    let (Some(items), Some(index)) = (&mock.items, asked.key.item) else { return mock };
    let named = |name: &str| items.0.iter().find(|item| item.name == name).and_then(|item| item.value.as_ref());
    let by_key = (asked.item_key)().and_then(|key| named(&key));
    by_key.or_else(|| named(&index.to_string())).unwrap_or(mock)
}

fn used_up(item: &Item<Written>, what: &str, number: u32, there_are: usize) -> Stopped {
    let name = &item.name;
    let count = if there_are == 1 { format!("1 {what}") } else { format!("{there_are} {what}s") };
    let message = format!("`{name}` starts {what} {number}, and its mock says what {count} would do");
    let help = match what {
        "visit" => "add one to the list; a mapping instead of the list holds for every visit",
        _ => "add one to `attempts`; without `attempts` the mock holds for each of them",
    };
    Box::new(Diagnostic::new(Code::MockUsedUp, Place::Key(item.at.clone()), message).help(help))
}

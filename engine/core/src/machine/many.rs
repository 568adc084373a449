//! `foreach` and `matrix`: one step, many times (rule M1).
//!
//! Items live inside the step's state. An event about one of them costs that item alone, however many there are: the counts
//! kept here say whether another one may begin and whether the last has ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::apply::Fold;
use super::end::{Ended, Inside};
use super::scope::error_json;
use super::state::{AttemptRef, RunState, St, Told, Unit, Wait};
use crate::expr::{Cel, ExprError};
use crate::graph::{ItemList, Items, Many, Part};
use crate::id::StepIx;
use crate::outcome::{ArtifactRef, Failure, FailureKind};
use crate::time::Timestamp;

mod matrix;

/// What `key` gives may not be longer.
const LONGEST_KEY: usize = 256;

/// The items of a step in one visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ItemsState {
    /// In the order of the list.
    pub(super) items: Vec<ItemState>,
    /// Items before this one have begun.
    pub(super) next: u32,
    /// Items that have begun and not ended.
    pub(super) open: u32,
    /// Items that failed.
    pub(super) failed: u32,
    /// No further item begins.
    pub(super) closed: bool,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ItemState {
    pub(super) value: Json,
    /// What tells it from the others, where the step says so.
    pub(super) key: Option<String>,
    pub(super) st: St,
    /// The earlier visit whose result it keeps, since others were done again without it.
    pub(super) kept_from: Option<u32>,
    /// The latest attempt.
    pub(super) attempt: u32,
    pub(super) wait: Option<Wait>,
    pub(super) outputs: Arc<Map<String, Json>>,
    pub(super) artifacts: BTreeMap<String, ArtifactRef>,
    #[serde(default, skip_serializing_if = "Told::is_nothing")]
    pub(super) told: Told,
    pub(super) error: Option<Failure>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    /// The pipeline in place as its latest attempt left it.
    pub(super) child: Option<Arc<RunState>>,
}

/// Items that are done again by hand; the others keep what they came to (rule G8).
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ItemsAgain {
    /// The list as it was left.
    left: Arc<ItemsState>,
    /// By which visit.
    visit: u32,
    pub(super) items: BTreeSet<u32>,
}

impl ItemState {
    fn new(value: Json, key: Option<String>) -> Self {
        Self {
            value,
            key,
            st: St::Pending,
            kept_from: None,
            attempt: 0,
            wait: None,
            outputs: Arc::default(),
            artifacts: BTreeMap::new(),
            told: Told::default(),
            error: None,
            started_at: None,
            finished_at: None,
            child: None,
        }
    }
}

impl ItemsState {
    fn end(&mut self, item: u32, st: St, error: Option<Failure>, at: Timestamp) {
        let ended = &mut self.items[item as usize];
        (ended.st, ended.error, ended.finished_at) = (st, error, Some(at));
        self.open -= 1;
        self.failed += u32::from(st == St::Failed);
    }

    /// Items that keep their results do not begin.
    fn pass_kept(&mut self) {
        while self.items.get(self.next as usize).is_some_and(|item| item.st.is_decided()) {
            self.next += 1;
        }
    }

    fn is_over(&self) -> bool {
        self.open == 0 && (self.closed || self.next as usize == self.items.len())
    }

    /// What the end of all items means for the step. It does not depend on the order in which they ended.
    fn conclude(&self, tolerate: u32) -> (St, Option<Failure>) {
        let mut failed = self.items.iter().enumerate().filter(|(_, item)| item.st == St::Failed);
        if self.failed > tolerate
            && let Some((at, first)) = failed.next()
        {
            let failure = first.error.clone().expect("an item that failed says why");
            let name = first.key.clone().unwrap_or_else(|| at.to_string());
            let (failed, all) = (self.failed, self.items.len());
            let message = format!("{failed} of {all} items failed; the first of them, {name}: {}", failure.message);
            return (St::Failed, Some(Failure { message, cause: Some(Box::new(failure.clone())), ..failure }));
        }
        let ended = |item: &ItemState| matches!(item.st, St::Succeeded | St::Failed);
        (if self.items.iter().all(ended) { St::Succeeded } else { St::Cancelled }, None)
    }

    /// `items` and `errors`, each as long as the list; null where an item has none.
    fn outputs(&self) -> Map<String, Json> {
        let given = |item: &ItemState| match item.st {
            St::Succeeded => Json::Object((*item.outputs).clone()),
            _ => Json::Null,
        };
        Map::from_iter([
            ("items".to_owned(), self.items.iter().map(given).collect()),
            ("errors".to_owned(), self.items.iter().map(|item| error_json(item.st, item.error.as_ref())).collect()),
        ])
    }
}

impl RunState {
    /// The item in the current visit.
    pub(super) fn item(&self, unit: Unit) -> Option<&ItemState> {
        self.steps[unit.step.get()].many.as_ref()?.items.get(unit.item? as usize)
    }

    /// What `item` is.
    pub(super) fn item_value(&self, unit: Unit) -> Json {
        self.item(unit).map_or(Json::Null, |item| item.value.clone())
    }
}

impl Fold<'_> {
    /// Makes the list, or takes up the one before, and starts as many items as may run at the same time.
    pub(super) fn start_items(&mut self, ix: StepIx, many: &Many) {
        let items = match self.touch(ix).again.take() {
            Some(again) => self.take_up_items(ix, &again),
            None => match self.make_items(ix, many) {
                Ok(items) => items,
                Err(failure) => return self.end_failed(ix, failure),
            },
        };
        let failed = items.iter().filter(|item| item.st == St::Failed).count() as u32;
        let state = ItemsState { items, next: 0, open: 0, failed, closed: false };
        self.applied.listed.push(ix);
        self.touch(ix).many = Some(Arc::new(state));
        self.advance_items(ix);
    }

    /// The list of the visit before. What was noted of the items that are kept counts as done in this visit.
    fn take_up_items(&mut self, ix: StepIx, again: &ItemsAgain) -> Vec<ItemState> {
        let visit = self.state.steps[ix.get()].visit;
        let is_kept = |item: Option<u32>| item.is_some_and(|item| !again.items.contains(&item));
        for done in self.state.done.iter_mut().filter(|done| done.unit.step == ix && done.counts_in == again.visit) {
            if is_kept(done.unit.item) {
                done.counts_in = visit;
            }
        }
        let take_up = |(at, item): (u32, &ItemState)| match is_kept(Some(at)) {
            true => ItemState { kept_from: item.kept_from.or(Some(again.visit)), ..item.clone() },
            false => ItemState::new(item.value.clone(), item.key.clone()),
        };
        (0..).zip(&again.left.items).map(take_up).collect()
    }

    /// What a rerun of some of its items needs to know once the step is re-opened; none before it has items.
    pub(super) fn items_again(&self, ix: StepIx, items: BTreeSet<u32>) -> Option<Arc<ItemsAgain>> {
        let step = &self.state.steps[ix.get()];
        let (left, visit) = match (&step.many, &step.again) {
            (Some(many), _) => (Arc::clone(many), step.visit),
            (None, Some(before)) => (Arc::clone(&before.left), before.visit),
            (None, None) => return None,
        };
        Some(Arc::new(ItemsAgain { left, visit, items }))
    }

    fn make_items(&self, ix: StepIx, many: &Many) -> Result<Vec<ItemState>, Failure> {
        let values = match &many.items {
            Items::List(list) => self.list(ix, list, "foreach.items")?,
            Items::Matrix { axes, include, exclude } => {
                let list = |(name, list)| Ok((name, self.list(ix, list, &format!("matrix.axes.{name}"))?));
                let axes = axes.iter().map(list).collect::<Result<Vec<(&String, Vec<Json>)>, Failure>>()?;
                matrix::combinations(&axes, include, exclude).ok_or_else(|| {
                    let most = matrix::MOST_COMBINATIONS;
                    let message = format!("`matrix` has more than {most} combinations, before `exclude`");
                    Failure::new(FailureKind::Contract, message)
                })?
            }
        };
        let most = self.graph.max_items;
        if values.len() > most as usize {
            let count = values.len();
            let message = format!("{count} items are more than `limits.items` allows, which is {most}");
            return Err(Failure::new(FailureKind::Contract, message));
        }
        let Some(key) = &many.key else {
            return Ok(values.into_iter().map(|value| ItemState::new(value, None)).collect());
        };
        let mut seen = BTreeSet::new();
        let mut items = Vec::with_capacity(values.len());
        for value in values {
            let name = self.key_of_item(ix, many, key, &value)?;
            if !seen.insert(name.clone()) {
                let message = format!("`foreach.key` tells items apart, and two of them have the key `{name}`");
                return Err(Failure::new(FailureKind::Contract, message));
            }
            items.push(ItemState::new(value, Some(name)));
        }
        Ok(items)
    }

    fn list(&self, ix: StepIx, list: &ItemList, what: &str) -> Result<Vec<Json>, Failure> {
        let failed = |kind| move |error: ExprError| Failure::new(kind, format!("`{what}`: {error}"));
        let value = match list {
            ItemList::Cel(cel) => cel
                .references()
                .and_then(|references| cel.eval(&self.scope_of_step(ix, Part::Many, &references)))
                .map_err(failed(FailureKind::Condition))?,
            ItemList::Template(value) => value
                .references()
                .and_then(|references| value.render(&self.scope_of_step(ix, Part::Many, &references)))
                .map_err(failed(FailureKind::Template))?,
        };
        match value {
            Json::Array(values) => Ok(values),
            other => {
                let message = format!("`{what}` is {}, not a list", kind_of(&other));
                Err(Failure::new(FailureKind::Contract, message))
            }
        }
    }

    fn key_of_item(&self, ix: StepIx, many: &Many, key: &Cel, item: &Json) -> Result<String, Failure> {
        let value = key
            .references()
            .and_then(|references| {
                let mut scope = self.scope_of_step(ix, Part::Many, &references);
                for name in ["item"].into_iter().chain(many.alias.as_deref()) {
                    scope.insert(name.to_owned(), item.clone());
                }
                key.eval(&scope)
            })
            .map_err(|error| Failure::new(FailureKind::Condition, format!("`foreach.key`: {error}")))?;
        match value {
            // It stands in environments, logs and on pages.
            Json::String(text) if text.len() > LONGEST_KEY || text.chars().any(char::is_control) => {
                let message = format!("`foreach.key` gives more than {LONGEST_KEY} bytes, or something not printable");
                Err(Failure::new(FailureKind::Contract, message))
            }
            Json::String(text) => Ok(text),
            Json::Number(_) | Json::Bool(_) => Ok(value.to_string()),
            other => {
                let message = format!("`foreach.key` is {}, not a text or a number", kind_of(&other));
                Err(Failure::new(FailureKind::Contract, message))
            }
        }
    }

    /// Starts items while some may begin, and ends the step when the last has ended. To be called whenever either may have
    /// changed; it asks only counts, so that it is cheap when neither has.
    pub(super) fn advance_items(&mut self, ix: StepIx) {
        let Some(spec) = &self.graph.step(ix).many else { return };
        while self.state.steps[ix.get()].st == St::Running {
            let may_begin = self.state.stop.is_none() && !self.is_paused();
            let at = self.at;
            let Some(many) = self.many_mut(ix) else { return };
            many.pass_kept();
            if many.is_over() {
                return self.end_many(ix, spec);
            }
            let full = spec.max_parallel.is_some_and(|most| many.open >= most);
            if !may_begin || full || many.closed || many.next as usize == many.items.len() {
                return;
            }
            let item = many.next;
            many.next += 1;
            many.open += 1;
            let begun = &mut many.items[item as usize];
            begun.st = St::Running;
            begun.started_at = Some(at);
            self.touched_items.insert((ix, item));
            self.act_when_locked(Unit { step: ix, item: Some(item) });
        }
    }

    /// The last attempt at an item has ended, and it decides. The caller goes on with [`Self::advance_items`].
    pub(super) fn item_ended(&mut self, unit: Unit, outcome: Ended) {
        let (ix, at) = (unit.step, self.at);
        let Some(spec) = &self.graph.step(ix).many else { return };
        let (Some(item), Some(many)) = (unit.item, self.many_mut(ix)) else { return };
        let (st, error) = match outcome {
            Ended::Succeeded => (St::Succeeded, None),
            Ended::Failed(failure) => (St::Failed, Some(failure)),
        };
        many.end(item, st, error, at);
        if st == St::Succeeded {
            self.note_done(unit, self.state.steps[ix.get()].visit, None);
        }
        let Some(many) = self.many_mut(ix) else { return };
        // Those that failed before and are kept end nothing by themselves.
        let enough = spec.fail_fast && st == St::Failed && many.failed > spec.tolerate && !many.closed;
        self.touch_unit(unit);
        if enough {
            self.end_items_early(ix);
        }
    }

    /// The end of an attempt at an item that was asked to end, or whose visit is past.
    pub(super) fn past_item_ended(
        &mut self,
        at: AttemptRef,
        item: u32,
        st: St,
        error: Option<Failure>,
        outputs: Map<String, Json>,
    ) {
        let now = self.at;
        let Some(spec) = &self.graph.step(at.step).many else { return };
        let step = &mut self.state.steps[at.step.get()];
        if step.visit == at.visit {
            if let Some(many) = self.many_mut(at.step) {
                many.end(item, st, error, now);
            }
            return self.touch_unit(at.unit());
        }
        let Some(past) = step.past.iter_mut().find(|past| past.visit == at.visit) else { return };
        let Some(many) = past.many.as_mut().map(Arc::make_mut) else { return };
        many.end(item, st, error, now);
        many.items[item as usize].outputs = Arc::new(outputs);
        if many.open == 0 {
            let ((st, error), outputs) = (many.conclude(spec.tolerate), many.outputs());
            past.many = None;
            self.note_past(at, st, error, outputs);
        }
    }

    /// `fail_fast`: what runs is ended, or let end, and what has not begun does not begin.
    fn end_items_early(&mut self, ix: StepIx) {
        self.close_items(ix);
        let first = AttemptRef { step: ix, item: None, visit: 0, attempt: 0, undo: false };
        let of_step = self.state.live.range(first..).map(|(at, _)| *at).take_while(|at| at.step == ix);
        for at in of_step.collect::<Vec<_>>() {
            self.make_past(at, !self.graph.step(ix).interruptible, Inside::AsItSays);
        }
    }

    /// Closes items that have not begun or wait for another attempt; what lives is the caller's.
    pub(super) fn close_items(&mut self, ix: StepIx) {
        let Some(many) = &self.state.steps[ix.get()].many else { return };
        if many.closed || self.state.steps[ix.get()].st != St::Running {
            return;
        }
        let idle = |(at, item): (usize, &ItemState)| {
            (item.st == St::Pending || item.wait.is_some()).then_some(Unit { step: ix, item: Some(at as u32) })
        };
        let idle: Vec<Unit> = many.items.iter().enumerate().filter_map(idle).collect();
        for unit in idle {
            self.close_wait(unit);
            self.touch_unit(unit);
            let at = self.at;
            let (Some(item), Some(many)) = (unit.item, self.many_mut(ix)) else { continue };
            if item >= many.next {
                many.open += 1;
            }
            many.end(item, St::Cancelled, None, at);
        }
        if let Some(many) = self.many_mut(ix) {
            many.next = many.items.len() as u32;
            many.closed = true;
        }
    }

    /// How a visit that a re-open closes has ended, when none of its items lives.
    pub(super) fn items_concluded(&self, ix: StepIx) -> Option<(St, Option<Failure>, Map<String, Json>)> {
        let spec = self.graph.step(ix).many.as_ref()?;
        let step = &self.state.steps[ix.get()];
        let many = step.many.as_ref().filter(|many| step.st == St::Running && many.open == 0)?;
        let (st, error) = many.conclude(spec.tolerate);
        Some((st, error, many.outputs()))
    }

    fn end_many(&mut self, ix: StepIx, spec: &Many) {
        let Some(many) = &self.state.steps[ix.get()].many else { return };
        let ((st, error), outputs) = (many.conclude(spec.tolerate), many.outputs());
        self.touch(ix).outputs = Arc::new(outputs);
        match (st, error) {
            (St::Succeeded, _) => self.end(ix, Ended::Succeeded),
            (_, Some(failure)) => self.end_failed(ix, failure),
            (st, None) => self.stopped_step_ended(ix, st, None),
        }
    }

    fn many_mut(&mut self, ix: StepIx) -> Option<&mut ItemsState> {
        self.state.steps[ix.get()].many.as_mut().map(Arc::make_mut)
    }

    /// The item in the current visit, to be changed.
    pub(super) fn item_mut(&mut self, unit: Unit) -> Option<&mut ItemState> {
        let item = unit.item?;
        self.touch_unit(unit);
        self.many_mut(unit.step)?.items.get_mut(item as usize)
    }
}

fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a mapping",
    }
}

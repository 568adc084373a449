//! M1: one step, many items. Each item has its own attempts; the step ends when the last item has.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::expr::{ExprError, Reference, Scope};
use loopline_core::graph::{ItemList, Items, Many};
use loopline_core::id::StepIx;
use loopline_core::outcome::{Failure, FailureKind};
use serde_json::{Map, Value as Json, json};

use super::end::Ended;
use super::state::{Item, Outputs, Past, St, State, What};

impl State<'_> {
    /// No item: a success with an empty list. Not a list, too many, or two with one key: kind `contract`.
    pub fn start_many(&mut self, x: StepIx, many: &Many) {
        let items = match self.at_mut(x).again.take() {
            Some(again) => Ok(self.items_as_before(x, &again)),
            None => self.items(x, many).map(|values| values.into_iter().map(Item::new).collect()),
        };
        match items {
            Err(failure) => self.end(x, Ended::failed(failure)),
            Ok(items) => {
                self.at_mut(x).items = items;
                self.begin_items(x, many);
                self.end_many(x, many);
            }
        }
    }

    /// The newest list that the step had. Only `again` is done again: the others are as they were, and what of them can be
    /// undone counts as of this visit.
    fn items_as_before(&mut self, x: StepIx, again: &BTreeSet<u32>) -> Vec<Item> {
        let visit = self.at(x).vis;
        let before = self.at(x).archive.iter().rev().find(|past| !past.items.is_empty()).expect("it had items").clone();
        for done in self.done.iter_mut().filter(|done| done.step == x && done.of_visit == before.visit) {
            if done.item.is_some_and(|item| !again.contains(&item)) {
                done.of_visit = visit;
            }
        }
        let one = |(at, item): (u32, Item)| match again.contains(&at) {
            true => Item::new(item.value),
            false => Item { kept_from: Some(item.kept_from.unwrap_or(before.visit)), ..item },
        };
        (0..).zip(before.items).map(one).collect()
    }

    /// In the order of the list, as many as may run side by side. One that waits for its retry keeps its place.
    fn begin_items(&mut self, x: StepIx, many: &Many) {
        let visit = self.at(x).vis;
        loop {
            let step = self.at(x);
            let running = step.items.iter().filter(|item| item.st == St::Running).count();
            let room = many.max_parallel.is_none_or(|most| running < most as usize);
            let next = step.items.iter().position(|item| item.st == St::Pending);
            let Some(at) = next.filter(|_| room && step.st == St::Running && step.vis == visit) else { return };
            // A pause begins no item.
            if self.world.pause.is_some() || self.stop.is_some() {
                return;
            }
            self.at_mut(x).items[at].st = St::Running;
            self.start_attempt(x, Some(at as u32), 1);
        }
    }

    /// An item of the current visit has ended.
    pub fn item_ended(&mut self, x: StepIx, at: u32, o: Ended) {
        let graph = self.graph;
        let many = graph.step(x).many.as_ref().expect("only such a step has items");
        let item = &mut self.at_mut(x).items[at as usize];
        let attempt = item.attempt;
        (item.st, item.err, item.outputs) = (o.st, o.err, o.outputs.clone());
        if o.st == St::Succeeded {
            self.note_done((x, Some(at)), self.at(x).vis, attempt, &o.outputs);
        }
        if many.fail_fast
            && o.st == St::Failed
            && !self.at(x).items_closed
            && self.failed_items(x) > many.tolerate as usize
        {
            self.end_other_items(x);
        }
        self.begin_items(x, many);
        self.end_many(x, many);
    }

    /// Items that begin when there is room again: after a resume.
    pub fn begin_all_items(&mut self) {
        for x in self.order.clone() {
            let graph = self.graph;
            if let Some(many) = graph.step(x).many.as_ref().filter(|_| self.at(x).st == St::Running) {
                self.begin_items(x, many);
                self.end_many(x, many);
            }
        }
    }

    fn failed_items(&self, x: StepIx) -> usize {
        self.at(x).items.iter().filter(|item| item.st == St::Failed).count()
    }

    /// `fail_fast`: what runs is asked to end, or let end, and waited for; what waits or has not begun is cancelled.
    fn end_other_items(&mut self, x: StepIx) {
        self.at_mut(x).items_closed = true;
        let visit = self.at(x).vis;
        let interruptible = self.graph.step(x).interruptible;
        let mut closed = BTreeSet::new();
        let mut children = Vec::new();
        for live in std::mem::take(&mut self.live) {
            let here = live.step == x && live.visit == visit && live.past == Past::No;
            match &live.what {
                What::BackOff { key, .. } if here => {
                    closed.extend(key.item);
                    if let Some(timer) = live.timer(self) {
                        self.clear_timer(&timer);
                    }
                    continue;
                }
                What::Attempt { key, begun } if here && (interruptible || !begun) => {
                    self.world.asked_to_end.insert(key.clone());
                }
                What::Child { key, .. } if here && interruptible => children.push(key.clone()),
                _ => {}
            }
            self.live.push(live);
        }
        for (at, item) in self.at_mut(x).items.iter_mut().enumerate() {
            if item.st == St::Pending || closed.contains(&(at as u32)) {
                item.st = St::Cancelled;
            }
        }
        self.end_children(children, true);
    }

    /// END, when every item has ended.
    fn end_many(&mut self, x: StepIx, many: &Many) {
        let step = self.at(x);
        if step.st != St::Running || step.items.iter().any(|item| matches!(item.st, St::Pending | St::Running)) {
            return;
        }
        let ended = concluded(&step.items, many);
        self.end(x, ended);
    }

    fn items(&self, x: StepIx, many: &Many) -> Result<Vec<Json>, Failure> {
        let contract = |message: &str| Failure::new(FailureKind::Contract, message);
        let values = match &many.items {
            Items::List(list) => self.list(x, list)?,
            Items::Matrix { axes, include, exclude } => {
                let mut lists = BTreeMap::new();
                for (axis, list) in axes {
                    lists.insert(axis.clone(), self.list(x, list)?);
                }
                combinations(&lists, include, exclude)
            }
        };
        if values.len() > self.graph.max_items as usize {
            return Err(contract("there are too many items"));
        }
        let mut keys = BTreeSet::new();
        for value in many.key.iter().flat_map(|key| values.iter().map(move |value| (key, value))) {
            let (key, value) = value;
            let mut scope = self.scope(x, key.references());
            put_item(&mut scope, many, value);
            let told = key.eval(&scope).map_err(|error| Failure::new(FailureKind::Condition, error.message))?;
            if !keys.insert(told.to_string()) {
                return Err(contract("two items have the same key"));
            }
        }
        Ok(values)
    }

    fn list(&self, x: StepIx, list: &ItemList) -> Result<Vec<Json>, Failure> {
        let value = match list {
            ItemList::Cel(cel) => {
                let value = cel.eval(&self.scope(x, cel.references()));
                value.map_err(|error| Failure::new(FailureKind::Condition, error.message))?
            }
            ItemList::Template(template) => {
                let value = template.render(&self.scope(x, template.references()));
                value.map_err(|error| Failure::new(FailureKind::Template, error.message))?
            }
        };
        match value {
            Json::Array(values) => Ok(values),
            _ => Err(Failure::new(FailureKind::Contract, "what the items are is not a list")),
        }
    }

    /// The names of one execution: those of the step, and `item`, under its own name too.
    pub fn scope_of_item(
        &self,
        (x, item): (StepIx, Option<u32>),
        visit: u32,
        attempt: u32,
        reads: Result<Vec<Reference>, ExprError>,
    ) -> Scope {
        let mut scope = self.scope_of(x, visit, attempt, reads);
        if let (Some(many), Some(at)) = (&self.graph.step(x).many, item) {
            let step = self.at(x);
            let past = step.archive.iter().find(|past| past.visit == visit);
            let items = past.map_or(&step.items, |past| &past.items);
            put_item(&mut scope, many, &items[at as usize].value);
        }
        scope
    }
}

fn put_item(scope: &mut Scope, many: &Many, value: &Json) {
    for name in ["item"].into_iter().chain(many.alias.as_deref()) {
        scope.insert(name.to_owned(), value.clone());
    }
}

/// How a step with items ended, once all of them have: more failures than are tolerated fail it, whatever became of the
/// others. The error is that of the first in the list, which is also its cause.
pub fn concluded(items: &[Item], many: &Many) -> Ended {
    let failed: Vec<&Failure> =
        items.iter().filter(|item| item.st == St::Failed).filter_map(|item| item.err.as_ref()).collect();
    let ended = match failed.first() {
        Some(&first) if failed.len() > many.tolerate as usize => {
            Ended::failed(Failure { cause: Some(Box::new(first.clone())), ..first.clone() })
        }
        _ if items.iter().any(|item| item.st == St::Cancelled) => Ended::cancelled(Outputs::new()),
        _ => Ended::succeeded(Outputs::new()),
    };
    ended.with(given(items))
}

/// What the items gave, in the order of the list; null where one failed, with `errors`.
pub fn given(items: &[Item]) -> Outputs {
    let each =
        |tell: &dyn Fn(&Item) -> Option<Json>| items.iter().map(|item| tell(item).unwrap_or(Json::Null)).collect();
    let outputs = each(&|item| (item.st == St::Succeeded).then(|| Json::Object(item.outputs.clone())));
    // All names of `error` are there, null where they make no sense.
    let errors = each(&|item| {
        let e = item.err.as_ref()?;
        Some(json!({
            "kind": e.kind, "message": e.message, "exit_code": e.exit_code, "signal": e.signal, "status": e.status,
            "tail": e.tail, "cause": e.cause,
        }))
    });
    Outputs::from_iter([("items".to_owned(), Json::Array(outputs)), ("errors".to_owned(), Json::Array(errors))])
}

/// GitHub's rules: `exclude` first. Then an entry of `include` adds to each combination that agrees with what it says of
/// the axes; one that agrees with none, or says nothing else, is a combination of its own.
pub fn combinations(
    axes: &BTreeMap<String, Vec<Json>>,
    include: &[BTreeMap<String, Json>],
    exclude: &[BTreeMap<String, Json>],
) -> Vec<Json> {
    let mut all = vec![Map::new()];
    for (axis, values) in axes {
        let longer = |one: &Map<String, Json>, value: &Json| {
            let mut one = one.clone();
            one.insert(axis.clone(), value.clone());
            one
        };
        all = all.iter().flat_map(|one| values.iter().map(move |value| longer(one, value))).collect();
    }
    if axes.is_empty() {
        all.clear();
    }
    all.retain(|one| !exclude.iter().any(|out| out.iter().all(|(name, value)| one.get(name) == Some(value))));
    let drawn = all.clone();
    for entry in include {
        let mut added = false;
        for (at, original) in drawn.iter().enumerate() {
            let agrees =
                |(name, value): (&String, &Json)| !axes.contains_key(name) || original.get(name) == Some(value);
            if entry.iter().all(agrees) {
                all[at].extend(entry.iter().map(|(name, value)| (name.clone(), value.clone())));
                added = true;
            }
        }
        if !added {
            all.push(entry.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
        }
    }
    all.into_iter().map(Json::Object).collect()
}

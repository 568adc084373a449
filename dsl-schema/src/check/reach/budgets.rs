//! Budgets of loops: what they come to where loops stand in each other, and loops that spin.
//!
//! G4: the count of a loop starts anew when one that encloses it fires. So it fires at most `max · (1 + firings of its
//! enclosers)` times, and a step is visited at most once more than the loops fire that re-open it. Two things keep that from
//! claiming more than can be. An encloser that cannot fire any more once the inner loop has begun refills nothing: its source
//! has ended for certain when the inner `to` and source are judged, and only what re-opens both makes it fire again. And a
//! firing costs a visit only of a step that had begun, which one that waits for the source of the firing had not.

use std::cmp::Reverse;

use loopline_core::graph::DEFAULT_MAX_VISITS;

use super::settled::Settled;
use crate::check::flow::Flow;
use crate::check::loops::Unpaused;
use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::model::{Loop, Model};

/// Pairs of loops that are looked at. A file with more is left without this warning rather than made to wait.
const MAX_PAIRS: usize = 1_500_000;

/// A loop that fires more often than this without a pause is taken for one that spins.
const MANY_ROUNDS: u32 = 100;

/// Of the loops around one so many are shown.
const MOST_SHOWN: usize = 20;

/// The highest value of `limits.visits`.
const MOST_VISITS: u128 = 1_000_000;

/// A loop edge that leads back, and has a bound or none.
struct Entry<'a> {
    from: usize,
    to: usize,
    edge: &'a Loop<'a>,
    /// None: no bound.
    max: Option<u32>,
}

/// How often a loop edge may fire in a run.
struct Firings {
    /// None: there is no bound.
    times: Option<u128>,
    /// The loops that refill its budget, outermost first.
    enclosers: Vec<usize>,
}

pub(super) fn check(model: &Model<'_>, flow: &Flow, settled: &Settled<'_>, cx: &mut Cx) {
    let entries = entries(model, flow);
    let mut by_source: Vec<_> = entries.iter().collect();
    by_source.sort_by_key(|entry| entry.from);
    let mut unpaused = Unpaused::new(model);
    for entry in by_source {
        spins(model, &mut unpaused, entry, cx);
    }
    if entries.len() * entries.len() > MAX_PAIRS {
        return;
    }
    let loops = Loops::of(entries, flow, settled);
    let too_many: Vec<Option<u128>> = (0..loops.entries.len()).map(|at| loops.too_many(at, limit(model))).collect();
    // One report where it begins, at the innermost loops.
    let mut encloses_another = vec![false; loops.entries.len()];
    for (inner, _) in loops.firings.iter().zip(&too_many).filter(|(_, visits)| visits.is_some()) {
        inner.enclosers.iter().for_each(|outer| encloses_another[*outer] = true);
    }
    for (at, visits) in too_many.into_iter().enumerate() {
        if let (Some(visits), false) = (visits, encloses_another[at]) {
            cx.report(beyond_limit(model, &loops, at, visits));
        }
    }
}

/// How many visits a step may have in one epoch.
fn limit(model: &Model<'_>) -> u32 {
    let said = model.pipeline.limits.as_ref().and_then(|limits| limits.visits.as_ref());
    said.map_or(DEFAULT_MAX_VISITS, |visits| visits.0.value)
}

/// Enclosing ones before those that they enclose.
fn entries<'a>(model: &'a Model<'a>, flow: &Flow) -> Vec<Entry<'a>> {
    let mut place = vec![0; model.steps.len()];
    for (index, at) in flow.order.iter().enumerate() {
        place[*at] = index;
    }
    let mut entries: Vec<Entry<'a>> = Vec::new();
    for (from, step) in model.steps.iter().enumerate() {
        for edge in &step.gotos {
            if let (Some(to), Some(max)) = (edge.target().filter(|to| flow.leads(*to, from)), edge.max) {
                entries.push(Entry { from, to, edge, max: max.times });
            }
        }
    }
    entries.sort_by_key(|entry| (place[entry.to], Reverse(place[entry.from])));
    entries
}

/// The loop edges of a file, and how often each fires.
pub(super) struct Loops<'a> {
    flow: &'a Flow,
    settled: &'a Settled<'a>,
    entries: Vec<Entry<'a>>,
    firings: Vec<Firings>,
}

impl<'a> Loops<'a> {
    fn of(entries: Vec<Entry<'a>>, flow: &'a Flow, settled: &'a Settled<'a>) -> Self {
        let mut loops = Self { flow, settled, firings: Vec::with_capacity(entries.len()), entries };
        for at in 0..loops.entries.len() {
            let firings = loops.firings_of(at);
            loops.firings.push(firings);
        }
        loops
    }

    /// Of one entry; those before it are known.
    fn firings_of(&self, at: usize) -> Firings {
        let inner = &self.entries[at];
        let is_over = |outer: &Entry<'_>| {
            self.settled.contains(inner.to, outer.from) && self.settled.contains(inner.from, outer.from)
        };
        let refills = |outer: &usize| self.encloses(&self.entries[*outer], inner) && !is_over(&self.entries[*outer]);
        let enclosers: Vec<usize> = (0..at).filter(refills).collect();
        let mut filled = enclosers.iter().map(|outer| self.firings[*outer].times);
        let filled = filled.try_fold(1_u128, |sum, times| Some(sum.saturating_add(times?)));
        let times = inner.max.zip(filled).map(|(max, filled)| filled.saturating_mul(u128::from(max)));
        Firings { times, enclosers }
    }

    /// G4.
    fn encloses(&self, outer: &Entry<'_>, inner: &Entry<'_>) -> bool {
        let leads_on = |a: usize, b: usize| self.flow.ancestors[b].contains(a);
        leads_on(outer.to, inner.to) || (outer.to == inner.to && leads_on(inner.from, outer.from))
    }

    /// At most how often a step is visited; none where there is no bound.
    pub(super) fn visits(&self, step: usize) -> Option<u128> {
        let reopens = |entry: &Entry<'_>| self.flow.leads(entry.to, step) && !self.settled.contains(step, entry.from);
        let loops = self.entries.iter().zip(&self.firings).filter(|(entry, _)| reopens(entry));
        loops.map(|(_, firings)| firings.times).try_fold(1_u128, |sum, times| Some(sum.saturating_add(times?)))
    }

    /// The visits of the source of a loop, where they are beyond the limit by what it is multiplied with, or by itself. Loops
    /// side by side that only add up are not meant.
    fn too_many(&self, at: usize, limit: u32) -> Option<u128> {
        let entry = &self.entries[at];
        let is_worth_a_look = !self.firings[at].enclosers.is_empty() || entry.max.is_some_and(|max| max >= limit);
        let visits = if is_worth_a_look { self.visits(entry.from) } else { None };
        visits.filter(|visits| *visits > u128::from(limit))
    }
}

/// The loops of a file, whatever their number.
#[cfg(test)]
pub(super) fn loops<'a>(model: &'a Model<'a>, flow: &'a Flow, settled: &'a Settled<'a>) -> Loops<'a> {
    Loops::of(entries(model, flow), flow, settled)
}

fn beyond_limit(model: &Model<'_>, loops: &Loops<'_>, at: usize, visits: u128) -> Diagnostic {
    let (entries, entry, firings) = (&loops.entries, &loops.entries[at], &loops.firings[at]);
    let id = model.steps[entry.from].id;
    let limit = limit(model);
    let place =
        |entry: &Entry<'_>| Place::Value(entry.edge.max.map_or_else(|| entry.edge.at.clone(), |max| max.at.clone()));
    let (visits_shown, limit) = (counted(visits), counted(u128::from(limit)));
    let why = if firings.enclosers.is_empty() { "" } else { ", since its loops multiply" };
    let message = format!(
        "step `{id}` may be visited {visits_shown} times{why}, and {limit} visits of a step are the most in a run"
    );
    let help = if visits <= MOST_VISITS {
        format!("lower a `max`, or write `limits: {{visits: {visits}}}`; at the limit the loop counts as used up")
    } else {
        "lower a `max`; at the limit the loop counts as used up".to_owned()
    };
    let mut found = Diagnostic::new(Code::BudgetBeyondLimit, place(entry), message).help(help);
    for outer in firings.enclosers.iter().take(MOST_SHOWN) {
        found = found.related(place(&entries[*outer]), "each time this loop fires, the count starts anew");
    }
    found
}

/// With a comma between thousands. Nobody reads more than a billion.
fn counted(number: u128) -> String {
    const BILLION: u128 = 1_000_000_000;
    if number > BILLION {
        return format!("more than {}", counted(BILLION));
    }
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A loop that fires many times with nothing on its way that takes time.
fn spins(model: &Model<'_>, unpaused: &mut Unpaused<'_>, entry: &Entry<'_>, cx: &mut Cx) {
    let Some(times) = entry.max.filter(|times| *times > MANY_ROUNDS) else { return };
    if entry.edge.delay_ms > 0 || !unpaused.leads(entry.to, entry.from) {
        return;
    }
    let id = model.steps[entry.from].id;
    let message = format!("the loop of `{id}` may fire {} times without a pause", counted(u128::from(times)));
    let is_repeat = matches!(entry.edge.condition, Some(crate::model::LoopCondition::Until(_)));
    let help = if is_repeat { "let it wait, like `every: 5s`" } else { "let it wait, like `delay: 5s`" };
    cx.report(Diagnostic::new(Code::BusyLoop, Place::Value(entry.edge.at.clone()), message).help(help));
}

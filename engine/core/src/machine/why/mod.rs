//! Why a step stands where it does (`loopline why`).
//!
//! Nothing is noted for this while events are taken, but which loop edge closed a visit: the answer is worked out from the
//! state, with the very functions that decided. So it holds for every past moment, and can never differ from what happened.

mod edges;
mod item;
mod loops;
mod reason;
mod words;

use super::apply::Outer;
use super::nested::in_place;
use super::refused::Refused;
use super::state::{RunState, St, Unit};
use crate::graph::Graph;
use crate::id::{StepIx, StepPath, UnitPath};
use crate::view::StepStatus;
use crate::why::StepWhy;

/// A step, with the graph and the state that it stands in.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The run, whatever the step lies in.
    run: &'a RunState,
    graph: &'a Graph,
    state: &'a RunState,
    /// The steps that a `finally` comes behind.
    outer: Option<Outer<'a>>,
    ix: StepIx,
}

/// Where a step was found.
pub(super) struct Found<'a> {
    pub(super) graph: &'a Graph,
    /// None where there is none.
    pub(super) state: Option<&'a RunState>,
    /// What it lies in has begun. `finally` of an earlier epoch, which is to begin again, has a state and has not.
    has_begun: bool,
    pub(super) outer: Option<Outer<'a>>,
    pub(super) ix: StepIx,
    in_finally: bool,
}

impl RunState {
    /// Why a step, or one of its items, stands where it does after the last event that was taken. Refused where there is no
    /// such step or item, or nothing has happened yet.
    pub fn why(&self, graph: &Graph, unit: &UnitPath) -> Result<StepWhy, Refused> {
        let UnitPath { path, item } = unit;
        let unknown = || Refused::UnknownStep { step: path.step.clone() };
        self.created.as_ref().ok_or_else(unknown)?;
        let found = find(graph, self, path).ok_or_else(unknown)?;
        let never_begun;
        let state = match found.state {
            Some(state) => state,
            None => {
                never_begun = Self::of(found.graph);
                &never_begun
            }
        };
        let place = Place { run: self, graph: found.graph, state, outer: found.outer, ix: found.ix };
        let mut why = match item {
            None => place.why(unit),
            Some(item) => place.why_item(unit, *item)?,
        };
        if !found.has_begun {
            why.said = self.not_begun(graph, path, found.in_finally);
        }
        Ok(why)
    }

    /// What a step lies in has not begun.
    fn not_begun(&self, graph: &Graph, path: &StepPath, in_finally: bool) -> Vec<String> {
        let Some(((step, item), outside)) = path.within.split_last() else {
            return if in_finally { vec![self.before_finally(graph)] } else { Vec::new() };
        };
        let path = StepPath { within: outside.to_vec(), step: step.clone() };
        let what = item.map_or_else(|| format!("`{path}`"), |item| format!("item {item} of `{path}`"));
        let mut said = vec![format!("It lies in {what}, whose steps have not begun.")];
        // It may be an item that the list does not have.
        let around =
            self.why(graph, &UnitPath { path: path.clone(), item: *item }).or_else(|_| self.why(graph, &path.into()));
        said.extend(around.into_iter().flat_map(|why| why.said));
        said
    }
}

pub(super) fn find<'a>(graph: &'a Graph, state: &'a RunState, path: &StepPath) -> Option<Found<'a>> {
    let first = path.within.first().map_or(&path.step, |(step, _)| step);
    let run = state;
    let (mut graph, mut state, mut outer, mut in_finally) = (graph, Some(state), None, false);
    if graph.find(first.as_str()).is_none() {
        // Ids of `steps` and `finally` are distinct.
        outer = state.map(|state| Outer { graph, state });
        state = state.and_then(RunState::shown_finally);
        graph = graph.finally.as_deref()?;
        in_finally = true;
    }
    for (step, item) in &path.within {
        let ix = graph.find(step.as_str())?;
        let inside = in_place(graph.step(ix))?;
        state = state.and_then(|state| state.in_place_of(Unit { step: ix, item: *item }));
        (graph, outer) = (inside, None);
    }
    let has_begun = state.is_some() && (!in_finally || run.finally.is_some());
    Some(Found { graph, state, has_begun, outer, ix: graph.find(path.step.as_str())?, in_finally })
}

impl RunState {
    /// The pipeline in place of the current visit, as it goes on or as it ended.
    fn in_place_of(&self, unit: Unit) -> Option<&Self> {
        let living = self.live.get(&self.latest_attempt(unit)).and_then(|live| live.child.as_deref());
        living.or_else(|| match unit.item {
            Some(_) => self.item(unit)?.child.as_deref(),
            None => self.steps[unit.step.get()].child.as_deref(),
        })
    }
}

impl Place<'_> {
    fn why(&self, path: &UnitPath) -> StepWhy {
        let (step, state) = (self.graph.step(self.ix), &self.state.steps[self.ix.get()]);
        let kept = &self.run.kept;
        let waiting_for = self.state.waiting_for(self.graph, self.ix.into(), state.wait.as_ref(), state.st, kept);
        StepWhy {
            step: path.clone(),
            last_seq: self.run.last_seq,
            status: self.status(),
            visit: state.visit,
            said: self.reason(waiting_for.as_ref()),
            skip_reason: state.why,
            waiting_for,
            error: (state.st == St::Failed).then(|| state.error.clone()).flatten(),
            join: self.join(),
            needs: step.needs.iter().map(|need| self.need(need)).collect(),
            condition: step.condition.as_ref().map(|condition| condition.source().to_owned()),
            goto: self.gotos(),
            past: self.past(),
            older_visits: state.older_visits(),
        }
    }

    fn status(&self) -> StepStatus {
        self.state.step_status(self.graph, self.ix)
    }
}

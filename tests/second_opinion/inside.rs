//! M2, M3: machines inside the machine. A pipeline in place is an attempt of its step; `finally` comes behind the steps.

use std::collections::BTreeMap;
use std::rc::Rc;

use loopline_core::event::{RunCreated, RunOutcome};
use loopline_core::graph::{Action, ChildPipeline, Graph, Retry, Step as Definition};
use loopline_core::id::{AttemptKey, Enclosing, StepId, StepIx, StepPath};
use loopline_core::outcome::{Failure, FailureKind};
use loopline_core::time::Timestamp;
use serde_json::{Value as Json, json};

use super::end::Ended;
use super::state::{Live, Outputs, Past, State, Stop, What};

/// The graph that a step runs in place.
pub fn in_place(step: &Definition) -> Option<&Graph> {
    match &step.action {
        Action::Pipeline(child) => match &child.pipeline {
            ChildPipeline::InPlace(graph) => Some(graph),
            ChildPipeline::Named(_) => unreachable!("no child run is drawn"),
        },
        _ => None,
    }
}

impl<'a> State<'a> {
    /// A pipeline in place begins: it sees nothing but its inputs, and its steps have the environment of its step.
    pub fn start_child(
        &mut self,
        x: StepIx,
        key: AttemptKey,
        graph: &'a Graph,
        inputs: Outputs,
        env: BTreeMap<String, String>,
    ) {
        let created = self.created.as_ref().expect("the run has begun");
        let mut child = State::new(graph);
        child.created = Some(RunCreated { inputs, ..created.clone() });
        child.env = env;
        child.time_ms = self.graph.step(x).timeout_ms;
        let around = Enclosing { step: key.step.clone(), item: key.item, visit: key.visit, attempt: key.attempt };
        child.within = self.within.and(around);
        self.push_live(x, What::Child { key, state: Box::new(child) });
        self.inside(self.live.len() - 1, State::set_run_timer);
    }

    /// Something happens in the pipeline in place that stands there; if that is over by then, the attempt has ended.
    pub fn inside<R>(&mut self, at: usize, happens: impl FnOnce(&mut State<'a>) -> R) -> R {
        let mut live = self.live.remove(at);
        let What::Child { state, .. } = &mut live.what else { unreachable!("the caller looked") };
        std::mem::swap(&mut state.world, &mut self.world);
        let result = happens(state);
        state.settle();
        std::mem::swap(&mut state.world, &mut self.world);
        if state.over.is_some() {
            self.child_ended(live);
        } else {
            self.live.insert(at.min(self.live.len()), live);
        }
        result
    }

    fn child_ended(&mut self, live: Live<'a>) {
        let What::Child { key, state } = live.what else { unreachable!("the caller looked") };
        let over = state.over.expect("the caller looked");
        let timed_out = state.stop == Some(Stop::Timeout);
        let o = match (over.outcome, over.error) {
            (RunOutcome::Succeeded, _) => Ended::succeeded(over.outputs),
            (RunOutcome::Cancelled, _) => Ended::cancelled(Outputs::new()),
            (RunOutcome::Failed, error) => {
                let kind = if timed_out { FailureKind::Timeout } else { FailureKind::Child };
                let cause = error.map(|error| Box::new(error.failure));
                Ended::failed(Failure { cause, ..Failure::new(kind, "the pipeline failed") })
            }
        };
        self.settled((live.step, key.item), live.visit, key.attempt, live.past, o);
    }

    /// Something happens in `finally`, which goes on.
    pub fn inside_finally<R>(&mut self, happens: impl FnOnce(&mut State<'a>) -> R) -> Option<R> {
        let mut state = self.finally.take()?;
        std::mem::swap(&mut state.world, &mut self.world);
        let result = happens(&mut state);
        state.settle();
        std::mem::swap(&mut state.world, &mut self.world);
        self.finally = Some(state);
        Some(result)
    }

    /// Where pipelines in place live, in the order of their identities.
    pub fn children(&self) -> Vec<usize> {
        let mut found: Vec<(&AttemptKey, usize)> = (0..)
            .zip(&self.live)
            .filter_map(|(at, live): (usize, _)| match &live.what {
                What::Child { key, .. } => Some((key, at)),
                _ => None,
            })
            .collect();
        found.sort_by_key(|(key, _)| (key.step.clone(), key.item, key.visit, key.attempt));
        found.into_iter().map(|(_, at)| at).collect()
    }

    /// Does something in each pipeline in place that lives now.
    pub fn in_each_child(&mut self, mut happens: impl FnMut(&mut State<'a>)) {
        let keys: Vec<AttemptKey> =
            self.children().into_iter().filter_map(|at| self.live[at].attempt().cloned()).collect();
        for key in keys {
            if let Some(at) = self.live.iter().position(|live| live.attempt() == Some(&key)) {
                self.inside(at, &mut happens);
            }
        }
    }

    /// The machine in which a step stands, by the attempts around it.
    pub fn place(&self, within: &[Enclosing], step: Option<&StepId>) -> Option<&State<'a>> {
        let first = within.first().map(|around| &around.step).or(step);
        if first.is_some_and(|first| self.graph.find(first.as_str()).is_none()) {
            return self.finally.as_deref()?.place(within, step);
        }
        match within.split_first() {
            None => Some(self),
            Some((around, further)) => match &self.live[self.child_at(around)?].what {
                What::Child { state, .. } => state.place(further, step),
                _ => None,
            },
        }
    }

    /// Something happens there.
    pub fn at_place(&mut self, within: &[Enclosing], step: Option<&StepId>, happens: &mut dyn FnMut(&mut State<'a>)) {
        let first = within.first().map(|around| &around.step).or(step);
        if first.is_some_and(|first| self.graph.find(first.as_str()).is_none()) {
            self.inside_finally(|finally| finally.at_place(within, step, happens));
            return;
        }
        match within.split_first() {
            None => happens(self),
            Some((around, further)) => {
                if let Some(at) = self.child_at(around) {
                    self.inside(at, |child| child.at_place(further, step, happens));
                }
            }
        }
    }

    fn child_at(&self, around: &Enclosing) -> Option<usize> {
        self.live.iter().position(|live| match &live.what {
            What::Child { key, .. } => {
                (&key.step, key.item, key.visit, key.attempt)
                    == (&around.step, around.item, around.visit, around.attempt)
            }
            _ => false,
        })
    }

    /// What goes on now at the steps and items that people name.
    pub fn named(&self, way: &[(StepId, Option<u32>)], step: &StepId) -> Option<&State<'a>> {
        let at = self.named_child(way, step)?;
        match at {
            Named::Here => Some(self),
            Named::Finally => self.finally.as_deref()?.named(way, step),
            Named::Child(at) => match &self.live[at].what {
                What::Child { state, .. } => state.named(&way[1..], step),
                _ => None,
            },
        }
    }

    pub fn at_named(&mut self, way: &[(StepId, Option<u32>)], step: &StepId, happens: &mut dyn FnMut(&mut State<'a>)) {
        match self.named_child(way, step) {
            None => {}
            Some(Named::Here) => happens(self),
            Some(Named::Finally) => {
                self.inside_finally(|finally| finally.at_named(way, step, happens));
            }
            Some(Named::Child(at)) => self.inside(at, |child| child.at_named(&way[1..], step, happens)),
        }
    }

    fn named_child(&self, way: &[(StepId, Option<u32>)], step: &StepId) -> Option<Named> {
        let first = way.first().map_or(step, |(step, _)| step);
        if self.graph.find(first.as_str()).is_none() {
            return self.finally.is_some().then_some(Named::Finally);
        }
        let Some((step, item)) = way.first() else { return Some(Named::Here) };
        let x = self.graph.find(step.as_str())?;
        let current = |live: &Live<'_>| {
            let child = matches!(&live.what, What::Child { key, .. } if key.item == *item);
            child && live.step == x && live.visit == self.at(x).vis && live.past == Past::No
        };
        self.live.iter().position(current).map(Named::Child)
    }

    /// `finally` begins: it sees the steps as they ended.
    pub fn begin_finally(&mut self, graph: &'a Graph, outcome: RunOutcome) {
        let mut finally = State::new(graph);
        finally.created = self.created.clone();
        finally.env = self.env.clone();
        let steps = self.graph.indices().map(|x| (self.id(x).to_string(), self.seen(x))).collect();
        finally.outer = Some(Rc::new((steps, json!({"status": outcome}))));
        if let Some(again) = self.finally_again.take() {
            (finally.steps, finally.done) = (again.steps, again.done);
        }
        self.finally = Some(Box::new(finally));
        self.inside_finally(|_| ());
    }

    /// It will begin once more behind the steps of a new epoch, with visits that no epoch had before.
    pub fn renew_finally(&mut self) {
        let Some(mut finally) = self.finally.take() else { return };
        let everything = finally.graph.indices().collect();
        for step in finally.steps.values_mut() {
            step.vis_before = step.vis;
        }
        finally.reopen_steps(&everything);
        finally.used.values_mut().for_each(|used| *used = 0);
        self.finally_again = Some(finally);
    }

    /// `finally` as people see it: that of the last epoch too.
    pub fn shown_finally(&self) -> Option<&State<'a>> {
        self.finally.as_deref().or(self.finally_again.as_deref())
    }

    /// A worker has something of it, here or inside.
    pub fn works(&self) -> bool {
        let working = |live: &Live<'_>| match &live.what {
            What::Attempt { .. } => true,
            What::Child { state, .. } => state.works(),
            _ => false,
        };
        self.live.iter().any(working) || self.undoes_now() || self.finally.as_ref().is_some_and(|f| f.works())
    }

    /// Something is there that can end.
    pub fn lives(&self) -> bool {
        !self.live.is_empty() || self.undoes_now() || self.finally.as_ref().is_some_and(|finally| finally.lives())
    }

    /// Every attempt that a worker has, here and inside, and whether it has begun.
    pub fn attempts(&self) -> Vec<(AttemptKey, bool)> {
        let mut all: Vec<(AttemptKey, bool)> = self.undo_attempt().into_iter().collect();
        for live in &self.live {
            match &live.what {
                What::Attempt { key, begun } => all.push((key.clone(), *begun)),
                What::Child { state, .. } => all.extend(state.attempts()),
                _ => {}
            }
        }
        all.extend(self.finally.iter().flat_map(|finally| finally.attempts()));
        all
    }

    /// Every wait for another attempt, here and inside, with the `retry` that it is for.
    pub fn each_back_off(&mut self, see: &mut impl FnMut(&AttemptKey, &mut Timestamp, &Retry)) {
        let graph = self.graph;
        for live in &mut self.live {
            match &mut live.what {
                What::BackOff { key, until } => see(key, until, &graph.step(live.step).retry),
                What::Child { state, .. } => state.each_back_off(see),
                _ => {}
            }
        }
        for done in &mut self.done {
            let Some(undo) = graph.step(done.step).compensate.as_ref() else { continue };
            if let Some((key, until)) = done.undo.as_mut().and_then(|undo| undo.until.as_mut()) {
                see(key, until, &undo.retry);
            }
        }
        if let Some(finally) = &mut self.finally {
            finally.each_back_off(see);
        }
    }

    /// Approvals that ask, here and inside: the way to each, and its visit.
    pub fn approvals(&self) -> Vec<(StepPath, u32)> {
        let mut all = Vec::new();
        for live in &self.live {
            match &live.what {
                What::Approval(_) => all.push((self.id(live.step).into(), live.visit)),
                What::Child { key, state } if live.past == Past::No => {
                    for (mut path, visit) in state.approvals() {
                        path.within.insert(0, (key.step.clone(), key.item));
                        all.push((path, visit));
                    }
                }
                _ => {}
            }
        }
        all.extend(self.finally.iter().flat_map(|finally| finally.approvals()));
        all
    }

    /// Ends what comes behind the steps, here and inside; says whether there was anything to be ended.
    pub fn cut_short(&mut self) -> bool {
        let mut any = self.leaving.is_some() && !self.cut_short;
        if any {
            self.cut_short = true;
            self.end_undoing();
        }
        self.inside_finally(|finally| any |= finally.end_finally());
        self.in_each_child(|child| any |= child.cut_short());
        any
    }

    /// A second cancel ends both what is undone and `finally`: in that nothing is undone or cleaned up any more.
    fn end_finally(&mut self) -> bool {
        if self.over.is_some() {
            return false;
        }
        if self.cut_short || self.leaving.is_some() {
            return self.cut_short();
        }
        self.leave_nothing();
        self.stop(Stop::Cancel, true);
        true
    }

    fn leave_nothing(&mut self) {
        if self.leaving.is_some() {
            self.cut_short();
        } else {
            self.cut_short = true;
            self.in_each_child(State::leave_nothing);
        }
    }

    /// Whether a second cancel would end something.
    pub fn can_be_cut_short(&self) -> bool {
        let inside = |live: &Live<'_>| matches!(&live.what, What::Child { state, .. } if state.can_be_cut_short());
        let finally = self
            .finally
            .as_ref()
            .is_some_and(|finally| finally.over.is_none() && (!finally.cut_short || finally.can_be_cut_short()));
        (self.leaving.is_some() && !self.cut_short) || finally || self.live.iter().any(inside)
    }
}

enum Named {
    Here,
    Finally,
    Child(usize),
}

/// The steps that `finally` sees, and what it knows of the run.
pub type Outer = Rc<(serde_json::Map<String, Json>, Json)>;

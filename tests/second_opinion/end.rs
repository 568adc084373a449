//! END x o: the loop edges are tried in order, then the forward edges see the outcome.

use loopline_core::graph::{Goto, GotoOn, OnExhausted};
use loopline_core::id::StepIx;
use loopline_core::outcome::{Failure, FailureKind};

use super::state::{Outputs, St, State};

/// How a visit ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub st: St,
    pub err: Option<Failure>,
    pub outputs: Outputs,
}

impl Ended {
    pub fn succeeded(outputs: Outputs) -> Self {
        Self { st: St::Succeeded, err: None, outputs }
    }

    pub fn failed(failure: Failure) -> Self {
        Self { st: St::Failed, err: Some(failure), outputs: Outputs::new() }
    }

    pub fn cancelled(outputs: Outputs) -> Self {
        Self { st: St::Cancelled, err: None, outputs }
    }

    pub fn with(self, outputs: Outputs) -> Self {
        Self { outputs, ..self }
    }

    fn matches(&self, on: GotoOn) -> bool {
        let kind = self.err.as_ref().map(|failure| failure.kind);
        match on {
            GotoOn::Succeeded => self.st == St::Succeeded,
            GotoOn::Failed => self.st == St::Failed,
            GotoOn::Rejected => self.st == St::Failed && kind == Some(FailureKind::Rejected),
            GotoOn::Timeout => self.st == St::Failed && kind == Some(FailureKind::Timeout),
            GotoOn::Completed => matches!(self.st, St::Succeeded | St::Failed),
        }
    }
}

impl State<'_> {
    /// END x o.
    pub fn end(&mut self, x: StepIx, mut o: Ended) {
        self.take(x, &o);
        if o.st == St::Succeeded {
            // Of items, each that succeeded is noted by itself.
            if self.graph.step(x).many.is_none() {
                self.note_done((x, None), self.at(x).vis, self.at(x).attempt, &o.outputs);
            }
        }
        let gotos = &self.graph.step(x).goto;
        for (place, g) in gotos.iter().enumerate() {
            if !o.matches(g.on) {
                continue;
            }
            match g.condition.as_ref().map_or(Ok(true), |cel| cel.eval_bool(&self.scope(x, cel.references()))) {
                Ok(false) => continue,
                Ok(true) => {}
                Err(error) => {
                    o = Ended { st: St::Failed, err: Some(Failure::new(FailureKind::Condition, error.message)), ..o };
                    break;
                }
            }
            if !self.exhausted((x, place), g) {
                self.fire((x, place), g);
                return;
            }
            if g.on_exhausted == OnExhausted::Fail {
                let mut failure = Failure::new(FailureKind::LoopExhausted, "no firing is left");
                failure.cause = o.err.take().map(Box::new);
                o = Ended { st: St::Failed, err: Some(failure), ..o };
                break;
            }
        }
        self.take(x, &o);
    }

    /// st x := o.
    pub fn take(&mut self, x: StepIx, o: &Ended) {
        self.decisions += 1;
        let decided = self.decisions;
        let step = self.at_mut(x);
        step.st = o.st;
        step.err = o.err.clone();
        step.outputs = o.outputs.clone();
        step.decided = decided;
    }

    /// The budget is used up, or a step of the region has had all its visits; a loop without bound knows neither.
    fn exhausted(&self, entry: (StepIx, usize), g: &Goto) -> bool {
        let Some(max) = g.max else { return false };
        let full = |y: &StepIx| self.at(*y).vis - self.at(*y).vis_before >= self.graph.max_visits;
        self.used[&entry] >= max || self.reach(g.to).iter().any(full)
    }
}

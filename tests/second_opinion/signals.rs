//! W2: signals are kept until a `wait` takes them, each once, the oldest that fits.

use loopline_core::event::SignalReceived;
use loopline_core::graph::{Action, Graph, Output, WaitAction};
use loopline_core::id::StepIx;
use loopline_core::outcome::{Failure, FailureKind};
use serde_json::{Value as Json, json};

use super::end::Ended;
use super::inside::in_place;
use super::schema::fits;
use super::state::{Kept, Outputs, State, What};

impl State<'_> {
    pub fn refuses_signal(&self, signal: &SignalReceived) -> Option<&'static str> {
        let waits = waits_for(self.graph, &signal.name);
        if waits.is_empty() {
            return Some("no step waits for that name");
        }
        if signal.idempotency_key.as_ref().is_some_and(|key| self.world.signal_keys.contains(key)) {
            return Some("it came before");
        }
        let fits_one = waits.iter().any(|wait| wait.schema.as_ref().is_none_or(|schema| fits(schema, &signal.payload)));
        (!fits_one).then_some("it fits the schema of none")
    }

    pub fn signal_received(&mut self, signal: &SignalReceived) {
        self.world.signal_keys.extend(signal.idempotency_key.clone());
        self.world.signals.push(Kept { name: signal.name.clone(), payload: signal.payload.clone() });
        self.offer();
    }

    /// The first wait that a kept signal fits takes it: here, in a pipeline in place, or in `finally`.
    fn offer(&mut self) -> bool {
        let waiting = self.order.iter().copied().find(|x| {
            self.live_now(*x).is_some_and(|live| matches!(live.what, What::Signal { .. }))
                && self.oldest_fit(*x).is_some()
        });
        if let Some(x) = waiting {
            let at = self.oldest_fit(x).expect("just found");
            self.close(x);
            self.take_signal(x, at);
            return true;
        }
        let mut taken = false;
        self.in_each_child(|child| taken = taken || child.offer());
        taken || self.inside_finally(|finally| finally.offer()).unwrap_or(false)
    }

    pub fn wait_for_signal(&mut self, x: StepIx) {
        match self.oldest_fit(x) {
            Some(at) => self.take_signal(x, at),
            None => {
                let until = self.graph.step(x).timeout_ms.map(|ms| self.world.now.plus_ms(ms));
                self.push_live(x, What::Signal { until });
            }
        }
    }

    fn take_signal(&mut self, x: StepIx, at: usize) {
        let Kept { payload, .. } = self.world.signals.remove(at);
        let mut outputs = Outputs::new();
        if self.graph.step(x).outputs.is_empty() {
            outputs.insert("payload".to_owned(), payload.clone());
        }
        for (name, output) in &self.graph.step(x).outputs {
            let Output::Cel(cel) = output else { continue };
            let mut scope = self.scope(x, cel.references());
            scope.insert("payload".to_owned(), payload.clone());
            match cel.eval(&scope) {
                Ok(value) => drop(outputs.insert(name.clone(), value)),
                Err(error) => {
                    let failure = Failure::new(FailureKind::Condition, error.message);
                    return self.end(x, Ended::failed(failure));
                }
            }
        }
        self.end(x, Ended::succeeded(outputs));
    }

    fn oldest_fit(&self, x: StepIx) -> Option<usize> {
        let Action::Wait(wait) = &self.graph.step(x).action else { return None };
        self.world.signals.iter().position(|kept| kept.name == wait.signal && self.fits(x, wait, &kept.payload))
    }

    /// A signal that cannot be judged does not fit.
    fn fits(&self, x: StepIx, wait: &WaitAction, payload: &Json) -> bool {
        let holds = |cel: &loopline_core::expr::Cel| {
            let mut scope = self.scope(x, cel.references());
            scope.insert("payload".to_owned(), json!(payload));
            cel.eval_bool(&scope).unwrap_or(false)
        };
        wait.schema.as_ref().is_none_or(|schema| fits(schema, payload)) && wait.condition.as_ref().is_none_or(holds)
    }
}

/// All waits for a signal of this name, here and inside.
fn waits_for<'g>(graph: &'g Graph, name: &str) -> Vec<&'g WaitAction> {
    let own = graph.steps.iter().filter_map(|step| match &step.action {
        Action::Wait(wait) if wait.signal == name => Some(wait),
        _ => None,
    });
    let inside = graph.steps.iter().filter_map(in_place).chain(graph.finally.as_deref());
    own.chain(inside.flat_map(|inside| waits_for(inside, name))).collect()
}

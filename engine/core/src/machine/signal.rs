//! Signals: kept until a `wait` takes them, each taken once (rule W2).

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::apply::Fold;
use super::end::Ended;
use super::nested::in_place;
use super::refused::Refused;
use super::state::{Kept, Wait};
use crate::command::{Command, Timer};
use crate::event::SignalReceived;
use crate::expr::Cel;
use crate::graph::{Action, Graph, Output, Part, WaitAction};
use crate::id::StepIx;
use crate::outcome::{Failure, FailureKind};

/// More signals than this are not kept for one run.
const MOST_KEPT: usize = 10_000;

/// Keys of signals are remembered for so many of them.
const MOST_KEYS: usize = 10_000;

impl Fold<'_> {
    /// Takes the oldest signal that fits, or begins to wait for one.
    pub(super) fn await_signal(&mut self, ix: StepIx, wait: &WaitAction) {
        let found = self.state.kept.iter().position(|kept| self.fits(ix, wait, kept));
        if let Some(at) = found {
            let kept = self.state.kept.remove(at);
            return self.take_signal(ix, &kept);
        }
        let key = self.state.visit_key(self.graph, ix);
        let until = self.graph.step(ix).timeout_ms.map(|ms| self.at.plus_ms(ms));
        if let Some(until) = until {
            self.command(Command::SetTimer { timer: Timer::Signal { key }, at: until });
        }
        self.set_wait(ix, Wait::Signal { until });
    }

    pub(super) fn signal_received(&mut self, signal: &SignalReceived) -> Result<(), Refused> {
        let name = &signal.name;
        if let Some(key) = &signal.idempotency_key
            && let Some(before) = self.state.signal_keys.get(key)
        {
            let same = *before == crate::canonical::digest(&serde_json::json!([name, signal.payload]));
            return Err(Refused::SignalBefore { key: key.clone(), same });
        }
        let schemas = waits_for(self.graph, name);
        if schemas.is_empty() {
            return Err(Refused::UnknownSignal { name: name.clone() });
        }
        let mut wrong = Vec::new();
        let fits = schemas.iter().any(|schema| match schema {
            None => true,
            Some(schema) => match crate::contract::check_value(schema, &signal.payload) {
                Ok(()) => true,
                Err(message) => {
                    wrong.push(message);
                    false
                }
            },
        });
        if !fits {
            return Err(Refused::SignalFitsNothing { name: name.clone(), message: wrong.join("; ") });
        }
        if self.state.kept.len() >= MOST_KEPT {
            return Err(Refused::TooManySignals { kept: MOST_KEPT });
        }
        if let Some(key) = &signal.idempotency_key {
            self.state.remember_signal(key, name, &signal.payload);
        }
        let kept = Kept { name: name.clone(), payload: Arc::new(signal.payload.clone()) };
        if !self.offer(&kept) {
            self.state.kept.push(kept);
        }
        Ok(())
    }

    /// Of several waits it is the one that comes first in the graph, then one in the pipelines inside; the others go on
    /// waiting. Says whether a step took the signal.
    pub(super) fn offer(&mut self, kept: &Kept) -> bool {
        if self.state.going_on.signals == 0 {
            return false;
        }
        let mut waiting: Vec<StepIx> = self
            .graph
            .indices()
            .filter(|ix| matches!(self.state.steps[ix.get()].wait, Some(Wait::Signal { .. })))
            .collect();
        waiting.sort_by_key(|ix| self.graph.shape().rank(*ix));
        for ix in waiting {
            let Action::Wait(wait) = &self.graph.step(ix).action else { continue };
            if self.fits(ix, wait, kept) {
                self.close_wait(ix);
                self.take_signal(ix, kept);
                return true;
            }
        }
        self.offer_inside(kept)
    }

    /// A signal for which `if` cannot be evaluated does not fit: whoever sends signals must not be able to fail a run.
    fn fits(&self, ix: StepIx, wait: &WaitAction, kept: &Kept) -> bool {
        if wait.signal != kept.name {
            return false;
        }
        if wait.schema.as_ref().is_some_and(|schema| crate::contract::check_value(schema, &kept.payload).is_err()) {
            return false;
        }
        let payload = payload_of(kept);
        wait.condition.as_ref().is_none_or(|condition| {
            self.eval_raw(ix, Part::Work, condition, (&payload, None), "wait.if", Cel::eval_bool) == Ok(true)
        })
    }

    fn take_signal(&mut self, ix: StepIx, kept: &Kept) {
        let payload = payload_of(kept);
        let declared = &self.graph.step(ix).outputs;
        let mut outputs = Map::new();
        for (name, output) in declared {
            let Output::Cel(cel) = output else { continue };
            match self.eval_raw(ix, Part::Output(name), cel, (&payload, None), &format!("outputs.{name}"), Cel::eval) {
                Ok(value) => outputs.insert(name.clone(), value),
                Err(failure) => return self.end_failed(ix, failure),
            };
        }
        if declared.is_empty() {
            outputs = payload;
        }
        self.touch(ix).outputs = Arc::new(outputs);
        self.end(ix, Ended::Succeeded);
    }

    pub(super) fn signal_timed_out(&mut self, ix: StepIx) {
        self.clear_wait(ix);
        self.end_failed(ix, Failure::new(FailureKind::Timeout, "no signal that fits came within its `timeout`"));
    }
}

impl super::RunState {
    /// The oldest keys are forgotten, so that memory is flat in the number of signals.
    fn remember_signal(&mut self, key: &str, name: &str, payload: &Json) {
        let digest = crate::canonical::digest(&serde_json::json!([name, payload]));
        self.signal_keys.insert(key.to_owned(), digest);
        self.signal_order.push_back(key.to_owned());
        if self.signal_order.len() > MOST_KEYS
            && let Some(oldest) = self.signal_order.pop_front()
        {
            self.signal_keys.remove(&oldest);
        }
    }
}

fn payload_of(kept: &Kept) -> Map<String, Json> {
    Map::from_iter([("payload".to_owned(), (*kept.payload).clone())])
}

/// The schemas of all waits for a signal of this name: of the graph, and of what lies inside it.
fn waits_for<'g>(graph: &'g Graph, name: &str) -> Vec<Option<&'g Json>> {
    let mut schemas = Vec::new();
    for step in &graph.steps {
        if let Action::Wait(wait) = &step.action
            && wait.signal == name
        {
            schemas.push(wait.schema.as_ref());
        }
        schemas.extend(in_place(step).into_iter().flat_map(|inner| waits_for(inner, name)));
    }
    schemas.extend(graph.finally.iter().flat_map(|finally| waits_for(finally, name)));
    schemas
}

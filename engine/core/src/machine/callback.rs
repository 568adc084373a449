//! Callbacks: a request that was answered waits until somebody calls back (rules S4, W5, G6, G7).
//!
//! Nothing here knows the address: what is filled in for `callback.url` is a mark, which the worker replaces when it sends
//! the request. Who may call is settled before the event is written; which attempt is meant, the event says.

use std::sync::Arc;

use serde_json::Value as Json;

use super::apply::Fold;
use super::end::Ended;
use super::refused::Refused;
use super::state::{AttemptRef, Called, Past, St, Unit, Wait};
use crate::command::{Command, Timer};
use crate::event::CallbackReceived;
use crate::graph::{Action, Part, Step};
use crate::id::{AttemptId, AttemptKey};
use crate::outcome::{Failure, FailureKind, RawResult};

/// How long the step waits for its callback, where it does.
pub(super) fn callback_timeout(step: &Step) -> Option<u64> {
    match &step.action {
        Action::Http(http) => http.callback_timeout_ms,
        _ => None,
    }
}

/// What stands for the address in the texts of an attempt. The same whenever the command is made, and of letters that no
/// template and no part of a URL spells otherwise.
pub(super) fn callback_mark(id: &AttemptId) -> String {
    let digest = crate::canonical::digest(&Json::from(format!("callback {id}")));
    format!("callback-{}", digest.trim_start_matches("sha256:"))
}

impl Fold<'_> {
    /// The request was answered. As expected, the step waits for the callback, unless that came before the answer.
    pub(super) fn request_answered(
        &mut self,
        unit: Unit,
        timeout_ms: u64,
        result: &RawResult,
        called: Option<Arc<Json>>,
    ) {
        let action = &self.graph.step(unit.step).action;
        if let Err(failure) = self.meets_expectation(unit, Part::Work, action, result, None) {
            return self.attempt_failed(unit, failure);
        }
        if let Some(payload) = called {
            return self.called(unit, result, &payload);
        }
        let until = self.at.plus_ms(timeout_ms);
        let key = self.state.visit_key(self.graph, unit);
        self.command(Command::SetTimer { timer: Timer::Callback { key }, at: until });
        self.set_wait(unit, Wait::Callback(Box::new(Called { until, answer: result.clone() })));
    }

    /// Somebody has called back: what waits for it ends, and one that came before the answer is kept.
    pub(super) fn callback_received(&mut self, received: &CallbackReceived) -> Result<(), Refused> {
        let key = &received.key;
        let never = || Refused::NeverAsked { what: format!("callback of attempt {key}") };
        let at = self.state.reference(self.graph, key).filter(|at| !at.undo).ok_or_else(never)?;
        callback_timeout(self.graph.step(at.step)).ok_or_else(never)?;
        let unit = at.unit();
        let is_current = key.epoch == self.state.epoch && at == self.state.latest_attempt(unit);
        let live = if is_current { self.state.live.get_mut(&at) } else { None };
        match live {
            Some(live) if live.past == Past::No && live.called.is_none() => {
                live.called = Some(Arc::new(received.payload.clone()));
                self.touch_unit(unit);
                return Ok(());
            }
            Some(live) if live.past == Past::No => return Err(closed(key, "it was called back before")),
            Some(_) => return Err(closed(key, "the visit is being ended")),
            None => {}
        }
        let waits = is_current && self.waits_for_callback(unit);
        if !waits {
            return Err(closed(key, &self.why_nobody_waits(at, is_current)));
        }
        let key = self.state.visit_key(self.graph, unit);
        let Some(Wait::Callback(waited)) = self.clear_wait(unit) else { return Err(never()) };
        self.command(Command::ClearTimer { timer: Timer::Callback { key } });
        self.called(unit, &waited.answer, &received.payload);
        self.advance_items(unit.step);
        Ok(())
    }

    fn waits_for_callback(&self, unit: Unit) -> bool {
        let wait = match unit.item {
            None => self.state.steps[unit.step.get()].wait.as_ref(),
            Some(_) => self.state.item(unit).and_then(|item| item.wait.as_ref()),
        };
        matches!(wait, Some(Wait::Callback(_)))
    }

    fn why_nobody_waits(&self, at: AttemptRef, is_current: bool) -> String {
        let step = &self.state.steps[at.step.get()];
        let st = self.state.item(at.unit()).map_or(step.st, |item| item.st);
        if step.visit != at.visit {
            return format!("visit {} of the step is the current one", step.visit);
        }
        if !is_current {
            return format!("attempt {} is the current one", self.state.latest_attempt(at.unit()).attempt);
        }
        let stands = match st {
            St::Succeeded => "it has succeeded; a callback is taken once",
            St::Failed => "it has failed",
            St::Pending | St::Running | St::Skipped | St::Cancelled => "it has ended",
        };
        stands.to_owned()
    }

    fn called(&mut self, unit: Unit, answer: &RawResult, payload: &Json) {
        match self.judge_outputs(unit, answer, Some(payload), None) {
            Ok(outputs) => {
                self.keep(unit, outputs, answer);
                self.unit_ended(unit, Ended::Succeeded);
            }
            Err(failure) => self.attempt_failed(unit, failure),
        }
    }

    pub(super) fn callback_timed_out(&mut self, unit: Unit) {
        self.clear_wait(unit);
        let failure = Failure::new(FailureKind::Timeout, "nobody called back within `callback.timeout`");
        self.attempt_failed(unit, failure);
    }
}

fn closed(key: &AttemptKey, why: &str) -> Refused {
    let (step, visit, attempt) = (key.step.clone(), key.visit, key.attempt);
    Refused::CallbackClosed { step, visit, attempt, why: why.to_owned() }
}

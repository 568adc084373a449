//! Attempts: how they end, and whether another one of the same visit follows (S4, S6, G6).

use loopline_core::graph::{Action, Output, Retry, RetryOn};
use loopline_core::id::{AttemptKey, StepIx};
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_core::view::StepStatus;
use serde_json::{Value as Json, json};

use super::end::Ended;
use super::many::concluded;
use super::schema::fits;
use super::state::{Outputs, Past, St, State, Visit, What};

impl State<'_> {
    pub fn attempt_started(&mut self, key: &AttemptKey) {
        if key.undo {
            return self.undo_started();
        }
        for live in &mut self.live {
            if let What::Attempt { key: known, begun } = &mut live.what
                && known == key
            {
                *begun = true;
            }
        }
    }

    /// An attempt that lives is settled, past or not.
    pub fn attempt_finished(&mut self, key: &AttemptKey, outcome: &Outcome) {
        if key.undo {
            return self.undo_ended(outcome);
        }
        let at = self.live.iter().position(|live| live.attempt() == Some(key)).expect("looked at by now");
        let live = self.live.remove(at);
        let x = live.step;
        let o = match outcome {
            // Nobody asked for it.
            Outcome::Cancelled { result } if live.past == Past::No && !self.at(x).items_closed => {
                Ended::failed(Failure::new(FailureKind::Lost, "it is gone")).with(written(result))
            }
            _ => self.outcome(x, key, outcome),
        };
        self.settled((x, key.item), live.visit, key.attempt, live.past, o);
    }

    pub fn settled(&mut self, (x, item): (StepIx, Option<u32>), visit: u32, attempt: u32, past: Past, o: Ended) {
        if past == Past::No {
            return self.attempt_ended((x, item), attempt, o);
        }
        if o.st == St::Succeeded {
            self.note_done((x, item), visit, attempt, &o.outputs);
        }
        match item {
            Some(at) => self.note_item(x, visit, at, o),
            None => self.note(x, visit, &o),
        }
    }

    /// A past visit of a step with items has its outcome when its last item has.
    fn note_item(&mut self, x: StepIx, visit: u32, at: u32, o: Ended) {
        let step = self.at_mut(x);
        let past = step.archive.iter_mut().find(|past| past.visit == visit);
        let items = past.map_or(&mut step.items, |past| &mut past.items);
        let item = &mut items[at as usize];
        (item.st, item.err, item.outputs) = (o.st, o.err, o.outputs);
        let items = items.clone();
        let many = self.graph.step(x).many.as_ref().expect("only such a step has items");
        if !self.live.iter().any(|live| live.step == x && live.visit == visit) {
            self.note(x, visit, &concluded(&items, many));
        }
    }

    /// A past visit keeps its true outcome, fires nothing, decides nothing.
    fn note(&mut self, x: StepIx, visit: u32, o: &Ended) {
        if visit == self.at(x).vis {
            self.take(x, o);
            return;
        }
        let past = self.at_mut(x).archive.iter_mut().find(|past| past.visit == visit);
        let past = past.expect("a visit that is not the current one was archived");
        past.ends(o);
    }

    /// Another attempt, or END.
    pub fn attempt_ended(&mut self, (x, item): (StepIx, Option<u32>), attempt: u32, o: Ended) {
        let retry = &self.graph.step(x).retry;
        let tries = attempt < retry.max_attempts && !self.at(x).items_closed;
        let again = o.err.as_ref().is_some_and(|failure| tries && listed(retry, failure));
        match item {
            _ if again => {}
            None => return self.end(x, o),
            Some(at) => return self.item_ended(x, at, o),
        }
        // What a failed attempt had written is kept.
        match item {
            None => self.at_mut(x).outputs = o.outputs,
            Some(at) => self.at_mut(x).items[at as usize].outputs = o.outputs,
        }
        let key = self.key(x, item, attempt + 1);
        let until = self.world.now.plus_ms(back_off(retry, attempt));
        self.push_live(x, What::BackOff { key, until });
    }

    /// What an attempt's report means: expectations, contracts and outputs are judged here.
    fn outcome(&self, x: StepIx, key: &AttemptKey, outcome: &Outcome) -> Ended {
        match outcome {
            Outcome::Failed { error, result } => Ended::failed(error.clone()).with(written(result)),
            Outcome::Cancelled { result } => Ended::cancelled(written(result)),
            Outcome::Succeeded { result } => match self.judged(x, key, result) {
                Ok(outputs) => Ended::succeeded(outputs),
                Err(failure) => Ended::failed(failure).with(written(result)),
            },
        }
    }

    fn judged(&self, x: StepIx, key: &AttemptKey, result: &RawResult) -> Result<Outputs, Failure> {
        let step = self.graph.step(x);
        let condition = |error: loopline_core::expr::ExprError| Failure::new(FailureKind::Condition, error.message);
        let scope = |cel: &loopline_core::expr::Cel| {
            let mut scope = self.scope_of_item((x, key.item), key.visit, key.attempt, cel.references());
            scope.insert("stdout".to_owned(), json!(result.stdout));
            scope.insert("exit_code".to_owned(), json!(result.exit_code));
            scope.insert("response".to_owned(), json!(result.response));
            scope
        };
        if let Action::Http(http) = &step.action
            && let Some(cel) = &http.expect.condition
            && !cel.eval_bool(&scope(cel)).map_err(condition)?
        {
            let status = result.response.as_ref().map(|response| response.status);
            return Err(Failure { status, ..Failure::new(FailureKind::Expectation, "`expect.if` does not hold") });
        }
        let mut outputs = written(result);
        for (name, output) in &step.outputs {
            match output {
                Output::Schema(schema) => {
                    if !outputs.get(name).is_some_and(|value| fits(schema, value)) {
                        return Err(Failure::new(FailureKind::Contract, format!("`{name}` is not as declared")));
                    }
                }
                Output::Cel(cel) => {
                    let value = cel.eval(&scope(cel)).map_err(condition)?;
                    outputs.insert(name.clone(), value);
                }
            }
        }
        Ok(outputs)
    }
}

impl Visit {
    /// A visit that is past has really ended.
    pub fn ends(&mut self, o: &Ended) {
        self.status = match o.st {
            St::Succeeded => StepStatus::Succeeded,
            St::Failed => StepStatus::Failed,
            _ => StepStatus::Cancelled,
        };
        self.err = o.err.clone();
        self.outputs = o.outputs.clone();
    }
}

fn written(result: &RawResult) -> Outputs {
    result.outputs.iter().map(|(name, value)| (name.clone(), Json::clone(value))).collect()
}

pub fn listed(retry: &Retry, failure: &Failure) -> bool {
    let never = [FailureKind::Rejected, FailureKind::Condition, FailureKind::Template];
    if retry.on.is_empty() {
        return !never.contains(&failure.kind);
    }
    retry.on.iter().any(|on| match on {
        RetryOn::Kind(kind) => *kind == failure.kind,
        RetryOn::Exit(code) => failure.kind == FailureKind::Exit && failure.exit_code == Some(*code),
    })
}

/// Without jitter, which is core's own: see `compare`.
pub fn back_off(retry: &Retry, attempts_so_far: u32) -> u64 {
    let grown = retry.initial_ms as f64 * retry.factor.powi(attempts_so_far as i32 - 1);
    grown.min(retry.max_ms as f64) as u64
}

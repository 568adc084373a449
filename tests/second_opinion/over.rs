//! OVER: nothing is undecided and nothing lives.

use loopline_core::event::RunOutcome;
use loopline_core::graph::Condition;
use loopline_core::id::StepIx;
use loopline_core::outcome::{Failure, FailureKind};
use loopline_core::view::RunError;
use serde_json::Value as Json;

use super::state::{Outputs, Over, St, State, Stop};

impl State<'_> {
    pub fn ends(&mut self) {
        let undecided = self.graph.indices().any(|x| matches!(self.at(x).st, St::Pending | St::Running));
        if self.over.is_some() || undecided || !self.live.is_empty() {
            return;
        }
        let mut over = self.outcome_of_run();
        if over.outcome == RunOutcome::Succeeded {
            match self.outputs_of_run() {
                Ok(outputs) => over.outputs = outputs,
                Err(failure) => {
                    over.outcome = RunOutcome::Failed;
                    over.error = Some(RunError { step: None, failure });
                }
            }
        }
        self.over = Some(over);
        self.world.pause = None;
        for timer in self.world.timers.keys().cloned().collect::<Vec<_>>() {
            self.clear_timer(&timer);
        }
    }

    fn outcome_of_run(&self) -> Over {
        let over = |outcome, error| Over { outcome, error, outputs: Outputs::new() };
        let failed = self.graph.indices().filter(|x| self.at(*x).st == St::Failed && !self.handled(*x));
        let earliest = failed.min_by_key(|x| self.at(*x).decided);
        // What fails while the run is being ended is not its first failure.
        let in_time = |x: &StepIx| self.timed_out.is_none_or(|decided| self.at(*x).decided <= decided);
        let earliest = earliest.filter(in_time).map(|x| RunError {
            step: Some(self.id(x)),
            failure: self.at(x).err.clone().expect("what failed has an error"),
        });
        match (self.stop, earliest) {
            (Some(Stop::Cancel), _) => over(RunOutcome::Cancelled, None),
            (Some(Stop::Timeout), None) => {
                let failure = Failure::new(FailureKind::Timeout, "the run's time was over");
                over(RunOutcome::Failed, Some(RunError { step: None, failure }))
            }
            (Some(Stop::FailFast | Stop::Timeout), earliest) | (None, earliest @ Some(_)) => {
                over(RunOutcome::Failed, earliest)
            }
            (None, None) => over(RunOutcome::Succeeded, None),
        }
    }

    /// handled x.
    pub fn handled(&self, x: StepIx) -> bool {
        let catches =
            |y: StepIx| self.graph.step(y).needs.iter().any(|need| need.step == x && need.on == Condition::Catch);
        self.graph.step(x).allow_failure || self.graph.indices().any(|y| catches(y) && self.at(y).st == St::Succeeded)
    }

    fn outputs_of_run(&self) -> Result<Outputs, Failure> {
        let mut outputs = Outputs::new();
        for (name, cel) in &self.graph.outputs {
            let mut scope = loopline_core::expr::Scope::new();
            let steps = self.graph.indices().map(|x| (self.id(x).to_string(), self.seen(x))).collect();
            scope.insert("steps".to_owned(), Json::Object(steps));
            let value = cel.eval(&scope).map_err(|error| Failure::new(FailureKind::Condition, error.message))?;
            outputs.insert(name.clone(), value);
        }
        Ok(outputs)
    }
}

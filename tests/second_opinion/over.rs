//! OVER: nothing is undecided and nothing lives. Then what succeeded is undone, where that is due, and `finally` runs.

use loopline_core::event::RunOutcome;
use loopline_core::graph::Condition;
use loopline_core::id::StepIx;
use loopline_core::outcome::{Failure, FailureKind};
use loopline_core::view::RunError;
use serde_json::Value as Json;

use super::state::{Outputs, Over, St, State, Stop};

impl State<'_> {
    /// After every event, in every machine.
    pub fn settle(&mut self) {
        self.judge();
        if self.fails_fast() {
            self.stop(Stop::FailFast, true);
        }
        self.ends();
    }

    fn ends(&mut self) {
        let undecided = self.graph.indices().any(|x| matches!(self.at(x).st, St::Pending | St::Running));
        if self.over.is_some() || undecided || !self.live.is_empty() {
            return;
        }
        if self.leaving.is_none() {
            let over = self.outcome_of_steps();
            self.clear_timer(&self.run_timer());
            // A second cancel of what this `finally` lies in came before.
            if !self.cut_short {
                self.due = self.what_is_due(over.outcome);
            }
            self.leaving = Some(over);
        }
        if !self.all_undone() {
            return;
        }
        let mut over = self.leaving.clone().expect("just taken");
        if let Some(graph) = self.graph.finally.as_deref() {
            if self.finally.is_none() && !self.cut_short {
                if self.world.pause.is_some() {
                    return;
                }
                self.begin_finally(graph, over.outcome);
            }
            let end = self.finally.as_ref().map(|finally| finally.over.clone());
            match end {
                Some(None) => return,
                // It can turn a success into a failure, and nothing else.
                Some(Some(end)) if over.outcome == RunOutcome::Succeeded && end.outcome == RunOutcome::Failed => {
                    over = Over { outputs: Outputs::new(), ..end };
                }
                Some(Some(_)) | None => {}
            }
        }
        self.over = Some(over);
    }

    fn outcome_of_steps(&self) -> Over {
        let mut over = self.outcome_of_failures();
        if over.outcome == RunOutcome::Succeeded {
            match self.outputs_of_run() {
                Ok(outputs) => over.outputs = outputs,
                Err(failure) => {
                    over.outcome = RunOutcome::Failed;
                    over.error = Some(RunError { step: None, failure });
                }
            }
        }
        over
    }

    fn outcome_of_failures(&self) -> Over {
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
        let created = self.created.as_ref().expect("the run has begun");
        for (name, cel) in &self.graph.outputs {
            let mut scope = loopline_core::expr::Scope::new();
            let steps = self.graph.indices().map(|x| (self.id(x).to_string(), self.seen(x))).collect();
            scope.insert("steps".to_owned(), Json::Object(steps));
            scope.insert("inputs".to_owned(), Json::Object(created.inputs.clone()));
            let value = cel.eval(&scope).map_err(|error| Failure::new(FailureKind::Condition, error.message))?;
            outputs.insert(name.clone(), value);
        }
        Ok(outputs)
    }
}

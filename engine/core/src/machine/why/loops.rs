//! Loop edges: which fired, and why those that could have did not. What was tried at the end of a visit is tried again, on a
//! copy of the state: nothing that it looks at can change without re-opening the step.

use super::super::apply::Fold;
use super::super::end::{Ended, goto_matches};
use super::super::present::past_status;
use super::super::state::{ClosedBy, St, StepState};
use super::{Place, words};
use crate::graph::{Goto, GotoOn, OnExhausted};
use crate::outcome::{Failure, FailureKind};
use crate::view::StepStatus;
use crate::why::{GotoState, GotoWhy, PastWhy, Reopening};

/// What has become of an entry, and why.
type Tried = (GotoState, String);

impl Place<'_> {
    pub(super) fn gotos(&self) -> Vec<GotoWhy> {
        let step = self.graph.step(self.ix);
        let tried = self.tried();
        let entries = step.goto.iter().zip(tried).enumerate();
        entries
            .map(|(index, (goto, (state, said)))| {
                let entry = self.graph.shape().entry(self.ix, index);
                let past = self.state.steps[self.ix.get()].past.iter();
                let by_this = past.filter(|past| {
                    matches!(past.closed_by, ClosedBy::Loop { entry: by, visit } if by == entry && visit == past.visit)
                });
                GotoWhy {
                    index: index as u32,
                    to: self.graph.step(goto.to).id.clone(),
                    on: goto.on,
                    condition: goto.condition.as_ref().map(|condition| condition.source().to_owned()),
                    used: self.state.used[entry.get()],
                    max: goto.max,
                    fired: by_this.map(|past| past.visit).collect(),
                    state,
                    said,
                }
            })
            .collect()
    }

    /// What has become of each entry in the current visit.
    fn tried(&self) -> Vec<Tried> {
        let step = &self.state.steps[self.ix.get()];
        let count = self.graph.step(self.ix).goto.len();
        let every = |state, said: &str| vec![(state, said.to_owned()); count];
        let outcomes = match step.st {
            St::Pending | St::Running => {
                return every(GotoState::Undecided, "It is tried when the visit has succeeded or failed.");
            }
            St::Skipped => return every(GotoState::NotTried, "A step that is skipped goes nowhere."),
            St::Cancelled => return every(GotoState::NotTried, "A step that is cancelled goes nowhere."),
            St::Succeeded | St::Failed => outcomes_before_loops(step),
        };
        let found = outcomes.into_iter().find_map(|outcome| self.try_again(outcome));
        found.unwrap_or_else(|| every(GotoState::RunEnded, "The run was being ended, so no loop fired."))
    }

    /// The entries, tried with an outcome. None where that would not have ended as the step has.
    fn try_again(&self, outcome: Ended) -> Option<Vec<Tried>> {
        let mut state = self.state.clone();
        let own = &mut state.steps[self.ix.get()];
        (own.st, own.error) = match &outcome {
            Ended::Succeeded => (St::Succeeded, None),
            Ended::Failed(failure) => (St::Failed, Some(failure.clone())),
        };
        let at = state.last_at;
        let mut fold = Fold { outer: self.outer, ..Fold::over(self.graph, &mut state, at) };
        let mut tried = Vec::new();
        // Kind of the failure that an entry has made of it.
        let mut decided: Option<FailureKind> = None;
        for (index, goto) in self.graph.step(self.ix).goto.iter().enumerate() {
            if decided.is_some() {
                tried.push((GotoState::NotTried, "An entry before it has failed the step.".to_owned()));
                continue;
            }
            if !goto_matches(goto.on, &outcome) {
                tried.push((GotoState::OtherOutcome, self.other_outcome(goto, &outcome)));
                continue;
            }
            match fold.goto_condition(self.ix, goto) {
                Ok(true) => {}
                Ok(false) => {
                    let condition = goto.condition.as_ref().map_or("", |condition| condition.source());
                    tried.push((GotoState::ConditionFalse, format!("Its `if` is false: {}", words::short(condition))));
                    continue;
                }
                Err(failure) => {
                    let said = format!("Its `if` cannot be evaluated: {}.", words::short(&failure.message));
                    tried.push((GotoState::ConditionFailed, said));
                    decided = Some(FailureKind::Condition);
                    continue;
                }
            }
            // It would have fired, and the visit would be another.
            let message = fold.exhausted(self.graph.shape().entry(self.ix, index), goto)?;
            let then = match goto.on_exhausted {
                OnExhausted::Continue => "the next entry was tried",
                OnExhausted::Fail => {
                    decided = Some(FailureKind::LoopExhausted);
                    "so the step failed"
                }
            };
            tried.push((GotoState::UsedUp, format!("It could not fire: {message}; {then}.")));
        }
        let step = &self.state.steps[self.ix.get()];
        let as_it_is = match (&decided, &outcome) {
            (Some(kind), _) => step.error.as_ref().is_some_and(|error| error.kind == *kind),
            (None, Ended::Succeeded) => step.st == St::Succeeded,
            (None, Ended::Failed(failure)) => step.error.as_ref() == Some(failure),
        };
        as_it_is.then_some(tried)
    }

    fn other_outcome(&self, goto: &Goto, outcome: &Ended) -> String {
        let ended = match outcome {
            Ended::Succeeded => "succeeded".to_owned(),
            Ended::Failed(failure) if matches!(goto.on, GotoOn::Rejected | GotoOn::Timeout) => {
                format!("failed with kind `{}`", failure.kind)
            }
            Ended::Failed(_) => "failed".to_owned(),
        };
        format!("It fires when the step has {}, and that {ended}.", goto.on.as_str())
    }

    pub(super) fn past(&self) -> Vec<PastWhy> {
        let step = &self.state.steps[self.ix.get()];
        let one = |past: &super::super::state::PastVisit| {
            let status = past_status(past.st);
            let reopened = match past.closed_by {
                ClosedBy::Rerun => Reopening::Rerun,
                ClosedBy::Loop { entry, visit } => {
                    let entry = self.graph.shape().entries()[entry.get()];
                    let id = |ix| self.graph.step(ix).id.clone();
                    Reopening::Loop { from: id(entry.from), visit, index: entry.index, to: id(entry.to) }
                }
            };
            let how = match status {
                StepStatus::Cancelled => "was cut off".to_owned(),
                status => {
                    let stands = words::stands(status, past.visit, past.why, past.error.as_ref());
                    stands.replacen(&format!(" in visit {}", past.visit), "", 1)
                }
            };
            let then = match &reopened {
                Reopening::Rerun => "somebody had it done again".to_owned(),
                Reopening::Loop { from, visit, to, .. } if from == to => {
                    format!("`{from}` came again at the end of its visit {visit}")
                }
                Reopening::Loop { from, visit, to, .. } => {
                    format!("`{from}` went back to `{to}` at the end of its visit {visit}")
                }
            };
            let said = format!("Visit {} {how}; then {then}.", past.visit);
            PastWhy { visit: past.visit, status, skip_reason: past.why, reopened, said }
        };
        step.past.iter().map(one).collect()
    }
}

/// How the step may have ended before its loops were tried: as it has, or otherwise where they have made a failure of it.
fn outcomes_before_loops(step: &StepState) -> Vec<Ended> {
    let Some(error) = step.error.as_ref().filter(|_| step.st == St::Failed) else { return vec![Ended::Succeeded] };
    let failed = |failure: &Failure| Ended::Failed(failure.clone());
    match error.kind {
        FailureKind::LoopExhausted => vec![error.cause.as_deref().map_or(Ended::Succeeded, failed)],
        // What it was before an `if` could not be evaluated is not known.
        FailureKind::Condition => {
            vec![failed(error), Ended::Succeeded, Ended::Failed(Failure::new(FailureKind::Exit, ""))]
        }
        _ => vec![failed(error)],
    }
}

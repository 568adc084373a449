//! The measure of the proof: how much a run can still do.

use std::collections::BTreeMap;

use loopline_core::graph::{Action, Graph, Step};
use loopline_core::view::{RunView, StepStatus, StepView};

/// What a world knows of a run besides its view.
pub struct Counts {
    /// Firings of all loop edges so far.
    pub firings: u64,
    /// Attempts that live, of visits that have been re-opened.
    pub late_attempts: u64,
    /// Delays of loops that run.
    pub delays: u64,
    /// The run may still be cancelled.
    pub may_be_cancelled: bool,
    /// The run's `timeout` may still pass.
    pub may_time_out: bool,
    /// Moves that the current visit of each step has taken, by its id.
    pub moves: BTreeMap<String, u64>,
}

/// The pair (firings that are left, work that is left). Compared part by part.
pub fn measure(graph: &Graph, view: &RunView, counts: &Counts, all_firings: u64) -> (u64, u64) {
    let firings = all_firings.checked_sub(counts.firings).expect("lemma 3 bounds the firings");
    let steps = graph.steps.iter().map(|step| {
        let moves = counts.moves.get(step.id.as_str()).copied().unwrap_or(0);
        left(&view.steps[&step.id], moves_of_a_visit(step), moves)
    });
    let work = steps.sum::<u64>()
        + counts.late_attempts
        + counts.delays
        + u64::from(counts.may_be_cancelled)
        + u64::from(counts.may_time_out);
    (firings, work)
}

/// What is left of the current visit of a step.
fn left(step: &StepView, most: u64, moves: u64) -> u64 {
    use StepStatus as S;
    match (step.status, step.started_at) {
        (S::Succeeded | S::Failed | S::Skipped | S::Cancelled, _) => 0,
        (_, None) => most + 1,
        (_, Some(_)) => most.checked_sub(moves).expect("a visit takes so many moves at the most"),
    }
}

/// `c(x)` of the proof, for steps without items and locks.
fn moves_of_a_visit(step: &Step) -> u64 {
    match &step.action {
        Action::Approval(approval) => u64::from(approval.quorum) + 1,
        Action::Sleep(_) => 1,
        Action::Set(_) => 0,
        _ => 2 * u64::from(step.retry.max_attempts) - 1,
    }
}

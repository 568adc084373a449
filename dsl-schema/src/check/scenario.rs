//! How a run goes when one thing is given and everything else that can go on succeeds: joins and conditions by E3 to E5.

use loopline_core::graph::Condition;

use super::flow::Flow;
use crate::model::{Edge, Model};

/// How a step ends in a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Succeeded,
    Failed,
    /// Skipped by choice: `condition` or `not_taken`.
    NotTaken,
    /// Skipped behind a failure.
    UpstreamFailed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Live,
    Neutral,
    Blocked,
}

/// The ends of all steps when `step` ends as `end`.
pub(super) fn play(model: &Model<'_>, flow: &Flow, step: usize, end: End) -> Vec<End> {
    let mut ends = vec![End::Succeeded; model.steps.len()];
    for &at in &flow.order {
        ends[at] = if at == step { end } else { judge(model, at, &ends) };
    }
    ends
}

fn judge(model: &Model<'_>, at: usize, ends: &[End]) -> End {
    let step = &model.steps[at];
    if step.needs.is_empty() {
        return End::Succeeded;
    }
    let states = step.needs.iter().map(|edge| state(model, edge, ends[edge.from]));
    let live = states.clone().filter(|state| *state == State::Live).count();
    let blocked = states.filter(|state| *state == State::Blocked).count();
    let goes = match step.at_least {
        None => blocked == 0 && live > 0,
        Some(least) => live >= least as usize,
    };
    let behind_failure = |edge: &Edge| {
        matches!(edge.on, Condition::Ok | Condition::Succeeded | Condition::Completed)
            && matches!(ends[edge.from], End::Failed | End::UpstreamFailed)
            && state(model, edge, ends[edge.from]) == State::Blocked
    };
    match goes {
        true => End::Succeeded,
        false if step.needs.iter().any(behind_failure) => End::UpstreamFailed,
        false => End::NotTaken,
    }
}

fn state(model: &Model<'_>, edge: &Edge, end: End) -> State {
    let live = match edge.on {
        Condition::Ok => match end {
            End::Succeeded => true,
            End::Failed => model.steps[edge.from].allows_failure(),
            End::NotTaken => return State::Neutral,
            End::UpstreamFailed => false,
        },
        Condition::Succeeded => end == End::Succeeded,
        Condition::Failed | Condition::Catch => end == End::Failed,
        Condition::Completed => matches!(end, End::Succeeded | End::Failed),
        Condition::Skipped => matches!(end, End::NotTaken | End::UpstreamFailed),
        Condition::Always => true,
    };
    if live { State::Live } else { State::Blocked }
}

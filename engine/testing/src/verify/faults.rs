//! What goes wrong on some way: each with the answers that lead there, and the way to be drawn.

use loopline_core::graph::Graph;
use loopline_core::id::StepPath;
use loopline_core::machine::Passed;
use loopline_core::outcome::FailureKind;
use loopline_core::view::{RunStatus, RunView, SkipReason, StepStatus, StepView};
use loopline_dsl::drawing::{self, Trail};
use serde::Serialize;

use super::explore::Ending;
use super::run::Run;
use crate::coverage::Coverage;
use crate::{steps, waits};

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Nothing of the run goes on, and it is not over.
    Hangs,
    /// A loop without a bound goes round for ever.
    Endless,
    /// The run fails.
    Fails,
    /// A loop would go back, and its budget is used up.
    UsedUp,
    /// The run succeeds, and none of the branches before a merge was taken.
    Gap,
}

/// Something that goes wrong, and the first way to it that was found. There is none with fewer surprises.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// Where, by the name of the step.
    pub step: Option<String>,
    /// What, in words.
    pub says: String,
    /// How to get there.
    #[serde(flatten)]
    pub ending: Ending,
    /// The run fails when something was done, and neither a compensation nor `finally` comes behind it.
    pub left_behind: bool,
    /// The way there.
    #[serde(skip)]
    pub trail: Trail,
}

/// What one fault is told from the others by.
pub(super) type FaultKey = (FaultKind, String, String);

/// What went wrong, where, and in words.
pub(super) type Found = (FaultKey, Option<String>, String);

/// What went wrong in a run: what it is told by, the step, and what it is in words.
pub(super) fn of(run: &Run<'_>, view: &RunView, coverage: &Coverage, unlimited: bool) -> Vec<Found> {
    let mut found = Vec::new();
    if run.cut_short {
        if unlimited {
            let source = steps_that(run, |passed| matches!(passed, Passed::Fired { .. })).pop();
            let says = "a loop goes round for ever".to_owned();
            found.push(((FaultKind::Endless, source.clone().unwrap_or_default(), String::new()), source, says));
        }
        return found;
    }
    if !view.status.is_over() {
        let waits = waiting(view);
        let step = waits.first().cloned();
        let says = format!("the run does not go on: {}", waits::in_words(view));
        found.push(((FaultKind::Hangs, waits.join(" "), String::new()), step, says));
    }
    if view.status == RunStatus::Failed {
        let (step, kind, says) = match &view.error {
            Some(error) => {
                let step = error.step.as_ref().map(ToString::to_string);
                let kind = error.failure.kind.to_string();
                let says = match &step {
                    Some(step) => format!("the run fails: `{step}` failed ({kind})"),
                    None => format!("the run fails ({kind}): {}", error.failure.message),
                };
                (step, kind, says)
            }
            None => (None, String::new(), "the run fails".to_owned()),
        };
        found.push(((FaultKind::Fails, step.clone().unwrap_or_default(), kind), step, says));
    }
    for (_, passage) in &run.world.passages {
        if let Passed::Exhausted { index } = passage.passed {
            let from = steps::plain_name(passage);
            if fails_by_loop(view, &from) {
                continue;
            }
            let says = format!("the budget of a loop is used up: {}", coverage.loop_edge(&from, index));
            found.push(((FaultKind::UsedUp, from.clone(), index.to_string()), Some(from), says));
        }
    }
    if view.status == RunStatus::Succeeded {
        found.extend(gaps(run.world.subject.graph, view));
    }
    // One way is told once for each, however often it passes there.
    found.sort();
    found.dedup();
    found
}

/// The run's error says it already.
fn fails_by_loop(view: &RunView, from: &str) -> bool {
    view.error.as_ref().is_some_and(|error| {
        error.failure.kind == FailureKind::LoopExhausted
            && error.step.as_ref().is_some_and(|step| step.as_str() == from)
    })
}

/// What was done stays as it is: nothing undoes it, nothing comes at the end.
pub(super) fn left_behind(run: &Run<'_>, view: &RunView) -> bool {
    let did_something = view.steps.values().any(|step| step.status == StepStatus::Succeeded);
    let nothing_follows = run.world.subject.graph.finally.is_none() && view.compensations.is_empty();
    view.status == RunStatus::Failed && did_something && nothing_follows
}

/// Merges that no branch has led to, though nothing failed.
fn gaps(graph: &Graph, view: &RunView) -> Vec<Found> {
    let left_out = |step: &StepView| {
        let by_choice = matches!(step.skip_reason, Some(SkipReason::Condition | SkipReason::NotTaken));
        step.status == StepStatus::Skipped && by_choice
    };
    let merges = graph.steps.iter().filter(|step| step.needs.len() > 1);
    let gaps = merges.filter(|step| {
        let of = |id| view.steps.get(id).is_some_and(left_out);
        let before = || step.needs.iter().all(|need| of(&graph.step(need.step).id));
        view.steps.get(&step.id).is_some_and(|step| step.skip_reason == Some(SkipReason::NotTaken)) && before()
    });
    gaps.map(|step| {
        let name = step.id.to_string();
        let says = format!("the run succeeds, and no branch before `{name}` is taken");
        ((FaultKind::Gap, name.clone(), String::new()), Some(name), says)
    })
    .collect()
}

fn waiting(view: &RunView) -> Vec<String> {
    let mut names = Vec::new();
    steps::each_step(view, &mut |name, step| {
        if steps::waits(step) {
            names.push(plain(name));
        }
    });
    names
}

fn steps_that(run: &Run<'_>, is: impl Fn(&Passed) -> bool) -> Vec<String> {
    let passages = run.world.passages.iter().filter(|(_, passage)| is(&passage.passed));
    passages.map(|(_, passage)| steps::plain_name(passage)).collect()
}

fn plain(name: &str) -> String {
    name.parse::<StepPath>().map_or_else(|_| name.to_owned(), |path| steps::without_items(&path).to_string())
}

/// The way of a run, to be drawn.
pub(super) fn trail(run: &Run<'_>, view: &RunView, says: &str, when: &[String], ends_at: Option<String>) -> Trail {
    let mut trail = Trail { title: says.to_owned(), ends_at, ..Trail::default() };
    trail.about = match when {
        [] => vec!["when everything gives what it usually does".to_owned()],
        when => when.iter().map(|when| format!("when {when}")).collect(),
    };
    steps::each_step(view, &mut |name, step| {
        let visits = step.visits.len() as u32;
        if visits == 0 {
            return;
        }
        let passed = drawing::Passed { status: step.status, visits };
        let known = trail.steps.entry(plain(name)).or_insert(passed);
        // Of several items the one that failed is what people look for.
        known.visits = known.visits.max(visits);
        if step.status == StepStatus::Failed {
            known.status = StepStatus::Failed;
        }
    });
    for (_, passage) in &run.world.passages {
        let name = steps::plain_name(passage);
        match &passage.passed {
            Passed::Started { over } => {
                let prefix = name.strip_suffix(passage.step.as_str()).unwrap_or_default();
                trail.edges.extend(over.iter().map(|(from, _)| (format!("{prefix}{from}"), name.clone())));
            }
            Passed::Fired { index } => *trail.loops.entry((name, *index)).or_default() += 1,
            Passed::Exhausted { index } => drop(trail.used_up.insert((name, *index))),
        }
    }
    trail
}

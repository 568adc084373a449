//! What happened when, for people who look at a failure.

use loopline_core::id::AttemptKey;
use loopline_core::machine::{Passage, Passed};
use loopline_core::time::Timestamp;
use loopline_core::view::{RunView, StepStatus, StepView, VisitView};
use loopline_dsl::duration;
use serde::Serialize;

use crate::simulation::Simulation;
use crate::steps;

/// More lines than this say nothing to anybody.
const MOST_LINES: usize = 60;

/// One line of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceLine {
    /// Milliseconds since the run began.
    pub at_ms: u64,
    /// What happened, in words.
    pub what: String,
}

/// What can be told.
enum Told<'s> {
    Passed(&'s Passage),
    Undone(&'s AttemptKey),
    Done(&'s str),
}

/// What started, with how it ended, and what people did, in the order of its beginning; of a long run the end of it.
pub(crate) fn trace(view: &RunView, simulation: &Simulation<'_>) -> Vec<TraceLine> {
    let passages = simulation.world.passages.iter().map(|(at, passage)| (*at, Told::Passed(passage)));
    let undone = simulation.world.undone.iter().map(|(at, key)| (*at, Told::Undone(key)));
    let done = simulation.done.iter().map(|(at, said)| (*at, Told::Done(said)));
    let mut all: Vec<(Timestamp, Told<'_>)> = passages.chain(undone).chain(done).collect();
    // Stable: what happens at one moment stays in its order, and people act behind it.
    all.sort_by_key(|(at, _)| *at);
    let left_out = all.len().saturating_sub(MOST_LINES);
    let mut lines: Vec<TraceLine> = all[left_out..]
        .iter()
        .map(|(at, told)| TraceLine { at_ms: simulation.world.since_began(*at), what: in_words(told, view) })
        .collect();
    if let (Some(first), true) = (lines.first(), left_out > 0) {
        let what = format!("… {left_out} lines before this are left out");
        lines.insert(0, TraceLine { at_ms: first.at_ms, what });
    }
    lines
}

fn in_words(told: &Told<'_>, view: &RunView) -> String {
    let passage = match told {
        Told::Passed(passage) => passage,
        Told::Undone(key) => return format!("{} is undone", key.within.path_to(key.step.clone())),
        Told::Done(said) => return (*said).to_owned(),
    };
    let path = passage.within.path_to(passage.step.clone());
    match &passage.passed {
        Passed::Started { .. } => {
            let visit = if passage.visit > 1 { format!(", visit {}", passage.visit) } else { String::new() };
            let ended = steps::find(view, &path).and_then(|step| ended(step, passage.visit));
            format!("{path}{visit}{}", ended.map(|ended| format!(": {ended}")).unwrap_or_default())
        }
        Passed::Fired { .. } => format!("{path} goes back"),
        Passed::Exhausted { .. } => format!("{path} would go back, and the loop is used up"),
    }
}

/// How a visit ended, and how long it took.
fn ended(step: &StepView, number: u32) -> Option<String> {
    let visit: &VisitView = step.visits.iter().find(|visit| visit.visit == number)?;
    let word = match (&visit.error, visit.status) {
        (Some(error), StepStatus::Failed) => format!("failed ({})", error.kind),
        (_, status) => status.as_str().to_owned(),
    };
    let took = visit.started_at.zip(visit.finished_at).map_or(0, |(from, to)| to.ms_since(from));
    Some(if took > 0 { format!("{word} after {}", duration::write(took)) } else { word })
}

//! Whether an attempt is over, as the state of its run tells it.

use loopline_core::id::AttemptKey;
use loopline_core::view::{RunView, StepStatus};

/// Nothing more will come of the attempt: it has ended, or something else has taken its place.
pub(crate) fn is_settled(view: &RunView, key: &AttemptKey) -> bool {
    view.finished_at.is_some() || key.epoch < view.epoch || goes_on(view, key).is_none()
}

/// The attempt is the one that its place has, and has not ended.
fn goes_on(view: &RunView, key: &AttemptKey) -> Option<()> {
    let (mut steps, mut compensations) = (&view.steps, &view.compensations);
    for around in key.within.iter() {
        let step = steps.get(&around.step)?;
        let (visit, attempt, child) = match around.item {
            None => (step.visit, step.attempt, &step.child),
            Some(item) => {
                let item = step.items.as_ref()?.get(item as usize)?;
                (item.kept_from.unwrap_or(step.visit), item.attempt, &item.child)
            }
        };
        let child = child.as_ref().filter(|_| (visit, attempt) == (around.visit, around.attempt))?;
        (steps, compensations) = (&child.steps, &child.compensations);
    }
    let (visit, attempt, status) = if key.undo {
        let mut undos = compensations.iter();
        let undo = undos.find(|undo| (&undo.step, undo.item, undo.visit) == (&key.step, key.item, key.visit))?;
        (undo.visit, undo.attempt, undo.status)
    } else {
        let step = steps.get(&key.step)?;
        match key.item {
            None => (step.visit, step.attempt, step.status),
            Some(item) => {
                let item = step.items.as_ref()?.get(item as usize)?;
                (item.kept_from.unwrap_or(step.visit), item.attempt, item.status)
            }
        }
    };
    // A step whose next attempt or visit is to come waits, or is undecided again.
    let works = matches!(status, StepStatus::Queued | StepStatus::Running);
    ((visit, attempt) == (key.visit, key.attempt) && works).then_some(())
}

//! How things are put, so that the same thing is always said in the same words.

use crate::outcome::Failure;
use crate::view::{SkipReason, StepStatus};

/// More of a text than this is not repeated.
const LONGEST: usize = 120;

/// `runs in visit 2`, to be read behind the name of a step.
pub(super) fn stands(
    status: StepStatus,
    visit: u32,
    skip_reason: Option<SkipReason>,
    error: Option<&Failure>,
) -> String {
    match (status, skip_reason) {
        (StepStatus::Pending, _) => format!("has not begun visit {visit}"),
        (StepStatus::Queued, _) => format!("is queued in visit {visit}"),
        (StepStatus::Running, _) => format!("runs in visit {visit}"),
        (StepStatus::Waiting, _) => format!("waits in visit {visit}"),
        (StepStatus::Succeeded, _) => format!("succeeded in visit {visit}"),
        (StepStatus::Failed, _) => match error {
            Some(error) => format!("failed in visit {visit} ({})", failure(error)),
            None => format!("failed in visit {visit}"),
        },
        (StepStatus::Cancelled, _) => format!("was cancelled in visit {visit}"),
        (StepStatus::Skipped, Some(SkipReason::Condition)) => format!("was skipped in visit {visit} by its own `if`"),
        (StepStatus::Skipped, Some(SkipReason::NotTaken)) => {
            format!("was skipped in visit {visit} as no edge led to it")
        }
        (StepStatus::Skipped, Some(SkipReason::UpstreamFailed)) => {
            format!("was skipped in visit {visit} as what it needs failed")
        }
        (StepStatus::Skipped, Some(SkipReason::Cancelled)) => {
            format!("was skipped in visit {visit} as the run was ended")
        }
        (StepStatus::Skipped, None) => format!("was skipped in visit {visit}"),
    }
}

/// `exit: the process ended with code 1`.
pub(super) fn failure(error: &Failure) -> String {
    format!("{}: {}", error.kind, short(&error.message))
}

/// The first line of a text, as far as it can be read at a glance.
pub(super) fn short(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// `` `a`, `b` and `c` ``, and no more than a few of them.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 5;
    let all: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match all.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if all.len() <= MOST => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", all[..MOST - 1].join(", "), all.len() - MOST + 1),
    }
}

/// `1 edge`, `2 edges`.
pub(super) fn count(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

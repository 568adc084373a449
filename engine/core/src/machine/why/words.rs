//! How things are put, so that the same thing is always said in the same words.

use crate::graph::Retry;
use crate::outcome::Failure;
use crate::time::Timestamp;
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

/// How a visit failed, or an item in it.
pub(super) fn failed(visit: u32, attempts: u32, error: Option<&Failure>) -> Vec<String> {
    let why = error.map(failure).unwrap_or_default();
    let mut said = vec![match attempts {
        0 | 1 => format!("It failed in visit {visit}: {why}"),
        attempts => format!("It failed in visit {visit} after {attempts} attempts: {why}"),
    }];
    let cause = error.and_then(|error| error.cause.as_deref());
    said.extend(cause.map(|cause| format!("Behind that: {}", failure(cause))));
    said
}

/// Why there is no further attempt, where `retry` allows more than one.
pub(super) fn not_retried(retry: &Retry, attempts: u32) -> Option<String> {
    let most = retry.max_attempts;
    (most > 1).then(|| match attempts < most {
        true => "`retry` does not list that kind of failure.".to_owned(),
        false => format!("`retry` allows {most} attempts, and all were made."),
    })
}

/// The wait for attempt `next`.
pub(super) fn retry(next: u32, until: Timestamp) -> String {
    format!("Attempt {} failed, and attempt {next} begins at {until}.", next - 1)
}

/// The wait for a lock.
pub(super) fn lock(name: &str, until: Option<Timestamp>) -> Vec<String> {
    let waits = format!("It waits for the lock `{name}`, which somebody else holds.");
    let fails = until.map(|until| format!("It fails at {until} if it does not have it by then."));
    [waits].into_iter().chain(fails).collect()
}

/// The wait for somebody who calls back.
pub(super) fn callback(until: Timestamp) -> Vec<String> {
    vec![
        "Its request was answered, and it waits until somebody calls back.".to_owned(),
        format!("It fails at {until} if nobody has called back by then."),
    ]
}

/// The wait for a worker that has the labels.
pub(super) fn worker(missing: &[String], until: Option<Timestamp>) -> Vec<String> {
    let labels = names(missing.iter().map(String::as_str));
    let waits = match missing {
        [_] => format!("It is queued: no worker has the label {labels}."),
        _ => format!("It is queued: no worker has all of the labels {labels}."),
    };
    let fails = until.map(|until| format!("It fails at {until} if none has begun it by then."));
    [waits].into_iter().chain(fails).collect()
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

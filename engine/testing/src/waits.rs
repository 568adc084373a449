//! What a run that does not go on waits for, in words.

use loopline_core::view::{RunStatus, RunView, StepView, WaitingFor};

use crate::steps;

/// One sentence for everything that waits.
pub(crate) fn in_words(view: &RunView) -> String {
    let mut waits = Vec::new();
    match view.status {
        RunStatus::Paused => waits.push("the run is paused, and nobody lets it go on".to_owned()),
        RunStatus::Queued => waits.push("the run waits for a place in its concurrency group".to_owned()),
        _ => {}
    }
    steps::each_step(view, &mut |name, step| of_step(name, step, &mut waits));
    if waits.is_empty() { "nothing says what it waits for".to_owned() } else { waits.join("; ") }
}

fn of_step(name: &str, step: &StepView, waits: &mut Vec<String>) {
    waits.extend(step.waiting_for.as_ref().map(|waiting| one(name, waiting)));
    for (index, item) in step.items.iter().flatten().enumerate() {
        waits.extend(item.waiting_for.as_ref().map(|waiting| one(&format!("{name}[{index}]"), waiting)));
    }
}

fn one(name: &str, waiting: &WaitingFor) -> String {
    match waiting {
        WaitingFor::Approval(wait) => {
            let approvers = match wait.approvers.as_slice() {
                [] => "anybody".to_owned(),
                all => all.join(", "),
            };
            match (wait.quorum, wait.decisions.len()) {
                (1, _) => format!("`{name}` waits for a decision by {approvers}"),
                (quorum, made) => format!("`{name}` has {made} of {quorum} approvals by {approvers}"),
            }
        }
        WaitingFor::Signal { name: signal, kept: 0, .. } => format!("`{name}` waits for a signal `{signal}`"),
        WaitingFor::Signal { name: signal, kept, .. } => {
            format!("`{name}` waits for a signal `{signal}`, and none of the {kept} that came fits")
        }
        WaitingFor::Callback { .. } => format!("`{name}` waits until somebody calls back"),
        WaitingFor::Worker { missing, .. } => format!("`{name}` waits for a worker with {}", missing.join(", ")),
        WaitingFor::Lock { name: lock, .. } => format!("`{name}` waits for the lock `{lock}`"),
        WaitingFor::Timer { until } => format!("`{name}` waits until {until}"),
        WaitingFor::Retry { until, attempt } => format!("`{name}` waits until {until} for attempt {attempt}"),
        WaitingFor::Draining { attempts } => format!("`{name}` waits for {attempts} attempts to end"),
    }
}

//! What is counted while runs are driven. Names, units and labels are described in `docs/metrics.md`, which a test holds
//! against what is counted here.
//!
//! Counted once it is on disk, and since this process began: what Prometheus wants of counters.

use std::time::Duration;

use loopline_core::event::RunOutcome;
use loopline_core::machine::RunState;
use loopline_core::outcome::Outcome;
use metrics::{counter, gauge, histogram};

/// A run has begun.
pub(crate) fn run_created(state: &RunState) {
    if let Some((project, pipeline)) = named(state) {
        counter!("loopline_runs_created_total", "project" => project, "pipeline" => pipeline).increment(1);
    }
}

/// A run is over.
pub(crate) fn run_finished(state: &RunState, outcome: RunOutcome) {
    let Some((project, pipeline)) = named(state) else { return };
    let outcome = match outcome {
        RunOutcome::Succeeded => "succeeded",
        RunOutcome::Failed => "failed",
        RunOutcome::Cancelled => "cancelled",
    };
    let labels = [("project", project), ("pipeline", pipeline), ("outcome", outcome.to_owned())];
    counter!("loopline_runs_finished_total", &labels).increment(1);
    let took = Duration::from_millis(state.last_at().ms_since(state.created_at()));
    histogram!("loopline_run_duration_seconds", "outcome" => outcome).record(took);
}

/// An attempt was handed to a worker.
pub(crate) fn attempt_started() {
    counter!("loopline_attempts_started_total").increment(1);
}

/// An attempt has an outcome.
pub(crate) fn attempt_finished(outcome: &Outcome) {
    let outcome = match outcome {
        Outcome::Succeeded { .. } => "succeeded",
        Outcome::Failed { error, .. } => error.kind.as_str(),
        Outcome::Cancelled { .. } => "cancelled",
    };
    counter!("loopline_attempts_finished_total", "outcome" => outcome).increment(1);
}

/// Events are on disk.
pub(crate) fn committed(events: usize, took: Duration) {
    counter!("loopline_events_total").increment(events as u64);
    histogram!("loopline_commit_duration_seconds").record(took);
    histogram!("loopline_commit_events").record(events as f64);
    gauge!("loopline_journal_up").set(1.0);
}

/// Nothing could be written.
pub(crate) fn commit_failed() {
    counter!("loopline_commit_failures_total").increment(1);
    gauge!("loopline_journal_up").set(0.0);
}

fn named(state: &RunState) -> Option<(String, String)> {
    state.created().map(|created| (created.project.clone(), created.pipeline.clone()))
}

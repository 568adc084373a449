//! One batch: what has arrived, folded, and ready to be written in one transaction.

use std::collections::HashMap;

use loopline_core::canonical;
use loopline_core::command::Command;
use loopline_core::event::{Event, Recorded};
use loopline_core::id::{AttemptId, AttemptKey, RunId};
use loopline_core::machine::{Refused, apply};
use loopline_core::time::Timestamp;
use loopline_ports::access::{Act, Asker};
use loopline_ports::driver::{DriverError, Triggered};
use loopline_ports::journal::{Append, NewRun, RequestKey};
use loopline_ports::worker::Report;
use tokio::sync::oneshot;

use crate::runs::Active;

/// What waits for the commit.
#[allow(clippy::large_enum_variant, reason = "most are reports, the large one")]
pub(crate) enum Waiting {
    /// A client, for its new run.
    Trigger(oneshot::Sender<Result<Triggered, DriverError>>),
    /// A client, for its event.
    Event(oneshot::Sender<Result<(), DriverError>>),
    /// A report. The worker forgets the attempt once this is on disk; until then the report must not be lost.
    Report(Report),
}

/// What belongs to one run in a batch.
pub(crate) struct Part {
    pub(crate) append: Append,
    pub(crate) commands: Vec<Command>,
    pub(crate) waiting: Vec<Waiting>,
}

/// Runs in the order in which they came into the batch.
pub(crate) struct Batch {
    pub(crate) parts: Vec<Part>,
    /// Number of the next wish for a place in a group.
    pub(crate) next_number: u64,
    by_run: HashMap<RunId, usize>,
}

impl Batch {
    /// An empty one, in which wishes for places are numbered from here on.
    pub(crate) fn from_number(next_number: u64) -> Self {
        Self { parts: Vec::new(), next_number, by_run: HashMap::new() }
    }

    /// Folds an event into `active`, and notes what it changes. A refused event leaves no trace.
    pub(crate) fn take(&mut self, run: RunId, active: &mut Active, event: Event, at: Timestamp) -> Result<(), Refused> {
        let expected = active.state.last_seq();
        let recorded = Recorded { seq: expected + 1, at: at.max(active.state.last_at()), event };
        let applied = apply(&active.graph, &mut active.state, &recorded)?;
        let mut number = self.next_number;
        let part = self.part(run, expected);
        note_settled(&mut part.append, &recorded.event);
        part.append.events.push(recorded);
        for command in &applied.commands {
            note_command(&mut part.append, command, &mut number);
        }
        part.commands.extend(applied.commands);
        self.next_number = number;
        Ok(())
    }

    /// Notes that a timer is of no use, though the history does not change.
    pub(crate) fn drop_timer(&mut self, run: RunId, active: &Active, timer: loopline_core::command::Timer) {
        let part = self.part(run, active.state.last_seq());
        part.append.timers_cleared.push(timer);
    }

    /// The run begins with this batch.
    pub(crate) fn begins(&mut self, run: RunId, created: NewRun, request: Option<RequestKey>) {
        let part = &mut self.parts[self.by_run[&run]];
        part.append.created = Some(created);
        part.append.request = request;
    }

    /// What was last taken for this run was asked for by somebody, and the audit is told.
    pub(crate) fn acts(&mut self, run: RunId, by: Asker) {
        let append = &mut self.parts[self.by_run[&run]].append;
        let Some(recorded) = append.events.last() else { return };
        let after = serde_json::to_value(&recorded.event).ok().map(|event| canonical::digest(&event));
        append.acts.push(Act {
            at: recorded.at,
            by,
            does: recorded.event.kind().to_owned(),
            on: format!("run {run}"),
            event: Some((run, recorded.seq)),
            // What a run was before is its history up to there.
            before: None,
            after,
        });
    }

    /// Somebody wants to know when what was last taken for this run is on disk.
    pub(crate) fn waits(&mut self, run: RunId, waiting: Waiting) {
        self.parts[self.by_run[&run]].waiting.push(waiting);
    }

    /// Something of the run waits to be written.
    pub(crate) fn has(&self, run: RunId) -> bool {
        self.by_run.contains_key(&run)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    fn part(&mut self, run: RunId, expected: u64) -> &mut Part {
        let at = *self.by_run.entry(run).or_insert_with(|| {
            self.parts.push(Part {
                append: Append {
                    run,
                    expected,
                    events: Vec::new(),
                    created: None,
                    row: None,
                    timers_set: Vec::new(),
                    timers_cleared: Vec::new(),
                    attempts_started: Vec::new(),
                    attempts_finished: Vec::new(),
                    slots_asked: Vec::new(),
                    slots_granted: Vec::new(),
                    slots_released: Vec::new(),
                    request: None,
                    acts: Vec::new(),
                    snapshot: None,
                },
                commands: Vec::new(),
                waiting: Vec::new(),
            });
            self.parts.len() - 1
        });
        &mut self.parts[at]
    }
}

fn note_settled(append: &mut Append, event: &Event) {
    match event {
        Event::AttemptFinished { key, .. } => append.attempts_finished.push(key.clone()),
        Event::ChildFinished(finished) => append.attempts_finished.push(finished.key.clone()),
        Event::TimerFired { timer } => append.timers_cleared.push(timer.clone()),
        Event::SlotGranted { slot } => append.slots_granted.push(slot.clone()),
        Event::RunCreated(_)
        | Event::AttemptStarted { .. }
        | Event::ApprovalDecided(_)
        | Event::AttemptUnplaced { .. }
        | Event::SignalReceived(_)
        | Event::CallbackReceived(_)
        | Event::PauseRequested { .. }
        | Event::ResumeRequested { .. }
        | Event::RerunRequested { .. }
        | Event::ParentAsked { .. }
        | Event::CancelRequested { .. } => {}
    }
}

fn note_command(append: &mut Append, command: &Command, number: &mut u64) {
    match command {
        Command::StartAttempt(spec) => append.attempts_started.push(spec.id.key.clone()),
        // Its attempt is open like any other, so that it is asked for after a restart.
        Command::StartChild(spec) => append.attempts_started.push(spec.parent.key.clone()),
        Command::SetTimer { timer, at } => append.timers_set.push((timer.clone(), *at)),
        Command::ClearTimer { timer } => {
            append.timers_set.retain(|(set, _)| set != timer);
            append.timers_cleared.push(timer.clone());
        }
        Command::AskSlot { slot, ask } => {
            append.slots_asked.push((*number, slot.clone(), (**ask).clone()));
            *number += 1;
        }
        Command::ReleaseSlot { slot } => append.slots_released.push(slot.clone()),
        Command::CancelAttempt { .. }
        | Command::CancelChild { .. }
        | Command::AskChild { .. }
        | Command::TellParent(_)
        | Command::FinishRun { .. } => {}
    }
}

/// The attempt a report is about.
pub(crate) fn attempt_of(report: &Report) -> &AttemptId {
    match report {
        Report::Started { id } | Report::Unplaced { id, .. } | Report::Finished { id, .. } => id,
    }
}

/// The event that a report becomes.
pub(crate) fn event_of(report: &Report) -> Event {
    let key = |id: &AttemptId| -> AttemptKey { id.key.clone() };
    match report {
        Report::Started { id } => Event::AttemptStarted { key: key(id) },
        Report::Unplaced { id, missing } => Event::AttemptUnplaced { key: key(id), missing: missing.clone() },
        Report::Finished { id, outcome } => Event::AttemptFinished { key: key(id), outcome: outcome.clone() },
    }
}

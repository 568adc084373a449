//! A batch as rows, one list for each table: what stores write that write a whole batch at once.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::id::RunId;
use loopline_ports::journal::{Append, JournalError, NewRun, RunRow, Snapshot};

use crate::columns::{stored, to_json};

/// A new run: id, project, pipeline, number, definition, moment, kind and actor of the trigger, labels, last event, status,
/// epoch, name, end, error, steps that wait.
pub(crate) type Begun<'a> = (
    String,
    &'a str,
    &'a str,
    i64,
    i64,
    i64,
    &'a str,
    Option<&'a str>,
    String,
    i64,
    &'static str,
    u32,
    Option<&'a str>,
    Option<i64>,
    Option<String>,
    String,
);
/// What lists show of a run: id, status, epoch, name, end, error, steps that wait.
pub(crate) type Changed<'a> = (String, &'static str, u32, Option<&'a str>, Option<i64>, Option<String>, String);

/// The rows of a batch, sorted by run where the order is of no meaning.
#[derive(Default)]
pub(crate) struct Rows<'a> {
    pub(crate) begun: Vec<Begun<'a>>,
    /// Run, what the writer knew, what is the last event then.
    pub(crate) advanced: Vec<(String, i64, i64)>,
    pub(crate) changed: Vec<Changed<'a>>,
    /// Run, number, moment, kind, payload.
    pub(crate) events: Vec<(String, i64, i64, &'static str, String)>,
    /// Run, which, when, what.
    pub(crate) timers_set: Vec<(String, String, i64, String)>,
    pub(crate) timers_cleared: Vec<(String, String)>,
    /// Run, which, what.
    pub(crate) attempts_started: Vec<(String, String, String)>,
    pub(crate) attempts_finished: Vec<(String, String)>,
    /// Run, which, number, given, what, wish.
    pub(crate) slots_asked: Vec<(String, String, i64, bool, String, String)>,
    pub(crate) slots_granted: Vec<(String, String)>,
    pub(crate) slots_released: Vec<(String, String)>,
    /// Scope, key, run, digest.
    pub(crate) requests: Vec<(&'a str, &'a str, String, &'a str)>,
    /// Entries of the audit, in their order.
    pub(crate) acts: Vec<String>,
    /// Run, number, distance, state.
    pub(crate) snapshots: Vec<(String, i64, i64, &'a [u8])>,
}

/// What several appends say about one thing is the last of it.
#[derive(Default)]
struct Gathered<'a> {
    runs: BTreeMap<RunId, Run<'a>>,
    timers: BTreeMap<(String, String), Option<(i64, String)>>,
    attempts: BTreeMap<(String, String), Option<String>>,
    slots: BTreeMap<(String, String), Option<Wish>>,
    granted: BTreeSet<(String, String)>,
    rows: Rows<'a>,
}

/// Number, what, wish.
type Wish = (i64, String, String);

struct Run<'a> {
    first: &'a Append,
    last: &'a Append,
    /// The last that was said.
    row: Option<&'a RunRow>,
}

impl<'a> Rows<'a> {
    /// `None` where it can be seen already that an append is to be refused.
    pub(crate) fn of(batch: &'a [Append]) -> Option<Self> {
        let mut gathered = Gathered::default();
        for append in batch {
            if !append.is_contiguous() {
                return None;
            }
            match gathered.runs.get_mut(&append.run) {
                None => {
                    let run = Run { first: append, last: append, row: append.row.as_ref() };
                    gathered.runs.insert(append.run, run);
                }
                Some(run) if run.last.last() == append.expected && append.created.is_none() => {
                    run.last = append;
                    run.row = append.row.as_ref().or(run.row);
                }
                Some(_) => return None,
            }
            gathered.add(append).ok()?;
        }
        gathered.into_rows().ok()
    }
}

impl<'a> Gathered<'a> {
    fn add(&mut self, append: &'a Append) -> Result<(), JournalError> {
        let run = append.run.to_string();
        for recorded in &append.events {
            let payload = to_json(&recorded.event)?;
            self.rows.events.push((run.clone(), stored(recorded.seq), recorded.at.0, recorded.event.kind(), payload));
        }
        for (timer, due) in &append.timers_set {
            self.timers.insert((run.clone(), timer.to_string()), Some((due.0, to_json(timer)?)));
        }
        for timer in &append.timers_cleared {
            self.timers.insert((run.clone(), timer.to_string()), None);
        }
        for key in &append.attempts_started {
            self.attempts.insert((run.clone(), key.to_string()), Some(to_json(key)?));
        }
        for key in &append.attempts_finished {
            self.attempts.insert((run.clone(), key.to_string()), None);
        }
        for (number, slot, ask) in &append.slots_asked {
            let row = (stored(*number), to_json(slot)?, to_json(ask)?);
            self.slots.insert((run.clone(), slot.to_string()), Some(row));
        }
        for slot in &append.slots_granted {
            self.granted.insert((run.clone(), slot.to_string()));
        }
        for slot in &append.slots_released {
            self.slots.insert((run.clone(), slot.to_string()), None);
        }
        if let Some(request) = &append.request {
            self.rows.requests.push((&request.scope, &request.key, run.clone(), &request.digest));
        }
        for act in &append.acts {
            self.rows.acts.push(to_json(act)?);
        }
        if let Some(Snapshot { state, apart }) = &append.snapshot {
            self.rows.snapshots.push((run, stored(append.last()), stored(*apart), state));
        }
        Ok(())
    }

    fn into_rows(self) -> Result<Rows<'a>, JournalError> {
        let Self { runs, timers, attempts, slots, mut granted, mut rows } = self;
        for (id, Run { first, last, row }) in &runs {
            let id = id.to_string();
            let shown = match *row {
                None => None,
                Some(row) => {
                    let error = row.error.as_ref().map(to_json).transpose()?;
                    let finished_at = row.finished_at.map(|at| at.0);
                    let waiting = to_json(&row.waiting_steps)?;
                    Some((row.status.as_str(), row.epoch, row.name.as_deref(), finished_at, error, waiting))
                }
            };
            match (&first.created, first.events.first(), shown) {
                (Some(new), Some(event), Some((status, epoch, name, finished_at, error, waiting))) => {
                    let NewRun { created, definition } = new;
                    rows.begun.push((
                        id,
                        &created.project,
                        &created.pipeline,
                        stored(created.number),
                        definition.0,
                        event.at.0,
                        &created.trigger.kind,
                        created.trigger.actor.as_deref(),
                        to_json(&created.labels)?,
                        stored(last.last()),
                        status,
                        epoch,
                        name,
                        finished_at,
                        error,
                        waiting,
                    ));
                }
                (_, _, shown) => {
                    if let Some((status, epoch, name, finished_at, error, waiting)) = shown {
                        rows.changed.push((id.clone(), status, epoch, name, finished_at, error, waiting));
                    }
                    rows.advanced.push((id, stored(first.expected), stored(last.last())));
                }
            }
        }
        let (set, cleared) = split(timers);
        rows.timers_set = set.into_iter().map(|((run, timer), (due, spec))| (run, timer, due, spec)).collect();
        rows.timers_cleared = cleared;
        let (started, finished) = split(attempts);
        rows.attempts_started = started.into_iter().map(|((run, attempt), key)| (run, attempt, key)).collect();
        rows.attempts_finished = finished;
        let (asked, released) = split(slots);
        rows.slots_released = released;
        for (which, (number, spec, ask)) in asked {
            let given = granted.remove(&which);
            rows.slots_asked.push((which.0, which.1, number, given, spec, ask));
        }
        rows.slots_granted = granted.into_iter().collect();
        Ok(rows)
    }
}

/// What is to be there, and what is not.
fn split<K, V>(rows: BTreeMap<K, Option<V>>) -> (Vec<(K, V)>, Vec<K>) {
    let mut present = Vec::new();
    let mut absent = Vec::new();
    for (key, value) in rows {
        match value {
            Some(value) => present.push((key, value)),
            None => absent.push(key),
        }
    }
    (present, absent)
}

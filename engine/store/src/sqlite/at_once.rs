//! A whole batch as one text of SQL with one JSON table a bound value.
//!
//! A statement costs a few microseconds, handing it to the connection's thread and waiting for it many more. So all
//! statements of the transaction go there together, one for each table that has rows, however many.
//! Nobody can look at results in between: each statement is written so that it fails where an append is to be refused.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use loopline_core::id::RunId;
use loopline_ports::journal::{Append, JournalError, NewRun, RunRow, Snapshot};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _};

use super::rows::{stored, to_json};

/// One for each table of [`Tables::into_json`], in its order, with the table as its only parameter. Those of tables without
/// rows are left out of a transaction: each one that runs wakes whoever waits for the commit once.
///
/// `last_seq` may not be null, so a writer that is behind fails at the update; a run that is not there fails at its
/// first event, which refers to it. What lists show changes seldom, and is in an index: it is not touched with every event.
const STATEMENTS: [&str; 14] = [
    "INSERT INTO runs (id, project, pipeline, number, definition, created_at, trigger_kind, trigger_actor, labels, \
     last_seq, status, epoch, name, finished_at, error, waiting_steps) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, \
     value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15 \
     FROM json_each(?)",
    "UPDATE runs SET last_seq = CASE WHEN runs.last_seq = new.value ->> 1 THEN new.value ->> 2 END \
     FROM json_each(?) AS new WHERE runs.id = new.value ->> 0",
    "UPDATE runs SET status = new.value ->> 1, epoch = new.value ->> 2, name = new.value ->> 3, finished_at = new.value ->> 4, \
     error = new.value ->> 5, waiting_steps = new.value ->> 6 \
     FROM json_each(?) AS new WHERE runs.id = new.value ->> 0",
    "INSERT INTO events (run, seq, at, type, payload) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)",
    "INSERT INTO timers (run, timer, due, spec) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true \
     ON CONFLICT (run, timer) DO UPDATE SET due = excluded.due",
    "DELETE FROM timers WHERE (run, timer) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
    "INSERT INTO attempts (run, attempt, key) \
     SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true \
     ON CONFLICT (run, attempt) DO NOTHING",
    "DELETE FROM attempts WHERE (run, attempt) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
    "INSERT INTO slots (run, slot, number, granted, spec, ask) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true \
     ON CONFLICT (run, slot) DO NOTHING",
    "UPDATE slots SET granted = 1 WHERE (run, slot) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
    "DELETE FROM slots WHERE (run, slot) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
    "INSERT INTO requests (scope, key, run, digest) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
    "INSERT INTO snapshots (run, seq, apart, state) \
     SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3) FROM json_each(?)",
    "DELETE FROM snapshots WHERE (run, seq) IN ( \
     SELECT old.run, old.seq FROM json_each(?) AS new, snapshots AS old, snapshots AS first \
     WHERE old.run = new.value ->> 0 AND old.seq < new.value ->> 1 AND first.run = old.run AND first.seq < old.seq \
     AND first.seq / (new.value ->> 2) = old.seq / (new.value ->> 2))",
];

/// Why a batch was not written at once.
pub(super) enum Failed {
    /// Nothing of it is written: an append is to be refused, or the database cannot be used.
    Before,
    /// The last statement failed.
    Commit(sqlx::Error),
}

/// Writes all of the batch, or nothing.
pub(super) async fn write(connection: &mut SqliteConnection, batch: &[Append]) -> Result<(), Failed> {
    let tables = Tables::of(batch).ok_or(Failed::Before)?;
    let tables = tables.into_json().map_err(|_| Failed::Before)?;
    let (statements, tables): (Vec<_>, Vec<_>) =
        STATEMENTS.into_iter().zip(tables).filter_map(|(statement, table)| Some((statement, table?))).unzip();
    // Of the texts above alone, nothing of the batch.
    let text = AssertSqlSafe(transaction(&statements));
    let query = tables.into_iter().fold(sqlx::query(text), |query, table| query.bind(table));
    let mut results = (&mut *connection).fetch_many(query);
    let before_commit = statements.len() + 1;
    let mut done = 0;
    let error = loop {
        match results.try_next().await {
            Ok(Some(_)) => done += 1,
            Ok(None) => return Ok(()),
            Err(error) => break error,
        }
    };
    drop(results);
    if done >= before_commit {
        return Err(Failed::Commit(error));
    }
    tracing::debug!(%error, "a batch cannot be written at once");
    // Some errors end the transaction by themselves, so this one may find nothing to roll back.
    let _ = sqlx::query("ROLLBACK").execute(connection).await;
    Err(Failed::Before)
}

/// The driver prepares each combination once, and knows it again by its text.
fn transaction(statements: &[&str]) -> String {
    let mut text = String::from("BEGIN IMMEDIATE;\n");
    for statement in statements {
        text.push_str(statement);
        text.push_str(";\n");
    }
    text.push_str("COMMIT");
    text
}

/// The rows of a batch. What several appends say about one thing is the last of it.
#[derive(Default)]
struct Tables<'a> {
    runs: BTreeMap<RunId, Run<'a>>,
    events: Vec<(String, i64, i64, &'static str, String)>,
    timers: BTreeMap<(String, String), Option<(i64, String)>>,
    attempts: BTreeMap<(String, String), Option<String>>,
    slots: BTreeMap<(String, String), Option<SlotRow>>,
    granted: BTreeSet<(String, String)>,
    requests: Vec<(&'a str, &'a str, String, &'a str)>,
    snapshots: Vec<(String, i64, i64, String)>,
}

/// Number, given, which, what.
type SlotRow = (i64, u8, String, String);

struct Run<'a> {
    first: &'a Append,
    last: &'a Append,
    /// The last that was said.
    row: Option<&'a RunRow>,
}

impl<'a> Tables<'a> {
    /// `None` where it can be seen already that an append is to be refused, or where no statement would see it.
    fn of(batch: &'a [Append]) -> Option<Self> {
        let mut tables = Self::default();
        for append in batch {
            if !append.is_contiguous() || append.events.is_empty() {
                return None;
            }
            match tables.runs.get_mut(&append.run) {
                None => {
                    tables.runs.insert(append.run, Run { first: append, last: append, row: append.row.as_ref() });
                }
                Some(run) if run.last.last() == append.expected && append.created.is_none() => {
                    run.last = append;
                    run.row = append.row.as_ref().or(run.row);
                }
                Some(_) => return None,
            }
            tables.add(append).ok()?;
        }
        Some(tables)
    }

    fn add(&mut self, append: &'a Append) -> Result<(), JournalError> {
        let run = append.run.to_string();
        for recorded in &append.events {
            let payload = to_json(&recorded.event)?;
            self.events.push((run.clone(), stored(recorded.seq), recorded.at.0, recorded.event.kind(), payload));
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
            let row = (stored(*number), 0, to_json(slot)?, to_json(ask)?);
            self.slots.insert((run.clone(), slot.to_string()), Some(row));
        }
        for slot in &append.slots_granted {
            self.granted.insert((run.clone(), slot.to_string()));
        }
        for slot in &append.slots_released {
            self.slots.insert((run.clone(), slot.to_string()), None);
        }
        if let Some(request) = &append.request {
            self.requests.push((&request.scope, &request.key, run.clone(), &request.digest));
        }
        if let Some(Snapshot { state, apart }) = &append.snapshot {
            self.snapshots.push((run.clone(), stored(append.last()), stored(*apart), hex(state)));
        }
        Ok(())
    }

    /// In the order of [`STATEMENTS`]; `None` where there are no rows.
    fn into_json(self) -> Result<[Option<String>; 14], JournalError> {
        let (mut begun, mut advanced, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        for (id, Run { first, last, row }) in &self.runs {
            let id = id.to_string();
            let shown = match row {
                None => None,
                Some(row) => {
                    let error = row.error.as_ref().map(to_json).transpose()?;
                    let finished_at = row.finished_at.map(|at| at.0);
                    Some((row.status.as_str(), row.epoch, &row.name, finished_at, error, to_json(&row.waiting_steps)?))
                }
            };
            if let (Some(new), Some(event)) = (&first.created, first.events.first())
                && let Some((status, epoch, name, finished_at, error, waiting)) = shown
            {
                let NewRun { created, definition } = new;
                begun.push((
                    id,
                    &created.project,
                    &created.pipeline,
                    stored(created.number),
                    definition.0,
                    event.at.0,
                    &created.trigger.kind,
                    &created.trigger.actor,
                    to_json(&created.labels)?,
                    stored(last.last()),
                    status,
                    epoch,
                    name,
                    finished_at,
                    error,
                    waiting,
                ));
                continue;
            }
            if let Some((status, epoch, name, finished_at, error, waiting)) = shown {
                changed.push((id.clone(), status, epoch, name, finished_at, error, waiting));
            }
            advanced.push((id, stored(first.expected), stored(last.last())));
        }
        let (set, cleared) = split(self.timers);
        let set = set.into_iter().map(|((run, timer), (due, spec))| (run, timer, due, spec)).collect::<Vec<_>>();
        let (started, finished) = split(self.attempts);
        let started = started.into_iter().map(|((run, attempt), key)| (run, attempt, key)).collect::<Vec<_>>();
        let (asked, released) = split(self.slots);
        let asked = asked
            .into_iter()
            .map(|((run, slot), (number, granted, spec, ask))| (run, slot, number, granted, spec, ask))
            .collect::<Vec<_>>();
        let granted: Vec<_> = self.granted.into_iter().collect();
        let newest: Vec<_> = self.snapshots.iter().map(|(run, seq, apart, _)| (run, seq, apart)).collect();
        Ok([
            table(&begun)?,
            table(&advanced)?,
            table(&changed)?,
            table(&self.events)?,
            table(&set)?,
            table(&cleared)?,
            table(&started)?,
            table(&finished)?,
            table(&asked)?,
            table(&granted)?,
            table(&released)?,
            table(&self.requests)?,
            table(&self.snapshots)?,
            table(&newest)?,
        ])
    }
}

/// JSON has no bytes.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn table<T: Serialize>(rows: &[T]) -> Result<Option<String>, JournalError> {
    if rows.is_empty() { Ok(None) } else { to_json(&rows).map(Some) }
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

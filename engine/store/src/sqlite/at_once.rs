//! A whole batch as one text of SQL with one JSON table a bound value.
//!
//! A statement costs a few microseconds, handing it to the connection's thread and waiting for it many more. So all
//! statements of the transaction go there together, one for each table that has rows, however many.
//! Nobody can look at results in between: each statement is written so that it fails where an append is to be refused.

use futures::TryStreamExt as _;
use loopline_ports::access::AuditRow;
use loopline_ports::journal::{Append, JournalError};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _};

use super::rows::to_json;
use crate::tables::Rows;

/// One for each table of [`tables`], in its order, with the table as its only parameter. Those of tables without
/// rows are left out of a transaction: each one that runs wakes whoever waits for the commit once.
///
/// `last_seq` may not be null, so a writer that is behind fails at the update; a run that is not there fails at its
/// first event, which refers to it. What lists show changes seldom, and is in an index: it is not touched with every event.
const STATEMENTS: [&str; 15] = [
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
    "INSERT INTO audit (n, entry, hash) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
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
    // No statement would see that the run of an append without events is not there.
    if batch.iter().any(|append| append.events.is_empty()) {
        return Err(Failed::Before);
    }
    let mut rows = Rows::of(batch).ok_or(Failed::Before)?;
    let acts = std::mem::take(&mut rows.acts);
    let audit = super::access::chained(connection, acts).await.map_err(|_| Failed::Before)?;
    let tables = tables(rows, &audit).map_err(|_| Failed::Before)?;
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

/// In the order of [`STATEMENTS`]; `None` where there are no rows.
fn tables(rows: Rows<'_>, audit: &[AuditRow]) -> Result<[Option<String>; 15], JournalError> {
    let states =
        rows.snapshots.iter().map(|(run, seq, apart, state)| (run, seq, apart, hex(state))).collect::<Vec<_>>();
    let newest = rows.snapshots.iter().map(|(run, seq, apart, _)| (run, seq, apart)).collect::<Vec<_>>();
    Ok([
        table(&rows.begun)?,
        table(&rows.advanced)?,
        table(&rows.changed)?,
        table(&rows.events)?,
        table(&rows.timers_set)?,
        table(&rows.timers_cleared)?,
        table(&rows.attempts_started)?,
        table(&rows.attempts_finished)?,
        table(&rows.slots_asked)?,
        table(&rows.slots_granted)?,
        table(&rows.slots_released)?,
        table(&rows.requests)?,
        table(&audit.iter().map(|row| (row.n, &row.entry, &row.hash)).collect::<Vec<_>>())?,
        table(&states)?,
        table(&newest)?,
    ])
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

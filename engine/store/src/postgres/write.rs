//! A batch as one statement, with arrays for values: one message there, one back, and the transaction is over.
//!
//! All changes of a statement see the same rows and are checked together at its end, so their order is of no meaning; no two
//! of them touch the same row. Nobody can look at results in between: each is written so that it fails where an append is
//! to be refused. Then nothing is written, and the appends are tried [one by one](super::commit).

use std::collections::BTreeMap;

use loopline_ports::journal::Append;
use loopline_ports::journal::JournalError;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Postgres, Row as _, Type};

use super::notices;
use crate::columns::to_json;
use crate::tables::Rows;

/// Who writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing<'a> {
    pub(super) fence: i64,
    /// Whose attempts those are that are handed out.
    pub(super) worker: &'a str,
}

/// Why a statement did not do all that it says.
#[derive(Debug)]
pub(super) enum Failed {
    /// It cannot be said in SQL.
    Value(JournalError),
    /// The database says so. Nothing is written where it refuses values; else nobody knows.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Writes all of the batch, or nothing. The rows are those of `batch`.
pub(super) async fn write(
    connection: &mut PgConnection,
    writing: Writing<'_>,
    batch: &[Append],
    rows: Rows<'_>,
) -> Result<(), Failed> {
    let Statement { text, arguments, .. } = statement(writing, batch, &rows).map_err(Failed::Value)?;
    // Of the texts below alone, nothing of the batch.
    let row = sqlx::query_with(AssertSqlSafe(text), arguments).fetch_one(connection).await?;
    let fence: i64 = row.try_get(0)?;
    debug_assert_eq!(fence, writing.fence);
    Ok(())
}

fn statement(writing: Writing<'_>, batch: &[Append], rows: &Rows<'_>) -> Result<Statement, JournalError> {
    let mut statement = Statement::default();
    statement.runs(rows)?;
    if !rows.events.is_empty() {
        statement.part(
            "events_new",
            "INSERT INTO events (run, seq, at, type, payload) \
             SELECT * FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::text[], ?::text[])",
        );
        statement.bind(column(&rows.events, |row| row.0.as_str()))?;
        statement.bind(column(&rows.events, |row| row.1))?;
        statement.bind(column(&rows.events, |row| row.2))?;
        statement.bind(column(&rows.events, |row| row.3))?;
        statement.bind(column(&rows.events, |row| row.4.as_str()))?;
    }
    statement.timers(rows)?;
    statement.attempts(rows, writing.worker)?;
    statement.slots(rows)?;
    if !rows.requests.is_empty() {
        statement.part(
            "requests_new",
            "INSERT INTO requests (scope, key, run, digest) \
             SELECT * FROM unnest(?::text[], ?::text[], ?::text[], ?::text[])",
        );
        statement.bind(column(&rows.requests, |row| row.0))?;
        statement.bind(column(&rows.requests, |row| row.1))?;
        statement.bind(column(&rows.requests, |row| row.2.as_str()))?;
        statement.bind(column(&rows.requests, |row| row.3))?;
    }
    statement.snapshots(rows)?;
    statement.end(writing.fence, notices::written(batch), &rows.acts)?;
    Ok(statement)
}

/// A text that grows with what is to be written, and the values in the order of its question marks.
#[derive(Default)]
struct Statement {
    text: String,
    arguments: PgArguments,
    /// Number of the last parameter that stands in the text.
    parameters: usize,
}

impl Statement {
    /// Adds a change, whose `?` become parameters.
    fn part(&mut self, name: &str, change: &str) {
        self.text.push_str(if self.text.is_empty() { "WITH " } else { ", " });
        self.text.push_str(name);
        self.text.push_str(" AS (");
        self.push(change);
        self.text.push(')');
    }

    fn push(&mut self, text: &str) {
        for (at, piece) in text.split('?').enumerate() {
            if at > 0 {
                self.parameters += 1;
                self.text.push('$');
                self.text.push_str(&self.parameters.to_string());
            }
            self.text.push_str(piece);
        }
    }

    fn bind<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, value: T) -> Result<(), JournalError> {
        self.arguments.add(value).map_err(|error| JournalError::Damaged(format!("cannot be sent: {error}")))
    }

    /// `last_seq` may not be null, so a writer that is behind fails at the update; a run that is not there fails at its
    /// first event, which refers to it.
    fn runs(&mut self, rows: &Rows<'_>) -> Result<(), JournalError> {
        if !rows.begun.is_empty() {
            self.part(
                "runs_new",
                "INSERT INTO runs (id, project, pipeline, number, definition, created_at, trigger_kind, trigger_actor, \
                 labels, last_seq, status, epoch, name, finished_at, error, waiting_steps) \
                 SELECT * FROM unnest(?::text[], ?::text[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], \
                 ?::text[], ?::text[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::text[])",
            );
            let begun = &rows.begun;
            self.bind(column(begun, |row| row.0.as_str()))?;
            self.bind(column(begun, |row| row.1))?;
            self.bind(column(begun, |row| row.2))?;
            self.bind(column(begun, |row| row.3))?;
            self.bind(column(begun, |row| row.4))?;
            self.bind(column(begun, |row| row.5))?;
            self.bind(column(begun, |row| row.6))?;
            self.bind(column(begun, |row| row.7))?;
            self.bind(column(begun, |row| row.8.as_str()))?;
            self.bind(column(begun, |row| row.9))?;
            self.bind(column(begun, |row| row.10))?;
            self.bind(column(begun, |row| i64::from(row.11)))?;
            self.bind(names(begun.iter().map(|row| row.12))?)?;
            self.bind(column(begun, |row| row.13))?;
            self.bind(column(begun, |row| row.14.as_deref()))?;
            self.bind(column(begun, |row| row.15.as_str()))?;
        }
        let changed: BTreeMap<&str, _> = rows.changed.iter().map(|row| (row.0.as_str(), row)).collect();
        let (shown, silent): (Vec<_>, Vec<_>) =
            rows.advanced.iter().partition(|(run, ..)| changed.contains_key(run.as_str()));
        if !silent.is_empty() {
            self.part(
                "runs_advanced",
                "UPDATE runs SET last_seq = CASE WHEN runs.last_seq = new.expected THEN new.last END \
                 FROM unnest(?::text[], ?::bigint[], ?::bigint[]) AS new (id, expected, last) WHERE runs.id = new.id",
            );
            self.bind(column(&silent, |row| row.0.as_str()))?;
            self.bind(column(&silent, |row| row.1))?;
            self.bind(column(&silent, |row| row.2))?;
        }
        if !shown.is_empty() {
            self.part(
                "runs_changed",
                "UPDATE runs SET last_seq = CASE WHEN runs.last_seq = new.expected THEN new.last END, \
                 status = new.status, epoch = new.epoch, name = new.name, finished_at = new.finished_at, \
                 error = new.error, waiting_steps = new.waiting_steps \
                 FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bigint[], \
                 ?::text[], ?::text[]) \
                 AS new (id, expected, last, status, epoch, name, finished_at, error, waiting_steps) \
                 WHERE runs.id = new.id",
            );
            self.bind(column(&shown, |row| row.0.as_str()))?;
            self.bind(column(&shown, |row| row.1))?;
            self.bind(column(&shown, |row| row.2))?;
            let rows: Vec<_> = shown.iter().filter_map(|row| changed.get(row.0.as_str()).copied()).collect();
            self.bind(column(&rows, |row| row.1))?;
            self.bind(column(&rows, |row| i64::from(row.2)))?;
            self.bind(names(rows.iter().map(|row| row.3))?)?;
            self.bind(column(&rows, |row| row.4))?;
            self.bind(column(&rows, |row| row.5.as_deref()))?;
            self.bind(column(&rows, |row| row.6.as_str()))?;
        }
        Ok(())
    }

    fn timers(&mut self, rows: &Rows<'_>) -> Result<(), JournalError> {
        let set = &rows.timers_set;
        if !set.is_empty() {
            self.part(
                "timers_set",
                "INSERT INTO timers (run, timer, due, spec) \
                 SELECT * FROM unnest(?::text[], ?::text[], ?::bigint[], ?::text[]) \
                 ON CONFLICT (run, timer) DO UPDATE SET due = excluded.due",
            );
            self.bind(column(set, |row| row.0.as_str()))?;
            self.bind(column(set, |row| row.1.as_str()))?;
            self.bind(column(set, |row| row.2))?;
            self.bind(column(set, |row| row.3.as_str()))?;
        }
        self.without("timers_cleared", "timers", "timer", &rows.timers_cleared)
    }

    fn attempts(&mut self, rows: &Rows<'_>, worker: &str) -> Result<(), JournalError> {
        let started = &rows.attempts_started;
        if !started.is_empty() {
            self.part(
                "attempts_started",
                "INSERT INTO attempts (run, attempt, key, worker) \
                 SELECT new.*, ? FROM unnest(?::text[], ?::text[], ?::text[]) AS new \
                 ON CONFLICT (run, attempt) DO NOTHING",
            );
            self.bind(worker)?;
            self.bind(column(started, |row| row.0.as_str()))?;
            self.bind(column(started, |row| row.1.as_str()))?;
            self.bind(column(started, |row| row.2.as_str()))?;
        }
        self.without("attempts_finished", "attempts", "attempt", &rows.attempts_finished)
    }

    fn slots(&mut self, rows: &Rows<'_>) -> Result<(), JournalError> {
        let asked = &rows.slots_asked;
        if !asked.is_empty() {
            self.part(
                "slots_asked",
                "INSERT INTO slots (run, slot, number, granted, spec, ask) \
                 SELECT * FROM unnest(?::text[], ?::text[], ?::bigint[], ?::boolean[], ?::text[], ?::text[]) \
                 ON CONFLICT (run, slot) DO NOTHING",
            );
            self.bind(column(asked, |row| row.0.as_str()))?;
            self.bind(column(asked, |row| row.1.as_str()))?;
            self.bind(column(asked, |row| row.2))?;
            self.bind(column(asked, |row| row.3))?;
            self.bind(column(asked, |row| row.4.as_str()))?;
            self.bind(column(asked, |row| row.5.as_str()))?;
        }
        // What is given and given back is not there any more.
        let given: Vec<_> = rows.slots_granted.iter().filter(|slot| !rows.slots_released.contains(slot)).collect();
        if !given.is_empty() {
            self.part(
                "slots_granted",
                "UPDATE slots SET granted = TRUE FROM unnest(?::text[], ?::text[]) AS new (run, slot) \
                 WHERE slots.run = new.run AND slots.slot = new.slot",
            );
            self.bind(column(&given, |row| row.0.as_str()))?;
            self.bind(column(&given, |row| row.1.as_str()))?;
        }
        self.without("slots_released", "slots", "slot", &rows.slots_released)
    }

    fn snapshots(&mut self, rows: &Rows<'_>) -> Result<(), JournalError> {
        let states = &rows.snapshots;
        if states.is_empty() {
            return Ok(());
        }
        self.part(
            "snapshots_new",
            "INSERT INTO snapshots (run, seq, apart, state) \
             SELECT * FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::bytea[])",
        );
        self.bind(column(states, |row| row.0.as_str()))?;
        self.bind(column(states, |row| row.1))?;
        self.bind(column(states, |row| row.2))?;
        self.bind(column(states, |row| row.3))?;
        self.part(
            "snapshots_old",
            "DELETE FROM snapshots WHERE (run, seq) IN ( \
             SELECT old.run, old.seq FROM unnest(?::text[], ?::bigint[], ?::bigint[]) AS new (run, seq, apart) \
             JOIN snapshots AS old ON old.run = new.run AND old.seq < new.seq \
             JOIN snapshots AS first ON first.run = old.run AND first.seq < old.seq \
             WHERE first.seq / new.apart = old.seq / new.apart)",
        );
        self.bind(column(states, |row| row.0.as_str()))?;
        self.bind(column(states, |row| row.1))?;
        self.bind(column(states, |row| row.2))
    }

    /// Deletes rows by run and name.
    fn without(&mut self, name: &str, table: &str, key: &str, rows: &[(String, String)]) -> Result<(), JournalError> {
        if rows.is_empty() {
            return Ok(());
        }
        let change = format!(
            "DELETE FROM {table} USING unnest(?::text[], ?::text[]) AS old (run, name) \
             WHERE {table}.run = old.run AND {table}.{key} = old.name"
        );
        self.part(name, &change);
        self.bind(column(rows, |row| row.0.as_str()))?;
        self.bind(column(rows, |row| row.1.as_str()))
    }

    /// All of it under the fence; other servers hear of it once it is on disk.
    fn end(&mut self, fence: i64, notices: Vec<String>, acts: &[String]) -> Result<(), JournalError> {
        self.text.push(' ');
        self.push("SELECT require_fence(?), (SELECT count(pg_notify('");
        self.text.push_str(notices::EVENTS);
        self.push("', notice)) FROM unnest(?::text[]) AS notice)");
        self.bind(fence)?;
        self.bind(notices)?;
        if !acts.is_empty() {
            self.push(", (SELECT count(append_audit(act)) FROM unnest(?::text[]) AS act)");
            self.bind(acts)?;
        }
        Ok(())
    }
}

fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// Names are templates, and may hold what no text column takes.
fn names<'n>(names: impl Iterator<Item = Option<&'n str>>) -> Result<Vec<Option<String>>, JournalError> {
    names.map(|name| name.as_ref().map(to_json).transpose()).collect()
}

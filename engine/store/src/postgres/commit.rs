//! Writing: one connection, one transaction a batch, each under the fence.
//!
//! ```text
//!  commit ─► one statement ─┬─► done
//!                           ├─► refused: nothing is written ─► the appends one by one, in one transaction
//!                           └─► no answer: nobody knows ─► a new fence, behind which the old transaction is over
//! ```
//!
//! A transaction of which nobody knows what became of it may still be on its way. Whoever reads before it is over reads too
//! early. So a new fence is taken before anything is read or written again: the change waits for a transaction that has
//! named the old fence, and one that has not named it yet will fail.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use loopline_ports::journal::{Append, JournalError};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::rows::{self, failed};
use super::write::{self, Failed, Writing};
use crate::number::Numbers;
use crate::tables::Rows;

/// One for each append of a batch.
pub(super) type Results = Vec<Result<(), JournalError>>;

/// A commit that has no answer by then has none.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// A server that does not take a connection by then is not there.
pub(super) const CONNECTS_WITHIN: Duration = Duration::from_secs(3);
/// Stands for: no right to write.
const NO_FENCE: i64 = -1;

/// The only connection that writes, and the right to do so.
#[derive(Debug)]
pub(super) struct Writer {
    connection: Mutex<Option<PgConnection>>,
    options: PgConnectOptions,
    /// Whose attempts those are that are handed out.
    worker: String,
    fence: AtomicI64,
    term: AtomicI64,
    /// Nobody knows what became of a transaction.
    doubt: AtomicBool,
}

/// Unless it is told that the end is known, it is not.
struct InFlight<'w> {
    doubt: &'w AtomicBool,
    known: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.known {
            self.doubt.store(true, Ordering::SeqCst);
        }
    }
}

impl Writer {
    pub(super) fn new(options: PgConnectOptions, worker: String) -> Self {
        Self {
            connection: Mutex::new(None),
            options,
            worker,
            fence: AtomicI64::new(NO_FENCE),
            term: AtomicI64::new(0),
            doubt: AtomicBool::new(false),
        }
    }

    pub(super) fn worker(&self) -> &str {
        &self.worker
    }

    /// How many have had the right before, and this one.
    pub(super) fn term(&self) -> i32 {
        i32::try_from(self.term.load(Ordering::SeqCst)).unwrap_or(i32::MAX)
    }

    pub(super) fn has_fence(&self) -> bool {
        self.fence.load(Ordering::SeqCst) != NO_FENCE
    }

    /// This server may write from here on.
    pub(super) async fn begin_term(&self, term: i32, fence: i64) {
        // Waits for a transaction of an earlier term.
        let _connection = self.connection.lock().await;
        self.term.store(term.into(), Ordering::SeqCst);
        self.doubt.store(false, Ordering::SeqCst);
        self.fence.store(fence, Ordering::SeqCst);
    }

    /// Somebody else may.
    pub(super) fn end_term(&self) {
        self.fence.store(NO_FENCE, Ordering::SeqCst);
        self.doubt.store(false, Ordering::SeqCst);
    }

    pub(super) async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the connection was not closed cleanly; nothing is lost");
        }
    }

    /// Waits until no transaction of this server can appear any more that it knows nothing of.
    pub(super) async fn settle(&self) -> Result<(), JournalError> {
        if !self.doubt.load(Ordering::SeqCst) {
            return Ok(());
        }
        // Many may wait while the database is away, and each of them is to be told.
        let mut slot = timeout(CONNECTS_WITHIN, self.connection.lock()).await.map_err(|_| no_answer())?;
        self.settle_with(&mut slot).await
    }

    async fn settle_with(&self, slot: &mut Option<PgConnection>) -> Result<(), JournalError> {
        if !self.doubt.load(Ordering::SeqCst) {
            return Ok(());
        }
        *slot = None;
        let mut connection = self.connect().await?;
        let change = async {
            connection.execute("SET lock_timeout = '5s'").await?;
            let row = sqlx::query("UPDATE lease SET fence = fence + 1 WHERE term = $1 RETURNING fence")
                .bind(self.term())
                .fetch_optional(&mut connection)
                .await?;
            connection.execute("RESET lock_timeout").await?;
            row.map(|row| row.try_get::<i64, _>(0)).transpose()
        };
        let fence = timeout(ANSWERS_WITHIN, change).await.map_err(|_| no_answer())?.map_err(failed)?;
        let Some(fence) = fence else {
            self.end_term();
            return Err(JournalError::Fenced);
        };
        // Unless the term has ended meanwhile.
        let old = self.fence.load(Ordering::SeqCst);
        if old != NO_FENCE {
            let _ = self.fence.compare_exchange(old, fence, Ordering::SeqCst, Ordering::SeqCst);
        }
        self.doubt.store(false, Ordering::SeqCst);
        *slot = Some(connection);
        Ok(())
    }

    async fn connect(&self) -> Result<PgConnection, JournalError> {
        timeout(CONNECTS_WITHIN, self.options.connect()).await.map_err(|_| no_answer())?.map_err(failed)
    }

    fn fence(&self) -> Result<i64, JournalError> {
        match self.fence.load(Ordering::SeqCst) {
            NO_FENCE => Err(JournalError::Fenced),
            fence => Ok(fence),
        }
    }
}

fn no_answer() -> JournalError {
    JournalError::Unavailable("the database does not answer".to_owned())
}

/// See [`loopline_ports::journal::Journal::commit`].
pub(super) async fn commit(writer: &Writer, numbers: &Numbers, batch: Vec<Append>) -> Result<Results, JournalError> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let mut slot = writer.connection.lock().await;
    writer.settle_with(&mut slot).await?;
    let fence = writer.fence()?;
    let mut connection = match slot.take() {
        Some(connection) => connection,
        None => writer.connect().await?,
    };
    let mut in_flight = InFlight { doubt: &writer.doubt, known: false };
    let writing = Writing { fence, worker: &writer.worker };
    let written = timeout(ANSWERS_WITHIN, transaction(&mut connection, writing, &batch)).await;
    let results = match written {
        Ok(Ok(results)) => results,
        Ok(Err(Failed::Value(error))) => {
            in_flight.known = true;
            *slot = Some(connection);
            return Err(error);
        }
        Ok(Err(Failed::Database(error))) if rows::is_fenced(&error) => {
            in_flight.known = true;
            writer.end_term();
            return Err(JournalError::Fenced);
        }
        Ok(Err(Failed::Database(error))) => {
            let error = format!("whether the commit took place is unknown: {error}");
            return Err(JournalError::Unavailable(error));
        }
        Err(_) => return Err(no_answer()),
    };
    in_flight.known = true;
    *slot = Some(connection);
    drop(slot);
    numbers.settle(&batch, &results);
    Ok(results)
}

/// The batch at once, or else one by one.
async fn transaction(connection: &mut PgConnection, writing: Writing<'_>, batch: &[Append]) -> Result<Results, Failed> {
    // No part of the statement would see that the run of an append without events is not there.
    if batch.iter().all(|append| !append.events.is_empty())
        && let Some(rows) = Rows::of(batch)
    {
        match write::write(connection, writing, batch, rows).await {
            Ok(()) => return Ok(batch.iter().map(|_| Ok(())).collect()),
            Err(Failed::Database(error)) if rows::is_refusal(&error) => {
                tracing::debug!(%error, "a batch cannot be written at once");
            }
            Err(error) => return Err(error),
        }
    }
    one_by_one(connection, writing, batch).await
}

async fn one_by_one(connection: &mut PgConnection, writing: Writing<'_>, batch: &[Append]) -> Result<Results, Failed> {
    connection.execute("BEGIN").await?;
    let mut results = Vec::with_capacity(batch.len());
    for append in batch {
        let result = match judge(connection, append).await? {
            Err(refused) => Err(refused),
            Ok(()) => alone(connection, writing, append).await?,
        };
        results.push(result);
    }
    let end = if results.iter().all(Result::is_err) { "ROLLBACK" } else { "COMMIT" };
    connection.execute(end).await?;
    Ok(results)
}

/// Whether the append may be written. Nobody else writes, so it stays true until it is.
async fn judge(connection: &mut PgConnection, append: &Append) -> Result<Result<(), JournalError>, sqlx::Error> {
    if let Some(request) = &append.request {
        let known = sqlx::query("SELECT run, digest FROM requests WHERE scope = $1 AND key = $2")
            .bind(&request.scope)
            .bind(&request.key)
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(row) = known {
            let (run, digest): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
            let repeated = |run| JournalError::Repeated { run, same: digest == request.digest };
            return Ok(Err(crate::columns::run_id(run).map_or_else(|damage| damage, repeated)));
        }
    }
    let conflict = JournalError::Conflict { run: append.run, expected: append.expected };
    if !append.is_contiguous() {
        return Ok(Err(conflict));
    }
    let run = append.run.to_string();
    let stands = match &append.created {
        Some(new) => {
            let taken: Option<i32> = sqlx::query_scalar(
                "SELECT 1 FROM runs WHERE id = $1 OR (project = $2 AND pipeline = $3 AND number = $4) LIMIT 1",
            )
            .bind(run)
            .bind(&new.created.project)
            .bind(&new.created.pipeline)
            .bind(crate::columns::stored(new.created.number))
            .fetch_optional(connection)
            .await?;
            taken.is_none()
        }
        None => {
            let last: Option<i64> = sqlx::query_scalar("SELECT last_seq FROM runs WHERE id = $1")
                .bind(run)
                .fetch_optional(connection)
                .await?;
            last == Some(crate::columns::stored(append.expected))
        }
    };
    Ok(if stands { Ok(()) } else { Err(conflict) })
}

/// One append, so that it leaves no trace where the database itself refuses it.
async fn alone(
    connection: &mut PgConnection,
    writing: Writing<'_>,
    append: &Append,
) -> Result<Result<(), JournalError>, Failed> {
    let batch = std::slice::from_ref(append);
    let Some(rows) = Rows::of(batch) else {
        return Ok(Err(JournalError::Damaged("an append cannot be written as rows".to_owned())));
    };
    connection.execute("SAVEPOINT append").await?;
    match write::write(connection, writing, batch, rows).await {
        Ok(()) => {
            connection.execute("RELEASE append").await?;
            Ok(Ok(()))
        }
        Err(Failed::Value(error)) => {
            connection.execute("RELEASE append").await?;
            Ok(Err(error))
        }
        Err(Failed::Database(error)) if rows::is_refusal(&error) => {
            connection.execute("ROLLBACK TO append").await?;
            connection.execute("RELEASE append").await?;
            Ok(Err(rows::refused(append, &error)))
        }
        Err(error) => Err(error),
    }
}

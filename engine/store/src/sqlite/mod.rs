//! The journal in one SQLite file.
//!
//! ```text
//!  commit ──► one writer connection ──► file.db (+ -wal)  ◄── a few readers ◄── everything else
//!                                       file.db.lock: held as long as the store is open, names the process
//! ```
//!
//! WAL with `synchronous=FULL`: a commit is on disk when it returns, and readers never wait for the writer.

mod access;
mod at_once;
mod commit;
mod one_by_one;
mod open;
mod read;
mod rows;
mod secrets;

use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::command::Timer;
use loopline_core::event::Recorded;
use loopline_core::id::{RunId, Seq};
use loopline_core::time::Timestamp;
use loopline_ports::journal::{
    Append, AskedSlot, Definition, DefinitionId, Journal, JournalError, OpenAttempt, RequestKey, RunFilter, RunSummary,
    Snapshot,
};
use sqlx::SqlitePool;

pub use open::OpenError;

use crate::lock::Lock;
use crate::number::Numbers;

/// Keeps everything in one SQLite file. Clones share it.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    writer: commit::Writer,
    readers: SqlitePool,
    numbers: Numbers,
    // Last, so that the file is closed before another process may open it.
    _lock: Option<Lock>,
}

impl SqliteStore {
    /// Ends all connections, so that the file is left without a write-ahead log. Nothing is lost without it.
    pub async fn close(&self) {
        self.shared.readers.close().await;
        self.shared.writer.close().await;
    }
}

#[async_trait]
impl Journal for SqliteStore {
    async fn commit(&self, batch: Vec<Append>) -> Result<Vec<Result<(), JournalError>>, JournalError> {
        commit::commit(&self.shared.writer, &self.shared.numbers, batch).await
    }

    async fn events(&self, run: RunId, after: Seq, limit: u32) -> Result<Vec<Recorded>, JournalError> {
        read::events(&self.shared.readers, run, after, limit).await
    }

    async fn snapshot(&self, run: RunId, upto: Option<Seq>) -> Result<Option<(Seq, Snapshot)>, JournalError> {
        read::snapshot(&self.shared.readers, run, upto).await
    }

    async fn put_definition(&self, definition: &Definition) -> Result<DefinitionId, JournalError> {
        if let Some(known) = read::definition_id(&self.shared.readers, definition).await? {
            return Ok(known);
        }
        commit::put_definition(&self.shared.writer, definition).await
    }

    async fn definition_of(&self, run: RunId) -> Result<Option<Definition>, JournalError> {
        read::definition_of(&self.shared.readers, run).await
    }

    async fn next_number(&self, project: &str, pipeline: &str) -> Result<u64, JournalError> {
        let numbers = &self.shared.numbers;
        if let Some(next) = numbers.next(project, pipeline) {
            return Ok(next);
        }
        let highest = read::highest_number(&self.shared.readers, project, pipeline).await?;
        numbers.begin_at(project, pipeline, highest);
        Ok(numbers.next(project, pipeline).unwrap_or(highest + 1))
    }

    async fn find_request(&self, scope: &str, key: &str) -> Result<Option<(RunId, String)>, JournalError> {
        read::find_request(&self.shared.readers, scope, key).await
    }

    async fn requests(&self) -> Result<Vec<(RequestKey, RunId)>, JournalError> {
        read::requests(&self.shared.readers).await
    }

    async fn summary(&self, run: RunId) -> Result<Option<RunSummary>, JournalError> {
        read::summary(&self.shared.readers, run).await
    }

    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
        read::list(&self.shared.readers, filter).await
    }

    async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, JournalError> {
        read::open_attempts(&self.shared.readers).await
    }

    async fn slots(&self) -> Result<Vec<AskedSlot>, JournalError> {
        read::slots(&self.shared.readers).await
    }

    async fn due_timers(&self, now: Timestamp, limit: u32) -> Result<Vec<(RunId, Timer)>, JournalError> {
        read::due_timers(&self.shared.readers, now, limit).await
    }

    async fn next_timer(&self) -> Result<Option<Timestamp>, JournalError> {
        read::next_timer(&self.shared.readers).await
    }
}

#[cfg(test)]
mod tests;

//! The journal in a database of PostgreSQL, which several servers may share.
//!
//! ```text
//!  commit ──► one writer connection, under the fence ──► schema `loopline` ◄── a few readers ◄── everything else
//!                                                            ▲
//!  lease ───► a session of its own: who may write ───────────┘
//! ```
//!
//! One server writes at a time. Start reading at [`commit`] for how nothing is lost or written twice, and at [`lease`] for
//! who may.

mod access;
mod commit;
mod forward;
mod lease;
mod notices;
mod open;
mod read;
mod rows;
mod secrets;
mod write;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use loopline_core::command::Timer;
use loopline_core::event::Recorded;
use loopline_core::id::{RunId, Seq};
use loopline_core::time::Timestamp;
use loopline_ports::journal::{
    Append, AskedSlot, Definition, DefinitionId, Journal, JournalError, OpenAttempt, RequestKey, RunFilter, RunSummary,
    Snapshot,
};
use loopline_ports::shared::{Forwarded, Notice, SharedJournal};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;

pub use open::ConnectError;

use crate::number::Numbers;

/// What was asked and has no answer by then has none.
const READ_WITHIN: Duration = Duration::from_secs(12);

/// Keeps everything in a database of PostgreSQL. Clones share connections.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    writer: commit::Writer,
    readers: PgPool,
    numbers: Numbers,
    lease: lease::Lease,
    notices: broadcast::Sender<Notice>,
    options: PgConnectOptions,
    /// How to speak of the database.
    place: String,
}

impl PostgresStore {
    /// Gives back the right to write, and ends all connections. Nothing is lost without it, but others wait a second.
    pub async fn close(&self) {
        self.give_back().await;
        self.shared.readers.close().await;
        self.shared.writer.close().await;
    }

    /// Where the database is: its name, host and port.
    pub fn place(&self) -> &str {
        &self.shared.place
    }

    /// Reads once it is known what became of everything that was written here.
    async fn read<T>(&self, reading: impl Future<Output = Result<T, JournalError>>) -> Result<T, JournalError> {
        self.shared.writer.settle().await?;
        let silent = || JournalError::Unavailable("the database does not answer".to_owned());
        timeout(READ_WITHIN, reading).await.map_err(|_| silent())?
    }
}

#[async_trait]
impl Journal for PostgresStore {
    async fn commit(&self, batch: Vec<Append>) -> Result<Vec<Result<(), JournalError>>, JournalError> {
        commit::commit(&self.shared.writer, &self.shared.numbers, batch).await
    }

    async fn events(&self, run: RunId, after: Seq, limit: u32) -> Result<Vec<Recorded>, JournalError> {
        self.read(read::events(&self.shared.readers, run, after, limit)).await
    }

    async fn snapshot(&self, run: RunId, upto: Option<Seq>) -> Result<Option<(Seq, Snapshot)>, JournalError> {
        self.read(read::snapshot(&self.shared.readers, run, upto)).await
    }

    async fn put_definition(&self, definition: &Definition) -> Result<DefinitionId, JournalError> {
        self.read(read::put_definition(&self.shared.readers, definition)).await
    }

    async fn definition_of(&self, run: RunId) -> Result<Option<Definition>, JournalError> {
        self.read(read::definition_of(&self.shared.readers, run)).await
    }

    async fn next_number(&self, project: &str, pipeline: &str) -> Result<u64, JournalError> {
        let numbers = &self.shared.numbers;
        if let Some(next) = numbers.next(project, pipeline) {
            return Ok(next);
        }
        let highest = self.read(read::highest_number(&self.shared.readers, project, pipeline)).await?;
        numbers.begin_at(project, pipeline, highest);
        Ok(numbers.next(project, pipeline).unwrap_or(highest + 1))
    }

    async fn find_request(&self, scope: &str, key: &str) -> Result<Option<(RunId, String)>, JournalError> {
        self.read(read::find_request(&self.shared.readers, scope, key)).await
    }

    async fn requests(&self) -> Result<Vec<(RequestKey, RunId)>, JournalError> {
        self.read(read::requests(&self.shared.readers)).await
    }

    async fn summary(&self, run: RunId) -> Result<Option<RunSummary>, JournalError> {
        self.read(read::summary(&self.shared.readers, run)).await
    }

    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
        self.read(read::list(&self.shared.readers, filter)).await
    }

    async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, JournalError> {
        self.read(read::open_attempts(&self.shared.readers, self.shared.writer.worker())).await
    }

    async fn slots(&self) -> Result<Vec<AskedSlot>, JournalError> {
        self.read(read::slots(&self.shared.readers)).await
    }

    async fn due_timers(&self, now: Timestamp, limit: u32) -> Result<Vec<(RunId, Timer)>, JournalError> {
        self.read(read::due_timers(&self.shared.readers, now, limit)).await
    }

    async fn next_timer(&self) -> Result<Option<Timestamp>, JournalError> {
        self.read(read::next_timer(&self.shared.readers)).await
    }
}

#[async_trait]
impl SharedJournal for PostgresStore {
    async fn lead(&self) -> Result<bool, JournalError> {
        self.take_lead().await
    }

    fn leads(&self) -> watch::Receiver<bool> {
        self.shared.lease.leads.subscribe()
    }

    async fn resign(&self) {
        self.give_back().await;
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.shared.notices.subscribe()
    }

    async fn forward(&self, request: String) -> Result<String, JournalError> {
        self.read(self.leave(request)).await
    }

    async fn take_forwarded(&self) -> Result<Vec<Forwarded>, JournalError> {
        self.read(self.take_left()).await
    }

    async fn answer(&self, id: i64, answer: String) -> Result<(), JournalError> {
        self.read(self.answer_left(id, answer)).await
    }
}

#[cfg(test)]
mod tests;

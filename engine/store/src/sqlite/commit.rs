//! Writing: one connection, one transaction a batch.
//!
//! A batch is first tried [at once](super::at_once), which is one message to the thread of the connection. Where an
//! append in it is to be refused, that attempt fails as a whole, and the batch is written [one by one](super::one_by_one).

use loopline_ports::access::Act;
use loopline_ports::journal::{Append, Definition, DefinitionId, JournalError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{Mutex, MutexGuard};

use super::at_once::{self, Failed};
use super::one_by_one;
use super::rows::{failed, to_json};
use crate::number::Numbers;

/// One for each append of a batch.
pub(super) type Results = Vec<Result<(), JournalError>>;

/// The only connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    /// Empty while a transaction is open, and behind one that did not come to a known end: the connection is then
    /// dropped, which rolls back what can be rolled back, and the next caller opens a new one.
    connection: Mutex<Option<SqliteConnection>>,
    options: SqliteConnectOptions,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection, options: SqliteConnectOptions) -> Self {
        Self { connection: Mutex::new(Some(connection)), options }
    }

    async fn take(&self) -> Result<(MutexGuard<'_, Option<SqliteConnection>>, SqliteConnection), JournalError> {
        let mut slot = self.connection.lock().await;
        let connection = match slot.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(failed)?,
        };
        Ok((slot, connection))
    }

    /// A change and its row of the audit, in one transaction; where the change finds nothing to change, neither.
    pub(super) async fn execute_told<'q>(
        &self,
        statement: sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
        act: &Act,
    ) -> Result<bool, JournalError> {
        let (mut slot, mut connection) = self.take().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let changed = statement.execute(&mut *transaction).await.map_err(failed)?.rows_affected() > 0;
        if changed {
            super::access::tell(&mut transaction, act).await?;
        }
        transaction.commit().await.map_err(failed)?;
        *slot = Some(connection);
        Ok(changed)
    }

    /// The audit alone.
    pub(super) async fn tell(&self, act: &Act) -> Result<(), JournalError> {
        let (mut slot, mut connection) = self.take().await?;
        super::access::tell(&mut connection, act).await?;
        *slot = Some(connection);
        Ok(())
    }

    /// One statement that is a transaction of its own; says how many rows it has changed.
    pub(super) async fn execute<'q>(
        &self,
        statement: sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<u64, JournalError> {
        let (mut slot, mut connection) = self.take().await?;
        let done = statement.execute(&mut connection).await.map_err(failed)?;
        *slot = Some(connection);
        Ok(done.rows_affected())
    }

    #[cfg(test)]
    pub(super) async fn take_for_test(&self) -> SqliteConnection {
        self.connection.lock().await.take().expect("no transaction is open")
    }

    pub(super) async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database was not closed cleanly; nothing is lost");
        }
    }
}

/// See [`loopline_ports::journal::Journal::commit`].
pub(super) async fn commit(writer: &Writer, numbers: &Numbers, batch: Vec<Append>) -> Result<Results, JournalError> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let (mut slot, mut connection) = writer.take().await?;
    let results = match at_once::write(&mut connection, &batch).await {
        Ok(()) => batch.iter().map(|_| Ok(())).collect(),
        Err(Failed::Commit(error)) => {
            return Err(JournalError::Unavailable(format!("whether the commit took place is unknown: {error}")));
        }
        Err(Failed::Before) => one_by_one::write(&mut connection, &batch).await?,
    };
    *slot = Some(connection);
    drop(slot);
    numbers.settle(&batch, &results);
    Ok(results)
}

/// Stores a definition that is not stored yet.
pub(super) async fn put_definition(writer: &Writer, definition: &Definition) -> Result<DefinitionId, JournalError> {
    let graph = to_json(&*definition.graph)?;
    let (mut slot, mut connection) = writer.take().await?;
    // The change that changes nothing makes `RETURNING` give the row that was there.
    let id = sqlx::query_scalar(
        "INSERT INTO definitions (text_digest, digest, yaml, graph) VALUES (?, ?, ?, ?) \
         ON CONFLICT (text_digest, digest) DO UPDATE SET digest = excluded.digest RETURNING id",
    )
    .bind(&definition.text_digest)
    .bind(&definition.digest)
    .bind(&definition.yaml)
    .bind(graph)
    .fetch_one(&mut connection)
    .await
    .map_err(failed)?;
    *slot = Some(connection);
    Ok(DefinitionId(id))
}

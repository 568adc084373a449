//! Who drives the runs of a database: one server at a time.
//!
//! The one who does says so every [`RENEWED_EVERY`], and holds a lock of a session of its own, which ends with the session.
//! Others take over when both are missing, or when nothing was said for very long; both by the clock of the database alone.
//! What makes it safe is the fence: each commit names it, and the database refuses every other number.

use std::time::Duration;

use loopline_ports::journal::JournalError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::PostgresStore;
use super::commit::CONNECTS_WITHIN;
use super::rows::failed;

const RENEWED_EVERY: Duration = Duration::from_millis(300);
/// First half of the key of the lock, "LOOP"; the second is the term.
const LOCK: i32 = 1_280_266_064;

/// By address: who comes back takes what is theirs at once. Else the holder must be gone: its session with its lock, and a
/// second without a word. A session that has just begun has not listened so long: the database or the network was away, for
/// the holder too. A holder that is there and says nothing at all for long is stopped, or cannot be heard.
const TAKE: &str = "UPDATE lease SET fence = fence + 1, term = term + 1, holder = $1, renewed = clock_timestamp() \
     WHERE holder IN ('', $1) OR renewed < clock_timestamp() - interval '20 seconds' \
     OR (renewed < clock_timestamp() - interval '1 second' \
     AND (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()) < clock_timestamp() - interval '1 second' \
     AND pg_try_advisory_xact_lock($2, term)) \
     RETURNING term, fence";

/// What this store knows of the lease.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) keeper: Mutex<Option<Keeper>>,
    pub(super) leads: watch::Sender<bool>,
}

/// While somebody else has the lease: a session that has listened. While we have it: who renews it.
#[derive(Debug)]
pub(super) enum Keeper {
    Watching(PgConnection),
    Renewing(JoinHandle<()>),
}

impl PostgresStore {
    pub(super) async fn take_lead(&self) -> Result<bool, JournalError> {
        let mut keeper = self.shared.lease.keeper.lock().await;
        let mut session = match keeper.take() {
            Some(Keeper::Renewing(task)) if !task.is_finished() => {
                *keeper = Some(Keeper::Renewing(task));
                return Ok(true);
            }
            Some(Keeper::Watching(session)) => session,
            Some(Keeper::Renewing(_)) | None => connect(&self.shared.options).await?,
        };
        let taken = sqlx::query(TAKE).bind(self.shared.writer.worker()).bind(LOCK).fetch_optional(&mut session);
        let taken = timeout(CONNECTS_WITHIN, taken).await.map_err(|_| silent())?.map_err(failed)?;
        let Some(row) = taken else {
            *keeper = Some(Keeper::Watching(session));
            return Ok(false);
        };
        let (term, fence): (i32, i64) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
        self.shared.numbers.forget();
        self.shared.writer.begin_term(term, fence).await;
        self.shared.lease.leads.send_replace(true);
        let store = std::sync::Arc::downgrade(&self.shared);
        *keeper = Some(Keeper::Renewing(tokio::spawn(renew(store, session, term))));
        tracing::info!(term, "this server drives the runs of the database");
        Ok(true)
    }

    /// Lets somebody else take over at once. What was committed stays.
    pub(super) async fn give_back(&self) {
        let keeper = self.shared.lease.keeper.lock().await.take();
        if let Some(Keeper::Renewing(task)) = keeper {
            task.abort();
            // Only if the database can be asked; else the others find out by themselves.
            let given = async {
                let mut connection = connect(&self.shared.options).await?;
                let end = "UPDATE lease SET fence = fence + 1, holder = '' WHERE term = $1 AND holder = $2";
                sqlx::query(end)
                    .bind(self.shared.writer.term())
                    .bind(self.shared.writer.worker())
                    .execute(&mut connection)
                    .await
                    .map_err(failed)?;
                connection.close().await.map_err(failed)
            };
            if let Err(error) = given.await {
                tracing::warn!(%error, "the lease was not given back");
            }
        }
        self.shared.writer.end_term();
        self.shared.lease.leads.send_replace(false);
    }
}

/// Says again and again that this server is there, until it does not lead any more or nobody uses the store.
async fn renew(store: std::sync::Weak<super::Shared>, session: PgConnection, term: i32) {
    let mut session = Some(session);
    let mut locked = false;
    loop {
        {
            let Some(shared) = store.upgrade() else { return };
            if !shared.writer.has_fence() {
                shared.lease.leads.send_replace(false);
                return;
            }
            let options = shared.options.clone();
            drop(shared);
            match timeout(CONNECTS_WITHIN, say(&mut session, &options, term, &mut locked)).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => {
                    if let Some(shared) = store.upgrade() {
                        tracing::warn!(term, "another server drives the runs of the database now");
                        shared.writer.end_term();
                        shared.lease.leads.send_replace(false);
                    }
                    return;
                }
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the lease cannot be renewed now");
                    session = None;
                    locked = false;
                }
                Err(_) => {
                    session = None;
                    locked = false;
                }
            }
        }
        tokio::time::sleep(RENEWED_EVERY).await;
    }
}

/// `false`: somebody else has the lease.
async fn say(
    session: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    term: i32,
    locked: &mut bool,
) -> Result<bool, JournalError> {
    let mut connection = match session.take() {
        Some(connection) => connection,
        None => connect(options).await?,
    };
    if !*locked {
        // Another session of ours that is not known to be dead may still have it; then once more next time.
        *locked = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
            .bind(LOCK)
            .bind(term)
            .fetch_one(&mut connection)
            .await
            .map_err(failed)?;
    }
    let renewed = sqlx::query("UPDATE lease SET renewed = clock_timestamp() WHERE term = $1")
        .bind(term)
        .execute(&mut connection)
        .await
        .map_err(failed)?;
    *session = Some(connection);
    Ok(renewed.rows_affected() == 1)
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, JournalError> {
    timeout(CONNECTS_WITHIN, options.connect()).await.map_err(|_| silent())?.map_err(failed)
}

fn silent() -> JournalError {
    JournalError::Unavailable("the database does not answer".to_owned())
}

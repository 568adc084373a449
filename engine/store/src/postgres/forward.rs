//! Requests from server to server, left in a table and announced by a notice.

use std::time::Duration;

use loopline_ports::journal::JournalError;
use loopline_ports::shared::{Forwarded, Notice};
use sqlx::Row as _;
use tokio::sync::broadcast;
use tokio::time::{Instant, timeout_at};

use super::PostgresStore;
use super::rows::failed;

/// Somebody takes over within two seconds; what has no answer long after that has none.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// How often is looked without a notice, which may be lost with a connection.
const LOOKED_EVERY: Duration = Duration::from_millis(500);

enum Found {
    Answer(String),
    /// Whoever took it is not the one who drives any more.
    TakenInVain,
    Nothing,
}

impl PostgresStore {
    pub(super) async fn leave(&self, request: String) -> Result<String, JournalError> {
        let mut notices = self.shared.notices.subscribe();
        let leave = "WITH new AS (INSERT INTO forwarded (request) VALUES ($1) RETURNING id) \
                     SELECT id, pg_notify('loopline_forwarded', '') FROM new";
        let left = sqlx::query(leave).bind(request).fetch_one(&self.shared.readers).await.map_err(failed)?;
        let id: i64 = left.try_get(0).map_err(failed)?;
        let deadline = Instant::now() + ANSWERED_WITHIN;
        loop {
            match self.look(id).await? {
                Found::Answer(answer) => {
                    self.withdraw(id).await?;
                    return Ok(answer);
                }
                Found::TakenInVain => {
                    self.withdraw(id).await?;
                    let what = "the server that drives is gone, and whether it did what was asked is unknown";
                    return Err(JournalError::Unavailable(what.to_owned()));
                }
                Found::Nothing if Instant::now() >= deadline => break,
                Found::Nothing => {}
            }
            wait(&mut notices, id, deadline.min(Instant::now() + LOOKED_EVERY)).await;
        }
        let what = match self.withdraw(id).await? {
            true => "no server drives the runs now; nothing was done",
            false => "the server that drives does not answer, and whether it did what was asked is unknown",
        };
        Err(JournalError::Unavailable(what.to_owned()))
    }

    async fn look(&self, id: i64) -> Result<Found, JournalError> {
        let look = "SELECT answer, taken IS DISTINCT FROM NULL AND taken <> (SELECT term FROM lease) \
                    FROM forwarded WHERE id = $1";
        let row = sqlx::query(look).bind(id).fetch_optional(&self.shared.readers).await.map_err(failed)?;
        let Some(row) = row else { return Ok(Found::TakenInVain) };
        match row.try_get::<Option<String>, _>(0).map_err(failed)? {
            Some(answer) => Ok(Found::Answer(answer)),
            None if row.try_get(1).map_err(failed)? => Ok(Found::TakenInVain),
            None => Ok(Found::Nothing),
        }
    }

    /// `true`: nobody had taken it, and nobody will.
    async fn withdraw(&self, id: i64) -> Result<bool, JournalError> {
        let withdrawn: Option<bool> = sqlx::query_scalar("DELETE FROM forwarded WHERE id = $1 RETURNING taken IS NULL")
            .bind(id)
            .fetch_optional(&self.shared.readers)
            .await
            .map_err(failed)?;
        Ok(withdrawn.unwrap_or(false))
    }

    pub(super) async fn take_left(&self) -> Result<Vec<Forwarded>, JournalError> {
        // Those who asked may be gone; what they left goes after a while.
        let take = "WITH old AS (DELETE FROM forwarded WHERE at < clock_timestamp() - interval '1 minute'), \
                    next AS (SELECT id FROM forwarded WHERE taken IS NULL ORDER BY id LIMIT 256 FOR UPDATE SKIP LOCKED), \
                    taken AS (UPDATE forwarded SET taken = lease.term FROM next, lease \
                    WHERE forwarded.id = next.id AND lease.term = $1 AND at >= clock_timestamp() - interval '1 minute' \
                    RETURNING forwarded.id, forwarded.request) \
                    SELECT id, request FROM taken ORDER BY id";
        let rows =
            sqlx::query(take).bind(self.shared.writer.term()).fetch_all(&self.shared.readers).await.map_err(failed)?;
        let forwarded = |row: &sqlx::postgres::PgRow| {
            Ok(Forwarded { id: row.try_get(0).map_err(failed)?, request: row.try_get(1).map_err(failed)? })
        };
        rows.iter().map(forwarded).collect()
    }

    pub(super) async fn answer_left(&self, id: i64, answer: String) -> Result<(), JournalError> {
        let say = "WITH told AS (UPDATE forwarded SET answer = $2 WHERE id = $1 RETURNING id) \
                   SELECT pg_notify('loopline_answered', id::text) FROM told";
        sqlx::query(say).bind(id).bind(answer).fetch_optional(&self.shared.readers).await.map(|_| ()).map_err(failed)
    }
}

/// Until the request may have its answer.
async fn wait(notices: &mut broadcast::Receiver<Notice>, id: i64, until: Instant) {
    loop {
        match timeout_at(until, notices.recv()).await {
            Ok(Ok(Notice::Answered(answered))) if answered == id => return,
            Ok(Ok(Notice::Missed) | Err(broadcast::error::RecvError::Lagged(_))) => return,
            Ok(Ok(_)) => {}
            Ok(Err(broadcast::error::RecvError::Closed)) | Err(_) => {
                tokio::time::sleep_until(until).await;
                return;
            }
        }
    }
}

//! Tokens and the audit.

use async_trait::async_trait;
use loopline_core::time::Timestamp;
use loopline_ports::access::{AccessStore, Act, AuditRow, TokenEntry, TokenHash};
use loopline_ports::journal::JournalError;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::SqliteStore;
use super::rows::{failed, from_json, number, stored, to_json};

const COLUMNS: &str =
    "SELECT id, name, roles, reach, created_at, created_by, expires_at, revoked_at, used_at FROM tokens";

/// Entries as the next rows of the audit. Nobody else writes, so the last row stays the last until these are written.
pub(super) async fn chained(
    connection: &mut SqliteConnection,
    entries: Vec<String>,
) -> Result<Vec<AuditRow>, JournalError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let last = sqlx::query("SELECT n, entry, hash FROM audit ORDER BY n DESC LIMIT 1").fetch_optional(connection).await;
    let mut last = last.map_err(failed)?.as_ref().map(row_of).transpose()?;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let next = AuditRow::next(last.as_ref().map(|row| (row.n, &*row.hash)), entry);
        rows.push(next.clone());
        last = Some(next);
    }
    Ok(rows)
}

/// Adds a row to the audit, in the transaction that is open or in one of its own.
pub(super) async fn tell(connection: &mut SqliteConnection, act: &Act) -> Result<(), JournalError> {
    for row in chained(connection, vec![to_json(act)?]).await? {
        sqlx::query("INSERT INTO audit (n, entry, hash) VALUES (?, ?, ?)")
            .bind(stored(row.n))
            .bind(row.entry)
            .bind(row.hash)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

fn row_of(row: &SqliteRow) -> Result<AuditRow, JournalError> {
    let n = number(row.try_get(0).map_err(failed)?, "number of a row of the audit")?;
    Ok(AuditRow { n, entry: row.try_get(1).map_err(failed)?, hash: row.try_get(2).map_err(failed)? })
}

fn token_of(row: &SqliteRow) -> Result<TokenEntry, JournalError> {
    let moment = |at: usize| Ok::<_, JournalError>(row.try_get::<Option<i64>, _>(at).map_err(failed)?.map(Timestamp));
    Ok(TokenEntry {
        id: row.try_get(0).map_err(failed)?,
        name: row.try_get(1).map_err(failed)?,
        roles: from_json(row.try_get(2).map_err(failed)?, "roles of a token")?,
        reach: from_json(row.try_get(3).map_err(failed)?, "reach of a token")?,
        created_at: Timestamp(row.try_get(4).map_err(failed)?),
        created_by: row.try_get(5).map_err(failed)?,
        expires_at: moment(6)?,
        revoked_at: moment(7)?,
        used_at: moment(8)?,
    })
}

#[async_trait]
impl AccessStore for SqliteStore {
    async fn put_token(&self, entry: &TokenEntry, hash: &TokenHash, act: Act) -> Result<bool, JournalError> {
        let put = sqlx::query(
            "INSERT INTO tokens (id, hash, name, roles, reach, created_at, created_by, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(entry.id.clone())
        .bind(hash.as_str().to_owned())
        .bind(entry.name.clone())
        .bind(to_json(&entry.roles)?)
        .bind(to_json(&entry.reach)?)
        .bind(entry.created_at.0)
        .bind(entry.created_by.clone())
        .bind(entry.expires_at.map(|at| at.0));
        self.shared.writer.execute_told(put, &act).await
    }

    async fn token(&self, hash: &TokenHash) -> Result<Option<TokenEntry>, JournalError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE hash = ?"));
        let row = sqlx::query(sql).bind(hash.as_str()).fetch_optional(&self.shared.readers).await;
        row.map_err(failed)?.as_ref().map(token_of).transpose()
    }

    async fn tokens(&self) -> Result<Vec<TokenEntry>, JournalError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY created_at, id"));
        let rows = sqlx::query(sql).fetch_all(&self.shared.readers).await.map_err(failed)?;
        rows.iter().map(token_of).collect()
    }

    async fn revoke_token(&self, id: &str, at: Timestamp, act: Act) -> Result<bool, JournalError> {
        let revoke = sqlx::query("UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL");
        self.shared.writer.execute_told(revoke.bind(at.0).bind(id.to_owned()), &act).await
    }

    async fn touch_token(&self, id: &str, at: Timestamp) -> Result<(), JournalError> {
        let touch = sqlx::query("UPDATE tokens SET used_at = ? WHERE id = ?").bind(at.0).bind(id.to_owned());
        self.shared.writer.execute(touch).await.map(drop)
    }

    async fn tell(&self, act: Act) -> Result<(), JournalError> {
        self.shared.writer.tell(&act).await
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditRow>, JournalError> {
        let rows = sqlx::query("SELECT n, entry, hash FROM audit WHERE n > ? ORDER BY n LIMIT ?")
            .bind(stored(after))
            .bind(limit)
            .fetch_all(&self.shared.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(row_of).collect()
    }
}

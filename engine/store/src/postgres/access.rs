//! Tokens and the audit. Every server may change them; the rows of the audit are one chain, whoever writes them.

use async_trait::async_trait;
use loopline_core::time::Timestamp;
use loopline_ports::access::{AccessStore, Act, AuditRow, TokenEntry, TokenHash};
use loopline_ports::journal::JournalError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};

use super::PostgresStore;
use super::rows::{failed, from_json, number, stored, to_json};

const COLUMNS: &str =
    "SELECT id, name, roles, reach, created_at, created_by, expires_at, revoked_at, used_at FROM tokens";

fn row_of(row: &PgRow) -> Result<AuditRow, JournalError> {
    let n = number(row.try_get(0).map_err(failed)?, "number of a row of the audit")?;
    Ok(AuditRow { n, entry: row.try_get(1).map_err(failed)?, hash: row.try_get(2).map_err(failed)? })
}

fn token_of(row: &PgRow) -> Result<TokenEntry, JournalError> {
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

impl PostgresStore {
    /// A change and its row of the audit, in one transaction; where the change finds nothing to change, neither.
    pub(super) async fn execute_told(
        &self,
        change: Query<'_, Postgres, PgArguments>,
        act: &Act,
    ) -> Result<bool, JournalError> {
        let act = to_json(act)?;
        let changing = async {
            let mut transaction = self.shared.readers.begin().await.map_err(failed)?;
            let changed = change.execute(&mut *transaction).await.map_err(failed)?.rows_affected() > 0;
            if changed {
                let told = sqlx::query("SELECT append_audit($1)").bind(act);
                told.execute(&mut *transaction).await.map_err(failed)?;
            }
            transaction.commit().await.map_err(failed)?;
            Ok(changed)
        };
        self.read(changing).await
    }
}

#[async_trait]
impl AccessStore for PostgresStore {
    async fn put_token(&self, entry: &TokenEntry, hash: &TokenHash, act: Act) -> Result<bool, JournalError> {
        let put = sqlx::query(
            "INSERT INTO tokens (id, hash, name, roles, reach, created_at, created_by, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(&entry.id)
        .bind(hash.as_str())
        .bind(&entry.name)
        .bind(to_json(&entry.roles)?)
        .bind(to_json(&entry.reach)?)
        .bind(entry.created_at.0)
        .bind(&entry.created_by)
        .bind(entry.expires_at.map(|at| at.0));
        self.execute_told(put, &act).await
    }

    async fn token(&self, hash: &TokenHash) -> Result<Option<TokenEntry>, JournalError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE hash = $1"));
        let found = sqlx::query(sql).bind(hash.as_str());
        let row = self.read(async { found.fetch_optional(&self.shared.readers).await.map_err(failed) }).await?;
        row.as_ref().map(token_of).transpose()
    }

    async fn tokens(&self) -> Result<Vec<TokenEntry>, JournalError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY created_at, id"));
        let rows = self.read(async { sqlx::query(sql).fetch_all(&self.shared.readers).await.map_err(failed) }).await?;
        rows.iter().map(token_of).collect()
    }

    async fn revoke_token(&self, id: &str, at: Timestamp, act: Act) -> Result<bool, JournalError> {
        let revoke = sqlx::query("UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL");
        self.execute_told(revoke.bind(at.0).bind(id), &act).await
    }

    async fn touch_token(&self, id: &str, at: Timestamp) -> Result<(), JournalError> {
        let touch = sqlx::query("UPDATE tokens SET used_at = $1 WHERE id = $2").bind(at.0).bind(id);
        self.read(async { touch.execute(&self.shared.readers).await.map(drop).map_err(failed) }).await
    }

    async fn tell(&self, act: Act) -> Result<(), JournalError> {
        let told = sqlx::query("SELECT append_audit($1)").bind(to_json(&act)?);
        self.read(async { told.execute(&self.shared.readers).await.map(drop).map_err(failed) }).await
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditRow>, JournalError> {
        let found = sqlx::query("SELECT n, entry, hash FROM audit WHERE n > $1 ORDER BY n LIMIT $2")
            .bind(stored(after))
            .bind(i64::from(limit));
        let rows = self.read(async { found.fetch_all(&self.shared.readers).await.map_err(failed) }).await?;
        rows.iter().map(row_of).collect()
    }
}

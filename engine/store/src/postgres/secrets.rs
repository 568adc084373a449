//! Sealed secrets. Every server may change them: whoever writes last wins, and no history is touched.

use async_trait::async_trait;
use loopline_core::time::Timestamp;
use loopline_ports::access::Act;
use loopline_ports::journal::JournalError;
use loopline_ports::secrets::{Sealed, SecretEntry, SecretStore};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::rows::{failed, from_json, to_json};

fn entry(row: &PgRow) -> Result<(SecretEntry, Sealed), JournalError> {
    let pipelines: &str = row.try_get(2).map_err(failed)?;
    let entry = SecretEntry {
        project: row.try_get(0).map_err(failed)?,
        name: row.try_get(1).map_err(failed)?,
        pipelines: from_json(pipelines, "the pipelines of a secret")?,
        updated_at: Timestamp(row.try_get(3).map_err(failed)?),
        updated_by: row.try_get(4).map_err(failed)?,
    };
    Ok((entry, Sealed(row.try_get(5).map_err(failed)?)))
}

#[async_trait]
impl SecretStore for PostgresStore {
    async fn put_secret(&self, entry: SecretEntry, value: Sealed, act: Act) -> Result<(), JournalError> {
        let pipelines = to_json(&entry.pipelines)?;
        let put = sqlx::query(
            "INSERT INTO secrets (project, name, pipelines, updated_at, updated_by, sealed) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (project, name) DO UPDATE SET pipelines = excluded.pipelines, \
             updated_at = excluded.updated_at, updated_by = excluded.updated_by, sealed = excluded.sealed",
        );
        let put = put.bind(entry.project).bind(entry.name).bind(pipelines).bind(entry.updated_at.0);
        let put = put.bind(entry.updated_by).bind(value.0);
        self.execute_told(put, &act).await.map(drop)
    }

    async fn secret(&self, project: &str, name: &str) -> Result<Option<(SecretEntry, Sealed)>, JournalError> {
        let found = sqlx::query(
            "SELECT project, name, pipelines, updated_at, updated_by, sealed FROM secrets WHERE project = $1 AND name = $2",
        );
        let found = found.bind(project).bind(name);
        let row = self.read(async { found.fetch_optional(&self.shared.readers).await.map_err(failed) }).await?;
        row.as_ref().map(entry).transpose()
    }

    async fn secrets(&self, project: Option<&str>) -> Result<Vec<(SecretEntry, Sealed)>, JournalError> {
        let found = sqlx::query(
            "SELECT project, name, pipelines, updated_at, updated_by, sealed FROM secrets \
             WHERE $1 IS NULL OR project = $1 ORDER BY project, name",
        );
        let rows =
            self.read(async { found.bind(project).fetch_all(&self.shared.readers).await.map_err(failed) }).await?;
        rows.iter().map(entry).collect()
    }

    async fn reseal_secret(&self, entry: &SecretEntry, was: &Sealed, value: Sealed) -> Result<bool, JournalError> {
        let sealed = sqlx::query("UPDATE secrets SET sealed = $1 WHERE project = $2 AND name = $3 AND sealed = $4");
        let sealed = sealed.bind(value.0).bind(&entry.project).bind(&entry.name).bind(&was.0);
        let done = self.read(async { sealed.execute(&self.shared.readers).await.map_err(failed) }).await?;
        Ok(done.rows_affected() > 0)
    }

    async fn remove_secret(&self, project: &str, name: &str, act: Act) -> Result<bool, JournalError> {
        let gone = sqlx::query("DELETE FROM secrets WHERE project = $1 AND name = $2").bind(project).bind(name);
        self.execute_told(gone, &act).await
    }
}

//! Sealed secrets.

use async_trait::async_trait;
use loopline_core::time::Timestamp;
use loopline_ports::access::Act;
use loopline_ports::journal::JournalError;
use loopline_ports::secrets::{Sealed, SecretEntry, SecretStore};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::rows::{failed, from_json, to_json};

fn entry(row: &SqliteRow) -> Result<(SecretEntry, Sealed), JournalError> {
    let pipelines: String = row.try_get(2).map_err(failed)?;
    let entry = SecretEntry {
        project: row.try_get(0).map_err(failed)?,
        name: row.try_get(1).map_err(failed)?,
        pipelines: from_json(&pipelines, "the pipelines of a secret")?,
        updated_at: Timestamp(row.try_get(3).map_err(failed)?),
        updated_by: row.try_get(4).map_err(failed)?,
    };
    Ok((entry, Sealed(row.try_get(5).map_err(failed)?)))
}

const COLUMNS: &str = "SELECT project, name, pipelines, updated_at, updated_by, sealed FROM secrets";

#[async_trait]
impl SecretStore for SqliteStore {
    async fn put_secret(&self, entry: SecretEntry, value: Sealed, act: Act) -> Result<(), JournalError> {
        let pipelines = to_json(&entry.pipelines)?;
        let put = sqlx::query(
            "INSERT INTO secrets (project, name, pipelines, updated_at, updated_by, sealed) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT (project, name) DO UPDATE SET pipelines = excluded.pipelines, \
             updated_at = excluded.updated_at, updated_by = excluded.updated_by, sealed = excluded.sealed",
        );
        let put = put.bind(entry.project).bind(entry.name).bind(pipelines);
        let put = put.bind(entry.updated_at.0).bind(entry.updated_by).bind(value.0);
        self.shared.writer.execute_told(put, &act).await.map(drop)
    }

    async fn secret(&self, project: &str, name: &str) -> Result<Option<(SecretEntry, Sealed)>, JournalError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE project = ? AND name = ?"));
        let row = sqlx::query(sql).bind(project).bind(name).fetch_optional(&self.shared.readers).await;
        row.map_err(failed)?.as_ref().map(entry).transpose()
    }

    async fn secrets(&self, project: Option<&str>) -> Result<Vec<(SecretEntry, Sealed)>, JournalError> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE ? IS NULL OR project = ? ORDER BY project, name"));
        let rows = sqlx::query(sql).bind(project).bind(project).fetch_all(&self.shared.readers).await;
        rows.map_err(failed)?.iter().map(entry).collect()
    }

    async fn reseal_secret(&self, entry: &SecretEntry, was: &Sealed, value: Sealed) -> Result<bool, JournalError> {
        let sealed = sqlx::query("UPDATE secrets SET sealed = ? WHERE project = ? AND name = ? AND sealed = ?")
            .bind(value.0)
            .bind(entry.project.clone())
            .bind(entry.name.clone())
            .bind(was.0.clone());
        Ok(self.shared.writer.execute(sealed).await? > 0)
    }

    async fn remove_secret(&self, project: &str, name: &str, act: Act) -> Result<bool, JournalError> {
        let gone = sqlx::query("DELETE FROM secrets WHERE project = ? AND name = ?")
            .bind(project.to_owned())
            .bind(name.to_owned());
        self.shared.writer.execute_told(gone, &act).await
    }
}

//! Everything that does not write. Each call is one statement, so it sees one moment.

use std::sync::Arc;

use loopline_core::command::Timer;
use loopline_core::event::Recorded;
use loopline_core::graph::Graph;
use loopline_core::group::Holder;
use loopline_core::id::{AttemptId, RunId, Seq};
use loopline_core::time::Timestamp;
use loopline_ports::access::Pattern;
use loopline_ports::journal::{
    AskedSlot, Definition, DefinitionId, JournalError, OpenAttempt, RequestKey, RunFilter, RunSummary, Snapshot,
};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqlitePool};

use super::rows::{self, failed, from_json, stored};

pub(super) async fn events(
    readers: &SqlitePool,
    run: RunId,
    after: Seq,
    limit: u32,
) -> Result<Vec<Recorded>, JournalError> {
    let rows = sqlx::query("SELECT seq, at, payload FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?")
        .bind(run.to_string())
        .bind(stored(after))
        .bind(limit)
        .fetch_all(readers)
        .await
        .map_err(failed)?;
    let events = rows.iter().map(rows::recorded).collect::<Result<Vec<_>, _>>()?;
    match events.iter().zip(after.saturating_add(1)..).find(|(event, expected)| event.seq != *expected) {
        Some((_, missing)) => Err(JournalError::Damaged(format!("event {missing} of run {run} is missing"))),
        None => Ok(events),
    }
}

pub(super) async fn snapshot(
    readers: &SqlitePool,
    run: RunId,
    upto: Option<Seq>,
) -> Result<Option<(Seq, Snapshot)>, JournalError> {
    let row =
        sqlx::query("SELECT seq, apart, state FROM snapshots WHERE run = ? AND seq <= ? ORDER BY seq DESC LIMIT 1")
            .bind(run.to_string())
            .bind(upto.map_or(i64::MAX, stored))
            .fetch_optional(readers)
            .await
            .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let seq = rows::number(row.try_get(0).map_err(failed)?, "number of an event")?;
    let apart = rows::number(row.try_get(1).map_err(failed)?, "distance of states")?;
    Ok(Some((seq, Snapshot { apart, state: row.try_get(2).map_err(failed)? })))
}

pub(super) async fn definition_id(
    readers: &SqlitePool,
    definition: &Definition,
) -> Result<Option<DefinitionId>, JournalError> {
    sqlx::query_scalar("SELECT id FROM definitions WHERE text_digest = ? AND digest = ?")
        .bind(&definition.text_digest)
        .bind(&definition.digest)
        .fetch_optional(readers)
        .await
        .map(|id| id.map(DefinitionId))
        .map_err(failed)
}

pub(super) async fn definition_of(readers: &SqlitePool, run: RunId) -> Result<Option<Definition>, JournalError> {
    let row = sqlx::query(
        "SELECT d.text_digest, d.digest, d.yaml, d.graph \
         FROM runs r JOIN definitions d ON d.id = r.definition WHERE r.id = ?",
    )
    .bind(run.to_string())
    .fetch_optional(readers)
    .await
    .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let graph: Graph = from_json(row.try_get(3).map_err(failed)?, "graph of a definition")?;
    Ok(Some(Definition {
        text_digest: row.try_get(0).map_err(failed)?,
        digest: row.try_get(1).map_err(failed)?,
        yaml: row.try_get(2).map_err(failed)?,
        graph: Arc::new(graph),
    }))
}

pub(super) async fn highest_number(readers: &SqlitePool, project: &str, pipeline: &str) -> Result<u64, JournalError> {
    let highest: Option<i64> = sqlx::query_scalar("SELECT max(number) FROM runs WHERE project = ? AND pipeline = ?")
        .bind(project)
        .bind(pipeline)
        .fetch_one(readers)
        .await
        .map_err(failed)?;
    rows::number(highest.unwrap_or(0), "number of a run")
}

pub(super) async fn find_request(
    readers: &SqlitePool,
    scope: &str,
    key: &str,
) -> Result<Option<(RunId, String)>, JournalError> {
    let row = sqlx::query("SELECT run, digest FROM requests WHERE scope = ? AND key = ?")
        .bind(scope)
        .bind(key)
        .fetch_optional(readers)
        .await
        .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((rows::run_id(row.try_get(0).map_err(failed)?)?, row.try_get(1).map_err(failed)?)))
}

pub(super) async fn requests(readers: &SqlitePool) -> Result<Vec<(RequestKey, RunId)>, JournalError> {
    let rows = sqlx::query("SELECT scope, key, digest, run FROM requests ORDER BY scope, key")
        .fetch_all(readers)
        .await
        .map_err(failed)?;
    let request = |row: &sqlx::sqlite::SqliteRow| {
        let [scope, key, digest] = [row.try_get(0), row.try_get(1), row.try_get(2)];
        let key =
            RequestKey { scope: scope.map_err(failed)?, key: key.map_err(failed)?, digest: digest.map_err(failed)? };
        Ok((key, rows::run_id(row.try_get(3).map_err(failed)?)?))
    };
    rows.iter().map(request).collect()
}

pub(super) async fn summary(readers: &SqlitePool, run: RunId) -> Result<Option<RunSummary>, JournalError> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
    query.push(rows::SUMMARY).push(" FROM runs WHERE id = ").push_bind(run.to_string());
    let row = query.build().fetch_optional(readers).await.map_err(failed)?;
    row.as_ref().map(rows::summary).transpose()
}

pub(super) async fn list(readers: &SqlitePool, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
    query.push(rows::SUMMARY).push(" FROM runs WHERE 1 = 1");
    if let Some((project, pipeline)) = &filter.pipeline {
        query.push(" AND project = ").push_bind(project).push(" AND pipeline = ").push_bind(pipeline);
    }
    if let Some(reach) = &filter.reach
        && !reach.reaches_all()
    {
        query.push(" AND (1 = 0");
        for pattern in reach.patterns() {
            match pattern {
                Pattern::All => query.push(" OR 1 = 1"),
                Pattern::Project(project) => query.push(" OR project = ").push_bind(project.as_str()),
                Pattern::Pipeline(project, name) => {
                    query.push(" OR (project = ").push_bind(project.as_str());
                    query.push(" AND pipeline = ").push_bind(name.as_str()).push(")")
                }
            };
        }
        query.push(")");
    }
    if !filter.status.is_empty() {
        query.push(" AND status IN (");
        let mut statuses = query.separated(", ");
        for status in &filter.status {
            statuses.push_bind(status.as_str());
        }
        query.push(")");
    }
    if let Some(before) = filter.before {
        query.push(" AND id < ").push_bind(before.to_string());
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(filter.limit);
    let rows = query.build().fetch_all(readers).await.map_err(failed)?;
    rows.iter().map(rows::summary).collect()
}

pub(super) async fn open_attempts(readers: &SqlitePool) -> Result<Vec<OpenAttempt>, JournalError> {
    let rows =
        sqlx::query("SELECT run, key FROM attempts ORDER BY run, attempt").fetch_all(readers).await.map_err(failed)?;
    let open = |row: &sqlx::sqlite::SqliteRow| {
        let run = rows::run_id(row.try_get(0).map_err(failed)?)?;
        let key = from_json(row.try_get(1).map_err(failed)?, "key of an attempt")?;
        Ok(OpenAttempt { id: AttemptId { run, key }, elsewhere: false })
    };
    rows.iter().map(open).collect()
}

pub(super) async fn slots(readers: &SqlitePool) -> Result<Vec<AskedSlot>, JournalError> {
    let rows = sqlx::query("SELECT run, number, granted, spec, ask FROM slots ORDER BY number")
        .fetch_all(readers)
        .await
        .map_err(failed)?;
    let asked = |row: &sqlx::sqlite::SqliteRow| {
        let run = rows::run_id(row.try_get(0).map_err(failed)?)?;
        Ok(AskedSlot {
            number: rows::number(row.try_get(1).map_err(failed)?, "number of a place")?,
            granted: row.try_get(2).map_err(failed)?,
            holder: Holder { run, slot: from_json(row.try_get(3).map_err(failed)?, "a place")? },
            ask: from_json(row.try_get(4).map_err(failed)?, "a wish for a place")?,
        })
    };
    rows.iter().map(asked).collect()
}

pub(super) async fn due_timers(
    readers: &SqlitePool,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(RunId, Timer)>, JournalError> {
    let rows = sqlx::query("SELECT run, spec FROM timers WHERE due <= ? ORDER BY due, run, timer LIMIT ?")
        .bind(now.0)
        .bind(limit)
        .fetch_all(readers)
        .await
        .map_err(failed)?;
    let due = |row: &sqlx::sqlite::SqliteRow| {
        let run = rows::run_id(row.try_get(0).map_err(failed)?)?;
        Ok((run, from_json(row.try_get(1).map_err(failed)?, "a timer")?))
    };
    rows.iter().map(due).collect()
}

pub(super) async fn next_timer(readers: &SqlitePool) -> Result<Option<Timestamp>, JournalError> {
    let due: Option<i64> =
        sqlx::query_scalar("SELECT min(due) FROM timers").fetch_one(readers).await.map_err(failed)?;
    Ok(due.map(Timestamp))
}

//! Appends one after the other, each in a savepoint, so that one that is refused is taken out alone.
//!
//! An append is judged by the statement that changes its run's row (`… WHERE last_seq = expected`, or an insert that must
//! not exist yet). What comes behind it can only fail in a damaged file.

use loopline_core::id::Seq;
use loopline_ports::journal::{Append, JournalError, NewRun, Snapshot};
use sqlx::sqlite::SqliteConnection;

use super::commit::Results;
use super::rows::{failed, stored, to_json};

/// Writes the batch in one transaction. `Err`: nothing is written, or, should the commit itself fail, that is unknown.
pub(super) async fn write(connection: &mut SqliteConnection, batch: &[Append]) -> Result<Results, JournalError> {
    execute(connection, "BEGIN IMMEDIATE").await?;
    let mut results = Vec::with_capacity(batch.len());
    for append in batch {
        execute(connection, "SAVEPOINT append").await?;
        let result = write_one(connection, append).await;
        if result.is_err() {
            execute(connection, "ROLLBACK TO append").await?;
        }
        execute(connection, "RELEASE append").await?;
        results.push(result);
    }
    let end = if results.iter().all(Result::is_err) { "ROLLBACK" } else { "COMMIT" };
    execute(connection, end).await?;
    Ok(results)
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), JournalError> {
    sqlx::query(sql).execute(connection).await.map(|_| ()).map_err(failed)
}

async fn write_one(connection: &mut SqliteConnection, append: &Append) -> Result<(), JournalError> {
    let conflict = || JournalError::Conflict { run: append.run, expected: append.expected };
    if let Some(request) = &append.request {
        let known =
            sqlx::query_as::<_, (String, String)>("SELECT run, digest FROM requests WHERE scope = ? AND key = ?")
                .bind(&request.scope)
                .bind(&request.key)
                .fetch_optional(&mut *connection)
                .await
                .map_err(failed)?;
        if let Some((run, digest)) = known {
            let run = super::rows::run_id(&run)?;
            return Err(JournalError::Repeated { run, same: digest == request.digest });
        }
    }
    if !append.is_contiguous() {
        return Err(conflict());
    }
    let run = append.run.to_string();
    let changed = match &append.created {
        Some(new) => insert_run(connection, append, new, &run).await?,
        None => advance_run(connection, append, &run).await?,
    };
    if !changed {
        return Err(conflict());
    }

    for recorded in &append.events {
        sqlx::query("INSERT INTO events (run, seq, at, type, payload) VALUES (?, ?, ?, ?, ?)")
            .bind(&run)
            .bind(stored(recorded.seq))
            .bind(recorded.at.0)
            .bind(recorded.event.kind())
            .bind(to_json(&recorded.event)?)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    for (timer, due) in &append.timers_set {
        sqlx::query(
            "INSERT INTO timers (run, timer, due, spec) VALUES (?, ?, ?, ?) \
             ON CONFLICT (run, timer) DO UPDATE SET due = excluded.due",
        )
        .bind(&run)
        .bind(timer.to_string())
        .bind(due.0)
        .bind(to_json(timer)?)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    for timer in &append.timers_cleared {
        sqlx::query("DELETE FROM timers WHERE run = ? AND timer = ?")
            .bind(&run)
            .bind(timer.to_string())
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    for key in &append.attempts_started {
        sqlx::query("INSERT INTO attempts (run, attempt, key) VALUES (?, ?, ?) ON CONFLICT (run, attempt) DO NOTHING")
            .bind(&run)
            .bind(key.to_string())
            .bind(to_json(key)?)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    for key in &append.attempts_finished {
        sqlx::query("DELETE FROM attempts WHERE run = ? AND attempt = ?")
            .bind(&run)
            .bind(key.to_string())
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    for (number, slot, ask) in &append.slots_asked {
        sqlx::query(
            "INSERT INTO slots (run, slot, number, granted, spec, ask) VALUES (?, ?, ?, 0, ?, ?) \
             ON CONFLICT (run, slot) DO NOTHING",
        )
        .bind(&run)
        .bind(slot.to_string())
        .bind(stored(*number))
        .bind(to_json(slot)?)
        .bind(to_json(ask)?)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    for slot in &append.slots_granted {
        sqlx::query("UPDATE slots SET granted = 1 WHERE run = ? AND slot = ?")
            .bind(&run)
            .bind(slot.to_string())
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    for slot in &append.slots_released {
        sqlx::query("DELETE FROM slots WHERE run = ? AND slot = ?")
            .bind(&run)
            .bind(slot.to_string())
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    if let Some(request) = &append.request {
        sqlx::query("INSERT INTO requests (scope, key, run, digest) VALUES (?, ?, ?, ?)")
            .bind(&request.scope)
            .bind(&request.key)
            .bind(&run)
            .bind(&request.digest)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    for act in &append.acts {
        super::access::tell(connection, act).await?;
    }
    match &append.snapshot {
        Some(snapshot) => keep_snapshot(connection, &run, append.last(), snapshot).await,
        None => Ok(()),
    }
}

async fn keep_snapshot(
    connection: &mut SqliteConnection,
    run: &str,
    seq: Seq,
    Snapshot { state, apart }: &Snapshot,
) -> Result<(), JournalError> {
    sqlx::query("INSERT INTO snapshots (run, seq, apart, state) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(run)
        .bind(stored(seq))
        .bind(stored(*apart))
        .bind(state)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    sqlx::query(
        "DELETE FROM snapshots WHERE run = ? AND seq < ? AND seq NOT IN \
         (SELECT min(seq) FROM snapshots WHERE run = ? GROUP BY seq / ?)",
    )
    .bind(run)
    .bind(stored(seq))
    .bind(run)
    .bind(stored(*apart))
    .execute(connection)
    .await
    .map(|_| ())
    .map_err(failed)
}

/// `false`: there is such a run already, or its number belongs to another one.
async fn insert_run(
    connection: &mut SqliteConnection,
    append: &Append,
    new: &NewRun,
    run: &str,
) -> Result<bool, JournalError> {
    let (0, Some(row)) = (append.expected, &append.row) else { return Ok(false) };
    let inserted = sqlx::query(
        "INSERT INTO runs (id, project, pipeline, number, definition, created_at, trigger_kind, trigger_actor, labels, \
         last_seq, status, epoch, name, finished_at, error, waiting_steps) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(run)
    .bind(&new.created.project)
    .bind(&new.created.pipeline)
    .bind(stored(new.created.number))
    .bind(new.definition.0)
    .bind(append.events.first().map_or(0, |first| first.at.0))
    .bind(&new.created.trigger.kind)
    .bind(&new.created.trigger.actor)
    .bind(to_json(&new.created.labels)?)
    .bind(stored(append.last()))
    .bind(row.status.as_str())
    .bind(row.epoch)
    .bind(&row.name)
    .bind(row.finished_at.map(|at| at.0))
    .bind(row.error.as_ref().map(to_json).transpose()?)
    .bind(to_json(&row.waiting_steps)?)
    .execute(connection)
    .await;
    match inserted {
        Ok(done) => Ok(done.rows_affected() == 1),
        Err(error) if error.as_database_error().is_some_and(|error| error.is_foreign_key_violation()) => {
            Err(JournalError::Damaged(format!("definition {} is not stored", new.definition.0)))
        }
        Err(error) => Err(failed(error)),
    }
}

/// `false`: the run is not where the writer believes it to be.
async fn advance_run(connection: &mut SqliteConnection, append: &Append, run: &str) -> Result<bool, JournalError> {
    let advanced = sqlx::query("UPDATE runs SET last_seq = ? WHERE id = ? AND last_seq = ?")
        .bind(stored(append.last()))
        .bind(run)
        .bind(stored(append.expected))
        .execute(&mut *connection)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(failed)?;
    let Some(row) = append.row.as_ref().filter(|_| advanced) else { return Ok(advanced) };
    sqlx::query(
        "UPDATE runs SET status = ?, epoch = ?, name = ?, finished_at = ?, error = ?, waiting_steps = ? WHERE id = ?",
    )
    .bind(row.status.as_str())
    .bind(row.epoch)
    .bind(&row.name)
    .bind(row.finished_at.map(|at| at.0))
    .bind(row.error.as_ref().map(to_json).transpose()?)
    .bind(to_json(&row.waiting_steps)?)
    .bind(run)
    .execute(connection)
    .await
    .map(|_| true)
    .map_err(failed)
}

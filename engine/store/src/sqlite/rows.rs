//! From rows to values and back, and from database errors to [`JournalError`].

use loopline_core::event::{Event, Recorded, Trigger};
use loopline_core::id::Seq;
use loopline_core::time::Timestamp;
use loopline_core::view::RunStatus;
use loopline_ports::journal::{JournalError, RunRow, RunSummary};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

pub(super) use crate::columns::{from_json, number, run_id, stored, to_json};

/// The file itself is broken, as opposed to: cannot be used now.
pub(super) fn is_damage(error: &sqlx::Error) -> bool {
    const SQLITE_CORRUPT: u32 = 11;
    const SQLITE_NOTADB: u32 = 26;
    let code = match error {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<u32>().ok()),
        _ => None,
    };
    // The low byte of an extended code is the primary one.
    code.is_some_and(|code| matches!(code & 0xff, SQLITE_CORRUPT | SQLITE_NOTADB))
}

pub(super) fn failed(error: sqlx::Error) -> JournalError {
    match &error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => JournalError::Damaged(error.to_string()),
        _ if is_damage(&error) => JournalError::Damaged(error.to_string()),
        _ => JournalError::Unavailable(error.to_string()),
    }
}

/// A row of `SELECT seq, at, payload FROM events`.
pub(super) fn recorded(row: &SqliteRow) -> Result<Recorded, JournalError> {
    let seq: Seq = number(row.try_get(0).map_err(failed)?, "number of an event")?;
    let at = Timestamp(row.try_get(1).map_err(failed)?);
    let payload: &str = row.try_get(2).map_err(failed)?;
    let event: Event = from_json(payload, "payload of an event")?;
    Ok(Recorded { seq, at, event })
}

/// Columns that [`summary`] reads, in its order.
pub(super) const SUMMARY: &str = "id, project, pipeline, number, trigger_kind, trigger_actor, created_at, \
     status, epoch, name, finished_at, error, waiting_steps";

pub(super) fn summary(row: &SqliteRow) -> Result<RunSummary, JournalError> {
    let status: &str = row.try_get(7).map_err(failed)?;
    let status = RunStatus::ALL
        .into_iter()
        .find(|known| known.as_str() == status)
        .ok_or_else(|| JournalError::Damaged(format!("status `{status}` of a run")))?;
    let epoch: i64 = row.try_get(8).map_err(failed)?;
    let error: Option<&str> = row.try_get(11).map_err(failed)?;
    Ok(RunSummary {
        run: run_id(row.try_get(0).map_err(failed)?)?,
        project: row.try_get(1).map_err(failed)?,
        pipeline: row.try_get(2).map_err(failed)?,
        number: number(row.try_get(3).map_err(failed)?, "number of a run")?,
        trigger: Trigger { kind: row.try_get(4).map_err(failed)?, actor: row.try_get(5).map_err(failed)? },
        created_at: Timestamp(row.try_get(6).map_err(failed)?),
        row: RunRow {
            status,
            epoch: u32::try_from(epoch).map_err(|_| JournalError::Damaged(format!("epoch {epoch} of a run")))?,
            name: row.try_get(9).map_err(failed)?,
            finished_at: row.try_get::<Option<i64>, _>(10).map_err(failed)?.map(Timestamp),
            error: error.map(|error| from_json(error, "error of a run")).transpose()?,
            waiting_steps: from_json(row.try_get(12).map_err(failed)?, "waiting steps of a run")?,
        },
    })
}

//! From rows to values, and from database errors to [`JournalError`].

use loopline_core::event::{Event, Recorded, Trigger};
use loopline_core::id::Seq;
use loopline_core::time::Timestamp;
use loopline_core::view::RunStatus;
use loopline_ports::journal::{Append, JournalError, RunRow, RunSummary};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

pub(super) use crate::columns::{from_json, number, run_id, stored, to_json};

/// What `require_fence` says of a writer that is not the one.
const FENCED: &str = "LL001";
/// "Data corrupted", "index corrupted".
const DAMAGE: [&str; 2] = ["XX001", "XX002"];

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned())
}

pub(super) fn is_fenced(error: &sqlx::Error) -> bool {
    code(error).as_deref() == Some(FENCED)
}

/// The database has looked at the values and does not take them, so nothing is written: "data exception", "integrity
/// constraint violation". All else may be about the connection or the server, and leaves open what happened.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

/// What a refusal of this append means.
pub(super) fn refused(append: &Append, error: &sqlx::Error) -> JournalError {
    const NOT_NULL: &str = "23502";
    let constraint = error.as_database_error().and_then(|error| error.constraint());
    match (constraint, code(error).as_deref()) {
        (Some("runs_definition_fkey"), _) => JournalError::Damaged(format!("a definition is not stored: {error}")),
        (Some("runs_pkey" | "runs_project_pipeline_number_key" | "events_run_fkey"), _) | (_, Some(NOT_NULL)) => {
            JournalError::Conflict { run: append.run, expected: append.expected }
        }
        _ => JournalError::Damaged(format!("run {} cannot be written: {error}", append.run)),
    }
}

pub(super) fn failed(error: sqlx::Error) -> JournalError {
    let damaged = match &error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
        _ => code(&error).is_some_and(|code| DAMAGE.contains(&code.as_str())),
    };
    if damaged { JournalError::Damaged(error.to_string()) } else { JournalError::Unavailable(error.to_string()) }
}

/// A row of `SELECT seq, at, payload FROM events`.
pub(super) fn recorded(row: &PgRow) -> Result<Recorded, JournalError> {
    let seq: Seq = number(row.try_get(0).map_err(failed)?, "number of an event")?;
    let at = Timestamp(row.try_get(1).map_err(failed)?);
    let payload: &str = row.try_get(2).map_err(failed)?;
    let event: Event = from_json(payload, "payload of an event")?;
    Ok(Recorded { seq, at, event })
}

/// Columns that [`summary`] reads, in its order.
pub(super) const SUMMARY: &str = "id, project, pipeline, number, trigger_kind, trigger_actor, created_at, \
     status, epoch, name, finished_at, error, waiting_steps";

pub(super) fn summary(row: &PgRow) -> Result<RunSummary, JournalError> {
    let status: &str = row.try_get(7).map_err(failed)?;
    let status = RunStatus::ALL
        .into_iter()
        .find(|known| known.as_str() == status)
        .ok_or_else(|| JournalError::Damaged(format!("status `{status}` of a run")))?;
    let epoch: i64 = row.try_get(8).map_err(failed)?;
    let name: Option<&str> = row.try_get(9).map_err(failed)?;
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
            name: name.map(|name| from_json(name, "name of a run")).transpose()?,
            finished_at: row.try_get::<Option<i64>, _>(10).map_err(failed)?.map(Timestamp),
            error: error.map(|error| from_json(error, "error of a run")).transpose()?,
            waiting_steps: from_json(row.try_get(12).map_err(failed)?, "waiting steps of a run")?,
        },
    })
}

//! `/audit`: who has changed what.

use axum::Json;
use axum::extract::State;
use loopline_core::time::Timestamp;
use loopline_ports::access::Act;
use loopline_ports::journal::JournalError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::extract::Query;
use crate::problem::Problem;

/// Which rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// From the page before.
    cursor: Option<String>,
    /// 1 to 1,000; 100 unless said.
    limit: Option<u32>,
}

/// A piece of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Audit {
    /// The oldest first.
    items: Vec<AuditView>,
    /// Send it as `cursor` for the next page; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditView {
    /// 1, 2, 3 … without gap.
    n: u64,
    /// When.
    at: Timestamp,
    /// The name of whoever asked for it.
    by: String,
    /// Their token; none: the person at the machine, or a part of the engine.
    #[schema(required)]
    token: Option<String>,
    /// The address that they came from.
    #[schema(required)]
    from: Option<String>,
    /// What was done: the kind of an event of a run, or `token.create`, `secret.set` …
    does: String,
    /// To what: `run 01J…`, `pipeline default/release` …
    on: String,
    /// The number of the event that it is in the history of the run.
    #[schema(required)]
    event: Option<u64>,
    /// Digest of what was there.
    #[schema(required)]
    before: Option<String>,
    /// Digest of what is there now.
    #[schema(required)]
    after: Option<String>,
    /// SHA-256 of the hash before, the number and the entry.
    hash: String,
}

/// All changes that somebody asked for, each with the hash of the one before it.
#[utoipa::path(get, path = "/audit", operation_id = "read_audit", tag = "access", params(AuditQuery),
    responses((status = 200, body = Audit), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(app): State<App>, Query(query): Query<AuditQuery>) -> Result<Json<Audit>, Problem> {
    let limit = query.limit.unwrap_or(100);
    if !(1..=1_000).contains(&limit) {
        return Err(Problem::bad_request("`limit` is 1 to 1000"));
    }
    let after = query.cursor.as_deref().map_or(Ok(0), str::parse);
    let after = after.map_err(|_| Problem::bad_request("`cursor` is none of ours"))?;
    let mut rows = app.parts().access.audit(after, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.n.to_string());
    let items = rows.into_iter().map(|row| {
        let damaged = |error| JournalError::Damaged(format!("row {} of the audit: {error}", row.n));
        let Act { at, by, does, on, event, before, after } = serde_json::from_str(&row.entry).map_err(damaged)?;
        let event = event.map(|(_, seq)| seq);
        let (n, hash) = (row.n, row.hash);
        Ok(AuditView { n, at, by: by.name, token: by.token, from: by.from, does, on, event, before, after, hash })
    });
    let items = items.collect::<Result<_, JournalError>>()?;
    Ok(Json(Audit { items, next_cursor }))
}

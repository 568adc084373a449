//! `/runs/{id}/steps/{step}/summary` and `…/tests`: what a step tells people.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures::TryStreamExt as _;
use loopline_core::id::{RunId, Seq};
use loopline_core::test_report::TestReport;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::VisibleRun;
use crate::app::App;
use crate::artifacts::{SANDBOX, Unit, unit};
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Results of tests are not longer.
const MAX_RESULTS: usize = 128 << 20;

/// Which moment.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ToldQuery {
    /// As it was right after this event: that of an earlier visit, say.
    at: Option<Seq>,
}

/// What the latest attempt of the step, or the item of it, has written to `$LOOPLINE_SUMMARY`: Markdown, with the values of
/// secrets masked. It is no HTML, and must not be shown as such.
#[utoipa::path(get, path = "/runs/{id}/steps/{step}/summary", operation_id = "get_step_summary", tag = "runs",
    params(("id" = RunId, Path), ("step" = String, Path, description = "The step, `child/build` inside of another; `build[4]` for an item of it"), ToldQuery),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn summary(
    State(app): State<App>,
    run: VisibleRun,
    Path((_id, step)): Path<(String, String)>,
    Query(query): Query<ToldQuery>,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format!("`{step}` has written no summary"));
    let kept = unit(&app, &run, &step, query.at).await?.and_then(|Unit { summary, .. }| summary).ok_or_else(missing)?;
    let content = app.parts().blobs.open(&kept.digest).await?.ok_or_else(missing)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
    ];
    Ok((headers, Body::from_stream(content)).into_response())
}

/// The results of the tests that the latest attempt of the step, or the item of it, has run.
#[utoipa::path(get, path = "/runs/{id}/steps/{step}/tests", operation_id = "get_step_tests", tag = "runs",
    params(("id" = RunId, Path), ("step" = String, Path, description = "The step, `child/build` inside of another; `build[4]` for an item of it"), ToldQuery),
    responses((status = 200, body = TestReport), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn tests(
    State(app): State<App>,
    run: VisibleRun,
    Path((_id, step)): Path<(String, String)>,
    Query(query): Query<ToldQuery>,
) -> Result<Json<TestReport>, Problem> {
    let missing = || Problem::not_found(format!("`{step}` has told of no tests"));
    let kept = unit(&app, &run, &step, query.at).await?.and_then(|Unit { tests, .. }| tests).ok_or_else(missing)?;
    let mut pieces = app.parts().blobs.open(&kept.digest).await?.ok_or_else(missing)?;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.try_next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_RESULTS {
            return Err(missing());
        }
    }
    serde_json::from_slice(&bytes).map(Json).map_err(|_| missing())
}

//! `/runs/{id}/steps/{step}/why`: why a step, or an item of it, stands where it does.

use axum::Json;
use axum::extract::State;
use loopline_core::id::{RunId, Seq, UnitPath};
use loopline_core::why::StepWhy;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::VisibleRun;
use crate::app::App;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Which moment.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WhyQuery {
    /// Right after this event, instead of now.
    at: Option<Seq>,
}

/// Why a step, or an item of it, was skipped or failed, or what it waits for, and what has become of each of its edges.
#[utoipa::path(get, path = "/runs/{id}/steps/{step}/why", operation_id = "why_step", tag = "runs",
    params(("id" = RunId, Path), ("step" = String, Path, description = "The step, `child/deploy` inside of another; `deploy[4]` for an item of it"), WhyQuery),
    responses((status = 200, body = StepWhy), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn why(
    State(app): State<App>,
    run: VisibleRun,
    Path((_id, step)): Path<(String, String)>,
    Query(query): Query<WhyQuery>,
) -> Result<Json<StepWhy>, Problem> {
    let run = run.id();
    let step: UnitPath =
        step.parse().map_err(|error: loopline_core::id::InvalidStepId| Problem::not_found(error.to_string()))?;
    Ok(Json(app.parts().driver.why(run, step, query.at).await?))
}

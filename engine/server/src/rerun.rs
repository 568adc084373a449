//! `/runs/{id}/rerun`: steps done again.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use loopline_core::event::RerunFrom;
use loopline_core::id::{RunId, StepUnit};
use loopline_core::view::RunView;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{Caller, VisibleRun};
use crate::app::App;
use crate::extract::Body;
use crate::problem::Problem;

/// What is done again: everything, unless it says less.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RerunBody {
    /// These steps, or items of them alone (`test[4]`), and all that stands behind them.
    #[schema(value_type = Option<Vec<String>>)]
    from: Option<Vec<StepUnit>>,
    /// The steps that have failed, of their items those that did not succeed, and all that stands behind them.
    failed: bool,
}

impl RerunBody {
    fn wish(self) -> Result<RerunFrom, Problem> {
        match (self.from, self.failed) {
            (Some(units), false) if units.iter().all(|unit| unit.item.is_none()) => {
                Ok(RerunFrom::Steps(units.into_iter().map(|unit| unit.step).collect()))
            }
            (Some(units), false) => Ok(RerunFrom::Units(units)),
            (None, true) => Ok(RerunFrom::FailedItems),
            (None, false) => Ok(RerunFrom::Everything),
            (Some(_), true) => {
                let detail = "say `from` or `failed`, not both";
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Err(Problem::new(status, "invalid-body", "The body does not fit", detail).at("/failed"))
            }
        }
    }
}

/// Has steps done again, and whatever the end of the run has cut off. A run that is over goes on in a new epoch.
#[utoipa::path(post, path = "/runs/{id}/rerun", operation_id = "rerun_run", tag = "runs", params(("id" = RunId, Path)), request_body = RerunBody,
    responses((status = 200, body = RunView), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn rerun(
    State(app): State<App>,
    run: VisibleRun,
    Extension(caller): Extension<Caller>,
    Body(body): Body<RerunBody>,
) -> Result<Json<RunView>, Problem> {
    let run = run.id();
    app.parts().driver.rerun(run, caller.asker(), body.wish()?).await?;
    Ok(Json(app.parts().driver.view(run, None).await?))
}

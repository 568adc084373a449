//! `/runs/{id}/steps/{step}/artifacts/{name}`: files that a step kept.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use loopline_core::id::{RunId, StepId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::runs::run_id;

/// Nothing of a download may run in the page's origin.
const SANDBOX: &str = "default-src 'none'; sandbox";

/// Which version.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ArtifactQuery {
    /// `sha256:…`, to be sure of the version; the one of the current visit unless said.
    digest: Option<String>,
}

/// Downloads a kept file of a step's current visit.
#[utoipa::path(get, path = "/runs/{id}/steps/{step}/artifacts/{name}", operation_id = "get_artifact", tag = "runs",
    params(("id" = RunId, Path), ("step" = StepId, Path), ("name" = String, Path), ArtifactQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn artifact(
    State(app): State<App>,
    Path((id, step, name)): Path<(String, String, String)>,
    Query(query): Query<ArtifactQuery>,
) -> Result<Response, Problem> {
    let view = app.parts().driver.view(run_id(&id)?, None).await?;
    let step = StepId::new(&step).map_err(|error| Problem::not_found(error.to_string()))?;
    let missing = || Problem::not_found(format!("`{step}` keeps no artifact `{name}`"));
    let kept = view.steps.get(&step).and_then(|step| step.artifacts.get(&name)).ok_or_else(missing)?;
    if query.digest.is_some_and(|digest| digest != kept.digest) {
        return Err(missing());
    }
    let content = app.parts().blobs.open(&kept.digest).await?.ok_or_else(missing)?;
    let file_name: String =
        kept.file_name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{file_name}\"")).map_err(|_| missing())?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_LENGTH, HeaderValue::from(kept.size)),
    ];
    Ok((headers, Body::from_stream(content)).into_response())
}

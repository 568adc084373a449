//! `/format`: a text in the layout of pipeline files. Stores nothing, reads nothing.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::extract::Yaml;
use crate::problem::Problem;

/// Formats a text: what it says, its comments and the order of its keys stay. One that does not compile is formatted too,
/// as long as it can be read as YAML; where it cannot, `diagnostics` says why.
#[utoipa::path(post, path = "/format", operation_id = "format_pipeline", tag = "language",
    request_body(content = String, content_type = "application/yaml"),
    responses(
        (status = 200, body = String, content_type = "application/yaml"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn format(Yaml(yaml): Yaml) -> Result<impl IntoResponse, Problem> {
    let formatted = loopline_dsl::format(&yaml).map_err(|found| {
        let diagnostics = serde_json::to_value(loopline_dsl::to_json(&yaml, &found)).unwrap_or_default();
        let detail = "a text must be readable before it can be formatted; see `diagnostics`";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable-yaml", "The text cannot be read as YAML", detail)
            .with("diagnostics", diagnostics)
    })?;
    Ok(([(header::CONTENT_TYPE, "application/yaml")], formatted))
}

//! `/validate`: what is wrong with a text, and its graph. Stores nothing, reads nothing: what the text may name is in memory.

use axum::Json;
use loopline_dsl::{DiagnosticJson, GraphView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::{Among, AmongQuery, Yaml};
use crate::problem::Problem;

/// What the compiler says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Validation {
    /// What is wrong, in order of position.
    diagnostics: Vec<DiagnosticJson>,
    /// None while there are errors.
    #[schema(required)]
    graph: Option<GraphView>,
    /// Digest of the graph.
    #[schema(required)]
    digest: Option<String>,
}

/// Compiles a text, as if it stood among the stored pipelines and their step types.
#[utoipa::path(post, path = "/validate", operation_id = "validate_pipeline", tag = "language", params(AmongQuery),
    request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, body = Validation), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub async fn validate(Among(library): Among, Yaml(yaml): Yaml) -> Json<Validation> {
    let compiled = loopline_dsl::compile_with(&yaml, &library);
    Json(Validation {
        diagnostics: loopline_dsl::to_json(&yaml, &compiled.diagnostics),
        digest: compiled.graph.as_ref().map(loopline_core::graph::Graph::digest),
        graph: compiled.graph.as_ref().map(loopline_dsl::outline),
    })
}

//! `/pipelines`: what can be run, as text and as graph.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use loopline_core::time::Timestamp;
use loopline_core::view::RunStatus;
use loopline_dsl::{DiagnosticJson, GraphView, Severity};
use loopline_ports::access::Act;
use loopline_ports::journal::RunFilter;
use loopline_triggers::{Precondition, SaveError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::access::Caller;
use crate::app::App;
use crate::extract::{Path, Query, Yaml};
use crate::problem::Problem;
use crate::source::StoredPipeline;

/// How many of a pipeline's latest runs a list shows.
const LATEST: u32 = 20;

/// A list of pipelines.
#[derive(Debug, Serialize, ToSchema)]
pub struct PipelineList {
    /// By name.
    items: Vec<PipelineSummary>,
    /// Always null: the list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A pipeline in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PipelineSummary {
    /// Its project.
    project: String,
    /// Its name.
    name: String,
    /// What it is for.
    #[schema(required)]
    description: Option<String>,
    /// Version of the text.
    #[schema(required)]
    etag: Option<String>,
    /// When the text was last changed.
    updated_at: Timestamp,
    /// Errors in the text.
    errors: u32,
    /// Warnings in the text.
    warnings: u32,
    /// Of the last version without errors.
    #[schema(required)]
    graph: Option<GraphView>,
    /// Newest first.
    latest_runs: Vec<RunBar>,
}

/// A run, as a bar in a list of pipelines.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunBar {
    /// The run.
    id: loopline_core::id::RunId,
    /// Counts the pipeline's runs.
    number: u64,
    /// Where it stands.
    status: RunStatus,
    /// When it began.
    created_at: Timestamp,
    /// When it was over.
    #[schema(required)]
    finished_at: Option<Timestamp>,
    /// From the one to the other.
    #[schema(required)]
    duration_ms: Option<u64>,
}

/// A pipeline, whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pipeline {
    /// Its project.
    project: String,
    /// Its name.
    name: String,
    /// Version of the text; send it in `If-Match` to change it.
    etag: String,
    /// When the text was last changed.
    updated_at: Timestamp,
    /// The text.
    yaml: String,
    /// Digest of what it compiles to.
    #[schema(required)]
    digest: Option<String>,
    /// What is wrong with it, in order of position.
    diagnostics: Vec<DiagnosticJson>,
    /// Of the text, or of the last version without errors.
    #[schema(required)]
    graph: Option<GraphView>,
}

impl From<StoredPipeline> for Pipeline {
    fn from(stored: StoredPipeline) -> Self {
        let graph = stored.compiled.graph.as_ref().or(stored.runnable.as_ref().map(|r| &*r.graph));
        Self {
            digest: stored.compiled.graph.as_ref().map(loopline_core::graph::Graph::digest),
            diagnostics: loopline_dsl::to_json(&stored.yaml, &stored.compiled.diagnostics),
            graph: graph.map(loopline_dsl::outline),
            project: stored.project,
            name: stored.name,
            etag: stored.etag,
            updated_at: stored.updated_at,
            yaml: stored.yaml,
        }
    }
}

/// Which pipelines are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PipelinesQuery {
    /// Only those of this project.
    project: Option<String>,
}

/// All pipelines that the caller reaches, with their latest runs.
#[utoipa::path(get, path = "/pipelines", operation_id = "list_pipelines", tag = "pipelines", params(PipelinesQuery),
    responses((status = 200, body = PipelineList), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<PipelinesQuery>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<PipelineList>, Problem> {
    let mut items = Vec::new();
    let listed = |stored: &StoredPipeline| {
        query.project.as_ref().is_none_or(|project| stored.project == *project)
            && caller.reach.reaches(&stored.project, &stored.name)
    };
    for stored in app.parts().pipelines.list().await.into_iter().filter(listed) {
        let filter = RunFilter {
            pipeline: Some((stored.project.clone(), stored.name.clone())),
            limit: LATEST,
            ..RunFilter::default()
        };
        let latest = app.parts().journal.list(&filter).await?;
        let count = |severity| stored.compiled.diagnostics.iter().filter(|d| d.severity == severity).count() as u32;
        let graph = stored.compiled.graph.as_ref().or(stored.runnable.as_ref().map(|r| &*r.graph));
        items.push(PipelineSummary {
            description: graph.and_then(|graph| graph.description.clone()),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            graph: graph.map(loopline_dsl::outline),
            latest_runs: latest
                .into_iter()
                .map(|run| RunBar {
                    id: run.run,
                    number: run.number,
                    status: run.row.status,
                    created_at: run.created_at,
                    finished_at: run.row.finished_at,
                    duration_ms: run.row.finished_at.map(|at| at.ms_since(run.created_at)),
                })
                .collect(),
            etag: Some(stored.etag),
            updated_at: stored.updated_at,
            project: stored.project,
            name: stored.name,
        });
    }
    Ok(Json(PipelineList { items, next_cursor: None }))
}

pub(crate) async fn find(app: &App, project: &str, name: &str) -> Result<StoredPipeline, Problem> {
    let found = app.parts().pipelines.get(project, name).await;
    found.ok_or_else(|| Problem::not_found(format!("there is no pipeline `{project}/{name}`")))
}

/// One pipeline: JSON, or the text where `Accept: application/yaml` asks for it.
#[utoipa::path(get, path = "/pipelines/{project}/{name}", operation_id = "get_pipeline", tag = "pipelines",
    params(("project" = String, Path), ("name" = String, Path)),
    responses(
        (status = 200, content((Pipeline = "application/json"), (String = "application/yaml")), headers(("etag" = String))),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    Path((project, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stored = find(&app, &project, &name).await?;
    let etag = format!("\"{}\"", stored.etag);
    let wants_yaml =
        headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/yaml"));
    Ok(if wants_yaml {
        ([(header::ETAG, etag), (header::CONTENT_TYPE, "application/yaml".to_owned())], stored.yaml).into_response()
    } else {
        ([(header::ETAG, etag)], Json(Pipeline::from(stored))).into_response()
    })
}

/// Stores a text. `If-Match` names the version it was made from; another one is answered with 409 and the stored text.
#[utoipa::path(put, path = "/pipelines/{project}/{name}", operation_id = "put_pipeline", tag = "pipelines",
    params(("project" = String, Path), ("name" = String, Path), ("if-match" = Option<String>, Header),
        ("if-none-match" = Option<String>, Header)),
    request_body(content = String, content_type = "application/yaml"),
    responses(
        (status = 200, body = Pipeline, headers(("etag" = String))),
        (status = 201, body = Pipeline, headers(("etag" = String))),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 428, body = Problem, content_type = "application/problem+json")))]
pub async fn put(
    State(app): State<App>,
    Path((project, name)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Yaml(yaml): Yaml,
) -> Result<Response, Problem> {
    let precondition = precondition(&headers)?;
    let created = precondition == Precondition::New;
    // A file and a database know no transaction together. The audit comes first: no text is changed without it, and of one that
    // was refused it says so.
    let before = app.parts().pipelines.get(&project, &name).await.map(|stored| digest(&stored.yaml));
    let act = |does: &str, after| Act {
        at: app.parts().clock.now(),
        by: caller.asker(),
        does: does.to_owned(),
        on: format!("pipeline {project}/{name}"),
        event: None,
        before: before.clone(),
        after,
    };
    app.parts().access.tell(act("pipeline.put", Some(digest(&yaml)))).await?;
    let stored = match app.parts().pipelines.save(&project, &name, &yaml, precondition).await {
        Ok(stored) => stored,
        Err(error) => {
            app.parts().access.tell(act("pipeline.put.refused", before.clone())).await?;
            return Err(refused(error, &project, &name, &yaml));
        }
    };
    let etag = format!("\"{}\"", stored.etag);
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(header::ETAG, etag)], Json(Pipeline::from(stored))).into_response())
}

/// Of a text.
fn digest(yaml: &str) -> String {
    loopline_core::canonical::digest(&Value::from(yaml))
}

fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    if let Some(value) = headers.get(header::IF_MATCH) {
        let text = value.to_str().unwrap_or_default().trim();
        let tag = text.trim_start_matches("W/").trim_matches('"');
        return if tag.is_empty() {
            Err(Problem::bad_request("`If-Match` names no version"))
        } else {
            Ok(Precondition::Version(tag.to_owned()))
        };
    }
    Ok(if headers.contains_key(header::IF_NONE_MATCH) { Precondition::New } else { Precondition::None })
}

fn refused(error: SaveError, project: &str, name: &str, yaml: &str) -> Problem {
    let text = format!("`{project}/{name}`: {error}");
    match error {
        SaveError::Invalid(found) => {
            let diagnostics = serde_json::to_value(loopline_dsl::to_json(yaml, &found)).unwrap_or_default();
            invalid("it was not stored; see `diagnostics`".to_owned()).with("diagnostics", diagnostics)
        }
        SaveError::OtherName { .. } => invalid(text).at("/name"),
        SaveError::Changed { etag, yaml } => {
            Problem::new(StatusCode::CONFLICT, "edit-conflict", "Somebody stored another version", text)
                .with("current_etag", etag)
                .with("current_yaml", yaml)
        }
        SaveError::Gone => Problem::not_found(text),
        SaveError::Unconditional { etag } => {
            let title = "Say which version you have read";
            Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition-required", title, text)
                .with("current_etag", etag)
        }
        SaveError::Occupied { .. } => Problem::new(StatusCode::CONFLICT, "occupied", "The file is there already", text),
        SaveError::Io(_) => {
            tracing::error!(%text, "a pipeline could not be stored");
            Problem::new(StatusCode::INSUFFICIENT_STORAGE, "not-stored", "It could not be stored", text)
        }
        SaveError::ReadOnly => Problem::new(StatusCode::CONFLICT, "read-only", "Pipelines cannot be stored here", text),
    }
}

/// Only what can run, under the name it is stored as, is stored.
fn invalid(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-pipeline", "The pipeline has errors", detail)
}

//! `POST /runs`: a definition that is sent along is run. It is stored under no name; whoever may store it may run it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use loopline_core::event::Trigger;
use loopline_core::view::RunView;
use loopline_ports::driver::TriggerRequest;
use loopline_ports::journal::Definition;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::app::App;
use crate::extract::{Among, Body, Query};
use crate::problem::Problem;
use crate::runs::{WaitQuery, begun, idempotency_key, wait_of};
use crate::source::PROJECT;

/// A definition to be run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftBody {
    /// The project whose step types and pipelines it may name, and to which its run belongs; `default` unless said.
    #[serde(default)]
    project: Option<String>,
    /// The text of a pipeline.
    definition: String,
    /// Inputs by name.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    inputs: Map<String, Value>,
    /// Labels of the run.
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Runs a definition that is stored under no name. Its run is one of the pipeline that it names, and says `draft` as the kind of its trigger.
#[utoipa::path(post, path = "/runs", operation_id = "run_draft", tag = "runs",
    params(("idempotency-key" = Option<String>, Header), WaitQuery),
    request_body = DraftBody,
    responses(
        (status = 201, body = RunView, headers(("location" = String))),
        (status = 200, description = "the key was used for this run before", body = RunView, headers(("location" = String))),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn run(
    State(app): State<App>,
    Query(query): Query<WaitQuery>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(body): Body<DraftBody>,
) -> Result<Response, Problem> {
    let DraftBody { project, definition, inputs, labels } = body;
    let project = project.unwrap_or_else(|| PROJECT.to_owned());
    let wait = wait_of(query.wait.as_deref())?;
    let idempotency_key = idempotency_key(&headers)?;
    if !app.parts().pipelines.has_project(&project) {
        return Err(Problem::not_found(format!("there is no project `{project}`")).at("/project"));
    }
    let Among(library) = Among::of(&app, &caller, &project);
    // Compiling takes its time: others are answered meanwhile.
    let compiled = tokio::task::spawn_blocking(move || compile(definition, &library)).await;
    let definition = compiled.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))?;
    // What the text names is known only now. Of whatever is not reached it is not told whether it is there.
    let pipeline = &definition.graph.name;
    if !caller.reach.reaches(&project, pipeline) {
        let detail = format!("{} does not reach the pipeline `{project}/{pipeline}`", caller.name);
        return Err(Problem::forbidden(detail).at("/definition"));
    }
    let trigger = Trigger { kind: Trigger::DRAFT.to_owned(), actor: Some(caller.name.clone()) };
    let asked_by = caller.asker();
    begun(&app, TriggerRequest { project, definition, inputs, labels, trigger, idempotency_key, asked_by }, wait).await
}

fn compile(yaml: String, library: &loopline_dsl::Library) -> Result<Arc<Definition>, Problem> {
    let compiled = loopline_dsl::compile_with(&yaml, library);
    let Some(graph) = compiled.graph else {
        let found = serde_json::to_value(loopline_dsl::to_json(&yaml, &compiled.diagnostics)).unwrap_or_default();
        let detail = "nothing was started; see `diagnostics`";
        let problem =
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-pipeline", "The pipeline has errors", detail);
        return Err(problem.at("/definition").with("diagnostics", found));
    };
    let text_digest = loopline_core::canonical::digest(&Value::from(yaml.as_str()));
    Ok(Arc::new(Definition { text_digest, yaml, digest: graph.digest(), graph: Arc::new(graph) }))
}

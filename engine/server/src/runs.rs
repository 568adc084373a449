//! `/runs`: begin, list, look, decide, end.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use loopline_core::event::{ApprovalDecided, Decision, Trigger};
use loopline_core::id::{RunId, Seq, StepPath};
use loopline_core::time::Timestamp;
use loopline_core::view::{RunError, RunStatus, RunView};
use loopline_dsl::GraphView;
use loopline_ports::driver::TriggerRequest;
use loopline_ports::journal::{RunFilter, RunSummary};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Caller, Role, VisibleRun};
use crate::app::App;
use crate::extract::{Body, Path, Query};
use crate::problem::Problem;

/// Longest `?wait=`.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 255;

/// What a trigger gives.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TriggerBody {
    /// Inputs by name.
    #[schema(value_type = BTreeMap<String, Value>)]
    inputs: Map<String, Value>,
    /// Labels of the run.
    labels: BTreeMap<String, String>,
}

/// Waiting for the end of a run.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WaitQuery {
    /// Answer when the run is over, or after this time: `30s`, `500ms`; 60 s at the most.
    pub(crate) wait: Option<String>,
}

/// Which state of a run.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StateQuery {
    /// Answer when the run is over, or after this time: `30s`, `500ms`; 60 s at the most.
    wait: Option<String>,
    /// The state right after this event, instead of now.
    at: Option<Seq>,
}

/// A list of runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunList {
    /// One page.
    items: Vec<RunListItem>,
    /// Send it as `cursor` for the next page; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A run in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunListItem {
    /// The run.
    id: RunId,
    /// Counts the pipeline's runs.
    number: u64,
    /// Its project.
    project: String,
    /// Its pipeline.
    pipeline: String,
    /// How it is called, if the pipeline says so.
    #[schema(required)]
    name: Option<String>,
    /// Where it stands.
    status: RunStatus,
    /// Counts reruns.
    epoch: u32,
    /// When it began.
    created_at: Timestamp,
    /// When it was over.
    #[schema(required)]
    finished_at: Option<Timestamp>,
    /// What started it.
    trigger: Trigger,
    /// Why it failed.
    #[schema(required)]
    error: Option<RunError>,
    /// Steps that wait for people.
    waiting_steps: Vec<String>,
}

impl From<RunSummary> for RunListItem {
    fn from(run: RunSummary) -> Self {
        Self {
            id: run.run,
            number: run.number,
            project: run.project,
            pipeline: run.pipeline,
            name: run.row.name,
            status: run.row.status,
            epoch: run.row.epoch,
            created_at: run.created_at,
            finished_at: run.row.finished_at,
            trigger: run.trigger,
            error: run.row.error,
            waiting_steps: run.row.waiting_steps,
        }
    }
}

/// Which runs are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// `project/name`, or `name` in the project `default`.
    pipeline: Option<String>,
    /// One or more states, separated by commas.
    status: Option<String>,
    /// From the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 unless said.
    limit: Option<u32>,
}

/// What a run was made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunDefinition {
    /// The text.
    yaml: String,
    /// Digest of the graph.
    digest: String,
    /// The graph.
    graph: GraphView,
}

/// A decision.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionBody {
    /// The visit that was seen.
    #[schema(required)]
    visit: u32,
    /// In words.
    comment: Option<String>,
    /// The fields that are asked for.
    #[schema(value_type = BTreeMap<String, Value>)]
    fields: Map<String, Value>,
    /// `waiting_for.digest` of what was seen.
    digest: Option<String>,
}

/// A wish to end a run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CancelBody {
    /// In words.
    reason: Option<String>,
}

/// Starts a run. The same `Idempotency-Key` with the same body gives the same run; with another body it is refused.
#[utoipa::path(post, path = "/pipelines/{project}/{name}/runs", operation_id = "trigger_run", tag = "runs",
    params(("project" = String, Path), ("name" = String, Path), ("idempotency-key" = Option<String>, Header), WaitQuery),
    request_body = TriggerBody,
    responses(
        (status = 201, body = RunView, headers(("location" = String))),
        (status = 200, description = "the key was used for this run before", body = RunView, headers(("location" = String))),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn trigger(
    State(app): State<App>,
    Path((project, name)): Path<(String, String)>,
    Query(query): Query<WaitQuery>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(body): Body<TriggerBody>,
) -> Result<Response, Problem> {
    let stored = crate::pipelines::find(&app, &project, &name).await?;
    let Some(definition) = stored.runnable else {
        let diagnostics =
            serde_json::to_value(loopline_dsl::to_json(&stored.yaml, &stored.compiled.diagnostics)).unwrap_or_default();
        let detail = format!("`{project}/{name}` has errors, and no version without them is known");
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-pipeline",
            "The pipeline has errors",
            detail,
        )
        .with("diagnostics", diagnostics));
    };
    let wait = wait_of(query.wait.as_deref())?;
    let request = TriggerRequest {
        project,
        definition,
        inputs: body.inputs,
        labels: body.labels,
        // A browser says where its page is from, programs do not: a click on a page is a trigger by hand.
        trigger: Trigger {
            kind: if headers.contains_key(header::ORIGIN) { "manual" } else { "api" }.to_owned(),
            actor: Some(caller.name.clone()),
        },
        idempotency_key: idempotency_key(&headers)?,
        asked_by: caller.asker(),
    };
    begun(&app, request, wait).await
}

/// Starts a run and answers with it.
pub(crate) async fn begun(app: &App, request: TriggerRequest, wait: Option<Duration>) -> Result<Response, Problem> {
    let triggered = app.parts().driver.trigger(request).await?;
    let view = wait_for_end(app, triggered.run, wait).await?;
    let location = format!("{}/runs/{}", crate::openapi::BASE, triggered.run);
    let status = if triggered.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(header::LOCATION, location)], Json(view)).into_response())
}

pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim).filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY);
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        Problem::bad_request(format!("`Idempotency-Key` is empty, not text, or longer than {LONGEST_KEY} bytes"))
    })
}

pub(crate) fn wait_of(wait: Option<&str>) -> Result<Option<Duration>, Problem> {
    let Some(text) = wait else { return Ok(None) };
    let ms = loopline_dsl::duration::parse(text).map_err(|error| Problem::bad_request(format!("`wait`: {error}")))?;
    Ok(Some(Duration::from_millis(ms).min(LONGEST_WAIT)))
}

async fn wait_for_end(app: &App, run: RunId, wait: Option<Duration>) -> Result<RunView, Problem> {
    if let Some(wait) = wait {
        let mut progress = app.parts().driver.follow(run).await?;
        // The end of the watch is the end of the run; running out of time is no error either.
        let _ = tokio::time::timeout(wait, progress.wait_for(|progress| progress.over)).await;
    }
    Ok(app.parts().driver.view(run, None).await?)
}

/// Runs, newest first. Runs that begin between two pages neither repeat nor hide others.
#[utoipa::path(get, path = "/runs", operation_id = "list_runs", tag = "runs", params(ListQuery),
    responses((status = 200, body = RunList), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Json<RunList>, Problem> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::bad_request("`limit` is 1 to 200"));
    }
    let mut status = Vec::new();
    for word in query.status.iter().flat_map(|words| words.split(',')) {
        let known = RunStatus::ALL.into_iter().find(|status| status.as_str() == word);
        status.push(known.ok_or_else(|| Problem::bad_request(format!("`{word}` is not the state of a run")))?);
    }
    let pipeline = query.pipeline.map(|name| match name.split_once('/') {
        Some((project, name)) => (project.to_owned(), name.to_owned()),
        None => ("default".to_owned(), name),
    });
    let before = query
        .cursor
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|_| Problem::bad_request("`cursor` is none of ours"))?;
    let filter = RunFilter { pipeline, reach: Some(caller.reach), status, before, limit: limit + 1 };
    let mut found = app.parts().journal.list(&filter).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = more.then(|| found.last().map(|run| run.run.to_string())).flatten();
    Ok(Json(RunList { items: found.into_iter().map(RunListItem::from).collect(), next_cursor }))
}

/// A run, whole: now, or right after one of its events.
#[utoipa::path(get, path = "/runs/{id}", operation_id = "get_run", tag = "runs", params(("id" = RunId, Path), StateQuery),
    responses((status = 200, body = RunView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    run: VisibleRun,
    Query(query): Query<StateQuery>,
) -> Result<Json<RunView>, Problem> {
    let run = run.id();
    if query.at.is_some() {
        return Ok(Json(app.parts().driver.view(run, query.at).await?));
    }
    Ok(Json(wait_for_end(&app, run, wait_of(query.wait.as_deref())?).await?))
}

/// What a run was made from.
#[utoipa::path(get, path = "/runs/{id}/definition", operation_id = "get_run_definition", tag = "runs", params(("id" = RunId, Path)),
    responses((status = 200, body = RunDefinition), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn definition(State(app): State<App>, run: VisibleRun) -> Result<Json<RunDefinition>, Problem> {
    let run = run.id();
    let definition = app.parts().journal.definition_of(run).await?;
    let definition = definition.ok_or_else(|| Problem::not_found(format!("there is no run {run}")))?;
    Ok(Json(RunDefinition {
        graph: loopline_dsl::outline(&definition.graph),
        yaml: definition.yaml,
        digest: definition.digest,
    }))
}

/// Asks a run to end.
#[utoipa::path(post, path = "/runs/{id}/cancel", operation_id = "cancel_run", tag = "runs", params(("id" = RunId, Path)), request_body = CancelBody,
    responses((status = 200, body = RunView), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn cancel(
    State(app): State<App>,
    run: VisibleRun,
    Extension(caller): Extension<Caller>,
    Body(body): Body<CancelBody>,
) -> Result<Json<RunView>, Problem> {
    let run = run.id();
    app.parts().driver.cancel(run, caller.asker(), body.reason).await?;
    Ok(Json(app.parts().driver.view(run, None).await?))
}

/// Asks a run to start nothing new. What runs ends and is recorded.
#[utoipa::path(post, path = "/runs/{id}/pause", operation_id = "pause_run", tag = "runs", params(("id" = RunId, Path)),
    responses((status = 200, body = RunView), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn pause(
    State(app): State<App>,
    run: VisibleRun,
    Extension(caller): Extension<Caller>,
) -> Result<Json<RunView>, Problem> {
    let run = run.id();
    app.parts().driver.pause(run, caller.asker()).await?;
    Ok(Json(app.parts().driver.view(run, None).await?))
}

/// Lets a paused run go on.
#[utoipa::path(post, path = "/runs/{id}/resume", operation_id = "resume_run", tag = "runs", params(("id" = RunId, Path)),
    responses((status = 200, body = RunView), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn resume(
    State(app): State<App>,
    run: VisibleRun,
    Extension(caller): Extension<Caller>,
) -> Result<Json<RunView>, Problem> {
    let run = run.id();
    app.parts().driver.resume(run, caller.asker()).await?;
    Ok(Json(app.parts().driver.view(run, None).await?))
}

/// Approves the visit that was seen.
#[utoipa::path(post, path = "/runs/{id}/steps/{step}/approve", operation_id = "approve_step", tag = "approvals",
    params(("id" = RunId, Path), ("step" = StepPath, Path)), request_body = DecisionBody,
    responses((status = 200, body = RunView), (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn approve(
    State(app): State<App>,
    run: VisibleRun,
    Path((_id, step)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<DecisionBody>,
) -> Result<Json<RunView>, Problem> {
    decide(&app, &run, &step, caller, body, Decision::Approved).await
}

/// Rejects the visit that was seen.
#[utoipa::path(post, path = "/runs/{id}/steps/{step}/reject", operation_id = "reject_step", tag = "approvals",
    params(("id" = RunId, Path), ("step" = StepPath, Path)), request_body = DecisionBody,
    responses((status = 200, body = RunView), (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn reject(
    State(app): State<App>,
    run: VisibleRun,
    Path((_id, step)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<DecisionBody>,
) -> Result<Json<RunView>, Problem> {
    decide(&app, &run, &step, caller, body, Decision::Rejected).await
}

async fn decide(
    app: &App,
    run: &VisibleRun,
    step: &str,
    caller: Caller,
    body: DecisionBody,
    decision: Decision,
) -> Result<Json<RunView>, Problem> {
    let run = run.id();
    let step: StepPath =
        step.parse().map_err(|error: loopline_core::id::InvalidStepId| Problem::not_found(error.to_string()))?;
    if body.visit == 0 {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-body",
            "The body does not fit",
            "`visit` says which visit was seen",
        )
        .at("/visit"));
    }
    let by = caller.asker();
    let roles = caller.roles.iter().map(|role: &Role| format!("role:{}", role.as_str()));
    let decided = ApprovalDecided {
        step,
        visit: body.visit,
        member_of: roles.chain(caller.groups.iter().cloned()).collect(),
        by: caller.name,
        decision,
        comment: body.comment,
        fields: body.fields,
        digest: body.digest,
    };
    app.parts().driver.decide(run, decided, by).await?;
    Ok(Json(app.parts().driver.view(run, None).await?))
}

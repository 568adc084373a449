//! `/dry-run`: a definition that is played with made-up outcomes on a simulated clock. Stores nothing, starts nothing.

use axum::Json;
use axum::http::StatusCode;
use loopline_core::graph::Graph;
use loopline_core::machine::RunState;
use loopline_core::view::RunView;
use loopline_dsl::{DiagnosticJson, GraphView};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::events::RunEvent;
use crate::extract::{Among, AmongQuery, Body};
use crate::problem::Problem;

/// What is played.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DryRunBody {
    /// The text of a pipeline.
    definition: String,
    /// Inputs, what steps do, and who acts when: a case as in a file of tests, `expect` left out. Work that it does not mock
    /// succeeds at once with values made up from the schemas.
    #[serde(default)]
    case: Map<String, Value>,
}

/// What was played.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DryRun)]
pub struct DryRunView {
    /// The graph.
    graph: GraphView,
    /// The run at its end; none where it could not begin.
    #[schema(required)]
    run: Option<RunView>,
    /// The whole history, with what each event changed.
    events: Vec<RunEvent>,
    /// What did not happen as the case says. Each `pointer` begins at the case.
    findings: Vec<DiagnosticJson>,
    /// What the run waits for, where it does not end by itself.
    #[schema(required)]
    waits_for: Option<String>,
    /// How long it took by its simulated clock, in milliseconds.
    took_ms: u64,
}

/// Plays a run of a definition by the real interpreter. A run has 5,000 events at the most.
#[utoipa::path(post, path = "/dry-run", operation_id = "dry_run", tag = "language", params(AmongQuery),
    request_body = DryRunBody,
    responses(
        (status = 200, body = DryRunView),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn dry_run(
    Among(library): Among,
    Body(DryRunBody { definition, case }): Body<DryRunBody>,
) -> Result<Json<DryRunView>, Problem> {
    // Compiling and folding take their time: others are answered meanwhile.
    let played = tokio::task::spawn_blocking(move || {
        let compiled = loopline_dsl::compile_with(&definition, &library);
        let found = || loopline_dsl::to_json(&definition, &compiled.diagnostics);
        let graph = compiled.graph.as_ref().ok_or_else(|| {
            wrong("invalid-pipeline", "The pipeline is not valid", "it does not compile; see `diagnostics`", &found())
                .at("/definition")
        })?;
        play(graph, &case)
    });
    match played.await {
        Ok(played) => played.map(Json),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

fn play(graph: &Graph, case: &Map<String, Value>) -> Result<DryRunView, Problem> {
    let played = loopline_testing::dry_run(graph, case).map_err(|found| {
        let pointer = found.iter().find_map(|finding| finding.pointer.clone()).unwrap_or_default();
        let detail = "the case does not fit the pipeline; see `diagnostics`";
        wrong("invalid-case", "The case does not fit", detail, &found).at(format!("/case{pointer}"))
    })?;
    let mut state = RunState::default();
    let fold = |recorded| RunEvent::of(graph, &mut state, recorded).expect("it was folded like this before");
    let events = played.history.into_iter().map(fold).collect();
    Ok(DryRunView {
        graph: loopline_dsl::outline(graph),
        run: played.view,
        events,
        findings: played.findings,
        waits_for: played.waits_for,
        took_ms: played.took_ms,
    })
}

fn wrong(slug: &str, title: &str, detail: &str, found: &[DiagnosticJson]) -> Problem {
    let diagnostics = serde_json::to_value(found).unwrap_or_default();
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, slug, title, detail).with("diagnostics", diagnostics)
}

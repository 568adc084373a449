//! `/runs/{id}/evaluate`: what an expression or a template would give in a run, for people who are writing one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use loopline_core::expr::ExprError;
use loopline_core::id::{RunId, Seq};
use loopline_core::machine::Draft;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::VisibleRun;
use crate::app::App;
use crate::extract::Body;
use crate::problem::Problem;

/// What is tried: an `expression` or a `template`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateBody {
    /// CEL.
    expression: Option<String>,
    /// Text with holes.
    template: Option<String>,
    /// The step whose names it may read, or an item of it, like `test[4]`. Where the run has no such step it reads what the whole run knows.
    step: Option<String>,
    /// Right after this event, instead of now.
    at: Option<Seq>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Evaluated {
    /// It has a value. In text, `***` stands for the value of a secret.
    Value {
        /// The value.
        value: Value,
    },
    /// It has none.
    Error {
        /// Why.
        error: EvaluationError,
    },
}

/// Why something has no value.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationError {
    /// One sentence.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// Where in the text that begins, in units of UTF-16.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<usize>,
    /// Where it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<usize>,
}

/// What an expression or a template gives with the values of a run. Changes nothing.
#[utoipa::path(post, path = "/runs/{id}/evaluate", operation_id = "evaluate_in_run", tag = "runs",
    params(("id" = RunId, Path)), request_body = EvaluateBody,
    responses((status = 200, body = Evaluated), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn evaluate(
    State(app): State<App>,
    run: VisibleRun,
    Body(body): Body<EvaluateBody>,
) -> Result<Json<Evaluated>, Problem> {
    let run = run.id();
    let wrong = |pointer: &str, detail: &str| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", "The body does not fit", detail).at(pointer)
    };
    let (draft, source) = match (body.expression, body.template) {
        (Some(text), None) => (Draft::Expression(text.clone()), text),
        (None, Some(text)) => (Draft::Template(text.clone()), text),
        (None, None) => return Err(wrong("", "say `expression` or `template`")),
        (Some(_), Some(_)) => return Err(wrong("/template", "say `expression` or `template`, not both")),
    };
    let step = body.step.map(|step| step.parse()).transpose();
    let step = step.map_err(|error: loopline_core::id::InvalidStepId| wrong("/step", &error.to_string()))?;
    Ok(Json(match app.parts().driver.evaluate(run, step, draft, body.at).await? {
        Ok(value) => Evaluated::Value { value },
        Err(error) => Evaluated::Error { error: explained(&source, error) },
    }))
}

fn explained(source: &str, ExprError { span, message, help }: ExprError) -> EvaluationError {
    let units = |byte: usize| source[..source.floor_char_boundary(byte)].encode_utf16().count();
    let (from, to) = span.map(|span| (units(span.start), units(span.end))).unzip();
    EvaluationError { message, help, from, to }
}

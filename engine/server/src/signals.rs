//! `/runs/{id}/signals/{name}`: what a `wait` waits for.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use loopline_core::event::SignalReceived;
use loopline_core::id::RunId;
use loopline_core::view::RunView;
use serde_json::Value;

use crate::access::{Caller, VisibleRun};
use crate::app::App;
use crate::extract::{Body, Path};
use crate::problem::Problem;
use crate::runs::idempotency_key;

/// Sends a signal. It is kept until a step takes it; the same `Idempotency-Key` with the same body is the same signal.
#[utoipa::path(post, path = "/runs/{id}/signals/{name}", operation_id = "send_signal", tag = "runs",
    params(("id" = RunId, Path), ("name" = String, Path), ("idempotency-key" = Option<String>, Header)),
    request_body(content = Value, description = "what the signal says; nothing is `null`"),
    responses((status = 200, body = RunView), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn send(
    State(app): State<App>,
    run: VisibleRun,
    Path((_id, name)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(payload): Body<Value>,
) -> Result<Json<RunView>, Problem> {
    let run = run.id();
    let by = caller.asker();
    let signal = SignalReceived { name, payload, by: caller.name, idempotency_key: idempotency_key(&headers)? };
    app.parts().driver.signal(run, signal, by).await?;
    Ok(Json(app.parts().driver.view(run, None).await?))
}

//! `/callbacks/{token}`: ends a step whose request has handed the address over.
//!
//! The token is all that is asked for. So nothing is read of a request whose token is none, and of one that is, no more
//! and no longer than a callback needs.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use loopline_core::event::CallbackReceived;
use serde::Serialize;
use serde_json::Value;

use crate::access::Caller;
use crate::app::App;
use crate::extract::Path;
use crate::problem::Problem;

/// As much as the outputs of a step may have.
const LIMIT: usize = 256 * 1024;

/// Whoever takes longer to say what they have to say is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of the call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CalledBack {
    /// It is on disk; the step goes on with it.
    received: bool,
}

/// Calls back, once: the body is `payload` for the outputs of the step; none is `null`. Needs no other token than that in the address.
#[utoipa::path(post, path = "/callbacks/{token}", operation_id = "call_back", tag = "runs",
    params(("token" = String, Path)),
    request_body(content = Value, description = "what the callback says, as JSON of 256 KiB at the most; nothing is `null`"),
    responses((status = 200, body = CalledBack),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 408, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json")))]
pub async fn call_back(
    State(app): State<App>,
    Path(token): Path<String>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Json<CalledBack>, Problem> {
    let tokens = app.parts().callbacks.as_ref();
    let attempt = tokens.and_then(|tokens| tokens.attempt(&token));
    let attempt = attempt.ok_or_else(|| Problem::not_found("nobody is called back at this address"))?;
    let read = tokio::time::timeout(PATIENCE, to_bytes(body, LIMIT)).await.map_err(|_| too_slow())?;
    let bytes = read.map_err(|_| too_large())?;
    let payload = match bytes.as_ref() {
        [] => Value::Null,
        bytes => serde_json::from_slice(bytes)
            .map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}")))?,
    };
    let received = CallbackReceived { key: attempt.key, payload };
    app.parts().driver.call_back(attempt.run, received, caller.asker()).await?;
    Ok(Json(CalledBack { received: true }))
}

fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The body took too long", "the body must be here within 10 s")
}

fn too_large() -> Problem {
    let detail = "a callback may have 256 KiB at the most, and must be whole";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
}

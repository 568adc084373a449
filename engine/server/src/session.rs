//! `/session`: a browser says who it is, and keeps the token in a cookie that no script can read.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use loopline_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::app::App;
use crate::extract::Body;
use crate::identity::{COOKIE, SECURE_COOKIE, unauthorized};
use crate::problem::Problem;

/// A token.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionBody {
    /// As it was shown when it was made.
    #[schema(format = Password, write_only)]
    token: String,
}

/// Who somebody is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// The name that what they do is recorded under.
    name: String,
    /// What they are.
    #[schema(value_type = Vec<String>)]
    roles: Vec<&'static str>,
    /// What they reach: `*`, `project/*`, `project/pipeline`.
    projects: Vec<String>,
    /// When that ends.
    #[schema(required)]
    expires_at: Option<Timestamp>,
}

impl From<&Caller> for Session {
    fn from(caller: &Caller) -> Self {
        Self {
            name: caller.name.clone(),
            roles: caller.roles.iter().map(|role| role.as_str()).collect(),
            projects: caller.reach.patterns().map(ToString::to_string).collect(),
            expires_at: caller.token.as_ref().and_then(|(_, entry)| entry.expires_at),
        }
    }
}

/// The cookie, or the end of it.
fn cookie(app: &App, token: &str) -> Result<HeaderValue, Problem> {
    let age = if token.is_empty() { "; Max-Age=0" } else { "" };
    let (name, secure) = if app.config().secure { (SECURE_COOKIE, "; Secure") } else { (COOKIE, "") };
    let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
    let mut value = HeaderValue::from_str(&cookie).map_err(|_| unauthorized("the token is not in force here"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Logs in: the answer sets a cookie that stands for the token, for as long as the browser is open.
#[utoipa::path(post, path = "/session", operation_id = "log_in", tag = "access", request_body = SessionBody,
    responses((status = 200, body = Session), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json")))]
pub async fn log_in(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<SessionBody>,
) -> Result<Response, Problem> {
    let from = caller.from;
    let caller = app.bearer(&body.token, from.as_deref()).await?;
    tracing::info!(caller = %caller.name, from = from.as_deref().unwrap_or("-"), "logged in");
    let cookie = cookie(&app, &body.token)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(Session::from(&caller))).into_response())
}

/// Who the caller is.
#[utoipa::path(get, path = "/session", operation_id = "get_session", tag = "access",
    responses((status = 200, body = Session), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn who(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Json<Session>, Problem> {
    Ok(Json(Session::from(&app.identify(&headers, caller.from).await?)))
}

/// Logs out: the cookie ends. The token stays in force.
#[utoipa::path(delete, path = "/session", operation_id = "log_out", tag = "access", responses((status = 204)))]
pub async fn log_out(State(app): State<App>) -> Result<Response, Problem> {
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&app, "")?)]).into_response())
}

//! What stands before every route: who may talk to this server at all, and what browsers are told.
//!
//! A page of another site can make a browser send requests here. Names that are not ours (DNS rebinding) and origins that
//! are not ours (cross-site requests) are refused before anything is looked at.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::problem::Problem;

/// Scripts, styles and connections of our own pages, and nothing else. Inline styles are React Flow's positions.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Foreign `Host` → 421; foreign `Origin` on whatever changes or streams → 403.
pub(crate) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or_else(|| request.uri().authority().map(axum::http::uri::Authority::as_str))
        .unwrap_or_default()
        .to_owned();
    if !is_ours(&app, host_name(&host)) {
        let detail = format!("this server does not answer for `{}`", host.chars().take(100).collect::<String>());
        return Problem::new(StatusCode::MISDIRECTED_REQUEST, "foreign-host", "Foreign host", detail).into_response();
    }
    let is_stream =
        request.headers().get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/event-stream"));
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if (!is_safe || is_stream)
        && let Some(origin) = request.headers().get(header::ORIGIN)
        && !same_origin(origin, &host)
    {
        let detail = "a page of another origin may not do this";
        return Problem::new(StatusCode::FORBIDDEN, "foreign-origin", "Foreign origin", detail).into_response();
    }
    next.run(request).await
}

/// `name` of `name:port`, `[::1]` of `[::1]:port`.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.find(']')) {
        Some(end) => &host[..end + 2],
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn is_ours(app: &App, name: &str) -> bool {
    matches!(name, "localhost" | "127.0.0.1" | "[::1]") || app.config().hosts.iter().any(|host| host == name)
}

fn same_origin(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
        .is_some_and(|authority| authority == host)
}

/// Headers of every answer.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = crate::identity::told(next.run(request).await);
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

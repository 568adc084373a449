//! `/metrics`, for Prometheus, and what is counted of requests. Names and units: `docs/metrics.md`.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use metrics::{counter, histogram};

use crate::access::{Measure, guard};
use crate::app::App;

/// The content type of Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is counted in this process, as text.
#[derive(Clone)]
pub struct Metrics(Arc<dyn Fn() -> String + Send + Sync>);

impl Metrics {
    /// `render` gives the text as it is now.
    pub fn new(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(render))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

pub(crate) fn routes(app: &App) -> Router<App> {
    guard::<Measure>(app, Router::new().route("/metrics", get(render)))
}

async fn render(State(app): State<App>) -> Response {
    match &app.config().metrics {
        Some(Metrics(render)) => ([(header::CONTENT_TYPE, TEXT)], render()).into_response(),
        None => (StatusCode::NOT_FOUND, "nothing is counted here\n").into_response(),
    }
}

/// Counts a request, by its route and not by its path: there are few of them, and they name nobody.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE") => known.to_owned(),
        // Anybody can make up methods.
        _ => "other".to_owned(),
    };
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    let labels = [("method", method), ("route", route), ("status", status)];
    counter!("loopline_http_requests_total", &labels).increment(1);
    histogram!("loopline_http_request_duration_seconds", &labels[..2]).record(began.elapsed());
    response
}

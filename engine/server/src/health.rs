//! `/healthz` and `/readyz`: for whoever watches the process.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use loopline_ports::journal::RunFilter;

use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    // The process answers; and it can read its store. Neither says anything about anyone's data, so they need no permission.
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

async fn ready(State(app): State<App>) -> (StatusCode, String) {
    let filter = RunFilter { limit: 1, ..RunFilter::default() };
    match app.parts().journal.list(&filter).await {
        Ok(_) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")),
    }
}

//! What handlers share, and the router that is made of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use loopline_core::time::Timestamp;
use loopline_ports::access::AccessStore;
use loopline_ports::blobs::Blobs;
use loopline_ports::callback::CallbackTokens;
use loopline_ports::driver::Driver;
use loopline_ports::journal::Journal;
use loopline_ports::secrets::Vault;
use tower_http::compression::{
    CompressionLayer, Predicate as _,
    predicate::{NotForContentType, SizeAbove},
};

use crate::access::RoutePermission;
use crate::identity::Identities;
use crate::metrics::Metrics;
use crate::source::PipelineSource;

/// What the interface stands on.
#[derive(Clone)]
pub struct Parts {
    /// Drives runs.
    pub driver: Arc<dyn Driver>,
    /// Read for lists.
    pub journal: Arc<dyn Journal>,
    /// Logs and artifacts.
    pub blobs: Arc<dyn Blobs>,
    /// Tokens, and the audit.
    pub access: Arc<dyn AccessStore>,
    /// Secrets that people set.
    pub secrets: Arc<dyn Vault>,
    /// Pipelines.
    pub pipelines: Arc<dyn PipelineSource>,
    /// Reads the tokens of callbacks, where there are any.
    pub callbacks: Option<CallbackTokens>,
    /// The time of day.
    pub clock: Arc<dyn loopline_ports::clock::Clock>,
}

/// How the interface behaves.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The person at this machine: what they decide is recorded under this name.
    pub local_user: String,
    /// Further names that this server is reached by, besides those of the loopback interface.
    pub hosts: Vec<String>,
    /// Callers need a token, also where there never was one.
    pub needs_tokens: bool,
    /// A proxy stands before this server, and says where requests come from.
    pub behind_proxy: bool,
    /// Browsers reach it by TLS.
    pub secure: bool,
    /// What `/metrics` says, where anything is counted.
    pub metrics: Option<Metrics>,
}

/// Shared by all handlers. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    config: ServerConfig,
    started_at: Timestamp,
    identities: Identities,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts, config: ServerConfig) -> Self {
        let started_at = parts.clock.now();
        Self { inner: Arc::new(Inner { parts, config, started_at, identities: Identities::default() }) }
    }

    /// What the interface stands on.
    pub fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    /// How it behaves.
    pub fn config(&self) -> &ServerConfig {
        &self.inner.config
    }

    /// When it was put together.
    pub fn started_at(&self) -> Timestamp {
        self.inner.started_at
    }

    pub(crate) fn identities(&self) -> &Identities {
        &self.inner.identities
    }
}

/// The whole server: interface, pages, and what stands before them.
pub fn router(parts: Parts, config: ServerConfig) -> Router {
    let app = App::new(parts, config);
    let (interface, _, _) = interface(&app);
    let compress = SizeAbove::new(512)
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::const_new("application/octet-stream"));
    Router::new()
        .nest(crate::openapi::BASE, interface)
        .merge(crate::health::routes())
        .merge(crate::metrics::routes(&app))
        .fallback(crate::assets::page_or_asset)
        .method_not_allowed_fallback(crate::assets::method_not_allowed)
        .layer(DefaultBodyLimit::max(1024 * 1024))
        .layer(from_fn(crate::metrics::observe))
        .layer(CompressionLayer::new().compress_when(compress))
        .layer(from_fn_with_state(app.clone(), crate::boundary::check))
        .layer(from_fn(crate::boundary::headers))
        .with_state(app)
}

/// The routes below the base, their document, and which of them needs which permission.
pub(crate) fn interface(app: &App) -> (Router<App>, utoipa::openapi::OpenApi, Vec<RoutePermission>) {
    let (router, document, table) = crate::openapi::routes(app.clone()).finish();
    let json = crate::openapi::finish(document);
    let text = serde_json::to_string_pretty(&json).expect("the document is JSON");
    let served = Router::new().route(
        "/openapi.json",
        axum::routing::get(move || async move { ([("content-type", "application/json")], text) }),
    );
    (router.merge(served).fallback(crate::assets::no_such_route), json, table)
}

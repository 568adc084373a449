//! The routes of the interface with their permissions, and the document that describes them.
//!
//! The document is a golden file, `engine/server/openapi.json`: the web app's types are generated from it.

use std::marker::PhantomData;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{CallBack, Decide, Edit, Guarded, KeepSecrets, KeepTokens, LogIn, Look, Operate, ReadAudit};
use crate::app::App;
use crate::{
    artifacts, assist, audit, callbacks, draft, dry_run, evaluate, events, format, logs, pipelines, rerun, runs,
    secrets, session, signals, tokens, told, validate, why,
};

/// Where the interface stands.
pub const BASE: &str = "/api/v1";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Loopline",
        description = "Pipelines, runs, approvals. Times are RFC 3339 in UTC, durations whole milliseconds; errors are problem details (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/api/v1")),
    security(("token" = []), ("session" = [])),
    modifiers(&Security),
    components(schemas(events::RunEvent, logs::LogLineSchema, logs::LogStreamSchema)),
)]
struct Document;

/// How callers say who they are, where a server asks.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let token =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token: `loopline_…`")).build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let cookie = ApiKeyValue::with_description("__Host-loopline", "Set by `POST /session`; `loopline` without TLS");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// Every route, and what it needs.
pub(crate) fn routes(app: App) -> Guarded {
    Guarded::new(app, OpenApiRouter::with_openapi(Document::openapi()))
        .route(PhantomData::<Look>, routes!(pipelines::list))
        .route(PhantomData::<Look>, routes!(pipelines::get))
        .route(PhantomData::<Edit>, routes!(pipelines::put))
        .route(PhantomData::<Look>, routes!(validate::validate))
        .route(PhantomData::<Look>, routes!(format::format))
        .route(PhantomData::<Look>, routes!(assist::complete))
        .route(PhantomData::<Look>, routes!(assist::hover))
        .route(PhantomData::<Look>, routes!(dry_run::dry_run))
        .route(PhantomData::<Operate>, routes!(runs::trigger))
        .route(PhantomData::<Look>, routes!(runs::list))
        .route(PhantomData::<Edit>, routes!(draft::run))
        .route(PhantomData::<Look>, routes!(runs::get))
        .route(PhantomData::<Look>, routes!(runs::definition))
        .route(PhantomData::<Look>, routes!(why::why))
        .route(PhantomData::<Look>, routes!(evaluate::evaluate))
        .route(PhantomData::<Look>, routes!(events::events))
        .route(PhantomData::<Look>, routes!(logs::logs))
        .route(PhantomData::<Look>, routes!(artifacts::artifact))
        .route(PhantomData::<Look>, routes!(artifacts::artifact_files))
        .route(PhantomData::<Look>, routes!(told::summary))
        .route(PhantomData::<Look>, routes!(told::tests))
        .route(PhantomData::<Operate>, routes!(runs::cancel))
        .route(PhantomData::<Operate>, routes!(runs::pause))
        .route(PhantomData::<Operate>, routes!(runs::resume))
        .route(PhantomData::<Operate>, routes!(rerun::rerun))
        .route(PhantomData::<Operate>, routes!(signals::send))
        .route(PhantomData::<CallBack>, routes!(callbacks::call_back))
        .route(PhantomData::<KeepSecrets>, routes!(secrets::list))
        .route(PhantomData::<KeepSecrets>, routes!(secrets::set, secrets::remove))
        .route(PhantomData::<LogIn>, routes!(session::log_in, session::who, session::log_out))
        .route(PhantomData::<KeepTokens>, routes!(tokens::list, tokens::create))
        .route(PhantomData::<KeepTokens>, routes!(tokens::remove))
        .route(PhantomData::<ReadAudit>, routes!(audit::read))
        .route(PhantomData::<Decide>, routes!(runs::approve))
        .route(PhantomData::<Decide>, routes!(runs::reject))
}

/// Takes out what changes with every version, so that the golden file changes only with the interface.
pub(crate) fn finish(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    "1".clone_into(&mut document.info.version);
    document
}

//! Who may do what, and with what. A route names its permission in its type, or it cannot be written.
//!
//! [`Guarded`] is the only way to build the interface's router: [`Guarded::route`] takes the permission as a type parameter and
//! puts the check before the handler. There is no other method that adds a route. What a route is about is read from its
//! path: one below `/runs/{id}`, and one with `{project}/{name}`, is answered with 404 to whoever does not reach that. A handler
//! is given the run as a [`VisibleRun`], which only that check makes.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use loopline_core::id::RunId;
pub use loopline_ports::access::Role;
use loopline_ports::access::{Asker, Reach, TokenEntry, TokenHash};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::app::App;
use crate::identity::{ends, from};
use crate::problem::Problem;

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name that decisions and cancels are recorded under.
    pub name: String,
    /// What they are. A higher role holds the lower ones; `approver` stands apart.
    pub roles: BTreeSet<Role>,
    /// The groups they are in, as `group:NAME`; `group:*` is every group.
    pub groups: BTreeSet<String>,
    /// How far they reach.
    pub reach: Reach,
    /// The token that they came with.
    pub token: Option<(TokenHash, TokenEntry)>,
    /// The address that they came from.
    pub from: Option<String>,
}

impl Caller {
    /// Whoever sits at this machine, where the server listens on the loopback interface only and has never had a token.
    pub fn local(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            roles: BTreeSet::from([Role::Admin, Role::Approver]),
            groups: BTreeSet::from(["group:*".to_owned()]),
            reach: Reach::all(),
            token: None,
            from: None,
        }
    }

    /// The bearer of a token.
    pub fn bearer(hash: TokenHash, entry: TokenEntry) -> Self {
        Self {
            name: entry.name.clone(),
            roles: entry.roles.clone(),
            groups: BTreeSet::new(),
            reach: entry.reach.clone(),
            token: Some((hash, entry)),
            from: None,
        }
    }

    /// Somebody of whom nothing is known: a route whose address holds a secret has them.
    fn unknown(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            roles: BTreeSet::new(),
            groups: BTreeSet::new(),
            reach: Reach::default(),
            token: None,
            from: None,
        }
    }

    /// As the audit names them.
    pub fn asker(&self) -> Asker {
        let token = self.token.as_ref().map(|(_, entry)| entry.id.clone());
        Asker { name: self.name.clone(), token, from: self.from.clone() }
    }

    fn holds(&self, wanted: Role) -> bool {
        self.roles
            .iter()
            .any(|role| *role == wanted || (wanted < Role::Approver && *role < Role::Approver && *role > wanted))
    }
}

/// A run that the caller reaches: made by the check of its route alone.
#[derive(Debug, Clone)]
pub struct VisibleRun(RunId);

impl VisibleRun {
    /// Which.
    pub fn id(&self) -> RunId {
        self.0
    }
}

impl FromRequestParts<App> for VisibleRun {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            let detail = "the route of this handler names no run";
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "no-run", "Something is wrong here", detail)
        })
    }
}

/// What a route is about, as its path says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// A run and what it has.
    Run,
    /// A pipeline.
    Pipeline,
    /// Nothing that belongs to a project; or lists, which hold what the caller reaches.
    Nothing,
}

impl About {
    fn of(path: &str) -> Self {
        if path.starts_with("/runs/{id}") {
            Self::Run
        } else if path.contains("/{project}/{name}") {
            Self::Pipeline
        } else {
            Self::Nothing
        }
    }

    /// What the caller does not reach is not there for them.
    async fn seen(self, app: &App, caller: &Caller, params: &RawPathParams) -> Result<Option<VisibleRun>, Problem> {
        let param = |name: &str| params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        match self {
            Self::Nothing => Ok(None),
            Self::Pipeline => {
                let (project, name) = (param("project"), param("name"));
                if caller.reach.reaches(project, name) {
                    Ok(None)
                } else {
                    Err(Problem::not_found(format!("there is no pipeline `{project}/{name}`")))
                }
            }
            Self::Run => {
                let missing = |error: loopline_core::id::InvalidRunId| Problem::not_found(error.to_string());
                let run: RunId = param("id").parse().map_err(missing)?;
                let summary = app.parts().journal.summary(run).await?;
                match summary.filter(|summary| caller.reach.reaches(&summary.project, &summary.pipeline)) {
                    Some(_) => Ok(Some(VisibleRun(run))),
                    None => Err(Problem::not_found(format!("there is no run {run}"))),
                }
            }
        }
    }
}

/// A permission, as a type.
pub trait Permission: Send + Sync + 'static {
    /// The role that has it; none: whoever knows the secret that the address holds, which the handler looks at.
    const ROLE: Option<Role>;
    /// The word in errors and in the table of routes.
    const NAME: &'static str;
    /// Only for whoever reaches everything: it is about no project.
    const WHOLE: bool = false;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $role:expr, $word:literal $(, whole: $whole:literal)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl Permission for $name {
            const ROLE: Option<Role> = $role;
            const NAME: &'static str = $word;
            $(const WHOLE: bool = $whole;)?
        }
    )*};
}

permissions! {
    /// See pipelines, runs, logs, artifacts.
    Look: Some(Role::Viewer), "look";
    /// Start and cancel runs.
    Operate: Some(Role::Operator), "operate";
    /// Change pipelines.
    Edit: Some(Role::Editor), "edit";
    /// See which secrets there are, set and remove them.
    KeepSecrets: Some(Role::Admin), "keep secrets";
    /// See which tokens there are, make them and take them back.
    KeepTokens: Some(Role::Admin), "keep tokens", whole: true;
    /// See who has changed what.
    ReadAudit: Some(Role::Admin), "read the audit", whole: true;
    /// Read what is counted, which names pipelines of all projects.
    Measure: Some(Role::Viewer), "read metrics", whole: true;
    /// Decide approvals.
    Decide: Some(Role::Approver), "decide";
    /// Call back with the token that a request has handed over.
    CallBack: None, "call back";
    /// Say who one is, with a token.
    LogIn: None, "log in";
}

/// A router that only takes routes with a permission.
pub struct Guarded {
    router: OpenApiRouter<App>,
    app: App,
    table: Vec<RoutePermission>,
}

/// One line of the table of routes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoutePermission {
    /// Path below the interface's base.
    pub path: String,
    /// `GET`, `POST` …
    pub method: String,
    /// The word of the permission.
    pub permission: &'static str,
}

impl Guarded {
    /// No route yet.
    pub fn new(app: App, router: OpenApiRouter<App>) -> Self {
        Self { router, app, table: Vec::new() }
    }

    /// Adds routes that need the permission `P`.
    #[must_use]
    pub fn route<P: Permission>(mut self, _: PhantomData<P>, routes: UtoipaMethodRouter<App>) -> Self {
        let (schemas, paths, methods) = routes;
        let about = paths.paths.keys().next().map_or(About::Nothing, |path| About::of(path));
        for (path, item) in &paths.paths {
            let operations = [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete)];
            for (method, operation) in operations {
                if operation.is_some() {
                    let (path, method) = (path.clone(), method.to_owned());
                    self.table.push(RoutePermission { path, method, permission: P::NAME });
                }
            }
        }
        let methods = methods.route_layer(from_fn_with_state((self.app.clone(), about), check::<P>));
        self.router = self.router.routes((schemas, paths, methods));
        self
    }

    /// The finished router, its document, and which route needs what.
    pub fn finish(self) -> (axum::Router<App>, utoipa::openapi::OpenApi, Vec<RoutePermission>) {
        let (router, document) = self.router.split_for_parts();
        (router, document, self.table)
    }
}

/// Puts the check before routes outside of the interface that are about no project.
pub(crate) fn guard<P: Permission>(app: &App, routes: axum::Router<App>) -> axum::Router<App> {
    routes.route_layer(from_fn_with_state((app.clone(), About::Nothing), check::<P>))
}

async fn check<P: Permission>(
    State((app, about)): State<(App, About)>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let from = from(&app, request.headers(), request.extensions());
    let Some(role) = P::ROLE else {
        request.extensions_mut().insert(Caller { from, ..Caller::unknown(P::NAME) });
        return next.run(request).await;
    };
    let caller = match app.identify(request.headers(), from).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let run = match about.seen(&app, &caller, &params).await {
        Ok(run) => run,
        Err(problem) => return problem.into_response(),
    };
    if !caller.holds(role) || (P::WHOLE && !caller.reach.reaches_all()) {
        tracing::info!(caller = %caller.name, may_not = P::NAME, path = %request.uri().path(), "refused");
        let detail = format!("{} may not {}", caller.name, P::NAME);
        return Problem::forbidden(detail).into_response();
    }
    let mut over = Box::pin(ends(app, caller.token.clone()));
    request.extensions_mut().insert(caller);
    if let Some(run) = run {
        request.extensions_mut().insert(run);
    }
    let response = tokio::select! {
        response = next.run(request) => response,
        () = &mut over => return crate::identity::unauthorized("the token is not in force any more").into_response(),
    };
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    // Streams go on only as long as whoever opened them may look.
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(over)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_hold_the_lower_ones_and_approver_stands_apart() {
        let with = |role| Caller { roles: BTreeSet::from([role]), ..Caller::unknown("x") };
        assert!(with(Role::Admin).holds(Role::Viewer));
        assert!(with(Role::Operator).holds(Role::Viewer));
        assert!(!with(Role::Operator).holds(Role::Editor));
        assert!(!with(Role::Admin).holds(Role::Approver));
        assert!(!with(Role::Approver).holds(Role::Viewer));
        assert!(Caller::local("x").holds(Role::Approver));
    }
}

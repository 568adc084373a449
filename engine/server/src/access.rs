//! Who may do what. A route names its permission in its type, or it cannot be written.
//!
//! [`Guarded`] is the only way to build the interface's router: [`Guarded::route`] takes the permission as a type parameter and
//! puts the check before the handler. There is no other method that adds a route.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::app::App;
use crate::problem::Problem;

/// What a caller may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Triggers, cancels, reruns.
    Operator,
    /// Changes pipelines.
    Editor,
    /// Changes everything.
    Admin,
    /// Decides approvals; stands apart from the others.
    Approver,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name that decisions and cancels are recorded under.
    pub name: String,
    /// What they are. A higher role holds the lower ones; `approver` stands apart.
    pub roles: BTreeSet<Role>,
    /// The groups they are in, as `group:NAME`; `group:*` is every group.
    pub groups: BTreeSet<String>,
}

impl Caller {
    /// Whoever sits at this machine, where the server listens on the loopback interface only and no token is configured.
    pub fn local(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            roles: BTreeSet::from([Role::Admin, Role::Approver]),
            groups: BTreeSet::from(["group:*".to_owned()]),
        }
    }

    fn holds(&self, wanted: Role) -> bool {
        self.roles
            .iter()
            .any(|role| *role == wanted || (wanted < Role::Approver && *role < Role::Approver && *role > wanted))
    }
}

/// A permission, as a type.
pub trait Permission: Send + Sync + 'static {
    /// The role that has it.
    const ROLE: Role;
    /// The word in errors and in the table of routes.
    const NAME: &'static str;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $role:ident = $word:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl Permission for $name {
            const ROLE: Role = Role::$role;
            const NAME: &'static str = $word;
        }
    )*};
}

permissions! {
    /// See pipelines, runs, logs, artifacts.
    Look: Viewer = "look";
    /// Start and cancel runs.
    Operate: Operator = "operate";
    /// Change pipelines.
    Edit: Editor = "edit";
    /// Decide approvals.
    Decide: Approver = "decide";
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
        for (path, item) in &paths.paths {
            let operations = [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete)];
            for (method, operation) in operations {
                if operation.is_some() {
                    let (path, method) = (path.clone(), method.to_owned());
                    self.table.push(RoutePermission { path, method, permission: P::NAME });
                }
            }
        }
        let methods = methods.route_layer(from_fn_with_state(self.app.clone(), check::<P>));
        self.router = self.router.routes((schemas, paths, methods));
        self
    }

    /// The finished router, its document, and which route needs what.
    pub fn finish(self) -> (axum::Router<App>, utoipa::openapi::OpenApi, Vec<RoutePermission>) {
        let (router, document) = self.router.split_for_parts();
        (router, document, self.table)
    }
}

async fn check<P: Permission>(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let caller = app.identify(&request);
    if !caller.holds(P::ROLE) {
        let detail = format!("{} may not {}", caller.name, P::NAME);
        return Problem::forbidden(detail).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_hold_the_lower_ones_and_approver_stands_apart() {
        let with = |role| Caller { name: "x".into(), roles: BTreeSet::from([role]), groups: BTreeSet::new() };
        assert!(with(Role::Admin).holds(Role::Viewer));
        assert!(with(Role::Operator).holds(Role::Viewer));
        assert!(!with(Role::Operator).holds(Role::Editor));
        assert!(!with(Role::Admin).holds(Role::Approver));
        assert!(!with(Role::Approver).holds(Role::Viewer));
        assert!(Caller::local("x").holds(Role::Approver));
    }
}

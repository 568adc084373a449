//! `/secrets`: what pipelines of a project may be given. Values go in, and never out again.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use loopline_core::time::Timestamp;
use loopline_ports::secrets::{NewSecret, SecretEntry, VaultError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::access::Caller;
use crate::app::App;
use crate::extract::{Body, Path, Query};
use crate::problem::Problem;

/// Whose secrets.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OfProject {
    /// The project; `default` unless said.
    #[serde(default = "default_project")]
    #[param(default = "default")]
    project: String,
}

fn default_project() -> String {
    "default".to_owned()
}

/// A list of secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretList {
    /// By name.
    items: Vec<SecretSummary>,
    /// Always null: the list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A secret, without its value.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretSummary {
    /// Its project.
    project: String,
    /// Its name, as pipelines write it behind `secrets.`.
    name: String,
    /// The pipelines that may read it; none: all of the project.
    pipelines: Vec<String>,
    /// When its value was set last.
    updated_at: Timestamp,
    /// By whom.
    updated_by: String,
}

impl From<SecretEntry> for SecretSummary {
    fn from(entry: SecretEntry) -> Self {
        let SecretEntry { project, name, pipelines, updated_at, updated_by } = entry;
        Self { project, name, pipelines, updated_at, updated_by }
    }
}

/// A secret as it is set.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretBody {
    /// What it is: a text of 1 byte to 64 KiB without NUL.
    // Any JSON, so that no error of the reader shows what was sent.
    #[serde(default)]
    #[schema(value_type = String, format = Password, write_only, required)]
    value: Value,
    /// Names of the pipelines that may read it; none: all of the project.
    #[serde(default)]
    pipelines: Vec<String>,
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        let text = error.to_string();
        match error {
            VaultError::None(_) => Self::new(StatusCode::CONFLICT, "no-secrets-here", "Nothing is stored here", text),
            VaultError::Invalid(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-secret", "This cannot be a secret", text)
            }
            VaultError::Key(_) => {
                tracing::error!(%text, "the key of secrets");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "no-key", "The key of secrets cannot be used", text)
            }
            VaultError::Store(error) => error.into(),
        }
    }
}

/// The project, if the caller reaches all of it: to others it is not there.
fn reached(of: OfProject, caller: &Caller) -> Result<String, Problem> {
    if caller.reach.reaches_project(&of.project) {
        Ok(of.project)
    } else {
        Err(Problem::not_found(format!("there is no project `{}`", of.project)))
    }
}

/// All secrets of a project, without their values.
#[utoipa::path(get, path = "/secrets", operation_id = "list_secrets", tag = "secrets", params(OfProject),
    responses((status = 200, body = SecretList), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    Query(of): Query<OfProject>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<SecretList>, Problem> {
    let project = reached(of, &caller)?;
    let entries = app.parts().secrets.list(&project).await?;
    Ok(Json(SecretList { items: entries.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// Sets a secret. Attempts that start from now on are given the new value; those under way keep what they have.
#[utoipa::path(put, path = "/secrets/{name}", operation_id = "set_secret", tag = "secrets",
    params(("name" = String, Path), OfProject), request_body = SecretBody,
    responses((status = 200, body = SecretSummary), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")))]
pub async fn set(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(of): Query<OfProject>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<SecretBody>,
) -> Result<Json<SecretSummary>, Problem> {
    let project = reached(of, &caller)?;
    let Value::String(value) = body.value else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Problem::new(status, "invalid-body", "The body does not fit", "`value` is not a text").at("/value"));
    };
    let pipelines = body.pipelines;
    let secret = NewSecret { project, name, pipelines, value: value.into(), by: caller.asker() };
    Ok(Json(app.parts().secrets.set(secret).await?.into()))
}

/// Removes a secret.
#[utoipa::path(delete, path = "/secrets/{name}", operation_id = "remove_secret", tag = "secrets",
    params(("name" = String, Path), OfProject),
    responses((status = 204), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(of): Query<OfProject>,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, Problem> {
    let project = reached(of, &caller)?;
    if app.parts().secrets.remove(&project, &name, caller.asker()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(format!("project {project} has no secret {name}")))
    }
}

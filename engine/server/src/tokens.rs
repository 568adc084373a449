//! `/tokens`: who may reach this server. The clear text is shown once, and stored nowhere.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use loopline_core::canonical;
use loopline_core::time::Timestamp;
use loopline_ports::access::{AccessStore, Act, Asker, Pattern, Reach, Role, TokenEntry, TokenHash};
use loopline_ports::journal::JournalError;
use rand::TryRng as _;
use rand::rngs::SysRng;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::app::App;
use crate::extract::{Body, Path};
use crate::identity::PREFIX;
use crate::problem::Problem;

/// Letters of a token's name.
const LONGEST: usize = 100;

/// A token as somebody wants it.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The name that its bearer acts under.
    pub name: String,
    /// What they are.
    pub roles: BTreeSet<Role>,
    /// How far they reach.
    pub reach: Reach,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// It would be of no use, or nobody could tell it from others.
    #[error("{0}")]
    Invalid(String),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] JournalError),
}

/// Makes a token. Its clear text is given here, once, and its hash is stored.
pub async fn issue(
    store: &dyn AccessStore,
    new: NewToken,
    by: Asker,
    now: Timestamp,
) -> Result<(String, TokenEntry), IssueError> {
    let NewToken { name, roles, reach, expires_at } = new;
    let invalid = |what: &str| Err(IssueError::Invalid(what.to_owned()));
    if name.is_empty() || name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        return invalid("the name of a token has 1 to 100 letters, none of them a control character");
    }
    if roles.is_empty() {
        return invalid("a token without a role is of no use");
    }
    if reach.is_empty() {
        return invalid("a token that reaches nothing is of no use; `*` is everything");
    }
    if expires_at.is_some_and(|at| at <= now) {
        return invalid("it would have expired by now");
    }
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).map_err(|error| IssueError::Random(error.to_string()))?;
    let clear = format!("{PREFIX}{}", canonical::hex(&bytes));
    let hash = TokenHash::of(&clear);
    let entry = TokenEntry {
        id: hash.id(),
        name,
        roles,
        reach,
        created_at: now,
        created_by: by.name.clone(),
        expires_at,
        revoked_at: None,
        used_at: None,
    };
    let act = Act { after: Some(entry.digest()), ..act("token.create", &entry.id, by, now) };
    if !store.put_token(&entry, &hash, act).await? {
        return invalid("a token of this id is there already; try again");
    }
    Ok((clear, entry))
}

/// Takes a token back; `None` where there is none that could be.
pub async fn revoke(
    store: &dyn AccessStore,
    id: &str,
    by: Asker,
    now: Timestamp,
) -> Result<Option<TokenEntry>, JournalError> {
    let found = store.tokens().await?.into_iter().find(|token| token.id == id && token.revoked_at.is_none());
    let Some(token) = found else { return Ok(None) };
    let revoked = TokenEntry { revoked_at: Some(now), ..token.clone() };
    let act =
        Act { before: Some(token.digest()), after: Some(revoked.digest()), ..act("token.revoke", &token.id, by, now) };
    Ok(store.revoke_token(id, now, act).await?.then_some(revoked))
}

fn act(does: &str, id: &str, by: Asker, at: Timestamp) -> Act {
    Act { at, by, does: does.to_owned(), on: format!("token {id}"), event: None, before: None, after: None }
}

/// A list of tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenList {
    /// The oldest first.
    items: Vec<TokenView>,
    /// Always null: the list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A token, without its clear text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    /// Which.
    id: String,
    /// The name that its bearer acts under.
    name: String,
    /// What they are.
    #[schema(value_type = Vec<String>)]
    roles: BTreeSet<Role>,
    /// What they reach: `*`, `project/*`, `project/pipeline`.
    projects: Vec<String>,
    /// When it was made.
    created_at: Timestamp,
    /// By whom.
    created_by: String,
    /// When it ends by itself.
    #[schema(required)]
    expires_at: Option<Timestamp>,
    /// When it was taken back.
    #[schema(required)]
    revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute or so.
    #[schema(required)]
    used_at: Option<Timestamp>,
}

impl From<TokenEntry> for TokenView {
    fn from(entry: TokenEntry) -> Self {
        let projects = entry.reach.patterns().map(ToString::to_string).collect();
        let TokenEntry { id, name, roles, reach: _, created_at, created_by, expires_at, revoked_at, used_at } = entry;
        Self { id, name, roles, projects, created_at, created_by, expires_at, revoked_at, used_at }
    }
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub struct IssuedToken {
    /// What its bearer sends. It is shown here and never again.
    token: String,
    /// What may be told of it.
    #[serde(flatten)]
    about: TokenView,
}

/// A token as it is made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBody {
    /// The name that its bearer acts under.
    name: String,
    /// `viewer`, `operator`, `editor`, `admin`, `approver`.
    roles: Vec<String>,
    /// What they reach: `*`, `project/*`, `project/pipeline`.
    projects: Vec<String>,
    /// When it ends by itself; never unless said.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-token", "This cannot be a token", detail)
}

/// All tokens, also those that are not in force any more.
#[utoipa::path(get, path = "/tokens", operation_id = "list_tokens", tag = "access", responses((status = 200, body = TokenList)))]
pub async fn list(State(app): State<App>) -> Result<Json<TokenList>, Problem> {
    let tokens = app.parts().access.tokens().await?;
    Ok(Json(TokenList { items: tokens.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// Makes a token. From the first one on, every caller of this server needs one.
#[utoipa::path(post, path = "/tokens", operation_id = "create_token", tag = "access", request_body = TokenBody,
    responses((status = 201, body = IssuedToken), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<TokenBody>,
) -> Result<(StatusCode, Json<IssuedToken>), Problem> {
    let roles = body.roles.iter().map(|role| role.parse()).collect::<Result<BTreeSet<Role>, _>>();
    let reach = body.projects.iter().map(|text| text.parse::<Pattern>()).collect::<Result<BTreeSet<_>, _>>();
    let new = NewToken {
        name: body.name,
        roles: roles.map_err(|error| invalid(error).at("/roles"))?,
        reach: reach.map_err(|error| invalid(error).at("/projects"))?.into_iter().collect(),
        expires_at: body.expires_at,
    };
    let issued = issue(&*app.parts().access, new, caller.asker(), app.parts().clock.now()).await;
    let (token, entry) = issued.map_err(|error| match error {
        IssueError::Invalid(what) => invalid(what),
        IssueError::Store(error) => error.into(),
        IssueError::Random(_) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no-random", "No token can be made now", error.to_string())
        }
    })?;
    Ok((StatusCode::CREATED, Json(IssuedToken { token, about: entry.into() })))
}

/// Takes a token back. What was opened with it ends within 5 seconds.
#[utoipa::path(delete, path = "/tokens/{id}", operation_id = "revoke_token", tag = "access", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, Problem> {
    match revoke(&*app.parts().access, &id, caller.asker(), app.parts().clock.now()).await? {
        Some(_) => Ok(StatusCode::NO_CONTENT),
        None => Err(Problem::not_found(format!("there is no token {id} that is not revoked"))),
    }
}

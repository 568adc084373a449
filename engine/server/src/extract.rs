//! Extractors whose refusals are problem details.

use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use loopline_dsl::Library;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::Caller;
use crate::app::App;

use crate::problem::{Problem, too_large};

/// A JSON body; an empty one reads as `{}`, so that a POST without options needs none.
pub struct Body<T>(pub T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: serde::de::DeserializeOwned + Default,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let empty = request.headers().get("content-length").is_none_or(|length| length == "0")
            && request.headers().get("transfer-encoding").is_none();
        if empty && request.headers().get("content-type").is_none() {
            return Ok(Self(T::default()));
        }
        let axum::Json(value) =
            axum::Json::<T>::from_request(request, state).await.map_err(|r: JsonRejection| Problem::from(r))?;
        Ok(Self(value))
    }
}

/// A path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// A query.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

/// Among what a text stands.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AmongQuery {
    /// The project whose step types and pipelines it may name; `default` unless said.
    project: Option<String>,
}

/// What a text may name: all of its project, for whoever reaches that, and nothing for others.
pub struct Among(pub Arc<Library>);

impl FromRequestParts<App> for Among {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Query(AmongQuery { project }) = Query::from_request_parts(parts, app).await?;
        let project = project.as_deref().unwrap_or(crate::source::PROJECT);
        Ok(parts
            .extensions
            .get::<Caller>()
            .map_or_else(|| Self(Arc::default()), |caller| Self::of(app, caller, project)))
    }
}

impl Among {
    /// What the caller may name in this project.
    pub(crate) fn of(app: &App, caller: &Caller, project: &str) -> Self {
        let reached = caller.reach.reaches_project(project);
        Self(if reached { app.parts().pipelines.library(project) } else { Arc::default() })
    }
}

/// A YAML body, as text.
pub struct Yaml(pub String);

impl<S: Send + Sync> FromRequest<S> for Yaml {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                too_large()
            } else {
                Problem::bad_request(rejection.body_text())
            }
        })?;
        let text = String::from_utf8(bytes.into()).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Problem::bad_request(format!("the body is not UTF-8: byte {at} is wrong"))
        })?;
        Ok(Self(text))
    }
}

// Named here because the derives above look them up.
const _: fn(PathRejection) -> Problem = Problem::from;
const _: fn(QueryRejection) -> Problem = Problem::from;

//! Errors as problem details (RFC 9457): what is wrong, where, and what else a client needs.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use loopline_core::machine::Refused;
use loopline_ports::blobs::BlobError;
use loopline_ports::driver::DriverError;
use loopline_ports::journal::JournalError;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// `/problems/closed-visit`: names the sort of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sort of problem, in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong in this case.
    pub detail: String,
    /// JSON Pointer into the request, where a place in it is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What belongs to this sort of problem: `current_visit`, `current_etag`, `diagnostics`, `problems` …
    #[serde(flatten)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub more: Map<String, Value>,
}

impl Problem {
    /// A problem of the sort `slug`.
    pub fn new(status: StatusCode, slug: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{slug}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            pointer: None,
            more: Map::new(),
        }
    }

    /// Names the place in the request.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Adds what belongs to this sort of problem.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 400.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

impl From<DriverError> for Problem {
    fn from(error: DriverError) -> Self {
        let text = error.to_string();
        match error {
            DriverError::NoSuchRun(_) => Self::not_found(text),
            DriverError::NoSuchMoment { last, .. } => {
                let problem = Self::new(StatusCode::NOT_FOUND, "no-such-moment", "The run has no such event", text);
                problem.with("last_seq", last)
            }
            DriverError::InvalidInputs(problems) => {
                let first = problems.first().map(|problem| problem.pointer.clone());
                let all: Vec<Value> = problems
                    .into_iter()
                    .map(|problem| serde_json::json!({"pointer": problem.pointer, "message": problem.message}))
                    .collect();
                let mut problem =
                    Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-inputs", "Inputs do not fit", text);
                problem.pointer = first;
                problem.with("problems", all)
            }
            DriverError::Unsupported(requirements) => {
                let all: Vec<Value> = requirements
                    .into_iter()
                    .map(|r| serde_json::json!({"feature": r.feature, "pointer": r.pointer}))
                    .collect();
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unsupported", "The engine cannot run this pipeline", text)
                    .with("unsupported", all)
            }
            DriverError::KeyReused => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused", "Idempotency key used before", text)
            }
            DriverError::Refused(refused) => refusal(&refused),
            DriverError::Journal(error) => error.into(),
            DriverError::Stopping => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-driven", "Nobody drives this run", text)
            }
        }
    }
}

fn refusal(refused: &Refused) -> Problem {
    let text = refused.to_string();
    let conflict = |slug, title| Problem::new(StatusCode::CONFLICT, slug, title, text.clone());
    match refused {
        Refused::ClosedVisit { current, status, .. } => conflict("closed-visit", "This visit is closed")
            .with("current_visit", *current)
            .with("step_status", status.as_str()),
        Refused::WrongDigest { expected, .. } => {
            conflict("wrong-digest", "Something else is asked by now").with("digest", expected.as_str())
        }
        Refused::DecidedBefore { .. } => conflict("decided-before", "Decided before"),
        Refused::RunOver { status } => conflict("run-over", "The run is over").with("run_status", status.as_str()),
        Refused::NothingToRerun => conflict("nothing-to-rerun", "Nothing is to be rerun"),
        Refused::ChildRun { step, run } => conflict("child-run", "A child run is rerun through its step")
            .with("run", run.to_string())
            .with("step", step.as_str()),
        Refused::ItemsGoOn { .. } => conflict("items-go-on", "The items of the step go on"),
        Refused::RerunWhileEnding => conflict("rerun-while-ending", "The run is being ended"),
        Refused::PausedBefore => conflict("paused-before", "The run is paused"),
        Refused::ParentPaused => conflict("parent-paused", "The run that waits for this one is paused"),
        Refused::NotPaused => conflict("not-paused", "The run is not paused"),
        Refused::CancelledBefore => conflict("cancelled-before", "The run is being cancelled"),
        Refused::NotEligible { .. } => {
            Problem::new(StatusCode::FORBIDDEN, "not-eligible", "Not among those who may decide", text)
        }
        Refused::InvalidField { field, .. } => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field", "A field does not fit", text)
                .at(format!("/fields/{}", field.replace('~', "~0").replace('/', "~1")))
        }
        Refused::UnknownStep { .. } | Refused::UnknownItem { .. } | Refused::UnknownSignal { .. } => {
            Problem::not_found(text)
        }
        Refused::SignalFitsNothing { .. } => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "signal-fits-nothing", "The signal fits no step", text)
        }
        Refused::CallbackClosed { .. } => conflict("callback-closed", "Nothing waits for this callback"),
        Refused::SignalBefore { .. } => conflict("signal-before", "This signal came before"),
        Refused::TooManySignals { .. } => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-signals", "Too many signals are kept", text)
        }
        Refused::NotAnApproval { .. } => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-an-approval", "The step asks nobody", text)
        }
        Refused::NotTheBeginning { .. }
        | Refused::OutOfOrder { .. }
        | Refused::OtherDefinition { .. }
        | Refused::NeverAsked { .. } => conflict("refused", "The run does not take this"),
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        let text = error.to_string();
        match error {
            JournalError::Unavailable(_) | JournalError::Fenced => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "The store is not available", text)
            }
            JournalError::Conflict { .. } | JournalError::Repeated { .. } => {
                Self::new(StatusCode::CONFLICT, "conflict", "Somebody else was faster", text)
            }
            JournalError::Damaged(_) => {
                tracing::error!(%text, "damaged data");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "damaged", "Stored data is damaged", text)
            }
        }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        tracing::error!(%error, "blobs failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "Logs cannot be read now", error.to_string())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let text = rejection.body_text();
        match rejection {
            JsonRejection::MissingJsonContentType(_) => {
                let title = "Unsupported media type";
                Self::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "media-type",
                    title,
                    "send `content-type: application/json`",
                )
            }
            JsonRejection::JsonDataError(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", "The body does not fit", text)
            }
            JsonRejection::BytesRejection(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                too_large()
            }
            _ => Self::bad_request(text),
        }
    }
}

/// 413.
pub fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large",
        "a body may have 1 MiB at the most",
    )
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

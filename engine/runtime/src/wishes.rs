//! What one server asks of another, and what it is answered: the words of [`Driver`] as values.

use std::collections::BTreeMap;
use std::sync::Arc;

use loopline_core::event::{ApprovalDecided, CallbackReceived, RerunFrom, SignalReceived, Trigger};
use loopline_core::graph::{Graph, Requirement};
use loopline_core::id::RunId;
use loopline_core::machine::Refused;
use loopline_ports::access::Asker;
use loopline_ports::driver::{Driver, DriverError, Problem, TriggerRequest, Triggered};
use loopline_ports::journal::{Definition, JournalError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Wish {
    Trigger(Box<Begins>),
    Decide { run: RunId, decision: Box<ApprovalDecided>, by: Asker },
    Signal { run: RunId, signal: Box<SignalReceived>, by: Asker },
    CallBack { run: RunId, received: Box<CallbackReceived>, by: Asker },
    Pause { run: RunId, by: Asker },
    Resume { run: RunId, by: Asker },
    Rerun { run: RunId, by: Asker, from: RerunFrom },
    Cancel { run: RunId, by: Asker, reason: Option<String> },
}

/// A [`TriggerRequest`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Begins {
    project: String,
    text_digest: String,
    yaml: String,
    graph: Arc<Graph>,
    inputs: Map<String, Json>,
    labels: BTreeMap<String, String>,
    trigger: Trigger,
    key: Option<String>,
    asked_by: Asker,
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    Done,
    Triggered {
        run: RunId,
        created: bool,
    },
    NoSuchRun(RunId),
    InvalidInputs(Vec<Problem>),
    Unsupported(Vec<Requirement>),
    Refused(Refused),
    KeyReused,
    /// The journal failed, in words.
    Unavailable(String),
    Damaged(String),
    Stopping,
}

impl From<TriggerRequest> for Begins {
    fn from(request: TriggerRequest) -> Self {
        let TriggerRequest { project, definition, inputs, labels, trigger, idempotency_key: key, asked_by } = request;
        let Definition { text_digest, yaml, graph, .. } = &*definition;
        let (text_digest, yaml, graph) = (text_digest.clone(), yaml.clone(), graph.clone());
        Self { project, text_digest, yaml, graph, inputs, labels, trigger, key, asked_by }
    }
}

impl From<Begins> for TriggerRequest {
    fn from(begins: Begins) -> Self {
        let Begins { project, text_digest, yaml, graph, inputs, labels, trigger, key: idempotency_key, asked_by } =
            begins;
        let definition = Arc::new(Definition { text_digest, yaml, digest: graph.digest(), graph });
        Self { project, definition, inputs, labels, trigger, idempotency_key, asked_by }
    }
}

impl Wish {
    /// Asks a driver.
    pub(crate) async fn of(self, driver: &impl Driver) -> Told {
        let done = match self {
            Self::Trigger(begins) => {
                return match driver.trigger((*begins).into()).await {
                    Ok(Triggered { run, created }) => Told::Triggered { run, created },
                    Err(error) => error.into(),
                };
            }
            Self::Decide { run, decision, by } => driver.decide(run, *decision, by).await,
            Self::Signal { run, signal, by } => driver.signal(run, *signal, by).await,
            Self::CallBack { run, received, by } => driver.call_back(run, *received, by).await,
            Self::Pause { run, by } => driver.pause(run, by).await,
            Self::Resume { run, by } => driver.resume(run, by).await,
            Self::Rerun { run, by, from } => driver.rerun(run, by, from).await,
            Self::Cancel { run, by, reason } => driver.cancel(run, by, reason).await,
        };
        done.map_or_else(Told::from, |()| Told::Done)
    }
}

impl From<DriverError> for Told {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::NoSuchRun(run) => Self::NoSuchRun(run),
            DriverError::InvalidInputs(problems) => Self::InvalidInputs(problems),
            DriverError::Unsupported(requirements) => Self::Unsupported(requirements),
            DriverError::Refused(refused) => Self::Refused(refused),
            DriverError::KeyReused => Self::KeyReused,
            DriverError::Journal(JournalError::Damaged(what)) => Self::Damaged(what),
            DriverError::Stopping => Self::Stopping,
            error @ (DriverError::Journal(_) | DriverError::NoSuchMoment { .. }) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl Told {
    /// The answer of a request that begins a run.
    pub(crate) fn triggered(self) -> Result<Triggered, DriverError> {
        match self {
            Self::Triggered { run, created } => Ok(Triggered { run, created }),
            other => Err(other.error()),
        }
    }

    /// The answer of any other.
    pub(crate) fn done(self) -> Result<(), DriverError> {
        match self {
            Self::Done => Ok(()),
            other => Err(other.error()),
        }
    }

    fn error(self) -> DriverError {
        match self {
            Self::NoSuchRun(run) => DriverError::NoSuchRun(run),
            Self::InvalidInputs(problems) => DriverError::InvalidInputs(problems),
            Self::Unsupported(requirements) => DriverError::Unsupported(requirements),
            Self::Refused(refused) => DriverError::Refused(refused),
            Self::KeyReused => DriverError::KeyReused,
            Self::Unavailable(what) => JournalError::Unavailable(what).into(),
            Self::Damaged(what) => JournalError::Damaged(what).into(),
            Self::Stopping => DriverError::Stopping,
            Self::Done | Self::Triggered { .. } => {
                JournalError::Damaged("another server has answered something else".to_owned()).into()
            }
        }
    }
}

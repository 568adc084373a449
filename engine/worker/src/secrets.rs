//! The values of the secrets of an attempt: asked for right before it starts, kept in memory, and no longer than it lasts.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use loopline_core::command::AttemptSpec;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{Failure, FailureKind};
use loopline_ports::secrets::{Asking, ExposeSecret as _, SecretSource};

/// Names and values.
pub(crate) type Values = BTreeMap<String, String>;

/// Where a worker has the values from.
pub(crate) enum Origin {
    /// They are asked for.
    Source(Arc<dyn SecretSource>),
    /// They came with the attempt.
    Handed(Handed),
}

/// Values that an engine has handed over, from the start of an attempt until it has ended.
#[derive(Clone, Default)]
pub(crate) struct Handed(Arc<Mutex<HashMap<AttemptId, Values>>>);

impl Handed {
    pub(crate) fn keep(&self, id: AttemptId, values: Values) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, values);
    }

    pub(crate) fn drop(&self, id: &AttemptId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn of(&self, id: &AttemptId) -> Values {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned().unwrap_or_default()
    }
}

impl Origin {
    /// The values that an attempt may see.
    pub(crate) async fn values_of(&self, spec: &AttemptSpec) -> Result<Values, Failure> {
        match self {
            Self::Source(source) => ask(source.as_ref(), spec).await,
            Self::Handed(handed) => Ok(handed.of(&spec.id)),
        }
    }
}

/// Asks for the values that an attempt needs, and for those that it is not given and must not show: another step of its run may
/// have left them where it reads. One that is not known is refused where it is needed, by its place.
pub(crate) async fn ask(source: &dyn SecretSource, spec: &AttemptSpec) -> Result<Values, Failure> {
    let (project, pipeline) = spec.pipeline.split_once('/').unwrap_or(("", &spec.pipeline));
    let mut values = Values::new();
    for name in spec.secrets() {
        let value = source.value(Asking { project, pipeline }, name).await.map_err(|error| {
            Failure::new(FailureKind::Spawn, format!("the secret `{name}` cannot be read now: {error}"))
        })?;
        if let Some(value) = value {
            values.insert(name.to_owned(), value.expose_secret().to_owned());
        }
    }
    for name in spec.hides.iter().filter(|name| !values.contains_key(*name)).collect::<Vec<_>>() {
        match source.value(Asking { project, pipeline }, name).await {
            Ok(value) => values.extend(value.map(|value| (name.clone(), value.expose_secret().to_owned()))),
            // Whoever needs it fails by that; who does not is not held up by a source that is away.
            Err(error) => tracing::warn!(id = %spec.id, name, %error, "the value of a secret cannot be masked"),
        }
    }
    Ok(values)
}

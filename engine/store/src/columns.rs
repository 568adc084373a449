//! Between values and what a column of a database holds.

use loopline_core::id::RunId;
use loopline_ports::journal::JournalError;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|error| JournalError::Damaged(format!("cannot be written as JSON: {error}")))
}

/// Reads JSON that this engine wrote.
///
/// The usual limit on nesting is off: a value that came in at the limit stands deeper inside an event, and a history
/// that was written must be readable.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, JournalError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    T::deserialize(&mut reader).map_err(|error| JournalError::Damaged(format!("{what}: {error}")))
}

pub(crate) fn number(value: i64, what: &str) -> Result<u64, JournalError> {
    u64::try_from(value).map_err(|_| JournalError::Damaged(format!("{what} is {value}")))
}

/// Databases have no unsigned numbers; what does not fit is beyond everything that is stored.
pub(crate) fn stored(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn run_id(text: &str) -> Result<RunId, JournalError> {
    text.parse().map_err(|error: loopline_core::id::InvalidRunId| JournalError::Damaged(error.to_string()))
}

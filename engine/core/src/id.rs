//! Identity: every id has its own type, so that two of them can never be swapped.
//!
//! The identity of a piece of work is (run, epoch, step, item, visit, attempt). It is carried by every command, result,
//! log and decision; a result whose identity is not the current one changes nothing.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A run. Written as a ULID: 26 characters that sort by the time the run was created.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(ulid::Ulid);

impl RunId {
    /// Builds an id from a time in milliseconds since 1970 and 80 random bits. Both come from outside: core has neither.
    pub fn from_parts(unix_ms: u64, random: u128) -> Self {
        Self(ulid::Ulid::from_parts(unix_ms, random))
    }

    /// The 128 bits of the id. Core derives retry jitter from them.
    pub fn bits(self) -> u128 {
        self.0.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a run id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a run id (26 letters and digits, like 01JD8Z6V7Q3N5T1W9X2Y4B6C8D)")]
pub struct InvalidRunId(pub String);

impl FromStr for RunId {
    type Err = InvalidRunId;

    fn from_str(text: &str) -> Result<Self, InvalidRunId> {
        ulid::Ulid::from_string(text).map(Self).map_err(|_| InvalidRunId(text.chars().take(64).collect()))
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The name of a step: `[a-z][a-z0-9_]{0,62}`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(Arc<str>);

/// The text is not a step id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a step id (a lower-case letter, then at most 62 of a-z, 0-9 and _)")]
pub struct InvalidStepId(pub String);

impl StepId {
    /// Checks the text against the grammar of step ids.
    pub fn new(text: &str) -> Result<Self, InvalidStepId> {
        let mut chars = text.bytes();
        let starts = chars.next().is_some_and(|c| c.is_ascii_lowercase());
        let goes_on = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
        if starts && goes_on && text.len() <= 63 {
            Ok(Self(text.into()))
        } else {
            Err(InvalidStepId(text.chars().take(64).collect()))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for StepId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for StepId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StepId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// Position of a step in [`crate::graph::Graph::steps`]. Only valid for the graph it came from, so it never leaves the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepIx(pub u32);

impl StepIx {
    /// As an index into a slice with one entry a step.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// Number of an event in its run: 1, 2, 3 … without gap. 0 stands for "before the first".
pub type Seq = u64;

/// One attempt at one visit of one step (or of one item of it), within a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptKey {
    /// Counts the reruns of a finished run, from 1.
    pub epoch: u32,
    /// The step.
    pub step: StepId,
    /// Position of the item, for a step that runs many times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Counts the times a loop brought the run here, from 1.
    pub visit: u32,
    /// Counts the retries within one visit, from 1.
    pub attempt: u32,
}

/// The full identity of an attempt; also the id of the command that starts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// The run.
    pub run: RunId,
    /// What within the run.
    #[serde(flatten)]
    pub key: AttemptKey,
}

impl fmt::Display for AttemptKey {
    /// `1.build.3.1`: epoch, step, visit, attempt; with an item `1.build[4].3.1`. Safe as a file name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, step, item, visit, attempt } = self;
        match item {
            None => write!(f, "{epoch}.{step}.{visit}.{attempt}"),
            Some(item) => write!(f, "{epoch}.{step}[{item}].{visit}.{attempt}"),
        }
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.run, self.key)
    }
}

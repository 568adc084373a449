//! What stands around the work of a step or a run.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::words::{NotifyOn, WhenFull};
use crate::expr::{Cel, Template};
use crate::id::StepId;

/// `wait`.
#[derive(Debug, Serialize, Deserialize)]
pub struct WaitAction {
    /// Name of the signal.
    pub signal: String,
    /// JSON Schema that a signal must fit to be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Json>,
    /// Must hold of `payload`.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<Cel>,
}

/// `concurrency`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Concurrency {
    /// The group.
    pub group: Template,
    /// How many runs of it go on at the same time.
    pub limit: u32,
    /// What becomes of one more.
    pub when_full: WhenFull,
}

/// Who is told about a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// About what, sorted.
    pub on: Vec<NotifyOn>,
    /// Name of a receiver in the server's configuration.
    pub to: String,
}

/// `cache`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cache {
    /// Names what is kept.
    pub key: CacheKey,
    /// Files and folders beneath the workspace.
    pub paths: Vec<String>,
    /// Beginnings of keys that serve where the key itself is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restore_keys: Vec<CacheKey>,
}

/// The parts of a key, written one behind the other.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CacheKey(pub Vec<CacheKeyPart>);

/// A part of the key of a cache.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheKeyPart {
    /// Rendered by the engine.
    Text(Template),
    /// The hash of the workspace's files that fit these patterns, found by the worker.
    HashFiles(Vec<String>),
}

/// An artifact laid at its path before a step starts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fetch {
    /// The step that made it: of the same graph, or for one of `finally` of the steps before it.
    pub step: StepId,
    /// Its name.
    pub artifact: String,
}

/// `limits` of a step. What is not said is the engine's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepLimits {
    /// Bytes of memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Thousandths of a processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus_milli: Option<u64>,
    /// Bytes of log an attempt may write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<u64>,
    /// Bytes of outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
}

impl StepLimits {
    /// Nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

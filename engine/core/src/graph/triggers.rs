//! What starts runs of a pipeline besides people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::words::{Missed, Overlap, Provider, RunEnd};
use crate::expr::{Cel, TemplateValue};

/// `triggers`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Triggers {
    /// People may start a run.
    #[serde(default = "super::yes", skip_serializing_if = "super::is_true")]
    pub manual: bool,
    /// Times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<Schedule>,
    /// Calls from other systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhook: Vec<Webhook>,
    /// Ends of other pipelines' runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pipeline: Vec<PipelineTrigger>,
    /// Changes of files in the repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileTrigger>,
}

impl Default for Triggers {
    fn default() -> Self {
        Self { manual: true, schedule: Vec::new(), webhook: Vec::new(), pipeline: Vec::new(), files: Vec::new() }
    }
}

impl Triggers {
    /// Nothing is said that is not so anyway.
    pub fn is_default(&self) -> bool {
        self.manual
            && self.schedule.is_empty()
            && self.webhook.is_empty()
            && self.pipeline.is_empty()
            && self.files.is_empty()
    }
}

/// Times at which runs start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Which times.
    pub when: When,
    /// IANA time zone in which a pattern is read.
    pub timezone: String,
    /// Starts are spread over this time.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub jitter_ms: u64,
    /// While the run before has not ended.
    pub overlap: Overlap,
    /// Times that passed while nothing ran.
    pub missed: Missed,
    /// How far back missed times count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_up_ms: Option<u64>,
    /// Inputs of the runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Json>,
}

/// Which times a schedule has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Five or six fields.
    Cron(String),
    /// So many milliseconds after the one before.
    EveryMs(u64),
}

/// Calls from another system.
#[derive(Debug, Serialize, Deserialize)]
pub struct Webhook {
    /// Who calls.
    pub provider: Provider,
    /// Empty: all events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Patterns; empty: all branches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// Patterns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Patterns; empty: whatever changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Must hold of `event`.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<Cel>,
    /// Inputs of the run, over `event`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, TemplateValue>,
}

/// Ends of another pipeline's runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipelineTrigger {
    /// `name` or `project/name`.
    pub name: String,
    /// Which ends, sorted.
    pub on: Vec<RunEnd>,
    /// Inputs of the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Json>,
}

/// Changes of files in the repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileTrigger {
    /// Patterns.
    pub paths: Vec<String>,
    /// Inputs of the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Json>,
}

//! Child runs, and what undoes a step.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::{CompensateOn, CompensatePer};
use super::{Action, Graph, Retry};
use crate::expr::{Template, TemplateValue};
use crate::id::StepIx;

/// `pipeline`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChildAction {
    /// Which pipeline.
    pub pipeline: ChildPipeline,
    /// What the child is given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, TemplateValue>,
}

/// Which pipeline a child run is of.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildPipeline {
    /// One by its name: `name` or `project/name`. Pinned when the child starts.
    Named(String),
    /// One written in place.
    InPlace(Box<Graph>),
}

/// `compensate`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Compensate {
    /// A script, a request or a container.
    pub action: Action,
    /// Environment, over that of the step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Template>,
    /// Bound of one attempt.
    pub timeout_ms: u64,
    /// Further attempts.
    pub retry: Retry,
    /// The point of no return: while this step has succeeded, nothing is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<StepIx>,
    /// Which ends of the run undo, sorted.
    pub on: Vec<CompensateOn>,
    /// How often.
    pub per: CompensatePer,
}

//! Steps of a step type: what two authors wrote stands in one step.
//!
//! The compiler lays a step over its type. Each of the two keeps its names: the type was written without knowing where it
//! will stand, so `inputs` in its expressions are those of the type; the step itself knows the pipeline's. Which of them
//! wrote a part is said here, once, and asked with [`Step::author`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Input, Step};
use crate::expr::TemplateValue;

/// A step of a step type.
#[derive(Debug, Serialize, Deserialize)]
pub struct With {
    /// Name of the step type.
    #[serde(rename = "use")]
    pub uses: String,
    /// What the type asks for.
    pub inputs: BTreeMap<String, Input>,
    /// What it is given, over the names that the pipeline sees; not over `env`, which may be made of them.
    pub values: BTreeMap<String, TemplateValue>,
    /// Besides the work itself, what of the step the type wrote.
    #[serde(default, skip_serializing_if = "OfType::is_default")]
    pub of_type: OfType,
}

/// Parts of a step that its type wrote, and the step left as they are. The work itself is always the type's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfType {
    /// Variables of `env`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub env: BTreeSet<String>,
    /// Outputs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub outputs: BTreeSet<String>,
    /// Services.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<String>,
    /// The lock.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub lock: bool,
    /// The caches.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub cache: bool,
}

impl OfType {
    /// Nothing.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A part of a step that has expressions in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// `if`.
    If,
    /// `goto` and `repeat`.
    Goto,
    /// `foreach` and `matrix`.
    Many,
    /// `with`.
    With,
    /// What the step does: script, request, container, question, signal, moment, values.
    Work,
    /// A variable of `env`.
    Env(&'a str),
    /// One of `outputs`.
    Output(&'a str),
    /// One of `services`.
    Service(&'a str),
    /// `lock`.
    Lock,
    /// `cache`.
    Cache,
    /// `compensate`.
    Compensate,
}

/// Who wrote a part of a step, and so what `inputs` are in its expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The pipeline: `inputs` are what the run was given.
    Pipeline,
    /// The step type: `inputs` are what `with` gives.
    StepType,
}

impl Step {
    /// Who wrote this part of it.
    pub fn author(&self, part: Part<'_>) -> Author {
        let Some(With { of_type, .. }) = &self.with else { return Author::Pipeline };
        let by_type = match part {
            Part::Work => true,
            Part::If | Part::Goto | Part::Many | Part::With | Part::Compensate => false,
            Part::Env(name) => of_type.env.contains(name),
            Part::Output(name) => of_type.outputs.contains(name),
            Part::Service(name) => of_type.services.contains(name),
            Part::Lock => of_type.lock,
            Part::Cache => of_type.cache,
        };
        if by_type { Author::StepType } else { Author::Pipeline }
    }
}

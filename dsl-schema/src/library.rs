//! What a pipeline may name besides itself: step types, and other pipelines.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::expr::Type;
use loopline_core::graph::{Graph, Input, RunEnd};

use crate::uses::bare_name;

/// What stands around a pipeline file. Whoever compiles reads it from where it is kept; the compiler itself reads nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Library {
    /// The texts of step types by their names: `.loopline/steps/NAME.yaml`.
    pub step_types: BTreeMap<String, String>,
    /// Other pipelines by their names. A pipeline knows itself: what is said here under its own name is not looked at.
    pub pipelines: BTreeMap<String, Contract>,
    /// There is no other pipeline: a name that is not there is a mistake.
    pub is_complete: bool,
}

/// What a pipeline asks for and gives, for those that run it as a child.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// What it is given.
    pub inputs: BTreeMap<String, Input>,
    /// What it gives back when it succeeds, as far as its text declares it.
    pub outputs: BTreeMap<String, Type>,
    /// The pipelines whose ends start its runs, by their bare names, and which ends those are.
    pub started_by: BTreeMap<String, Vec<RunEnd>>,
}

impl Library {
    /// These pipelines, and all whose ends start one of them, by way of others too: what is said about triggers that go in a
    /// circle depends on them.
    pub fn with_what_starts(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let mut found = names.clone();
        let mut open: Vec<&str> = names.iter().map(String::as_str).collect();
        while let Some(name) = open.pop() {
            let started_by = self.pipelines.get(name).into_iter().flat_map(|contract| contract.started_by.keys());
            for other in started_by.filter(|other| self.pipelines.contains_key(*other)) {
                if found.insert(other.clone()) {
                    open.push(other);
                }
            }
        }
        found
    }
}

impl Contract {
    /// That of a compiled pipeline whose text nobody has any more: what it gives back can be anything. Where there is a text,
    /// [`Compiled`](crate::Compiled) tells more.
    pub fn of(graph: &Graph) -> Self {
        let outputs = graph.outputs.keys().map(|name| (name.clone(), Type::any()));
        Self { inputs: graph.inputs.clone(), outputs: outputs.collect(), started_by: started_by(graph) }
    }
}

/// The pipelines whose ends start runs of this one.
pub(crate) fn started_by(graph: &Graph) -> BTreeMap<String, Vec<RunEnd>> {
    let mut all: BTreeMap<String, Vec<RunEnd>> = BTreeMap::new();
    for trigger in &graph.triggers.pipeline {
        let Some(name) = bare_name(&trigger.name) else { continue };
        let ends = all.entry(name.to_owned()).or_default();
        ends.extend(&trigger.on);
        ends.sort();
        ends.dedup();
    }
    all
}

/// Whether a step type can have this name: a lower-case letter, then at most 62 of `a-z 0-9 _ -`.
pub fn is_step_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 63
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'_' | b'-'))
}

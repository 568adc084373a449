//! What one run passed, to be drawn into its graph.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::view::StepStatus;

/// A way through a graph. Steps go by their names; inside of a pipeline in place `around/name`, without items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trail {
    /// What it shows, in a few words.
    pub title: String,
    /// More about it, a sentence a line.
    pub about: Vec<String>,
    /// What became of the steps that it passed. The others were not reached.
    pub steps: BTreeMap<String, Passed>,
    /// Forward edges that were live for a step that started.
    pub edges: BTreeSet<(String, String)>,
    /// How often loop edges fired: the step that each leaves, and its place in the step's `goto`.
    pub loops: BTreeMap<(String, u32), u32>,
    /// Loop edges that were to fire, and were used up.
    pub used_up: BTreeSet<(String, u32)>,
    /// The step where it is decided how the run ends.
    pub ends_at: Option<String>,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Where its last visit stood.
    pub status: StepStatus,
    /// How many visits began.
    pub visits: u32,
}

impl Trail {
    /// What became of a step. Nothing of one that was not reached.
    pub(super) fn status(&self, name: &str) -> Option<&'static str> {
        self.steps.get(name).map(|passed| passed.status.as_str())
    }

    /// `3 visits`. Nothing where there was one.
    pub(super) fn visits(&self, name: &str) -> Option<String> {
        self.steps.get(name).filter(|passed| passed.visits > 1).map(|passed| format!("{} visits", passed.visits))
    }

    /// What is said of a loop on its label: `2×`, `2× · used up`. Nothing of one that was not gone.
    pub(super) fn rounds(&self, from: &str, index: u32) -> Option<String> {
        let key = (from.to_owned(), index);
        let fired = self.loops.get(&key).map(|count| format!("{count}×"));
        let used_up = self.used_up.contains(&key).then(|| "used up".to_owned());
        let said: Vec<String> = fired.into_iter().chain(used_up).collect();
        (!said.is_empty()).then(|| said.join(" · "))
    }
}

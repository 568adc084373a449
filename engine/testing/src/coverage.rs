//! Which ways through a pipeline its cases have gone, and which none has.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::graph::{Action, ChildPipeline, Condition, Graph};
use loopline_core::id::AttemptKey;
use loopline_core::machine::{Passage, Passed};
use loopline_core::time::Timestamp;
use serde::Serialize;

use crate::steps::{plain_name, without_items};

/// A way through a pipeline. Names are those of steps, in pipelines in place too, without items.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Step { name: String },
    Edge { from: String, to: String, on: Condition },
    Loop { from: String, index: u32 },
    Exhaustion { from: String, index: u32 },
    Undo { name: String },
}

/// Coverage of one pipeline by all cases that were run.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    all: BTreeSet<Way>,
    gone: BTreeSet<Way>,
    /// Where loops lead to, by the step that they leave and their place in its `goto`.
    targets: BTreeMap<(String, u32), String>,
}

/// What no case has done, in words and in the order of the names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uncovered {
    /// How many ways there are.
    pub ways: usize,
    /// How many of them some case has gone.
    pub gone: usize,
    /// Steps that never started.
    pub steps: Vec<String>,
    /// Forward edges that were live for no visit that started: `build → test (ok)`.
    pub edges: Vec<String>,
    /// Entries of `goto` and `repeat` that never fired: `verify ⟲ deploy (1st)`.
    pub loops: Vec<String>,
    /// Entries whose budget was never used up.
    pub exhaustions: Vec<String>,
    /// Steps that were never undone.
    pub undone: Vec<String>,
}

impl Coverage {
    /// Nothing of this pipeline was gone yet.
    pub fn of(graph: &Graph) -> Self {
        let mut coverage = Self::default();
        coverage.add("", graph);
        coverage
    }

    fn add(&mut self, prefix: &str, graph: &Graph) {
        let named = |id: &dyn std::fmt::Display| format!("{prefix}{id}");
        for step in &graph.steps {
            let name = named(&step.id);
            for need in &step.needs {
                let from = named(&graph.step(need.step).id);
                self.all.insert(Way::Edge { from, to: name.clone(), on: need.on });
            }
            for (index, goto) in (0..).zip(&step.goto) {
                self.targets.insert((name.clone(), index), named(&graph.step(goto.to).id));
                if goto.max.is_some() {
                    self.all.insert(Way::Exhaustion { from: name.clone(), index });
                }
                self.all.insert(Way::Loop { from: name.clone(), index });
            }
            if step.compensate.is_some() {
                self.all.insert(Way::Undo { name: name.clone() });
            }
            if let Action::Pipeline(child) = &step.action
                && let ChildPipeline::InPlace(inner) = &child.pipeline
            {
                self.add(&format!("{name}/"), inner);
            }
            self.all.insert(Way::Step { name });
        }
        if let Some(finally) = &graph.finally {
            self.add(prefix, finally);
        }
    }

    pub(crate) fn see(&mut self, passages: &[(Timestamp, Passage)]) {
        for (_, passage) in passages {
            let name = plain_name(passage);
            match &passage.passed {
                Passed::Started { over } => {
                    let prefix = name.strip_suffix(passage.step.as_str()).unwrap_or_default();
                    for (from, on) in over {
                        self.go(Way::Edge { from: format!("{prefix}{from}"), to: name.clone(), on: *on });
                    }
                    self.go(Way::Step { name });
                }
                Passed::Fired { index } => self.go(Way::Loop { from: name, index: *index }),
                Passed::Exhausted { index } => self.go(Way::Exhaustion { from: name, index: *index }),
            }
        }
    }

    pub(crate) fn see_undone(&mut self, undone: &[(Timestamp, AttemptKey)]) {
        for (_, key) in undone {
            let name = without_items(&key.within.path_to(key.step.clone())).to_string();
            self.go(Way::Undo { name });
        }
    }

    fn go(&mut self, way: Way) {
        if !self.gone.contains(&way) {
            self.gone.insert(way);
        }
    }

    /// What no case has done.
    pub fn uncovered(&self) -> Uncovered {
        let mut uncovered = Uncovered {
            ways: self.all.len(),
            gone: self.all.intersection(&self.gone).count(),
            steps: Vec::new(),
            edges: Vec::new(),
            loops: Vec::new(),
            exhaustions: Vec::new(),
            undone: Vec::new(),
        };
        for way in self.all.difference(&self.gone) {
            match way {
                Way::Step { name } => uncovered.steps.push(name.clone()),
                Way::Edge { from, to, on } => uncovered.edges.push(format!("{from} → {to} ({})", on.as_str())),
                Way::Loop { from, index } => uncovered.loops.push(self.loop_edge(from, *index)),
                Way::Exhaustion { from, index } => uncovered.exhaustions.push(self.loop_edge(from, *index)),
                Way::Undo { name } => uncovered.undone.push(name.clone()),
            }
        }
        uncovered
    }

    /// `verify ⟲ deploy (goto[0])`.
    pub(crate) fn loop_edge(&self, from: &str, index: u32) -> String {
        let to = self.targets.get(&(from.to_owned(), index)).map_or("", String::as_str);
        format!("{from} ⟲ {to} (goto[{index}])")
    }
}

impl Uncovered {
    /// Every way was gone.
    pub fn is_complete(&self) -> bool {
        self.gone == self.ways
    }

    /// What was never done, by what it is; nothing where all of it was.
    pub fn sorts(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        let all: [(&'static str, &[String]); 5] = [
            ("steps never started", &self.steps),
            ("edges never taken", &self.edges),
            ("loops never gone back", &self.loops),
            ("loops never used up", &self.exhaustions),
            ("steps never undone", &self.undone),
        ];
        all.into_iter().filter(|(_, ways)| !ways.is_empty())
    }
}

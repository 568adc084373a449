//! The runs that are in memory: those of which something runs, and a few that were used lately.

use std::collections::HashMap;
use std::sync::Arc;

use loopline_core::graph::Graph;
use loopline_core::id::RunId;
use loopline_core::machine::RunState;
use loopline_ports::journal::{Journal, JournalError};

/// Quiet runs (waiting for a person or a timer) leave memory beyond this many.
const KEPT: usize = 1024;

/// A run at hand.
pub(crate) struct Active {
    pub(crate) graph: Arc<Graph>,
    pub(crate) state: RunState,
}

/// Runs by id, read from the journal when they are asked for.
#[derive(Default)]
pub(crate) struct Runs {
    active: HashMap<RunId, Active>,
    /// Graphs that are in use, by digest: runs of one pipeline share one.
    graphs: HashMap<String, std::sync::Weak<Graph>>,
}

impl Runs {
    /// The run, folded up to its last event on disk; `None` when there is no such run.
    pub(crate) async fn load(
        &mut self,
        journal: &dyn Journal,
        run: RunId,
    ) -> Result<Option<&mut Active>, JournalError> {
        if !self.active.contains_key(&run) {
            let Some(definition) = journal.definition_of(run).await? else { return Ok(None) };
            let graph = self.share(&definition.digest, definition.graph);
            let mut state = RunState::default();
            crate::engine::fold(journal, run, &graph, &mut state, None).await?;
            self.active.insert(run, Active { graph, state });
        }
        Ok(self.active.get_mut(&run))
    }

    pub(crate) fn get(&self, run: RunId) -> Option<&Active> {
        self.active.get(&run)
    }

    pub(crate) fn begin(&mut self, run: RunId, digest: &str, graph: Arc<Graph>) -> &mut Active {
        let graph = self.share(digest, graph);
        self.active.entry(run).or_insert(Active { graph, state: RunState::default() })
    }

    /// What was folded is not on disk, or nobody knows: the journal has the truth.
    pub(crate) fn forget(&mut self, run: RunId) {
        self.active.remove(&run);
    }

    /// Lets go of runs that are over, and of quiet ones when there are many.
    pub(crate) fn trim(&mut self, touched: impl Iterator<Item = RunId>) {
        for run in touched {
            if self.active.get(&run).is_some_and(|active| active.state.is_over()) {
                self.active.remove(&run);
            }
        }
        if self.active.len() > KEPT {
            self.active.retain(|_, active| !active.state.is_quiet());
            self.graphs.retain(|_, graph| graph.strong_count() > 0);
        }
    }

    fn share(&mut self, digest: &str, graph: Arc<Graph>) -> Arc<Graph> {
        if let Some(known) = self.graphs.get(digest).and_then(std::sync::Weak::upgrade) {
            return known;
        }
        self.graphs.insert(digest.to_owned(), Arc::downgrade(&graph));
        graph
    }
}

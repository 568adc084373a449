//! The runs that are in memory: those of which something runs, and a few that were used lately.

use std::collections::HashMap;
use std::sync::Arc;

use loopline_core::graph::Graph;
use loopline_core::id::{RunId, Seq};
use loopline_core::machine::RunState;
use loopline_ports::history;
use loopline_ports::journal::{Journal, JournalError, RunRow, Snapshot};

/// Quiet runs (waiting for a person or a timer) leave memory beyond this many.
const KEPT: usize = 1024;

/// A run at hand.
pub(crate) struct Active {
    pub(crate) graph: Arc<Graph>,
    pub(crate) state: RunState,
    /// The event behind which the journal keeps a state, and how many bytes that has.
    kept: (Seq, usize),
    /// What lists show of it, once it was written.
    row: Option<RunRow>,
}

/// What lists show of a run in this state.
pub(crate) fn row_of(graph: &Graph, state: &RunState) -> RunRow {
    let patch = state.patch();
    RunRow {
        status: patch.status,
        epoch: patch.epoch,
        name: state.name().map(str::to_owned),
        finished_at: patch.finished_at,
        error: patch.error,
        waiting_steps: state.steps_waiting_for_people(graph),
    }
}

/// How many bytes of a state may be written for each event.
const BYTES_AN_EVENT: usize = 256;

impl Active {
    /// What lists show, where that is not on disk.
    pub(crate) fn row(&mut self) -> Option<RunRow> {
        let row = row_of(&self.graph, &self.state);
        if self.row.as_ref() == Some(&row) {
            return None;
        }
        self.row = Some(row.clone());
        Some(row)
    }

    /// The state for the journal to keep, when enough has happened since the last one: `every` events, and more where states are
    /// large, so that writing them never costs more than the events do.
    pub(crate) fn snapshot(&mut self, every: Seq) -> Option<Snapshot> {
        let (last, bytes) = self.kept;
        let seq = self.state.last_seq();
        if seq < last + every.max((bytes / BYTES_AN_EVENT) as Seq) {
            return None;
        }
        let state = self.state.snapshot();
        // What cannot be written now is not tried again with every event.
        self.kept = (seq, state.as_ref().map_or(0, Vec::len));
        Some(Snapshot::new(seq, state?))
    }
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
            let found = history::state(journal, run, (&graph, &definition.digest), None).await?;
            self.active.insert(run, Active { graph, state: found.state, kept: (found.kept, found.bytes), row: None });
        }
        Ok(self.active.get_mut(&run))
    }

    pub(crate) fn get_mut(&mut self, run: RunId) -> Option<&mut Active> {
        self.active.get_mut(&run)
    }

    pub(crate) fn get(&self, run: RunId) -> Option<&Active> {
        self.active.get(&run)
    }

    pub(crate) fn begin(&mut self, run: RunId, digest: &str, graph: Arc<Graph>) -> &mut Active {
        let graph = self.share(digest, graph);
        self.active.entry(run).or_insert(Active { graph, state: RunState::default(), kept: (0, 0), row: None })
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

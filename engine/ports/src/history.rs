//! A run's state, read from a journal: the nearest state that is kept, and the events behind it.

use loopline_core::graph::Graph;
use loopline_core::id::{RunId, Seq};
use loopline_core::machine::{RunState, apply};

use crate::journal::{Journal, JournalError, Snapshot};

/// How many events are read at once.
const PAGE: u32 = 4096;

/// A state, and what is kept of it.
#[derive(Debug)]
pub struct Found {
    /// After the last event, or after the one that was asked for.
    pub state: RunState,
    /// The event behind which the journal keeps a state that was of use here; 0 where there is none.
    pub kept: Seq,
    /// Bytes of that one.
    pub bytes: usize,
}

/// The state right after event `upto`, or after the last event; also where there are not so many events. The graph and its
/// digest are those of the definition that the run pins.
pub async fn state(
    journal: &dyn Journal,
    run: RunId,
    (graph, digest): (&Graph, &str),
    upto: Option<Seq>,
) -> Result<Found, JournalError> {
    if let Some((kept, Snapshot { state: bytes, .. })) = journal.snapshot(run, upto).await?
        && let Some(mut state) = RunState::restore(graph, digest, &bytes).filter(|state| state.last_seq() == kept)
    {
        match fold(journal, run, graph, &mut state, upto).await {
            Ok(()) => return Ok(Found { state, kept, bytes: bytes.len() }),
            // The events are the truth, and may be read without it.
            Err(JournalError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let mut state = RunState::default();
    fold(journal, run, graph, &mut state, upto).await?;
    Ok(Found { state, kept: 0, bytes: 0 })
}

/// Folds what the journal holds behind the state's last event, up to and with `upto`.
async fn fold(
    journal: &dyn Journal,
    run: RunId,
    graph: &Graph,
    state: &mut RunState,
    upto: Option<Seq>,
) -> Result<(), JournalError> {
    loop {
        let left = upto.map_or(Seq::MAX, |upto| upto.saturating_sub(state.last_seq()));
        let limit = u32::try_from(left).unwrap_or(u32::MAX).min(PAGE);
        let events = if limit > 0 { journal.events(run, state.last_seq(), limit).await? } else { Vec::new() };
        for event in &events {
            apply(graph, state, event)
                .map_err(|refused| JournalError::Damaged(format!("run {run}, event {}: {refused}", event.seq)))?;
        }
        if (events.len() as u32) < PAGE {
            return Ok(());
        }
    }
}

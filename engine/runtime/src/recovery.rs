//! After a restart, or after the journal was away: what was handed out, and what became of it?
//!
//! Reads the index of open attempts, never all histories: runs that wait for people are not touched.

use loopline_core::id::{AttemptId, RunId};
use loopline_core::machine::restart;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_ports::journal::JournalError;
use loopline_ports::worker::{Attached, Report};

use crate::drive::Drive;

impl Drive {
    /// Asks the worker for every attempt that the journal says was handed out, and finds the next timer.
    pub(crate) async fn recover(&mut self) -> Result<(), JournalError> {
        let open = self.journal.open_attempts().await?;
        if !open.is_empty() {
            tracing::info!(attempts = open.len(), "attempts were under way; asking for them");
        }
        let (elsewhere, here): (Vec<_>, Vec<_>) = open.iter().partition(|attempt| attempt.elsewhere);
        self.worker.forget_others(&here.into_iter().map(|attempt| attempt.id.clone()).collect()).await;
        self.elsewhere = elsewhere.into_iter().map(|attempt| attempt.id.clone()).collect();
        for attempt in open {
            self.recover_attempt(attempt.id).await?;
        }
        self.recover_groups().await?;
        self.next_timer = self.journal.next_timer().await?;
        if !self.held.is_empty() {
            self.journal_answers(true);
        }
        Ok(())
    }

    /// Once more for the runs of which nobody knows what is on disk.
    pub(crate) async fn recover_doubtful(&mut self) {
        while let Some(run) = self.doubtful.first().copied() {
            if let Err(error) = self.recover_run(run).await {
                tracing::error!(%error, "the journal still fails");
                return self.journal_answers(false);
            }
            self.doubtful.remove(&run);
        }
        if self.groups.doubtful
            && let Err(error) = self.recover_groups().await
        {
            tracing::error!(%error, "the journal still fails");
            return self.journal_answers(false);
        }
        match self.journal.next_timer().await {
            Ok(next) => {
                self.next_timer = next;
                self.journal_answers(true);
            }
            Err(error) => {
                tracing::error!(%error, "the journal still fails");
                self.journal_answers(false);
            }
        }
    }

    async fn recover_run(&mut self, run: RunId) -> Result<(), JournalError> {
        let journal = self.journal.clone();
        let Some(active) = self.runs.load(&*journal, run).await? else { return Ok(()) };
        let live = active.state.live_attempts(&active.graph);
        for key in live {
            self.recover_attempt(AttemptId { run, key }).await?;
        }
        Ok(())
    }

    async fn recover_attempt(&mut self, id: AttemptId) -> Result<(), JournalError> {
        if self.elsewhere.contains(&id) {
            return self.recover_from_elsewhere(id).await;
        }
        match self.worker.attach(id.clone()).await {
            Attached::Running => {
                // The wish to end it may have been written and never sent.
                let journal = self.journal.clone();
                let Some(active) = self.runs.load(&*journal, id.run).await? else { return Ok(()) };
                if active.state.is_ending(&active.graph, &id.key) {
                    self.worker.cancel(id).await;
                }
            }
            Attached::Lost => self.held.push_back(Report::Finished { id, outcome: lost(RESTARTED) }),
            Attached::NeverStarted => {
                let journal = self.journal.clone();
                let Some(active) = self.runs.load(&*journal, id.run).await? else { return Ok(()) };
                if let Some(start) = active.state.child_of(&active.graph, &id.key) {
                    return self.recover_child(id, start).await;
                }
                match restart(&active.graph, &active.state, &id.key) {
                    Some(spec) => self.worker.start(spec).await,
                    // It was to be ended before it had begun.
                    None => {
                        let outcome = Outcome::Cancelled { result: RawResult::default() };
                        self.held.push_back(Report::Finished { id, outcome });
                    }
                }
            }
        }
        Ok(())
    }

    /// What a worker of another server had is not asked for here: this one would know nothing of it, and start it once more.
    /// Child runs belong to no worker.
    async fn recover_from_elsewhere(&mut self, id: AttemptId) -> Result<(), JournalError> {
        let journal = self.journal.clone();
        let Some(active) = self.runs.load(&*journal, id.run).await? else { return Ok(()) };
        match active.state.child_of(&active.graph, &id.key) {
            Some(start) => self.recover_child(id, start).await,
            None => {
                self.held.push_back(Report::Finished { id, outcome: lost(ELSEWHERE) });
                Ok(())
            }
        }
    }
}

const RESTARTED: &str = "the engine was restarted while this ran, and nobody knows how it would have ended";
const ELSEWHERE: &str = "the server that ran this is gone, and nobody knows how it would have ended";

fn lost(message: &str) -> Outcome {
    Outcome::Failed { error: Failure::new(FailureKind::Lost, message), result: RawResult::default() }
}

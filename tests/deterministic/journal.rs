//! A journal as a disk makes it: slow, away for a while, and not always honest about what it has written.

use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::command::Timer;
use loopline_core::event::Recorded;
use loopline_core::id::{RunId, Seq};
use loopline_core::time::Timestamp;
use loopline_ports::journal::{
    Append, AskedSlot, Definition, DefinitionId, Journal, JournalError, OpenAttempt, RequestKey, RunFilter, RunSummary,
    Snapshot,
};

use super::world::{Life, World};

pub struct Disk {
    pub world: Arc<World>,
    pub life: Life,
}

impl Disk {
    /// A call takes a while, may fail, and never comes back to a process that was killed meanwhile.
    async fn read<T>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, JournalError>>,
    ) -> Result<T, JournalError> {
        self.wait().await;
        if self.world.fails(150) {
            self.world.note(format_args!("the journal fails: {what}"));
            return Err(JournalError::Unavailable("reading failed".to_owned()));
        }
        let read = call.await;
        self.wait().await;
        read
    }

    async fn wait(&self) {
        self.life.goes_on().await;
        if self.world.dice.one_in(4) {
            self.world.some_time(3).await;
            self.life.goes_on().await;
        }
    }
}

#[async_trait]
impl Journal for Disk {
    async fn commit(&self, batch: Vec<Append>) -> Result<Vec<Result<(), JournalError>>, JournalError> {
        self.wait().await;
        if self.world.fails(40) {
            self.world.note("the journal fails: nothing was written");
            return Err(JournalError::Unavailable("writing failed".to_owned()));
        }
        for append in &batch {
            for event in &append.events {
                let kind = event.event.kind();
                self.world.note(format_args!("{} {} {kind}", append.run, event.seq));
            }
        }
        let written = self.world.disk.commit(batch).await?;
        for error in written.iter().filter_map(|result| result.as_ref().err()) {
            self.world.note(format_args!("not written: {error}"));
        }
        if self.world.fails(60) {
            self.world.note("the journal fails: it was written, and says that nobody knows");
            return Err(JournalError::Unavailable("nobody knows".to_owned()));
        }
        self.wait().await;
        Ok(written)
    }

    async fn events(&self, run: RunId, after: Seq, limit: u32) -> Result<Vec<Recorded>, JournalError> {
        self.read("events", self.world.disk.events(run, after, limit)).await
    }

    async fn snapshot(&self, run: RunId, upto: Option<Seq>) -> Result<Option<(Seq, Snapshot)>, JournalError> {
        let mut kept = self.read("snapshot", self.world.disk.snapshot(run, upto)).await?;
        if let Some((_, snapshot)) = &mut kept
            && self.world.fails(20)
        {
            self.world.note("a state that was kept is damaged");
            snapshot.state.reverse();
        }
        Ok(kept)
    }

    async fn put_definition(&self, definition: &Definition) -> Result<DefinitionId, JournalError> {
        self.read("put_definition", self.world.disk.put_definition(definition)).await
    }

    async fn definition_of(&self, run: RunId) -> Result<Option<Definition>, JournalError> {
        self.read("definition_of", self.world.disk.definition_of(run)).await
    }

    async fn next_number(&self, project: &str, pipeline: &str) -> Result<u64, JournalError> {
        self.read("next_number", self.world.disk.next_number(project, pipeline)).await
    }

    async fn requests(&self) -> Result<Vec<(RequestKey, RunId)>, JournalError> {
        self.read("requests", self.world.disk.requests()).await
    }

    async fn find_request(&self, scope: &str, key: &str) -> Result<Option<(RunId, String)>, JournalError> {
        self.read("find_request", self.world.disk.find_request(scope, key)).await
    }

    async fn summary(&self, run: RunId) -> Result<Option<RunSummary>, JournalError> {
        self.read("summary", self.world.disk.summary(run)).await
    }

    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
        self.read("list", self.world.disk.list(filter)).await
    }

    async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, JournalError> {
        self.read("open_attempts", self.world.disk.open_attempts()).await
    }

    async fn slots(&self) -> Result<Vec<AskedSlot>, JournalError> {
        self.read("slots", self.world.disk.slots()).await
    }

    async fn due_timers(&self, now: Timestamp, limit: u32) -> Result<Vec<(RunId, Timer)>, JournalError> {
        self.read("due_timers", self.world.disk.due_timers(now, limit)).await
    }

    async fn next_timer(&self) -> Result<Option<Timestamp>, JournalError> {
        self.read("next_timer", self.world.disk.next_timer()).await
    }
}

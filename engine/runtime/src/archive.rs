//! Runs that nobody drives: read from the journal, and nothing else.

use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::event::{ApprovalDecided, CallbackReceived, Recorded, RerunFrom, SignalReceived};
use loopline_core::expr::ExprError;
use loopline_core::id::{RunId, Seq, UnitPath};
use loopline_core::machine::Draft;
use loopline_core::view::RunView;
use loopline_core::why::StepWhy;
use loopline_ports::access::Asker;
use loopline_ports::driver::{Driver, DriverError, Progress, TriggerRequest, Triggered};
use loopline_ports::journal::Journal;
use serde_json::Value as Json;
use tokio::sync::watch;

use crate::engine::fold_from_journal;

/// A driver that shows what the journal holds and takes no request.
pub struct Archive {
    journal: Arc<dyn Journal>,
}

impl Archive {
    /// Reads from this journal.
    pub fn new(journal: Arc<dyn Journal>) -> Self {
        Self { journal }
    }
}

#[async_trait]
impl Driver for Archive {
    async fn trigger(&self, _: TriggerRequest) -> Result<Triggered, DriverError> {
        Err(DriverError::Stopping)
    }

    async fn decide(&self, _: RunId, _: ApprovalDecided, _: Asker) -> Result<(), DriverError> {
        Err(DriverError::Stopping)
    }

    async fn signal(&self, _: RunId, _: SignalReceived, _: Asker) -> Result<(), DriverError> {
        Err(DriverError::Stopping)
    }

    async fn call_back(&self, _: RunId, _: CallbackReceived, _: Asker) -> Result<(), DriverError> {
        Err(DriverError::Stopping)
    }

    async fn pause(&self, _: RunId, _: Asker) -> Result<(), DriverError> {
        Err(DriverError::Stopping)
    }

    async fn resume(&self, _: RunId, _: Asker) -> Result<(), DriverError> {
        Err(DriverError::Stopping)
    }

    async fn rerun(&self, _: RunId, _: Asker, _: RerunFrom) -> Result<(), DriverError> {
        Err(DriverError::Stopping)
    }

    async fn cancel(&self, _: RunId, _: Asker, _: Option<String>) -> Result<(), DriverError> {
        Err(DriverError::Stopping)
    }

    async fn view(&self, run: RunId, at: Option<Seq>) -> Result<RunView, DriverError> {
        let (graph, state) = fold_from_journal(&*self.journal, run, at).await?;
        state.view(&graph).ok_or(DriverError::NoSuchRun(run))
    }

    async fn why(&self, run: RunId, step: UnitPath, at: Option<Seq>) -> Result<StepWhy, DriverError> {
        let (graph, state) = fold_from_journal(&*self.journal, run, at).await?;
        Ok(state.why(&graph, &step)?)
    }

    async fn evaluate(
        &self,
        run: RunId,
        step: Option<UnitPath>,
        draft: Draft,
        at: Option<Seq>,
    ) -> Result<Result<Json, ExprError>, DriverError> {
        let (graph, state) = fold_from_journal(&*self.journal, run, at).await?;
        state.evaluate(&graph, step.as_ref(), &draft).ok_or(DriverError::NoSuchRun(run))
    }

    async fn events(&self, run: RunId, after: Seq, limit: u32) -> Result<Vec<Recorded>, DriverError> {
        Ok(self.journal.events(run, after, limit).await?)
    }

    async fn follow(&self, run: RunId) -> Result<watch::Receiver<Progress>, DriverError> {
        let view = self.view(run, None).await?;
        // Nothing will be added: to a follower that is the end.
        Ok(watch::Sender::new(Progress { last_seq: view.last_seq, over: true }).subscribe())
    }
}

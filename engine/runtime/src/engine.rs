//! The handle: what a server or a command holds. Sends requests to the driving task, and reads what needs no writing.

use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::event::{ApprovalDecided, CallbackReceived, Event, Recorded, RerunFrom, SignalReceived};
use loopline_core::expr::ExprError;
use loopline_core::graph::Graph;
use loopline_core::id::{RunId, Seq, UnitPath};
use loopline_core::machine::{Draft, Refused, RunState};
use loopline_core::view::RunView;
use loopline_core::why::StepWhy;
use loopline_ports::access::Asker;
use loopline_ports::clock::Clock;
use loopline_ports::definitions::Definitions;
use loopline_ports::driver::{Driver, DriverError, Progress, TriggerRequest, Triggered};
use loopline_ports::history;
use loopline_ports::journal::{Journal, JournalError};
use loopline_ports::worker::{Report, Worker};
use serde_json::Value as Json;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::drive::{Drive, Request};
use crate::followers::Followers;

/// How many requests may wait for the driving task; a sender beyond that waits itself.
const REQUESTS: usize = 4096;

/// What the engine must be told.
#[derive(Debug, Clone, Default)]
pub struct EngineConfig {
    /// Address of the server's pages, for `run.url`.
    pub public_url: Option<String>,
    /// Where child runs find their pipelines; without it there are none.
    pub definitions: Option<Arc<dyn Definitions>>,
    /// How many events of a run lie between two states that the journal keeps; 1,000 where it is unsaid.
    pub snapshot_every: Option<u64>,
    /// What the random part of new ids is drawn from; from the system where it is unsaid. For simulations, which must repeat.
    pub seed: Option<u64>,
}

/// The embedded engine.
pub struct Engine {
    requests: mpsc::Sender<Request>,
    journal: Arc<dyn Journal>,
    followers: Arc<Followers>,
    stopping: CancellationToken,
    task: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Takes over what the journal says was under way, and begins to drive. When this returns, every attempt that was handed
    /// out before has been asked for, and requests are taken.
    pub async fn start(
        config: EngineConfig,
        journal: Arc<dyn Journal>,
        worker: Arc<dyn Worker>,
        reports: mpsc::Receiver<Report>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, JournalError> {
        let (requests, inbox) = mpsc::channel(REQUESTS);
        let followers = Arc::new(Followers::default());
        let stopping = CancellationToken::new();
        let mut drive = Drive::new(config, journal.clone(), worker, clock, followers.clone());
        drive.recover().await?;
        let task = tokio::spawn(drive.run(inbox, reports, stopping.clone()));
        Ok(Arc::new(Self { requests, journal, followers, stopping, task: std::sync::Mutex::new(Some(task)) }))
    }

    /// Stops driving: what has been taken is written and answered, nothing more is taken. Attempts that run go on running;
    /// their end is the worker's business.
    pub async fn stop(&self) {
        self.stopping.cancel();
        let task = self.task.lock().expect("no holder of this lock panics").take();
        if let Some(task) = task {
            // A panic of the driving task has been reported where it happened.
            let _ = task.await;
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, DriverError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| DriverError::Stopping)?;
        answered.await.map_err(|_| DriverError::Stopping)
    }

    /// The state right after event `at`, or now.
    async fn state(&self, run: RunId, at: Option<Seq>) -> Result<(Arc<Graph>, RunState), DriverError> {
        if at.is_none()
            && let Some(found) = self.ask(|answer| Request::State { run, answer }).await?
        {
            return Ok(found);
        }
        fold_from_journal(&*self.journal, run, at).await
    }

    async fn event(&self, run: RunId, event: Event, by: Asker) -> Result<(), DriverError> {
        self.ask(|answer| Request::Event { run, event: Box::new(event), by, answer }).await?
    }
}

/// The run as its history in the journal gives it, up to and with `upto`.
pub(crate) async fn fold_from_journal(
    journal: &dyn Journal,
    run: RunId,
    upto: Option<Seq>,
) -> Result<(Arc<Graph>, RunState), DriverError> {
    let definition = journal.definition_of(run).await?.ok_or(DriverError::NoSuchRun(run))?;
    // Before the first event there is no run; whoever asks for that is told which events there are.
    let pinned = (&*definition.graph, definition.digest.as_str());
    let state = history::state(journal, run, pinned, upto.filter(|at| *at > 0)).await?.state;
    if let Some(at) = upto.filter(|at| *at != state.last_seq()) {
        return Err(DriverError::NoSuchMoment { run, at, last: state.last_seq() });
    }
    Ok((definition.graph, state))
}

#[async_trait]
impl Driver for Engine {
    async fn trigger(&self, request: TriggerRequest) -> Result<Triggered, DriverError> {
        self.ask(|answer| Request::Trigger { request: Box::new(request), answer }).await?
    }

    async fn decide(&self, run: RunId, decision: ApprovalDecided, by: Asker) -> Result<(), DriverError> {
        self.event(run, Event::ApprovalDecided(Box::new(decision)), by).await
    }

    async fn signal(&self, run: RunId, signal: SignalReceived, by: Asker) -> Result<(), DriverError> {
        match self.event(run, Event::SignalReceived(Box::new(signal)), by).await {
            // The sender has what they asked for, from the first time.
            Err(DriverError::Refused(Refused::SignalBefore { same: true, .. })) => Ok(()),
            Err(DriverError::Refused(Refused::SignalBefore { same: false, .. })) => Err(DriverError::KeyReused),
            other => other,
        }
    }

    async fn call_back(&self, run: RunId, received: CallbackReceived, by: Asker) -> Result<(), DriverError> {
        self.event(run, Event::CallbackReceived(Box::new(received)), by).await
    }

    async fn pause(&self, run: RunId, by: Asker) -> Result<(), DriverError> {
        self.event(run, Event::PauseRequested { by: by.name.clone() }, by).await
    }

    async fn resume(&self, run: RunId, by: Asker) -> Result<(), DriverError> {
        self.event(run, Event::ResumeRequested { by: by.name.clone() }, by).await
    }

    async fn rerun(&self, run: RunId, by: Asker, from: RerunFrom) -> Result<(), DriverError> {
        self.event(run, Event::RerunRequested { by: by.name.clone(), from }, by).await
    }

    async fn cancel(&self, run: RunId, by: Asker, reason: Option<String>) -> Result<(), DriverError> {
        self.event(run, Event::CancelRequested { by: by.name.clone(), reason }, by).await
    }

    async fn view(&self, run: RunId, at: Option<Seq>) -> Result<RunView, DriverError> {
        let (graph, state) = self.state(run, at).await?;
        state.view(&graph).ok_or(DriverError::NoSuchRun(run))
    }

    async fn why(&self, run: RunId, step: UnitPath, at: Option<Seq>) -> Result<StepWhy, DriverError> {
        let (graph, state) = self.state(run, at).await?;
        Ok(state.why(&graph, &step)?)
    }

    async fn evaluate(
        &self,
        run: RunId,
        step: Option<UnitPath>,
        draft: Draft,
        at: Option<Seq>,
    ) -> Result<Result<Json, ExprError>, DriverError> {
        let (graph, state) = self.state(run, at).await?;
        state.evaluate(&graph, step.as_ref(), &draft).ok_or(DriverError::NoSuchRun(run))
    }

    async fn events(&self, run: RunId, after: Seq, limit: u32) -> Result<Vec<Recorded>, DriverError> {
        Ok(self.journal.events(run, after, limit).await?)
    }

    async fn follow(&self, run: RunId) -> Result<watch::Receiver<Progress>, DriverError> {
        // Subscribe first: what is written between the two lines below reaches the receiver either way.
        let receiver = self.followers.subscribe(run);
        let view = self.view(run, None).await?;
        self.followers.progress(run, Progress { last_seq: view.last_seq, over: view.status.is_over() });
        Ok(receiver)
    }
}

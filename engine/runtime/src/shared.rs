//! One of several servers over one journal. It drives the runs, or waits until it may; meanwhile it passes requests on to the
//! server that does, and shows what that one writes.
//!
//! ```text
//!  requests ──► this server ── drives? ── yes ──► engine ──► journal ◄── notices: what was written ──► followers
//!                    ▲                └── no ───► journal: left for the one that drives, answered by it
//!                    └── worker: only the one of the server that drives is given anything
//! ```

use std::sync::{Arc, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use loopline_core::event::{ApprovalDecided, CallbackReceived, Recorded, RerunFrom, SignalReceived};
use loopline_core::expr::ExprError;
use loopline_core::id::{RunId, Seq, UnitPath};
use loopline_core::machine::Draft;
use loopline_core::view::RunView;
use loopline_core::why::StepWhy;
use loopline_ports::access::Asker;
use loopline_ports::clock::Clock;
use loopline_ports::driver::{Driver, DriverError, Progress, TriggerRequest, Triggered};
use loopline_ports::journal::{Journal, JournalError};
use loopline_ports::shared::{Forwarded, Notice, SharedJournal};
use loopline_ports::worker::{Report, Worker};
use serde_json::Value as Json;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::engine::{Engine, EngineConfig};
use crate::followers::Followers;
use crate::wishes::{Told, Wish};

/// How often is asked whether somebody is needed, and looked for requests of which no notice came.
const LOOKED_EVERY: Duration = Duration::from_millis(200);
/// Reports that may wait for an engine before workers wait themselves.
const REPORTS: usize = 4096;

/// Drives runs whenever no other server does.
pub struct SharedEngine {
    journal: Arc<dyn SharedJournal>,
    archive: Archive,
    followers: Arc<Followers>,
    /// While this server drives.
    engine: Arc<RwLock<Option<Arc<Engine>>>>,
    stopping: CancellationToken,
    tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

/// Where reports of the worker go.
#[derive(Clone)]
enum Hearing {
    /// It is not known yet who drives; they wait.
    Nobody,
    Engine(mpsc::Sender<Report>),
    /// Whoever drives has settled these attempts without us.
    Elsewhere,
}

/// What it takes to drive.
struct Standing {
    config: EngineConfig,
    journal: Arc<dyn SharedJournal>,
    worker: Arc<dyn Worker>,
    clock: Arc<dyn Clock>,
    engine: Arc<RwLock<Option<Arc<Engine>>>>,
    hearing: watch::Sender<Hearing>,
    stopping: CancellationToken,
}

impl SharedEngine {
    /// Begins to drive if no other server does, or else to wait for that. When this returns, requests are taken.
    pub async fn start(
        config: EngineConfig,
        journal: Arc<dyn SharedJournal>,
        worker: Arc<dyn Worker>,
        reports: mpsc::Receiver<Report>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, JournalError> {
        let engine = Arc::new(RwLock::new(None));
        let stopping = CancellationToken::new();
        let followers = Arc::new(Followers::default());
        let hearing = watch::Sender::new(Hearing::Nobody);
        let pump = tokio::spawn(pump(reports, hearing.subscribe(), worker.clone()));
        let following = tokio::spawn(follow_notices(journal.clone(), followers.clone()));
        let standing = Standing {
            config,
            journal: journal.clone(),
            worker,
            clock,
            engine: engine.clone(),
            hearing,
            stopping: stopping.clone(),
        };
        // Whoever is alone drives before anybody can ask.
        if journal.lead().await? {
            standing.begin().await?;
        } else {
            tracing::info!("another server drives the runs of this database; this one waits, and passes requests on");
            standing.stand_by().await;
        }
        let archive = Archive::new(journal.clone());
        let tasks = vec![tokio::spawn(standing.keep()), pump, following];
        Ok(Arc::new(Self { journal, archive, followers, engine, stopping, tasks: std::sync::Mutex::new(tasks) }))
    }

    /// Stops driving, and lets another server take over.
    pub async fn stop(&self) {
        self.stopping.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().expect("no holder of this lock panics"));
        let mut tasks = tasks.into_iter();
        if let Some(keeping) = tasks.next() {
            // A panic of the task has been reported where it happened.
            let _ = keeping.await;
        }
        tasks.for_each(|task| task.abort());
        self.journal.resign().await;
    }

    fn engine(&self) -> Option<Arc<Engine>> {
        self.engine.read().expect("no holder of this lock panics").clone()
    }

    async fn ask(&self, wish: Wish) -> Result<Told, DriverError> {
        if let Some(engine) = self.engine() {
            return Ok(wish.of(&*engine).await);
        }
        let wish = serde_json::to_string(&wish).map_err(|error| JournalError::Damaged(error.to_string()))?;
        let answer = self.journal.forward(wish).await?;
        let mut reader = serde_json::Deserializer::from_str(&answer);
        reader.disable_recursion_limit();
        let told = serde::Deserialize::deserialize(&mut reader);
        Ok(told.map_err(|error| JournalError::Damaged(format!("answer of another server: {error}")))?)
    }
}

impl Standing {
    async fn keep(self) {
        while !self.stopping.is_cancelled() {
            let drives = self.engine.read().expect("no holder of this lock panics").is_some();
            if drives {
                self.drive().await;
            } else {
                tokio::select! {
                    () = self.stopping.cancelled() => return,
                    () = tokio::time::sleep(LOOKED_EVERY) => {}
                }
                match self.journal.lead().await {
                    Ok(true) => {
                        if let Err(error) = self.begin().await {
                            tracing::warn!(%error, "the runs cannot be taken over now");
                        }
                    }
                    Ok(false) => {}
                    Err(error) => tracing::debug!(%error, "whether somebody is needed is not known now"),
                }
            }
        }
    }

    /// This server leads: takes over what was under way.
    async fn begin(&self) -> Result<(), JournalError> {
        // What is told from here on is about attempts of this server's own.
        self.hearing.send_replace(Hearing::Nobody);
        let (reports, told) = mpsc::channel(REPORTS);
        let journal: Arc<dyn Journal> = self.journal.clone();
        let engine = Engine::start(self.config.clone(), journal, self.worker.clone(), told, self.clock.clone()).await?;
        self.hearing.send_replace(Hearing::Engine(reports));
        *self.engine.write().expect("no holder of this lock panics") = Some(engine);
        Ok(())
    }

    /// Nobody waits for what the worker has: its attempts were settled by the server that drives.
    async fn stand_by(&self) {
        self.hearing.send_replace(Hearing::Elsewhere);
        self.worker.cancel_all().await;
    }

    /// Answers other servers, until this one is not the one any more.
    async fn drive(&self) {
        let engine = self.engine.read().expect("no holder of this lock panics").clone();
        let Some(engine) = engine else { return };
        let mut leads = self.journal.leads();
        let mut notices = self.journal.notices();
        loop {
            let forwarded = match self.journal.take_forwarded().await {
                Ok(forwarded) => forwarded,
                Err(error) => {
                    tracing::debug!(%error, "requests of other servers cannot be read now");
                    Vec::new()
                }
            };
            for Forwarded { id, request } in forwarded {
                tokio::spawn(answer(self.journal.clone(), engine.clone(), id, request));
            }
            tokio::select! {
                () = self.stopping.cancelled() => break,
                _ = leads.wait_for(|leads| !leads) => break,
                () = forwarded_or_missed(&mut notices) => {}
                () = tokio::time::sleep(LOOKED_EVERY) => {}
            }
        }
        *self.engine.write().expect("no holder of this lock panics") = None;
        engine.stop().await;
        // Who ends on purpose leaves steps to whoever comes next; that one knows whether they are its own.
        if !self.stopping.is_cancelled() {
            self.stand_by().await;
        }
    }
}

async fn answer(journal: Arc<dyn SharedJournal>, engine: Arc<Engine>, id: i64, request: String) {
    let mut reader = serde_json::Deserializer::from_str(&request);
    reader.disable_recursion_limit();
    let wish: Result<Wish, _> = serde::Deserialize::deserialize(&mut reader);
    let told = match wish {
        Ok(wish) => wish.of(&*engine).await,
        Err(error) => Told::Damaged(format!("a request of another server, perhaps of another version: {error}")),
    };
    let answer = match serde_json::to_string(&told) {
        Ok(answer) => answer,
        Err(error) => return tracing::error!(%error, "an answer cannot be written"),
    };
    // The one who asked hears that it is not known what became of it.
    if let Err(error) = journal.answer(id, answer).await {
        tracing::warn!(%error, "another server was not answered");
    }
}

async fn forwarded_or_missed(notices: &mut broadcast::Receiver<Notice>) {
    loop {
        match notices.recv().await {
            Ok(Notice::Forwarded | Notice::Missed) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Reports go to whoever drives here; those of attempts that were settled elsewhere are acknowledged, and are of no use.
async fn pump(mut reports: mpsc::Receiver<Report>, mut hearing: watch::Receiver<Hearing>, worker: Arc<dyn Worker>) {
    while let Some(mut report) = reports.recv().await {
        loop {
            let now = hearing.borrow_and_update().clone();
            match now {
                Hearing::Engine(engine) => match engine.send(report).await {
                    Ok(()) => break,
                    Err(returned) => report = returned.0,
                },
                Hearing::Elsewhere => {
                    if let Report::Finished { id, .. } = &report {
                        worker.forget(id).await;
                    }
                    break;
                }
                Hearing::Nobody => {}
            }
            if hearing.changed().await.is_err() {
                return;
            }
        }
    }
}

/// Tells followers what any server has written.
async fn follow_notices(journal: Arc<dyn SharedJournal>, followers: Arc<Followers>) {
    let mut notices = journal.notices();
    loop {
        match notices.recv().await {
            Ok(Notice::Written(run, progress)) => followers.progress(run, progress),
            Ok(Notice::Missed) | Err(broadcast::error::RecvError::Lagged(_)) => {
                let archive = Archive::new(journal.clone());
                for run in followers.followed() {
                    // What cannot be read now is read when something is written next, or by whoever asks again.
                    if let Ok(view) = archive.view(run, None).await {
                        followers.progress(run, Progress { last_seq: view.last_seq, over: view.status.is_over() });
                    }
                }
            }
            Ok(Notice::Forwarded | Notice::Answered(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

#[async_trait]
impl Driver for SharedEngine {
    async fn trigger(&self, request: TriggerRequest) -> Result<Triggered, DriverError> {
        if let Some(engine) = self.engine() {
            return engine.trigger(request).await;
        }
        self.ask(Wish::Trigger(Box::new(request.into()))).await?.triggered()
    }

    async fn decide(&self, run: RunId, decision: ApprovalDecided, by: Asker) -> Result<(), DriverError> {
        self.ask(Wish::Decide { run, decision: Box::new(decision), by }).await?.done()
    }

    async fn signal(&self, run: RunId, signal: SignalReceived, by: Asker) -> Result<(), DriverError> {
        self.ask(Wish::Signal { run, signal: Box::new(signal), by }).await?.done()
    }

    async fn call_back(&self, run: RunId, received: CallbackReceived, by: Asker) -> Result<(), DriverError> {
        self.ask(Wish::CallBack { run, received: Box::new(received), by }).await?.done()
    }

    async fn pause(&self, run: RunId, by: Asker) -> Result<(), DriverError> {
        self.ask(Wish::Pause { run, by }).await?.done()
    }

    async fn resume(&self, run: RunId, by: Asker) -> Result<(), DriverError> {
        self.ask(Wish::Resume { run, by }).await?.done()
    }

    async fn rerun(&self, run: RunId, by: Asker, from: RerunFrom) -> Result<(), DriverError> {
        self.ask(Wish::Rerun { run, by, from }).await?.done()
    }

    async fn cancel(&self, run: RunId, by: Asker, reason: Option<String>) -> Result<(), DriverError> {
        self.ask(Wish::Cancel { run, by, reason }).await?.done()
    }

    async fn view(&self, run: RunId, at: Option<Seq>) -> Result<RunView, DriverError> {
        match self.engine() {
            Some(engine) => engine.view(run, at).await,
            None => self.archive.view(run, at).await,
        }
    }

    async fn why(&self, run: RunId, step: UnitPath, at: Option<Seq>) -> Result<StepWhy, DriverError> {
        match self.engine() {
            Some(engine) => engine.why(run, step, at).await,
            None => self.archive.why(run, step, at).await,
        }
    }

    async fn evaluate(
        &self,
        run: RunId,
        step: Option<UnitPath>,
        draft: Draft,
        at: Option<Seq>,
    ) -> Result<Result<Json, ExprError>, DriverError> {
        match self.engine() {
            Some(engine) => engine.evaluate(run, step, draft, at).await,
            None => self.archive.evaluate(run, step, draft, at).await,
        }
    }

    async fn events(&self, run: RunId, after: Seq, limit: u32) -> Result<Vec<Recorded>, DriverError> {
        self.archive.events(run, after, limit).await
    }

    async fn follow(&self, run: RunId) -> Result<watch::Receiver<Progress>, DriverError> {
        // Whoever drives says what it has written, to itself too; so a follower stays when that changes.
        let receiver = self.followers.subscribe(run);
        let view = self.view(run, None).await?;
        self.followers.progress(run, Progress { last_seq: view.last_seq, over: view.status.is_over() });
        Ok(receiver)
    }
}

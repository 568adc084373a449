//! A worker whose processes outlive the engine: scripts are carried out by a supervisor, requests by this process.
//!
//! One task knows who has which attempt; the [`Worker`]'s verbs are messages to it. So a start, a cancel and the end of a
//! supervisor have an order, and whoever drives never waits for a process to be started.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::absolute;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::join_all;
use loopline_core::command::{AttemptSpec, Work};
use loopline_core::id::AttemptId;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_ports::blobs::Blobs;
use loopline_ports::secrets::SecretSource;
use loopline_ports::worker::{Attached, Report, Reports, Worker};
use nix::sys::signal::Signal;
use tokio::sync::{mpsc, oneshot};

use crate::config::{Supervision, WorkerConfig, Workspaces};
use crate::environment::passed_on;
use crate::local::{LocalWorker, lost};
use crate::process::ProcessRef;
use crate::secrets::{self, Values};
use crate::supervisor::launch::{self, Found};
use crate::supervisor::link::{Heard, Link};
use crate::supervisor::protocol::{Settings, ToSupervisor};

/// What is said of an attempt whose supervisor has died.
const SUPERVISOR_GONE: &str = "the process that looked after this step's processes has ended";

/// How long a supervisor may take to disappear after SIGKILL.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// A worker of an engine that may be killed.
pub struct SupervisedWorker {
    local: Arc<LocalWorker>,
    /// Unbounded: the driver says a few words for each attempt that is under way, and must not wait.
    asks: mpsc::UnboundedSender<Ask>,
}

enum Ask {
    Start(Box<AttemptSpec>),
    Attach(AttemptId, oneshot::Sender<Attached>),
    Cancel(AttemptId),
    Forget(AttemptId),
    ForgetOthers(BTreeSet<AttemptId>, oneshot::Sender<()>),
    CancelAll,
}

impl SupervisedWorker {
    /// A worker that keeps output in the folder of `blobs` and tells `reports` what happens. Supervisors that are
    /// there are connected to; one of its own is started when it is first needed.
    ///
    /// # Errors
    /// When what is there cannot be read.
    pub async fn open(
        config: WorkerConfig,
        supervision: Supervision,
        blobs: Arc<dyn Blobs>,
        reports: Reports,
    ) -> io::Result<Arc<Self>> {
        let settings = Settings {
            build: supervision.build.clone(),
            // It stands in another folder than we.
            data: absolute(&config.data)?,
            blobs: absolute(&supervision.blobs)?,
            caches: absolute(&supervision.caches)?,
            max_caches: supervision.max_caches,
            workspaces: match &config.workspaces {
                Workspaces::Fixed(folder) => Workspaces::Fixed(absolute(folder)?),
                Workspaces::PerRun(root) => Workspaces::PerRun(absolute(root)?),
            },
            environment: passed_on(std::env::vars_os(), &config.pass_env).into_iter().collect(),
            max_parallel: config.max_parallel,
            boot_id: config.boot_id.clone(),
            containers: config.containers.clone(),
            pass_env: config.pass_env.clone(),
            limits: config.limits,
            linger: supervision.linger,
            abandoned_after: supervision.abandoned_after,
        };
        let secrets = config.secrets.clone();
        let local = LocalWorker::new(config, blobs, reports.clone());
        let (heard_sender, heard) = mpsc::unbounded_channel();
        let mut house = House {
            settings,
            supervision,
            secrets,
            local: local.clone(),
            reports,
            attempts: HashMap::new(),
            links: BTreeMap::new(),
            last_link: 0,
            heard_sender,
        };
        for found in launch::find(&house.settings).await? {
            house.take_on(found);
        }
        let (asks, asked) = mpsc::unbounded_channel();
        tokio::spawn(house.keep(asked, heard));
        Ok(Arc::new(Self { local, asks }))
    }

    fn ask(&self, ask: Ask) {
        // The task ends with this worker.
        let _ = self.asks.send(ask);
    }
}

#[async_trait]
impl Worker for SupervisedWorker {
    async fn start(&self, spec: AttemptSpec) {
        match spec.work {
            Work::Shell { .. } | Work::Container(_) => self.ask(Ask::Start(Box::new(spec))),
            Work::Http(_) => self.local.start(spec).await,
        }
    }

    async fn attach(&self, id: AttemptId) -> Attached {
        let (answer, answered) = oneshot::channel();
        self.ask(Ask::Attach(id.clone(), answer));
        match answered.await {
            Ok(attached) => attached,
            Err(_) => self.local.attach(id).await,
        }
    }

    async fn cancel(&self, id: AttemptId) {
        self.ask(Ask::Cancel(id));
    }

    async fn forget(&self, id: &AttemptId) {
        self.ask(Ask::Forget(id.clone()));
    }

    async fn forget_others(&self, open: &BTreeSet<AttemptId>) {
        let (done, is_done) = oneshot::channel();
        self.ask(Ask::ForgetOthers(open.clone(), done));
        let _ = is_done.await;
    }

    async fn cancel_all(&self) {
        self.ask(Ask::CancelAll);
    }
}

/// Who has an attempt.
enum Holder {
    /// The supervisor behind this link. The attempt as it was handed over, until it is known to have begun.
    Link(u64, Option<Box<AttemptSpec>>),
    /// Nobody yet: the values of its secrets are being asked for.
    Asking(Box<AttemptSpec>),
    /// This process, after its supervisor had died, or where the attempt never came to one.
    Us,
}

/// Who has what. Owned by one task.
struct House {
    settings: Settings,
    supervision: Supervision,
    secrets: Arc<dyn SecretSource>,
    local: Arc<LocalWorker>,
    reports: Reports,
    attempts: HashMap<AttemptId, Holder>,
    links: BTreeMap<u64, Link>,
    last_link: u64,
    heard_sender: mpsc::UnboundedSender<Heard>,
}

impl House {
    async fn keep(mut self, mut asked: mpsc::UnboundedReceiver<Ask>, mut heard: mpsc::UnboundedReceiver<Heard>) {
        loop {
            tokio::select! {
                biased;
                Some(heard) = heard.recv() => match heard {
                    Heard::Started(id) => {
                        if let Some(Holder::Link(_, spec)) = self.attempts.get_mut(&id) {
                            *spec = None;
                        }
                    }
                    Heard::Secrets(id, values) => self.got_secrets(id, *values).await,
                    Heard::Closed(number) => self.closed(number).await,
                },
                ask = asked.recv() => match ask {
                    Some(ask) => self.act(ask).await,
                    None => return,
                },
            }
        }
    }

    async fn act(&mut self, ask: Ask) {
        match ask {
            Ask::Start(spec) => {
                if !self.attempts.contains_key(&spec.id) {
                    self.start(spec).await;
                }
            }
            Ask::Attach(id, answer) => match self.attempts.get(&id) {
                Some(Holder::Link(number, _)) => {
                    if let Some(link) = self.links.get(number) {
                        link.say(ToSupervisor::Attach { id });
                    }
                    let _ = answer.send(Attached::Running);
                }
                Some(Holder::Asking(_)) => drop(answer.send(Attached::Running)),
                Some(Holder::Us) | None => {
                    let local = self.local.clone();
                    tokio::spawn(async move { answer.send(local.attach(id).await) });
                }
            },
            Ask::Cancel(id) => match self.attempts.get(&id) {
                Some(Holder::Link(number, _)) => {
                    if let Some(link) = self.links.get(number) {
                        link.say(ToSupervisor::Cancel { id });
                    }
                }
                Some(Holder::Asking(_)) => {
                    self.never_began(id, Outcome::Cancelled { result: RawResult::default() });
                }
                Some(Holder::Us) | None => self.local.cancel(id).await,
            },
            Ask::CancelAll => {
                for id in self.attempts.keys() {
                    if let Some(link) = self.link_of(id) {
                        link.say(ToSupervisor::Cancel { id: id.clone() });
                    }
                }
                self.local.cancel_all().await;
            }
            Ask::Forget(id) => self.forget(id),
            Ask::ForgetOthers(open, done) => {
                let others: Vec<AttemptId> = self.attempts.keys().filter(|id| !open.contains(id)).cloned().collect();
                // The supervisors that have them remove their records themselves.
                self.local.forget_records_but(open.iter().chain(&others)).await;
                others.into_iter().for_each(|id| self.forget(id));
                let _ = done.send(());
            }
        }
    }

    fn forget(&mut self, id: AttemptId) {
        match self.link_of(&id) {
            Some(link) => link.say(ToSupervisor::Forget { id: id.clone() }),
            None => {
                let (local, id) = (self.local.clone(), id.clone());
                tokio::spawn(async move { local.forget(&id).await });
            }
        }
        if let Some(Holder::Link(number, _)) = self.attempts.remove(&id) {
            self.let_go(number);
        }
    }

    fn link_of(&self, id: &AttemptId) -> Option<&Link> {
        match self.attempts.get(id) {
            Some(Holder::Link(number, _)) => self.links.get(number),
            Some(Holder::Asking(_) | Holder::Us) | None => None,
        }
    }

    /// Starts an attempt, once the values of its secrets are known.
    async fn start(&mut self, spec: Box<AttemptSpec>) {
        if spec.secrets().is_empty() && spec.hides.is_empty() {
            return self.hand_over(spec, Values::new()).await;
        }
        // A source may take its time, and nobody else is to wait for it.
        let (source, told, wanted) = (self.secrets.clone(), self.heard_sender.clone(), spec.clone());
        self.attempts.insert(spec.id.clone(), Holder::Asking(spec));
        tokio::spawn(async move {
            let values = secrets::ask(source.as_ref(), &wanted).await;
            let _ = told.send(Heard::Secrets(wanted.id, Box::new(values)));
        });
    }

    async fn got_secrets(&mut self, id: AttemptId, values: Result<Values, Failure>) {
        let Some(Holder::Asking(spec)) = self.attempts.get(&id) else { return };
        match values {
            Ok(values) => self.hand_over(spec.clone(), values).await,
            Err(error) => self.never_began(id, Outcome::Failed { error, result: RawResult::default() }),
        }
    }

    /// An attempt has ended before anybody was given it.
    fn never_began(&mut self, id: AttemptId, outcome: Outcome) {
        self.attempts.insert(id.clone(), Holder::Us);
        self.tell(Report::Finished { id, outcome });
    }

    /// Gives an attempt to a supervisor with our settings.
    async fn hand_over(&mut self, spec: Box<AttemptSpec>, secrets: Values) {
        let number = match self.fitting().await {
            Ok(number) => number,
            Err(error) => {
                let message = format!("the process that starts the processes of steps could not be started: {error}");
                let error = Failure::new(FailureKind::Spawn, message);
                return self.never_began(spec.id, Outcome::Failed { error, result: RawResult::default() });
            }
        };
        self.attempts.insert(spec.id.clone(), Holder::Link(number, Some(spec.clone())));
        self.links[&number].start(spec, secrets);
    }

    async fn fitting(&mut self) -> io::Result<u64> {
        if let Some((number, _)) = self.links.iter().find(|(_, link)| link.fits) {
            return Ok(*number);
        }
        let found = launch::launch(&self.settings, &self.supervision).await?;
        Ok(self.take_on(found))
    }

    fn take_on(&mut self, found: Found) -> u64 {
        self.last_link += 1;
        let number = self.last_link;
        let (link, attempts) = Link::open(number, found, self.reports.clone(), self.heard_sender.clone());
        self.attempts.extend(attempts.into_iter().map(|id| (id, Holder::Link(number, None))));
        self.links.insert(number, link);
        self.let_go(number);
        number
    }

    /// Closes the connection to a supervisor that we cannot use, once it has nothing of ours any more: it ends then.
    fn let_go(&mut self, number: u64) {
        let is_needed = |holder: &Holder| matches!(holder, Holder::Link(other, _) if *other == number);
        if self.links.get(&number).is_some_and(|link| !link.fits) && !self.attempts.values().any(is_needed) {
            self.links.remove(&number);
        }
    }

    /// A supervisor has died, or cannot be spoken to any more. What it had is found by its records.
    async fn closed(&mut self, number: u64) {
        let Some(link) = self.links.remove(&number) else { return };
        let was_its = |holder: &Holder| matches!(holder, Holder::Link(other, _) if *other == number);
        let ids: BTreeSet<AttemptId> =
            self.attempts.iter().filter(|(_, holder)| was_its(holder)).map(|(id, _)| id.clone()).collect();
        if !ids.is_empty() {
            tracing::warn!(attempts = ids.len(), "a supervisor has ended; its attempts are looked for");
        }
        // It must not go on while its attempts are taken from it.
        if let Some(process) = link.process {
            let _ = tokio::task::spawn_blocking(move || end_for_sure(process)).await;
        }
        let looked_for = ids.into_iter().map(|id| async {
            let attached = self.local.attach_because(id.clone(), SUPERVISOR_GONE).await;
            (id, attached)
        });
        for (id, attached) in join_all(looked_for).await {
            let Some(Holder::Link(_, spec)) = self.attempts.insert(id.clone(), Holder::Us) else { continue };
            match (attached, spec) {
                // The outcome was noted, and is on its way.
                (Attached::Running, _) => {}
                (Attached::NeverStarted, Some(spec)) => self.start(spec).await,
                (Attached::NeverStarted | Attached::Lost, _) => {
                    let outcome = lost(format!("{SUPERVISOR_GONE}, and nobody knows how far this attempt had come"));
                    self.tell(Report::Finished { id, outcome });
                }
            }
        }
    }

    /// Reports without waiting: whoever takes reports may be waiting for us.
    fn tell(&self, report: Report) {
        let reports = self.reports.clone();
        tokio::spawn(async move { reports.send(report).await });
    }
}

/// Blocks until the process is gone, which only one that hangs in the kernel is not at once.
fn end_for_sure(process: ProcessRef) {
    let until = Instant::now() + LAST_WAIT;
    while process.is_alive() && Instant::now() < until {
        process.signal(Signal::SIGKILL);
        std::thread::sleep(Duration::from_millis(2));
    }
}

//! A worker inside the engine's own process.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use loopline_core::command::AttemptSpec;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_ports::blobs::Blobs;
use loopline_ports::worker::{Attached, Report, Reports, Worker};
use tokio::task::spawn_blocking;

use crate::adopted::Adopted;
use crate::attempt::{self, Context, Slots, Turn};
use crate::attempt_journal::Heir;
use crate::attempt_log::AttemptLog;
use crate::attempt_record::{AttemptRecord, AttemptRecords};
use crate::config::WorkerConfig;
use crate::container::{self, ContainerEngine};
use crate::control_group::ControlGroup;
use crate::environment::{Environment, passed_on};
use crate::http;
use crate::inherited_files::keep_to_ourselves;
use crate::process_tree::ProcessTree;
use crate::secrets::{Origin, Values};
use crate::stop::{ABANDONED, Stop};
use crate::workspace::KnownWorkspaces;

/// What an attempt may write when its run has written all that it may: so much that one sees why it failed.
const LAST_LOG: u64 = 64 * 1024;

/// What is left of an attempt of an engine that was killed gets no more than this to end by itself.
const LOST_GRACE: std::time::Duration = std::time::Duration::from_secs(2);

/// Carries out attempts as tasks of this process.
///
/// An attempt whose engine is killed is ended when the next engine asks for it, and is lost; one that had ended by then
/// is reported as it ended. Dropping the worker stops nothing: attempts go on and report until the runtime ends.
pub struct LocalWorker {
    shared: Arc<Shared>,
}

/// What all attempts of a worker share.
pub(crate) struct Shared {
    pub(crate) config: WorkerConfig,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) reports: Reports,
    pub(crate) records: AttemptRecords,
    pub(crate) passed_env: Environment,
    pub(crate) secrets: Origin,
    pub(crate) workspaces: KnownWorkspaces,
    slots: Slots,
    pub(crate) http: http::Client,
    pub(crate) containers: Arc<ContainerEngine>,
    /// Where this process is the parent of all that has lost its own.
    pub(crate) adopted: Option<Arc<Adopted>>,
    attempts: Mutex<HashMap<AttemptId, Known>>,
}

/// An attempt that this process has heard of.
enum Known {
    /// Under way, and how it is cancelled.
    Live(Stop),
    /// Its outcome was reported, or is about to be.
    Settled,
}

impl LocalWorker {
    /// A worker that keeps output in `blobs` and tells `reports` what happens. Files that this process has inherited
    /// are kept from the processes it starts, from now on.
    pub fn new(config: WorkerConfig, blobs: Arc<dyn Blobs>, reports: Reports) -> Arc<Self> {
        let environment = passed_on(std::env::vars_os(), &config.pass_env);
        let secrets = Origin::Source(config.secrets.clone());
        Self::with_environment(config, environment, secrets, None, blobs, reports)
    }

    /// A worker whose steps see this environment instead of a part of our own, and secrets of this origin.
    pub(crate) fn with_environment(
        config: WorkerConfig,
        environment: Environment,
        secrets: Origin,
        adopted: Option<Arc<Adopted>>,
        blobs: Arc<dyn Blobs>,
        reports: Reports,
    ) -> Arc<Self> {
        keep_to_ourselves();
        let heir = if adopted.is_some() { Heir::Nobody } else { Heir::OfTheDead };
        let records = AttemptRecords::new(&config.data, config.boot_id.clone(), heir);
        if let Err(error) = records.prepare() {
            // Every attempt that needs it will say so too.
            tracing::warn!(%error, "the folder of attempts cannot be made");
        }
        let shared = Shared {
            records,
            passed_env: environment,
            secrets,
            workspaces: KnownWorkspaces::default(),
            slots: Slots::new(config.max_parallel),
            http: http::Client::new(config.proxies, config.egress.clone(), config.names.clone()),
            containers: Arc::new(ContainerEngine::new(config.containers.socket.clone())),
            attempts: Mutex::default(),
            adopted,
            config,
            blobs,
            reports,
        };
        Arc::new(Self { shared: Arc::new(shared) })
    }

    /// The attempts that it has and those whose outcome was not forgotten yet.
    pub(crate) fn known(&self) -> Vec<AttemptId> {
        self.shared.attempts().keys().cloned().collect()
    }

    /// How many attempts are under way.
    pub(crate) fn live(&self) -> usize {
        self.shared.attempts().values().filter(|known| matches!(known, Known::Live(_))).count()
    }

    /// Ends all attempts, because nobody drives them; they are lost.
    pub(crate) fn abandon_all(&self) {
        for known in self.shared.attempts().values() {
            if let Known::Live(stop) = known {
                stop.abandon();
            }
        }
    }

    /// As [`Worker::attach`]; `why` says what has become of who looked after it before.
    pub(crate) async fn attach_because(&self, id: AttemptId, why: &str) -> Attached {
        if matches!(self.shared.attempts().get(&id), Some(Known::Live(_))) {
            return Attached::Running;
        }
        let (records, wanted) = (self.shared.records.clone(), id.clone());
        let found = spawn_blocking(move || -> io::Result<_> {
            let Some(record) = records.find(&wanted)? else { return Ok(None) };
            let outcome = record.outcome()?;
            let container = record.container()?.filter(|_| record.is_of_this_boot());
            Ok(Some((record, outcome, container)))
        });
        match found.await.unwrap_or_else(|gone| Err(gone.into())) {
            Ok(None) => Attached::NeverStarted,
            Ok(Some((_, Some(outcome), _))) => {
                self.shared.attempts().insert(id.clone(), Known::Settled);
                let reports = self.shared.reports.clone();
                tokio::spawn(async move { reports.send(Report::Finished { id, outcome }).await });
                Attached::Running
            }
            Ok(Some((record, None, Some(note)))) => {
                let stop = Stop::default();
                self.shared.attempts().insert(id.clone(), Known::Live(stop.clone()));
                let (shared, of_it) = (self.shared.clone(), stop.clone());
                let work = async move {
                    let outcome = attempt::look_after(&shared, &record, &note, &of_it).await;
                    (outcome, Some(record))
                };
                tokio::spawn(see_through(self.shared.clone(), id, work, stop));
                Attached::Running
            }
            Ok(Some((record, None, None))) => {
                let outcome = self.shared.end_what_is_left(&id, &record, why).await;
                self.shared.settle(&id, Some(record), &outcome).await;
                Attached::Lost
            }
            Err(error) => {
                // Whether it began cannot be told, so it must not begin again.
                tracing::error!(%id, %error, "the record of an attempt cannot be read");
                Attached::Lost
            }
        }
    }

    /// Tells what somebody else found out.
    pub(crate) async fn report(&self, report: Report) {
        let _ = self.shared.reports.send(report).await;
    }
}

#[async_trait]
impl Worker for LocalWorker {
    async fn start(&self, spec: AttemptSpec) {
        let stop = Stop::default();
        {
            let mut attempts = self.shared.attempts();
            if attempts.contains_key(&spec.id) {
                return;
            }
            attempts.insert(spec.id.clone(), Known::Live(stop.clone()));
        }
        let turn = Turn::queue(&self.shared.slots, &spec.work).await;
        let (shared, id, of_it) = (self.shared.clone(), spec.id.clone(), stop.clone());
        let work = async move { attempt::carry_out(&shared, &spec, turn, &of_it).await };
        tokio::spawn(see_through(self.shared.clone(), id, work, stop));
    }

    async fn attach(&self, id: AttemptId) -> Attached {
        self.attach_because(id, "the engine was restarted").await
    }

    async fn cancel(&self, id: AttemptId) {
        if let Some(Known::Live(stop)) = self.shared.attempts().get(&id) {
            stop.cancel();
        }
    }

    async fn forget_others(&self, open: &BTreeSet<AttemptId>) {
        self.forget_records_but(open).await;
    }

    async fn cancel_all(&self) {
        for known in self.shared.attempts().values() {
            if let Known::Live(stop) = known {
                stop.cancel();
            }
        }
    }

    async fn forget(&self, id: &AttemptId) {
        {
            let mut attempts = self.shared.attempts();
            if matches!(attempts.get(id), Some(Known::Live(_))) {
                tracing::error!(%id, "a live attempt was to be forgotten");
                return;
            }
            attempts.remove(id);
        }
        if let Err(error) = self.shared.records.forget(id).await {
            tracing::warn!(%id, %error, "the record of an attempt cannot be removed");
        }
    }
}

impl LocalWorker {
    /// Removes the records of all attempts but those that are named, and those that this process has.
    pub(crate) async fn forget_records_but(&self, open: impl IntoIterator<Item = &AttemptId>) {
        let mut kept: BTreeSet<String> = open.into_iter().map(ToString::to_string).collect();
        kept.extend(self.shared.attempts().keys().map(ToString::to_string));
        let swept_but = kept.clone();
        let records = self.shared.records.clone();
        let forgotten = spawn_blocking(move || records.forget_others(&kept)).await;
        if let Ok(Err(error)) = forgotten {
            tracing::warn!(%error, "what earlier attempts left cannot be removed");
        }
        let (containers, config) = (self.shared.containers.clone(), &self.shared.config);
        container::sweep(containers, config.data.clone(), swept_but, config.clock.now());
    }
}

/// Carries an attempt out and reports its outcome, come what may.
async fn see_through(
    shared: Arc<Shared>,
    id: AttemptId,
    work: impl Future<Output = (Outcome, Option<AttemptRecord>)> + Send + 'static,
    stop: Stop,
) {
    let (outcome, record) = match tokio::spawn(work).await {
        Ok((outcome, record)) => (Some(outcome), record),
        // A panic of ours. What it left behind is found as if the engine had been killed.
        Err(_) => (None, None),
    };
    let record = match record {
        Some(record) => Some(record),
        None => {
            let (records, wanted) = (shared.records.clone(), id.clone());
            spawn_blocking(move || records.find(&wanted)).await.map_or(None, |found| found.ok().flatten())
        }
    };
    let outcome = match (outcome, &record) {
        (Some(Outcome::Cancelled { result }), _) if stop.is_abandoned() => {
            let error = Failure::new(FailureKind::Lost, format!("{ABANDONED}, so the step was ended"));
            Outcome::Failed { error, result }
        }
        (Some(outcome), _) => outcome,
        (None, Some(record)) => shared.end_what_is_left(&id, record, "the worker has failed").await,
        (None, None) => lost("the worker failed before the attempt began".to_owned()),
    };
    shared.settle(&id, record, &outcome).await;
    let _ = shared.reports.send(Report::Finished { id, outcome }).await;
}

impl Shared {
    fn attempts(&self) -> MutexGuard<'_, HashMap<AttemptId, Known>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes of log an attempt may write: what it is allowed, and what is left of what its run is.
    pub(crate) async fn log_limit(&self, spec: &AttemptSpec) -> u64 {
        let own = self.config.limits.log.of(spec.limits.log);
        let Some(of_run) = spec.limits.run_log else { return own };
        let used = self.blobs.size_of_logs(spec.id.run).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what a run has written cannot be told");
            0
        });
        own.min(of_run.saturating_sub(used).max(LAST_LOG))
    }

    /// What a step kind may use.
    pub(crate) fn context<'a>(
        &'a self,
        spec: &'a AttemptSpec,
        record: &'a AttemptRecord,
        known: Values,
    ) -> Context<'a> {
        Context {
            spec,
            config: &self.config,
            passed_env: &self.passed_env,
            workspaces: &self.workspaces,
            blobs: self.blobs.as_ref(),
            record,
            http: &self.http,
            containers: &self.containers,
            adopted: self.adopted.as_ref(),
            known,
            used: Mutex::default(),
            caches: Mutex::default(),
        }
    }

    /// The outcome of an attempt that began before this worker did.
    pub(crate) async fn what_became_of(&self, id: &AttemptId, record: AttemptRecord, stop: &Stop) -> Outcome {
        let known = {
            let record = record.clone();
            spawn_blocking(move || Ok::<_, io::Error>((record.outcome()?, record.container()?))).await
        };
        match known {
            Ok(Ok((Some(outcome), _))) => outcome,
            Ok(Ok((None, Some(note)))) if record.is_of_this_boot() => {
                attempt::look_after(self, &record, &note, stop).await
            }
            _ => self.end_what_is_left(id, &record, "the engine was restarted").await,
        }
    }

    /// Ends whatever lives of an attempt that nobody looked after, and closes its log.
    async fn end_what_is_left(&self, id: &AttemptId, record: &AttemptRecord, why: &str) -> Outcome {
        // Of another boot of the machine it does not run, and is still there.
        container::remove_of(&self.containers, &self.config.data, id).await;
        let why = if record.is_of_this_boot() {
            let (record, name) = (record.clone(), id.to_string());
            let end = move || {
                // Without the noted process, the mark alone has to do.
                let leader = record.process().unwrap_or_default();
                let groups = record.groups().unwrap_or_default();
                let groups = (!groups.is_empty()).then(|| Arc::new(ControlGroup::left_behind(groups)));
                ProcessTree::left_behind(&name, leader).in_groups(groups.clone()).end(LOST_GRACE);
                if let Some(groups) = groups {
                    groups.remove();
                }
            };
            let _ = spawn_blocking(end).await;
            format!("{why}; this attempt was ended")
        } else {
            "the machine was restarted; this attempt was ended by that".to_owned()
        };
        match self.blobs.log_writer(id, self.config.limits.log.most).await {
            Ok(writer) => {
                let mut log = AttemptLog::new(writer, self.config.clock.clone());
                log.say(&why).await;
                log.finish().await;
            }
            Err(error) => tracing::warn!(%id, %error, "the log of a lost attempt cannot be closed"),
        }
        lost(format!("{why}, and nobody knows how far it had come"))
    }

    /// Keeps the outcome until it is forgotten.
    async fn settle(&self, id: &AttemptId, record: Option<AttemptRecord>, outcome: &Outcome) {
        if let Some(Err(error)) = record.map(|record| record.note_outcome(outcome)) {
            tracing::warn!(%id, %error, "the outcome of an attempt cannot be noted");
        }
        self.attempts().insert(id.clone(), Known::Settled);
    }
}

pub(crate) fn lost(message: String) -> Outcome {
    Outcome::Failed { error: Failure::new(FailureKind::Lost, message), result: RawResult::default() }
}

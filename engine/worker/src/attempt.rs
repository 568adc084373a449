//! One attempt, from its turn to its outcome, whatever its kind.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, MaybeDone, maybe_done};
use loopline_core::command::{AttemptSpec, Work};
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_core::text::Text;
use loopline_ports::blobs::Blobs;
use loopline_ports::worker::Report;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::adopted::Adopted;
use crate::attempt_log::AttemptLog;
use crate::attempt_record::{AttemptRecord, Begun};
use crate::config::WorkerConfig;
use crate::container::{ContainerEngine, ContainerNote};
use crate::environment::Environment;
use crate::local::Shared;
use crate::mask::Secrets;
use crate::secrets::Values;
use crate::shell::Script;
use crate::stop::Stop;
use crate::workspace::KnownWorkspaces;
use crate::{container, files, http, shell, workspace};

/// What a step kind may use.
pub(crate) struct Context<'a> {
    pub(crate) spec: &'a AttemptSpec,
    pub(crate) config: &'a WorkerConfig,
    pub(crate) passed_env: &'a Environment,
    pub(crate) workspaces: &'a KnownWorkspaces,
    pub(crate) blobs: &'a dyn Blobs,
    pub(crate) record: &'a AttemptRecord,
    pub(crate) http: &'a http::Client,
    pub(crate) containers: &'a Arc<ContainerEngine>,
    pub(crate) adopted: Option<&'a Arc<Adopted>>,
    /// The values of the secrets that it may see, and of those that it must not show.
    pub(crate) known: Values,
    /// Those that were put in so far.
    pub(crate) used: Mutex<BTreeSet<String>>,
    /// Caches that were not there when the attempt began.
    pub(crate) caches: Mutex<Vec<files::ToKeep>>,
}

impl Context<'_> {
    /// Has a value masked from now on.
    pub(crate) fn hide(&self, value: &str) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(value.to_owned());
    }

    /// How many bytes of outputs it may write.
    pub(crate) fn output_limit(&self) -> u64 {
        self.config.limits.output.of(self.spec.limits.output)
    }

    /// Has caches kept once the step has succeeded.
    pub(crate) fn keep_caches(&self, caches: Vec<files::ToKeep>) {
        *self.caches.lock().unwrap_or_else(PoisonError::into_inner) = caches;
    }

    /// The caches that are to be kept.
    pub(crate) fn caches_to_keep(&self) -> Vec<files::ToKeep> {
        std::mem::take(&mut *self.caches.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The secrets that must not be shown from now on.
    pub(crate) fn secrets(&self) -> Secrets {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        Secrets::new(used.iter().chain(self.known.values()).map(String::as_str))
    }
}

/// The wait for a permit, and then the permit.
type Wait = Pin<Box<MaybeDone<BoxFuture<'static, Option<OwnedSemaphorePermit>>>>>;

/// The places that processes share.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    /// To be made ready: one more than may run, so that the next is ready when one ends.
    ready: Arc<Semaphore>,
    /// To run.
    running: Arc<Semaphore>,
}

impl Slots {
    /// Places for so many processes.
    pub(crate) fn new(max_parallel: usize) -> Self {
        let running = max_parallel.max(1);
        Self {
            ready: Arc::new(Semaphore::new(running + running.div_ceil(2))),
            running: Arc::new(Semaphore::new(running)),
        }
    }
}

/// A place in the queue. Requests need none.
pub(crate) struct Turn {
    ready: Wait,
    running: Option<Arc<Semaphore>>,
}

impl Turn {
    /// Takes a place in the queue. When this returns, the place is taken.
    pub(crate) async fn queue(slots: &Slots, work: &Work) -> Self {
        match work {
            Work::Shell { .. } | Work::Container(_) => {
                Self { ready: wait_for(slots.ready.clone()).await, running: Some(slots.running.clone()) }
            }
            Work::Http(_) => Self { ready: Box::pin(maybe_done(std::future::ready(None).boxed())), running: None },
        }
    }
}

/// Takes a place among those who wait. When this returns, the place is taken.
async fn wait_for(permits: Arc<Semaphore>) -> Wait {
    let mut wait: Wait = Box::pin(maybe_done(async { permits.acquire_owned().await.ok() }.boxed()));
    // A place is taken by asking once, not by waiting.
    let _ = futures::poll!(wait.as_mut());
    wait
}

/// The right to have a process, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    _permits: [Option<OwnedSemaphorePermit>; 2],
}

/// Carries an attempt out. An attempt that began before is not begun again: what became of it is its outcome. Its record
/// comes along, if it is at hand.
pub(crate) async fn carry_out(
    shared: &Shared,
    spec: &AttemptSpec,
    mut turn: Turn,
    stop: &Stop,
) -> (Outcome, Option<AttemptRecord>) {
    let cancelled = || Outcome::Cancelled { result: RawResult::default() };
    tokio::select! {
        biased;
        () = stop.wished().cancelled() => return (cancelled(), None),
        () = turn.ready.as_mut() => {}
    }
    let ready = turn.ready.as_mut().take_output().flatten();
    // The turn to run is in the order of asking too; what follows is done meanwhile.
    let running = match turn.running.take() {
        Some(running) => Some(wait_for(running).await),
        None => None,
    };
    let record = match shared.records.begin(&spec.id).await {
        Ok(Begun::New(record)) => record,
        Ok(Begun::Before(record)) => {
            let outcome = shared.what_became_of(&spec.id, record.clone(), stop).await;
            return (outcome, Some(record));
        }
        Err(error) => return (refused(format!("the attempt could not be noted on disk: {error}")), None),
    };
    let limit = shared.log_limit(spec).await;
    let mut log = match shared.blobs.new_log(&spec.id, limit).await {
        Ok(writer) => AttemptLog::new(writer, shared.config.clock.clone()),
        Err(error) => return (refused(error.to_string()), Some(record)),
    };
    let known = tokio::select! {
        biased;
        () = stop.wished().cancelled() => {
            log.finish().await;
            return (cancelled(), Some(record));
        }
        known = shared.secrets.values_of(spec) => known,
    };
    let known = match known {
        Ok(known) => known,
        Err(error) => {
            log.say(&error.message).await;
            log.finish().await;
            return (Outcome::Failed { error, result: RawResult::default() }, Some(record));
        }
    };
    let mut allowed = None;
    if let Some(mut running) = running {
        tokio::select! {
            biased;
            () = stop.wished().cancelled() => {
                log.finish().await;
                return (cancelled(), Some(record));
            }
            () = running.as_mut() => {}
        }
        allowed = running.as_mut().take_output().flatten();
    }
    let slot = Slot { _permits: [ready, allowed] };
    // Nobody listens any more when the engine is shutting down; the outcome is found again when it comes back.
    let _ = shared.reports.send(Report::Started { id: spec.id.clone() }).await;
    let context = shared.context(spec, &record, known);
    if let Err(outcome) = files::bring(&context, &mut log, stop).await {
        workspace::remove_own(spec, &record).await;
        log.finish().await;
        return (outcome, Some(record));
    }
    let (outcome, log) = match &spec.work {
        Work::Shell { shell, script, working_dir } => {
            let script = Script { shell, text: script, working_dir: working_dir.as_deref() };
            match container::start_beside(&context, &mut log, stop).await {
                Ok(()) => {
                    let ended = shell::run(&context, script, log, slot, stop).await;
                    container::end_beside(&context).await;
                    ended
                }
                Err(outcome) => (outcome, log),
            }
        }
        Work::Http(work) => http::run(&context, work, log, stop.wished()).await,
        Work::Container(work) => container::run(&context, work, log, slot, stop).await,
    };
    workspace::remove_own(spec, &record).await;
    log.finish().await;
    (outcome, Some(record))
}

/// Looks after the container of an attempt that an engine before this one has begun.
pub(crate) async fn look_after(shared: &Shared, record: &AttemptRecord, note: &ContainerNote, stop: &Stop) -> Outcome {
    let ContainerNote { spec, began_at } = note;
    let limit = shared.log_limit(spec).await;
    let log = match shared.blobs.log_writer(&spec.id, limit).await {
        Ok(writer) => AttemptLog::new(writer, shared.config.clock.clone()),
        Err(error) => return refused(error.to_string()),
    };
    let Work::Container(work) = &spec.work else { return refused("its record is of another kind of work".to_owned()) };
    // Where they cannot be had, the container is ended: what it writes could not be shown.
    let known = shared.secrets.values_of(spec).await.unwrap_or_default();
    let (outcome, log) = container::attach(&shared.context(spec, record, known), work, *began_at, log, stop).await;
    workspace::remove_own(spec, record).await;
    log.finish().await;
    outcome
}

fn refused(message: String) -> Outcome {
    Outcome::Failed { error: Failure::new(FailureKind::Spawn, message), result: RawResult::default() }
}

/// Puts the secrets into a text. `place` says where it stands, for people.
pub(crate) fn resolve(context: &Context<'_>, place: &str, text: &Text) -> Result<String, Failure> {
    let known = |name: &str| {
        let value = context.known.get(name)?;
        context.hide(value);
        Some(value.clone())
    };
    text.resolve(known).map_err(|name| {
        Failure::new(
            FailureKind::Template,
            format!("{place} needs the secret `{name}`, which this engine does not have"),
        )
    })
}

//! Containers of steps, through the Docker Engine API that Docker and Podman speak.
//!
//! ```text
//! policy ──► image ──► request ──► start ──► watched ──► judged ──► removed
//!  may it?   pull      create                logs, end    exit code   by us, or else swept at the next start
//! ```
//!
//! The container engine is who knows a container: its name follows from the attempt, its labels say whose it is. So an
//! engine of ours that was killed finds it again ([`attach`]), and reads its output from the beginning: what stands in
//! the log already is left out, what expressions read is whole. While the container engine is away, the step waits.
//!
//! Nothing here ever runs a step on the host instead.

mod ended;
mod engine;
mod followed;
mod image;
mod labels;
mod note;
mod policy;
mod prepared;
mod removal;
mod request;
mod services;
mod sweep;
mod watched;

pub(crate) use engine::ContainerEngine;
pub use engine::{ContainerSocket, container_engine_version};
pub(crate) use note::ContainerNote;
pub use policy::{ContainerPolicy, ContainerRight};
pub(crate) use removal::remove_of;
pub(crate) use sweep::sweep;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loopline_core::command::ContainerWork;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_core::time::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use crate::attempt::{Context, Slot};
use crate::attempt_log::AttemptLog;
use crate::duration::spoken;
use crate::stop::Stop;
use prepared::Prepared;
use watched::Seen;

/// Runs a container. When this returns, it is gone, or will be as soon as the container engine is back.
pub(crate) async fn run(
    context: &Context<'_>,
    work: &ContainerWork,
    mut log: AttemptLog,
    slot: Slot,
    stop: &Stop,
) -> (Outcome, AttemptLog) {
    let began_at = context.config.clock.now();
    let deadline = deadline(context, began_at);
    let asked = AtomicBool::new(false);
    let ready = async {
        let prepared = Prepared::make(context, work).await?;
        prepared.note(context, began_at).await?;
        image::make_ready(context, &work.image, work.pull, work.registry_auth.as_ref(), &mut log).await?;
        let labels = labels::of_attempt(context.spec, &prepared.identity, began_at);
        services::fetch(context, &mut log).await?;
        asked.store(!context.spec.services.is_empty(), Ordering::Relaxed);
        let network = services::start(context, &labels, &mut log).await?;
        Ok((prepared, labels, network))
    };
    let ready = tokio::select! {
        biased;
        () = stop.wished().cancelled() => Err(Early::Cancelled),
        () = sleep_until(deadline) => Err(Early::TimedOut),
        ready = ready => ready.map_err(Early::Failed),
    };
    // What is being made cannot be called back: who gave up waiting would leave it behind.
    let made = match ready {
        Ok((prepared, labels, network)) => {
            asked.store(true, Ordering::Relaxed);
            let made = request::create(context, work, &prepared, labels, network).await;
            made.map(|()| prepared).map_err(Early::Failed)
        }
        Err(early) => Err(early),
    };
    match made {
        Ok(prepared) => {
            let watched = (Some(slot), deadline, Seen::Whole);
            watched::watch(context, &prepared, work, log, stop, watched).await
        }
        Err(early) => {
            let outcome = early.outcome(context);
            if asked.into_inner() {
                removal::clear(context).await;
            }
            if let Outcome::Failed { error, .. } = &outcome {
                log.say(&error.message).await;
            }
            (outcome, log)
        }
    }
}

/// Starts the containers that run beside a script. Once that is done, they are ended with [`end_beside`].
pub(crate) async fn start_beside(context: &Context<'_>, log: &mut AttemptLog, stop: &Stop) -> Result<(), Outcome> {
    if context.spec.services.is_empty() {
        return Ok(());
    }
    let began_at = context.config.clock.now();
    let asked = AtomicBool::new(false);
    let started = async {
        let data = context.config.data.clone();
        let identity = spawn_blocking(move || labels::identity(&data)).await.unwrap_or_else(|gone| Err(gone.into()));
        let identity = identity.map_err(|error| {
            Failure::new(FailureKind::Spawn, format!("the step's services could not be noted on disk: {error}"))
        })?;
        let labels = labels::of_attempt(context.spec, &identity, began_at);
        services::fetch(context, log).await?;
        asked.store(true, Ordering::Relaxed);
        services::start(context, &labels, log).await
    };
    let early = tokio::select! {
        biased;
        () = stop.wished().cancelled() => Early::Cancelled,
        () = sleep_until(deadline(context, began_at)) => Early::TimedOut,
        started = started => match started {
            Ok(_) => return Ok(()),
            Err(failure) => Early::Failed(failure),
        },
    };
    if asked.into_inner() {
        removal::clear(context).await;
    }
    let outcome = early.outcome(context);
    if let Outcome::Failed { error, .. } = &outcome {
        log.say(&error.message).await;
    }
    Err(outcome)
}

/// Ends them.
pub(crate) async fn end_beside(context: &Context<'_>) {
    if !context.spec.services.is_empty() {
        removal::clear(context).await;
    }
}

/// Looks after a container that an engine before this one has started.
pub(crate) async fn attach(
    context: &Context<'_>,
    work: &ContainerWork,
    began_at: Timestamp,
    log: AttemptLog,
    stop: &Stop,
) -> (Outcome, AttemptLog) {
    let deadline = deadline(context, began_at);
    // Without the secrets, what it writes could not be shown.
    let prepared = match Prepared::again(context).await {
        Ok(prepared) => prepared,
        Err(error) => return removal::end_unseen(context, error, log).await,
    };
    watched::watch(context, &prepared, work, log, stop, (None, deadline, Seen::InPart)).await
}

/// When the attempt's time is over.
fn deadline(context: &Context<'_>, began_at: Timestamp) -> Instant {
    let gone = context.config.clock.now().0.saturating_sub(began_at.0).max(0).unsigned_abs();
    Instant::now() + Duration::from_millis(context.spec.timeout_ms.saturating_sub(gone))
}

/// Why a container was never started.
enum Early {
    Cancelled,
    TimedOut,
    Failed(Failure),
}

impl Early {
    fn outcome(self, context: &Context<'_>) -> Outcome {
        let mut error = match self {
            Self::Cancelled => return cancelled(),
            Self::TimedOut => {
                let time = spoken(context.spec.timeout_ms);
                let message =
                    format!("the containers of the step were not ready to start within the step's timeout of {time}");
                Failure::new(FailureKind::Timeout, message)
            }
            Self::Failed(failure) => failure,
        };
        error.message = context.secrets().mask(&error.message);
        Outcome::Failed { error, result: RawResult::default() }
    }
}

fn cancelled() -> Outcome {
    Outcome::Cancelled { result: RawResult::default() }
}

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
mod sweep;
mod watched;

pub(crate) use engine::ContainerEngine;
pub use engine::ContainerSocket;
pub(crate) use note::ContainerNote;
pub use policy::{ContainerPolicy, ContainerRight};
pub(crate) use removal::remove_of;
pub(crate) use sweep::sweep;

use std::time::Duration;

use loopline_core::command::ContainerWork;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_core::time::Timestamp;
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
    let ready = async {
        let prepared = Prepared::make(context, work).await?;
        prepared.note(context, began_at).await?;
        image::make_ready(context, &work.image, work.pull, work.registry_auth.as_ref(), &mut log).await?;
        let labels = labels::of_attempt(context.spec, &prepared.identity, began_at);
        request::create(context, work, &prepared, labels).await?;
        Ok(prepared)
    };
    let ready = tokio::select! {
        biased;
        () = stop.wished().cancelled() => Err(Early::Cancelled),
        () = sleep_until(deadline) => Err(Early::TimedOut),
        ready = ready => ready.map_err(Early::Failed),
    };
    match ready {
        Ok(prepared) => {
            let watched = (Some(slot), deadline, Seen::Whole);
            watched::watch(context, &prepared, work, log, stop, watched).await
        }
        Err(early) => {
            let outcome = early.outcome(context);
            // What was asked for in the last moment may still come to be.
            removal::remove(context.containers, &labels::name(&context.spec.id)).await;
            if let Outcome::Failed { error, .. } = &outcome {
                log.say(&error.message).await;
            }
            (outcome, log)
        }
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
                let message = format!("the container was not ready to start within the step's timeout of {time}");
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

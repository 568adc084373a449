//! Removes containers, now or as soon as the container engine is there.

use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::RemoveContainerOptions;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use tokio::task::spawn_blocking;

use super::engine::{ContainerEngine, Trouble};
use super::labels;
use crate::attempt::Context;
use crate::attempt_log::AttemptLog;
use crate::attempt_record::AttemptRecord;

/// How soon, and at last how often, it is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// Ends the container and removes it with what it alone has. When this returns it is gone, or somebody keeps trying;
/// says whether it is gone.
pub(super) async fn remove(engine: &Arc<ContainerEngine>, name: &str) -> bool {
    let removed = try_to_remove(engine, name).await;
    if !removed {
        remove_soon(engine.clone(), name.to_owned());
    }
    removed
}

/// Removes the container of an attempt that nobody looks after any more, if it has one.
pub(crate) async fn remove_of(engine: &Arc<ContainerEngine>, id: &AttemptId, record: &AttemptRecord) {
    let record = record.clone();
    let noted = spawn_blocking(move || record.container()).await;
    if matches!(noted, Ok(Ok(Some(_)))) {
        remove(engine, &labels::name(id)).await;
    }
}

/// Keeps trying until it is gone. What is left when this process ends is swept by the next one.
fn remove_soon(engine: Arc<ContainerEngine>, name: String) {
    tokio::spawn(async move {
        let mut pause = FIRST_PAUSE;
        while !try_to_remove(&engine, &name).await {
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(LAST_PAUSE);
        }
    });
}

async fn try_to_remove(engine: &ContainerEngine, name: &str) -> bool {
    let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
    let removed = async { Ok(engine.api().await?.docker.remove_container(name, Some(options)).await?) };
    match removed.await {
        Ok(()) | Err(Trouble::NotFound(_)) => true,
        Err(Trouble::Away(_)) if engine.socket().is_none() => true,
        Err(trouble) => {
            tracing::debug!(name, ?trouble, "a container cannot be removed yet");
            false
        }
    }
}

/// Ends a container whose output could not be shown any more.
pub(super) async fn end_unseen(context: &Context<'_>, why: Failure, mut log: AttemptLog) -> (Outcome, AttemptLog) {
    remove(context.containers, &labels::name(&context.spec.id)).await;
    let message = format!("the container could not be looked after any more, and was ended: {}", why.message);
    log.say(&message).await;
    let error = Failure::new(FailureKind::Lost, message);
    (Outcome::Failed { error, result: RawResult::default() }, log)
}

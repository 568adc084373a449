//! Removes what attempts have with the container engine, now or as soon as that is there.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::{ListContainersOptions, ListNetworksOptions, RemoveContainerOptions};
use loopline_core::id::AttemptId;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use tokio::task::spawn_blocking;

use super::engine::{ContainerEngine, Trouble};
use super::labels;
use crate::attempt::Context;
use crate::attempt_log::AttemptLog;

/// How soon, and at last how often, it is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// What is removed, with what it alone has.
#[derive(Debug, Clone)]
pub(super) enum Left {
    /// The container of this name or id, be it running.
    Container(String),
    /// The network of this id, which nothing is on.
    Network(String),
    /// All that belongs to this attempt.
    Attempt(String),
}

/// Removes all that this attempt has. When this returns it is gone, or somebody keeps trying; says whether it is gone.
pub(super) async fn clear(context: &Context<'_>) -> bool {
    let id = &context.spec.id;
    let left = match context.spec.services.is_empty() {
        true => Left::Container(labels::name(id)),
        false => Left::Attempt(id.to_string()),
    };
    remove(context.containers, left).await
}

/// Removes what is left of an attempt that nobody looks after any more, if this folder of data ever had a container.
pub(crate) async fn remove_of(engine: &Arc<ContainerEngine>, data: &Path, id: &AttemptId) {
    let data = data.to_owned();
    let known = spawn_blocking(move || labels::known_identity(&data)).await;
    if matches!(known, Ok(Ok(Some(_)))) {
        remove(engine, Left::Attempt(id.to_string())).await;
    }
}

/// When this returns it is gone, or somebody keeps trying until it is; says whether it is gone. What is left when this
/// process ends is swept by the next one.
pub(super) async fn remove(engine: &Arc<ContainerEngine>, left: Left) -> bool {
    let removed = try_to_remove(engine, &left).await;
    if !removed {
        let engine = engine.clone();
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            while !try_to_remove(&engine, &left).await {
                tokio::time::sleep(pause).await;
                pause = (2 * pause).min(LAST_PAUSE);
            }
        });
    }
    removed
}

async fn try_to_remove(engine: &ContainerEngine, left: &Left) -> bool {
    let removed = match left {
        Left::Container(name) => remove_container(engine, name).await,
        Left::Network(id) => remove_network(engine, id).await,
        Left::Attempt(id) => remove_attempt(engine, id).await,
    };
    match removed {
        Ok(()) | Err(Trouble::NotFound(_)) => true,
        Err(Trouble::Away(_)) if engine.socket().is_none() => true,
        Err(trouble) => {
            tracing::debug!(?left, ?trouble, "it cannot be removed yet");
            false
        }
    }
}

async fn remove_container(engine: &ContainerEngine, name: &str) -> Result<(), Trouble> {
    let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
    Ok(engine.api().await?.docker.remove_container(name, Some(options)).await?)
}

async fn remove_network(engine: &ContainerEngine, id: &str) -> Result<(), Trouble> {
    Ok(engine.api().await?.docker.remove_network(id).await?)
}

async fn remove_attempt(engine: &ContainerEngine, attempt: &str) -> Result<(), Trouble> {
    let docker = engine.api().await?.docker;
    let its = HashMap::from([("label".to_owned(), vec![format!("{}={attempt}", labels::ATTEMPT)])]);
    let options = ListContainersOptions { all: true, filters: Some(its.clone()), ..ListContainersOptions::default() };
    for container in docker.list_containers(Some(options)).await? {
        gone(remove_container(engine, &container.id.unwrap_or_default()).await)?;
    }
    for network in docker.list_networks(Some(ListNetworksOptions { filters: Some(its) })).await? {
        gone(remove_network(engine, &network.id.unwrap_or_default()).await)?;
    }
    Ok(())
}

/// What somebody else has removed is gone too.
fn gone(removed: Result<(), Trouble>) -> Result<(), Trouble> {
    match removed {
        Err(Trouble::NotFound(_)) => Ok(()),
        removed => removed,
    }
}

/// Ends a container whose output could not be shown any more.
pub(super) async fn end_unseen(context: &Context<'_>, why: Failure, mut log: AttemptLog) -> (Outcome, AttemptLog) {
    clear(context).await;
    let message = format!("the container could not be looked after any more, and was ended: {}", why.message);
    log.say(&message).await;
    let error = Failure::new(FailureKind::Lost, message);
    (Outcome::Failed { error, result: RawResult::default() }, log)
}

//! Removes what earlier engines of this folder of data have left with the container engine.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::{ListContainersOptions, ListNetworksOptions};
use loopline_core::time::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::engine::{ContainerEngine, Trouble};
use super::labels::{self, ATTEMPT, BEGAN, DATA};
use super::removal::{Left, remove};

/// How soon, and at last how often, a container engine that is away is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// Removes, as soon as it can, all that was made before `now` for attempts other than these. A folder of data that has
/// never had a container asks nobody.
pub(crate) fn sweep(engine: Arc<ContainerEngine>, data: PathBuf, kept: BTreeSet<String>, now: Timestamp) {
    tokio::spawn(async move {
        let known = spawn_blocking(move || labels::known_identity(&data)).await;
        let identity = match known {
            Ok(Ok(Some(identity))) => identity,
            Ok(Ok(None)) | Err(_) => return,
            Ok(Err(error)) => {
                return tracing::warn!(%error, "what earlier containers have left cannot be told");
            }
        };
        let mut pause = FIRST_PAUSE;
        while let Err(trouble) = try_to_sweep(&engine, &identity, &kept, now).await {
            tracing::debug!(?trouble, "what earlier containers have left cannot be removed yet");
            if engine.socket().is_none() {
                return;
            }
            sleep(pause).await;
            pause = (2 * pause).min(LAST_PAUSE);
        }
    });
}

async fn try_to_sweep(
    engine: &Arc<ContainerEngine>,
    identity: &str,
    kept: &BTreeSet<String>,
    now: Timestamp,
) -> Result<(), Trouble> {
    let api = engine.api().await?;
    let is_left = |labels: &HashMap<String, String>| {
        let began = labels.get(BEGAN).and_then(|began| began.parse::<i64>().ok());
        began.is_some_and(|began| began < now.0) && !labels.get(ATTEMPT).is_some_and(|attempt| kept.contains(attempt))
    };
    let ours = HashMap::from([("label".to_owned(), vec![format!("{DATA}={identity}")])]);
    let options = ListContainersOptions { all: true, filters: Some(ours.clone()), ..ListContainersOptions::default() };
    for container in api.docker.list_containers(Some(options)).await? {
        if let (Some(id), true) = (container.id, container.labels.as_ref().is_some_and(is_left)) {
            tracing::info!(name = ?container.names, "a container that was left behind is removed");
            remove(engine, Left::Container(id)).await;
        }
    }
    for network in api.docker.list_networks(Some(ListNetworksOptions { filters: Some(ours) })).await? {
        if let (Some(id), true) = (network.id, network.labels.as_ref().is_some_and(is_left)) {
            remove(engine, Left::Network(id)).await;
        }
    }
    Ok(())
}

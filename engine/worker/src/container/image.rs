//! Has the image there before the container is made, and says in the log how it comes.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptions;
use futures::TryStreamExt;
use loopline_core::command::WorkRegistryAuth;
use loopline_core::graph::PullPolicy;
use loopline_core::outcome::{Failure, FailureKind};
use tokio::time::Instant;

use super::engine::Trouble;
use crate::attempt::{Context, resolve};
use crate::attempt_log::AttemptLog;

/// How often the log says how far it is.
const SAID_EVERY: Duration = Duration::from_secs(5);

/// What Docker calls the registry that images without a host come from.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// When this returns, the image is there.
pub(super) async fn make_ready(
    context: &Context<'_>,
    image: &str,
    pull: PullPolicy,
    auth: Option<&WorkRegistryAuth>,
    log: &mut AttemptLog,
) -> Result<(), Failure> {
    let not_begun = |trouble| context.containers.failure("the container could not be started", trouble);
    let api = context.containers.api().await.map_err(not_begun)?;
    if pull != PullPolicy::Always {
        match api.docker.inspect_image(image).await.map_err(Trouble::from) {
            Ok(_) => return Ok(()),
            Err(Trouble::NotFound(_)) if pull == PullPolicy::Missing => {}
            Err(Trouble::NotFound(_)) => {
                return Err(no_image(format!("the image `{image}` is not here, and `pull: never` fetches none")));
            }
            Err(trouble) => return Err(not_begun(trouble)),
        }
    }
    let credentials = match auth {
        None => None,
        Some(WorkRegistryAuth { user, password }) => Some(DockerCredentials {
            username: Some(resolve(context, "`registry_auth.user`", user)?),
            password: Some(resolve(context, "`registry_auth.password`", password)?),
            serveraddress: Some(registry(image).unwrap_or(DOCKER_HUB).to_owned()),
            ..DockerCredentials::default()
        }),
    };
    log.say(&format!("pulling the image {image}")).await;
    let (name, tag) = name_and_tag(image);
    let options = CreateImageOptions {
        from_image: Some(name.to_owned()),
        tag: Some(tag.to_owned()),
        ..CreateImageOptions::default()
    };
    let mut told = api.docker.create_image(Some(options), None, credentials);
    let mut progress = Progress::begin();
    loop {
        match told.try_next().await.map_err(Trouble::from) {
            Ok(Some(info)) => {
                if let Some(line) = progress.hear(info, Instant::now()) {
                    log.say(&line).await;
                }
            }
            Ok(None) => break,
            Err(trouble @ Trouble::Away(_)) => return Err(not_begun(trouble)),
            Err(Trouble::NotFound(why) | Trouble::Refused(why)) => {
                return Err(no_image(format!("the image `{image}` could not be pulled: {why}")));
            }
        }
    }
    log.say(&format!("the image {image} is here")).await;
    Ok(())
}

fn no_image(message: String) -> Failure {
    Failure::new(FailureKind::Image, message)
}

/// What is known of the parts of an image that is on its way.
struct Progress {
    /// So far and in all, of each part.
    parts: BTreeMap<String, (i64, i64)>,
    said_at: Instant,
}

impl Progress {
    fn begin() -> Self {
        Self { parts: BTreeMap::new(), said_at: Instant::now() }
    }

    /// A line for the log, now and then.
    fn hear(&mut self, info: CreateImageInfo, now: Instant) -> Option<String> {
        // Unpacking begins to count anew; what counts for people is what has come.
        let loading = info.status.as_deref() == Some("Downloading");
        if let (true, Some(id), Some(detail)) = (loading, info.id, info.progress_detail) {
            self.parts.insert(id, (detail.current.unwrap_or_default(), detail.total.unwrap_or_default()));
        }
        if now.duration_since(self.said_at) < SAID_EVERY || self.parts.is_empty() {
            return None;
        }
        self.said_at = now;
        let (so_far, all) = self.parts.values().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        Some(format!("pulled {} of {} MiB so far", so_far / (1 << 20), all / (1 << 20)))
    }
}

/// Without a tag, the container engine would fetch all that there are.
fn name_and_tag(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (name, digest);
    }
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// The host that the image's name begins with.
fn registry(image: &str) -> Option<&str> {
    let (host, _) = image.split_once('/')?;
    (host.contains(['.', ':']) || host == "localhost").then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_are_taken_apart() {
        for (image, expect, host) in [
            ("rust", ("rust", "latest"), None),
            ("rust:1.95", ("rust", "1.95"), None),
            ("team/tool:1", ("team/tool", "1"), None),
            ("localhost:5000/tool", ("localhost:5000/tool", "latest"), Some("localhost:5000")),
            ("localhost:5000/tool:2", ("localhost:5000/tool", "2"), Some("localhost:5000")),
            ("ghcr.io/a/b@sha256:12", ("ghcr.io/a/b", "sha256:12"), Some("ghcr.io")),
        ] {
            assert_eq!((name_and_tag(image), registry(image)), (expect, host), "{image}");
        }
    }

    #[test]
    fn progress_is_said_now_and_then() {
        let mut progress = Progress::begin();
        let begun = progress.said_at;
        let part = |id: &str, status: &str, current: i64| CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: Some(bollard::models::ProgressDetail {
                current: Some(current << 20),
                total: Some(10 << 20),
            }),
            ..CreateImageInfo::default()
        };
        assert_eq!(progress.hear(part("a", "Downloading", 2), begun), None, "too soon");
        let later = begun + SAID_EVERY;
        let said = progress.hear(part("b", "Downloading", 3), later);
        assert_eq!(said.as_deref(), Some("pulled 5 of 20 MiB so far"));
        assert_eq!(progress.hear(part("a", "Extracting", 1), later + SAID_EVERY).as_deref(), said.as_deref());
    }
}

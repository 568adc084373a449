//! The container engine behind its socket, and what can be wrong with it.

use std::path::{Path, PathBuf};

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};
use loopline_core::outcome::{Failure, FailureKind};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// Where it listens unless `DOCKER_HOST` says something else.
const USUAL_SOCKET: &str = "/var/run/docker.sock";

/// It may copy a large image before it answers. Whoever waits can be called off at any time.
const ANSWERS_SECONDS: u64 = 600;

/// Where the container engine listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerSocket {
    /// A socket of this machine.
    Path(PathBuf),
    /// What `DOCKER_HOST` names, which is none.
    Unusable(String),
}

impl ContainerSocket {
    /// What a value of `DOCKER_HOST` names.
    pub fn from_docker_host(host: Option<&str>) -> Self {
        match host.filter(|host| !host.is_empty()) {
            None => Self::Path(USUAL_SOCKET.into()),
            Some(host) => match host.strip_prefix("unix://").unwrap_or(host) {
                path if path.starts_with('/') => Self::Path(path.into()),
                _ => Self::Unusable(host.to_owned()),
            },
        }
    }
}

/// What the container engine can do.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) docker: Docker,
    /// It has a first process of its own for containers, which passes signals on.
    pub(super) has_init: bool,
    /// How it keeps output, as it was written and all of it.
    pub(super) log_driver: &'static str,
}

/// Speaks to the container engine. Asks what it can do once.
pub(crate) struct ContainerEngine {
    socket: ContainerSocket,
    api: Mutex<Option<Api>>,
}

/// Why it did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It cannot be reached, or went away meanwhile.
    Away(String),
    /// It has no such thing.
    NotFound(String),
    /// It said no.
    Refused(String),
}

impl ContainerEngine {
    /// The one behind this socket, which need not be there yet.
    pub(crate) fn new(socket: ContainerSocket) -> Self {
        Self { socket, api: Mutex::default() }
    }

    pub(super) fn socket(&self) -> Option<&Path> {
        match &self.socket {
            ContainerSocket::Path(path) => Some(path),
            ContainerSocket::Unusable(_) => None,
        }
    }

    /// Where it was looked for, for people.
    pub(super) fn place(&self) -> String {
        match &self.socket {
            ContainerSocket::Path(path) => path.display().to_string(),
            ContainerSocket::Unusable(host) => host.clone(),
        }
    }

    pub(super) async fn api(&self) -> Result<Api, Trouble> {
        let mut known = self.api.lock().await;
        if let Some(api) = &*known {
            return Ok(api.clone());
        }
        let ContainerSocket::Path(path) = &self.socket else {
            return Err(Trouble::Away("only a socket of this machine can be used, written unix:///path".to_owned()));
        };
        let docker = Docker::connect_with_unix(&path.to_string_lossy(), ANSWERS_SECONDS, API_DEFAULT_VERSION)?;
        let docker = docker.negotiate_version().await?;
        let info = docker.info().await?;
        let has_init = info.init_binary.is_some_and(|binary| !binary.is_empty())
            && info.init_commit.and_then(|commit| commit.id).is_none_or(|id| id != "N/A");
        let drivers = info.plugins.and_then(|plugins| plugins.log).unwrap_or_default();
        let log_driver = if drivers.iter().any(|driver| driver == "local") { "local" } else { "json-file" };
        Ok(known.insert(Api { docker, has_init, log_driver }).clone())
    }

    /// What answers there, by name and version; or why nothing does.
    async fn version(&self) -> Result<String, Trouble> {
        let version = self.api().await?.docker.version().await?;
        let name = version.platform.map(|platform| platform.name).filter(|name| !name.is_empty());
        let number = version.version.unwrap_or_default();
        Ok(format!("{} {number}", name.as_deref().unwrap_or("Docker")).trim_end().to_owned())
    }

    /// The failure of a step that could not be begun because of this.
    pub(super) fn failure(&self, doing: &str, trouble: Trouble) -> Failure {
        let message = match trouble {
            Trouble::Away(why) => format!(
                "{doing}: no container engine answers at {} ({why}); start Docker, or Podman's socket, or name another one in DOCKER_HOST",
                self.place()
            ),
            Trouble::NotFound(why) | Trouble::Refused(why) => format!("{doing}: {why}"),
        };
        Failure::new(FailureKind::Spawn, message)
    }
}

/// The container engine that steps of this machine would be given, by name and version.
///
/// # Errors
/// Why none answers, with the address that was asked.
pub async fn container_engine_version(socket: ContainerSocket) -> Result<String, String> {
    let engine = ContainerEngine::new(socket);
    engine.version().await.map_err(|trouble| match trouble {
        Trouble::Away(why) | Trouble::NotFound(why) | Trouble::Refused(why) => format!("{}: {why}", engine.place()),
    })
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::DockerResponseServerError { status_code: 404, message } => Self::NotFound(message),
            Error::DockerResponseServerError { message, .. } => Self::Refused(message),
            Error::DockerStreamError { error } => Self::Refused(error),
            Error::SocketNotFoundError(path) => Self::Away(format!("there is no {path}")),
            error => Self::Away(told_in_full(&error)),
        }
    }
}

/// An error with what lies behind it: the outermost of a connection says next to nothing.
fn told_in_full(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        let more = error.to_string();
        if !told.contains(&more) {
            told = format!("{told}: {more}");
        }
        behind = error.source();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sockets_of_this_machine_are_used() {
        for (host, expect) in [
            (None, Some("/var/run/docker.sock")),
            (Some(""), Some("/var/run/docker.sock")),
            (Some("unix:///run/user/1000/docker.sock"), Some("/run/user/1000/docker.sock")),
            (Some("/run/podman/podman.sock"), Some("/run/podman/podman.sock")),
            (Some("tcp://10.0.0.1:2375"), None),
            (Some("ssh://build@host"), None),
            (Some("unix://relative"), None),
        ] {
            let expect = match expect {
                Some(path) => ContainerSocket::Path(path.into()),
                None => ContainerSocket::Unusable(host.unwrap_or_default().to_owned()),
            };
            assert_eq!(ContainerSocket::from_docker_host(host), expect, "{host:?}");
        }
    }
}

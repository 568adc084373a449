//! The container engine, which only container steps need.

use std::time::Duration;

use loopline_worker::{ContainerSocket, container_engine_version};
use tokio::time::timeout;

use super::Finding;

const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

pub async fn examine() -> Finding {
    let host = std::env::var("DOCKER_HOST").ok();
    of_socket(ContainerSocket::from_docker_host(host.as_deref())).await
}

async fn of_socket(socket: ContainerSocket) -> Finding {
    let says = match timeout(ANSWERS_WITHIN, container_engine_version(socket)).await {
        Ok(Ok(version)) => return Finding::good("containers", format!("{version} answers")),
        Ok(Err(why)) => why,
        Err(_) => format!("the container engine said nothing for {} s", ANSWERS_WITHIN.as_secs()),
    };
    let fix = if says.contains("ermission denied") {
        "add yourself to the group of the socket and log in again: sudo usermod -aG docker $USER"
    } else {
        "start Docker, or Podman's socket, or name another one in DOCKER_HOST"
    };
    Finding::warning("containers", format!("container steps will fail: {says}"), fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[tokio::test]
    async fn without_one_only_container_steps_fail() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("none.sock");
        let finding = of_socket(ContainerSocket::Path(socket.clone())).await;
        assert_eq!(finding.verdict, Verdict::Warning);
        assert!(finding.says.contains(&socket.display().to_string()), "{finding:?}");
    }
}

//! What containers of steps may be given of the worker's machine. Nothing, unless whoever runs the engine says so.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use loopline_core::command::ContainerWork;
use loopline_core::outcome::{Failure, FailureKind};
use serde::{Deserialize, Serialize};

/// What is allowed besides the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerPolicy {
    /// `privileged`: all rights over the machine.
    pub privileged: bool,
    /// `network: host`.
    pub host_network: bool,
    /// The container engine's own socket, which is as good as all rights over the machine.
    pub engine_socket: bool,
    /// Folders of the machine that may be mounted, with what lies in them.
    pub folders: Vec<PathBuf>,
}

/// One thing that is allowed, as it is written: `privileged`, `host-network`, `engine-socket` or a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerRight {
    /// See [`ContainerPolicy::privileged`].
    Privileged,
    /// See [`ContainerPolicy::host_network`].
    HostNetwork,
    /// See [`ContainerPolicy::engine_socket`].
    EngineSocket,
    /// One of [`ContainerPolicy::folders`].
    Folder(PathBuf),
}

impl FromStr for ContainerRight {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "privileged" => Ok(Self::Privileged),
            "host-network" => Ok(Self::HostNetwork),
            "engine-socket" => Ok(Self::EngineSocket),
            path if path.starts_with('/') => Ok(Self::Folder(path.into())),
            _ => Err("it is `privileged`, `host-network`, `engine-socket` or the absolute path of a folder".to_owned()),
        }
    }
}

impl FromIterator<ContainerRight> for ContainerPolicy {
    fn from_iter<T: IntoIterator<Item = ContainerRight>>(rights: T) -> Self {
        let mut policy = Self::default();
        for right in rights {
            match right {
                ContainerRight::Privileged => policy.privileged = true,
                ContainerRight::HostNetwork => policy.host_network = true,
                ContainerRight::EngineSocket => policy.engine_socket = true,
                ContainerRight::Folder(folder) => policy.folders.push(folder),
            }
        }
        policy
    }
}

impl ContainerPolicy {
    /// Refuses a container that asks for more than it may have. Its folders are looked at one by one.
    pub(super) fn check(&self, work: &ContainerWork) -> Result<(), Failure> {
        if work.privileged && !self.privileged {
            return Err(refused("`privileged` gives a container all rights over this machine", "privileged"));
        }
        match work.network.as_deref() {
            Some("host") if !self.host_network => {
                Err(refused("`network: host` opens the network of this machine to a container", "host-network"))
            }
            // `container:NAME` would be a place in another container's network, whoever's that is.
            Some(name) if !is_network(name) => {
                let message = format!("`{name}` is not a network: write `none`, `host`, `bridge` or the name of one");
                Err(Failure::new(FailureKind::Spawn, message))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a folder that a container must not see. Both paths are free of symbolic links.
    pub(super) fn check_folder(&self, folder: &Path, workspace: &Path) -> Result<(), Failure> {
        let allowed = |allowed: &PathBuf| allowed.canonicalize().is_ok_and(|allowed| folder.starts_with(allowed));
        if folder.starts_with(workspace) || self.folders.iter().any(allowed) {
            return Ok(());
        }
        let folder = folder.display();
        Err(refused(&format!("the folder {folder} lies outside of the workspace"), &folder.to_string()))
    }

    /// Refuses a folder with the container engine's socket in it.
    pub(super) fn check_socket(&self, folder: &Path, socket: Option<&Path>) -> Result<(), Failure> {
        let holds = |socket: &Path| socket.canonicalize().is_ok_and(|socket| socket.starts_with(folder));
        if self.engine_socket || !socket.is_some_and(holds) {
            return Ok(());
        }
        let message = format!("{} holds the socket of the container engine", folder.display());
        Err(refused(&message, "engine-socket"))
    }
}

fn refused(what: &str, right: &str) -> Failure {
    let message = format!("{what}, and this engine does not allow it; it would with `--allow-container {right}`");
    Failure::new(FailureKind::Spawn, message)
}

fn is_network(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_words_or_folders() {
        let rights = ["privileged", "host-network", "/srv/cache"].map(|text| text.parse().expect("a right"));
        let policy: ContainerPolicy = rights.into_iter().collect();
        let folders = vec!["/srv/cache".into()];
        assert_eq!(policy, ContainerPolicy { privileged: true, host_network: true, engine_socket: false, folders });
        assert!("srv/cache".parse::<ContainerRight>().is_err());
    }

    #[test]
    fn a_place_in_another_container_is_not_a_network() {
        for (name, expect) in
            [("none", true), ("my_net.1-a", true), ("container:db", false), ("ns:/proc/1/ns/net", false), ("", false)]
        {
            assert_eq!(is_network(name), expect, "{name:?}");
        }
    }

    #[test]
    fn folders_are_allowed_with_what_lies_in_them_and_nothing_beside() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("it is there");
        for name in ["workspace/in", "cache/in", "cache-of-others"] {
            std::fs::create_dir_all(root.join(name)).expect("a folder");
        }
        let socket = root.join("cache/in/engine.sock");
        std::fs::write(&socket, "").expect("a file");
        let policy = ContainerPolicy { folders: vec![root.join("cache")], ..ContainerPolicy::default() };
        for (name, expect) in
            [("workspace", true), ("workspace/in", true), ("cache/in", true), ("cache-of-others", false), ("", false)]
        {
            let allowed = policy.check_folder(&root.join(name), &root.join("workspace")).is_ok();
            assert_eq!(allowed, expect, "{name}");
        }
        for (name, expect) in [("workspace", true), ("cache", false), ("cache/in/engine.sock", false), ("", false)] {
            assert_eq!(policy.check_socket(&root.join(name), Some(&socket)).is_ok(), expect, "{name}");
        }
    }
}

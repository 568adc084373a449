//! `container` and `services`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::PullPolicy;
use crate::expr::{Script, Template};

/// `container`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ContainerAction {
    /// With a tag or a digest.
    pub image: Template,
    /// What it does.
    pub command: ContainerCommand,
    /// Environment inside, over that of the step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Template>,
    /// Folders of the worker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// Where it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<Template>,
    /// `user`, `uid` or `uid:gid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `none`, `host`, `bridge` or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Thousandths of a processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus_milli: Option<u64>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// When the image is fetched.
    pub pull: PullPolicy,
    /// Credentials of the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry_auth: Option<RegistryAuth>,
    /// All rights over the worker's machine.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub privileged: bool,
}

/// What a container does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerCommand {
    /// A script, read by the image's `sh`.
    Script(Script),
    /// Arguments; where there is no command, behind the image's entry point.
    Arguments {
        /// Takes the place of the entry point.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        command: Vec<Template>,
        /// Behind it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        args: Vec<Template>,
    },
}

/// A folder of the worker that a container sees.
#[derive(Debug, Serialize, Deserialize)]
pub struct Mount {
    /// Beneath the workspace, unless the worker allows more.
    pub source: Template,
    /// Inside the container.
    pub target: String,
    /// The container cannot change it.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub read_only: bool,
}

/// Credentials of a registry.
#[derive(Debug, Serialize, Deserialize)]
pub struct RegistryAuth {
    /// User name.
    pub user: Template,
    /// Password.
    pub password: Template,
}

/// A container that runs beside a step.
#[derive(Debug, Serialize, Deserialize)]
pub struct Service {
    /// With a tag or a digest.
    pub image: Template,
    /// Its environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Template>,
    /// Ports that the step reaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// When the step may begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Ready>,
}

/// A port of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// On the step's side.
    pub host: u16,
    /// Inside the service's container.
    pub container: u16,
}

/// When a service is ready.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ready {
    /// A script inside its container.
    pub run: Script,
    /// Time from one try to the next.
    pub every_ms: u64,
    /// The step fails when the service is not ready by then.
    pub timeout_ms: u64,
}

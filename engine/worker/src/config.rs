//! What a worker must be told.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use loopline_ports::clock::{Clock, SystemClock};
use loopline_ports::secrets::{NoSecrets, SecretSource};
use serde::{Deserialize, Serialize};

use crate::container::{ContainerPolicy, ContainerSocket};
use crate::http::{Callbacks, EgressPolicy, NameLookup, system_names};
use crate::process::boot_id;

/// As much as the outputs of a step may have.
const MAX_RESPONSE: usize = 256 * 1024;

/// Settings of a [`crate::LocalWorker`].
#[derive(Clone)]
pub struct WorkerConfig {
    /// Where records of attempts are kept. One worker a folder.
    pub data: PathBuf,
    /// Where steps work.
    pub workspaces: Workspaces,
    /// Variables of the engine's own environment that steps get besides the usual ones.
    pub pass_env: Vec<String>,
    /// Processes at the same time; attempts beyond wait in the order in which they came. Requests are not counted.
    pub max_parallel: usize,
    /// Names this boot of the machine: process ids of another one mean nothing.
    pub boot_id: String,
    /// Where secrets come from.
    pub secrets: Arc<dyn SecretSource>,
    /// How requests find their way.
    pub proxies: Proxies,
    /// Where requests may go to.
    pub egress: EgressPolicy,
    /// How their names are resolved.
    pub names: NameLookup,
    /// Of the body of an answer that expressions read, so many bytes are taken; a larger one is a failure.
    pub max_response: usize,
    /// Where requests have this engine called back, if it can be.
    pub callbacks: Option<Callbacks>,
    /// Who runs containers, and what they may be given.
    pub containers: Containers,
    /// How much attempts may write.
    pub limits: Limits,
    /// What a step may keep.
    pub artifacts: ArtifactLimits,
    /// Stamps the output.
    pub clock: Arc<dyn Clock>,
}

/// How much one artifact may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactLimits {
    /// Files.
    pub files: usize,
    /// Bytes.
    pub bytes: u64,
}

impl Default for ArtifactLimits {
    fn default() -> Self {
        Self { files: 20_000, bytes: 16 << 30 }
    }
}

impl WorkerConfig {
    /// The usual settings: two processes a core, no secrets, nothing passed on.
    pub fn new(data: impl Into<PathBuf>, workspaces: Workspaces) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            data: data.into(),
            workspaces,
            pass_env: Vec::new(),
            max_parallel: 2 * cores,
            boot_id: boot_id(),
            secrets: Arc::new(NoSecrets),
            proxies: Proxies::FromEnvironment,
            egress: EgressPolicy::default(),
            names: system_names(),
            max_response: MAX_RESPONSE,
            callbacks: None,
            containers: Containers::new(),
            limits: Limits::default(),
            artifacts: ArtifactLimits::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for WorkerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            data,
            workspaces,
            pass_env,
            max_parallel,
            boot_id,
            proxies,
            egress,
            max_response,
            containers,
            limits,
            ..
        } = self;
        f.debug_struct("WorkerConfig")
            .field("data", data)
            .field("workspaces", workspaces)
            .field("pass_env", pass_env)
            .field("max_parallel", max_parallel)
            .field("boot_id", boot_id)
            .field("proxies", proxies)
            .field("egress", egress)
            .field("max_response", max_response)
            .field("containers", containers)
            .field("limits", limits)
            .finish_non_exhaustive()
    }
}

/// How a [`crate::SupervisedWorker`] has its processes started.
#[derive(Debug, Clone)]
pub struct Supervision {
    /// The program that plays the supervisor: it calls [`crate::supervise`].
    pub program: PathBuf,
    /// What makes it do so.
    pub args: Vec<OsString>,
    /// The version of this program. One of another version is not given new attempts.
    pub build: String,
    /// The folder of the blobs, which the supervisor writes to by itself.
    pub blobs: PathBuf,
    /// The folder of the caches.
    pub caches: PathBuf,
    /// How many bytes they may have together, if that is said.
    pub max_caches: Option<u64>,
    /// How long it stays when there is neither an engine nor an attempt.
    pub linger: Duration,
    /// How long attempts go on when the engine is gone and does not come back; until they end, without a time.
    pub abandoned_after: Option<Duration>,
}

/// Where steps work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Workspaces {
    /// All runs in this folder, which must exist: `loopline run` works where the user stands.
    Fixed(PathBuf),
    /// Each run in a folder of its own below this one, kept over steps and visits.
    PerRun(PathBuf),
}

/// How much attempts may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of log.
    pub log: Limit,
    /// Bytes that a script writes to `$LOOPLINE_OUTPUT`.
    pub output: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        const KIB: u64 = 1024;
        const GIB: u64 = 1024 * 1024 * KIB;
        let log = Limit { unless_said: GIB, most: 16 * GIB };
        Self { log, output: Limit { unless_said: 256 * KIB, most: 256 * KIB } }
    }
}

/// What holds where a pipeline says nothing, and what holds whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Where it says nothing.
    pub unless_said: u64,
    /// Whatever it says.
    pub most: u64,
}

impl Limit {
    /// What holds where it says `said`.
    pub fn of(self, said: Option<u64>) -> u64 {
        said.unwrap_or(self.unless_said).min(self.most)
    }
}

/// Who runs containers of steps, and what they may be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Containers {
    /// Where the container engine listens.
    pub socket: ContainerSocket,
    /// What is allowed besides the workspace.
    pub allow: ContainerPolicy,
}

impl Containers {
    /// The container engine that `DOCKER_HOST` names, or the usual one; nothing is allowed.
    fn new() -> Self {
        let host = std::env::var("DOCKER_HOST").ok();
        Self { socket: ContainerSocket::from_docker_host(host.as_deref()), allow: ContainerPolicy::default() }
    }
}

/// Whether requests go through proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxies {
    /// As `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the engine say.
    FromEnvironment,
    /// Never.
    None,
}

//! What a worker must be told.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use loopline_core::id::AttemptId;
use loopline_ports::clock::{Clock, SystemClock};

use crate::process::boot_id;

/// Finds the value of a secret that an attempt names; `None` refuses it.
pub type SecretLookup = Arc<dyn Fn(&AttemptId, &str) -> Option<String> + Send + Sync>;

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
    pub secrets: SecretLookup,
    /// How requests find their way.
    pub proxies: Proxies,
    /// Stamps the output.
    pub clock: Arc<dyn Clock>,
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
            secrets: Arc::new(|_, _| None),
            proxies: Proxies::FromEnvironment,
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for WorkerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data, workspaces, pass_env, max_parallel, boot_id, proxies, secrets: _, clock: _ } = self;
        f.debug_struct("WorkerConfig")
            .field("data", data)
            .field("workspaces", workspaces)
            .field("pass_env", pass_env)
            .field("max_parallel", max_parallel)
            .field("boot_id", boot_id)
            .field("proxies", proxies)
            .finish_non_exhaustive()
    }
}

/// Where steps work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workspaces {
    /// All runs in this folder, which must exist: `loopline run` works where the user stands.
    Fixed(PathBuf),
    /// Each run in a folder of its own below this one, kept over steps and visits.
    PerRun(PathBuf),
}

/// Whether requests go through proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxies {
    /// As `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the engine say.
    FromEnvironment,
    /// Never.
    None,
}

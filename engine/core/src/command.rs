//! Wishes: what the fold wants done in the world.
//!
//! A driver sends commands after the events that caused them are on disk, and may send each of them twice: the id of a
//! command is the identity of the attempt or the timer it is about, and who carries it out knows it again.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::event::{ChildFinished, Parent, ParentWish, RunOutcome};
use crate::graph::{Port, PullPolicy, Shell, StatusRange, Tls};
use crate::group::{Ask, Slot};
use crate::id::{AttemptId, AttemptKey, RunId, StepId, Within};
use crate::outcome::ArtifactRef;
use crate::text::Text;
use crate::time::Timestamp;

/// One wish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Start this attempt on a worker, or do nothing if it was started already.
    StartAttempt(Box<AttemptSpec>),
    /// End this attempt, process tree and all; its result comes back as an event.
    CancelAttempt {
        /// Which.
        key: AttemptKey,
    },
    /// Begin this child run, or do nothing if it was begun already. Its end comes back as
    /// [`crate::event::Event::ChildFinished`], and so does what keeps it from beginning.
    StartChild(Box<ChildSpec>),
    /// End this child run; its end comes back as an event.
    CancelChild {
        /// Which.
        run: RunId,
    },
    /// Tell this child run what is wanted of it, other than a plain end.
    AskChild {
        /// Which.
        run: RunId,
        /// What.
        wish: ParentWish,
    },
    /// The run is over, and another one waits for that.
    TellParent(Box<ChildEnd>),
    /// Give back [`crate::event::Event::TimerFired`] at this moment, never earlier.
    SetTimer {
        /// Which.
        timer: Timer,
        /// When.
        at: Timestamp,
    },
    /// The timer is not wanted any more. One that fires all the same changes nothing.
    ClearTimer {
        /// Which.
        timer: Timer,
    },
    /// Give back [`crate::event::Event::SlotGranted`] when the group has a place.
    AskSlot {
        /// Who waits for it.
        slot: Slot,
        /// For what.
        ask: Box<Ask>,
    },
    /// The place is not wanted any more, or not held.
    ReleaseSlot {
        /// Who has waited for it or held it.
        slot: Slot,
    },
    /// The run is over: nothing of it is live, no further event in this epoch.
    FinishRun {
        /// How.
        outcome: RunOutcome,
    },
}

/// What a timer of a run is for; also its identity within the run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "timer", rename_all = "snake_case")]
pub enum Timer {
    /// The end of a `sleep`.
    Sleep {
        /// Epoch, step and visit that sleep.
        key: AttemptKey,
    },
    /// The next attempt of a retry; the key names that attempt.
    Retry {
        /// The attempt to be started.
        key: AttemptKey,
    },
    /// The end of the time people have to decide.
    Approval {
        /// Epoch, step and visit that wait.
        key: AttemptKey,
    },
    /// The end of the time a `wait` waits.
    Signal {
        /// Epoch, step and visit that wait.
        key: AttemptKey,
    },
    /// The `timeout` of a step that runs a child.
    Child {
        /// The attempt whose child it is.
        key: AttemptKey,
    },
    /// The end of the time a step waits for its lock, or an attempt for a worker.
    Queue {
        /// Epoch, step and visit that wait; an attempt, where it waits for a worker.
        key: AttemptKey,
    },
    /// The end of the time somebody has to call back.
    Callback {
        /// The attempt that waits.
        key: AttemptKey,
    },
    /// The `delay` of a loop edge, counted from its firing.
    LoopDelay {
        /// Epoch of the firing.
        epoch: u32,
        /// Where the loop goes back to.
        to: StepId,
        /// Counts all firings of the run, from 1.
        firing: u32,
        /// The pipeline in place that the loop lies in.
        #[serde(default, skip_serializing_if = "Within::is_empty")]
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        within: Within,
    },
    /// The run's `timeout`, or that of a pipeline in place.
    Run {
        /// Epoch of the run.
        epoch: u32,
        /// The pipeline in place.
        #[serde(default, skip_serializing_if = "Within::is_empty")]
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        within: Within,
    },
}

impl Timer {
    /// The pipelines in place that it lies in.
    pub fn within(&self) -> &Within {
        match self {
            Self::Sleep { key }
            | Self::Retry { key }
            | Self::Approval { key }
            | Self::Signal { key }
            | Self::Child { key }
            | Self::Queue { key }
            | Self::Callback { key } => &key.within,
            Self::LoopDelay { within, .. } | Self::Run { within, .. } => within,
        }
    }

    /// The step it is for; none for a whole run.
    pub fn step(&self) -> Option<&StepId> {
        match self {
            Self::Sleep { key }
            | Self::Retry { key }
            | Self::Approval { key }
            | Self::Signal { key }
            | Self::Child { key }
            | Self::Queue { key }
            | Self::Callback { key } => Some(&key.step),
            Self::LoopDelay { to, .. } => Some(to),
            Self::Run { .. } => None,
        }
    }
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sleep { key } => write!(f, "sleep:{key}"),
            Self::Retry { key } => write!(f, "retry:{key}"),
            Self::Approval { key } => write!(f, "approval:{key}"),
            Self::Signal { key } => write!(f, "signal:{key}"),
            Self::Child { key } => write!(f, "child:{key}"),
            Self::Queue { key } => write!(f, "queue:{key}"),
            Self::Callback { key } => write!(f, "callback:{key}"),
            Self::LoopDelay { epoch, to, firing, within } if within.is_empty() => {
                write!(f, "loop:{epoch}.{to}.{firing}")
            }
            Self::LoopDelay { epoch, to, firing, within } => write!(f, "loop:{epoch}.{within}/{to}.{firing}"),
            Self::Run { epoch, within } if within.is_empty() => write!(f, "run:{epoch}"),
            Self::Run { epoch, within } => write!(f, "run:{epoch}.{within}"),
        }
    }
}

/// A child run to be begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildSpec {
    /// Its id: the same whenever the command is made.
    pub run: RunId,
    /// The project of its pipeline.
    pub project: String,
    /// Its pipeline.
    pub pipeline: String,
    /// Inputs as given; defaults are filled in by the driver.
    pub inputs: Map<String, Json>,
    /// Who started the run it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Who waits for it.
    pub parent: Parent,
}

/// The end of a child run, and who is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildEnd {
    /// The run that waits for it.
    pub parent: RunId,
    /// What it is told.
    pub finished: ChildFinished,
}

/// Everything a worker needs to carry out one attempt. Holds no secret, only the names of secrets inside [`Text`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptSpec {
    /// Who it is.
    pub id: AttemptId,
    /// Full name of the pipeline, `project/name`.
    pub pipeline: String,
    /// Sent as `Idempotency-Key` and `LOOPLINE_IDEMPOTENCY_KEY`: equal over attempts, new with every visit.
    pub idempotency_key: String,
    /// What tells the item from the others, where the step says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_key: Option<String>,
    /// What to do.
    pub work: Work,
    /// Environment, in the order of the names.
    pub env: BTreeMap<String, Text>,
    /// The attempt is ended with kind `timeout` after this time, counted from its start.
    pub timeout_ms: u64,
    /// The attempt is ended with kind `timeout` after so long without output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    /// Time between SIGTERM and SIGKILL.
    pub grace_ms: u64,
    /// What the result must hold, because expressions of the step read it.
    #[serde(default)]
    pub capture: Capture,
    /// Files to keep when the process has ended with success: name → path or pattern beneath the workspace.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub artifacts: BTreeMap<String, String>,
    /// Paths and patterns of the files with test results, in JUnit's format.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub junit: Vec<String>,
    /// Artifacts that are laid at their paths before the work begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fetch: Vec<FetchWork>,
    /// Files kept from run to run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cache: Vec<CacheWork>,
    /// Containers that run beside the work and end with it, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, ServiceWork>,
    /// The secrets of its pipeline: their values are masked in what it writes, also of those that it is not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hides: Vec<String>,
    /// It works in a folder of its own, which is empty before and gone behind it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub fresh_workspace: bool,
    /// Labels that its worker must have, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs_on: Vec<String>,
    /// How much it may use and write.
    #[serde(default, skip_serializing_if = "AttemptLimits::is_default")]
    pub limits: AttemptLimits,
}

/// How much an attempt may use and write. What is not said is the worker's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptLimits {
    /// Bytes of memory that its processes may use together: beyond, it fails with kind `oom`. A container has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Thousandths of a processor that its processes may use together. A container has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus_milli: Option<u64>,
    /// Bytes of log: beyond, the middle is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<u64>,
    /// Bytes of log of the whole run, of which the attempt gets what is left when it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_log: Option<u64>,
    /// Bytes of outputs: beyond, it fails with kind `output_limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
}

impl AttemptLimits {
    /// Nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// An artifact of another step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchWork {
    /// As people name it: `build.binary`, `test[4].report`.
    pub name: String,
    /// What was kept.
    pub artifact: ArtifactRef,
}

/// Files kept from run to run, their keys rendered as far as the engine can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheWork {
    /// Names what is kept.
    pub key: Vec<KeyPart>,
    /// Files and folders beneath the workspace.
    pub paths: Vec<String>,
    /// Beginnings of keys that serve where the key itself is not there, tried in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restore_keys: Vec<Vec<KeyPart>>,
}

/// A part of the key of a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPart {
    /// As it stands.
    Text(String),
    /// The hash of the workspace's files that fit these patterns.
    HashFiles(Vec<String>),
}

/// Which parts of a raw result are wanted. What is not captured never passes through the event path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Standard output of a process.
    pub stdout: bool,
    /// Standard error of a process.
    pub stderr: bool,
    /// The body of an HTTP answer, as text and, where it is JSON, as JSON.
    pub body: bool,
}

/// What an attempt does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// A script.
    Shell {
        /// What reads it.
        shell: Shell,
        /// The script; values stand in `env` under the names it refers to.
        script: String,
        /// Beneath the workspace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        working_dir: Option<String>,
    },
    /// A request.
    Http(Box<HttpWork>),
    /// A container. Its environment is that of the attempt.
    Container(Box<ContainerWork>),
}

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpWork {
    /// Upper case.
    pub method: String,
    /// Holes filled in and encoded.
    pub url: String,
    /// To be added to the URL, encoded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Text>,
    /// Free of line breaks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Text>,
    /// Credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<WorkAuth>,
    /// What is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<WorkBody>,
    /// Statuses that are a success; empty: 200–299. Another one is a failure of kind `http_status`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect_status: Vec<StatusRange>,
    /// Follow up to 10 redirects.
    pub follow_redirects: bool,
    /// Certificates, in files beneath the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Stands in the texts for the address at which somebody calls back, and is no address: whoever sends the request puts
    /// that there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
}

impl HttpWork {
    /// Every text in which a secret may stand.
    fn texts(&self) -> impl Iterator<Item = &Text> {
        let auth: Vec<&Text> = match &self.auth {
            None => Vec::new(),
            Some(WorkAuth::Bearer(token)) => vec![token],
            Some(WorkAuth::Basic { user, password }) => vec![user, password],
        };
        let body: Vec<&Text> = match &self.body {
            None | Some(WorkBody::Json(_)) => Vec::new(),
            Some(WorkBody::JsonText(text) | WorkBody::Text(text)) => vec![text],
            Some(WorkBody::Form(fields)) => fields.values().collect(),
        };
        self.query.values().chain(self.headers.values()).chain(auth).chain(body)
    }
}

/// Credentials of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkAuth {
    /// `Authorization: Bearer …`.
    Bearer(Text),
    /// `Authorization: Basic …`.
    Basic {
        /// User name.
        user: Text,
        /// Password.
        password: Text,
    },
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkBody {
    /// Sent as `application/json`.
    Json(Json),
    /// The text of a JSON document in which secrets stand. Sent as `application/json`.
    JsonText(Text),
    /// Sent as `application/x-www-form-urlencoded`.
    Form(BTreeMap<String, Text>),
    /// Sent as it stands.
    Text(Text),
}

/// A container, ready to be started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerWork {
    /// With a tag or a digest.
    pub image: String,
    /// What it does.
    pub command: WorkCommand,
    /// Folders of the worker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<WorkMount>,
    /// Where it starts; in the workspace unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// `user`, `uid` or `uid:gid`; that of the image unless said.
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
    pub registry_auth: Option<WorkRegistryAuth>,
    /// All rights over the worker's machine.
    #[serde(default, skip_serializing_if = "is_false")]
    pub privileged: bool,
}

/// What a container does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkCommand {
    /// A script for the image's `sh`; values stand in the environment under the names it refers to.
    Script(String),
    /// Arguments; where there is no command, behind the image's entry point.
    Arguments {
        /// Takes the place of the entry point.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        command: Vec<String>,
        /// Behind it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        args: Vec<String>,
    },
}

/// A folder of the worker that a container sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkMount {
    /// Beneath the workspace, unless the worker allows more.
    pub source: String,
    /// Inside the container.
    pub target: String,
    /// The container cannot change it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
}

/// Credentials of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkRegistryAuth {
    /// User name.
    pub user: Text,
    /// Password.
    pub password: Text,
}

/// A container that runs beside an attempt, ready to be started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceWork {
    /// With a tag or a digest.
    pub image: String,
    /// Its environment, in the order of the names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Text>,
    /// Ports that the step reaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// When the attempt may begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<ReadyWork>,
}

/// When a service is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyWork {
    /// A script for the `sh` of the service's image.
    pub script: String,
    /// The values that the script refers to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Time from one try to the next.
    pub every_ms: u64,
    /// The attempt fails when the service is not ready by then.
    pub timeout_ms: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this form")]
fn is_false(value: &bool) -> bool {
    !value
}

impl AttemptSpec {
    /// Every text in which a secret may stand.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        let (auth, http) = match &self.work {
            Work::Container(container) => (container.registry_auth.as_ref(), None),
            Work::Http(http) => (None, Some(http)),
            Work::Shell { .. } => (None, None),
        };
        let of_services = self.services.values().flat_map(|service| service.env.values());
        let of_auth = auth.into_iter().flat_map(|auth| [&auth.user, &auth.password]);
        self.env.values().chain(of_services).chain(of_auth).chain(http.into_iter().flat_map(|http| http.texts()))
    }

    /// The names of the secrets that it needs, each once.
    pub fn secrets(&self) -> std::collections::BTreeSet<&str> {
        self.texts().flat_map(Text::secrets).collect()
    }
}

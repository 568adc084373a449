//! The compiled pipeline: self-contained, checked, and the same whatever the spelling of the YAML was.
//!
//! `dsl-schema` builds it, a run pins it at its start, and [`crate::machine`] folds events over it. Steps stand in the
//! order of their ids, so that neither layout nor order of keys reaches the [digest](Graph::digest). What can be derived
//! from the edges (who comes behind whom, which region a loop re-opens) is computed once, on first use, by [`crate::shape`].

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::expr::{Cel, Script, Template, TemplateValue};
use crate::id::{StepId, StepIx};
use crate::shape::Shape;

mod child;
mod container;
mod many;
mod step_type;
mod surroundings;
mod triggers;
mod words;

pub use child::{ChildAction, ChildPipeline, Compensate};
pub use container::{ContainerAction, ContainerCommand, Mount, Port, Ready, RegistryAuth, Service};
pub use many::{ItemList, Items, Many};
pub use step_type::{Author, OfType, Part, With};
pub use surroundings::{Cache, CacheKey, CacheKeyPart, Concurrency, Fetch, Notify, StepLimits, WaitAction};
pub use triggers::{FileTrigger, PipelineTrigger, Schedule, Triggers, Webhook, When};
pub use words::{CompensateOn, CompensatePer, Missed, NotifyOn, Overlap, Provider, PullPolicy, RunEnd, WhenFull};

/// The meaning of events that this version of core writes. A change of what an event does needs a new number,
/// and both stay tested: old histories must replay for ever.
pub const SEMANTICS: u32 = 1;

/// An attempt of a working step without `timeout` ends after this time.
pub const DEFAULT_ATTEMPT_TIMEOUT_MS: u64 = 6 * 60 * 60 * 1000;

/// How many items a step may have, unless `limits.items` says otherwise.
pub const DEFAULT_MAX_ITEMS: u32 = 1_000;

/// How many visits a step may have in one epoch, unless `limits.visits` says otherwise.
pub const DEFAULT_MAX_VISITS: u32 = 1_000;

/// A compiled pipeline.
#[derive(Debug, Serialize, Deserialize)]
pub struct Graph {
    /// See [`SEMANTICS`].
    pub semantics: u32,
    /// The name inside its project.
    pub name: String,
    /// What it is for, in the author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How a run of it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_name: Option<Template>,
    /// Labels of a run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Template>,
    /// What a trigger may or must give.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Input>,
    /// What the run gives back when it succeeds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, Cel>,
    /// Bound of the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How many visits any step may have in one epoch.
    pub max_visits: u32,
    /// How many items a `foreach` or `matrix` may have.
    #[serde(default = "default_max_items", skip_serializing_if = "is_default_max_items")]
    pub max_items: u32,
    /// How many bytes of log a run may write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_log_bytes: Option<u64>,
    /// What starts runs besides people.
    #[serde(default, skip_serializing_if = "Triggers::is_default")]
    pub triggers: Triggers,
    /// How many runs go on at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// Names of the secrets that steps may read, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// At the first failure that no step can still catch, end what runs and skip the rest.
    #[serde(default, skip_serializing_if = "is_false")]
    pub fail_fast: bool,
    /// Who is told about runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Notify>,
    /// Patterns of the files with test results in JUnit's format.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub junit: Vec<String>,
    /// The steps, in the order of their ids.
    pub steps: Vec<Step>,
    /// What runs when the steps have ended, however they ended: a graph of its own that has nothing but steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finally: Option<Box<Graph>>,
    /// What the file asks for that has to be run by a part of the engine which may not be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Requirement>,
    #[serde(skip)]
    pub(crate) shape: OnceLock<Shape>,
}

/// A key that compiles, and that an engine must know how to run before it may start the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Requirement {
    /// The key, like `foreach`.
    pub feature: String,
    /// Where it stands, as a JSON pointer into the document.
    pub pointer: String,
}

/// One input of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// JSON Schema of the value.
    pub schema: Json,
    /// Must be given: it has no `default` and does not say `required: false`.
    pub required: bool,
    /// Taken when it is not given; `null` for an optional input without one.
    #[serde(default)]
    pub default: Json,
}

/// One step.
#[derive(Debug, Serialize, Deserialize)]
pub struct Step {
    /// Its key in `steps`.
    pub id: StepId,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Forward edges into this step, in the order of the steps they come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// How many of them must be live.
    #[serde(default)]
    pub join: Join,
    /// `if`: judged once the join lets the step go on.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<Cel>,
    /// What it does.
    pub action: Action,
    /// Loop edges out of this step, tried in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goto: Vec<Goto>,
    /// Further attempts of one visit.
    #[serde(default)]
    pub retry: Retry,
    /// Bound of one attempt of `run`, `http`; of the wait of an `approval`. Filled in by the compiler for steps that work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Longest time without output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    /// Time between SIGTERM and SIGKILL.
    pub grace_ms: u64,
    /// Environment of the step: the pipeline's `env`, overridden by the step's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Template>,
    /// Named outputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, Output>,
    /// Files kept after the step: name → path or glob beneath the workspace.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub artifacts: BTreeMap<String, String>,
    /// Its failure does not fail the run.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_failure: bool,
    /// Runs many times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub many: Option<Box<Many>>,
    /// Longest wait for a worker or a lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_timeout_ms: Option<u64>,
    /// Labels that a worker must have, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs_on: Vec<String>,
    /// Held during a visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Template>,
    /// An empty folder for this step, instead of the files of the run.
    #[serde(default, skip_serializing_if = "is_false")]
    pub fresh_workspace: bool,
    /// Laid at their paths before the step starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fetch: Vec<Fetch>,
    /// Files kept from run to run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cache: Vec<Cache>,
    /// Containers that run beside the step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, Service>,
    /// Limits of the step.
    #[serde(default, skip_serializing_if = "StepLimits::is_default")]
    pub limits: StepLimits,
    /// Patterns of the files with test results in JUnit's format.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub junit: Vec<String>,
    /// What undoes the step when the run fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensate: Option<Box<Compensate>>,
    /// The type that it is a step of, and what that is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<With>,
    /// A re-open or a cancel lets a begun attempt end (`false`), or ends it (`true`, the default).
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub interruptible: bool,
}

/// A forward edge, seen from the step it leads into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Need {
    /// Where it comes from.
    pub step: StepIx,
    /// When it is live. The compiler has filled in what was unsaid: `ok`, or `succeeded` behind an approval.
    pub on: Condition,
}

/// When a forward edge is live, and when it is neutral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Succeeded, or failed with `allow_failure`. A step skipped by its own `if` or not taken does not count either way.
    Ok,
    /// Succeeded.
    Succeeded,
    /// Failed; only observes.
    Failed,
    /// Failed; a success of the step behind it handles the failure.
    Catch,
    /// Succeeded or failed.
    Completed,
    /// Skipped, for whatever reason.
    Skipped,
    /// However it ended.
    Always,
}

impl Condition {
    /// The word in the YAML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Catch => "catch",
            Self::Completed => "completed",
            Self::Skipped => "skipped",
            Self::Always => "always",
        }
    }

    /// All of them, in the order of the language reference.
    pub const ALL: [Self; 7] =
        [Self::Ok, Self::Succeeded, Self::Failed, Self::Catch, Self::Completed, Self::Skipped, Self::Always];
}

/// How a step with several forward edges goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// Every edge decided, none blocked, one live.
    #[default]
    All,
    /// As soon as this many are live. `any` is 1.
    AtLeast(u32),
}

/// What a step does. Exactly one thing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A script.
    Run(RunAction),
    /// One HTTP request.
    Http(Box<HttpAction>),
    /// Waits for people.
    Approval(ApprovalAction),
    /// Waits for a moment.
    Sleep(SleepAction),
    /// Computes outputs.
    Set(BTreeMap<String, SetValue>),
    /// Waits for a signal.
    Wait(WaitAction),
    /// Runs a container.
    Container(Box<ContainerAction>),
    /// A child run.
    Pipeline(Box<ChildAction>),
}

impl Action {
    /// The key in the YAML.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Http(_) => "http",
            Self::Approval(_) => "approval",
            Self::Sleep(_) => "sleep",
            Self::Set(_) => "set",
            Self::Wait(_) => "wait",
            Self::Container(_) => "container",
            Self::Pipeline(_) => "pipeline",
        }
    }

    /// A step that works is started by a worker; one that waits or computes lives in the fold alone.
    pub fn works(&self) -> bool {
        matches!(self, Self::Run(_) | Self::Http(_) | Self::Container(_))
    }
}

/// `run`.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunAction {
    /// The script, its holes lexed for the place they stand in.
    pub script: Script,
    /// What reads the script.
    #[serde(default)]
    pub shell: Shell,
    /// Beneath the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<Template>,
}

/// The interpreter of a script.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shell {
    /// `bash -euo pipefail` where there is a bash, else `sh -eu`.
    #[default]
    Default,
    /// These words, and the script's file name behind them.
    Argv(Vec<String>),
}

/// `http`.
#[derive(Debug, Serialize, Deserialize)]
pub struct HttpAction {
    /// Upper case.
    pub method: String,
    /// Holes are percent-encoded for their component.
    pub url: Template,
    /// Added to the URL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Template>,
    /// A line break in a value is an error.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Template>,
    /// Credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<HttpAuth>,
    /// What is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<HttpBody>,
    /// Which answers are a success.
    #[serde(default)]
    pub expect: Expect,
    /// Follow up to 10 redirects.
    #[serde(default = "yes")]
    pub follow_redirects: bool,
    /// Certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// The step ends when someone calls back, at most so many milliseconds after the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_timeout_ms: Option<u64>,
}

/// `tls`: files beneath the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// Certificates that the server's one must be signed by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The client's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<String>,
    /// The client's private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Takes any certificate.
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
}

/// `auth`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpAuth {
    /// `Authorization: Bearer …`.
    Bearer(Template),
    /// `Authorization: Basic …`.
    Basic {
        /// User name.
        user: Template,
        /// Password.
        password: Template,
    },
}

/// `json`, `form` or `body`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpBody {
    /// Sent as `application/json`.
    Json(TemplateValue),
    /// Sent as `application/x-www-form-urlencoded`.
    Form(BTreeMap<String, TemplateValue>),
    /// Sent as it stands.
    Text(Template),
}

/// `expect`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Expect {
    /// Statuses that are a success; empty: 200–299.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<StatusRange>,
    /// Must be true of `response`.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<Cel>,
    /// JSON Schema of the answer's JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Json>,
}

/// Statuses from `first` to `last`: `2xx` is 200–299, `404` is 404–404.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

/// `approval`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApprovalAction {
    /// What people are asked.
    pub message: Template,
    /// `user:NAME`, `group:NAME`; empty: whoever holds the approver role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// How many distinct people must approve.
    pub quorum: u32,
    /// Who started the run may decide it.
    pub allow_self: bool,
    /// What is asked besides: name → JSON Schema.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Json>,
}

/// `sleep`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SleepAction {
    /// So many milliseconds.
    For(u64),
    /// Until the RFC 3339 time that the expression gives.
    Until(Cel),
}

/// One value of `set`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetValue {
    /// A string in the YAML.
    Cel(Cel),
    /// Anything else in the YAML stands for itself.
    Literal(Json),
    /// It has holes.
    Template(TemplateValue),
}

/// One entry of `outputs`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Computed from the raw result.
    Cel(Cel),
    /// Written by the script; checked against this JSON Schema.
    Schema(Json),
}

/// A loop edge.
#[derive(Debug, Serialize, Deserialize)]
pub struct Goto {
    /// Where it goes back to.
    pub to: StepIx,
    /// Which outcome fires it.
    pub on: GotoOn,
    /// And only if this holds.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<Cel>,
    /// How often it may fire; none: `unlimited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Wait before the region is judged anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delay_ms: u64,
    /// What happens when `max` is used up.
    #[serde(default)]
    pub on_exhausted: OnExhausted,
    /// Let begun attempts in the region end instead of cancelling them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub drain: bool,
}

/// Which outcome of its step fires a loop edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GotoOn {
    /// Succeeded.
    Succeeded,
    /// Failed, whatever the kind.
    #[default]
    Failed,
    /// Failed with kind `rejected`.
    Rejected,
    /// Failed with kind `timeout`.
    Timeout,
    /// Succeeded or failed.
    Completed,
}

impl GotoOn {
    /// The word in the YAML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Timeout => "timeout",
            Self::Completed => "completed",
        }
    }
}

/// What a loop edge does when its budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExhausted {
    /// The step fails with kind `loop_exhausted`.
    #[default]
    Fail,
    /// The next entry is tried; at last the forward edges see the outcome.
    Continue,
}

/// `retry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// 1: none.
    pub max_attempts: u32,
    /// Wait before the second attempt.
    pub initial_ms: u64,
    /// Growth from one wait to the next.
    pub factor: f64,
    /// Longest wait.
    pub max_ms: u64,
    /// Which failures; empty: all but `rejected`, `condition` and `template`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<RetryOn>,
}

impl Default for Retry {
    fn default() -> Self {
        Self { max_attempts: 1, initial_ms: 1_000, factor: 2.0, max_ms: 60_000, on: Vec::new() }
    }
}

/// One entry of `retry.on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryOn {
    /// A kind of failure.
    Kind(crate::outcome::FailureKind),
    /// `exit:75`.
    Exit(i32),
}

impl Graph {
    /// A pipeline of this name without any step: where the compiler starts.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            semantics: SEMANTICS,
            name: name.into(),
            description: None,
            run_name: None,
            labels: BTreeMap::new(),
            inputs: BTreeMap::new(),
            outputs: BTreeMap::new(),
            timeout_ms: None,
            max_visits: DEFAULT_MAX_VISITS,
            max_items: DEFAULT_MAX_ITEMS,
            max_log_bytes: None,
            triggers: Triggers::default(),
            concurrency: None,
            secrets: Vec::new(),
            fail_fast: false,
            notify: Vec::new(),
            junit: Vec::new(),
            finally: None,
            steps: Vec::new(),
            requires: Vec::new(),
            shape: OnceLock::new(),
        }
    }

    /// SHA-256 over the compiled pipeline as canonical JSON, written `sha256:…`.
    ///
    /// Layout, comments, `x-` keys, order of keys and spelling of the YAML are gone by now, so they do not change it.
    pub fn digest(&self) -> String {
        // serde_json maps are sorted unless some crate in the build asks for insertion order; sort here so that it cannot matter.
        let value = serde_json::to_value(self).expect("a graph has only string keys");
        let mut hasher = Sha256::new();
        crate::canonical::write(&value, &mut |bytes| hasher.update(bytes));
        format!("sha256:{}", crate::canonical::hex(&hasher.finalize()))
    }

    /// The step with this id.
    pub fn find(&self, id: &str) -> Option<StepIx> {
        self.steps.binary_search_by(|step| step.id.as_str().cmp(id)).ok().map(|at| StepIx(at as u32))
    }

    /// The step at this position.
    pub fn step(&self, ix: StepIx) -> &Step {
        &self.steps[ix.get()]
    }

    /// Positions of all steps.
    pub fn indices(&self) -> impl Iterator<Item = StepIx> + use<> {
        (0..self.steps.len() as u32).map(StepIx)
    }

    /// What follows from the edges.
    pub fn shape(&self) -> &Shape {
        self.shape.get_or_init(|| Shape::of(self))
    }
}

fn default_max_items() -> u32 {
    DEFAULT_MAX_ITEMS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_default_max_items(value: &u32) -> bool {
    *value == DEFAULT_MAX_ITEMS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero_u32(value: &u32) -> bool {
    *value == 0
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

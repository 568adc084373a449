//! One step: what it does, and what stands around that.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value as Json;

use super::approval::Approval;
use super::child::ChildPipeline;
use super::compensate::Compensate;
use super::container::{Container, Service};
use super::edges::{Goto, JoinSpec, Repeat};
use super::http::Http;
use super::inputs::SchemaSpec;
use super::many::{Foreach, Matrix};
use super::needs::Needs;
use super::retry::RetrySpec;
use super::surroundings::{Cache, Reports, StepLimits};
use super::values::{
    AnyJson, CelText, Duration, Entries, Flag, Located, OneOrMany, Scalar, TemplateText, Text, inline_schema,
};
use super::wait::Wait;
use super::words::{Word, Workspace};
use crate::decode::{Cx, Decode, json, mapping};
use crate::route::Route;
use crate::schema::shape;
use crate::yaml::{Node, Plain, Value};

mapping! {
    /// A step. It does exactly one thing: `run`, `http`, `container`, `approval`, `wait`, `sleep`, `pipeline` or `set`.
    #[schemars(example = serde_json::json!({"run": "make test", "retry": {"max_attempts": 2}}))]
    #[schemars(transform = shape::one_kind)]
    #[schemars(transform = shape::at_most_one(vec!["foreach", "matrix"]))]
    pub struct Step ("a step", over) {
        /// What people call it.
        #[schemars(example = &"Build the image")]
        "name" name: Option<Text>,
        /// What it is for.
        #[schemars(example = &"Compiles with all features")]
        "description" description: Option<Text>,
        /// Steps that come before this one.
        #[schemars(example = serde_json::json!(["build", "test"]))]
        "needs" needs: Option<Needs>,
        /// How many of the edges into this step must be live: `all` (unless said), `any`, or `{at_least: n}`.
        #[schemars(example = &"any", extend("default" = "all"))]
        "join" join: Option<JoinSpec>,
        /// Skips the step where it is false. CEL.
        #[schemars(example = &"inputs.replicas > 1")]
        "if" condition: Option<CelText>,
        /// Loop edges out of this step, tried in this order when it ends.
        #[schemars(example = serde_json::json!([{"to": "build", "on": "failed", "max": 3}]))]
        "goto" goto: Option<Vec<Goto>>,
        /// Repeats this step until something holds.
        #[schemars(example = serde_json::json!({"until": "steps.poll.outputs.ready", "every": "30s", "max": 20}))]
        "repeat" repeat: Option<Repeat>,
        /// Further attempts of one visit.
        #[schemars(example = serde_json::json!({"max_attempts": 3, "on": ["timeout", "exit:75"]}))]
        "retry" retry: Option<RetrySpec>,
        /// Bound of one attempt; 6h unless said.
        #[schemars(example = &"30m")]
        "timeout" timeout: Option<Duration>,
        /// Longest time without output.
        #[schemars(example = &"5m")]
        "idle_timeout" idle_timeout: Option<Duration>,
        /// Longest wait for a worker or a lock.
        #[schemars(example = &"15m")]
        "queue_timeout" queue_timeout: Option<Duration>,
        /// Environment of the step, over that of the pipeline.
        #[schemars(example = serde_json::json!({"RUST_LOG": "debug"}), extend("propertyNames" = shape::variables()))]
        "env" env: Option<Entries<Scalar>>,
        /// Labels that a worker must have, all of them.
        #[schemars(example = serde_json::json!(["linux", "gpu"]), extend("anyOf" = shape::worker_labels()))]
        "runs_on" runs_on: Option<OneOrMany<Text>>,
        /// Named outputs: a CEL expression over the result, or the JSON Schema of what the script writes.
        #[schemars(example = serde_json::json!({"version": {"type": "string"}}), extend("propertyNames" = shape::values()))]
        "outputs" outputs: Option<Entries<OutputSpec>>,
        /// What to keep: names, and files or folders beneath the workspace, or patterns with `*` and `**`.
        #[schemars(example = serde_json::json!({"binary": "target/release/api"}), extend("propertyNames" = shape::artifacts()))]
        "artifacts" artifacts: Option<Entries<Text>>,
        /// Files kept from run to run, by a key.
        #[schemars(example = serde_json::json!({"key": "cargo-{{ hash_files(\"Cargo.lock\") }}", "paths": ["target"]}))]
        "cache" cache: Option<OneOrMany<Cache>>,
        /// A failure of this step does not fail the run.
        #[schemars(example = true, extend("default" = false))]
        "allow_failure" allow_failure: Option<Flag>,
        /// `false`: a begun attempt is let end when a loop or a cancel would end it.
        #[schemars(example = false, extend("default" = true))]
        "interruptible" interruptible: Option<Flag>,
        /// Time between the request to end and the end by force; 10s unless said.
        #[schemars(example = &"30s", extend("default" = "10s"))]
        "grace" grace: Option<Duration>,
        /// Runs many times, once for each item.
        #[schemars(example = serde_json::json!({"items": ["unit", "e2e"], "as": "suite", "max_parallel": 2}))]
        "foreach" foreach: Option<Box<Foreach>>,
        /// Runs many times, once for each combination.
        #[schemars(example = serde_json::json!({"axes": {"os": ["linux", "macos"], "rust": ["stable", "beta"]}}))]
        "matrix" matrix: Option<Box<Matrix>>,
        /// What undoes this step when the run fails.
        #[schemars(example = serde_json::json!({"run": "./undeploy.sh", "until": "verify"}))]
        "compensate" compensate: Option<Box<Compensate>>,
        /// A lock held during a visit, retries included: only one step of all runs holds it at a time.
        #[schemars(example = &"database-{{ inputs.region }}")]
        "lock" lock: Option<TemplateText>,
        /// `shared` (unless said): all steps of a run share their files; or `fresh`: an empty folder for this step.
        #[schemars(example = &"fresh", extend("default" = "shared"))]
        "workspace" workspace: Option<Word<Workspace>>,
        /// Artifacts of steps before this one, laid at their paths before it starts: `STEP.NAME`.
        #[schemars(example = serde_json::json!(["build.binary"]), extend("anyOf" = shape::artifacts_of_steps()))]
        "fetch" fetch: Option<OneOrMany<Text>>,
        /// Limits of the step.
        #[schemars(example = serde_json::json!({"memory": "2GiB", "cpus": 2}))]
        "limits" limits: Option<StepLimits>,
        /// Containers that run beside the step, and end with it.
        #[schemars(example = serde_json::json!({"db": {"image": "postgres:15", "ports": [5432]}}), extend("propertyNames" = shape::services()))]
        "services" services: Option<Entries<Service>>,
        /// Test results for the page of the run.
        #[schemars(example = serde_json::json!({"junit": "target/nextest/**/junit.xml"}))]
        "reports" reports: Option<Reports>,
        /// The step type that this step is: `.loopline/steps/NAME.yaml`.
        #[schemars(example = &"upload")]
        "use" uses: Option<Text>,
        /// Inputs of the step type. A string that is one hole keeps its type.
        #[schemars(example = serde_json::json!({"folder": "dist"}))]
        "with" with: Option<Entries<AnyJson>>,

        /// A script.
        #[schemars(example = &"cargo build --release")]
        "run" run: Option<Text>,
        /// What reads the script: `bash`, `sh`, `python3`, `node`, or any list of words. `bash -euo pipefail`, else `sh -eu`, unless said.
        #[schemars(example = &"python3")]
        "shell" shell: Option<ShellSpec>,
        /// Where the script runs, beneath the workspace.
        #[schemars(example = &"web")]
        "working_dir" working_dir: Option<TemplateText>,
        /// `false`: the script is taken as it stands, `{{` included.
        #[schemars(example = false, extend("default" = true))]
        "template" template: Option<Flag>,
        /// One HTTP request.
        #[schemars(example = serde_json::json!({"method": "POST", "url": "https://api.example/deploy"}))]
        "http" http: Option<Box<Http>>,
        /// A container.
        #[schemars(example = serde_json::json!({"image": "rust:1.95", "run": "cargo test"}))]
        "container" container: Option<Box<Container>>,
        /// Waits for people.
        #[schemars(example = serde_json::json!({"message": "Deploy?", "approvers": ["group:ops"], "timeout": "24h"}))]
        "approval" approval: Option<Approval>,
        /// Waits for a signal.
        #[schemars(example = serde_json::json!({"signal": "payment", "timeout": "2d"}))]
        "wait" wait: Option<Box<Wait>>,
        /// Waits for a time: `30s`, or `{until: CEL}`.
        #[schemars(example = &"30s")]
        "sleep" sleep: Option<SleepSpec>,
        /// A child run: of another pipeline, or of steps written in place.
        #[schemars(example = serde_json::json!({"name": "notify", "inputs": {"text": "done"}}))]
        "pipeline" pipeline: Option<Box<ChildPipeline>>,
        /// Computes outputs: names and CEL expressions. What is not a string stands for itself, its strings are templates.
        #[schemars(example = serde_json::json!({"tag": "inputs.service + \"-\" + inputs.version"}), extend("propertyNames" = shape::values()))]
        "set" set: Option<Entries<SetSpec>>,
    }
}

/// What reads a script.
#[derive(Debug, Clone)]
pub enum ShellSpec {
    /// `bash`, or several words.
    Line(Text),
    /// A list of words.
    Words(Vec<Text>, Route),
}

inline_schema!(ShellSpec, "Shell", {
    "anyOf": [
        { "type": ["string", "number", "boolean"], "pattern": "\\S", "patternErrorMessage": "The shell has no name." },
        {
            "type": "array",
            "items": { "type": ["string", "number", "boolean"] },
            "minItems": 1,
            "allOf": [{ "items": [{ "minLength": 1 }] }],
        },
    ],
    "examples": ["bash", "python3", ["ruby", "-w"]],
});

impl Decode for ShellSpec {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Sequence(_) => Vec::decode(node, at, cx).map(|words| Self::Words(words, at.clone())),
            _ => Text::decode(node, at, cx).map(Self::Line),
        }
    }
}

/// How long to sleep.
#[derive(Debug, Clone)]
pub enum SleepSpec {
    /// So long.
    For(Duration),
    /// Until the time that this gives.
    Until(CelText),
}

impl JsonSchema for SleepSpec {
    fn schema_name() -> Cow<'static, str> {
        "Sleep".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let duration = generator.subschema_for::<Duration>();
        let until = generator.subschema_for::<SleepUntil>();
        json_schema!({ "anyOf": [duration, until] })
    }
}

impl Decode for SleepSpec {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Mapping(_) => SleepUntil::decode(node, at, cx).map(|sleep| Self::Until(sleep.until)),
            _ => Duration::decode(node, at, cx).map(Self::For),
        }
    }
}

mapping! {
    /// Sleeps until a time.
    #[schemars(example = serde_json::json!({"until": "inputs.release_at"}))]
    pub struct SleepUntil ("`sleep`") {
        /// The RFC 3339 time. CEL.
        #[schemars(example = &"inputs.release_at")]
        "until" until: CelText,
    }
}

/// One of `outputs`.
#[derive(Debug, Clone)]
pub enum OutputSpec {
    /// Computed from the result.
    Cel(CelText),
    /// Written by the script, and checked.
    Schema(SchemaSpec),
}

impl JsonSchema for OutputSpec {
    fn schema_name() -> Cow<'static, str> {
        "Output".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let cel = generator.subschema_for::<CelText>();
        let schema = generator.subschema_for::<SchemaSpec>();
        json_schema!({ "anyOf": [cel, schema] })
    }
}

impl Decode for OutputSpec {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Mapping(_) => SchemaSpec::decode(node, at, cx).map(Self::Schema),
            _ => CelText::decode(node, at, cx).map(Self::Cel),
        }
    }
}

/// One of `set`.
#[derive(Debug, Clone)]
pub enum SetSpec {
    /// A string: CEL.
    Cel(CelText),
    /// A string that is one hole keeps its type; the strings inside anything else are templates.
    Template(Located<Json>),
}

impl JsonSchema for SetSpec {
    fn schema_name() -> Cow<'static, str> {
        "SetValue".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

impl Decode for SetSpec {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        let text = node.scalar().filter(|scalar| matches!(scalar.resolve(), Plain::Text));
        if text.is_some_and(|scalar| !scalar.text.trim_start().starts_with("{{")) {
            return CelText::decode(node, at, cx).map(Self::Cel);
        }
        let value = json(node, at, cx);
        Some(Self::Template(Located { value, at: at.clone() }))
    }
}

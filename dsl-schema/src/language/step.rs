//! One step: what it does, and what stands around that.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value as Json;

use super::approval::Approval;
use super::edges::{Goto, JoinSpec, Repeat};
use super::http::Http;
use super::inputs::SchemaSpec;
use super::needs::Needs;
use super::retry::RetrySpec;
use super::values::{CelText, Duration, Entries, Flag, Later, Located, Scalar, TemplateText, Text, inline_schema};
use crate::decode::{Cx, Decode, json, mapping};
use crate::route::Route;
use crate::yaml::{Node, Plain, Value};

mapping! {
    /// A step. It does exactly one thing: `run`, `http`, `container`, `approval`, `wait`, `sleep`, `pipeline` or `set`.
    #[schemars(example = serde_json::json!({"needs": "build", "run": "make test"}))]
    pub struct Step ("a step") {
        /// What people call it.
        "name" name: Option<Text>,
        /// What it is for.
        "description" description: Option<Text>,
        /// Steps that come before this one.
        "needs" needs: Option<Needs>,
        /// How many of the edges into this step must be live: `all` (unless said), `any`, or `{at_least: n}`.
        "join" join: Option<JoinSpec>,
        /// Skips the step where it is false. CEL.
        #[schemars(example = &"inputs.replicas > 1")]
        "if" condition: Option<CelText>,
        /// Loop edges out of this step, tried in this order when it ends.
        "goto" goto: Option<Vec<Goto>>,
        /// Repeats this step until something holds.
        "repeat" repeat: Option<Repeat>,
        /// Further attempts of one visit.
        "retry" retry: Option<RetrySpec>,
        /// Bound of one attempt; 6h unless said.
        #[schemars(example = &"30m")]
        "timeout" timeout: Option<Duration>,
        /// Longest time without output.
        "idle_timeout" idle_timeout: Option<Duration>,
        /// Longest wait for a worker or a lock.
        "queue_timeout" queue_timeout: Option<Later>,
        /// Environment of the step, over that of the pipeline.
        "env" env: Option<Entries<Scalar>>,
        /// Labels that a worker must have.
        "runs_on" runs_on: Option<Later>,
        /// Named outputs: a CEL expression over the result, or the JSON Schema of what the script writes.
        #[schemars(example = serde_json::json!({"version": {"type": "string"}}))]
        "outputs" outputs: Option<Entries<OutputSpec>>,
        /// Files to keep: names and paths beneath the workspace.
        #[schemars(example = serde_json::json!({"binary": "target/release/api"}))]
        "artifacts" artifacts: Option<Entries<Text>>,
        /// Files kept from run to run.
        "cache" cache: Option<Later>,
        /// A failure of this step does not fail the run.
        "allow_failure" allow_failure: Option<Flag>,
        /// `false`: a begun attempt is let end when a loop or a cancel would end it.
        "interruptible" interruptible: Option<Flag>,
        /// Time between the request to end and the end by force; 10s unless said.
        "grace" grace: Option<Duration>,
        /// Runs many times, once for each item.
        "foreach" foreach: Option<Later>,
        /// Runs many times, once for each combination.
        "matrix" matrix: Option<Later>,
        /// What undoes this step when the run fails.
        "compensate" compensate: Option<Later>,
        /// A lock held during a visit.
        "lock" lock: Option<Later>,
        /// `shared` (unless said) or `fresh`.
        "workspace" workspace: Option<WorkspaceSpec>,
        /// Artifacts laid at their paths before the step starts.
        "fetch" fetch: Option<Later>,
        /// Limits of the step.
        "limits" limits: Option<Later>,
        /// Containers that run beside the step.
        "services" services: Option<Later>,
        /// Test results for the page of the run.
        "reports" reports: Option<Later>,
        /// The step type that this step is.
        "use" uses: Option<Later>,
        /// Inputs of the step type.
        "with" with: Option<Later>,

        /// A script.
        #[schemars(example = &"cargo build --release")]
        "run" run: Option<Text>,
        /// What reads the script: `bash`, `sh`, `python3`, `node`, or any list of words. `bash -euo pipefail`, else `sh -eu`, unless said.
        "shell" shell: Option<ShellSpec>,
        /// Where the script runs, beneath the workspace.
        "working_dir" working_dir: Option<TemplateText>,
        /// `false`: the script is taken as it stands, `{{` included.
        "template" template: Option<Flag>,
        /// One HTTP request.
        "http" http: Option<Box<Http>>,
        /// A container.
        "container" container: Option<Later>,
        /// Waits for people.
        "approval" approval: Option<Approval>,
        /// Waits for a signal.
        "wait" wait: Option<Later>,
        /// Waits for a time: `30s`, or `{until: CEL}`.
        "sleep" sleep: Option<SleepSpec>,
        /// A child run.
        "pipeline" pipeline: Option<Later>,
        /// Computes outputs: names and CEL expressions. What is not a string stands for itself.
        #[schemars(example = serde_json::json!({"tag": "inputs.service + \"-\" + inputs.version"}))]
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
    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }],
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

/// `workspace`.
#[derive(Debug, Clone)]
pub struct WorkspaceSpec;

inline_schema!(WorkspaceSpec, "Workspace", { "enum": ["shared", "fresh"] });

impl Decode for WorkspaceSpec {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match node.scalar().map(|scalar| scalar.text.as_str()) {
            Some("shared") => {}
            Some("fresh") => cx.require("workspace", at),
            _ => {
                let diagnostic = cx.wrong_type(node, at, "`shared` or `fresh`");
                cx.report(diagnostic);
                return None;
            }
        }
        Some(Self)
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
    pub struct SleepUntil ("`sleep`") {
        /// The RFC 3339 time. CEL.
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
    /// Anything else stands for itself.
    Literal(Located<Json>),
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
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        if matches!(node.scalar().map(crate::yaml::Scalar::resolve), Some(Plain::Text)) {
            return CelText::decode(node, at, cx).map(Self::Cel);
        }
        let value = json(node, at, cx);
        Some(Self::Literal(Located { value, at: at.clone() }))
    }
}

//! The file as a whole.

use super::inputs::SchemaSpec;
use super::retry::RetrySpec;
use super::step::Step;
use super::values::{CelText, Duration, Entries, Flag, Later, Required, Scalar, TemplateText, Text, Whole};
use crate::decode::mapping;

mapping! {
    /// A pipeline: steps, the edges between them, and what a run of it takes and gives.
    pub struct Pipeline ("a pipeline") {
        /// Version of the language.
        #[schemars(example = 1)]
        "version" version: Option<Whole<1, { u32::MAX }>>,
        /// Name of the pipeline: a lower-case letter, then at most 62 of a-z, 0-9 and -.
        #[schemars(example = &"release-service", extend("pattern" = "^[a-z][a-z0-9-]{0,62}$"))]
        "name" name: Required<Text>,
        /// What it is for.
        "description" description: Option<Text>,
        /// Labels of each run, by which runs are found. Templates over `inputs`, `run` and `event`.
        #[schemars(example = serde_json::json!({"team": "payments"}))]
        "labels" labels: Option<Entries<TemplateText>>,
        /// What a run is given. Each input is a JSON Schema; it must be given unless it has `default` or `required: false`.
        #[schemars(example = serde_json::json!({"replicas": {"type": "integer", "default": 2, "minimum": 1}}))]
        "inputs" inputs: Option<Entries<SchemaSpec>>,
        /// Names of the secrets this pipeline may see.
        #[schemars(example = serde_json::json!(["DEPLOY_TOKEN"]))]
        "secrets" secrets: Option<Vec<Text>>,
        /// Environment of every step that works.
        #[schemars(example = serde_json::json!({"RUST_LOG": "info"}))]
        "env" env: Option<Entries<Scalar>>,
        /// What starts a run besides people.
        "triggers" triggers: Option<Triggers>,
        /// How many runs may go on at the same time.
        "concurrency" concurrency: Option<Later>,
        /// Bound of the whole run. When it has passed, the run fails.
        #[schemars(example = &"3d")]
        "timeout" timeout: Option<Duration>,
        /// What steps that work take when they say nothing else.
        "defaults" defaults: Option<Defaults>,
        /// Limits of the run.
        "limits" limits: Option<Limits>,
        /// What a run is called. A template over `inputs`, `run` and `event`.
        #[schemars(example = &"Deploy {{ inputs.service }}")]
        "run_name" run_name: Option<TemplateText>,
        /// At the first failure that no step can still catch, end what runs and skip the rest.
        "fail_fast" fail_fast: Option<Later>,
        /// Who is told about the end of a run or an approval.
        "notify" notify: Option<Later>,
        /// Test results for the page of the run.
        "reports" reports: Option<Later>,
        /// The steps by their ids: a lower-case letter, then at most 62 of a-z, 0-9 and _. A step without `needs` starts at once.
        #[schemars(example = serde_json::json!({"build": {"run": "make"}}))]
        "steps" steps: Required<Entries<Step>>,
        /// Steps that run when the others have ended, however they ended.
        "finally" finally: Option<Later>,
        /// What the run gives back when it succeeds: names and CEL expressions.
        #[schemars(example = serde_json::json!({"version": "steps.build.outputs.version"}))]
        "outputs" outputs: Option<Entries<CelText>>,
    }
}

mapping! {
    /// What starts a run besides people.
    pub struct Triggers ("`triggers`") {
        /// People may start a run, which is so unless this says `false`.
        "manual" manual: Option<Flag>,
        /// Times at which runs start.
        "schedule" schedule: Option<Later>,
        /// Calls from other systems that start runs.
        "webhook" webhook: Option<Later>,
        /// Ends of other pipelines' runs that start runs.
        "pipeline" pipeline: Option<Later>,
        /// Changes of files that start runs.
        "files" files: Option<Later>,
    }
}

mapping! {
    /// What steps that work take when they say nothing else.
    pub struct Defaults ("`defaults`") {
        /// Bound of one attempt.
        #[schemars(example = &"30m")]
        "timeout" timeout: Option<Duration>,
        /// Further attempts.
        "retry" retry: Option<RetrySpec>,
        /// Labels that a worker must have.
        "runs_on" runs_on: Option<Later>,
    }
}

mapping! {
    /// Limits of the run.
    pub struct Limits ("`limits`") {
        /// How many visits any step may have in one epoch.
        "visits" visits: Option<Whole<1, 1_000_000>>,
        /// How many items a `foreach` may have.
        "items" items: Option<Later>,
        /// How many bytes of log a run may write.
        "log" log: Option<Later>,
    }
}

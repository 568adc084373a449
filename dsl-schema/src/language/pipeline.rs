//! The file as a whole.

use super::inputs::SchemaSpec;
use super::retry::RetrySpec;
use super::step::Step;
use super::surroundings::{Concurrency, Limits, Notify, Reports};
use super::triggers::Triggers;
use super::values::{CelText, Duration, Entries, Flag, Later, OneOrMany, Required, Scalar, TemplateText, Text, Whole};
use crate::decode::mapping;
use crate::schema::shape;

mapping! {
    #[derive(Default)]
    /// A pipeline: steps, the edges between them, and what a run of it takes and gives.
    pub struct Pipeline ("a pipeline") {
        /// Version of the language.
        #[schemars(example = 1, extend("const" = 1))]
        "version" version: Option<Whole<1, { u32::MAX }>>,
        /// Name of the pipeline: a lower-case letter, then at most 62 of a-z, 0-9 and -.
        #[schemars(example = &"release-service", extend("pattern" = "^[a-z][a-z0-9-]{0,62}$"))]
        "name" name: Required<Text>,
        /// What it is for.
        #[schemars(example = &"Builds, tests and deploys")]
        "description" description: Option<Text>,
        /// Labels of each run, by which runs are found. Templates over `inputs`, `run` and `event`.
        #[schemars(example = serde_json::json!({"team": "payments"}), extend("propertyNames" = shape::labels()))]
        "labels" labels: Option<Entries<TemplateText>>,
        /// What a run is given. Each input is a JSON Schema; it must be given unless it has `default` or `required: false`.
        #[schemars(example = serde_json::json!({"replicas": {"type": "integer", "default": 2, "minimum": 1}}), extend("propertyNames" = shape::values()))]
        "inputs" inputs: Option<Entries<SchemaSpec>>,
        /// Names of the secrets this pipeline may see.
        #[schemars(example = serde_json::json!(["DEPLOY_TOKEN"]), extend("items" = shape::secret()))]
        "secrets" secrets: Option<Vec<Text>>,
        /// Environment of every step that works.
        #[schemars(example = serde_json::json!({"RUST_LOG": "info"}), extend("propertyNames" = shape::variables()))]
        "env" env: Option<Entries<Scalar>>,
        /// What starts a run besides people.
        #[schemars(example = serde_json::json!({"schedule": [{"cron": "30 6 * * 1-5", "timezone": "Europe/Berlin"}]}))]
        "triggers" triggers: Option<Triggers>,
        /// How many runs may go on at the same time.
        #[schemars(example = serde_json::json!({"group": "deploy-{{ inputs.service }}", "limit": 1}))]
        "concurrency" concurrency: Option<Concurrency>,
        /// Bound of the whole run. When it has passed, the run fails.
        #[schemars(example = &"3d")]
        "timeout" timeout: Option<Duration>,
        /// What steps that work take when they say nothing else.
        #[schemars(example = serde_json::json!({"timeout": "30m", "retry": {"max_attempts": 2}}))]
        "defaults" defaults: Option<Defaults>,
        /// Limits of the run.
        #[schemars(example = serde_json::json!({"visits": 100}))]
        "limits" limits: Option<Limits>,
        /// What a run is called. A template over `inputs`, `run` and `event`.
        #[schemars(example = &"Deploy {{ inputs.service }}")]
        "run_name" run_name: Option<TemplateText>,
        /// At the first failure that no step can still catch, end what runs and skip the rest.
        #[schemars(example = true, extend("default" = false))]
        "fail_fast" fail_fast: Option<Flag>,
        /// Who is told about the end of a run or an approval.
        #[schemars(example = serde_json::json!([{"on": ["failed", "recovered"], "to": "team-chat"}]))]
        "notify" notify: Option<Later<Vec<Notify>>>,
        /// Test results for the page of the run.
        #[schemars(example = serde_json::json!({"junit": "target/nextest/**/junit.xml"}))]
        "reports" reports: Option<Later<Reports>>,
        /// The steps by their ids: a lower-case letter, then at most 62 of a-z, 0-9 and _. A step without `needs` starts at once.
        #[schemars(example = serde_json::json!({"build": {"run": "make"}}), extend("type" = "object", "minProperties" = 1, "propertyNames" = shape::step_ids()))]
        "steps" steps: Required<Entries<Step>>,
        /// Steps that run when the others have ended, however they ended.
        #[schemars(example = serde_json::json!({"cleanup": {"run": "./cleanup.sh"}}), extend("propertyNames" = shape::step_ids()))]
        "finally" finally: Option<Entries<Step>>,
        /// What the run gives back when it succeeds: names and CEL expressions.
        #[schemars(example = serde_json::json!({"version": "steps.build.outputs.version"}), extend("propertyNames" = shape::values()))]
        "outputs" outputs: Option<Entries<CelText>>,
    }
}

mapping! {
    /// What steps that work take when they say nothing else.
    #[schemars(example = serde_json::json!({"timeout": "30m", "retry": {"max_attempts": 2}, "runs_on": ["linux"]}))]
    pub struct Defaults ("`defaults`") {
        /// Bound of one attempt.
        #[schemars(example = &"30m")]
        "timeout" timeout: Option<Duration>,
        /// Further attempts.
        #[schemars(example = serde_json::json!({"max_attempts": 2}))]
        "retry" retry: Option<RetrySpec>,
        /// Labels that a worker must have.
        #[schemars(example = serde_json::json!(["linux"]), extend("anyOf" = shape::worker_labels()))]
        "runs_on" runs_on: Option<OneOrMany<Text>>,
    }
}

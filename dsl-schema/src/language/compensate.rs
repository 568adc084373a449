//! `compensate`: what undoes a step.

use super::container::Container;
use super::http::Http;
use super::retry::RetrySpec;
use super::step::ShellSpec;
use super::values::{Duration, Entries, Flag, OneOrMany, Scalar, TemplateText, Text};
use super::words::{CompensateOn, CompensatePer, Word};
use crate::decode::mapping;
use crate::schema::shape;

mapping! {
    /// Undoes a step that succeeded when the run fails. Compensations run one at a time, that of the step which ended last first.
    #[schemars(example = serde_json::json!({"run": "./undeploy.sh", "until": "verify"}))]
    #[schemars(transform = shape::not_beside("http", vec!["shell", "working_dir", "template"]))]
    #[schemars(transform = shape::not_beside("container", vec!["shell", "working_dir", "template"]))]
    #[schemars(transform = shape::exactly_one(vec!["run", "http", "container"]))]
    pub struct Compensate ("`compensate`") {
        /// A script.
        #[schemars(example = &"./undeploy.sh")]
        "run" run: Option<Text>,
        /// What reads the script.
        #[schemars(example = &"python3")]
        "shell" shell: Option<ShellSpec>,
        /// Where the script runs, beneath the workspace.
        #[schemars(example = &"deploy")]
        "working_dir" working_dir: Option<TemplateText>,
        /// `false`: the script is taken as it stands, `{{` included.
        #[schemars(example = false, extend("default" = true))]
        "template" template: Option<Flag>,
        /// One HTTP request.
        #[schemars(example = serde_json::json!({"method": "DELETE", "url": "https://deploy.example/api"}))]
        "http" http: Option<Box<Http>>,
        /// A container.
        #[schemars(example = serde_json::json!({"image": "deployer:2", "args": ["undo"]}))]
        "container" container: Option<Box<Container>>,
        /// Environment, over that of the step.
        #[schemars(example = serde_json::json!({"FORCE": "1"}), extend("propertyNames" = shape::variables()))]
        "env" env: Option<Entries<Scalar>>,
        /// Bound of one attempt; that of the step unless said.
        #[schemars(example = &"10m")]
        "timeout" timeout: Option<Duration>,
        /// Further attempts; that of the step unless said.
        #[schemars(example = serde_json::json!({"max_attempts": 3}))]
        "retry" retry: Option<RetrySpec>,
        /// The point of no return: a step behind this one. Once it has succeeded, nothing is undone here.
        #[schemars(example = &"verify")]
        "until" until: Option<Text>,
        /// Which ends of the run undo: `failed` (unless said), `cancelled`, or both.
        #[schemars(example = serde_json::json!(["failed", "cancelled"]), extend("default" = "failed"))]
        "on" on: Option<OneOrMany<Word<CompensateOn>>>,
        /// Once for the `step` (unless said), for its last succeeded visit; or once for each succeeded `visit`.
        #[schemars(example = &"visit", extend("default" = "step"))]
        "per" per: Option<Word<CompensatePer>>,
    }
}

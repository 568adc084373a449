//! What a user may write in a file of tests, `*.loopline.test.yaml`.

mod act;
mod expect;
mod mock;
mod short;

pub use act::{Act, Acts, Decision, Decisions, RerunSpec, RerunWord};
pub use expect::{Expect, ExpectedError, ExpectedStep};
pub use mock::{FailSpec, Mock, MockResponse, Mocks};
pub use short::Short;

use super::values::{AnyJson, Entries, OneOrMany, Required, Text};
use crate::decode::mapping;

mapping! {
    /// Tests of one pipeline: what its steps would do, what people do, and what must come of it.
    #[schemars(example = serde_json::json!({"pipeline": "release.loopline.yaml", "cases": {"builds": {"mock": {"build": {}}, "expect": {"status": "succeeded"}}}}))]
    #[derive(Default)]
    pub struct TestFile ("a file of tests") {
        /// The file of the pipeline, from the folder of this one.
        #[schemars(example = &"release.loopline.yaml")]
        "pipeline" pipeline: Required<Text>,
        /// The groups that people are in. Without it, everybody is in every group.
        #[schemars(example = serde_json::json!({"ada": "group:ops", "bob": ["group:ops", "group:leads"]}))]
        "people" people: Option<Entries<OneOrMany<Text>>>,
        /// What steps do in every case that does not say something else.
        #[schemars(example = serde_json::json!({"build": {"outputs": {"version": "1.2.3"}, "after": "10m"}}))]
        "mock" mock: Option<Entries<Mocks>>,
        /// The cases, by their names.
        #[schemars(example = serde_json::json!({"builds": {"mock": {"build": {}}, "expect": {"status": "succeeded"}}}))]
        "cases" cases: Required<Entries<Case>>,
    }
}

mapping! {
    /// One run and what must come of it.
    #[schemars(example = serde_json::json!({"inputs": {"service": "api"}, "mock": {"build": {}}, "expect": {"status": "succeeded"}}))]
    pub struct Case ("a case") {
        /// What it shows.
        #[schemars(example = &"Goes back when the release is not healthy")]
        "description" description: Option<Text>,
        /// Inputs of the run.
        #[schemars(example = serde_json::json!({"service": "api"}))]
        "inputs" inputs: Option<Entries<AnyJson>>,
        /// What starts the run; by hand unless said.
        #[schemars(example = serde_json::json!({"kind": "schedule"}))]
        "trigger" trigger: Option<TestTrigger>,
        /// The moment at which the run begins, as RFC 3339; 2026-01-01T00:00:00Z unless said.
        #[schemars(example = &"2026-03-29T00:30:00Z", extend("default" = "2026-01-01T00:00:00Z"))]
        "began" began: Option<Text>,
        /// What steps do: one for every visit, or a list with one for each.
        #[schemars(example = serde_json::json!({"verify": [{"fail": {"kind": "exit", "exit_code": 22}}, {"after": "5s"}]}))]
        "mock" mock: Option<Entries<Mocks>>,
        /// What people and other systems do, by the time since the run began.
        #[schemars(example = serde_json::json!({"1h": {"approve": {"approve": ["ada", "bob"]}}}))]
        "at" at_times: Option<Entries<Acts>>,
        /// What must come of it.
        #[schemars(example = serde_json::json!({"status": "succeeded", "within": "2h"}))]
        "expect" expect: Required<Expect>,
    }
}

mapping! {
    /// What starts a run.
    #[schemars(example = serde_json::json!({"kind": "manual", "actor": "ada"}))]
    pub struct TestTrigger ("`trigger`") {
        /// `run.trigger.kind`; `manual` unless said.
        #[schemars(example = &"schedule", extend("default" = "manual"))]
        "kind" kind: Option<Text>,
        /// Who starts it: `run.trigger.actor`; nobody unless said.
        #[schemars(example = &"ada")]
        "actor" actor: Option<Text>,
    }
}

//! `pipeline`: a child run.

use super::step::Step;
use super::values::{AnyJson, CelText, Entries, Text};
use crate::decode::mapping;
use crate::schema::shape;

mapping! {
    /// A child run: of a pipeline by its `name`, or of `steps` written in place. It sees nothing but its `inputs`.
    #[schemars(example = serde_json::json!({"name": "notify", "inputs": {"text": "{{ inputs.service }} is live"}}))]
    #[schemars(transform = shape::not_beside("name", vec!["outputs"]))]
    #[schemars(transform = shape::exactly_one(vec!["name", "steps"]))]
    pub struct ChildPipeline ("`pipeline`") {
        /// The pipeline to run: `name`, or `project/name`.
        #[schemars(example = &"notify")]
        "name" name: Option<Text>,
        /// What the child is given. A string that is one hole keeps its type.
        #[schemars(example = serde_json::json!({"text": "{{ inputs.service }} is live"}))]
        "inputs" inputs: Option<Entries<AnyJson>>,
        /// Steps written in place, with ids of their own.
        #[schemars(example = serde_json::json!({"build": {"run": "make"}, "test": {"needs": "build", "run": "make test"}}), extend("type" = "object", "minProperties" = 1, "propertyNames" = shape::step_ids()))]
        "steps" steps: Option<Entries<Step>>,
        /// What the steps written in place give back: names and CEL expressions over them.
        #[schemars(example = serde_json::json!({"version": "steps.build.outputs.version"}), extend("propertyNames" = shape::values()))]
        "outputs" outputs: Option<Entries<CelText>>,
    }
}

//! Step types: `.loopline/steps/NAME.yaml`.

use super::inputs::SchemaSpec;
use super::step::{OutputSpec, Step};
use super::values::{Entries, Required, Text};
use crate::decode::mapping;
use crate::schema::shape;

mapping! {
    /// A step that pipelines use by its name: `use: NAME`.
    #[schemars(example = serde_json::json!({"description": "Uploads a folder", "inputs": {"folder": {"type": "string"}}, "step": {"run": "upload {{ inputs.folder }}"}}))]
    #[derive(Default)]
    pub struct StepType ("a step type") {
        /// What it is for; shown in the editor's palette.
        #[schemars(example = &"Uploads a folder")]
        "description" description: Option<Text>,
        /// Its icon in the editor: a name of the icon set, or one emoji.
        #[schemars(example = &"upload")]
        "icon" icon: Option<Text>,
        /// What `with` gives. Each input is a JSON Schema; it must be given unless it has `default` or `required: false`.
        #[schemars(example = serde_json::json!({"folder": {"type": "string"}}), extend("propertyNames" = shape::values()))]
        "inputs" inputs: Option<Entries<SchemaSpec>>,
        /// Named outputs: CEL expressions over the result, or the JSON Schemas of what the script writes.
        #[schemars(example = serde_json::json!({"url": {"type": "string"}}), extend("propertyNames" = shape::values()))]
        "outputs" outputs: Option<Entries<OutputSpec>>,
        /// The step. It sees `inputs`, which are those of the type, and no other step.
        #[schemars(example = serde_json::json!({"run": "upload {{ inputs.folder }}"}))]
        "step" step: Required<Box<Step>>,
    }
}

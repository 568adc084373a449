//! JSON Schemas inside the file: of inputs, of declared outputs, of the fields of an approval.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value as Json;

use super::values::{Located, inline_schema};
use crate::decode::{Cx, Decode, json};
use crate::route::Route;
use crate::yaml::{Node, Value};

/// A JSON Schema, with `required: false` for what may be left out.
#[derive(Debug, Clone)]
pub struct SchemaSpec(pub Located<Json>);

inline_schema!(SchemaSpec, "InputSchema", {
    "description": "A JSON Schema of the value.",
    "type": "object",
    "properties": {
        "type": {
            "anyOf": [
                { "enum": ["string", "integer", "number", "boolean", "array", "object", "null"] },
                { "type": "array" },
            ],
        },
        "description": { "type": "string" },
        "default": { "description": "Taken when it is not given." },
        "required": { "description": "`false`: may be left out, and is null then.", "type": ["boolean", "array"] },
        "enum": { "type": "array" },
        "pattern": { "type": "string" },
        "minimum": { "type": "number" },
        "maximum": { "type": "number" },
    },
    "examples": [{ "type": "integer", "default": 2, "minimum": 1, "maximum": 50 }],
});

impl Decode for SchemaSpec {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        if matches!(node.value, Value::Mapping(_)) {
            let mut value = json(node, at, cx);
            if let Some(keywords) = value.as_object_mut() {
                keywords.retain(|keyword, _| !keyword.starts_with("x-"));
            }
            return Some(Self(Located { value, at: at.clone() }));
        }
        let diagnostic = cx.wrong_type(node, at, "a JSON Schema");
        cx.report(diagnostic.help("write it like `{type: string}`"));
        None
    }
}

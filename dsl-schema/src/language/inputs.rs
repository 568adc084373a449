//! JSON Schemas inside the file: of inputs, of declared outputs, of the fields of an approval.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value as Json;

use super::values::Located;
use super::vocabulary;
use crate::decode::{Cx, Decode, json};
use crate::route::Route;
use crate::yaml::{Node, Value};

/// A JSON Schema, with `required: false` for what may be left out.
#[derive(Debug, Clone)]
pub struct SchemaSpec(pub Located<Json>);

impl JsonSchema for SchemaSpec {
    fn schema_name() -> Cow<'static, str> {
        "InputSchema".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        vocabulary::of_a_value(generator)
    }
}

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

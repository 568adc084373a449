//! One step, many times: `foreach` and `matrix`.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value as Json;

use super::values::{AnyJson, CelText, Entries, Flag, Located, Text, Whole, inline_schema};
use crate::decode::{Cx, Decode, json, mapping};
use crate::route::Route;
use crate::schema::shape;
use crate::yaml::{Node, Plain, Value};

mapping! {
    /// Runs the step once for each item of a list.
    #[schemars(example = serde_json::json!({"items": ["unit", "e2e"], "as": "suite", "max_parallel": 2}))]
    pub struct Foreach ("`foreach`") {
        /// A list, or the CEL expression of one.
        #[schemars(example = serde_json::json!(["unit", "e2e"]))]
        "items" items: ItemsSpec,
        /// Another name for `item`.
        #[schemars(example = &"suite")]
        "as" alias: Option<Text>,
        /// What tells one item from another in logs and histories; its place in the list unless said. CEL over `item`.
        #[schemars(example = &"item")]
        "key" key: Option<CelText>,
        /// How many run at the same time; all unless said.
        #[schemars(example = 2)]
        "max_parallel" max_parallel: Option<Whole<1, 10_000>>,
        /// At the first failure beyond `tolerate`, ends the items that run and leaves out those that have not begun.
        #[schemars(example = true, extend("default" = false))]
        "fail_fast" fail_fast: Option<Flag>,
        /// How many items may fail before the step fails; none unless said.
        #[schemars(example = 1, extend("default" = 0))]
        "tolerate" tolerate: Option<Whole<0, 10_000>>,
    }
}

mapping! {
    /// Runs the step once for each combination of the axes.
    #[schemars(example = serde_json::json!({"axes": {"os": ["linux", "macos"], "rust": ["stable", "beta"]}}))]
    pub struct Matrix ("`matrix`") {
        /// Names, and a list or the CEL expression of one for each.
        #[schemars(example = serde_json::json!({"os": ["linux", "macos"], "rust": ["stable", "beta"]}), extend("propertyNames" = shape::axes()))]
        "axes" axes: Entries<ItemsSpec>,
        /// Adds to combinations that agree with it, or adds a combination of its own where none does.
        #[schemars(example = serde_json::json!([{"os": "linux", "coverage": true}]))]
        "include" include: Option<Vec<Entries<AnyJson>>>,
        /// Leaves out the combinations that agree with it.
        #[schemars(example = serde_json::json!([{"os": "macos", "rust": "beta"}]))]
        "exclude" exclude: Option<Vec<Entries<AnyJson>>>,
        /// How many run at the same time; all unless said.
        #[schemars(example = 2)]
        "max_parallel" max_parallel: Option<Whole<1, 10_000>>,
        /// At the first failure beyond `tolerate`, ends the items that run and leaves out those that have not begun.
        #[schemars(example = true, extend("default" = false))]
        "fail_fast" fail_fast: Option<Flag>,
        /// How many items may fail before the step fails; none unless said.
        #[schemars(example = 1, extend("default" = 0))]
        "tolerate" tolerate: Option<Whole<0, 10_000>>,
    }
}

/// Where items come from.
#[derive(Debug, Clone)]
pub enum ItemsSpec {
    /// A string: CEL.
    Cel(CelText),
    /// A list, or a string that is one hole, which keeps its type.
    Template(Located<Json>),
}

inline_schema!(ItemsSpec, "Items", {
    "type": ["array", "string"],
    "examples": [["unit", "e2e"], "steps.plan.outputs.suites"],
});

impl Decode for ItemsSpec {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Sequence(_) => Some(Self::Template(Located { value: json(node, at, cx), at: at.clone() })),
            Value::Scalar(scalar) if scalar.text.contains("{{") => {
                Some(Self::Template(Located { value: Json::from(scalar.text.as_str()), at: at.clone() }))
            }
            Value::Scalar(scalar) if matches!(scalar.resolve(), Plain::Text) => {
                CelText::decode(node, at, cx).map(Self::Cel)
            }
            _ => {
                let diagnostic = cx.wrong_type(node, at, "a list, or the expression of one");
                cx.report(diagnostic.help("write it like `[unit, e2e]`, or `steps.plan.outputs.suites`"));
                None
            }
        }
    }
}

//! `needs`: a name, a list of names, or a mapping of names to conditions.

use std::borrow::Cow;
use std::rc::Rc;

use loopline_core::graph::Condition;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::values::Text;
use super::words::{Word, words_schema};
use crate::decode::{Cx, Decode};
use crate::diagnostics::Place;
use crate::route::Route;
use crate::yaml::{Node, Plain, Value};

/// Forward edges into a step.
#[derive(Debug, Clone)]
pub struct Needs(pub Vec<NeedSpec>);

/// One of them.
#[derive(Debug, Clone)]
pub struct NeedSpec {
    /// The step it comes from.
    pub step: String,
    /// Where that name stands.
    pub place: Place,
    /// Its condition, where one is said.
    pub on: Option<Word<Condition>>,
}

impl JsonSchema for Needs {
    fn schema_name() -> Cow<'static, str> {
        "Needs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let name = generator.subschema_for::<Text>();
        let condition = words_schema::<Condition>();
        json_schema!({
            "description": "Steps that come before: a name, a list of names, or names and the conditions of their edges.",
            "anyOf": [
                { "type": ["string", "number", "boolean", "null"] },
                { "type": "array", "items": name },
                { "type": "object", "additionalProperties": { "anyOf": [condition, { "type": "null" }] } },
            ],
            "examples": ["build", ["build", "test"], { "verify": "catch" }],
        })
    }
}

impl Decode for Needs {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        let needs = match &node.value {
            Value::Mapping(entries) => entries
                .iter()
                .map(|entry| {
                    let at = at.key(&entry.key.text);
                    let on = if entry.value.is_null() { None } else { Word::decode(&entry.value, &at, cx) };
                    NeedSpec { step: entry.key.text.to_string(), place: Place::Key(at), on }
                })
                .collect(),
            Value::Sequence(items) => {
                items.iter().enumerate().filter_map(|(index, item)| name(item, &at.index(index), cx)).collect()
            }
            Value::Scalar(_) if node.is_null() => Vec::new(),
            Value::Scalar(_) => vec![name(node, at, cx)?],
        };
        Some(Self(needs))
    }
}

fn name(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<NeedSpec> {
    if let Some(scalar) = node.scalar().filter(|scalar| !matches!(scalar.resolve(), Plain::Null)) {
        return Some(NeedSpec { step: scalar.text.clone(), place: Place::Value(at.clone()), on: None });
    }
    let diagnostic = cx.wrong_type(node, at, "the name of a step");
    cx.report(diagnostic.help("a list holds names; for conditions write a mapping, like `needs: {verify: catch}`"));
    None
}

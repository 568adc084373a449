//! Loop edges, and how forward edges are joined.

use std::borrow::Cow;
use std::rc::Rc;

use loopline_core::graph::{GotoOn, OnExhausted};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::values::{CelText, Duration, Located, Text, Whole, inline_schema};
use super::words::{InFlight, Word};
use crate::decode::{Cx, Decode, mapping};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::route::Route;
use crate::yaml::{Node, Plain, Value};

mapping! {
    /// A loop edge: back to a step before this one, or to this one again.
    #[schemars(example = serde_json::json!({"to": "build", "on": "failed", "max": 3}))]
    pub struct Goto ("an entry of `goto`") {
        /// This step, or one that leads to it.
        #[schemars(example = &"build")]
        "to" to: Text,
        /// Which outcome fires it; `failed` unless said, which includes `rejected` and `timeout`.
        #[schemars(example = &"failed", extend("default" = "failed"))]
        "on" on: Option<Word<GotoOn>>,
        /// And only if this holds. CEL.
        #[schemars(example = &"visit < 3")]
        "if" condition: Option<CelText>,
        /// How often it may fire, or `unlimited`.
        #[schemars(example = 3)]
        "max" max: Option<MaxFirings>,
        /// Wait before the steps are judged anew.
        #[schemars(example = &"30s")]
        "delay" delay: Option<Duration>,
        /// When `max` is used up: `fail` (unless said) or `continue`.
        #[schemars(example = &"continue", extend("default" = "fail"))]
        "on_exhausted" on_exhausted: Option<Word<OnExhausted>>,
        /// What runs in the region: `cancel` it (unless said) or `drain`, let it end.
        #[schemars(example = &"drain", extend("default" = "cancel"))]
        "in_flight" in_flight: Option<Word<InFlight>>,
    }
}

mapping! {
    /// Again and again until something holds.
    #[schemars(example = serde_json::json!({"until": "steps.poll.outputs.ready", "every": "30s", "max": 20}))]
    pub struct Repeat ("`repeat`") {
        /// Ends it. CEL.
        #[schemars(example = &"steps.poll.outputs.ready")]
        "until" until: CelText,
        /// Wait before the next visit.
        #[schemars(example = &"30s")]
        "every" every: Option<Duration>,
        /// How often it may be repeated, or `unlimited`.
        #[schemars(example = 20)]
        "max" max: Option<MaxFirings>,
    }
}

/// How often a loop edge may fire.
#[derive(Debug, Clone)]
pub struct MaxFirings {
    /// None: `unlimited`.
    pub times: Option<u32>,
    /// Where it stands.
    pub at: Route,
}

inline_schema!(MaxFirings, "MaxFirings", {
    "anyOf": [
        { "type": "integer", "minimum": 1, "maximum": 1_000_000 },
        { "const": "unlimited", "description": "As often as it takes. Time must pass on every way round." },
    ],
});

impl Decode for MaxFirings {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        if node.scalar().is_some_and(|scalar| scalar.text == "unlimited") {
            return Some(Self { times: None, at: at.clone() });
        }
        if matches!(node.scalar().map(crate::yaml::Scalar::resolve), Some(Plain::Int(_) | Plain::Float(_))) {
            let times = Whole::<1, 1_000_000>::decode(node, at, cx)?;
            return Some(Self { times: Some(times.0.value), at: at.clone() });
        }
        let diagnostic = cx.wrong_type(node, at, "a whole number or `unlimited`");
        cx.report(diagnostic);
        None
    }
}

/// How many edges must be live.
#[derive(Debug, Clone)]
pub struct JoinSpec(pub Located<Option<u32>>);

impl JsonSchema for JoinSpec {
    fn schema_name() -> Cow<'static, str> {
        "Join".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let at_least = generator.subschema_for::<AtLeast>();
        json_schema!({
            "anyOf": [
                {
                    "type": "string",
                    "enum": ["all", "any"],
                    "markdownEnumDescriptions": [
                        "None of the edges is blocked, and at least one is live.",
                        "At least one edge is live.",
                    ],
                },
                at_least,
            ],
        })
    }
}

impl Decode for JoinSpec {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        let found = |value| Some(Self(Located { value, at: at.clone() }));
        match &node.value {
            Value::Scalar(scalar) if scalar.text == "all" => found(None),
            Value::Scalar(scalar) if scalar.text == "any" => found(Some(1)),
            Value::Mapping(_) => found(Some(AtLeast::decode(node, at, cx)?.at_least.0.value)),
            _ => {
                let place = Place::Value(at.clone());
                let text =
                    node.scalar().map_or_else(|| node.describe().to_owned(), |scalar| format!("`{}`", scalar.text));
                let diagnostic = Diagnostic::new(Code::UnknownWord, place, format!("{text} is not a join"));
                cx.report(diagnostic.help("a join is `all`, `any` or `{at_least: 2}`"));
                None
            }
        }
    }
}

mapping! {
    /// So many.
    #[schemars(example = serde_json::json!({"at_least": 2}))]
    pub struct AtLeast ("`join`") {
        /// How many edges must be live.
        #[schemars(example = 2)]
        "at_least" at_least: Whole<1, 10_000>,
    }
}

//! What a step would do.

use std::borrow::Cow;
use std::rc::Rc;

use loopline_core::outcome::FailureKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::short::Short;
use crate::decode::{Cx, Decode, mapping};
use crate::language::values::{AnyJson, Duration, Entries, Foreign, Text, Whole};
use crate::language::words::Word;
use crate::route::Route;
use crate::yaml::{Node, Value};

/// What a step does in its visits. Nothing at all is a success at once.
#[derive(Debug, Clone)]
pub enum Mocks {
    /// The same in every visit.
    EveryVisit(Box<Mock>),
    /// One for each visit, from the first.
    ByVisit(Vec<Mock>),
}

impl JsonSchema for Mocks {
    fn schema_name() -> Cow<'static, str> {
        "Mocks".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mock = generator.subschema_for::<Mock>();
        json_schema!({ "anyOf": [mock, { "type": "array", "items": mock }, { "type": "null" }] })
    }
}

impl Decode for Mocks {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Sequence(_) => Vec::decode(node, at, cx).map(Self::ByVisit),
            _ if node.is_null() => Some(Self::EveryVisit(Box::new(Mock { at: at.clone(), ..Mock::default() }))),
            _ => Mock::decode(node, at, cx).map(|mock| Self::EveryVisit(Box::new(mock))),
        }
    }
}

mapping! {
    /// What a step does instead of its work: it succeeds at once, unless something else is said.
    #[schemars(example = serde_json::json!({"outputs": {"version": "1.2.3"}, "after": "10m"}))]
    #[derive(Default)]
    pub struct Mock ("a mock") {
        /// How long an attempt takes; no time unless said. One that takes longer than the step's `timeout` ends there, with kind `timeout`.
        #[schemars(example = &"10m", extend("default" = "0s"))]
        "after" after: Option<Duration>,
        /// What the script writes to `$LOOPLINE_OUTPUT`, or the child run gives back.
        #[schemars(example = serde_json::json!({"version": "1.2.3"}))]
        "outputs" outputs: Option<Entries<AnyJson>>,
        /// What it prints, for `outputs` that read it.
        #[schemars(example = &"all is well")]
        "stdout" stdout: Option<Text>,
        /// What it prints to its error stream.
        #[schemars(example = &"warning: slow")]
        "stderr" stderr: Option<Text>,
        /// What a request is answered; 200 with nothing in it unless said.
        #[schemars(example = serde_json::json!({"status": 200, "json": {"healthy": true}}))]
        "response" response: Option<MockResponse>,
        /// What comes with the callback of a request, as soon as that is answered; `null` unless said.
        #[schemars(example = serde_json::json!({"result": "done"}))]
        "payload" payload: Option<AnyJson>,
        /// It fails: the kind of failure, or a mapping that says more.
        #[schemars(example = serde_json::json!({"kind": "exit", "exit_code": 22}))]
        "fail" fail: Option<Short<FailureKind, FailSpec>>,
        /// One for each attempt of the visit, where `retry` makes more than one.
        #[schemars(example = serde_json::json!([{"fail": "timeout"}, {}]))]
        "attempts" attempts: Option<Vec<Mock>>,
        /// What single items do, by their place in the list, from 0, or by their `key`. What stands beside holds for all others.
        #[schemars(example = serde_json::json!({"1": {"fail": "exit"}}))]
        "items" items: Option<Entries<Mock>>,
    }
}

mapping! {
    /// How an attempt fails.
    #[schemars(example = serde_json::json!({"kind": "exit", "exit_code": 22}))]
    pub struct FailSpec ("`fail`") {
        /// The kind of failure.
        #[schemars(example = &"exit")]
        "kind" kind: Word<FailureKind>,
        /// The sentence that people read; one that says what the test did unless said.
        #[schemars(example = &"the disk is full")]
        "message" message: Option<Text>,
        /// Of kind `exit`: the code; 1 unless said.
        #[schemars(example = 22, extend("default" = 1))]
        "exit_code" exit_code: Option<Whole<1, 255>>,
        /// Of kind `signal`: its number; 9 unless said.
        #[schemars(example = 15, extend("default" = 9))]
        "signal" signal: Option<Whole<1, 64>>,
        /// Of kind `http_status`: the status; 500 unless said.
        #[schemars(example = 503, extend("default" = 500))]
        "status" status: Option<Whole<100, 599>>,
    }
}

mapping! {
    /// The answer to a request. A status that the step does not expect fails it, with kind `http_status`.
    #[schemars(example = serde_json::json!({"status": 200, "json": {"healthy": true}}))]
    pub struct MockResponse ("`response`") {
        /// Its status; 200 unless said.
        #[schemars(example = 503, extend("default" = 200))]
        "status" status: Option<Whole<100, 599>>,
        /// Its headers.
        #[schemars(example = serde_json::json!({"location": "/jobs/7"}))]
        "headers" headers: Option<Foreign<Text>>,
        /// Its body, as text.
        #[schemars(example = &"it works")]
        "body" body: Option<Text>,
        /// Its body, as JSON.
        #[schemars(example = serde_json::json!({"healthy": true}))]
        "json" json: Option<AnyJson>,
    }
}

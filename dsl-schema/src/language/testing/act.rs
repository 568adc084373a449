//! What people and other systems do while a run goes on.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::expect::Expect;
use crate::decode::{Cx, Decode, mapping};
use crate::language::values::{AnyJson, Entries, OneOrMany, Text, Whole};
use crate::language::words::{Word, WordList, words_schema};
use crate::route::Route;
use crate::yaml::{Node, Value};

/// What is done at one moment: a mapping, or a list of them; all in the order of the file.
#[derive(Debug, Clone)]
pub struct Acts(pub Vec<InOrder>);

/// A mapping whose keys are done in the order in which they stand there.
#[derive(Debug, Clone)]
pub struct InOrder {
    /// What is done.
    pub act: Act,
    /// The keys, as the file has them.
    pub order: Vec<String>,
}

impl Decode for InOrder {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        let act = Act::decode(node, at, cx)?;
        let order = match &node.value {
            Value::Mapping(entries) => entries.iter().map(|entry| entry.key.text.to_string()).collect(),
            _ => Vec::new(),
        };
        Some(Self { act, order })
    }
}

impl JsonSchema for Acts {
    fn schema_name() -> Cow<'static, str> {
        "Acts".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        OneOrMany::<Act>::json_schema(generator)
    }
}

impl Decode for Acts {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        OneOrMany::decode(node, at, cx).map(|acts| Self(acts.0))
    }
}

mapping! {
    /// What is done at one moment, behind everything that happens by itself then.
    #[schemars(example = serde_json::json!({"approve": {"approve": ["ada", "bob"]}}))]
    pub struct Act ("an act") {
        /// Approvals, by step: who approves it.
        #[schemars(example = serde_json::json!({"approve": ["ada", "bob"]}))]
        "approve" approve: Option<Entries<Decisions>>,
        /// Rejections, by step: who rejects it.
        #[schemars(example = serde_json::json!({"approve": {"by": "ada", "comment": "too early"}}))]
        "reject" reject: Option<Entries<Decisions>>,
        /// Signals, by name: what they say.
        #[schemars(example = serde_json::json!({"payment": {"order": 7}}))]
        "signal" signal: Option<Entries<AnyJson>>,
        /// Who pauses the run.
        #[schemars(example = &"ada")]
        "pause" pause: Option<Text>,
        /// Who lets a paused run go on.
        #[schemars(example = &"ada")]
        "resume" resume: Option<Text>,
        /// Who cancels the run.
        #[schemars(example = &"ada")]
        "cancel" cancel: Option<Text>,
        /// Steps that are done again: `failed`, `everything`, or a list of steps and of items, like `test[4]`.
        #[schemars(example = serde_json::json!(["deploy"]))]
        "rerun" rerun: Option<RerunSpec>,
        /// What must hold at this moment.
        #[schemars(example = serde_json::json!({"waiting_for": "approve"}))]
        "expect" expect: Option<Expect>,
        /// All that is done here must be refused, with a sentence that holds this.
        #[schemars(example = &"may not decide")]
        "refused" refused: Option<Text>,
    }
}

/// Decisions about one approval: who, or more.
#[derive(Debug, Clone)]
pub enum Decisions {
    /// Names alone.
    By(OneOrMany<Text>),
    /// A mapping.
    Long(Box<Decision>),
}

impl Decisions {
    /// Who decides, one after the other.
    pub fn people(&self) -> &[Text] {
        match self {
            Self::By(people) => &people.0,
            Self::Long(decision) => &decision.by.0,
        }
    }

    /// What is said besides.
    pub fn more(&self) -> Option<&Decision> {
        match self {
            Self::By(_) => None,
            Self::Long(decision) => Some(decision),
        }
    }
}

impl JsonSchema for Decisions {
    fn schema_name() -> Cow<'static, str> {
        "Decisions".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (by, long) = (generator.subschema_for::<OneOrMany<Text>>(), generator.subschema_for::<Decision>());
        json_schema!({ "anyOf": [by, long] })
    }
}

impl Decode for Decisions {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Mapping(_) => Decision::decode(node, at, cx).map(|long| Self::Long(Box::new(long))),
            // Nobody is a mistake: the key asks who.
            _ if node.is_null() => {
                let diagnostic = cx.wrong_type(node, at, "a name");
                cx.report(diagnostic.help("say who decides, like `approve: {deploy: ada}`"));
                None
            }
            _ => OneOrMany::decode(node, at, cx).map(Self::By),
        }
    }
}

mapping! {
    /// A decision about an approval.
    #[schemars(example = serde_json::json!({"by": "ada", "comment": "too early", "fields": {"canary": 10}}))]
    pub struct Decision ("a decision") {
        /// Who decides, one after the other.
        #[schemars(example = serde_json::json!(["ada", "bob"]))]
        "by" by: OneOrMany<Text>,
        /// In their words.
        #[schemars(example = &"too early")]
        "comment" comment: Option<Text>,
        /// The fields they fill in.
        #[schemars(example = serde_json::json!({"canary": 10}))]
        "fields" fields: Option<Entries<AnyJson>>,
        /// The visit that they saw; the current one unless said.
        #[schemars(example = 1)]
        "visit" visit: Option<Whole<1, 1_000_000>>,
    }
}

/// What is done again.
#[derive(Debug, Clone)]
pub enum RerunSpec {
    /// By what became of them.
    Word(Word<RerunWord>),
    /// These steps, or items of them: `test[4]`.
    Steps(Vec<Text>),
}

/// Steps by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RerunWord {
    /// Those that failed.
    Failed,
    /// All.
    Everything,
}

impl WordList for RerunWord {
    const WHAT: &'static str = "word for `rerun`";

    fn all() -> Vec<(&'static str, Self)> {
        vec![("failed", Self::Failed), ("everything", Self::Everything)]
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Failed => "The steps that failed, of their items those that did not succeed.",
            Self::Everything => "All steps.",
        }
    }
}

impl JsonSchema for RerunSpec {
    fn schema_name() -> Cow<'static, str> {
        "Rerun".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let steps = generator.subschema_for::<Vec<Text>>();
        json_schema!({ "anyOf": [words_schema::<RerunWord>(), steps] })
    }
}

impl Decode for RerunSpec {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Sequence(_) => Vec::decode(node, at, cx).map(Self::Steps),
            _ => Word::decode(node, at, cx).map(Self::Word),
        }
    }
}

//! A word, or a mapping that says more.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::decode::{Cx, Decode};
use crate::language::words::{Word, WordList};
use crate::route::Route;
use crate::yaml::{Node, Value};

/// A word, or a mapping that says more: `failed`, or `{status: failed, visit: 2}`.
#[derive(Debug, Clone)]
pub enum Short<W, M> {
    /// The word alone.
    Word(Word<W>),
    /// The mapping.
    Long(Box<M>),
}

impl<W: WordList, M: JsonSchema> JsonSchema for Short<W, M> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Or{}", W::WHAT, M::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (word, long) = (generator.subschema_for::<Word<W>>(), generator.subschema_for::<M>());
        json_schema!({ "anyOf": [word, long] })
    }
}

impl<W: WordList, M: Decode> Decode for Short<W, M> {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Mapping(_) => M::decode(node, at, cx).map(|long| Self::Long(Box::new(long))),
            _ => Word::decode(node, at, cx).map(Self::Word),
        }
    }
}

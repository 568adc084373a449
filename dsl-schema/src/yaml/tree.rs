//! The tree that a text is read into.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::scalar::Plain;

/// A value and where it stands.
#[derive(Debug)]
pub struct Node {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
    /// Values in it, itself included, keys not, each alias as often as it is used.
    pub(super) weight: u64,
    /// Bytes of the scalars in it.
    pub(super) bytes: u64,
    /// Levels of values in it, itself included.
    pub(super) height: u32,
}

/// What a value is.
#[derive(Debug)]
pub enum Value {
    /// Text, as it is spelled.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Rc<Node>>),
    /// Keys and values, merge keys already merged.
    Mapping(Mapping),
}

/// Mappings with more entries than this are searched by an index.
const SMALL: usize = 8;

/// Entries in the order of the text.
#[derive(Debug, Default)]
pub struct Mapping {
    entries: Vec<Entry>,
    /// Where each key stands, once there are more than a few.
    index: BTreeMap<Arc<str>, usize>,
}

impl Mapping {
    /// The entry with this key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        if self.entries.len() <= SMALL {
            return self.entries.iter().find(|entry| &*entry.key.text == key);
        }
        self.index.get(key).and_then(|at| self.entries.get(*at))
    }

    /// All of them, in the order of the text.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// Adds an entry whose key is not there yet.
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        let unindexed = if self.entries.len() == SMALL + 1 { 0 } else { self.entries.len() - 1 };
        if self.entries.len() > SMALL {
            let keys = self.entries.iter().enumerate().skip(unindexed);
            self.index.extend(keys.map(|(at, entry)| (Arc::clone(&entry.key.text), at)));
        }
    }
}

impl<'a> IntoIterator for &'a Mapping {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

/// A scalar, not yet a number or anything else.
#[derive(Debug)]
pub struct Scalar {
    /// Its text, without quotes, escapes and folding.
    pub text: String,
    /// How it is written.
    pub style: Style,
    /// Whether it may stand for something else than a string: it is plain, or a tag says so.
    pub plain: bool,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// One entry of a mapping.
#[derive(Debug)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// Its value.
    pub value: Rc<Node>,
}

/// A key. Keys are text, whatever they look like.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its text.
    pub text: Arc<str>,
    /// Bytes of the text.
    pub span: Range<usize>,
}

impl Node {
    /// Values in it, itself included, each alias as often as it is used.
    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }

    /// Bytes of the scalars in it, each alias as often as it is used.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The scalar, if it is one.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The entry with this key, if it is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Mapping(mapping) => mapping.get(key),
            _ => None,
        }
    }

    /// Nothing: `null`, `~`, or no text at all.
    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| matches!(scalar.resolve(), Plain::Null))
    }

    /// What it is, for people: `a list`.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Scalar(scalar) => match scalar.resolve() {
                Plain::Null => "nothing",
                Plain::Bool(_) => "true or false",
                Plain::Int(_) | Plain::Float(_) => "a number",
                Plain::Text => "text",
            },
        }
    }
}

//! From the tree to the types of [`crate::language`], with every error at once.
//!
//! The types are declared with [`mapping!`], which is the one source of truth for their shape: it makes the struct, its JSON
//! Schema, and the decoding with unknown keys found. A value that does not fit is reported and left out; decoding goes on.

use std::rc::Rc;
use std::sync::Arc;

use loopline_core::graph::Requirement;
use serde_json::Value as Json;

use crate::diagnostics::{Code, Diagnostic, Place, Severity};
use crate::nearest::Nearest;
use crate::route::Route;
use crate::schema_work::SchemaWork;
use crate::yaml::{Node, Plain, Value};

/// More findings than this are counted, not kept: a hostile file may have a hundred thousand of them.
const MAX_COLLECTED: usize = 5_000;

/// What decoding collects besides the value.
#[derive(Default)]
pub(crate) struct Cx {
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) requires: Vec<Requirement>,
    /// Findings that were not kept.
    pub(crate) dropped: usize,
    /// Part of the text could not be read, or errors were not kept: what is missing may be there after all.
    pub(crate) unsound: bool,
    pub(crate) nearest: Nearest,
    pub(crate) schema_work: SchemaWork,
}

impl Cx {
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_COLLECTED {
            self.diagnostics.push(diagnostic);
        } else {
            self.dropped += 1;
            self.unsound |= diagnostic.severity == Severity::Error;
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.unsound || self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    pub(crate) fn require(&mut self, feature: &str, at: &Route) {
        self.requires.push(Requirement { feature: feature.to_owned(), pointer: at.pointer() });
    }

    pub(crate) fn wrong_type(&mut self, node: &Node, at: &Route, expected: &str) -> Diagnostic {
        let message = format!("{} is expected here, and this is {}", expected, node.describe());
        Diagnostic::new(Code::WrongType, Place::Value(at.clone()), message)
    }
}

/// A type that a value can be decoded into.
pub(crate) trait Decode: Sized {
    /// Decodes, or reports why not.
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self>;

    /// Whether a mapping without the key is reported.
    const REQUIRED: bool = true;

    /// Whether `key:` with nothing behind it is a value.
    const TAKES_NULL: bool = false;

    /// What stands for a key that is not there; `None` where nothing can.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        Some(T::decode(node, at, cx))
    }

    const REQUIRED: bool = false;
    const TAKES_NULL: bool = T::TAKES_NULL;

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Decode> Decode for Box<T> {
    const TAKES_NULL: bool = T::TAKES_NULL;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        T::decode(node, at, cx).map(Self::new)
    }
}

/// The keys of a mapping that the file gives, with where they stand.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// By name. A mapping of the language has few keys at a time.
    keys: Vec<(&'static str, Route)>,
    /// What misspelled keys were most likely meant to be.
    meant: Vec<&'static str>,
}

impl Given {
    /// Where the value of a key stands, if it is given.
    pub fn at(&self, key: &str) -> Option<&Route> {
        self.keys.iter().find(|(given, _)| *given == key).map(|(_, at)| at)
    }

    /// Whether a misspelled key was most likely meant to be this one.
    pub fn is_meant(&self, key: &str) -> bool {
        self.meant.contains(&key)
    }

    /// Keys and where their values stand, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Route)> {
        self.keys.iter().map(|(key, at)| (*key, at))
    }
}

/// The entries of a mapping while a struct is made of them.
pub(crate) struct Fields<'a> {
    values: Vec<(&'static str, &'a Rc<Node>)>,
    at: &'a Route,
    what: &'static str,
    pub(crate) given: Given,
}

impl<'a> Fields<'a> {
    pub(crate) fn open(
        node: &'a Rc<Node>,
        at: &'a Route,
        cx: &mut Cx,
        what: &'static str,
        known: &[&'static str],
    ) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            let keys: Vec<_> = known.iter().take(4).map(|key| format!("`{key}`")).collect();
            let diagnostic = cx.wrong_type(node, at, "a mapping");
            cx.report(diagnostic.help(format!("{what} has keys like {}", keys.join(", "))));
            return None;
        };
        let mut values = Vec::with_capacity(entries.iter().len());
        let mut given = Given::default();
        let mut unknown = Vec::new();
        for entry in entries {
            let key = &*entry.key.text;
            match known.iter().find(|known| **known == key) {
                Some(known) => {
                    values.push((*known, &entry.value));
                    given.keys.push((known, at.key(*known)));
                }
                None if key.starts_with("x-") => {}
                None => unknown.push(&entry.key.text),
            }
        }
        given.keys.sort_unstable_by_key(|(key, _)| *key);
        for key in unknown {
            given.meant.extend(unknown_key(key, at, cx, what, known, &values));
        }
        Some(Self { values, at, what, given })
    }

    pub(crate) fn take<T: Decode>(&mut self, key: &'static str, cx: &mut Cx) -> Option<T> {
        match self.values.iter().find(|(given, _)| *given == key) {
            Some((_, node)) => {
                let at = self.given.at(key).cloned().unwrap_or_else(|| self.at.key(key));
                T::decode(node, &at, cx)
            }
            None => {
                if T::REQUIRED {
                    let message = format!("{} needs the key `{key}`", self.what);
                    cx.report(Diagnostic::new(Code::MissingKey, Place::Key(self.at.clone()), message));
                }
                T::absent()
            }
        }
    }
}

/// Reports a key that the language does not have; gives the one that was most likely meant. One that is given was not.
fn unknown_key(
    key: &Arc<str>,
    at: &Route,
    cx: &mut Cx,
    what: &str,
    known: &[&'static str],
    values: &[(&'static str, &Rc<Node>)],
) -> Option<&'static str> {
    let place = Place::Key(at.key(key));
    let is_given = |known: &&'static str| values.iter().any(|(given, _)| given == known);
    let near = cx.nearest.to(key, known.iter().copied().filter(|known| !is_given(known)));
    let mut diagnostic = Diagnostic::new(Code::UnknownKey, place.clone(), format!("{what} has no key `{key}`"));
    if let Some(near) = near {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), place, near);
    } else if known.len() <= 12 {
        diagnostic = diagnostic.help(format!("it has {}", list(known)));
    } else {
        diagnostic = diagnostic.help("keys that begin with `x-` are kept and ignored");
    }
    cx.report(diagnostic);
    near
}

/// `a`, `b` and `c`. Of a long list the beginning, and how many more there are; of a long word its beginning.
pub(crate) fn list<S: AsRef<str>>(words: &[S]) -> String {
    const MOST: usize = 24;
    const LONGEST: usize = 80;
    let quote = |word: &str| match word.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", &word[..end]),
        None => format!("`{word}`"),
    };
    let quoted: Vec<_> = words.iter().take(MOST).map(|word| quote(word.as_ref())).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        all if words.len() > MOST => format!("{} and {} more", all.join(", "), words.len() - MOST),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// What is said in one place, over what is said in another: a step over its type.
pub(crate) trait Over {
    /// This one where it says something, else `under`.
    fn over(self, under: Self) -> Self;
}

impl<T> Over for Option<T> {
    fn over(self, under: Self) -> Self {
        self.or(under)
    }
}

/// Declares a mapping of the language: its keys, their types and meanings.
///
/// Makes the struct, its JSON Schema, and its decoding. A field of an `Option` may be left out, any other must be there.
/// Where all fields are options, the word `over` behind the name makes it [`Over`] too.
macro_rules! mapping {
    (
        $(#[$meta:meta])*
        pub struct $name:ident ($what:literal $(, $over:ident)?) {
            $( $(#[$field_meta:meta])* $key:literal $field:ident : $ty:ty, )*
        }
    ) => {
        #[derive(Debug, Clone, schemars::JsonSchema)]
        $(#[$meta])*
        #[schemars(
            deny_unknown_fields,
            extend("patternProperties" = { "^x-": {} }),
            transform = $crate::schema::shape::keys(vec![$(
                $crate::schema::shape::Key {
                    name: $key,
                    takes_null: <$ty as $crate::decode::Decode>::TAKES_NULL,
                },
            )*]),
        )]
        pub struct $name {
            $( $(#[$field_meta])* #[schemars(rename = $key)] pub $field: $ty, )*
            /// The keys that the file gives.
            #[schemars(skip)]
            pub given: $crate::decode::Given,
            /// Where it stands.
            #[schemars(skip)]
            pub at: $crate::route::Route,
        }

        $crate::decode::mapping!(@over $name ($($over)?) $($field),*);

        impl $crate::decode::Decode for $name {
            fn decode(
                node: &std::rc::Rc<$crate::yaml::Node>,
                at: &$crate::route::Route,
                cx: &mut $crate::decode::Cx,
            ) -> Option<Self> {
                let mut fields = $crate::decode::Fields::open(node, at, cx, $what, &[$($key),*])?;
                // Every field is decoded before any of them can end this, so that all errors are found at once.
                $( let $field: Option<$ty> = fields.take($key, cx); )*
                Some(Self { $( $field: $field?, )* given: fields.given, at: at.clone() })
            }
        }
    };
    (@over $name:ident () $($field:ident),*) => {};
    (@over $name:ident ($over:ident) $($field:ident),*) => {
        impl $crate::decode::Over for $name {
            fn over(self, under: Self) -> Self {
                Self {
                    $( $field: $crate::decode::Over::over(self.$field, under.$field), )*
                    given: self.given,
                    at: self.at,
                }
            }
        }
    };
}
pub(crate) use mapping;

/// The value as JSON. What JSON cannot say is reported.
pub(crate) fn json(node: &Node, at: &Route, cx: &mut Cx) -> Json {
    match &node.value {
        Value::Sequence(items) => {
            Json::Array(items.iter().enumerate().map(|(index, item)| json(item, &at.index(index), cx)).collect())
        }
        Value::Mapping(entries) => {
            let entry = |entry: &crate::yaml::Entry, cx: &mut Cx| {
                let value = json(&entry.value, &at.key(&entry.key.text), cx);
                (entry.key.text.to_string(), value)
            };
            Json::Object(entries.iter().map(|each| entry(each, cx)).collect())
        }
        Value::Scalar(scalar) => match scalar.resolve() {
            Plain::Null => Json::Null,
            Plain::Bool(value) => Json::Bool(value),
            Plain::Int(value) => Json::from(value),
            Plain::Float(value) => serde_json::Number::from_f64(value).map_or_else(
                || {
                    let message = format!("`{}` is not a number that JSON knows", scalar.text);
                    cx.report(Diagnostic::new(Code::WrongType, Place::Value(at.clone()), message));
                    Json::Null
                },
                Json::Number,
            ),
            Plain::Text => Json::from(scalar.text.as_str()),
        },
    }
}

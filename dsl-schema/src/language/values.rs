//! The leaves of the language: text, numbers, durations, and lists of them.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value as Json;

use crate::decode::{Cx, Decode, json};
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::route::{Route, Segment};
use crate::yaml::{Node, Plain, Value};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Route,
}

impl<T> Located<T> {
    /// Its place, for a diagnostic.
    pub fn place(&self) -> Place {
        Place::Value(self.at.clone())
    }
}

macro_rules! inline_schema {
    ($name:ty, $title:literal, $schema:tt) => {
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $title.into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
pub(crate) use inline_schema;

/// Text. A number or a boolean keeps its spelling: `1.10` is the text `1.10`.
pub type Text = Located<String>;
inline_schema!(Text, "Text", { "type": ["string", "number", "boolean"] });

impl Decode for Text {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Scalar(scalar) if !matches!(scalar.resolve(), Plain::Null) => {
                Some(Self { value: scalar.text.clone(), at: at.clone() })
            }
            _ => {
                let diagnostic = cx.wrong_type(node, at, "text");
                cx.report(diagnostic);
                None
            }
        }
    }
}

/// Any scalar, letter by letter: `no`, `0777`, `1:30`. An empty one is the empty text.
#[derive(Debug, Clone)]
pub struct Scalar(pub Text);
inline_schema!(Scalar, "Scalar", { "type": ["string", "number", "boolean", "null"], "format": "template" });

impl Decode for Scalar {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        if let Some(scalar) = node.scalar() {
            return Some(Self(Located { value: scalar.text.clone(), at: at.clone() }));
        }
        let diagnostic = cx.wrong_type(node, at, "text");
        cx.report(diagnostic);
        None
    }
}

/// A CEL expression.
#[derive(Debug, Clone)]
pub struct CelText(pub Text);
inline_schema!(CelText, "Cel", { "type": ["string", "boolean", "number"], "format": "cel" });

impl Decode for CelText {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        Text::decode(node, at, cx).map(Self)
    }
}

/// Text with `{{ holes }}`.
#[derive(Debug, Clone)]
pub struct TemplateText(pub Text);
inline_schema!(TemplateText, "Template", { "type": ["string", "number", "boolean"], "format": "template" });

impl Decode for TemplateText {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        Text::decode(node, at, cx).map(Self)
    }
}

/// `true` or `false`.
pub type Flag = Located<bool>;
inline_schema!(Flag, "Flag", { "type": "boolean" });

impl Decode for Flag {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        if let Some(Plain::Bool(value)) = node.scalar().map(crate::yaml::Scalar::resolve) {
            return Some(Self { value, at: at.clone() });
        }
        let mut diagnostic = cx.wrong_type(node, at, "`true` or `false`");
        if let Some(scalar) = node.scalar() {
            let meant = match scalar.text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "true" | "y" => Some("true"),
                "no" | "off" | "false" | "n" => Some("false"),
                _ => None,
            };
            if let Some(meant) = meant {
                diagnostic = diagnostic.help(format!("write {meant}")).fix_yaml(
                    format!("Change to {meant}"),
                    Place::Value(at.clone()),
                    meant,
                );
            }
        }
        cx.report(diagnostic);
        None
    }
}

/// A whole number between two bounds.
#[derive(Debug, Clone)]
pub struct Whole<const MIN: u32, const MAX: u32>(pub Located<u32>);

impl<const MIN: u32, const MAX: u32> JsonSchema for Whole<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Whole{MIN}To{MAX}").into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

impl<const MIN: u32, const MAX: u32> Decode for Whole<MIN, MAX> {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        // `2.0` is whole too: to JSON Schema it is the same number as `2`.
        let value = match node.scalar().map(crate::yaml::Scalar::resolve) {
            Some(Plain::Int(value)) => value as f64,
            Some(Plain::Float(value)) if value.fract() == 0.0 => value,
            _ => {
                let diagnostic = cx.wrong_type(node, at, "a whole number");
                cx.report(without_quotes(diagnostic, node, at));
                return None;
            }
        };
        if (f64::from(MIN)..=f64::from(MAX)).contains(&value) {
            return Some(Self(Located { value: value as u32, at: at.clone() }));
        }
        let message = format!("the number must be between {MIN} and {MAX}, and this is {value}");
        cx.report(Diagnostic::new(Code::NumberOutOfRange, Place::Value(at.clone()), message));
        None
    }
}

/// A number in quotes is text; what was meant is plain.
fn without_quotes(diagnostic: Diagnostic, node: &Node, at: &Route) -> Diagnostic {
    match node.scalar().and_then(|scalar| scalar.text.parse::<u32>().ok()) {
        Some(number) => diagnostic.help(format!("write {number} without quotes")).fix_yaml(
            format!("Change to {number}"),
            Place::Value(at.clone()),
            number.to_string(),
        ),
        None => diagnostic,
    }
}

/// A number of at least 1.
#[derive(Debug, Clone)]
pub struct Number(pub Located<f64>);
inline_schema!(Number, "Factor", { "type": "number", "minimum": 1, "maximum": 1000 });

impl Decode for Number {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        number(node, at, cx, 1.0, 1000.0).map(Self)
    }
}

fn number(node: &Node, at: &Route, cx: &mut Cx, least: f64, most: f64) -> Option<Located<f64>> {
    let value = match node.scalar().map(crate::yaml::Scalar::resolve) {
        Some(Plain::Int(value)) => value as f64,
        Some(Plain::Float(value)) => value,
        _ => {
            let diagnostic = cx.wrong_type(node, at, "a number");
            cx.report(without_quotes(diagnostic, node, at));
            return None;
        }
    };
    if (least..=most).contains(&value) {
        return Some(Located { value, at: at.clone() });
    }
    let message = format!("the number must be between {least} and {most}, and this is {value}");
    cx.report(Diagnostic::new(Code::NumberOutOfRange, Place::Value(at.clone()), message));
    None
}

/// A span of time in milliseconds, written `250ms`, `30s`, `5m`, `2h`, `1d` or `1h30m`.
#[derive(Debug, Clone)]
pub struct Duration(pub Located<u64>);
inline_schema!(Duration, "Duration", {
    "type": "string",
    "pattern": "^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
    "examples": ["250ms", "30s", "5m", "2h", "1d", "1h30m"],
});

impl Decode for Duration {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        let Some(scalar) = node.scalar() else {
            let diagnostic = cx.wrong_type(node, at, "a duration");
            cx.report(diagnostic.help("write it like `30s`, `5m` or `1h30m`"));
            return None;
        };
        match crate::duration::parse(&scalar.text) {
            Ok(value) => Some(Self(Located { value, at: at.clone() })),
            Err(error) => {
                let message = format!("`{}` is not a duration: {error}", scalar.text);
                let place = Place::Value(at.clone());
                let diagnostic = Diagnostic::new(Code::InvalidDuration, place.clone(), message);
                cx.report(match crate::duration::meant(&scalar.text) {
                    Some(meant) => {
                        diagnostic.help(format!("write `{meant}`")).fix(format!("Change to `{meant}`"), place, meant)
                    }
                    None => diagnostic.help("write it like `250ms`, `30s`, `5m`, `2h`, `1d` or `1h30m`"),
                });
                None
            }
        }
    }
}

/// Any JSON value.
#[derive(Debug, Clone)]
pub struct AnyJson(pub Located<Json>);
inline_schema!(AnyJson, "Any", {});

impl Decode for AnyJson {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        let value = json(node, at, cx);
        Some(Self(Located { value, at: at.clone() }))
    }
}

/// A number of processors.
#[derive(Debug, Clone)]
pub struct Cpus(pub Located<f64>);
inline_schema!(Cpus, "Cpus", { "type": "number", "minimum": 0.01, "maximum": 1024, "examples": [0.5, 2] });

impl Decode for Cpus {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        number(node, at, cx, 0.01, 1024.0).map(Self)
    }
}

/// A number of bytes, written `512KiB`, `64MiB` or `1GiB`.
#[derive(Debug, Clone)]
pub struct Size(pub Located<u64>);
inline_schema!(Size, "Size", {
    "type": "string",
    "pattern": "^[0-9]+(B|KiB|MiB|GiB|TiB)$",
    "examples": ["512KiB", "64MiB", "1GiB"],
});

impl Decode for Size {
    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        let Some(scalar) = node.scalar() else {
            let diagnostic = cx.wrong_type(node, at, "a size");
            cx.report(diagnostic.help("write it like `512KiB` or `1GiB`"));
            return None;
        };
        match crate::size::parse(&scalar.text) {
            Ok(value) => Some(Self(Located { value, at: at.clone() })),
            Err(error) => {
                let place = Place::Value(at.clone());
                let message = format!("`{}` is not a size: {error}", scalar.text);
                let diagnostic = Diagnostic::new(Code::InvalidSize, place.clone(), message);
                cx.report(match crate::size::meant(&scalar.text).filter(|meant| crate::size::parse(meant).is_ok()) {
                    Some(meant) => diagnostic
                        .help(format!(
                            "did you mean `{meant}`? Units are B, KiB, MiB, GiB and TiB, each 1024 of the one before"
                        ))
                        .fix(format!("Change to `{meant}`"), place, meant),
                    None => diagnostic.help("write it like `512KiB`, `64MiB` or `1GiB`"),
                });
                None
            }
        }
    }
}

/// A value that is checked like any other, and that this version of the engine cannot run: the graph says that it is required.
#[derive(Debug, Clone)]
pub struct Later<T>(pub Box<T>);

impl<T> std::ops::Deref for Later<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: JsonSchema> JsonSchema for Later<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: Decode> Decode for Later<T> {
    const TAKES_NULL: bool = T::TAKES_NULL;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        // `fail_fast: false`, `secrets: []` and an empty key ask for nothing.
        let asks = match &node.value {
            Value::Sequence(items) => !items.is_empty(),
            Value::Mapping(_) => true,
            Value::Scalar(scalar) => !matches!(scalar.resolve(), Plain::Null | Plain::Bool(false)),
        };
        if asks {
            cx.require(&feature(at), at);
        }
        T::decode(node, at, cx).map(|value| Self(Box::new(value)))
    }
}

/// What a key is called as a feature: its name, behind its parent's where that is no step.
fn feature(at: &Route) -> String {
    let segments = at.segments();
    let keys: Vec<&str> = segments
        .iter()
        .filter_map(|segment| match segment {
            Segment::Key(key) => Some(&**key),
            Segment::Index(_) => None,
        })
        .collect();
    // Steps may lie inside steps: what counts stands behind the last id.
    let id = keys.iter().rposition(|key| matches!(*key, "steps" | "finally")).filter(|at| at + 1 < keys.len());
    keys[id.map_or(0, |at| at + 2)..].join(".")
}

/// Names and their values, in the order of the file. Nothing at all is an empty mapping.
#[derive(Debug, Clone)]
pub struct Entries<T>(pub Vec<Item<T>>);

/// One of [`Entries`].
#[derive(Debug, Clone)]
pub struct Item<T> {
    /// The name.
    pub name: String,
    /// Where its value stands.
    pub at: Route,
    /// The value, unless it did not fit; that has been reported.
    pub value: Option<T>,
}

impl<T> Item<T> {
    /// The place of the name.
    pub fn key(&self) -> Place {
        Place::Key(self.at.clone())
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("MappingOf{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "type": ["object", "null"], "additionalProperties": value, "patternProperties": { "^x-": {} } })
    }
}

impl<T: Decode> Decode for Entries<T> {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        entries(node, at, cx, |name| !name.starts_with("x-"))
    }
}

fn entries<T: Decode>(node: &Rc<Node>, at: &Route, cx: &mut Cx, counts: fn(&str) -> bool) -> Option<Entries<T>> {
    match &node.value {
        Value::Mapping(entries) => {
            let entries = entries.iter().filter(|entry| counts(&entry.key.text)).map(|entry| {
                let at = at.key(&entry.key.text);
                let value = T::decode(&entry.value, &at, cx);
                Item { name: entry.key.text.to_string(), at, value }
            });
            Some(Entries(entries.collect()))
        }
        _ if node.is_null() => Some(Entries(Vec::new())),
        _ => {
            let diagnostic = cx.wrong_type(node, at, "a mapping of names to values");
            cx.report(diagnostic);
            None
        }
    }
}

/// [`Entries`] whose names belong to others, like the headers of a request: `x-api-key` is one of them.
#[derive(Debug, Clone)]
pub struct Foreign<T>(pub Entries<T>);

impl<T> std::ops::Deref for Foreign<T> {
    type Target = Entries<T>;

    fn deref(&self) -> &Entries<T> {
        &self.0
    }
}

impl<T: JsonSchema> JsonSchema for Foreign<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Foreign{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "type": ["object", "null"], "additionalProperties": value })
    }
}

impl<T: Decode> Decode for Foreign<T> {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        entries(node, at, cx, |_| true).map(Self)
    }
}

/// A list. A single value is a list of one.
#[derive(Debug, Clone)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [value, { "type": ["array", "null"], "items": value }] })
    }
}

impl<T: Decode> Decode for OneOrMany<T> {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Sequence(_) => Vec::decode(node, at, cx).map(Self),
            _ if node.is_null() => Some(Self(Vec::new())),
            _ => T::decode(node, at, cx).map(|one| Self(vec![one])),
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    const TAKES_NULL: bool = true;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        match &node.value {
            Value::Sequence(items) => {
                let items = items.iter().enumerate().filter_map(|(index, item)| T::decode(item, &at.index(index), cx));
                Some(items.collect())
            }
            _ if node.is_null() => Some(Self::new()),
            _ => {
                let diagnostic = cx.wrong_type(node, at, "a list");
                let fix = Fix::new("Make it a list of one", Place::Value(at.clone()), Change::InList);
                cx.report(diagnostic.help("write each item behind a `- `, or all of them in `[…]`").mend(fix));
                None
            }
        }
    }
}

/// A key that must be there. What it belongs to is looked into even where it is missing, so that all errors are found at once.
#[derive(Debug, Clone)]
pub struct Required<T>(pub Option<T>);

impl<T> Default for Required<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: JsonSchema> JsonSchema for Required<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: Decode> Decode for Required<T> {
    const TAKES_NULL: bool = T::TAKES_NULL;

    fn decode(node: &Rc<Node>, at: &Route, cx: &mut Cx) -> Option<Self> {
        Some(Self(T::decode(node, at, cx)))
    }

    fn absent() -> Option<Self> {
        Some(Self(None))
    }
}

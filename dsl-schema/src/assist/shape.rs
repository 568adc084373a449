//! What the language allows at a route, asked of its JSON Schema: keys, words, examples, and what they are for.
//!
//! The schema is made from the types of [`crate::language`], so a key that is added there is known here by itself.

use std::sync::OnceLock;

use schemars::{JsonSchema as _, SchemaGenerator};
use serde_json::Value as Json;

use crate::language::Duration;
use crate::route::{Route, Segment};

/// Schemas inside schemas are followed this far.
const MAX_NESTING: usize = 16;

/// All that may stand at one place: the schemas of its alternatives, each with those around it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    parts: Vec<&'static Json>,
    /// From the examples of what is around it.
    examples: Vec<&'static Json>,
}

/// The types of JSON that tell apart how a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Scalar,
    List,
    Mapping,
}

fn schema() -> &'static Json {
    static SCHEMA: OnceLock<Json> = OnceLock::new();
    SCHEMA.get_or_init(crate::schema::schema)
}

impl Shape {
    /// What may stand at a route; nothing where the language does not say.
    pub(crate) fn of(at: &Route) -> Self {
        let mut shape = Self::default();
        shape.add(schema(), 0);
        at.segments().into_iter().fold(shape, |shape, segment| match segment {
            Segment::Key(key) => shape.key(key),
            Segment::Index(_) => shape.item(),
        })
    }

    /// Takes in a schema, and all that it offers as alternatives.
    fn add(&mut self, schema: &'static Json, nesting: usize) {
        if nesting > MAX_NESTING {
            return;
        }
        self.parts.push(schema);
        if let Some(Json::String(reference)) = schema.get("$ref")
            && let Some(target) = reference.strip_prefix('#').and_then(|pointer| self::schema().pointer(pointer))
        {
            self.add(target, nesting + 1);
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            for part in schema.get(keyword).and_then(Json::as_array).into_iter().flatten() {
                self.add(part, nesting + 1);
            }
        }
    }

    /// What may stand behind a key of it.
    fn key(&self, key: &str) -> Self {
        let mut shape = Self::default();
        for part in &self.parts {
            let named = part.get("properties").and_then(|properties| properties.get(key));
            let any = || part.get("additionalProperties").filter(|schema| schema.is_object() && !key.starts_with("x-"));
            if let Some(schema) = named.or_else(any) {
                shape.add(schema, 0);
            }
        }
        shape.examples = self.all_examples().into_iter().filter_map(|example| example.get(key)).collect();
        shape
    }

    /// What may be an item of it.
    pub(crate) fn item(&self) -> Self {
        let mut shape = Self::default();
        for schema in self.parts.iter().filter_map(|part| part.get("items")) {
            shape.add(schema, 0);
        }
        let lists = self.all_examples().into_iter().filter_map(Json::as_array);
        shape.examples = lists.flatten().collect();
        shape
    }

    /// Its keys that have a name, in the order of the language.
    pub(crate) fn keys(&self) -> Vec<(&'static str, Self)> {
        let mut keys: Vec<(&str, Self)> = Vec::new();
        for (key, _) in self.parts.iter().filter_map(|part| part.get("properties")?.as_object()).flatten() {
            if !keys.iter().any(|(known, _)| known == key) {
                keys.push((key, self.key(key)));
            }
        }
        keys
    }

    /// Whether a mapping must have the key.
    pub(crate) fn requires(&self, key: &str) -> bool {
        let required = self.parts.iter().filter_map(|part| part.get("required")?.as_array()).flatten();
        required.into_iter().any(|known| known == key)
    }

    /// Whether two keys cannot stand beside each other.
    pub(crate) fn excludes(&self, key: &str, other: &str) -> bool {
        let shut = |a: &str, b: &str| {
            let dependencies = self.parts.iter().filter_map(|part| part.get("dependencies")?.get(a)?.get("properties"));
            dependencies.into_iter().any(|properties| properties.get(b) == Some(&Json::Bool(false)))
        };
        shut(key, other) || shut(other, key)
    }

    /// What it is for.
    pub(crate) fn about(&self) -> Option<&'static str> {
        self.parts.iter().find_map(|part| part.get("description")?.as_str())
    }

    /// The values it may have, where they can be counted, and what each of them means.
    pub(crate) fn words(&self) -> Vec<(Json, Option<&'static str>)> {
        let mut words: Vec<(Json, Option<&str>)> = Vec::new();
        for part in &self.parts {
            words.extend(part.get("const").map(|word| (word.clone(), None)));
            let meanings = part.get("markdownEnumDescriptions").and_then(Json::as_array);
            let listed = part.get("enum").and_then(Json::as_array).into_iter().flatten().enumerate();
            words.extend(listed.map(|(at, word)| (word.clone(), meanings.and_then(|all| all.get(at)?.as_str()))));
            if says_type(part, "boolean") && !says_type(part, "string") {
                words.extend([(Json::Bool(true), None), (Json::Bool(false), None)]);
            }
        }
        words.retain(|(word, _)| !word.is_null());
        words
    }

    /// Values that it could have.
    pub(crate) fn all_examples(&self) -> Vec<&'static Json> {
        let own: Vec<_> = self.parts.iter().filter_map(|part| part.get("examples")?.as_array()).flatten().collect();
        if own.is_empty() { self.examples.clone() } else { own }
    }

    /// Whether such a value may stand there.
    pub(crate) fn takes(&self, form: Form) -> bool {
        self.parts.iter().any(|part| match form {
            Form::List => says_type(part, "array"),
            Form::Mapping => says_type(part, "object"),
            Form::Scalar => {
                part.get("enum").is_some()
                    || part.get("const").is_some()
                    || ["string", "number", "integer", "boolean"].iter().any(|name| says_type(part, name))
            }
        })
    }

    /// Whether it is a span of time.
    pub(crate) fn is_duration(&self) -> bool {
        static PATTERN: OnceLock<Option<Json>> = OnceLock::new();
        let pattern =
            PATTERN.get_or_init(|| Duration::json_schema(&mut SchemaGenerator::default()).get("pattern").cloned());
        self.parts.iter().any(|part| part.get("pattern").is_some_and(|own| Some(own) == pattern.as_ref()))
    }
}

fn says_type(schema: &Json, name: &str) -> bool {
    match schema.get("type") {
        Some(Json::String(own)) => own == name,
        Some(Json::Array(names)) => names.iter().any(|own| own == name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(pointer: &str) -> Shape {
        Shape::of(&pointer.split('/').skip(1).fold(Route::root(), |route, part| match part.parse() {
            Ok(index) => route.index(index),
            Err(_) => route.key(part.to_owned()),
        }))
    }

    #[test]
    fn keys_come_from_the_schema_by_route() {
        let names = |pointer: &str| at(pointer).keys().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("/steps/a/repeat"), ["until", "every", "max"]);
        assert_eq!(names("/steps/a/goto/3").first(), Some(&"to"));
        assert_eq!(names("/steps/a/http/auth/basic"), ["user", "password"]);
        assert_eq!(names("/steps"), Vec::<&str>::new());
        assert_eq!(names("/steps/a/nothing/of/this"), Vec::<&str>::new());
        assert!(at("/steps/a/repeat").requires("until") && !at("/steps/a/repeat").requires("max"));
    }

    #[test]
    fn words_and_examples_come_from_the_schema() {
        let words =
            |pointer: &str| at(pointer).words().iter().map(|(word, _)| word.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(words("/steps/a/allow_failure"), "true false");
        assert_eq!(words("/steps/a/goto/0/in_flight"), r#""cancel" "drain""#);
        assert_eq!(words("/steps/a/goto/0/max"), r#""unlimited""#);
        assert_eq!(words("/steps/a/if"), "");
        let examples =
            |pointer: &str| at(pointer).all_examples().into_iter().map(crate::yaml::flow).collect::<Vec<_>>();
        assert_eq!(examples("/secrets"), ["[DEPLOY_TOKEN]"]);
        assert_eq!(examples("/secrets/0"), ["DEPLOY_TOKEN"]);
        assert_eq!(examples("/steps/a/approval/approvers/0"), ["group:ops", "user:ada"]);
    }

    #[test]
    fn forms_and_durations_are_told_apart() {
        assert!(at("/steps/a/needs").takes(Form::List) && at("/steps/a/needs").takes(Form::Scalar));
        assert!(!at("/steps/a/http").takes(Form::Scalar) && at("/steps/a/http").takes(Form::Mapping));
        assert!(at("/steps/a/timeout").is_duration() && at("/steps/a/sleep").is_duration());
        assert!(!at("/steps/a/name").is_duration());
    }
}

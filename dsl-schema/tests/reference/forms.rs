//! What a schema asks of a value, in the few words that fit a table.

use loopline_dsl::language::{Duration, Size};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value as Json;

use crate::mappings::{Language, MappingIx};

/// The form of a value. `link` gives the place where the keys of a mapping are listed.
pub fn form(language: &Language, schema: &Json, link: &dyn Fn(MappingIx) -> String) -> String {
    or(&alternatives(language, schema, link))
}

/// The forms of which a value has one.
fn alternatives(language: &Language, schema: &Json, link: &dyn Fn(MappingIx) -> String) -> Vec<String> {
    let inner = |schema: &Json| form(language, schema, link);
    if let Some(reference) = schema["$ref"].as_str() {
        return alternatives(language, language.definition(reference), link);
    }
    if let Some(mapping) = language.mapping_of(schema) {
        let is_schema = language.mappings[mapping].paths.iter().any(|path| path == "inputs.NAME");
        let word = if is_schema { "JSON Schema" } else { "mapping" };
        return vec![format!("[{word}]({})", link(mapping))];
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        if let Some(parts) = schema[word].as_array() {
            let parts: Vec<&Json> = parts.iter().filter(|part| part["type"] != "null").collect();
            return match one_or_many(&parts, &inner) {
                Some(form) => vec![form],
                None => parts.into_iter().flat_map(|part| alternatives(language, part, link)).collect(),
            };
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter(|word| !word.is_null()).map(code).collect();
    }
    if !schema["const"].is_null() {
        return vec![code(&schema["const"])];
    }
    vec![named_form(schema).unwrap_or_else(|| plain_form(schema, &inner))]
}

/// The form of a value that is told by its type alone.
fn plain_form(schema: &Json, inner: &dyn Fn(&Json) -> String) -> String {
    match types(schema).as_slice() {
        [] => "any value".to_owned(),
        ["object"] if schema["additionalProperties"].is_object() => {
            format!("names → {}", inner(&schema["additionalProperties"]))
        }
        ["object"] => "mapping".to_owned(),
        ["array"] if schema["items"].is_object() => format!("list of {}", plural(&inner(&schema["items"]))),
        ["array"] => "list".to_owned(),
        ["boolean"] => "`true` or `false`".to_owned(),
        ["integer"] => format!("whole number{}", bounds(schema)),
        ["number"] => format!("number{}", bounds(schema)),
        types if types.contains(&"string") => "text".to_owned(),
        types => or(&types.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()),
    }
}

/// A value, or a list of such values.
fn one_or_many(parts: &[&Json], inner: &dyn Fn(&Json) -> String) -> Option<String> {
    match parts {
        [one, many] if many["type"] == "array" && many["items"] == **one => Some(format!("{}, or a list", inner(one))),
        _ => None,
    }
}

/// The forms that are explained once for all keys.
fn named_form(schema: &Json) -> Option<String> {
    let is = |form: Json| !form["pattern"].is_null() && form["pattern"] == schema["pattern"];
    if is(schema_of::<Duration>()) {
        return Some("[duration](text.md#durations-and-sizes)".to_owned());
    }
    if is(schema_of::<Size>()) {
        return Some("[size](text.md#durations-and-sizes)".to_owned());
    }
    match schema["format"].as_str()? {
        "cel" => Some("[CEL](expressions.md#expressions)".to_owned()),
        "template" => Some("[template](expressions.md#templates)".to_owned()),
        _ => None,
    }
}

fn schema_of<T: JsonSchema>() -> Json {
    Json::from(T::json_schema(&mut SchemaGenerator::default()))
}

fn types(schema: &Json) -> Vec<&str> {
    let listed = schema["type"].as_array().into_iter().flatten().filter_map(Json::as_str);
    schema["type"].as_str().into_iter().chain(listed).filter(|name| *name != "null").collect()
}

fn bounds(schema: &Json) -> String {
    let bound = |word: &str| schema[word].as_f64().map(|number| thousands(&schema[word], number));
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) if schema["maximum"] != u32::MAX => format!(" ({least} to {most})"),
        (Some(least), _) => format!(" (at least {least})"),
        (None, Some(most)) => format!(" (at most {most})"),
        (None, None) => String::new(),
    }
}

/// `1,000`
fn thousands(value: &Json, number: f64) -> String {
    if number.fract() != 0.0 {
        return value.to_string();
    }
    let digits = format!("{number:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

fn plural(form: &str) -> String {
    match form.strip_prefix("[mapping]") {
        Some(link) => format!("[mappings]{link}"),
        None if form == "text" => "texts".to_owned(),
        None => form.to_owned(),
    }
}

fn code(value: &Json) -> String {
    format!("`{}`", crate::flow::flow(value))
}

/// `a`, `b` or `c`.
fn or(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

//! What the types of the language say about their shape besides the types of their keys.
//!
//! Each function makes a transform for `#[schemars(transform = …)]` on a mapping, or a schema for `#[schemars(extend(…))]` on
//! one of its keys.

use loopline_core::outcome::FailureKind;
use schemars::Schema;
use serde_json::{Map, Value as Json, json};

use crate::check::senseless;
use crate::decode::list;
use crate::model::Kind;

/// A key of a mapping, as [`crate::decode::Decode`] knows it.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// `key:` with nothing behind it is a value.
    pub(crate) takes_null: bool,
}

/// Takes out the `null` that the schema of an option lets in, where decoding refuses it.
pub(crate) fn keys(keys: Vec<Key>) -> impl FnMut(&mut Schema) {
    move |schema| {
        for key in &keys {
            let property = schema.pointer_mut(&format!("/properties/{}", key.name)).and_then(Json::as_object_mut);
            if let Some(property) = property {
                unwrap_alternative_to_null(property, key.takes_null);
                if !key.takes_null {
                    remove_null(property);
                }
            }
        }
    }
}

/// What is referred to says itself whether it takes `null`.
fn unwrap_alternative_to_null(property: &mut Map<String, Json>, takes_null: bool) {
    let Some([Json::Object(other), null]) = property.get("anyOf").and_then(Json::as_array).map(Vec::as_slice) else {
        return;
    };
    if *null == json!({ "type": "null" }) && (!takes_null || other.contains_key("$ref")) {
        let other = other.clone();
        property.remove("anyOf");
        property.extend(other);
    }
}

fn remove_null(property: &mut Map<String, Json>) {
    for keyword in ["type", "enum"] {
        let Some(Json::Array(values)) = property.get_mut(keyword) else { continue };
        values.retain(|value| !value.is_null() && value != "null");
        if let ("type", [only]) = (keyword, values.as_slice()) {
            let only = only.clone();
            property.insert(keyword.to_owned(), only);
        }
    }
}

/// Exactly one of the keys must be there.
pub(crate) fn exactly_one(keys: Vec<&'static str>) -> impl FnMut(&mut Schema) {
    move |schema| {
        one_is_needed(schema, &keys);
        exclude_each_other(schema, &keys);
    }
}

/// The keys exclude each other.
pub(crate) fn at_most_one(keys: Vec<&'static str>) -> impl FnMut(&mut Schema) {
    move |schema| exclude_each_other(schema, &keys)
}

/// The key shuts out others, which may well stand together.
pub(crate) fn not_beside(key: &'static str, others: Vec<&'static str>) -> impl FnMut(&mut Schema) {
    move |schema| {
        shut_out(schema, key, others.iter().copied(), format!("Makes no sense beside `{key}`."));
        for other in &others {
            shut_out(schema, other, [key], format!("Makes no sense beside `{other}`."));
        }
    }
}

/// A step does exactly one thing, and has no key that makes no sense beside it.
pub(crate) fn one_kind(schema: &mut Schema) {
    let kinds = Kind::ALL.map(Kind::key);
    one_is_needed(schema, &kinds);
    let keys: Vec<String> =
        schema.get("properties").and_then(Json::as_object).into_iter().flat_map(Map::keys).cloned().collect();
    for kind in Kind::ALL {
        let other = |key: &str| kinds.contains(&key) && key != kind.key();
        let shut = keys.iter().map(String::as_str).filter(|key| other(key) || senseless(key, kind).is_some());
        let message = format!("Makes no sense on a step with `{}`, which is all that the step does.", kind.key());
        shut_out(schema, kind.key(), shut, message);
    }
    if let Some(dependencies) = schema.get_mut("dependencies") {
        dependencies["join"] = json!(["needs"]);
    }
    // A request has no script that could write what a schema describes.
    if let Some(beside_http) = schema.pointer_mut("/dependencies/http/properties").and_then(Json::as_object_mut) {
        beside_http.insert(
            "outputs".to_owned(),
            json!({ "additionalProperties": { "type": ["string", "number", "boolean"] } }),
        );
    }
}

fn one_is_needed(schema: &mut Schema, keys: &[&str]) {
    let message = format!("One of {} is needed.", list(keys));
    let alternatives: Vec<Json> =
        keys.iter().map(|key| json!({ "required": [key], "errorMessage": message })).collect();
    schema.insert("anyOf".to_owned(), Json::from(alternatives));
}

/// None of the keys without the others.
pub(crate) fn together(keys: Vec<&'static str>) -> impl Fn(&mut Schema) {
    move |schema| {
        let all = schema.ensure_object().entry("dependencies").or_insert_with(|| json!({}));
        for key in &keys {
            let others: Vec<&str> = keys.iter().copied().filter(|other| other != key).collect();
            all[*key] = json!(others);
        }
    }
}

fn exclude_each_other(schema: &mut Schema, keys: &[&str]) {
    for key in keys {
        let others = keys.iter().copied().filter(|other| other != key);
        shut_out(schema, key, others, format!("{} exclude each other: keep one of them.", list(keys)));
    }
}

/// Said as a dependency and not as `oneOf`: editors underline the key that is too much, with a sentence of ours.
fn shut_out<'a>(schema: &mut Schema, key: &str, others: impl IntoIterator<Item = &'a str>, message: String) {
    let others: Map<String, Json> = others.into_iter().map(|other| (other.to_owned(), Json::Bool(false))).collect();
    let all = schema.ensure_object().entry("dependencies").or_insert_with(|| json!({}));
    match all.pointer_mut(&format!("/{key}/properties")).and_then(Json::as_object_mut) {
        Some(earlier) => earlier.extend(others),
        None => all[key] = json!({ "properties": others, "errorMessage": message }),
    }
}

/// The alternatives of a list that may be a single value.
fn one_or_many(item: Json) -> Json {
    json!([item, { "type": ["array", "null"], "items": item }])
}

/// Text of which a string looks like this.
fn text(pattern: &str, rule: &str) -> Json {
    json!({ "type": ["string", "number", "boolean"], "pattern": pattern, "patternErrorMessage": rule })
}

/// What `retry.on` names.
pub(crate) fn retry_kinds() -> Json {
    let (words, meanings): (Vec<_>, Vec<_>) =
        FailureKind::ALL.iter().map(|kind| (kind.as_str(), kind.meaning())).unzip();
    let words = json!({ "type": "string", "enum": words, "markdownEnumDescriptions": meanings });
    let exit = json!({
        "type": "string",
        "pattern": "^exit:0*([1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$",
        "patternErrorMessage": "A kind of failure, or an exit code from 1 to 255, like exit:75.",
    });
    one_or_many(json!({ "anyOf": [words, exit] }))
}

/// Who may approve.
pub(crate) fn approvers() -> Json {
    one_or_many(text("^(user|group):\\S+$", "Write user:NAME or group:NAME."))
}

/// Labels of workers.
pub(crate) fn worker_labels() -> Json {
    one_or_many(text("^[A-Za-z0-9_.-]{1,63}$", "A label has at most 63 letters, digits, _, - and ."))
}

/// Artifacts of other steps.
pub(crate) fn artifacts_of_steps() -> Json {
    one_or_many(text("^[^.]+[.].", "Write the step and the artifact, like build.binary."))
}

/// Patterns of names and paths.
pub(crate) fn patterns() -> Json {
    one_or_many(text("[^!]", "This pattern is empty."))
}

/// Names of secrets.
pub(crate) fn secret() -> Json {
    text("^[A-Za-z_][A-Za-z0-9_]*$", "A secret has letters, digits and _, and does not begin with a digit.")
}

/// Names of a mapping: what they are called, which they are, and what is said of others. Keys that begin with `x-` are
/// nobody's.
fn names(title: &str, pattern: &str, rule: &str) -> Json {
    json!({ "title": title, "pattern": format!("^x-|{pattern}"), "patternErrorMessage": rule })
}

/// Ids of steps.
pub(crate) fn step_ids() -> Json {
    names("step", "^[a-z][a-z0-9_]{0,62}$", "An id is a lower-case letter, then at most 62 of a-z, 0-9 and _.")
}

/// Names that expressions read, like `inputs.NAME`.
pub(crate) fn values() -> Json {
    let rule = "A name has at most 63 letters, digits and _, and does not begin with a digit.";
    names("name", "^[A-Za-z_][A-Za-z0-9_]{0,62}$", rule)
}

/// Environment variables.
pub(crate) fn variables() -> Json {
    let rule = "A variable has letters, digits and _, does not begin with a digit, nor with LOOPLINE_.";
    names("NAME", "^(?!LOOPLINE_)[A-Za-z_][A-Za-z0-9_]*$", rule)
}

/// Axes of a matrix.
pub(crate) fn axes() -> Json {
    let rule = "An axis has letters, digits and _, and does not begin with a digit: it is read as item.NAME.";
    names("axis", "^[A-Za-z_][A-Za-z0-9_]*$", rule)
}

/// Labels of runs.
pub(crate) fn labels() -> Json {
    names("label", "^[A-Za-z0-9_./-]{1,63}$", "A label has at most 63 letters, digits, _, -, . and /.")
}

/// Artifacts.
pub(crate) fn artifacts() -> Json {
    names("artifact", "^[A-Za-z0-9_-]{1,63}$", "An artifact has at most 63 letters, digits, _ and -.")
}

/// Services, which are host names.
pub(crate) fn services() -> Json {
    let rule = "A service is a host name: a lower-case letter, then at most 62 of a-z, 0-9 and -.";
    names("service", "^[a-z][a-z0-9-]{0,62}$", rule)
}

/// Headers of a request. Those that begin with `x-` are headers too.
pub(crate) fn headers() -> Json {
    json!({
        "title": "Header",
        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
        "patternErrorMessage": "A header is named like X-Request-Id.",
    })
}

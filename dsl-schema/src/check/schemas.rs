//! JSON Schemas inside the file.

use serde_json::Value as Json;

use crate::decode::Cx;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::{Entries, OutputSpec, SchemaSpec};
use crate::model::Model;
use crate::route::Route;
use crate::schema_work::NotReady;

const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "array", "object", "null"];

/// Schemas of what a pipeline or a step type is given.
pub(super) fn inputs(inputs: Option<&Entries<SchemaSpec>>, cx: &mut Cx) {
    schemas(inputs, cx);
}

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    for step in &model.steps {
        let Some(spec) = step.spec else { continue };
        let of_wait = spec.wait.as_ref().and_then(|wait| wait.schema.as_ref());
        let expect = spec.http.as_ref().and_then(|http| http.expect.as_ref());
        for schema in of_wait.into_iter().chain(expect.and_then(|expect| expect.schema.as_ref())) {
            schema_and_default(&schema.0.value, &schema.0.at, cx);
        }
        schemas(spec.approval.as_ref().and_then(|approval| approval.fields.as_ref()), cx);
        for output in spec.outputs.iter().flat_map(|outputs| &outputs.0) {
            if let Some(OutputSpec::Schema(schema)) = &output.value {
                schema_and_default(&schema.0.value, &schema.0.at, cx);
            }
        }
    }
}

fn schemas(entries: Option<&Entries<SchemaSpec>>, cx: &mut Cx) {
    for item in entries.iter().flat_map(|entries| &entries.0) {
        if let Some(schema) = &item.value {
            schema_and_default(&schema.0.value, &schema.0.at, cx);
        }
    }
}

fn schema_and_default(schema: &Json, at: &Route, cx: &mut Cx) {
    // `required: false` is ours.
    let schema = crate::lower::input(schema).schema;
    if let Some(problem) = invalid(&schema, at, cx) {
        cx.report(problem);
        return;
    }
    let Some(default) = schema.get("default") else { return };
    let checker = match cx.schema_work.ready(&schema) {
        Ok(checker) => checker,
        Err(NotReady::Patterns) => {
            let message = "the patterns of this schema and of those before it are too long";
            let diagnostic = Diagnostic::new(Code::InvalidSchema, Place::Value(at.clone()), message);
            cx.report(diagnostic.help("all together they have at most 50,000 signs, `a{3}` counted as `aaa`"));
            return;
        }
        Err(NotReady::Invalid(error)) => {
            let message = format!("this is not a JSON Schema: {error}");
            cx.report(Diagnostic::new(Code::InvalidSchema, Place::Value(at.clone()), message));
            return;
        }
    };
    let place = Place::Value(at.key("default"));
    let Some(fits) = cx.schema_work.check(&checker, default) else {
        let message = "the default and its schema are too large to be held against each other";
        let diagnostic = Diagnostic::new(Code::InvalidSchema, place, message);
        cx.report(diagnostic.help("describe the value more loosely, or give less"));
        return;
    };
    if let Err(error) = fits {
        let message = format!("the default does not fit its own schema: {error}");
        let diagnostic =
            Diagnostic::new(Code::DefaultDoesNotFit, place.clone(), message).help("mend the default or the schema");
        cx.report(match fitting(schema.get("type").and_then(Json::as_str), default) {
            Some(yaml) => diagnostic.fix_yaml(format!("Change to {yaml}"), place, yaml),
            None => diagnostic,
        });
    }
}

/// The same default in the type of its schema: a number without its quotes, or with them.
fn fitting(wanted: Option<&str>, default: &Json) -> Option<String> {
    match (wanted?, default) {
        ("integer", Json::String(text)) => text.parse::<i64>().ok().map(|number| number.to_string()),
        ("boolean", Json::String(text)) => matches!(text.as_str(), "true" | "false").then(|| text.clone()),
        // A fraction may be spelled in ways that a number does not keep: `1.10`.
        ("string", Json::Number(number)) if !number.is_f64() => Some(format!("\"{number}\"")),
        ("string", Json::Bool(flag)) => Some(format!("\"{flag}\"")),
        _ => None,
    }
}

fn invalid(schema: &Json, at: &Route, cx: &mut Cx) -> Option<Diagnostic> {
    if let Some(Json::String(name)) = schema.get("type")
        && !TYPES.contains(&name.as_str())
    {
        let place = Place::Value(at.key("type"));
        let diagnostic =
            Diagnostic::new(Code::InvalidSchema, place.clone(), format!("`{name}` is not a type of JSON Schema"));
        let meant = match name.as_str() {
            "int" | "int32" | "int64" | "long" => Some("integer"),
            "float" | "double" | "decimal" => Some("number"),
            "str" | "text" => Some("string"),
            "bool" => Some("boolean"),
            "list" => Some("array"),
            "map" | "dict" | "mapping" => Some("object"),
            other => cx.nearest.to(other, TYPES),
        };
        return Some(match meant {
            Some(meant) => {
                diagnostic.help(format!("did you mean `{meant}`?")).fix(format!("Change to `{meant}`"), place, meant)
            }
            None => diagnostic.help(format!("types are {}", crate::decode::list(&TYPES))),
        });
    }
    if let Some(keyword) = reference_in(schema) {
        let message = format!("`{keyword}` is not allowed in a schema: it must stand for itself");
        return Some(
            Diagnostic::new(Code::InvalidSchema, Place::Value(at.clone()), message).help("write out what it refers to"),
        );
    }
    let error = jsonschema::draft202012::meta::validate(schema).err()?;
    let keyword = error.instance_path().to_string();
    let first = keyword.split('/').nth(1).unwrap_or("");
    let place = if first.is_empty() { Place::Value(at.clone()) } else { Place::Value(at.key(first.to_owned())) };
    Some(Diagnostic::new(Code::InvalidSchema, place, format!("this is not a JSON Schema: {error}")))
}

/// A keyword that leads elsewhere: to other documents, or in a circle.
fn reference_in(schema: &Json) -> Option<&str> {
    match schema {
        Json::Object(map) => map.iter().find_map(|(key, value)| {
            let leads = matches!(key.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef" | "$schema" | "$id");
            if leads { Some(key.as_str()) } else { reference_in(value) }
        }),
        Json::Array(items) => items.iter().find_map(reference_in),
        _ => None,
    }
}

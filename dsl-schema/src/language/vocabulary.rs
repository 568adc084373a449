//! The keywords of JSON Schema (2020-12), so that editors complete and explain the schemas inside a file.
//!
//! The compiler judges them by their own metaschema; what is said here is the same or less.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json, json};

/// Keywords that lead elsewhere: a schema inside a file stands for itself.
const LEAD_ELSEWHERE: [&str; 5] = ["$ref", "$dynamicRef", "$recursiveRef", "$schema", "$id"];

/// A schema inside another one: a mapping, or `true` and `false`.
struct Inner;

impl JsonSchema for Inner {
    fn schema_name() -> Cow<'static, str> {
        "Schema".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let required = json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true });
        let keywords = keywords(generator, required, "Properties that must be there.", json!(["name"]));
        json_schema!({
            "description": "A JSON Schema.",
            "type": ["object", "boolean"],
            "properties": keywords,
            "allOf": [stands_for_itself()],
            "examples": [{ "type": "string" }],
        })
    }
}

/// The schema of an input, an output, a field of an approval: `required: false` is ours.
pub(super) fn of_a_value(generator: &mut SchemaGenerator) -> Schema {
    let required = json!({
        "anyOf": [{ "type": "boolean" }, { "type": "array", "items": { "type": "string" }, "uniqueItems": true }],
    });
    let about = "`false`: may be left out, and is null then. A list: properties that must be there.";
    let keywords = keywords(generator, required, about, json!(false));
    json_schema!({
        "description": "A JSON Schema of the value.",
        "type": "object",
        "properties": keywords,
        "allOf": [stands_for_itself()],
        "examples": [{ "type": "integer", "default": 2, "minimum": 1, "maximum": 50 }],
    })
}

fn stands_for_itself() -> Json {
    let none: Map<String, Json> = LEAD_ELSEWHERE.iter().map(|key| ((*key).to_owned(), json!(false))).collect();
    json!({ "properties": none, "errorMessage": "A schema stands for itself: write out what this would refer to." })
}

/// The keywords with what they take, what they say, and an example.
fn keywords(generator: &mut SchemaGenerator, required: Json, about_required: &str, example: Json) -> Map<String, Json> {
    let schema = &Json::from(generator.subschema_for::<Inner>());
    let list = &json!({ "type": "array", "minItems": 1, "items": schema });
    let mapping = &json!({ "type": "object", "additionalProperties": schema });
    let names = json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true });
    let names_by_name = &json!({ "type": "object", "additionalProperties": names });
    let number = &json!({ "type": "number" });
    let positive = &json!({ "type": "number", "exclusiveMinimum": 0 });
    let count = &json!({ "type": "integer", "minimum": 0 });
    let text = &json!({ "type": "string" });
    let flag = &json!({ "type": "boolean" });
    let values = &json!({ "type": "array" });
    let any = &json!({});
    let table = [
        ("title", text, "A short name, for people.", json!("Replicas")),
        ("description", text, "What it is, for people.", json!("How many run")),
        ("default", any, "Taken when it is not given.", json!(2)),
        ("examples", values, "Values that people may copy.", json!([["api", "web"]])),
        ("deprecated", flag, "It is better not used any more.", json!(true)),
        ("readOnly", flag, "It is told, and not asked for.", json!(true)),
        ("writeOnly", flag, "It is asked for, and never told.", json!(true)),
        ("enum", values, "The values that are allowed.", json!(["eu", "us"])),
        ("const", any, "The one value that is allowed.", json!("eu")),
        ("minLength", count, "Least number of characters.", json!(1)),
        ("maxLength", count, "Most characters.", json!(63)),
        ("pattern", text, "Regular expression that a part of the text must match.", json!("^[a-z-]+$")),
        (
            "format",
            text,
            "What the text is: `date`, `date-time`, `email`, `uri`, `uuid` and others. Not checked.",
            json!("date-time"),
        ),
        ("minimum", number, "Least number.", json!(1)),
        ("maximum", number, "Greatest number.", json!(50)),
        ("exclusiveMinimum", number, "The number is greater than this.", json!(0)),
        ("exclusiveMaximum", number, "The number is less than this.", json!(100)),
        ("multipleOf", positive, "The number is a multiple of this.", json!(5)),
        ("items", schema, "Schema of each item of a list, behind those of `prefixItems`.", json!({ "type": "string" })),
        ("prefixItems", list, "Schemas of the first items, one by one.", json!([{ "type": "string" }])),
        ("contains", schema, "At least one item fits this.", json!({ "const": "api" })),
        ("minContains", count, "So many items at least fit `contains`.", json!(1)),
        ("maxContains", count, "So many items at most fit `contains`.", json!(2)),
        ("minItems", count, "Least number of items.", json!(1)),
        ("maxItems", count, "Most items.", json!(10)),
        ("uniqueItems", flag, "No item stands there twice.", json!(true)),
        ("properties", mapping, "Schemas of properties, by their names.", json!({ "name": { "type": "string" } })),
        (
            "patternProperties",
            mapping,
            "Schemas of properties whose names match.",
            json!({ "^v": { "type": "string" } }),
        ),
        ("additionalProperties", schema, "Schema of all other properties; `false`: there are none.", json!(false)),
        ("propertyNames", schema, "Schema of the names of properties.", json!({ "pattern": "^[a-z]+$" })),
        ("minProperties", count, "Least number of properties.", json!(1)),
        ("maxProperties", count, "Most properties.", json!(10)),
        ("required", &required, about_required, example),
        (
            "dependentRequired",
            names_by_name,
            "Properties that must be there where another one is.",
            json!({ "user": ["password"] }),
        ),
        (
            "dependentSchemas",
            mapping,
            "Schemas that hold where a property is there.",
            json!({ "user": { "required": ["password"] } }),
        ),
        ("allOf", list, "Fits all of these.", json!([{ "minimum": 1 }, { "maximum": 5 }])),
        ("anyOf", list, "Fits at least one of these.", json!([{ "type": "string" }, { "type": "integer" }])),
        ("oneOf", list, "Fits exactly one of these.", json!([{ "type": "string" }, { "type": "integer" }])),
        ("not", schema, "Does not fit this.", json!({ "const": "" })),
        ("if", schema, "Where this fits, `then` holds, else `else`.", json!({ "minimum": 10 })),
        ("then", schema, "Holds where `if` fits.", json!({ "multipleOf": 5 })),
        ("else", schema, "Holds where `if` does not fit.", json!({ "maximum": 5 })),
        ("unevaluatedItems", schema, "Schema of items that nothing else has judged.", json!(false)),
        ("unevaluatedProperties", schema, "Schema of properties that nothing else has judged.", json!(false)),
        ("contentEncoding", text, "How bytes are written as text.", json!("base64")),
        ("contentMediaType", text, "What the text is a document of.", json!("application/json")),
        ("contentSchema", schema, "Schema of the document that the text is.", json!({ "type": "object" })),
        ("$comment", text, "For those who read the schema.", json!("kept in step with the chart")),
        (
            "$defs",
            mapping,
            "Schemas to be referred to, which nothing here may do.",
            json!({ "name": { "type": "string" } }),
        ),
    ];
    let explained = table.map(|(keyword, takes, says, example)| (keyword.to_owned(), explained(takes, says, &example)));
    std::iter::once(("type".to_owned(), json_type())).chain(explained).collect()
}

fn json_type() -> Json {
    let types = json!({
        "type": "string",
        "enum": ["string", "integer", "number", "boolean", "array", "object", "null"],
        "markdownEnumDescriptions": [
            "Text.",
            "A whole number.",
            "A number.",
            "`true` or `false`.",
            "A list.",
            "A mapping.",
            "Nothing.",
        ],
    });
    json!({
        "description": "What sort of value: one, or a list of them.",
        "anyOf": [types, { "type": "array", "items": types, "minItems": 1, "uniqueItems": true }],
        "examples": ["string", ["string", "null"]],
    })
}

fn explained(takes: &Json, says: &str, example: &Json) -> Json {
    let mut keyword = takes.clone();
    keyword["description"] = Json::from(says);
    keyword["examples"] = json!([example]);
    keyword
}

//! The JSON Schemas that editors read are what the types make, and explain every key. `LOOPLINE_BLESS=1` writes the files
//! anew. That they agree with the compiler is shown in `schema_and_compiler.rs`.
#![allow(clippy::disallowed_methods, reason = "the test reads data files; the compiler does not")]

use std::path::Path;

use jsonschema::Validator;
use serde_json::{Map, Value as Json};

fn schemas() -> [(&'static str, Json); 3] {
    [
        ("pipeline.schema.json", loopline_dsl::schema()),
        ("step-type.schema.json", loopline_dsl::step_type_schema()),
        ("test.schema.json", loopline_dsl::test_schema()),
    ]
}

fn validator(schema: &Json) -> Validator {
    jsonschema::draft7::new(schema).expect("a schema of draft-07")
}

#[test]
fn the_schema_files_are_what_the_types_say() {
    for (name, schema) in schemas() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let made = format!("{}\n", serde_json::to_string_pretty(&schema).expect("JSON"));
        if std::env::var_os("LOOPLINE_BLESS").is_some() {
            std::fs::write(&file, &made).expect("a file");
        }
        let stored = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(stored == made, "{} is stale: run with LOOPLINE_BLESS=1", file.display());
    }
}

/// Calls `look` with every schema in a schema, and the way to it.
fn each_schema(schema: &Json, way: &str, look: &mut dyn FnMut(&str, &Map<String, Json>)) {
    let Some(object) = schema.as_object() else { return };
    look(way, object);
    for (keyword, value) in object {
        let way = format!("{way}/{keyword}");
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "definitions" | "dependencies", Json::Object(schemas)) => {
                for (name, schema) in schemas {
                    each_schema(schema, &format!("{way}/{name}"), look);
                }
            }
            ("anyOf" | "allOf" | "oneOf", Json::Array(schemas)) => {
                for (index, schema) in schemas.iter().enumerate() {
                    each_schema(schema, &format!("{way}/{index}"), look);
                }
            }
            ("items" | "additionalProperties" | "propertyNames" | "not", schema) => each_schema(schema, &way, look),
            _ => {}
        }
    }
}

#[test]
fn every_key_is_described_and_shown() {
    let mut bare = Vec::new();
    for (name, schema) in schemas() {
        each_schema(&schema, name, &mut |way, object| {
            // What only shuts keys out says why in a message.
            if way.contains("/dependencies/") || object.contains_key("errorMessage") {
                return;
            }
            for (key, property) in object.get("properties").and_then(Json::as_object).into_iter().flatten() {
                for keyword in ["description", "markdownDescription", "examples"] {
                    if property.get(keyword).is_none() {
                        bare.push(format!("{way}/properties/{key} has no {keyword}"));
                    }
                }
            }
        });
    }
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}

#[test]
fn every_word_is_explained() {
    for (name, schema) in schemas() {
        each_schema(&schema, name, &mut |way, object| {
            let Some(words) = object.get("enum").and_then(Json::as_array) else { return };
            let meanings = object.get("markdownEnumDescriptions").and_then(Json::as_array);
            assert_eq!(meanings.map(Vec::len), Some(words.len()), "{way}");
        });
    }
}

#[test]
fn examples_and_defaults_fit_where_they_stand() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, schema) in schemas() {
        each_schema(&schema, name, &mut |way, object| {
            let examples = object.get("examples").and_then(Json::as_array).into_iter().flatten();
            let values: Vec<&Json> = examples.chain(object.get("default")).collect();
            if values.is_empty() {
                return;
            }
            let mut alone = object.clone();
            alone.insert("definitions".to_owned(), schema["definitions"].clone());
            let validator = validator(&Json::Object(alone));
            for value in values {
                seen += 1;
                wrong.extend(validator.iter_errors(value).map(|error| format!("{way}: {value}: {error}")));
            }
        });
    }
    assert!(seen > 300, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn editors_are_not_led_to_write_defaults_out() {
    // They write out what has a type and a default side by side, whenever they complete the mapping around it.
    for (name, schema) in schemas() {
        each_schema(&schema, name, &mut |way, object| {
            assert!(!(object.contains_key("default") && object.contains_key("type")), "{way}");
        });
    }
}

//! The JSON Schema that editors read is the one that the types make. `LOOPLINE_BLESS=1` writes it anew.
#![allow(clippy::disallowed_methods, reason = "the test reads a data file; the compiler does not")]

use std::path::Path;

use serde_json::Value as Json;

#[test]
fn the_schema_file_is_what_the_types_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline.schema.json");
    let made = format!("{}\n", serde_json::to_string_pretty(&loopline_dsl::schema()).expect("JSON"));
    if std::env::var_os("LOOPLINE_BLESS").is_some() {
        std::fs::write(&file, &made).expect("a file");
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == made, "{} is stale: run with LOOPLINE_BLESS=1", file.display());
}

#[test]
fn every_key_is_described() {
    let schema = loopline_dsl::schema();
    let mut bare = Vec::new();
    let definitions = schema["definitions"].as_object().expect("definitions");
    for (name, definition) in definitions.iter().chain([(&"Pipeline".to_owned(), &schema)]) {
        for (key, value) in definition["properties"].as_object().into_iter().flatten() {
            if value.get("description").is_none() && name != "InputSchema" {
                bare.push(format!("{name}.{key}"));
            }
        }
    }
    assert!(bare.is_empty(), "{bare:?}");
}

#[test]
fn what_compiles_fits_the_schema() {
    // What compiles must not be underlined in an editor.
    let schema = loopline_dsl::schema();
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    let pages = loopline_dsl::Code::ALL.iter().map(|code| {
        let good = code.page().split("\n## Right\n").nth(1).and_then(|rest| rest.split("```").nth(1));
        good.and_then(|block| block.split_once('\n')).expect("a right example").1
    });
    for good in pages.chain([include_str!("data/release-service.yaml")]) {
        let value: Json = loopline_dsl::yaml_to_json(good).expect("YAML");
        let errors: Vec<_> =
            validator.iter_errors(&value).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}\n{good}");
    }
}

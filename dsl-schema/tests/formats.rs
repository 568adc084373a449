//! Findings as other programs read them.
//!
//! `tests/formats/` holds a file with mistakes and what each format makes of it; `LOOPLINE_BLESS=1` writes that anew.
#![allow(clippy::disallowed_methods, reason = "the tests read data files; the compiler does not")]

use std::path::{Path, PathBuf};

use loopline_dsl::{Code, FileFindings, Severity, compile, to_github, to_json, to_sarif};
use serde_json::{Value as Json, json};

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(file)
}

fn golden(file: &str, found: &str) {
    if std::env::var_os("LOOPLINE_BLESS").is_some() {
        std::fs::write(here(file), found).expect("a file");
    }
    let expected = std::fs::read_to_string(here(file)).unwrap_or_default();
    assert!(found == expected, "{file} is not what it was; LOOPLINE_BLESS=1 writes it anew:\n{found}");
}

fn mistakes() -> String {
    std::fs::read_to_string(here("mistakes.loopline.yaml")).expect("the file with mistakes")
}

/// Findings in a file whose name and text are not plain ASCII.
fn sarif() -> Json {
    let text = mistakes();
    let diagnostics = compile(&text).diagnostics;
    to_sarif(&[FileFindings { name: "./pipelines/mit Fehlern.yaml", text: &text, diagnostics: &diagnostics }])
}

#[test]
fn formats_are_what_they_were() {
    let text = mistakes();
    let diagnostics = compile(&text).diagnostics;
    let pretty = |value: &Json| serde_json::to_string_pretty(value).expect("JSON") + "\n";
    golden("findings.github", &to_github("pipelines/mit Fehlern.yaml", &text, &diagnostics));
    golden("findings.sarif", &pretty(&sarif()));
    golden("findings.json", &pretty(&serde_json::to_value(to_json(&text, &diagnostics)).expect("JSON")));
}

/// What the standard asks of the parts that are written here, in words of our own.
fn sarif_schema() -> Json {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["version", "runs"],
        "additionalProperties": false,
        "properties": {
            "$schema": { "type": "string" },
            "version": { "const": "2.1.0" },
            "runs": { "type": "array", "minItems": 1, "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": false,
                "properties": {
                    "tool": { "type": "object", "required": ["driver"], "properties": { "driver": {
                        "type": "object", "required": ["name", "rules"],
                        "properties": { "rules": { "type": "array", "uniqueItems": true, "items": { "$ref": "#/$defs/rule" } } },
                    } } },
                    "columnKind": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
                    "results": { "type": "array", "items": { "$ref": "#/$defs/result" } },
                },
            } },
        },
        "$defs": {
            "text": { "type": "object", "required": ["text"], "properties": { "text": { "type": "string", "minLength": 1 } } },
            "level": { "enum": ["none", "note", "warning", "error"] },
            "rule": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": { "type": "string", "pattern": "^LL[0-9]{4}$" },
                    "name": { "type": "string" },
                    "shortDescription": { "$ref": "#/$defs/text" },
                    "fullDescription": { "$ref": "#/$defs/text" },
                    "help": { "$ref": "#/$defs/text" },
                    "defaultConfiguration": { "type": "object", "properties": { "level": { "$ref": "#/$defs/level" } } },
                },
            },
            "artifactLocation": { "type": "object", "properties": {
                "uri": { "type": "string", "pattern": "^[A-Za-z0-9._~/%-]+$" },
            } },
            "region": { "type": "object", "additionalProperties": false, "properties": {
                "startLine": { "type": "integer", "minimum": 1 },
                "startColumn": { "type": "integer", "minimum": 1 },
                "endLine": { "type": "integer", "minimum": 1 },
                "endColumn": { "type": "integer", "minimum": 1 },
            } },
            "location": { "type": "object", "additionalProperties": false, "properties": {
                "id": { "type": "integer", "minimum": -1 },
                "message": { "$ref": "#/$defs/text" },
                "physicalLocation": { "type": "object", "required": ["artifactLocation"], "properties": {
                    "artifactLocation": { "$ref": "#/$defs/artifactLocation" },
                    "region": { "$ref": "#/$defs/region" },
                } },
            } },
            "fix": { "type": "object", "required": ["artifactChanges"], "properties": {
                "description": { "$ref": "#/$defs/text" },
                "artifactChanges": { "type": "array", "minItems": 1, "items": {
                    "type": "object",
                    "required": ["artifactLocation", "replacements"],
                    "properties": {
                        "artifactLocation": { "$ref": "#/$defs/artifactLocation" },
                        "replacements": { "type": "array", "minItems": 1, "items": {
                            "type": "object",
                            "required": ["deletedRegion"],
                            "properties": {
                                "deletedRegion": { "$ref": "#/$defs/region" },
                                "insertedContent": { "type": "object", "required": ["text"] },
                            },
                        } },
                    },
                } },
            } },
            "result": {
                "type": "object",
                "required": ["message"],
                "properties": {
                    "ruleId": { "type": "string" },
                    "ruleIndex": { "type": "integer", "minimum": 0 },
                    "level": { "$ref": "#/$defs/level" },
                    "message": { "$ref": "#/$defs/text" },
                    "locations": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/location" } },
                    "relatedLocations": { "type": "array", "uniqueItems": true, "items": { "$ref": "#/$defs/location" } },
                    "fixes": { "type": "array", "uniqueItems": true, "items": { "$ref": "#/$defs/fix" } },
                },
            },
        },
    })
}

#[test]
fn sarif_has_the_shape_that_the_standard_asks_for() {
    let schema = jsonschema::draft202012::options().offline().build(&sarif_schema()).expect("a schema");
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/compile");
    let mut seen = 0;
    for entry in std::fs::read_dir(cases).expect("the folder of cases") {
        let path = entry.expect("an entry").path().join("bad.yaml");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let diagnostics = compile(&text).diagnostics;
        let document = to_sarif(&[FileFindings { name: "bad.yaml", text: &text, diagnostics: &diagnostics }]);
        let problems: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{}: {problems:?}", path.display());
        seen += 1;
    }
    assert!(seen >= 60, "cases went missing: {seen}");
    assert!(schema.is_valid(&sarif()));
    assert!(schema.is_valid(&to_sarif(&[])), "no file is no mistake");
}

#[test]
fn each_result_names_its_rule_and_its_place() {
    let document = sarif();
    let run = &document["runs"][0];
    let text = mistakes();
    let lines: Vec<&str> = text.lines().collect();
    let results = run["results"].as_array().expect("results");
    assert!(results.len() > 3);
    for result in results {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().expect("an index") as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let at = |key: &str| region[key].as_u64().expect("a number") as usize;
        let length = lines[at("startLine") - 1].chars().count();
        assert!(at("startColumn") <= at("endColumn") && at("endColumn") <= length + 1, "{region}");
    }
    assert_eq!(
        results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "pipelines/mit%20Fehlern.yaml"
    );
}

/// The fixes of a document, made by a program that knows the standard and nothing of ours.
#[test]
fn replacements_give_the_text_that_was_meant() {
    let text = "version: 1\nname: p\nsteps: {a: {run: 'ü', timeout: 5 min}}\n";
    let diagnostics = compile(text).diagnostics;
    let document = to_sarif(&[FileFindings { name: "p.yaml", text, diagnostics: &diagnostics }]);
    let replacement = &document["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    let region = &replacement["deletedRegion"];
    let column = |key: &str| region[key].as_u64().expect("a column") as usize - 1;
    let line: Vec<char> = text.lines().nth(2).expect("a line").chars().collect();
    let mended: String = line[..column("startColumn")]
        .iter()
        .copied()
        .chain(replacement["insertedContent"]["text"].as_str().expect("text").chars())
        .chain(line[column("endColumn")..].iter().copied())
        .collect();
    assert_eq!(mended, "steps: {a: {run: 'ü', timeout: 5m}}");
}

#[test]
fn every_severity_has_its_command() {
    let text = mistakes();
    let diagnostics = compile(&text).diagnostics;
    let commands = to_github("p.yaml", &text, &diagnostics);
    assert_eq!(commands.lines().count(), diagnostics.len());
    for (line, finding) in commands.lines().zip(&diagnostics) {
        let command = match finding.severity {
            Severity::Error => "::error ",
            Severity::Warning => "::warning ",
            Severity::Hint => "::notice ",
        };
        assert!(line.starts_with(command), "{line}");
    }
    assert!(diagnostics.iter().any(|finding| finding.code == Code::WaitsForEver));
}

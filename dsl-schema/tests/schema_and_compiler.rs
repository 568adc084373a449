//! The JSON Schema and the compiler agree: what compiles is not underlined in an editor, what the compiler calls wrong in shape
//! is underlined there or above, and nothing is underlined that compiles.
#![allow(clippy::disallowed_methods, reason = "the tests read data files; the compiler does not")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jsonschema::Validator;
use loopline_dsl::testing::TestText;
use loopline_dsl::{Code, Diagnostic, Severity, compile, compile_step_type, to_json, yaml_to_json};
use serde_json::{Value as Json, json};

static PIPELINE: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::draft7::new(&loopline_dsl::schema()).expect("a schema of draft-07"));
static STEP_TYPE: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::draft7::new(&loopline_dsl::step_type_schema()).expect("a schema of draft-07"));

static TESTS: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::draft7::new(&loopline_dsl::test_schema()).expect("a schema of draft-07"));

/// Findings about the shape of a value, which a schema can have too.
const OF_SHAPE: [Code; 12] = [
    Code::UnknownKey,
    Code::MissingKey,
    Code::WrongType,
    Code::UnknownWord,
    Code::NumberOutOfRange,
    Code::InvalidDuration,
    Code::InvalidSize,
    Code::KeyMakesNoSense,
    Code::KeysExcludeEachOther,
    Code::InvalidStepId,
    Code::NoKind,
    Code::SeveralKinds,
];

/// Where the schema finds something, as JSON pointers.
fn underlined(validator: &Validator, text: &str) -> Option<Vec<(String, String)>> {
    let value = yaml_to_json(text).ok()?;
    Some(validator.iter_errors(&value).map(|error| (error.instance_path().to_string(), error.to_string())).collect())
}

/// What is wrong with the agreement of the two about one text.
fn disagreement(validator: &Validator, text: &str, found: &[Diagnostic]) -> Option<String> {
    // What is no YAML is no value, and nothing to a schema.
    let underlined = underlined(validator, text)?;
    let compiles = found.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    if compiles && !underlined.is_empty() {
        return Some(format!("compiles, and is underlined: {underlined:?}\n{text}"));
    }
    let of_shape: Vec<_> = found.iter().filter(|diagnostic| OF_SHAPE.contains(&diagnostic.code)).cloned().collect();
    for finding in to_json(text, &of_shape) {
        let Some(pointer) = &finding.pointer else { continue };
        if !underlined.iter().any(|(above, _)| is_at_or_above(above, pointer)) {
            let said = format!("{} at {pointer}: {}", finding.code, finding.message);
            return Some(format!("{said}\nis not underlined, but {underlined:?}\n{text}"));
        }
    }
    None
}

fn is_at_or_above(above: &str, pointer: &str) -> bool {
    pointer.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn check(texts: impl IntoIterator<Item = (String, String)>, least: usize) {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (name, text) in texts {
        count += 1;
        // Whether tests go with their pipeline is nothing that a schema could know.
        let (validator, found) = match name.ends_with(".test.yaml") || text.starts_with("pipeline:") {
            true => (&TESTS, TestText::read(&text).alone().diagnostics),
            false => (&PIPELINE, compile(&text).diagnostics),
        };
        wrong.extend(disagreement(validator, &text, &found).map(|why| format!("{name}: {why}")));
    }
    assert!(count >= least, "cases went missing: {count}");
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every YAML file beneath a folder.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                texts.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a file")));
            }
        }
    }
    texts
}

#[test]
fn about_every_example() {
    check(files("examples/pipelines"), 12);
    check([("release-service".to_owned(), include_str!("data/release-service.yaml").to_owned())], 1);
}

#[test]
fn about_every_page_of_a_code() {
    let pages = Code::ALL.iter().flat_map(|code| {
        let blocks = code.page().split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        blocks.map(|block| (code.as_str().to_owned(), block.to_owned()))
    });
    check(pages, 150);
}

#[test]
fn about_every_case_of_the_compiler() {
    check(files("tests/conformance/compile"), 60);
}

#[test]
fn about_every_case_of_a_run() {
    let cases = files("tests/conformance/run").into_iter().map(|(name, text)| {
        let case = yaml_to_json(&text).expect("a case");
        (name, case["pipeline"].as_str().expect("a pipeline").to_owned())
    });
    check(cases, 50);
}

#[test]
fn about_every_block_of_the_language_reference() {
    let mut blocks = Vec::new();
    for entry in std::fs::read_dir(root().join("docs/language")).expect("the reference") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue;
        }
        let page = std::fs::read_to_string(&path).expect("a page");
        let found = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        blocks.extend(found.map(|block| (path.display().to_string(), block.to_owned())));
    }
    check(blocks, 30);
}

#[test]
fn about_step_types() {
    let mut wrong = Vec::new();
    for text in [
        "step: {run: make}\n",
        "description: Uploads\nicon: upload\ninputs: {folder: {type: string}}\nstep: {run: 'up {{ inputs.folder }}'}\n",
        "inputs: {a: {type: integer, required: false}}\noutputs: {b: {type: string}, c: stdout}\nstep: {run: 'x {{ inputs.a }}'}\n",
        "x-note: kept\nstep: {http: {url: https://a.example}, retry: {max_attempts: 2}, x-own: 1}\n",
        "description: no step\n",
        "step: {needs: a, run: make}\n",
        "step: {use: other}\n",
        "step: {use: other, with: {a: 1}, run: x}\n",
        "step: {pipeline: {name: p}}\n",
        "step: {run: x, compensate: {run: y}}\n",
        "step: {goto: [{to: a, max: 1}], run: x}\n",
        "step: {}\n",
        "step: {run: x, http: {url: https://a.example}}\n",
        "step: {sleep: 5s, timeout: 3s}\n",
        "step: {run: x, colour: red}\n",
        "name: x\nstep: {run: x}\n",
        "inputs: {1a: {type: string}}\nstep: {run: x}\n",
        "step: [run]\n",
        "step:\n",
    ] {
        wrong.extend(disagreement(&STEP_TYPE, text, &compile_step_type(text)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A pipeline around one step.
fn step(step: &str) -> String {
    format!("version: 1\nname: p\nsteps:\n  a: {step}\n")
}

/// A pipeline with something beside its steps.
fn beside(lines: &str) -> String {
    format!("version: 1\nname: p\n{lines}\nsteps: {{a: {{run: x}}}}\n")
}

#[test]
fn about_the_edges_of_shape() {
    let steps = [
        "{run: x, timeout: 5}",
        "{run: x, timeout: ''}",
        "{run: x, timeout: 1m1h}",
        "{run: x, timeout: null}",
        "{run: x, timeout: [5s]}",
        "{run: x, retry: {max_attempts: 0}}",
        "{run: x, retry: {max_attempts: 2.0}}",
        "{run: x, retry: {max_attempts: 2.5}}",
        "{run: x, retry: {max_attempts: '2'}}",
        "{run: x, retry: {max_attempts: 1e2}}",
        "{run: x, retry: {max_attempts: 99999999999999999999}}",
        "{run: x, retry: {on: exit}}",
        "{run: x, retry: {on: [exit:1, exit:255, timeout]}}",
        "{run: x, retry: {on: [exit:0]}}",
        "{run: x, retry: {on: [exit:256]}}",
        "{run: x, retry: {on: ['exit:+5']}}",
        "{run: x, retry: {on: null}}",
        "{run: x, retry: {factor: 0.5}}",
        "{run: x, retry: }",
        "{run: x, goto: }",
        "{run: x, goto: [{to: a, max: unlimited, delay: 1s}]}",
        "{run: x, goto: [{to: a, max: 0}]}",
        "{run: x, goto: [{to: a, max: often}]}",
        "{run: x, goto: [{to: a, max: 3, on: fails}]}",
        "{run: x, goto: {to: a, max: 3}}",
        "{run: x, goto: [null]}",
        "{run: x, needs: null}",
        "{run: x, needs: [null]}",
        "{run: x, needs: {b: ok, c: }}",
        "{run: x, needs: {b: maybe}}",
        "{run: x, join: all}",
        "{run: x, join: {at_least: 0}}",
        "{run: x, join: {at_least: 1, x-why: because}}",
        "{run: x, join: some}",
        "{run: x, env: }",
        "{run: x, env: {A: , B: 1, C: no, D: 1.10}}",
        "{run: x, env: {LOOPLINE_X: 1}}",
        "{run: x, env: {1A: 1}}",
        "{run: x, env: {A: [1]}}",
        "{run: x, shell: ''}",
        "{run: x, shell: []}",
        "{run: x, shell: [python3, -u]}",
        "{run: x, shell: 5}",
        "{run: x, shell: [5]}",
        "{run: , shell: sh}",
        "{run: 5}",
        "{run: true}",
        "{run: [a]}",
        "{run: x, template: no}",
        "{run: x, template: 'true'}",
        "{run: x, outputs: {a: stdout, b: {type: string}, c: 5, d: true}}",
        "{run: x, outputs: {a: null}}",
        "{run: x, outputs: {a: [1]}}",
        "{run: x, outputs: {a: {type: text}}}",
        "{run: x, outputs: {a: {type: [string, null]}}}",
        "{run: x, outputs: {a: {type: ['string', 'null']}}}",
        "{run: x, outputs: {a: {required: false, x-shown: 1}}}",
        "{run: x, outputs: {a: {type: object, required: [b], properties: {b: true}}}}",
        "{run: x, outputs: {a: {minLength: 1.0}}}",
        "{run: x, outputs: {a: {minLength: -1}}}",
        "{run: x, outputs: {a: {items: {type: texts}}}}",
        "{run: x, outputs: {a: {$ref: '#'}}}",
        "{run: x, outputs: {a: {items: {$ref: '#'}}}}",
        "{run: x, outputs: {a: {enum: [1], unknown: 1}}}",
        "{run: x, artifacts: {a b: x}}",
        "{run: x, artifacts: {a: }}",
        "{run: x, cache: {key: k, paths: p}}",
        "{run: x, cache: {key: k}}",
        "{run: x, cache: [{key: k, paths: [p]}, {key: l, paths: [q]}]}",
        "{run: x, cache: []}",
        "{run: x, cache: }",
        "{run: x, runs_on: linux}",
        "{run: x, runs_on: [linux, a b]}",
        "{run: x, fetch: [a]}",
        "{run: x, limits: {memory: 5, cpus: 0}}",
        "{run: x, limits: {memory: 5MB}}",
        "{run: x, limits: {memory: 512MiB, cpus: 0.5}}",
        "{run: x, workspace: own}",
        "{run: x, foreach: {items: 5}}",
        "{run: x, foreach: {items: true}}",
        "{run: x, foreach: {items: [1, {a: 2}]}}",
        "{run: x, foreach: {items: inputs.x}}",
        "{run: x, foreach: {}}",
        "{run: x, foreach: {items: [1], as: s, max_parallel: 0}}",
        "{run: x, foreach: {items: [1]}, matrix: {axes: {a: [1]}}}",
        "{run: x, matrix: {axes: {a: [1], b c: [2]}}}",
        "{run: x, matrix: {axes: {a: [1]}, include: [{a: 1, b: 2}], exclude: [null]}}",
        "{run: x, matrix: {include: [{b: 2}]}}",
        "{run: x, matrix: {axes: , include: [{b: 2}]}}",
        "{run: x, compensate: {run: y}}",
        "{run: x, compensate: {}}",
        "{run: x, compensate: {run: y, http: {url: https://a.example}}}",
        "{run: x, compensate: {http: {url: https://a.example}, shell: sh}}",
        "{run: x, compensate: {run: y, on: [failed, never]}}",
        "{run: x, compensate: {container: {image: i, env: {1A: x}, run: y}}}",
        "{run: x, services: {db: {image: postgres}, Db: {image: postgres}}}",
        "{run: x, services: {db: {image: postgres, env: {1A: x}}}}",
        "{run: x, services: {db: {ports: [1]}}}",
        "{run: x, reports: {}}",
        "{run: x, reports: {junit: [a, b]}}",
        "{run: x, colour: red}",
        "{run: x, x-colour: red}",
        "{run: x, http: {url: https://a.example}}",
        "{}",
        "",
        "run",
        "[run]",
        "{name: x}",
        "{use: t, with: {a: 1}}",
        "{use: t, run: x}",
        "{with: {a: 1}, run: x}",
        "{http: {url: https://a.example}}",
        "{http: {method: GET}}",
        "{http: https://a.example}",
        "{http: {url: https://a.example, json: 1, body: x}}",
        "{http: {url: https://a.example, json: null}}",
        "{http: {url: https://a.example, headers: {a b: x}}}",
        "{http: {url: https://a.example, headers: {Accept: , X-A: 1}}}",
        "{http: {url: https://a.example, headers: {x-a: [1]}}}",
        "{http: {url: https://a.example, query: {x-a: 1}, form: {x-a: [1]}}}",
        "{http: {url: https://a.example, auth: {}}}",
        "{http: {url: https://a.example, auth: {bearer: x, basic: {user: a, password: b}}}}",
        "{http: {url: https://a.example, auth: {basic: {user: a}}}}",
        "{http: {url: https://a.example, expect: {status: 200}}}",
        "{http: {url: https://a.example, expect: {status: [200, 2xx, '404']}}}",
        "{http: {url: https://a.example, expect: {status: 20}}}",
        "{http: {url: https://a.example, expect: {status: ok}}}",
        "{http: {url: https://a.example, expect: {status: '0200'}}}",
        "{http: {url: https://a.example, expect: {status: }}}",
        "{http: {url: https://a.example, callback: {}}}",
        "{http: {url: https://a.example, callback: }}",
        "{http: {url: https://a.example}, outputs: {a: response.status}}",
        "{http: {url: https://a.example}, outputs: {a: {type: string}}}",
        "{http: {url: https://a.example}, artifacts: {a: x}}",
        "{http: {url: https://a.example}, shell: sh}",
        "{container: {image: i}}",
        "{container: {image: i, run: x, command: y}}",
        "{container: {image: i, run: x, args: [y]}}",
        "{container: {image: i, command: y, args: [y, 5, null]}}",
        "{container: {image: i, mounts: [{source: a}]}}",
        "{container: {image: i, mounts: }}",
        "{container: {image: i, pull: often}}",
        "{approval: {message: ok?, timeout: 1h}}",
        "{approval: {message: ok?, timeout: 1h, approvers: [ada]}}",
        "{approval: {message: ok?, timeout: 1h, approvers: 'group:ops'}}",
        "{approval: {message: ok?, timeout: 1h, quorum: 0}}",
        "{approval: {message: ok?, timeout: 1h, fields: {1a: {type: string}}}}",
        "{approval: {}}",
        "{approval: {message: ok?, timeout: 1h}, retry: {max_attempts: 2}}",
        "{approval: {message: ok?, timeout: 1h}, outputs: {a: by}}",
        "{wait: {signal: s, timeout: 1h}}",
        "{wait: {timeout: 1h}}",
        "{wait: {signal: s, timeout: 1h}, interruptible: false}",
        "{sleep: 5s}",
        "{sleep: 5}",
        "{sleep: {until: inputs.t}}",
        "{sleep: {}}",
        "{sleep: 5s, timeout: 3s}",
        "{pipeline: {name: q}}",
        "{pipeline: {name: q, steps: {b: {run: x}}}}",
        "{pipeline: {}}",
        "{pipeline: {steps: {}}}",
        "{pipeline: {steps: }}",
        "{pipeline: {steps: {B: {run: x}}}}",
        "{pipeline: {steps: {b: {run: x}}, inputs: {1a: 2}}}",
        "{pipeline: {name: q, inputs: {1a: 2}}}",
        "{pipeline: {name: q, outputs: {a: b}}}",
        "{pipeline: {name: q}, limits: {cpus: 1}}",
        "{set: {a: 1, b: inputs, c: [1]}}",
        "{set: }",
        "{set: {a b: 1}}",
        "{set: {a: 1}, lock: x}",
    ];
    let files = [
        "",
        "version: 2",
        "version: '1'",
        "version: 1.0",
        "version:",
        "colour: red",
        "x-colour: red",
        "labels: {a: b, 'a/b.c': 1}",
        "labels: {a b: c}",
        "labels: {a: }",
        "inputs: {a: {type: string, default: x}}",
        "inputs: {1a: {type: string}}",
        "inputs: {a: string}",
        "inputs: {a: true}",
        "inputs:",
        "secrets: [A, b_c]",
        "secrets: [a-b]",
        "secrets: A",
        "secrets:",
        "env: {A: 1}",
        "timeout: 3d",
        "timeout: 3 days",
        "defaults: {timeout: 5m, retry: {max_attempts: 2}, runs_on: linux}",
        "defaults: {env: {A: b}}",
        "limits: {visits: 5, items: 20000}",
        "limits: {log: 1GB}",
        "run_name: x",
        "run_name:",
        "fail_fast: true",
        "fail_fast: 1",
        "notify: [{on: failed, to: chat}]",
        "notify: {on: failed, to: chat}",
        "notify: [{on: started, to: chat}]",
        "finally: {b: {run: x}}",
        "finally: {B: {run: x}}",
        "finally:",
        "outputs: {a: inputs}",
        "outputs: {a-b: inputs}",
        "concurrency: {group: g}",
        "concurrency: {limit: 1}",
        "concurrency: g",
        "concurrency: {group: g, when_full: wait}",
        "triggers: {manual: false}",
        "triggers: {schedule: [{cron: 30 6 * * *}]}",
        "triggers: {schedule: [{every: 5m, jitter: 10s}]}",
        "triggers: {schedule: [{}]}",
        "triggers: {schedule: [{cron: 30 6 * * *, every: 5m}]}",
        "triggers: {schedule: {every: 5m}}",
        "triggers: {schedule: [{every: 5m, overlap: run}]}",
        "triggers: {schedule: [{every: 5m, missed: run_all}]}",
        "triggers: {webhook: [{provider: github, events: push, branches: [main, '!x']}]}",
        "triggers: {webhook: [{events: push}]}",
        "triggers: {webhook: [{provider: svn}]}",
        "triggers: {webhook: [{provider: github, branches: '!'}]}",
        "triggers: {webhook: [{provider: github, branches: ['']}]}",
        "triggers: {pipeline: [{name: b, on: succeeded}]}",
        "triggers: {pipeline: [{on: succeeded}]}",
        "triggers: {files: [{paths: [a]}]}",
        "triggers: {files: [{}]}",
        "triggers:",
        "triggers: [manual]",
    ];
    let wholes = [
        "",
        "[]",
        "text",
        "name: p",
        "name: P\nsteps: {a: {run: x}}",
        "name: 5\nsteps: {a: {run: x}}",
        "name:\nsteps: {a: {run: x}}",
        "name: p\nsteps: {}",
        "name: p\nsteps:",
        "name: p\nsteps: {A: {run: x}}",
        "name: p\nsteps: [{run: x}]",
        "name: p\nsteps: {x-a: {run: x}}",
        "name: p\nsteps: {x-a: 5, a: {run: x}}",
    ];
    let texts = steps.iter().map(|text| step(text)).chain(files.iter().map(|text| beside(text)));
    let texts = texts.chain(wholes.iter().map(|text| format!("{text}\n")));
    check(texts.map(|text| (String::new(), text)), 200);
}

/// Values that are put in place of others, one at a time.
fn intruders() -> Vec<Json> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1.5),
        json!(2_000_000),
        json!(""),
        json!("5s"),
        json!(["x"]),
        json!([null]),
        json!({}),
        json!({ "x": "y" }),
    ]
}

/// JSON pointers to every value of a document.
fn pointers(value: &Json, way: &str, all: &mut Vec<String>) {
    all.push(way.to_owned());
    match value {
        Json::Object(map) => {
            for (key, value) in map {
                pointers(value, &format!("{way}/{}", key.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Json::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, &format!("{way}/{index}"), all);
            }
        }
        _ => {}
    }
}

/// Pipelines that compile, with every key of the language among them.
fn with_every_key() -> Vec<Json> {
    let all = include_str!("data/every-key.yaml").split("\n---\n");
    all.map(|text| yaml_to_json(text).expect("YAML")).collect()
}

#[test]
fn about_every_key() {
    check(with_every_key().iter().map(|whole| (String::new(), whole.to_string())), 10);
    for whole in with_every_key() {
        let text = whole.to_string();
        assert!(compile(&text).graph.is_some(), "{:#?}", to_json(&text, &compile(&text).diagnostics));
    }
}

#[test]
fn about_any_value_in_any_place() {
    let mut texts = Vec::new();
    for whole in with_every_key() {
        let mut places = Vec::new();
        pointers(&whole, "", &mut places);
        for place in &places {
            for intruder in intruders() {
                let mut changed = whole.clone();
                *changed.pointer_mut(place).expect("a place") = intruder;
                texts.push((place.clone(), changed.to_string()));
            }
        }
    }
    check(texts, 2_000);
}

#[test]
fn about_any_key_left_out_or_misspelled() {
    let mut texts = Vec::new();
    for whole in with_every_key() {
        let mut places = Vec::new();
        pointers(&whole, "", &mut places);
        for place in &places {
            let Some((above, key)) = place.rsplit_once('/') else { continue };
            for new in [None, Some("misspelled"), Some("x-own"), Some("A b")] {
                let mut changed = whole.clone();
                let Some(map) = changed.pointer_mut(above).and_then(Json::as_object_mut) else { continue };
                let Some(value) = map.remove(&key.replace("~1", "/").replace("~0", "~")) else { continue };
                map.extend(new.map(|new| (new.to_owned(), value)));
                texts.push((place.clone(), changed.to_string()));
            }
        }
    }
    check(texts, 700);
}

/// Ways to keys that are not there and have a default, as the schema says, with that default.
fn defaults_left_unsaid(schema: &Json, value: &Json, way: &str, found: &mut Vec<(String, Json)>) {
    let schema = match schema["$ref"].as_str().and_then(|it| it.strip_prefix('#')) {
        Some(target) => ROOT.pointer(target).expect("a definition"),
        None => schema,
    };
    for alternative in ["anyOf", "allOf"].iter().filter_map(|key| schema[key].as_array()).flatten() {
        defaults_left_unsaid(alternative, value, way, found);
    }
    match value {
        Json::Object(map) => {
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                match (map.get(key), property.get("default")) {
                    (Some(inner), _) => defaults_left_unsaid(property, inner, &format!("{way}/{key}"), found),
                    (None, Some(default)) => found.push((format!("{way}/{key}"), default.clone())),
                    (None, None) => {}
                }
            }
            for (key, inner) in map.iter().filter(|_| schema["additionalProperties"].is_object()) {
                defaults_left_unsaid(&schema["additionalProperties"], inner, &format!("{way}/{key}"), found);
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                defaults_left_unsaid(&schema["items"], item, &format!("{way}/{index}"), found);
            }
        }
        _ => {}
    }
}

static ROOT: LazyLock<Json> = LazyLock::new(loopline_dsl::schema);

#[test]
fn about_what_holds_when_nothing_is_said() {
    let mut tried = BTreeSet::new();
    for whole in with_every_key() {
        let graph = |value: &Json| compile(&value.to_string()).graph.map(|graph| json!(graph));
        let unsaid = graph(&whole).expect("it compiles");
        let mut defaults = Vec::new();
        defaults_left_unsaid(&ROOT, &whole, "", &mut defaults);
        for (way, default) in defaults {
            let (above, key) = way.rsplit_once('/').expect("a pointer");
            let mut said = whole.clone();
            said.pointer_mut(above).and_then(Json::as_object_mut).expect("a mapping").insert(key.to_owned(), default);
            // A key may make no sense where it stands.
            if PIPELINE.is_valid(&said) {
                assert_eq!(graph(&said).as_ref(), Some(&unsaid), "{way}");
                tried.insert(key.to_owned());
            }
        }
    }
    let mut all = BTreeSet::new();
    for definition in ROOT["definitions"].as_object().into_iter().flat_map(|all| all.values()).chain([&*ROOT]) {
        let keys = definition["properties"].as_object().into_iter().flatten();
        all.extend(keys.filter(|(_, property)| property.get("default").is_some()).map(|(key, _)| key.clone()));
    }
    assert_eq!(tried, all);
}

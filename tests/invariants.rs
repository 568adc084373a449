//! The invariants of ARCHITECTURE.md that can be read off the sources and the build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value as Json;

use crate::binary::root;

fn metadata() -> Json {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", &target()])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    serde_json::from_slice(&output.stdout).expect("metadata is JSON")
}

/// This machine's target: what is only built elsewhere was never downloaded.
fn target() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

/// Names of everything that a crate is built from, without what only its tests need.
fn built_from(krate: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", krate, "-e", "normal", "--prefix", "none", "--format", "{p}", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn invariant_1_core_and_compiler_are_built_from_pure_crates() {
    for krate in ["loopline-core", "loopline-dsl", "loopline-testing"] {
        let crates = built_from(krate);
        for impure in
            ["tokio", "mio", "reqwest", "hyper", "sqlx", "notify", "nix", "rustix", "socket2", "rand", "chrono"]
        {
            assert!(!crates.contains(impure), "{krate} is built from {impure}");
        }
    }
}

#[test]
fn invariant_1_core_and_compiler_touch_nothing_outside() {
    let forbidden = [
        "SystemTime::now",
        "Instant::now",
        "std::env",
        "std::fs",
        "std::net",
        "std::process",
        "HashMap",
        "HashSet",
        "thread_rng",
        "RandomState",
    ];
    let mut wrong = Vec::new();
    for folder in ["engine/core/src", "dsl-schema/src", "engine/testing/src"] {
        for (path, text) in sources(folder) {
            // Tests may do what the code may not: they run real shells, and bless golden files.
            if path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests") {
                continue;
            }
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text);
            for (at, line) in code.lines().enumerate() {
                let said = line.trim_start();
                if said.starts_with("//") {
                    continue;
                }
                wrong.extend(
                    forbidden
                        .iter()
                        .filter(|word| said.contains(**word))
                        .map(|word| format!("{}:{}: {word}", path.strip_prefix(root()).unwrap().display(), at + 1)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rooms_import_only_what_the_table_in_architecture_allows() {
    // As written in ARCHITECTURE.md, by hand; `*` is everything.
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("loopline-core", &[] as &[&str]),
        ("loopline-dsl", &["loopline-core"]),
        ("loopline-ports", &["loopline-core"]),
        ("loopline-store", &["loopline-core", "loopline-ports"]),
        ("loopline-blobs", &["loopline-core", "loopline-ports"]),
        ("loopline-worker", &["loopline-core", "loopline-ports", "loopline-blobs"]),
        ("loopline-secrets", &["loopline-core", "loopline-ports"]),
        ("loopline-runtime", &["loopline-core", "loopline-ports"]),
        ("loopline-triggers", &["loopline-core", "loopline-ports", "loopline-dsl"]),
        (
            "loopline-server",
            &["loopline-core", "loopline-ports", "loopline-dsl", "loopline-testing", "loopline-triggers"],
        ),
        ("loopline-lsp", &["loopline-dsl"]),
        ("loopline-testing", &["loopline-core", "loopline-dsl"]),
        ("loopline-cli", &["*"]),
        ("loopline-tests", &["*"]),
        ("loopline-fuzz", &["loopline-core", "loopline-dsl", "loopline-testing"]),
        ("loopline-benches", &["*"]),
    ]);
    for package in metadata()["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if !name.starts_with("loopline-") {
            continue;
        }
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} has no line in the table"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            let for_build = dependency["kind"].is_null();
            assert!(
                !for_build || !on.starts_with("loopline-") || may.contains(&on) || may.contains(&"*"),
                "{name} imports {on}"
            );
        }
    }
}

#[test]
fn invariant_2_only_core_decides() {
    // Who drives or executes never looks at what a pipeline means: not at steps, edges, outcomes or failure kinds.
    let meaning = [
        "StepStatus",
        "SkipReason",
        "Condition::",
        "GotoOn",
        "on_exhausted",
        ".goto",
        ".needs",
        "allow_failure",
        "FailureKind::Rejected",
    ];
    let mut wrong = Vec::new();
    for folder in ["engine/runtime/src", "engine/store/src", "engine/worker/src", "engine/blobs/src"] {
        for (path, text) in sources(folder) {
            for (at, line) in text.lines().enumerate() {
                if line.trim_start().starts_with("//") {
                    continue;
                }
                wrong.extend(
                    meaning
                        .iter()
                        .filter(|word| line.contains(**word))
                        .map(|word| format!("{}:{}: {word}", path.strip_prefix(root()).unwrap().display(), at + 1)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn invariant_3_only_the_driver_appends() {
    // `commit` is the one way to write a history, and the runtime the one room that calls it.
    // That a stale writer is refused by the database itself is shown by the store's own suite.
    for folder in
        ["engine/server/src", "engine/worker/src", "engine/triggers/src", "engine/cli/src", "engine/blobs/src"]
    {
        for (path, text) in sources(folder) {
            assert!(!text.contains(".commit("), "{} writes histories", path.display());
        }
    }
}

#[test]
fn invariant_10_the_schemas_are_what_the_types_say() {
    // The OpenAPI document has its test in the server, the TypeScript types theirs in web (`npm run gen:check`).
    let made = [
        ("pipeline", loopline_dsl::schema()),
        ("step-type", loopline_dsl::step_type_schema()),
        ("test", loopline_dsl::test_schema()),
    ];
    for (name, made) in made {
        let path = root().join(format!("dsl-schema/{name}.schema.json"));
        let stored: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(stored, made, "{} is stale: run `make gen`", path.display());
    }
}

#[test]
fn every_licence_in_the_build_is_allowed() {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let list = text.split("allow = [").nth(1).and_then(|rest| rest.split(']').next()).expect("a list of licences");
    let allowed: BTreeSet<&str> = list
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').strip_prefix('"')?.strip_suffix('"'))
        .collect();
    for package in metadata()["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(licence) = package["license"].as_str() else {
            panic!("{name} names no licence");
        };
        let any = licence.replace('/', " OR ");
        let fits = |one: &str| allowed.contains(one.trim());
        let ok = any.split(" OR ").any(|choice| {
            let choice = choice.trim().trim_matches(|c| c == '(' || c == ')');
            fits(choice) || choice.split(" AND ").all(|one| fits(one.trim_matches(|c| c == '(' || c == ')')))
        });
        assert!(ok, "{name} has licence {licence}, which deny.toml does not allow");
    }
}

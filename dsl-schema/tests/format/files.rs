//! Files: the examples, every conformance case, and golden cases of the formatter.
//!
//! `tests/conformance/format/NAME/in.yaml` becomes `out.yaml`. `LOOPLINE_BLESS=1` writes the latter anew.

use std::path::{Path, PathBuf};

use loopline_dsl::format;

use crate::kept;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every YAML file below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The golden cases of the formatter, in order.
pub fn cases() -> Vec<PathBuf> {
    let all = files(&root().join("tests/conformance/format"));
    let cases: Vec<_> = all.iter().filter(|path| path.ends_with("in.yaml")).filter_map(|path| path.parent()).collect();
    assert!(cases.len() >= 15, "cases went missing: {}", cases.len());
    cases.into_iter().map(Path::to_owned).collect()
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_file_that_can_be_read_means_the_same_when_it_is_formatted() {
    let all = files(&root().join("tests/conformance"));
    let readable: Vec<_> = all.iter().map(|path| read(path)).filter(|text| format(text).is_ok()).collect();
    assert!(readable.len() >= 120, "only {} of {} files could be formatted", readable.len(), all.len());
    for text in readable {
        kept::check(&text);
    }
}

#[test]
fn examples_are_formatted() {
    let all = files(&root().join("examples"));
    assert!(all.len() >= 6, "examples went missing");
    for path in all {
        let text = read(&path);
        assert!(kept::check(&text) == text, "{} is not formatted: loopline fmt", path.display());
    }
}

#[test]
fn golden_cases_look_as_they_did() {
    let bless = std::env::var_os("LOOPLINE_BLESS").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let formatted = kept::check(&read(&case.join("in.yaml")));
        let golden = case.join("out.yaml");
        if bless {
            std::fs::write(&golden, &formatted).expect("a file");
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if formatted != expected {
            wrong.push(format!("{}:\n{formatted}\ninstead of\n{expected}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! Every code: its page shows it, and its rendering is exactly what it was.
//!
//! `tests/conformance/compile/NAME/bad.yaml` is a file with something wrong, `expected.txt` what the terminal shows;
//! `good.yaml` has nothing wrong, `bad.step-type.yaml` is a step type instead of a pipeline. A name is a code, or a rule of the language and what the case shows of it.
//! For a code the bad file is the wrong example of its page. `LOOPLINE_BLESS=1` writes both anew.
#![allow(clippy::disallowed_methods, reason = "the tests read data files; the compiler does not")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use loopline_dsl::{Code, Diagnostic, Severity, compile_step_type, compile_with, render_pretty};

mod neighbours;

/// Found only in files that are made up for the purpose (see `limits.rs`), or by those who read files.
const WITHOUT_EXAMPLE: [Code; 9] = [
    Code::TextTooLarge,
    Code::ForbiddenCharacter,
    Code::TooManySteps,
    Code::TooMuchForEachStep,
    Code::TooManyFindings,
    Code::PipelineNameTaken,
    Code::UnreadableFile,
    Code::PipelineIsNotTested,
    Code::TooManyEvents,
];

/// Found only when the case is run: `tests/pipeline_tests.rs` does.
const FOUND_BY_A_RUN: [Code; 5] =
    [Code::StepWithoutMock, Code::MockUsedUp, Code::ActNotAsExpected, Code::RunDoesNotEnd, Code::ExpectationNotMet];

/// What is wrong with a pipeline, or with tests of one.
fn findings(text: &str) -> Vec<Diagnostic> {
    match neighbours::is_tests(text) {
        true => neighbours::findings_of_tests(text),
        false => compile_with(text, &neighbours::library()).diagnostics,
    }
}

/// Codes whose wrong examples the compiler finds.
fn with_example() -> impl Iterator<Item = Code> {
    Code::ALL.iter().copied().filter(|code| !WITHOUT_EXAMPLE.contains(code) && !FOUND_BY_A_RUN.contains(code))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/compile")
}

/// The first fenced block behind a heading.
fn example<'a>(page: &'a str, heading: &str) -> Option<(&'a str, &'a str)> {
    let section = page.split(&format!("\n## {heading}\n")).nth(1)?;
    let block = section.split("```").nth(1)?;
    block.split_once('\n')
}

#[test]
fn every_page_shows_its_code_and_how_to_mend_it() {
    let mut wrong = Vec::new();
    for &code in Code::ALL {
        let page = code.page();
        assert!(page.starts_with(&format!("# {}: ", code.as_str())), "{code:?} has no title");
        let (language, bad) = example(page, "Wrong").unwrap_or_else(|| panic!("{code:?} has no wrong example"));
        let (_, good) = example(page, "Right").unwrap_or_else(|| panic!("{code:?} has no right example"));
        assert_eq!(language == "text", WITHOUT_EXAMPLE.contains(&code), "{code:?}");
        if language == "yaml" {
            let found = findings(bad);
            if FOUND_BY_A_RUN.contains(&code) {
                assert!(found.is_empty(), "{}", render_pretty("bad", bad, &found, false));
            } else if !found.iter().any(|diagnostic| diagnostic.code == code) {
                wrong.push(format!("{}: wrong example:\n{}", code.as_str(), render_pretty("bad", bad, &found, false)));
            }
        }
        let found = findings(good);
        if found.iter().any(|found| found.severity == Severity::Error || found.code == code) {
            let shown = render_pretty("good", good, &found, false);
            wrong.push(format!("{}: right example:\n{shown}", code.as_str()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn renderings_are_what_they_were() {
    let bless = std::env::var_os("LOOPLINE_BLESS").is_some();
    for code in with_example() {
        let (_, bad) = example(code.page(), "Wrong").expect("every page has a wrong example");
        let file = folder().join(code.as_str()).join("bad.yaml");
        if bless {
            std::fs::create_dir_all(folder().join(code.as_str())).expect("a folder");
            std::fs::write(&file, bad).expect("a file");
        }
        let stored = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(stored, bad, "{} is not what the page shows: run with LOOPLINE_BLESS=1", file.display());
    }
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).expect("the folder of cases") {
        let path = entry.expect("an entry").path();
        if !path.is_dir() {
            continue;
        }
        names.insert(path.clone());
        // `good.yaml` is a file with nothing wrong, for rules that say what is taken.
        if let Ok(good) = std::fs::read_to_string(path.join("good.yaml")) {
            let found = render_pretty("good.yaml", &good, &findings(&good), false);
            if !found.is_empty() {
                wrong.push(format!("{} has findings:\n{found}", path.join("good.yaml").display()));
            }
            if !path.join("bad.yaml").exists() {
                continue;
            }
        }
        let found = if let Ok(bad) = std::fs::read_to_string(path.join("bad.step-type.yaml")) {
            render_pretty("bad.step-type.yaml", &bad, &compile_step_type(&bad), false)
        } else {
            let bad = std::fs::read_to_string(path.join("bad.yaml")).expect("bad.yaml");
            render_pretty("bad.yaml", &bad, &findings(&bad), false)
        };
        if found.is_empty() {
            wrong.push(format!("{} has no findings", path.join("bad.yaml").display()));
        }
        let file = path.join("expected.txt");
        if bless {
            std::fs::write(&file, &found).expect("a file");
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}:\n{found}\ninstead of\n{expected}", path.display()));
        }
    }
    assert!(names.len() >= 60, "cases went missing: {}", names.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn errors_say_what_to_do() {
    // A finding without the next move is half a finding.
    for code in with_example() {
        let (_, bad) = example(code.page(), "Wrong").expect("every page has a wrong example");
        for found in findings(bad).iter().filter(|found| found.code == code && code != Code::InvalidYaml) {
            if matches!(
                code,
                Code::MissingKey | Code::NumberOutOfRange | Code::InvalidExpression | Code::InvalidTemplate
            ) {
                continue;
            }
            assert!(found.help.is_some(), "{}: {}", code.as_str(), found.message);
        }
        assert!(code.severity() <= Severity::Hint);
    }
}

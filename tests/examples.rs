//! Every file in `examples/pipelines/` compiles without a warning and really runs here, without secrets. So do the step types
//! in its `.loopline/steps`, in the pipelines that use them.

use std::path::PathBuf;

use loopline_triggers::library::{Checked, check_files};
use serde_json::{Value as Json, json};

use crate::binary::{Home, json, root};

fn run(example: &str, arguments: &[&str]) -> (Option<i32>, Json, Home) {
    let home = Home::new();
    let file = root().join(format!("examples/pipelines/{example}.loopline.yaml"));
    let mut all = vec!["run", file.to_str().expect("UTF-8"), "--output", "json", "--workspace", "."];
    all.extend(arguments);
    let output = home.run(&all);
    let view = json(&output);
    (output.status.code(), view, home)
}

#[test]
fn all_of_them_compile_without_a_warning_and_each_has_a_test() {
    let source = include_str!("examples.rs");
    let files = [files_of("examples/pipelines"), files_of("examples/pipelines/.loopline/steps")].concat();
    assert!(files.len() >= 8, "only {} examples", files.len());
    let mut pipelines = String::new();
    for ((path, text), checked) in files.iter().zip(check_files(&files)) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let said = loopline_dsl::render_pretty(&name, text, checked.diagnostics(), false);
        assert!(checked.diagnostics().is_empty(), "{said}");
        assert!(text.starts_with('#'), "{name} does not say what it is for");
        match checked {
            Checked::Pipeline(_) => {
                let stem = name.trim_end_matches(".loopline.yaml");
                assert!(source.contains(&format!("run(\"{stem}\"")), "{stem} is run by no test");
                pipelines.push_str(text);
            }
            Checked::Tests(_) => {}
            // It comes behind the pipelines.
            Checked::StepType(_) => {
                let stem = name.trim_end_matches(".yaml");
                assert!(pipelines.contains(&format!("use: {stem}\n")), "{stem} is used by no example");
            }
        }
    }
}

/// The files of a folder, and their texts.
fn files_of(folder: &str) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn qualify_crate_goes_back_for_more_features_and_reports() {
    let (code, view, home) = run("qualify-crate", &["--answer", "approve=approve"]);
    assert_eq!(code, Some(0), "{view:#}");
    let test = &view["steps"]["test"];
    assert_eq!(test["visits"][0]["status"], "failed", "its tests need `alloc`: {test:#}");
    assert_eq!(test["visit"], 2);
    assert_eq!(view["outputs"]["features"], "the default features");
    assert_eq!(view["steps"]["fetch"]["visit"], 1, "outside the region nothing is done twice");
    let report = std::fs::read_to_string(home.path("report.md")).unwrap();
    assert!(report.contains("percent-encoding 2.3.2") && report.contains("found in round 2"), "{report}");
    assert_eq!(view["steps"]["report"]["artifacts"]["report"]["size"], report.len());
}

#[test]
fn poll_service_asks_until_it_is_healthy() {
    let (code, view, _home) = run("poll-service", &["-i", "ready_after=3"]);
    assert_eq!(code, Some(0), "{view:#}");
    assert_eq!(view["outputs"]["asked"], 4);
    assert_eq!(view["steps"]["poll"]["visit"], 4);
    assert_eq!(view["steps"]["service"]["status"], "succeeded", "it was stopped, not left behind");
}

#[test]
fn review_feedback_works_the_comment_in() {
    let (code, view, home) = run("review-feedback", &["--answer", "review=reject", "--answer", "review=approve"]);
    assert_eq!(code, Some(0), "{view:#}");
    assert_eq!(view["outputs"]["drafts"], 2);
    assert_eq!(view["steps"]["review"]["visits"][0]["error"]["kind"], "rejected");
    assert!(std::fs::read_to_string(home.path("published.md")).unwrap().contains("draft 2"));
}

#[test]
fn retry_backoff_counts_attempts_and_no_visits() {
    let (code, view, _home) = run("retry-backoff", &[]);
    assert_eq!(code, Some(0), "{view:#}");
    assert_eq!(view["outputs"]["attempts"], 3);
    assert_eq!(view["steps"]["download"]["visit"], 1);
    assert_eq!(view["steps"]["download"]["attempt"], 3);
}

#[test]
fn fan_out_merges_with_and_without_the_optional_branch() {
    let (code, view, _home) = run("fan-out", &[]);
    assert_eq!((code, &view["outputs"]["pages"]), (Some(0), &json!(1)), "{view:#}");
    let (code, view, _home) = run("fan-out", &["-i", "docs=false"]);
    assert_eq!((code, &view["outputs"]["pages"]), (Some(0), &json!(0)), "{view:#}");
    assert_eq!(view["steps"]["docs"]["skip_reason"], "condition");
}

#[test]
fn rollback_handles_the_failure_and_stays_away_from_a_success() {
    let (code, view, home) = run("rollback", &["-i", "healthy=false"]);
    assert_eq!(code, Some(0), "{view:#}");
    assert_eq!(view["steps"]["verify"]["visit"], 3);
    assert_eq!(std::fs::read_to_string(home.path("current")).unwrap(), "release 1\n");
    let (code, view, home) = run("rollback", &[]);
    assert_eq!(code, Some(0), "{view:#}");
    assert_eq!(view["steps"]["rollback"]["skip_reason"], "not_taken");
    assert_eq!(std::fs::read_to_string(home.path("current")).unwrap(), "release 2\n");
}

#[test]
fn reuse_steps_runs_one_step_type_twice() {
    let (code, view, home) = run("reuse-steps", &["-i", "level=9"]);
    assert_eq!(code, Some(0), "{view:#}");
    assert_eq!(view["outputs"], json!({"files": ["docs.tar.gz", "src.tar.gz"], "entries": 6}), "{view:#}");
    assert!(view["steps"]["sources"]["artifacts"]["sources"]["size"].is_number(), "{view:#}");
    assert!(home.path("docs.tar.gz").is_file());
}

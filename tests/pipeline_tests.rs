//! `loopline test`: what it prints and how it ends; the tests of the examples, and of the documents.

use loopline_dsl::testing::TestText;
use loopline_dsl::{Code, explain};
use loopline_testing::{CaseResult, Coverage, Subject, run_case};

use crate::binary::{Home, json, root};

const RELEASE: &str = include_str!("../dsl-schema/tests/data/release.loopline.yaml");

const TESTS: &str = "pipeline: release.loopline.yaml
mock: {build: {outputs: {version: 1.2.3}}, deploy: {after: 5m}, verify: {}}
cases:
  deploys:
    inputs: {service: api}
    at: {1h: {approve: {approve: ada}}}
    expect: {status: succeeded, duration: 1h5m}
  nobody <decides>:
    inputs: {service: api}
    expect: {status: succeeded}
";

fn run(text: &str) -> Vec<CaseResult> {
    let graph = loopline_dsl::compile(RELEASE).graph.unwrap();
    let checked = TestText::read(text).check(&graph);
    let shown = loopline_dsl::render_pretty("tests", text, &checked.diagnostics, false);
    let file = checked.file.unwrap_or_else(|| panic!("{shown}"));
    let (subject, mut coverage) = (Subject::new(&graph), Coverage::of(&graph));
    let cases = file.cases.0.iter().flat_map(|cases| &cases.0);
    cases.filter_map(|item| run_case(&file, item, &subject, &mut coverage)).collect()
}

fn shown(text: &str, result: &CaseResult) -> String {
    let found = loopline_dsl::render_pretty("tests", text, &result.findings, false);
    format!("{}:\n{found}{:#?}", result.name, result.trace)
}

#[test]
fn every_example_has_tests_that_pass_and_go_every_way_but_those_named_here() {
    let home = Home::new();
    let folder = root().join("examples/pipelines");
    let output = home.run(&["test", folder.to_str().unwrap(), "--output", "json"]);
    let results = json(&output);
    assert_eq!((output.status.code(), &results["failed"]), (Some(0), &0.into()), "{results:#}");
    let pipelines = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pipelines: Vec<_> = pipelines.filter(|name| name.ends_with(".loopline.yaml")).collect();
    let covered: Vec<_> = results["coverage"].as_array().unwrap().iter().collect();
    assert!(pipelines.len() >= 7 && covered.len() == pipelines.len(), "{pipelines:?}\n{covered:#?}");
    for each in covered {
        assert_eq!(each["ways"], each["gone"], "{each:#}");
    }
}

#[test]
fn pages_of_what_only_runs_find_show_it() {
    let codes =
        [Code::StepWithoutMock, Code::MockUsedUp, Code::ActNotAsExpected, Code::RunDoesNotEnd, Code::ExpectationNotMet];
    for code in codes {
        let page = explain(code.as_str()).unwrap();
        let examples: Vec<&str> =
            page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        let [wrong, right] = examples.as_slice() else { panic!("{code:?} has not two examples") };
        let found: Vec<_> = run(wrong).iter().flat_map(|result| &result.findings).map(|found| found.code).collect();
        assert_eq!(found, [code], "{}", run(wrong).iter().map(|result| shown(wrong, result)).collect::<String>());
        for result in run(right) {
            assert!(result.passed(), "{code:?}: {}", shown(right, &result));
        }
    }
}

#[test]
fn the_tests_in_the_documents_pass() {
    let mut count = 0;
    for name in ["docs/testing-pipelines.md", "README.md"] {
        let page = std::fs::read_to_string(root().join(name)).unwrap();
        for block in page.split("```yaml test\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            for result in run(block) {
                count += 1;
                assert!(result.passed(), "{name}: {}", shown(block, &result));
            }
        }
    }
    assert!(count >= 8, "cases went missing: {count}");
    let page = std::fs::read_to_string(root().join("docs/testing-pipelines.md")).unwrap();
    assert!(page.contains(&format!("```yaml\n{RELEASE}```")), "the page shows another pipeline than it tests");
}

#[test]
fn the_page_names_every_key_of_a_file_of_tests() {
    let page = std::fs::read_to_string(root().join("docs/testing-pipelines.md")).unwrap();
    let schema = loopline_dsl::test_schema();
    let definitions = schema["definitions"].as_object().unwrap().values();
    let mut missing = Vec::new();
    for mapping in definitions.chain([&schema]) {
        for key in mapping["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
            if !page.contains(&format!("\n| `{key}` |")) {
                missing.push(key.clone());
            }
        }
    }
    assert!(missing.is_empty(), "the page has no row for {missing:?}");
}

#[test]
fn results_are_told_to_people_and_to_programs() {
    let home = Home::new();
    home.write("a/release.loopline.yaml", RELEASE);
    home.write("a/release.loopline.test.yaml", TESTS);
    let output = home.run(&["test", "a", "--junit", "results.xml"]);
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}{error}");
    for part in [
        "✓ deploys (1h5m)",
        "✗ nobody <decides> (1d)",
        "error[LL0315]: the run must be `succeeded`, and it is `failed`",
        "a/release.loopline.test.yaml:10:22",
        "`approve` failed, kind `timeout`: nobody decided within its `timeout`",
        "0s  approve: failed (timeout) after 1d",
        "loops never gone back: verify ⟲ deploy (goto[0])",
        "steps never undone: deploy",
        "1 passed, 1 failed",
    ] {
        assert!(out.contains(part), "no `{part}` in\n{out}");
    }
    assert!(error.contains("1 of 2 cases failed"), "{error}");
    let xml = std::fs::read_to_string(home.path("results.xml")).unwrap();
    assert!(xml.contains("<testsuites name=\"loopline test\" tests=\"2\" failures=\"1\">"), "{xml}");
    assert!(xml.contains("name=\"nobody &lt;decides&gt;\" time=\"86400.000\""), "{xml}");
    let results = json(&home.run(&["test", "a", "--output", "json"]));
    assert_eq!((&results["passed"], &results["cases"][1]["findings"][0]["code"]), (&1.into(), &"LL0315".into()));
}

#[test]
fn verify_says_what_is_proved_and_what_was_tried() {
    let home = Home::new();
    home.write("release.loopline.yaml", RELEASE);
    home.write(
        "never.loopline.yaml",
        "version: 1\nname: never\ninputs: {n: {enum: [1, 2]}}\nsteps:\n  a: {if: inputs.n > 2, run: x}\n",
    );
    let output = home.run(&["verify", "release.loopline.yaml"]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    for part in [
        "proved: every run ends, because each loop has a budget",
        "which are all ways that made-up answers can take",
        "] the most visits\n        when `verify` fails (http_status)\n        build → approve → deploy → verify ⟲ deploy",
        "[1] the run fails: `approve` failed (rejected), in 1 run",
        "what was done before [1] [2] [4] stays as it is",
    ] {
        assert!(out.contains(part), "no `{part}` in\n{out}");
    }
    let drawn = |arguments: &[&str]| {
        let output = home.run(&[&["verify", "release.loopline.yaml", "--draw"], arguments].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, picture) = drawn(&["1"]);
    assert!(code == Some(0) && picture.starts_with("<svg") && picture.contains("`approve` failed"), "{picture}");
    let (code, chart) = drawn(&["1", "--format", "mermaid"]);
    assert!(code == Some(0) && chart.contains("flowchart TD") && chart.contains("class s_approve bad"), "{chart}");
    assert_eq!(drawn(&["0"]).0, Some(2));
    assert_eq!(drawn(&["99"]).0, Some(2));
    let verdict = json(&home.run(&["verify", "never.loopline.yaml", "--output", "json"]));
    assert_eq!(verdict["explored"]["uncovered"]["steps"], serde_json::json!(["a"]));
    let code = |arguments: &[&str]| home.run(arguments).status.code();
    assert_eq!(code(&["verify", "never.loopline.yaml"]), Some(1));
    assert_eq!(code(&["verify", "never.loopline.yaml", "-i", "n=7"]), Some(2));
    assert_eq!(code(&["verify", "release.loopline.yaml", "--runs", "2"]), Some(0));
}

#[test]
fn exit_codes_tell_a_failure_from_wrong_usage() {
    let home = Home::new();
    home.write("release.loopline.yaml", RELEASE);
    home.write("release.loopline.test.yaml", TESTS);
    home.write("lost.loopline.test.yaml", "pipeline: none.loopline.yaml\ncases: {a: {expect: {status: failed}}}\n");
    home.write("empty/readme.txt", "");
    let code = |arguments: &[&str]| home.run(arguments).status.code();
    assert_eq!(code(&["test", "release.loopline.test.yaml", "--filter", "deploys"]), Some(0));
    assert_eq!(code(&["test", "release.loopline.test.yaml"]), Some(1));
    assert_eq!(code(&["validate", "release.loopline.test.yaml", "release.loopline.yaml"]), Some(0));
    assert_eq!(code(&["validate", "--fix", "lost.loopline.test.yaml"]), Some(1));
    assert_eq!(code(&["test", "release.loopline.test.yaml", "--filter", "flies"]), Some(2));
    assert_eq!(code(&["test", "lost.loopline.test.yaml"]), Some(1));
    assert_eq!(code(&["test", "empty"]), Some(2));
    assert_eq!(code(&["test", "nowhere"]), Some(2));
    assert_eq!(code(&["test"]), Some(2));
}

//! What is mended without asking, and that nothing else of the text changes.
#![allow(clippy::disallowed_methods, reason = "the tests read data files; the compiler does not")]

use std::collections::BTreeMap;
use std::path::Path;

use loopline_dsl::diagnostics::Sureness;
use loopline_dsl::fixing::{Fixed, fix, fix_among, fix_step_type};
use loopline_dsl::{Code, Diagnostic, Severity, compile, compile_step_type, compile_with, render_pretty, to_json};
use proptest::prelude::*;

mod neighbours;

/// `text` marks what is mended as `‹wrong→right›`. With everything wrong it must become what it is with everything right.
fn check(text: &str) {
    check_with(text, fix, |text| compile(text).diagnostics);
}

/// The same for a step type.
fn check_step_type(text: &str) {
    check_with(text, fix_step_type, compile_step_type);
}

/// The same for a pipeline beside the [`neighbours`].
fn check_among(text: &str) {
    let library = neighbours::library();
    check_with(text, |text| fix_among(text, &library), |text| compile_with(text, &library).diagnostics);
}

fn check_with(text: &str, fix: impl Fn(&str) -> Fixed, find: impl Fn(&str) -> Vec<Diagnostic>) {
    let (mut wrong, mut right) = (String::new(), String::new());
    for (at, piece) in text.split(['‹', '›']).enumerate() {
        let (before, after) =
            if at % 2 == 0 { (piece, piece) } else { piece.split_once('→').expect("wrong→right") };
        wrong.push_str(before);
        right.push_str(after);
    }
    let fixed = fix(&wrong);
    let shown = || render_pretty("p", &wrong, &find(&wrong), false);
    assert_eq!(fixed.text, right, "{}\n{:?}", shown(), fixed.applied);
    assert_eq!(fix(&fixed.text).text, fixed.text, "mending again changes nothing");
}

const HEAD: &str = "version: 1\nname: p\n";

#[test]
fn names_are_spelled_right_where_they_stand() {
    check(&format!("{HEAD}steps:\n  build: {{run: make}}\n  test: {{needs: ‹bild→build›, run: make}} # after build\n"));
    check(&format!("{HEAD}steps:\n  build: {{run: make}}\n  test: {{‹need→needs›: \"‹bild→build›\", run: make}}\n"));
    check(&format!(
        "{HEAD}steps:\n  build:\n    run: make\n  test:\n    needs: {{'‹bild→build›': ok}}\n    run: make\n"
    ));
    check(&format!("{HEAD}steps: {{a: {{run: make, retry: {{on: [‹timeot→timeout›, ‹75→exit:75›]}}}}}}\n"));
    check(&format!(
        "{HEAD}steps: {{a: {{http: {{url: 'http://a', method: ‹psot→POST›, expect: {{status: [‹2XX→2xx›]}}}}}}}}\n"
    ));
    check("version: ‹2→1›\nname: ‹My pipeline→my-pipeline›\nsteps: {a: {run: make}}\n");
}

#[test]
fn names_inside_expressions_and_templates() {
    let steps = "steps:\n  build: {run: make, outputs: {version: {type: string}}}\n";
    check(
        &format!(
            "{HEAD}inputs: {{fast: {{type: boolean}}}}\nsteps: {{a: {{if: '‹input→inputs›.‹fats→fast›', run: make}}}}\n"
        )
        .replace("‹input→inputs›", "inputs"),
    );
    check(&format!(
        "{HEAD}inputs: {{fast: {{type: boolean}}}}\nsteps: {{a: {{if: ‹input→inputs›.fast, run: make}}}}\n"
    ));
    check(&format!("{HEAD}inputs: {{fast: {{type: boolean}}}}\nsteps: {{a: {{if: ‹fast→inputs.fast›, run: make}}}}\n"));
    check(&format!("{HEAD}{steps}  b: {{needs: build, run: 'echo {{{{ steps.‹bild→build›.outputs.version }}}}'}}\n"));
    check(&format!("{HEAD}{steps}  b: {{needs: build, set: {{v: 'steps[\"‹bild→build›\"].outputs.version'}}}}\n"));
    check(&format!("{HEAD}{steps}  b: {{needs: build, set: {{v: steps.build.‹version→outputs.version›}}}}\n"));
    check(&format!("{HEAD}{steps}  b: {{needs: build, set: {{v: steps.build.‹output→outputs›.version}}}}\n"));
    check(&format!("{HEAD}{steps}  b: {{needs: build, if: steps.build.status ‹=→==› \"failed\", run: make}}\n"));
    check(&format!("{HEAD}{steps}  b: {{needs: build, set: {{v: run.‹pipline→pipeline›}}}}\n"));
    check(&format!(
        "{HEAD}{steps}  b:\n    needs: build\n    run: |\n      # it's\n      echo {{{{ steps.‹bild→build›.outputs.version }}}}\n"
    ));
}

#[test]
fn expressions_are_written_without_braces_and_with_our_operators() {
    let inputs = "inputs: {a: {type: boolean}, b: {type: boolean}}\n";
    check(&format!(
        "{HEAD}{inputs}steps: {{s: {{if: ‹'{{{{ inputs.a || inputs.b }}}}'→'inputs.a || inputs.b'›, run: make}}}}\n"
    ));
    check(&format!("{HEAD}{inputs}steps:\n  s:\n    if: inputs.a ‹and→&&› inputs.b ‹or→||› false\n    run: make\n"));
}

#[test]
fn values_get_the_type_that_is_asked_for() {
    check(&format!("{HEAD}steps: {{a: {{run: make, allow_failure: ‹yes→true›}}}}\n"));
    check(&format!("{HEAD}steps: {{a: {{run: make, allow_failure: ‹\"false\"→false›}}}}\n"));
    check(&format!("{HEAD}steps: {{a: {{run: make, retry: {{max_attempts: ‹'3'→3›}}}}}}\n"));
    check(&format!("{HEAD}steps: {{a: {{run: make, timeout: ‹30 seconds→30s›}}}}\n"));
    check(&format!(
        "{HEAD}steps: {{a: {{run: make, timeout: ‹'5 Min'→'5m'›, goto: [{{to: a, max: 1, delay: ‹30s1m→1m30s›}}]}}}}\n"
    ));
    check(&format!("{HEAD}steps: {{a: {{run: make, goto: ‹{{to: a, max: 2}}→[{{to: a, max: 2}}]›}}}}\n"));
    check(&format!(
        "{HEAD}steps:\n  a:\n    run: make\n    goto:\n‹      to: a\n      max: 2 # twice\n→      - to: a\n        max: 2 # twice\n›  b: {{run: make}}\n"
    ));
    check(&format!("{HEAD}secrets: ‹A→[A]›\nsteps: {{a: {{run: make, env: {{A: '{{{{ secrets.A }}}}'}}}}}}\n"));
    check(&format!(
        "{HEAD}inputs: {{n: {{type: integer, default: ‹'5'→5›}}}}\nsteps: {{a: {{if: inputs.n > 1, run: make}}}}\n"
    ));
}

#[test]
fn what_is_too_much_goes_with_its_comma_or_its_line() {
    check(&format!("{HEAD}steps:\n  a: {{run: make}}\n  b: {{needs: [a‹, a→›], run: make}}\n"));
    check(&format!(
        "{HEAD}steps:\n  a: {{run: make}}\n  b:\n    needs:\n      - a # first\n‹      - a\n→›    run: make\n"
    ));
    check(&format!("{HEAD}steps:\n  a: {{‹if: 1 < 2, →›run: make}}\n"));
    check(&format!("{HEAD}steps:\n  a:\n‹    if: 1 < 2\n→›    # what it does\n    run: make\n"));
    check(&format!("{HEAD}steps:\n  a: {{run: make‹, join: any→›}}\n"));
    check(&format!("{HEAD}steps: {{a: {{run: ‹!script →›make}}}}\n"));
}

#[test]
fn what_is_missing_is_added_where_it_belongs() {
    let step = "steps: {a: {run: make, env: {T: '{{ secrets.TOKEN }}'}}}\n";
    check(&format!("{HEAD}‹→secrets: [TOKEN]\n›{step}"));
    check(&format!("{HEAD}secrets: [OTHER‹→, TOKEN›]\n{step}"));
    check(&format!("{HEAD}secrets:\n  - OTHER # old\n‹→  - TOKEN\n›{step}"));
    check(&format!("{{version: 1, name: p‹→, secrets: [TOKEN]›, {}}}\n", step.trim()));
    check(&format!("{HEAD}steps:\n  a:\n    ‹→template: false\n    ›run: docker ps --format '{{{{.Names}}}}'\n"));
    check(&format!("{HEAD}steps: {{a: {{‹→template: false, ›run: \"docker ps --format '{{{{.Names}}}}'\"}}}}\n"));
}

#[test]
fn templates_get_their_quotes() {
    check(&format!(
        "{HEAD}inputs: {{w: {{type: string}}}}\nsteps: {{a: {{env: {{W: ‹{{{{ inputs.w }}}}→'{{{{ inputs.w }}}}'›}}, run: make}}}}\n"
    ));
}

#[test]
fn words_of_other_tools_are_written_as_here() {
    let http = |rest: &str| format!("{HEAD}steps: {{a: {{http: {{{rest}}}}}}}\n");
    check(&http("url: 'http://a/‹b c→b%20c›'"));
    let approvers = "approvers: ['‹Users: ada→user:ada›', 'group:ops']";
    check(&format!("{HEAD}steps: {{a: {{approval: {{message: 'Go?', timeout: 1h, {approvers}}}}}}}\n"));
    check(&format!("{HEAD}steps: {{a: {{run: make, artifacts: {{x: ‹out\\x→out/x›}}}}}}\n"));
}

#[test]
fn the_id_of_a_step_is_changed_wherever_it_is_named() {
    check(&format!(
        "{HEAD}steps:\n  ‹build-all→build_all›: {{run: make}}\n  b: {{needs: [‹build-all→build_all›], run: make, goto: [{{to: \"‹build-all→build_all›\", max: 1}}]}}\n"
    ));
}

#[test]
fn step_types_are_mended_like_pipelines() {
    check_step_type("description: x\n‹input→inputs›: {folder: {type: string}}\nstep: {run: make}\n");
    check_step_type(
        "inputs: {folder: {type: string}}\nstep:\n  run: 'ls {{ inputs.‹foldr→folder› }}' # all of it\n  timeout: ‹30 sec→30s›\n  ‹retries→retry›: {max_attempts: ‹'3'→3›}\n",
    );
    check_step_type("step: {http: {url: 'http://a', method: ‹psot→POST›}}\noutputs: {id: ‹respons→response›.status}\n");
    // What makes no sense there is for people to take out: it may belong to the step that uses the type.
    let text = "step: {needs: a, run: make}\n";
    assert_eq!(fix_step_type(text).text, text);
    // The same text is no pipeline.
    assert!(fix(text).left.iter().any(|finding| finding.code == Code::MissingKey));
}

#[test]
fn what_stands_around_a_pipeline_is_known() {
    check_among(&format!("{HEAD}steps: {{a: {{use: ‹uplaod→upload›, with: {{folder: x}}}}}}\n"));
    check_among(&format!("{HEAD}steps: {{a: {{use: upload, with: {{‹foldr→folder›: x}}}}}}\n"));
    check_among(&format!("{HEAD}steps: {{a: {{pipeline: {{name: ‹notfy→notify›, inputs: {{text: x}}}}}}}}\n"));
}

#[test]
fn what_a_fix_uncovers_is_mended_with_it() {
    check(&format!("{HEAD}steps:\n  build: {{run: make}}\n  test: {{‹need→needs›: ‹bild→build›, run: make}}\n"));
    check(&format!(
        "{HEAD}steps:\n  ‹Build→build›: {{run: make}}\n  b: {{needs: ‹Build→build›, if: steps.‹Build→build›.visit > 1, run: make}}\n"
    ));
    // If it cannot be, nothing is done.
    left_alone(
        &format!("{HEAD}steps:\n  build: {{run: make}}\n  test: {{need: other, run: make}}\n"),
        Code::UnknownKey,
    );
}

#[test]
fn line_ends_and_marks_stay() {
    check(
        "\u{feff}version: 1\r\nname: p\r\n‹→secrets: [T]\r\n›steps: {a: {run: make, env: {T: '{{ secrets.T }}'}}}\r\n",
    );
    check("version: 1\nname: p\nsteps:\n  build: {run: make}\n  b: {needs: ‹bild→build›, run: 'ü {{ visit }}'}");
}

/// What is left alone: the text stays what it is.
fn left_alone(text: &str, because: Code) {
    let fixed = fix(text);
    assert_eq!(fixed.text, text);
    assert!(fixed.left.iter().any(|finding| finding.code == because), "{:?}", fixed.left);
}

#[test]
fn what_others_read_through_an_alias_is_not_touched() {
    let two = "  a: {needs: &n bild, run: make}\n  build: {run: make}\n  c: {needs: *n, run: make}\n";
    left_alone(&format!("{HEAD}steps:\n{two}"), Code::UnknownStep);
    let merged = "x-d: &d {timeout: 30 sec}\nsteps:\n  a: {<<: *d, run: make}\n  b: {<<: *d, run: make}\n";
    left_alone(&format!("{HEAD}{merged}"), Code::InvalidDuration);
    // Where nobody else reads it, it is as if it stood there.
    check(&format!("{HEAD}x-d: &d {{timeout: ‹30 sec→30s›}}\nsteps:\n  a: {{<<: *d, run: make}}\n"));
}

#[test]
fn what_only_a_person_can_say_is_proposed_and_not_made() {
    for (text, code) in [
        ("steps: {a: {run: make, timeout: 30}}", Code::InvalidDuration),
        ("steps: {a: {run: make, goto: [{to: a}]}}", Code::GotoWithoutMax),
        ("steps: {a: {sleep: 5s, retry: {max_attempts: 2}}}", Code::KeyMakesNoSense),
        (
            "steps: {b: {run: make, outputs: {v: {type: string}}}, c: {needs: {b: always}, set: {v: steps.b.outputs.v}}}",
            Code::OutputIsNotSure,
        ),
        ("steps: {b: {run: make}, c: {run: 'echo {{ steps.b.status }}'}}", Code::StepIsNotBefore),
    ] {
        left_alone(&format!("{HEAD}{text}\n"), code);
    }
}

#[test]
fn a_fix_that_makes_another_error_is_not_made() {
    // Spelled right, the key stands there twice.
    left_alone(&format!("{HEAD}steps: {{a: {{run: make, need: [], needs: []}}}}\n"), Code::UnknownKey);
    // The better name is taken.
    left_alone(&format!("{HEAD}steps: {{a-b: {{run: make}}, a_b: {{run: make}}}}\n"), Code::InvalidStepId);
    // The other fixes are made all the same.
    check(&format!("{HEAD}steps: {{a: {{run: make, need: [], needs: [], timeout: ‹5min→5m›}}}}\n"));
}

#[test]
fn editors_get_proposals_spelled_for_their_place() {
    let text = format!(
        "{HEAD}steps:\n  b: {{run: make, outputs: {{v: {{type: string}}}}}}\n  c:\n    needs: {{b: always}}\n    run: \"echo {{{{ steps.b.outputs.v }}}}\"\n"
    );
    let found = to_json(&text, &compile(&text).diagnostics);
    let fix = found.iter().flat_map(|finding| &finding.fixes).next().expect("a proposal");
    let line = text.lines().nth(fix.line - 1).expect("the line");
    let mended: String = line
        .chars()
        .take(fix.column - 1)
        .chain(fix.text.chars())
        .chain(line.chars().skip(fix.column - 1 + fix.length))
        .collect();
    assert_eq!(mended, "    run: \"echo {{ default steps.b.outputs.v \\\"\\\" }}\"");
}

fn sure(finding: &Diagnostic) -> bool {
    finding.severity != Severity::Hint && finding.fixes.iter().filter(|fix| fix.sureness == Sureness::Sure).count() == 1
}

fn count(findings: &[Diagnostic]) -> BTreeMap<Code, usize> {
    let mut count = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity != Severity::Hint) {
        *count.entry(finding.code).or_default() += 1;
    }
    count
}

#[test]
fn every_case_with_a_sure_fix_is_mended_and_nothing_else_appears() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/compile");
    let mut mended = Vec::new();
    let library = neighbours::library();
    let (mut pipelines, mut step_types) = (0, 0);
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let path = entry.expect("an entry").path();
        let mut check = |before: Vec<Diagnostic>, left: Vec<Diagnostic>| {
            let mut expect = count(&before);
            for finding in before.iter().filter(|finding| sure(finding)) {
                *expect.get_mut(&finding.code).expect("it was counted") -= 1;
                mended.push(finding.code.as_str());
            }
            expect.retain(|_, count| *count > 0);
            assert_eq!(count(&left), expect, "{}", path.display());
        };
        if let Ok(bad) = std::fs::read_to_string(path.join("bad.yaml")) {
            check(compile_with(&bad, &library).diagnostics, fix_among(&bad, &library).left);
            pipelines += 1;
        }
        if let Ok(bad) = std::fs::read_to_string(path.join("bad.step-type.yaml")) {
            check(compile_step_type(&bad), fix_step_type(&bad).left);
            step_types += 1;
        }
    }
    assert!(pipelines > 100 && step_types > 1, "cases went missing: {pipelines}, {step_types}");
    assert!(mended.len() >= 18, "{mended:?}");
}

#[test]
fn a_thousand_mistakes_are_mended() {
    let steps: String = (0..900).map(|step| format!("  s{step}: {{needs: bild, run: make}}\n")).collect();
    let fixed = fix(&format!("{HEAD}steps:\n  build: {{run: make}}\n{steps}"));
    assert_eq!(fixed.applied.len(), 900);
    assert!(fixed.left.is_empty(), "{:?}", fixed.left.first());
}

/// Pieces of pipelines with mistakes that can be mended, and some that cannot.
fn broken() -> impl Strategy<Value = String> {
    let step = prop::sample::select(vec![
        "{run: make, timeout: 5 min}",
        "{run: make, need: build}",
        "{needs: [build, build], run: make}",
        "{needs: &n bild, run: make}",
        "{needs: *n, run: make}",
        "{if: 'inputs.a and true', run: make}",
        "{run: 'echo {{.A}}'}",
        "{run: 'echo {{ secrets.X }}'}",
        "{run: make, env: {T: {{ secrets.T }}}}",
        "{run: make, allow_failure: yes, colour: red}",
        "\n    run: |\n      echo {{ steps.bild.status }}\n    needs: build",
        "\n    goto:\n      to: build\n    needs: build\n    run: !x make",
        "{join: any, run: make",
    ]);
    prop::collection::vec(step, 1..6).prop_map(|steps| {
        let steps: String = steps.iter().enumerate().map(|(at, step)| format!("  s{at}: {step}\n")).collect();
        format!("{HEAD}inputs: {{a: {{type: boolean, default: true}}}}\nsteps:\n  build: {{run: make}}\n{steps}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mending_never_adds_an_error_and_ends(text in broken()) {
        let before = compile(&text).diagnostics;
        let fixed = fix(&text);
        let errors = |found: &[Diagnostic]| found.iter().filter(|one| one.severity == Severity::Error).count();
        prop_assert!(errors(&fixed.left) <= errors(&before));
        let sum = |found: &[Diagnostic]| count(found).values().sum::<usize>();
        prop_assert!(fixed.applied.is_empty() || (errors(&fixed.left), sum(&fixed.left)) < (errors(&before), sum(&before)));
        prop_assert_eq!(fixed.applied.is_empty(), fixed.text == text);
        prop_assert_eq!(&fix(&fixed.text).text, &fixed.text);
        // A line without a mistake stays, whatever happens around it.
        let kept = fixed.text.contains("\n  build: {run: make}\n");
        prop_assert!(kept, "{}", fixed.text);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,120}") {
        fix(&text);
    }
}

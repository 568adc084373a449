//! Files of tests: whatever the text is, it is answered; and what is not refused can be run, and ends.

use loopline_dsl::testing::TestText;
use loopline_dsl::{Severity, compile, render_pretty, to_json};
use loopline_fuzz::{Language, files, soon};
use loopline_testing::{Coverage, Subject, run_case};

const RELEASE: &str = include_str!("../../../dsl-schema/tests/data/release.loopline.yaml");

const SEEDS: [&str; 2] = [
    "pipeline: p\npeople: {bob: group:ops}\nmock: {build: {outputs: {version: a}, after: 1m}, deploy: {}, verify: {}}\ncases:\n  a:\n    inputs: {service: api}\n    mock: {verify: [{response: {status: 503}}, {}]}\n    at: {1h: {approve: {approve: {by: [bob, ada], comment: c}}}}\n    expect: {status: succeeded, order: [deploy, verify], steps: {verify: {visit: 2}}, within: 2h}\n",
    "pipeline: p\nmock: {build: {outputs: {version: a}}, deploy.undo: {}}\ncases:\n  b:\n    inputs: {service: api}\n    mock: {deploy: {attempts: [{fail: {kind: exit, exit_code: 3}}]}, verify: {fail: connection}}\n    at:\n      10m: {pause: ada}\n      20m: [{resume: ada}, {reject: {approve: ada}}]\n      1h: {cancel: ada, refused: is over}\n      2h: {rerun: everything, expect: {waiting_for: approve}}\n    expect: {error: {step: verify}, undone: [deploy], duration: 3h}\n",
];

const PIECES: &[&str] = &[
    "\n",
    " ",
    "  ",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "\"",
    "after: ",
    "1h",
    "0s",
    "100000d",
    "fail: exit",
    "fail: {kind: timeout}",
    "attempts: [{}, {}]",
    "items: {0: {}}",
    "response: {json: {}}",
    "outputs: {version: a}",
    "approve: {approve: ada}",
    "reject: {approve: ada}",
    "signal: {go: 1}",
    "cancel: ada",
    "pause: ada",
    "resume: ada",
    "rerun: failed",
    "rerun: [build]",
    "expect: {}",
    "refused: x",
    "status: waiting",
    "waiting_for: approve",
    "order: [build]",
    "undone: []",
    "deploy.undo: {}",
    "outer/inner: {}",
    "verify: failed",
    "visits: [failed]",
];

#[test]
fn any_file_of_tests_is_answered_and_what_is_not_refused_ends() {
    let mut seeds = files("examples/pipelines", ".loopline.test.yaml");
    seeds.extend(SEEDS.map(str::to_owned));
    let language = Language::new(seeds, PIECES);
    let graph = compile(RELEASE).graph.expect("a pipeline");
    bolero::check!().with_max_len(48).for_each(|bytes: &[u8]| {
        soon(&language.text(bytes), |text| {
            let checked = TestText::read(text).check(&graph);
            let sound = checked.diagnostics.iter().all(|found| found.severity != Severity::Error);
            assert_eq!(checked.file.is_some(), sound, "{text}");
            render_pretty("any.yaml", text, &checked.diagnostics, true);
            let Some(file) = checked.file else { return };
            let (subject, mut coverage) = (Subject::new(&graph).ending_after(2_000), Coverage::of(&graph));
            for item in file.cases.0.iter().flat_map(|cases| &cases.0).take(4) {
                let result = run_case(&file, item, &subject, &mut coverage).expect("a checked case");
                to_json(text, &result.findings);
                render_pretty("any.yaml", text, &result.findings, true);
            }
        });
    });
}

#[test]
fn the_seeds_are_sound() {
    let graph = compile(RELEASE).graph.expect("a pipeline");
    for seed in SEEDS {
        let checked = TestText::read(seed).check(&graph);
        assert!(checked.file.is_some(), "{}", render_pretty("seed", seed, &checked.diagnostics, false));
    }
}

//! Tests of pipelines: a file of 1,000 cases of 50 steps, read, checked and run. The raw limit is folding as many events.

use std::fmt::Write as _;
use std::time::Instant;

use loopline_core::machine::{RunState, apply};
use loopline_dsl::testing::TestText;
use loopline_testing::{Coverage, Subject, run_case};

use crate::{Figure, fold, in_turns};

const CASES: usize = 1_000;
const STEPS: usize = 50;

/// Chains with joins, loops and expressions, as people write them; every step has a mock.
fn texts() -> (String, String) {
    let pipeline = crate::compile::pipeline(STEPS);
    let mut tests = String::from("pipeline: large.loopline.yaml\nmock:\n");
    for at in 0..STEPS {
        let _ = writeln!(tests, "  s{at}: {{after: {}s}}", at + 1);
    }
    tests.push_str("cases:\n");
    for at in 0..CASES {
        let failing = at % STEPS / 10 * 10 + 9;
        let _ = writeln!(
            tests,
            "  case_{at}:\n    inputs: {{who: number {at}}}\n    mock: {{s{failing}: [{{fail: exit}}, {{after: 5s}}]}}\n    expect: {{status: succeeded, steps: {{s{failing}: {{visit: 2}}}}, within: 1d}}"
        );
    }
    (pipeline, tests)
}

/// Reads, checks and runs all of it; gives the number of events.
fn run(pipeline: &str, tests: &str) -> u64 {
    let graph = loopline_dsl::compile(pipeline).graph.unwrap();
    let checked = TestText::read(tests).check(&graph);
    let said = || loopline_dsl::render_pretty("tests", tests, &checked.diagnostics, false);
    let file = checked.file.as_ref().unwrap_or_else(|| panic!("{}", said()));
    let (subject, mut coverage) = (Subject::new(&graph), Coverage::of(&graph));
    let cases = file.cases.0.iter().flat_map(|cases| &cases.0);
    let results: Vec<_> = cases.filter_map(|item| run_case(file, item, &subject, &mut coverage)).collect();
    assert!(results.len() == CASES && results.iter().all(|result| result.passed()), "{:?}", results[0].findings);
    results.iter().map(|result| result.events).sum()
}

pub fn figures() -> Vec<Figure> {
    let (pipeline, tests) = texts();
    let events = run(&pipeline, &tests);
    let graph = loopline_dsl::compile(fold::LOOP).graph.unwrap();
    let history = fold::history(&graph, usize::try_from(events).unwrap());
    let (ours, raw) = in_turns(
        5,
        || {
            let began = Instant::now();
            assert_eq!(run(&pipeline, &tests), events);
            began.elapsed().as_secs_f64()
        },
        || {
            let mut state = RunState::default();
            let began = Instant::now();
            for event in &history {
                apply(&graph, &mut state, event).unwrap();
            }
            began.elapsed().as_secs_f64()
        },
    );
    vec![Figure {
        what: "1,000 cases of 50 steps tested",
        measured: format!("{ours:.2} s ({events} events)"),
        raw: format!("{raw:.2} s to fold as many"),
        ratio: ours / raw,
        expected: "≤ 2 s",
    }]
}

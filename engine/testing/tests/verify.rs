//! What `verify` finds out: bounds, ways, and steps that no way leads to.
#![allow(missing_docs, clippy::unwrap_used)]

use loopline_testing::verify::{Verdict, verify};
use serde_json::{Map, json};

fn look(pipeline: &str, most_runs: usize) -> Verdict {
    let pipeline = format!("version: 1\nname: p\n{pipeline}");
    let compiled = loopline_dsl::compile(&pipeline);
    let said = loopline_dsl::render_pretty("pipeline", &pipeline, &compiled.diagnostics, false);
    let graph = compiled.graph.unwrap_or_else(|| panic!("{said}"));
    verify(&graph, &Map::new(), most_runs).unwrap()
}

const ROLLBACK: &str = "steps:
  deploy: {run: x}
  verify: {needs: deploy, run: x, goto: [{to: deploy, on: failed, max: 2, delay: 30s}]}
  rollback: {needs: {verify: catch}, run: x}
";

#[test]
fn all_ways_are_gone_and_the_longest_is_told() {
    let verdict = look(ROLLBACK, 1_000);
    let explored = &verdict.explored;
    assert!(verdict.bounds.every_run_ends() && explored.complete && !verdict.is_bad(), "{}", verdict.for_people());
    let bounds: Vec<_> = verdict.bounds.steps.iter().map(|bound| bound.visits).collect();
    assert_eq!(bounds, [Some(3); 3], "what stands behind the loop is opened again with it");
    assert_eq!((explored.visits["deploy"], explored.visits["verify"]), (3, 3));
    let longest = explored.longest.as_ref().unwrap();
    assert_eq!(longest.when, ["`verify` fails (exit)"]);
    assert_eq!(longest.way, "deploy → verify ⟲ deploy → verify ⟲ deploy → verify → rollback");
    assert_eq!(explored.endings.keys().collect::<Vec<_>>(), ["failed", "succeeded"]);
    assert!(explored.uncovered.is_complete(), "{:?}", explored.uncovered);
    assert!(verdict.for_people().contains("proved: every run ends, because each loop has a budget"));
}

#[test]
fn a_limit_of_runs_is_said() {
    let verdict = look(ROLLBACK, 3);
    assert!(!verdict.explored.complete && verdict.explored.runs <= 3);
    assert!(verdict.for_people().contains("and stopped there; there are more ways"), "{}", verdict.for_people());
}

#[test]
fn people_and_signals_answer_or_do_not() {
    let verdict = look(
        "steps:
  ask: {approval: {message: Go?, approvers: ['group:ops', 'user:ada'], quorum: 2, timeout: 1h}, goto: [{to: ask, on: timeout, max: 1}]}
  paid: {needs: ask, wait: {signal: payment, schema: {type: object, properties: {n: {type: integer}}}}}
  no: {needs: {ask: failed}, run: x}
",
        1_000,
    );
    let explored = &verdict.explored;
    assert!(explored.complete && !verdict.is_bad(), "{}", verdict.for_people());
    assert_eq!(verdict.bounds.answered_by_others, ["paid"]);
    assert!(explored.uncovered.is_complete(), "{:?}", explored.uncovered);
    assert_eq!(explored.visits["ask"], 2);
}

#[test]
fn a_loop_that_goes_round_for_ever_is_found() {
    let verdict = look("steps:\n  a: {run: x, goto: [{to: a, on: failed, max: unlimited, delay: 1s}]}\n", 50);
    assert!(!verdict.bounds.every_run_ends() && verdict.is_bad());
    assert_eq!(verdict.explored.endings["endless"].when, ["`a` fails (exit)"]);
}

#[test]
fn steps_that_no_way_leads_to_are_named() {
    let verdict = look(
        "inputs: {deploy: {type: boolean}, region: {enum: [eu, us]}}
steps:
  a: {run: x, outputs: {n: {type: integer, minimum: 1, maximum: 3}}}
  eu: {needs: a, if: inputs.deploy && inputs.region == 'eu', run: x}
  many: {needs: a, if: steps.a.outputs.n > 2, run: x}
  most: {needs: a, if: steps.a.outputs.n > 100, run: x}
",
        1_000,
    );
    assert_eq!(verdict.explored.uncovered.steps, ["most"]);
    assert!(verdict.explored.complete && verdict.is_bad(), "{}", verdict.for_people());
    assert!(verdict.for_people().contains("steps never started: most"), "{}", verdict.for_people());
}

#[test]
fn where_made_up_values_do_not_do_nothing_is_claimed() {
    let verdict = look(
        "steps:
  get: {http: {method: GET, url: 'https://example.org', expect: {if: 'response.json.n > 5'}}, outputs: {v: response.json.v}}
  behind: {needs: get, run: x}
",
        100,
    );
    assert!(verdict.explored.unsure.contains_key("get"), "{:?}", verdict.explored.unsure);
    assert!(!verdict.is_bad(), "{}", verdict.for_people());
}

#[test]
fn answers_have_what_is_read_of_them() {
    let verdict = look(
        "steps:
  get: {http: {method: GET, url: 'https://example.org', expect: {if: response.json.state.ok}}, outputs: {v: response.json.v}}
  behind: {needs: get, run: x}
",
        100,
    );
    let explored = &verdict.explored;
    assert!(explored.unsure.is_empty() && explored.complete, "{}", verdict.for_people());
    assert!(explored.uncovered.is_complete(), "{}", verdict.for_people());
}

#[test]
fn an_input_that_nothing_can_be_made_up_for_must_be_given() {
    let text = "version: 1\nname: p\ninputs: {tag: {type: string, pattern: '^v[0-9]+$'}}\nsteps: {a: {run: 'x {{ inputs.tag }}'}}\n";
    let graph = loopline_dsl::compile(text).graph.unwrap();
    let problems = verify(&graph, &Map::new(), 10).unwrap_err();
    assert!(problems[0].starts_with("`tag` "), "{problems:?}");
    let given = Map::from_iter([("tag".to_owned(), json!("v1"))]);
    assert!(verify(&graph, &given, 10).unwrap().explored.complete);
}

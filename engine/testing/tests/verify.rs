//! What `verify` finds out: bounds, ways, and steps that no way leads to.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use loopline_dsl::drawing;
use loopline_testing::verify::{FaultKind, Verdict, verify};
use serde_json::{Map, json};

fn look(pipeline: &str, most_runs: usize) -> Verdict {
    let pipeline = format!("version: 1\nname: p\n{pipeline}");
    let compiled = loopline_dsl::compile(&pipeline);
    let said = loopline_dsl::render_pretty("pipeline", &pipeline, &compiled.diagnostics, false);
    let graph = compiled.graph.unwrap_or_else(|| panic!("{said}"));
    verify(&graph, &Map::new(), most_runs).unwrap()
}

/// What can go wrong: what it is, and what leads there.
fn faults(verdict: &Verdict) -> Vec<(FaultKind, &str, String)> {
    let faults = verdict.explored.faults.iter();
    faults.map(|fault| (fault.kind, fault.says.as_str(), fault.ending.when.join(" and "))).collect()
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

#[test]
fn what_can_go_wrong_comes_with_the_answers_that_lead_there() {
    let verdict = look(ROLLBACK, 1_000);
    let wrong = |kind, says: &'static str, when: &str| (kind, says, when.to_owned());
    let expect = [
        wrong(FaultKind::Fails, "the run fails: `deploy` failed (exit)", "`deploy` fails (exit)"),
        wrong(
            FaultKind::Fails,
            "the run fails: `verify` failed (loop_exhausted)",
            "`verify` fails (exit) and `rollback` fails (exit)",
        ),
        wrong(FaultKind::UsedUp, "the budget of a loop is used up: verify ⟲ deploy (goto[0])", "`verify` fails (exit)"),
    ];
    assert_eq!(faults(&verdict), expect, "{}", verdict.for_people());
    assert!(verdict.for_people().contains("[3] the budget of a loop is used up"), "{}", verdict.for_people());
}

const CHOICE: &str = "inputs: {region: {enum: [eu, us, asia]}}
steps:
  a: {run: x}
  eu: {needs: a, if: inputs.region == 'eu', run: x}
  us: {needs: a, if: inputs.region == 'us', run: x}
  merge: {needs: [eu, us], run: x}
";

#[test]
fn a_gap_in_a_choice_is_found() {
    let verdict = look(CHOICE, 1_000);
    let gap = verdict.explored.faults.iter().find(|fault| fault.kind == FaultKind::Gap).unwrap();
    assert_eq!(gap.says, "the run succeeds, and no branch before `merge` is taken");
    assert_eq!((gap.ending.when.join(""), gap.ending.way.as_str()), ("the input `region` is \"asia\"".into(), "a"));
}

#[test]
fn a_run_that_hangs_is_told_with_its_way() {
    let verdict = look("steps:\n  a: {run: x}\n  w: {needs: a, wait: {signal: go, if: payload.n > 5}}\n", 100);
    let (kind, says, when) = faults(&verdict).remove(0);
    assert_eq!((kind, when.as_str()), (FaultKind::Hangs, ""));
    assert!(says.starts_with("the run does not go on: `w` waits for a signal `go`"), "{says}");
    assert!(verdict.is_bad());
}

#[test]
fn a_step_that_never_starts_comes_with_what_kept_it_out() {
    let verdict = look(
        "steps:
  a: {run: x, outputs: {n: {type: integer, minimum: 1, maximum: 3}}}
  most: {needs: a, if: steps.a.outputs.n > 100, run: x}
  behind: {needs: most, run: x}
",
        1_000,
    );
    let kept_out = &verdict.explored.kept_out;
    assert_eq!(kept_out.keys().collect::<Vec<_>>(), ["behind", "most"]);
    assert!(kept_out["most"].says.contains("its `if` is false: steps.a.outputs.n > 100"), "{:?}", kept_out["most"]);
    assert_eq!(kept_out["most"].ending.way, "a");
}

/// `late` only runs when `slow` has ended before `quick` went back: its second visit finds that it had one before.
const RACE: &str = "steps:
  start: {run: x}
  quick: {needs: start, run: x, goto: [{to: start, on: failed, max: 1}]}
  slow: {needs: start, run: x}
  late: {needs: slow, if: 'visit == 2 && previous.slow != null && previous.slow.status == \"succeeded\"', run: x}
";

#[test]
fn parallel_steps_are_tried_in_every_order_that_matters() {
    let verdict = look(RACE, 4_000);
    let explored = &verdict.explored;
    assert!(explored.orders.parallel && explored.orders.matter && explored.orders.runs > 0, "{:?}", explored.orders);
    assert!(explored.is_exhaustive() && !verdict.is_bad(), "{}", verdict.for_people());
    assert!(explored.uncovered.steps.is_empty(), "{}", verdict.for_people());
    assert!(verdict.for_people().contains("runs in other orders, which are all that can matter"));
    let fails = explored.faults.iter().find(|fault| fault.step.as_deref() == Some("late")).unwrap();
    let when = ["`quick` fails (exit)", "`slow` ends before `quick` ends", "`quick` succeeds", "`late` fails (exit)"];
    assert_eq!(fails.ending.when, when);
}

#[test]
fn orders_that_cannot_matter_are_not_tried() {
    let verdict =
        look("steps:\n  a: {run: x}\n  b: {run: x}\n  c: {needs: [a, b], run: x, goto: [{to: a, max: 2}]}\n", 1_000);
    let orders = verdict.explored.orders;
    assert!(orders.parallel && !orders.matter && orders.runs == 0, "{orders:?}");
    assert!(verdict.for_people().contains("in whichever order parallel steps end, it comes to the same"));
}

#[test]
fn a_limit_of_runs_leaves_some_for_orders_and_says_so() {
    let verdict = look(RACE, 12);
    let orders = verdict.explored.orders;
    assert!(orders.runs > 0 && orders.left_out && !verdict.explored.is_exhaustive(), "{orders:?}");
    assert!(verdict.explored.runs <= 12);
}

#[test]
fn a_long_way_counts_rounds_that_are_alike() {
    let verdict = look("steps:\n  a: {run: x, goto: [{to: a, on: failed, max: 30}]}\n  b: {needs: a, run: x}\n", 100);
    assert_eq!(verdict.explored.longest.as_ref().unwrap().way, "a ⟲ 30× a");
}

/// Holds a text against `tests/ways/FILE`; `LOOPLINE_BLESS=1` writes it anew.
fn golden(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ways").join(file);
    if std::env::var_os("LOOPLINE_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{} is another now:\n{text}", path.display());
}

#[test]
fn a_verdict_is_told_as_it_was() {
    let text = include_str!("../../../dsl-schema/tests/data/release.loopline.yaml");
    let graph = loopline_dsl::compile(text).graph.unwrap();
    let verdict = verify(&graph, &Map::new(), 2_000).unwrap();
    golden("release.txt", &verdict.for_people());
    assert_eq!(verdict.trails().len(), verdict.explored.faults.len() + 1);
}

/// The ways of these pipelines.
#[test]
fn ways_are_drawn_as_they_were() {
    let nested = "steps:
  build: {run: make}
  rollout:
    needs: build
    foreach: {items: [eu, us], as: region}
    pipeline:
      steps:
        push: {run: push}
        check: {needs: push, run: check, goto: [{to: push, on: failed, max: 2}]}
  ask: {needs: {rollout: completed}, approval: {message: Keep it?, timeout: 1h}}
  undo: {needs: {ask: failed}, run: undo}
finally:
  tidy: {run: rm}
";
    for (name, pipeline, kind, step) in [
        ("loop-used-up", ROLLBACK, FaultKind::UsedUp, "verify"),
        ("gap-in-a-choice", CHOICE, FaultKind::Gap, "merge"),
        ("order-of-ends", RACE, FaultKind::Fails, "late"),
        ("inside-and-finally", nested, FaultKind::UsedUp, "rollout/check"),
    ] {
        let text = format!("version: 1\nname: p\n{pipeline}");
        let graph = loopline_dsl::compile(&text).graph.unwrap();
        let verdict = verify(&graph, &Map::new(), 2_000).unwrap();
        let fault =
            verdict.explored.faults.iter().find(|fault| fault.kind == kind && fault.step.as_deref() == Some(step));
        let trail = &fault.unwrap_or_else(|| panic!("{name}: {}", verdict.for_people())).trail;
        for (ending, drawn) in [("svg", drawing::svg_of(&graph, trail)), ("mmd", drawing::mermaid_of(&graph, trail))] {
            golden(&format!("{name}.{ending}"), &drawn);
        }
    }
}

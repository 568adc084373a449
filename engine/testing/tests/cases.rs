//! What files of tests say, what is real and what is simulated: a pipeline, its tests, and what is found.
#![allow(missing_docs, clippy::unwrap_used)]

use loopline_dsl::testing::TestText;
use loopline_testing::{CaseResult, Coverage, Subject, Uncovered, run_case};

/// What is found in the cases of a file: `NAME: CODE LINE SENTENCE` for each finding, `NAME: passed` where there is none.
fn run(pipeline: &str, tests: &str) -> (Vec<String>, Uncovered, Vec<CaseResult>) {
    let pipeline = format!("version: 1\nname: p\n{pipeline}");
    let compiled = loopline_dsl::compile(&pipeline);
    let said = loopline_dsl::render_pretty("pipeline", &pipeline, &compiled.diagnostics, false);
    let graph = compiled.graph.unwrap_or_else(|| panic!("{said}"));
    let text = format!("pipeline: p\n{tests}");
    let checked = TestText::read(&text).check(&graph);
    let said = loopline_dsl::render_pretty("tests", &text, &checked.diagnostics, false);
    let file = checked.file.unwrap_or_else(|| panic!("{said}"));
    let (subject, mut coverage) = (Subject::new(&graph).ending_after(5_000), Coverage::of(&graph));
    let cases = file.cases.0.iter().flat_map(|cases| &cases.0);
    let results: Vec<_> = cases.filter_map(|item| run_case(&file, item, &subject, &mut coverage)).collect();
    let mut found = Vec::new();
    for result in &results {
        for finding in loopline_dsl::to_json(&text, &result.findings) {
            let help = finding.help.map(|help| format!(" ({help})")).unwrap_or_default();
            found.push(format!("{}: {} {} {}{help}", result.name, finding.code, finding.line, finding.message));
        }
        if result.passed() {
            found.push(format!("{}: passed", result.name));
        }
    }
    (found, coverage.uncovered(), results)
}

fn check(pipeline: &str, tests: &str, expect: &[&str]) {
    assert_eq!(run(pipeline, tests).0, expect);
}

/// The first thing that is wrong with a file of tests before anything runs.
fn refused(pipeline: &str, tests: &str) -> String {
    let pipeline = format!("version: 1\nname: p\n{pipeline}");
    let graph = loopline_dsl::compile(&pipeline).graph.unwrap();
    let text = format!("pipeline: p\n{tests}");
    let checked = TestText::read(&text).check(&graph);
    assert!(checked.file.is_none(), "nothing is wrong with\n{text}");
    let first = &loopline_dsl::to_json(&text, &checked.diagnostics)[0];
    format!("{} {}: {}", first.code, first.line, first.message)
}

const MONTH: &str = "steps:
  ask: {approval: {message: Go?, timeout: 40d}}
  nap: {needs: ask, sleep: 10d}
  work: {needs: nap, run: make, retry: {max_attempts: 3, initial: 1h}}
";

#[test]
fn a_month_takes_no_time_and_counts_all_the_same() {
    check(
        MONTH,
        "cases:
  approved:
    at: {20d: {approve: {ask: ada}}}
    mock: {work: {after: 2h}}
    expect: {status: succeeded, duration: 30d2h}
  too_late:
    expect: {status: failed, error: {step: ask, kind: timeout}, duration: 40d}
",
        &["approved: passed", "too_late: passed"],
    );
}

#[test]
fn what_people_do_comes_behind_what_happens_by_itself_at_the_same_moment() {
    let pipeline = "steps:
  work: {run: make}
  ask: {needs: work, approval: {message: Go?, timeout: 1h}}
";
    check(
        pipeline,
        "mock: {work: {after: 1h}}
cases:
  just_in_time: {at: {1h: {approve: {ask: ada}}}, expect: {status: succeeded, duration: 1h}}
  one_moment_late: {at: {2h: {approve: {ask: ada}}}, expect: {status: failed}}
",
        &[
            "just_in_time: passed",
            "one_moment_late: LL0312 5 at 2h this was refused: the run is over: it failed (do it at another time; or say `refused:` beside it, where that is the point)",
        ],
    );
}

#[test]
fn mocks_stand_for_visits_and_attempts() {
    let pipeline = "steps:
  a: {run: make, retry: {max_attempts: 2, initial: 1s}, goto: [{to: a, on: failed, max: 5}]}
";
    check(
        pipeline,
        "cases:
  two_visits_of_two_attempts:
    mock: {a: [{fail: exit}, {attempts: [{fail: timeout}, {}]}]}
    expect: {status: succeeded, steps: {a: {visit: 2, visits: [failed, succeeded], attempts: 2}}}
  a_third_visit:
    mock: {a: [{fail: exit}, {fail: exit}]}
    expect: {status: failed}
  a_second_attempt:
    mock: {a: {attempts: [{fail: exit}]}}
    expect: {status: failed}
",
        &[
            "two_visits_of_two_attempts: passed",
            "a_third_visit: LL0311 7 `a` starts visit 3, and its mock says what 2 visits would do (add one to the list; a mapping instead of the list holds for every visit)",
            "a_second_attempt: LL0311 10 `a` starts attempt 2, and its mock says what 1 attempt would do (add one to `attempts`; without `attempts` the mock holds for each of them)",
        ],
    );
}

#[test]
fn items_are_mocked_by_place_and_by_key() {
    let pipeline = "steps:
  each:
    foreach: {items: [{n: unit}, {n: e2e}, {n: lint}], key: item.n, tolerate: 2}
    run: make
    outputs: {took: {type: integer}}
";
    check(
        pipeline,
        "cases:
  one_of_each:
    mock:
      each: {outputs: {took: 1}, items: {e2e: {fail: {kind: exit, exit_code: 3}}, \"2\": {outputs: {took: 9}, after: 5m}}}
    expect:
      status: succeeded
      duration: 5m
      steps:
        each:
          items: {unit: succeeded, \"1\": {status: failed, error: {exit_code: 3}}, lint: {outputs: {took: 9}}}
  another_item:
    mock: {each: {outputs: {took: 1}}}
    expect: {steps: {each: {items: {smoke: succeeded}}}}
",
        &["one_of_each: passed", "another_item: LL0315 14 `each` has no item `smoke`: it has 3 items"],
    );
}

const NESTED: &str = "steps:
  outer:
    retry: {max_attempts: 2, initial: 1s}
    pipeline:
      steps:
        inner: {run: make, goto: [{to: inner, on: failed, max: 1}]}
        behind: {needs: inner, run: make}
finally:
  clean: {run: make}
";

#[test]
fn steps_in_place_are_mocked_by_their_path_and_counted_over_attempts() {
    let (found, uncovered, _) = run(
        NESTED,
        "mock: {outer/behind: {}, clean: {}}
cases:
  third_time_lucky:
    mock: {outer/inner: [{fail: exit}, {fail: exit}, {}]}
    expect:
      status: succeeded
      order: [outer/inner, outer/inner, outer/inner, outer/behind, clean]
      steps: {outer: {attempts: 2}, outer/inner: {visit: 1}}
  nobody_says:
    expect: {status: succeeded}
",
    );
    let unmocked = "nobody_says: LL0310 10 `outer/inner` starts, and no mock says what it does (add one: `mock: {outer/inner: {}}` succeeds at once)";
    assert_eq!(found, ["third_time_lucky: passed", unmocked]);
    assert!(uncovered.is_complete(), "{uncovered:?}");
}

#[test]
fn coverage_names_what_no_case_has_done() {
    let pipeline = "steps:
  a: {run: make, goto: [{to: a, on: failed, max: 1}], compensate: {run: undo}}
  b: {needs: {a: succeeded}, run: make}
  c: {needs: {a: catch}, run: make}
";
    let (found, uncovered, _) =
        run(pipeline, "cases: {fine: {mock: {a: {}, b: {}}, expect: {steps: {c: {skip_reason: not_taken}}}}}\n");
    assert_eq!(found, ["fine: passed"]);
    assert_eq!((uncovered.gone, uncovered.ways), (3, 8));
    assert_eq!(uncovered.steps, ["c"]);
    assert_eq!(uncovered.edges, ["a → c (catch)"]);
    assert_eq!((uncovered.loops.len(), uncovered.exhaustions.len()), (1, 1));
    assert_eq!(uncovered.undone, ["a"]);
}

#[test]
fn a_run_that_hangs_says_what_it_waits_for() {
    let pipeline = "steps:
  ask: {approval: {message: Go?, approvers: [\"group:ops\"], quorum: 2}}
  paid: {needs: ask, wait: {signal: payment, schema: {type: object}}}
";
    check(
        pipeline,
        "cases:
  one_is_not_enough:
    at: {1h: {approve: {ask: ada}}}
    expect: {status: succeeded}
  nobody_pays:
    at: {1h: {approve: {ask: [ada, bob]}}}
    expect: {steps: {ask: succeeded}}
  is_left_waiting:
    at: {1h: {approve: {ask: [ada, bob]}}}
    expect: {status: waiting, waiting_for: paid}
  waits_for_something_else:
    at: {1h: {approve: {ask: [ada, bob]}}}
    expect: {waiting_for: ask}
  somebody_pays:
    at: {30m: {signal: {payment: {order: 7}}}, 1h: {approve: {ask: [ada, bob]}}}
    expect: {status: succeeded, steps: {paid: {outputs: {payload: {order: 7}}}}}
",
        &[
            "one_is_not_enough: LL0313 5 the run does not end: after 1h nothing more happens, and it is `waiting` (`ask` has 1 of 2 approvals by group:ops)",
            "nobody_pays: LL0313 6 the run does not end: after 1h nothing more happens, and it is `waiting` (`paid` waits for a signal `payment`)",
            "is_left_waiting: passed",
            "waits_for_something_else: LL0315 14 `ask` must wait, and it does not (what waits: `paid`)",
            "waits_for_something_else: LL0315 14 `paid` waits too, and is not expected to",
            "somebody_pays: passed",
        ],
    );
}

#[test]
fn a_loop_without_end_is_ended_and_named() {
    let pipeline = "steps:
  a: {run: make, goto: [{to: a, on: failed, max: unlimited, delay: 1s}]}
";
    let (found, ..) = run(pipeline, "cases: {round: {mock: {a: {fail: exit}}, expect: {status: failed}}}\n");
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert!(found.starts_with("round: LL0314 2 the run does not end: it has 5000 events after "), "{found}");
    assert!(found.contains("a loop of `a` fired "), "{found}");
}

#[test]
fn who_may_decide_is_judged_before_and_by_the_engine() {
    let pipeline = "steps:
  ask: {approval: {message: Go?, approvers: [\"group:ops\", \"user:eve\"], allow_self: false, fields: {n: {type: integer}}}}
";
    let who = |people: &str, person: &str| {
        refused(
            pipeline,
            &format!(
                "{people}cases: {{a: {{trigger: {{actor: ada}}, at: {{1h: {{approve: {{ask: {person}}}}}}}, expect: {{}}}}}}\n"
            ),
        )
    };
    assert_eq!(who("", "ada"), "LL0305 2: ada may not decide `ask`: who started the run cannot decide it");
    assert_eq!(who("people: {}\n", "bob"), "LL0305 3: bob may not decide `ask`: it asks group:ops, user:eve");
    assert_eq!(who("", "{by: bob, fields: {m: 1}}"), "LL0304 2: `ask` asks for no field `m`");
    check(
        pipeline,
        "people: {bob: group:ops, ada: group:ops}
cases:
  in_the_group_and_by_name:
    trigger: {actor: ada}
    at:
      1h: {approve: {ask: {by: [ada, zoe], fields: {n: 1}}}, refused: may not decide}
      2h: {approve: {ask: {by: eve}}, refused: must be given}
      3h: {approve: {ask: {by: bob, fields: {n: 2}}}}
    expect: {status: succeeded, steps: {ask: {outputs: {by: bob, fields: {n: 2}}}}}
  is_taken_after_all:
    at: {1h: {approve: {ask: {by: bob, fields: {n: 2}}}, refused: may not decide}}
    expect: {status: succeeded}
",
        &[
            "in_the_group_and_by_name: passed",
            "is_taken_after_all: LL0312 12 at 1h this was taken, and it must be refused: may not decide (leave `refused` out, where it may be taken)",
        ],
    );
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_runs() {
    let pipeline = "inputs: {n: {type: integer}}
steps:
  get: {http: {method: GET, url: 'https://example.org'}, outputs: {v: response.json.v}}
  ask: {needs: get, approval: {message: Go?}}
  calc: {needs: ask, set: {x: '1'}}
  build: {needs: calc, run: make, outputs: {v: {type: string}}, compensate: {run: undo}}
outputs: {v: steps.build.outputs.v}
";
    for (case, expect) in [
        ("mock: {gte: {}}", "LL0012 2: the pipeline has no step `gte`"),
        ("mock: {ask: {}}", "LL0302 2: `ask` is not mocked: people decide it"),
        ("mock: {calc: {}}", "LL0302 2: `calc` is not mocked: it only computes"),
        ("mock: {get.undo: {}}", "LL0302 2: `get` has no `compensate`, so there is nothing that undoes it"),
        ("mock: {get: {fail: exit}}", "LL0302 2: `get` cannot fail with kind `exit`: it starts no process"),
        ("mock: {get: {fail: exot}}", "LL0023 2: `exot` is not a kind of failure"),
        ("mock: {get: {outputs: {v: 1}}}", "LL0302 2: `outputs` makes no sense here: a request writes no outputs"),
        ("mock: {build: {after: 5, fail: exit}}", "LL0025 2: `5` is not a duration: the unit is missing behind 5"),
        ("mock: {build: {}}", "LL0303 2: the mock does not write the output `v`, which `build` declares"),
        (
            "mock: {build: {outputs: {v: [1]}}}",
            "LL0303 2: this does not fit the output `v` of `build`: [1] is not of type \"string\"",
        ),
        (
            "mock: {build: {fail: {kind: timeout, exit_code: 3}}}",
            "LL0302 2: `exit_code` makes no sense here: the failure is of kind `timeout`",
        ),
        (
            "mock: {build: {items: {a: {}}, fail: exit}}",
            "LL0302 2: `items` makes no sense here: `build` runs once, not for items",
        ),
        (
            "at: {soon: {cancel: ada}}",
            "LL0025 2: `soon` is not a time since the run began: a number is missing before `soon`",
        ),
        ("at: {1h: {approve: {aks: ada}}}", "LL0012 2: the pipeline has no step `aks`"),
        ("at: {1h: {approve: {build: ada}}}", "LL0304 2: `build` is not an approval: it does `run`"),
        ("at: {1h: {signal: {go: 1}}}", "LL0304 2: no step of the pipeline waits for a signal `go`"),
        ("at: {1h: {}}", "LL0304 2: nothing is done here"),
        ("expect: {status: green}", "LL0023 2: `green` is not a status of a run"),
        ("expect: {order: [get, biuld]}", "LL0012 2: the pipeline has no step `biuld`"),
        ("expect: {steps: {get: {skip_reason: condtion}}}", "LL0023 2: `condtion` is not a reason to skip a step"),
        (
            "expect: {steps: {get: {status: failed, skip_reason: condition}}}",
            "LL0306 2: a step that was skipped is `skipped`, not `failed`",
        ),
        ("expect: {undone: [get]}", "LL0306 2: `get` has no `compensate`, so nothing undoes it"),
        ("expect: {outputs: {w: 1}}", "LL0306 2: the pipeline has no output `w`"),
        ("began: yesterday", "LL0022 2: `yesterday` is not a moment"),
    ] {
        let expect_key = if case.starts_with("expect") { "" } else { ", expect: {}" };
        let tests = format!("cases: {{a: {{inputs: {{n: 1}}, {case}{expect_key}}}}}\n");
        assert_eq!(refused(pipeline, &tests), expect, "{case}");
    }
    assert_eq!(
        refused(pipeline, "cases: {a: {inputs: {n: x}, expect: {}}}\n"),
        "LL0142 2: this does not fit the input `n` of the pipeline: \"x\" is not of type \"integer\""
    );
    assert_eq!(
        refused(pipeline, "cases: {a: {expect: {}}}\n"),
        "LL0141 2: the case does not give the input `n`, which the pipeline asks for"
    );
    assert_eq!(refused(pipeline, "cases: {a: {inputs: {n: 1}}}\n"), "LL0021 2: a case needs the key `expect`");
}

#[test]
fn requests_are_judged_as_by_a_worker() {
    let pipeline = "steps:
  get:
    http: {method: GET, url: 'https://example.org', expect: {status: [200, 404], if: 'response.status == 404 || response.json.ok'}}
    outputs: {ok: response.json.ok}
";
    check(
        pipeline,
        "cases:
  fine: {mock: {get: {response: {json: {ok: true}}}}, expect: {steps: {get: {outputs: {ok: true}}}}}
  as_text: {mock: {get: {response: {body: '{\"ok\": true}'}}}, expect: {status: succeeded}}
  not_ok: {mock: {get: {response: {json: {ok: false}}}}, expect: {error: {kind: expectation}}}
  busy: {mock: {get: {response: {status: 503}}}, expect: {error: {kind: http_status, status: 503}}}
  nobody_there: {mock: {get: {fail: connection}}, expect: {error: connection}}
",
        &["fine: passed", "as_text: passed", "not_ok: passed", "busy: passed", "nobody_there: passed"],
    );
}

#[test]
fn work_that_takes_too_long_ends_as_an_engine_ends_it() {
    let pipeline = "steps:
  slow: {run: make, timeout: 5m}
  child: {needs: {slow: failed}, pipeline: {name: other}, timeout: 1h}
";
    check(
        pipeline,
        "cases:
  both:
    mock: {slow: {after: 6m}, child: {after: 2h}}
    expect: {status: failed, steps: {slow: {error: timeout}, child: {error: timeout}}, duration: 1h5m}
  the_child_gives:
    mock: {slow: {fail: exit}, child: {outputs: {x: 1}, after: 5m}}
    expect: {steps: {child: {outputs: {x: 1}}}, duration: 5m}
  the_child_fails:
    mock: {slow: {fail: exit}, child: {fail: {kind: exit, message: no space left}}}
    expect: {steps: {child: {error: {kind: child, message: no space left}}}}
",
        &["both: passed", "the_child_gives: passed", "the_child_fails: passed"],
    );
}

#[test]
fn children_of_items_are_mocked_by_key_too() {
    let pipeline = "steps:
  each: {foreach: {items: [eu, us], key: item}, pipeline: {name: deploy, inputs: {region: '{{ item }}'}}}
";
    check(
        pipeline,
        "cases:
  one_region_fails:
    mock: {each: {outputs: {url: x}, after: 1m, items: {us: {fail: exit}}}}
    expect: {status: failed, steps: {each: {items: {eu: {outputs: {url: x}}, us: {error: child}}}}, duration: 1m}
",
        &["one_region_fails: passed"],
    );
}

#[test]
fn steps_that_share_a_lock_take_turns() {
    let pipeline = "steps:
  a: {run: make, lock: device}
  b: {run: make, lock: device}
";
    check(
        pipeline,
        "mock: {a: {after: 5m}, b: {after: 5m}}
cases: {turns: {at: {1m: {expect: {status: running, waiting_for: b}}}, expect: {status: succeeded, duration: 10m}}}
",
        &["turns: passed"],
    );
}

#[test]
fn every_way_of_not_being_as_expected_is_said_with_its_place() {
    let pipeline = "inputs: {n: {type: integer, default: 1}}
steps:
  a: {run: make, outputs: {v: {type: string}}, compensate: {run: undo}}
  b: {needs: a, run: make, outputs: {v: {type: object}}}
outputs: {v: steps.b.outputs.v}
";
    check(
        pipeline,
        "mock: {a: {outputs: {v: x}, after: 1m}, a.undo: {}, b: {outputs: {v: {k: 1, l: [1, 2]}}}}
cases:
  fine:
    expect: {order: [a, b], outputs: {v: {k: 1.0}}, undone: [], within: 1m}
  outputs:
    expect:
      outputs: {v: {l: [1]}}
      steps: {a: {outputs: {v: y, w: 1}}}
  order:
    expect:
      order:
        - b
        - a
  times: {expect: {within: 59s, duration: 2m}}
  states:
    mock: {b: {fail: {kind: exit, exit_code: 4}}}
    expect:
      status: succeeded
      error: {step: a, kind: timeout, message: nope, exit_code: 5}
      steps: {a: failed, b: {visits: [succeeded], attempts: 2, visit: 2, skip_reason: condition, error: signal}}
      undone: []
",
        &[
            "fine: passed",
            "outputs: LL0315 8 the output `v` of the run must be {\"l\":[1]}, and it is {\"k\":1,\"l\":[1,2]}",
            "outputs: LL0315 9 the output `v` of `a` must be \"y\", and it is \"x\"",
            "outputs: LL0315 9 the output `w` of `a` must be 1, and there is none",
            "order: LL0315 13 the order in which visits start must be b, a, and it is a, b",
            "times: LL0315 15 the time that the run takes must be at most 59s, and it is 1m",
            "times: LL0315 15 the time that the run takes must be 2m, and it is 1m",
            "states: LL0315 19 the run must be `succeeded`, and it is `failed` (`b` failed, kind `exit`: as the test says)",
            "states: LL0315 20 the failure of the run must be `timeout`, and it is `exit` (as the test says)",
            "states: LL0315 20 the sentence of the failure of the run must be one with `nope`, and it is `as the test says`",
            "states: LL0315 20 the exit code of the run must be 5, and it is 4",
            "states: LL0315 20 the step that failed the run must be `a`, and it is `b`",
            "states: LL0315 21 `a` must be `failed`, and it is succeeded",
            "states: LL0315 21 the visit of `b` must be 2, and it is 1",
            "states: LL0315 21 the number of attempts of `b` must be 2, and it is 1",
            "states: LL0315 21 what came of the visits of `b` must be succeeded, and it is failed",
            "states: LL0315 21 the reason to skip `b` must be `condition`, and it is none: it is failed (exit)",
            "states: LL0315 21 the failure of `b` must be `signal`, and it is `exit` (as the test says)",
            "states: LL0315 22 what is undone must be none, and it is a",
        ],
    );
}

#[test]
fn the_same_file_gives_the_same_results() {
    let tests = "cases: {a: {at: {20d: {approve: {ask: ada}}}, mock: {work: {attempts: [{fail: exit}, {after: 2h}]}}, expect: {status: failed}}}\n";
    let of = || run(MONTH, tests).2.into_iter().map(|r| (r.findings, r.trace, r.took_ms, r.events)).collect::<Vec<_>>();
    let first = of();
    assert_eq!(first, of());
    assert!(first[0].1.iter().any(|line| line.what == "ada approves ask"), "{first:?}");
}

//! What a file means: which findings small files have, and what the graph holds.

use loopline_core::graph::{Action, Condition, Graph, HttpBody, Join, Shell};
use loopline_dsl::{Severity, compile, render_pretty, to_json};

/// Compiles steps beneath a head, and compares the codes of the findings, hints left out.
fn check(steps: &str, expect: &[&str]) {
    let text = format!("version: 1\nname: p\n{steps}");
    let compiled = compile(&text);
    let found: Vec<_> = compiled
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity != Severity::Hint)
        .map(|diagnostic| diagnostic.code.as_str())
        .collect();
    assert_eq!(found, expect, "{}", render_pretty("case", &text, &compiled.diagnostics, false));
}

/// The graph of a file without errors.
fn graph(text: &str) -> Graph {
    let compiled = compile(text);
    compiled.graph.unwrap_or_else(|| panic!("{}", render_pretty("case", text, &compiled.diagnostics, false)))
}

const BUILD: &str = "build: {run: make, outputs: {v: {type: string}}}";

/// X5: whether `steps.build.outputs.v` may be read without a guard in `use`.
fn sure(steps: &str, expect: bool) {
    let expect: &[&str] = if expect { &[] } else { &["LL0087"] };
    check(&format!("inputs: {{fast: {{type: boolean}}}}\nsteps:\n  {BUILD}\n{steps}"), expect);
}

#[test]
fn outputs_are_sure_behind_edges_that_only_a_success_meets() {
    let read = "set: {x: steps.build.outputs.v}";
    sure(&format!("  use: {{needs: build, {read}}}"), true);
    sure(&format!("  use: {{needs: {{build: succeeded}}, {read}}}"), true);
    for on in ["failed", "catch", "completed", "always"] {
        sure(&format!("  use: {{needs: {{build: {on}}}, {read}}}"), false);
    }
}

#[test]
fn outputs_are_sure_through_steps_that_are() {
    let read = "set: {x: steps.build.outputs.v}";
    sure(&format!("  test: {{needs: build, run: a}}\n  use: {{needs: test, {read}}}"), true);
    // A failure of `test` shows too that it had begun, and that `build` had succeeded.
    sure(&format!("  test: {{needs: build, run: a}}\n  use: {{needs: {{test: failed}}, {read}}}"), true);
    sure(&format!("  test: {{needs: build, run: a}}\n  use: {{needs: {{test: always}}, {read}}}"), false);
}

#[test]
fn an_ok_edge_beside_others_is_sure_when_only_a_failure_skips_its_step() {
    let read = "set: {x: steps.build.outputs.v}";
    sure(&format!("  docs: {{run: a}}\n  use: {{needs: [build, docs], {read}}}"), true);
    // `mid` may be skipped by choice, and then `use` goes on by `docs` alone; `build` came before `mid` all the same.
    sure(
        &format!(
            "  docs: {{run: a}}\n  mid: {{needs: build, if: inputs.fast, run: a}}\n  use: {{needs: [mid, docs], {read}}}"
        ),
        false,
    );
    sure(&format!("  docs: {{run: a}}\n  mid: {{needs: build, run: a}}\n  use: {{needs: [mid, docs], {read}}}"), true);
    // Both ways lead through `build`.
    sure(
        &format!(
            "  left: {{needs: build, if: inputs.fast, run: a}}\n  right: {{needs: build, if: '!inputs.fast', run: a}}\n  use: {{needs: [left, right], {read}}}"
        ),
        true,
    );
}

#[test]
fn with_any_only_what_holds_over_every_edge_is_sure() {
    let read = "set: {x: steps.build.outputs.v}";
    sure(&format!("  docs: {{run: a}}\n  use: {{needs: [build, docs], join: any, {read}}}"), false);
    sure(
        &format!(
            "  l: {{needs: build, run: a}}\n  r: {{needs: build, run: a}}\n  use: {{needs: [l, r], join: any, {read}}}"
        ),
        true,
    );
    sure(
        &format!(
            "  l: {{needs: build, run: a}}\n  r: {{run: a}}\n  use: {{needs: [l, r], join: {{at_least: 2}}, {read}}}"
        ),
        false,
    );
}

#[test]
fn a_failure_that_is_allowed_makes_outputs_unsure() {
    check(
        "steps:\n  a: {run: make, allow_failure: true, outputs: {v: {type: string}}}\n  b: {needs: a, set: {x: steps.a.outputs.v}}",
        &["LL0087"],
    );
    check(
        "steps:\n  a: {run: make, allow_failure: true, outputs: {v: {type: string}}}\n  b: {needs: {a: succeeded}, set: {x: steps.a.outputs.v}}",
        &["LL0066"],
    );
}

#[test]
fn a_guard_makes_up_for_it() {
    sure(
        "  use: {needs: {build: always}, set: {x: 'has(steps.build.outputs.v) ? steps.build.outputs.v : \"\"'}}",
        true,
    );
    sure("  use: {needs: {build: always}, env: {X: '{{ default steps.build.outputs.v \"none\" }}'}, run: a}", true);
    sure(
        "  use: {needs: {build: always}, set: {x: 'steps.build.status == \"succeeded\" ? steps.build.outputs.v : \"\"'}}",
        true,
    );
    // What the step's own `if` makes certain holds for all of it.
    sure(
        "  use: {needs: {build: always}, if: 'steps.build.status == \"succeeded\"', set: {x: steps.build.outputs.v}}",
        true,
    );
    sure(
        "  use: {needs: {build: always}, if: has(steps.build.outputs.v), env: {X: '{{ steps.build.outputs.v }}'}, run: a}",
        true,
    );
    sure("  use: {needs: {build: always}, env: {X: '{{ steps.build.outputs.v }}'}, run: a}", false);
}

#[test]
fn outputs_of_the_run_need_a_guard_where_a_run_can_succeed_without_the_step() {
    let outputs = "outputs: {x: steps.build.outputs.v}";
    check(&format!("steps:\n  {BUILD}\n{outputs}"), &[]);
    check(&format!("steps:\n  {BUILD}\n  rescue: {{needs: {{build: catch}}, run: a}}\n{outputs}"), &["LL0087"]);
    check(
        &format!(
            "inputs: {{fast: {{type: boolean}}}}\nsteps:\n  build: {{if: inputs.fast, run: make, outputs: {{v: {{type: string}}}}}}\n{outputs}"
        ),
        &["LL0087"],
    );
    // A merge that goes on whether the one or the other went well.
    check(
        "steps:\n  try: {run: a}\n  rescue: {needs: {try: catch}, run: b}\n  merge: {needs: [try, rescue], join: any, run: c, outputs: {v: {type: string}}}\noutputs: {x: steps.merge.outputs.v}",
        &[],
    );
}

#[test]
fn a_step_reads_itself_in_its_loops_only() {
    check(
        "steps:\n  a: {run: x, outputs: {n: {type: integer}}, repeat: {until: steps.a.outputs.n > 3, every: 1s, max: 5}}",
        &[],
    );
    check("steps:\n  a: {run: x, goto: [{to: a, on: failed, if: steps.a.error.exit_code == 75, max: 5}]}", &[]);
    check(
        "steps:\n  a: {run: x, outputs: {n: {type: integer}}, goto: [{to: a, on: failed, if: steps.a.outputs.n > 3, max: 5}]}",
        &["LL0087"],
    );
    check("steps:\n  a: {run: x, if: 'steps.a.visit > 1'}", &["LL0086"]);
    // A rejected approval keeps its outputs.
    check(
        "steps:\n  a: {approval: {message: Go?, timeout: 1h}, goto: [{to: a, on: rejected, if: steps.a.outputs.comment != null, max: 5}]}",
        &[],
    );
}

#[test]
fn unlimited_loops_must_let_time_pass() {
    let steps = |middle: &str, last: &str| {
        format!(
            "steps:\n  a: {{run: x}}\n  b: {{needs: a, {middle}}}\n  c: {{needs: b, run: x, goto: [{{to: a, max: unlimited{last}}}]}}"
        )
    };
    check(&steps("run: x", ""), &["LL0072"]);
    check(&steps("run: x", ", delay: 999ms"), &["LL0072"]);
    check(&steps("run: x", ", delay: 1s"), &[]);
    check(&steps("sleep: 1s", ""), &[]);
    check(&steps("sleep: 500ms", ""), &["LL0072"]);
    check(&steps("approval: {message: Go?, timeout: 1h}", ""), &[]);
    // A way around the wait.
    check(
        "steps:\n  a: {run: x}\n  b: {needs: a, sleep: 5s}\n  d: {needs: a, run: x}\n  c: {needs: [b, d], run: x, goto: [{to: a, max: unlimited}]}",
        &["LL0072"],
    );
}

#[test]
fn gates_are_warned_about_only_where_something_slips_by() {
    let steps = |gate: &str, last: &str| {
        format!(
            "inputs: {{ask: {{type: boolean}}}}\nsteps:\n  a: {{run: x}}\n  g: {{{gate}approval: {{message: Go?, timeout: 1h}}}}\n  d: {{needs: g, run: x}}\n  e: {{needs: {last}, run: x}}"
        )
    };
    check(&steps("if: inputs.ask, ", "[a, d]"), &["LL0065"]);
    check(&steps("", "[a, d]"), &[]);
    check(&steps("if: inputs.ask, ", "[d]"), &[]);
    check(&steps("if: inputs.ask, ", "{a: ok, d: succeeded}"), &[]);
    // Said on purpose.
    check(&steps("if: inputs.ask, ", "{a: ok, d: always}"), &[]);
    check(&steps("if: inputs.ask, ", "{a: ok, g: ok}"), &[]);
}

#[test]
fn a_merge_behind_a_handled_failure_is_no_reason_to_warn() {
    check("steps:\n  d: {run: x}\n  r: {needs: {d: catch}, run: y}\n  m: {needs: {d: always, r: ok}, run: z}", &[]);
    check("steps:\n  d: {run: x}\n  r: {needs: {d: catch}, run: y}\n  m: {needs: [d, r], join: any, run: z}", &[]);
    check("steps:\n  d: {run: x}\n  r: {needs: {d: catch}, run: y}\n  t: {needs: d, run: z}", &["LL0066"]);
}

#[test]
fn all_errors_are_found_at_once() {
    check(
        "inputs: {n: {type: int}}\nsteps:\n  a: {rum: x}\n  b: {needs: [c, b], run: y, timeout: 5, goto: [{to: a}]}\n  c:\n    http: {url: ftp://x}\n    env: {X: {{ inputs.m }}}\n    if: inputs.m >\n",
        &["LL0050", "LL0020", "LL0061", "LL0025", "LL0071", "LL0070", "LL0042", "LL0008", "LL0080"],
    );
}

#[test]
fn scalars_keep_their_spelling_where_text_is_meant() {
    let graph = graph(
        "version: 1\nname: p\nsteps:\n  a:\n    env: {A: no, B: 0777, C: 1.10, D: 1:30, E: 2024-01-01, F: ~, G: null, H: '', I: , J: 0x1F, K: 1e3}\n    run: x\n",
    );
    let env: Vec<_> = graph.steps[0].env.values().map(|value| value.source()).collect();
    assert_eq!(env, ["no", "0777", "1.10", "1:30", "2024-01-01", "~", "null", "", "", "0x1F", "1e3"]);
}

#[test]
fn anchors_and_merge_keys_are_read_as_yaml_defines_them() {
    let graph = graph(
        "x-base: &base {env: {A: base, B: base}, timeout: 5m}\nversion: 1\nname: p\nsteps:\n  a: {<<: *base, run: x}\n  b: {<<: [{timeout: 1m}, *base], run: x, env: {A: own}}\n",
    );
    assert_eq!((graph.steps[0].timeout_ms, graph.steps[0].env.len()), (Some(300_000), 2));
    assert_eq!((graph.steps[1].timeout_ms, graph.steps[1].env.len()), (Some(60_000), 1));
}

#[test]
fn names_of_others_may_begin_with_x() {
    // A key that begins with `x-` is nobody's, but a header is the other side's.
    let graph = graph(
        "version: 1\nname: p\nx-note: 1\nsteps:\n  a: {x-own: 1, http: {url: https://a.example, headers: {x-api-key: k}, query: {x-q: 1}, form: {x-f: 2}}}\n",
    );
    let Action::Http(http) = &graph.steps[0].action else { panic!("a request") };
    assert!(http.headers.contains_key("x-api-key") && http.query.contains_key("x-q"));
    assert!(matches!(&http.body, Some(HttpBody::Form(fields)) if fields.contains_key("x-f")), "{:?}", http.body);
}

#[test]
fn what_is_unsaid_is_filled_in() {
    let graph = graph(
        "version: 1\nname: p\nenv: {A: p, B: p}\ndefaults: {timeout: 1m, retry: {max_attempts: 4}}\nsteps:\n  run: {run: x, env: {B: own}, shell: sh}\n  gate: {needs: run, approval: {message: Go?, timeout: 2h}, goto: [{to: run, max: 1}], repeat: {until: steps.gate.visit > 2, max: 2}}\n  both: {needs: {gate: , run: completed}, join: any, sleep: 1s}\n",
    );
    let [both, gate, run] = graph.steps.as_slice() else { panic!("three steps") };
    assert_eq!(
        both.needs.iter().map(|need| (need.step.get(), need.on)).collect::<Vec<_>>(),
        [(1, Condition::Succeeded), (2, Condition::Completed)]
    );
    assert_eq!((both.join, both.timeout_ms, both.retry.max_attempts), (Join::AtLeast(1), None, 1));
    assert_eq!((gate.timeout_ms, gate.retry.max_attempts), (Some(7_200_000), 1));
    assert_eq!(
        gate.goto
            .iter()
            .map(|goto| (goto.to.get(), goto.condition.as_ref().map(|cel| cel.source())))
            .collect::<Vec<_>>(),
        [(1, Some("!(steps.gate.visit > 2)")), (2, None)]
    );
    assert_eq!((run.timeout_ms, run.retry.max_attempts, run.grace_ms), (Some(60_000), 4, 10_000));
    assert_eq!(run.env.values().map(|value| value.source()).collect::<Vec<_>>(), ["p", "own"]);
    let Action::Run(action) = &run.action else { panic!("a script") };
    assert_eq!(action.shell, Shell::Argv(vec!["sh".into(), "-eu".into()]));
}

#[test]
fn keys_for_later_compile_and_are_required() {
    let graph = graph(
        "version: 1\nname: p\nsecrets: [TOKEN]\ntriggers: {manual: true, schedule: [{cron: '* * * * *'}]}\nfail_fast: false\nsteps:\n  a: {wait: {signal: go, timeout: 1h}}\n  b: {needs: a, foreach: {items: [1, 2], as: n}, run: 'echo {{ n }}', artifacts: {log: '*.log'}, workspace: shared}\n",
    );
    let required: Vec<_> = graph.requires.iter().map(|one| (one.feature.as_str(), one.pointer.as_str())).collect();
    assert_eq!(required, [("triggers.schedule", "/triggers/schedule")]);
}

#[test]
fn spelling_does_not_change_the_digest() {
    let plain = "version: 1\nname: p\nenv: {B: b, A: a}\nsteps:\n  a: {run: make, timeout: 60s}\n  b: {needs: [a], run: test}\n";
    let digest = graph(plain).digest();
    for same in [
        "# A comment.\nversion: 1\nname: p\nenv: {B: b, A: a}\nsteps:\n  a: {run: make, timeout: 60s}\n  b: {needs: [a], run: test}\n",
        "name: 'p'\nsteps:\n  b:\n    run: \"test\"\n    needs: a\n  a:\n    timeout: 1m\n    run: make\nenv:\n  A: a\n  B: 'b'\nversion: 0x1\n",
        "version: 1\nname: p\nx-layout: {a: [1, 2]}\nenv: {B: b, A: a, x-note: c}\nsteps:\n  a: {run: make, timeout: 60s, x-color: red}\n  b: {needs: {a: ok}, run: test}\n",
        "\u{feff}version: 1\r\nname: p\r\nenv: {B: b, A: a}\r\nsteps:\r\n  a: {run: make, timeout: 60s}\r\n  b: {needs: [a], run: test}\r\n",
    ] {
        assert_eq!(graph(same).digest(), digest, "{same}");
    }
    for other in [
        plain.replace("make", "make all"),
        plain.replace("60s", "61s"),
        plain.replace("name: p", "name: q"),
        plain.replace("[a]", "{a: always}"),
    ] {
        assert_ne!(graph(&other).digest(), digest, "{other}");
    }
}

#[test]
fn places_count_characters_and_lead_into_scalars() {
    let at = |text: &str| {
        let found = to_json(text, &compile(text).diagnostics);
        found
            .into_iter()
            .filter(|found| found.severity == "error")
            .map(|found| (found.line, found.column, found.length))
            .collect::<Vec<_>>()
    };
    let head = "version: 1\nname: p\nsteps:\n  a:\n";
    assert_eq!(at(&format!("{head}    description: äöü\n    run: x\n    ümlaut: 1\n")), [(7, 5, 6)]);
    assert_eq!(at(&format!("{head}    env: {{Ä: \"é{{{{ inputs.n }}}}\"}}\n    run: x\n")), [(5, 11, 1), (5, 19, 8)]);
    assert_eq!(
        at(&format!("{head}    run: |\n      echo \"{{{{ inputs.n }}}}\"\n\n        echo {{{{ inputs.m }}}}\n")),
        [(6, 16, 8), (8, 17, 8)]
    );
    assert_eq!(at(&format!("{head}    run: >-\n      echo\n      \"{{{{ inputs.n }}}}\"\n")), [(7, 11, 8)]);
    assert_eq!(at(&format!("{head}    run: \"echo \\\"\\u00e9\\\" \\\n      {{{{ inputs.n }}}}\"\n")), [(6, 10, 8)]);
    assert_eq!(at(&format!("{head}    run: 'it''s {{{{ inputs.n }}}}'\n")), [(5, 20, 8)]);
    assert_eq!(at("\u{feff}a: 1\r\nname: p\r\n").first(), Some(&(1, 1, 1)));
}

#[test]
fn unquoted_templates_say_so_wherever_they_stand() {
    let only = |text: &str| {
        check(&format!("inputs: {{n: {{type: string}}}}\nsteps:\n  a:\n    run: x\n    {text}\n"), &["LL0008"])
    };
    only("env: {X: {{ inputs.n }}}");
    only("env: {X: {{ inputs.n }}, Y: b}");
    only("name: {{ inputs.n }}");
    only("name: {{ inputs.n }} and more # comment");
    only("name: {{ inputs.n }}: and more");
    only("goto: [{to: a, max: 1, delay: {{ inputs.n }}}]");
    only("env: {X: pre {{ inputs.n }} post}");
    check(
        "inputs: {n: {type: string}}\nsteps:\n  a:\n    run: echo {{ inputs.n }}\n    working_dir: x/{{ inputs.n }}\n",
        &[],
    );
}

#[test]
fn a_file_with_nearly_every_key_compiles() {
    let text = include_str!("data/release-service.yaml");
    let graph = graph(text);
    assert_eq!(graph.steps.len(), 7);
    let required: std::collections::BTreeSet<_> = graph.requires.iter().map(|one| one.feature.as_str()).collect();
    let expect = ["triggers.schedule", "triggers.webhook"];
    assert_eq!(required.into_iter().collect::<Vec<_>>(), expect);
    // The sample asks for `replicas` and leaves it to its scripts.
    let found: Vec<_> = compile(text).diagnostics.iter().map(|found| found.code.as_str()).collect();
    assert_eq!(found, ["LL0052"]);
}

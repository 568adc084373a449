//! What runs can come to: steps and edges that can never be taken, choices with gaps, budgets, approvals.

use loopline_dsl::{Code, compile, render_pretty};

const SUBJECT: [Code; 10] = [
    Code::NeverGoesOn,
    Code::GotoNeverFires,
    Code::GotoNeverReached,
    Code::ConstantCondition,
    Code::EdgeNeverFires,
    Code::ChoiceLeavesGap,
    Code::BudgetBeyondLimit,
    Code::BusyLoop,
    Code::ReachUnknown,
    Code::StarterIsNeeded,
];

const INPUTS: &str = "inputs: {p: {type: boolean}, q: {type: boolean}, s: {type: string}, n: {type: integer}, \
                      e: {enum: [a, b, c]}, o: {enum: [a, b], required: false}, any: {}}";

/// Compiles steps, and compares what is found about the subject: codes, in the order of their places.
fn check(steps: &str, expect: &[&str]) {
    let text = format!("version: 1\nname: p\n{INPUTS}\nsteps:\n{steps}");
    let compiled = compile(&text);
    let shown = render_pretty("case", &text, &compiled.diagnostics, false);
    assert!(!compiled.has_errors(), "{shown}");
    let found = compiled.diagnostics.iter().filter(|found| SUBJECT.contains(&found.code));
    let found: Vec<_> = found.map(|found| found.code.as_str()).collect();
    assert_eq!(found, expect, "{shown}");
}

/// The same, with a part of the one message.
fn says(steps: &str, code: &str, part: &str) {
    check(steps, &[code]);
    let text = format!("version: 1\nname: p\n{INPUTS}\nsteps:\n{steps}");
    let compiled = compile(&text);
    let found = compiled.diagnostics.iter().find(|found| found.code.as_str() == code).expect("just found");
    let all = format!("{} {}", found.message, found.help.as_deref().unwrap_or_default());
    assert!(all.contains(part), "{all}");
}

#[test]
fn conditions_that_contradict_each_other_are_seen_through_other_steps() {
    let a = "  a: {if: inputs.p, run: x}\n";
    let b = "  b: {if: '!inputs.p', run: x}\n";
    check(&format!("{a}{b}  c: {{needs: {{a: succeeded, b: succeeded}}, run: x}}"), &["LL0064"]);
    check(&format!("{a}{b}  c: {{needs: [a, b], run: x}}"), &[]);
    check(&format!("{a}{b}  c: {{needs: {{a: succeeded, b: succeeded}}, join: any, run: x}}"), &[]);
    check(&format!("{a}{b}  c: {{needs: {{a: succeeded, b: succeeded}}, join: {{at_least: 2}}, run: x}}"), &["LL0064"]);
    // A condition stands behind a chain, too.
    check(
        &format!(
            "{a}  m: {{needs: a, run: x}}\n{b}  n: {{needs: b, run: x}}\n  c: {{needs: {{m: succeeded, n: failed}}, run: x}}"
        ),
        &["LL0064"],
    );
    check(&format!("{a}  b: {{needs: a, if: inputs.p == false, run: x}}"), &["LL0064"]);
    check(&format!("{a}  b: {{needs: {{a: skipped}}, if: inputs.p, run: x}}"), &["LL0064"]);
    check(&format!("{a}  b: {{needs: {{a: always}}, if: '!inputs.p', run: x}}"), &[]);
}

#[test]
fn values_of_one_subject_exclude_each_other() {
    let a = "  a: {if: inputs.s == \"a\", run: x}\n";
    check(&format!("{a}  b: {{needs: a, if: inputs.s == \"b\", run: x}}"), &["LL0064"]);
    check(&format!("{a}  b: {{needs: a, if: inputs.s != \"b\", run: x}}"), &[]);
    check(&format!("{a}  b: {{needs: a, if: inputs.e == \"b\", run: x}}"), &[]);
    // All values are listed, so one of them is left.
    let not_two = "  a: {if: inputs.e != \"a\" && inputs.e != \"b\", run: x}\n";
    check(&format!("{not_two}  b: {{needs: a, if: inputs.e != \"c\", run: x}}"), &["LL0064"]);
    let not_two = "  a: {if: inputs.s != \"a\" && inputs.s != \"b\", run: x}\n";
    check(&format!("{not_two}  b: {{needs: a, if: inputs.s != \"c\", run: x}}"), &[]);
    // What may be left out may be null.
    check("  a: {if: inputs.o != \"a\" && inputs.o != \"b\", run: x}", &[]);
}

#[test]
fn outcomes_contradict_each_other_too() {
    check("  a: {run: x}\n  b: {needs: a, run: x}\n  c: {needs: {a: failed, b: succeeded}, run: x}", &["LL0064"]);
    check("  a: {run: x}\n  b: {needs: {a: completed}, run: x}\n  c: {needs: {a: failed, b: succeeded}, run: x}", &[]);
    check(
        "  a: {run: x}\n  b: {needs: {a: always}, if: steps.a.status == \"failed\", run: x}\n  c: {needs: {a: succeeded, b: succeeded}, run: x}",
        &["LL0064"],
    );
    check("  a: {run: x}\n  b: {needs: a, if: steps.a.status == \"failed\", run: x}", &["LL0064"]);
}

#[test]
fn only_the_first_step_of_those_that_never_run_is_reported() {
    check(
        "  a: {run: x}\n  b: {needs: {a: skipped}, run: x}\n  c: {needs: b, run: x}\n  d: {needs: [b, c], run: x}",
        &["LL0064"],
    );
    check("  a: {if: 1 > 2, run: x}\n  b: {needs: a, run: x}\n  c: {needs: b, run: x}", &["LL0095", "LL0064"]);
}

#[test]
fn a_step_that_cannot_fail_has_no_failure_to_wait_for() {
    check("  a: {sleep: 1s}\n  b: {needs: {a: failed}, run: x}", &["LL0064"]);
    check("  a: {set: {x: 1}}\n  b: {needs: {a: catch}, run: x}", &["LL0064"]);
    check("  a: {set: {x: inputs.n + 1}}\n  b: {needs: {a: failed}, run: x}", &[]);
    check("  a: {sleep: 1s, if: inputs.p}\n  b: {needs: {a: failed}, run: x}", &["LL0064"]);
    // An `if` that cannot be evaluated fails its step.
    check("  a: {sleep: 1s, if: inputs.any}\n  b: {needs: {a: failed}, run: x}", &[]);
    check("  a: {sleep: 1s, if: inputs.any}\n  b: {needs: {a: failed}, if: '!inputs.any', run: x}", &["LL0064"]);
    check("  a: {sleep: 1s, goto: [{to: a, on: failed, max: 2}]}", &["LL0073"]);
}

#[test]
fn conditions_are_one_question_only_where_they_ask_the_same() {
    let two = |a: &str, b: &str| {
        format!(
            "  x: {{run: x, outputs: {{v: {{type: string}}}}}}\n  a: {{needs: x, env: {{E: \"1\"}}, if: '{a}', run: x}}\n  b: {{needs: a, env: {{E: \"2\"}}, if: '{b}', run: x}}"
        )
    };
    check(&two("inputs.s == \"a\"", "inputs.s != \"a\""), &["LL0064"]);
    check(&two("run.trigger.kind == \"manual\"", "run.trigger.kind != \"manual\""), &["LL0064"]);
    check(&two("steps.x.outputs.v == \"a\"", "steps.x.outputs.v != \"a\""), &["LL0064"]);
    check(&two("visit == 1", "visit > 1"), &[]);
    check(&two("visit == 1", "visit != 1"), &[]);
    check(&two("env.E == \"1\"", "env.E != \"1\""), &[]);
    check(&two("run.epoch == 1", "run.epoch != 1"), &[]);
}

#[test]
fn a_step_that_may_still_run_is_asked_anew() {
    // `c` may go on while `x` runs, and `d` when it has ended.
    let steps = "  x: {run: x}\n  y: {run: x}\n  c: {needs: {x: completed, y: completed}, join: any, if: has(steps.x.error.kind), run: x}\n  d: {needs: {c: succeeded, x: completed}, if: '!has(steps.x.error.kind)', run: x}";
    check(steps, &[]);
    check(&steps.replace("join: any, ", ""), &["LL0064"]);
}

#[test]
fn what_forward_edges_see_of_a_loop() {
    let behind = |goto: &str, on: &str| format!("  a: {{run: x, goto: [{goto}]}}\n  b: {{needs: {{a: {on}}}, run: x}}");
    check(&behind("{to: a, on: succeeded, max: 2, delay: 1s}", "succeeded"), &["LL0064"]);
    check(&behind("{to: a, on: succeeded, max: 2, delay: 1s, on_exhausted: continue}", "succeeded"), &[]);
    check(&behind("{to: a, on: succeeded, max: 2, delay: 1s, if: inputs.p}", "succeeded"), &[]);
    check(&behind("{to: a, on: failed, max: 2}", "failed"), &[]);
    check(&behind("{to: a, on: failed, max: unlimited, delay: 1s}", "failed"), &["LL0064"]);
    check(&behind("{to: a, on: failed, max: unlimited, delay: 1s, if: inputs.p}", "failed"), &[]);
    check(&behind("{to: a, on: completed, max: unlimited, delay: 1s}", "always"), &["LL0064"]);
    check(&behind("{to: a, on: completed, max: 3, on_exhausted: continue}", "succeeded"), &[]);
    check("  a: {run: x, repeat: {until: 'false', every: 1s, max: 3}}\n  b: {needs: a, run: x}", &["LL0095", "LL0064"]);
}

#[test]
fn loops_that_never_fire_or_are_never_reached() {
    check("  a: {if: inputs.p, run: x, goto: [{to: a, on: failed, max: 2, if: '!inputs.p'}]}", &["LL0073"]);
    check("  a: {run: x, goto: [{to: a, on: failed, max: 2, if: steps.a.status == \"succeeded\"}]}", &["LL0095"]);
    check("  a: {if: visit == 1, run: x, goto: [{to: a, on: failed, max: 2, if: visit != 1}]}", &["LL0073"]);
    check(
        "  a: {run: x, goto: [{to: a, on: failed, max: 2, if: inputs.p}, {to: a, on: failed, max: 2, if: '!inputs.p'}, {to: a, on: failed, max: 9}]}",
        &["LL0074"],
    );
    check("  a: {run: x, goto: [{to: a, on: failed, max: 2, if: inputs.p}, {to: a, on: failed, max: 9}]}", &[]);
    check("  a: {run: x, goto: [{to: a, on: completed, max: 2}, {to: a, on: timeout, max: 9}]}", &["LL0074"]);
}

#[test]
fn conditions_that_are_always_the_same() {
    check("  a: {if: inputs.p || !inputs.p, run: x}", &["LL0095"]);
    check("  a: {if: '(inputs.p && inputs.q) || !inputs.p || !inputs.q', run: x}", &["LL0095"]);
    check("  a: {if: inputs.s == \"a\" && inputs.s == \"b\", run: x}", &["LL0095"]);
    check("  a: {if: inputs.e == \"a\" || inputs.e == \"b\" || inputs.e == \"c\", run: x}", &["LL0095"]);
    check("  a: {if: inputs.s == \"a\" || inputs.s == \"b\" || inputs.s == \"c\", run: x}", &[]);
    check("  a: {if: inputs.p && !inputs.q, run: x}", &[]);
    check(
        "  a: {http: {url: \"https://a.example\", expect: {if: response.status == 200 || response.status != 200}}}",
        &["LL0095"],
    );
}

#[test]
fn edges_that_are_never_live() {
    check("  a: {sleep: 1s}\n  b: {run: x}\n  c: {needs: {a: failed, b: ok}, join: any, run: x}", &["LL0130"]);
    check("  a: {run: x}\n  b: {run: x}\n  c: {needs: {a: skipped, b: ok}, join: any, run: x}", &["LL0130"]);
    check("  a: {run: x}\n  b: {run: x}\n  c: {needs: {a: failed, b: ok}, join: any, run: x}", &[]);
    check(
        "  a: {run: x, goto: [{to: a, on: succeeded, max: 1}]}\n  b: {run: x}\n  c: {needs: [a, b], join: any, run: x}",
        &["LL0130"],
    );
}

#[test]
fn choices_that_leave_a_gap() {
    let choice = |a: &str, b: &str| {
        format!(
            "  r: {{run: x}}\n  a: {{needs: r, if: '{a}', run: x}}\n  b: {{needs: r, if: '{b}', run: x}}\n  j: {{needs: [a, b], run: x}}"
        )
    };
    says(&choice("inputs.e == \"a\"", "inputs.e == \"b\""), "LL0131", "`inputs.e` is `\"c\"`");
    says(&choice("inputs.o == \"a\"", "inputs.o == \"b\""), "LL0131", "`inputs.o` is `null`");
    says(&choice("inputs.s == \"a\"", "inputs.s == \"b\""), "LL0131", "none of `\"a\"` and `\"b\"`");
    says(&choice("inputs.p && inputs.q", "!inputs.p"), "LL0131", "`inputs.p` and `!inputs.q`");
    check(&choice("inputs.e == \"a\"", "inputs.e != \"a\""), &[]);
    check(&choice("inputs.p", "!inputs.p"), &[]);
    // Two that can be taken together are no choice.
    check(&choice("inputs.p", "inputs.q"), &[]);
    // What stands before closes the gap.
    let closed = choice("inputs.e == \"a\"", "inputs.e == \"b\"").replace("r: {run", "r: {if: inputs.e != \"c\", run");
    check(&closed, &[]);
    // One without a condition is taken in any case.
    check(
        &choice("inputs.e == \"a\"", "inputs.e == \"b\"")
            .replace("j: {needs: [a, b]", "d: {needs: r, run: x}\n  j: {needs: [a, b, d]"),
        &[],
    );
}

#[test]
fn budgets_that_no_run_can_use_up() {
    let nested = |inner: u32, outer: u32| {
        format!(
            "  a: {{run: x}}\n  b: {{needs: a, run: x, goto: [{{to: b, on: failed, max: {inner}}}]}}\n  c: {{needs: b, run: x, goto: [{{to: a, on: failed, max: {outer}}}]}}"
        )
    };
    says(&nested(40, 40), "LL0132", "1,681 times");
    check(&nested(10, 10), &[]);
    // One behind the other, they do not multiply.
    let row: String = (1..6)
        .map(|at| format!("  s{at}: {{needs: s{}, run: x, goto: [{{to: s{at}, on: failed, max: 20}}]}}\n", at - 1))
        .collect();
    check(&format!("  s0: {{run: x}}\n{row}"), &[]);
    says("  a: {run: x, goto: [{to: a, on: failed, max: 2000, delay: 1s}]}", "LL0132", "2,001 times");
    check("  a: {run: x, goto: [{to: a, on: failed, max: unlimited, delay: 1s}]}", &[]);
}

#[test]
fn loops_that_do_not_wait() {
    check("  a: {run: x, goto: [{to: a, on: failed, max: 101}]}", &["LL0133"]);
    check("  a: {run: x, goto: [{to: a, on: failed, max: 100}]}", &[]);
    check("  a: {run: x, goto: [{to: a, on: failed, max: 500, delay: 1s}]}", &[]);
    check("  a: {sleep: 5s}\n  b: {needs: a, run: x, goto: [{to: a, on: failed, max: 500}]}", &[]);
    check("  a: {run: x, outputs: {v: {type: boolean}}, repeat: {until: steps.a.outputs.v, max: 500}}", &["LL0133"]);
    check("  a: {run: x, outputs: {v: {type: boolean}}, repeat: {until: steps.a.outputs.v, every: 1s, max: 500}}", &[]);
}

#[test]
fn approvals_that_whoever_starts_a_run_is_needed_for() {
    let ask = |rest: &str| format!("  a: {{approval: {{message: m, timeout: 1d, {rest}}}}}");
    check(&ask("approvers: \"user:ada\", allow_self: false"), &["LL0135"]);
    check(&ask("approvers: [\"user:ada\", \"user:bob\"], allow_self: false, quorum: 2"), &["LL0135"]);
    check(&ask("approvers: [\"user:ada\", \"user:bob\"], allow_self: false"), &[]);
    check(&ask("approvers: [\"user:ada\", \"group:ops\"], allow_self: false, quorum: 2"), &[]);
    check(&ask("approvers: \"user:ada\""), &[]);
    check(&format!("{}\ntriggers: {{manual: false}}", ask("approvers: \"user:ada\", allow_self: false")), &[]);
}

/// A chain of steps, each with a condition of its own.
fn chain(steps: usize) -> String {
    let step = |at: usize| {
        format!(
            "  s{at}: {{{}if: inputs.any.f{at}, run: x}}\n",
            if at > 1 { format!("needs: s{}, ", at - 1) } else { String::new() }
        )
    };
    (1..=steps).map(step).collect()
}

#[test]
fn beyond_sixteen_conditions_it_is_unknown_once() {
    check(&chain(16), &[]);
    says(&chain(17), "LL0134", "17 distinct conditions");
    check(&chain(40), &["LL0134"]);
    check(&chain(40).replace(".f", ".f1 || inputs.any.f").replace(".f1 || inputs.any.f", ".g"), &["LL0134"]);
    // Exact to the sixteenth, and what never runs by its edges alone is known beyond.
    check(&format!("{}  z: {{needs: s15, if: '!inputs.any.f3', run: x}}", chain(15)), &["LL0064"]);
    check(
        &format!("{}  y: {{run: x}}\n  z: {{needs: {{y: skipped, s17: ok}}, run: x}}", chain(17)),
        &["LL0134", "LL0064"],
    );
    // An edge for `always` depends on none of them.
    check(&format!("{}  z: {{needs: {{s16: always}}, if: inputs.any.h, run: x}}", chain(16)), &[]);
}

#[test]
fn hostile_files_are_answered() {
    let mut dense = String::new();
    for at in 0..600 {
        let needs: Vec<String> = (1..=at.min(40))
            .map(|back| format!("s{}: {}", at - back, ["ok", "failed", "skipped", "completed"][(at * back) % 4]))
            .collect();
        let join = if at % 3 == 1 { "join: any, " } else { "" };
        dense.push_str(&format!("  s{at}: {{needs: {{{}}}, {join}if: inputs.any.f{at}, run: x}}\n", needs.join(", ")));
    }
    let text = |steps: &str| format!("version: 1\nname: p\n{INPUTS}\nsteps:\n{steps}");
    assert!(
        compile(&text(&dense.replace("needs: {}, ", "")))
            .diagnostics
            .iter()
            .any(|found| found.code == Code::ReachUnknown)
    );
    // Many outcomes that hang together, without a condition.
    let mut clauses = String::new();
    for at in 0..60 {
        clauses.push_str(&format!("  v{at}: {{run: x}}\n"));
    }
    for at in 0..200_usize {
        let (a, b, c) = (at * 7 % 60, at * 11 % 60, at * 13 % 60);
        clauses.push_str(&format!(
            "  c{at}: {{needs: {{v{a}: failed, v{}: succeeded, v{}: failed}}, join: any, run: x}}\n",
            (b + 1 + usize::from((b + 1) % 60 == a)) % 60,
            (c + 5) % 60
        ));
    }
    let all: Vec<String> = (0..200).map(|at| format!("c{at}: succeeded")).collect();
    clauses.push_str(&format!("  all: {{needs: {{{}}}, run: x}}\n", all.join(", ")));
    compile(&text(&clauses));
}

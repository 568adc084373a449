//! X1: what is said about expressions by the types that a file declares.

use loopline_dsl::{compile, render_pretty, to_json};

/// Compiles a file without its head, and compares what is said about types: code, the text it stands on, message.
fn check(text: &str, expect: &[&str]) {
    let text = format!("version: 1\nname: p\n{text}");
    let compiled = compile(&text);
    let lines: Vec<&str> = text.lines().collect();
    let found: Vec<String> = to_json(&text, &compiled.diagnostics)
        .into_iter()
        .filter(|finding| matches!(finding.code, "LL0094" | "LL0120" | "LL0121" | "LL0122"))
        .map(|finding| {
            let line = lines.get(finding.line - 1).copied().unwrap_or_default();
            let place: String = line.chars().skip(finding.column - 1).take(finding.length).collect();
            format!("{} {place}: {}", finding.code, finding.message)
        })
        .collect();
    assert_eq!(found, expect, "{}", render_pretty("case", &text, &compiled.diagnostics, false));
}

/// One step with a condition, over inputs.
fn condition(inputs: &str, condition: &str, expect: &[&str]) {
    check(&format!("inputs: {{{inputs}}}\nsteps:\n  a:\n    if: {condition}\n    run: make\n"), expect);
}

#[test]
fn inputs_are_what_their_schemas_say() {
    let inputs = "n: {type: integer}, s: {type: string}, f: {type: boolean}, e: {enum: [small, large]}";
    let case = |text: &str, expect: &[&str]| condition(inputs, text, expect);
    case("inputs.n > 3 && inputs.f && inputs.s == \"x\" && inputs.e == \"small\"", &[]);
    case("inputs.n", &["LL0094 inputs.n: a condition must be true or false, and this is a number"]);
    case(
        "'inputs.f ? inputs.s : null'",
        &["LL0094 'inputs.f ? inputs.s : null': a condition must be true or false, and this is a string or null"],
    );
    case("inputs.n + \"x\" == \"1x\"", &["LL0120 inputs.n + \"x\": `+` does not work on a number and a string"]);
    case("\"!inputs.s\"", &["LL0120 inputs.s: `inputs.s` is a string, not true or false"]);
    case("inputs.f > 3", &["LL0120 inputs.f > 3: `>` does not work on a bool and an int"]);
    case("size(inputs.n) > 3", &["LL0120 inputs.n: `inputs.n` is a number, which has no size"]);
    case(
        "inputs.n == \"3\"",
        &["LL0121 inputs.n == \"3\": `inputs.n` is a number and `\"3\"` is a string: this is always false"],
    );
    case("inputs.s == null", &["LL0121 inputs.s == null: `inputs.s` is a string, never null: this is always false"]);
    case("inputs.e == \"smal\"", &["LL0122 \"smal\": `inputs.e` is never \"smal\""]);
}

#[test]
fn what_may_be_left_out_may_be_null() {
    let input = "n: {type: integer, required: false}";
    condition(input, "inputs.n == null || inputs.n > 3", &[]);
    condition(
        input,
        "inputs.n == \"3\"",
        &["LL0121 inputs.n == \"3\": `inputs.n` is a number or null and `\"3\"` is a string: this is always false"],
    );
    condition(
        input,
        "inputs.n == null && inputs.n > 3",
        &["LL0120 inputs.n > 3: `>` does not work on null and an int"],
    );
}

#[test]
fn what_has_a_default_is_never_null() {
    condition(
        "n: {type: integer, default: 1}",
        "inputs.n == null",
        &["LL0121 inputs.n == null: `inputs.n` is a number, never null: this is always false"],
    );
}

#[test]
fn outputs_that_are_computed_have_the_type_of_their_expression() {
    let set = "inputs: {tags: {type: array}}\nsteps:\n  a: {set: {n: size(inputs.tags), c: {port: 1, host: x}, t: '{{ inputs.tags }}', at: 'timestamp(\"2024-01-01T00:00:00Z\")'}}\n  b: {needs: a, set: {m: steps.a.outputs.n * 2}}\n";
    let case = |text: &str, expect: &[&str]| check(&format!("{set}  z: {{needs: b, set: {{x: '{text}'}}}}\n"), expect);
    case("steps.b.outputs.m + 1", &[]);
    case(
        "steps.b.outputs.m + \"x\"",
        &["LL0120 steps.b.outputs.m + \"x\": `+` does not work on a number and a string"],
    );
    case("steps.a.outputs.c.prt", &["LL0120 steps.a.outputs.c.prt: no such key `prt` in `steps.a.outputs.c`"]);
    case("steps.a.outputs.t + 1", &[]);
    // Times are text once they are outputs.
    case("steps.a.outputs.at + \"x\"", &[]);
    case(
        "steps.a.outputs.at.getHours()",
        &["LL0120 steps.a.outputs.at: `steps.a.outputs.at` is a string and has no `getHours`"],
    );
}

#[test]
fn declared_outputs_are_typed_where_their_step_has_succeeded() {
    let build = "steps:\n  a: {run: make, outputs: {n: {type: integer}, w: stdout}}\n";
    check(
        &format!("{build}  b: {{needs: a, set: {{x: steps.a.outputs.n + \"x\", y: steps.a.outputs.w * 2}}}}\n"),
        &[
            "LL0120 steps.a.outputs.n + \"x\": `+` does not work on a number and a string",
            "LL0120 steps.a.outputs.w * 2: `*` does not work on a string and an int",
        ],
    );
    // What a failed script had written, nobody has checked.
    check(
        &format!(
            "{build}  b: {{needs: {{a: failed}}, set: {{x: 'has(steps.a.outputs.n) ? steps.a.outputs.n + \"x\" : \"\"'}}}}\n"
        ),
        &[],
    );
}

#[test]
fn results_have_their_types() {
    let http = |output: &str, expect: &[&str]| {
        check(&format!("steps:\n  a: {{http: {{url: 'https://a.example/'}}, outputs: {{x: '{output}'}}}}\n"), expect);
    };
    http("response.json.version", &[]);
    http("response.status == 200 && response.headers[\"etag\"].startsWith(\"x\")", &[]);
    http(
        "response.status.startsWith(\"2\")",
        &["LL0120 response.status: `response.status` is a number and has no `startsWith`"],
    );
    http("response.body.version", &["LL0120 response.body.version: `response.body` is a string and has no `version`"]);
    check(
        "steps:\n  a: {run: make, outputs: {ok: 'exit_code == \"0\"'}}\n",
        &["LL0121 exit_code == \"0\": `exit_code` is a number and `\"0\"` is a string: this is always false"],
    );
    let wait = "steps:\n  a: {wait: {signal: paid, timeout: 1h, schema: {type: object, properties: {sum: {type: number}}, required: [sum]}, if: 'payload.sum > \"1\"'}}\n";
    check(
        &format!("{wait}  b: {{needs: a, set: {{x: 'steps.a.outputs.payload.sum + \"x\"'}}}}\n"),
        &[
            "LL0120 payload.sum > \"1\": `>` does not work on a number and a string",
            "LL0120 steps.a.outputs.payload.sum + \"x\": `+` does not work on a number and a string",
        ],
    );
}

#[test]
fn what_steps_always_have_is_typed() {
    let case = |text: &str, expect: &[&str]| {
        check(&format!("steps:\n  a: {{run: make}}\n  z: {{needs: {{a: always}}, if: '{text}', run: make}}\n"), expect);
    };
    case(
        "steps.a.status in [\"failed\", \"skipped\"] && steps.a.error != null && steps.a.error.kind == \"timeout\"",
        &[],
    );
    case("steps.a.status == \"success\"", &["LL0122 \"success\": `steps.a.status` is never \"success\""]);
    case(
        "steps.a.status in [\"failed\", \"canceled\"]",
        &["LL0122 \"canceled\": `steps.a.status` is never \"canceled\""],
    );
    case(
        "steps.a.error != null && steps.a.error.kind == \"http\"",
        &["LL0122 \"http\": `steps.a.error.kind` is never \"http\""],
    );
    case(
        "steps.a.error == \"timeout\"",
        &[
            "LL0121 steps.a.error == \"timeout\": `steps.a.error` is a map or null and `\"timeout\"` is a string: this is always false",
        ],
    );
    case(
        "steps.a.visit == \"1\"",
        &["LL0121 steps.a.visit == \"1\": `steps.a.visit` is a number and `\"1\"` is a string: this is always false"],
    );
    case("run.trigger.kind == \"schedule\" && run.number > 1 && visit + attempt > 2", &[]);
    case("run.labels.team > 1", &["LL0120 run.labels.team > 1: `>` does not work on a string and an int"]);
    case("env.N == 1", &["LL0121 env.N == 1: `env.N` is a string and `1` is an int: this is always false"]);
}

#[test]
fn decisions_and_fields_of_approvals_are_typed() {
    let ask = "steps:\n  ok: {approval: {message: m, timeout: 1h, fields: {canary: {type: integer, default: 5}}}, goto: [{to: ok, on: rejected, max: 1, if: 'LOOP'}]}\n";
    let case = |on_reject: &str, behind: &str, expect: &[&str]| {
        let ask = ask.replace("LOOP", on_reject);
        check(&format!("{ask}  z: {{needs: ok, if: '{behind}', run: make}}\n"), expect);
    };
    let fine = "steps.ok.outputs.fields.canary > 1 && steps.ok.outputs.decision == \"approved\"";
    case("steps.ok.outputs.comment != null", fine, &[]);
    case(
        "true",
        "steps.ok.outputs.decision == \"yes\"",
        &["LL0122 \"yes\": `steps.ok.outputs.decision` is never \"yes\""],
    );
    case(
        "true",
        "steps.ok.outputs.fields.canary == \"5\"",
        &[
            "LL0121 steps.ok.outputs.fields.canary == \"5\": `steps.ok.outputs.fields.canary` is a number and `\"5\"` is a string: this is always false",
        ],
    );
    // Who rejects may have filled in anything.
    case("steps.ok.outputs.fields.canary == \"5\"", fine, &[]);
}

#[test]
fn outputs_of_a_pipeline_in_place_are_what_it_gives_back() {
    let child = "steps:\n  child:\n    pipeline:\n      steps:\n        a: {run: make, outputs: {n: {type: integer}, e: {enum: [small, large]}}}\n        deep:\n          pipeline:\n            steps: {b: {set: {s: '\"x\"'}}}\n            outputs: {s: steps.b.outputs.s}\n      outputs: {n: steps.a.outputs.n, e: steps.a.outputs.e, s: steps.deep.outputs.s}\n";
    let case = |on: &str, text: &str, expect: &[&str]| {
        check(&format!("{child}  z: {{needs: {on}, if: '{text}', run: make}}\n"), expect);
    };
    let fine = "steps.child.outputs.n > 3 && steps.child.outputs.e == \"small\" && steps.child.outputs.s == \"x\"";
    case("child", fine, &[]);
    case(
        "child",
        "steps.child.outputs.n == \"3\"",
        &[
            "LL0121 steps.child.outputs.n == \"3\": `steps.child.outputs.n` is a number and `\"3\"` is a string: this is always false",
        ],
    );
    case("child", "steps.child.outputs.e == \"smal\"", &["LL0122 \"smal\": `steps.child.outputs.e` is never \"smal\""]);
    // Through two levels.
    case(
        "child",
        "steps.child.outputs.s > 1",
        &["LL0120 steps.child.outputs.s > 1: `>` does not work on a string and an int"],
    );
    // A child that failed gives nothing, so a guard is needed, and what it guards has the type.
    case(
        "{child: always}",
        "has(steps.child.outputs.n) && steps.child.outputs.n < \"3\"",
        &["LL0120 steps.child.outputs.n < \"3\": `<` does not work on a number and a string"],
    );
}

#[test]
fn the_visit_before_may_not_have_been() {
    let loops = "steps:\n  a: {set: {n: 1}, goto: [{to: a, on: succeeded, max: 2, if: 'TEXT'}]}\n";
    let case = |text: &str, expect: &[&str]| check(&loops.replace("TEXT", text), expect);
    case("previous.a == null || previous.a.outputs.n < 3", &[]);
    case(
        "previous.a != null && previous.a.outputs.n < \"3\"",
        &["LL0120 previous.a.outputs.n < \"3\": `<` does not work on a number and a string"],
    );
    case(
        "previous.a != null && previous.a.status == \"done\"",
        &["LL0122 \"done\": `previous.a.status` is never \"done\""],
    );
}

#[test]
fn items_are_the_elements_of_their_lists() {
    let each = |items: &str, text: &str, expect: &[&str]| {
        check(
            &format!(
                "inputs: {{suites: {{type: array, items: {{type: string}}}}, n: {{type: integer}}}}\nsteps:\n  a: {{foreach: {{items: {items}, as: suite}}, run: make, env: {{A: '{{{{cel \"{text}\"}}}}'}}}}\n"
            ),
            expect,
        );
    };
    each("inputs.suites", "suite + item", &[]);
    each("inputs.suites", "suite + 1", &["LL0120 suite + 1: `+` does not work on a string and an int"]);
    each("[unit, e2e]", "item == ''e3e''", &["LL0122 ''e3e'': `item` is never \"e3e\""]);
    each("[unit, '{{ inputs.n }}']", "item == ''e3e''", &[]);
    each("inputs.n", "item", &["LL0120 inputs.n: this must be a list, and it is a number"]);
    let matrix = |include: &str, expect: &[&str]| {
        check(
            &format!(
                "steps:\n  a: {{matrix: {{axes: {{os: [linux, macos]}}{include}}}, run: make, env: {{A: '{{{{cel \"item.os == ''windows''\"}}}}'}}}}\n"
            ),
            expect,
        );
    };
    matrix("", &["LL0122 ''windows'': `item.os` is never \"windows\""]);
    matrix(", include: [{os: windows}]", &[]);
}

#[test]
fn values_must_be_of_the_type_their_key_takes() {
    let sleep = |until: &str, expect: &[&str]| {
        check(
            &format!(
                "inputs: {{n: {{type: integer}}, at: {{type: string}}}}\nsteps:\n  a: {{sleep: {{until: '{until}'}}}}\n"
            ),
            expect,
        );
    };
    sleep("inputs.at", &[]);
    sleep("timestamp(run.created_at) + duration(\"1h\")", &[]);
    sleep("inputs.n", &["LL0120 'inputs.n': this must be a time, and it is a number"]);
}

#[test]
fn holes_of_templates_and_scripts_are_typed() {
    let inputs = "inputs: {n: {type: integer}, tags: {type: array, items: {type: string}}}\n";
    check(
        &format!(
            "{inputs}steps:\n  a:\n    run: |\n      echo {{{{ inputs.n }}}} {{{{ inputs.tags }}}}\n      {{{{#each inputs.n}}}}x{{{{/each}}}}\n"
        ),
        &[
            "LL0120 inputs.tags: `inputs.tags` is a list, and has no text",
            "LL0120 inputs.n: `inputs.n` is a number, not a list or a map",
        ],
    );
    check(
        &format!(
            "{inputs}steps:\n  a: {{http: {{url: 'https://a.example/{{{{ inputs.tags }}}}', json: {{a: '{{{{ inputs.tags }}}}'}}}}}}\n"
        ),
        &["LL0120 inputs.tags: `inputs.tags` is a list, and has no text"],
    );
}

#[test]
fn finally_knows_how_the_run_ended() {
    check(
        "steps:\n  a: {run: make}\nfinally:\n  c: {if: 'run.status == \"success\" || steps.a.status == \"succeeded\"', run: make}\n",
        &["LL0122 \"success\": `run.status` is never \"success\""],
    );
}

#[test]
fn what_is_not_declared_can_be_anything() {
    check(
        "inputs: {x: {}}\nsteps:\n  a: {run: make}\n  b: {needs: a, if: 'inputs.x + 1 > 2 && inputs.x == \"1\" && steps.a.outputs.y.z == 1', run: make}\n",
        &[],
    );
    // Names that are unknown are told as such, and nothing besides.
    check("steps:\n  a: {if: 'inputs.nope + 1 > 2 && inputs.nope.x + \"x\" == \"x\"', run: make}\n", &[]);
}

#[test]
fn a_word_with_a_near_one_has_a_fix() {
    let text = "version: 1\nname: p\nsteps:\n  a: {run: make}\n  b: {needs: {a: always}, if: \"steps.a.status == 'success'\", run: make}\n";
    let finding = to_json(text, &compile(text).diagnostics).into_iter().find(|finding| finding.code == "LL0122");
    let fix = finding.and_then(|finding| finding.fixes.into_iter().next()).expect("has a fix");
    assert_eq!((fix.title.as_str(), fix.text.as_str()), ("Change to `succeeded`", "succeeded"));
    let line = text.lines().nth(fix.line - 1).expect("is in the text");
    assert_eq!(line.chars().skip(fix.column - 1).take(fix.length).collect::<String>(), "success");
}

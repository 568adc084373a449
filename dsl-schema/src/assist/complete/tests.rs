use super::*;

/// One step type and one other pipeline.
fn library() -> Library {
    let upload = "description: Uploads\ninputs: {folder: {type: string}, quiet: {type: boolean}}\nstep: {run: x}\n";
    let notify = crate::compile(
        "version: 1\nname: notify\ninputs: {text: {type: string}}\nsteps: {a: {run: 'x {{ inputs.text }}', outputs: {sent: {type: integer}}}}\noutputs: {sent: steps.a.outputs.sent, words: 'inputs.text.split(\" \")'}\n",
    );
    Library {
        step_types: [("upload".to_owned(), upload.to_owned())].into(),
        pipelines: [("notify".to_owned(), notify.contract.expect("a contract"))].into(),
        is_complete: false,
    }
}

/// Where a cursor `«` stands, with what was completed.
fn at_cursor(marked: &str) -> (String, Vec<Completion>) {
    let offset = marked.find('«').expect("a cursor");
    let text = marked.replace('«', "");
    let all = complete(&text, offset, &library());
    (text, all)
}

fn labels(marked: &str) -> String {
    at_cursor(marked).1.into_iter().map(|completion| completion.label).collect::<Vec<_>>().join(" ")
}

/// All that is completed, in order.
fn check(marked: &str, expect: &str) {
    assert_eq!(labels(marked), expect, "{marked}");
}

/// Some of what is completed, and what is not.
fn check_some(marked: &str, with: &str, without: &str) {
    let all = at_cursor(marked).1;
    let has = |label: &str| all.iter().any(|completion| completion.label == label);
    for label in with.split_whitespace() {
        assert!(has(label), "{label} in {}: {marked}", labels(marked));
    }
    for label in without.split_whitespace() {
        assert!(!has(label), "no {label} in {}: {marked}", labels(marked));
    }
}

/// The text once a completion is taken.
fn check_taken(marked: &str, label: &str, expect: &str) {
    let (text, all) = at_cursor(marked);
    let found = all.iter().find(|completion| completion.label == label);
    let found = found.unwrap_or_else(|| panic!("{label} in {}: {marked}", labels(marked)));
    assert_eq!(super::super::edit::spliced(&text, std::slice::from_ref(&found.edit)), expect, "{marked}");
}

/// A pipeline with some steps; `rest` is put behind them.
fn steps(rest: &str) -> String {
    let steps = "  build: {run: make, outputs: {version: {type: string}}, artifacts: {bin: out}}\n  test: {needs: build, run: a}\n";
    format!("inputs: {{who: {{type: string}}, n: {{type: integer}}}}\nsecrets: [TOKEN]\nsteps:\n{steps}{rest}")
}

#[test]
fn keys_that_stand_there_are_left_out() {
    check_some("«", "version name steps finally", "run");
    check_some("version: 1\nname: p\n«", "steps triggers", "version name");
    check_some("steps:\n  a:\n    run: x\n    «\n    needs: b\n", "timeout goto", "needs run http approval");
    check_some("steps:\n  a:\n    «\n", "run http approval needs", "steps");
    check_some("steps:\n  a: {«}\n", "run http approval needs", "");
    check_some("steps:\n  a: {run: x, ti«}\n", "timeout", "run http");
    check("steps:\n  a:\n    repeat: {until: x, «}\n", "every max");
    check("steps:\n  a:\n    repeat:\n      e«\n      until: x\n", "every max");
    check("steps:\n  a:\n    run: x\n    repeat:\n      every«: 1s\n", "until every max");
    check("steps:\n  «", "");
}

#[test]
fn keys_that_make_no_sense_beside_the_kind_are_left_out() {
    check_some("steps:\n  a:\n    approval: {message: x}\n    «", "goto timeout", "retry artifacts shell env");
    check_some("steps:\n  a:\n    retry: {}\n    «", "run http", "approval sleep set");
    check_some("steps:\n  a:\n    run: x\n    «", "shell working_dir retry", "http with");
}

#[test]
fn keys_make_room_for_their_values() {
    check_taken("ver«", "version", "version: ");
    check_taken("steps:\n  a:\n    «", "http", "steps:\n  a:\n    http:\n      ");
    check_taken("steps:\n  a:\n    «", "goto", "steps:\n  a:\n    goto:\n      - ");
    check_taken("steps:\n  a: {«}", "http", "steps:\n  a: {http: }");
    check_taken("steps:\n  a:\n    ne«eds: x", "needs", "steps:\n  a:\n    needs: x");
    check_taken("steps:\n  a:\n    goto:\n      «", "to", "steps:\n  a:\n    goto:\n      - to: ");
    check_taken(
        "steps:\n  a:\n    goto:\n      - to: a\n      «",
        "to",
        "steps:\n  a:\n    goto:\n      - to: a\n      - to: ",
    );
    check_taken("steps:\n  b: {run: x}\n  a: {needs:«}", "b", "steps:\n  b: {run: x}\n  a: {needs: b}");
}

#[test]
fn words_and_examples_of_values() {
    check("steps:\n  a:\n    allow_failure: «", "true false");
    check("steps:\n  a:\n    allow_failure: t«rue\n", "true false");
    check("steps:\n  a:\n    goto: [{to: a, in_flight: «}]\n", "cancel drain");
    check("steps:\n  a:\n    goto: [{to: a, max: «}]\n", "unlimited 3");
    check_some("steps:\n  a:\n    timeout: «", "30m", "");
    check_taken(
        "steps:\n  a:\n    allow_failure: t«rue # c\n",
        "false",
        "steps:\n  a:\n    allow_failure: false # c\n",
    );
    check_taken("steps:\n  a:\n    timeout:«", "30m", "steps:\n  a:\n    timeout: 30m");
    check_taken(
        "steps:\n  a: {approval: {approvers: [\"gr«\"]}}",
        "group:ops",
        "steps:\n  a: {approval: {approvers: [\"group:ops\"]}}",
    );
    check_some("steps:\n  a:\n    join: «", "all any", "");
}

#[test]
fn a_step_may_need_what_does_not_come_behind_it() {
    check(&steps("  last: {needs: «}\n"), "build test");
    check(&steps("  last:\n    needs: «\n"), "build test");
    check(&steps("  last:\n    needs: [build, «\n"), "test");
    check(&steps("  last:\n    needs: [build, te«]\n"), "test");
    check(&steps("  last:\n    needs:\n      - build\n      - «\n"), "test");
    check(&steps("  last:\n    needs:\n      «\n"), "build test - build - test");
    check(&steps("  last:\n    needs: {build: ok, «}\n"), "test");
    check(&steps("  last: {needs: test, run: a}\n  first:\n    needs: «\n"), "build last test");
    check("steps:\n  a: {needs: «}\n  b: {needs: a, run: x}\n  c: {run: x}\n", "c");
    check(&steps("  last:\n    needs: {build: «}\n"), "ok succeeded failed catch completed skipped always");
}

#[test]
fn loops_artifacts_and_other_names_of_steps() {
    check(&steps("  last:\n    needs: build\n    run: x\n    goto: [{to: «\n"), "build last");
    check(&steps("  last:\n    needs: build\n    run: x\n    fetch: [«]\n"), "build.bin");
    check("steps:\n  a: {run: x, compensate: {run: y, until: «}}\n  b: {needs: a, run: x}\n  c: {run: x}\n", "b");
    check("steps: {x: {run: a}}\nfinally:\n  a: {run: x}\n  b: {needs: «}\n", "a");
}

#[test]
fn what_stands_around_the_file() {
    check("steps: {a: {use: «}}\n", "upload");
    check("steps: {a: {use: upload, with: {folder: x, «}}}\n", "quiet");
    check("steps: {a: {pipeline: {name: «}}}\n", "notify");
    check("steps: {a: {pipeline: {name: notify, inputs: {«}}}}\n", "text");
    check(&steps("triggers:\n  schedule:\n    - {cron: x, inputs: {who: x, «}}\n"), "n");
}

#[test]
fn steps_of_finally_and_steps_in_place_are_apart() {
    let text = steps(
        "  child:\n    needs: build\n    pipeline:\n      inputs: {i: 1}\n      steps: {x: {run: a}, y: {needs: 1}}\nfinally:\n  clean: {run: a}\n  tell: {needs: 2}\n",
    );
    check(&text.replace("needs: 1", "needs: «"), "x");
    check(&text.replace("needs: 1", "needs: x, if: inputs.«"), "i");
    check(&text.replace("needs: 1", "needs: x, if: steps.«"), "x");
    check(&text.replace("needs: 2", "needs: «"), "clean");
    check(&text.replace("needs: 2", "needs: clean, run: a, if: steps.«"), "clean build child test");
    check_some(&text.replace("needs: 2", "run: a, if: run.«"), "status", "");
}

#[test]
fn inside_of_steps_and_in_finally_everything_is_offered() {
    let text = steps(
        "  child:\n    needs: build\n    foreach: {items: [1], as: each}\n    pipeline:\n      inputs: {i: 1, j: '{{ 9 }}'}\n      steps:\n        x: {run: a, outputs: {v: stdout}, artifacts: {log: a.log}}\n        y: {needs: x, run: b, 2}\n        z:\n          needs: y\n          3\n      outputs:\n        out: steps.x.outputs.v\n        4\n  tell: {needs: build, pipeline: {name: notify, inputs: {text: x}}}\n  last: {needs: [child, tell], run: x, 5}\nfinally:\n  clean: {run: a, outputs: {freed: stdout}}\n  inside: {needs: {clean: 6}, 7}\n",
    );
    let at = |number: &str, what: &str| {
        let mut text = text.replacen(number, what, 1);
        for other in ["'{{ 9 }}'", ", 2", "\n          3", "\n        4", ", 5", ", 7"] {
            text = text.replacen(other, "", 1);
        }
        text.replace("clean: 6", "clean: ok")
    };
    // Keys and words of the language.
    check_some(&at("2", "«"), "timeout goto retry foreach", "needs run");
    check_some(&at("3", "«"), "run http pipeline foreach", "needs steps finally");
    check_some(&at("7", "«"), "run pipeline if", "needs");
    check(&at("clean: 6", "clean: «"), "ok succeeded failed catch completed skipped always");
    // Names.
    check(&at("2", "goto: [{to: «}]"), "x y");
    check(&at("2", "fetch: [«]"), "x.log");
    check(&at("2", "if: inputs.«"), "i j");
    check(&at("3", "if: steps.«"), "x y");
    check(&at("3", "if: steps.x.outputs.«"), "v");
    check(&at("3", "pipeline: {name: «}"), "notify");
    check(&at("4", "more: steps.«"), "x y z");
    check_some(&at("9", "«"), "each item inputs steps", "secrets");
    check(&at("9", "steps.«"), "build");
    check(&at("5", "if: steps.tell.outputs.«"), "sent words");
    check(&at("7", "if: steps.tell.outputs.«"), "sent words");
    check(&at("7", "if: steps.clean.outputs.«"), "freed");
    check(
        &at("7", "pipeline: {steps: {deep: {run: x, if: «}}}"),
        &labels(&at("2", "if: «").replace("foreach: {items: [1], as: each}\n    ", "")),
    );
    // With items it is they who have the outputs.
    check(&at("5", "if: steps.child.outputs.«"), "items errors");
}

#[test]
fn names_in_expressions() {
    check_some(&steps("  last: {needs: build, run: x, if: «}\n"), "inputs steps run has size", "secrets response");
    check(&steps("  last: {needs: build, run: x, if: inputs.«}\n"), "n who");
    check(&steps("  last: {needs: build, run: x, if: steps.«}\n"), "build");
    check(&steps("  last: {needs: test, run: x, if: 'steps.«'}\n"), "build test");
    check(&steps("  last: {needs: build, run: x, if: steps.build.«}\n"), "status outputs error visit visits");
    check(&steps("  last: {needs: build, run: x, if: steps.build.outputs.«}\n"), "version");
    check(&steps("  last: {needs: build, run: x, if: 'steps[\"«'}\n"), "build");
    check_some(&steps("  last: {needs: build, run: x, if: run.trigger.«}\n"), "kind actor time", "id");
    check_some(
        &steps("  last:\n    needs: build\n    run: x\n    if: steps.build.status == \"a\" && «\n"),
        "steps inputs",
        "",
    );
    check(&steps("  last:\n    needs: build\n    run: x\n    if: inputs.n «\n"), "");
    check(&steps("  last:\n    run: x\n    goto: [{to: last, max: 1, if: 'steps.«'}]\n"), "last");
    check(&format!("{}outputs:\n  v: steps.«\n", steps("")), "build test");
    check(
        &steps("  last:\n    run: x\n    outputs: {v: «}\n").replace("«", "std«"),
        &labels(&steps("  last:\n    run: x\n    outputs: {v: st«}\n")),
    );
    check_some(&steps("  last:\n    run: x\n    outputs: {v: «}\n"), "stdout exit_code", "response");
}

#[test]
fn names_in_templates() {
    check_some(&steps("  last: {needs: build, run: \"echo {{ «\"}\n"), "inputs steps default upper", "secrets has");
    check(&steps("  last:\n    needs: build\n    run: echo {{ inputs.« }}\n"), "n who");
    check(
        &steps("  last:\n    needs: build\n    run: |\n      echo {{ steps.build.outputs.«\n      echo\n"),
        "version",
    );
    check(&steps("  last:\n    run: x\n    env:\n      A: \"{{ secrets.«\"\n"), "TOKEN");
    check(&steps("  last:\n    run: x\n    env: {A: \"{{ secrets.«"), "TOKEN");
    check(&steps("  last:\n    run: x {{ secrets.«"), "");
    check(&steps("  last:\n    run: x\n    env: {A: '{{ cel \"inputs.«"), "n who");
    check(&steps("  last: {run: x «}\n"), "cargo build --release");
    check(&steps("  last: {needs: build, http: {url: {{ inputs.«"), "n who");
    check_taken(&steps("  last: {run: \"{{ inputs.w«x }}\"}"), "who", &steps("  last: {run: \"{{ inputs.who }}\"}"));
    check(&steps("  last:\n    run: \"{{#«\"\n"), "if unless each");
}

#[test]
fn a_second_mistake_elsewhere_does_no_harm() {
    check(&steps("  broken: {run: [\n  last: {needs: «}\n"), "broken build test");
    check(&steps("  last: {needs: «\n  broken: \"x\nz\n"), "build test");
}

#[test]
fn a_hundred_thousand_steps_are_not_looked_at() {
    let many: String = (0..20_000).map(|step| format!("  s{step}: {{run: a}}\n")).collect();
    check(&format!("steps:\n{many}  last: {{needs: «}}\n"), "");
}

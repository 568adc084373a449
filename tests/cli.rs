//! The command line, black box: what it prints, where, and how it ends.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use crate::binary::{Home, Server, json};

const HELLO: &str = "version: 1\nname: hello\ninputs: {who: {type: string, default: world}}\nsteps:\n  a:\n    run: |\n      echo \"hello {{ inputs.who }}\"\n      echo \"said=hello\" >> \"$LOOPLINE_OUTPUT\"\n    outputs: {said: {type: string}}\n  b: {needs: a, run: \"echo second >&2\"}\noutputs: {said: steps.a.outputs.said}\n";
const FAILS: &str = "version: 1\nname: fails\nsteps:\n  a: {run: exit 7}\n";
const GATE: &str = "version: 1\nname: gate\nsteps:\n  ask: {approval: {message: Go on?, timeout: 1h}}\n  then: {needs: ask, run: echo went on}\n";
const LATER: &str = "version: 1\nname: later\nnotify: [{on: failed, to: chat}]\nsteps:\n  each: {run: \"true\"}\n";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn two_steps_run_in_the_foreground_and_can_be_looked_at_afterwards() {
    let home = Home::new();
    home.write("hello.loopline.yaml", HELLO);
    let output = home.run(&["run", "hello.loopline.yaml", "-i", "who=Ada"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}\n{}", text(&output.stderr));
    for line in ["hello Ada", "second", "✓ a", "✓ b", "hello succeeded", "said = \"hello\""] {
        assert!(out.contains(line), "no `{line}` in\n{out}");
    }
    let runs = json(&home.run(&["runs", "--output", "json"]));
    assert_eq!(runs[0]["status"], "succeeded");
    let id = runs[0]["id"].as_str().unwrap();
    let view = json(&home.run(&["show", id, "--output", "json"]));
    assert_eq!((&view["status"], &view["outputs"]["said"]), (&json!("succeeded"), &json!("hello")));
    assert_eq!(text(&home.run(&["logs", id, "a"]).stdout), "hello Ada\n");
    let history = json(&home.run(&["history", id, "--output", "json"]));
    assert_eq!(history[0]["event"]["type"], "run_created");
    assert_eq!(history.as_array().unwrap().last().unwrap()["seq"], view["last_seq"]);
}

#[test]
fn a_step_says_why_it_was_skipped_now_and_as_it_was() {
    let home = Home::new();
    home.write(
        "p.loopline.yaml",
        "version: 1\nname: p\nsteps:\n  build: {run: exit 7, goto: [{to: build, on: failed, max: 1}]}\n  deploy: {needs: build, run: x}\n",
    );
    assert_eq!(home.run(&["run", "p.loopline.yaml"]).status.code(), Some(1));
    let runs = json(&home.run(&["runs", "--output", "json"]));
    let id = runs[0]["id"].as_str().unwrap();
    let output = home.run(&["why", id, "deploy"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for line in
        ["deploy  skipped  visit 1", "It was skipped because what it needs failed: `build`.", "NEEDS", "blocked"]
    {
        assert!(out.contains(line), "no `{line}` in\n{out}");
    }
    let out = text(&home.run(&["why", id, "build"]).stdout);
    for line in ["1 of 1", "used up", "It could not fire: ", "Visit 1 failed (exit: ", "`build` came again"] {
        assert!(out.contains(line), "no `{line}` in\n{out}");
    }
    let first = json(&home.run(&["why", id, "deploy", "--at", "1", "--output", "json"]));
    assert_eq!((&first["status"], &first["last_seq"]), (&json!("pending"), &json!(1)));
    assert_eq!(first["said"][0], "It waits until `build` has ended.");
    for (arguments, sentence) in [
        (["why", id, "deploy", "--at", "99"], "has no event 99: its events are 1 to "),
        (["why", id, "nobody", "--at", "1"], "nobody"),
    ] {
        let output = home.run(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(sentence), "{}", text(&output.stderr));
    }
}

#[test]
fn exit_codes_tell_failures_apart() {
    let home = Home::new();
    home.write("fails.loopline.yaml", FAILS);
    home.write("broken.loopline.yaml", "version: 1\nname: broken\nsteps:\n  a: {needs: bb, run: x}\n  bbb: {run: y}\n");
    let code = |arguments: &[&str]| home.run(arguments).status.code();
    assert_eq!(code(&["run", "fails.loopline.yaml"]), Some(1));
    assert_eq!(code(&["validate", "broken.loopline.yaml"]), Some(1));
    assert_eq!(code(&["run", "broken.loopline.yaml"]), Some(1));
    assert_eq!(code(&["validate", "missing.yaml"]), Some(2));
    assert_eq!(code(&["fly"]), Some(2));
    assert_eq!(code(&["show", "not-a-run"]), Some(2));
    assert_eq!(code(&["runs", "--server", "http://127.0.0.1:1"]), Some(3));
    let output = home.run(&["runs", "--server", "http://127.0.0.1:1"]);
    let error = text(&output.stderr);
    assert!(
        output.stdout.is_empty() && error.starts_with("error: cannot reach the server") && error.contains("hint:"),
        "{error}"
    );
}

#[test]
fn a_mistake_is_shown_with_its_line_and_what_to_do() {
    let home = Home::new();
    home.write(
        "broken.loopline.yaml",
        "version: 1\nname: broken\nsteps:\n  a: {needs: bild, run: x}\n  build: {run: y}\n",
    );
    let error = text(&home.run(&["validate", "broken.loopline.yaml"]).stderr);
    for part in ["broken.loopline.yaml:4:", "bild", "did you mean `build`", "error[LL"] {
        assert!(error.contains(part), "no `{part}` in\n{error}");
    }
    let found = json(&home.run(&["validate", "--format", "json", "broken.loopline.yaml"]));
    assert_eq!((&found[0]["line"], &found[0]["severity"]), (&json!(4), &json!("error")));
}

#[test]
fn files_are_formatted_and_check_only_says_which_would_be() {
    let home = Home::new();
    let careless = home.write("careless.yaml", "version:   1   # why\n");
    home.write("formatted.yaml", "version: 1\n");
    home.write("broken.yaml", "a: [\n");
    let check = home.run(&["fmt", "--check", "careless.yaml", "formatted.yaml"]);
    assert_eq!((check.status.code(), text(&check.stdout).as_str()), (Some(1), "careless.yaml\n"));
    assert!(text(&check.stderr).contains("hint:"), "{}", text(&check.stderr));
    let format = home.run(&["fmt", "broken.yaml", "careless.yaml", "formatted.yaml"]);
    assert_eq!((format.status.code(), text(&format.stdout).as_str()), (Some(1), "careless.yaml: formatted\n"));
    assert!(text(&format.stderr).contains("broken.yaml:1:"), "{}", text(&format.stderr));
    assert_eq!(std::fs::read_to_string(&careless).unwrap(), "version: 1  # why\n");
    assert_eq!(home.run(&["fmt", "--check", "careless.yaml", "formatted.yaml"]).status.code(), Some(0));
}

#[test]
fn a_text_is_formatted_from_input_to_output() {
    let home = Home::new();
    let mut fmt = home.command(&["fmt", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    fmt.stdin.take().unwrap().write_all(b"version:   1\n").unwrap();
    let output = fmt.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "version: 1\n"));
}

#[test]
fn a_key_that_cannot_run_yet_is_refused_by_name_when_the_run_starts() {
    let home = Home::new();
    home.write("later.loopline.yaml", LATER);
    assert_eq!(home.run(&["validate", "later.loopline.yaml"]).status.code(), Some(0));
    let output = home.run(&["run", "later.loopline.yaml"]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("`notify` at /notify"), "{error}");
}

#[test]
fn inputs_are_read_by_their_declared_type_and_refused_with_their_place() {
    let home = Home::new();
    home.write("n.loopline.yaml", "version: 1\nname: n\ninputs: {n: {type: integer, maximum: 9}}\nsteps:\n  a: {set: {m: inputs.n + 1}}\noutputs: {m: steps.a.outputs.m}\n");
    let view = json(&home.run(&["run", "n.loopline.yaml", "-i", "n=4", "--output", "json"]));
    assert_eq!(view["outputs"]["m"], 5);
    let output = home.run(&["run", "n.loopline.yaml", "-i", "n=four"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let output = home.run(&["run", "n.loopline.yaml", "-i", "n=10"]);
    assert!(text(&output.stderr).contains("/inputs/n"), "{}", text(&output.stderr));
    let output = home.run(&["run", "n.loopline.yaml"]);
    assert!(text(&output.stderr).contains("must be given"), "{}", text(&output.stderr));
}

#[test]
fn a_server_takes_triggers_decisions_and_cancels_from_the_command_line() {
    let home = Home::new();
    home.write("pipelines/gate.loopline.yaml", GATE);
    home.write("pipelines/hello.loopline.yaml", HELLO);
    let server = Server::start(&home);
    let with = |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--server", &server.url]);
        home.run(&all)
    };
    let waits = with(&["trigger", "hello", "-i", "who=CI", "--wait", "--output", "json"]);
    assert_eq!((waits.status.code(), &json(&waits)["status"]), (Some(0), &json!("succeeded")));
    let follows = with(&["trigger", "hello", "-i", "who=CI", "--follow"]);
    assert!(text(&follows.stdout).contains("hello CI"), "{}", text(&follows.stdout));

    let run = json(&with(&["trigger", "gate", "--output", "json", "--idempotency-key", "k1"]));
    let again = json(&with(&["trigger", "gate", "--output", "json", "--idempotency-key", "k1"]));
    assert_eq!(run["id"], again["id"]);
    let id = run["id"].as_str().unwrap();
    let decided = with(&["approve", id, "ask", "-m", "fine", "--output", "json"]);
    assert_eq!(decided.status.code(), Some(0), "{}", text(&decided.stderr));
    let late = with(&["reject", id, "ask"]);
    assert_eq!(late.status.code(), Some(1));
    assert!(text(&late.stderr).contains("does not ask for a decision"), "{}", text(&late.stderr));

    let other = json(&with(&["trigger", "gate", "--output", "json"]));
    let cancelled = json(&with(&["cancel", other["id"].as_str().unwrap(), "-m", "not now", "--output", "json"]));
    assert_eq!(cancelled["status"], "cancelled");
    let listed = json(&with(&["runs", "--output", "json", "--status", "cancelled"]));
    assert_eq!(listed.as_array().unwrap().len(), 1);
    server.stop();
}

#[test]
fn step_types_and_pipelines_around_a_file_are_known() {
    let home = Home::new();
    home.write(
        ".loopline/steps/greet.yaml",
        "inputs: {to: {type: string}}\nstep: {run: 'echo \"hello {{ inputs.to }}\"'}\n",
    );
    home.write("deep/uses.loopline.yaml", "version: 1\nname: uses\nsteps:\n  a: {use: greet, with: {to: Ada}}\n");
    home.write(
        "deep/calls.loopline.yaml",
        "version: 1\nname: calls\nsteps:\n  a: {pipeline: {name: uses, inputs: {to: Ada}}}\n",
    );
    let output = home.run(&["run", "deep/uses.loopline.yaml"]);
    assert!(text(&output.stdout).contains("hello Ada"), "{}{}", text(&output.stdout), text(&output.stderr));
    let output = home.run(&["validate", "deep/uses.loopline.yaml", ".loopline/steps/greet.yaml"]);
    assert!(text(&output.stdout).contains("greet.yaml: a step type"), "{}", text(&output.stdout));
    let error = text(&home.run(&["validate", "deep/calls.loopline.yaml"]).stderr);
    assert!(error.contains("`uses` asks for no input `to`"), "{error}");
    home.write(".loopline/steps/greet.yaml", "step: {ran: echo}\n");
    let error = text(&home.run(&["validate", ".loopline/steps/greet.yaml"]).stderr);
    assert!(error.contains("greet.yaml:1:") && error.contains("did you mean `run`"), "{error}");
    let output = home.run(&["graph", "deep/uses.loopline.yaml"]);
    assert!(text(&output.stderr).contains("the step type `greet` has an error"), "{}", text(&output.stderr));
}

#[test]
fn schedules_are_looked_at_before_they_are_due() {
    let home = Home::new();
    home.write(
        "nightly.loopline.yaml",
        "version: 1\nname: nightly\ntriggers:\n  schedule:\n    - {cron: 30 2 * * *, timezone: Europe/Berlin}\n    - {every: 90m}\nsteps: {a: {run: x}}\n",
    );
    let output = home.run(&["schedules", "nightly.loopline.yaml", "-n", "3", "--after", "2026-03-28T00:00:00Z"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // Half past two does not exist in the second night: it is due where the gap ends.
    let expected = "\
nightly.loopline.yaml: 30 2 * * * (Europe/Berlin)
  Sat 2026-03-28 02:30:00 +01:00
  Sun 2026-03-29 03:00:00 +02:00
  Mon 2026-03-30 02:30:00 +02:00
nightly.loopline.yaml: every 1h30m
  Sat 2026-03-28 01:30:00 +00:00
  Sat 2026-03-28 03:00:00 +00:00
  Sat 2026-03-28 04:30:00 +00:00
";
    assert_eq!(out, expected);
    let arguments = ["schedules", "nightly.loopline.yaml", "--after", "2026-03-28T00:00:00Z", "--output", "json"];
    assert_eq!(json(&home.run(&arguments))[0]["due"][1], "2026-03-29T01:00:00.000Z");
    let output = home.run(&["schedules", "nightly.loopline.yaml", "--after", "tomorrow"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`tomorrow` is not a time like 2026-03-29T00:00:00Z"));
}

#[test]
fn graphs_are_drawn_with_their_loops() {
    let home = Home::new();
    home.write(
        "l.loopline.yaml",
        "version: 1\nname: l\nsteps:\n  a: {run: x}\n  b: {needs: a, run: y, goto: [{to: a, on: failed, max: 3}]}\n",
    );
    let mermaid = text(&home.run(&["graph", "l.loopline.yaml"]).stdout);
    assert!(
        mermaid.contains("flowchart") && mermaid.contains("-.") && mermaid.contains("at most 3 times"),
        "{mermaid}"
    );
    let outline = json(&home.run(&["graph", "l.loopline.yaml", "--format", "json"]));
    assert_eq!(outline["steps"][1]["goto"][0]["region"], json!(["a", "b"]));
    let picture = text(&home.run(&["graph", "l.loopline.yaml", "--format", "svg"]).stdout);
    assert!(picture.starts_with("<svg ") && picture.contains("failed · max 3"), "{picture}");
}

#[test]
fn findings_come_in_the_formats_that_code_hosts_read() {
    let home = Home::new();
    home.write("a,b.loopline.yaml", "version: 1\nname: p\nsteps:\n  a: {needs: bild, run: x}\n  build: {run: y}\n");
    let output = home.run(&["validate", "--format", "github", "a,b.loopline.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    let command = text(&output.stdout);
    let expect = "::error file=a%2Cb.loopline.yaml,line=4,col=14,endColumn=18,title=LL0012::step `a` needs `bild`";
    assert!(command.starts_with(expect), "{command}");
    let sarif = json(&home.run(&["validate", "--format", "sarif", "a,b.loopline.yaml"]));
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "LL0012");
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a%2Cb.loopline.yaml");
}

#[test]
fn what_has_one_right_edit_is_mended_in_the_file() {
    let home = Home::new();
    let file = home.write(
        "p.loopline.yaml",
        "version: 1\nname: p\nsteps:\n  a: {needs: bild, run: x, timeout: 30} # kept\n  build: {run: y}\n",
    );
    let output = home.run(&["validate", "--fix", "p.loopline.yaml"]);
    let error = text(&output.stderr);
    assert!(error.contains("fixed p.loopline.yaml:4: Change to `build` [LL0012]"), "{error}");
    assert!(error.contains("error[LL0025]") && !error.contains("error[LL0012]"), "{error}");
    assert_eq!(output.status.code(), Some(1), "what is left is an error");
    let mended = std::fs::read_to_string(&file).unwrap();
    assert!(mended.contains("  a: {needs: build, run: x, timeout: 30} # kept\n"), "{mended}");
    home.write("p.loopline.yaml", &mended.replace("timeout: 30}", "timeout: 30 sec}"));
    assert_eq!(home.run(&["validate", "--fix", "p.loopline.yaml"]).status.code(), Some(0));
}

#[test]
fn a_step_type_is_mended_before_the_pipeline_that_uses_it() {
    let home = Home::new();
    let step_type = home.write(
        ".loopline/steps/pack.yaml",
        "input: {folder: {type: string}} # what to pack\nstep: {run: 'tar -cf x.tar {{ inputs.folder }}'}\n",
    );
    let pipeline = home.write("p.loopline.yaml", "version: 1\nname: p\nsteps: {a: {use: pack, with: {foldr: dist}}}\n");
    let output = home.run(&["validate", "--fix", "p.loopline.yaml", ".loopline/steps/pack.yaml"]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(error.contains("fixed .loopline/steps/pack.yaml:1: Change to `inputs`"), "{error}");
    assert!(error.contains("fixed p.loopline.yaml:3: Change to `folder`"), "{error}");
    let read = |file: &std::path::Path| std::fs::read_to_string(file).unwrap();
    assert!(read(&step_type).starts_with("inputs: {folder: {type: string}} # what to pack\n"));
    assert!(read(&pipeline).contains("with: {folder: dist}"));
}

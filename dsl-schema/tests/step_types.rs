//! Step types and other pipelines: what a file may say of them, and what the graph keeps apart.

use loopline_core::graph::{Author, Graph, Part, With};
use loopline_dsl::{Compiled, Diagnostic, Library, Severity, Uses, compile_step_type, compile_with, render_pretty};

/// A library with these step types.
fn library(types: &[(&str, &str)]) -> Library {
    let step_types = types.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Library { step_types, is_complete: true, ..Library::default() }
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<&str> {
    let said = diagnostics.iter().filter(|diagnostic| diagnostic.severity != Severity::Hint);
    said.map(|diagnostic| diagnostic.code.as_str()).collect()
}

/// Compiles a pipeline beside the step type `t`, and compares the codes of the findings, hints left out.
fn check(step_type: &str, steps: &str, expect: &[&str]) -> Compiled {
    let text = format!("version: 1\nname: p\n{steps}\n");
    let compiled = compile_with(&text, &library(&[("t", step_type)]));
    assert_eq!(codes(&compiled.diagnostics), expect, "{}", render_pretty("p", &text, &compiled.diagnostics, false));
    compiled
}

fn graph(step_type: &str, steps: &str) -> Graph {
    check(step_type, steps, &[]).graph.expect("a pipeline without findings has a graph")
}

fn with(graph: &Graph) -> &With {
    graph.steps[0].with.as_ref().expect("a step of a type")
}

const UPLOAD: &str =
    "inputs: {folder: {type: string}, tries: {type: integer, default: 2}}\nstep: {run: 'upload {{ inputs.folder }}'}\n";

#[test]
fn a_type_says_what_a_step_does_and_nothing_of_when() {
    for (key, value) in [
        ("needs", "a"),
        ("join", "any"),
        ("if", "inputs.x == 1"),
        ("goto", "[{to: step, max: 2}]"),
        ("repeat", "{until: visit > 2, max: 3}"),
        ("foreach", "{items: [1]}"),
        ("matrix", "{axes: {os: [a]}}"),
        ("allow_failure", "true"),
        ("compensate", "{run: undo}"),
        ("fetch", "[a.b]"),
        ("use", "t"),
        ("with", "{}"),
        ("pipeline", "{name: q}"),
    ] {
        let found = compile_step_type(&format!("inputs: {{x: {{type: integer}}}}\nstep: {{run: a, {key}: {value}}}\n"));
        let about =
            |code: &str| found.iter().any(|finding| finding.code.as_str() == code && finding.message.contains(key));
        assert!(about("LL0026"), "{key}: {found:?}");
    }
    for key in ["env: {A: b}", "retry: {max_attempts: 2}", "timeout: 5m", "lock: l", "artifacts: {a: b}", "name: n"] {
        assert_eq!(codes(&compile_step_type(&format!("step: {{run: a, {key}}}\n"))), [""; 0], "{key}");
    }
}

#[test]
fn a_type_sees_its_inputs_and_no_step() {
    for (text, expect) in [
        ("inputs: {x: {type: string}}\nstep: {run: 'echo {{ inputs.x }}'}\n", None),
        ("step: {run: 'echo {{ inputs.x }}'}\n", Some("LL0084")),
        ("step: {run: 'echo {{ steps.a.status }}'}\n", Some("LL0097")),
        ("step: {run: 'echo {{ previous.a.status }}'}\n", Some("LL0097")),
        ("inputs: {x: {type: strng}}\nstep: {run: a}\n", Some("LL0050")),
        ("inputs: {not-one: {type: string}}\nstep: {run: a}\n", Some("LL0033")),
        ("description: x\n", Some("LL0021")),
        ("", Some("LL0014")),
    ] {
        assert_eq!(codes(&compile_step_type(text)), Vec::from_iter(expect), "{text}");
    }
}

#[test]
fn what_is_given_fits_what_the_type_asks_for() {
    check(UPLOAD, "steps:\n  a: {use: t, with: {folder: dist}}", &[]);
    check(UPLOAD, "steps:\n  a: {use: t}", &["LL0141"]);
    check(UPLOAD, "steps:\n  a: {use: t, with: {folder: dist, tries: many}}", &["LL0142"]);
    check(UPLOAD, "steps:\n  a: {use: t, with: {folder: dist, folders: 1}}", &["LL0140"]);
    check(UPLOAD, "steps:\n  a: {use: u, with: {folder: dist}}", &["LL0143"]);
    check("step: {run: a, ran: b}\n", "steps:\n  a: {use: t}", &["LL0144"]);
    check("[]", "steps:\n  a: {use: t}", &["LL0144"]);
}

#[test]
fn with_reads_what_the_pipeline_sees_but_for_env() {
    let steps = |value: &str| {
        format!(
            "inputs: {{i: {{type: string}}}}\nenv: {{E: '{{{{ inputs.i }}}}'}}\nsteps:\n  a: {{use: t, with: {{folder: '{{{{ {value} }}}}'}}}}"
        )
    };
    check(UPLOAD, &steps("inputs.i"), &[]);
    check(UPLOAD, &steps("run.id"), &[]);
    check(UPLOAD, &steps("env.E"), &["LL0097"]);
    check(UPLOAD, &steps("inputs.folder"), &["LL0084"]);
    check(UPLOAD, &format!("secrets: [S]\n{}", steps("secrets.S")), &["LL0092"]);
}

#[test]
fn a_type_reads_only_secrets_that_the_pipeline_names() {
    let reads = "step: {run: a, env: {T: '{{ secrets.TOKEN }}'}}\n";
    check(reads, "steps:\n  a: {use: t}", &["LL0093"]);
    let named = check(reads, "secrets: [TOKEN]\nsteps:\n  a: {use: t}", &[]);
    assert!(named.diagnostics.is_empty(), "it is read: {:?}", named.diagnostics);
    // Which others the pipeline names is still looked at.
    let unread = check(reads, "secrets: [TOKEN, OTHER]\nsteps:\n  a: {use: t}", &[]);
    assert_eq!(unread.diagnostics.len(), 1, "{:?}", unread.diagnostics);
}

#[test]
fn beside_use_makes_sense_what_does_beside_the_work_of_the_type() {
    let (run, set) = ("step: {run: a}\n", "step: {set: {x: '1'}}\n");
    check(run, "steps:\n  a: {use: t, artifacts: {a: b}, env: {A: b}}", &[]);
    check(set, "steps:\n  a: {use: t, artifacts: {a: b}}", &["LL0026"]);
    check(set, "steps:\n  a: {use: t, retry: {max_attempts: 2}}", &["LL0026"]);
    check(run, "steps:\n  a: {use: t, shell: bash}", &["LL0026"]);
    check(run, "steps:\n  a: {run: a, with: {}}", &["LL0026"]);
}

#[test]
fn what_a_type_says_counts_for_the_step() {
    let reads =
        |output: &str| format!("steps:\n  a: {{use: t}}\n  b: {{needs: a, set: {{y: steps.a.outputs.{output}}}}}");
    check("step: {set: {x: '1'}}\n", &reads("x"), &[]);
    check("step: {set: {x: '1'}}\n", &reads("z"), &["LL0088"]);
    let gate =
        |timeout: &str| format!("step: {{approval: {{message: m, fields: {{f: {{type: string}}}}{timeout}}}}}\n");
    check(&gate(", timeout: 1h"), &reads("fields.f"), &[]);
    check(&gate(", timeout: 1h"), &reads("fields.g"), &["LL0088"]);
    check(&gate(""), "steps:\n  a: {use: t}", &["LL0048"]);
    check(&gate(""), "steps:\n  a: {use: t, timeout: 1h}", &[]);
    // A loop without bound needs a wait, and the type may be one.
    let looping = "steps:\n  a: {use: t}\n  b: {needs: a, run: b, goto: [{to: a, max: unlimited}]}";
    check("step: {sleep: 2s}\n", looping, &[]);
    check("step: {sleep: 2ms}\n", looping, &["LL0072"]);
}

#[test]
fn what_is_expanded_is_bounded_in_all() {
    let many = |step: &str| -> String {
        let steps = (0..5_000).map(|at| format!("  s{at}: {{{step}}}\n"));
        format!("steps:\n{}", steps.collect::<String>())
    };
    check(&format!("step: {{run: '{}'}}\n", "x".repeat(2_000)), &many("use: t"), &["LL0004"]);
    check(
        &format!("step: {{run: a, env: {{{}}}}}\n", (0..40).map(|at| format!("E{at}: a, ")).collect::<String>()),
        &many("use: t"),
        &["LL0004"],
    );
    // Types that cannot be read cost reading.
    check(&format!("- {}\n", "x".repeat(900_000)), &many("use: t"), &["LL0004"]);
    check("step: {run: a}\n", &many("use: t"), &[]);
    // A schema that is dear to make is made once.
    let dear = "inputs: {x: {type: string, pattern: '(a{90}){90}'}}\nstep: {run: 'echo {{ inputs.x }}'}\n";
    let found =
        compile_with(&format!("version: 1\nname: p\n{}\n", many("use: t, with: {x: b}")), &library(&[("t", dear)]));
    assert_eq!(found.diagnostics.iter().filter(|it| it.code.as_str() == "LL0142").count(), 1_000);
}

#[test]
fn the_graph_keeps_apart_what_the_type_wrote() {
    let step_type = "inputs: {x: {type: string, default: d}}\noutputs: {o: inputs.x, p: inputs.x}\nstep: {run: a, env: {A: '{{ inputs.x }}', B: b}, lock: 'l-{{ inputs.x }}', cache: {key: k, paths: [c]}}\n";
    let graph = graph(
        step_type,
        "env: {A: common, C: common}\nsteps:\n  a: {use: t, env: {B: mine}, outputs: {p: stdout}, lock: mine, if: 'run.number > 1'}",
    );
    let step = &graph.steps[0];
    let env: Vec<_> =
        step.env.iter().map(|(name, value)| (name.as_str(), value.source(), step.author(Part::Env(name)))).collect();
    let (pipeline, of_type) = (Author::Pipeline, Author::StepType);
    assert_eq!(env, [("A", "{{ inputs.x }}", of_type), ("B", "mine", pipeline), ("C", "common", pipeline)]);
    for (part, author) in [
        (Part::Work, of_type),
        (Part::If, pipeline),
        (Part::With, pipeline),
        (Part::Goto, pipeline),
        (Part::Lock, pipeline),
        (Part::Cache, of_type),
        (Part::Output("o"), of_type),
        (Part::Output("p"), pipeline),
    ] {
        assert_eq!(step.author(part), author, "{part:?}");
    }
    assert_eq!(with(&graph).inputs["x"].default, "d");
    assert_eq!(loopline_dsl::outline(&graph).steps[0].summary, "t");
}

#[test]
fn a_change_of_the_type_changes_the_digest_and_a_comment_does_not() {
    let digest = |step_type: &str| graph(step_type, "steps:\n  a: {use: t, with: {folder: dist}}").digest();
    let one = digest(UPLOAD);
    assert_eq!(one, digest(&format!("# what it does\n{UPLOAD}")));
    for (from, to) in [("upload {{", "send {{"), ("default: 2", "default: 3"), ("step: {", "step: {timeout: 1m, ")] {
        assert_ne!(one, digest(&UPLOAD.replace(from, to)), "{to}");
    }
    // A graph with a type in it is read back as it was.
    let graph = graph(UPLOAD, "steps:\n  a: {use: t, with: {folder: dist}}");
    let stored: Graph = serde_json::from_value(serde_json::to_value(&graph).expect("JSON")).expect("a graph");
    assert_eq!(stored.digest(), graph.digest());
}

#[test]
fn a_pipeline_may_run_itself_and_knows_what_it_asks_for() {
    let text = |given: &str| {
        format!(
            "version: 1\nname: p\ninputs: {{n: {{type: integer}}}}\nsteps:\n  a: {{set: {{m: inputs.n - 1}}}}\n  b: {{needs: a, if: steps.a.outputs.m > 0, pipeline: {{name: p, inputs: {{{given}}}}}}}\n"
        )
    };
    // Under its own name the library holds what was stored before: with another input.
    let before = "version: 1\nname: p\ninputs: {old: {type: string}}\nsteps: {a: {run: 'echo {{ inputs.old }}'}}\n";
    let before = loopline_dsl::compile(before).contract.expect("a pipeline");
    let library = Library { pipelines: [("p".to_owned(), before)].into(), is_complete: true, ..Library::default() };
    for library in [Library::default(), library] {
        let found = |given: &str| codes(&compile_with(&text(given), &library).diagnostics).join(" ");
        assert_eq!(found("n: '{{ steps.a.outputs.m }}'"), "");
        assert_eq!(found("old: x"), "LL0141 LL0140");
    }
}

/// A library with these pipelines.
fn pipelines(texts: &[&str]) -> Library {
    let compiled = texts.iter().map(|text| loopline_dsl::compile(text));
    let named = compiled.map(|compiled| {
        let shown = format!("{:?}", compiled.diagnostics);
        (compiled.graph.expect(&shown).name, compiled.contract.expect("a pipeline"))
    });
    Library { pipelines: named.collect(), is_complete: true, ..Library::default() }
}

#[test]
fn what_a_child_gives_back_is_known() {
    let child = "version: 1\nname: child\nsteps:\n  a:\n    run: x\n    outputs: {count: {type: integer}, kind: {enum: [fast, slow]}}\noutputs: {count: steps.a.outputs.count, kind: steps.a.outputs.kind, twice: steps.a.outputs.count * 2, any: steps.a.outputs}\n";
    let library = pipelines(&[child]);
    let found = |behind: &str| {
        let text = format!("version: 1\nname: p\nsteps:\n  c: {{pipeline: {{name: child}}}}\n  b: {{{behind}}}\n");
        let diagnostics = compile_with(&text, &library).diagnostics;
        let said = diagnostics.iter().filter(|diagnostic| diagnostic.severity != Severity::Hint);
        let help = |found: &Diagnostic| found.help.clone().unwrap_or_default();
        said.map(|found| format!("{} {}", found.code.as_str(), help(found))).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(found("needs: c, if: steps.c.outputs.count > 3, run: x"), "");
    assert_eq!(found("needs: c, if: steps.c.outputs.any.count > 3, run: x"), "");
    assert_eq!(found("needs: c, set: {v: steps.c.outputs.cuont}"), "LL0088 did you mean `count`?");
    assert_eq!(found("needs: c, set: {v: steps.c.outputs.other}"), "LL0088 it has `any`, `count`, `kind` and `twice`");
    // Types go from file to file.
    assert!(found("needs: c, set: {v: 'steps.c.outputs.count + \"x\"'}").starts_with("LL0120 "));
    assert!(found("needs: c, set: {v: steps.c.outputs.twice.size()}").starts_with("LL0120 "));
    assert!(found("needs: c, if: 'steps.c.outputs.kind == \"fats\"', run: x").starts_with("LL0122 "));
    // A child that failed has given nothing back.
    assert!(found("needs: {c: completed}, set: {v: steps.c.outputs.count}").starts_with("LL0087 "));
    // With items it is they who have the outputs.
    let many = found(
        "foreach: {items: [1]}, pipeline: {name: child}, goto: [{to: b, on: succeeded, if: steps.b.outputs.count > 1, max: 1}]",
    );
    assert!(many.starts_with("LL0088 "), "{many}");
}

#[test]
fn what_a_pipeline_gives_back_is_known_to_itself() {
    let text = |output: &str| {
        format!(
            "version: 1\nname: p\nsteps:\n  a: {{run: x, outputs: {{n: {{type: integer}}}}}}\n  b: {{needs: a, if: steps.a.outputs.n > 0, pipeline: {{name: p}}}}\n  c: {{needs: {{b: succeeded}}, set: {{m: steps.b.outputs.{output}}}}}\noutputs: {{n: steps.a.outputs.n}}\n"
        )
    };
    for library in
        [Library::default(), pipelines(&["version: 1\nname: p\nsteps: {a: {run: x}}\noutputs: {old: run.id}\n"])]
    {
        let found = |output: &str| codes(&compile_with(&text(output), &library).diagnostics).join(" ");
        assert_eq!(found("n"), "");
        assert_eq!(found("old"), "LL0088");
    }
}

#[test]
fn pipelines_may_run_each_other() {
    let one = |name: &str, other: &str| {
        format!(
            "version: 1\nname: {name}\nsteps:\n  a: {{run: x, outputs: {{go: {{type: boolean}}}}}}\n  b: {{needs: a, if: steps.a.outputs.go, pipeline: {{name: {other}}}}}\noutputs: {{go: steps.a.outputs.go}}\n"
        )
    };
    let (tick, tock) = (one("tick", "tock"), one("tock", "tick"));
    let library = pipelines(&[&tick, &tock]);
    for text in [tick, tock] {
        let found = codes(&compile_with(&text, &library).diagnostics).join(" ");
        assert_eq!(found, "", "{text}");
    }
}

#[test]
fn a_trigger_by_a_pipeline_names_one_that_is_there_and_another() {
    let library = pipelines(&["version: 1\nname: build\nsteps: {a: {run: x}}\n"]);
    let found = |name: &str, library: &Library| {
        let text =
            format!("version: 1\nname: p\ntriggers: {{pipeline: [{{name: {name}}}]}}\nsteps: {{a: {{run: x}}}}\n");
        let compiled = compile_with(&text, library);
        assert!(compiled.graph.is_some() || name == "Build", "a warning");
        let help = compiled.diagnostics.first().and_then(|found| found.help.clone()).unwrap_or_default();
        format!("{} {help}", codes(&compiled.diagnostics).join(" "))
    };
    for known in ["build", "default/build", "other/anything"] {
        assert_eq!(found(known, &library), " ", "{known}");
    }
    assert_eq!(found("biuld", &library), "LL0160 did you mean `build`?");
    assert!(found("p", &library).starts_with("LL0161 "));
    assert!(found("default/p", &Library::default()).starts_with("LL0161 "));
    assert!(found("Build", &library).starts_with("LL0030 "), "one finding is enough");
    // Where there may be more pipelines than were read, nobody knows.
    assert_eq!(found("biuld", &Library { is_complete: false, ..library }), " ");
}

#[test]
fn a_file_says_what_it_names_besides_itself() {
    let uses = |steps: &str| compile_with(&format!("version: 1\nname: p\nsteps:\n{steps}"), &Library::default()).uses;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let expect =
        |step_types: &[&str], pipelines: &[&str]| Uses { step_types: names(step_types), pipelines: names(pipelines) };
    assert_eq!(uses("  a: {run: a}\n"), Uses::default());
    assert_eq!(uses("  a: {use: t}\n  b: {use: u}\n"), expect(&["t", "u"], &[]));
    assert_eq!(uses("  a: {pipeline: {name: q}}\n  b: {pipeline: {name: default/r}}\n"), expect(&[], &["q", "r"]));
    assert_eq!(uses("  a: {pipeline: {name: p}}\n  b: {pipeline: {name: other/q}}\n"), Uses::default());
    assert_eq!(
        uses("  a: {run: x}\ntriggers: {pipeline: [{name: q}, {name: p}, {name: other/q}]}\n"),
        expect(&[], &["q"])
    );
    assert_eq!(uses("  a: {pipeline: {steps: {b: {use: t}}}}\nfinally:\n  c: {use: u}\n"), expect(&["t", "u"], &[]));
}

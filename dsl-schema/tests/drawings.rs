//! What people and pages see of a graph.
//!
//! `tests/drawings/NAME.svg` is the picture of the pipeline with that name; `LOOPLINE_BLESS=1` writes them anew.
#![allow(clippy::disallowed_methods, reason = "the tests read data files; the compiler does not")]

use std::path::{Path, PathBuf};

use loopline_core::graph::Graph;
use loopline_dsl::{compile, drawing, outline, render_pretty};
use proptest::prelude::*;
use serde_json::json;

fn graph_of(text: &str) -> Graph {
    let compiled = compile(text);
    let shown = || render_pretty("pipeline", text, &compiled.diagnostics, false);
    compiled.graph.as_ref().map(|_| ()).unwrap_or_else(|| panic!("{}", shown()));
    compiled.graph.expect("a graph")
}

fn graph() -> Graph {
    graph_of(
        "version: 1\nname: p\nsteps:\n  build: {name: 'Build \"it\"', run: \"# first\\nmake <all>\\n\"}\n  end: {needs: {build: completed}, approval: {message: Go?, timeout: 1h}, goto: [{to: build, on: rejected, max: 1, delay: 90s}]}\n",
    )
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn mermaid_is_escaped_and_draws_loops_dashed() {
    let expect = r##"flowchart TD
  s_build["Build #34;it#34;<br/>run: make #60;all#62;"]
  s_end{{"end<br/>approval: Go?"}}
  s_build -->|completed| s_end
  s_end -.->|"on rejected, once, after 1m30s"| s_build
"##;
    assert_eq!(drawing::mermaid(&graph()), expect);
}

#[test]
fn dot_is_escaped_and_draws_loops_dashed() {
    let expect = r#"digraph "p" {
  rankdir=TB;
  node [shape=box, style=rounded, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  "build" [label="Build \"it\"\nrun: make <all>"];
  "end" [label="end\napproval: Go?", shape=hexagon, style=""];
  "build" -> "end" [label="completed"];
  "end" -> "build" [style=dashed, constraint=false, label="on rejected, once, after 1m30s"];
}
"#;
    assert_eq!(drawing::dot(&graph()), expect);
}

/// What Mermaid and Graphviz make of the name of a step.
#[test]
fn names_mean_nothing_to_the_tools_that_draw() {
    for (name, mermaid, dot) in [
        ("1. one", "1#46; one", "1. one"),
        ("- one", "#45; one", "- one"),
        ("a_b _c_", "a_b #95;c#95;", "a_b _c_"),
        ("$$x$$ ~y~", "#36;#36;x#36;#36; #126;y#126;", "$$x$$ ~y~"),
        ("a &lt; b", "a #38;lt#59; b", "a &amp;lt; b"),
        (r"\N \n", r"#92;N #92;n", r"\\N \\n"),
    ] {
        let graph = graph_of(&format!("version: 1\nname: p\nsteps: {{a: {{name: {}, run: b}}}}\n", json!(name)));
        assert!(drawing::mermaid(&graph).contains(&format!("\"{mermaid}<br/>")), "{}", drawing::mermaid(&graph));
        assert!(drawing::dot(&graph).contains(&format!("[label=\"{dot}\\nrun: b\"]")), "{}", drawing::dot(&graph));
    }
}

#[test]
fn everything_that_decides_is_drawn() {
    let graph = graph_of(&read("tests/drawings/everything.loopline.yaml"));
    for (drawing, words) in [
        (
            drawing::mermaid(&graph),
            ["if inputs.deploy", "may fail", "<br/>any of 2<br/>", "2 of 3", "then goes on", "|catch|"],
        ),
        (
            drawing::dot(&graph),
            ["if inputs.deploy", "may fail", "\\nany of 2\\n", "2 of 3", "then goes on", "\"catch\""],
        ),
        (drawing::svg(&graph), ["if inputs.deploy", ">may fail<", ">any of 2<", ">2 of 3<", "then goes on", ">catch<"]),
    ] {
        for word in words {
            assert!(drawing.contains(word), "{word} in {drawing}");
        }
        let loops = drawing.matches("-.->").count()
            + drawing.matches("style=dashed").count()
            + drawing.matches("ll-pill\"").count();
        assert_eq!(loops, 5, "{drawing}");
        // Behind an approval `succeeded` is what is meant when nothing is said: only that of `image` is written.
        let marks = ["|succeeded|", "\"succeeded\"", ">succeeded<"];
        assert_eq!(marks.iter().map(|mark| drawing.matches(mark).count()).sum::<usize>(), 1, "{drawing}");
    }
}

/// A pipeline in place that runs many times, what undoes a step, and what comes at the end.
fn nested() -> Graph {
    graph_of(
        "version: 1\nname: p\nsteps:\n  a: {run: x, compensate: {run: y, until: b, on: [failed, cancelled]}}\n  b:\n    needs: a\n    foreach: {items: [1, two], as: each, max_parallel: 2}\n    pipeline: {steps: {a: {run: z}, c: {needs: {a: always}, sleep: 5s}}}\n  d: {needs: b, matrix: {axes: {os: [linux], rust: [stable]}}, pipeline: {name: notify}}\nfinally:\n  e: {run: v}\n",
    )
}

#[test]
fn mermaid_draws_steps_inside_of_steps_and_what_comes_at_the_end() {
    let expect = r#"flowchart TD
  subgraph STEPS["p"]
    s_a["a<br/>run: x<br/>undone by run: y, until b, after a cancel too"]
    subgraph s_b["b<br/>pipeline: 2 steps<br/>for each each of 1, two · 2 at a time"]
      s_b_S_a["a<br/>run: z"]
      s_b_S_c(["c<br/>sleep: 5s"])
      s_b_S_a -->|always| s_b_S_c
    end
    s_d[["d<br/>pipeline: notify<br/>matrix: os × rust"]]
    s_a --> s_b
    s_b --> s_d
  end
  subgraph FINALLY["finally<br/>when the steps have ended, however they ended"]
    f_e["e<br/>run: v"]
  end
  STEPS ==> FINALLY
"#;
    assert_eq!(drawing::mermaid(&nested()), expect);
}

#[test]
fn dot_draws_steps_inside_of_steps_and_what_comes_at_the_end() {
    let expect = r#"digraph "p" {
  rankdir=TB;
  compound=true;
  node [shape=box, style=rounded, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  "a" [label="a\nrun: x\nundone by run: y, until b, after a cancel too"];
  subgraph "cluster_b" {
    label="b\npipeline: 2 steps\nfor each each of 1, two · 2 at a time"; style=rounded; fontname="sans-serif";
    peripheries=2;
    "b/a" [label="a\nrun: z"];
    "b/c" [label="c\nsleep: 5s", shape=ellipse, style=""];
    "b/a" -> "b/c" [label="always"];
  }
  "d" [label="d\npipeline: notify\nmatrix: os × rust", shape=component, style="", peripheries=2];
  "a" -> "b/a" [lhead="cluster_b"];
  "b/c" -> "d" [ltail="cluster_b"];
  subgraph "cluster_FINALLY" {
    label="finally\nwhen the steps have ended, however they ended"; style=rounded; fontname="sans-serif";
    "FINALLY/e" [label="e\nrun: v"];
  }
  "d" -> "FINALLY/e" [lhead="cluster_FINALLY", style=invis];
}
"#;
    assert_eq!(drawing::dot(&nested()), expect);
}

#[test]
fn a_picture_draws_steps_inside_of_steps_and_what_comes_at_the_end() {
    let picture = drawing::svg(&nested());
    for (what, times) in [
        // A frame for the pipeline in place, one for what comes at the end; the sheets of two steps that run many times.
        ("rect class=\"ll-frame", 2),
        ("rect class=\"ll-sheet\"", 4),
        (">undo<", 1),
        (">child run<", 1),
        (">notify<", 1),
        (">for each each of 1, two · 2 at a time<", 1),
        (">matrix: os × rust<", 1),
        (">finally<", 1),
        ("A pipeline with 3 steps, with 2 more inside of them, and no loops. 1 step in finally.", 1),
    ] {
        assert_eq!(picture.matches(what).count(), times, "{what} in {picture}");
    }
}

#[test]
fn the_outline_has_steps_inside_of_steps_and_what_comes_at_the_end() {
    let view = serde_json::to_value(outline(&nested())).expect("JSON");
    assert_eq!(view["steps"][0]["compensate"], json!({"kind": "run", "summary": "y", "until": "b"}));
    assert_eq!(
        view["steps"][1]["many"],
        json!({"summary": "for each each of 1, two · 2 at a time", "as": "each", "axes": [], "max_parallel": 2})
    );
    assert_eq!(view["steps"][1]["child"]["kind"], "in_place");
    assert_eq!(view["steps"][1]["child"]["steps"][1]["needs"], json!([{"step": "a", "on": "always"}]));
    assert_eq!(view["steps"][2]["child"], json!({"kind": "named", "name": "notify"}));
    assert_eq!(view["steps"][2]["many"]["axes"], json!(["os", "rust"]));
    assert_eq!(view["finally"][0]["id"], "e");
}

fn read(path: &str) -> String {
    std::fs::read_to_string(here(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn pictures_are_what_they_were() {
    let examples =
        ["fan-out", "qualify-crate", "rollback"].map(|name| format!("../examples/pipelines/{name}.loopline.yaml"));
    let mut wrong = Vec::new();
    let own = ["everything", "inside"].map(|name| format!("tests/drawings/{name}.loopline.yaml"));
    for path in examples.into_iter().chain(own) {
        let graph = graph_of(&read(&path));
        let picture = drawing::svg(&graph);
        let file = here(&format!("tests/drawings/{}.svg", graph.name));
        if std::env::var_os("LOOPLINE_BLESS").is_some() {
            std::fs::write(&file, &picture).expect("a file");
        }
        if std::fs::read_to_string(&file).unwrap_or_default() != picture {
            wrong.push(graph.name);
        }
    }
    assert!(wrong.is_empty(), "other pictures than before: {wrong:?}; LOOPLINE_BLESS=1 writes them anew");
}

#[test]
fn a_picture_says_what_it_is_to_those_who_do_not_see_it() {
    let picture = drawing::svg(&graph());
    let document = roxmltree::Document::parse(&picture).expect("XML");
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let text = |id: &str| {
        let found = root.children().find(|child| child.attribute("id") == Some(id));
        found.and_then(|child| child.text()).unwrap_or_default().to_owned()
    };
    let labels = root.attribute("aria-labelledby").unwrap_or_default().split(' ').map(text).collect::<Vec<_>>();
    assert_eq!(labels, ["p", "A pipeline with 2 steps and 1 loop."]);
}

#[test]
fn a_picture_asks_for_nothing_from_outside() {
    let picture = drawing::svg(&graph_of(&read("tests/drawings/everything.loopline.yaml")));
    let document = roxmltree::Document::parse(&picture).expect("XML");
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(!["script", "image", "a", "foreignObject"].contains(&node.tag_name().name()), "{node:?}");
        assert!(node.attribute("href").is_none_or(|to| to.starts_with('#')), "{node:?}");
        assert!(node.attributes().all(|attribute| !attribute.name().starts_with("on")), "{node:?}");
    }
    assert!(!picture.contains("url(") && !picture.contains("@import"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_step_is_called_the_picture_is_xml(name in "\\PC{0,60}", script in "[ -~\n<>&\"']{1,80}") {
        let text = format!("version: 1\nname: p\nsteps: {{a: {{name: {}, template: false, run: {}}}}}\n", json!(name), json!(script));
        if let Some(graph) = compile(&text).graph {
            let picture = drawing::svg(&graph);
            let document = roxmltree::Document::parse(&picture);
            prop_assert!(document.is_ok(), "{document:?}: {picture}");
        }
    }
}

#[test]
fn the_outline_has_the_shape_that_the_interface_promises() {
    let view = serde_json::to_value(outline(&graph())).expect("JSON");
    assert_eq!(
        view["steps"][1],
        json!({
            "id": "end", "kind": "approval", "name": null, "description": null, "summary": "Go?",
            "needs": [{"step": "build", "on": "completed"}], "join": {"kind": "all"}, "if": null,
            "goto": [{"to": "build", "on": "rejected", "if": null, "max": 1, "delay_ms": 90_000, "region": ["build", "end"]}],
            "retry_max_attempts": 1, "timeout_ms": 3_600_000, "allow_failure": false, "approvers": [], "quorum": 1,
            "many": null, "child": null, "compensate": null,
        })
    );
}

//! What people and pages see of a graph.

use loopline_core::graph::Graph;
use loopline_dsl::{compile, drawing, outline};
use serde_json::json;

fn graph() -> Graph {
    let text = "version: 1\nname: p\nsteps:\n  build: {name: 'Build \"it\"', run: \"# first\\nmake <all>\\n\"}\n  end: {needs: {build: completed}, approval: {message: Go?, timeout: 1h}, goto: [{to: build, on: rejected, max: 1, delay: 90s}]}\n";
    compile(text).graph.expect("a graph")
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
        })
    );
}

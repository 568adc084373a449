//! Graphviz.

use std::fmt::Write as _;

use loopline_core::graph::{Action, Graph};

use super::labels;

/// The graph in the language of Graphviz.
pub fn dot(graph: &Graph) -> String {
    let mut out = format!("digraph {} {{\n", quote(&graph.name));
    out.push_str("  rankdir=TB;\n");
    out.push_str("  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    out.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for step in &graph.steps {
        let shape = match (&step.action, step.action.kind()) {
            (Action::Approval(_), _) => ", shape=hexagon, style=\"\"",
            (Action::Sleep(_), _) | (_, "wait") => ", shape=ellipse, style=\"\"",
            (Action::Set(_), _) => ", shape=parallelogram, style=\"\"",
            (_, "pipeline") => ", peripheries=2",
            _ => "",
        };
        let _ =
            writeln!(out, "  {} [label={}{shape}];", quote(step.id.as_str()), quote(&labels::step(step).join("\n")));
    }
    for step in &graph.steps {
        for need in &step.needs {
            let from = quote(graph.step(need.step).id.as_str());
            let label = labels::need(graph, need).map(|label| format!(" [label={}]", quote(label))).unwrap_or_default();
            let _ = writeln!(out, "  {from} -> {}{label};", quote(step.id.as_str()));
        }
    }
    for step in &graph.steps {
        for goto in &step.goto {
            let to = quote(graph.step(goto.to).id.as_str());
            let label = quote(&labels::goto(goto));
            // A loop edge must not pull its target below its source.
            let _ =
                writeln!(out, "  {} -> {to} [style=dashed, constraint=false, label={label}];", quote(step.id.as_str()));
        }
    }
    out.push_str("}\n");
    out
}

/// Text in quotes. Graphviz reads escapes there, and entities of HTML.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

//! Graphviz.

use std::fmt::Write as _;

use loopline_core::graph::{Action, Graph, Step};
use loopline_core::id::StepIx;

use super::labels;

/// The graph in the language of Graphviz.
pub fn dot(graph: &Graph) -> String {
    let mut out = format!("digraph {} {{\n", quote(&graph.name));
    out.push_str("  rankdir=TB;\n");
    if graph.finally.is_some() || graph.steps.iter().any(|step| labels::inside(step).is_some()) {
        // Edges may end at clusters.
        out.push_str("  compound=true;\n");
    }
    out.push_str("  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    out.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    steps(graph, "", 1, &mut out);
    if let Some(finally) = &graph.finally {
        // No step has a name in upper case.
        cluster("FINALLY", &format!("{}\n{}", labels::FINALLY, labels::AT_THE_END), 1, &mut out);
        steps(finally, "FINALLY/", 2, &mut out);
        out.push_str("  }\n");
        // Every step that nothing waits for, so that what comes at the end is drawn beneath all of them.
        let begins = first(finally, "FINALLY/");
        for last in graph.indices().filter(|at| !is_needed(graph, *at)) {
            let (from, tail) = tail(graph.step(last), "");
            let tail = tail.map(|tail| format!("ltail={tail}, ")).unwrap_or_default();
            let _ = writeln!(out, "  {from} -> {begins} [{tail}lhead=\"cluster_FINALLY\", style=invis];");
        }
    }
    out.push_str("}\n");
    out
}

/// The steps of a graph, and the edges between them. `path` stands before their ids.
fn steps(graph: &Graph, path: &str, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for step in &graph.steps {
        let label = labels::step(graph, step).join("\n");
        if let Some(inside) = labels::inside(step) {
            let own = format!("{path}{}", step.id);
            cluster(&own, &label, depth, out);
            if step.many.is_some() {
                let _ = writeln!(out, "{indent}  peripheries=2;");
            }
            steps(inside, &format!("{own}/"), depth + 1, out);
            let _ = writeln!(out, "{indent}}}");
            continue;
        }
        let shape = match (&step.action, step.action.kind()) {
            (Action::Approval(_), _) => ", shape=hexagon, style=\"\"",
            (Action::Sleep(_), _) | (_, "wait") => ", shape=ellipse, style=\"\"",
            (Action::Set(_), _) => ", shape=parallelogram, style=\"\"",
            (_, "pipeline") => ", shape=component, style=\"\"",
            _ => "",
        };
        let many = if step.many.is_some() { ", peripheries=2" } else { "" };
        let _ = writeln!(out, "{indent}{} [label={}{shape}{many}];", node(path, step), quote(&label));
    }
    for step in &graph.steps {
        for need in &step.needs {
            let label = labels::need(graph, need).map(|label| format!("label={}", quote(label)));
            edge((graph.step(need.step), step), path, label.into_iter().collect(), depth, out);
        }
    }
    for step in &graph.steps {
        for goto in &step.goto {
            // A loop edge must not pull its target below its source.
            let label = format!("label={}", quote(&labels::goto(goto)));
            let attributes = vec!["style=dashed".to_owned(), "constraint=false".to_owned(), label];
            edge((step, graph.step(goto.to)), path, attributes, depth, out);
        }
    }
}

/// Opens a group of steps.
fn cluster(name: &str, label: &str, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let _ = writeln!(out, "{indent}subgraph {} {{", quote(&format!("cluster_{name}")));
    let _ = writeln!(out, "{indent}  label={}; style=rounded; fontname=\"sans-serif\";", quote(label));
}

/// An edge. Graphviz joins nodes alone: one that ends at a cluster leads to a step in it, and is cut where it meets it.
fn edge((from, to): (&Step, &Step), path: &str, mut attributes: Vec<String>, depth: usize, out: &mut String) {
    let (tail_node, ltail) = tail(from, path);
    let (head_node, lhead) = head(to, path);
    attributes.extend(ltail.map(|cluster| format!("ltail={cluster}")));
    attributes.extend(lhead.map(|cluster| format!("lhead={cluster}")));
    let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
    let _ = writeln!(out, "{}{tail_node} -> {head_node}{attributes};", "  ".repeat(depth));
}

fn node(path: &str, step: &Step) -> String {
    quote(&format!("{path}{}", step.id))
}

/// Where an edge out of a step begins, and the cluster that it is cut at.
fn tail(step: &Step, path: &str) -> (String, Option<String>) {
    let Some(inside) = labels::inside(step) else { return (node(path, step), None) };
    let own = format!("{path}{}", step.id);
    let last = inside.indices().filter(|at| !is_needed(inside, *at)).last();
    let last = last.map_or_else(|| node(path, step), |last| tail(inside.step(last), &format!("{own}/")).0);
    (last, Some(quote(&format!("cluster_{own}"))))
}

/// Where an edge into a step ends, and the cluster that it is cut at.
fn head(step: &Step, path: &str) -> (String, Option<String>) {
    let Some(inside) = labels::inside(step) else { return (node(path, step), None) };
    let own = format!("{path}{}", step.id);
    (first(inside, &format!("{own}/")), Some(quote(&format!("cluster_{own}"))))
}

/// A step that nothing stands before.
fn first(graph: &Graph, path: &str) -> String {
    let first = graph.steps.iter().find(|step| step.needs.is_empty());
    first.map_or_else(String::new, |step| head(step, path).0)
}

fn is_needed(graph: &Graph, at: StepIx) -> bool {
    graph.steps.iter().any(|step| step.needs.iter().any(|need| need.step == at))
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

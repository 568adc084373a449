//! Mermaid flow charts, as GitHub and GitLab show them.

use std::fmt::Write as _;

use loopline_core::graph::{Action, Graph, Step};

use super::labels;

/// The graph as a Mermaid flow chart.
pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart TD\n");
    let Some(finally) = &graph.finally else {
        steps(graph, "s_", 1, &mut out);
        return out;
    };
    // An edge between the two groups puts the second beneath the first.
    let _ = writeln!(out, "  subgraph STEPS[\"{}\"]", escape(&graph.name));
    steps(graph, "s_", 2, &mut out);
    out.push_str("  end\n");
    let _ = writeln!(out, "  subgraph FINALLY[\"{}<br/>{}\"]", labels::FINALLY, labels::AT_THE_END);
    steps(finally, "f_", 2, &mut out);
    out.push_str("  end\n  STEPS ==> FINALLY\n");
    out
}

/// The steps of a graph, and the edges between them. `path` stands before their ids.
fn steps(graph: &Graph, path: &str, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    // A letter stands before an id: `end` and others are words of Mermaid.
    let node = |step: &Step| format!("{path}{}", step.id);
    for step in &graph.steps {
        let lines: Vec<_> = labels::step(graph, step).iter().map(|line| escape(line)).collect();
        let text = lines.join("<br/>");
        if let Some(inside) = labels::inside(step) {
            let _ = writeln!(out, "{indent}subgraph {}[\"{text}\"]", node(step));
            // Ids have no upper case, so that no other step can have such a name.
            steps(inside, &format!("{}_S_", node(step)), depth + 1, out);
            let _ = writeln!(out, "{indent}end");
            continue;
        }
        let (open, close) = match (&step.action, step.action.kind()) {
            (Action::Approval(_), _) => ("{{", "}}"),
            (Action::Sleep(_), _) | (_, "wait") => ("([", "])"),
            (Action::Set(_), _) => ("[/", "/]"),
            (_, "pipeline") => ("[[", "]]"),
            _ => ("[", "]"),
        };
        let _ = writeln!(out, "{indent}{}{open}\"{text}\"{close}", node(step));
    }
    for step in &graph.steps {
        for need in &step.needs {
            let from = node(graph.step(need.step));
            let label = labels::need(graph, need).map(|label| format!("|{label}|")).unwrap_or_default();
            let _ = writeln!(out, "{indent}{from} -->{label} {}", node(step));
        }
    }
    for step in &graph.steps {
        for goto in &step.goto {
            let to = node(graph.step(goto.to));
            let _ = writeln!(out, "{indent}{} -.->|\"{}\"| {to}", node(step), escape(&labels::goto(goto)));
        }
    }
}

/// Text inside quotes: nothing of it is Markdown, HTML, a formula or an entity.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let inside_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let escaped = match c {
            '"' | '<' | '>' | '&' | '#' | '`' | '\\' | '*' | '|' | ';' | '~' | '$' => true,
            '_' => !(inside_word(before) && inside_word(rest.peek().copied())),
            // A list, to Markdown.
            '-' | '+' => before.is_none(),
            '.' | ')' => !out.is_empty() && out.chars().all(|c| c.is_ascii_digit()),
            _ => false,
        };
        if escaped {
            let _ = write!(out, "#{};", u32::from(c));
        } else {
            out.push(if c.is_control() { ' ' } else { c });
        }
        before = Some(c);
    }
    out
}

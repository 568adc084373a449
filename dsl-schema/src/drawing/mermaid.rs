//! Mermaid flow charts, as GitHub and GitLab show them.

use std::fmt::Write as _;

use loopline_core::graph::{Action, Graph};

use super::labels;

/// The graph as a Mermaid flow chart.
pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart TD\n");
    for step in &graph.steps {
        let lines: Vec<_> = labels::step(step).iter().map(|line| escape(line)).collect();
        let (open, close) = match step.action {
            Action::Approval(_) => ("{{", "}}"),
            Action::Sleep(_) => ("([", "])"),
            Action::Set(_) => ("[/", "/]"),
            _ => ("[", "]"),
        };
        let _ = writeln!(out, "  {}{open}\"{}\"{close}", node(step.id.as_str()), lines.join("<br/>"));
    }
    for step in &graph.steps {
        for need in &step.needs {
            let from = node(graph.step(need.step).id.as_str());
            let label = labels::need(need.on).map(|label| format!("|{label}|")).unwrap_or_default();
            let _ = writeln!(out, "  {from} -->{label} {}", node(step.id.as_str()));
        }
    }
    for step in &graph.steps {
        for goto in &step.goto {
            let to = node(graph.step(goto.to).id.as_str());
            let _ = writeln!(out, "  {} -.->|\"{}\"| {to}", node(step.id.as_str()), escape(&labels::goto(goto)));
        }
    }
    out
}

/// A step's id with a letter before it: `end` and others are words of Mermaid.
fn node(id: &str) -> String {
    format!("s_{id}")
}

/// Text inside quotes: nothing of it is Markdown, HTML or an entity.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '<' | '>' | '&' | '#' | '`' | '\\' | '*' | '|' | ';' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

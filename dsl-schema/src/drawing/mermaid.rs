//! Mermaid flow charts, as GitHub and GitLab show them.

use std::fmt::Write as _;

use loopline_core::graph::{Action, Graph};

use super::labels;

/// The graph as a Mermaid flow chart.
pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart TD\n");
    for step in &graph.steps {
        let lines: Vec<_> = labels::step(step).iter().map(|line| escape(line)).collect();
        let (open, close) = match (&step.action, step.action.kind()) {
            (Action::Approval(_), _) => ("{{", "}}"),
            (Action::Sleep(_), _) | (_, "wait") => ("([", "])"),
            (Action::Set(_), _) => ("[/", "/]"),
            (_, "pipeline") => ("[[", "]]"),
            _ => ("[", "]"),
        };
        let _ = writeln!(out, "  {}{open}\"{}\"{close}", node(step.id.as_str()), lines.join("<br/>"));
    }
    for step in &graph.steps {
        for need in &step.needs {
            let from = node(graph.step(need.step).id.as_str());
            let label = labels::need(graph, need).map(|label| format!("|{label}|")).unwrap_or_default();
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

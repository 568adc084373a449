//! Mermaid flow charts, as GitHub and GitLab show them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use loopline_core::graph::{Action, Graph, Step};
use loopline_core::view::StepStatus;

use super::labels;
use super::trail::Trail;

/// The graph as a Mermaid flow chart.
pub fn mermaid(graph: &Graph) -> String {
    Chart::default().of(graph)
}

/// The same, with a way through it: what was passed is coloured, the rest is pale.
pub fn mermaid_of(graph: &Graph, trail: &Trail) -> String {
    Chart { trail: Some(trail), ..Chart::default() }.of(graph)
}

/// A chart that is being written.
#[derive(Default)]
struct Chart<'t> {
    out: String,
    trail: Option<&'t Trail>,
    /// Edges are numbered in the order in which they are written; these were gone along.
    edges: usize,
    gone: Vec<usize>,
    /// Nodes by what became of them.
    nodes: BTreeMap<&'static str, Vec<String>>,
}

impl Chart<'_> {
    fn of(mut self, graph: &Graph) -> String {
        if let Some(trail) = self.trail {
            let _ = writeln!(self.out, "---\ntitle: {}\n---", serde_json::Value::from(trail.title.as_str()));
        }
        self.out.push_str("flowchart TD\n");
        match &graph.finally {
            None => self.steps(graph, ("s_", ""), 1),
            Some(finally) => {
                // An edge between the two groups puts the second beneath the first.
                let _ = writeln!(self.out, "  subgraph STEPS[\"{}\"]", escape(&graph.name));
                self.steps(graph, ("s_", ""), 2);
                self.out.push_str("  end\n");
                let _ = writeln!(self.out, "  subgraph FINALLY[\"{}<br/>{}\"]", labels::FINALLY, labels::AT_THE_END);
                self.steps(finally, ("f_", ""), 2);
                self.out.push_str("  end\n  STEPS ==> FINALLY\n");
            }
        }
        if self.trail.is_some() {
            self.colours();
        }
        self.out
    }

    /// Of what was passed, and of what was not.
    fn colours(&mut self) {
        const CLASSES: [(&str, &str); 5] = [
            ("good", "fill:#e6f6eb,stroke:#1b6e48,stroke-width:2px,color:#17181c"),
            ("bad", "fill:#feebec,stroke:#bf2a30,stroke-width:2px,color:#17181c"),
            ("open", "fill:#ffefc9,stroke:#8a4b00,stroke-width:2px,color:#17181c"),
            ("pale", "fill:#fafafc,stroke:#d9dae3,color:#8d929e"),
            ("ends", "stroke-width:4px"),
        ];
        for (class, style) in CLASSES {
            if let Some(nodes) = self.nodes.get(class) {
                let _ = writeln!(self.out, "  classDef {class} {style}\n  class {} {class}", nodes.join(","));
            }
        }
        if !self.gone.is_empty() {
            let gone: Vec<String> = self.gone.iter().map(ToString::to_string).collect();
            let _ = writeln!(self.out, "  linkStyle {} stroke:#2f5fd0,stroke-width:3px", gone.join(","));
        }
    }

    /// What became of a step, in words; its node gets the colour of it.
    fn passed(&mut self, name: &str, node: &str) -> Option<String> {
        let trail = self.trail?;
        let class = match trail.steps.get(name).map(|passed| passed.status) {
            Some(StepStatus::Succeeded) => "good",
            Some(StepStatus::Failed | StepStatus::Cancelled) => "bad",
            Some(StepStatus::Running | StepStatus::Queued | StepStatus::Waiting) => "open",
            Some(StepStatus::Skipped | StepStatus::Pending) | None => "pale",
        };
        self.nodes.entry(class).or_default().push(node.to_owned());
        if trail.ends_at.as_deref() == Some(name) {
            self.nodes.entry("ends").or_default().push(node.to_owned());
        }
        let said: Vec<String> = trail.status(name).map(str::to_owned).into_iter().chain(trail.visits(name)).collect();
        (!said.is_empty()).then(|| said.join(" · "))
    }

    /// Counts an edge.
    fn edge(&mut self, is_gone: bool) {
        if is_gone {
            self.gone.push(self.edges);
        }
        self.edges += 1;
    }

    /// The steps of a graph, and the edges between them. Before their ids stands a path, and one of names.
    fn steps(&mut self, graph: &Graph, (path, names): (&str, &str), depth: usize) {
        let indent = "  ".repeat(depth);
        // A letter stands before an id: `end` and others are words of Mermaid.
        let node = |step: &Step| format!("{path}{}", step.id);
        let named = |step: &Step| format!("{names}{}", step.id);
        for step in &graph.steps {
            let mut lines: Vec<_> = labels::step(graph, step).iter().map(|line| escape(line)).collect();
            lines.extend(self.passed(&named(step), &node(step)).map(|badge| format!("<b>{badge}</b>")));
            let text = lines.join("<br/>");
            if let Some(inside) = labels::inside(step) {
                let _ = writeln!(self.out, "{indent}subgraph {}[\"{text}\"]", node(step));
                // Ids have no upper case, so that no other step can have such a name.
                self.steps(inside, (&format!("{}_S_", node(step)), &format!("{}/", named(step))), depth + 1);
                let _ = writeln!(self.out, "{indent}end");
                continue;
            }
            let (open, close) = match (&step.action, step.action.kind()) {
                (Action::Approval(_), _) => ("{{", "}}"),
                (Action::Sleep(_), _) | (_, "wait") => ("([", "])"),
                (Action::Set(_), _) => ("[/", "/]"),
                (_, "pipeline") => ("[[", "]]"),
                _ => ("[", "]"),
            };
            let _ = writeln!(self.out, "{indent}{}{open}\"{text}\"{close}", node(step));
        }
        for step in &graph.steps {
            for need in &step.needs {
                let from = graph.step(need.step);
                let label = labels::need(graph, need).map(|label| format!("|{label}|")).unwrap_or_default();
                let _ = writeln!(self.out, "{indent}{} -->{label} {}", node(from), node(step));
                let ends = (named(from), named(step));
                self.edge(self.trail.is_some_and(|trail| trail.edges.contains(&ends)));
            }
        }
        for step in &graph.steps {
            for (index, goto) in (0..).zip(&step.goto) {
                let to = node(graph.step(goto.to));
                let rounds = self.trail.and_then(|trail| trail.rounds(&named(step), index));
                let rounds = rounds.as_ref().map(|rounds| format!("<br/><b>{rounds}</b>")).unwrap_or_default();
                let label = escape(&labels::goto(goto));
                let _ = writeln!(self.out, "{indent}{} -.->|\"{label}{rounds}\"| {to}", node(step));
                self.edge(self.trail.is_some_and(|trail| trail.loops.contains_key(&(named(step), index))));
            }
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

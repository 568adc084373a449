//! What a step is, told from its mapping: also where the file does not compile.

use crate::model::Kind;
use crate::outline::{count_of_steps, cut, first_line};
use crate::yaml::{Node, Value};

use super::tree::{entries, items};

/// A step as people look at it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    /// The key that says what it does. Empty where there is none.
    pub(crate) kind: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// What it does, on one line. May be empty.
    pub(crate) summary: String,
    /// Steps before it, with the condition where one is said.
    pub(crate) needs: Vec<(String, Option<String>)>,
    pub(crate) loops: Vec<LoopSketch>,
}

/// A loop edge.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoopSketch {
    pub(crate) to: String,
    pub(crate) on: String,
    pub(crate) max: Option<String>,
}

impl Sketch {
    pub(crate) fn of(id: &str, node: &Node) -> Self {
        let kind = Kind::ALL.into_iter().find(|kind| node.entry(kind.key()).is_some());
        Self {
            kind: kind.map(Kind::key).unwrap_or_default(),
            name: text(node, "name"),
            description: text(node, "description"),
            summary: kind.map(|kind| summary(kind, node)).unwrap_or_default(),
            needs: needs(node),
            loops: loops(id, node),
        }
    }
}

fn text(node: &Node, key: &str) -> Option<String> {
    Some(node.entry(key)?.value.scalar()?.text.clone()).filter(|text| !text.is_empty())
}

fn summary(kind: Kind, node: &Node) -> String {
    let Some(value) = node.entry(kind.key()).map(|entry| &entry.value) else { return String::new() };
    if let Some(scalar) = value.scalar() {
        return cut(&first_line(&scalar.text));
    }
    let line = match kind {
        Kind::Http => {
            let sends = ["json", "body", "form"].iter().any(|key| value.entry(key).is_some());
            let method = text(value, "method").unwrap_or_else(|| if sends { "POST" } else { "GET" }.to_owned());
            format!("{method} {}", text(value, "url").unwrap_or_default())
        }
        Kind::Set => entries(value).map(|entry| &*entry.key.text).collect::<Vec<_>>().join(", "),
        Kind::Pipeline if value.entry("steps").is_some() => {
            let steps = value.entry("steps").map_or(0, |steps| entries(&steps.value).count());
            count_of_steps(steps)
        }
        _ => {
            let telling = ["message", "image", "signal", "name", "until", "run"];
            telling.iter().find_map(|key| text(value, key)).unwrap_or_default()
        }
    };
    cut(&first_line(&line))
}

fn needs(node: &Node) -> Vec<(String, Option<String>)> {
    let Some(needs) = node.entry("needs").map(|entry| &entry.value) else { return Vec::new() };
    if let Value::Mapping(edges) = &needs.value {
        let condition = |node: &Node| node.scalar().map(|scalar| scalar.text.clone()).filter(|text| !text.is_empty());
        return edges.iter().map(|edge| (edge.key.text.to_string(), condition(&edge.value))).collect();
    }
    items(needs).iter().filter_map(|item| Some((item.scalar()?.text.clone(), None))).collect()
}

/// G8: `repeat` stands before the other entries.
fn loops(id: &str, node: &Node) -> Vec<LoopSketch> {
    let repeat = node.entry("repeat").map(|repeat| {
        let until = text(&repeat.value, "until").unwrap_or_default();
        LoopSketch {
            to: id.to_owned(),
            on: format!("until {}", cut(&first_line(&until))),
            max: text(&repeat.value, "max"),
        }
    });
    let entries = node.entry("goto").map(|goto| items(&goto.value)).unwrap_or_default();
    let gotos = entries.iter().filter_map(|entry| {
        let on = text(entry, "on").unwrap_or_else(|| "failed".to_owned());
        Some(LoopSketch { to: text(entry, "to")?, on, max: text(entry, "max") })
    });
    repeat.into_iter().chain(gotos).collect()
}

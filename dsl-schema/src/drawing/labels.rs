//! What stands beside steps and edges in every kind of drawing.

use std::fmt::Write as _;

use loopline_core::graph::{
    Action, ChildPipeline, Compensate, CompensateOn, CompensatePer, Condition, Goto, GotoOn, Graph, ItemList, Items,
    Join, Many, Need, OnExhausted, Step,
};
use serde_json::Value as Json;

/// Longer expressions and summaries are cut.
const LONGEST: usize = 40;

/// What stands over the steps of `finally`.
pub(super) const FINALLY: &str = "finally";
/// When those run.
pub(super) const AT_THE_END: &str = "when the steps have ended, however they ended";

/// The steps that are written inside of a step.
pub(super) fn inside(step: &Step) -> Option<&Graph> {
    match &step.action {
        Action::Pipeline(child) => match &child.pipeline {
            ChildPipeline::InPlace(graph) => Some(graph),
            ChildPipeline::Named(_) => None,
        },
        _ => None,
    }
}

/// Name, kind and conditions of a step, one line each.
pub(super) fn step(graph: &Graph, step: &Step) -> Vec<String> {
    let mut lines = vec![step.name.clone().unwrap_or_else(|| step.id.to_string())];
    let summary = cut(&crate::outline::summary(step));
    lines.push(if summary.is_empty() {
        step.action.kind().to_owned()
    } else {
        format!("{}: {summary}", step.action.kind())
    });
    lines.extend(join(step));
    if let Some(condition) = &step.condition {
        lines.push(format!("if {}", cut(condition.source())));
    }
    if step.allow_failure {
        lines.push("may fail".to_owned());
    }
    lines.extend(step.many.as_deref().map(many));
    lines.extend(step.compensate.as_deref().map(|undo| compensate(graph, undo)));
    lines
}

/// All that is known of a step, for who points at it.
pub(super) fn details(graph: &Graph, step: &Step) -> String {
    let mut lines = vec![step.id.to_string()];
    lines.extend(step.name.clone());
    lines.extend(step.description.clone());
    let summary = crate::outline::summary(step);
    let gap = if summary.is_empty() { "" } else { ": " };
    lines.push(format!("{}{gap}{summary}", step.action.kind()));
    lines.extend(join(step));
    lines.extend(step.condition.as_ref().map(|condition| format!("if {}", condition.source())));
    lines.extend(step.allow_failure.then(|| "may fail".to_owned()));
    lines.extend(step.many.as_deref().map(many));
    lines.extend(step.compensate.as_deref().map(|undo| compensate(graph, undo)));
    lines.join("\n")
}

/// What a drawing shows, in one or two sentences.
pub(super) fn about(graph: &Graph) -> String {
    let count = |count: usize, word: &str| match count {
        0 => format!("no {word}s"),
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let (all, loops) = size(graph);
    let inside = match all - graph.steps.len() {
        0 => String::new(),
        inside => format!(", with {inside} more inside of them,"),
    };
    let mut shape =
        format!("A pipeline with {}{inside} and {}.", count(graph.steps.len(), "step"), count(loops, "loop"));
    if let Some(finally) = &graph.finally {
        let _ = write!(shape, " {} in finally.", count(size(finally).0, "step"));
    }
    match &graph.description {
        Some(description) => format!("{} {shape}", description.trim()),
        None => shape,
    }
}

/// How many steps and loops a graph has, with those in the steps of it.
fn size(graph: &Graph) -> (usize, usize) {
    graph.steps.iter().fold((0, 0), |(steps, loops), step| {
        let (inner_steps, inner_loops) = inside(step).map_or((0, 0), size);
        (steps + 1 + inner_steps, loops + step.goto.len() + inner_loops)
    })
}

/// What a step runs many times for: `for each suite of unit, e2e · 2 at a time`.
pub(crate) fn many(many: &Many) -> String {
    let of = match &many.items {
        Items::List(list) => match &many.alias {
            Some(alias) => format!("for each {alias} of {}", cut(&items(list))),
            None => format!("for each of {}", cut(&items(list))),
        },
        Items::Matrix { axes, .. } => {
            format!("matrix: {}", cut(&axes.keys().map(String::as_str).collect::<Vec<_>>().join(" × ")))
        }
    };
    match many.max_parallel {
        Some(1) => format!("{of} · one at a time"),
        Some(most) => format!("{of} · {most} at a time"),
        None => of,
    }
}

/// A list as people say it, or where it comes from.
fn items(list: &ItemList) -> String {
    let value = match list {
        ItemList::Cel(cel) => return cel.source().to_owned(),
        ItemList::Template(value) => serde_json::to_value(value).unwrap_or_default(),
    };
    let word = |item: &Json| match item {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    match &value {
        Json::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(", "),
        other => word(other),
    }
}

/// `undone by run: ./undeploy.sh, until verify`.
fn compensate(graph: &Graph, compensate: &Compensate) -> String {
    let summary = cut(&crate::outline::action_summary(&compensate.action));
    let mut text = format!("undone by {}: {summary}", compensate.action.kind());
    if let Some(until) = compensate.until {
        let _ = write!(text, ", until {}", graph.step(until).id);
    }
    if let Some(cancelled) = compensate.on.iter().find(|on| **on == CompensateOn::Cancelled) {
        let only = compensate.on == [*cancelled];
        text.push_str(if only { ", only after a cancel" } else { ", after a cancel too" });
    }
    if compensate.per == CompensatePer::Visit {
        text.push_str(", once a visit");
    }
    text
}

/// How many of its edges must be live, where that is not all of them.
pub(super) fn join(step: &Step) -> Option<String> {
    match step.join {
        Join::All => None,
        Join::AtLeast(1) => Some(format!("any of {}", step.needs.len())),
        Join::AtLeast(count) => Some(format!("{count} of {}", step.needs.len())),
    }
}

/// The condition of a forward edge. The one that is meant when none is said is not written.
pub(super) fn need(graph: &Graph, need: &Need) -> Option<&'static str> {
    let approval = matches!(graph.step(need.step).action, Action::Approval(_));
    let usual = if approval { Condition::Succeeded } else { Condition::Ok };
    (need.on != usual).then(|| need.on.as_str())
}

/// `on failed, at most 3 times, after 30s`.
pub(super) fn goto(goto: &Goto) -> String {
    let mut parts = vec![match goto.on {
        GotoOn::Completed => "always".to_owned(),
        on => format!("on {}", on.as_str()),
    }];
    if let Some(condition) = &goto.condition {
        parts.push(format!("if {}", cut(condition.source())));
    }
    parts.push(match goto.max {
        Some(1) => "once".to_owned(),
        Some(max) => format!("at most {max} times"),
        None => "unlimited".to_owned(),
    });
    if goto.delay_ms > 0 {
        parts.push(format!("after {}", crate::duration::write(goto.delay_ms)));
    }
    if goto.on_exhausted == OnExhausted::Continue {
        parts.push("then goes on".to_owned());
    }
    parts.join(", ")
}

/// The same, as short as it can be: `failed · max 3 · 30s`.
pub(super) fn loop_pill(goto: &Goto) -> String {
    let mut parts = vec![match (goto.on, &goto.condition) {
        (GotoOn::Completed, None) => "always".to_owned(),
        (GotoOn::Completed, Some(_)) => "if".to_owned(),
        (on, None) => on.as_str().to_owned(),
        (on, Some(_)) => format!("{}, if", on.as_str()),
    }];
    parts.push(goto.max.map_or_else(|| "no limit".to_owned(), |max| format!("max {max}")));
    if goto.delay_ms > 0 {
        parts.push(format!("after {}", crate::duration::write(goto.delay_ms)));
    }
    parts.join(" · ")
}

/// The beginning of a text, on one line.
fn cut(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

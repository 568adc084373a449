//! What stands beside steps and edges in every kind of drawing.

use loopline_core::graph::{Action, Condition, Goto, GotoOn, Graph, Join, Need, OnExhausted, Step};

/// Longer expressions and summaries are cut.
const LONGEST: usize = 40;

/// Name, kind and conditions of a step, one line each.
pub(super) fn step(step: &Step) -> Vec<String> {
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
    lines
}

/// All that is known of a step, for who points at it.
pub(super) fn details(step: &Step) -> String {
    let mut lines = vec![step.id.to_string()];
    lines.extend(step.name.clone());
    lines.extend(step.description.clone());
    let summary = crate::outline::summary(step);
    let gap = if summary.is_empty() { "" } else { ": " };
    lines.push(format!("{}{gap}{summary}", step.action.kind()));
    lines.extend(join(step));
    lines.extend(step.condition.as_ref().map(|condition| format!("if {}", condition.source())));
    lines.extend(step.allow_failure.then(|| "may fail".to_owned()));
    lines.join("\n")
}

/// What a drawing shows, in one or two sentences.
pub(super) fn about(graph: &Graph) -> String {
    let count = |count: usize, word: &str| match count {
        0 => format!("no {word}s"),
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let loops = graph.steps.iter().map(|step| step.goto.len()).sum();
    let shape = format!("A pipeline with {} and {}.", count(graph.steps.len(), "step"), count(loops, "loop"));
    match &graph.description {
        Some(description) => format!("{} {shape}", description.trim()),
        None => shape,
    }
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

//! What stands beside steps and edges in every kind of drawing.

use loopline_core::graph::{Condition, Goto, GotoOn, Join, Step};

/// Name and kind of a step, one line each.
pub(super) fn step(step: &Step) -> Vec<String> {
    let mut lines = vec![step.name.clone().unwrap_or_else(|| step.id.to_string())];
    let summary: String = crate::outline::summary(step).chars().take(40).collect();
    lines.push(if summary.is_empty() {
        step.action.kind().to_owned()
    } else {
        format!("{}: {summary}", step.action.kind())
    });
    if let Join::AtLeast(count) = step.join {
        lines.push(if count == 1 { "any".to_owned() } else { format!("at least {count}") });
    }
    lines
}

/// The condition of a forward edge; the usual one is not written.
pub(super) fn need(on: Condition) -> Option<&'static str> {
    (on != Condition::Ok).then(|| on.as_str())
}

/// `on failed, at most 3 times, after 30s`.
pub(super) fn goto(goto: &Goto) -> String {
    let mut parts = vec![match goto.on {
        GotoOn::Completed => "always".to_owned(),
        on => format!("on {}", on.as_str()),
    }];
    if let Some(condition) = &goto.condition {
        let source: String = condition.source().chars().take(40).collect();
        parts.push(format!("if {source}"));
    }
    parts.push(match goto.max {
        Some(1) => "once".to_owned(),
        Some(max) => format!("at most {max} times"),
        None => "unlimited".to_owned(),
    });
    if goto.delay_ms > 0 {
        parts.push(format!("after {}", crate::duration::write(goto.delay_ms)));
    }
    parts.join(", ")
}

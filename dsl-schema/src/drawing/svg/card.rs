//! What stands in the box of a step: icon, name, id, what it does, marks for what decides whether it goes on, and what it
//! runs many times for.

use loopline_core::graph::{Action, ChildPipeline, Step};

use super::text_width::{Face, Font};
use crate::drawing::labels;

pub(super) const TITLE: Font = Font { face: Face::Bold, size: 130 };
pub(super) const ID: Font = Font { face: Face::Mono, size: 105 };
pub(super) const CODE: Font = Font { face: Face::Mono, size: 105 };
pub(super) const PROSE: Font = Font { face: Face::Sans, size: 110 };
pub(super) const MARK: Font = Font { face: Face::Sans, size: 100 };

/// Least height of a box.
const HEIGHT: i64 = 56;
/// What the line about a step that runs many times adds to it.
pub(super) const MANY_LINE: i64 = 18;
/// How far the sheets behind a step that runs many times show beneath it.
pub(super) const STACK: i64 = 8;
/// From the left side of a box to its text, and from the text to the right side.
pub(super) const TEXT_AT: i64 = 54;
const END: i64 = 14;
const GAP: i64 = 8;
/// From the text of a mark to its sides.
pub(super) const MARK_PADDING: i64 = 6;
const LEAST_WIDTH: i64 = 196;
const MOST_WIDTH: i64 = 280;
/// What a summary may ask for; a longer one is cut rather than making every box wide.
const LONG_SUMMARY: i64 = 172;

/// How a box is tinted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Does something in the world.
    Works,
    /// Waits: for people, a signal, a moment.
    Waits,
    /// Computes.
    Computes,
}

/// The text of a box, not yet cut.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) kind: String,
    pub(super) tone: Tone,
    title: String,
    /// Where the title is not the id.
    id: Option<String>,
    summary: String,
    pub(super) summary_font: Font,
    marks: Vec<String>,
    /// What it runs many times for.
    many: Option<String>,
}

/// The text of a box, cut to its width.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) title: String,
    pub(super) id: Option<String>,
    pub(super) summary: String,
    /// Text, and how far left of the right side the mark begins.
    pub(super) marks: Vec<(String, i64)>,
    pub(super) many: Option<String>,
}

impl Card {
    pub(super) fn of(step: &Step) -> Self {
        let kind = step.action.kind().to_owned();
        let tone = match (&step.action, kind.as_str()) {
            (Action::Approval(_) | Action::Sleep(_), _) | (_, "wait") => Tone::Waits,
            (Action::Set(_), _) => Tone::Computes,
            _ => Tone::Works,
        };
        let id = step.id.to_string();
        let name = step.name.as_ref().map(|name| one_line(name)).filter(|name| !name.is_empty() && *name != id);
        let summary = one_line(&crate::outline::summary(step));
        Self {
            tone,
            id: name.is_some().then(|| id.clone()),
            title: name.unwrap_or(id),
            summary: if summary.is_empty() { kind.clone() } else { summary },
            summary_font: if is_prose(step) { PROSE } else { CODE },
            marks: marks(step),
            many: step.many.as_deref().map(labels::many),
            kind,
        }
    }

    /// How wide a box it asks for.
    pub(super) fn width(&self) -> i64 {
        let id = self.id.as_ref().map_or(0, |id| ID.width(id) + GAP);
        let first = TITLE.width(&self.title) + id;
        let second = self.summary_font.width(&self.summary).min(LONG_SUMMARY) + self.marks_width();
        let third = self.many.as_ref().map_or(0, |many| PROSE.width(many));
        // Even, so that the middle of a box is a whole pixel.
        (TEXT_AT + first.max(second).max(third) + END).clamp(LEAST_WIDTH, MOST_WIDTH) / 2 * 2
    }

    /// How high what it says is.
    pub(super) fn height(&self) -> i64 {
        HEIGHT + if self.is_many() { MANY_LINE } else { 0 }
    }

    /// How far sheets behind it show beneath it.
    pub(super) fn stack(&self) -> i64 {
        if self.is_many() { STACK } else { 0 }
    }

    fn is_many(&self) -> bool {
        self.many.is_some()
    }

    fn marks_width(&self) -> i64 {
        self.marks.iter().map(|mark| mark_width(mark) + 4).sum::<i64>() + if self.marks.is_empty() { 0 } else { 4 }
    }

    /// Cuts the text to the width of a box. The id goes before the name is cut.
    pub(super) fn fit(&self, width: i64) -> Fitted {
        let room = width - TEXT_AT - END;
        let id = self.id.as_ref().filter(|id| TITLE.width(&self.title) + GAP + ID.width(id) <= room).cloned();
        let title = TITLE.fit(&self.title, room - id.as_ref().map_or(0, |id| ID.width(id) + GAP));
        let mut from_right = END - 2;
        let mut marks = Vec::new();
        for mark in self.marks.iter().rev() {
            from_right += mark_width(mark);
            marks.push((mark.clone(), from_right));
            from_right += 4;
        }
        let summary = self.summary_font.fit(&self.summary, room - self.marks_width());
        let many = self.many.as_ref().map(|many| PROSE.fit(many, room));
        Fitted { title, id, summary, marks, many }
    }
}

/// How wide a mark or a label is around its text.
pub(super) fn mark_width(text: &str) -> i64 {
    MARK.width(text) + 2 * MARK_PADDING
}

fn marks(step: &Step) -> Vec<String> {
    let condition = step.condition.as_ref().map(|_| "if".to_owned());
    let may_fail = step.allow_failure.then(|| "may fail".to_owned());
    let undo = step.compensate.as_ref().map(|_| "undo".to_owned());
    let child = match &step.action {
        Action::Pipeline(child) if matches!(child.pipeline, ChildPipeline::Named(_)) => Some("child run".to_owned()),
        _ => None,
    };
    labels::join(step).into_iter().chain(condition).chain(may_fail).chain(child).chain(undo).collect()
}

/// A sentence, or a count; the others are code.
fn is_prose(step: &Step) -> bool {
    matches!(step.action, Action::Approval(_)) || labels::inside(step).is_some()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

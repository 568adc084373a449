//! A way through a graph: its lines, what became of its steps, and what is said over the picture.

use std::fmt::Write as _;

use loopline_core::graph::Condition;
use loopline_core::view::StepStatus;

use super::card::{PROSE, TITLE, mark_width};
use super::scene::{self, Scene};
use super::strokes;
use super::write::{escape, label};
use crate::drawing::layered::{Point, Rect};
use crate::drawing::trail::Trail;

/// How high a line of the caption is.
const LINE: i64 = 20;
/// Longer sentences are cut.
const LONGEST: i64 = 760;

/// What stands over a picture.
pub(super) struct Caption<'t> {
    title: &'t str,
    about: Vec<String>,
}

impl<'t> Caption<'t> {
    pub(super) fn of(trail: &'t Trail) -> Self {
        Self { title: &trail.title, about: trail.about.iter().map(|line| PROSE.fit(line, LONGEST)).collect() }
    }

    pub(super) fn width(&self) -> i64 {
        let about = self.about.iter().map(|line| PROSE.width(line));
        // The title is larger than that of a box.
        about.chain([TITLE.width(self.title) * 15 / 13]).max().unwrap_or(0)
    }

    pub(super) fn height(&self) -> i64 {
        LINE * (1 + self.about.len() as i64) + 16
    }

    /// For those who do not see it.
    pub(super) fn in_words(&self) -> String {
        [&[self.title.to_owned()], self.about.as_slice()].concat().join("\n")
    }

    pub(super) fn write(&self, out: &mut String) {
        let _ = writeln!(out, r#"<text class="ll-title ll-caption" x="0" y="14">{}</text>"#, escape(self.title));
        for (line, at) in self.about.iter().zip(1..) {
            let y = 14 + LINE * at;
            let _ = writeln!(out, r#"<text class="ll-summary ll-prose" x="0" y="{y}">{}</text>"#, escape(line));
        }
    }
}

/// The lines that were gone along, over those of the graph.
pub(super) fn lines(scene: &Scene<'_>, trail: &Trail, names: &str, out: &mut String) {
    let named = |at: usize| format!("{names}{}", scene.graph.steps[at].id);
    let drawing = &scene.drawing;
    let mut ways = Vec::new();
    for (to, step) in scene.graph.steps.iter().enumerate() {
        for need in step.needs.iter().filter(|need| trail.edges.contains(&(named(need.step.get()), named(to)))) {
            let sort = Condition::ALL.iter().position(|each| *each == scene::shown(scene.graph, need));
            ways.extend(drawing.way(need.step.get(), to, sort.unwrap_or_default() as u8));
        }
    }
    strokes::way("ll-gone", &ways, strokes::Tip::Down, out);
    let mut back = Vec::new();
    let mut number = 0;
    for (from, step) in scene.graph.steps.iter().enumerate() {
        for (index, goto) in (0..).zip(&step.goto) {
            if trail.loops.contains_key(&(named(from), index)) {
                back.extend(drawing.loop_way(from, goto.to.get(), drawing.loop_labels[number]));
            }
            number += 1;
        }
    }
    strokes::way("ll-gone-back", &back, strokes::Tip::Left, out);
}

/// How a step is shown.
pub(super) fn class_of(trail: &Trail, name: &str) -> &'static str {
    match trail.steps.get(name).map(|passed| passed.status) {
        Some(StepStatus::Succeeded) => "ll-was-good",
        Some(StepStatus::Failed | StepStatus::Cancelled) => "ll-was-bad",
        Some(StepStatus::Running | StepStatus::Queued | StepStatus::Waiting) => "ll-was-open",
        Some(StepStatus::Skipped | StepStatus::Pending) | None => "ll-pale",
    }
}

/// What stands behind the step where it is decided how the run ends.
pub(super) fn halo(trail: &Trail, name: &str, front: Rect, out: &mut String) {
    if trail.ends_at.as_deref() == Some(name) {
        let Rect { x, y, width, height } = front;
        let _ = writeln!(
            out,
            r#"<rect class="ll-ends" x="{}" y="{}" width="{}" height="{}" rx="15"/>"#,
            x - 6,
            y - 6,
            width + 12,
            height + 12
        );
    }
}

/// What became of a step, over the lower side of its box, and its visits over the upper one: lines touch boxes in the middle.
pub(super) fn badges(trail: &Trail, name: &str, front: Rect, out: &mut String) {
    let class = match class_of(trail, name) {
        "ll-was-good" => "ll-good",
        "ll-was-bad" => "ll-bad",
        "ll-was-open" => "ll-open",
        _ => "ll-over",
    };
    let status = trail.status(name).map(|status| (status.to_owned(), front.bottom(), class));
    let visits = trail.visits(name).map(|visits| (visits, front.y, "ll-over"));
    for (text, middle, class) in status.into_iter().chain(visits) {
        let width = mark_width(&text);
        let rect = Rect { x: front.right() - 10 - width, y: middle - 9, width, height: 18 };
        let _ = writeln!(out, r#"<g class="{class}">"#);
        label(&text, rect, out);
        out.push_str("</g>\n");
    }
}

/// How often a loop was gone back, over the upper side of its label.
pub(super) fn rounds(text: &str, pill: Rect, out: &mut String) {
    let width = mark_width(text);
    let corner = Point { x: pill.right() - width + 8, y: pill.y - 13 };
    let _ = writeln!(
        out,
        r#"<rect class="ll-rounds" x="{}" y="{}" width="{width}" height="15" rx="7.5"/><text class="ll-rounds-text" x="{}" y="{}">{}</text>"#,
        corner.x,
        corner.y,
        corner.x + width / 2,
        corner.y + 11,
        escape(text)
    );
}

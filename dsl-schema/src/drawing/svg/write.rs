//! From a graph to the text of the picture.

use std::fmt::Write as _;

use loopline_core::graph::{Condition, Graph, Need};

use super::card::{self, Card, MARK, MARK_PADDING, TEXT_AT, Tone, mark_width};
use super::{icons, style};
use crate::drawing::labels;
use crate::drawing::layered::{self, Diagram, Drawing, Edge, Loop, Point, Rect, Size};

/// Around the drawing.
const MARGIN: i64 = 28;
/// How round corners of lines are.
const RADIUS: i64 = 8;
/// Length of an arrow.
const ARROW: i64 = 8;
/// Before the text of a loop's label, for its icon.
const ROUND: i64 = 14;

/// The graph as an SVG picture: complete, without scripts, fonts or anything else from outside.
pub fn svg(graph: &Graph) -> String {
    let cards: Vec<Card> = graph.steps.iter().map(Card::of).collect();
    let drawing = layered::lay_out(&diagram(graph, &cards));
    let mut out = String::new();
    head(graph, &drawing, &mut out);
    lines("ll-line", &shortened(&drawing.lines, &drawing.arrows), &mut out);
    lines("ll-loop", &shortened(&drawing.loop_lines, &drawing.loop_arrows), &mut out);
    tips(&drawing, &mut out);
    for ((step, card), rect) in graph.steps.iter().zip(&cards).zip(&drawing.boxes) {
        step_box(&labels::details(step), card, *rect, &mut out);
    }
    for (_, sort, rect) in &drawing.labels {
        condition(Condition::ALL[usize::from(*sort)], *rect, &mut out);
    }
    let gotos = graph.steps.iter().flat_map(|step| &step.goto);
    for (goto, rect) in gotos.zip(&drawing.loop_labels) {
        pill(&labels::loop_pill(goto), &labels::goto(goto), *rect, &mut out);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// All boxes are equally wide: a row of them is a row.
fn diagram(graph: &Graph, cards: &[Card]) -> Diagram {
    let width = cards.iter().map(Card::width).max().unwrap_or(0);
    let mut diagram = Diagram { boxes: vec![Size { width, height: card::HEIGHT }; cards.len()], ..Diagram::default() };
    for (to, step) in graph.steps.iter().enumerate() {
        for need in &step.needs {
            let sort = Condition::ALL.iter().position(|each| *each == shown(graph, need)).unwrap_or_default() as u8;
            let label = labels::need(graph, need).map_or(0, mark_width);
            diagram.edges.push(Edge { from: need.step.get(), to, sort, label });
        }
        for goto in &step.goto {
            let label = MARK.width(&labels::loop_pill(goto)) + ROUND + 2 * (MARK_PADDING + 2);
            diagram.loops.push(Loop { from: to, to: goto.to.get(), label });
        }
    }
    diagram
}

/// The condition that an edge is drawn with: the usual one is drawn like `ok`.
fn shown(graph: &Graph, need: &Need) -> Condition {
    if labels::need(graph, need).is_none() { Condition::Ok } else { need.on }
}

fn head(graph: &Graph, drawing: &Drawing, out: &mut String) {
    let (width, height) = (drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN);
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="ll-name ll-about">"#
    );
    let _ = writeln!(out, r#"<title id="ll-name">{}</title>"#, escape(&graph.name));
    let _ = writeln!(out, r#"<desc id="ll-about">{}</desc>"#, escape(&labels::about(graph)));
    let _ = writeln!(out, "<style>{}</style>", style::sheet());
    out.push_str("<defs>\n");
    for kind in icons::KINDS.into_iter().filter(|kind| graph.steps.iter().any(|step| step.action.kind() == *kind)) {
        let _ = writeln!(out, r#"<g id="ll-{kind}">{}</g>"#, icons::shapes(kind));
    }
    if graph.steps.iter().any(|step| !icons::KINDS.contains(&step.action.kind())) {
        let _ = writeln!(out, r#"<g id="ll-other">{}</g>"#, icons::shapes(""));
    }
    out.push_str("</defs>\n");
    let _ = writeln!(
        out,
        r#"<rect class="ll-canvas" x=".5" y=".5" width="{}" height="{}" rx="14"/>"#,
        width - 1,
        height - 1
    );
    // Half a pixel off, so that lines of one pixel fill pixels.
    let _ = writeln!(out, r#"<g class="ll-sans" transform="translate({MARGIN}.5 {MARGIN}.5)">"#);
}

/// Lines end inside their arrows, not at the tips.
fn shortened(lines: &[Vec<Point>], arrows: &[Point]) -> Vec<Vec<Point>> {
    let mut lines = lines.to_vec();
    let mut tips = arrows.to_vec();
    tips.sort_unstable_by_key(|tip| (tip.x, tip.y));
    let is_tip = |at: Point| tips.binary_search_by_key(&(at.x, at.y), |tip| (tip.x, tip.y)).is_ok();
    for line in &mut lines {
        if let [first, second, ..] = line.as_mut_slice()
            && is_tip(*first)
        {
            towards(first, *second);
        }
        if let [.., before, last] = line.as_mut_slice()
            && is_tip(*last)
        {
            towards(last, *before);
        }
    }
    lines
}

fn towards(end: &mut Point, other: Point) {
    end.x += (other.x - end.x).signum() * (ARROW / 2);
    end.y += (other.y - end.y).signum() * (ARROW / 2);
}

fn lines(class: &str, lines: &[Vec<Point>], out: &mut String) {
    for line in lines {
        let _ = writeln!(out, r#"<path class="{class}" d="{}"/>"#, rounded(line));
    }
}

/// A line with its corners rounded, as far as there is room.
fn rounded(line: &[Point]) -> String {
    let mut path = String::new();
    let Some(first) = line.first() else { return path };
    let _ = write!(path, "M{} {}", first.x, first.y);
    for three in line.windows(3) {
        let [before, corner, after] = three else { continue };
        // An end needs no room for a corner of its own.
        let half = |other: &Point| {
            let is_end = Some(other) == line.first() || Some(other) == line.last();
            length(*corner, *other) / if is_end { 1 } else { 2 }
        };
        let radius = RADIUS.min(half(before)).min(half(after));
        let (enter, leave) = (step_towards(*corner, *before, radius), step_towards(*corner, *after, radius));
        let _ = write!(path, "L{} {}Q{} {} {} {}", enter.x, enter.y, corner.x, corner.y, leave.x, leave.y);
    }
    if let Some(last) = line.last().filter(|_| line.len() > 1) {
        let _ = write!(path, "L{} {}", last.x, last.y);
    }
    path
}

fn length(from: Point, to: Point) -> i64 {
    (to.x - from.x).abs() + (to.y - from.y).abs()
}

fn step_towards(from: Point, to: Point, by: i64) -> Point {
    Point { x: from.x + (to.x - from.x).signum() * by, y: from.y + (to.y - from.y).signum() * by }
}

fn tips(drawing: &Drawing, out: &mut String) {
    for Point { x, y } in &drawing.arrows {
        let _ = writeln!(out, r#"<path class="ll-tip" d="M{x} {y}l-4.5-{ARROW}h9z"/>"#);
    }
    for Point { x, y } in &drawing.loop_arrows {
        let _ = writeln!(out, r#"<path class="ll-loop-tip" d="M{x} {y}l{ARROW}-4.5v9z"/>"#);
    }
}

fn step_box(details: &str, card: &Card, rect: Rect, out: &mut String) {
    let class = match card.tone {
        Tone::Works => "ll-works",
        Tone::Waits => "ll-waits",
        Tone::Computes => "ll-computes",
    };
    let Rect { x, y, width, height } = rect;
    let middle = y + height / 2;
    let fitted = card.fit(width);
    let _ = writeln!(out, r#"<g class="{class}"><title>{}</title>"#, escape(details));
    let _ = writeln!(out, r#"<rect class="ll-box" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>"#);
    let _ =
        writeln!(out, r#"<rect class="ll-tile" x="{}" y="{}" width="32" height="32" rx="8"/>"#, x + 12, middle - 16);
    let icon = if icons::KINDS.contains(&card.kind.as_str()) { card.kind.as_str() } else { "other" };
    let _ = writeln!(out, r##"<use class="ll-icon" href="#ll-{icon}" x="{}" y="{}"/>"##, x + 20, middle - 8);
    let _ = writeln!(
        out,
        r#"<text class="ll-title" x="{}" y="{}">{}</text>"#,
        x + TEXT_AT,
        middle - 4,
        escape(&fitted.title)
    );
    if let Some(id) = &fitted.id {
        let _ = writeln!(
            out,
            r#"<text class="ll-id ll-mono" x="{}" y="{}">{}</text>"#,
            x + width - 14,
            middle - 4,
            escape(id)
        );
    }
    let font = if card.summary_font == card::PROSE { "ll-prose" } else { "ll-code ll-mono" };
    let _ = writeln!(
        out,
        r#"<text class="ll-summary {font}" x="{}" y="{}">{}</text>"#,
        x + TEXT_AT,
        middle + 14,
        escape(&fitted.summary)
    );
    for (mark, from_right) in &fitted.marks {
        let width = mark_width(mark);
        label(mark, Rect { x: rect.right() - from_right, y: middle + 2, width, height: 16 }, out);
    }
    out.push_str("</g>\n");
}

fn condition(on: Condition, rect: Rect, out: &mut String) {
    let class = match on {
        Condition::Failed | Condition::Catch => "ll-bad",
        Condition::Succeeded => "ll-good",
        _ => "ll-over",
    };
    let _ = writeln!(out, r#"<g class="{class}">"#);
    label(on.as_str(), rect, out);
    out.push_str("</g>\n");
}

fn label(text: &str, rect: Rect, out: &mut String) {
    let Rect { x, y, width, height } = rect;
    let _ = writeln!(
        out,
        r#"<rect class="ll-mark" x="{x}" y="{y}" width="{width}" height="{height}" rx="{}"/><text class="ll-mark-text" x="{}" y="{}">{}</text>"#,
        height / 2,
        x + width / 2,
        y + height / 2 + 3,
        escape(text)
    );
}

fn pill(text: &str, details: &str, rect: Rect, out: &mut String) {
    let Rect { x, y, width, height } = rect;
    // In the middle for a font of usual width; the widest still ends inside.
    let start = x + (width - ROUND - MARK.width(text) * 9 / 10) / 2;
    let _ = writeln!(
        out,
        r#"<g><title>{}</title><rect class="ll-pill" x="{x}" y="{y}" width="{width}" height="{height}" rx="{}"/>"#,
        escape(details),
        height / 2
    );
    let _ = writeln!(
        out,
        r#"<path class="ll-round" transform="translate({} {})" d="{}"/><text class="ll-pill-text" x="{}" y="{}">{}</text></g>"#,
        start,
        y + height / 2 - 5,
        icons::ROUND,
        start + ROUND,
        y + height / 2 + 3,
        escape(text)
    );
}

/// Text between tags and inside quotes. What XML does not allow becomes a space.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "the tests read data files; the compiler does not")]

    use super::*;

    /// All examples that ship, and the one with everything.
    fn graphs() -> Vec<Graph> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = |path: &str| -> Vec<std::path::PathBuf> {
            let entries = std::fs::read_dir(root.join(path)).expect("a folder of examples");
            let paths = entries.map(|entry| entry.expect("an entry").path());
            let is_test = |path: &std::path::Path| path.to_string_lossy().ends_with(".loopline.test.yaml");
            paths
                .filter(|path| path.extension().is_some_and(|extension| extension == "yaml") && !is_test(path))
                .collect()
        };
        let step_type = |path: &std::path::PathBuf| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("a file"))
        };
        let step_types = folder("../examples/pipelines/.loopline/steps").iter().map(step_type).collect();
        let library = crate::Library { step_types, ..crate::Library::default() };
        let mut files = folder("../examples/pipelines");
        files.push(root.join("tests/drawings/everything.loopline.yaml"));
        assert!(files.len() > 3, "examples went missing");
        let graph = |path: std::path::PathBuf| {
            let text = std::fs::read_to_string(&path).expect("a file");
            crate::compile_with(&text, &library).graph.unwrap_or_else(|| panic!("{} does not compile", path.display()))
        };
        files.into_iter().map(graph).collect()
    }

    #[test]
    fn in_no_example_anything_overlaps_or_crosses_a_box() {
        for graph in graphs() {
            let cards: Vec<Card> = graph.steps.iter().map(Card::of).collect();
            let drawing = layered::lay_out(&diagram(&graph, &cards));
            assert_eq!(layered::broken_promise(&drawing), None, "{}", graph.name);
        }
    }

    #[test]
    fn text_fits_its_box() {
        for graph in graphs() {
            let cards: Vec<Card> = graph.steps.iter().map(Card::of).collect();
            let width = cards.iter().map(Card::width).max().unwrap_or(0);
            for card in &cards {
                let fitted = card.fit(width);
                let id = fitted.id.as_ref().map_or(0, |id| card::ID.width(id));
                assert!(TEXT_AT + card::TITLE.width(&fitted.title) + id < width, "{card:?}");
                let marks = fitted.marks.last().map_or(0, |(_, from_right)| *from_right);
                assert!(TEXT_AT + card.summary_font.width(&fitted.summary) + marks < width, "{card:?}");
            }
        }
    }

    #[test]
    fn corners_are_rounded_as_far_as_there_is_room() {
        let points = |line: &[(i64, i64)]| line.iter().map(|&(x, y)| Point { x, y }).collect::<Vec<_>>();
        assert_eq!(rounded(&points(&[(0, 0), (0, 20), (30, 20)])), "M0 0L0 12Q0 20 8 20L30 20");
        assert_eq!(rounded(&points(&[(0, 0), (0, 4), (30, 4)])), "M0 0L0 0Q0 4 4 4L30 4");
        assert_eq!(rounded(&points(&[(0, 0), (0, 20), (6, 20), (6, 40)])), "M0 0L0 17Q0 20 3 20L3 20Q6 20 6 23L6 40");
        assert_eq!(rounded(&points(&[(0, 0), (0, 9)])), "M0 0L0 9");
    }
}

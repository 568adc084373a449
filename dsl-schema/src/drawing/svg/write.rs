//! From a graph to the text of the picture.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use loopline_core::graph::{Condition, Graph};

use super::card::{self, Card, MANY_LINE, MARK, TEXT_AT, Tone, mark_width};
use super::scene::{self, Page, ROUND, Scene};
use super::trails::{self, Caption};
use super::{icons, strokes, style};
use crate::drawing::labels;
use crate::drawing::layered::{Point, Rect};
use crate::drawing::trail::Trail;

/// Around the drawing.
const MARGIN: i64 = 28;

/// The graph as an SVG picture: complete, without scripts, fonts or anything else from outside.
pub fn svg(graph: &Graph) -> String {
    draw(graph, None)
}

/// The same, with a way through it: what was passed stands out, with what became of it; the rest is pale.
pub fn svg_of(graph: &Graph, trail: &Trail) -> String {
    draw(graph, Some(trail))
}

fn draw(graph: &Graph, trail: Option<&Trail>) -> String {
    let page = Page::of(graph);
    let caption = trail.map(Caption::of);
    let mut out = String::new();
    head(graph, &page, caption.as_ref(), &mut out);
    if let Some(caption) = &caption {
        caption.write(&mut out);
    }
    let below = caption.as_ref().map_or_else(Point::default, |caption| Point {
        x: (caption.width() - page.width).max(0) / 2,
        y: caption.height(),
    });
    at(below, &mut out, |out| {
        at(page.steps_at, out, |out| scene(&page.steps, (trail, ""), 0, out));
        if let Some(finally) = &page.finally {
            headline(finally.frame, out);
            at(finally.steps_at, out, |out| scene(&finally.steps, (trail, ""), 1, out));
        }
    });
    out.push_str("</g>\n</svg>\n");
    out
}

/// Draws something with its upper left corner elsewhere.
fn at(corner: Point, out: &mut String, draw: impl FnOnce(&mut String)) {
    if corner == Point::default() {
        return draw(out);
    }
    let _ = writeln!(out, r#"<g transform="translate({} {})">"#, corner.x, corner.y);
    draw(out);
    out.push_str("</g>\n");
}

/// A graph that lies inside of so many frames, with a way through it. `names` stands before the names of its steps.
fn scene(scene: &Scene<'_>, (trail, names): (Option<&Trail>, &str), depth: usize, out: &mut String) {
    let drawing = &scene.drawing;
    if let Some(trail) = trail {
        for (at, step) in scene.graph.steps.iter().enumerate() {
            trails::halo(trail, &format!("{names}{}", step.id), scene.front(at), out);
        }
    }
    strokes::lines("ll-line", &drawing.lines, &drawing.arrows, out);
    strokes::lines("ll-loop", &drawing.loop_lines, &drawing.loop_arrows, out);
    strokes::tips(drawing, out);
    if let Some(trail) = trail {
        trails::lines(scene, trail, names, out);
    }
    for (at, (step, inside)) in scene.graph.steps.iter().zip(&scene.inside).enumerate() {
        let name = format!("{names}{}", step.id);
        let shown = trail.map(|trail| trails::class_of(trail, &name));
        if let Some(class) = shown {
            let _ = writeln!(out, r#"<g class="{class}">"#);
        }
        sheets(scene.drawing.boxes[at], scene.front(at), out);
        let details = labels::details(scene.graph, step);
        step_box(&details, &scene.cards[at], scene.front(at), scene.card(at), inside.as_ref().map(|_| depth), out);
        if shown.is_some() {
            out.push_str("</g>\n");
        }
        if let Some(inside) = inside {
            let names = format!("{name}/");
            self::at(scene.inner(at, inside), out, |out| self::scene(inside, (trail, &names), depth + 1, out));
        }
        if let Some(trail) = trail {
            trails::badges(trail, &name, scene.front(at), out);
        }
    }
    for (_, sort, rect) in &drawing.labels {
        condition(Condition::ALL[usize::from(*sort)], *rect, out);
    }
    let gotos = scene.graph.steps.iter().flat_map(|step| (0..).zip(&step.goto).map(move |goto| (step, goto)));
    for ((step, (index, goto)), rect) in gotos.zip(&drawing.loop_labels) {
        pill(&labels::loop_pill(goto), &labels::goto(goto), *rect, out);
        if let Some(rounds) = trail.and_then(|trail| trail.rounds(&format!("{names}{}", step.id), index)) {
            trails::rounds(&rounds, *rect, out);
        }
    }
}

fn head(graph: &Graph, page: &Page<'_>, caption: Option<&Caption<'_>>, out: &mut String) {
    let width = page.width.max(caption.map_or(0, Caption::width)) + 2 * MARGIN;
    let height = page.height + caption.map_or(0, Caption::height) + 2 * MARGIN;
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="ll-name ll-about">"#
    );
    let _ = writeln!(out, r#"<title id="ll-name">{}</title>"#, escape(&graph.name));
    let about = caption.map_or_else(|| labels::about(graph), Caption::in_words);
    let _ = writeln!(out, r#"<desc id="ll-about">{}</desc>"#, escape(&about));
    let sheet = if caption.is_some() { style::sheet_of_trail() } else { style::sheet() };
    let _ = writeln!(out, "<style>{sheet}</style>");
    out.push_str("<defs>\n");
    let mut drawn = BTreeSet::new();
    kinds(graph, &mut drawn);
    for kind in icons::KINDS.into_iter().filter(|kind| drawn.contains(kind)) {
        let _ = writeln!(out, r#"<g id="ll-{kind}">{}</g>"#, icons::shapes(kind));
    }
    if drawn.iter().any(|kind| !icons::KINDS.contains(kind)) {
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

/// The kinds of all steps, wherever they stand.
fn kinds(graph: &Graph, found: &mut BTreeSet<&'static str>) {
    for step in &graph.steps {
        found.insert(step.action.kind());
        labels::inside(step).into_iter().for_each(|inside| kinds(inside, found));
    }
    graph.finally.iter().for_each(|finally| kinds(finally, found));
}

/// The frame of `finally`, and what stands over its steps.
fn headline(frame: Rect, out: &mut String) {
    let Rect { x, y, width, height } = frame;
    let _ = writeln!(out, r#"<rect class="ll-frame" x="{x}" y="{y}" width="{width}" height="{height}" rx="12"/>"#);
    let (title, about) = scene::headline();
    let _ = writeln!(out, r#"<text class="ll-title" x="{}" y="{}">{}</text>"#, x + title, y + 26, labels::FINALLY);
    let _ = writeln!(
        out,
        r#"<text class="ll-summary ll-prose" x="{}" y="{}">{}</text>"#,
        x + about,
        y + 26,
        labels::AT_THE_END
    );
}

/// What shows of the sheets behind the box of a step that runs many times.
fn sheets(whole: Rect, front: Rect, out: &mut String) {
    let beneath = whole.bottom() - front.bottom();
    for sheet in [2, 1] {
        let reach = beneath * sheet / 2;
        if reach > 0 {
            let _ = writeln!(
                out,
                r#"<rect class="ll-sheet" x="{}" y="{}" width="{}" height="28" rx="10"/>"#,
                front.x + 7 * sheet,
                front.bottom() + reach - 28,
                front.width - 14 * sheet,
            );
        }
    }
}

/// A card in its box; with `frame`, in the upper part of a frame that lies in so many others.
fn step_box(details: &str, card: &Card, front: Rect, rect: Rect, frame: Option<usize>, out: &mut String) {
    let class = match card.tone {
        Tone::Works => "ll-works",
        Tone::Waits => "ll-waits",
        Tone::Computes => "ll-computes",
    };
    let Rect { x, y, width, height } = rect;
    let fitted = card.fit(width);
    let middle = y + height / 2 - if fitted.many.is_some() { MANY_LINE / 2 } else { 0 };
    let shape = match frame {
        None => "ll-box",
        // Frames inside of each other are told apart.
        Some(depth) if depth % 2 == 0 => "ll-frame",
        Some(_) => "ll-frame ll-inner",
    };
    let _ = writeln!(out, r#"<g class="{class}"><title>{}</title>"#, escape(details));
    let _ = writeln!(
        out,
        r#"<rect class="{shape}" x="{}" y="{}" width="{}" height="{}" rx="{}"/>"#,
        front.x,
        front.y,
        front.width,
        front.height,
        if frame.is_some() { 12 } else { 10 }
    );
    let tile = y + height / 2 - 16;
    let tinted = if frame.is_some() { "ll-tile ll-tile-of-frame" } else { "ll-tile" };
    let _ = writeln!(out, r#"<rect class="{tinted}" x="{}" y="{tile}" width="32" height="32" rx="8"/>"#, x + 12);
    let icon = if icons::KINDS.contains(&card.kind.as_str()) { card.kind.as_str() } else { "other" };
    let _ = writeln!(out, r##"<use class="ll-icon" href="#ll-{icon}" x="{}" y="{}"/>"##, x + 20, tile + 8);
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
    if let Some(many) = &fitted.many {
        let _ = writeln!(
            out,
            r#"<text class="ll-many ll-prose" x="{}" y="{}">{}</text>"#,
            x + TEXT_AT,
            middle + 14 + MANY_LINE,
            escape(many)
        );
    }
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

pub(super) fn label(text: &str, rect: Rect, out: &mut String) {
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
pub(super) fn escape(text: &str) -> String {
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

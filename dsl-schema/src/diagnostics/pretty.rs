//! Findings for a terminal: the sentence, the line it is about, a caret, and the next move.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::position::Source;

/// Lines longer than this are not shown: what they say is said by line and column alone.
const LONGEST_LINE: usize = 2_000;

/// Findings about `text`, in the order given, each with its source line.
pub fn render_pretty(file_name: &str, text: &str, diagnostics: &[Diagnostic], color: bool) -> String {
    let source = Source::new(text);
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for diagnostic in diagnostics {
        one(&source, &renderer, file_name, diagnostic, &mut out);
    }
    out
}

fn one(source: &Source<'_>, renderer: &Renderer, file_name: &str, diagnostic: &Diagnostic, out: &mut String) {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO.with_name("hint"),
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
    let primary = source.bytes(&diagnostic.place);
    let related: Vec<(Range<usize>, &str)> =
        diagnostic.related.iter().map(|(place, label)| (source.bytes(place), label.as_str())).collect();

    // Only the lines that matter go to the renderer: its work must not depend on the size of the file.
    let excerpt = Excerpt::around(source, &primary);
    if excerpt.text.lines().any(|line| line.len() > LONGEST_LINE) {
        let at = source.position(primary.start);
        let _ = writeln!(out, "{}[{}]: {}", diagnostic.severity.as_str(), diagnostic.code.as_str(), diagnostic.message);
        let _ = writeln!(out, " --> {file_name}:{}:{}", at.line, at.column);
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(out, "  = help: {help}");
        }
        out.push('\n');
        return;
    }
    let mut snippet = excerpt.snippet(file_name).annotation(AnnotationKind::Primary.span(excerpt.within(&primary)));
    let mut elsewhere = Vec::new();
    for (bytes, label) in &related {
        if excerpt.holds(bytes) {
            snippet = snippet.annotation(AnnotationKind::Context.span(excerpt.within(bytes)).label(*label));
        } else {
            elsewhere.push((Excerpt::around(source, bytes), bytes, label));
        }
    }
    let mut group: Group<'_> = title.element(snippet);
    for (excerpt, bytes, label) in &elsewhere {
        if excerpt.text.len() <= LONGEST_LINE {
            let annotation = AnnotationKind::Context.span(excerpt.within(bytes)).label(**label);
            group = group.element(excerpt.snippet(file_name).annotation(annotation));
        }
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    out.push_str(&renderer.render(&[group]));
    out.push_str("\n\n");
}

/// Some whole lines of the text.
struct Excerpt<'a> {
    text: &'a str,
    start: usize,
    line: usize,
}

impl<'a> Excerpt<'a> {
    fn around(source: &Source<'a>, bytes: &Range<usize>) -> Self {
        let line = source.position(bytes.start).line;
        let start = source.line_start(line);
        let rest = &source.text()[start..];
        let text = rest.split_inclusive('\n').next().unwrap_or("").trim_end_matches(['\n', '\r']);
        Self { text, start, line }
    }

    fn holds(&self, bytes: &Range<usize>) -> bool {
        self.start <= bytes.start && bytes.end <= self.start + self.text.len()
    }

    fn within(&self, bytes: &Range<usize>) -> Range<usize> {
        let cut = |at: usize| at.saturating_sub(self.start).min(self.text.len());
        cut(bytes.start)..cut(bytes.end)
    }

    fn snippet<A: Clone>(&self, file_name: &'a str) -> Snippet<'a, A> {
        Snippet::source(self.text).line_start(self.line).path(file_name)
    }
}

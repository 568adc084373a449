//! The commonest slip: `{{ … }}` without quotes where YAML reads a mapping.

use std::ops::Range;

/// Whether a flow mapping that begins here was meant as a template.
pub(super) fn begins_at(text: &str, at: usize) -> bool {
    text[at..].starts_with("{{")
}

/// The scalar that was meant, when a template begins at `at`: in a flow collection up to the next `,` or closing bracket,
/// else to the end of the line, without a comment.
pub(super) fn meant(text: &str, at: usize, in_flow: bool) -> Range<usize> {
    let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let line = &text[at..line_end];
    let mut inside = false;
    let mut end = line.len();
    let mut chars = line.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        match c {
            '{' if line[offset..].starts_with("{{") => {
                inside = true;
                chars.next();
            }
            '}' if inside && line[offset..].starts_with("}}") => {
                inside = false;
                chars.next();
            }
            ',' | ']' | '}' if in_flow && !inside => {
                end = offset;
                break;
            }
            '#' if !inside && line[..offset].ends_with([' ', '\t']) => {
                end = offset;
                break;
            }
            _ => {}
        }
    }
    at..at + line[..end].trim_end().len().max(2)
}

/// The template that a syntax error at `at` is about: one begins on the same line at or before it, outside quotes.
/// `None` where the line has no such thing.
pub(super) fn around(text: &str, at: usize) -> Option<Range<usize>> {
    let at = at.min(text.len());
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let line = &text[line_start..line_end];
    let hole = line_start + line.find("{{")?;
    if hole > at {
        return None;
    }
    let before = &text[line_start..hole];
    if before.matches('"').count() % 2 == 1 || before.matches('\'').count() % 2 == 1 || before.contains(" #") {
        return None;
    }
    // Where the scalar with the hole in it begins: behind the last indicator.
    let start = before.rfind(['[', ',', '{']).map(|at| at + 1).max(before.rfind(": ").map(|at| at + 2)).unwrap_or(0);
    let start = line_start + start + before[start..].len() - before[start..].trim_start().len();
    let in_flow = before.contains(['[', '{']);
    let end = meant(text, hole, in_flow).end;
    Some(start..end)
}

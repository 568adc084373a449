//! Texts that are broken in the middle: as much of the document as can be had.

use std::rc::Rc;

use super::limits::MAX_TEXT_BYTES;
use super::read::read;
use super::tree::Node;
use crate::diagnostics::{Diagnostic, Place};

/// Most readings of one text.
const MAX_READINGS: usize = 16;

/// The document of a text, its broken lines left out. None where too much is broken.
///
/// What is left keeps its place in the text. This is for questions about the rest of a text that is being written; it is
/// never compiled.
pub fn read_around(text: &str) -> Option<Rc<Node>> {
    let mut text = text.to_owned();
    let mut readings = (2 * MAX_TEXT_BYTES / text.len().max(1)).clamp(1, MAX_READINGS);
    let mut last = None;
    loop {
        let reading = read(&text);
        if reading.root.is_some() {
            return reading.root;
        }
        readings -= 1;
        // The last problem is what ended the reading.
        let problem = reading.problems.last().filter(|_| readings > 0)?;
        let (at, bracket) = (start(problem)?, bracket(problem));
        let stuck = last.replace((at, bracket)) == Some((at, bracket));
        let broken = broken_line(&text, at, bracket, stuck)?;
        blank(&mut text, broken);
    }
}

fn start(problem: &Diagnostic) -> Option<usize> {
    match &problem.place {
        Place::Text(range) => Some(range.start),
        _ => None,
    }
}

/// The bracket that the problem stands inside of.
fn bracket(problem: &Diagnostic) -> Option<usize> {
    problem.related.iter().find_map(|(place, _)| match place {
        Place::Text(range) => Some(range.start),
        _ => None,
    })
}

/// What to leave out. A line that lacks something is noticed at the first word behind it.
fn broken_line(text: &str, at: usize, bracket: Option<usize>, stuck: bool) -> Option<std::ops::Range<usize>> {
    if let Some(bracket) = bracket.filter(|_| !stuck) {
        return Some(bracket..line_around(text, bracket).end);
    }
    let line = line_around(text, at);
    let first_word = text[line.start..at].trim().is_empty();
    let before = text[..line.start].trim_end();
    let broken = if first_word && !stuck && !before.is_empty() { line_around(text, before.len() - 1) } else { line };
    (!text[broken.clone()].trim().is_empty()).then_some(broken)
}

fn line_around(text: &str, at: usize) -> std::ops::Range<usize> {
    let at = text.floor_char_boundary(at.min(text.len()));
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    start..text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// Takes the letters out, and leaves every other place what it is.
fn blank(text: &mut String, part: std::ops::Range<usize>) {
    let blanks = " ".repeat(part.len());
    text.replace_range(part, &blanks);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Value;

    fn check(text: &str, keys: &[&str]) {
        let root = read_around(text).unwrap_or_else(|| panic!("a document in {text:?}"));
        let Value::Mapping(entries) = &root.value else { panic!("a mapping in {text:?}") };
        let found: Vec<_> = entries.iter().map(|entry| &*entry.key.text).collect();
        assert_eq!(found, keys, "{text:?}");
        for entry in entries {
            assert_eq!(&text[entry.key.span.clone()], &*entry.key.text, "places are kept");
        }
    }

    #[test]
    fn only_the_broken_line_is_left_out() {
        check("a: 1\nne\nb: 2\n", &["a", "b"]);
        check("a: 1\nb: [x, y\nc: 3\nd: 4\n", &["a", "b", "c", "d"]);
        check("a: 1\nb: \"x\nc: 3\n", &["a", "c"]);
        check("a: b: c\nd: 1\n", &["d"]);
        check("a: 1\nb: @x\nc: *y\nd: 2\n", &["a", "d"]);
        check("a: {b: {c: 1\nd: 2\n", &["a", "d"]);
        check("a: {b: [\nc: {d: 1}\n", &["a", "c"]);
        check("a: 1\nne", &["a"]);
    }

    #[test]
    fn a_text_of_nothing_but_mistakes_is_given_up() {
        assert!(read_around(&"@\n".repeat(1_000)).is_none());
        assert!(read_around("").is_none());
    }
}

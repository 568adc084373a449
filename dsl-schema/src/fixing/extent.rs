//! From where to where an entry of a mapping or an item of a list reaches, and how much of the text goes with it.

use std::ops::Range;

/// What goes with an entry or item between `[…]` or `{…}`: the comma behind it, or the one before the last.
pub(super) fn in_flow(text: &str, start: usize, end: usize) -> Range<usize> {
    let behind = &text[end..];
    let gap = behind.len() - behind.trim_start().len();
    if behind[gap..].starts_with(',') {
        let after = &behind[gap + 1..];
        return start..end + gap + 1 + (after.len() - after.trim_start_matches([' ', '\t']).len());
    }
    let before = text[..start].trim_end();
    match before.strip_suffix(',') {
        Some(before) => before.len()..end,
        None => start..end,
    }
}

/// The lines of an entry or item that begins at `start`, where only spaces and dashes may stand before it: its own, and those
/// behind it that are indented deeper than `column`. Blank lines behind it and comments that are not deeper stay.
pub(super) fn in_block(text: &str, start: usize, column: usize) -> Range<usize> {
    let line_start = line_start(text, start);
    let mut end = line_end(text, start);
    let mut at = end;
    while at < text.len() {
        let next = line_end(text, at);
        let line = text[at..next].trim_end_matches(['\n', '\r']);
        let indent = line.len() - line.trim_start_matches(' ').len();
        let is_blank = line.trim().is_empty();
        if !is_blank && indent <= column {
            break;
        }
        at = next;
        if !is_blank {
            end = next;
        }
    }
    line_start..end
}

/// Where the line begins that `at` lies in.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// Where the next line begins, or the text ends.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// What stands before `at` on its line, if that is only spaces and the dashes of lists; as spaces alone, what lines beneath
/// it are indented with.
pub(super) fn indentation(text: &str, at: usize) -> Option<String> {
    let before = &text[line_start(text, at)..at];
    before.chars().all(|c| matches!(c, ' ' | '-')).then(|| " ".repeat(before.len()))
}

/// How the text ends its lines.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_goes_with_what_it_separates() {
        // What goes is marked by the brackets ‹ ›.
        for (text, expect) in [
            ("[a, b, c]|a", "[‹a, ›b, c]"),
            ("[a, b, c]|b", "[a, ‹b, ›c]"),
            ("[a, b, c]|c", "[a, b‹, c›]"),
            ("[a]|a", "[‹a›]"),
            ("[a ,\n b]|a", "[‹a ,›\n b]"),
        ] {
            let (text, part) = text.split_once('|').expect("a part");
            let start = text.find(part).expect("the part");
            let found = in_flow(text, start, start + part.len());
            assert_eq!(marked(text, &found), expect);
        }
    }

    #[test]
    fn the_lines_of_an_entry_are_those_that_are_deeper() {
        for (text, expect) in [
            ("a: 1\nb: 2\nc: 3\n", "a: 1\n‹b: 2\n›c: 3\n"),
            ("a: 1\nb:\n  d: 2\n\n  # deep\n\n# of c\nc: 3\n", "a: 1\n‹b:\n  d: 2\n\n  # deep\n›\n# of c\nc: 3\n"),
            ("a: 1\nb: |\n  text\n\n  more", "a: 1\n‹b: |\n  text\n\n  more›"),
        ] {
            let found = in_block(text, text.find('b').expect("b"), 0);
            assert_eq!(marked(text, &found), expect);
        }
    }

    fn marked(text: &str, part: &Range<usize>) -> String {
        format!("{}‹{}›{}", &text[..part.start], &text[part.clone()], &text[part.end..])
    }
}

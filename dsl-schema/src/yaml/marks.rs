//! Where the parser sees what nobody else should guess: scalars, aliases, the beginnings of block mappings.
//!
//! A tree is enough to know what a text means, and too little to know how it is written. Who rewrites a text walks over it
//! with these marks at hand: everything between them is white space, comments, indicators, anchors and tags.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::limits::MAX_DEPTH;
use super::read::Bytes;
use super::tree::Style;

/// The marks of one text, each list in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Scalars that have letters of their own, and aliases.
    pub(crate) leaves: Vec<Leaf>,
    /// Where the first key of each block mapping begins, its anchor and tag included. Some other places stand among them,
    /// all of them inside brackets.
    pub(crate) mappings: Vec<usize>,
}

/// A scalar or an alias.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// Bytes of the text. An anchor and a tag before a scalar may be part of it, and the comment behind a quoted one; of a
    /// block scalar no more is certain than that its header does not stand behind the end.
    pub(crate) span: Range<usize>,
    /// How it is written; `None` for an alias.
    pub(crate) style: Option<Style>,
}

/// Finds the marks of a text that was read without an error of syntax. `None` where that is not so, or where values lie
/// deeper than a pipeline may have them.
pub(crate) fn marks(text: &str) -> Option<Marks> {
    let bytes = Bytes::of(text);
    let mut marks = Marks::default();
    let mut depth = 0_u32;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let span = bytes.span(span);
        match &event {
            Event::Alias(_) => marks.leaves.push(Leaf { span, style: None }),
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() => {}
            Event::Scalar(_, style, ..) => marks.leaves.push(Leaf { span, style: Some(style_of(*style)) }),
            Event::MappingStart(..) => marks.mappings.push(span.end),
            _ => {}
        }
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return None;
        }
    }
    Some(marks)
}

/// Whether two texts say the same: the same values in the same order, scalars by value and style, the same tags, and
/// aliases of the same anchors. Comments, white space and the names of anchors do not count.
pub(crate) fn say_the_same(one: &str, other: &str) -> bool {
    let mut one = Parser::new_from_str(one);
    let mut other = Parser::new_from_str(other);
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(Ok((one, _))), Some(Ok((other, _)))) if one == other => {}
            _ => return false,
        }
    }
}

pub(super) fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, leaves: &[&str], mappings: &[usize]) {
        let marks = marks(text).expect("a text without errors");
        let found: Vec<_> = marks.leaves.iter().map(|leaf| &text[leaf.span.clone()]).collect();
        assert_eq!(found, leaves, "{text:?}");
        assert_eq!(marks.mappings, mappings, "{text:?}");
    }

    #[test]
    fn block_mappings_are_marked_at_their_first_key() {
        check("a: b\n", &["a", "b"], &[0]);
        check("a: &x\n  b: é\nc: d\n", &["a", "b", "é", "c", "d"], &[0, 8]);
        check("- &x b: c\n", &["&x b", "c"], &[2]);
        check("a:\n  b:\n", &["a", "b"], &[0, 5]);
    }

    #[test]
    fn what_has_no_letters_is_no_leaf() {
        check("a: \nb: ''\nc: ~\n", &["a", "b", "''", "c", "~"], &[0]);
    }

    #[test]
    fn what_cannot_be_read_has_no_marks() {
        assert!(marks("a: [b\n").is_none());
        assert!(marks(&"[".repeat(100)).is_none());
    }

    #[test]
    fn texts_say_the_same_whatever_they_look_like() {
        for (one, other, expect) in [
            ("a: &x [1, 2]\nb: *x\n", "a:   &x [ 1,2 ] # c\nb:   *x\n", true),
            ("a: |\n  x\n", "a: |\n      x\n", true),
            ("a: 'x'\n", "a: \"x\"\n", false),
            ("a: x\n", "a: 'x'\n", false),
            ("a: 1\nb: 2\n", "b: 2\na: 1\n", false),
            ("a: &x 1\nb: &y 1\nc: *x\n", "a: &x 1\nb: &y 1\nc: *y\n", false),
            ("a: x\n", "a: !!str x\n", false),
            ("a: x\n", "a: [\n", false),
        ] {
            assert_eq!(say_the_same(one, other), expect, "{one:?} and {other:?}");
        }
    }
}

//! From a place in the value of a scalar to the place in the text where it is spelled.
//!
//! Quotes, escapes, indentation and folding stand between the two. What never changes is the order of the characters that
//! are not white space, so both are walked side by side: exact for everything but white space that folding made.

use std::collections::BTreeMap;
use std::ops::Range;

use super::tree::{Node, Scalar, Style};

/// The bytes of `text` where `part` of the value of `node` is spelled.
pub fn locate(text: &str, node: &Node, part: Range<usize>) -> Range<usize> {
    locate_from(text, node, part, &[])
}

/// Scalars shorter than this are walked from their beginning each time.
const SHORT: usize = 512;

/// How far a walk through a scalar has come.
#[derive(Debug, Clone)]
pub struct Waypoint {
    /// The next character of the value, in bytes.
    next: usize,
    /// Where the spelling of what follows begins.
    at: usize,
    /// Where the last character was spelled.
    last: Range<usize>,
}

/// Places in a long scalar from which it can be walked on, so that a thousand findings in it do not cost a thousand walks.
/// None in a short one.
pub fn waypoints(text: &str, node: &Node) -> Vec<Waypoint> {
    let mut points = Vec::new();
    let Some(scalar) = node.scalar().filter(|scalar| scalar.text.len() > SHORT) else { return points };
    let mut walk = Walk::begin(text, node, scalar);
    while walk.next < scalar.text.len() {
        walk.spelled_at(&scalar.text, (walk.next + SHORT).min(scalar.text.len() - 1));
        points.push(Waypoint { next: walk.next, at: walk.spelling.at, last: walk.last.clone() });
    }
    points
}

/// As [`locate`], with the help of [`waypoints`].
pub fn locate_from(text: &str, node: &Node, part: Range<usize>, points: &[Waypoint]) -> Range<usize> {
    let Some(scalar) = node.scalar() else { return node.span.clone() };
    let spelled = |at: usize| Walk::before(text, node, scalar, at, points).spelled_at(&scalar.text, at);
    let last_of = |part: &str| part.char_indices().next_back().map_or(0, |(at, _)| at);
    let start = match scalar.text.len() {
        length if part.start >= length => spelled(last_of(&scalar.text)).end,
        _ => spelled(part.start).start,
    };
    if part.end <= part.start {
        return start..start;
    }
    // The end of the last character, not the start of the next: white space may lie between them.
    let last = last_of(&scalar.text[..part.end.min(scalar.text.len())]);
    start..spelled(last).end.max(start)
}

/// The same for many parts of one scalar, in one walk.
pub fn locate_all(text: &str, node: &Node, parts: &[Range<usize>]) -> Vec<Range<usize>> {
    let Some(scalar) = node.scalar() else { return parts.iter().map(|_| node.span.clone()).collect() };
    let value = &scalar.text;
    // The end of the last character, not the start of the next: white space may lie between them.
    let last = |part: &Range<usize>| {
        let end = value.floor_char_boundary(part.end);
        value[..end].char_indices().next_back().map_or(0, |(at, _)| at).max(part.start)
    };
    let mut spelled: BTreeMap<usize, Range<usize>> =
        parts.iter().flat_map(|part| [part.start, last(part)]).map(|at| (at, 0..0)).collect();
    let furthest = spelled.keys().next_back().copied().unwrap_or(0);
    let mut spelling = Spelling::of(text, node, scalar);
    let mut found = spelling.at..spelling.at;
    for (at, sign) in value.char_indices().take_while(|(at, _)| *at <= furthest) {
        found = spelling.find(sign).unwrap_or(found.end..found.end);
        if let Some(place) = spelled.get_mut(&at) {
            *place = found.clone();
        }
    }
    let place = |part: &Range<usize>| {
        let start = spelled.get(&part.start).map_or(0, |place| place.start);
        let end = spelled.get(&last(part)).map_or(start, |place| place.end);
        start..end.max(start)
    };
    parts.iter().map(place).collect()
}

/// A value and its spelling, walked side by side.
struct Walk<'a> {
    spelling: Spelling<'a>,
    /// The next character of the value, in bytes.
    next: usize,
    /// Where the last character was spelled.
    last: Range<usize>,
}

impl<'a> Walk<'a> {
    fn begin(text: &'a str, node: &Node, scalar: &Scalar) -> Self {
        let spelling = Spelling::of(text, node, scalar);
        Self { next: 0, last: spelling.at..spelling.at, spelling }
    }

    /// From the last waypoint before a character.
    fn before(text: &'a str, node: &Node, scalar: &Scalar, at: usize, points: &[Waypoint]) -> Self {
        let mut walk = Self::begin(text, node, scalar);
        if let Some(point) = points[..points.partition_point(|point| point.next <= at)].last() {
            walk.next = point.next;
            walk.spelling.at = point.at;
            walk.last = point.last.clone();
        }
        walk
    }

    /// Walks on to the character at `at` of the value, or at the end of what it lies in; where that is spelled.
    fn spelled_at(&mut self, value: &str, at: usize) -> Range<usize> {
        for wanted in value.get(self.next..).unwrap_or_default().chars() {
            if self.next > at {
                break;
            }
            self.next += wanted.len_utf8();
            self.last = self.spelling.find(wanted).unwrap_or(self.last.end..self.last.end);
        }
        self.last.clone()
    }
}

/// Where a scalar begins behind its anchor and its tag, which are part of its span.
fn behind_properties(text: &str, span: Range<usize>, style: Style) -> usize {
    let mut start = span.start;
    while text[start..span.end].starts_with(['&', '!']) {
        let rest = &text[start..span.end];
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        start += rest.len() - rest[word..].trim_start().len();
    }
    if !matches!(style, Style::Literal | Style::Folded) {
        return start;
    }
    // Without them, the parser counts a block scalar from behind its header, and its text may begin with any sign.
    let rest = &text[start..span.end];
    let header = start > span.start && rest.starts_with(['|', '>']);
    if header { start + rest.find('\n').map_or(rest.len(), |end| end + 1) } else { span.start }
}

/// The spelling of a scalar, read unit by unit. A unit is a character, or an escape that stands for one.
struct Spelling<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    style: Style,
}

struct Unit {
    /// What it stands for; `None` for an escaped line break.
    means: Option<char>,
    span: Range<usize>,
    escape: bool,
}

impl<'a> Spelling<'a> {
    fn of(text: &'a str, node: &Node, scalar: &Scalar) -> Self {
        let Range { start, end } = node.span;
        let start = behind_properties(text, start..end, scalar.style);
        let (at, end) = match scalar.style {
            Style::Plain => (start, end),
            Style::Single | Style::Double => (start + 1, end.saturating_sub(1).max(start + 1)),
            // The parser counts a block scalar from its first character, behind the header `|`, `>-`, `|2 # comment`.
            Style::Literal | Style::Folded => (start, end),
        };
        Self { text, at: at.min(text.len()), end: end.min(text.len()), style: scalar.style }
    }

    /// Walks on to the unit that stands for `wanted`.
    fn find(&mut self, wanted: char) -> Option<Range<usize>> {
        if wanted.is_whitespace() {
            // White space that folding made has no spelling of its own; what is spelled is the next unit.
            let before = self.at;
            let unit = self.unit()?;
            let matches = unit.means == Some(wanted) || (!unit.escape && unit.means.is_some_and(char::is_whitespace));
            if !matches {
                self.at = before;
                return Some(before..before);
            }
            return Some(unit.span);
        }
        while let Some(unit) = self.unit() {
            if unit.means == Some(wanted) {
                return Some(unit.span);
            }
            if unit.means.is_some_and(|c| !c.is_whitespace()) {
                return Some(unit.span);
            }
        }
        None
    }

    fn unit(&mut self) -> Option<Unit> {
        let rest = &self.text[self.at..self.end];
        let first = rest.chars().next()?;
        let start = self.at;
        let (means, len, escape) = match (self.style, first) {
            (Style::Single, '\'') if rest.starts_with("''") => (Some('\''), 2, true),
            (Style::Double, '\\') => {
                let (means, len) = escape(rest);
                (means, len, true)
            }
            _ => (Some(first), first.len_utf8(), false),
        };
        self.at += len;
        Some(Unit { means, span: start..self.at, escape })
    }
}

/// What an escape stands for, and its length in bytes.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(kind) = text.chars().nth(1) else { return (None, text.len()) };
    let hex = |digits: usize| {
        let code = text.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        (code.and_then(char::from_u32), (2 + digits).min(text.len()))
    };
    let means = match kind {
        'x' => return hex(2),
        'u' => return hex(4),
        'U' => return hex(8),
        '\n' => return (None, 2),
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        other => other,
    };
    (Some(means), 1 + kind.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word of the value must be found where it is spelled.
    fn check(yaml: &str, words: &[(&str, &str)]) {
        let reading = crate::yaml::read(yaml);
        assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        let root = reading.root.expect("a document");
        let node = &root.entry("a").expect("key a").value;
        let value = &node.scalar().expect("a scalar").text;
        for (word, spelled) in words {
            let at = value.find(word).unwrap_or_else(|| panic!("{word:?} in {value:?}"));
            let found = locate(yaml, node, at..at + word.len());
            assert_eq!(&yaml[found.clone()], *spelled, "{word:?} of {value:?}");
            assert_eq!(locate_all(yaml, node, std::slice::from_ref(&(at..at + word.len()))), [found]);
        }
    }

    #[test]
    fn plain() {
        check("a: one {{ two }} three\n", &[("{{ two }}", "{{ two }}"), ("three", "three")]);
        check("a: one\n  two\n\n  three\nb: 1\n", &[("two", "two"), ("three", "three")]);
    }

    #[test]
    fn behind_an_anchor_and_a_tag() {
        check("a: &x one {{ two }}\n", &[("one", "one"), ("{{ two }}", "{{ two }}")]);
        check("a: !!str &x 'it''s'\n", &[("it's", "it''s")]);
        check("a: &x !!str |\n  one\n  two\n", &[("one", "one"), ("two", "two")]);
        check("a: |\n  & one\n  ! two\n", &[("& one", "& one"), ("two", "two")]);
    }

    #[test]
    fn single_quoted() {
        check("a: 'it''s {{ two }}'\n", &[("{{ two }}", "{{ two }}"), ("it's", "it''s")]);
        check("a: 'one\n\n   two'\n", &[("two", "two")]);
    }

    #[test]
    fn double_quoted() {
        check(
            r#"a: "x\t\"\u00e9\" {{ two }}\n  end""#,
            &[("{{ two }}", "{{ two }}"), ("é", r"\u00e9"), ("end", "end")],
        );
        check("a: \"one \\\n   two\n   three\"\n", &[("two", "two"), ("three", "three")]);
    }

    #[test]
    fn long_scalars_are_located_from_waypoints() {
        for (begin, end) in [("", ""), ("\"", "\""), ("'", "'"), ("|\n    ", ""), (">\n    ", "")] {
            let words: Vec<String> = (0..3_000).map(|at| format!("{at}é")).collect();
            let yaml = format!("a: {begin}{}{end}\n", words.join(if begin.contains('\n') { "\n    " } else { " " }));
            let root = crate::yaml::read(&yaml).root.expect("a document");
            let node = &root.entry("a").expect("key a").value;
            let value = &node.scalar().expect("a scalar").text;
            let points = waypoints(&yaml, node);
            assert!(points.len() > 3);
            for word in words.iter().step_by(97) {
                let at = value.find(word.as_str()).expect("the word");
                let part = at..at + word.len();
                let found = locate_from(&yaml, node, part.clone(), &points);
                assert_eq!(found, locate(&yaml, node, part));
                assert_eq!(&yaml[found], word, "{begin:?}");
            }
            let behind = value.len()..value.len();
            assert_eq!(locate_from(&yaml, node, behind.clone(), &points), locate(&yaml, node, behind));
        }
    }

    #[test]
    fn literal_and_folded() {
        check(
            "a: | # comment {{\n    one {{ two }}\n      more\n\n    end\nb: 1\n",
            &[("{{ two }}", "{{ two }}"), ("more", "more"), ("end", "end")],
        );
        check("a: >-\n    one\n    two ü\n\n    three\n", &[("two ü", "two ü"), ("three", "three")]);
        check("x: ä\na: |2\n    indented\n   end\n", &[("indented", "indented"), ("end", "end")]);
    }
}

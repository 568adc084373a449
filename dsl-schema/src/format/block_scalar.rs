//! Block scalars: which lines belong to one, and what of each line is its content.

use super::lexer::Unclear;

/// The header of a block scalar, `|2-`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    /// The indentation that it names, relative to the parent.
    indentation: Option<usize>,
    /// What becomes of the end.
    chomping: Chomping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// `-`: no line break.
    Strip,
    /// One line break.
    Clip,
    /// `+`: all of them.
    Keep,
}

impl Header {
    /// Reads the header that a text begins with. Gives its length too.
    pub(super) fn read(text: &str) -> Option<(Self, usize)> {
        let len = text.find([' ', '\t', '\n']).unwrap_or(text.len());
        let mut header = Self { indentation: None, chomping: Chomping::Clip };
        for c in text[..len].chars().skip(1) {
            match c {
                '-' => header.chomping = Chomping::Strip,
                '+' => header.chomping = Chomping::Keep,
                _ => header.indentation = Some(c.to_digit(10)? as usize),
            }
        }
        Some((header, len))
    }
}

/// A header as it is written, naming the given indentation where it names one.
pub(super) fn with_indentation(header: &str, indentation: usize) -> String {
    header.chars().map(|c| if c.is_ascii_digit() { indentation.to_string() } else { c.to_string() }).collect()
}

/// The lines of a block scalar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body<'a> {
    /// Without their indentation; what is empty has none.
    pub(super) lines: Vec<&'a str>,
    /// The byte behind the last line, before its line break.
    pub(super) end: usize,
    /// The text ends in a line that is indentation throughout and has no line break. The parser reads a line break out of
    /// it, so it must stay.
    pub(super) ends_in_indentation: bool,
}

/// The lines below a header whose own line ends at `from`. Content stands deeper than the column `parent`.
pub(super) fn body(text: &str, from: usize, header: Header, parent: usize) -> Result<Body<'_>, Unclear> {
    let mut body = Body { lines: Vec::new(), end: from, ends_in_indentation: false };
    let mut indentation = header.indentation.map(|more| parent + more);
    let mut deepest_blank = 0;
    // How many lines are there whatever the chomping is, and where they end. Behind them are empty ones.
    let mut sure = (0, from);
    while let Some(line) = Line::behind(text, body.end) {
        if line.content.is_empty() && !line.ended && indentation.is_none_or(|indentation| line.spaces <= indentation) {
            body.end_of_text(&line, header.chomping, indentation.filter(|_| sure.0 > 0));
            break;
        }
        if line.ends_scalar(indentation, parent) {
            // Behind a line of tabs, empty lines are none of the scalar, and must not become some.
            let of_tabs = line.content.trim_matches([' ', '\t']).is_empty();
            if of_tabs && header.chomping == Chomping::Keep {
                return Err(Unclear);
            }
            break;
        }
        if !line.content.is_empty() {
            if indentation.is_none() && deepest_blank > line.spaces {
                return Err(Unclear);
            }
            indentation.get_or_insert(line.spaces);
        }
        deepest_blank = deepest_blank.max(line.spaces);
        let content = &line.text[indentation.unwrap_or(line.spaces).min(line.spaces)..];
        body.lines.push(content);
        body.end = line.end;
        if !content.is_empty() {
            sure = (body.lines.len(), body.end);
        }
    }
    if header.chomping != Chomping::Keep {
        body.lines.truncate(sure.0);
        body.end = if body.ends_in_indentation { text.len() } else { sure.1 };
    }
    Ok(body)
}

impl Body<'_> {
    /// The text ends in a line without line break that holds no more than indentation. `indentation` is that of the
    /// content, if there was any.
    fn end_of_text(&mut self, line: &Line<'_>, chomping: Chomping, indentation: Option<usize>) {
        self.ends_in_indentation = indentation == Some(line.spaces) && chomping != Chomping::Strip;
        // A line without its break is an empty line where there is no other.
        if indentation.is_none() && chomping == Chomping::Keep && self.lines.is_empty() {
            self.lines.push("");
        }
        self.end = line.end;
    }
}

/// One line of the text.
struct Line<'a> {
    text: &'a str,
    spaces: usize,
    /// Without the spaces before it.
    content: &'a str,
    /// Its last byte, before the line break.
    end: usize,
    /// Whether it has a line break.
    ended: bool,
}

impl<'a> Line<'a> {
    /// The line behind the line break at `at`; nothing where the text ends with that line break or before.
    fn behind(text: &'a str, at: usize) -> Option<Self> {
        let rest = text.get(at + 1..).filter(|rest| !rest.is_empty())?;
        let end = rest.find('\n');
        let text = &rest[..end.unwrap_or(rest.len())];
        let content = text.trim_start_matches(' ');
        let spaces = text.len() - content.len();
        Some(Self { text, spaces, content, end: at + 1 + text.len(), ended: end.is_some() })
    }

    /// Whether it has letters and stands too far out. Before the first content, only the parent tells how far that is.
    fn ends_scalar(&self, indentation: Option<usize>, parent: usize) -> bool {
        !self.content.is_empty() && self.spaces < indentation.unwrap_or(parent + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text stands below `a: HEADER`.
    fn check(header: &str, text: &str, lines: &[&str], rest: &str) {
        let (read, len) = Header::read(header).expect("a header");
        assert_eq!(len, header.len());
        let whole = format!("{header}{text}");
        let body = body(&whole, len, read, 0).expect("a body");
        assert_eq!((body.lines.as_slice(), &whole[body.end..]), (lines, rest), "{whole:?}");
    }

    #[test]
    fn content_is_what_stands_behind_the_indentation() {
        check("|", "\n  a\n    b\n  c\nd: 1\n", &["a", "  b", "c"], "\nd: 1\n");
        check("|", "\n\n  a\n\n\n  b\n", &["", "a", "", "", "b"], "\n");
        check("|2", "\n    a\n  b\n", &["  a", "b"], "\n");
        check("|", "\n  a\n # a comment\n", &["a"], "\n # a comment\n");
        check("|", "\n  a\n  # content\n", &["a", "# content"], "\n");
        check("|", "\n  \ta\t \n", &["\ta\t "], "\n");
        check("|", "\nb: 1\n", &[], "\nb: 1\n");
    }

    #[test]
    fn chomping_decides_about_empty_lines_at_the_end() {
        check("|", "\n  a\n\n \nb: 1\n", &["a"], "\n\n \nb: 1\n");
        check(">-", "\n  a\n\n", &["a"], "\n\n");
        check("|+", "\n  a\n\n \nb: 1\n", &["a", "", ""], "\nb: 1\n");
        check("|+", "\n\n\nb: 1\n", &["", ""], "\nb: 1\n");
        check("|", "\n  a\n     \nb: 1\n", &["a", "   "], "\nb: 1\n");
    }

    #[test]
    fn the_end_of_the_text_ends_a_line() {
        check("|", "", &[], "");
        check("|", "\n", &[], "\n");
        check("|", "\n  a", &["a"], "");
        check("|", "\n  a\n ", &["a"], "\n ");
        check("|+", "\n ", &[""], "");
        check("|+", "\n\n ", &[""], "");
    }

    #[test]
    fn indentation_without_line_break_is_kept_apart() {
        for (header, text, expect) in [
            ("|", "|\n  a\n  ", true),
            ("|", "|\n  a\n\n  ", true),
            ("|", "|\n  a\n ", false),
            ("|-", "|-\n  a\n  ", false),
            ("|", "|\n  a\n   ", false),
            ("|", "|\n  ", false),
        ] {
            let (read, len) = Header::read(header).expect("a header");
            assert_eq!(body(text, len, read, 0).expect("a body").ends_in_indentation, expect, "{text:?}");
        }
    }

    #[test]
    fn a_header_names_another_indentation() {
        for (header, expect) in [("|", "|"), (">4-", ">2-"), ("|+1", "|+2")] {
            assert_eq!(with_indentation(header, 2), expect);
        }
    }
}

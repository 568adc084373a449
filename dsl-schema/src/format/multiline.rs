//! Scalars of several lines that are no block scalars. White space at both ends of a line means nothing in them, empty
//! lines do.

/// The lines of a plain or quoted scalar without the white space around the line breaks.
pub(super) fn lines(scalar: &str) -> impl Iterator<Item = &str> {
    let escapes = scalar.starts_with('"');
    let last = scalar.matches('\n').count();
    scalar.split('\n').enumerate().map(move |(at, line)| {
        let line = if at == 0 { line } else { line.trim_start_matches(WHITE) };
        if at == last { line } else { trim_end(line, escapes) }
    })
}

const WHITE: [char; 2] = [' ', '\t'];

fn trim_end(line: &str, escapes: bool) -> &str {
    let trimmed = line.trim_end_matches(WHITE);
    let backslashes = trimmed.len() - trimmed.trim_end_matches('\\').len();
    // `\ ` stands for a space, and `\` at the end of a line for something else.
    if escapes && backslashes % 2 == 1 && trimmed.len() < line.len() { &line[..=trimmed.len()] } else { trimmed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_line_breaks_goes() {
        for (scalar, expect) in [
            ("a", vec!["a"]),
            ("a  \n\t b \n c", vec!["a", "b", "c"]),
            ("' a \n\n \t\n  b '", vec!["' a", "", "", "b '"]),
            ("\"a \\\n  \\ b\"", vec!["\"a \\", "\\ b\""]),
        ] {
            assert_eq!(lines(scalar).collect::<Vec<_>>(), expect, "{scalar:?}");
        }
    }

    #[test]
    fn an_escaped_space_stays() {
        assert_eq!(lines("\"a\\  \n b\"").collect::<Vec<_>>(), ["\"a\\ ", "b\""]);
        assert_eq!(lines("\"a\\\\  \n b\"").collect::<Vec<_>>(), ["\"a\\\\", "b\""]);
        assert_eq!(lines("'a\\  \n b'").collect::<Vec<_>>(), ["'a\\", "b'"]);
    }
}

//! Regular expressions of `matches`.
//!
//! CEL takes the syntax of RE2, where `\d`, `\w`, `\s` and `\b` know ASCII only. That is kept, because it is what the same
//! expression means elsewhere, and because the Unicode classes compile to a hundred times the size.
//!
//! The `regex` crate promises a time of at most (size of the pattern) × (length of the text). The size is not told, so it is
//! found out: the smallest of a few limits under which the pattern compiles. The cost of a match is charged by it.

use regex::{Regex, RegexBuilder};

use crate::expr::ExprError;
use crate::expr::budget::{Budget, Exhausted};

/// Limits on the compiled pattern, and how many steps 32 bytes of text cost under them.
const SIZES: &[(usize, usize)] = &[(2 << 10, 4), (8 << 10, 8), (32 << 10, 32), (128 << 10, 128)];
/// Bytes a pattern may have.
const MAX_SOURCE: usize = 1024;
/// Steps that compiling a pattern costs.
const COMPILE_STEPS: usize = 10_000;

/// A compiled regular expression and what it costs.
#[derive(Debug)]
pub(super) struct Pattern {
    source: String,
    regex: Regex,
    /// What 32 bytes of text cost.
    steps: usize,
}

impl Pattern {
    /// Compiles `source`, in the syntax of RE2: without look-around and back-references.
    pub(super) fn new(source: &str) -> Result<Self, ExprError> {
        if source.len() > MAX_SOURCE {
            return Err(ExprError::new(format!("the regular expression has more than {MAX_SOURCE} bytes")));
        }
        let with_classes = with_ascii_classes(source);
        for &(size, steps) in SIZES {
            match RegexBuilder::new(&with_classes).size_limit(size).dfa_size_limit(1 << 20).nest_limit(50).build() {
                Ok(regex) => return Ok(Self { source: source.to_owned(), regex, steps }),
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(error) => {
                    // The crate draws a picture of several lines; its last line is the reason.
                    let text = error.to_string();
                    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    return Err(ExprError::new(format!("not a regular expression: {reason}")));
                }
            }
        }
        Err(ExprError::new("the regular expression is too large").help("shorten its repetitions, like `{1,1000}`"))
    }

    /// The same at evaluation, where the pattern is a value.
    pub(super) fn compiled_late(source: &str, budget: &mut Budget) -> Result<Self, ExprError> {
        budget.steps(COMPILE_STEPS)?;
        Self::new(source)
    }

    /// The pattern as it was written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it occurs anywhere in `text`.
    pub(super) fn matches(&self, text: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
        budget.steps(text.len().saturating_mul(self.steps) / 32)?;
        Ok(self.regex.is_match(text))
    }
}

/// Writes the classes that RE2 and the `regex` crate understand differently as RE2 does, inside and outside of brackets.
fn with_ascii_classes(source: &str) -> String {
    let mut written = String::with_capacity(source.len());
    let mut chars = source.chars();
    while let Some(sign) = chars.next() {
        if sign != '\\' {
            written.push(sign);
            continue;
        }
        match chars.next() {
            Some('d') => written.push_str("[0-9]"),
            Some('D') => written.push_str("[^0-9]"),
            Some('w') => written.push_str("[0-9A-Za-z_]"),
            Some('W') => written.push_str("[^0-9A-Za-z_]"),
            Some('s') => written.push_str("[\\t\\n\\f\\r\\x20]"),
            Some('S') => written.push_str("[^\\t\\n\\f\\r\\x20]"),
            Some('b') => written.push_str("(?-u:\\b)"),
            Some('B') => written.push_str("(?-u:\\B)"),
            Some(other) => written.extend(['\\', other]),
            None => written.push('\\'),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_re2() {
        let check = |pattern: &str, text: &str, expect: bool| {
            let matches = Pattern::new(pattern).expect("is a pattern").matches(text, &mut Budget::new());
            assert_eq!(matches, Ok(expect), "{pattern} {text}");
        };
        check(r"^\w+@\w+\.\w+$", "ada@example.org", true);
        check(r"^\w+$", "é", false);
        check(r"^[\w.-]{1,128}$", "a.b-c_9", true);
        check(r"^[^\W]$", "a", true);
        check(r"^\d\D\s\S$", "1a b", true);
        check(r"\bab\b", "x ab y", true);
        check(r"a\Bb", "ab", true);
        check(r"^\\d$", "\\d", true);
        check(r"^\w{3,40}$", "abc", true);
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        let check = |pattern: &str, expect: &str| {
            assert_eq!(
                Pattern::new(pattern).map(|_| ()).map_err(|error| error.message),
                Err(expect.to_owned()),
                "{pattern}"
            );
        };
        check("(", "not a regular expression: unclosed group");
        check(r"(a)\1", "not a regular expression: backreferences are not supported");
        check("((a{1,100}){1,100}){1,100}", "the regular expression is too large");
        check(&"a".repeat(1025), "the regular expression has more than 1024 bytes");
    }
}

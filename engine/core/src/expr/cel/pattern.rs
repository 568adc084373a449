//! Regular expressions of `matches`.
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
const COMPILE_STEPS: usize = 4_000;

/// A compiled regular expression and what it costs.
#[derive(Debug)]
pub(super) struct Pattern {
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
        for &(size, steps) in SIZES {
            match RegexBuilder::new(source).size_limit(size).dfa_size_limit(1 << 20).nest_limit(50).build() {
                Ok(regex) => return Ok(Self { regex, steps }),
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

    /// Whether it occurs anywhere in `text`.
    pub(super) fn matches(&self, text: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
        budget.steps(text.len().saturating_mul(self.steps) / 32)?;
        Ok(self.regex.is_match(text))
    }
}

//! What the outside calls: refuse, lay out, make sure.

use std::borrow::Cow;

use super::layout::lay_out;
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::yaml;

/// Formats a pipeline file. The result compiles to what the text compiles to, and formatting it again changes nothing.
///
/// A text with mistakes of other kinds is formatted too. In the rare case that its layout cannot be followed, it is
/// returned as it is; `docs/formatting.md` lists the cases.
///
/// # Errors
///
/// The text cannot be read as YAML, or is beyond the limits of a pipeline file: what is in the way, in order of place.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let source = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = yaml::read(source).problems;
    if found.iter().any(|problem| is_in_the_way(problem.code)) {
        found.retain(|problem| is_in_the_way(problem.code));
        found.sort_by_key(|problem| start_of(&problem.place));
        return Err(found);
    }
    let Some(formatted) = lay_out(&with_plain_line_breaks(source)) else { return Ok(text.to_owned()) };
    // Whoever finds a text for which this does not hold has found a mistake of the formatter; users keep their text.
    let sound = says_the_same(source, &found, &formatted);
    debug_assert!(sound, "formatting changes what is said:\n{source:?}\nbecomes\n{formatted:?}");
    Ok(if sound { formatted } else { text.to_owned() })
}

/// Whether a text with such a finding cannot be read to its end, or not as what is written there.
fn is_in_the_way(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidYaml
            | Code::TextTooLarge
            | Code::TooDeep
            | Code::TooManyNodes
            | Code::SeveralDocuments
            | Code::UnquotedTemplate
            | Code::AliasInsideItself
            | Code::ForbiddenCharacter
    )
}

fn start_of(place: &Place) -> usize {
    match place {
        Place::Text(range) => range.start,
        Place::Value(_) | Place::Key(_) | Place::Within(..) => 0,
    }
}

/// YAML reads each of the three line breaks as a line feed, in scalars too.
fn with_plain_line_breaks(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

fn says_the_same(source: &str, found: &[Diagnostic], formatted: &str) -> bool {
    let codes = |problems: &[Diagnostic]| problems.iter().map(|problem| problem.code).collect::<Vec<_>>();
    yaml::say_the_same(source, formatted) && codes(&yaml::read(formatted).problems) == codes(found)
}

//! What stands between two tokens on one line.

use super::token::{Kind, Token};

/// The white space between a token and the next one on its line. Comments have their own rule.
pub(super) fn between(before: &Token<'_>, after: Kind) -> &'static str {
    use Kind::{Close, Colon, Comma, OpenMapping, Plain, Property, Question, Quoted};
    match (before.kind, after) {
        // `{{` would be read as a template without quotes.
        (OpenMapping, OpenMapping) => " ",
        (opening, _) if opening.opens() => "",
        // What is not there keeps its place: `{a: , b: &x }`. An anchor or a tag must not swallow what follows.
        (Colon | Property | Question, Comma | Close) => " ",
        // The parser refuses `-` directly before a bracket or a comma, where it is a word of its own.
        (Plain, Comma | Close)
            if before.text.strip_suffix('-').is_some_and(|text| text.ends_with([' ', '\t', '\n'])) =>
        {
            " "
        }
        (_, Comma | Close) => "",
        // Behind an alias, a colon would become part of its name.
        (Plain | Quoted | Close, Colon) => "",
        _ => " ",
    }
}

//! How a text is written so that YAML reads it as that text, at a place that is there already.

use crate::yaml::{Style, quoted};

/// What cannot stand in a plain scalar inside `[…]` and `{…}`.
const FLOW: [char; 5] = [',', '[', ']', '{', '}'];

/// A whole scalar, in the quotes that stood there. None for what takes several lines.
pub(super) fn scalar(style: Style, text: &str, in_flow: bool) -> Option<String> {
    if text.contains(['\n', '\r']) {
        return None;
    }
    match style {
        Style::Plain => Some(plain(text, in_flow)),
        Style::Single => Some(format!("'{}'", part(style, text)?)),
        Style::Double => Some(format!("\"{}\"", part(style, text)?)),
        Style::Literal | Style::Folded => None,
    }
}

/// Without quotes where that is possible.
pub(super) fn plain(text: &str, in_flow: bool) -> String {
    let written = quoted(text);
    let is_plain = written == text;
    if is_plain && in_flow && text.contains(FLOW) { format!("'{text}'") } else { written }
}

/// A part of a scalar with this style. None where it cannot be said in it.
pub(super) fn part(style: Style, text: &str) -> Option<String> {
    if text.contains(['\n', '\r']) {
        return None;
    }
    Some(match style {
        Style::Single => text.replace('\'', "''"),
        Style::Double => {
            let written = serde_json::Value::from(text).to_string();
            written[1..written.len() - 1].to_owned()
        }
        Style::Plain | Style::Literal | Style::Folded => text.to_owned(),
    })
}

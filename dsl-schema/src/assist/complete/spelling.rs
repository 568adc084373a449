//! How a value is written where a word has been begun.

use serde_json::Value as Json;

use super::super::cursor::Word;
use crate::yaml::{self, Style};

/// A value as it continues the word. None where it cannot: a list inside quotes.
pub(super) fn value(value: &Json, word: &Word) -> Option<String> {
    match (word.style, value) {
        (Style::Plain, value) if word.in_flow() => Some(yaml::flow(value)),
        (Style::Plain, Json::String(text)) => Some(yaml::quoted(text)),
        (Style::Plain, value) => Some(yaml::flow(value)),
        (Style::Single, Json::String(text)) => Some(text.replace('\'', "''")),
        (Style::Double, Json::String(text)) => Some(text.replace('\\', "\\\\").replace('"', "\\\"")),
        _ => None,
    }
}

/// The text of a scalar that is written so far, quotes and escapes undone.
pub(super) fn read(raw: &str, style: Style) -> String {
    match style {
        Style::Plain | Style::Literal | Style::Folded => raw.to_owned(),
        Style::Single => raw.replace("''", "'"),
        Style::Double => {
            let mut text = String::with_capacity(raw.len());
            let mut chars = raw.chars();
            while let Some(sign) = chars.next() {
                match sign {
                    '\\' => text.extend(chars.next()),
                    sign => text.push(sign),
                }
            }
            text
        }
    }
}

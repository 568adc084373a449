//! The helpers of templates: what they are called, what they take, what they make of it.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::canonical;
use crate::expr::budget::{Budget, Exhausted};

/// Longest format of `date`.
const MAX_DATE_FORMAT: usize = 128;

/// A helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::expr) enum Helper {
    Default,
    Json,
    Upper,
    Lower,
    Trim,
    Replace,
    Join,
    Date,
    Cel,
}

impl Helper {
    /// Name, helper, number of arguments, how it is written.
    const ALL: &[(&str, Self, usize, &str)] = &[
        ("default", Self::Default, 2, "{{default x \"other\"}}"),
        ("json", Self::Json, 1, "{{json x}}"),
        ("upper", Self::Upper, 1, "{{upper x}}"),
        ("lower", Self::Lower, 1, "{{lower x}}"),
        ("trim", Self::Trim, 1, "{{trim x}}"),
        ("replace", Self::Replace, 3, "{{replace x \"from\" \"to\"}}"),
        ("join", Self::Join, 2, "{{join list \", \"}}"),
        ("date", Self::Date, 2, "{{date x \"%Y-%m-%d\"}}"),
        ("cel", Self::Cel, 1, "{{cel \"a + b\"}}"),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|entry| entry.0 == name).map(|entry| entry.1)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|entry| entry.0)
    }

    pub(super) fn name(self) -> &'static str {
        self.entry().map_or("?", |entry| entry.0)
    }

    pub(super) fn arguments(self) -> usize {
        self.entry().map_or(0, |entry| entry.2)
    }

    pub(super) fn example(self) -> &'static str {
        self.entry().map_or("?", |entry| entry.3)
    }

    fn entry(self) -> Option<&'static (&'static str, Self, usize, &'static str)> {
        Self::ALL.iter().find(|entry| entry.1 == self)
    }
}

/// The name of every helper, and how it is written.
pub(in crate::expr) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    Helper::ALL.iter().map(|entry| (entry.0, entry.3))
}

/// Why a helper gives nothing.
pub(super) enum Wrong {
    /// What is wrong with the argument of this number.
    Argument(usize, String),
    /// The budget is used up.
    Budget(Exhausted),
}

impl From<Exhausted> for Wrong {
    fn from(what: Exhausted) -> Self {
        Self::Budget(what)
    }
}

/// Applies a helper to values that are there. `default` and `cel` are not for this: they decide what is evaluated.
pub(super) fn apply(helper: Helper, values: &[Cow<'_, Json>], budget: &mut Budget) -> Result<Json, Wrong> {
    budget.steps(1)?;
    let text = |index: usize| text_of(values, index);
    let made = match helper {
        Helper::Json => {
            // The depth is bounded before the recursion begins.
            budget.copy_of(&values[0])?;
            let text = canonical_text(&values[0]);
            budget.steps(text.len() / 4)?;
            return Ok(Json::String(text));
        }
        Helper::Upper => text(0)?.to_uppercase(),
        Helper::Lower => text(0)?.to_lowercase(),
        Helper::Trim => text(0)?.trim().to_owned(),
        Helper::Replace => {
            let (value, from, to) = (text(0)?, text(1)?, text(2)?);
            if from.is_empty() {
                return Err(Wrong::Argument(1, "is empty: there is nothing to replace".to_owned()));
            }
            let times = value.matches(from.as_ref()).count();
            budget.bytes(value.len().saturating_add(times.saturating_mul(to.len())))?;
            return Ok(Json::String(value.replace(from.as_ref(), &to)));
        }
        Helper::Join => {
            let Json::Array(items) = values[0].as_ref() else {
                return Err(Wrong::Argument(0, format!("is {}, not a list", described(&values[0]))));
            };
            let separator = text(1)?;
            let mut joined = String::new();
            for (index, item) in items.iter().enumerate() {
                let Some(piece) = scalar_text(item) else {
                    return Err(Wrong::Argument(0, format!("has {} in it", described(item))));
                };
                budget.bytes(piece.len() + separator.len())?;
                if index > 0 {
                    joined.push_str(&separator);
                }
                joined.push_str(&piece);
            }
            return Ok(Json::String(joined));
        }
        Helper::Date => date(&text(0)?, &text(1)?)?,
        Helper::Default | Helper::Cel => return Err(Wrong::Argument(0, "cannot stand here".to_owned())),
    };
    budget.bytes(made.len())?;
    Ok(Json::String(made))
}

/// JSON in one spelling: whatever order a map came in, its keys are sorted.
pub(super) fn canonical_text(value: &Json) -> String {
    let mut bytes = Vec::new();
    canonical::write(value, &mut |piece: &[u8]| bytes.extend_from_slice(piece));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The text of a string, a number or a bool; none for what has no obvious text.
pub(in crate::expr) fn scalar_text(value: &Json) -> Option<Cow<'_, str>> {
    match value {
        Json::String(text) => Some(Cow::Borrowed(text)),
        Json::Number(number) => Some(Cow::Owned(number.to_string())),
        Json::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The type of a value in words.
pub(in crate::expr) fn described(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
    }
}

fn text_of<'v>(values: &'v [Cow<'_, Json>], index: usize) -> Result<Cow<'v, str>, Wrong> {
    let value = values.get(index).ok_or_else(|| Wrong::Argument(index, "is missing".to_owned()))?;
    scalar_text(value).ok_or_else(|| Wrong::Argument(index, format!("is {}, not text", described(value))))
}

/// Formats an RFC 3339 time in the offset it is written in.
fn date(value: &str, format: &str) -> Result<String, Wrong> {
    let not_a_time = || Wrong::Argument(0, "is not a time like `2024-03-01T10:00:00Z`".to_owned());
    let at: Timestamp = value.parse().map_err(|_| not_a_time())?;
    let offset = Pieces::parse(value).ok().and_then(|pieces| pieces.to_numeric_offset());
    let zone = offset.map_or(TimeZone::UTC, TimeZone::fixed);
    let wrong = |error: jiff::Error| Wrong::Argument(1, format!("is not a date format: {error}"));
    if format.len() > MAX_DATE_FORMAT {
        return Err(Wrong::Argument(1, format!("is longer than {MAX_DATE_FORMAT} bytes")));
    }
    jiff::fmt::strtime::format(format, &at.to_zoned(zone)).map_err(wrong)
}

//! The functions that an expression may call: their names, how they are called, and how many arguments they take.
//!
//! One table for the check and for the evaluation. None of them reads a clock, a file or anything else outside its arguments.

use super::moment::Part;

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    LowerAscii,
    UpperAscii,
    Trim,
    Replace,
    Split,
    Join,
    Substring,
    IndexOf,
    Int,
    Uint,
    Double,
    Text,
    Bool,
    Timestamp,
    Duration,
    Type,
    Dyn,
    Get(Part),
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `size(x)`.
    Global,
    /// `x.trim()`.
    Member,
    /// Either.
    Both,
}

struct Entry {
    name: &'static str,
    function: Function,
    style: Style,
    /// The fewest and the most arguments; the value before the dot is not counted.
    arguments: (usize, usize),
}

const fn entry(name: &'static str, function: Function, style: Style, least: usize, most: usize) -> Entry {
    Entry { name, function, style, arguments: (least, most) }
}

const TABLE: &[Entry] = &[
    entry("size", Function::Size, Style::Both, 0, 0),
    entry("contains", Function::Contains, Style::Member, 1, 1),
    entry("startsWith", Function::StartsWith, Style::Member, 1, 1),
    entry("endsWith", Function::EndsWith, Style::Member, 1, 1),
    entry("matches", Function::Matches, Style::Both, 1, 1),
    entry("lowerAscii", Function::LowerAscii, Style::Member, 0, 0),
    entry("upperAscii", Function::UpperAscii, Style::Member, 0, 0),
    entry("trim", Function::Trim, Style::Member, 0, 0),
    entry("replace", Function::Replace, Style::Member, 2, 2),
    entry("split", Function::Split, Style::Member, 1, 1),
    entry("join", Function::Join, Style::Member, 0, 1),
    entry("substring", Function::Substring, Style::Member, 1, 2),
    entry("indexOf", Function::IndexOf, Style::Member, 1, 1),
    entry("int", Function::Int, Style::Global, 1, 1),
    entry("uint", Function::Uint, Style::Global, 1, 1),
    entry("double", Function::Double, Style::Global, 1, 1),
    entry("string", Function::Text, Style::Global, 1, 1),
    entry("bool", Function::Bool, Style::Global, 1, 1),
    entry("timestamp", Function::Timestamp, Style::Global, 1, 1),
    entry("duration", Function::Duration, Style::Global, 1, 1),
    entry("type", Function::Type, Style::Global, 1, 1),
    entry("dyn", Function::Dyn, Style::Global, 1, 1),
    entry("getFullYear", Function::Get(Part::FullYear), Style::Member, 0, 0),
    entry("getMonth", Function::Get(Part::Month), Style::Member, 0, 0),
    entry("getDate", Function::Get(Part::Date), Style::Member, 0, 0),
    entry("getDayOfMonth", Function::Get(Part::DayOfMonth), Style::Member, 0, 0),
    entry("getDayOfWeek", Function::Get(Part::DayOfWeek), Style::Member, 0, 0),
    entry("getDayOfYear", Function::Get(Part::DayOfYear), Style::Member, 0, 0),
    entry("getHours", Function::Get(Part::Hours), Style::Member, 0, 0),
    entry("getMinutes", Function::Get(Part::Minutes), Style::Member, 0, 0),
    entry("getSeconds", Function::Get(Part::Seconds), Style::Member, 0, 0),
    entry("getMilliseconds", Function::Get(Part::Milliseconds), Style::Member, 0, 0),
];

/// The macros: they look like calls, but name or bind what their arguments read.
pub(super) const MACROS: &[&str] = &["has", "all", "exists", "exists_one", "map", "filter"];

/// The names that stand in front of what they are applied to.
pub(in crate::expr) fn in_front() -> impl Iterator<Item = &'static str> {
    let functions = TABLE.iter().filter(|entry| entry.style != Style::Member).map(|entry| entry.name);
    std::iter::once("has").chain(functions)
}

impl Function {
    /// Whether it is written behind a value and a dot, and only so.
    pub(super) fn is_called_on_a_value(self) -> bool {
        TABLE.iter().any(|entry| entry.function == self && (entry.style == Style::Member || self == Self::Matches))
    }

    /// The name it is called by.
    pub(super) fn name(self) -> &'static str {
        TABLE.iter().find(|entry| entry.function == self).map_or("?", |entry| entry.name)
    }
}

/// Finds the function of a call with `arguments` arguments, on a value before a dot or without one.
/// An error is a message and a help.
pub(super) fn resolve(name: &str, on_value: bool, arguments: usize) -> Result<Function, (String, Option<String>)> {
    let Some(entry) = TABLE.iter().find(|entry| entry.name == name) else {
        let known = TABLE.iter().map(|entry| entry.name).chain(MACROS.iter().copied());
        return Err((format!("there is no function `{name}`"), instead_of(name).or_else(|| did_you_mean(name, known))));
    };
    let (least, most) = entry.arguments;
    match (entry.style, on_value) {
        (Style::Global, true) => {
            return Err((format!("`{name}` is not called on a value"), Some(format!("write `{name}(x)`"))));
        }
        (Style::Member, false) => {
            let rest = if most == 0 { "" } else { "…" };
            return Err((format!("`{name}` is called on a value"), Some(format!("write `x.{name}({rest})`"))));
        }
        _ => {}
    }
    // `size(x)` and `matches(x, p)`: the value stands among the arguments.
    let shift = usize::from(entry.style == Style::Both && !on_value);
    let (least, most) = (least + shift, most + shift);
    if (least..=most).contains(&arguments) {
        return Ok(entry.function);
    }
    let wanted = match (least, most) {
        (0, 0) => "no argument".to_owned(),
        (1, 1) => "one argument".to_owned(),
        (2, 2) => "two arguments".to_owned(),
        (least, most) => format!("{least} or {most} arguments"),
    };
    Err((format!("`{name}` takes {wanted}, not {arguments}"), None))
}

/// What people from elsewhere look for.
fn instead_of(name: &str) -> Option<String> {
    let instead = match name {
        "now" => "there is no clock in an expression; `run.created_at` is when the run began",
        "len" | "length" | "count" => "write `size(x)`",
        "lower" | "toLower" | "toLowerCase" | "lowercase" => "write `x.lowerAscii()`",
        "upper" | "toUpper" | "toUpperCase" | "uppercase" => "write `x.upperAscii()`",
        "str" | "toString" => "write `string(x)`",
        "default" | "coalesce" => "write `has(x.y) ? x.y : \"other\"`",
        "success" | "failure" | "always" | "cancelled" => {
            "say it with a condition in `needs`, like `needs: {build: always}`"
        }
        "fromJSON" | "toJSON" => "values are JSON already",
        _ => return None,
    };
    Some(instead.to_owned())
}

/// `did you mean …` for the nearest of `known`, if one is near.
pub(in crate::expr) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|near| format!("did you mean `{near}`?"))
}

/// The nearest of `known`, if one is near.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    let (lower, length) = (name.to_lowercase(), name.chars().count());
    // Names whose lengths differ by more than three letters are not near; a hostile text may have thousands of them.
    let comparable = |candidate: &&str| candidate.chars().count().abs_diff(length) <= 3;
    let candidates = known.into_iter().filter(|_| length <= LONGEST).filter(comparable);
    let near =
        candidates.map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate)).min()?;
    (near.0 <= name.chars().count().max(2) / 2 && near.0 <= 3).then_some(near.1)
}

//! The values of an evaluation. JSON of the scope is borrowed and read as it is needed, never copied as a whole.
//!
//! JSON knows one kind of number, CEL three. A JSON number without a fraction is an `int` (a `uint` beyond the range of
//! `int`), one with a fraction a `double`; all three compare, and compute, as numbers.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map as JsonMap, Number, Value as Json};

use crate::expr::ExprError;
use crate::expr::budget::{self, Budget, Exhausted};

/// Deepest value that an expression may give. Values are written inside events, which must be readable again.
const MAX_DEPTH: usize = 64;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Text<'a>),
    List(List<'a>),
    Map(Map<'a>),
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    Timestamp(i128),
    /// Nanoseconds.
    Duration(i128),
    /// What `type(x)` gives.
    Type(&'static str),
}

/// Text of the scope, or text that was computed.
#[derive(Debug, Clone)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Computed(Rc<str>),
}

/// A list of the scope, or one that was computed.
#[derive(Debug, Clone)]
pub(super) enum List<'a> {
    Borrowed(&'a [Json]),
    Computed(Rc<Vec<Value<'a>>>),
}

/// A map of the scope, or one that was computed.
#[derive(Debug, Clone)]
pub(super) enum Map<'a> {
    Borrowed(&'a JsonMap<String, Json>),
    Computed(Rc<BTreeMap<Key, Value<'a>>>),
}

/// A key of a computed map.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Bool(bool),
    /// Wide enough for `int` and `uint`, which are the same key when they are the same number.
    Number(i128),
    Text(String),
}

impl<'a> From<&'a Json> for Value<'a> {
    fn from(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Self::Int(value),
                (None, Some(value)) => Self::Uint(value),
                (None, None) => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(Text::Borrowed(text)),
            Json::Array(items) => Self::List(List::Borrowed(items)),
            Json::Object(map) => Self::Map(Map::Borrowed(map)),
        }
    }
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Computed(text) => text,
        }
    }
}

impl<'a> List<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Borrowed(items) => items.len(),
            Self::Computed(items) => items.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Borrowed(items) => items.get(index).map(Value::from),
            Self::Computed(items) => items.get(index).cloned(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl<'a> Map<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Borrowed(map) => map.len(),
            Self::Computed(map) => map.len(),
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Borrowed(map) => map.get(name).map(Value::from),
            Self::Computed(map) => map.get(&Key::Text(name.to_owned())).cloned(),
        }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Value<'a>> {
        match (self, key) {
            (Self::Computed(map), key) => map.get(key).cloned(),
            (Self::Borrowed(map), Key::Text(name)) => map.get(name).map(Value::from),
            (Self::Borrowed(_), _) => None,
        }
    }

    /// The keys in order. JSON maps may come in any order, so they are sorted: a run must not depend on it.
    pub(super) fn keys(&self) -> Vec<Value<'a>> {
        match self {
            Self::Borrowed(map) => {
                let mut keys: Vec<&'a str> = map.keys().map(String::as_str).collect();
                keys.sort_unstable();
                keys.into_iter().map(|key| Value::Text(Text::Borrowed(key))).collect()
            }
            Self::Computed(map) => map.keys().map(Key::value).collect(),
        }
    }

    /// The names of text keys in order, for error messages.
    pub(super) fn names(&self) -> Vec<String> {
        self.keys().iter().filter_map(|key| key.as_text().map(str::to_owned)).collect()
    }
}

impl Key {
    pub(super) fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Number(i128::from(*value)),
            Value::Uint(value) => Self::Number(i128::from(*value)),
            // A JSON number that happens to have a fraction of zero names the same key.
            Value::Double(value) if value.fract() == 0.0 && value.abs() < 9e15 => Self::Number(*value as i128),
            Value::Text(text) => Self::Text(text.as_str().to_owned()),
            _ => return None,
        })
    }

    fn value<'a>(&self) -> Value<'a> {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => Value::Int(value),
                (Err(_), Ok(value)) => Value::Uint(value),
                (Err(_), Err(_)) => Value::Double(*value as f64),
            },
            Self::Text(text) => Value::text(text.as_str()),
        }
    }

    fn to_json_key(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(Text::Computed(text.into()))
    }

    pub(super) fn list(items: Vec<Value<'a>>) -> Self {
        Self::List(List::Computed(Rc::new(items)))
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// A whole number of either sign.
    pub(super) fn as_whole(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(i128::from(*value)),
            Self::Uint(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    pub(super) fn as_double(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Uint(value) => Some(*value as f64),
            Self::Double(value) => Some(*value),
            _ => None,
        }
    }

    /// The name of the type in CEL.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Timestamp(_) => "timestamp",
            Self::Duration(_) => "duration",
            Self::Type(_) => "type",
        }
    }

    /// The type in words, for error messages.
    pub(super) fn described(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an int",
            Self::Uint(_) => "a uint",
            Self::Double(_) => "a double",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Timestamp(_) => "a timestamp",
            Self::Duration(_) => "a duration",
            Self::Type(_) => "a type",
        }
    }

    /// Equality over all types: values of different kinds are different, numbers are compared as numbers.
    pub(super) fn equals(&self, other: &Self, budget: &mut Budget) -> Result<bool, Exhausted> {
        self.equals_at(other, budget, budget::MAX_DEPTH)
    }

    fn equals_at(&self, other: &Self, budget: &mut Budget, depth: usize) -> Result<bool, Exhausted> {
        let depth = depth.checked_sub(1).ok_or(Exhausted::Depth)?;
        budget.steps(1)?;
        match (self, other) {
            (Self::Null, Self::Null) => Ok(true),
            (Self::Bool(a), Self::Bool(b)) => Ok(a == b),
            (Self::Text(a), Self::Text(b)) => {
                budget.steps(a.as_str().len().min(b.as_str().len()) / 128)?;
                Ok(a.as_str() == b.as_str())
            }
            (Self::Timestamp(a), Self::Timestamp(b)) | (Self::Duration(a), Self::Duration(b)) => Ok(a == b),
            (Self::Type(a), Self::Type(b)) => Ok(a == b),
            (Self::List(a), Self::List(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (a, b) in a.iter().zip(b.iter()) {
                    if !a.equals_at(&b, budget, depth)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Self::Map(a), Self::Map(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                budget.steps(a.len())?;
                for key in a.keys() {
                    let Some(key) = Key::of(&key) else { return Ok(false) };
                    match (a.get(&key), b.get(&key)) {
                        (Some(a), Some(b)) if a.equals_at(&b, budget, depth)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            _ => Ok(self.compare_numbers(other) == Some(Ordering::Equal)),
        }
    }

    /// The order of two values of one kind; none where there is no order.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.as_str().cmp(b.as_str())),
            (Self::Timestamp(a), Self::Timestamp(b)) | (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            _ => self.compare_numbers(other),
        }
    }

    /// Exact: a whole number beyond 2^53 is not rounded to a double first.
    fn compare_numbers(&self, other: &Self) -> Option<Ordering> {
        match (self.as_whole(), other.as_whole()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            (Some(a), None) => compare_whole_with_double(a, other.as_double()?),
            (None, Some(b)) => compare_whole_with_double(b, self.as_double()?).map(Ordering::reverse),
            (None, None) => self.as_double()?.partial_cmp(&other.as_double()?),
        }
    }

    /// The value as JSON.
    pub(super) fn to_json(&self, budget: &mut Budget) -> Result<Json, ExprError> {
        self.to_json_at(budget, MAX_DEPTH)
    }

    fn to_json_at(&self, budget: &mut Budget, depth: usize) -> Result<Json, ExprError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(ExprError::new(format!("the value is nested deeper than {MAX_DEPTH} levels")));
        };
        budget.steps(1)?;
        budget.bytes(std::mem::size_of::<Json>())?;
        Ok(match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) => Json::from(*value),
            Self::Uint(value) => Json::from(*value),
            Self::Double(value) => Json::Number(
                Number::from_f64(*value)
                    .ok_or_else(|| ExprError::new(format!("the result {value} is not a number")))?,
            ),
            Self::Text(text) => {
                budget.bytes(text.as_str().len())?;
                Json::String(text.as_str().to_owned())
            }
            Self::List(items) => {
                Json::Array(items.iter().map(|item| item.to_json_at(budget, depth)).collect::<Result<_, _>>()?)
            }
            Self::Map(Map::Borrowed(map)) => {
                let mut object = JsonMap::new();
                for (key, value) in *map {
                    budget.bytes(key.len())?;
                    object.insert(key.clone(), Value::from(value).to_json_at(budget, depth)?);
                }
                Json::Object(object)
            }
            Self::Map(Map::Computed(map)) => {
                let mut object = JsonMap::new();
                for (key, value) in map.iter() {
                    let key = key.to_json_key();
                    budget.bytes(key.len())?;
                    object.insert(key, value.to_json_at(budget, depth)?);
                }
                Json::Object(object)
            }
            Self::Timestamp(at) => Json::String(super::moment::write_timestamp(*at)),
            Self::Duration(length) => Json::String(super::moment::write_duration(*length)),
            Self::Type(name) => Json::String((*name).to_owned()),
        })
    }
}

fn compare_whole_with_double(whole: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // Every whole number here is smaller in size than 2^65, and below that the cast keeps the whole part exactly.
    if double.abs() >= 3.7e19 {
        return Some(if double > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    Some(whole.cmp(&(double.trunc() as i128)).then_with(|| 0.0_f64.total_cmp(&(double.fract() + 0.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_doubles_compare_exactly() {
        let check = |a: Value<'_>, b: Value<'_>, expect| {
            assert_eq!(a.compare(&b), expect, "{a:?} {b:?}");
            assert_eq!(b.compare(&a), expect.map(Ordering::reverse), "{b:?} {a:?}");
        };
        check(Value::Int(1), Value::Double(1.0), Some(Ordering::Equal));
        check(Value::Int(1), Value::Double(1.5), Some(Ordering::Less));
        check(Value::Int(-1), Value::Double(-1.5), Some(Ordering::Greater));
        check(Value::Int(0), Value::Double(-0.0), Some(Ordering::Equal));
        check(Value::Int(i64::MAX), Value::Double(i64::MAX as f64), Some(Ordering::Less));
        check(Value::Uint(u64::MAX), Value::Int(-1), Some(Ordering::Greater));
        check(Value::Int(3), Value::Double(f64::INFINITY), Some(Ordering::Less));
        check(Value::Int(3), Value::Double(f64::NAN), None);
        check(Value::Int(3), Value::text("3"), None);
    }
}

//! What the functions of expressions give. Which there are stands in `functions`.

use super::eval::{Evaluated, Evaluation, Fault};
use super::functions::Function;
use super::moment;
use super::pattern::Pattern;
use super::syntax::Node;
use super::value::Value;

impl<'a> Evaluation<'a, '_> {
    pub(super) fn call(&mut self, node: &'a Node, function: Function, arguments: &'a [Node]) -> Evaluated<'a> {
        let values = arguments.iter().map(|argument| self.node(argument)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = values.first() else { return Err(self.error(node, "an argument is missing".to_owned())) };
        match function {
            Function::Size => match first {
                Value::Text(text) => {
                    self.budget.steps(text.as_str().len() / 64)?;
                    Ok(Value::Int(text.as_str().chars().count() as i64))
                }
                Value::List(items) => Ok(Value::Int(items.len() as i64)),
                Value::Map(map) => Ok(Value::Int(map.len() as i64)),
                other => Err(self.wrong(&arguments[0], &format!("{}, which has no size", other.described()))),
            },
            Function::Dyn => Ok(first.clone()),
            Function::Type => Ok(Value::Type(first.type_name())),
            Function::Bool => match first {
                Value::Bool(value) => Ok(Value::Bool(*value)),
                Value::Text(text) => match text.as_str() {
                    "true" | "True" | "TRUE" | "t" | "1" => Ok(Value::Bool(true)),
                    "false" | "False" | "FALSE" | "f" | "0" => Ok(Value::Bool(false)),
                    _ => Err(self.not_convertible(node, first, "bool")),
                },
                other => Err(self.not_convertible(node, other, "bool")),
            },
            Function::Int | Function::Uint => self.whole_of(node, function, first),
            Function::Double => match first {
                Value::Text(text) => match text.as_str().parse::<f64>() {
                    Ok(double) if double.is_finite() => Ok(Value::Double(double)),
                    _ => Err(self.not_convertible(node, first, "double")),
                },
                other => match other.as_double() {
                    Some(double) => Ok(Value::Double(double)),
                    None => Err(self.not_convertible(node, other, "double")),
                },
            },
            Function::Text => self.text_of(node, first),
            Function::Timestamp => match first {
                Value::Timestamp(at) => Ok(Value::Timestamp(*at)),
                Value::Text(text) => match moment::parse_timestamp(text.as_str()) {
                    Some(at) => Ok(Value::Timestamp(at)),
                    None => Err(self.not_convertible(node, first, "timestamp")),
                },
                other => match other.as_whole().map(|seconds| seconds * 1_000_000_000) {
                    Some(at) => self.timestamp(node, at),
                    None => Err(self.not_convertible(node, other, "timestamp")),
                },
            },
            Function::Duration => match first {
                Value::Duration(length) => Ok(Value::Duration(*length)),
                Value::Text(text) => match moment::parse_duration(text.as_str()) {
                    Some(length) => Ok(Value::Duration(length)),
                    None => Err(self.not_convertible(node, first, "duration")),
                },
                other => Err(self.not_convertible(node, other, "duration")),
            },
            Function::Get(part) => {
                let number = match first {
                    Value::Timestamp(at) => part.of_timestamp(*at),
                    Value::Duration(length) => part.of_duration(*length),
                    _ => None,
                };
                match number {
                    Some(number) => Ok(Value::Int(number)),
                    None => Err(self.no_function(&arguments[0], function, first)),
                }
            }
            Function::Join => self.join(arguments, &values),
            _ => self.text_function(node, function, arguments, &values),
        }
    }

    fn text_function(
        &mut self,
        node: &Node,
        function: Function,
        arguments: &'a [Node],
        values: &[Value<'a>],
    ) -> Evaluated<'a> {
        let Some(text) = values[0].as_text() else { return Err(self.no_function(&arguments[0], function, &values[0])) };
        // Every one of them reads its whole text, some of them build another one of that size.
        self.budget.steps(text.len() / 64)?;
        if function == Function::Substring {
            return self.substring(node, arguments, text, &values[1..]);
        }
        let mut words = Vec::with_capacity(2);
        for (value, argument) in values.iter().zip(arguments).skip(1) {
            let Some(word) = value.as_text() else { return Err(self.not_text(argument, value)) };
            words.push(word);
        }
        match (function, words.as_slice()) {
            (Function::Contains, [word]) => Ok(Value::Bool(text.contains(word))),
            (Function::StartsWith, [word]) => Ok(Value::Bool(text.starts_with(word))),
            (Function::EndsWith, [word]) => Ok(Value::Bool(text.ends_with(word))),
            (Function::IndexOf, [word]) => {
                let found = text.find(word).map(|at| text[..at].chars().count() as i64);
                Ok(Value::Int(found.unwrap_or(-1)))
            }
            (Function::Matches, [word]) => {
                let pattern = Pattern::compiled_late(word, self.budget).map_err(|mut error| {
                    error.span = Some(arguments[1].span.clone());
                    Fault::Error(Box::new(error))
                })?;
                Ok(Value::Bool(pattern.matches(text, self.budget)?))
            }
            (Function::LowerAscii, []) => {
                self.budget.bytes(text.len())?;
                Ok(Value::text(text.to_ascii_lowercase()))
            }
            (Function::UpperAscii, []) => {
                self.budget.bytes(text.len())?;
                Ok(Value::text(text.to_ascii_uppercase()))
            }
            (Function::Trim, []) => {
                self.budget.bytes(text.len())?;
                Ok(Value::text(text.trim()))
            }
            (Function::Replace, [from, to]) => {
                let times = text.matches(from).count();
                self.budget.bytes(text.len().saturating_add(times.saturating_mul(to.len())))?;
                Ok(Value::text(text.replace(from, to)))
            }
            (Function::Split, [separator]) => {
                let pieces = text.matches(separator).count() + 1;
                self.budget.bytes(text.len() + pieces * (size_of::<Value<'_>>() + 16))?;
                let list = if separator.is_empty() {
                    text.chars().map(|sign| Value::text(sign.to_string())).collect()
                } else {
                    text.split(separator).map(Value::text).collect()
                };
                Ok(Value::list(list))
            }
            _ => Err(self.no_function(&arguments[0], function, &values[0])),
        }
    }

    fn substring(&mut self, node: &Node, arguments: &[Node], text: &str, bounds: &[Value<'a>]) -> Evaluated<'a> {
        let length = text.chars().count();
        let mut at = [0, length];
        for (index, bound) in bounds.iter().enumerate() {
            let Some(whole) = bound.as_whole() else {
                return Err(self.wrong(&arguments[index + 1], &format!("{}, not a number", bound.described())));
            };
            let Some(whole) = usize::try_from(whole).ok().filter(|at| *at <= length) else {
                return Err(
                    self.error(node, format!("there is no position {whole} in a string of {length} characters"))
                );
            };
            at[index] = whole;
        }
        if at[0] > at[1] {
            return Err(self.error(node, format!("position {} lies behind position {}", at[0], at[1])));
        }
        self.budget.bytes(text.len())?;
        Ok(Value::text(text.chars().skip(at[0]).take(at[1] - at[0]).collect::<String>()))
    }

    fn join(&mut self, arguments: &[Node], values: &[Value<'a>]) -> Evaluated<'a> {
        let Value::List(items) = &values[0] else {
            return Err(self.no_function(&arguments[0], Function::Join, &values[0]));
        };
        let separator = match values.get(1) {
            None => "",
            Some(value) => match value.as_text() {
                Some(text) => text,
                None => return Err(self.not_text(&arguments[1], value)),
            },
        };
        let mut joined = String::new();
        for (index, item) in items.iter().enumerate() {
            let Some(text) = item.as_text() else {
                let message = format!("a list with {} in it: only strings can be joined", item.described());
                return Err(self.wrong(&arguments[0], &message));
            };
            self.budget.steps(1)?;
            self.budget.bytes(text.len() + separator.len())?;
            if index > 0 {
                joined.push_str(separator);
            }
            joined.push_str(text);
        }
        Ok(Value::text(joined))
    }

    fn whole_of(&mut self, node: &Node, function: Function, value: &Value<'a>) -> Evaluated<'a> {
        let target = function.name();
        let whole = match value {
            Value::Double(double) if double.abs() < 1e20 => Some(double.trunc() as i128),
            Value::Text(text) => text.as_str().parse::<i128>().ok(),
            Value::Timestamp(at) if function == Function::Int => Some(at.div_euclid(1_000_000_000)),
            other => other.as_whole(),
        };
        let converted = match (function, whole) {
            (Function::Uint, Some(whole)) => u64::try_from(whole).ok().map(Value::Uint),
            (_, Some(whole)) => i64::try_from(whole).ok().map(Value::Int),
            (_, None) => None,
        };
        converted.ok_or_else(|| self.not_convertible(node, value, target))
    }

    fn text_of(&mut self, node: &Node, value: &Value<'a>) -> Evaluated<'a> {
        let text = match value {
            Value::Text(_) => return Ok(value.clone()),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Uint(value) => value.to_string(),
            Value::Double(value) => value.to_string(),
            Value::Timestamp(at) => moment::write_timestamp(*at),
            Value::Duration(length) => moment::write_duration(*length),
            Value::Type(name) => (*name).to_owned(),
            Value::Null | Value::List(_) | Value::Map(_) => return Err(self.not_convertible(node, value, "string")),
        };
        self.budget.bytes(text.len())?;
        Ok(Value::text(text))
    }
}

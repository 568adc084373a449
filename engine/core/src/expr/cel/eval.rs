//! The value of an expression. Total: every path ends in a value or in an error with a place, within the budget.
//!
//! Where CEL says that a missing key is an error, so does this; two forms that ask *whether* something is there are
//! deliberately more forgiving than CEL, because the guards of skipped steps are made of them: in `has(a.b.c)` and in
//! `a.b.c == null` every part of the path may be missing or null. Numbers of different types compute together: what is an
//! `int` and what a `double` depends in JSON on how a number happened to be written.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::functions::Function;
use super::moment;
use super::syntax::{Kind, Loop, LoopKind, Node, Operator};
use super::value::{Key, Map, Text, Value};
use crate::expr::budget::{Budget, Exhausted};
use crate::expr::{ExprError, Scope};

/// Evaluates `node` over the names of `scope`.
pub(super) fn eval<'a>(
    node: &'a Node,
    source: &'a str,
    scope: &'a Scope,
    budget: &mut Budget,
) -> Result<Value<'a>, ExprError> {
    Evaluation { source, scope, variables: Vec::new(), budget }.node(node).map_err(|fault| match fault {
        Fault::Error(error) => *error,
        Fault::Budget(what) => ExprError { span: Some(node.span.clone()), ..what.into() },
    })
}

/// Why there is no value.
pub(super) enum Fault {
    /// The expression is wrong for these values; `&&` and `||` may not care.
    Error(Box<ExprError>),
    /// Nobody may overlook this one.
    Budget(Exhausted),
}

impl From<Exhausted> for Fault {
    fn from(what: Exhausted) -> Self {
        Self::Budget(what)
    }
}

pub(super) type Evaluated<'a> = Result<Value<'a>, Fault>;

pub(super) struct Evaluation<'a, 'b> {
    source: &'a str,
    scope: &'a Scope,
    variables: Vec<(&'a str, Value<'a>)>,
    pub(super) budget: &'b mut Budget,
}

impl<'a> Evaluation<'a, '_> {
    pub(super) fn node(&mut self, node: &'a Node) -> Evaluated<'a> {
        self.budget.steps(1)?;
        match &node.kind {
            Kind::Null => Ok(Value::Null),
            Kind::Bool(value) => Ok(Value::Bool(*value)),
            Kind::Int(value) => Ok(Value::Int(*value)),
            Kind::Uint(value) => Ok(Value::Uint(*value)),
            Kind::Double(value) => Ok(Value::Double(*value)),
            Kind::Text(text) => Ok(Value::Text(Text::Borrowed(text))),
            Kind::Type(name) => Ok(Value::Type(name)),
            Kind::Name(name) => self.name(node, name),
            Kind::Select(operand, field) => {
                let value = self.node(operand)?;
                self.field(node, operand, &value, field)
            }
            Kind::Index(operand, index) => self.index(node, operand, index),
            Kind::Has(operand, field, _) => {
                let found = match self.if_there(operand)? {
                    Some(Value::Map(map)) => map.field(field).is_some(),
                    Some(Value::Null) | None => false,
                    Some(other) => return Err(self.wrong(operand, &format!("{}, not a map", other.described()))),
                };
                Ok(Value::Bool(found))
            }
            Kind::NullTest(operand, negated) => {
                let null = matches!(self.if_there(operand)?, None | Some(Value::Null));
                Ok(Value::Bool(null != *negated))
            }
            Kind::Not(operand) => {
                let value = self.node(operand)?;
                Ok(Value::Bool(!self.bool(operand, &value)?))
            }
            Kind::Negate(operand) => self.negate(node, operand),
            Kind::Binary(operator, left, right) => self.binary(node, *operator, left, right),
            Kind::And(parts) => self.logical(parts, false),
            Kind::Or(parts) => self.logical(parts, true),
            Kind::Conditional(parts) => {
                let [test, yes, no] = parts.as_ref();
                let value = self.node(test)?;
                if self.bool(test, &value)? { self.node(yes) } else { self.node(no) }
            }
            Kind::List(items) => {
                self.budget.bytes(items.len() * size_of::<Value<'_>>())?;
                let items = items.iter().map(|item| self.node(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(Value::list(items))
            }
            Kind::Map(entries) => self.map(entries),
            Kind::Call(function, arguments) => self.call(node, *function, arguments),
            Kind::Matches(text, pattern) => {
                let value = self.node(text)?;
                let Some(text) = value.as_text() else { return Err(self.not_text(text, &value)) };
                Ok(Value::Bool(pattern.matches(text, self.budget)?))
            }
            Kind::Loop(it) => self.comprehension(it),
        }
    }

    // ---- names, fields, elements ----

    fn name(&mut self, node: &'a Node, name: &str) -> Evaluated<'a> {
        if let Some((_, value)) = self.variables.iter().rev().find(|(variable, _)| *variable == name) {
            return Ok(value.clone());
        }
        match self.scope.get(name) {
            Some(json) => Ok(Value::from(json)),
            None => Err(self.error(node, format!("there is no name `{name}` here"))),
        }
    }

    fn field(&mut self, node: &'a Node, operand: &'a Node, value: &Value<'a>, field: &str) -> Evaluated<'a> {
        match value {
            Value::Map(map) => match map.field(field) {
                Some(value) => Ok(value),
                None => Err(self.no_such_key(node, operand, map, field)),
            },
            Value::Null => {
                let what = self.quoted(operand, "the value before the dot");
                Err(self.error(node, format!("{what} is null and has no `{field}`")))
            }
            other => {
                let what = self.quoted(operand, "the value before the dot");
                Err(self.error(node, format!("{what} is {} and has no `{field}`", other.described())))
            }
        }
    }

    fn index(&mut self, node: &'a Node, operand: &'a Node, index: &'a Node) -> Evaluated<'a> {
        let value = self.node(operand)?;
        let key = self.node(index)?;
        match &value {
            Value::List(items) => {
                let whole = match &key {
                    Value::Double(double) if double.fract() == 0.0 && double.abs() < 9e15 => Some(*double as i128),
                    key => key.as_whole(),
                };
                let Some(whole) = whole else {
                    return Err(
                        self.wrong(index, &format!("{}, and the elements of a list have numbers", key.described()))
                    );
                };
                match usize::try_from(whole).ok().and_then(|at| items.get(at)) {
                    Some(value) => Ok(value),
                    None => {
                        let what = self.quoted(operand, "the list");
                        Err(self
                            .error(node, format!("there is no element {whole} in {what}, which has {}", items.len())))
                    }
                }
            }
            Value::Map(map) => match Key::of(&key) {
                Some(key) => match map.get(&key) {
                    Some(value) => Ok(value),
                    None => {
                        let name = match &key {
                            Key::Bool(value) => value.to_string(),
                            Key::Number(value) => value.to_string(),
                            Key::Text(text) => shortened(text),
                        };
                        Err(self.no_such_key(node, operand, map, &name))
                    }
                },
                None => Err(self.wrong(index, &format!("{}, which cannot be a key", key.described()))),
            },
            other => {
                let what = self.quoted(operand, "the value before the bracket");
                Err(self.error(node, format!("{what} is {} and has no elements", other.described())))
            }
        }
    }

    /// The value of a path of which every part may be missing or null. Anything but a path is evaluated as usual.
    fn if_there(&mut self, node: &'a Node) -> Result<Option<Value<'a>>, Fault> {
        self.budget.steps(1)?;
        match &node.kind {
            Kind::Name(name) => {
                if self.variables.iter().any(|(variable, _)| variable == name) || self.scope.contains_key(name) {
                    return self.name(node, name).map(Some);
                }
                Ok(None)
            }
            Kind::Select(operand, field) => match self.if_there(operand)? {
                Some(Value::Map(map)) => Ok(map.field(field)),
                Some(Value::Null) | None => Ok(None),
                Some(other) => self.field(node, operand, &other, field).map(Some),
            },
            Kind::Index(operand, index) => match self.if_there(operand)? {
                Some(Value::Map(map)) => {
                    let key = self.node(index)?;
                    Ok(Key::of(&key).and_then(|key| map.get(&key)))
                }
                Some(Value::List(items)) => {
                    let key = self.node(index)?;
                    Ok(key.as_whole().and_then(|at| items.get(usize::try_from(at).ok()?)))
                }
                Some(Value::Null) | None => Ok(None),
                Some(_) => self.index(node, operand, index).map(Some),
            },
            _ => self.node(node).map(Some),
        }
    }

    // ---- operators ----

    /// `&&` and `||`: any part may decide alone, and then an error of another one does not matter.
    fn logical(&mut self, parts: &'a [Node], deciding: bool) -> Evaluated<'a> {
        let mut fault = None;
        for part in parts {
            match self.truth(part) {
                Ok(value) if value == deciding => return Ok(Value::Bool(deciding)),
                Ok(_) => {}
                Err(Fault::Budget(what)) => return Err(Fault::Budget(what)),
                Err(error) => {
                    fault.get_or_insert(error);
                }
            }
        }
        match fault {
            Some(fault) => Err(fault),
            None => Ok(Value::Bool(!deciding)),
        }
    }

    fn truth(&mut self, node: &'a Node) -> Result<bool, Fault> {
        let value = self.node(node)?;
        self.bool(node, &value)
    }

    fn bool(&mut self, node: &Node, value: &Value<'a>) -> Result<bool, Fault> {
        match value {
            Value::Bool(value) => Ok(*value),
            other => Err(self.wrong(node, &format!("{}, not true or false", other.described()))),
        }
    }

    fn negate(&mut self, node: &Node, operand: &'a Node) -> Evaluated<'a> {
        let value = self.node(operand)?;
        match (&value, value.as_whole()) {
            (_, Some(whole)) => self.whole(node, Some(-whole)),
            (Value::Double(double), _) => Ok(Value::Double(-double)),
            (Value::Duration(length), _) => Ok(Value::Duration(-length)),
            (other, _) => Err(self.wrong(operand, &format!("{}, not a number", other.described()))),
        }
    }

    fn binary(&mut self, node: &Node, operator: Operator, left: &'a Node, right: &'a Node) -> Evaluated<'a> {
        use Operator as O;
        let (a, b) = (self.node(left)?, self.node(right)?);
        match operator {
            O::Equal => Ok(Value::Bool(a.equals(&b, self.budget)?)),
            O::NotEqual => Ok(Value::Bool(!a.equals(&b, self.budget)?)),
            O::Less | O::LessOrEqual | O::Greater | O::GreaterOrEqual => {
                if let (Some(a), Some(b)) = (a.as_text(), b.as_text()) {
                    self.budget.steps(a.len().min(b.len()) / 128)?;
                }
                let nan = |value: &Value<'_>| matches!(value, Value::Double(double) if double.is_nan());
                let Some(order) = a.compare(&b) else {
                    if (nan(&a) || nan(&b)) && a.as_double().is_some() && b.as_double().is_some() {
                        return Ok(Value::Bool(false));
                    }
                    return Err(self.no_operator(node, operator, &a, &b));
                };
                Ok(Value::Bool(match operator {
                    O::Less => order == Ordering::Less,
                    O::LessOrEqual => order != Ordering::Greater,
                    O::Greater => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }))
            }
            O::In => self.is_in(node, &a, &b),
            O::Add => self.add(node, &a, &b),
            O::Subtract => match (&a, &b) {
                (Value::Timestamp(a), Value::Timestamp(b)) => self.duration(node, a - b),
                (Value::Timestamp(a), Value::Duration(b)) => self.timestamp(node, a - b),
                (Value::Duration(a), Value::Duration(b)) => self.duration(node, a - b),
                _ => self.arithmetic(node, operator, &a, &b),
            },
            O::Multiply | O::Divide | O::Modulo => self.arithmetic(node, operator, &a, &b),
        }
    }

    fn is_in(&mut self, node: &Node, value: &Value<'a>, range: &Value<'a>) -> Evaluated<'a> {
        match range {
            Value::List(items) => {
                for item in items.iter() {
                    if item.equals(value, self.budget)? {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            Value::Map(map) => Ok(Value::Bool(Key::of(value).is_some_and(|key| map.get(&key).is_some()))),
            other => Err(self.no_operator(node, Operator::In, value, other)),
        }
    }

    fn add(&mut self, node: &Node, a: &Value<'a>, b: &Value<'a>) -> Evaluated<'a> {
        match (a, b) {
            (Value::Text(a), Value::Text(b)) => {
                let (a, b) = (a.as_str(), b.as_str());
                self.budget.bytes(a.len() + b.len())?;
                Ok(Value::text([a, b].concat()))
            }
            (Value::List(a), Value::List(b)) => {
                self.budget.bytes((a.len() + b.len()) * size_of::<Value<'_>>())?;
                Ok(Value::list(a.iter().chain(b.iter()).collect()))
            }
            (Value::Timestamp(at), Value::Duration(length)) | (Value::Duration(length), Value::Timestamp(at)) => {
                self.timestamp(node, at + length)
            }
            (Value::Duration(a), Value::Duration(b)) => self.duration(node, a + b),
            _ => self.arithmetic(node, Operator::Add, a, b),
        }
    }

    fn arithmetic(&mut self, node: &Node, operator: Operator, a: &Value<'a>, b: &Value<'a>) -> Evaluated<'a> {
        use Operator as O;
        if let (Some(a), Some(b)) = (a.as_whole(), b.as_whole()) {
            if b == 0 && matches!(operator, O::Divide | O::Modulo) {
                return Err(self.error(node, "division by zero".to_owned()));
            }
            return self.whole(
                node,
                match operator {
                    O::Add => a.checked_add(b),
                    O::Subtract => a.checked_sub(b),
                    O::Multiply => a.checked_mul(b),
                    O::Divide => a.checked_div(b),
                    O::Modulo => a.checked_rem(b),
                    _ => None,
                },
            );
        }
        let (Some(x), Some(y)) = (a.as_double(), b.as_double()) else {
            return Err(self.no_operator(node, operator, a, b));
        };
        Ok(Value::Double(match operator {
            O::Add => x + y,
            O::Subtract => x - y,
            O::Multiply => x * y,
            O::Divide => x / y,
            _ => return Err(self.no_operator(node, operator, a, b)),
        }))
    }

    /// An `int` where it fits, else a `uint`, else an error.
    fn whole(&mut self, node: &Node, value: Option<i128>) -> Evaluated<'a> {
        match value.map(|value| (i64::try_from(value), u64::try_from(value))) {
            Some((Ok(value), _)) => Ok(Value::Int(value)),
            Some((_, Ok(value))) => Ok(Value::Uint(value)),
            _ => Err(self.error(node, "the result is out of the range of whole numbers".to_owned())),
        }
    }

    pub(super) fn timestamp(&mut self, node: &Node, at: i128) -> Evaluated<'a> {
        match moment::timestamp(at) {
            Some(at) => Ok(Value::Timestamp(at)),
            None => Err(self.error(node, "the time is out of range".to_owned())),
        }
    }

    fn duration(&mut self, node: &Node, length: i128) -> Evaluated<'a> {
        match moment::duration(length) {
            Some(length) => Ok(Value::Duration(length)),
            None => Err(self.error(node, "the duration is out of range".to_owned())),
        }
    }

    fn map(&mut self, entries: &'a [(Node, Node)]) -> Evaluated<'a> {
        let mut map = BTreeMap::new();
        for (key_node, value) in entries {
            let key = self.node(key_node)?;
            self.budget.bytes(2 * size_of::<Value<'_>>() + key.as_text().map_or(0, str::len))?;
            let Some(key) = Key::of(&key) else {
                return Err(self.wrong(key_node, &format!("{}, which cannot be a key", key.described())));
            };
            let value = self.node(value)?;
            if map.insert(key, value).is_some() {
                return Err(self.wrong(key_node, "a key that is there already"));
            }
        }
        Ok(Value::Map(Map::Computed(Rc::new(map))))
    }

    // ---- loops ----

    fn comprehension(&mut self, it: &'a Loop) -> Evaluated<'a> {
        let range = self.node(&it.range)?;
        let items: Vec<Value<'a>> = match &range {
            Value::List(items) => {
                self.budget.bytes(items.len() * size_of::<Value<'_>>())?;
                items.iter().collect()
            }
            Value::Map(map) => {
                self.budget.bytes(map.len() * size_of::<Value<'_>>())?;
                self.budget.steps(map.len())?;
                map.keys()
            }
            other => return Err(self.wrong(&it.range, &format!("{}, not a list or a map", other.described()))),
        };
        let mut kept = Vec::new();
        let mut hits = 0_usize;
        // `all` and `exists` are chains of `&&` and `||`: one element may decide although another one is in error.
        let mut fault = None;
        for item in items {
            self.budget.steps(2)?;
            self.variables.push((&it.variable, item.clone()));
            let judged = match &it.filter {
                None => Ok(true),
                Some(filter) => self.truth(filter),
            };
            let outcome = match judged {
                Ok(true) => match it.what {
                    LoopKind::Map => self.node(&it.body).map(Some),
                    _ => self.truth(&it.body).map(|value| Some(Value::Bool(value))),
                },
                Ok(false) => Ok(None),
                Err(fault) => Err(fault),
            };
            self.variables.pop();
            let outcome = match outcome {
                Err(Fault::Error(error)) if matches!(it.what, LoopKind::All | LoopKind::Exists) => {
                    fault.get_or_insert(error);
                    continue;
                }
                outcome => outcome?,
            };
            match (it.what, outcome) {
                (LoopKind::All, Some(Value::Bool(false))) => return Ok(Value::Bool(false)),
                (LoopKind::Exists, Some(Value::Bool(true))) => return Ok(Value::Bool(true)),
                (LoopKind::ExistsOne, Some(Value::Bool(true))) => hits += 1,
                (LoopKind::Filter, Some(Value::Bool(true))) => {
                    self.budget.bytes(size_of::<Value<'_>>())?;
                    kept.push(item);
                }
                (LoopKind::Map, Some(value)) => {
                    self.budget.bytes(size_of::<Value<'_>>())?;
                    kept.push(value);
                }
                _ => {}
            }
        }
        match (fault, it.what) {
            (Some(error), _) => Err(Fault::Error(error)),
            (None, LoopKind::All) => Ok(Value::Bool(true)),
            (None, LoopKind::Exists) => Ok(Value::Bool(false)),
            (None, LoopKind::ExistsOne) => Ok(Value::Bool(hits == 1)),
            (None, LoopKind::Map | LoopKind::Filter) => Ok(Value::list(kept)),
        }
    }

    // ---- errors ----

    /// An error at a place. Building one costs steps: a loop may overlook thousands of them.
    pub(super) fn error(&mut self, node: &Node, message: String) -> Fault {
        match self.budget.steps(16) {
            Ok(()) => Fault::Error(Box::new(ExprError::at(node.span.clone(), message))),
            Err(what) => Fault::Budget(what),
        }
    }

    pub(super) fn wrong(&mut self, node: &Node, is: &str) -> Fault {
        let what = self.quoted(node, "the value");
        self.error(node, format!("{what} is {is}"))
    }

    pub(super) fn not_text(&mut self, node: &Node, value: &Value<'a>) -> Fault {
        self.wrong(node, &format!("{}, not a string", value.described()))
    }

    pub(super) fn not_convertible(&mut self, node: &Node, value: &Value<'a>, target: &str) -> Fault {
        let what = match value.as_text() {
            Some(text) => format!("\"{}\"", shortened(text)),
            None => value.described().to_owned(),
        };
        self.error(node, format!("{what} cannot be converted to {target}"))
    }

    fn no_operator(&mut self, node: &Node, operator: Operator, a: &Value<'a>, b: &Value<'a>) -> Fault {
        self.error(node, format!("`{}` does not work on {} and {}", operator.sign(), a.described(), b.described()))
    }

    pub(super) fn no_function(&mut self, node: &Node, function: Function, value: &Value<'a>) -> Fault {
        self.wrong(node, &format!("{} and has no `{}`", value.described(), function.name()))
    }

    fn no_such_key(&mut self, node: &Node, operand: &Node, map: &Map<'a>, key: &str) -> Fault {
        let what = self.quoted(operand, "the map");
        let names = if map.len() <= 64 { map.names() } else { Vec::new() };
        let mut fault = self.error(node, format!("no such key `{key}` in {what}"));
        if let Fault::Error(error) = &mut fault
            && key.len() <= 64
        {
            error.help = super::functions::did_you_mean(key, names.iter().map(String::as_str)).or_else(|| {
                let some: Vec<_> = names.iter().take(8).map(|name| format!("`{}`", shortened(name))).collect();
                (!some.is_empty()).then(|| format!("it has {}", some.join(", ")))
            });
        }
        fault
    }

    /// The source of `node`, where it is a short one.
    fn quoted(&self, node: &Node, otherwise: &str) -> String {
        match self.source.get(node.span.clone()) {
            Some(text) if text.len() <= 60 && !text.contains('\n') => format!("`{text}`"),
            _ => otherwise.to_owned(),
        }
    }
}

pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(40).chain(['…']).collect() }
}

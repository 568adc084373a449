//! Walks a template over a scope. What becomes of text, values and secrets is the [`Sink`]'s to decide: a string, the parts of
//! a URL, a header, a script with its variables.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::functions::{self, Helper, Wrong, described};
use super::syntax::{Block, BlockKind, Expression, ExpressionKind, Hole, Local, Node};
use crate::expr::budget::{Budget, Exhausted};
use crate::expr::{ExprError, Scope};

/// Takes the pieces of a template in their order.
pub(in crate::expr) trait Sink {
    /// Text as the author wrote it.
    fn text(&mut self, text: &str, budget: &mut Budget) -> Result<(), ExprError>;
    /// What stands in a hole. Never null.
    fn value(&mut self, hole: &Hole, value: &Json, budget: &mut Budget) -> Result<(), ExprError>;
    /// `{{ secrets.NAME }}`.
    fn secret(&mut self, hole: &Hole, name: &str) -> Result<(), ExprError>;
}

/// Renders `nodes` into `sink`.
pub(in crate::expr) fn render(
    nodes: &[Node],
    source: &str,
    scope: &Scope,
    sink: &mut dyn Sink,
) -> Result<(), ExprError> {
    let mut budget = Budget::new();
    Walk { source, scope, elements: Vec::new(), budget: &mut budget, sink }.nodes(nodes)
}

/// The value of a hole by itself, with its type. Here null is a value like others.
pub(super) fn value(hole: &Hole, source: &str, scope: &Scope) -> Result<Json, ExprError> {
    let mut budget = Budget::new();
    let mut walk = Walk { source, scope, elements: Vec::new(), budget: &mut budget, sink: &mut Nowhere };
    let value = walk.expression(&hole.value).map_err(Fault::into_error)?;
    walk.budget.copy_of(&value)?;
    Ok(value.into_owned())
}

/// Why there is no value.
enum Fault {
    /// Nothing is there; `default` and `if` cope with that.
    Absent(ExprError),
    /// Something is wrong.
    Error(ExprError),
}

impl Fault {
    fn into_error(self) -> ExprError {
        match self {
            Self::Absent(error) | Self::Error(error) => error,
        }
    }
}

impl From<Exhausted> for Fault {
    fn from(what: Exhausted) -> Self {
        Self::Error(what.into())
    }
}

/// Where one round of an `each` stands.
struct Element<'a> {
    this: Cow<'a, Json>,
    key: Option<String>,
    index: usize,
    last: bool,
}

struct Walk<'a, 'b> {
    source: &'a str,
    scope: &'a Scope,
    elements: Vec<Element<'a>>,
    budget: &'b mut Budget,
    sink: &'b mut dyn Sink,
}

impl<'a> Walk<'a, '_> {
    fn nodes(&mut self, nodes: &[Node]) -> Result<(), ExprError> {
        for node in nodes {
            self.budget.steps(1)?;
            match node {
                Node::Text(text) => self.sink.text(text, self.budget)?,
                Node::Hole(hole) => match hole.value.secret() {
                    Some(name) => self.sink.secret(hole, name)?,
                    None => {
                        let value = self.hole(hole)?;
                        self.sink.value(hole, &value, self.budget)?;
                    }
                },
                Node::Block(block) => self.block(block)?,
            }
        }
        Ok(())
    }

    fn hole(&mut self, hole: &Hole) -> Result<Json, ExprError> {
        let value = self.expression(&hole.value).map_err(Fault::into_error)?;
        if value.is_null() {
            let what = self.quoted(&hole.value);
            return Err(ExprError::at(hole.value.span.clone(), format!("{what} is null"))
                .help("write `{{default x \"other\"}}` where it may be null"));
        }
        self.budget.copy_of(&value)?;
        Ok(value.into_owned())
    }

    fn block(&mut self, block: &Block) -> Result<(), ExprError> {
        let subject = self.expression(&block.subject);
        if block.kind == BlockKind::Each {
            return self.each(block, subject.map_err(Fault::into_error)?);
        }
        let truth = match subject {
            Ok(value) => is_true(&value),
            Err(Fault::Absent(_)) => false,
            Err(Fault::Error(error)) => return Err(error),
        };
        self.nodes(if truth == (block.kind == BlockKind::If) { &block.body } else { &block.otherwise })
    }

    fn each(&mut self, block: &Block, subject: Cow<'a, Json>) -> Result<(), ExprError> {
        let elements: Vec<(Option<String>, Cow<'a, Json>)> = match subject {
            Cow::Borrowed(Json::Array(items)) => items.iter().map(|item| (None, Cow::Borrowed(item))).collect(),
            Cow::Owned(Json::Array(items)) => items.into_iter().map(|item| (None, Cow::Owned(item))).collect(),
            Cow::Borrowed(Json::Object(map)) => {
                map.iter().map(|(key, value)| (Some(key.clone()), Cow::Borrowed(value))).collect()
            }
            Cow::Owned(Json::Object(map)) => {
                map.into_iter().map(|(key, value)| (Some(key), Cow::Owned(value))).collect()
            }
            other => {
                let what = self.quoted(&block.subject);
                let message = format!("{what} is {}, not a list or a map", described(&other));
                return Err(ExprError::at(block.subject.span.clone(), message));
            }
        };
        self.budget.bytes(elements.len() * size_of::<(Option<String>, Cow<'_, Json>)>())?;
        let mut elements = elements;
        // JSON maps may come in any order; a run must not depend on it.
        elements.sort_by(|(a, _), (b, _)| a.cmp(b));
        if elements.is_empty() {
            return self.nodes(&block.otherwise);
        }
        let count = elements.len();
        for (index, (key, this)) in elements.into_iter().enumerate() {
            self.elements.push(Element { this, key, index, last: index + 1 == count });
            let rendered = self.nodes(&block.body);
            self.elements.pop();
            rendered?;
        }
        Ok(())
    }

    // ---- values ----

    fn expression(&mut self, expression: &Expression) -> Result<Cow<'a, Json>, Fault> {
        self.budget.steps(1)?;
        match &expression.kind {
            ExpressionKind::Literal(value) => Ok(Cow::Owned(value.clone())),
            ExpressionKind::Path(path) => {
                let Some(root) = path.first() else { return Err(self.nothing(expression)) };
                match self.scope.get(root) {
                    Some(value) => self.follow(expression, root.clone(), value, &path[1..]).map(Cow::Borrowed),
                    None => {
                        let message = format!("there is no name `{root}` here");
                        Err(Fault::Absent(ExprError::at(expression.span.clone(), message)))
                    }
                }
            }
            ExpressionKind::This(path) => self.this(expression, path),
            ExpressionKind::Local(local) => self.local(expression, *local).map(Cow::Owned),
            ExpressionKind::Call(Helper::Default, arguments) => {
                let [value, otherwise] = arguments.as_slice() else { return Err(self.nothing(expression)) };
                match self.expression(value) {
                    Ok(value) if !value.is_null() => Ok(value),
                    Ok(_) | Err(Fault::Absent(_)) => self.expression(otherwise),
                    Err(fault) => Err(fault),
                }
            }
            ExpressionKind::Call(helper, arguments) => self.call(expression, *helper, arguments).map(Cow::Owned),
            ExpressionKind::Cel(cel, offset) => match cel.eval_within(self.scope, self.budget) {
                Ok(value) => Ok(Cow::Owned(value)),
                Err(error) => {
                    let span = match (&error.span, offset) {
                        (Some(span), Some(offset)) => offset + span.start..offset + span.end,
                        _ => expression.span.clone(),
                    };
                    Err(Fault::Error(ExprError { span: Some(span), ..error }))
                }
            },
        }
    }

    fn call(&mut self, expression: &Expression, helper: Helper, arguments: &[Expression]) -> Result<Json, Fault> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let value = self.expression(argument)?;
            if value.is_null() && helper != Helper::Json {
                let message = format!("{} is null", self.quoted(argument));
                return Err(Fault::Absent(
                    ExprError::at(argument.span.clone(), message)
                        .help("write `(default x \"other\")` where it may be null"),
                ));
            }
            values.push(value);
        }
        functions::apply(helper, &values, self.budget).map_err(|wrong| match wrong {
            Wrong::Budget(what) => what.into(),
            Wrong::Argument(index, message) => {
                let argument = arguments.get(index).unwrap_or(expression);
                let what = self.quoted(argument);
                Fault::Error(ExprError::at(argument.span.clone(), format!("{what} {message}")).help(format!(
                    "`{}` is written `{}`",
                    helper.name(),
                    helper.example()
                )))
            }
        })
    }

    fn this(&mut self, expression: &Expression, path: &[String]) -> Result<Cow<'a, Json>, Fault> {
        let Some(element) = self.elements.last() else { return Err(self.nothing(expression)) };
        let found = match &element.this {
            Cow::Borrowed(value) => self.follow(expression, "this".to_owned(), value, path).map(Cow::Borrowed)?,
            Cow::Owned(value) => self.follow(expression, "this".to_owned(), value, path).cloned().map(Cow::Owned)?,
        };
        if let Cow::Owned(value) = &found {
            self.budget.copy_of(value)?;
        }
        Ok(found)
    }

    fn local(&self, expression: &Expression, local: Local) -> Result<Json, Fault> {
        let Some(element) = self.elements.last() else { return Err(self.nothing(expression)) };
        Ok(match local {
            Local::Index => Json::from(element.index),
            Local::First => Json::Bool(element.index == 0),
            Local::Last => Json::Bool(element.last),
            Local::Key => match &element.key {
                Some(key) => Json::String(key.clone()),
                None => {
                    let error = ExprError::at(expression.span.clone(), "the elements of a list have no `@key`");
                    return Err(Fault::Absent(error.help("write `@index`")));
                }
            },
        })
    }

    /// Follows a path from a value that is called `name`.
    fn follow<'v>(
        &self,
        expression: &Expression,
        name: String,
        value: &'v Json,
        path: &[String],
    ) -> Result<&'v Json, Fault> {
        let (mut name, mut value) = (name, value);
        for segment in path {
            let found = match value {
                Json::Object(map) => map.get(segment),
                Json::Array(items) => segment.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => None,
            };
            let Some(found) = found else {
                return Err(Fault::Absent(missing(expression, &name, value, segment)));
            };
            name = format!("{name}.{segment}");
            value = found;
        }
        Ok(value)
    }

    fn nothing(&self, expression: &Expression) -> Fault {
        Fault::Error(ExprError::at(expression.span.clone(), format!("{} has no value here", self.quoted(expression))))
    }

    fn quoted(&self, expression: &Expression) -> String {
        match self.source.get(expression.span.clone()) {
            Some(text) if text.len() <= 60 && !text.contains('\n') => format!("`{text}`"),
            _ => "the value".to_owned(),
        }
    }
}

fn missing(expression: &Expression, name: &str, value: &Json, segment: &str) -> ExprError {
    let at = expression.span.clone();
    match value {
        Json::Object(map) => {
            let error = ExprError::at(at, format!("no such key `{segment}` in `{name}`"));
            match crate::expr::did_you_mean(segment, near_keys(map)) {
                Some(help) => error.help(help),
                None => error.help("write `{{default x \"other\"}}` where it may be missing"),
            }
        }
        Json::Array(items) => {
            ExprError::at(at, format!("there is no element {segment} in `{name}`, which has {}", items.len()))
        }
        other => ExprError::at(at, format!("`{name}` is {} and has no `{segment}`", described(other))),
    }
}

fn near_keys(map: &Map<String, Json>) -> Vec<&str> {
    let mut keys: Vec<_> = map.keys().map(String::as_str).filter(|key| key.len() <= 64).take(64).collect();
    keys.sort_unstable();
    keys
}

/// What `if` takes for true: everything but `false`, null, 0, and what is empty.
fn is_true(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(map) => !map.is_empty(),
    }
}

/// For values that are not rendered.
struct Nowhere;

impl Sink for Nowhere {
    fn text(&mut self, _text: &str, _budget: &mut Budget) -> Result<(), ExprError> {
        Ok(())
    }

    fn value(&mut self, _hole: &Hole, _value: &Json, _budget: &mut Budget) -> Result<(), ExprError> {
        Ok(())
    }

    fn secret(&mut self, _hole: &Hole, _name: &str) -> Result<(), ExprError> {
        Ok(())
    }
}

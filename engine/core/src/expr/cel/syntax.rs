//! From text to a tree: operator precedence, functions and macros resolved, nothing left to find out but values.
//!
//! The grammar is CEL's, without messages, bytes and optional values. The tree is bounded while it is built: how deep brackets
//! may nest (the parser recurses there) and how high the tree may grow (whoever walks it recurses there).

use std::ops::Range;
use std::sync::Arc;

use super::functions::{self, Function};
use super::pattern::Pattern;
use super::tokens::{self, Token, TokenKind};
use crate::expr::ExprError;

/// How deep brackets, conditionals and negations may nest.
const MAX_NESTING: usize = 32;
/// How many operators may lie on a path from the root of the tree to a leaf. `&&` and `||` do not count: their chains are flat.
const MAX_HEIGHT: usize = 160;
/// How deep `map`, `filter`, `all`, `exists` may stand inside one another.
const MAX_LOOPS: usize = 4;

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it stands in the source.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
    height: usize,
}

/// What a part of an expression is.
#[derive(Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Arc<str>),
    /// A name of the scope, or of an enclosing loop.
    Name(String),
    /// A type beside `type(x)`.
    Type(&'static str),
    Select(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    /// `has(x.y)`, and where `x.y` stands.
    Has(Box<Node>, String, Range<usize>),
    /// `x == null`; negated: `x != null`.
    NullTest(Box<Node>, bool),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Conditional(Box<[Node; 3]>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// The value before the dot is the first argument.
    Call(Function, Vec<Node>),
    /// `text.matches("constant")`, the pattern compiled beforehand.
    Matches(Box<Node>, Arc<Pattern>),
    Loop(Box<Loop>),
}

impl Node {
    /// The parts that it is made of, in the order of their places.
    pub(super) fn parts(&self) -> Vec<&Node> {
        self.kind.parts()
    }
}

impl Kind {
    fn parts(&self) -> Vec<&Node> {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Uint(_) | Self::Double(_) | Self::Text(_) => Vec::new(),
            Self::Name(_) | Self::Type(_) => Vec::new(),
            Self::Select(node, _) | Self::Has(node, ..) | Self::NullTest(node, _) | Self::Matches(node, _) => {
                vec![node]
            }
            Self::Not(node) | Self::Negate(node) => vec![node],
            Self::Index(a, b) | Self::Binary(_, a, b) => vec![a, b],
            Self::Conditional(parts) => parts.iter().collect(),
            Self::And(nodes) | Self::Or(nodes) | Self::List(nodes) | Self::Call(_, nodes) => nodes.iter().collect(),
            Self::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
            Self::Loop(it) => [&it.range].into_iter().chain(&it.filter).chain([&it.body]).collect(),
        }
    }
}

/// An operator of two operands that are both needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

impl Operator {
    /// The sign, and how tightly it binds.
    const ALL: &[(&str, u8, Self)] = &[
        ("==", 1, Self::Equal),
        ("!=", 1, Self::NotEqual),
        ("<", 1, Self::Less),
        ("<=", 1, Self::LessOrEqual),
        (">", 1, Self::Greater),
        (">=", 1, Self::GreaterOrEqual),
        ("in", 1, Self::In),
        ("+", 2, Self::Add),
        ("-", 2, Self::Subtract),
        ("*", 3, Self::Multiply),
        ("/", 3, Self::Divide),
        ("%", 3, Self::Modulo),
    ];

    pub(super) fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, _, operator)| *operator == self).map_or("?", |(sign, _, _)| sign)
    }
}

/// `range.all(variable, body)` and its like.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) what: LoopKind,
    pub(super) range: Node,
    pub(super) variable: String,
    /// Of `map(x, filter, body)`.
    pub(super) filter: Option<Node>,
    pub(super) body: Node,
}

/// What a loop makes of its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

/// Names that CEL keeps for itself.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Names of types; they have their meaning only in an expression that calls `type(…)`.
const TYPES: &[&str] =
    &["null_type", "bool", "int", "uint", "double", "string", "list", "map", "timestamp", "duration", "type"];

/// Reads an expression.
pub(super) fn parse(source: &str) -> Result<Node, ExprError> {
    let tokens = tokens::scan(source)?;
    let names_types = tokens.iter().any(|token| &source[token.span.clone()] == "type");
    let mut parser = Parser { source, tokens: &tokens, next: 0, names_types, nesting: 0, loops: 0 };
    let node = parser.expression()?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    source: &'a str,
    tokens: &'a [Token],
    next: usize,
    names_types: bool,
    nesting: usize,
    loops: usize,
}

type Parsed = Result<Node, ExprError>;

impl<'a> Parser<'a> {
    // ---- tokens ----

    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.next).map(|token| &self.source[token.span.clone()])
    }

    fn next_is(&self, sign: &str) -> bool {
        self.tokens.get(self.next).is_some_and(|token| {
            matches!(token.kind, TokenKind::Sign | TokenKind::Name) && &self.source[token.span.clone()] == sign
        })
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.next_is(sign);
        self.next += usize::from(found);
        found
    }

    /// The place of the last token taken.
    fn last(&self) -> Range<usize> {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0..0, |token| token.span.clone())
    }

    /// The end of the bracket that was opened at `open`.
    fn close(&mut self, open: &Range<usize>, sign: &str) -> Result<usize, ExprError> {
        if self.take(sign) {
            return Ok(self.last().end);
        }
        if self.next < self.tokens.len() {
            return Err(self.unexpected());
        }
        let bracket = &self.source[open.clone()];
        Err(ExprError::at(open.clone(), format!("`{bracket}` is not closed")).help(format!("a `{sign}` is missing")))
    }

    fn unexpected(&self) -> ExprError {
        let Some(token) = self.tokens.get(self.next) else {
            let end = self.source.trim_end().len();
            return ExprError::at(end..end, "the expression ends too early").help("something is missing at the end");
        };
        let text = &self.source[token.span.clone()];
        let error = ExprError::at(token.span.clone(), format!("`{text}` is not expected here"));
        match text.to_ascii_lowercase().as_str() {
            "and" => error.help("write `&&`"),
            "or" => error.help("write `||`"),
            "not" => error.help("write `!`"),
            "is" => error.help("compare with `==`"),
            "?" => error.help("a condition is written `test ? yes : no`; is a value there: `has(x.y)`"),
            _ => error,
        }
    }

    // ---- nodes ----

    fn node(&self, span: Range<usize>, kind: Kind) -> Parsed {
        let below = kind.parts().into_iter().map(|node| node.height).max().unwrap_or(0);
        if below >= MAX_HEIGHT {
            return Err(too_deep(span));
        }
        Ok(Node { span, kind, height: below + 1 })
    }

    /// Calls `parse` one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, ExprError>) -> Result<T, ExprError> {
        if self.nesting == MAX_NESTING {
            return Err(too_deep(self.last()));
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    // ---- grammar, from the loosest to the tightest ----

    fn expression(&mut self) -> Parsed {
        let test = self.either()?;
        if !self.take("?") {
            return Ok(test);
        }
        let yes = self.nested(Self::either)?;
        if !self.take(":") {
            return Err(self.unexpected());
        }
        let no = self.nested(Self::expression)?;
        self.node(test.span.start..no.span.end, Kind::Conditional(Box::new([test, yes, no])))
    }

    fn either(&mut self) -> Parsed {
        self.chain("||", Self::both, Kind::Or)
    }

    fn both(&mut self) -> Parsed {
        self.chain("&&", |parser| parser.binary(1), Kind::And)
    }

    fn chain(&mut self, sign: &str, part: fn(&mut Self) -> Parsed, wrap: fn(Vec<Node>) -> Kind) -> Parsed {
        let first = part(self)?;
        if !self.next_is(sign) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(sign) {
            parts.push(part(self)?);
        }
        let (start, end) = (parts[0].span.start, parts[parts.len() - 1].span.end);
        self.node(start..end, wrap(parts))
    }

    /// Operators that bind at least as tightly as `least`, from left to right.
    fn binary(&mut self, least: u8) -> Parsed {
        let mut left = self.unary()?;
        loop {
            let found = Operator::ALL.iter().find(|(sign, binding, _)| *binding >= least && self.next_is(sign));
            let Some((_, binding, operator)) = found else { return Ok(left) };
            self.next += 1;
            let right = self.binary(binding + 1)?;
            let span = left.span.start..right.span.end;
            let nulls = [&left, &right].map(|side| matches!(side.kind, Kind::Null));
            let kind = match operator {
                Operator::Equal | Operator::NotEqual if nulls[0] != nulls[1] => {
                    let tested = if nulls[0] { right } else { left };
                    Kind::NullTest(Box::new(tested), *operator == Operator::NotEqual)
                }
                operator => Kind::Binary(*operator, Box::new(left), Box::new(right)),
            };
            left = self.node(span, kind)?;
        }
    }

    fn unary(&mut self) -> Parsed {
        let Some(sign) = ["!", "-"].into_iter().find(|sign| self.next_is(sign)) else { return self.member(false) };
        let start = self.tokens[self.next].span.start;
        let mut count = 0_usize;
        while self.take(sign) {
            count += 1;
        }
        // The last `-` belongs to a number behind it: the smallest `int` has no positive counterpart.
        let negative = sign == "-" && self.tokens.get(self.next).is_some_and(|token| token.kind == TokenKind::Number);
        let mut operand = self.member(negative)?;
        count -= usize::from(negative);
        // Two of them undo each other, but what they are applied to must still be a bool, or a number.
        let repeat = if count > 2 { 2 - count % 2 } else { count };
        for _ in 0..repeat {
            let wrap = if sign == "!" { Kind::Not } else { Kind::Negate };
            operand = self.node(start..operand.span.end, wrap(Box::new(operand)))?;
        }
        Ok(operand)
    }

    fn member(&mut self, negative: bool) -> Parsed {
        let mut node = self.primary(negative)?;
        loop {
            if self.take("[") {
                let open = self.last();
                let index = self.nested(Self::expression)?;
                let end = self.close(&open, "]")?;
                node = self.node(node.span.start..end, Kind::Index(Box::new(node), Box::new(index)))?;
            } else if self.take(".") {
                let Some(token) = self.tokens.get(self.next).filter(|token| token.kind == TokenKind::Name) else {
                    return Err(self.unexpected());
                };
                let name = &self.source[token.span.clone()];
                self.next += 1;
                node = if self.next_is("(") {
                    self.call(name, token.span.clone(), Some(node))?
                } else {
                    self.node(node.span.start..token.span.end, Kind::Select(Box::new(node), name.to_owned()))?
                };
            } else {
                return Ok(node);
            }
        }
    }

    fn primary(&mut self, negative: bool) -> Parsed {
        let Some(token) = self.tokens.get(self.next) else { return Err(self.unexpected()) };
        let (span, text) = (token.span.clone(), &self.source[token.span.clone()]);
        self.next += 1;
        match (token.kind, text) {
            (TokenKind::Number, _) => self.number(span, text, negative),
            (TokenKind::Text, _) => match tokens::unquote(text) {
                Ok(text) => self.node(span, Kind::Text(text.into())),
                Err(at) => Err(ExprError::at(span.start + at.start..span.start + at.end, "this escape has no meaning")
                    .help("a backslash itself is written `\\\\`, or the string as r\"…\"")),
            },
            (TokenKind::Bytes, _) => Err(ExprError::at(span, "bytes are not supported").help("use a string")),
            (TokenKind::Sign, "(") => {
                let inner = self.nested(Self::expression)?;
                self.close(&span, ")")?;
                Ok(inner)
            }
            (TokenKind::Sign, "[") => {
                let items = self.nested(|parser| parser.list("]"))?;
                let end = self.close(&span, "]")?;
                self.node(span.start..end, Kind::List(items))
            }
            (TokenKind::Sign, "{") => {
                let entries = self.nested(Self::entries)?;
                let end = self.close(&span, "}")?;
                self.node(span.start..end, Kind::Map(entries))
            }
            (TokenKind::Sign, ".") if self.tokens.get(self.next).is_some_and(|token| token.kind == TokenKind::Name) => {
                Err(ExprError::at(span, "a name cannot begin with a dot").help("leave the dot out"))
            }
            (TokenKind::Name, "true") => self.node(span, Kind::Bool(true)),
            (TokenKind::Name, "false") => self.node(span, Kind::Bool(false)),
            (TokenKind::Name, "null") => self.node(span, Kind::Null),
            (TokenKind::Name, name) if name != "in" => self.name(span, name),
            _ => {
                self.next -= 1;
                Err(self.unexpected())
            }
        }
    }

    fn number(&self, span: Range<usize>, text: &str, negative: bool) -> Parsed {
        let start = if negative { self.tokens[self.next - 2].span.start } else { span.start };
        let span = start..span.end;
        let out_of_range = || ExprError::at(span.clone(), format!("`{}` is out of range", &self.source[span.clone()]));
        let unsigned = text.strip_suffix(['u', 'U']).filter(|_| !text.contains('.'));
        let (digits, radix) = match unsigned.unwrap_or(text) {
            digits if digits.starts_with("0x") => (&digits[2..], 16),
            digits => (digits, 10),
        };
        let kind = if radix == 10 && digits.contains(['.', 'e', 'E']) {
            let double: f64 = digits.parse().map_err(|_| out_of_range())?;
            if !double.is_finite() {
                return Err(out_of_range());
            }
            Kind::Double(if negative { -double } else { double })
        } else {
            let whole = i128::from_str_radix(digits, radix).map_err(|_| out_of_range())?;
            let whole = if negative { -whole } else { whole };
            match unsigned {
                Some(_) => Kind::Uint(u64::try_from(whole).map_err(|_| out_of_range())?),
                None => Kind::Int(i64::try_from(whole).map_err(|_| out_of_range())?),
            }
        };
        self.node(span, kind)
    }

    fn name(&mut self, span: Range<usize>, name: &str) -> Parsed {
        if RESERVED.contains(&name) {
            return Err(ExprError::at(span, format!("`{name}` is a reserved word")));
        }
        if self.next_is("(") {
            return self.call(name, span, None);
        }
        if self.next_is("{") {
            return Err(ExprError::at(span, format!("there is no message type `{name}`"))
                .help("a map is written `{\"key\": value}`"));
        }
        match TYPES.iter().find(|known| self.names_types && **known == name) {
            Some(known) => self.node(span, Kind::Type(known)),
            None => self.node(span, Kind::Name(name.to_owned())),
        }
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, ExprError> {
        let mut items = Vec::new();
        while !self.next_is(end) {
            items.push(self.expression()?);
            if !self.take(",") {
                break;
            }
        }
        Ok(items)
    }

    fn entries(&mut self) -> Result<Vec<(Node, Node)>, ExprError> {
        let mut entries = Vec::new();
        while !self.next_is("}") {
            let key = self.expression()?;
            if !self.take(":") {
                return Err(self.unexpected());
            }
            entries.push((key, self.expression()?));
            if !self.take(",") {
                break;
            }
        }
        Ok(entries)
    }

    // ---- calls ----

    fn call(&mut self, name: &str, name_span: Range<usize>, target: Option<Node>) -> Parsed {
        self.next += 1;
        let open = self.last();
        let what = match name {
            "all" => Some(LoopKind::All),
            "exists" => Some(LoopKind::Exists),
            "exists_one" | "existsOne" => Some(LoopKind::ExistsOne),
            "map" => Some(LoopKind::Map),
            "filter" => Some(LoopKind::Filter),
            _ => None,
        };
        self.loops += usize::from(what.is_some());
        if self.loops > MAX_LOOPS {
            return Err(ExprError::at(name_span, format!("more than {MAX_LOOPS} loops stand inside one another"))
                .help("compute the inner one in a `set` step"));
        }
        let arguments = self.nested(|parser| parser.list(")"))?;
        self.loops -= usize::from(what.is_some());
        let end = self.close(&open, ")")?;
        match (what, target) {
            (None, None) if name == "has" => self.has(arguments, name_span, end),
            (Some(what), Some(range)) => self.comprehension(what, range, arguments, name, name_span, end),
            (Some(_), None) => Err(ExprError::at(name_span, format!("`{name}` is called on a list or a map"))
                .help(format!("write `list.{name}(x, …)`"))),
            (None, target) => self.function(name, name_span, target, arguments, end),
        }
    }

    fn function(
        &self,
        name: &str,
        name_span: Range<usize>,
        target: Option<Node>,
        arguments: Vec<Node>,
        end: usize,
    ) -> Parsed {
        let function = functions::resolve(name, target.is_some(), arguments.len())
            .map_err(|(message, help)| ExprError { span: Some(name_span.clone()), message, help })?;
        let start = target.as_ref().map_or(name_span.start, |target| target.span.start);
        let mut arguments: Vec<Node> = target.into_iter().chain(arguments).collect();
        let kind = match (function, arguments.as_slice()) {
            (Function::Matches, [_, Node { kind: Kind::Text(pattern), span, .. }]) => {
                let pattern = Pattern::new(pattern).map_err(|error| ExprError { span: Some(span.clone()), ..error })?;
                Kind::Matches(Box::new(arguments.swap_remove(0)), Arc::new(pattern))
            }
            _ => Kind::Call(function, arguments),
        };
        self.node(start..end, kind)
    }

    fn has(&self, mut arguments: Vec<Node>, name: Range<usize>, end: usize) -> Parsed {
        let help = "write `has(x.y)`, or `\"y\" in x`";
        let (Some(argument), true) = (arguments.pop(), arguments.is_empty()) else {
            return Err(ExprError::at(name, "`has` takes one argument").help(help));
        };
        let path = argument.span.clone();
        let asked = match argument.kind {
            Kind::Select(operand, field) => Some((operand, field)),
            Kind::Index(operand, index) => match index.kind {
                Kind::Text(field) => Some((operand, field.as_ref().to_owned())),
                _ => None,
            },
            _ => None,
        };
        match asked {
            Some((operand, field)) => self.node(name.start..end, Kind::Has(operand, field, path)),
            None => Err(ExprError::at(argument.span, "`has` asks for a field").help(help)),
        }
    }

    fn comprehension(
        &self,
        what: LoopKind,
        range: Node,
        mut arguments: Vec<Node>,
        name: &str,
        at: Range<usize>,
        end: usize,
    ) -> Parsed {
        let help = format!("write `list.{name}(x, …)`");
        let count = arguments.len();
        let (Some(body), true) = (arguments.pop(), count == 2 || count == 3 && what == LoopKind::Map) else {
            return Err(ExprError::at(at, format!("`{name}` takes a name and an expression")).help(help));
        };
        let filter = if count == 3 { arguments.pop() } else { None };
        let variable = match arguments.pop() {
            Some(Node { kind: Kind::Name(variable), .. }) => variable,
            other => {
                let span = other.map_or(at, |node| node.span);
                return Err(
                    ExprError::at(span, format!("the first argument of `{name}` is a name for the element")).help(help)
                );
            }
        };
        let span = range.span.start..end;
        self.node(span, Kind::Loop(Box::new(Loop { what, range, variable, filter, body })))
    }
}

fn too_deep(span: Range<usize>) -> ExprError {
    ExprError::at(span, "the expression is nested or chained too deeply").help("compute parts of it in a `set` step")
}

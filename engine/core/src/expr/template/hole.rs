//! What stands between `{{` and `}}`.

use std::ops::Range;

use serde_json::{Number, Value as Json};

use super::functions::Helper;
use super::syntax::{Expression, ExpressionKind, LOOKS_LIKE_GO, Local, NOT_OURS, Tag, TagKind, block};
use crate::expr::cel::Cel;
use crate::expr::{ExprError, did_you_mean};

/// Longest tag.
const MAX_TAG: usize = 8 * 1024;
/// How deep parentheses may nest.
const MAX_NESTING: usize = 8;

/// The first word of a tag.
pub(super) struct Head<'a> {
    pub(super) name: &'a str,
    pub(super) span: Range<usize>,
}

/// Reads the tag whose `{{` stands at `open`. With an error comes the place behind the tag.
pub(super) fn read(source: &str, open: usize) -> Result<Tag, (ExprError, usize)> {
    let rest = &source[open..];
    let behind_next = |from: usize| source[from..].find("}}").map_or(source.len(), |at| from + at + 2);
    for (begin, end) in [("{{!--", "--}}"), ("{{~!--", "--}}"), ("{{!", "}}"), ("{{~!", "}}")] {
        if rest.starts_with(begin) {
            let Some(length) = rest.find(end).filter(|at| *at >= begin.len()).map(|at| at + end.len()) else {
                return Err((ExprError::at(open..source.len(), "the comment is not closed"), source.len()));
            };
            let span = open..open + length;
            let trim_before = begin.starts_with("{{~");
            let trim_behind = rest[..length].ends_with("~}}");
            return Ok(Tag { span, trim_before, trim_behind, kind: TagKind::Comment });
        }
    }
    if let Some(error) = not_a_tag(rest, open) {
        let braces = rest.len() - rest.trim_start_matches('{').len();
        let end = behind_next(open + braces);
        // The braces that close more than two belong to it as well.
        let extra = source[end..].bytes().take_while(|byte| *byte == b'}').count().min(braces.saturating_sub(2));
        return Err((error, end + extra));
    }
    let tokens = match tokens(source, open + 2) {
        Ok(tokens) => tokens,
        Err(error) => return Err((error, behind_next(open + 2))),
    };
    let end = tokens.end;
    if end - open > MAX_TAG {
        return Err((ExprError::at(open..open + 2, format!("the hole is longer than {MAX_TAG} bytes")), end));
    }
    let mut reader = Reader { source, tokens: &tokens.list, next: 0, nesting: 0 };
    let span = open..end;
    match reader.tag(&span) {
        Ok(kind) => Ok(Tag { span, trim_before: tokens.trim_before, trim_behind: tokens.trim_behind, kind }),
        Err(error) => Err((error, end)),
    }
}

/// Forms of Handlebars that are left out, known by their first letters.
fn not_a_tag(rest: &str, open: usize) -> Option<ExprError> {
    let inner = rest[2..].trim_start_matches('~').trim_start();
    let (length, message, help) = if rest.starts_with("{{{{") {
        (4, "raw blocks are not supported", "write `\\{{` for a literal `{{`")
    } else if rest.starts_with("{{{") {
        (3, "`{{{ x }}}` is not supported: there is no unescaped form", "write `{{ x }}`; it is never HTML-escaped")
    } else if inner.starts_with('&') {
        (3, "`{{& x}}` is not supported: there is no unescaped form", "write `{{ x }}`; it is never HTML-escaped")
    } else if inner.starts_with('>') || inner.starts_with("#>") {
        (3, "partials are not supported", "write the text out")
    } else if inner.starts_with('*') || inner.starts_with("#*") {
        (3, "decorators are not supported", "take it out")
    } else if inner.starts_with('^') {
        (3, "`{{^` is not supported", "write `{{else}}` or `{{#unless x}}`")
    } else {
        return None;
    };
    Some(ExprError::at(open..open + length, message).help(help))
}

// ---- tokens ----

#[derive(Debug, Clone, PartialEq)]
enum Word {
    /// A name, a path, a number, a keyword.
    Plain,
    /// A string, and whether it stands in the source letter by letter.
    Text(String, bool),
    Open,
    Close,
    /// `#`, `/` in front of a name.
    Mark,
    /// Anything that has no meaning here.
    Strange,
}

#[derive(Debug)]
struct Token {
    word: Word,
    span: Range<usize>,
}

struct Tokens {
    list: Vec<Token>,
    /// Behind the braces.
    end: usize,
    trim_before: bool,
    trim_behind: bool,
}

fn tokens(source: &str, start: usize) -> Result<Tokens, ExprError> {
    let unclosed = || {
        ExprError::at(start - 2..start, "the hole is not closed")
            .help("write `}}` where it ends; a literal `{{` is `\\{{`")
    };
    let mut list = Vec::new();
    let trim_before = source[start..].starts_with('~');
    let mut at = start + usize::from(trim_before);
    loop {
        let rest = &source[at..];
        let Some(sign) = rest.chars().next() else { return Err(unclosed()) };
        if rest.starts_with("}}") {
            return Ok(Tokens { list, end: at + 2, trim_before, trim_behind: false });
        }
        if rest.starts_with("~}}") {
            return Ok(Tokens { list, end: at + 3, trim_before, trim_behind: true });
        }
        if sign.is_whitespace() {
            at += sign.len_utf8();
            continue;
        }
        let (word, length) = match sign {
            '"' | '\'' => {
                let (text, exact, length) = string(rest).ok_or_else(|| {
                    ExprError::at(at..at + 1, "the string is not closed").help(format!("end it with `{sign}`"))
                })?;
                (Word::Text(text, exact), length)
            }
            '(' => (Word::Open, 1),
            ')' => (Word::Close, 1),
            '#' | '/' if list.is_empty() => (Word::Mark, 1),
            sign if is_plain(sign) => (Word::Plain, plain_length(rest)),
            '{' if rest.starts_with("{{") => return Err(unclosed()),
            sign => (Word::Strange, sign.len_utf8()),
        };
        list.push(Token { word, span: at..at + length });
        at += length;
    }
}

fn is_plain(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.' | '@' | '$' | '[' | '/')
}

/// The length of a path; what stands in its brackets is taken as it is.
fn plain_length(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, sign)) = chars.next() {
        if !is_plain(sign) {
            return at;
        }
        if sign == '[' {
            for (_, inner) in chars.by_ref() {
                if inner == ']' {
                    break;
                }
            }
        }
    }
    text.len()
}

/// A string: its text, whether it has no escape, its length.
fn string(text: &str) -> Option<(String, bool, usize)> {
    let quote = text.chars().next()?;
    let mut value = String::new();
    let mut exact = true;
    let mut chars = text.char_indices().skip(1);
    while let Some((at, sign)) = chars.next() {
        match sign {
            sign if sign == quote => return Some((value, exact, at + 1)),
            '\\' => {
                exact = false;
                match chars.next()?.1 {
                    'n' => value.push('\n'),
                    't' => value.push('\t'),
                    'r' => value.push('\r'),
                    sign if sign == quote || sign == '\\' => value.push(sign),
                    // Other backslashes stand for themselves: patterns of `cel` are full of them.
                    sign => value.extend(['\\', sign]),
                }
            }
            sign => value.push(sign),
        }
    }
    None
}

// ---- tags ----

struct Reader<'a> {
    source: &'a str,
    tokens: &'a [Token],
    next: usize,
    nesting: usize,
}

impl<'a> Reader<'a> {
    fn text(&self, token: &Token) -> &'a str {
        &self.source[token.span.clone()]
    }

    fn tag(&mut self, span: &Range<usize>) -> Result<TagKind, ExprError> {
        let Some(first) = self.tokens.first() else {
            return Err(ExprError::at(span.clone(), "the hole is empty").help("name a value, like `{{ inputs.x }}`"));
        };
        let mark = (first.word == Word::Mark).then(|| self.text(first));
        if mark.is_none() {
            self.looks_foreign()?;
        }
        self.next = usize::from(mark.is_some());
        match mark {
            Some("#") => {
                let head = self.head(span)?;
                let arguments = self.arguments(false)?;
                let (kind, subject) = block(&head, arguments)?;
                Ok(TagKind::Open(kind, subject))
            }
            Some(_) => {
                let head = self.head(span)?;
                match self.tokens.get(self.next) {
                    None => Ok(TagKind::Close(head.name.to_owned())),
                    Some(token) => Err(ExprError::at(token.span.clone(), "a closing tag has one word")),
                }
            }
            None if self.text(first) == "else" => {
                self.next = 1;
                if self.tokens.len() == 1 {
                    return Ok(TagKind::Else(None));
                }
                let head = self.head(span)?;
                let arguments = self.arguments(false)?;
                block(&head, arguments).map(|chain| TagKind::Else(Some(chain)))
            }
            None => self.hole(span).map(TagKind::Hole),
        }
    }

    fn head(&mut self, span: &Range<usize>) -> Result<Head<'a>, ExprError> {
        match self.tokens.get(self.next) {
            Some(token) if token.word == Word::Plain => {
                self.next += 1;
                Ok(Head { name: self.text(token), span: token.span.clone() })
            }
            Some(token) => Err(ExprError::at(token.span.clone(), "the name of a block is missing")),
            None => Err(ExprError::at(span.clone(), "the name of a block is missing")),
        }
    }

    fn hole(&mut self, span: &Range<usize>) -> Result<Expression, ExprError> {
        let first = &self.tokens[0];
        match first.word {
            Word::Plain if self.tokens.len() == 1 => match self.path(self.text(first), first.span.clone())? {
                Expression { kind: ExpressionKind::Literal(_), span } => {
                    Err(ExprError::at(span, "a hole holds a name, not a value")
                        .help("write the value without the braces"))
                }
                path => Ok(path),
            },
            Word::Plain => {
                self.next = 1;
                let arguments = self.arguments(false)?;
                let inner = first.span.start..span.end;
                self.call(self.text(first), first.span.clone(), inner, arguments)
            }
            Word::Text(..) => Err(ExprError::at(first.span.clone(), "a hole holds a name, not a value")
                .help("write the value without the braces")),
            _ => Err(ExprError::at(first.span.clone(), "a hole begins with a name")
                .help("write `{{ inputs.x }}`, or a helper: `{{upper inputs.x}}`")),
        }
    }

    /// The arguments up to the end of the tag, or up to the closing parenthesis.
    fn arguments(&mut self, in_parentheses: bool) -> Result<Vec<Expression>, ExprError> {
        let mut arguments = Vec::new();
        while let Some(token) = self.tokens.get(self.next) {
            self.next += 1;
            match &token.word {
                Word::Text(text, _) => arguments.push(Expression {
                    span: token.span.clone(),
                    kind: ExpressionKind::Literal(Json::String(text.clone())),
                }),
                Word::Plain => {
                    let text = self.text(token);
                    if self.tokens.get(self.next).is_some_and(|next| self.text(next) == "=") {
                        return Err(self.equals(self.next));
                    }
                    arguments.push(self.path(text, token.span.clone())?);
                }
                Word::Open => arguments.push(self.parentheses(token)?),
                Word::Close if in_parentheses => return Ok(arguments),
                Word::Close => {
                    return Err(ExprError::at(token.span.clone(), "there is no `(` for this `)`"));
                }
                Word::Mark | Word::Strange => return Err(self.strange(self.next - 1)),
            }
        }
        if in_parentheses {
            let end = self.tokens.last().map_or(0..0, |token| token.span.clone());
            return Err(ExprError::at(end, "a `)` is missing"));
        }
        Ok(arguments)
    }

    fn parentheses(&mut self, open: &Token) -> Result<Expression, ExprError> {
        if self.nesting == MAX_NESTING {
            return Err(ExprError::at(open.span.clone(), "parentheses are nested too deeply"));
        }
        let Some(head) = self.tokens.get(self.next).filter(|token| token.word == Word::Plain) else {
            return Err(ExprError::at(open.span.clone(), "a helper is missing in these parentheses")
                .help("write `(upper x)`, or `(cel \"a == b\")`"));
        };
        self.next += 1;
        self.nesting += 1;
        let arguments = self.arguments(true)?;
        self.nesting -= 1;
        let span = open.span.start..self.tokens[self.next - 1].span.end;
        if arguments.is_empty() && Helper::named(self.text(head)).is_none() {
            return Ok(Expression { span, ..self.path(self.text(head), head.span.clone())? });
        }
        self.call(self.text(head), head.span.clone(), span, arguments)
    }

    fn call(
        &self,
        name: &str,
        at: Range<usize>,
        span: Range<usize>,
        arguments: Vec<Expression>,
    ) -> Result<Expression, ExprError> {
        let Some(helper) = Helper::named(name) else {
            let error = ExprError::at(at, format!("there is no helper `{name}`"));
            return Err(error.help(instead_of(name)));
        };
        if arguments.len() != helper.arguments() {
            let wanted = match helper.arguments() {
                1 => "one argument".to_owned(),
                2 => "two arguments".to_owned(),
                count => format!("{count} arguments"),
            };
            return Err(ExprError::at(at, format!("`{name}` takes {wanted}, not {}", arguments.len()))
                .help(format!("write `{}`", helper.example())));
        }
        if helper != Helper::Cel {
            return Ok(Expression { span, kind: ExpressionKind::Call(helper, arguments) });
        }
        let Some(Expression { kind: ExpressionKind::Literal(Json::String(text)), span: literal }) =
            arguments.into_iter().next()
        else {
            return Err(
                ExprError::at(at, "`cel` takes a quoted expression").help(format!("write `{}`", helper.example()))
            );
        };
        // Places inside the expression can be told only where its text stands in the template letter by letter.
        let exact = self.source.get(literal.start + 1..literal.end - 1) == Some(&text);
        let offset = exact.then_some(literal.start + 1);
        let cel = Cel::new(text);
        if let Err(error) = cel.check() {
            let span = match (&error.span, offset) {
                (Some(span), Some(offset)) => offset + span.start..offset + span.end,
                _ => literal,
            };
            return Err(ExprError { span: Some(span), ..error });
        }
        Ok(Expression { span, kind: ExpressionKind::Cel(Box::new(cel), offset) })
    }

    /// A path, a number or a keyword.
    fn path(&self, text: &str, span: Range<usize>) -> Result<Expression, ExprError> {
        let kind = match text {
            "true" => ExpressionKind::Literal(Json::Bool(true)),
            "false" => ExpressionKind::Literal(Json::Bool(false)),
            "null" => ExpressionKind::Literal(Json::Null),
            "@index" => ExpressionKind::Local(Local::Index),
            "@key" => ExpressionKind::Local(Local::Key),
            "@first" => ExpressionKind::Local(Local::First),
            "@last" => ExpressionKind::Local(Local::Last),
            text if text.starts_with(|sign: char| sign == '-' || sign.is_ascii_digit()) => {
                let number: Option<Number> = serde_json::from_str(text).ok();
                match number {
                    Some(number) => ExpressionKind::Literal(Json::Number(number)),
                    None => return Err(ExprError::at(span, format!("`{text}` is not a number"))),
                }
            }
            text if text.starts_with("..") => {
                return Err(ExprError::at(span, "`..` is not supported")
                    .help("names like `inputs.x` can be used inside a block as they are"));
            }
            text => {
                let mut segments = segments(text, &span)?;
                match segments.first().map(String::as_str) {
                    Some("this") => ExpressionKind::This(segments.split_off(1)),
                    Some("@root") if segments.len() > 1 => ExpressionKind::Path(segments.split_off(1)),
                    Some(first) if first.starts_with('@') => {
                        return Err(ExprError::at(span, format!("there is no `{first}`"))
                            .help("there are `@index`, `@key`, `@first` and `@last`, inside `each`"));
                    }
                    _ => ExpressionKind::Path(segments),
                }
            }
        };
        Ok(Expression { span, kind })
    }

    // ---- what is not ours ----

    /// Go templates, Jinja and others have the same braces.
    fn looks_foreign(&self) -> Result<(), ExprError> {
        const GO: &[&str] = &[
            "range", "end", "with", "define", "template", "block", "if", "printf", "print", "println", "index",
            "slice", "break", "continue",
        ];
        let first = &self.tokens[0];
        let text = self.text(first);
        let alone = self.tokens.len() == 1;
        let begins = text.starts_with('.') && !text.starts_with("..")
            || text.starts_with('-') && !text[1..].starts_with(|sign: char| sign.is_ascii_digit())
            || text.starts_with('$')
            || GO.contains(&text) && (!alone || text == "end");
        let argument = self.tokens[1..].iter().any(|token| {
            let text = self.text(token);
            token.word == Word::Plain
                && (text.starts_with('.') && !text.starts_with("..") || text.starts_with('$') || text == "-")
        });
        if begins || argument {
            let span = first.span.start..self.tokens[self.tokens.len() - 1].span.end;
            return Err(ExprError::at(span, LOOKS_LIKE_GO).help(NOT_OURS));
        }
        match self.tokens.iter().position(|token| token.word == Word::Strange) {
            Some(index) => Err(self.strange(index)),
            None => Ok(()),
        }
    }

    fn strange(&self, index: usize) -> ExprError {
        let token = &self.tokens[index];
        let sign = self.text(token);
        let error = ExprError::at(token.span.clone(), format!("`{sign}` has no meaning in a hole"));
        match sign {
            "=" => self.equals(index),
            "|" => error.help(format!("a helper stands in front, like `{{{{default x \"other\"}}}}`; {NOT_OURS}")),
            "!" | "<" | ">" | "+" | "*" | "&" | "?" | ":" | "%" | "," | "]" => {
                error.help(format!("compute with `{{{{cel \"a == b\"}}}}`; {NOT_OURS}"))
            }
            _ => error.help(NOT_OURS),
        }
    }

    fn equals(&self, index: usize) -> ExprError {
        let span = self.tokens[index].span.clone();
        if let Some(next) = self.tokens.get(index + 1).filter(|next| self.text(next) == "=") {
            return ExprError::at(span.start..next.span.end, "`==` has no meaning in a hole")
                .help("compare with `{{cel \"a == b\"}}`");
        }
        ExprError::at(span, "named arguments are not supported").help("write the values one behind the other")
    }
}

/// The parts of a path: `a.b`, `a.[b c]`, `a.[0]`.
fn segments(text: &str, span: &Range<usize>) -> Result<Vec<String>, ExprError> {
    let mut segments = Vec::new();
    let mut rest = text;
    loop {
        let (segment, behind) = match rest.strip_prefix('[') {
            Some(inner) => match inner.split_once(']') {
                Some((segment, behind)) => (segment, behind),
                None => return Err(ExprError::at(span.clone(), "the `[` in this path is not closed")),
            },
            None => rest.split_at(rest.find(['.', '[', '/']).unwrap_or(rest.len())),
        };
        let segment = segment.trim();
        if segment.is_empty() {
            return Err(ExprError::at(span.clone(), format!("`{text}` is not a path"))
                .help("write `a.b.c`, or `a.[b-c]` for unusual names"));
        }
        segments.push(unquoted(segment).to_owned());
        rest = match behind.strip_prefix('.') {
            Some(rest) => rest,
            None if behind.is_empty() => return Ok(segments),
            None if behind.starts_with('[') => behind,
            None => {
                return Err(
                    ExprError::at(span.clone(), format!("`{text}` is not a path")).help("write dots between names")
                );
            }
        };
    }
}

/// `a["b"]` is what people who know CEL write.
fn unquoted(segment: &str) -> &str {
    let inner = |quote| segment.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(segment)
}

fn instead_of(name: &str) -> String {
    let instead = match name {
        "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "and" | "or" | "not" => {
            "compare with `{{cel \"a == b\"}}`, `{{#if (cel \"a && b\")}}`"
        }
        "len" => "write `{{cel \"size(x)\"}}`",
        "lookup" => "write the path: `{{ inputs.list.[0] }}`, or `{{cel \"inputs.map[inputs.key]\"}}`",
        "log" => "a template only gives text",
        "toJson" | "toJSON" | "tojson" | "to_json" => "write `{{json x}}`",
        "toUpper" | "uppercase" => "write `{{upper x}}`",
        "toLower" | "lowercase" => "write `{{lower x}}`",
        name => {
            return did_you_mean(name, Helper::names()).unwrap_or_else(|| {
                let names: Vec<_> = Helper::names().map(|name| format!("`{name}`")).collect();
                format!("the helpers are {}; {NOT_OURS}", names.join(", "))
            });
        }
    };
    instead.to_owned()
}

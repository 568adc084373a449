//! From text to a tree of text, holes and blocks. Everything that is wrong is found in one pass, each with its place.
//!
//! The language is a subset of Handlebars, small enough to be read here as a whole: no partials, decorators, raw blocks,
//! unescaped holes, named arguments or parent contexts. The tests hold it against the `handlebars` crate.

use std::ops::Range;

use serde_json::Value as Json;

use super::functions::Helper;
use super::hole::{self, Head};
use super::whitespace;
use crate::expr::cel::Cel;
use crate::expr::{ExprError, did_you_mean};

/// Holes and blocks that a template may have.
const MAX_TAGS: usize = 10_000;
/// How deep blocks may nest.
const MAX_BLOCKS: usize = 16;
/// How deep `each` may stand inside `each`.
const MAX_LOOPS: usize = 4;
/// What is said of a hole that another template language was meant to read.
pub const LOOKS_LIKE_GO: &str = "this looks like a Go template";
/// What is said to someone whose braces were not meant for us.
pub(super) const NOT_OURS: &str = "for text that has `{{` in it, set `template: false` on the step, or write `\\{{`";

/// A template, read.
#[derive(Debug)]
pub(in crate::expr) struct Parsed {
    pub(in crate::expr) nodes: Vec<Node>,
}

/// A part of a template.
#[derive(Debug)]
pub(in crate::expr) enum Node {
    /// As it stands.
    Text(String),
    /// `{{ x }}`.
    Hole(Hole),
    /// `{{#if x}} … {{/if}}`.
    Block(Box<Block>),
}

/// A place where a value goes.
#[derive(Debug)]
pub(in crate::expr) struct Hole {
    /// With its braces.
    pub(in crate::expr) span: Range<usize>,
    /// How many holes stand before it.
    pub(in crate::expr) number: usize,
    pub(in crate::expr) value: Expression,
}

/// Parts that are rendered if, unless, or for each.
#[derive(Debug)]
pub(in crate::expr) struct Block {
    /// The opening tag.
    pub(in crate::expr) span: Range<usize>,
    pub(in crate::expr) kind: BlockKind,
    pub(in crate::expr) subject: Expression,
    pub(in crate::expr) body: Vec<Node>,
    pub(in crate::expr) otherwise: Vec<Node>,
}

/// What a block does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::expr) enum BlockKind {
    If,
    Unless,
    Each,
}

impl BlockKind {
    pub(super) const NAMES: &[&str] = &["if", "each", "unless"];

    fn named(name: &str) -> Option<Self> {
        match name {
            "if" => Some(Self::If),
            "unless" => Some(Self::Unless),
            "each" => Some(Self::Each),
            _ => None,
        }
    }

    pub(in crate::expr) fn name(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::Unless => "unless",
            Self::Each => "each",
        }
    }
}

/// What gives a value.
#[derive(Debug)]
pub(in crate::expr) struct Expression {
    pub(in crate::expr) span: Range<usize>,
    pub(in crate::expr) kind: ExpressionKind,
}

/// What an expression of a template is.
#[derive(Debug)]
pub(in crate::expr) enum ExpressionKind {
    Literal(Json),
    /// A path from a name of the scope.
    Path(Vec<String>),
    /// A path from the element of the innermost `each`.
    This(Vec<String>),
    Local(Local),
    Call(Helper, Vec<Expression>),
    /// An expression, and where in the template its text begins, if it stands there letter by letter.
    Cel(Box<Cel>, Option<usize>),
}

/// What `each` tells about its element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::expr) enum Local {
    Index,
    Key,
    First,
    Last,
}

impl Expression {
    /// The name, if this is exactly `secrets.NAME`.
    pub(in crate::expr) fn secret(&self) -> Option<&str> {
        match &self.kind {
            ExpressionKind::Path(path) => match path.as_slice() {
                [root, name] if root == "secrets" => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A piece of the source: text, or a tag.
#[derive(Debug)]
pub(super) enum Piece {
    /// Escapes are resolved.
    Text(String),
    Tag(Tag),
}

/// Something in braces.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) span: Range<usize>,
    /// `{{~`: white space before it goes.
    pub(super) trim_before: bool,
    /// `~}}`: white space behind it goes.
    pub(super) trim_behind: bool,
    pub(super) kind: TagKind,
}

/// What stands in braces.
#[derive(Debug)]
pub(super) enum TagKind {
    Comment,
    Hole(Expression),
    Open(BlockKind, Expression),
    /// `{{#name …}}` that was refused: so that its end is not refused as well.
    BrokenOpen(String),
    Else(Option<(BlockKind, Expression)>),
    Close(String),
}

/// Reads a template.
pub(in crate::expr) fn parse(source: &str) -> Result<Parsed, Vec<ExprError>> {
    let mut errors = Vec::new();
    let mut pieces = cut(source, &mut errors);
    whitespace::trim(source, &mut pieces);
    let nodes = Builder::new(&mut errors).build(pieces);
    if errors.is_empty() {
        return Ok(Parsed { nodes });
    }
    errors.sort_by_key(|error| error.span.as_ref().map_or(0, |span| span.start));
    Err(errors)
}

/// Cuts the source into text and tags.
fn cut(source: &str, errors: &mut Vec<ExprError>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    let mut tags = 0;
    while let Some(open) = source[at..].find("{{").map(|found| at + found) {
        let before = &source[at..open];
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        match backslashes {
            0 => text.push_str(before),
            1 => {
                text.push_str(&before[..before.len() - 1]);
                text.push_str("{{");
                at = open + 2;
                continue;
            }
            // An escaped backslash: one of them goes, and the hole behind it is a hole.
            _ => text.push_str(&before[..before.len() - 1]),
        }
        tags += 1;
        if tags > MAX_TAGS {
            errors.push(ExprError::at(open..open + 2, format!("the template has more than {MAX_TAGS} holes")));
            return pieces;
        }
        let end = match hole::read(source, open) {
            Ok(tag) => {
                let end = tag.span.end;
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(Piece::Tag(tag));
                end
            }
            Err((error, end)) => {
                errors.push(error);
                let inner = source[open + 2..end].trim_start_matches('~').trim_start();
                if let Some(inner) = inner.strip_prefix('#') {
                    let name: String = inner
                        .trim_start_matches(['>', '*', ' '])
                        .chars()
                        .take_while(|sign| sign.is_alphanumeric())
                        .collect();
                    let kind = TagKind::BrokenOpen(name);
                    pieces.push(Piece::Tag(Tag { span: open..end, trim_before: false, trim_behind: false, kind }));
                }
                end
            }
        };
        at = end;
    }
    text.push_str(&source[at..]);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

/// Puts pieces together to blocks.
struct Builder<'e> {
    errors: &'e mut Vec<ExprError>,
    root: Vec<Node>,
    open: Vec<OpenBlock>,
    /// Names of blocks that were refused and have not ended yet.
    broken: Vec<String>,
    holes: usize,
}

struct OpenBlock {
    block: Block,
    /// Behind its `else`.
    in_otherwise: bool,
    /// Begun by `{{else if}}`: it has no closing tag of its own.
    chained: bool,
}

impl<'e> Builder<'e> {
    fn new(errors: &'e mut Vec<ExprError>) -> Self {
        Self { errors, root: Vec::new(), open: Vec::new(), broken: Vec::new(), holes: 0 }
    }

    fn build(mut self, pieces: Vec<Piece>) -> Vec<Node> {
        for piece in pieces {
            match piece {
                Piece::Text(text) if text.is_empty() => {}
                Piece::Text(text) => self.push(Node::Text(text)),
                Piece::Tag(tag) => self.tag(tag),
            }
        }
        while let Some(open) = self.open.pop() {
            if !open.chained {
                let name = open.block.kind.name();
                self.errors.push(
                    ExprError::at(open.block.span, format!("`{{{{#{name}}}}}` is not closed"))
                        .help(format!("write `{{{{/{name}}}}}` where it ends")),
                );
            }
        }
        self.root
    }

    fn push(&mut self, node: Node) {
        let nodes = match self.open.last_mut() {
            Some(open) if open.in_otherwise => &mut open.block.otherwise,
            Some(open) => &mut open.block.body,
            None => &mut self.root,
        };
        match (nodes.last_mut(), node) {
            // A comment stood between them.
            (Some(Node::Text(before)), Node::Text(text)) => before.push_str(&text),
            (_, node) => nodes.push(node),
        }
    }

    fn tag(&mut self, tag: Tag) {
        let span = tag.span;
        match tag.kind {
            TagKind::Comment => {}
            TagKind::Hole(value) => {
                self.no_secret_inside(&value, true);
                self.in_each(&value);
                let number = self.holes;
                self.holes += 1;
                self.push(Node::Hole(Hole { span, number, value }));
            }
            TagKind::Open(kind, subject) => self.open(span, kind, subject, false),
            TagKind::BrokenOpen(name) => self.broken.push(name),
            TagKind::Else(_) if !self.broken.is_empty() => {}
            TagKind::Else(chain) => {
                let Some(open) = self.open.last_mut().filter(|open| !open.in_otherwise) else {
                    self.errors.push(ExprError::at(span, "there is no block for this `{{else}}`").help(NOT_OURS));
                    return;
                };
                open.in_otherwise = true;
                if let Some((kind, subject)) = chain {
                    self.open(span, kind, subject, true);
                }
            }
            TagKind::Close(name) => self.close(span, &name),
        }
    }

    fn open(&mut self, span: Range<usize>, kind: BlockKind, subject: Expression, chained: bool) {
        self.no_secret_inside(&subject, false);
        self.in_each(&subject);
        if self.open.len() == MAX_BLOCKS {
            self.errors.push(
                ExprError::at(span.clone(), format!("more than {MAX_BLOCKS} blocks stand inside one another"))
                    .help("compute the text in a script"),
            );
        }
        // What is too deep has been told; looking through all of it each time would take long.
        let within = self.open.iter().take(MAX_BLOCKS);
        let loops = within.filter(|open| open.block.kind == BlockKind::Each).count();
        if kind == BlockKind::Each && loops == MAX_LOOPS {
            self.errors.push(
                ExprError::at(span.clone(), format!("more than {MAX_LOOPS} loops stand inside one another"))
                    .help("compute the text in a script"),
            );
        }
        let block = Block { span, kind, subject, body: Vec::new(), otherwise: Vec::new() };
        self.open.push(OpenBlock { block, in_otherwise: false, chained });
    }

    fn close(&mut self, span: Range<usize>, name: &str) {
        if self.broken.last().is_some_and(|broken| broken == name) {
            self.broken.pop();
            return;
        }
        // The blocks of an `{{else if}}` chain end together with the one that began it.
        let first = self.open.iter().rposition(|open| !open.chained);
        match first.map(|first| (first, self.open[first].block.kind)) {
            Some((first, kind)) if kind.name() == name => {
                while self.open.len() > first {
                    if let Some(open) = self.open.pop() {
                        self.push(Node::Block(Box::new(open.block)));
                    }
                }
            }
            Some((_, kind)) => {
                let wanted = kind.name();
                self.errors.push(
                    ExprError::at(span, format!("`{{{{/{name}}}}}` does not close `{{{{#{wanted}}}}}`"))
                        .help(format!("write `{{{{/{wanted}}}}}`")),
                );
            }
            None => {
                self.errors.push(
                    ExprError::at(span, format!("there is no `{{{{#{name}}}}}` for this `{{{{/{name}}}}}`")).help(
                        if BlockKind::named(name).is_some() { "take it out".to_owned() } else { NOT_OURS.to_owned() },
                    ),
                );
            }
        }
    }

    /// A secret is never a value here: it is put in where the step runs, so nothing can be computed from it.
    fn no_secret_inside(&mut self, expression: &Expression, is_whole_hole: bool) {
        let refuse = |span: Range<usize>| {
            ExprError::at(span, "a secret cannot be used inside a helper, an expression or a block")
                .help("write it alone, as `{{ secrets.NAME }}`")
        };
        match &expression.kind {
            ExpressionKind::Path(path) if path.first().is_some_and(|root| root == "secrets") => {
                if path.len() != 2 {
                    self.errors.push(
                        ExprError::at(expression.span.clone(), "a secret has one name")
                            .help("write `{{ secrets.NAME }}`"),
                    );
                } else if !is_whole_hole {
                    self.errors.push(refuse(expression.span.clone()));
                }
            }
            ExpressionKind::Call(_, arguments) => {
                arguments.iter().for_each(|argument| self.no_secret_inside(argument, false));
            }
            ExpressionKind::Cel(cel, offset) => {
                let secrets = cel.references().unwrap_or_default();
                for reference in secrets.into_iter().filter(|reference| reference.path[0] == "secrets") {
                    let span = offset.map_or(expression.span.clone(), |offset| {
                        offset + reference.span.start..offset + reference.span.end
                    });
                    self.errors.push(refuse(span));
                }
            }
            _ => {}
        }
    }

    /// `this` and its like have a meaning only inside `each`.
    fn in_each(&mut self, expression: &Expression) {
        // The `else` of an `each` is what is rendered without an element.
        let mut within = self.open.iter().take(MAX_BLOCKS);
        if within.any(|open| open.block.kind == BlockKind::Each && !open.in_otherwise) {
            return;
        }
        match &expression.kind {
            ExpressionKind::This(_) | ExpressionKind::Local(_) => self.errors.push(
                ExprError::at(expression.span.clone(), "there is no element here")
                    .help("`this`, `@index`, `@key`, `@first` and `@last` stand inside `{{#each list}} … {{/each}}`"),
            ),
            ExpressionKind::Call(_, arguments) => arguments.iter().for_each(|argument| self.in_each(argument)),
            _ => {}
        }
    }
}

/// The block that a tag opens.
pub(super) fn block(head: &Head<'_>, mut arguments: Vec<Expression>) -> Result<(BlockKind, Expression), ExprError> {
    let Some(kind) = BlockKind::named(head.name) else {
        let help = match head.name {
            "with" => Some("write the whole path in every hole".to_owned()),
            name if Helper::named(name).is_some() => Some(format!("write `{{{{{name} …}}}}` without `#`")),
            name => did_you_mean(name, BlockKind::NAMES.iter().copied()),
        };
        let error = ExprError::at(head.span.clone(), format!("there is no block `{}`", head.name));
        return Err(error.help(help.unwrap_or_else(|| "the blocks are `if`, `each` and `unless`".to_owned())));
    };
    match (arguments.pop(), arguments.is_empty()) {
        (Some(subject), true) => Ok((kind, subject)),
        _ => Err(ExprError::at(head.span.clone(), format!("`{}` takes one value", head.name))
            .help(format!("write `{{{{#{0} x}}}}`, or `{{{{#{0} (cel \"a == b\")}}}}`", head.name))),
    }
}

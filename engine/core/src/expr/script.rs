//! Scripts, and the holes in them.
//!
//! A value is data, never code. So it never stands in the text of a script: it travels in an environment variable, and the
//! hole becomes a reference to it, quoted for the place it stands in.
//!
//! ```text
//! echo {{ x }}          echo "${LOOPLINE_V1}"
//! echo "a {{ x }}"      echo "a ${LOOPLINE_V1}"
//! echo 'a {{ x }}'      echo 'a '"${LOOPLINE_V1}"''
//! cat <<EOF             (a here-document is expanded once, and its values are not read again)
//! a {{ x }}             a ${LOOPLINE_V1}
//! EOF
//! ```
//!
//! Where a reference would not be safe, or would not be one, the hole is an error with the way out: pass the value through
//! `env` and use `"$NAME"`. That is so in comments, arithmetic, quoted here-documents, backquotes and `$'…'`, in most of
//! `${…}`, in arguments that a command reads as code (`eval`, `trap`, `source`, `sh -c`, `ssh HOST …` and their like), and in
//! every script that is not for a POSIX shell. `template: false` takes a script as it stands.
//!
//! `shell` knows where a hole stands; `command` knows what the command around it does with it.

mod command;
mod shell;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::budget::Budget;
use super::template::{self, Becomes, Block, BlockKind, Hole, Node, Parsed, Sink};
use super::{ExprError, Reference, Scope, Type, TypeProblem};
use shell::{Lexer, Quote};

/// Prefix of the variables that carry values.
const VARIABLE: &str = "LOOPLINE_V";
/// Longest value: Linux takes no longer environment variable.
const MAX_VALUE: usize = 120 * 1024;
/// All values together: they share their room with the rest of the environment and the arguments.
const MAX_VALUES: usize = 1024 * 1024;
/// Rounds of an `each` that are looked at; the words of a command tell nothing new after the second.
const MAX_ROUNDS: usize = 4;
/// Text that is looked at, rounds of nested loops included.
const MAX_WALKED: usize = 8 * 1024 * 1024;
/// Holes that may be filled in one script, rounds of `each` included.
const MAX_VARIABLES: usize = 2_000;

/// Who reads a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// A POSIX shell: `sh`, `bash`, `dash`, `ksh`.
    Posix,
    /// Anything else: holes are refused.
    Other,
}

/// The text of a script, with holes where values go.
#[derive(Clone, Serialize, Deserialize)]
pub struct Script {
    source: String,
    dialect: Dialect,
    /// `template: false`: taken as it stands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    raw: bool,
    #[serde(skip)]
    compiled: OnceLock<Result<Arc<Compiled>, Arc<Vec<ExprError>>>>,
}

/// A script ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedScript {
    /// The text: each hole has become a quoted reference to a variable.
    pub text: String,
    /// The variables.
    pub env: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Compiled {
    parsed: Parsed,
    /// By the number of the hole.
    quotes: Vec<Quote>,
}

impl Script {
    /// A script whose holes are filled.
    pub fn new(source: impl Into<String>, dialect: Dialect) -> Self {
        Self { source: source.into(), dialect, raw: false, compiled: OnceLock::new() }
    }

    /// A script that is taken as it stands (`template: false`).
    pub fn raw(source: impl Into<String>, dialect: Dialect) -> Self {
        Self { raw: true, ..Self::new(source, dialect) }
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Who reads it.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether it is taken as it stands.
    pub fn is_raw(&self) -> bool {
        self.raw
    }

    /// Everything that is wrong with its holes, in the order of the places.
    pub fn check(&self) -> Result<(), Vec<ExprError>> {
        if self.is_literal() {
            return Ok(());
        }
        self.compiled().map(|_| ()).map_err(|errors| errors.as_ref().clone())
    }

    /// The names that its holes read, sorted by place; guarded as in a [`Template`](super::Template).
    pub fn references(&self) -> Result<Vec<Reference>, ExprError> {
        if self.is_literal() {
            return Ok(Vec::new());
        }
        self.compiled_or_first_error().map(|compiled| template::references(&compiled.parsed.nodes))
    }

    /// What in its holes cannot be right, as of a [`Template`](super::Template).
    pub fn check_types(&self, names: &BTreeMap<String, Type>) -> Vec<TypeProblem> {
        match self.compiled() {
            Ok(compiled) if !self.is_literal() => {
                template::check_types(&compiled.parsed.nodes, &self.source, names, Becomes::Text)
            }
            _ => Vec::new(),
        }
    }

    /// The text to run, and the variables it reads.
    pub fn render(&self, scope: &Scope) -> Result<RenderedScript, ExprError> {
        if self.is_literal() {
            return Ok(RenderedScript { text: self.source.clone(), env: BTreeMap::new() });
        }
        let compiled = self.compiled_or_first_error()?;
        let mut writer = Writer { quotes: &compiled.quotes, text: String::new(), env: BTreeMap::new(), size: 0 };
        template::render(&compiled.parsed.nodes, &self.source, scope, &mut writer)?;
        Ok(RenderedScript { text: writer.text, env: writer.env })
    }

    fn is_literal(&self) -> bool {
        self.raw || !self.source.contains("{{")
    }

    fn compiled(&self) -> Result<&Compiled, &Arc<Vec<ExprError>>> {
        self.compiled
            .get_or_init(|| compile(&self.source, self.dialect).map(Arc::new).map_err(Arc::new))
            .as_ref()
            .map(Arc::as_ref)
    }

    fn compiled_or_first_error(&self) -> Result<&Compiled, ExprError> {
        self.compiled().map_err(|errors| template::first(errors))
    }
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        (&self.source, self.dialect, self.raw) == (&other.source, other.dialect, other.raw)
    }
}

impl Eq for Script {}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script")
            .field("source", &self.source)
            .field("dialect", &self.dialect)
            .field("raw", &self.raw)
            .finish()
    }
}

// ---- reading ----

fn compile(source: &str, dialect: Dialect) -> Result<Compiled, Vec<ExprError>> {
    let parsed = template::parse(source)?;
    let mut walk =
        Walk { dialect, lexer: Lexer::new(), quotes: Vec::new(), errors: Vec::new(), said: BTreeSet::new(), walked: 0 };
    walk.nodes(&parsed.nodes);
    walk.lexer.end();
    for ((start, end), refusal) in std::mem::take(&mut walk.lexer.late) {
        walk.report(ExprError::at(start..end, refusal.message).help(refusal.help));
    }
    let Walk { quotes, mut errors, .. } = walk;
    errors.sort_by_key(|error| error.span.as_ref().map_or(0, |span| span.start));
    if errors.is_empty() { Ok(Compiled { parsed, quotes }) } else { Err(errors) }
}

/// Leads the lexer through a script.
struct Walk {
    dialect: Dialect,
    lexer: Lexer,
    quotes: Vec<Quote>,
    errors: Vec<ExprError>,
    said: BTreeSet<(usize, String)>,
    walked: usize,
}

impl Walk {
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Text(text) => self.text(text),
                Node::Hole(hole) => self.hole(hole),
                Node::Block(block) => self.block(block),
            }
        }
    }

    /// A block may be walked more than once, and what is wrong in it is wrong every time.
    fn report(&mut self, error: ExprError) {
        let start = error.span.as_ref().map_or(usize::MAX, |span| span.start);
        if self.said.insert((start, error.message.clone())) {
            self.errors.push(error);
        }
    }

    /// Whether so much more may be walked.
    fn may_walk(&mut self, length: usize) -> bool {
        self.walked = self.walked.saturating_add(length);
        let may = self.walked <= MAX_WALKED;
        if !may {
            self.report(ExprError::new("the script is too long to be checked").help("take its loops apart"));
        }
        may
    }

    fn text(&mut self, text: &str) {
        if !self.may_walk(text.len()) {
            return;
        }
        if self.dialect == Dialect::Posix
            && let Err(message) = self.lexer.text(text)
        {
            self.report(ExprError::new(message).help("put the block around the whole command"));
        }
    }

    fn hole(&mut self, hole: &Hole) {
        if !self.may_walk(64) {
            return;
        }
        if self.quotes.len() <= hole.number {
            self.quotes.resize(hole.number + 1, Quote::Bare);
        }
        let error = |message: String| ExprError::at(hole.span.clone(), message);
        if let Some(name) = hole.value.secret() {
            let help =
                format!("pass it through `env`, as `{name}: \"{{{{ secrets.{name} }}}}\"`, and use `\"${name}\"`");
            self.report(
                error(format!("the secret `{name}` cannot stand in a script, which is shown and kept")).help(help),
            );
            return;
        }
        if self.dialect == Dialect::Other {
            let help = "pass it through `env` and read the variable there; \
                        for text that has `{{` in it, set `template: false` on the step";
            self.report(error("a value can be put only into a script for a POSIX shell".to_owned()).help(help));
            return;
        }
        match self.lexer.hole(&hole.span) {
            Ok(quote) => self.quotes[hole.number] = quote,
            Err(refusal) => self.report(error(refusal.message).help(refusal.help)),
        }
    }

    fn block(&mut self, block: &Block) {
        if self.dialect == Dialect::Other {
            let name = block.kind.name();
            self.report(
                ExprError::at(block.span.clone(), format!("`{name}` works only in a script for a POSIX shell"))
                    .help("for text that has `{{` in it, set `template: false` on the step"),
            );
        }
        // The places before and behind each way are kept and compared.
        if !self.may_walk(8 * self.lexer.weight()) {
            return;
        }
        let before = self.lexer.clone();
        let after_body = match block.kind {
            BlockKind::Each => self.rounds(block, &before),
            BlockKind::If | BlockKind::Unless => self.branch(block, &block.body, &before),
        };
        let after_otherwise = self.branch(block, &block.otherwise, &before);
        self.lexer = after_otherwise;
        self.lexer_joined_with(block, &after_body);
    }

    /// Walks one way through a block; where it leads to.
    fn branch(&mut self, block: &Block, nodes: &[Node], before: &Lexer) -> Lexer {
        self.lexer = before.clone();
        self.nodes(nodes);
        if self.lexer.same_place(before) {
            return self.lexer.clone();
        }
        self.report(
            ExprError::at(block.span.clone(), "quotes and brackets that begin in a block must end in it")
                .help("close them inside, or put the block around the whole command"),
        );
        before.clone()
    }

    /// Walks the rounds of an `each`: every one begins where the one before it ended, until nothing new comes of it.
    fn rounds(&mut self, block: &Block, before: &Lexer) -> Lexer {
        let mut entry = before.clone();
        for _ in 0..MAX_ROUNDS {
            let mut after = self.branch(block, &block.body, &entry);
            after.settle(&entry);
            self.lexer = entry.clone();
            self.lexer_joined_with(block, &after);
            if self.lexer == entry {
                break;
            }
            entry = self.lexer.clone();
        }
        entry
    }

    fn lexer_joined_with(&mut self, block: &Block, other: &Lexer) {
        if !self.lexer.join(other) {
            self.report(
                ExprError::at(block.span.clone(), "this command has too many forms to be checked")
                    .help("write one command for each case"),
            );
        }
    }
}

// ---- rendering ----

struct Writer<'a> {
    quotes: &'a [Quote],
    text: String,
    env: BTreeMap<String, String>,
    size: usize,
}

impl Sink for Writer<'_> {
    fn text(&mut self, text: &str, budget: &mut Budget) -> Result<(), ExprError> {
        budget.bytes(text.len())?;
        self.text.push_str(text);
        Ok(())
    }

    fn value(&mut self, hole: &Hole, value: &Json, budget: &mut Budget) -> Result<(), ExprError> {
        let wrong = |message: String| ExprError::at(hole.value.span.clone(), message);
        let Some(value) = template::scalar_text(value) else {
            let message = format!("{} cannot stand in a script", template::described(value));
            return Err(wrong(message).help("use the json helper: `{{json x}}`"));
        };
        if value.contains('\0') {
            return Err(wrong("a value with a NUL in it cannot be given to a process".to_owned()));
        }
        self.size += value.len();
        if value.len() > MAX_VALUE || self.size > MAX_VALUES || self.env.len() == MAX_VARIABLES {
            let message = if value.len() > MAX_VALUE {
                format!("the value has {} bytes, more than the {MAX_VALUE} that a process takes", value.len())
            } else {
                format!("the values of this script are more than {MAX_VARIABLES}, or more than {MAX_VALUES} bytes")
            };
            return Err(wrong(message).help("hand it over in a file: let the step that makes it keep an artifact"));
        }
        budget.bytes(value.len())?;
        let name = format!("{VARIABLE}{}", self.env.len() + 1);
        let quote = self.quotes.get(hole.number).copied().unwrap_or(Quote::Bare);
        let reference = match quote {
            Quote::Bare => format!("\"${{{name}}}\""),
            Quote::Inside => format!("${{{name}}}"),
            Quote::Single => format!("'\"${{{name}}}\"'"),
        };
        self.text.push_str(&reference);
        self.env.insert(name, value.into_owned());
        Ok(())
    }

    fn secret(&mut self, hole: &Hole, name: &str) -> Result<(), ExprError> {
        Err(ExprError::at(hole.span.clone(), format!("the secret `{name}` cannot stand in a script"))
            .help("pass it through `env`"))
    }
}

#[cfg(test)]
mod tests;

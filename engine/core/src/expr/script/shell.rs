//! Reads a script the way a shell does, as far as quoting goes, to know at every hole how a value must be quoted there.
//!
//! The script arrives in pieces, with holes between them. The lexer follows what POSIX shells and bash have in common, and
//! where it cannot be sure it refuses. The worst a wrong guess could do is to split a value into words: what is written into
//! the script is always a reference to a variable, never the value.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use super::command::{Finished, Refusal, Role, Simple, computed};

/// Forms that one command may take in the branches of blocks.
const MAX_FORMS: usize = 16;
/// How deep quotes, substitutions and subshells may nest.
const MAX_NESTING: usize = 64;

/// How a reference must be written at a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// Nothing quotes it yet: `"${V}"`.
    Bare,
    /// It stands in double quotes, or where nothing splits: `${V}`.
    Inside,
    /// It stands in single quotes, which must be left for it: `'"${V}"'`.
    Single,
}

/// Where in a script the lexer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lexer {
    stack: Vec<Context>,
    /// Here-documents whose bodies begin behind the current line.
    documents: VecDeque<Document>,
    /// A backslash stands before what comes next.
    escaped: bool,
    /// The last letter of the last piece, where it could begin a longer sign.
    joint: Option<char>,
    /// What became clear too late to be an error of [`Lexer::hole`], by where the hole begins and ends.
    pub(super) late: BTreeMap<(usize, usize), Refusal>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Context {
    Commands(Commands),
    /// `"…"`.
    Double,
    /// `'…'`.
    Single,
    /// `$'…'`.
    DollarSingle,
    /// `$"…"`.
    DollarDouble,
    /// `` `…` ``.
    Backquote,
    /// `${…}`.
    Parameter {
        quoted: bool,
        stage: Stage,
    },
    /// `$((…))`, `((…))`: how many parentheses are open inside. Or `$[…]`.
    Arithmetic {
        depth: usize,
        bracket: bool,
    },
    /// `# …`.
    Comment,
    Document(Document),
}

/// A place where commands stand.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Commands {
    /// What the current command may be: one form, or one for each way through the blocks before.
    forms: Vec<Simple>,
    cases: Vec<CaseStage>,
    kind: CommandsKind,
    /// Values that the commands of the current pipeline print, by where they begin and end.
    printed: BTreeSet<(usize, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommandsKind {
    /// The script itself.
    Script,
    /// `( … )`, `$( … )`, `<( … )`.
    Parentheses,
    /// `a=( … )`.
    Array,
    /// Parentheses in a pattern: `@(a|b)`.
    Pattern,
}

/// How far a `case` has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CaseStage {
    Subject,
    Pattern,
    Body,
}

/// How far a `${…}` has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    Name,
    /// Behind `:-` and its like: a word, expanded like any other.
    Word,
    /// A pattern, a subscript, an offset.
    Other,
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Document {
    delimiter: String,
    quoted: bool,
    strips_tabs: bool,
    /// The command that reads it runs it.
    is_program: bool,
    /// The current line, as long as it may be the last one.
    line: Option<String>,
}

impl Lexer {
    pub(super) fn new() -> Self {
        Self {
            stack: vec![Context::Commands(Commands::new(CommandsKind::Script))],
            documents: VecDeque::new(),
            escaped: false,
            joint: None,
            late: BTreeMap::new(),
        }
    }

    // ---- holes ----

    /// A hole stands here.
    pub(super) fn hole(&mut self, span: &Range<usize>) -> Result<Quote, Refusal> {
        let quote = self.quote_here();
        self.joint = None;
        let quote = quote?;
        if let Some(Context::Document(document)) = self.stack.last_mut() {
            document.line = None;
        }
        if let Some(commands) = self.commands() {
            for form in &mut commands.forms {
                form.hole(span.clone());
            }
            if commands.forms.iter().any(Simple::prints) {
                commands.printed.insert((span.start, span.end));
            }
        }
        Ok(quote)
    }

    fn quote_here(&self) -> Result<Quote, Refusal> {
        let mut quote = None;
        let mut inside_double = false;
        for context in self.stack.iter().rev() {
            let refuse = |what: &str| Err(Refusal::new(what));
            match context {
                Context::Comment => return refuse("a value cannot stand in a comment"),
                Context::DollarSingle => return refuse("a value cannot stand in `$'…'`"),
                Context::DollarDouble => return refuse("a value cannot stand in `$\"…\"`"),
                Context::Backquote => return refuse("a value cannot stand in backquotes; write `$( … )` instead"),
                Context::Arithmetic { .. } => {
                    return refuse("a value cannot stand in arithmetic, which runs commands in subscripts");
                }
                Context::Document(Document { quoted: true, .. }) => {
                    return refuse("nothing is expanded in a here-document whose end is quoted");
                }
                Context::Document(Document { is_program: true, .. }) => {
                    return Err(Refusal::of_program("this here-document is a program"));
                }
                Context::Document(_) => {
                    quote.get_or_insert(Quote::Inside);
                    break;
                }
                Context::Parameter { stage: Stage::Start | Stage::Name | Stage::Other, .. } => {
                    return refuse("a value cannot stand in this part of `${…}`");
                }
                Context::Parameter { quoted: true, .. } if inside_double => {
                    return refuse("a value cannot stand in quotes inside of `\"${…}\"`");
                }
                Context::Parameter { quoted, .. } => {
                    quote.get_or_insert(if *quoted { Quote::Inside } else { Quote::Bare });
                }
                Context::Double => {
                    inside_double = true;
                    quote.get_or_insert(Quote::Inside);
                }
                Context::Single => {
                    quote.get_or_insert(Quote::Single);
                }
                Context::Commands(commands) => {
                    quote.get_or_insert(Quote::Bare);
                    if let Some(reason) = commands.refuses_value() {
                        return Err(reason);
                    }
                    break;
                }
            }
        }
        let quote = quote.unwrap_or(Quote::Bare);
        if quote != Quote::Single {
            if self.escaped {
                return Err(Refusal::new("a backslash stands right before the value"));
            }
            if self.joint == Some('$') {
                return Err(Refusal {
                    message: "a `$` stands right before the value".to_owned(),
                    help: "take the `$` out",
                });
            }
        }
        Ok(quote)
    }

    // ---- branches ----

    /// What a copy of it costs, in bytes, about.
    pub(super) fn weight(&self) -> usize {
        let of = |context: &Context| match context {
            Context::Commands(commands) => 32 * commands.printed.len() + 128 * commands.forms.len(),
            _ => 32,
        };
        self.stack.iter().map(of).sum::<usize>() + 64 * (self.late.len() + self.documents.len())
    }

    /// Whether a script that has come here goes on like one that has come to `other`, as far as quoting goes.
    pub(super) fn same_place(&self, other: &Self) -> bool {
        self.escaped == other.escaped
            && self.documents.len() == other.documents.len()
            && self.stack.len() == other.stack.len()
            && self.stack.iter().zip(&other.stack).all(|(a, b)| match (a, b) {
                (Context::Commands(a), Context::Commands(b)) => a.kind == b.kind && a.cases == b.cases,
                (Context::Document(a), Context::Document(b)) => a.delimiter == b.delimiter,
                (a, b) => a == b,
            })
    }

    /// Takes in what another way through a block has led to. Both stand in the same place. Whether all forms could be kept.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let mut all = true;
        for (a, b) in self.stack.iter_mut().zip(&other.stack) {
            match (a, b) {
                (Context::Commands(a), Context::Commands(b)) => {
                    for form in &b.forms {
                        // A script with too many is refused: what else they could be changes nothing, and each costs time.
                        if a.forms.len() <= MAX_FORMS && !a.forms.contains(form) {
                            a.forms.push(form.clone());
                        }
                    }
                    a.printed.extend(&b.printed);
                    all &= a.forms.len() <= MAX_FORMS;
                }
                (Context::Document(a), Context::Document(b)) => {
                    a.is_program |= b.is_program;
                    if a.line != b.line {
                        a.line = None;
                    }
                }
                _ => {}
            }
        }
        for (a, b) in self.documents.iter_mut().zip(&other.documents) {
            a.is_program |= b.is_program;
        }
        for (span, refusal) in &other.late {
            self.late.entry(*span).or_insert_with(|| refusal.clone());
        }
        self.joint = self.joint.or(other.joint);
        all
    }

    /// A loop has come around: forgets what only grows from round to round. Both stand in the same place.
    pub(super) fn settle(&mut self, before: &Self) {
        for (after, before) in self.stack.iter_mut().zip(&before.stack) {
            let (Context::Commands(after), Context::Commands(before)) = (after, before) else { continue };
            for form in &mut after.forms {
                before.forms.iter().for_each(|before| form.settle(before));
            }
        }
    }

    // ---- text ----

    /// The script goes on. An error is a reason that this text cannot be read behind what came before.
    pub(super) fn text(&mut self, text: &str) -> Result<(), String> {
        let first = text.chars().next();
        if let (Some(before), Some(first)) = (self.joint.take(), first) {
            let cut = match before {
                '$' => matches!(first, '(' | '{' | '[' | '\'' | '"'),
                '<' => matches!(first, '<' | '('),
                '>' => first == '(',
                '(' => first == '(',
                _ => false,
            };
            if cut {
                return Err("a block cannot begin or end in the middle of a sign of the shell".to_owned());
            }
        }
        let mut rest = text;
        while !rest.is_empty() {
            if self.stack.len() > MAX_NESTING || self.documents.len() > MAX_NESTING {
                return Err(format!("the script nests deeper than {MAX_NESTING} levels"));
            }
            let length = self.step(rest);
            rest = &rest[length..];
        }
        let last = text.chars().last();
        if !self.escaped && !ends_escaped(text) {
            self.joint = last.filter(|sign| match self.stack.last() {
                Some(Context::Single | Context::Comment | Context::DollarSingle) => false,
                Some(Context::Commands(_)) => matches!(sign, '$' | '<' | '>' | '('),
                _ => *sign == '$',
            });
        }
        Ok(())
    }

    /// The script ends here.
    pub(super) fn end(&mut self) {
        self.end_command(false);
    }

    /// Reads one sign at the beginning of `rest`; its length.
    fn step(&mut self, rest: &str) -> usize {
        let Some(sign) = rest.chars().next() else { return 0 };
        if self.escaped {
            self.escaped = false;
            self.literal(sign);
            return sign.len_utf8();
        }
        match self.stack.last() {
            None | Some(Context::Commands(_)) => self.in_commands(sign, rest),
            Some(Context::Single) => self.in_single(sign),
            Some(Context::DollarSingle) => self.in_dollar_single(sign),
            Some(Context::Double | Context::DollarDouble) => self.in_double(sign, rest),
            Some(Context::Backquote) => self.in_backquote(sign),
            Some(Context::Parameter { quoted, stage }) => {
                let (quoted, stage) = (*quoted, *stage);
                self.in_parameter(sign, rest, quoted, stage)
            }
            Some(Context::Arithmetic { .. }) => self.in_arithmetic(sign, rest),
            Some(Context::Comment) => {
                if sign == '\n' {
                    self.stack.pop();
                    return 0;
                }
                sign.len_utf8()
            }
            Some(Context::Document(_)) => self.in_document(sign, rest),
        }
    }

    /// A letter that stands for itself, in whatever word surrounds it.
    fn literal(&mut self, sign: char) {
        match self.stack.last() {
            // The line has a backslash, so it is not the last one; and a line break behind it joins the next line to it.
            Some(Context::Document(_)) => {}
            // A line that ends with a backslash goes on in the next one.
            Some(Context::Commands(_)) if sign == '\n' => {}
            _ => self.forms(|form| form.letter(sign, true)),
        }
    }

    fn in_single(&mut self, sign: char) -> usize {
        if sign == '\'' {
            self.stack.pop();
        } else {
            self.forms(|form| form.letter(sign, true));
        }
        sign.len_utf8()
    }

    fn in_dollar_single(&mut self, sign: char) -> usize {
        match sign {
            '\'' => {
                self.stack.pop();
            }
            '\\' => self.escaped = true,
            sign => self.forms(|form| form.letter(sign, true)),
        }
        sign.len_utf8()
    }

    fn in_double(&mut self, sign: char, rest: &str) -> usize {
        match sign {
            '"' => {
                self.stack.pop();
                1
            }
            '\\' => {
                self.escaped = true;
                1
            }
            '$' | '`' => self.expansion(sign, rest, true),
            sign => {
                self.forms(|form| form.letter(sign, true));
                sign.len_utf8()
            }
        }
    }

    fn in_backquote(&mut self, sign: char) -> usize {
        match sign {
            '`' => {
                self.stack.pop();
            }
            '\\' => self.escaped = true,
            _ => {}
        }
        sign.len_utf8()
    }

    /// `$…` or a backquote.
    fn expansion(&mut self, sign: char, rest: &str, quoted: bool) -> usize {
        self.forms(Simple::expansion);
        if sign == '`' {
            self.stack.push(Context::Backquote);
            return 1;
        }
        let (context, length) = match rest.as_bytes() {
            [_, b'(', b'(', ..] => (Context::Arithmetic { depth: 0, bracket: false }, 3),
            [_, b'(', ..] => (Context::Commands(Commands::new(CommandsKind::Parentheses)), 2),
            [_, b'[', ..] => (Context::Arithmetic { depth: 0, bracket: true }, 2),
            [_, b'{', ..] => (Context::Parameter { quoted, stage: Stage::Start }, 2),
            [_, b'\'', ..] if !quoted => (Context::DollarSingle, 2),
            [_, b'"', ..] if !quoted => (Context::DollarDouble, 2),
            _ => return 1,
        };
        self.stack.push(context);
        length
    }

    fn in_parameter(&mut self, sign: char, rest: &str, quoted: bool, stage: Stage) -> usize {
        let (next, length) = match (stage, sign) {
            (_, '}') => {
                self.stack.pop();
                return 1;
            }
            (Stage::Start, '@' | '*' | '#' | '?' | '$' | '!' | '-') => (Stage::Name, 1),
            (Stage::Start | Stage::Name, sign) if sign.is_ascii_alphanumeric() || sign == '_' => (Stage::Name, 1),
            (Stage::Name, ':') if matches!(rest.as_bytes().get(1), Some(b'-' | b'=' | b'?' | b'+')) => (Stage::Word, 2),
            (Stage::Name, '-' | '=' | '?' | '+') => (Stage::Word, 1),
            (Stage::Start | Stage::Name, _) => (Stage::Other, 0),
            (Stage::Word | Stage::Other, _) => return self.in_parameter_word(sign, rest, quoted, stage),
        };
        if let Some(Context::Parameter { stage, .. }) = self.stack.last_mut() {
            *stage = next;
        }
        length
    }

    fn in_parameter_word(&mut self, sign: char, rest: &str, quoted: bool, stage: Stage) -> usize {
        match sign {
            '\\' => self.escaped = true,
            // In double quotes, single quotes stand for themselves, except in patterns.
            '\'' if !quoted || stage == Stage::Other => self.stack.push(Context::Single),
            '"' => self.stack.push(Context::Double),
            '$' | '`' => return self.expansion(sign, rest, quoted),
            _ => {}
        }
        sign.len_utf8()
    }

    fn in_arithmetic(&mut self, sign: char, rest: &str) -> usize {
        let Some(Context::Arithmetic { depth, bracket }) = self.stack.last_mut() else { return 1 };
        let bracket = *bracket;
        match sign {
            '(' => *depth += 1,
            ')' if *depth > 0 => *depth -= 1,
            ']' if bracket => {
                self.stack.pop();
            }
            ')' if !bracket && rest.starts_with("))") => {
                self.stack.pop();
                return 2;
            }
            ')' if !bracket => {
                // It was a subshell at the beginning of a substitution, or of another subshell: it has ended here.
                self.stack.pop();
                self.stack.push(Context::Commands(Commands::new(CommandsKind::Parentheses)));
            }
            '\\' => self.escaped = true,
            '"' => self.stack.push(Context::Double),
            '\'' => self.stack.push(Context::Single),
            '$' | '`' => return self.expansion(sign, rest, true),
            _ => {}
        }
        sign.len_utf8()
    }

    // ---- here-documents ----

    fn in_document(&mut self, sign: char, rest: &str) -> usize {
        let Some(Context::Document(document)) = self.stack.last_mut() else { return 1 };
        if sign == '\n' {
            let line = document.line.replace(String::new());
            let strips = document.strips_tabs;
            let ends = line.is_some_and(|line| {
                let line = if strips { line.trim_start_matches('\t') } else { &line };
                line == document.delimiter
            });
            if ends {
                self.stack.pop();
                self.next_document();
            }
            return 1;
        }
        match sign {
            '\\' if !document.quoted => {
                document.line = None;
                self.escaped = true;
                1
            }
            '$' | '`' if !document.quoted => {
                document.line = None;
                self.expansion(sign, rest, true)
            }
            sign => {
                if let Some(line) = &mut document.line {
                    line.push(sign);
                }
                sign.len_utf8()
            }
        }
    }

    fn next_document(&mut self) {
        if let Some(document) = self.documents.pop_front() {
            self.stack.push(Context::Document(document));
        }
    }

    // ---- commands ----

    fn in_commands(&mut self, sign: char, rest: &str) -> usize {
        let next = rest.as_bytes().get(1).copied();
        let in_word = self.commands().is_some_and(|commands| commands.forms.iter().any(Simple::in_word));
        match sign {
            '\\' => {
                self.escaped = true;
                1
            }
            '\n' => {
                self.end_command(false);
                self.next_document();
                1
            }
            ' ' | '\t' => {
                self.end_word();
                1
            }
            '#' if !in_word => {
                self.stack.push(Context::Comment);
                1
            }
            '\'' => {
                self.forms(Simple::quote);
                self.stack.push(Context::Single);
                1
            }
            '"' => {
                self.forms(Simple::quote);
                self.stack.push(Context::Double);
                1
            }
            '$' | '`' => self.expansion(sign, rest, false),
            '<' | '>' => self.redirection(sign, rest),
            '&' if next == Some(b'>') => {
                self.end_word();
                1
            }
            '&' | '|' | ';' => self.separator(sign, rest),
            '(' => self.open_parenthesis(next),
            ')' => {
                self.close_parenthesis();
                1
            }
            sign => {
                self.forms(|form| form.letter(sign, false));
                sign.len_utf8()
            }
        }
    }

    fn redirection(&mut self, sign: char, rest: &str) -> usize {
        let bytes = rest.as_bytes();
        let in_test = self.commands().is_some_and(|commands| commands.forms.iter().all(Simple::in_test));
        if matches!(bytes, [_, b'(', ..]) && !in_test {
            self.forms(Simple::expansion);
            self.stack.push(Context::Commands(Commands::new(CommandsKind::Parentheses)));
            return 2;
        }
        self.forms(Simple::drop_descriptor);
        self.end_word();
        if in_test {
            return 1;
        }
        let (role, length) = match (sign, rest) {
            ('<', rest) if rest.starts_with("<<<") => (Role::Input, 3),
            ('<', rest) if rest.starts_with("<<-") => (Role::Delimiter { strips_tabs: true }, 3),
            ('<', rest) if rest.starts_with("<<") => (Role::Delimiter { strips_tabs: false }, 2),
            (_, rest) => {
                let two = [">>", ">&", ">|", "<&", "<>"].iter().any(|two| rest.starts_with(two));
                (Role::Target, if two { 2 } else { 1 })
            }
        };
        self.forms(|form| form.expect(role));
        length
    }

    fn separator(&mut self, sign: char, rest: &str) -> usize {
        let double = rest[1..].starts_with(sign);
        self.end_word();
        let in_test = self.commands().is_some_and(|commands| commands.forms.iter().all(Simple::in_test));
        if in_test && sign != ';' {
            return if double { 2 } else { 1 };
        }
        let is_pipe = sign == '|' && !double;
        self.end_command(is_pipe);
        if sign != ';' {
            return if double || rest.starts_with("|&") { 2 } else { 1 };
        }
        // `;;`, `;&`, `;;&` end the body of a pattern.
        let length = [";;&", ";;", ";&"].iter().find(|end| rest.starts_with(**end)).map(|end| end.len());
        if length.is_some()
            && let Some(stage) = self.commands().and_then(|commands| commands.cases.last_mut())
        {
            *stage = CaseStage::Pattern;
        }
        length.unwrap_or(1)
    }

    fn open_parenthesis(&mut self, next: Option<u8>) -> usize {
        let Some(commands) = self.commands() else { return 1 };
        let form = commands.forms.first();
        let in_word = form.is_some_and(Simple::in_word);
        let stage = commands.cases.last().copied();
        let kind = if form.is_some_and(Simple::assigns) {
            CommandsKind::Array
        } else if form.is_some_and(|form| form.word_text().ends_with(['?', '*', '+', '@', '!']))
            || stage == Some(CaseStage::Pattern) && in_word
        {
            CommandsKind::Pattern
        } else if stage == Some(CaseStage::Pattern) {
            // The parenthesis that may stand before a pattern.
            return 1;
        } else if form.is_some_and(Simple::in_test) {
            CommandsKind::Pattern
        } else {
            let arithmetic = !in_word && next == Some(b'(') && form.is_some_and(|form| form.at_name() || form.is_for());
            if arithmetic {
                self.stack.push(Context::Arithmetic { depth: 0, bracket: false });
                return 2;
            }
            self.end_command(false);
            CommandsKind::Parentheses
        };
        self.stack.push(Context::Commands(Commands::new(kind)));
        1
    }

    fn close_parenthesis(&mut self) {
        self.end_command(false);
        let nested = self.stack.len() > 1;
        let Some(commands) = self.commands() else { return };
        if let Some(stage @ CaseStage::Pattern) = commands.cases.last_mut() {
            *stage = CaseStage::Body;
            return;
        }
        if nested && matches!(self.stack.last(), Some(Context::Commands(_))) {
            self.stack.pop();
        }
    }

    fn end_word(&mut self) {
        let Some(commands) = self.commands() else { return };
        let mut documents: Vec<Document> = Vec::new();
        let mut late = Vec::new();
        let mut case = None;
        for form in &mut commands.forms {
            match form.finish() {
                Finished::Nothing => {}
                Finished::Document { delimiter, quoted, strips_tabs } => {
                    let line = Some(String::new());
                    let document = Document { delimiter, quoted, strips_tabs, is_program: false, line };
                    if !documents.contains(&document) {
                        documents.push(document);
                    }
                }
                Finished::ArithmeticBefore(span) => late.push(((span.start, span.end), computed("-eq"))),
                keyword @ (Finished::Case | Finished::In | Finished::Esac) => case = Some(keyword),
            }
        }
        match case {
            Some(Finished::Case) => commands.cases.push(CaseStage::Subject),
            Some(Finished::In) => {
                if let Some(stage @ CaseStage::Subject) = commands.cases.last_mut() {
                    *stage = CaseStage::Pattern;
                    commands.forms = vec![Simple::new(false)];
                }
            }
            Some(Finished::Esac) => {
                commands.cases.pop();
            }
            _ => {}
        }
        self.documents.extend(documents);
        self.late.extend(late);
    }

    fn end_command(&mut self, into_pipe: bool) {
        self.end_word();
        let documents = self.documents.len();
        let Some(commands) = self.commands() else { return };
        let runs_input = commands.forms.iter().any(Simple::reads_a_program);
        let runs_output = commands.forms.iter().any(|form| form.behind_pipe && form.reads_a_program());
        let printed = if into_pipe { BTreeSet::new() } else { std::mem::take(&mut commands.printed) };
        let printed = if runs_output && into_pipe { std::mem::take(&mut commands.printed) } else { printed };
        commands.forms = vec![Simple::new(into_pipe)];
        if runs_output {
            let refusal = Refusal::of_program("this output is a program for the command behind it");
            self.late.extend(printed.into_iter().map(|span| (span, refusal.clone())));
        }
        if runs_input && documents > 0 {
            // The here-document of this command, or of the one whose output it reads.
            self.documents.iter_mut().for_each(|document| document.is_program = true);
        }
    }

    fn commands(&mut self) -> Option<&mut Commands> {
        self.stack.iter_mut().rev().find_map(|context| match context {
            Context::Commands(commands) => Some(commands),
            _ => None,
        })
    }

    fn forms(&mut self, mut change: impl FnMut(&mut Simple)) {
        // Words end at the borders of here-documents: what stands in there belongs to no word.
        let inside =
            self.stack.iter().rev().find(|context| matches!(context, Context::Commands(_) | Context::Document(_)));
        if matches!(inside, Some(Context::Document(_))) {
            return;
        }
        if let Some(commands) = self.commands() {
            commands.forms.iter_mut().for_each(&mut change);
            // Ways that have become the same are one.
            if commands.forms.len() > 1 {
                commands.forms.dedup();
            }
        }
    }
}

impl Commands {
    fn new(kind: CommandsKind) -> Self {
        Self { forms: vec![Simple::new(false)], cases: Vec::new(), kind, printed: BTreeSet::new() }
    }

    fn refuses_value(&self) -> Option<Refusal> {
        if self.kind == CommandsKind::Array {
            let subscript =
                self.forms.iter().any(|form| form.word_text().starts_with('[') && !form.word_text().contains(']'));
            return subscript.then(|| Refusal::new("a subscript is computed as arithmetic"));
        }
        if self.kind == CommandsKind::Pattern || self.cases.last() == Some(&CaseStage::Pattern) {
            return None;
        }
        self.forms.iter().find_map(Simple::refuses_value)
    }
}

/// Whether the last sign of `text` is escaped by an odd number of backslashes.
fn ends_escaped(text: &str) -> bool {
    let Some(last) = text.chars().last() else { return false };
    let before = &text[..text.len() - last.len_utf8()];
    (before.len() - before.trim_end_matches('\\').len()) % 2 == 1
}

//! What a simple command does with its arguments, as far as its words tell.
//!
//! A quoted reference keeps a value one word, but some commands read their words again: `eval` as a script, `let` as
//! arithmetic (where `a[$(…)]` runs a command), `sh -c` as a program, `unset` as the name of a variable with a subscript.
//! There a value would become code, so a hole is refused. What any other program does with its arguments is its own matter.

use std::ops::Range;

/// Longest word that is looked at; beyond, its text has no meaning here.
const MAX_WORD: usize = 256;
/// Stands in the text of a word for what is not known: an expansion, a value.
const UNKNOWN: char = '\u{0}';

/// Why a value cannot stand somewhere, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: &'static str,
}

impl Refusal {
    /// Where a variable would do.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: "pass it through `env` and use `\"$NAME\"`" }
    }

    /// Where the words are read as a program.
    pub(super) fn of_program(message: impl Into<String>) -> Self {
        let help = "pass it through `env` and use `\"$NAME\"` in the program, \
                    or hand it over as an argument: `sh -c '… \"$1\"' _ {{ x }}`";
        Self { message: message.into(), help }
    }
}

/// The words of a command so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Simple {
    /// The command itself, behind assignments, keywords and commands like `sudo`.
    name: Option<String>,
    /// The command found so far starts another one, like `sudo`; its name is still to come.
    starts_another: bool,
    /// The last complete word.
    previous: String,
    /// A value stands in it.
    previous_hole: Option<Range<usize>>,
    word: Option<Word>,
    next: Role,
    program: Program,
    remote: Remote,
    /// `declare -i` and its like: what is assigned is read again.
    computes: bool,
    /// Its input is the output of the command before it.
    pub(super) behind_pipe: bool,
}

/// A word that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    text: String,
    quoted: bool,
    hole: Option<Range<usize>>,
    role: Role,
}

/// What a word is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Role {
    /// The command, or an argument.
    #[default]
    Argument,
    /// Behind `>`, `<` and their like.
    Target,
    /// Behind `<<` or `<<-`.
    Delimiter {
        /// `<<-`.
        strips_tabs: bool,
    },
    /// Behind `<<<`.
    Input,
}

/// Whether an argument is a program for an interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Program {
    #[default]
    None,
    /// An interpreter was named; these options bring a program.
    Interpreter(&'static str),
    /// The next argument is a program.
    Next(&'static str),
}

/// How far the words of `ssh` have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Remote {
    #[default]
    None,
    Options,
    OptionValue,
    /// The host is known.
    Host,
    /// What stands behind the host is put together and read by a shell over there.
    Command,
}

/// What a finished word means for the lexer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finished {
    Nothing,
    /// A here-document begins behind this line.
    Document {
        delimiter: String,
        quoted: bool,
        strips_tabs: bool,
    },
    /// `case`, `in` and `esac`, where they are keywords.
    Case,
    In,
    Esac,
    /// `-eq` and its like: the word before it was arithmetic, and a value stands in it.
    ArithmeticBefore(Range<usize>),
}

impl Simple {
    /// A new command.
    pub(super) fn new(behind_pipe: bool) -> Self {
        Self { behind_pipe, ..Self::default() }
    }

    /// A letter of a word.
    pub(super) fn letter(&mut self, sign: char, quoted: bool) {
        let word = self.word();
        word.quoted |= quoted;
        if word.text.len() < MAX_WORD {
            word.text.push(sign);
        }
    }

    /// A quote begins: the word may be empty, but it is one.
    pub(super) fn quote(&mut self) {
        self.word().quoted = true;
    }

    /// Something that is expanded when it runs.
    pub(super) fn expansion(&mut self) {
        self.letter(UNKNOWN, false);
    }

    /// A value stands in the word.
    pub(super) fn hole(&mut self, span: Range<usize>) {
        let word = self.word();
        word.text.push(UNKNOWN);
        word.hole.get_or_insert(span);
    }

    fn word(&mut self) -> &mut Word {
        let role = self.next;
        self.word.get_or_insert_with(|| Word { text: String::new(), quoted: false, hole: None, role })
    }

    /// The digits before a redirection are the number of a file, not a word.
    pub(super) fn drop_descriptor(&mut self) {
        let is_number =
            |word: &Word| !word.quoted && word.hole.is_none() && word.text.bytes().all(|byte| byte.is_ascii_digit());
        if self.word.as_ref().is_some_and(is_number) {
            self.word = None;
        }
    }

    /// A loop has come around, and it had begun at `before`. If it only adds to a word, how much it added does not matter:
    /// so that the rounds of a loop come to rest.
    pub(super) fn settle(&mut self, before: &Self) {
        let (Some(word), Some(begun)) = (&mut self.word, &before.word) else { return };
        if word.text.len() > begun.text.len() && word.text.starts_with(&begun.text) {
            word.text = format!("{}{UNKNOWN}", begun.text.trim_end_matches(UNKNOWN));
        }
    }

    /// Whether a word is being read.
    pub(super) fn in_word(&self) -> bool {
        self.word.is_some()
    }

    /// The text of the word being read, its quotes left out.
    pub(super) fn word_text(&self) -> &str {
        self.word.as_ref().map_or("", |word| word.text.as_str())
    }

    /// The command's name is still to come.
    pub(super) fn at_name(&self) -> bool {
        self.name.is_none() && self.next == Role::Argument
    }

    /// Inside `[[ … ]]`.
    pub(super) fn in_test(&self) -> bool {
        self.name.as_deref() == Some("[[") && self.previous != "]]"
    }

    /// The command is a `for` or `select`.
    pub(super) fn is_for(&self) -> bool {
        matches!(self.name.as_deref(), Some("for" | "select"))
    }

    /// `echo` and `printf`: their arguments are their output.
    pub(super) fn prints(&self) -> bool {
        matches!(self.name.as_deref(), Some("echo" | "printf"))
    }

    /// The word being read is an assignment, up to the `=`.
    pub(super) fn assigns(&self) -> bool {
        self.word.as_ref().is_some_and(|word| assigned_name(&word.text).is_some_and(|rest| rest.is_empty()))
    }

    /// The next word has this role.
    pub(super) fn expect(&mut self, role: Role) {
        self.next = role;
    }

    /// Its input is a program: an interpreter without a file, or a shell far away.
    pub(super) fn reads_a_program(&self) -> bool {
        matches!(self.program, Program::Interpreter(_)) || self.remote == Remote::Host
    }

    /// Ends the word being read.
    pub(super) fn finish(&mut self) -> Finished {
        let Some(word) = self.word.take() else { return Finished::Nothing };
        self.next = Role::Argument;
        match word.role {
            Role::Target | Role::Input => return Finished::Nothing,
            Role::Delimiter { strips_tabs } => {
                return Finished::Document { delimiter: word.text, quoted: word.quoted, strips_tabs };
            }
            Role::Argument => {}
        }
        let in_test = self.in_test();
        let result = self.argument(&word);
        let result = match (result, self.previous_hole.take()) {
            (Finished::Nothing, Some(hole)) if in_test && is_arithmetic_operator(&word.text) => {
                Finished::ArithmeticBefore(hole)
            }
            (result, _) => result,
        };
        self.previous = word.text;
        self.previous_hole = word.hole;
        result
    }

    fn argument(&mut self, word: &Word) -> Finished {
        let text = word.text.as_str();
        let plain = !word.quoted && word.hole.is_none();
        self.program = self.program_behind(text);
        self.remote = match self.remote {
            Remote::None => Remote::None,
            Remote::Options if takes_a_value(text) => Remote::OptionValue,
            Remote::Options if text.starts_with('-') => Remote::Options,
            Remote::OptionValue => Remote::Options,
            Remote::Options => Remote::Host,
            Remote::Host | Remote::Command => Remote::Command,
        };
        match self.name.as_deref() {
            None if plain && KEYWORDS.contains(&text) => return Finished::Nothing,
            None if assigned_name(text).is_some() => return Finished::Nothing,
            None => {
                self.named(text);
                match text {
                    "case" if plain => return Finished::Case,
                    "esac" if plain => return Finished::Esac,
                    _ => {}
                }
            }
            Some(_) if self.starts_another => {
                let skipped = text.starts_with(['-', '+'])
                    || text.contains('=')
                    || text.starts_with(|sign: char| sign.is_ascii_digit());
                if !skipped {
                    self.named(text);
                }
            }
            Some("case") if plain && text == "in" && self.previous != "case" => return Finished::In,
            // Integers, arrays (whose value in quotes is read again) and references to names.
            Some(name) if DECLARING.contains(&name) && text.starts_with('-') && text.contains(['i', 'a', 'A', 'n']) => {
                self.computes = true;
            }
            Some("function") if plain && text == "{" => self.name = None,
            Some(_) => {}
        }
        Finished::Nothing
    }

    fn named(&mut self, text: &str) {
        self.starts_another = STARTING.contains(&base(text));
        if base(text) == "ssh" {
            self.remote = Remote::Options;
        }
        self.name = Some(text.to_owned());
    }

    /// Where a program may stand after the word `text`.
    fn program_behind(&self, text: &str) -> Program {
        if let Some(letters) = interpreter(base(text)) {
            return Program::Interpreter(letters);
        }
        match self.program {
            Program::None => Program::None,
            // Behind the program of a shell stand its arguments; others take several programs.
            Program::Next("c") => Program::None,
            Program::Next(letters) => Program::Interpreter(letters),
            Program::Interpreter(letters) => {
                let option = text.starts_with(['-', '+']);
                if brings_program(text, letters) {
                    Program::Next(letters)
                } else if option || takes_an_option_name(&self.previous) {
                    Program::Interpreter(letters)
                } else {
                    Program::None
                }
            }
        }
    }

    /// Why a value cannot stand at this place of the command, if it cannot.
    pub(super) fn refuses_value(&self) -> Option<Refusal> {
        let role = self.word.as_ref().map_or(self.next, |word| word.role);
        match role {
            Role::Argument => {}
            Role::Target => return None,
            Role::Delimiter { .. } => {
                return Some(Refusal::new("the end of a here-document must be known beforehand"));
            }
            Role::Input => return self.reads_a_program().then(|| Refusal::of_program("this input is a program")),
        }
        let so_far = self.word_text();
        match self.program {
            Program::Next(_) => return Some(Refusal::of_program("this argument is a program")),
            Program::Interpreter(letters) if brings_program(so_far, letters) => {
                return Some(Refusal::of_program("this argument is a program"));
            }
            _ => {}
        }
        if matches!(self.remote, Remote::Host | Remote::Command) {
            return Some(Refusal {
                message: "`ssh` hands its arguments to a shell, which reads them as a script".to_owned(),
                help: "send it on the standard input of the command, like `ssh HOST 'cat > file' <<< {{ x }}`",
            });
        }
        match self.name.as_deref() {
            Some(name) => self.refused_by(name, so_far),
            None => match variable(so_far) {
                Some((_, rest)) if rest.starts_with('[') && !rest.contains(']') => {
                    Some(Refusal::new("a subscript is computed as arithmetic"))
                }
                Some((name, rest)) if CODE_VARIABLES.contains(&name) && rest.contains('=') => {
                    Some(Refusal::new(format!("the shell runs what stands in `{name}`")))
                }
                _ => None,
            },
        }
    }

    /// Commands of the shell that read their words again.
    fn refused_by(&self, name: &str, so_far: &str) -> Option<Refusal> {
        let previous = self.previous.as_str();
        let declares = DECLARING.contains(&name);
        Some(match name {
            "eval" | "trap" | "alias" => Refusal::of_program(format!("`{name}` reads its arguments as a script")),
            "source" | "." => Refusal::new(format!("`{name}` runs a file as a part of the script")),
            "let" => Refusal::new("`let` computes its arguments as arithmetic"),
            "unset" => Refusal::new("`unset` computes the subscript of a name"),
            "read" | "mapfile" | "readarray" | "getopts" if !is_value_option(name, previous) => {
                Refusal::new(format!("`{name}` takes the name of a variable"))
            }
            "printf" | "wait" | "test" | "[" | "[["
                if matches!(previous, "-v" | "-R") || name == "wait" && previous == "-p" =>
            {
                Refusal::new(format!("`{name} {previous}` takes the name of a variable"))
            }
            "[[" if is_arithmetic_operator(previous) => computed(previous),
            _ if declares && self.computes => Refusal::new(format!("`{name}` computes what it assigns")),
            _ if declares && !so_far.contains('=') => Refusal::new(format!("`{name}` takes the name of a variable")),
            _ => return None,
        })
    }
}

/// What is said where `[[` computes a value.
pub(super) fn computed(operator: &str) -> Refusal {
    Refusal::new(format!("`[[ … {operator} … ]]` computes both sides as arithmetic"))
}

/// Behind these words a command is still to come.
const KEYWORDS: &[&str] = &["if", "then", "elif", "else", "do", "while", "until", "!", "{", "time", "coproc"];
/// Commands that start the command among their arguments.
const STARTING: &[&str] = &[
    "command", "builtin", "exec", "env", "sudo", "doas", "nohup", "nice", "ionice", "timeout", "xargs", "stdbuf",
    "setsid", "chronic", "unshare", "chroot",
];
/// They take names of variables, and assignments.
const DECLARING: &[&str] = &["declare", "typeset", "local", "export", "readonly"];
/// Variables that shells run, or expand, by themselves.
const CODE_VARIABLES: &[&str] = &["PS0", "PS1", "PS2", "PS4", "PROMPT_COMMAND", "BASH_ENV", "ENV"];

/// The letters of the options that bring an interpreter its program.
fn interpreter(name: &str) -> Option<&'static str> {
    match name {
        "sh" | "bash" | "dash" | "ash" | "ksh" | "mksh" | "zsh" | "su" | "pwsh" => Some("c"),
        "perl" => Some("eE"),
        "ruby" | "lua" | "Rscript" | "osascript" => Some("e"),
        "node" | "nodejs" => Some("ep"),
        "php" => Some("r"),
        name => {
            let version = name.strip_prefix("python")?;
            version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then_some("c")
        }
    }
}

fn brings_program(word: &str, letters: &str) -> bool {
    match word.strip_prefix("--") {
        Some(long) => ["eval", "print", "command", "execute"]
            .iter()
            .any(|name| long.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))),
        None => word.strip_prefix('-').is_some_and(|short| short.contains(|sign| letters.contains(sign))),
    }
}

/// Options of commands that take names of variables, whose value is neither such a name nor code.
fn is_value_option(command: &str, option: &str) -> bool {
    let letters = match command {
        "read" => "pdnNtui",
        "mapfile" | "readarray" => "dnOsuc",
        _ => "",
    };
    option.starts_with('-') && option.ends_with(|letter| letters.contains(letter))
}

/// `-o`, `-euo` and their like: the next word is the name of an option, like `pipefail`.
fn takes_an_option_name(word: &str) -> bool {
    word.starts_with(['-', '+']) && !word.starts_with("--") && word.ends_with(['o', 'O'])
}

/// Options of `ssh` that take the next word.
fn takes_a_value(word: &str) -> bool {
    let mut letters = word.strip_prefix('-').unwrap_or_default().chars();
    matches!((letters.next(), letters.next()), (Some(letter), None) if "BbcDEeFIiJLlmOopQRSWw".contains(letter))
}

fn is_arithmetic_operator(word: &str) -> bool {
    matches!(word, "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge")
}

/// The last part of a path.
fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The name at the beginning of a word, and what stands behind it.
fn variable(word: &str) -> Option<(&str, &str)> {
    let length = word.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let (name, rest) = word.split_at(length);
    (!name.is_empty() && !name.starts_with(|sign: char| sign.is_ascii_digit())).then_some((name, rest))
}

/// What stands behind the `=`, if the word is an assignment: `a=`, `a+=`, `a[0]=`.
fn assigned_name(word: &str) -> Option<&str> {
    let (_, mut rest) = variable(word)?;
    if rest.starts_with('[') {
        rest = rest.split_once(']')?.1;
    }
    rest.strip_prefix('+').unwrap_or(rest).strip_prefix('=')
}

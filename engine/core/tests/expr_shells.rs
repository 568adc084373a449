//! Values in scripts, tried on the shells themselves: every value arrives byte for byte, and nothing in it is run.
//!
//! `bash` and `sh` (which is `dash` on many systems) are started for real; a shell that is not there is passed over.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use loopline_core::expr::{Dialect, Scope, Script};
use proptest::prelude::*;
use serde_json::json;

/// A directory of its own, gone when dropped. Whatever a value managed to run leaves the file `pwned` in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("loopline-shells-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("the name is new");
        Self(path)
    }

    fn was_run(&self) -> bool {
        self.0.join("pwned").exists()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn shells() -> Vec<&'static str> {
    ["bash", "sh"].into_iter().filter(|shell| Command::new(shell).arg("-c").arg(":").status().is_ok()).collect()
}

fn scope(value: &str) -> Scope {
    let mut scope = Scope::new();
    scope.insert("v".to_owned(), json!(value));
    scope.insert("list".to_owned(), json!([value, value]));
    scope.insert("yes".to_owned(), json!(true));
    scope
}

/// What `shell` writes when it runs the rendered script, or its complaint.
fn run(shell: &str, source: &str, value: &str, scratch: &Scratch) -> Result<Vec<u8>, String> {
    let rendered = Script::new(source, Dialect::Posix)
        .render(&scope(value))
        .map_err(|error| format!("{source} is refused: {error}"))?;
    let output = Command::new("timeout")
        .args(["10", shell, "-c", &rendered.text])
        .current_dir(&scratch.0)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .envs(&rendered.env)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{}\n{}", rendered.text, String::from_utf8_lossy(&output.stderr)));
    }
    Ok(output.stdout)
}

/// Scripts that write the value, and what they write around it. `%` stands for the value.
const ANY_SHELL: &[(&str, &str)] = &[
    ("printf '%s' {{ v }}", "%"),
    ("printf '%s' \"{{ v }}\"", "%"),
    ("printf '%s' '{{ v }}'", "%"),
    ("printf '%s' pre{{ v }}post", "pre%post"),
    ("printf '%s' \"it's '{{ v }}' \"", "it's '%' "),
    ("printf '%s' 'a \"{{ v }}\" b'", "a \"%\" b"),
    ("printf '%s' {{ v }}{{ v }}\"{{ v }}\"'{{ v }}'", "%%%%"),
    ("x={{ v }}; printf '%s' \"$x\"", "%"),
    ("x=\"{{ v }}\"; printf '%s' \"$x\"", "%"),
    ("x='{{ v }}' && export y={{ v }}; printf '%s' \"$x$y\"", "%%"),
    ("y={{ v }} sh -c 'printf %s \"$y\"'", "%"),
    ("sh -c 'printf %s \"$1\"' _ {{ v }}", "%"),
    ("printf '%s' \"$(printf '%s.' {{ v }})\"", "%."),
    ("printf '%s' \"$(printf '%s.' \"{{ v }}\")\"", "%."),
    ("printf '%s' \"$(printf '%s.' '{{ v }}')\"", "%."),
    ("x=$(printf '%s.' {{ v }}); printf '%s' \"$x\"", "%."),
    ("cat <<EOF\n{{ v }}\nEOF", "%\n"),
    ("cat <<EOF\n'{{ v }}' \"{{ v }}\" $(printf '%s.' {{ v }})\nEOF", "'%' \"%\" %.\n"),
    ("cat <<-EOF\n\t<{{ v }}>\n\tEOF\nprintf '%s' {{ v }}", "<%>\n%"),
    ("cat <<'EOF'\nit's \\{{ v }} $(\nEOF\nprintf '%s' {{ v }}", "it's {{ v }} $(\n%"),
    ("for i in {{ v }}; do printf '%s' \"$i\"; done", "%"),
    ("case {{ v }} in {{ v }}) printf '%s' {{ v }};; *) printf no;; esac", "%"),
    ("case \"{{ v }}\" in '{{ v }}') printf '%s' {{ v }};; *) printf no;; esac", "%"),
    ("set -- {{ v }}; printf '%s' \"$#$1\"", "1%"),
    ("f() { printf '%s' \"$1\"; }; f {{ v }}", "%"),
    ("( printf '%s' {{ v }} ); { printf '%s' '{{ v }}'; }", "%%"),
    ("printf '%s' \"${u:-{{ v }}}\"", "%"),
    ("printf '%s' ${u:-{{ v }}}", "%"),
    ("printf '%s' ${u:-'{{ v }}'}", "%"),
    ("printf '%s' ${u:-\"{{ v }}\"}", "%"),
    ("y=1; printf '%s' \"${y:+<{{ v }}>}\"", "<%>"),
    ("if [ {{ v }} = \"{{ v }}\" ]; then printf '%s' {{ v }}; fi", "%"),
    ("# it's \"fine\nprintf '%s' {{ v }} # isn't it", "%"),
    ("printf '%s' \\'{{ v }}\\\"'\\'{{ v }}", "'%\"\\%"),
    ("printf '%s' $((1 + 1))`printf x`{{ v }}", "2x%"),
    ("printf '%s' {{#if yes}}'{{ v }}'{{else}}{{ v }}{{/if}}", "%"),
    ("printf '%s' \"{{#each list}}<{{ this }}>{{/each}}\"", "<%><%>"),
    ("{{#each list}}\nprintf '%s' {{ this }}\n{{/each}}\n", "%%"),
];

/// The same, for what only bash has.
const BASH: &[(&str, &str)] = &[
    ("a=( {{ v }} '{{ v }}' ); printf '%s' \"${#a[@]}${a[0]}${a[1]}\"", "2%%"),
    ("[[ {{ v }} == {{ v }} && \"{{ v }}\" == '{{ v }}' ]] && printf '%s' {{ v }}", "%"),
    ("cat <<< {{ v }}", "%\n"),
    ("cat <<< \"<{{ v }}>\"", "<%>\n"),
    ("cat <(printf '%s' {{ v }})", "%"),
    ("declare x={{ v }}; printf '%s' \"$x\"", "%"),
    ("f() { local x={{ v }}; printf '%s' \"$x\"; }; f", "%"),
    ("(( 1 < 2 )) && printf '%s' {{ v }}", "%"),
    ("printf '%s' $'\\'' {{ v }}", "'%"),
    ("x=abc; printf '%s' ${x%c}{{ v }}${x#a}", "ab%bc"),
];

/// Pieces that mean something to a shell, in one context or another.
const PIECES: &[&str] = &[
    "$(touch pwned)",
    "`touch pwned`",
    ";touch pwned;",
    "\ntouch pwned\n",
    "&touch pwned&",
    "|touch pwned",
    "a[$(touch pwned)]",
    "'",
    "\"",
    "\\",
    "$",
    "${x}",
    "$v",
    "*",
    "?",
    "[a-z]",
    "~",
    "!",
    "!!",
    "#",
    " ",
    "  ",
    "\t",
    "\n",
    "\nEOF\n",
    "EOF",
    "\tEOF\n",
    "%s",
    "%",
    "-n",
    "-e",
    "--",
    "{a,b}",
    "(",
    ")",
    "}",
    "{{ v }}",
    ">pwned",
    "<",
    "\r",
    "\u{1}",
    "\u{7f}",
    "ü",
    "😀",
    "a",
    "b c",
    "=",
    "0",
    "a[0]",
    "';touch pwned;'",
    "\";touch pwned;\"",
    "\\\n",
];

fn value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_filter("a process takes no NUL", |sign| *sign != '\0').prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn every_value_arrives_byte_for_byte_and_is_not_run(value in value()) {
        for shell in shells() {
            let bash_only: &[_] = if shell == "bash" { BASH } else { &[] };
            for (source, expect) in ANY_SHELL.iter().chain(bash_only) {
                let scratch = Scratch::new();
                // The value itself may hold the mark: only the marks of `expect` are replaced.
                let expect = expect.split('%').collect::<Vec<_>>().join(&value);
                let output = run(shell, source, &value, &scratch);
                prop_assert_eq!(
                    output.as_ref().map(|bytes| String::from_utf8_lossy(bytes)),
                    Ok(expect.into()),
                    "{} of {:?}", shell, source
                );
                prop_assert!(!scratch.was_run(), "{} ran {:?} in {:?}", shell, value, source);
            }
        }
    }
}

/// Pieces of scripts. None of them makes the file `pwned`: only a value that is run does.
const SHELL: &[&str] = &[
    "{{ v }}",
    "{{ v }}",
    "{{ v }}",
    "'",
    "\"",
    "\\",
    "$",
    "$(",
    "${x:-",
    "${x",
    "}",
    "(",
    ")",
    "((",
    "))",
    "$((",
    "[[ ",
    " ]]",
    " -eq ",
    " == ",
    "`",
    "#",
    "\n",
    " ",
    "; ",
    "&& ",
    "| ",
    "|| ",
    "<<EOF\n",
    "<<'EOF'\n",
    "\nEOF\n",
    "<<< ",
    "echo ",
    "eval ",
    "x=",
    "x[",
    "]",
    "]=",
    "let ",
    "declare -i x=",
    "declare ",
    "unset ",
    "export ",
    "test -v ",
    "printf -v ",
    "sh -c ",
    "bash ",
    "case a in ",
    " in ",
    "esac",
    ";;",
    "if ",
    "then ",
    "fi",
    "for i in ",
    "do ",
    "done",
    "{ ",
    "! ",
    "$'",
    "trap ",
    " EXIT",
    "a",
    "0",
    "command ",
    "> ",
    "2>&1 ",
    "{{#if yes}}",
    "{{else}}",
    "{{/if}}",
    "{{#each list}}",
    "{{/each}}",
    "f() ",
    "[ ",
    " ]",
    ":",
    "cat ",
];

/// Values that run in one context or another, if they are let.
const EVIL: &[&str] = &[
    "$(touch pwned)",
    "`touch pwned`",
    ";touch pwned;",
    "\ntouch pwned\n",
    "a[$(touch pwned)]",
    "';touch pwned;'",
    "\";touch pwned;\"",
    "x[$(touch pwned)]=1",
    ")touch pwned;(",
    "EOF\ntouch pwned\n",
];

proptest! {
    #![proptest_config(config(1_500))]

    #[test]
    fn wherever_a_hole_is_accepted_its_value_is_not_run(
        pieces in proptest::collection::vec(proptest::sample::select(SHELL), 1..12),
        evil in proptest::sample::select(EVIL),
    ) {
        let source = pieces.concat();
        if !source.contains("{{ v }}") || Script::new(&source, Dialect::Posix).check().is_err() {
            return Ok(());
        }
        for shell in shells() {
            let scratch = Scratch::new();
            // Most of these scripts are nonsense, and fail. They may fail as they like.
            let _ = run(shell, &source, evil, &scratch);
            prop_assert!(!scratch.was_run(), "{} ran {:?} in {:?}", shell, evil, source);
        }
    }
}

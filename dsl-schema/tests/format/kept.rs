//! What must be the same before and after.

use std::fmt::Write as _;

use loopline_dsl::yaml::{Node, Value};
use loopline_dsl::{compile, format, yaml};

/// Formats a text that can be read, and holds that nothing but its layout changed. Gives the result.
pub fn check(text: &str) -> String {
    let formatted = format(text).unwrap_or_else(|found| panic!("refused: {found:?}\n{text}"));
    assert_eq!(meaning(&formatted), meaning(text), "{text:?}\nbecame\n{formatted:?}");
    assert_eq!(tree(&formatted), tree(text), "{text:?}\nbecame\n{formatted:?}");
    assert_eq!(letters(&formatted), letters(text), "{text:?}\nbecame\n{formatted:?}");
    let plain = !formatted.contains('\r') && !formatted.starts_with('\u{feff}');
    assert!(plain || formatted == text, "{formatted:?}");
    let again = format(&formatted).unwrap_or_else(|found| panic!("refused: {found:?}\n{formatted}"));
    assert_eq!(again, formatted, "formatting twice is not formatting once: {text:?}");
    formatted
}

/// What the compiler makes of a text. Places may change; what is said about them, and in which order, does not.
fn meaning(text: &str) -> (Option<String>, Vec<(&'static str, String)>) {
    let compiled = compile(text);
    let said = compiled.diagnostics.into_iter().map(|found| (found.code.as_str(), found.message)).collect();
    (compiled.graph.map(|graph| graph.digest()), said)
}

/// The text without white space, and without the indentations that headers of block scalars name: those may change.
fn letters(text: &str) -> String {
    let mut letters = String::new();
    for c in text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{feff}')) {
        let behind_header = letters.trim_end_matches(['+', '-']).ends_with(['|', '>']);
        if !(c.is_ascii_digit() && behind_header) {
            letters.push(c);
        }
    }
    letters
}

/// The tree of a text, without places.
fn tree(text: &str) -> String {
    let reading = yaml::read(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut out = String::new();
    if let Some(root) = reading.root {
        write(&root, &mut out);
    }
    out
}

fn write(node: &Node, out: &mut String) {
    match &node.value {
        Value::Scalar(scalar) => {
            let _ = write!(out, "{:?} {:?} {:?}", scalar.style, scalar.text, scalar.resolve());
        }
        Value::Sequence(items) => {
            out.push('[');
            for item in items {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Mapping(mapping) => {
            out.push('{');
            for entry in mapping {
                let _ = write!(out, "{:?}: ", entry.key.text);
                write(&entry.value, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

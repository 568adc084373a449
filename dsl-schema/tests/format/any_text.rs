//! Any text is answered, and what can be formatted keeps its meaning.

use loopline_dsl::format;
use proptest::prelude::*;

use crate::{files, kept};

/// Pieces that meet the formatter's branches more often than random letters do.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a: ",
        "b:\n",
        "  c: ",
        "    d: ",
        " e: ",
        "f",
        "g h",
        "  i\n",
        "\"j\"",
        "'k'",
        "\"l\n  m\"",
        "'n  \n\n o'",
        "\"p\\  \n q\\\n r\"",
        "|\n",
        ">-\n",
        "|+\n",
        "|2\n",
        ">1-\n",
        "    ",
        "  ",
        " ",
        "\n",
        "\n",
        "\n\n\n",
        "- ",
        "  - ",
        "-\n",
        "[",
        "]",
        "{",
        "}",
        ":",
        ": ",
        ", ",
        ",",
        "? ",
        "&a ",
        "&b\n",
        "*a",
        "*a ",
        "<<: ",
        "!!str ",
        "!!map\n",
        "! ",
        "!x ",
        "!<tag:yaml.org,2002:str> ",
        "---\n",
        "--- ",
        "...\n",
        "# c\n",
        "  # d\n",
        " # e\n",
        "#f",
        "é",
        "\u{2028}",
        "\u{85}",
        "\t",
        "\\",
        "%YAML 1.2\n",
        "~",
        "\r\n",
        "\r",
        "\u{feff}",
    ])
}

/// A golden case of the formatter with something cut out and something put in, a few times.
fn damaged() -> impl Strategy<Value = String> {
    let files: Vec<String> = files::cases().iter().map(|case| files::read(&case.join("in.yaml"))).collect();
    let damage = prop::collection::vec((any::<prop::sample::Index>(), 0..6_usize, piece()), 1..4);
    (prop::sample::select(files), damage).prop_map(|(mut text, damage)| {
        for (at, cut, put) in damage {
            let letters: Vec<char> = text.chars().collect();
            let at = at.index(letters.len() + 1);
            let behind = letters.len().min(at + cut);
            text = letters[..at].iter().copied().chain(put.chars()).chain(letters[behind..].iter().copied()).collect();
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_letters_are_answered(text in "\\PC{0,200}") {
        if format(&text).is_ok() {
            kept::check(&text);
        }
    }

    #[test]
    fn any_pieces_are_answered(pieces in prop::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        if format(&text).is_ok() {
            kept::check(&text);
        }
    }

    #[test]
    fn damaged_files_are_answered(text in damaged()) {
        if format(&text).is_ok() {
            kept::check(&text);
        }
    }
}

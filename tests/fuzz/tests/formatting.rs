//! Format round trip (T6): what is formatted says the same, and is formatted already.

use loopline_dsl::{compile, format};
use loopline_fuzz::{Language, files, soon};
use serde_json::json;

const PIECES: &[&str] = &[
    "\n", " ", "  ", ": ", "- ", "{", "}", "[", "]", ", ", "\"", "'", "|\n", "|+\n", "|2-\n", ">\n", ">-\n", "&a ",
    "*a", "<<: ", "!!str ", " # c", "#", "---\n", "...\n", "\t", "\r\n", "\r", "\u{feff}", "\u{85}", "? ", "\\\n",
    "''", "{}", "[]", "x: ",
];

#[test]
fn what_is_formatted_says_the_same_and_is_formatted() {
    let mut seeds = files("tests/conformance/format", ".yaml");
    seeds.extend(files("examples/pipelines", ".yaml"));
    seeds.extend(files("tests/conformance/compile", "good.yaml"));
    let language = Language::new(seeds, PIECES);
    bolero::check!().with_max_len(48).for_each(|bytes: &[u8]| {
        soon(&language.text(bytes), |text| {
            let Ok(formatted) = format(text) else { return };
            assert_eq!(format(&formatted).as_ref(), Ok(&formatted), "twice changes what once made of\n{text}");
            let graph = |text: &str| compile(text).graph.map(|graph| json!(graph));
            assert_eq!(graph(&formatted), graph(text), "{formatted}\nsays something else than\n{text}");
        });
    });
}

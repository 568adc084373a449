//! Where a cursor stands, told by the text before it alone.
//!
//! People ask for the next word in the middle of the one they type, where the text is no YAML yet and has no tree. So the
//! lines before the cursor are read by their indentation, brackets and quotes. This never fails and never recurses; in a text
//! that is broken before the cursor it guesses: a quote or bracket that is open on a line which is indented too little for it
//! was forgotten.

mod flow;
mod lines;

use crate::route::Route;
use crate::yaml::Style;

/// Where a cursor stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cursor {
    /// To the mapping in which a key is written, else to the value.
    pub(crate) at: Route,
    /// What is written there.
    pub(crate) spot: Spot,
}

/// What is written at a cursor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Spot {
    /// A key of the mapping.
    Key(Word),
    /// The value.
    Value(Word),
    /// The first word of a value on a line of its own: the value, the first key of a mapping, or the first `- ` of a list.
    Either(Word),
    /// A line that another item of the list would stand on, its `- ` not written yet.
    Item(Word),
    /// A comment, an anchor, a tag; behind a value that has ended.
    Nowhere,
}

/// The key or scalar that is being written, up to the cursor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word {
    /// Its first byte, behind an opening quote.
    pub(crate) start: usize,
    /// How it is written.
    pub(crate) style: Style,
    /// What closes the brackets around it, the innermost first.
    pub(crate) closers: String,
    /// It stands right behind a `:` or `-`, which needs a space.
    pub(crate) glued: bool,
}

impl Word {
    /// Whether brackets are open around it.
    pub(crate) fn in_flow(&self) -> bool {
        !self.closers.is_empty()
    }
}

/// Finds out where the byte `offset` of `text` stands.
pub(crate) fn find(text: &str, offset: usize) -> Cursor {
    let before = &text[..text.floor_char_boundary(offset)];
    let mut lines = lines::Lines::new(before);
    let spot = lines.read();
    match lines.route() {
        Some(at) => Cursor { at, spot },
        None => Cursor { at: Route::root(), spot: Spot::Nowhere },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `«` stands for the cursor, since `|` begins a block scalar.
    fn check(marked: &str, expect: &str) {
        let offset = marked.find('«').expect("a cursor");
        let text = marked.replace('«', "");
        let Cursor { at, spot } = find(&text, offset);
        let told = |name: &str, word: &Word| {
            let typed = &text[word.start..offset];
            let glued = if word.glued { " glued" } else { "" };
            let style = if word.style == Style::Plain { String::new() } else { format!(" {:?}", word.style) };
            let closers = if word.in_flow() { format!(" {}", word.closers) } else { String::new() };
            format!("{name} {} {typed:?}{style}{closers}{glued}", at.pointer())
        };
        let found = match &spot {
            Spot::Key(word) => told("key", word),
            Spot::Value(word) => told("value", word),
            Spot::Either(word) => told("either", word),
            Spot::Item(word) => told("item", word),
            Spot::Nowhere => "nowhere".to_owned(),
        };
        assert_eq!(found, expect, "{marked}");
    }

    #[test]
    fn a_key_belongs_to_the_mapping_of_its_column() {
        check("«", r#"key  """#);
        check("ver«", r#"key  "ver""#);
        check("version: 1\nna«", r#"key  "na""#);
        check("steps:\n  a:\n    run: x\n    ne«", r#"key /steps/a "ne""#);
        check("steps:\n  a:\n    run: x\n    «", r#"key /steps/a """#);
        check("steps:\n  a:\n    run: x\n  «", r#"key /steps """#);
        check("steps:\n  a:\n    run: x\n«", r#"key  """#);
        check("steps:\n  a:\n    run: x\n\n  # c\n  b:\n    http:\n      url: x\n    «", r#"key /steps/b """#);
        check("a: 1\n\"b«", r#"key  "b" Double"#);
        check("a: 1\nb«c: 2\nd: 3\n", r#"key  "b""#);
        check("\"a b\": 1\n'c''d':\n  «", r#"either /c'd """#);
        check("a:\r\n  b: 1\r\n  «", r#"key /a """#);
    }

    #[test]
    fn a_deeper_line_is_a_value_or_a_mapping() {
        check("steps:\n  «", r#"either /steps """#);
        check("steps:\n  a:\n    ru«", r#"either /steps/a "ru""#);
        check("http:\n    url: x\n  «", r#"either /http """#);
        check("steps: &s\n  «", r#"either /steps """#);
    }

    #[test]
    fn a_value_stands_behind_its_colon() {
        check("a: «", r#"value /a """#);
        check("a:«", r#"value /a "" glued"#);
        check("a: foo b«ar", r#"value /a "foo b""#);
        check("a: \"fo«o\"", r#"value /a "fo" Double"#);
        check("a: 'it''s «", r#"value /a "it''s " Single"#);
        check("a: &x !!str fo«", r#"value /a "fo""#);
        check("a: https://x:8«", r#"value /a "https://x:8""#);
        check("a: {{ inputs.«", r#"value /a "{{ inputs.""#);
    }

    #[test]
    fn scalars_go_on_over_lines() {
        check("a: foo\n  bar «\nb: 1", r#"value /a "foo\n  bar ""#);
        check("a: foo\n  «", r#"value /a "foo\n  ""#);
        check("a: \"foo\n  bar«", r#"value /a "foo\n  bar" Double"#);
        check("a: |\n  x\n  {{ y«\nb: 1", r#"value /a "  x\n  {{ y" Literal"#);
        check("a: >-  # why\n  x\n\n  «", r#"value /a "  x\n\n  " Folded"#);
        check("a: |\n  x\n«", r#"key  """#);
        check("a: |\n  x\nb«", r#"key  "b""#);
        check("- |\n  x: «\n", r#"value /0 "  x: " Literal"#);
        check("- a: |\n    k: v\n  b: «", r#"value /0/b """#);
    }

    #[test]
    fn items_of_lists() {
        check("a:\n  - «", r#"either /a/0 """#);
        check("a:\n  - x\n  - y«", r#"either /a/1 "y""#);
        check("a:\n- x\n- «", r#"either /a/1 """#);
        check("a:\n- x\n«", r#"key  """#);
        check("a:\n  - x\n  «", r#"item /a/1 """#);
        check("a:\n  - x\n  -«", r#"value /a/1 "" glued"#);
        check("goto:\n  - to: a\n    «", r#"key /goto/0 """#);
        check("goto:\n  - to: a\n  - to: «", r#"value /goto/1/to """#);
        check("- - a\n  - «", r#"either /0/1 """#);
    }

    #[test]
    fn brackets() {
        check("a: [«", r#"value /a/0 "" ]"#);
        check("a: [x, y«]", r#"value /a/1 "y" ]"#);
        check("a: {«", r#"key /a "" }"#);
        check("a: {x: 1, y«}", r#"key /a "y" }"#);
        check("a: {x: «}", r#"value /a/x "" }"#);
        check("a: {x:«}", r#"value /a/x "" } glued"#);
        check("a: {x: [1, {y: \"«", r#"value /a/x/1/y "" Double }]}"#);
        check("a: {\"x y\": v«}", r#"value /a/x y "v" }"#);
        check("a: [x, # «\n", "nowhere");
        check("a: [\n  x,\n  «\n]", r#"value /a/1 "" ]"#);
        check("a: [\n  x\n]\nb«", r#"key  "b""#);
        check("a: {x: {{ inputs.«", r#"value /a/x "{{ inputs." }"#);
        check("a: {x: '}', y: 1}\nb: «", r#"value /b """#);
        check("- {to: a}\n- {to: «", r#"value /1/to "" }"#);
        check("{a: 1, «", r#"key  "" }"#);
        check("a: {x«", r#"key /a "x" }"#);
        check("a: {x «", r#"key /a "x " }"#);
        check("a: [x: «", r#"value /a/0 "" ]"#);
    }

    #[test]
    fn what_is_forgotten_ends_with_its_indentation() {
        check("a: \"foo\nb: «", r#"value /b """#);
        check("a:\n  b: [x, y\n  c: «", r#"value /a/c """#);
        check("a:\n  b: {x: 'y\nc: «", r#"value /c """#);
        check("a:\n  b: ]]}\n  c«", r#"key /a "c""#);
    }

    #[test]
    fn nothing_is_said_in_comments_and_behind_values() {
        check("a: 1 # «", "nowhere");
        check("# «", "nowhere");
        check("a: *«", "nowhere");
        check("a: &x«", "nowhere");
        check("a: \"x\" «", "nowhere");
        check("a: [x] «", "nowhere");
        check("a: [x]\n  «", "nowhere");
        check("a: |«", "nowhere");
        check("--- «", "nowhere");
        check("a: 1\n---\n«", r#"key  """#);
    }

    #[test]
    fn a_hundred_thousand_brackets_are_read_in_one_pass() {
        for piece in
            ["[", "{a: ", "- ", "? ", "a:\n  ", "\"\n", "{{", "{{ }}", "[{{\n", "&a ", "'", ":a", " # ", "a: b\n "]
        {
            let text = piece.repeat(100_000);
            find(&text, text.len());
        }
    }
}

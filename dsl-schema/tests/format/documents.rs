//! Documents of every kind, written carelessly: random indentation, spaces and empty lines, comments everywhere.

use loopline_dsl::format;
use proptest::prelude::*;

use crate::kept;

/// Writes a document. Each choice is the next number; where there is none left, the simplest thing is written.
struct Writer<'d> {
    choices: std::slice::Iter<'d, u8>,
    text: String,
    /// Comments so far; each has its number in its text.
    comments: usize,
    /// Anchors so far. Those of finished values may be used.
    anchors: usize,
    finished: Vec<usize>,
    /// The last value was a block scalar: what stands deeper would be more of it.
    in_block_scalar: bool,
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq)]
enum Behind {
    Colon,
    Dash,
}

impl<'d> Writer<'d> {
    fn document(choices: &'d [u8]) -> String {
        let mut writer = Self {
            choices: choices.iter(),
            text: String::new(),
            comments: 0,
            anchors: 0,
            finished: Vec::new(),
            in_block_scalar: false,
        };
        let line_break = writer.one_of(&["\n", "\n", "\r\n", "\r"]);
        let head = writer.one_of(&["", "", "\u{feff}", "---\n", "%YAML 1.2  \n---  # c\n", "\n\n"]);
        let tail = writer.one_of(&["", "", "...\n", "...\n# end\n", "\n\n"]);
        writer.between(0);
        if head.contains("---") {
            writer.text.insert_str(0, head);
        }
        // What comes out as it went in would pass for formatted; this line never does.
        writer.text.push_str("version:   1\n");
        writer.mapping(0, "", 0);
        writer.text.push_str(tail);
        let text = writer.text.replace('\n', line_break);
        if head.contains("---") { text } else { format!("{head}{text}") }
    }

    fn choose(&mut self, of: usize) -> usize {
        self.choices.next().map_or(0, |choice| usize::from(*choice) % of)
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.choose(texts.len())]
    }

    fn spaces(&mut self, most: usize) {
        let count = self.choose(most + 1);
        self.text.push_str(&" ".repeat(count));
    }

    fn comment(&mut self) {
        self.comments += 1;
        let text = self.one_of(&["", "#", " x: [", "  \té", " - \"", ": b # "]);
        self.text.push_str(&format!("#c{}c{text}", self.comments));
    }

    fn end_of_line(&mut self) {
        match self.choose(6) {
            3 => self.text.push_str("  "),
            4 => {
                let gap = self.one_of(&[" ", "  ", "\t", "        "]);
                self.text.push_str(gap);
                self.comment();
            }
            5 => {
                // Into a column, as people do.
                let line = self.text.len() - self.text.rfind('\n').map_or(0, |end| end + 1);
                self.text.push_str(&" ".repeat(30_usize.saturating_sub(line).max(1)));
                self.comment();
            }
            _ => {}
        }
        self.text.push('\n');
    }

    /// Empty lines and comments before an entry of a collection at this column.
    fn between(&mut self, column: usize) {
        for _ in 0..self.choose(4).saturating_sub(1) {
            match self.choose(4) {
                0 => self.text.push('\n'),
                1 => self.text.push_str("   \n"),
                _ => {
                    let deepest = if self.in_block_scalar { column } else { column + 6 };
                    self.spaces(deepest);
                    self.comment();
                    self.text.push('\n');
                }
            }
        }
        self.in_block_scalar = false;
    }

    /// Anchor and tag. Gives the anchor.
    fn properties(&mut self, tag: &str) -> Option<usize> {
        let anchor = (self.choose(5) == 4).then(|| {
            self.anchors += 1;
            self.text.push_str(&format!("&n{}", self.anchors));
            self.text.push(' ');
            self.spaces(2);
            self.anchors
        });
        if self.choose(7) == 6 {
            self.text.push_str(tag);
            self.text.push(' ');
            self.spaces(2);
        }
        anchor
    }

    /// The entries of a mapping; `begun` stands on the line already, where one does.
    fn mapping(&mut self, column: usize, begun: &str, depth: usize) {
        for entry in 0..=self.choose(4) {
            if entry > 0 || begun.is_empty() {
                self.between(column);
                self.text.push_str(&" ".repeat(column));
            }
            self.key(entry, column, depth);
        }
    }

    fn key(&mut self, entry: usize, column: usize, depth: usize) {
        let name = match self.choose(9) {
            5 => format!("'k {entry}'"),
            6 => format!("\"k\\t{entry}\""),
            7 => format!("é {entry}"),
            8 => {
                self.text.push('?');
                self.explicit_key(entry, column);
                return self.value(Behind::Colon, column, depth);
            }
            _ => format!("k{entry}"),
        };
        if self.choose(8) == 7 {
            self.anchors += 1;
            self.text.push_str(&format!("&n{} ", self.anchors));
            self.finished.push(self.anchors);
        }
        self.text.push_str(&name);
        self.spaces(1);
        self.text.push(':');
        self.value(Behind::Colon, column, depth);
    }

    fn explicit_key(&mut self, entry: usize, column: usize) {
        self.text.push(' ');
        self.spaces(2);
        let short = format!("k{entry}");
        let long = format!("\"k{entry}\n{} l\"", " ".repeat(column + 1));
        let key = self.one_of(&[&short, &long]).to_owned();
        self.text.push_str(&key);
        self.end_of_line();
        self.between(column);
        self.text.push_str(&" ".repeat(column));
        self.text.push(':');
    }

    fn sequence(&mut self, column: usize, begun: bool, depth: usize) {
        for item in 0..=self.choose(3) {
            if item > 0 || !begun {
                self.between(column);
                self.text.push_str(&" ".repeat(column));
            }
            self.text.push('-');
            self.value(Behind::Dash, column, depth);
        }
    }

    /// A value with everything to the end of its last line.
    fn value(&mut self, behind: Behind, column: usize, depth: usize) {
        match self.choose(if depth < 4 { 12 } else { 8 }) {
            0 => self.end_of_line(),
            1..=3 => self.scalar(column),
            4 => self.alias(),
            5 => self.block_scalar(column),
            6 | 7 => self.flow(column, depth),
            8 if behind == Behind::Dash => self.compact(column, depth),
            8 | 9 => self.nested_mapping(column, depth),
            _ => self.nested_sequence(behind, column, depth),
        }
    }

    fn scalar(&mut self, column: usize) {
        let within = " ".repeat(column + 1 + self.choose(6));
        // On the line of its key or item, or on one of its own.
        if self.choose(5) == 4 {
            self.end_of_line();
            self.between(column);
            self.text.push_str(&within);
        } else {
            self.text.push(' ');
            self.spaces(3);
        }
        let anchor = self.properties("!!str");
        let plain = format!("one \n{within}two\n\n \n{within}- three:x");
        let single = format!("'one ''\n \n{within}two  \n{within}'");
        let double = format!("\"one\\  \n{within}\\ttwo\\\n{within} three \\\"\"");
        let scalar = self.one_of(&[
            "one",
            "no",
            "1.10",
            "~",
            "''",
            "'it''s # no'",
            "\"a \\\"b\\\" \\\\\"",
            "a,b]",
            "-1",
            "a {{ b }}",
            "é#é",
            plain.as_str(),
            single.as_str(),
            double.as_str(),
        ]);
        self.text.push_str(scalar);
        self.finished.extend(anchor);
        self.end_of_line();
    }

    fn alias(&mut self) {
        self.text.push(' ');
        self.spaces(2);
        let chosen = self.choose(self.finished.len().max(1));
        match self.finished.get(chosen) {
            Some(anchor) => self.text.push_str(&format!("*n{anchor}")),
            None => self.text.push_str("one"),
        }
        self.end_of_line();
    }

    fn block_scalar(&mut self, column: usize) {
        self.text.push(' ');
        self.spaces(2);
        let anchor = self.properties("!!str");
        self.finished.extend(anchor);
        let style = self.one_of(&["|", ">"]);
        let chomping = self.one_of(&["", "-", "+"]);
        let deeper = 1 + self.choose(5);
        let mut lines = vec!["one"];
        for _ in 0..self.choose(6) {
            let line = ["two", "", "# no comment", "  deeper", "- {x: [", "\ttab", "trailing  ", "   ", "k: v", ""];
            lines.push(self.one_of(&line));
        }
        let indicator = match self.choose(4) {
            2 => {
                lines[0] = "  one";
                deeper.to_string()
            }
            3 => {
                lines.insert(0, "");
                deeper.to_string()
            }
            _ => String::new(),
        };
        let header =
            if self.choose(2) == 0 { format!("{indicator}{chomping}") } else { format!("{chomping}{indicator}") };
        self.text.push_str(&format!("{style}{header}"));
        self.end_of_line();
        for line in lines {
            let indentation = if line.is_empty() { self.choose(column + deeper + 1) } else { column + deeper };
            self.text.push_str(&format!("{}{line}\n", " ".repeat(indentation)));
        }
        self.in_block_scalar = true;
    }

    /// `- k: v`, `- - v`
    fn compact(&mut self, column: usize, depth: usize) {
        let gap = 1 + self.choose(4);
        self.text.push_str(&" ".repeat(gap));
        if self.choose(3) == 2 {
            self.sequence(column + 1 + gap, true, depth + 1);
        } else {
            self.mapping(column + 1 + gap, "begun", depth + 1);
        }
    }

    fn nested_mapping(&mut self, column: usize, depth: usize) {
        self.text.push(' ');
        let anchor = self.properties("!!map");
        self.end_of_line();
        let deeper = column + 1 + self.choose(5);
        self.between(column);
        self.mapping(deeper, "", depth + 1);
        self.finished.extend(anchor);
    }

    fn nested_sequence(&mut self, behind: Behind, column: usize, depth: usize) {
        self.text.push(' ');
        let anchor = self.properties("!!seq");
        self.end_of_line();
        // Below a key, a sequence need not stand deeper.
        let least = usize::from(behind == Behind::Dash);
        let deeper = column + least + self.choose(5);
        self.between(column);
        self.sequence(deeper, false, depth + 1);
        self.finished.extend(anchor);
    }

    fn flow(&mut self, column: usize, depth: usize) {
        self.text.push(' ');
        self.spaces(2);
        let lines = self.choose(2) == 1;
        self.flow_collection(column, depth, lines);
        self.end_of_line();
    }

    /// White space between two tokens in brackets.
    fn flow_gap(&mut self, column: usize, lines: bool) {
        if lines && self.choose(3) == 2 {
            self.end_of_line();
            if self.choose(5) == 4 {
                self.text.push_str("\n \n");
            }
            self.text.push_str(&" ".repeat(column + 1));
            self.spaces(6);
            if self.choose(6) == 5 {
                self.comment();
                self.text.push('\n');
                self.text.push_str(&" ".repeat(column + 1));
            }
        } else {
            self.spaces(2);
        }
    }

    fn flow_collection(&mut self, column: usize, depth: usize, lines: bool) {
        let anchor = self.properties(["!!seq", "!!map"][depth % 2]);
        let mapping = self.choose(2) == 1;
        self.text.push(if mapping { '{' } else { '[' });
        let entries = self.choose(4);
        for entry in 0..entries {
            // Two braces in a row begin a template.
            if self.text.ends_with('{') {
                self.text.push(' ');
            }
            self.flow_gap(column, lines);
            match self.choose(if mapping { 6 } else { 9 }) {
                0 => self.text.push_str(&format!("k{entry}: v")),
                1 => self.text.push_str(&format!("\"k{entry}\":v")),
                2 => self.text.push_str(&format!("k{entry}")),
                3 => self.text.push_str(&format!("k{entry} : ")),
                4 => {
                    self.text.push_str(&format!("k{entry}:  "));
                    self.flow_value(column, depth, lines);
                }
                5 => self.text.push_str(&format!("? k{entry} : v")),
                _ => self.flow_value(column, depth, lines),
            }
            self.flow_gap(column, lines);
            if entry + 1 < entries || self.choose(4) == 3 {
                self.text.push(',');
            }
        }
        self.flow_gap(column, lines);
        self.text.push(if mapping { '}' } else { ']' });
        self.finished.extend(anchor);
    }

    fn flow_value(&mut self, column: usize, depth: usize, lines: bool) {
        match self.choose(6) {
            0 => self.text.push('v'),
            1 => self.text.push_str("'v, ]'"),
            2 if lines => self.text.push_str(&format!("\"v  \n{}w\"", " ".repeat(column + 2))),
            3 if lines => self.text.push_str(&format!("v  \n{}w", " ".repeat(column + 2))),
            4 if !self.finished.is_empty() => {
                let chosen = self.choose(self.finished.len());
                let anchor = self.finished[chosen];
                self.text.push_str(&format!("*n{anchor} "));
            }
            _ if depth < 6 => self.flow_collection(column, depth + 1, lines),
            _ => self.text.push('v'),
        }
    }
}

/// The numbers of the comments, in the order of the text.
fn comments(text: &str) -> Vec<usize> {
    text.split("#c").skip(1).filter_map(|behind| behind.split('c').next()?.parse().ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_keep_what_they_say_and_their_comments(choices in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = Writer::document(&choices);
        let formatted = kept::check(&text);
        prop_assert!(formatted.contains("version: 1"), "left as it is: {text:?}");
        prop_assert_eq!(comments(&formatted), comments(&text));
        prop_assert!(formatted.ends_with('\n'));
        // Another reader of YAML says so too.
        if let Ok(value) = serde_yaml::from_str::<serde_yaml::Value>(&text) {
            let again = serde_yaml::from_str::<serde_yaml::Value>(&formatted);
            prop_assert_eq!(again.map_err(|error| error.to_string()), Ok(value), "{:?}\nbecame\n{:?}", text, formatted);
        }
    }
}

#[test]
fn documents_are_read_and_most_of_them_by_another_reader_too() {
    // Were the writer wrong, the property would hold for nothing.
    let mut elsewhere = 0;
    for seed in 0..=255_u16 {
        let choices: Vec<u8> =
            (1..300_u16).map(|at| at.wrapping_mul(at).wrapping_mul(seed + 3).to_be_bytes()[0]).collect();
        let text = Writer::document(&choices);
        assert!(format(&text).is_ok(), "{text}");
        elsewhere += usize::from(serde_yaml::from_str::<serde_yaml::Value>(&text).is_ok());
    }
    assert!(elsewhere >= 200, "only {elsewhere}");
}

//! What the fuzz targets of `tests/` share: texts to begin with, and how a string of bytes changes one of them.
//!
//! A text of random bytes is refused at its first sign. So the bytes that a fuzzer makes up are read as instructions: begin
//! with this text, cut here, repeat that, put this piece there. Nearly all of what comes out is nearly right, which is where
//! a parser has its corners. A fuzzer that is guided by coverage learns the instructions like any other input.
//!
//! `cargo test` runs each target for a moment, `make soak` for a minute; with `cargo bolero` they run under other engines.

use std::path::Path;
use std::time::{Duration, Instant};

/// Longer texts are cut: what grows without bound is the business of the limits, which have tests of their own.
const LONGEST: usize = 20_000;
/// No answer may take longer, in a build with optimisation.
const SLOWEST: Duration = Duration::from_secs(1);

/// Texts of one language, and the pieces that mean something in it.
pub struct Language {
    seeds: Vec<String>,
    pieces: &'static [&'static str],
}

impl Language {
    /// A language with these texts to begin with.
    pub fn new(seeds: Vec<String>, pieces: &'static [&'static str]) -> Self {
        assert!(!seeds.is_empty(), "texts went missing");
        Self { seeds, pieces }
    }

    /// The text that these bytes make.
    pub fn text(&self, bytes: &[u8]) -> String {
        let mut bytes = Bytes { bytes, at: 0 };
        let mut text = self.seeds[bytes.below(self.seeds.len())].clone();
        while bytes.is_left() {
            self.change(&mut text, &mut bytes);
        }
        text
    }

    fn change(&self, text: &mut String, bytes: &mut Bytes<'_>) {
        let from = text.floor_char_boundary(bytes.below(text.len() + 1));
        let longest = if bytes.next().is_multiple_of(4) { 400 } else { 12 };
        let length = 1 + bytes.below(longest);
        let to = text.ceil_char_boundary((from + length).min(text.len()));
        match bytes.next() % 8 {
            0 => text.replace_range(from..to, ""),
            1 | 2 => text.insert_str(from, self.pieces[bytes.below(self.pieces.len())]),
            3 => text.replace_range(from..to, self.pieces[bytes.below(self.pieces.len())]),
            // Once more, and perhaps very often.
            4 => {
                let times = if bytes.next().is_multiple_of(8) { 1 + bytes.below(500) } else { 1 };
                let room = LONGEST.saturating_sub(text.len());
                let again = text[from..to].repeat(times);
                let again = &again[..again.floor_char_boundary(room.min(again.len()))];
                text.insert_str(from, again);
            }
            // A part of another text, or of this one from elsewhere.
            5 => {
                let other = &self.seeds[bytes.below(self.seeds.len())];
                let start = other.floor_char_boundary(bytes.below(other.len() + 1));
                let end = other.ceil_char_boundary((start + length).min(other.len()));
                text.insert_str(from, &other[start..end]);
            }
            6 => {
                let moved = text[from..to].to_owned();
                text.replace_range(from..to, "");
                let at = text.floor_char_boundary(bytes.below(text.len() + 1));
                text.insert_str(at, &moved);
            }
            _ => {
                let sign = u32::from(bytes.next()) << 8 | u32::from(bytes.next());
                text.insert(from, char::from_u32(sign).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        text.truncate(text.floor_char_boundary(LONGEST.min(text.len())));
    }
}

/// Reads the bytes of an input as numbers. Behind their end there are zeros.
struct Bytes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bytes<'_> {
    fn is_left(&self) -> bool {
        self.at < self.bytes.len()
    }

    fn next(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    fn below(&mut self, bound: usize) -> usize {
        (usize::from(self.next()) << 8 | usize::from(self.next())) % bound
    }
}

/// The texts of files beneath a folder of the repository whose names end so.
pub fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(std::fs::read_to_string(&path).expect("text"));
            }
        }
    }
    found
}

/// Answers a question about a text, and fails when that takes too long.
pub fn soon<T>(text: &str, answer: impl FnOnce(&str) -> T) -> T {
    let began = Instant::now();
    let answered = answer(text);
    let took = began.elapsed();
    // Without optimisation, and while other tests run, a clock says nothing.
    assert!(cfg!(debug_assertions) || took <= SLOWEST, "{took:?} for:\n{text}");
    answered
}

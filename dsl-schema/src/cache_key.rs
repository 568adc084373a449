//! The key of a cache: a template in which `{{ hash_files("GLOB", …) }}` stands for the hash of files.
//!
//! Which files there are is known on the worker alone, so the key is cut into what the engine renders and what the worker
//! finds out.

use std::ops::Range;

use loopline_core::expr::Template;
use loopline_core::graph::{CacheKey, CacheKeyPart};

const FUNCTION: &str = "hash_files";

/// A part of a key as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyPart<'a> {
    /// Text with holes of the usual kind, and where it begins.
    Text(&'a str, usize),
    /// Patterns of `hash_files`.
    HashFiles(Vec<String>),
    /// `hash_files` that cannot be read: which bytes.
    Broken(Range<usize>),
}

/// Cuts a key into its parts.
pub(crate) fn parts(key: &str) -> Vec<KeyPart<'_>> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(open) = key[at..].find("{{").map(|found| at + found) {
        let inside = &key[open + 2..];
        let length = end_of_hole(inside).unwrap_or(inside.len());
        let hole = &inside[..length];
        let close = (open + 2 + length + 2).min(key.len());
        if hole.trim_start().starts_with(FUNCTION) {
            if from < open {
                parts.push(KeyPart::Text(&key[from..open], from));
            }
            parts.push(arguments(hole).map_or(KeyPart::Broken(open..close), KeyPart::HashFiles));
            from = close;
        }
        at = close;
    }
    if from < key.len() {
        parts.push(KeyPart::Text(&key[from..], from));
    }
    parts
}

/// The key as the graph has it. Only called where no part is broken.
pub(crate) fn lower(key: &str) -> CacheKey {
    let part = |part| match part {
        KeyPart::Text(text, _) => Some(CacheKeyPart::Text(Template::new(text))),
        KeyPart::HashFiles(patterns) => Some(CacheKeyPart::HashFiles(patterns)),
        KeyPart::Broken(_) => None,
    };
    CacheKey(parts(key).into_iter().filter_map(part).collect())
}

/// Where the hole ends: at `}}` outside of quotes.
fn end_of_hole(inside: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in inside.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if inside[at..].starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

/// `hash_files("a", "b")`, or as helpers are written: `hash_files "a" "b"`.
fn arguments(hole: &str) -> Option<Vec<String>> {
    let rest = hole.trim().strip_prefix(FUNCTION)?.trim();
    let list = match rest.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')')?,
        None => rest,
    };
    let mut patterns = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let end = rest[1..].find(quote)? + 1;
        let pattern = &rest[1..end];
        if pattern.is_empty() {
            return None;
        }
        patterns.push(pattern.to_owned());
        rest = rest[end + 1..].trim_start();
        rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
    }
    (!patterns.is_empty()).then_some(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cut_at_hash_files() {
        let hash = |patterns: &[&str]| KeyPart::HashFiles(patterns.iter().map(|each| (*each).to_owned()).collect());
        for (key, expect) in [
            ("plain", vec![KeyPart::Text("plain", 0)]),
            ("a-{{ inputs.x }}-b", vec![KeyPart::Text("a-{{ inputs.x }}-b", 0)]),
            (
                "a-{{ hash_files(\"Cargo.lock\", 'x/**') }}-b",
                vec![KeyPart::Text("a-", 0), hash(&["Cargo.lock", "x/**"]), KeyPart::Text("-b", 40)],
            ),
            ("{{hash_files \"a\" \"b\"}}", vec![hash(&["a", "b"])]),
            ("{{ hash_files(\"}}\") }}", vec![hash(&["}}"])]),
            ("{{ hash_files() }}", vec![KeyPart::Broken(0..18)]),
            ("{{ hash_files(a) }}", vec![KeyPart::Broken(0..19)]),
            ("{{ hash_files(\"a\"", vec![KeyPart::Broken(0..17)]),
        ] {
            assert_eq!(parts(key), expect, "{key}");
        }
    }
}

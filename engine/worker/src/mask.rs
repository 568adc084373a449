//! Puts `***` in the place of secrets, in whatever spelling they come, also where one is torn between two pieces.
//!
//! What goes through a [`Masker`] comes out at once, but for an end that may be the beginning of a secret: that waits
//! for what follows.

mod automaton;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::automaton::Automaton;

/// What stands in the place of a secret.
const MASK: &[u8] = b"***";

/// A line of a secret that is shorter than this (a bracket, say) tells nothing, and stands everywhere.
const SHORTEST_LINE: usize = 4;

/// Of a part of a longer encoded text, so much is needed to be sure.
const SHORTEST_ENCODED: usize = 8;

/// What needs no escape in a part of a URL.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The secrets of an attempt, in all their spellings.
#[derive(Clone, Default)]
pub struct Secrets(Option<Arc<Automaton>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}

impl Secrets {
    /// These values, whatever they are spelled like.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let spellings: BTreeSet<Vec<u8>> =
            values.into_iter().flat_map(spellings).filter(|one| !one.is_empty()).collect();
        let spellings: Vec<Vec<u8>> = spellings.into_iter().collect();
        Self((!spellings.is_empty()).then(|| Arc::new(Automaton::new(&spellings))))
    }

    /// Whether a secret stands in the text.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|spellings| !places(spellings, text.as_bytes()).0.is_empty())
    }

    /// The whole text without its secrets.
    pub(crate) fn mask(&self, text: &str) -> String {
        if !self.are_in(text) {
            return text.to_owned();
        }
        let mut masker = Masker::new(self.clone());
        let mut masked = masker.push(Bytes::copy_from_slice(text.as_bytes())).to_vec();
        masked.extend(masker.end());
        String::from_utf8_lossy(&masked).into_owned()
    }
}

/// All that a secret may look like.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let lines = secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
    let mut all = Vec::new();
    for text in [secret, secret.trim()].into_iter().chain(lines) {
        let quoted = serde_json::Value::from(text).to_string();
        let escaped = &quoted[1..quoted.len() - 1];
        let percent = utf8_percent_encode(text, UNRESERVED).to_string();
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        all.extend([text.to_owned(), escaped.to_owned(), escaped.replace('/', "\\/"), percent.replace("%20", "+")]);
        all.extend([lower_escapes(&percent), percent]);
        if text.len() >= SHORTEST_LINE {
            all.extend([hex.to_uppercase(), hex]);
        }
    }
    let mut all: Vec<Vec<u8>> = all.into_iter().map(String::into_bytes).collect();
    for text in [secret, secret.trim()] {
        all.extend((0..3).flat_map(|before| encoded(text.as_bytes(), before)));
    }
    all
}

/// `%2F` as `%2f`.
fn lower_escapes(percent: &str) -> String {
    let mut parts = percent.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escape, rest) = part.split_at(2);
        lower.extend(["%", &escape.to_ascii_lowercase(), rest]);
    }
    lower
}

/// The base64 of any text that holds `secret` with `before` bytes (modulo three) in front of it, as far as the secret
/// alone decides it; with both alphabets.
fn encoded(secret: &[u8], before: usize) -> Vec<Vec<u8>> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(secret);
    let whole = bytes.len() / 3 * 3;
    // Letters that are made of neighbours too are left out; what is left over at the end likewise.
    let first = [0, 2, 3][before];
    let rest = [0, 1, 2][bytes.len() - whole];
    bytes.resize(bytes.len().div_ceil(3) * 3, 0);
    let last = whole / 3 * 4 + rest;
    [STANDARD, URL_SAFE]
        .into_iter()
        .map(|alphabet| {
            let letters = base64(&bytes, alphabet);
            letters.get(first..last).unwrap_or_default().to_vec()
        })
        .filter(|letters| letters.len() >= SHORTEST_ENCODED)
        .collect()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Whole groups of three bytes, four letters each.
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let group = |three: &[u8]| {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        [18, 12, 6, 0].map(|shift| alphabet[(bits >> shift & 63) as usize])
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}

/// Where secrets stand, in order, those that touch or overlap as one; and how much of the end may be the beginning of a
/// spelling that goes on.
fn places(spellings: &Automaton, bytes: &[u8]) -> (Vec<(usize, usize)>, usize) {
    let mut places: Vec<(usize, usize)> = Vec::new();
    let may_go_on = spellings.scan(bytes, |start, end| {
        let mut start = start;
        // They come by their ends: a long one may cover several that came before.
        while let Some(last) = places.pop_if(|last| start <= last.1) {
            start = start.min(last.0);
        }
        places.push((start, end));
    });
    (places, may_go_on)
}

/// Masks one stream.
pub struct Masker {
    secrets: Secrets,
    /// What waits for what follows.
    held: Vec<u8>,
    /// So much of it belongs to a secret that was found.
    covered: usize,
    /// The last thing that came out was a mask, and the secret may go on.
    in_mask: bool,
}

impl Masker {
    /// Begins a stream.
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, held: Vec::new(), covered: 0, in_mask: false }
    }

    /// Takes a piece, and gives what can be shown by now.
    pub fn push(&mut self, piece: Bytes) -> Bytes {
        let Some(spellings) = self.secrets.0.clone() else { return piece };
        if self.held.is_empty() && self.covered == 0 {
            let (places, may_go_on) = places(&spellings, &piece);
            // Nothing of it is a secret or may become one: it passes as it is.
            if places.is_empty() && may_go_on == 0 {
                self.in_mask &= piece.is_empty();
                return piece;
            }
            return self.show_or_hold(&piece, places, may_go_on);
        }
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(&piece);
        let (places, may_go_on) = places(&spellings, &bytes);
        self.show_or_hold(&bytes, places, may_go_on)
    }

    fn show_or_hold(&mut self, bytes: &[u8], places: Vec<(usize, usize)>, may_go_on: usize) -> Bytes {
        let shown = bytes.len() - may_go_on;
        let masked = self.show(bytes, shown, places);
        self.held = bytes[shown..].to_vec();
        masked.into()
    }

    /// What was held back until the end.
    pub fn end(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(&mut self.held);
        let places = self.secrets.0.as_ref().map(|spellings| places(spellings, &bytes).0).unwrap_or_default();
        self.show(&bytes, bytes.len(), places)
    }

    fn show(&mut self, bytes: &[u8], shown: usize, places: Vec<(usize, usize)>) -> Vec<u8> {
        let known = self.covered;
        self.covered = known.saturating_sub(shown);
        let mut masked = Vec::with_capacity(shown);
        let mut at = 0;
        let all = [(0, known)].into_iter().chain(places);
        for (start, end) in all.filter(|(start, end)| end > start) {
            let (from, to) = (start.clamp(at, shown), end.clamp(at, shown));
            if from > at {
                masked.extend_from_slice(&bytes[at..from]);
                self.in_mask = false;
            }
            if to > from && !self.in_mask {
                masked.extend_from_slice(MASK);
                self.in_mask = true;
            }
            at = to;
            if start < shown {
                // What begins behind is found again, with what follows.
                self.covered = self.covered.max(end.saturating_sub(shown));
            }
        }
        if shown > at {
            masked.extend_from_slice(&bytes[at..shown]);
            self.in_mask = false;
        }
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked_in_pieces(secrets: &[&str], text: &str, size: usize) -> String {
        let mut masker = Masker::new(Secrets::new(secrets.iter().copied()));
        let pieces = text.as_bytes().chunks(size);
        let mut out: Vec<u8> = pieces.flat_map(|piece| masker.push(Bytes::copy_from_slice(piece)).to_vec()).collect();
        out.extend(masker.end());
        String::from_utf8(out).expect("text")
    }

    /// Whatever the pieces are.
    fn check(secrets: &[&str], text: &str, expect: &str) {
        for size in 1..=text.len() {
            assert_eq!(masked_in_pieces(secrets, text, size), expect, "in pieces of {size}");
        }
    }

    #[test]
    fn secrets_are_found_whatever_the_pieces() {
        check(&["kohlrabi"], "a kohlrabi, kohl, kohlkohlrabi!", "a ***, kohl, kohl***!");
        check(&["kohlrabi"], "the end is kohlrab", "the end is kohlrab");
        check(&["aab"], "aaab aaaaab", "a*** aaa***");
        check(&["abcd", "cdef"], "abcdef-abcd-cdef", "***-***-***");
        check(&["abcdefgh", "bcd"], "abcdefg abcdefgh", "a***efg ***");
    }

    #[test]
    fn every_spelling_is_found() {
        let secret = "p\"a/ss w\u{f6}rd?";
        for (spelled, expect) in [
            (r#"{"x":"p\"a/ss wörd?"}"#, r#"{"x":"***"}"#),
            (r#"{"x":"p\"a\/ss wörd?"}"#, r#"{"x":"***"}"#),
            ("u=p%22a%2Fss%20w%C3%B6rd%3F&", "u=***&"),
            ("u=p%22a%2fss%20w%c3%b6rd%3f&", "u=***&"),
            ("u=p%22a%2Fss+w%C3%B6rd%3F&", "u=***&"),
            ("702261 7022612f73732077c3b672643f", "702261 ***"),
        ] {
            check(&[secret], spelled, expect);
        }
    }

    #[test]
    fn base64_is_found_wherever_the_secret_stands_in_it() {
        for (plain, text) in [
            ("kohlrabi-seven", "a29obHJhYmktc2V2ZW4="),
            ("ada:kohlrabi-seven", "YWRhOmtvaGxyYWJpLXNldmVu"),
            ("me@ada:kohlrabi-seven!", "bWVAYWRhOmtvaGxyYWJpLXNldmVuIQ=="),
        ] {
            let masked = masked_in_pieces(&["kohlrabi-seven"], text, 5);
            assert!(masked.contains("***"), "{plain}: {masked}");
            // At most two letters at each end hold bits of the secret and of its neighbour.
            assert!(masked.len() <= text.len() - 14, "{plain}: {masked}");
        }
        check(&["?>?>?>?>"], "Pz4_Pj8-Pz4.", "***4.");
    }

    #[test]
    fn each_line_of_a_secret_is_one() {
        let secret = "-----BEGIN-----\nQUJDREVG\n}\n-----END-----\n";
        check(&[secret], "x QUJDREVG }\n", "x *** }\n");
        check(&[secret], &format!("{secret}."), "***.");
    }

    #[test]
    fn what_cannot_become_a_secret_is_shown_at_once() {
        let mut masker = Masker::new(Secrets::new(["kohlrabi"]));
        assert_eq!(masker.push(Bytes::from_static(b"name: ")), &b"name: "[..]);
        assert_eq!(masker.push(Bytes::from_static(b"ko")), &b""[..]);
        assert_eq!(masker.push(Bytes::from_static(b"nrad")), &b"konrad"[..]);
    }

    #[test]
    fn without_secrets_nothing_is_changed() {
        check(&[], "kohlrabi", "kohlrabi");
        assert!(!Secrets::new([""]).are_in("anything"));
        assert_eq!(Secrets::new(["kohlrabi"]).mask("a kohlrabi"), "a ***");
    }
}

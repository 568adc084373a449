//! Finds many words in one pass, however they overlap, and knows at each byte how much of the end may be the beginning
//! of a word that goes on (Aho and Corasick, 1975).
//!
//! Text is mostly not a word. So a place is only looked at when its three bytes may be those that a word begins with, which
//! one bit tells; neighbours need not wait for each other there, as they must in an automaton. States of depth 0 and 1
//! have a table each; deeper ones have their few continuations in a list, so the memory is that of the words, a few
//! times over.

use std::collections::BTreeMap;

/// A state: the longest end of what was read that is the beginning of a word. They are numbered by their length.
type State = u32;

const START: State = 0;

/// The words, ready to be looked for.
#[derive(Debug)]
pub(super) struct Automaton {
    /// What follows the states of depth 0 and 1, by the next byte.
    tables: Vec<[State; 256]>,
    /// What continues the words at each state, and where its continuations begin in that list.
    continued: Vec<(u8, State)>,
    begins: Vec<u32>,
    /// The longest shorter end that is the beginning of a word.
    shorter: Vec<State>,
    /// Length of the longest word that ends here; zero for none.
    word: Vec<u32>,
    /// How much of the end may go on to be a word.
    may_go_on: Vec<u32>,
    /// States before this one are shorter than a beginning.
    short: State,
    /// Which three bytes may begin a word; none, when there are words that are shorter.
    beginnings: Option<Box<[u64; BITS / 64]>>,
}

/// So much of a word is looked at before it is followed.
const BEGINNING: usize = 3;

/// Bits that tell beginnings apart, most of the time.
const BITS: usize = 1 << 16;

fn bit_of(beginning: &[u8]) -> usize {
    let three = u32::from(beginning[0]) | u32::from(beginning[1]) << 8 | u32::from(beginning[2]) << 16;
    (three.wrapping_mul(0x9E37_79B1) >> 16) as usize
}

fn beginnings(words: &[Vec<u8>]) -> Option<Box<[u64; BITS / 64]>> {
    let mut bits = Box::new([0; BITS / 64]);
    for word in words {
        let bit = bit_of(word.get(..BEGINNING)?);
        bits[bit / 64] |= 1 << (bit % 64);
    }
    Some(bits)
}

impl Automaton {
    /// Looks for these words, none of which is empty.
    pub(super) fn new(words: &[Vec<u8>]) -> Self {
        // A tree of the words, numbered level by level: who is shorter comes first.
        let mut automaton = Self {
            tables: Vec::new(),
            continued: Vec::new(),
            begins: vec![0],
            shorter: vec![START],
            word: vec![0],
            may_go_on: vec![0],
            short: 1,
            beginnings: beginnings(words),
        };
        let all: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        // The words that begin with what leads to the state; its parent's shorter end and its last byte tell its own.
        let mut level: Vec<(State, Vec<&[u8]>)> = vec![(START, all)];
        let mut depth = 0;
        while !level.is_empty() {
            let mut next = Vec::new();
            for (state, words) in level {
                let mut by_byte: BTreeMap<u8, Vec<&[u8]>> = BTreeMap::new();
                for word in words {
                    match word.get(depth) {
                        Some(byte) => by_byte.entry(*byte).or_default().push(word),
                        None => automaton.word[state as usize] = number(depth),
                    }
                }
                if !by_byte.is_empty() {
                    automaton.may_go_on[state as usize] = number(depth);
                }
                for (byte, words) in by_byte {
                    let child = number(automaton.word.len()) + number(next.len());
                    automaton.continued.push((byte, child));
                    next.push((child, words));
                }
                automaton.begins.push(number(automaton.continued.len()));
            }
            for _ in &next {
                automaton.shorter.push(START);
                automaton.word.push(0);
                automaton.may_go_on.push(0);
            }
            depth += 1;
            if depth < BEGINNING {
                automaton.short = number(automaton.word.len());
            }
            level = next;
        }
        automaton.tie_ends();
        automaton.make_tables();
        automaton
    }

    /// Finds the shorter ends, from the short to the long, and passes on what they know.
    fn tie_ends(&mut self) {
        for state in 0..number(self.word.len()) {
            for at in self.begins[state as usize]..self.begins[state as usize + 1] {
                let (byte, child) = self.continued[at as usize];
                let mut end = state;
                let shorter = loop {
                    if end == START {
                        break START;
                    }
                    end = self.shorter[end as usize];
                    if let Some(found) = self.continuation(end, byte) {
                        break found;
                    }
                };
                self.shorter[child as usize] = shorter;
            }
            let shorter = self.shorter[state as usize] as usize;
            let state = state as usize;
            if self.word[state] == 0 {
                self.word[state] = self.word[shorter];
            }
            if self.may_go_on[state] == 0 {
                self.may_go_on[state] = self.may_go_on[shorter];
            }
        }
    }

    fn make_tables(&mut self) {
        let depth_one = self.begins[1];
        for state in 0..=depth_one {
            let mut table = [START; 256];
            for byte in 0..=u8::MAX {
                let own = self.continuation(state, byte);
                table[usize::from(byte)] = own.or_else(|| self.continuation(START, byte)).unwrap_or(START);
            }
            self.tables.push(table);
        }
    }

    fn continuation(&self, state: State, byte: u8) -> Option<State> {
        let range = self.begins[state as usize] as usize..self.begins[state as usize + 1] as usize;
        self.continued[range].iter().find(|(other, _)| *other == byte).map(|(_, child)| *child)
    }

    #[inline]
    fn step(&self, mut state: State, byte: u8) -> State {
        loop {
            if let Some(table) = self.tables.get(state as usize) {
                return table[usize::from(byte)];
            }
            if let Some(next) = self.continuation(state, byte) {
                return next;
            }
            state = self.shorter[state as usize];
        }
    }

    /// Gives the longest word that ends at each place where one does, by where it begins and ends; then says how much of
    /// the end may be the beginning of a word that goes on.
    pub(super) fn scan(&self, bytes: &[u8], mut found: impl FnMut(usize, usize)) -> usize {
        let Some(beginnings) = &self.beginnings else { return self.follow(bytes, 0, &mut found).1 };
        let mut at = 0;
        while let Some(next) = bytes[at..].windows(BEGINNING).position(|three| {
            let bit = bit_of(three);
            beginnings[bit / 64] >> (bit % 64) & 1 == 1
        }) {
            let (end, may_go_on) = self.follow(bytes, at + next, &mut found);
            if end == bytes.len() {
                return may_go_on;
            }
            // What is read again is shorter than a beginning, and begins behind the last one.
            at = end - may_go_on;
        }
        let rest = bytes.len().saturating_sub(BEGINNING - 1).max(at);
        self.follow(bytes, rest, &mut found).1
    }

    /// Follows words that begin at `at` and behind, until what was read is too short to be told from anything else. Says
    /// how far it came, and how much of that is the beginning of a word.
    fn follow(&self, bytes: &[u8], at: usize, found: &mut impl FnMut(usize, usize)) -> (usize, usize) {
        let mut state = START;
        for end in at + 1..=bytes.len() {
            state = self.step(state, bytes[end - 1]);
            let word = self.word[state as usize] as usize;
            if word > 0 {
                found(end - word, end);
            }
            if state < self.short && end >= at + BEGINNING && self.beginnings.is_some() {
                return (end, self.may_go_on[state as usize] as usize);
            }
        }
        (bytes.len(), self.may_go_on[state as usize] as usize)
    }
}

fn number(size: usize) -> u32 {
    u32::try_from(size).expect("the secrets of one step are far from four billion bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All words that end somewhere, and what may go on, each looked for by itself.
    fn one_by_one(words: &[Vec<u8>], text: &[u8]) -> (Vec<(usize, usize)>, usize) {
        let longest = |end: usize| words.iter().filter(|word| text[..end].ends_with(word)).map(Vec::len).max();
        let found = (1..=text.len()).filter_map(|end| longest(end).map(|length| (end - length, end))).collect();
        let begins = |length: &usize| words.iter().any(|word| word.len() > *length && text.ends_with(&word[..*length]));
        (found, (0..=text.len()).rev().find(begins).unwrap_or(0))
    }

    #[test]
    fn it_finds_what_a_plain_search_finds() {
        let mut random = 88_172_645_463_325_252_u64;
        let mut draw = move |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random >> 33).expect("31 bits") % below
        };
        for round in 0..500 {
            let mut text = |length: usize| -> Vec<u8> {
                (0..length).map(|_| b'a' + u8::try_from(draw(3)).expect("small")).collect()
            };
            // With words that are shorter than a beginning, and without.
            let shortest = 1 + 2 * (round % 2);
            let words: Vec<Vec<u8>> = (shortest..shortest + round % 7).chain([3, 9]).map(&mut text).collect();
            let text = text(60);
            let automaton = Automaton::new(&words);
            for cut in 0..=text.len() {
                let mut found = Vec::new();
                let may_go_on = automaton.scan(&text[..cut], |begin, end| found.push((begin, end)));
                assert_eq!((found, may_go_on), one_by_one(&words, &text[..cut]), "{words:?} in {:?}", &text[..cut]);
            }
        }
    }
}

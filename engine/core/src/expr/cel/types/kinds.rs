//! The kinds of values that an evaluation knows, as a set.

use std::ops::{BitAnd, BitOr};

/// A set of kinds of values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::expr) struct Kinds(u16);

impl Kinds {
    pub(in crate::expr) const NONE: Self = Self(0);
    pub(in crate::expr) const NULL: Self = Self(1);
    pub(in crate::expr) const BOOL: Self = Self(1 << 1);
    pub(in crate::expr) const INT: Self = Self(1 << 2);
    pub(in crate::expr) const UINT: Self = Self(1 << 3);
    pub(in crate::expr) const DOUBLE: Self = Self(1 << 4);
    pub(in crate::expr) const TEXT: Self = Self(1 << 5);
    pub(in crate::expr) const LIST: Self = Self(1 << 6);
    pub(in crate::expr) const MAP: Self = Self(1 << 7);
    pub(in crate::expr) const TIMESTAMP: Self = Self(1 << 8);
    pub(in crate::expr) const DURATION: Self = Self(1 << 9);
    pub(in crate::expr) const TYPE: Self = Self(1 << 10);

    /// `int` and `uint`.
    pub(in crate::expr) const WHOLE: Self = Self(Self::INT.0 | Self::UINT.0);
    /// JSON does not keep its numbers apart, and so neither does a declaration.
    pub(in crate::expr) const NUMBER: Self = Self(Self::WHOLE.0 | Self::DOUBLE.0);
    /// What can be a key of a map.
    pub(in crate::expr) const KEY: Self = Self(Self::BOOL.0 | Self::NUMBER.0 | Self::TEXT.0);
    /// What has an order: bools, numbers, text, times and durations, each among themselves.
    pub(in crate::expr) const ORDERED: Self =
        Self(Self::BOOL.0 | Self::NUMBER.0 | Self::TEXT.0 | Self::TIMESTAMP.0 | Self::DURATION.0);
    /// What JSON can be.
    pub(in crate::expr) const JSON: Self = Self((1 << 8) - 1);
    /// What a value can be.
    pub(in crate::expr) const ALL: Self = Self((1 << 11) - 1);

    /// Each kind, its name in CEL, and how people call a value of it.
    const NAMES: &[(Self, &str, &str)] = &[
        (Self::NULL, "null_type", "null"),
        (Self::BOOL, "bool", "a bool"),
        (Self::INT, "int", "an int"),
        (Self::UINT, "uint", "a uint"),
        (Self::DOUBLE, "double", "a double"),
        (Self::TEXT, "string", "a string"),
        (Self::LIST, "list", "a list"),
        (Self::MAP, "map", "a map"),
        (Self::TIMESTAMP, "timestamp", "a timestamp"),
        (Self::DURATION, "duration", "a duration"),
        (Self::TYPE, "type", "a type"),
    ];

    /// The kind that CEL calls `name`.
    pub(in crate::expr) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind)
    }

    pub(in crate::expr) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a value can be of both.
    pub(in crate::expr) fn meets(self, other: Self) -> bool {
        !(self & other).is_empty()
    }

    /// Whether every one of them is among `other`.
    pub(in crate::expr) fn within(self, other: Self) -> bool {
        self & other == self
    }

    pub(in crate::expr) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The same, where one number stands for all of them: numbers of different types are equal when they are the same number.
    pub(in crate::expr) fn as_compared(self) -> Self {
        if self.meets(Self::NUMBER) { self | Self::NUMBER } else { self }
    }

    /// Each of them.
    pub(in crate::expr) fn each(self) -> impl Iterator<Item = Self> {
        Self::NAMES.iter().map(|(kind, ..)| *kind).filter(move |kind| self.meets(*kind))
    }

    /// In words, to stand behind "is": `a string`, `a number or null`.
    pub(in crate::expr) fn described(self) -> String {
        let mut words: Vec<&str> = Vec::new();
        let numbers = (self & Self::NUMBER).each().count();
        for (kind, _, word) in Self::NAMES.iter().filter(|(kind, ..)| self.meets(*kind)) {
            let word = if numbers > 1 && kind.within(Self::NUMBER) { "a number" } else { word };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        // Null is what a value may be besides.
        words.sort_by_key(|word| *word == "null");
        match words.as_slice() {
            [] => "nothing".to_owned(),
            [one] => (*one).to_owned(),
            [some @ .., last] if some.len() < 3 => format!("{} or {last}", some.join(", ")),
            _ => "of one of several types".to_owned(),
        }
    }
}

impl BitOr for Kinds {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Kinds {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl std::fmt::Debug for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.described())
    }
}

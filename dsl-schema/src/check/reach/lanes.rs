//! Many yes-or-no values side by side: one a run that is tried.

use std::ops::{BitAnd, BitOr, Not};

/// How many runs are tried at a time.
pub(super) const LANES: usize = 256;

const WORDS: usize = LANES / 64;

/// One bit a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lanes([u64; WORDS]);

impl Lanes {
    pub(super) const NONE: Self = Self([0; WORDS]);
    pub(super) const ALL: Self = Self([u64::MAX; WORDS]);

    /// 64 runs a word.
    pub(super) fn of_words(words: [u64; WORDS]) -> Self {
        Self(words)
    }

    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn set(&mut self, lane: usize) {
        self.0[lane / 64] |= 1 << (lane % 64);
    }

    /// Bits without a pattern, half of them set, the same for the same seed.
    pub(super) fn drawn(seed: u64) -> Self {
        Self(std::array::from_fn(|word| mixed(seed ^ ((word as u64) << 32))))
    }
}

/// A number that looks like none of its neighbours': shifts and odd multipliers that no bit survives.
pub(super) fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

impl BitAnd for Lanes {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }
}

impl BitOr for Lanes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }
}

impl Not for Lanes {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0.map(|word| !word))
    }
}

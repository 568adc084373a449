//! How wide text is. A drawing cannot ask for the font it will be shown in, so this counts with the widest of the common
//! ones: what fits by this table fits everywhere.

/// Hundredths of the font size for U+0020 to U+007E in regular sans-serif fonts.
const SANS: [u8; 95] = [
    32, 41, 46, 84, 64, 95, 78, 28, 39, 39, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 56, 102, 69, 69, 73, 77, 67, 62, 78, 76, 30, 50, 67, 56, 87, 75, 79, 67, 79, 73, 67, 62, 74, 69, 99, 69,
    67, 69, 39, 34, 39, 84, 56, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64,
    60, 82, 60, 60, 53, 64, 34, 64, 84,
];

/// The same in bold ones.
const BOLD: [u8; 95] = [
    35, 46, 53, 84, 70, 101, 88, 31, 46, 46, 53, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40,
    84, 84, 84, 62, 100, 78, 77, 74, 83, 69, 69, 83, 84, 38, 56, 78, 64, 100, 84, 85, 74, 85, 77, 72, 69, 82, 78, 111,
    78, 73, 73, 46, 37, 46, 84, 56, 50, 68, 72, 60, 72, 68, 44, 72, 72, 35, 35, 67, 35, 105, 72, 69, 72, 72, 50, 60,
    48, 72, 66, 93, 65, 66, 59, 72, 37, 72, 84,
];

/// A font as it is used in drawings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Font {
    pub(super) face: Face,
    /// Tenths of a pixel.
    pub(super) size: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Sans,
    Bold,
    Mono,
}

impl Font {
    /// Pixels, rounded up.
    pub(super) fn width(self, text: &str) -> i64 {
        let hundredths: i64 = text.chars().map(|c| self.hundredths(c)).sum();
        (hundredths * self.size + 999) / 1_000
    }

    /// The text, or as much of its beginning as fits with an ellipsis.
    pub(super) fn fit(self, text: &str, width: i64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let room = width - self.width("…");
        let mut used = 0;
        let fits = |c: &char| {
            used += self.hundredths(*c) * self.size;
            used <= room * 1_000
        };
        let mut cut: String = text.chars().take_while(fits).collect();
        cut.truncate(cut.trim_end().len());
        cut.push('…');
        cut
    }

    fn hundredths(self, c: char) -> i64 {
        let ascii = |table: &[u8; 95]| table.get((c as usize).wrapping_sub(0x20)).map(|width| i64::from(*width));
        let known = match self.face {
            Face::Sans => ascii(&SANS),
            Face::Bold => ascii(&BOLD),
            Face::Mono if c.is_ascii() => Some(61),
            Face::Mono => None,
        };
        known.unwrap_or(match c {
            // Marks that are drawn over the letter before them.
            '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
            '·' | '…' if self.face == Face::Mono => 61,
            '·' => 38,
            '\u{a0}'..='\u{58f}' => 90,
            '\u{1f000}'.. => 140,
            _ => 105,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONO: Font = Font { face: Face::Mono, size: 100 };

    #[test]
    fn what_is_too_long_is_cut_with_an_ellipsis() {
        for (text, width, expect) in [
            ("abcdef", 37, "abcdef"),
            ("abcdef", 36, "abcd…"),
            ("ab cdef", 25, "ab…"),
            ("ab", 5, "…"),
            ("", 0, ""),
            ("日本語日本語", 40, "日本語…"),
        ] {
            assert_eq!(MONO.fit(text, width), expect, "{text} in {width}");
        }
    }

    #[test]
    fn bold_is_wider() {
        let width = |face| Font { face, size: 130 }.width("Measure the library");
        assert!(width(Face::Bold) > width(Face::Sans));
    }
}

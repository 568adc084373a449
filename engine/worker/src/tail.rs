//! The end of an output, for the failure that people read.

/// How much of the end is kept.
const KEPT: usize = 4 * 1024;

/// Keeps the last 4 KiB of what it is given.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    end: Vec<u8>,
    /// Something before `end` is gone.
    cut: bool,
}

impl Tail {
    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let new = &bytes[bytes.len().saturating_sub(KEPT)..];
        self.cut |= self.end.len() + bytes.len() > KEPT;
        self.end.extend_from_slice(new);
        // Twice as much is let grow, so that small pieces are not moved about one by one.
        if self.end.len() > 2 * KEPT {
            self.end.drain(..self.end.len() - KEPT);
        }
    }

    /// The end as text, beginning with a whole character; `None` when there was no output.
    pub(crate) fn text(&self) -> Option<String> {
        let end = &self.end[self.end.len().saturating_sub(KEPT)..];
        let in_character = |byte: &&u8| self.cut && **byte & 0b1100_0000 == 0b1000_0000;
        let begin = end.iter().take(3).take_while(in_character).count();
        (!end.is_empty()).then(|| String::from_utf8_lossy(&end[begin..]).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_whatever_the_pieces() {
        let all: Vec<u8> = (0..40_000_u32).map(|n| b'a' + (n % 26) as u8).collect();
        for size in [1, 7, 4_096, 5_000, 40_000] {
            let mut tail = Tail::default();
            all.chunks(size).for_each(|piece| tail.push(piece));
            assert_eq!(tail.text().expect("there was output").as_bytes(), &all[all.len() - KEPT..]);
        }
    }

    #[test]
    fn a_character_is_not_cut_in_half() {
        let mut tail = Tail::default();
        tail.push("\u{20ac}".repeat(2_000).as_bytes());
        let text = tail.text().expect("there was output");
        assert!(text.chars().all(|c| c == '\u{20ac}') && text.len() > KEPT - 3, "{} bytes", text.len());
    }

    #[test]
    fn no_output_has_no_end() {
        assert_eq!(Tail::default().text(), None);
    }
}

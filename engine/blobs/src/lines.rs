//! From pieces of output to lines as people read them.
//!
//! Rules: a line ends at a line feed, or where the log was finished. Lines of the three streams are put together apart
//! from each other and numbered when they end: an unfinished line (a prompt, a progress bar) never holds up the lines
//! of another stream, and a line never changes after it was shown. Until it ends it is seen in the raw log alone.
//! What a carriage return wrote over is dropped, as a terminal would. A line longer than [`MAX_LINE`] goes on in the next.
//! Where the middle of a log was left out, one line says so, and the numbers behind it count what is missing.

use std::ops::ControlFlow;

use loopline_core::time::Timestamp;
use loopline_ports::blobs::{LogLine, LogStream, Missing};

use crate::frame::{Frame, Kind};

/// Longer lines are split, so that output without line feeds needs no more memory than any other.
pub(crate) const MAX_LINE: usize = 64 * 1024;

/// A line that has just ended.
pub(crate) struct Ended<'a> {
    /// Its number, from 1.
    pub(crate) n: u64,
    at: Timestamp,
    stream: LogStream,
    /// Its bytes, whatever they are.
    pub(crate) bytes: &'a [u8],
    /// It stands for what is missing: all lines up to this one.
    pub(crate) missing: Option<(Missing, u64)>,
}

impl Ended<'_> {
    /// The number of the last line that it stands for.
    pub(crate) fn last(&self) -> u64 {
        self.missing.map_or(self.n, |(_, last)| last)
    }

    /// The line as text, numbered behind `after`.
    pub(crate) fn to_line(&self, after: u64) -> LogLine {
        let (n, text) = (self.n.max(after + 1), String::from_utf8_lossy(self.bytes).into_owned());
        LogLine { n, at: self.at, stream: self.stream, text, missing: self.missing.map(|(missing, _)| missing) }
    }
}

/// Puts lines together. Cloned into the index, so that reading can begin in the middle of a log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Assembler {
    ended: u64,
    open: [Option<Open>; 3],
}

/// A line that has begun.
#[derive(Debug, Clone)]
struct Open {
    at: Timestamp,
    text: Vec<u8>,
    /// A carriage return was the last thing seen: what comes next, if not a line feed, begins the line again.
    returned: bool,
}

impl Assembler {
    /// How many lines have ended so far.
    pub(crate) fn ended(&self) -> u64 {
        self.ended
    }

    /// Bytes of lines that have not ended.
    pub(crate) fn pending(&self) -> usize {
        self.open.iter().flatten().map(|open| open.text.len()).sum()
    }

    /// Takes the next frame and gives every line that ends in it to `show`, until that breaks.
    pub(crate) fn feed(
        &mut self,
        frame: &Frame<'_>,
        mut show: impl FnMut(Ended<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Kind::Output(stream) = frame.kind else {
            for stream in [LogStream::Stdout, LogStream::Stderr, LogStream::System] {
                self.end_line(stream, &mut show)?;
            }
            return match frame.kind {
                Kind::Gap(gap) => self.leave_out(gap.missing(), frame.at, &mut show),
                Kind::End | Kind::Output(_) => ControlFlow::Continue(()),
            };
        };
        let mut rest = frame.bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.add(stream, frame.at, &rest[..end], &mut show)?;
            self.end_line(stream, &mut show)?;
            rest = &rest[end + 1..];
        }
        if rest.is_empty() { ControlFlow::Continue(()) } else { self.add(stream, frame.at, rest, &mut show) }
    }

    /// Adds a piece without line feed to the stream's line, beginning one if there is none.
    fn add(
        &mut self,
        stream: LogStream,
        at: Timestamp,
        piece: &[u8],
        show: &mut impl FnMut(Ended<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let open = self.open[stream as usize].get_or_insert_with(|| Open { at, text: Vec::new(), returned: false });
        let text = before_returns(piece);
        if !text.is_empty() {
            let begin = memchr::memrchr(b'\r', text).map_or(0, |at| at + 1);
            if open.returned || begin > 0 {
                open.text.clear();
            }
            open.text.extend_from_slice(&text[begin..]);
            open.returned = false;
        }
        open.returned |= text.len() < piece.len();
        // Three bytes more than are shown, so that a character is never mistaken for a whole one.
        while open.text.len() > MAX_LINE + 3 {
            let cut = char_boundary(&open.text, MAX_LINE);
            self.ended += 1;
            show(Ended { n: self.ended, at: open.at, stream, bytes: &open.text[..cut], missing: None })?;
            open.text.drain(..cut);
        }
        ControlFlow::Continue(())
    }

    /// Goes on behind what is missing, which keeps its numbers.
    fn leave_out(
        &mut self,
        missing: Missing,
        at: Timestamp,
        show: &mut impl FnMut(Ended<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let first = self.ended + 1;
        self.ended += missing.lines.max(1);
        let text = format!("{missing}, because the log is limited");
        let ended = Ended {
            n: first,
            at,
            stream: LogStream::System,
            bytes: text.as_bytes(),
            missing: Some((missing, self.ended)),
        };
        show(ended)
    }

    fn end_line(&mut self, stream: LogStream, show: &mut impl FnMut(Ended<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        match self.open[stream as usize].take() {
            Some(open) => {
                self.ended += 1;
                show(Ended { n: self.ended, at: open.at, stream, bytes: &open.text, missing: None })
            }
            None => ControlFlow::Continue(()),
        }
    }
}

/// The last place at or before `wanted` that is not inside a character. `text` is longer than `wanted`.
fn char_boundary(text: &[u8], wanted: usize) -> usize {
    let in_character = |at: &usize| text[*at] & 0b1100_0000 == 0b1000_0000;
    (wanted.saturating_sub(3)..=wanted).rev().find(|at| !in_character(at)).unwrap_or(wanted)
}

/// `piece` without the carriage returns at its end.
fn before_returns(piece: &[u8]) -> &[u8] {
    &piece[..piece.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: Kind = Kind::Output(LogStream::Stdout);
    const ERR: Kind = Kind::Output(LogStream::Stderr);

    fn lines(pieces: &[(Kind, &[u8])]) -> Vec<LogLine> {
        let mut assembler = Assembler::default();
        let mut lines = Vec::new();
        for (at, (kind, bytes)) in (1..).zip(pieces) {
            let frame = Frame { kind: *kind, at: Timestamp(at), bytes };
            let flow = assembler.feed(&frame, |line| {
                lines.push(line.to_line(0));
                ControlFlow::Continue(())
            });
            assert_eq!(flow, ControlFlow::Continue(()));
        }
        assert_eq!(assembler.ended(), lines.len() as u64);
        assert!(lines.iter().zip(1..).all(|(line, n)| line.n == n), "numbers have no gap");
        lines
    }

    fn check(pieces: &[(Kind, &[u8])], expect: &[&str]) {
        let texts: Vec<String> = lines(pieces).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, expect);
    }

    #[test]
    fn a_line_is_put_together_over_pieces() {
        check(&[(OUT, b"a"), (OUT, b"b\nc"), (OUT, b"\n\n")], &["ab", "c", ""]);
    }

    #[test]
    fn a_line_has_the_time_of_its_first_byte() {
        let lines = lines(&[(OUT, b"a"), (ERR, b"x\n"), (OUT, b"b\n")]);
        assert_eq!(lines.iter().map(|line| (line.n, line.at.0)).collect::<Vec<_>>(), [(1, 2), (2, 1)]);
    }

    #[test]
    fn an_unfinished_line_does_not_hold_up_another_stream() {
        check(
            &[(OUT, b"working "), (ERR, b"note\nmo"), (OUT, b"done\n"), (ERR, b"re\n")],
            &["note", "working done", "more"],
        );
    }

    #[test]
    fn an_unfinished_line_is_shown_when_the_log_is_finished() {
        check(&[(OUT, b"prompt> "), (Kind::End, b"")], &["prompt> "]);
        check(&[(OUT, b"line\n"), (Kind::End, b""), (OUT, b"later\n"), (Kind::End, b"")], &["line", "later"]);
    }

    #[test]
    fn what_a_carriage_return_wrote_over_is_dropped() {
        check(&[(OUT, b"1%\r50%\r100%\n")], &["100%"]);
        check(&[(OUT, b"1%\r"), (OUT, b"50%"), (OUT, b"\r"), (OUT, b"\n")], &["50%"]);
        check(&[(OUT, b"windows\r\nline\r"), (OUT, b"\n")], &["windows", "line"]);
        check(&[(OUT, b"twice\r\r\n\r\n")], &["twice", ""]);
        check(&[(OUT, b"half\r"), (Kind::End, b"")], &["half"]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced_and_split_characters_are_not() {
        check(&[(OUT, b"a\xff\xc3"), (OUT, b"\xa9\n")], &["a\u{fffd}\u{e9}"]);
    }

    #[test]
    fn a_line_without_end_is_split_between_characters() {
        let text = format!("{}\u{20ac}yz", "x".repeat(MAX_LINE - 1));
        let whole: Vec<u8> = [text.as_bytes(), b"\n"].concat();
        check(&[(OUT, &whole)], &[&"x".repeat(MAX_LINE - 1), "\u{20ac}yz"]);
    }

    #[test]
    fn a_line_of_exactly_the_longest_length_stays_one_line() {
        let whole: Vec<u8> = [vec![b'x'; MAX_LINE], b"\ny\n".to_vec()].concat();
        check(&[(OUT, &whole)], &[&"x".repeat(MAX_LINE), "y"]);
    }

    #[test]
    fn output_without_line_feed_needs_little_memory() {
        let mut assembler = Assembler::default();
        for _ in 0..64 {
            let frame = Frame { kind: OUT, at: Timestamp(0), bytes: &[b'x'; 200_000] };
            assert_eq!(assembler.feed(&frame, |_| ControlFlow::Continue(())), ControlFlow::Continue(()));
            assert!(assembler.pending() <= MAX_LINE + 3);
        }
    }
}

//! Finds lines by number without reading a log from its beginning.
//!
//! While a log is read, places in it are remembered every [`SPACING`] bytes, together with how far the lines were put
//! together there. The index is only a memory of what was read: it is built by reading, kept for the logs that were
//! looked at last, and rebuilt when it was forgotten.

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use loopline_core::id::{AttemptId, RunId};
use loopline_ports::blobs::{LinePage, Matches};

use crate::frame::Kind;
use crate::growth::Reach;
use crate::header::MAGIC;
use crate::lines::{Assembler, Ended};
use crate::pack::PackIndex;
use crate::source::Source;

/// Bytes of storage between two remembered places.
const SPACING: u64 = 256 * 1024;

/// A place is remembered only where unfinished lines are short; so a hostile log cannot fill the memory with them.
const MAX_PENDING: usize = 4 * 1024;

/// A page ends after so many bytes of text, however many lines were asked for.
const MAX_PAGE: usize = 4 * 1024 * 1024;

/// How many logs are remembered.
const REMEMBERED_LOGS: usize = 64;

/// Of how many runs the packs are remembered.
const REMEMBERED_RUNS: usize = 16;

/// A place between two frames where reading can begin.
#[derive(Debug, Clone)]
struct Place {
    offset: u64,
    lines: Assembler,
}

/// Remembered places of one log, in order; the first is its beginning.
#[derive(Debug)]
struct Places {
    /// By how much the log was shortened when they were seen: they say nothing of one that was shortened since.
    shift: u64,
    places: Vec<Place>,
}

impl Places {
    fn begin_at(begin: u64, shift: u64) -> Self {
        Self { shift, places: vec![Place { offset: begin, lines: Assembler::default() }] }
    }
}

/// Remembers places of one log.
#[derive(Debug)]
pub(crate) struct LogIndex {
    known: Mutex<Places>,
}

impl LogIndex {
    fn new() -> Self {
        Self { known: Mutex::new(Places::begin_at(MAGIC.len() as u64, 0)) }
    }

    /// Reads lines behind number `after`. A log that does not exist is empty and not complete.
    pub(crate) fn read_lines(&self, log: Option<Source>, after: u64, limit: usize) -> io::Result<LinePage> {
        let mut page = LinePage { lines: Vec::new(), complete: false, seen: 0 };
        let mut room = MAX_PAGE;
        let whole = self.scan(
            log,
            |place| place.lines.ended() <= after,
            |line| {
                if line.last() <= after {
                    return ControlFlow::Continue(());
                }
                if page.lines.len() >= limit || room == 0 {
                    return ControlFlow::Break(());
                }
                room = room.saturating_sub(line.bytes.len().max(1));
                page.lines.push(line.to_line(after));
                ControlFlow::Continue(())
            },
        )?;
        // A page that is full says that no more was seen than what lies before its end: who waits for growth
        // beyond that is not kept waiting.
        page.seen = whole.reach.size;
        page.complete = whole.reach.complete && whole.to_end;
        Ok(page)
    }

    /// Looks for lines that hold `text`, from the first to the last.
    pub(crate) fn search(&self, log: Option<Source>, text: &str, after: u64, limit: usize) -> io::Result<Matches> {
        let mut found = Matches { total: 0, lines: Vec::new(), complete: false };
        let mut room = MAX_PAGE;
        let wanted = Wanted::new(text);
        let mut is_end = true;
        let whole = self.scan(
            log,
            |place| place.offset == 0,
            |line| {
                if wanted.is_in(line.bytes) {
                    found.total += 1;
                    if line.n > after && found.lines.len() < limit && room > 0 {
                        room = room.saturating_sub(line.bytes.len().max(1));
                        found.lines.push(line.to_line(0));
                    } else {
                        is_end &= line.n <= after;
                    }
                }
                ControlFlow::Continue(())
            },
        )?;
        found.complete = whole.reach.complete && is_end;
        Ok(found)
    }

    /// How far the log reaches.
    pub(crate) fn reach(&self, log: Option<Source>) -> io::Result<Reach> {
        Ok(self.scan(log, |_| true, |_| ControlFlow::Continue(()))?.reach)
    }

    /// Reads frames from the last remembered place that fits, or the first one, up to the end or until `show` breaks.
    fn scan(
        &self,
        log: Option<Source>,
        fits: impl Fn(&Place) -> bool,
        mut show: impl FnMut(Ended<'_>) -> ControlFlow<()>,
    ) -> io::Result<Scanned> {
        let Some(log) = log else { return Ok(Scanned::default()) };
        let header = log.header;
        let shift = header.shift();
        let Place { offset, lines: mut assembler } = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.shift != shift {
                *known = Places::begin_at(header.begin, shift);
            }
            let begin = known.places.partition_point(fits);
            known.places[begin.saturating_sub(1)].clone()
        };
        let mut frames = log.frames(offset)?;
        let mut complete = false;
        loop {
            let before = frames.offset();
            let Some(frame) = frames.next()? else { break };
            let is_gap = matches!(frame.kind, Kind::Gap(_));
            complete = frame.kind == Kind::End;
            if assembler.feed(&frame, &mut show).is_break() {
                return Ok(Scanned { reach: Reach { size: before, complete: false }, to_end: false });
            }
            if !is_gap {
                self.remember(frames.offset(), shift, &assembler);
            }
        }
        Ok(Scanned { reach: Reach { size: frames.offset() + shift, complete }, to_end: true })
    }

    fn remember(&self, offset: u64, shift: u64, lines: &Assembler) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let last = known.places.last().map_or(0, |place| place.offset);
        if known.shift == shift && offset >= last + SPACING && lines.pending() <= MAX_PENDING {
            known.places.push(Place { offset, lines: lines.clone() });
        }
    }
}

/// A text that is looked for. Letters of ASCII match in either case.
struct Wanted(Vec<u8>);

impl Wanted {
    fn new(text: &str) -> Self {
        Self(text.to_ascii_lowercase().into_bytes())
    }

    fn is_in(&self, line: &[u8]) -> bool {
        let Some(&first) = self.0.first() else { return true };
        let upper = first.to_ascii_uppercase();
        let begins = memchr::memchr2_iter(first, upper, line);
        begins.filter_map(|begin| line.get(begin..begin + self.0.len())).any(|part| part.eq_ignore_ascii_case(&self.0))
    }
}

/// What a scan saw.
#[derive(Default)]
struct Scanned {
    reach: Reach,
    to_end: bool,
}

/// The indexes of the logs that were read last.
#[derive(Debug, Default)]
pub(crate) struct Indexes(Mutex<VecDeque<(AttemptId, Arc<LogIndex>)>>);

impl Indexes {
    /// The index of this log, made if it is not remembered.
    pub(crate) fn of(&self, id: &AttemptId) -> Arc<LogIndex> {
        let mut indexes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = indexes.iter().position(|(known, _)| known == id).and_then(|at| indexes.remove(at));
        let (id, index) = known.unwrap_or_else(|| (id.clone(), Arc::new(LogIndex::new())));
        indexes.push_front((id, index.clone()));
        indexes.truncate(REMEMBERED_LOGS);
        index
    }
}

/// What is known of the packs of the runs that were looked at last.
#[derive(Debug, Default)]
pub(crate) struct PackIndexes(Mutex<VecDeque<(RunId, Arc<PackIndex>)>>);

impl PackIndexes {
    /// The index of this run's packs, made if it is not remembered.
    pub(crate) fn of(&self, run: RunId) -> Arc<PackIndex> {
        let mut indexes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = indexes.iter().position(|(known, _)| *known == run).and_then(|at| indexes.remove(at));
        let (run, index) = known.unwrap_or_else(|| (run, Arc::default()));
        indexes.push_front((run, index.clone()));
        indexes.truncate(REMEMBERED_RUNS);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::encode;
    use loopline_core::time::Timestamp;
    use loopline_ports::blobs::LogStream;
    use std::path::Path;

    fn opened(path: &Path) -> Option<Source> {
        Source::open(path).expect("readable")
    }

    fn log_of(pieces: &[&[u8]]) -> tempfile::NamedTempFile {
        let mut bytes = MAGIC.to_vec();
        for piece in pieces {
            encode(Kind::Output(LogStream::Stdout), Timestamp(0), piece, &mut bytes);
        }
        encode(Kind::End, Timestamp(0), b"", &mut bytes);
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), bytes).expect("writable");
        file
    }

    #[test]
    fn a_long_log_is_remembered_at_places_and_read_from_the_nearest() {
        let piece = b"0123456789\n".repeat(10_000);
        let log = log_of(&[piece.as_slice(); 20]);
        let index = LogIndex::new();
        let page = index.read_lines(opened(log.path()), 199_990, 100).expect("readable");
        assert_eq!(page.lines.iter().map(|line| line.n).collect::<Vec<_>>(), (199_991..=200_000).collect::<Vec<_>>());
        assert!(page.complete);
        let places: Vec<u64> =
            index.known.lock().expect("not poisoned").places.iter().map(|place| place.offset).collect();
        assert!(places.windows(2).all(|two| two[1] - two[0] >= SPACING), "{places:?}");
        assert!(places.len() > 5, "{places:?}");
        for after in [0, 1, 9_999, 10_000, 29_999, 30_000, 30_001, 123_456, 199_999] {
            let page = index.read_lines(opened(log.path()), after, 2).expect("readable");
            assert_eq!(page.lines[0].n, after + 1);
        }
    }

    #[test]
    fn a_log_with_one_endless_unfinished_line_is_not_remembered_over_and_over() {
        let piece = b"x".repeat(60_000);
        let log = log_of(&[piece.as_slice(); 200]);
        let index = LogIndex::new();
        index.reach(opened(log.path())).expect("readable");
        let remembered: usize =
            index.known.lock().expect("not poisoned").places.iter().map(|place| place.lines.pending()).sum();
        assert!(remembered <= 200 * MAX_PENDING / 4, "{remembered}");
    }

    #[test]
    fn a_page_is_bounded_in_bytes() {
        let line = [vec![b'x'; 60_000], vec![b'\n']].concat();
        let log = log_of(&[line.as_slice(); 200]);
        let index = LogIndex::new();
        let first = index.read_lines(opened(log.path()), 0, usize::MAX).expect("readable");
        assert!(first.lines.len() < 80 && !first.complete);
        let mut after = first.lines.len() as u64;
        let mut pages = 1;
        while after < 200 {
            let page = index.read_lines(opened(log.path()), after, usize::MAX).expect("readable");
            assert_eq!(page.lines[0].n, after + 1);
            after += page.lines.len() as u64;
            pages += 1;
        }
        assert_eq!(pages, 3);
    }

    #[test]
    fn letters_of_ascii_are_found_in_either_case_and_others_as_they_are() {
        for (text, line, found) in [
            ("error", "an ERROR here", true),
            ("Error", "eerror", true),
            ("error", "eerro r", false),
            ("", "", true),
            ("\u{e9}t\u{e9}", "L'\u{e9}T\u{e9}", true),
            ("\u{e9}", "\u{c9}", false),
            ("aab", "aaab", true),
        ] {
            assert_eq!(Wanted::new(text).is_in(line.as_bytes()), found, "{text} in {line}");
        }
        assert!(Wanted::new("x").is_in(b"\xff\0x"), "what is no text is searched all the same");
    }
}

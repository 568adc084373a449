//! Finds lines by number without reading a log from its beginning.
//!
//! While a log is read, places in it are remembered every [`SPACING`] bytes, together with how far the lines were put
//! together there. The index is only a memory of what was read: it is built by reading, kept for the logs that were
//! looked at last, and rebuilt when it was forgotten.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use loopline_core::id::AttemptId;
use loopline_ports::blobs::LinePage;

use crate::frame::{Frames, Kind, MAGIC};
use crate::growth::Reach;
use crate::lines::Assembler;

/// Bytes of storage between two remembered places.
const SPACING: u64 = 256 * 1024;

/// A place is remembered only where unfinished lines are short; so a hostile log cannot fill the memory with them.
const MAX_PENDING: usize = 4 * 1024;

/// A page ends after so many bytes of text, however many lines were asked for.
const MAX_PAGE: usize = 4 * 1024 * 1024;

/// How many logs are remembered.
const REMEMBERED_LOGS: usize = 64;

/// A place between two frames where reading can begin.
#[derive(Debug, Clone)]
struct Place {
    offset: u64,
    lines: Assembler,
}

/// Remembered places of one log, in order; the first is its beginning.
#[derive(Debug)]
pub(crate) struct LogIndex {
    places: Mutex<Vec<Place>>,
}

impl LogIndex {
    fn new() -> Self {
        Self { places: Mutex::new(vec![Place { offset: MAGIC.len() as u64, lines: Assembler::default() }]) }
    }

    /// Reads lines behind number `after`. A log that does not exist is empty and not complete.
    pub(crate) fn read_lines(&self, path: &Path, after: u64, limit: usize) -> io::Result<LinePage> {
        let mut page = LinePage { lines: Vec::new(), complete: false, seen: 0 };
        let mut room = MAX_PAGE;
        let whole = self.scan(
            path,
            |place| place.lines.ended() <= after,
            |line| {
                if line.n <= after {
                    return ControlFlow::Continue(());
                }
                if page.lines.len() >= limit || room == 0 {
                    return ControlFlow::Break(());
                }
                room = room.saturating_sub(line.bytes.len().max(1));
                page.lines.push(line.to_line());
                ControlFlow::Continue(())
            },
        )?;
        // A page that is full says that no more was seen than what lies before its end: who waits for growth
        // beyond that is not kept waiting.
        page.seen = whole.reach.size;
        page.complete = whole.reach.complete && whole.to_end;
        Ok(page)
    }

    /// How far the log reaches.
    pub(crate) fn reach(&self, path: &Path) -> io::Result<Reach> {
        Ok(self.scan(path, |_| true, |_| ControlFlow::Continue(()))?.reach)
    }

    /// Reads frames from the last remembered place that fits, up to the end or until `show` breaks.
    fn scan(
        &self,
        path: &Path,
        fits: impl Fn(&Place) -> bool,
        mut show: impl FnMut(crate::lines::Ended<'_>) -> ControlFlow<()>,
    ) -> io::Result<Scanned> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Scanned::default()),
            Err(error) => return Err(error),
        };
        if !has_magic(&mut file)? {
            return Ok(Scanned::default());
        }
        let Place { offset, lines: mut assembler } = {
            let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            let begin = places.partition_point(fits);
            places[begin.saturating_sub(1)].clone()
        };
        file.seek(SeekFrom::Start(offset))?;
        let mut frames = Frames::new(file, offset);
        let mut complete = false;
        loop {
            let before = frames.offset();
            let Some(frame) = frames.next()? else { break };
            complete = frame.kind == Kind::End;
            if assembler.feed(&frame, &mut show).is_break() {
                return Ok(Scanned { reach: Reach { size: before, complete: false }, to_end: false });
            }
            self.remember(frames.offset(), &assembler);
        }
        Ok(Scanned { reach: Reach { size: frames.offset(), complete }, to_end: true })
    }

    fn remember(&self, offset: u64, lines: &Assembler) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let last = places.last().map_or(0, |place| place.offset);
        if offset >= last + SPACING && lines.pending() <= MAX_PENDING {
            places.push(Place { offset, lines: lines.clone() });
        }
    }
}

/// What a scan saw.
#[derive(Default)]
struct Scanned {
    reach: Reach,
    to_end: bool,
}

/// Reads the magic number; `false` when the file is too short to have one, an error when it is another.
pub(crate) fn has_magic(file: &mut impl io::Read) -> io::Result<bool> {
    let mut magic = [0; MAGIC.len()];
    match file.read_exact(&mut magic) {
        Ok(()) if magic == MAGIC => Ok(true),
        Ok(()) => Err(io::Error::new(io::ErrorKind::InvalidData, "the file is not a log of this version")),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::encode;
    use loopline_core::time::Timestamp;
    use loopline_ports::blobs::LogStream;

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
        let page = index.read_lines(log.path(), 199_990, 100).expect("readable");
        assert_eq!(page.lines.iter().map(|line| line.n).collect::<Vec<_>>(), (199_991..=200_000).collect::<Vec<_>>());
        assert!(page.complete);
        let places: Vec<u64> = index.places.lock().expect("not poisoned").iter().map(|place| place.offset).collect();
        assert!(places.windows(2).all(|two| two[1] - two[0] >= SPACING), "{places:?}");
        assert!(places.len() > 5, "{places:?}");
        for after in [0, 1, 9_999, 10_000, 29_999, 30_000, 30_001, 123_456, 199_999] {
            let page = index.read_lines(log.path(), after, 2).expect("readable");
            assert_eq!(page.lines[0].n, after + 1);
        }
    }

    #[test]
    fn a_log_with_one_endless_unfinished_line_is_not_remembered_over_and_over() {
        let piece = b"x".repeat(60_000);
        let log = log_of(&[piece.as_slice(); 200]);
        let index = LogIndex::new();
        index.reach(log.path()).expect("readable");
        let remembered: usize =
            index.places.lock().expect("not poisoned").iter().map(|place| place.lines.pending()).sum();
        assert!(remembered <= 200 * MAX_PENDING / 4, "{remembered}");
    }

    #[test]
    fn a_page_is_bounded_in_bytes() {
        let line = [vec![b'x'; 60_000], vec![b'\n']].concat();
        let log = log_of(&[line.as_slice(); 200]);
        let index = LogIndex::new();
        let first = index.read_lines(log.path(), 0, usize::MAX).expect("readable");
        assert!(first.lines.len() < 80 && !first.complete);
        let mut after = first.lines.len() as u64;
        let mut pages = 1;
        while after < 200 {
            let page = index.read_lines(log.path(), after, usize::MAX).expect("readable");
            assert_eq!(page.lines[0].n, after + 1);
            after += page.lines.len() as u64;
            pages += 1;
        }
        assert_eq!(pages, 3);
    }
}

//! Leaves out the middle of a log that has reached its limit: its beginning stays, and its end.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use loopline_core::time::Timestamp;
use loopline_ports::blobs::LogStream;

use crate::frame::{Frames, Kind, encode};
use crate::header::{GAP_HEADER, Gap, Header};

/// How far a cut is moved to the end of a line.
const NEAR: usize = 4 * 1024;

/// What of a log is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    /// Bytes of output at its beginning.
    pub(crate) head: u64,
    /// Bytes of output that go between what is kept of it, a whole number of lines more where lines are short.
    pub(crate) drop: u64,
}

/// What a log is that was shortened.
#[derive(Debug)]
pub(crate) struct Shortened {
    pub(crate) header: Header,
    /// The end of the file.
    pub(crate) end: u64,
    /// Bytes of output in it.
    pub(crate) output: u64,
}

/// Puts a shorter log in the place of the one at `path`. It is on disk and whole, or the old one is. Blocks.
pub(crate) fn shorten(path: &Path, old: &Header, old_end: u64, kept: Kept, at: Timestamp) -> io::Result<Shortened> {
    let mut input = File::open(path)?;
    input.seek(SeekFrom::Start(old.begin))?;
    let mut frames = Frames::new(input, *old, old.begin);
    let unfinished = PathBuf::from(format!("{}.new", path.display()));
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    let mut output = BufWriter::with_capacity(256 * 1024, &file);
    output.write_all(&[0; GAP_HEADER])?;
    let mut cutting =
        Cutting { head: kept.head, drop: kept.drop, gap: Gap::empty(at), size: GAP_HEADER as u64, output: 0 };
    let mut pieces = Vec::new();
    while let Some(frame) = frames.next()? {
        pieces.clear();
        match frame.kind {
            Kind::Output(stream) => cutting.take(stream, frame.at, frame.bytes, &mut pieces),
            // What was left out before stands behind all of the beginning.
            Kind::Gap(gap) => cutting.go_on_with(gap),
            // Written over by what followed.
            Kind::End => {}
        }
        cutting.size += pieces.len() as u64;
        output.write_all(&pieces)?;
    }
    output.flush()?;
    drop(output);
    let Cutting { mut gap, size, output, .. } = cutting;
    if gap.place == 0 {
        gap.place = size;
    }
    gap.shift = (old_end + old.shift()).saturating_sub(size);
    file.write_all_at(&gap.encode(), 0)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    Ok(Shortened { header: Header { begin: GAP_HEADER as u64, gap: Some(gap) }, end: size, output })
}

struct Cutting {
    /// How much of the beginning is still to come.
    head: u64,
    /// How much is still to be left out.
    drop: u64,
    gap: Gap,
    /// How long the file is by now.
    size: u64,
    /// Bytes of output that were kept.
    output: u64,
}

impl Cutting {
    fn go_on_with(&mut self, earlier: Gap) {
        self.head = 0;
        for (bytes, more) in self.gap.bytes.iter_mut().zip(earlier.bytes) {
            *bytes += more;
        }
        self.gap.lines += earlier.lines;
        if self.gap.place == 0 {
            self.gap.place = self.size;
        }
    }

    fn take(&mut self, stream: LogStream, at: Timestamp, bytes: &[u8], kept: &mut Vec<u8>) {
        let mut rest = bytes;
        if self.head > 0 {
            let (head, behind) = rest.split_at(last_line_end(rest, self.head));
            self.keep(stream, at, head, kept);
            self.head = if behind.is_empty() { self.head - head.len() as u64 } else { 0 };
            rest = behind;
        }
        if rest.is_empty() || self.head > 0 {
            return;
        }
        if self.gap.place == 0 {
            self.gap.place = self.size + kept.len() as u64;
        }
        if self.drop > 0 {
            let (left_out, behind) = rest.split_at(next_line_end(rest, self.drop));
            self.gap.add(stream, left_out);
            self.drop = self.drop.saturating_sub(left_out.len() as u64);
            rest = behind;
        }
        self.keep(stream, at, rest, kept);
    }

    fn keep(&mut self, stream: LogStream, at: Timestamp, bytes: &[u8], kept: &mut Vec<u8>) {
        if !bytes.is_empty() {
            encode(Kind::Output(stream), at, bytes, kept);
            self.output += bytes.len() as u64;
        }
    }
}

/// Where the last line ends within the first `room` bytes; there, if none does, or all of it fits.
fn last_line_end(bytes: &[u8], room: u64) -> usize {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if bytes.len() <= room {
        return bytes.len();
    }
    let begin = room.saturating_sub(NEAR);
    memchr::memrchr(b'\n', &bytes[begin..room]).map_or(room, |end| begin + end + 1)
}

/// Behind the line that the byte at `least` belongs to; there, if the line does not end here.
fn next_line_end(bytes: &[u8], least: u64) -> usize {
    let Ok(least) = usize::try_from(least) else { return bytes.len() };
    if least >= bytes.len() {
        return bytes.len();
    }
    let near = &bytes[least - 1..bytes.len().min(least + NEAR)];
    memchr::memchr(b'\n', near).map_or(least, |end| least + end)
}

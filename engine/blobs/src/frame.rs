//! How a log lies on disk: a [header](crate::header), then frames, each with its own checksum.
//!
//! ```text
//! length u32 │ checksum u32 │ kind u8 │ time i64 │ payload          little endian
//! ```
//!
//! The checksum covers everything but itself. The first frame that is not whole ends the log: a crash can tear only
//! the last one, and what a power cut leaves behind it was never acknowledged.

use std::io::{self, BufReader, Read};

use loopline_core::time::Timestamp;
use loopline_ports::blobs::LogStream;

use crate::header::{Gap, Header, fill};

/// No frame holds more; longer pieces are split.
pub(crate) const MAX_PAYLOAD: usize = 256 * 1024;

const HEADER: usize = 4 + 4 + 1 + 8;

/// What a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bytes of this stream.
    Output(LogStream),
    /// The log was finished here. More may follow when an attempt was looked after again.
    End,
    /// Something is missing here. No frame says so, but the header.
    Gap(Gap),
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Output(LogStream::Stdout) => 0,
            Self::Output(LogStream::Stderr) => 1,
            Self::Output(LogStream::System) => 2,
            Self::End => 3,
            Self::Gap(_) => unreachable!("a gap is written into the header"),
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Output(LogStream::Stdout),
            1 => Self::Output(LogStream::Stderr),
            2 => Self::Output(LogStream::System),
            3 => Self::End,
            _ => return None,
        })
    }
}

/// One frame, as read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) at: Timestamp,
    pub(crate) bytes: &'a [u8],
}

/// Appends a frame to `out`. `bytes` must not be longer than [`MAX_PAYLOAD`].
pub(crate) fn encode(kind: Kind, at: Timestamp, bytes: &[u8], out: &mut Vec<u8>) {
    debug_assert!(bytes.len() <= MAX_PAYLOAD);
    let length = u32::try_from(bytes.len()).expect("a payload is at most MAX_PAYLOAD").to_le_bytes();
    let time = at.0.to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(&length, kind.code(), &time, bytes).to_le_bytes());
    out.push(kind.code());
    out.extend_from_slice(&time);
    out.extend_from_slice(bytes);
}

fn checksum(length: &[u8], kind: u8, time: &[u8], bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(length);
    hasher.update(&[kind]);
    hasher.update(time);
    hasher.update(bytes);
    hasher.finalize()
}

/// Reads frames one after another; holds one of them at a time.
pub(crate) struct Frames<R> {
    input: BufReader<R>,
    offset: u64,
    /// What is still to be told.
    gap: Option<Gap>,
    payload: Vec<u8>,
}

impl<R: Read> Frames<R> {
    /// `input` stands at byte `offset` of the file, which is where a frame begins, and `header` at its beginning.
    pub(crate) fn new(input: R, header: Header, offset: u64) -> Self {
        let gap = header.gap.filter(|gap| offset <= gap.place);
        Self { input: BufReader::with_capacity(64 * 1024, input), offset, gap, payload: Vec::new() }
    }

    /// Where the next frame begins; behind the last whole frame once [`next`](Self::next) has given `None`.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next whole frame; `None` where the log ends, be it torn or not.
    pub(crate) fn next(&mut self) -> io::Result<Option<Frame<'_>>> {
        if let Some(gap) = self.gap.take_if(|gap| self.offset >= gap.place) {
            return Ok(Some(Frame { kind: Kind::Gap(gap), at: gap.at, bytes: b"" }));
        }
        let mut header = [0; HEADER];
        if !fill(&mut self.input, &mut header)? {
            return Ok(None);
        }
        let (length, rest) = header.split_at(4);
        let (sum, rest) = rest.split_at(4);
        let (kind, time) = rest.split_at(1);
        let size = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let Some(meaning) = Kind::from_code(kind[0]) else { return Ok(None) };
        if size > MAX_PAYLOAD {
            return Ok(None);
        }
        self.payload.resize(size, 0);
        if !fill(&mut self.input, &mut self.payload)? {
            return Ok(None);
        }
        if checksum(length, kind[0], time, &self.payload).to_le_bytes() != sum {
            return Ok(None);
        }
        self.offset += (HEADER + size) as u64;
        let at = Timestamp(i64::from_le_bytes(time.try_into().expect("eight bytes")));
        Ok(Some(Frame { kind: meaning, at, bytes: &self.payload }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_frames() -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(Kind::Output(LogStream::Stdout), Timestamp(1), b"one", &mut bytes);
        encode(Kind::Output(LogStream::Stderr), Timestamp(-2), b"", &mut bytes);
        encode(Kind::End, Timestamp(3), b"", &mut bytes);
        bytes
    }

    fn read(bytes: &[u8]) -> (usize, u64) {
        let mut frames = Frames::new(bytes, Header::WHOLE, 0);
        let mut count = 0;
        while frames.next().expect("memory can be read").is_some() {
            count += 1;
        }
        (count, frames.offset())
    }

    #[test]
    fn frames_come_back_as_they_were_written() {
        let bytes = three_frames();
        let mut frames = Frames::new(bytes.as_slice(), Header::WHOLE, 0);
        let first = frames.next().expect("readable").expect("whole");
        assert_eq!(first, Frame { kind: Kind::Output(LogStream::Stdout), at: Timestamp(1), bytes: b"one" });
        let second = frames.next().expect("readable").expect("whole");
        assert_eq!(second, Frame { kind: Kind::Output(LogStream::Stderr), at: Timestamp(-2), bytes: b"" });
        let third = frames.next().expect("readable").expect("whole");
        assert_eq!(third, Frame { kind: Kind::End, at: Timestamp(3), bytes: b"" });
        assert_eq!(frames.next().expect("readable"), None);
    }

    #[test]
    fn a_log_cut_at_any_byte_ends_behind_its_last_whole_frame() {
        let bytes = three_frames();
        let ends = [0, HEADER + 3, 2 * HEADER + 3, 3 * HEADER + 3];
        for cut in 0..=bytes.len() {
            let whole = ends.iter().rposition(|end| *end <= cut).expect("the first end is 0");
            assert_eq!(read(&bytes[..cut]), (whole, ends[whole] as u64), "cut at {cut}");
        }
    }

    #[test]
    fn a_changed_bit_anywhere_in_a_frame_ends_the_log_there() {
        let bytes = three_frames();
        for place in 0..HEADER + 3 {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1 << bit;
                assert_eq!(read(&damaged).0, 0, "bit {bit} of byte {place}");
            }
        }
    }
}

//! How a log begins: a magic number; and where its middle was left out, what is missing there.
//!
//! ```text
//! LooplLg 1                                                                    a whole log
//! LooplLg 2 │ checksum u32 │ place │ shift │ stdout │ stderr │ system │ lines │ time     a log with a gap, each 64 bits
//! ```
//!
//! The place is the byte of the file at which the gap lies, between two frames. Offsets behind it that leave this room are
//! those of the log without a gap: `shift` more than those of the file. So who follows a log sees it grow, and nothing else.

use std::io::{self, Read};

use loopline_core::time::Timestamp;
use loopline_ports::blobs::{LogStream, Missing};

/// The first bytes of a whole log.
pub(crate) const MAGIC: [u8; 8] = *b"LooplLg\x01";

/// The first bytes of one with a gap.
const MAGIC_GAP: [u8; 8] = *b"LooplLg\x02";

/// The length of what stands before the first frame of a log with a gap.
pub(crate) const GAP_HEADER: usize = 8 + 4 + FIELDS * 8;

const FIELDS: usize = 7;

/// What is missing in the middle of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Where in the file.
    pub(crate) place: u64,
    /// What offsets of the file behind it are short of.
    pub(crate) shift: u64,
    /// Bytes of each stream, in the order of [`LogStream`].
    pub(crate) bytes: [u64; 3],
    /// Line feeds among them.
    pub(crate) lines: u64,
    /// When it last grew.
    pub(crate) at: Timestamp,
}

impl Gap {
    /// A gap in which nothing is missing yet.
    pub(crate) fn empty(at: Timestamp) -> Self {
        Self { place: 0, shift: 0, bytes: [0; 3], lines: 0, at }
    }

    /// Leaves out these bytes too.
    pub(crate) fn add(&mut self, stream: LogStream, bytes: &[u8]) {
        self.bytes[stream as usize] += bytes.len() as u64;
        self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    /// As readers are told.
    pub(crate) fn missing(&self) -> Missing {
        Missing { bytes: self.bytes.iter().sum(), lines: self.lines }
    }

    /// The beginning of a log with this gap.
    pub(crate) fn encode(&self) -> [u8; GAP_HEADER] {
        let mut header = [0; GAP_HEADER];
        header[..8].copy_from_slice(&MAGIC_GAP);
        let [stdout, stderr, system] = self.bytes;
        let fields = [self.place, self.shift, stdout, stderr, system, self.lines, self.at.0.cast_unsigned()];
        for (field, place) in fields.iter().zip(header[12..].chunks_exact_mut(8)) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        let sum = crc32fast::hash(&header[12..]);
        header[8..12].copy_from_slice(&sum.to_le_bytes());
        header
    }

    fn decode(header: &[u8]) -> Option<Self> {
        let (sum, fields) = header.split_at(4);
        if crc32fast::hash(fields).to_le_bytes() != sum {
            return None;
        }
        let mut fields = fields.chunks_exact(8).map(|field| u64::from_le_bytes(field.try_into().expect("eight bytes")));
        let mut next = || fields.next().expect("there are as many");
        let (place, shift) = (next(), next());
        let bytes = [next(), next(), next()];
        Some(Self { place, shift, bytes, lines: next(), at: Timestamp(next().cast_signed()) })
    }
}

/// What stands before the first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Where the first frame begins.
    pub(crate) begin: u64,
    pub(crate) gap: Option<Gap>,
}

impl Header {
    /// Of a log without a gap.
    pub(crate) const WHOLE: Self = Self { begin: MAGIC.len() as u64, gap: None };

    /// How far offsets of the file's end are short of those that leave this room.
    pub(crate) fn shift(&self) -> u64 {
        self.gap.map_or(0, |gap| gap.shift)
    }

    /// Reads what stands before the first frame; `None` when the file is too short to have it, an error when it is
    /// something else.
    pub(crate) fn read(file: &mut impl Read) -> io::Result<Option<Self>> {
        let foreign = || io::Error::new(io::ErrorKind::InvalidData, "the file is not a log of this version");
        let mut magic = [0; MAGIC.len()];
        if !fill(file, &mut magic)? {
            return Ok(None);
        }
        match magic {
            MAGIC => Ok(Some(Self::WHOLE)),
            MAGIC_GAP => {
                let mut rest = [0; GAP_HEADER - MAGIC.len()];
                if !fill(file, &mut rest)? {
                    return Ok(None);
                }
                let gap = Gap::decode(&rest).ok_or_else(foreign)?;
                Ok(Some(Self { begin: GAP_HEADER as u64, gap: Some(gap) }))
            }
            _ => Err(foreign()),
        }
    }
}

/// Fills `buffer`, or says that the input ended first.
pub(crate) fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_comes_back_as_it_was_written_and_never_damaged() {
        let mut gap = Gap { place: 100, shift: 1 << 40, ..Gap::empty(Timestamp(-5)) };
        gap.add(LogStream::Stderr, b"one\ntwo\n");
        let bytes = gap.encode();
        let header = Header::read(&mut bytes.as_slice()).expect("readable").expect("whole");
        assert_eq!(header, Header { begin: bytes.len() as u64, gap: Some(gap) });
        assert_eq!(gap.missing(), Missing { bytes: 8, lines: 2 });
        for place in 0..bytes.len() {
            let mut damaged = bytes;
            damaged[place] ^= 8;
            assert!(Header::read(&mut damaged.as_slice()).is_err(), "{place}");
            assert_eq!(Header::read(&mut &bytes[..place]).expect("readable"), None);
        }
    }
}

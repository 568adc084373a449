//! Opens a log for reading, wherever it lies.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use loopline_core::id::AttemptId;

use crate::frame::Frames;
use crate::header::Header;
use crate::layout::Layout;
use crate::pack::PackIndex;

/// A log that is there, up to where it ended when it was opened.
#[derive(Debug)]
pub(crate) struct Source {
    bytes: Bytes,
    pub(crate) header: Header,
    /// Where it ended.
    end: u64,
}

#[derive(Debug)]
enum Bytes {
    File(File),
    /// Of a pack, which holds only small ones.
    Memory(Cursor<Vec<u8>>),
}

impl Source {
    /// The log of this attempt; `None` when it has none. Blocks.
    pub(crate) fn find(layout: &Layout, packs: &PackIndex, id: &AttemptId) -> io::Result<Option<Self>> {
        // What has a file of its own may stand in a pack too, up to where it was moved.
        match File::open(layout.log(id)) {
            Ok(file) => Self::of_file(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let bytes = packs.read(layout, id.run, &id.key.to_string())?;
                bytes.map_or(Ok(None), |bytes| Self::new(bytes.len() as u64, Bytes::Memory(Cursor::new(bytes))))
            }
            Err(error) => Err(error),
        }
    }

    /// The log in this file; `None` when it is not there. Blocks.
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        match File::open(path) {
            Ok(file) => Self::of_file(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn of_file(file: File) -> io::Result<Option<Self>> {
        Self::new(file.metadata()?.len(), Bytes::File(file))
    }

    fn new(end: u64, mut bytes: Bytes) -> io::Result<Option<Self>> {
        Ok(Header::read(&mut bytes)?.map(|header| Self { bytes, header, end }))
    }

    /// Its frames from this offset of the file, where one begins.
    pub(crate) fn frames(mut self, offset: u64) -> io::Result<Frames<impl Read + Send>> {
        self.bytes.seek(SeekFrom::Start(offset))?;
        Ok(Frames::new(self.bytes.take(self.end.saturating_sub(offset)), self.header, offset))
    }
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Bytes {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}

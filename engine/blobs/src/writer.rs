//! Writes the log of one attempt.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use loopline_core::time::Timestamp;
use loopline_ports::blobs::{BlobError, Found, LogChunk, LogStream, LogWriter};
use loopline_ports::clock::{Clock, SystemClock};

use crate::frame::{Kind, MAX_PAYLOAD, encode};
use crate::growth::{Reach, WriterPlace};
use crate::header::{Header, MAGIC};
use crate::layout::{create_private, sync_folder};
use crate::shortening::{Kept, Shortened, shorten};
use crate::source::Source;

/// The writer of one log. What [`append`](LogWriter::append) was given stands in the file when it returns, and so
/// outlives a kill of this process; [`finish`](LogWriter::finish) makes it outlive a power cut.
pub(crate) struct DiskLogWriter {
    log: Arc<Mutex<OpenLog>>,
    path: PathBuf,
    found: Found,
}

/// The file behind a writer. Behind a lock, because a write that was given up by its caller still goes on.
struct OpenLog {
    file: File,
    path: PathBuf,
    header: Header,
    /// End of the last whole frame.
    end: u64,
    /// A write broke off; what stands behind `end` has to go before the next one.
    torn: bool,
    /// Bytes of output in the file, and how many there may be.
    output: u64,
    limit: u64,
    place: WriterPlace,
}

impl DiskLogWriter {
    /// Opens the log at `path`, behind its last whole frame. Blocks.
    pub(crate) fn open(path: PathBuf, limit: u64, place: WriterPlace) -> io::Result<Self> {
        let (log, found) = OpenLog::open(&path, limit, place)?;
        Ok(Self { log: Arc::new(Mutex::new(log)), path, found })
    }

    async fn with_log(
        &self,
        what: &'static str,
        act: impl FnOnce(&mut OpenLog) -> io::Result<()> + Send + 'static,
    ) -> Result<(), BlobError> {
        let log = self.log.clone();
        let done = tokio::task::spawn_blocking(move || act(&mut log.lock().unwrap_or_else(PoisonError::into_inner)));
        let done = done.await.unwrap_or_else(|gone| Err(io::Error::other(gone)));
        done.map_err(|source| BlobError { what: format!("failed to {what} the log {}", self.path.display()), source })
    }
}

#[async_trait]
impl LogWriter for DiskLogWriter {
    async fn append(&mut self, chunk: LogChunk) -> Result<(), BlobError> {
        if chunk.bytes.is_empty() {
            return Ok(());
        }
        self.with_log("write to", move |log| {
            let mut frames = Vec::with_capacity(chunk.bytes.len() + 64);
            for piece in chunk.bytes.chunks(MAX_PAYLOAD) {
                encode(Kind::Output(chunk.stream), chunk.at, piece, &mut frames);
            }
            log.write(&frames, chunk.bytes.len() as u64, false)?;
            log.keep_to_the_limit(chunk.at)
        })
        .await
    }

    async fn finish(&mut self) -> Result<(), BlobError> {
        self.with_log("finish", |log| log.finish(SystemClock.now())).await
    }

    fn found(&self) -> Found {
        self.found
    }
}

impl OpenLog {
    fn open(path: &Path, limit: u64, place: WriterPlace) -> io::Result<(Self, Found)> {
        if let Some(folder) = path.parent()
            && !folder.try_exists()?
        {
            create_private(folder)?;
            folder.parent().map_or(Ok(()), sync_folder)?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        let (mut header, mut end) = (Header::WHOLE, MAGIC.len() as u64);
        let (mut found, mut output) = (Found::default(), 0);
        if let Some(source) = Source::open(path)? {
            header = source.header;
            if let Some(gap) = header.gap {
                let [stdout, stderr, _] = gap.bytes;
                found = Found { stdout, stderr };
            }
            let mut frames = source.frames(header.begin)?;
            while let Some(frame) = frames.next()? {
                let Kind::Output(stream) = frame.kind else { continue };
                output += frame.bytes.len() as u64;
                match stream {
                    LogStream::Stdout => found.stdout += frame.bytes.len() as u64,
                    LogStream::Stderr => found.stderr += frame.bytes.len() as u64,
                    LogStream::System => {}
                }
            }
            end = frames.offset();
            file.set_len(end)?;
        } else {
            file.set_len(0)?;
            file.write_all(&MAGIC)?;
        }
        place.reaches(Reach { size: end + header.shift(), complete: false });
        Ok((Self { file, path: path.to_owned(), header, end, torn: false, output, limit, place }, found))
    }

    fn write(&mut self, frames: &[u8], output: u64, complete: bool) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.end)?;
        }
        self.torn = true;
        self.file.write_all(frames)?;
        self.torn = false;
        self.end += frames.len() as u64;
        self.output += output;
        self.place.reaches(Reach { size: self.end + self.header.shift(), complete });
        Ok(())
    }

    /// Leaves out the middle when there is too much. Half of what may stay is the beginning; the end is a quarter then, and
    /// grows to a half until the next time: so what is written, over all, is at most three times what comes.
    fn keep_to_the_limit(&mut self, at: Timestamp) -> io::Result<()> {
        if self.output <= self.limit {
            return Ok(());
        }
        let head = self.limit / 2;
        let kept = Kept { head, drop: self.output.saturating_sub(head + self.limit / 4) };
        let Shortened { header, end, output } = shorten(&self.path, &self.header, self.end, kept, at)?;
        self.file = OpenOptions::new().read(true).append(true).open(&self.path)?;
        (self.header, self.end, self.output) = (header, end, output);
        Ok(())
    }

    fn finish(&mut self, at: Timestamp) -> io::Result<()> {
        let mut frame = Vec::new();
        encode(Kind::End, at, b"", &mut frame);
        self.write(&frame, 0, true)?;
        self.file.sync_all()?;
        self.path.parent().map_or(Ok(()), sync_folder)
    }
}

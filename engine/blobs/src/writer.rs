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

use crate::frame::{Frames, Kind, MAGIC, MAX_PAYLOAD, encode};
use crate::growth::{Live, Reach};
use crate::index::has_magic;
use crate::layout::{create_private, sync_folder};

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
    /// End of the last whole frame.
    end: u64,
    /// A write broke off; what stands behind `end` has to go before the next one.
    torn: bool,
    live: Arc<Live>,
}

impl DiskLogWriter {
    /// Opens the log at `path`, behind its last whole frame. Blocks.
    pub(crate) fn open(path: PathBuf, live: Arc<Live>) -> io::Result<Self> {
        if !live.begin_writing() {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "it is being written already"));
        }
        match OpenLog::open(&path, live.clone()) {
            Ok((log, found)) => Ok(Self { log: Arc::new(Mutex::new(log)), path, found }),
            Err(error) => {
                live.end_writing();
                Err(error)
            }
        }
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
            log.write(&frames, false)
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
    fn open(path: &Path, live: Arc<Live>) -> io::Result<(Self, Found)> {
        if let Some(folder) = path.parent()
            && !folder.try_exists()?
        {
            create_private(folder)?;
            folder.parent().map_or(Ok(()), sync_folder)?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        let mut end = MAGIC.len() as u64;
        let mut found = Found::default();
        if has_magic(&mut file)? {
            let mut frames = Frames::new(&mut file, end);
            while let Some(frame) = frames.next()? {
                match frame.kind {
                    Kind::Output(LogStream::Stdout) => found.stdout += frame.bytes.len() as u64,
                    Kind::Output(LogStream::Stderr) => found.stderr += frame.bytes.len() as u64,
                    Kind::Output(LogStream::System) | Kind::End => {}
                }
            }
            end = frames.offset();
            file.set_len(end)?;
        } else {
            file.set_len(0)?;
            file.write_all(&MAGIC)?;
        }
        live.reaches(Reach { size: end, complete: false });
        Ok((Self { file, path: path.to_owned(), end, torn: false, live }, found))
    }

    fn write(&mut self, frames: &[u8], complete: bool) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.end)?;
        }
        self.torn = true;
        self.file.write_all(frames)?;
        self.torn = false;
        self.end += frames.len() as u64;
        self.live.reaches(Reach { size: self.end, complete });
        Ok(())
    }

    fn finish(&mut self, at: Timestamp) -> io::Result<()> {
        let mut frame = Vec::new();
        encode(Kind::End, at, b"", &mut frame);
        self.write(&frame, true)?;
        self.file.sync_all()?;
        self.path.parent().map_or(Ok(()), sync_folder)
    }
}

impl Drop for OpenLog {
    fn drop(&mut self) {
        self.live.end_writing();
    }
}

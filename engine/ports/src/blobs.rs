//! What is too large for the history: logs and artifacts. Written by workers, read by the server.

use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use loopline_core::id::AttemptId;
use loopline_core::outcome::ArtifactRef;
use loopline_core::time::Timestamp;

/// Where a piece of log came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The engine itself, about the attempt.
    System,
}

/// A piece of output as it arrived; may begin and end in the middle of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// When the worker read it.
    pub at: Timestamp,
    /// Where from.
    pub stream: LogStream,
    /// The bytes, as they are.
    pub bytes: Bytes,
}

/// A line as people read it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LogLine {
    /// From 1, over all streams of the attempt, in the order in which the lines ended: a line that is not finished (a
    /// prompt, a progress bar) holds up no other, and none changes after it was shown. Until then it is in the raw log alone.
    pub n: u64,
    /// When its first byte was read.
    pub at: Timestamp,
    /// Where from.
    pub stream: LogStream,
    /// Without the line end and what carriage returns wrote over; bytes that are not UTF-8 are replaced. A line longer
    /// than 64 KiB goes on in the next.
    pub text: String,
}

/// An error of the file system, said so that a person can act.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct BlobError {
    /// What was tried.
    pub what: String,
    /// What came of it.
    #[source]
    pub source: std::io::Error,
}

/// Writes the log of one attempt. One writer an attempt.
#[async_trait]
pub trait LogWriter: Send {
    /// Adds a piece. When this returns, followers can read it; it is on disk after [`finish`](Self::finish).
    async fn append(&mut self, chunk: LogChunk) -> Result<(), BlobError>;
    /// No more will come. When this returns, the log is on disk and says that it is complete.
    async fn finish(&mut self) -> Result<(), BlobError>;
    /// What stood in the log already when this writer began.
    fn found(&self) -> Found;
}

/// Bytes of each stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Of standard output.
    pub stdout: u64,
    /// Of standard error.
    pub stderr: u64,
}

/// Keeps logs and artifacts.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Begins the log of an attempt, or goes on with one that was begun.
    async fn log_writer(&self, id: &AttemptId) -> Result<Box<dyn LogWriter>, BlobError>;

    /// The attempts of a run that have a log, in the order of their keys.
    async fn logs_of(&self, run: loopline_core::id::RunId) -> Result<Vec<loopline_core::id::AttemptKey>, BlobError>;

    /// Reads lines behind line number `after`, at most `limit`; says whether the log is complete and this was its end.
    /// A page may hold fewer lines than there are: read on until one is complete or empty. A log that does not exist
    /// (yet) is empty and not complete.
    async fn read_lines(&self, id: &AttemptId, after: u64, limit: usize) -> Result<LinePage, BlobError>;

    /// The bytes as they came, standard output and error in the order of arrival; ends with what is there now.
    async fn read_raw(&self, id: &AttemptId) -> Result<BoxStream<'static, Result<Bytes, BlobError>>, BlobError>;

    /// Waits until the log has grown beyond `seen` bytes of storage or is complete; returns the size by then.
    async fn wait_growth(&self, id: &AttemptId, seen: u64) -> Result<u64, BlobError>;

    /// Keeps a file. When this returns it is on disk under its digest; keeping the same content twice costs no space.
    async fn keep_file(&self, path: &Path) -> Result<ArtifactRef, BlobError>;

    /// Opens kept content by its digest; `None` when there is no such content.
    async fn open(&self, digest: &str) -> Result<Option<BoxStream<'static, Result<Bytes, BlobError>>>, BlobError>;
}

/// An answer of [`Blobs::read_lines`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinePage {
    /// In order, without gap.
    pub lines: Vec<LogLine>,
    /// The log is complete and `lines` reaches its end.
    pub complete: bool,
    /// Bytes of storage that were seen; for [`Blobs::wait_growth`].
    pub seen: u64,
}

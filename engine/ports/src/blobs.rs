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
    /// The line is the engine's, and stands for what is missing at its place. The number of the line behind it counts the
    /// lines that are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

/// What was left out of the middle of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Missing {
    /// How many bytes.
    pub bytes: u64,
    /// How many of them end a line.
    pub lines: u64,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes in {} lines are missing here", self.bytes, self.lines)
    }
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

/// Keeps logs, artifacts and caches.
#[async_trait]
pub trait Blobs: crate::caches::Caches + Send + Sync + 'static {
    /// Begins the log of an attempt that has none. Of more than `limit` bytes of output the beginning and the end are kept.
    async fn new_log(&self, id: &AttemptId, limit: u64) -> Result<Box<dyn LogWriter>, BlobError>;

    /// Begins the log of an attempt, or goes on with one that was begun, under the same limit.
    async fn log_writer(&self, id: &AttemptId, limit: u64) -> Result<Box<dyn LogWriter>, BlobError>;

    /// How many bytes the logs of a run take.
    async fn size_of_logs(&self, run: loopline_core::id::RunId) -> Result<u64, BlobError>;

    /// The attempts of a run that have a log, in the order of their keys.
    async fn logs_of(&self, run: loopline_core::id::RunId) -> Result<Vec<loopline_core::id::AttemptKey>, BlobError>;

    /// Reads lines behind line number `after`, at most `limit`; says whether the log is complete and this was its end.
    /// A page may hold fewer lines than there are: read on until one is complete or empty. A log that does not exist
    /// (yet) is empty and not complete.
    async fn read_lines(&self, id: &AttemptId, after: u64, limit: usize) -> Result<LinePage, BlobError>;

    /// Reads lines behind line number `after` that hold `text`, at most `limit`, and counts all that do. Letters match in
    /// either case if they are of ASCII.
    async fn search_lines(&self, id: &AttemptId, text: &str, after: u64, limit: usize) -> Result<Matches, BlobError>;

    /// The bytes as they came, standard output and error in the order of arrival; ends with what is there now.
    async fn read_raw(&self, id: &AttemptId) -> Result<RawLog, BlobError>;

    /// Waits until the log has grown beyond `seen` bytes of storage or is complete; returns the size by then.
    async fn wait_growth(&self, id: &AttemptId, seen: u64) -> Result<u64, BlobError>;

    /// Keeps a file. When this returns it is on disk under its digest; keeping the same content twice costs no space. A
    /// file that changes meanwhile is an error, and nothing is kept.
    async fn keep_file(&self, path: &Path) -> Result<ArtifactRef, BlobError>;

    /// The same of bytes.
    async fn keep_bytes(&self, bytes: Bytes) -> Result<ArtifactRef, BlobError>;

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

/// An answer of [`Blobs::search_lines`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    /// How many lines of the whole log hold the text.
    pub total: u64,
    /// Those of this page, in order.
    pub lines: Vec<LogLine>,
    /// The log is complete, and there are none behind these.
    pub complete: bool,
}

/// An answer of [`Blobs::read_raw`].
pub struct RawLog {
    /// What of it was left out in the middle.
    pub missing: Option<Missing>,
    /// The bytes that there are.
    pub bytes: BoxStream<'static, Result<Bytes, BlobError>>,
}

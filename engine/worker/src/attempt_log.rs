//! The log of one attempt, as the worker writes it. A log that cannot be written never holds up or fails the work: what
//! is missing is counted, and said in the log as soon as it can be.

use std::sync::Arc;

use bytes::Bytes;
use loopline_ports::blobs::{BlobError, Found, LogChunk, LogStream, LogWriter};
use loopline_ports::clock::Clock;

/// Writes output and the engine's own lines.
pub(crate) struct AttemptLog {
    writer: Box<dyn LogWriter>,
    clock: Arc<dyn Clock>,
    missing: Option<Missing>,
}

struct Missing {
    bytes: usize,
    why: String,
}

impl AttemptLog {
    /// Writes through `writer`.
    pub(crate) fn new(writer: Box<dyn LogWriter>, clock: Arc<dyn Clock>) -> Self {
        Self { writer, clock, missing: None }
    }

    /// What an earlier writer left in it.
    pub(crate) fn found(&self) -> Found {
        self.writer.found()
    }

    /// Writes a piece of output.
    pub(crate) async fn output(&mut self, stream: LogStream, bytes: Bytes) {
        let size = bytes.len();
        let written = match self.say_what_is_missing().await {
            Ok(()) => self.write(stream, bytes).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            let missing = self.missing.get_or_insert_with(|| {
                tracing::warn!(%error, "the log of an attempt cannot be written");
                Missing { bytes: 0, why: error.to_string() }
            });
            missing.bytes += size;
        }
    }

    /// Writes a line of the engine's own.
    pub(crate) async fn say(&mut self, line: &str) {
        self.output(LogStream::System, Bytes::from(format!("{line}\n"))).await;
    }

    /// Ends the log; it is on disk when this returns, if it can be.
    pub(crate) async fn finish(mut self) {
        let finished = match self.say_what_is_missing().await {
            Ok(()) => self.writer.finish().await,
            Err(error) => Err(error),
        };
        if let Err(error) = finished {
            tracing::warn!(%error, "the log of an attempt cannot be finished");
        }
    }

    async fn say_what_is_missing(&mut self) -> Result<(), BlobError> {
        if let Some(Missing { bytes, why }) = &self.missing {
            let line = format!("{bytes} bytes of output are missing here, because they could not be written ({why})\n");
            self.write(LogStream::System, Bytes::from(line)).await?;
            self.missing = None;
        }
        Ok(())
    }

    async fn write(&mut self, stream: LogStream, bytes: Bytes) -> Result<(), BlobError> {
        self.writer.append(LogChunk { at: self.clock.now(), stream, bytes }).await
    }
}

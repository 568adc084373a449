//! [`Blobs`] in a folder of the local disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use loopline_core::id::{AttemptId, AttemptKey, RunId};
use loopline_core::outcome::ArtifactRef;
use loopline_ports::blobs::{BlobError, Blobs, LinePage, LogStream, LogWriter};

use crate::artifacts::{self, Digest};
use crate::frame::{Frames, Kind, MAGIC};
use crate::growth::LiveLogs;
use crate::index::{Indexes, has_magic};
use crate::layout::{Layout, attempt_of};
use crate::writer::DiskLogWriter;

/// How much is read at once for a stream.
const PIECE: usize = 128 * 1024;

/// How soon the growth of a log that another process writes is seen.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Logs and artifacts in one folder. Several processes may write into it, one at a time a log.
#[derive(Debug)]
pub struct DiskBlobs {
    layout: Layout,
    live: LiveLogs,
    indexes: Indexes,
}

impl DiskBlobs {
    /// Uses `dir`, creating it if it is not there.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, BlobError> {
        let dir = dir.as_ref();
        let opened = Layout::create(dir).and_then(|layout| {
            artifacts::remove_leftovers(&layout)?;
            Ok(layout)
        });
        match opened {
            Ok(layout) => Ok(Self { layout, live: LiveLogs::default(), indexes: Indexes::default() }),
            Err(source) => Err(BlobError { what: format!("failed to use the folder {}", dir.display()), source }),
        }
    }
}

#[async_trait]
impl Blobs for DiskBlobs {
    async fn log_writer(&self, id: &AttemptId) -> Result<Box<dyn LogWriter>, BlobError> {
        let (path, live) = (self.layout.log(id), self.live.of(id));
        let writer =
            blocking(format!("failed to open the log of {id}"), move || DiskLogWriter::open(path, live)).await?;
        Ok(Box::new(writer))
    }

    async fn logs_of(&self, run: RunId) -> Result<Vec<AttemptKey>, BlobError> {
        let folder = self.layout.logs_of(run);
        blocking(format!("failed to list the logs of run {run}"), move || list_logs(&folder)).await
    }

    async fn read_lines(&self, id: &AttemptId, after: u64, limit: usize) -> Result<LinePage, BlobError> {
        let (path, index) = (self.layout.log(id), self.indexes.of(id));
        blocking(format!("failed to read the log of {id}"), move || index.read_lines(&path, after, limit)).await
    }

    async fn read_raw(&self, id: &AttemptId) -> Result<BoxStream<'static, Result<Bytes, BlobError>>, BlobError> {
        let (path, what) = (self.layout.log(id), format!("failed to read the log of {id}"));
        let frames = blocking(what.clone(), move || open_frames(&path)).await?;
        Ok(match frames {
            Some(frames) => pieces(what, frames, next_output),
            None => stream::empty().boxed(),
        })
    }

    async fn wait_growth(&self, id: &AttemptId, seen: u64) -> Result<u64, BlobError> {
        let live = self.live.of(id);
        let mut growth = live.follow();
        loop {
            // Marked as seen before the look, so that nothing that comes after the look is missed.
            let told = *growth.borrow_and_update();
            let reach = if live.is_written() {
                told
            } else {
                let (path, index) = (self.layout.log(id), self.indexes.of(id));
                blocking(format!("failed to read the log of {id}"), move || index.reach(&path)).await?
            };
            if reach.size > seen || reach.complete {
                return Ok(reach.size);
            }
            let changed = async {
                growth.changed().await.expect("the sender is held here");
            };
            if live.is_written() {
                changed.await;
            } else {
                // Another process may be writing it, or begin to, and tells nobody but the disk.
                let _ = tokio::time::timeout(LOOK_AGAIN, changed).await;
            }
        }
    }

    async fn keep_file(&self, path: &Path) -> Result<ArtifactRef, BlobError> {
        let (layout, path) = (self.layout.clone(), path.to_owned());
        blocking(format!("failed to keep {}", path.display()), move || artifacts::keep(&layout, &path)).await
    }

    async fn open(&self, digest: &str) -> Result<Option<BoxStream<'static, Result<Bytes, BlobError>>>, BlobError> {
        let Ok(digest) = digest.parse::<Digest>() else { return Ok(None) };
        let (layout, what) = (self.layout.clone(), format!("failed to read {digest}"));
        let file = blocking(what.clone(), move || artifacts::open(&layout, &digest)).await?;
        Ok(file.map(|file| pieces(what, file, next_bytes)))
    }
}

/// Runs what blocks where blocking does no harm.
async fn blocking<T: Send + 'static>(
    what: String,
    act: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    let done = tokio::task::spawn_blocking(act).await.unwrap_or_else(|gone| Err(io::Error::other(gone)));
    done.map_err(|source| BlobError { what, source })
}

/// A stream that takes piece after piece from `source`, until there is none.
fn pieces<S: Send + 'static>(
    what: String,
    source: S,
    next: fn(&mut S) -> io::Result<Option<Bytes>>,
) -> BoxStream<'static, Result<Bytes, BlobError>> {
    stream::try_unfold(source, move |mut source| {
        blocking(what.clone(), move || Ok(next(&mut source)?.map(|piece| (piece, source))))
    })
    .boxed()
}

fn next_bytes(file: &mut File) -> io::Result<Option<Bytes>> {
    let mut piece = Vec::with_capacity(PIECE);
    file.take(PIECE as u64).read_to_end(&mut piece)?;
    Ok((!piece.is_empty()).then(|| piece.into()))
}

/// The frames of a log up to where it ends now; `None` when it has none.
fn open_frames(path: &PathBuf) -> io::Result<Option<Frames<io::Take<File>>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let size = file.metadata()?.len();
    let begin = MAGIC.len() as u64;
    Ok(has_magic(&mut file)?.then(|| Frames::new(file.take(size.saturating_sub(begin)), begin)))
}

fn next_output(frames: &mut Frames<io::Take<File>>) -> io::Result<Option<Bytes>> {
    let mut piece = Vec::new();
    while piece.len() < PIECE {
        match frames.next()? {
            Some(frame) if matches!(frame.kind, Kind::Output(LogStream::Stdout | LogStream::Stderr)) => {
                piece.extend_from_slice(frame.bytes);
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok((!piece.is_empty()).then(|| piece.into()))
}

fn list_logs(folder: &Path) -> io::Result<Vec<AttemptKey>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut keys = Vec::new();
    for entry in entries {
        keys.extend(entry?.file_name().to_str().and_then(attempt_of));
    }
    keys.sort();
    Ok(keys)
}

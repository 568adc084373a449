//! [`Blobs`] in a folder of the local disk.

use std::collections::BTreeSet;
use std::fs::{DirEntry, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use loopline_core::id::{AttemptId, AttemptKey, RunId};
use loopline_core::outcome::ArtifactRef;
use loopline_ports::blobs::{BlobError, Blobs, LinePage, LogStream, LogWriter, Matches, Missing, RawLog};
use loopline_ports::caches::{CacheContent, CacheKept, CacheScope, Caches, FoundCache, WriteCache};

use crate::artifacts::{self, Digest};
use crate::caches::{CacheFolder, MAX_CACHES};
use crate::frame::{Frames, Kind};
use crate::growth::{LiveLogs, WriterPlace};
use crate::index::{Indexes, PackIndexes};
use crate::layout::{Layout, attempt_of};
use crate::pack::unpack;
use crate::packed_writer::{OpenPacks, PackedLogWriter};
use crate::source::Source;
use crate::writer::DiskLogWriter;

/// How much is read at once for a stream.
const PIECE: usize = 128 * 1024;

/// How soon the growth of a log that another process writes is seen.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Logs, artifacts and caches in one folder. Several processes may write into it, one at a time a log.
#[derive(Debug)]
pub struct DiskBlobs {
    layout: Layout,
    live: LiveLogs,
    indexes: Indexes,
    packs: OpenPacks,
    pack_indexes: PackIndexes,
    caches: CacheFolder,
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
            Ok(layout) => {
                let caches = CacheFolder::new(layout.caches(), MAX_CACHES);
                Ok(Self {
                    layout,
                    live: LiveLogs::default(),
                    indexes: Indexes::default(),
                    packs: OpenPacks::default(),
                    pack_indexes: PackIndexes::default(),
                    caches,
                })
            }
            Err(source) => Err(BlobError { what: format!("failed to use the folder {}", dir.display()), source }),
        }
    }

    /// Opens the log of an attempt for reading. What it gives blocks.
    fn source(&self, id: &AttemptId) -> impl FnOnce() -> io::Result<Option<Source>> + Send + 'static {
        let (layout, packs, id) = (self.layout.clone(), self.pack_indexes.of(id.run), id.clone());
        move || Source::find(&layout, &packs, &id)
    }

    fn place(&self, id: &AttemptId) -> Result<WriterPlace, BlobError> {
        WriterPlace::take(self.live.of(id)).ok_or_else(|| BlobError {
            what: format!("failed to open the log of {id}"),
            source: io::Error::new(io::ErrorKind::ResourceBusy, "it is being written already"),
        })
    }
}

impl DiskBlobs {
    /// The same with caches in another folder, which others may use too, and so many bytes of them at the most.
    #[must_use]
    pub fn with_caches(mut self, folder: impl Into<PathBuf>, limit: Option<u64>) -> Self {
        self.caches = CacheFolder::new(folder.into(), limit.unwrap_or(MAX_CACHES));
        self
    }
}

#[async_trait]
impl Caches for DiskBlobs {
    async fn find_cache(
        &self,
        scope: &CacheScope,
        key: &str,
        beginnings: &[String],
    ) -> Result<Option<FoundCache>, BlobError> {
        let (caches, scope, key, beginnings) =
            (self.caches.clone(), scope.clone(), key.to_owned(), beginnings.to_vec());
        blocking("failed to look for a cache".to_owned(), move || caches.find(&scope, &key, &beginnings)).await
    }

    async fn open_cache(&self, scope: &CacheScope, key: &str) -> Result<Option<CacheContent>, BlobError> {
        let (caches, scope, key) = (self.caches.clone(), scope.clone(), key.to_owned());
        blocking("failed to read a cache".to_owned(), move || caches.open(&scope, &key)).await
    }

    async fn keep_cache(&self, scope: &CacheScope, key: &str, write: WriteCache) -> Result<CacheKept, BlobError> {
        let (caches, scope, key) = (self.caches.clone(), scope.clone(), key.to_owned());
        blocking("failed to keep a cache".to_owned(), move || caches.keep(&scope, &key, write)).await
    }
}

#[async_trait]
impl Blobs for DiskBlobs {
    async fn new_log(&self, id: &AttemptId, limit: u64) -> Result<Box<dyn LogWriter>, BlobError> {
        let place = self.place(id)?;
        let begun = match self.packs.of(&self.layout, id.run).await {
            Ok(pack) => PackedLogWriter::begin(pack, &self.layout, id, limit, place),
            Err(error) => Err(error),
        };
        match begun {
            Ok(writer) => Ok(Box::new(writer)),
            Err(source) => Err(BlobError { what: format!("failed to open the log of {id}"), source }),
        }
    }

    async fn log_writer(&self, id: &AttemptId, limit: u64) -> Result<Box<dyn LogWriter>, BlobError> {
        let place = self.place(id)?;
        let (layout, packs, of) = (self.layout.clone(), self.pack_indexes.of(id.run), id.clone());
        let open = move || {
            let path = layout.log(&of);
            // What somebody else began among others goes on by itself.
            if !path.try_exists()?
                && let Some(bytes) = packs.read(&layout, of.run, &of.key.to_string())?
            {
                unpack(&path, &bytes)?;
            }
            DiskLogWriter::open(path, limit, place)
        };
        Ok(Box::new(blocking(format!("failed to open the log of {id}"), open).await?))
    }

    async fn size_of_logs(&self, run: RunId) -> Result<u64, BlobError> {
        let folder = self.layout.logs_of(run);
        blocking(format!("failed to measure the logs of run {run}"), move || size_of(&folder)).await
    }

    async fn logs_of(&self, run: RunId) -> Result<Vec<AttemptKey>, BlobError> {
        let (layout, packs) = (self.layout.clone(), self.pack_indexes.of(run));
        let list = move || {
            let mut keys = list_logs(&layout.logs_of(run))?;
            keys.extend(packs.names(&layout, run)?.iter().filter_map(|name| name.parse().ok()));
            Ok(keys.into_iter().collect())
        };
        blocking(format!("failed to list the logs of run {run}"), list).await
    }

    async fn read_lines(&self, id: &AttemptId, after: u64, limit: usize) -> Result<LinePage, BlobError> {
        let (source, index) = (self.source(id), self.indexes.of(id));
        blocking(format!("failed to read the log of {id}"), move || index.read_lines(source()?, after, limit)).await
    }

    async fn search_lines(&self, id: &AttemptId, text: &str, after: u64, limit: usize) -> Result<Matches, BlobError> {
        let (source, index, text) = (self.source(id), self.indexes.of(id), text.to_owned());
        blocking(format!("failed to read the log of {id}"), move || index.search(source()?, &text, after, limit)).await
    }

    async fn read_raw(&self, id: &AttemptId) -> Result<RawLog, BlobError> {
        let (source, what) = (self.source(id), format!("failed to read the log of {id}"));
        let opened = blocking(what.clone(), move || {
            let Some(source) = source()? else { return Ok(None) };
            let header = source.header;
            Ok(Some((header, source.frames(header.begin)?)))
        })
        .await?;
        Ok(match opened {
            Some((header, frames)) => {
                let missing = header.gap.map(|gap| Missing { bytes: gap.bytes[0] + gap.bytes[1], ..gap.missing() });
                RawLog { missing, bytes: pieces(what, frames, next_output) }
            }
            None => RawLog { missing: None, bytes: stream::empty().boxed() },
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
                let (source, index) = (self.source(id), self.indexes.of(id));
                blocking(format!("failed to read the log of {id}"), move || index.reach(source()?)).await?
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

    async fn keep_bytes(&self, bytes: Bytes) -> Result<ArtifactRef, BlobError> {
        let layout = self.layout.clone();
        blocking(format!("failed to keep {} bytes", bytes.len()), move || artifacts::keep_bytes(&layout, &bytes)).await
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

fn next_output(frames: &mut Frames<impl Read>) -> io::Result<Option<Bytes>> {
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

fn list_logs(folder: &Path) -> io::Result<BTreeSet<AttemptKey>> {
    let names = entries(folder)?.map(|entry| Ok(entry?.file_name().to_str().and_then(attempt_of)));
    names.filter_map(io::Result::transpose).collect()
}

fn size_of(folder: &Path) -> io::Result<u64> {
    entries(folder)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}

/// What is in a folder; nothing, when it is not there.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<DirEntry>>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(entries.into_iter().flatten())
}

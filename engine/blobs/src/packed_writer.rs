//! Writes the log of one attempt among others, until it is no small one any more.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use loopline_core::id::{AttemptId, RunId};
use loopline_ports::blobs::{BlobError, Found, LogChunk, LogWriter};
use loopline_ports::clock::{Clock, SystemClock};

use crate::frame::{Kind, MAX_PAYLOAD, encode};
use crate::growth::{Reach, WriterPlace};
use crate::header::MAGIC;
use crate::layout::Layout;
use crate::pack::{OpenPack, Reached, SMALL, unpack};
use crate::writer::DiskLogWriter;

/// How many runs' packs are known, so that one that was reached can be gone on with.
const KNOWN_PACKS: usize = 64;

/// The packs that this process writes. One is open for as long as a log is written into it.
#[derive(Debug, Default)]
pub(crate) struct OpenPacks(tokio::sync::Mutex<Vec<(RunId, Weak<OpenPack>, Reached)>>);

impl OpenPacks {
    /// The pack that takes logs of this run.
    pub(crate) async fn of(&self, layout: &Layout, run: RunId) -> io::Result<Arc<OpenPack>> {
        let mut packs = self.0.lock().await;
        let known = packs.iter().position(|(known, ..)| *known == run).map(|at| packs.swap_remove(at));
        if let Some((_, pack, reached)) = &known
            && let Some(open) = pack.upgrade()
            && !open.is_full()
        {
            packs.push((run, Weak::clone(pack), reached.clone()));
            return Ok(open);
        }
        let reached = known.map(|(_, _, reached)| reached).unwrap_or_default();
        let (layout, to_tell) = (layout.clone(), reached.clone());
        let taken = tokio::task::spawn_blocking(move || OpenPack::take(&layout, run, to_tell)).await;
        let pack = Arc::new(taken.unwrap_or_else(|gone| Err(io::Error::other(gone)))?);
        if packs.len() >= KNOWN_PACKS {
            packs.remove(0);
        }
        packs.push((run, Arc::downgrade(&pack), reached));
        Ok(pack)
    }
}

/// The writer of one log that may stay small.
pub(crate) struct PackedLogWriter(State);

enum State {
    Small(Small),
    Large(DiskLogWriter),
    /// It could not be given a file of its own.
    Broken,
}

struct Small {
    pack: Arc<OpenPack>,
    name: String,
    /// Where its own file will be.
    path: PathBuf,
    /// All of it.
    bytes: Vec<u8>,
    limit: u64,
    place: WriterPlace,
}

impl PackedLogWriter {
    /// Begins the log of an attempt that has none.
    pub(crate) fn begin(
        pack: Arc<OpenPack>,
        layout: &Layout,
        id: &AttemptId,
        limit: u64,
        place: WriterPlace,
    ) -> io::Result<Self> {
        let mut small = Small { pack, name: id.key.to_string(), path: layout.log(id), bytes: Vec::new(), limit, place };
        small.append(&MAGIC, false)?;
        Ok(Self(State::Small(small)))
    }

    /// The same log in a file of its own.
    async fn unpacked(&mut self) -> Result<&mut DiskLogWriter, BlobError> {
        self.0 = match std::mem::replace(&mut self.0, State::Broken) {
            State::Small(Small { path, bytes, limit, place, .. }) => {
                let what = format!("failed to write to the log {}", path.display());
                let move_out = move || {
                    unpack(&path, &bytes)?;
                    DiskLogWriter::open(path, limit, place)
                };
                let moved = tokio::task::spawn_blocking(move_out).await;
                let moved = moved.unwrap_or_else(|gone| Err(io::Error::other(gone)));
                State::Large(moved.map_err(|source| BlobError { what, source })?)
            }
            other => other,
        };
        match &mut self.0 {
            State::Large(log) => Ok(log),
            State::Small(_) | State::Broken => {
                let source = io::Error::other("it could not be given a file of its own");
                Err(BlobError { what: "failed to write to a log".to_owned(), source })
            }
        }
    }
}

#[async_trait]
impl LogWriter for PackedLogWriter {
    async fn append(&mut self, chunk: LogChunk) -> Result<(), BlobError> {
        if let State::Small(small) = &mut self.0
            && chunk.bytes.len() <= small.room()
        {
            let mut frames = Vec::with_capacity(chunk.bytes.len() + 64);
            for piece in chunk.bytes.chunks(MAX_PAYLOAD) {
                encode(Kind::Output(chunk.stream), chunk.at, piece, &mut frames);
            }
            return small.append(&frames, false).map_err(|source| small.error(source));
        }
        self.unpacked().await?.append(chunk).await
    }

    async fn finish(&mut self) -> Result<(), BlobError> {
        match &mut self.0 {
            State::Small(small) => {
                let mut end = Vec::new();
                encode(Kind::End, SystemClock.now(), b"", &mut end);
                let finished = match small.append(&end, true) {
                    Ok(()) => small.pack.flush().await,
                    Err(error) => Err(error),
                };
                finished.map_err(|source| small.error(source))
            }
            State::Large(_) | State::Broken => self.unpacked().await?.finish().await,
        }
    }

    fn found(&self) -> Found {
        match &self.0 {
            State::Large(log) => log.found(),
            State::Small(_) | State::Broken => Found::default(),
        }
    }
}

impl Small {
    /// How many bytes of output it may still take. A log with a low limit is shortened in a file of its own.
    fn room(&self) -> usize {
        let most = usize::try_from(self.limit / 4).map_or(SMALL, |limit| limit.min(SMALL));
        most.saturating_sub(self.bytes.len() + 32)
    }

    /// A small write into memory only: it is not worth a thread.
    fn append(&mut self, bytes: &[u8], complete: bool) -> io::Result<()> {
        self.pack.append(&self.name, bytes)?;
        self.bytes.extend_from_slice(bytes);
        self.place.reaches(Reach { size: self.bytes.len() as u64, complete });
        Ok(())
    }

    fn error(&self, source: io::Error) -> BlobError {
        BlobError { what: format!("failed to write to the log of {}", self.name), source }
    }
}

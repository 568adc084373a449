//! Brings a file that only grows to disk. Those who ask at the same time share one trip.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// A file, and how far it is on disk.
#[derive(Debug)]
pub struct SharedFlush {
    file: Arc<File>,
    trips: Arc<Trips>,
}

/// What is known of trips to the disk. Apart from the file, so that a trip can let go of that before it tells that it is over:
/// whoever is told may close the file, and have it closed.
#[derive(Debug)]
struct Trips {
    progress: Mutex<Progress>,
    /// Changes whenever one is over.
    over: watch::Sender<()>,
}

/// Everyone who asks takes the next number.
#[derive(Debug, Default)]
struct Progress {
    /// The last number that was taken.
    asked: u64,
    /// Everyone up to this number is done.
    done: u64,
    /// The last trip that failed: everyone up to this number who was not done by then, and why.
    failed: Option<(u64, io::ErrorKind, String)>,
    /// Somebody is on the way.
    busy: bool,
}

impl SharedFlush {
    /// Flushes `file`.
    pub fn new(file: Arc<File>) -> Arc<Self> {
        Arc::new(Self { file, trips: Arc::new(Trips { progress: Mutex::default(), over: watch::Sender::new(()) }) })
    }

    /// When this returns, everything that was written before the call is on disk. May be given up at any time.
    ///
    /// # Errors
    /// Those of `fdatasync`, to everyone who asked for that trip.
    pub async fn flush(&self) -> io::Result<()> {
        let mut over = self.trips.over.subscribe();
        let mine = {
            let mut progress = self.trips.progress();
            progress.asked += 1;
            progress.asked
        };
        loop {
            {
                let mut progress = self.trips.progress();
                if progress.done >= mine {
                    return Ok(());
                }
                if let Some((up_to, kind, why)) = &progress.failed
                    && *up_to >= mine
                {
                    return Err(io::Error::new(*kind, why.clone()));
                }
                if !progress.busy {
                    progress.busy = true;
                    // Not tied to who asked: whoever gives up must not leave the others waiting.
                    let (file, trips, up_to) = (Arc::clone(&self.file), Arc::clone(&self.trips), progress.asked);
                    drop(tokio::task::spawn_blocking(move || trips.make(file, up_to)));
                }
            }
            over.changed().await.expect("the sender is held here");
        }
    }
}

impl Trips {
    /// Blocks.
    fn make(&self, file: Arc<File>, up_to: u64) {
        let made = file.sync_data();
        drop(file);
        {
            let mut progress = self.progress();
            progress.busy = false;
            match made {
                Ok(()) => progress.done = progress.done.max(up_to),
                Err(error) => progress.failed = Some((up_to, error.kind(), error.to_string())),
            }
        }
        self.over.send_replace(());
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;

    #[tokio::test]
    async fn all_who_ask_at_the_same_time_are_served() {
        let file = tempfile::tempfile().expect("a temporary file");
        let flush = SharedFlush::new(Arc::new(file));
        for round in 1..=20 {
            let served = join_all((0..16).map(|_| flush.flush())).await;
            assert!(served.iter().all(Result::is_ok));
            let progress = flush.trips.progress();
            assert_eq!((progress.asked, progress.done, progress.busy), (round * 16, round * 16, false));
        }
    }

    #[tokio::test]
    async fn who_gives_up_leaves_nobody_waiting() {
        let flush = SharedFlush::new(Arc::new(tempfile::tempfile().expect("a temporary file")));
        let mut first = Box::pin(flush.flush());
        let _ = futures::poll!(first.as_mut());
        drop(first);
        flush.flush().await.expect("it can be flushed");
    }

    #[tokio::test]
    async fn a_file_that_is_flushed_can_be_closed() {
        for _ in 0..500 {
            let file = Arc::new(tempfile::tempfile().expect("a temporary file"));
            let flush = SharedFlush::new(file.clone());
            flush.flush().await.expect("it can be flushed");
            drop(flush);
            assert_eq!(Arc::strong_count(&file), 1, "somebody still holds it");
        }
    }

    #[tokio::test]
    async fn everyone_on_a_trip_that_fails_hears_of_it() {
        let (_reader, writer) = std::io::pipe().expect("a pipe");
        let pipe = File::from(std::os::fd::OwnedFd::from(writer));
        let flush = SharedFlush::new(Arc::new(pipe));
        let served = join_all((0..3).map(|_| flush.flush())).await;
        assert!(served.iter().all(Result::is_err), "a pipe has no disk");
    }
}

//! Brings a file that only grows to disk. Those who ask at the same time share one trip.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// A file, and how far it is on disk.
#[derive(Debug)]
pub struct SharedFlush {
    file: Arc<File>,
    progress: Mutex<Progress>,
    /// Changes whenever a trip is over.
    trips: watch::Sender<()>,
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
        Arc::new(Self { file, progress: Mutex::default(), trips: watch::Sender::new(()) })
    }

    /// When this returns, everything that was written before the call is on disk. May be given up at any time.
    ///
    /// # Errors
    /// Those of `fdatasync`, to everyone who asked for that trip.
    pub async fn flush(self: &Arc<Self>) -> io::Result<()> {
        let mut trips = self.trips.subscribe();
        let mine = {
            let mut progress = self.progress();
            progress.asked += 1;
            progress.asked
        };
        loop {
            {
                let mut progress = self.progress();
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
                    let (trip, up_to) = (self.clone(), progress.asked);
                    drop(tokio::task::spawn_blocking(move || trip.make(up_to)));
                }
            }
            trips.changed().await.expect("the sender is held here");
        }
    }

    /// Blocks.
    fn make(&self, up_to: u64) {
        let made = self.file.sync_data();
        {
            let mut progress = self.progress();
            progress.busy = false;
            match made {
                Ok(()) => progress.done = progress.done.max(up_to),
                Err(error) => progress.failed = Some((up_to, error.kind(), error.to_string())),
            }
        }
        self.trips.send_replace(());
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
            let progress = flush.progress();
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
    async fn everyone_on_a_trip_that_fails_hears_of_it() {
        let (_reader, writer) = std::io::pipe().expect("a pipe");
        let pipe = File::from(std::os::fd::OwnedFd::from(writer));
        let flush = SharedFlush::new(Arc::new(pipe));
        let served = join_all((0..3).map(|_| flush.flush())).await;
        assert!(served.iter().all(Result::is_err), "a pipe has no disk");
    }
}

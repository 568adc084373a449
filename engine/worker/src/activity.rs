//! Notices when an attempt falls silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// When something was last written.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    began: Instant,
    last_ms: Arc<AtomicU64>,
}

impl Activity {
    /// Begins now.
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), last_ms: Arc::default() }
    }

    /// Something was written just now.
    pub(crate) fn note(&self) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(ms, Ordering::Relaxed);
    }

    /// Comes back when nothing was written for so long; never, without a time.
    pub(crate) async fn idle_for(&self, time: Option<Duration>) {
        let Some(time) = time else { return std::future::pending().await };
        loop {
            let last = self.began + Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
            if last + time <= Instant::now() {
                return;
            }
            sleep_until(last + time).await;
        }
    }
}

//! The wish to end an attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

/// Shared by who wishes and who carries the attempt out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    wished: CancellationToken,
    abandoned: Arc<AtomicBool>,
}

impl Stop {
    /// Somebody cancels the step.
    pub(crate) fn cancel(&self) {
        self.wished.cancel();
    }

    /// Nobody drives the run any more. Whether the step would have succeeded is never known.
    pub(crate) fn abandon(&self) {
        if !self.wished.is_cancelled() {
            self.abandoned.store(true, Ordering::Release);
            self.wished.cancel();
        }
    }

    /// It is to end because nobody drives it.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// The wish, whoever has it.
    pub(crate) fn wished(&self) -> &CancellationToken {
        &self.wished
    }

    /// Why, for the log.
    pub(crate) fn why(&self) -> &'static str {
        if self.is_abandoned() { ABANDONED } else { "the step was cancelled" }
    }
}

/// What is said of an attempt that nobody drives.
pub(crate) const ABANDONED: &str = "the engine is gone and has not come back";

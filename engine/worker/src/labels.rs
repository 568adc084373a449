//! A worker that is given only what asks for labels that it has (`runs_on`).
//!
//! What asks for others is held, as if it had been handed over, until it is taken back or this engine ends: the next one
//! may have them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use loopline_core::command::AttemptSpec;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{Outcome, RawResult};
use loopline_ports::worker::{Attached, Report, Reports, Worker};

/// Hands on what its labels fit.
pub struct LabelledWorker {
    labels: BTreeSet<String>,
    inner: Arc<dyn Worker>,
    reports: Reports,
    held: Mutex<BTreeSet<AttemptId>>,
}

/// The labels that this machine has by itself: its system and its processor, the latter in both usual spellings.
pub fn labels_of_machine() -> BTreeSet<String> {
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    let other_spelling = match processor {
        "x86_64" => Some("amd64"),
        "aarch64" => Some("arm64"),
        _ => None,
    };
    [system, processor].into_iter().chain(other_spelling).map(str::to_owned).collect()
}

impl LabelledWorker {
    /// A worker that has these labels.
    pub fn new(labels: BTreeSet<String>, inner: Arc<dyn Worker>, reports: Reports) -> Self {
        Self { labels, inner, reports, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, BTreeSet<AttemptId>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports without waiting: whoever takes reports may be waiting for us.
    fn tell(&self, report: Report) {
        let reports = self.reports.clone();
        tokio::spawn(async move { reports.send(report).await });
    }
}

#[async_trait]
impl Worker for LabelledWorker {
    async fn start(&self, spec: AttemptSpec) {
        let missing: Vec<String> = spec.runs_on.iter().filter(|label| !self.labels.contains(*label)).cloned().collect();
        if missing.is_empty() {
            return self.inner.start(spec).await;
        }
        if self.held().insert(spec.id.clone()) {
            self.tell(Report::Unplaced { id: spec.id, missing });
        }
    }

    async fn attach(&self, id: AttemptId) -> Attached {
        if self.held().contains(&id) { Attached::Running } else { self.inner.attach(id).await }
    }

    async fn cancel(&self, id: AttemptId) {
        if self.held().remove(&id) {
            return self.tell(Report::Finished { id, outcome: Outcome::Cancelled { result: RawResult::default() } });
        }
        self.inner.cancel(id).await;
    }

    async fn forget(&self, id: &AttemptId) {
        self.inner.forget(id).await;
    }

    async fn forget_others(&self, open: &BTreeSet<AttemptId>) {
        self.inner.forget_others(open).await;
    }
}

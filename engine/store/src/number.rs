//! Counting the runs of a pipeline: 1, 2, 3 …
//!
//! A number is handed out before the run that bears it is on disk, so the count lives in memory and starts from what is
//! stored. A number whose run was refused is handed out again, so that refusals leave no gap.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use loopline_ports::journal::{Append, JournalError};

/// Numbers handed out, by project and pipeline.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pipelines: Mutex<BTreeMap<(String, String), Count>>,
}

#[derive(Debug)]
struct Count {
    /// The highest that was handed out or seen.
    highest: u64,
    /// Lower ones whose run did not come to be.
    returned: BTreeSet<u64>,
}

impl Numbers {
    /// The next number, if the pipeline is known here.
    pub(crate) fn next(&self, project: &str, pipeline: &str) -> Option<u64> {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        let count = pipelines.get_mut(&(project.to_owned(), pipeline.to_owned()))?;
        Some(count.returned.pop_first().unwrap_or_else(|| {
            count.highest += 1;
            count.highest
        }))
    }

    /// Makes a pipeline known with the highest number that is stored. Who comes second changes nothing.
    pub(crate) fn begin_at(&self, project: &str, pipeline: &str, stored: u64) {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        pipelines
            .entry((project.to_owned(), pipeline.to_owned()))
            .or_insert(Count { highest: stored, returned: BTreeSet::new() });
    }

    /// What became of the numbers of a batch.
    pub(crate) fn settle(&self, batch: &[Append], results: &[Result<(), JournalError>]) {
        for (append, result) in batch.iter().zip(results) {
            let Some(new) = &append.created else { continue };
            let (project, pipeline, number) = (&new.created.project, &new.created.pipeline, new.created.number);
            match result {
                Ok(()) => self.taken(project, pipeline, number),
                // Its number may belong to another run, which then is stored; a free one can be handed out again.
                Err(JournalError::Repeated { .. }) => self.give_back(project, pipeline, number),
                Err(_) => {}
            }
        }
    }

    /// Others may have handed out numbers.
    pub(crate) fn forget(&self) {
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A run with this number is stored.
    pub(crate) fn taken(&self, project: &str, pipeline: &str, number: u64) {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = pipelines.get_mut(&(project.to_owned(), pipeline.to_owned())) {
            count.highest = count.highest.max(number);
            count.returned.remove(&number);
        }
    }

    /// The run with this number is not stored, and never will be.
    pub(crate) fn give_back(&self, project: &str, pipeline: &str, number: u64) {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = pipelines.get_mut(&(project.to_owned(), pipeline.to_owned()))
            && number <= count.highest
        {
            count.returned.insert(number);
        }
    }
}

//! A journal that forgets everything when it is dropped. For tests and simulations.

mod access;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use loopline_core::command::Timer;
use loopline_core::event::Recorded;
use loopline_core::group::Holder;
use loopline_core::id::{AttemptId, RunId, Seq};
use loopline_core::time::Timestamp;
use loopline_ports::access::{Act, AuditRow, TokenEntry, TokenHash};
use loopline_ports::journal::{
    Append, AskedSlot, Definition, DefinitionId, Journal, JournalError, OpenAttempt, RequestKey, RunFilter, RunSummary,
    Snapshot,
};
use loopline_ports::secrets::{Sealed, SecretEntry};

use crate::columns::to_json;
use crate::number::Numbers;

/// Keeps everything in memory. Clones share it, so a clone is what a restarted engine would find.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    tables: Mutex<Tables>,
    numbers: Numbers,
}

#[derive(Debug, Default)]
struct Tables {
    definitions: Vec<Definition>,
    runs: BTreeMap<RunId, Run>,
    attempts: BTreeSet<AttemptId>,
    timers: BTreeMap<(RunId, Timer), Timestamp>,
    slots: BTreeMap<Holder, AskedSlot>,
    requests: BTreeMap<(String, String), (RunId, String)>,
    numbers: BTreeSet<(String, String, u64)>,
    secrets: BTreeMap<(String, String), (SecretEntry, Sealed)>,
    tokens: Vec<(TokenHash, TokenEntry)>,
    audit: Vec<AuditRow>,
}

#[derive(Debug)]
struct Run {
    summary: RunSummary,
    definition: DefinitionId,
    events: Vec<Recorded>,
    snapshots: BTreeMap<Seq, Snapshot>,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.shared.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn tell(&mut self, act: &Act) -> Result<(), JournalError> {
        let row = AuditRow::next(self.audit.last().map(|row| (row.n, &*row.hash)), to_json(act)?);
        self.audit.push(row);
        Ok(())
    }

    /// Checks everything first, so that a refusal leaves no trace.
    fn append(&mut self, append: Append) -> Result<(), JournalError> {
        let conflict = || JournalError::Conflict { run: append.run, expected: append.expected };
        if let Some(request) = &append.request
            && let Some((run, digest)) = self.requests.get(&(request.scope.clone(), request.key.clone()))
        {
            return Err(JournalError::Repeated { run: *run, same: *digest == request.digest });
        }
        if !append.is_contiguous() {
            return Err(conflict());
        }
        match (&append.created, self.runs.get(&append.run)) {
            (Some(new), None) if append.expected == 0 => {
                if new.definition.0 < 1 || new.definition.0 as usize > self.definitions.len() {
                    return Err(JournalError::Damaged(format!("definition {} is not stored", new.definition.0)));
                }
                let number = (new.created.project.clone(), new.created.pipeline.clone(), new.created.number);
                if !self.numbers.insert(number) {
                    return Err(conflict());
                }
            }
            (None, Some(run)) if run.events.len() as Seq == append.expected => {}
            _ => return Err(conflict()),
        }

        let id = append.run;
        let last = append.last();
        for act in &append.acts {
            self.tell(act)?;
        }
        if let Some(request) = append.request {
            self.requests.insert((request.scope, request.key), (id, request.digest));
        }
        match (append.created, append.row) {
            (Some(new), Some(row)) => {
                let summary = RunSummary {
                    run: id,
                    project: new.created.project,
                    pipeline: new.created.pipeline,
                    number: new.created.number,
                    trigger: new.created.trigger,
                    created_at: append.events.first().map_or(Timestamp(0), |first| first.at),
                    row,
                };
                self.runs.insert(
                    id,
                    Run { summary, definition: new.definition, events: append.events, snapshots: BTreeMap::new() },
                );
            }
            (_, row) => {
                if let Some(run) = self.runs.get_mut(&id) {
                    run.summary.row = row.unwrap_or_else(|| run.summary.row.clone());
                    run.events.extend(append.events);
                }
            }
        }
        if let (Some(snapshot), Some(run)) = (append.snapshot, self.runs.get_mut(&id)) {
            let mut stretches = BTreeSet::new();
            run.snapshots.retain(|seq, _| stretches.insert(seq / snapshot.apart));
            run.snapshots.insert(last, snapshot);
        }
        for (timer, due) in append.timers_set {
            self.timers.insert((id, timer), due);
        }
        for timer in append.timers_cleared {
            self.timers.remove(&(id, timer));
        }
        self.attempts.extend(append.attempts_started.into_iter().map(|key| AttemptId { run: id, key }));
        for key in append.attempts_finished {
            self.attempts.remove(&AttemptId { run: id, key });
        }
        for (number, slot, ask) in append.slots_asked {
            let holder = Holder { run: id, slot };
            self.slots.entry(holder.clone()).or_insert(AskedSlot { number, holder, ask, granted: false });
        }
        for slot in append.slots_granted {
            if let Some(asked) = self.slots.get_mut(&Holder { run: id, slot }) {
                asked.granted = true;
            }
        }
        for slot in append.slots_released {
            self.slots.remove(&Holder { run: id, slot });
        }
        Ok(())
    }
}

#[async_trait]
impl Journal for MemoryStore {
    async fn commit(&self, batch: Vec<Append>) -> Result<Vec<Result<(), JournalError>>, JournalError> {
        let mut tables = self.tables();
        let commit = |append: Append| {
            let number = append
                .created
                .as_ref()
                .map(|new| (new.created.project.clone(), new.created.pipeline.clone(), new.created.number));
            let result = tables.append(append);
            if let Some((project, pipeline, number)) = number {
                match &result {
                    Ok(()) => self.shared.numbers.taken(&project, &pipeline, number),
                    Err(JournalError::Repeated { .. }) => self.shared.numbers.give_back(&project, &pipeline, number),
                    Err(_) => {}
                }
            }
            result
        };
        Ok(batch.into_iter().map(commit).collect())
    }

    async fn events(&self, run: RunId, after: Seq, limit: u32) -> Result<Vec<Recorded>, JournalError> {
        let tables = self.tables();
        let events = tables.runs.get(&run).map_or(&[][..], |run| &run.events);
        Ok(events.iter().skip(usize::try_from(after).unwrap_or(usize::MAX)).take(limit as usize).cloned().collect())
    }

    async fn snapshot(&self, run: RunId, upto: Option<Seq>) -> Result<Option<(Seq, Snapshot)>, JournalError> {
        let tables = self.tables();
        let kept = tables.runs.get(&run).and_then(|run| run.snapshots.range(..=upto.unwrap_or(Seq::MAX)).next_back());
        Ok(kept.map(|(seq, snapshot)| (*seq, snapshot.clone())))
    }

    async fn put_definition(&self, definition: &Definition) -> Result<DefinitionId, JournalError> {
        let mut tables = self.tables();
        let known =
            |other: &Definition| other.text_digest == definition.text_digest && other.digest == definition.digest;
        let at = tables.definitions.iter().position(known).unwrap_or_else(|| {
            tables.definitions.push(definition.clone());
            tables.definitions.len() - 1
        });
        Ok(DefinitionId(at as i64 + 1))
    }

    async fn definition_of(&self, run: RunId) -> Result<Option<Definition>, JournalError> {
        let tables = self.tables();
        Ok(tables.runs.get(&run).and_then(|run| tables.definitions.get(run.definition.0 as usize - 1)).cloned())
    }

    async fn next_number(&self, project: &str, pipeline: &str) -> Result<u64, JournalError> {
        let _tables = self.tables();
        self.shared.numbers.begin_at(project, pipeline, 0);
        Ok(self.shared.numbers.next(project, pipeline).unwrap_or(1))
    }

    async fn find_request(&self, scope: &str, key: &str) -> Result<Option<(RunId, String)>, JournalError> {
        Ok(self.tables().requests.get(&(scope.to_owned(), key.to_owned())).cloned())
    }

    async fn requests(&self) -> Result<Vec<(RequestKey, RunId)>, JournalError> {
        let key = |((scope, key), (run, digest)): (&(String, String), &(RunId, String))| {
            (RequestKey { scope: scope.clone(), key: key.clone(), digest: digest.clone() }, *run)
        };
        Ok(self.tables().requests.iter().map(key).collect())
    }

    async fn summary(&self, run: RunId) -> Result<Option<RunSummary>, JournalError> {
        Ok(self.tables().runs.get(&run).map(|run| run.summary.clone()))
    }

    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
        let tables = self.tables();
        let older = match filter.before {
            Some(before) => tables.runs.range(..before),
            None => tables.runs.range(..),
        };
        let wanted = |run: &&RunSummary| {
            filter.pipeline.as_ref().is_none_or(|(project, name)| run.project == *project && run.pipeline == *name)
                && filter.reach.as_ref().is_none_or(|reach| reach.reaches(&run.project, &run.pipeline))
                && (filter.status.is_empty() || filter.status.contains(&run.row.status))
        };
        Ok(older.rev().map(|(_, run)| &run.summary).filter(wanted).take(filter.limit as usize).cloned().collect())
    }

    async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, JournalError> {
        Ok(self.tables().attempts.iter().map(|id| OpenAttempt { id: id.clone(), elsewhere: false }).collect())
    }

    async fn slots(&self) -> Result<Vec<AskedSlot>, JournalError> {
        let mut slots: Vec<_> = self.tables().slots.values().cloned().collect();
        slots.sort_by_key(|asked| asked.number);
        Ok(slots)
    }

    async fn due_timers(&self, now: Timestamp, limit: u32) -> Result<Vec<(RunId, Timer)>, JournalError> {
        let tables = self.tables();
        let mut due: Vec<_> = tables.timers.iter().filter(|(_, at)| **at <= now).collect();
        due.sort_by_key(|(_, at)| **at);
        Ok(due.into_iter().take(limit as usize).map(|((run, timer), _)| (*run, timer.clone())).collect())
    }

    async fn next_timer(&self) -> Result<Option<Timestamp>, JournalError> {
        Ok(self.tables().timers.values().min().copied())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::MemoryStore;
    use crate::conformance::{conforms, keeps_access, keeps_secrets};

    #[tokio::test]
    async fn memory_keeps_what_a_journal_promises() {
        let opened = RefCell::new(BTreeMap::<&str, MemoryStore>::new());
        conforms(async |name| opened.borrow_mut().entry(name).or_default().clone()).await;
        keeps_access(async |name| opened.borrow_mut().entry(name).or_default().clone()).await;
        keeps_secrets(async |name| opened.borrow_mut().entry(name).or_default().clone()).await;
    }
}

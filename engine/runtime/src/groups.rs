//! Concurrency groups and locks: what runs have asked for and released, and what the groups want of runs.
//!
//! A group hears of a wish or a release once that is on disk, and what it then wants goes into histories as events of the next
//! batch. So a place is never given twice, whatever fails in between: after a failure the journal says who holds what.

use std::collections::{BTreeMap, HashMap, VecDeque};

use loopline_core::event::Event;
use loopline_core::group::{Ask, GroupCommand, GroupEvent, GroupId, GroupState, Holder, Slot, apply_group, restored};
use loopline_core::id::RunId;
use loopline_ports::driver::DriverError;
use loopline_ports::journal::{AskedSlot, JournalError};

use crate::batch::Batch;
use crate::drive::Drive;

/// Who is said to have cancelled a run that had to make room.
const BY: &str = "concurrency";

/// All groups of which somebody holds or wants a place.
#[derive(Default)]
pub(crate) struct Groups {
    groups: BTreeMap<GroupId, GroupState>,
    of: HashMap<Holder, GroupId>,
    /// Number of the next wish.
    pub(crate) next: u64,
    due: VecDeque<GroupCommand>,
    /// Nobody knows what is on disk.
    pub(crate) doubtful: bool,
}

impl Groups {
    /// What stands in the journal, and what is due of it.
    fn restored(slots: Vec<AskedSlot>) -> Self {
        let mut groups = Self::default();
        let mut logs: BTreeMap<GroupId, Vec<GroupEvent>> = BTreeMap::new();
        for AskedSlot { number, holder, ask, granted } in slots {
            groups.next = groups.next.max(number + 1);
            groups.of.insert(holder.clone(), ask.group.clone());
            let log = logs.entry(ask.group.clone()).or_default();
            log.push(GroupEvent::Asked { number, holder: holder.clone(), ask });
            if granted {
                log.push(GroupEvent::Granted { holder });
            }
        }
        for (id, log) in logs {
            let (state, due) = restored(log);
            groups.groups.insert(id, state);
            groups.due.extend(due);
        }
        groups
    }

    /// Something is to become an event.
    pub(crate) fn is_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// A wish is on disk.
    pub(crate) fn asked(&mut self, number: u64, holder: Holder, ask: Ask) {
        self.of.insert(holder.clone(), ask.group.clone());
        let group = self.groups.entry(ask.group.clone()).or_default();
        self.due.extend(apply_group(group, GroupEvent::Asked { number, holder, ask }));
    }

    /// A release is on disk.
    pub(crate) fn released(&mut self, holder: Holder) {
        let Some(id) = self.of.remove(&holder) else { return };
        let Some(group) = self.groups.get_mut(&id) else { return };
        self.due.extend(apply_group(group, GroupEvent::Released { holder }));
        if group.is_empty() {
            self.groups.remove(&id);
        }
    }
}

impl Drive {
    /// Reads who holds what, and who waits.
    pub(crate) async fn recover_groups(&mut self) -> Result<(), JournalError> {
        // Numbers that were given out and are not on disk are not given again: they would stand before older wishes.
        let next = self.groups.next;
        self.groups = Groups::restored(self.journal.slots().await?);
        self.groups.next = self.groups.next.max(next);
        Ok(())
    }

    /// What is on disk changes who waits for whom.
    pub(crate) fn hear(&mut self, run: RunId, asked: Vec<(u64, Slot, Ask)>, released: Vec<Slot>) {
        for (number, slot, ask) in asked {
            self.groups.asked(number, Holder { run, slot }, ask);
        }
        for slot in released {
            self.groups.released(Holder { run, slot });
        }
    }

    /// What groups want becomes events, until they want nothing more.
    pub(crate) async fn carry_grants(&mut self) {
        while !self.groups.due.is_empty() && self.is_well() {
            let mut batch = Batch::from_number(self.groups.next);
            for due in std::mem::take(&mut self.groups.due) {
                let (Holder { run, slot }, event) = match due {
                    GroupCommand::Grant { holder } => (holder.clone(), Event::SlotGranted { slot: holder.slot }),
                    GroupCommand::Cancel { holder, reason } => {
                        (holder, Event::CancelRequested { by: BY.to_owned(), reason: Some(reason) })
                    }
                };
                match self.take_one(&mut batch, run, event).await {
                    Ok(()) => {}
                    Err(DriverError::Journal(error)) => self.journal_failed(&error, [run], []),
                    // It has ended meanwhile, and its release is on the way.
                    Err(error) => tracing::debug!(%run, %slot, %error, "a group was late"),
                }
            }
            if !batch.is_empty() {
                self.write(batch).await;
            }
        }
    }
}

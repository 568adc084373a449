//! The fold: who holds a place, who waits, and what is due.

use std::collections::BTreeMap;

use super::{Ask, Holder};
use crate::graph::WhenFull;

/// A line of a group's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEvent {
    /// Somebody wants a place. Numbers rise in the order of asking.
    Asked {
        /// Its number.
        number: u64,
        /// Who.
        holder: Holder,
        /// What.
        ask: Ask,
    },
    /// That somebody has one stands in the history of its run.
    Granted {
        /// Who.
        holder: Holder,
    },
    /// The place, or the wait for one, has ended.
    Released {
        /// Who.
        holder: Holder,
    },
}

/// What a group wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupCommand {
    /// It has a place now.
    Grant {
        /// Who.
        holder: Holder,
    },
    /// The run must end.
    Cancel {
        /// Who holds a place or waits for one.
        holder: Holder,
        /// Why, as the end of "cancelled because".
        reason: String,
    },
}

/// Who has asked and not released.
#[derive(Debug, Clone, Default)]
pub struct GroupState {
    asked: BTreeMap<u64, Asked>,
    numbers: BTreeMap<Holder, u64>,
}

#[derive(Debug, Clone)]
struct Asked {
    holder: Holder,
    ask: Ask,
    place: Place,
    /// It was told to end.
    ending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Waits,
    Holds,
    /// An ancestor holds it.
    Shares,
}

/// Takes one line, and gives what is due now. What was given before is not given again.
pub fn apply_group(state: &mut GroupState, event: GroupEvent) -> Vec<GroupCommand> {
    state.take(event);
    state.decide()
}

/// The state after a restart, from the lines of those who have not released; and what is due, once more.
pub fn restored(log: impl IntoIterator<Item = GroupEvent>) -> (GroupState, Vec<GroupCommand>) {
    let mut state = GroupState::default();
    log.into_iter().for_each(|event| state.take(event));
    let due = state.decide();
    (state, due)
}

impl GroupState {
    /// Nobody holds or waits.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// How many places are taken.
    pub fn held(&self) -> usize {
        self.asked.values().filter(|asked| asked.place == Place::Holds).count()
    }

    fn take(&mut self, event: GroupEvent) {
        match event {
            GroupEvent::Asked { number, holder, ask } => {
                if !self.numbers.contains_key(&holder) {
                    self.numbers.insert(holder.clone(), number);
                    self.asked.insert(number, Asked { holder, ask, place: Place::Waits, ending: false });
                }
            }
            GroupEvent::Granted { holder } => {
                let Some(number) = self.numbers.get(&holder) else { return };
                let shares = self.is_shared(*number);
                if let Some(asked) = self.asked.get_mut(number)
                    && asked.place == Place::Waits
                {
                    asked.place = if shares { Place::Shares } else { Place::Holds };
                }
            }
            GroupEvent::Released { holder } => {
                if let Some(number) = self.numbers.remove(&holder) {
                    self.asked.remove(&number);
                }
            }
        }
    }

    fn is_shared(&self, number: u64) -> bool {
        let holds = |holder: &Holder| {
            self.numbers.get(holder).and_then(|number| self.asked.get(number)).is_some_and(|a| a.place != Place::Waits)
        };
        self.asked.get(&number).is_some_and(|asked| asked.ask.within.iter().any(holds))
    }

    /// Gives places in the order of asking, and ends what stands in the way of one that may not wait.
    fn decide(&mut self) -> Vec<GroupCommand> {
        let mut due = Vec::new();
        let waiting: Vec<u64> = self.waiting().collect();
        // Who has to wait lets nobody past who came later.
        let mut line_stands = false;
        for number in &waiting {
            let place = if self.is_shared(*number) {
                Place::Shares
            } else if !line_stands && self.held() < self.limit_with(*number) {
                Place::Holds
            } else {
                line_stands = true;
                continue;
            };
            if let Some(asked) = self.asked.get_mut(number) {
                asked.place = place;
                due.push(GroupCommand::Grant { holder: asked.holder.clone() });
            }
        }
        for number in self.waiting().collect::<Vec<_>>() {
            let limit = self.limit_with(number);
            match self.asked[&number].ask.when_full {
                WhenFull::Queue => {}
                WhenFull::Reject => self.end(number, "is full", &mut due),
                WhenFull::ReplaceQueued => self.end_queued_before(number, &mut due),
                WhenFull::CancelRunning => {
                    self.end_queued_before(number, &mut due);
                    let holds = |asked: &&Asked| asked.place == Place::Holds;
                    let ending = self.asked.values().filter(holds).filter(|asked| asked.ending).count();
                    let too_many = (self.held() + 1).saturating_sub(limit + ending);
                    let holding = self.asked.iter().filter(|(_, asked)| asked.place == Place::Holds && !asked.ending);
                    for oldest in holding.map(|(number, _)| *number).take(too_many).collect::<Vec<_>>() {
                        self.end(oldest, "begins a newer run", &mut due);
                    }
                }
            }
        }
        due
    }

    /// Pipelines may say different limits of one group: what each of those that hold a place was promised goes on to be true.
    fn limit_with(&self, number: u64) -> usize {
        let holding = self.asked.values().filter(|asked| asked.place == Place::Holds);
        let limits = holding.chain(self.asked.get(&number)).map(|asked| asked.ask.limit as usize);
        limits.min().unwrap_or(0)
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = u64> + '_ {
        let waits = |asked: &Asked| asked.place == Place::Waits && !asked.ending;
        self.asked.iter().filter(move |(_, asked)| waits(asked)).map(|(number, _)| *number)
    }

    fn end_queued_before(&mut self, number: u64, due: &mut Vec<GroupCommand>) {
        for before in self.waiting().take_while(|before| *before < number).collect::<Vec<_>>() {
            self.end(before, "has a newer run in the queue", due);
        }
    }

    fn end(&mut self, number: u64, what: &str, due: &mut Vec<GroupCommand>) {
        if let Some(asked) = self.asked.get_mut(&number) {
            asked.ending = true;
            let reason = format!("the concurrency group `{}` {what}", asked.ask.group.name);
            due.push(GroupCommand::Cancel { holder: asked.holder.clone(), reason });
        }
    }
}

//! Whatever is asked and released, and however often the engine restarts: never more than the limit, and in order of asking.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Ask, GroupCommand, GroupEvent, GroupId, GroupKind, GroupState, Holder, Slot, apply_group, restored};
use crate::graph::WhenFull;
use crate::id::RunId;

fn holder(n: u64) -> Holder {
    Holder { run: RunId::from_parts(n, 1), slot: Slot::Run { epoch: 1 } }
}

fn ask(limit: u32, when_full: WhenFull, within: &[u64]) -> Ask {
    let group = GroupId { project: "default".into(), kind: GroupKind::Concurrency, name: "g".into() };
    Ask { group, limit, when_full, within: within.iter().map(|n| holder(*n)).collect() }
}

/// `grant 1`, `cancel 2`: what is due after each line.
fn check(log: &[(&str, u64, Ask)], expected: &[&str]) {
    let mut state = GroupState::default();
    let mut number = 0;
    let due = log.iter().map(|(what, who, ask)| {
        let holder = holder(*who);
        number += 1;
        let event = match *what {
            "ask" => GroupEvent::Asked { number, holder, ask: ask.clone() },
            _ => GroupEvent::Released { holder },
        };
        words(&apply_group(&mut state, event))
    });
    assert_eq!(due.collect::<Vec<_>>(), expected);
}

fn words(due: &[GroupCommand]) -> String {
    let number = |holder: &Holder| (1..100).find(|n| self::holder(*n) == *holder).unwrap_or(0);
    let word = |command: &GroupCommand| match command {
        GroupCommand::Grant { holder } => format!("grant {}", number(holder)),
        GroupCommand::Cancel { holder, .. } => format!("cancel {}", number(holder)),
    };
    due.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[test]
fn places_are_given_in_the_order_of_asking() {
    let queue = || ask(1, WhenFull::Queue, &[]);
    check(
        &[
            ("ask", 1, queue()),
            ("ask", 2, queue()),
            ("ask", 3, queue()),
            ("release", 1, queue()),
            ("release", 2, queue()),
        ],
        &["grant 1", "", "", "grant 2", "grant 3"],
    );
}

#[test]
fn one_that_needs_more_room_holds_up_who_comes_later() {
    let (two, one) = (|| ask(2, WhenFull::Queue, &[]), || ask(1, WhenFull::Queue, &[]));
    check(
        &[("ask", 1, two()), ("ask", 2, one()), ("ask", 3, two()), ("release", 1, two()), ("release", 2, one())],
        &["grant 1", "", "", "grant 2", "grant 3"],
    );
}

#[test]
fn a_newer_run_takes_the_place_of_those_that_wait() {
    let newer = || ask(1, WhenFull::ReplaceQueued, &[]);
    check(
        &[
            ("ask", 1, newer()),
            ("ask", 2, newer()),
            ("ask", 3, newer()),
            ("release", 2, newer()),
            ("release", 1, newer()),
        ],
        &["grant 1", "", "cancel 2", "", "grant 3"],
    );
}

#[test]
fn a_newer_run_ends_as_many_as_stand_in_its_way() {
    let newer = || ask(2, WhenFull::CancelRunning, &[]);
    check(
        &[("ask", 1, newer()), ("ask", 2, newer()), ("ask", 3, newer()), ("release", 1, newer())],
        &["grant 1", "grant 2", "cancel 1", "grant 3"],
    );
}

#[test]
fn one_that_may_not_wait_is_ended() {
    let reject = || ask(1, WhenFull::Reject, &[]);
    check(&[("ask", 1, reject()), ("ask", 2, reject()), ("release", 1, reject())], &["grant 1", "cancel 2", ""]);
}

#[test]
fn a_child_shares_what_its_ancestor_holds() {
    let queue = || ask(1, WhenFull::Queue, &[]);
    check(
        &[("ask", 1, queue()), ("ask", 2, queue()), ("ask", 3, ask(1, WhenFull::Queue, &[1])), ("release", 3, queue())],
        &["grant 1", "", "grant 3", ""],
    );
}

#[derive(Debug, Clone)]
enum Step {
    Ask(WhenFull),
    /// The one with this place among those who hold or wait.
    Release(usize),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let when_full = prop_oneof![
        Just(WhenFull::Queue),
        Just(WhenFull::ReplaceQueued),
        Just(WhenFull::CancelRunning),
        Just(WhenFull::Reject)
    ];
    let step = prop_oneof![
        4 => when_full.prop_map(Step::Ask),
        3 => any::<prop::sample::Index>().prop_map(|index| Step::Release(index.index(1000))),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..60)
}

/// The world: whose place is on disk, and who was told to end and does so some time later.
#[derive(Default)]
struct World {
    asked: BTreeMap<u64, (Holder, Ask)>,
    granted: BTreeSet<Holder>,
    last_granted: u64,
}

impl World {
    fn obey(&mut self, due: Vec<GroupCommand>, limit: u32) {
        for command in due {
            let GroupCommand::Grant { holder } = command else { continue };
            let number = self.asked.iter().find(|(_, (asked, _))| *asked == holder).map(|(number, _)| *number);
            let number = number.expect("only who has asked is given a place");
            assert!(number > self.last_granted, "out of order");
            self.last_granted = number;
            self.granted.insert(holder);
            assert!(self.granted.len() <= limit as usize, "more than the limit");
        }
    }

    fn log(&self) -> Vec<GroupEvent> {
        let mut log = Vec::new();
        for (number, (holder, ask)) in &self.asked {
            log.push(GroupEvent::Asked { number: *number, holder: holder.clone(), ask: ask.clone() });
            if self.granted.contains(holder) {
                log.push(GroupEvent::Granted { holder: holder.clone() });
            }
        }
        log
    }
}

proptest! {
    #[test]
    fn never_more_than_the_limit_and_nobody_is_forgotten(steps in steps(), limit in 1u32..4) {
        let mut world = World::default();
        let mut state = GroupState::default();
        for (at, step) in steps.into_iter().enumerate() {
            let number = at as u64 + 1;
            let due = match step {
                Step::Ask(when_full) => {
                    let (holder, ask) = (holder(number), ask(limit, when_full, &[]));
                    world.asked.insert(number, (holder.clone(), ask.clone()));
                    apply_group(&mut state, GroupEvent::Asked { number, holder, ask })
                }
                Step::Release(index) => {
                    let Some(number) = world.asked.keys().copied().nth(index % world.asked.len().max(1)) else { continue };
                    let (holder, _) = world.asked.remove(&number).expect("just found");
                    world.granted.remove(&holder);
                    apply_group(&mut state, GroupEvent::Released { holder })
                }
                Step::Restart => {
                    let (again, due) = restored(world.log());
                    state = again;
                    // Who was told to end and has not yet may get a place after all.
                    world.last_granted = 0;
                    due
                }
            };
            world.obey(due, limit);
            prop_assert_eq!(state.held(), world.granted.len());
            prop_assert!(state.held() == limit as usize || state.waiting().next().is_none(), "a place stays empty");
        }
        while let Some((_, (holder, _))) = world.asked.pop_first() {
            world.granted.remove(&holder);
            let due = apply_group(&mut state, GroupEvent::Released { holder });
            world.obey(due, limit);
        }
        prop_assert!(state.is_empty());
    }
}

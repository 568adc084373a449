//! Everything that an attempt ever started, and how it is ended.
//!
//! A process belongs to an attempt when it is the one that was started, is in its session, carries the attempt's mark in
//! its environment, or descends from such a process. So neither a new session, nor a double fork, nor a new group
//! hides one, and of an attempt with limits, whatever is in its control groups belongs to it. What gives up all of these at once (session, mark, and a parent that is still alive) is seen only by a
//! supervisor, which becomes its parent: it belongs to the one attempt that there is, or else is ended with the last.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::adopted::Adopted;
use crate::control_group::ControlGroup;
use crate::process::{ProcessInfo, ProcessRef, process_table, was_started_with};

/// The variable that marks the processes of an attempt.
pub(crate) const MARK: &str = "LOOPLINE_ATTEMPT_ID";

/// How long a process may take to disappear after SIGKILL. Only one that hangs in the kernel takes longer.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// The processes of one attempt.
#[derive(Debug, Clone)]
pub(crate) struct ProcessTree {
    /// The process that was started, leader of its session, if it is known.
    leader: Option<ProcessRef>,
    /// The mark with its value, `NAME=value`.
    mark: String,
    /// Where this process is the parent of all that has lost its own.
    adopted: Option<Arc<Adopted>>,
    /// The groups that all of it is in, if it has limits.
    groups: Option<Arc<ControlGroup>>,
}

/// What [`ProcessTree::end`] did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// How many processes were alive when it began.
    pub(crate) found: usize,
    /// Processes that do not even end on SIGKILL.
    pub(crate) stuck: Vec<i32>,
}

impl ProcessTree {
    /// The tree of the attempt with this id, whose first process is a child of ours.
    pub(crate) fn of_child(attempt: &str, leader: Option<ProcessRef>, adopted: Option<Arc<Adopted>>) -> Self {
        Self { leader, mark: format!("{MARK}={attempt}"), adopted, groups: None }
    }

    /// All of it was started in these groups.
    pub(crate) fn in_groups(self, groups: Option<Arc<ControlGroup>>) -> Self {
        Self { groups, ..self }
    }

    /// The tree of an attempt that another engine started. Its first process may have ended long ago, and its number
    /// may have been given to a stranger since: then the mark alone tells what belongs to the attempt.
    pub(crate) fn left_behind(attempt: &str, noted: Option<ProcessRef>) -> Self {
        Self::of_child(attempt, noted.filter(|noted| ProcessRef::of(noted.pid) == Some(*noted)), None)
    }

    /// Nothing can be left, given that the first process was waited for. Costs much less than to look everywhere.
    pub(crate) fn has_left_nothing(&self) -> bool {
        if self.groups.as_ref().is_some_and(|groups| !groups.members().is_empty()) {
            return false;
        }
        let (Some(adopted), Some(leader)) = (&self.adopted, self.leader) else { return false };
        adopted.left_by(leader.pid).0.is_empty()
    }

    fn is_surely_gone(&self) -> bool {
        self.leader.is_some_and(|leader| ProcessRef::of(leader.pid) != Some(leader)) && self.has_left_nothing()
    }

    /// Asks all of it to end, waits for at most `grace`, ends by force what is left, and comes back when nothing of
    /// it is alive. Blocks.
    pub(crate) fn end(&self, grace: Duration) -> Ended {
        if !cfg!(target_os = "linux") {
            self.end_group(grace);
            return Ended::default();
        }
        if self.is_surely_gone() {
            return Ended::default();
        }
        let mut seen = BTreeSet::new();
        let found = self.alive(&mut seen);
        if found.is_empty() {
            return Ended::default();
        }
        self.ask(&found);
        let stuck = if self.gone_within(grace, &mut seen) { Vec::new() } else { self.force(&mut seen) };
        Ended { found: found.len(), stuck }
    }

    /// SIGTERM to all, and SIGCONT, so that those that were stopped can act on it.
    fn ask(&self, alive: &BTreeSet<ProcessRef>) {
        for signal in [Signal::SIGTERM, Signal::SIGCONT] {
            let group = self.signal_group(signal);
            for process in alive.iter().filter(|process| !group.contains(&process.pid)) {
                process.signal(signal);
            }
        }
    }

    /// Signals the leader's process group as one, which no fork can slip out of; says who is in it.
    fn signal_group(&self, signal: Signal) -> BTreeSet<i32> {
        let Some(leader) = self.leader else { return BTreeSet::new() };
        let table = process_table();
        let ours = |info: &&ProcessInfo| info.group == leader.pid && info.process.start >= leader.start;
        let members: BTreeSet<i32> = table.values().filter(ours).map(|info| info.process.pid).collect();
        if is_replaced(&table, leader) {
            return BTreeSet::new();
        }
        if !members.is_empty() {
            let _ = killpg(Pid::from_raw(leader.pid), signal);
        }
        members
    }

    /// Where the system tells nothing about processes, the leader's group is all that can be ended.
    fn end_group(&self, grace: Duration) {
        let Some(leader) = self.leader else { return };
        let group = Pid::from_raw(leader.pid);
        let until = Instant::now() + grace;
        let _ = killpg(group, Signal::SIGTERM);
        while Instant::now() < until && killpg(group, None).is_ok() {
            sleep(Duration::from_millis(20));
        }
        let _ = killpg(group, Signal::SIGKILL);
    }

    fn gone_within(&self, time: Duration, seen: &mut BTreeSet<ProcessRef>) -> bool {
        let until = Instant::now() + time;
        let mut pause = Duration::from_millis(1);
        loop {
            if self.alive(seen).is_empty() {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            sleep(pause.min(left));
            pause = (2 * pause).min(Duration::from_millis(50));
        }
    }

    /// SIGKILL to all, again until nothing is left. All are stopped first, so that none starts another meanwhile and
    /// none loses its parent before its children were found. Says who is still there after all.
    fn force(&self, seen: &mut BTreeSet<ProcessRef>) -> Vec<i32> {
        let until = Instant::now() + LAST_WAIT;
        loop {
            if let Some(groups) = &self.groups {
                groups.kill();
            }
            let mut stopped = BTreeSet::new();
            loop {
                let new: Vec<_> = self.alive(seen).difference(&stopped).copied().collect();
                if new.is_empty() {
                    break;
                }
                for process in new {
                    process.signal(Signal::SIGSTOP);
                    stopped.insert(process);
                }
            }
            self.signal_group(Signal::SIGKILL);
            for process in &stopped {
                process.signal(Signal::SIGKILL);
            }
            if self.gone_within(Duration::from_millis(500), seen) {
                return Vec::new();
            }
            if Instant::now() >= until {
                return self.alive(seen).iter().map(|process| process.pid).collect();
            }
        }
    }

    /// Everything of the attempt that is alive now. What was `seen` before belongs to it for ever, whatever tied it to
    /// the attempt then: its parent may have ended since.
    fn alive(&self, seen: &mut BTreeSet<ProcessRef>) -> BTreeSet<ProcessRef> {
        let table = process_table();
        let since = self.leader.map_or(0, |leader| leader.start);
        let me = i32::try_from(std::process::id()).unwrap_or(0);
        // Nothing of an attempt is older than its first process, which spares most of the machine a closer look.
        let young = || table.values().filter(|info| info.process.start >= since && info.process.pid != me);
        let leader = self.leader.filter(|leader| !is_replaced(&table, *leader));
        let in_session = |leader: ProcessRef| young().filter(move |info| info.session == leader.pid);
        let mut members: BTreeSet<i32> = leader.into_iter().flat_map(in_session).map(|info| info.process.pid).collect();
        members.extend(young().filter(|info| seen.contains(&info.process)).map(|info| info.process.pid));
        members.extend(young().map(|info| info.process.pid).filter(|pid| was_started_with(*pid, &self.mark)));
        if let (Some(adopted), Some(leader)) = (&self.adopted, self.leader)
            && let (left, true) = adopted.left_by(leader.pid)
        {
            let left = left
                .into_iter()
                .filter(|info| table.get(&info.process.pid).is_some_and(|now| now.process == info.process));
            members.extend(left.map(|info| info.process.pid));
        }
        if let Some(groups) = &self.groups {
            members.extend(groups.members().into_iter().filter(|pid| *pid != me && table.contains_key(pid)));
        }
        loop {
            let children: Vec<i32> = young()
                .filter(|info| members.contains(&info.parent) && !members.contains(&info.process.pid))
                .map(|info| info.process.pid)
                .collect();
            if children.is_empty() {
                break;
            }
            members.extend(children);
        }
        let alive = members.iter().map(|pid| &table[pid]).filter(|info| !info.ended).map(|info| info.process);
        let alive: BTreeSet<ProcessRef> = alive.collect();
        seen.extend(&alive);
        alive
    }
}

/// Another process has the number of `leader`. Numbers are not given away while a group or session of that number has
/// members: so nothing is left of either.
fn is_replaced(table: &BTreeMap<i32, ProcessInfo>, leader: ProcessRef) -> bool {
    table.get(&leader.pid).is_some_and(|info| info.process != leader)
}

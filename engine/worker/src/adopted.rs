//! Children that this process has without having started them.
//!
//! A supervisor takes the place of the parent for everything whose parent has ended (it is a *subreaper*). So whatever a
//! step starts, and however it hides (a new session, an empty environment, a double fork), it ends up below the
//! supervisor; and once a step's own process has ended and there are no such children, nothing of the step is left.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::process::{ProcessInfo, process_table};

/// How often what is left is looked for, a millisecond apart. Only what hangs in the kernel lasts so long.
const ROUNDS: u32 = 500;

/// Who was started, to tell the others from them.
#[derive(Debug, Default)]
pub(crate) struct Adopted {
    started: Mutex<BTreeSet<i32>>,
}

impl Adopted {
    /// Starts a process. Until it is [released](Self::release_at_once) it does not count as adopted.
    pub(crate) fn start<T>(
        &self,
        start: impl FnOnce() -> io::Result<T>,
        pid: impl FnOnce(&T) -> Option<i32>,
    ) -> io::Result<T> {
        // Held meanwhile: a process that is there, and not known yet, would be taken for an adopted one.
        let mut known = self.started();
        let started = start()?;
        known.extend(pid(&started));
        Ok(started)
    }

    /// The process was waited for, and what it left was looked after. What is left by attempts that could not be told
    /// apart is ended with the last of them: `false` when this was the last and something is left.
    #[must_use]
    pub(crate) fn release_at_once(&self, pid: i32) -> bool {
        let mut known = self.started();
        known.remove(&pid);
        !known.is_empty() || self.alive(&known).is_empty()
    }

    /// Ends what the last of them has left. Blocks.
    pub(crate) fn end_what_is_left(&self) {
        let known = self.started();
        for _ in 0..ROUNDS {
            let left = self.alive(&known);
            if left.is_empty() || !known.is_empty() {
                return;
            }
            for info in left {
                tracing::warn!(pid = info.process.pid, "a process that hid from its step is ended");
                info.process.signal(Signal::SIGKILL);
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    /// The adopted processes that live, and whether they can only be what `leader` has left: nobody else has anything.
    pub(crate) fn left_by(&self, leader: i32) -> (Vec<ProcessInfo>, bool) {
        let known = self.started();
        (self.alive(&known), known.iter().all(|pid| *pid == leader))
    }

    /// Takes those that have ended off the system's list.
    pub(crate) fn reap(&self) {
        if !somebody_has_ended() {
            return;
        }
        let known = self.started();
        for info in children(&known).into_iter().filter(|info| info.ended) {
            let _ = waitpid(Pid::from_raw(info.process.pid), Some(WaitPidFlag::WNOHANG));
        }
    }

    fn alive(&self, known: &BTreeSet<i32>) -> Vec<ProcessInfo> {
        children(known).into_iter().filter(|info| !info.ended).collect()
    }

    fn started(&self) -> MutexGuard<'_, BTreeSet<i32>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A child of ours has ended, and nobody has asked how; asked much faster than who it is.
fn somebody_has_ended() -> bool {
    #[cfg(target_os = "linux")]
    {
        use nix::errno::Errno;
        use nix::sys::wait::{Id, WaitStatus, waitid};

        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        !matches!(waitid(Id::All, look), Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD))
    }
    #[cfg(not(target_os = "linux"))]
    true
}

/// Our children, but for those that are known.
fn children(known: &BTreeSet<i32>) -> Vec<ProcessInfo> {
    let Some(pids) = listed() else {
        let me = i32::try_from(std::process::id()).unwrap_or(0);
        let ours = |info: &ProcessInfo| info.parent == me && !known.contains(&info.process.pid);
        return process_table().into_values().filter(ours).collect();
    };
    pids.into_iter().filter(|pid| !known.contains(pid)).filter_map(ProcessInfo::read).collect()
}

/// The system's own list of them, where it has one. What is adopted comes to the first thread of a process; what another
/// thread has started is never looked for here.
fn listed() -> Option<Vec<i32>> {
    let list = fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id())).ok()?;
    Some(list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect())
}

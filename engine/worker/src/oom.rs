//! Evidence that the system ended a process because memory ran out.
//!
//! The kernel counts the processes that it ended for that reason, on the whole machine, containers with a limit of their
//! own included. It ends them with SIGKILL, and says nothing to their parents. So one that was ended by SIGKILL, not by
//! us, while the count rose, is taken to have been ended for lack of memory; without a rise it is not.
//!
//! To tell the count is work for the kernel, more than a small step needs else. So who starts shares what was read within
//! the last tenth of a second: that somebody else was ended so in just that time is the error that is left.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How old the count before a start may be.
const SHARED: Duration = Duration::from_millis(100);

/// The count at some moment; none where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OomKills(Option<u64>);

impl OomKills {
    /// The count now.
    pub(crate) fn now() -> Self {
        Self(fs::read_to_string("/proc/vmstat").ok().and_then(|stat| count(&stat)))
    }

    /// The count before this moment, by not much.
    pub(crate) fn lately() -> Self {
        static LAST: Mutex<Option<(Instant, OomKills)>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((at, count)) if at.elapsed() < SHARED => count,
            _ => last.insert((Instant::now(), Self::now())).1,
        }
    }

    /// How many there were between `before` and this moment, if that can be told.
    pub(crate) fn since(self, before: Self) -> Option<u64> {
        Some(self.0?.saturating_sub(before.0?))
    }
}

fn count(stat: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rise_of_the_count_is_evidence() {
        let at = |stat| OomKills(count(stat));
        let stat = "nr_free 12\noom_kill 3\noom_kill_other 9\n";
        assert_eq!(at(stat), OomKills(Some(3)));
        assert_eq!(at("nr_free 12\noom_kill 5\n").since(at(stat)), Some(2));
        assert_eq!(at(stat).since(at(stat)), Some(0));
        assert_eq!(at(stat).since(at("nr_free 12\n")), None, "not known before");
    }
}

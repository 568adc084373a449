//! What the system tells about processes. Linux tells it under `/proc`; elsewhere nothing is known but what we started.

use std::collections::BTreeMap;
use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process that cannot be taken for a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ProcessRef {
    /// Its number.
    pub(crate) pid: i32,
    /// When it began, in ticks since the machine was booted.
    pub(crate) start: u64,
}

impl ProcessRef {
    /// The process that has this number now.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        if cfg!(target_os = "linux") {
            ProcessInfo::read(pid).map(|info| info.process)
        } else {
            kill(Pid::from_raw(pid), None).ok().map(|()| Self { pid, start: 0 })
        }
    }

    /// It has not ended.
    pub(crate) fn is_alive(self) -> bool {
        if cfg!(target_os = "linux") {
            ProcessInfo::read(self.pid).is_some_and(|info| info.process == self && !info.ended)
        } else {
            Self::of(self.pid) == Some(self)
        }
    }

    /// Sends a signal, unless the process has ended.
    pub(crate) fn signal(self, signal: Signal) {
        if Self::of(self.pid) == Some(self) {
            // It may end between the look and the signal: then nothing is there to be signalled.
            let _ = kill(Pid::from_raw(self.pid), signal);
        }
    }
}

/// A line of the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessInfo {
    pub(crate) process: ProcessRef,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// It has ended, and its parent has not asked how.
    pub(crate) ended: bool,
}

impl ProcessInfo {
    pub(crate) fn read(pid: i32) -> Option<Self> {
        Self::parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Reads `pid (name) state parent group session … start …`. The name may hold anything, brackets too.
    fn parse(pid: i32, stat: &[u8]) -> Option<Self> {
        let name_end = stat.iter().rposition(|byte| *byte == b')')?;
        let rest = std::str::from_utf8(&stat[name_end + 1..]).ok()?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<i32>().ok();
        Some(Self {
            process: ProcessRef { pid, start: fields.get(19)?.parse().ok()? },
            parent: number(1)?,
            group: number(2)?,
            session: number(3)?,
            ended: matches!(*fields.first()?, "Z" | "X" | "x"),
        })
    }
}

/// All processes that can be seen, by number.
pub(crate) fn process_table() -> BTreeMap<i32, ProcessInfo> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, ProcessInfo::read(pid)?))).collect()
}

/// Whether the environment that the process was started with holds `variable` (`NAME=value`).
pub(crate) fn was_started_with(pid: i32, variable: &str) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
}

/// Names this boot of the machine; empty where the system does not tell.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_table_line_is_read_whatever_the_name() {
        let stat = b"42 (a) S 7 (b) R 1 40 39 34816 40 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2 3";
        let expect = ProcessInfo {
            process: ProcessRef { pid: 42, start: 987_654 },
            parent: 1,
            group: 40,
            session: 39,
            ended: false,
        };
        assert_eq!(ProcessInfo::parse(42, stat), Some(expect));
        assert_eq!(ProcessInfo::parse(42, b"42 (a) Z 1"), None);
    }

    #[test]
    fn this_process_is_in_the_table() {
        let me = i32::try_from(std::process::id()).expect("process ids are small");
        let info = process_table()[&me];
        assert_eq!(Some(info.process), ProcessRef::of(me));
        assert!(!info.ended);
    }
}

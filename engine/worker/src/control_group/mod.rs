//! What all processes of an attempt may use together, and how they are ended at once: control groups of the system.
//!
//! ```text
//! version 2   OURS/loopline-…            memory.max  cpu.max  memory.events  cgroup.kill
//! version 1   MEMORY/OURS/loopline-…     memory.limit_in_bytes  memory.oom_control
//!             CPU/OURS/loopline-…        cpu.cfs_quota_us
//! ```
//!
//! Only an attempt with limits has groups. They lie beneath the group that this process is in, so that what limits this
//! process limits them too. What a group cannot be made for is refused: a limit is never left out. Where version 1 limits,
//! a group of version 2 is made besides if it can be: whatever is in it is ended by one word.
//!
//! A group is no jail: a step of the same user may leave it, if the system lets that user.

mod hierarchy;
mod limits;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hierarchy::Hierarchies;
pub(crate) use limits::Limits;
use limits::Setting;
use loopline_core::outcome::{Failure, FailureKind};
use sha2::{Digest as _, Sha256};

/// How long the system may take to see that a group is empty.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// The groups of one attempt. They go when this is dropped, if nobody is in them any more.
#[derive(Debug)]
pub(crate) struct ControlGroup {
    folders: Vec<PathBuf>,
}

/// What the processes of an attempt have used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// How many of them were ended for lack of memory, if that is counted.
    pub(crate) oom_kills: Option<u64>,
    /// The most memory that they had together.
    pub(crate) peak: Option<u64>,
}

impl ControlGroup {
    /// Makes the groups of an attempt. `note` is told what they will be before they are there. Blocks.
    ///
    /// # Errors
    /// When one of the limits cannot be set here.
    pub(crate) fn make(
        attempt: &str,
        limits: Limits,
        note: impl FnOnce(&[PathBuf]) -> io::Result<()>,
    ) -> Result<Self, Failure> {
        Self::make_in(&Hierarchies::of_this_process(), attempt, limits, note)
    }

    fn make_in(
        hierarchies: &Hierarchies,
        attempt: &str,
        limits: Limits,
        note: impl FnOnce(&[PathBuf]) -> io::Result<()>,
    ) -> Result<Self, Failure> {
        let name = name_of(attempt);
        let plan = limits.plan(hierarchies)?;
        let folder = |parent: &Path| parent.join(&name);
        let folders: Vec<PathBuf> = plan.parents.iter().map(|parent| folder(parent)).collect();
        note(&folders).map_err(|error| refuse(format!("its groups could not be noted on disk: {error}")))?;
        let mut group = Self { folders: Vec::new() };
        for folder in folders {
            let made = fs::create_dir(&folder).map_err(|error| (folder.clone(), error));
            match made {
                Ok(()) => group.folders.push(folder),
                // It only makes the end quicker.
                Err(_) if plan.for_the_end.as_ref().is_some_and(|parent| folder.starts_with(parent)) => {}
                Err((folder, error)) => {
                    return Err(refuse(format!("the group {} cannot be made: {error}", folder.display())));
                }
            }
        }
        for Setting { parent, file, value, needed } in &plan.settings {
            let file = folder(parent).join(file);
            match fs::write(&file, value) {
                Err(error) if *needed => {
                    return Err(refuse(format!("{} cannot be set to {value}: {error}", file.display())));
                }
                _ => {}
            }
        }
        Ok(group)
    }

    /// The groups that another engine has made, as it has noted them.
    pub(crate) fn left_behind(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// What a process that writes `0` into them enters the groups by.
    pub(crate) fn doors(&self) -> io::Result<Vec<File>> {
        let open = |folder: &PathBuf| OpenOptions::new().write(true).open(folder.join("cgroup.procs"));
        self.folders.iter().map(open).collect()
    }

    /// The numbers of those that are in them, and in groups that they made inside.
    pub(crate) fn members(&self) -> Vec<i32> {
        let mut members = Vec::new();
        for folder in self.folders.iter().flat_map(|folder| with_inner(folder)) {
            let listed = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            members.extend(listed.lines().filter_map(|pid| pid.parse::<i32>().ok()));
        }
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Ends all of them at once, where the system can.
    pub(crate) fn kill(&self) {
        for folder in &self.folders {
            let door = folder.join("cgroup.kill");
            if door.exists() {
                let _ = fs::write(door, "1");
            }
        }
    }

    /// What was used so far.
    pub(crate) fn used(&self) -> Used {
        let counted = |file: &str| {
            let text = self.folders.iter().find_map(|folder| fs::read_to_string(folder.join(file)).ok())?;
            text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
        };
        let number = |file: &str| {
            let text = self.folders.iter().find_map(|folder| fs::read_to_string(folder.join(file)).ok())?;
            text.trim().parse().ok()
        };
        Used {
            oom_kills: counted("memory.events").or_else(|| counted("memory.oom_control")),
            peak: number("memory.peak").or_else(|| number("memory.max_usage_in_bytes")),
        }
    }

    /// Comes back as soon as one of them was ended for lack of memory; never, where that is not counted.
    pub(crate) async fn out_of_memory(&self) {
        loop {
            match self.used().oom_kills {
                None => return std::future::pending().await,
                Some(0) => tokio::time::sleep(Duration::from_millis(100)).await,
                Some(_) => return,
            }
        }
    }

    /// Removes the groups, once nobody is in them. Blocks.
    pub(crate) fn remove(&self) {
        let until = Instant::now() + LAST_WAIT;
        while !self.try_remove() {
            if Instant::now() >= until {
                tracing::warn!(groups = ?self.folders, "the groups of an attempt cannot be removed");
                return;
            }
            sleep(Duration::from_millis(5));
        }
    }

    fn try_remove(&self) -> bool {
        let mut inner_first: Vec<PathBuf> = self.folders.iter().flat_map(|folder| with_inner(folder)).collect();
        inner_first.reverse();
        inner_first.iter().all(|folder| match fs::remove_dir(folder) {
            Err(error) => error.kind() == io::ErrorKind::NotFound,
            Ok(()) => true,
        })
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        self.try_remove();
    }
}

/// A group and those in it, each before what is in it.
fn with_inner(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        if let Ok(entries) = fs::read_dir(&folder) {
            let inner =
                entries.filter_map(|entry| entry.ok().filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir())));
            left.extend(inner.map(|entry| entry.path()));
        }
        found.push(folder);
    }
    found
}

/// Names of attempts are longer than names of groups may be.
fn name_of(attempt: &str) -> String {
    let digest = Sha256::digest(attempt);
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("loopline-{hex}")
}

fn refuse(why: String) -> Failure {
    Failure::new(
        FailureKind::Spawn,
        format!("`limits` of the step cannot be enforced here, so it was not started: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_is_told_limits_in_its_own_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = folder.path().join("ours");
        fs::create_dir(&ours).expect("a group");
        fs::write(ours.join("cgroup.controllers"), "cpuset cpu io memory pids\n").expect("a file");
        fs::write(ours.join("cgroup.subtree_control"), "cpu memory\n").expect("a file");
        let hierarchies = Hierarchies { unified: Some((ours.clone(), folder.path().to_owned())), ..Default::default() };
        let limits = Limits { memory: Some(64 << 20), cpus_milli: Some(1_500) };
        let mut noted = Vec::new();
        let group = ControlGroup::make_in(&hierarchies, "attempt", limits, |folders| {
            noted = folders.to_vec();
            Ok(())
        });
        let group = group.expect("it can be made");
        assert_eq!((&noted, noted.len()), (&group.folders, 1));
        let read = |file: &str| fs::read_to_string(noted[0].join(file)).unwrap_or_default();
        assert_eq!([read("memory.max"), read("memory.swap.max")], ["67108864", "0"]);
        assert_eq!([read("memory.oom.group"), read("cpu.max")], ["1", "150000 100000"]);
        fs::write(noted[0].join("memory.events"), "low 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 1\n")
            .expect("a file");
        fs::write(noted[0].join("memory.peak"), "4096\n").expect("a file");
        assert_eq!(group.used(), Used { oom_kills: Some(2), peak: Some(4096) });
    }

    #[test]
    fn a_limit_that_nothing_enforces_is_refused() {
        let limits = Limits { memory: Some(1 << 20), cpus_milli: None };
        let made = ControlGroup::make_in(&Hierarchies::default(), "attempt", limits, |_| Ok(()));
        let error = made.expect_err("nothing is there");
        assert_eq!(error.kind, FailureKind::Spawn);
        assert!(error.message.contains("`limits.memory`"), "{}", error.message);
    }
}

//! Which groups a limit needs, and what is written into them.

use std::fs;
use std::path::{Path, PathBuf};

use loopline_core::outcome::Failure;
use nix::unistd::{AccessFlags, access};

use super::hierarchy::Hierarchies;
use super::refuse;

/// Time is given out in pieces of so many microseconds.
const PERIOD: u64 = 100_000;
/// The system gives no less than a millisecond of a period: very little is given out in longer ones.
const LONG_PERIOD: u64 = 1_000_000;

/// What is limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of memory.
    pub(crate) memory: Option<u64>,
    /// Thousandths of a processor.
    pub(crate) cpus_milli: Option<u64>,
}

/// What has to be made.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The groups in which groups are made.
    pub(super) parents: Vec<PathBuf>,
    /// One of them, if it is only there to end everything at once.
    pub(super) for_the_end: Option<PathBuf>,
    pub(super) settings: Vec<Setting>,
}

/// What is written into a file of the group made in `parent`.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) parent: PathBuf,
    pub(super) file: &'static str,
    pub(super) value: String,
    /// Without it the limit would not hold.
    pub(super) needed: bool,
}

impl Limits {
    /// Whether anything is.
    pub(crate) fn is_any(self) -> bool {
        self != Self::default()
    }

    pub(super) fn plan(self, hierarchies: &Hierarchies) -> Result<Plan, Failure> {
        let mut plan = Plan::default();
        let unified = hierarchies.unified.as_ref();
        let has = |controller: &str| {
            unified
                .is_some_and(|(ours, _)| words(&ours.join("cgroup.controllers")).iter().any(|word| word == controller))
        };
        let wanted = [("memory", self.memory.is_some()), ("cpu", self.cpus_milli.is_some())];
        let of_unified: Vec<&str> =
            wanted.iter().filter(|(name, wanted)| *wanted && has(name)).map(|(name, _)| *name).collect();
        let parent = match (unified, of_unified.is_empty()) {
            (Some((ours, mounted)), false) => Some(parent_in(ours, mounted, &of_unified)?),
            _ => None,
        };
        plan.parents.extend(parent.clone());
        if let Some(bytes) = self.memory {
            match (&parent, &hierarchies.memory) {
                (Some(parent), _) if of_unified.contains(&"memory") => {
                    plan.set(parent, "memory.max", bytes.to_string(), true);
                    plan.set(parent, "memory.swap.max", "0".to_owned(), false);
                    plan.set(parent, "memory.oom.group", "1".to_owned(), false);
                }
                (_, Some(ours)) => {
                    plan.parents.push(ours.clone());
                    plan.set(ours, "memory.limit_in_bytes", bytes.to_string(), true);
                    plan.set(ours, "memory.memsw.limit_in_bytes", bytes.to_string(), false);
                }
                _ => return Err(nothing_limits("limits.memory", "memory")),
            }
        }
        if let Some(milli) = self.cpus_milli {
            let period = if milli < 10 { LONG_PERIOD } else { PERIOD };
            let quota = milli.max(1).saturating_mul(period / 1_000);
            match (&parent, &hierarchies.cpu) {
                (Some(parent), _) if of_unified.contains(&"cpu") => {
                    plan.set(parent, "cpu.max", format!("{quota} {period}"), true);
                }
                (_, Some(ours)) => {
                    if !plan.parents.contains(ours) {
                        plan.parents.push(ours.clone());
                    }
                    plan.set(ours, "cpu.cfs_period_us", period.to_string(), true);
                    plan.set(ours, "cpu.cfs_quota_us", quota.to_string(), true);
                }
                _ => return Err(nothing_limits("limits.cpus", "cpu")),
            }
        }
        if let (None, Some((ours, _))) = (&parent, unified) {
            plan.parents.push(ours.clone());
            plan.for_the_end = Some(ours.clone());
        }
        Ok(plan)
    }
}

impl Plan {
    fn set(&mut self, parent: &Path, file: &'static str, value: String, needed: bool) {
        self.settings.push(Setting { parent: parent.to_owned(), file, value, needed });
    }
}

/// The nearest group of version 2 in which groups can be made that are limited. A group with processes of its own cannot
/// hold such groups, so it may be one further out; but what limits this process must limit them too.
fn parent_in(ours: &Path, mounted: &Path, controllers: &[&str]) -> Result<PathBuf, Failure> {
    let mut at = ours;
    loop {
        let control = at.join("cgroup.subtree_control");
        if !gives(&control, controllers) {
            let asked: Vec<String> = controllers.iter().map(|name| format!("+{name}")).collect();
            let _ = fs::write(&control, asked.join(" "));
        }
        if gives(&control, controllers) && access(at, AccessFlags::W_OK).is_ok() {
            return Ok(at.to_owned());
        }
        let limited = ["memory.max", "memory.swap.max", "cpu.max"]
            .iter()
            .find(|file| fs::read_to_string(at.join(file)).is_ok_and(|text| !text.trim_start().starts_with("max")));
        if let Some(file) = limited {
            let why = format!("{} limits this engine, and no group can be made in it", at.join(file).display());
            return Err(refuse(why));
        }
        match at.parent() {
            Some(outer) if at != mounted => at = outer,
            _ => {
                return Err(refuse(format!(
                    "this user may not make groups with limits around {}; start the engine as a service with `Delegate=yes`, or by `systemd-run --user --scope`",
                    ours.display()
                )));
            }
        }
    }
}

fn gives(control: &Path, controllers: &[&str]) -> bool {
    let given = words(control);
    controllers.iter().all(|name| given.iter().any(|given| given == name))
}

fn words(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

fn nothing_limits(key: &str, controller: &str) -> Failure {
    refuse(format!(
        "`{key}` needs control groups of Linux with `{controller}`, and none are mounted; use a `container`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group with these files.
    fn group(at: &Path, files: &[(&str, &str)]) {
        fs::create_dir_all(at).expect("a group");
        for (name, text) in files {
            fs::write(at.join(name), text).expect("a file");
        }
    }

    #[test]
    fn groups_are_made_further_out_only_where_no_limit_is_left_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let (outer, ours) = (folder.path().join("outer"), folder.path().join("outer/ours"));
        group(&outer, &[("cgroup.subtree_control", "memory cpu")]);
        // A folder in the place of the file refuses to be written, as the system does.
        fs::create_dir_all(ours.join("cgroup.subtree_control")).expect("a folder");
        group(&ours, &[("memory.max", "max\n"), ("cpu.max", "max 100000\n")]);
        let found = parent_in(&ours, folder.path(), &["memory"]);
        assert_eq!(found.ok(), Some(outer.clone()));
        fs::write(ours.join("memory.max"), "1048576\n").expect("a file");
        let error = parent_in(&ours, folder.path(), &["memory"]).expect_err("it is limited");
        assert!(error.message.contains("memory.max limits this engine"), "{}", error.message);
    }

    #[test]
    fn very_little_time_is_given_out_in_long_periods() {
        let quota = |cpus_milli| {
            let hierarchies = Hierarchies { cpu: Some("/cpu".into()), ..Default::default() };
            let plan =
                Limits { memory: None, cpus_milli: Some(cpus_milli) }.plan(&hierarchies).expect("it can be made");
            plan.settings.into_iter().map(|setting| setting.value).collect::<Vec<_>>().join("/")
        };
        assert_eq!([quota(1), quota(500), quota(4_000)], ["1000000/1000", "100000/50000", "100000/400000"]);
    }
}

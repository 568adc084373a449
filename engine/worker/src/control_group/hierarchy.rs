//! Where the system's control groups are mounted, and which of them this process is in.

use std::fs;
use std::path::{Path, PathBuf};

/// The groups of this process, by what they can limit.
#[derive(Debug, Default)]
pub(super) struct Hierarchies {
    /// Of version 2, and what it is mounted as.
    pub(super) unified: Option<(PathBuf, PathBuf)>,
    /// Of version 1, for memory.
    pub(super) memory: Option<PathBuf>,
    /// Of version 1, for processors.
    pub(super) cpu: Option<PathBuf>,
}

impl Hierarchies {
    pub(super) fn of_this_process() -> Self {
        let read = |file| fs::read_to_string(file).unwrap_or_default();
        Self::parse(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"))
    }

    /// Reads lines `id parent device root place options … - type source options`, and `number:controllers:group`.
    fn parse(mounts: &str, groups: &str) -> Self {
        let mut found = Self::default();
        for mount in mounts.lines() {
            let Some((front, back)) = mount.split_once(" - ") else { continue };
            let (front, back): (Vec<&str>, Vec<&str>) = (front.split(' ').collect(), back.split(' ').collect());
            let ([_, _, _, root, place, ..], [kind, _, options, ..]) = (front.as_slice(), back.as_slice()) else {
                continue;
            };
            // Only white space and backslashes are spelled otherwise, and nobody mounts groups there.
            let place = Path::new(place);
            let group_of = |controller: &str| group_in(groups, controller, root).map(|group| place.join(group));
            match *kind {
                "cgroup2" if found.unified.is_none() => {
                    found.unified = group_of("").map(|group| (group, place.to_owned()));
                }
                "cgroup" => {
                    for (controller, place) in [("memory", &mut found.memory), ("cpu", &mut found.cpu)] {
                        if place.is_none() && options.split(',').any(|option| option == controller) {
                            *place = group_of(controller);
                        }
                    }
                }
                _ => {}
            }
        }
        found
    }
}

/// The group of this process for a controller, beneath what is mounted.
fn group_in(groups: &str, controller: &str, root: &str) -> Option<PathBuf> {
    let group = groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?);
        controllers.split(',').any(|name| name == controller).then_some(group)
    })?;
    // A process in a container may be told its group as it is called outside, while only that one is mounted.
    let beneath = Path::new(group).strip_prefix(root).unwrap_or(Path::new(""));
    Some(beneath.strip_prefix("/").unwrap_or(beneath).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_found_side_by_side() {
        let mounts = "24 1 0:22 / /sys rw - sysfs sysfs rw
30 24 0:26 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw
31 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
32 24 0:28 /outer /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
        let groups = "4:memory:/outer/inner\n1:cpu,cpuacct:/\n2:name=systemd:/x\n0::/user.slice";
        let found = Hierarchies::parse(mounts, groups);
        let unified = ("/sys/fs/cgroup/unified/user.slice".into(), "/sys/fs/cgroup/unified".into());
        assert_eq!(found.unified, Some(unified));
        assert_eq!(found.memory, Some("/sys/fs/cgroup/memory/inner".into()));
        assert_eq!(found.cpu, Some("/sys/fs/cgroup/cpu,cpuacct/".into()));
    }

    #[test]
    fn nothing_is_found_where_there_is_nothing() {
        let found = Hierarchies::parse("24 1 0:22 / /sys rw - sysfs sysfs rw", "");
        assert!(found.unified.is_none() && found.memory.is_none() && found.cpu.is_none());
    }
}

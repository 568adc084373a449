//! What the machine has: the shell of steps, files that may be open, the time of day.

use std::path::Path;

use jiff::tz::TimeZone;
use nix::sys::resource::{Resource, getrlimit};

use super::Finding;

/// A run of many steps needs a few for each.
const FEW_FILES: u64 = 1024;

pub fn examine() -> Vec<Finding> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |name: &str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let mut findings = vec![if has("bash") {
        Finding::good("shell", "bash is there, which steps use unless they say something else")
    } else {
        let fix = "install bash, or give each step `shell: sh`";
        Finding::failed("shell", "there is no bash in PATH, which steps use unless they say something else", fix)
    }];
    if cfg!(target_os = "linux") && !Path::new("/proc/self/stat").exists() {
        let says = "/proc is not mounted: processes that a step leaves behind cannot be found";
        findings.push(Finding::failed("processes", says, "mount -t proc proc /proc"));
    }
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((_, most)) if most < FEW_FILES => {
            let says = format!("this user may have {most} files open at once");
            findings.push(Finding::warning("open files", says, format!("raise it: ulimit -n {FEW_FILES}")));
        }
        Ok(_) | Err(_) => {}
    }
    findings.push(match TimeZone::get("Europe/Berlin") {
        Ok(_) => Finding::good("time zones", "schedules may name time zones"),
        Err(_) => Finding::failed("time zones", "this machine knows no time zones by name", "install tzdata"),
    });
    findings
}

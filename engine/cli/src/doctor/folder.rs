//! The folder of data: whose it is, who reads it, whether it takes what is written, and how much more.

use std::fs::Metadata;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::statvfs::statvfs;
use nix::unistd::Uid;

use super::{Finding, nearest};

const MIB: u64 = 1024 * 1024;
/// With less the next larger log fills the disk.
const TOO_LITTLE: u64 = 256 * MIB;
/// With less one should know.
const LITTLE: u64 = 2048 * MIB;
/// Each event waits for the disk: beyond this a step costs more than people expect.
const SLOW: Duration = Duration::from_millis(50);

/// `has_database`: the record of runs lies there too.
pub fn examine(data: &Path, has_database: bool) -> Vec<Finding> {
    let place = nearest(data);
    let mut findings = vec![match place.metadata() {
        Err(error) => Finding::failed("data", format!("{}: {error}", place.display()), "name another folder by --data"),
        Ok(found) if !found.is_dir() => Finding::failed(
            "data",
            format!("{} is no folder", place.display()),
            format!("move it away, or name another folder than {} by --data", data.display()),
        ),
        Ok(found) if place == data => of_folder(data, &found),
        Ok(_) => Finding::good("data", format!("{} will be made by the first start", data.display())),
    }];
    if findings[0].verdict != super::Verdict::Failed {
        findings.push(space(place));
        findings.push(writing(place));
        if has_database {
            findings.extend(file_system(place));
        }
    }
    findings
}

fn of_folder(data: &Path, found: &Metadata) -> Finding {
    let (shown, mode) = (data.display(), found.permissions().mode() & 0o777);
    if found.uid() != Uid::effective().as_raw() && !Uid::effective().is_root() {
        let says = format!("{shown} belongs to user {}, and you are user {}", found.uid(), Uid::effective());
        return Finding::failed("data", says, format!("start the server as its owner, or: chown -R $(id -u) {shown}"));
    }
    if mode & 0o077 != 0 {
        let says = format!("others on this machine may look into {shown} (mode {mode:03o}), where logs and inputs lie");
        return Finding::warning("data", says, format!("chmod 700 {shown}"));
    }
    Finding::good("data", format!("{shown} is yours alone"))
}

fn space(place: &Path) -> Finding {
    let found = match statvfs(place) {
        Ok(found) => found,
        Err(error) => {
            let says = format!("nobody can tell how much space {} has: {error}", place.display());
            return Finding::warning("space", says, "look with: df -h");
        }
    };
    // Of other types elsewhere.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    let free = u64::from(found.blocks_available()).saturating_mul(found.fragment_size() as u64);
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    let (inodes, inodes_free) = (found.files() as u64, found.files_available() as u64);
    let says = format!("{} MiB are free at {}", free / MIB, place.display());
    if inodes > 0 && inodes_free < 1000 {
        let says = format!("only {inodes_free} more files fit at {}", place.display());
        return Finding::failed("space", says, "remove files, or name a folder on another disk by --data");
    }
    match free {
        ..TOO_LITTLE => Finding::failed("space", says, "make room, or name a folder on another disk by --data"),
        TOO_LITTLE..LITTLE => Finding::warning("space", says, "make room soon: logs and artifacts grow with every run"),
        _ => Finding::good("space", says),
    }
}

/// Writes a little and waits for the disk, as every event does.
fn writing(place: &Path) -> Finding {
    let attempt = || -> io::Result<Duration> {
        let mut file = tempfile::NamedTempFile::new_in(place)?;
        file.write_all(&[0; 4096])?;
        file.as_file().sync_all()?;
        let began = Instant::now();
        file.write_all(&[1; 4096])?;
        file.as_file().sync_data()?;
        Ok(began.elapsed())
    };
    match attempt() {
        Err(error) => {
            let says = format!("nothing can be written to {}: {error}", place.display());
            Finding::failed("disk", says, "start the server as a user who may, or name another folder by --data")
        }
        Ok(took) if took > SLOW => {
            let says = format!("the disk takes {} ms to keep a page, and every event waits for that", took.as_millis());
            Finding::warning("disk", says, "name a folder on a faster disk by --data")
        }
        Ok(took) => Finding::good("disk", format!("a page is kept in {:.1} ms", took.as_secs_f64() * 1e3)),
    }
}

/// SQLite's write-ahead log needs memory that processes share, which network file systems do not have.
#[cfg(target_os = "linux")]
fn file_system(place: &Path) -> Option<Finding> {
    use nix::sys::statfs::{FsType, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, statfs};
    /// `SMB2_MAGIC_NUMBER` and `CIFS_SUPER_MAGIC` of `linux/magic.h`.
    const OTHERS: [FsType; 2] = [FsType(0xfe53_4d42), FsType(0xff53_4d42)];
    let kind = statfs(place).ok()?.filesystem_type();
    let shared = [NFS_SUPER_MAGIC, SMB_SUPER_MAGIC].contains(&kind) || OTHERS.contains(&kind);
    shared.then(|| {
        let says = format!("{} lies on a network file system, where a database file gets damaged", place.display());
        Finding::failed("file system", says, "name a folder on a local disk by --data, or a database by --database-url")
    })
}

#[cfg(not(target_os = "linux"))]
fn file_system(_: &Path) -> Option<Finding> {
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::doctor::Verdict;

    fn verdicts(data: &Path) -> Vec<(&'static str, Verdict)> {
        examine(data, true).into_iter().map(|finding| (finding.check, finding.verdict)).collect()
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_fine_and_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("a/b");
        assert!(verdicts(&data).contains(&("data", Verdict::Good)));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_its_place_is_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(verdicts(file.path()), [("data", Verdict::Failed)]);
        assert_eq!(verdicts(&file.path().join("data")), [("data", Verdict::Failed)]);
    }

    #[test]
    fn whoever_may_look_in_is_said() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(verdicts(dir.path()).contains(&("data", Verdict::Warning)));
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(verdicts(dir.path()).contains(&("data", Verdict::Good)));
    }

    #[test]
    fn what_cannot_be_written_to_is_said() {
        // Nobody can make files here, not even root.
        let findings = examine(Path::new("/proc/self/task"), false);
        let disk = findings.iter().find(|finding| finding.check == "disk").unwrap();
        assert_eq!(disk.verdict, Verdict::Failed, "{findings:?}");
    }
}

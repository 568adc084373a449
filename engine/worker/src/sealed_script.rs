//! A script that lies in memory instead of in a file, where the system has such memory: nobody can change it any more, nothing
//! has to be removed, and it is there for as long as somebody has it open.

use std::io;
use std::os::fd::{OwnedFd, RawFd};

/// The number under which the script is open in the shell that reads it.
pub(crate) const NUMBER: RawFd = 9;

/// What that shell calls it.
pub(crate) const NAME: &str = "/proc/self/fd/9";

/// Stands before the script in its first line, so that lines keep their numbers: what the script starts inherits nothing. The
/// shell has opened the script once more by then.
const CLOSED: &str = "exec 9<&-; ";

/// Puts the text of a shell script there.
///
/// # Errors
/// Where the system has none. It goes into a file then.
#[cfg(target_os = "linux")]
pub(crate) fn seal(text: &str) -> io::Result<OwnedFd> {
    use std::fs::File;
    use std::io::Write as _;

    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    use nix::sys::memfd::{MFdFlags, memfd_create};

    let memory = memfd_create(c"script", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
    let mut file = File::from(memory);
    file.write_all(CLOSED.as_bytes())?;
    file.write_all(text.as_bytes())?;
    let seals = SealFlag::F_SEAL_SEAL | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file.into())
}

/// There is none.
#[cfg(not(target_os = "linux"))]
pub(crate) fn seal(_: &str) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

//! Why a process could not be started, in plain words.

use std::ffi::OsStr;
use std::io;

use loopline_core::outcome::{Failure, FailureKind};
use nix::errno::Errno;

/// The failure behind an error of starting `program`. The working directory was looked at before.
pub(crate) fn explain(program: &OsStr, error: &io::Error) -> Failure {
    let program = program.to_string_lossy();
    let message = match error.raw_os_error().map(Errno::from_raw) {
        _ if program.is_empty() => "`shell` names no program".to_owned(),
        Some(Errno::ENOENT) => {
            format!("`{program}` was not found; install it where the engine runs, or set `shell`")
        }
        Some(Errno::EACCES | Errno::EPERM) => format!("`{program}` may not be executed: {error}"),
        Some(Errno::ENOEXEC) => format!("`{program}` is not a program of this system"),
        Some(Errno::E2BIG) => {
            "the environment of the step is larger than the system allows; pass large values in a file".to_owned()
        }
        Some(Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE) => {
            format!("the system has no room for another process: {error}")
        }
        None if error.kind() == io::ErrorKind::InvalidInput => {
            "a variable or argument of the step holds a NUL byte, which no process can be given".to_owned()
        }
        _ => format!("`{program}` could not be started: {error}"),
    };
    Failure::new(FailureKind::Spawn, message)
}

//! Why a process could not be started, in plain words.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use loopline_core::outcome::{Failure, FailureKind};
use nix::errno::Errno;

/// No system reads more of the first line.
const FIRST_LINE: usize = 256;

/// What was to be started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) program: &'a OsStr,
    /// The `PATH` of the step.
    pub(crate) path: &'a OsStr,
    pub(crate) working_dir: &'a Path,
}

/// The failure behind an error of starting a program. Blocks, for a look at what is there.
pub(crate) fn explain(wanted: Wanted<'_>, error: &io::Error) -> Failure {
    let program = wanted.program.to_string_lossy();
    let message = match error.raw_os_error().map(Errno::from_raw) {
        _ if program.is_empty() => "`shell` names no program".to_owned(),
        Some(Errno::ENOENT | Errno::ENOTDIR) => not_found(wanted),
        Some(Errno::EACCES | Errno::EPERM) => not_allowed(wanted, error),
        Some(Errno::ENOEXEC) => format!(
            "`{program}` is not a program of this system: it is built for another one, or is a script without a first line like `#!/bin/sh`"
        ),
        Some(Errno::E2BIG) => {
            "the environment of the step is larger than the system allows; pass large values in a file".to_owned()
        }
        Some(Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE) => {
            format!("the system has no room for another process: {error}")
        }
        Some(Errno::ELOOP) => format!("`{program}` is a symbolic link that leads back to itself"),
        Some(Errno::ETXTBSY) => format!("`{program}` is being written, and can be started only when that has ended"),
        None if error.kind() == io::ErrorKind::InvalidInput => {
            "a variable or argument of the step holds a NUL byte, which no process can be given".to_owned()
        }
        _ => format!("`{program}` could not be started: {error}"),
    };
    Failure::new(FailureKind::Spawn, message)
}

/// The same error tells of a missing folder, program, and reader of a program.
fn not_found(wanted: Wanted<'_>) -> String {
    let program = wanted.program.to_string_lossy();
    if !wanted.working_dir.is_dir() {
        return format!("the working directory {} is not there any more", wanted.working_dir.display());
    }
    let Some(file) = find(wanted) else {
        let place = if program.contains('/') { "in the working directory" } else { "in `PATH`" };
        return format!("`{program}` was not found {place}; install it where the engine runs, or set `shell`");
    };
    match reader(&file) {
        Some(reader) if reader.ends_with('\r') => format!(
            "`{program}` has line ends of Windows: its first line names `{}` and a carriage return; save it with plain line ends",
            reader.trim_end()
        ),
        Some(reader) => {
            format!(
                "`{program}` names `{reader}` in its first line, which was not found; install it, or correct the line"
            )
        }
        None => format!(
            "`{program}` is there, but what loads it is not: it is built for another system or another C library"
        ),
    }
}

fn not_allowed(wanted: Wanted<'_>, error: &io::Error) -> String {
    let program = wanted.program.to_string_lossy();
    match find(wanted).map(|file| (fs::metadata(&file), file)) {
        Some((Ok(data), _)) if data.is_dir() => format!("`{program}` may not be executed: it is a folder"),
        Some((Ok(data), _)) if data.permissions().mode() & 0o111 == 0 => {
            format!("`{program}` may not be executed: nobody has the right to; give it with `chmod +x`")
        }
        Some((_, file)) if reader(&file).is_some() => {
            format!("`{program}` may not be executed: {error}; it may be what its first line names, or where it lies")
        }
        _ => format!("`{program}` may not be executed: {error}"),
    }
}

/// Where the program lies, whether it can be executed or not.
fn find(wanted: Wanted<'_>) -> Option<PathBuf> {
    let is_path = wanted.program.as_bytes().contains(&b'/');
    let folders = if is_path { vec![PathBuf::new()] } else { std::env::split_paths(wanted.path).collect() };
    let places = folders.into_iter().map(|folder| wanted.working_dir.join(folder).join(wanted.program));
    places.into_iter().find(|place| fs::metadata(place).is_ok())
}

/// The program that the first line of a script names.
fn reader(file: &Path) -> Option<String> {
    let mut first = Vec::new();
    File::open(file).ok()?.take(FIRST_LINE as u64).read_to_end(&mut first).ok()?;
    let line = first.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line).into_owned();
    let words = line.trim_start_matches([' ', '\t']);
    Some(words.split([' ', '\t']).next().unwrap_or_default().to_owned())
}

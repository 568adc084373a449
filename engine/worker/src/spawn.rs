//! Starts a program as the leader of a session of its own, with nothing but what it is given.
//!
//! On Linux by `posix_spawn`, which lends the child this process's memory until it has become another program: a fork
//! would copy the tables of all of it first, which costs more than all else that is done for a small step. Only what has to
//! enter control groups first is forked: no call does that on the way to another program on every system.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};

/// What is to be started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'a> {
    /// As it is named: with a slash it is a path, beneath the working directory if it is relative; else it is looked for.
    pub(crate) name: &'a OsStr,
    /// Where, if it has no slash.
    pub(crate) search: &'a OsStr,
    pub(crate) args: &'a [OsString],
    pub(crate) environment: &'a BTreeMap<OsString, OsString>,
    pub(crate) working_dir: &'a Path,
    /// An open file, and the number under which the program finds it.
    pub(crate) inherits: Option<(BorrowedFd<'a>, RawFd)>,
    /// What it enters control groups by, before it is the program. It inherits no file then.
    pub(crate) doors: &'a [File],
}

/// A program that was started. Nobody has waited for it yet.
#[derive(Debug)]
pub(crate) struct Spawned {
    pub(crate) pid: i32,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

/// Starts the program. It reads nothing, and writes into two pipes.
///
/// # Errors
/// Those of `execve`, of changing into the working directory, and of what leads there.
pub(crate) fn spawn(program: Program<'_>) -> io::Result<Spawned> {
    let file = find(program)?;
    let words = [program.name].into_iter().chain(program.args.iter().map(OsString::as_os_str));
    let words: Vec<&OsStr> = words.collect();
    #[cfg(target_os = "linux")]
    if !program.doors.is_empty() {
        return in_groups::start(&file, &words, program);
    }
    match start(&file, &words, program) {
        // What says nothing of who reads it is a script of the plain shell, as it is for every other program that starts it.
        Err(error) if error.raw_os_error() == Some(Errno::ENOEXEC as i32) => {
            let words: Vec<&OsStr> =
                ["sh".as_ref(), file.as_os_str()].into_iter().chain(words.into_iter().skip(1)).collect();
            start(Path::new("/bin/sh"), &words, program)
        }
        started => started,
    }
}

/// The file of the program, as whoever stands in the working directory calls it.
fn find(program: Program<'_>) -> io::Result<PathBuf> {
    if program.name.as_bytes().contains(&b'/') {
        return Ok(program.name.into());
    }
    if program.name.is_empty() {
        return Err(Errno::ENOENT.into());
    }
    let mut refused = Errno::ENOENT;
    for folder in std::env::split_paths(program.search) {
        let file = folder.join(program.name);
        let seen_from_here = program.working_dir.join(&file);
        match access(&seen_from_here, AccessFlags::X_OK) {
            Ok(()) if seen_from_here.is_file() => {
                return Ok(if folder.as_os_str().is_empty() { Path::new(".").join(file) } else { file });
            }
            Ok(()) | Err(Errno::EACCES) => refused = Errno::EACCES,
            Err(_) => {}
        }
    }
    Err(refused.into())
}

fn text(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| io::ErrorKind::InvalidInput.into())
}

#[cfg(target_os = "linux")]
use linux::start;

#[cfg(target_os = "linux")]
mod linux {
    //! The one place that speaks to the C library itself: no crate offers a session and a working directory in one.
    #![allow(unsafe_code)]

    use std::ffi::{CString, OsStr, OsString};
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsRawFd, RawFd};
    use std::path::Path;
    use std::ptr;

    use nix::fcntl::OFlag;
    use nix::libc::{self, c_char, c_int};
    use nix::unistd::pipe2;

    use super::{Program, Spawned, text};

    pub(super) fn start(file: &Path, words: &[&OsStr], program: Program<'_>) -> io::Result<Spawned> {
        let file = text(file.as_os_str())?;
        let folder = text(program.working_dir.as_os_str())?;
        let words = words.iter().map(|word| text(word)).collect::<io::Result<Vec<_>>>()?;
        let variables = program.environment.iter().map(|(name, value)| {
            let mut variable = OsString::with_capacity(name.len() + value.len() + 1);
            variable.push(name);
            variable.push("=");
            variable.push(value);
            text(&variable)
        });
        let variables = variables.collect::<io::Result<Vec<_>>>()?;
        // Closed at exec, like everything that this process has open; only the copies stay.
        let (stdout, stdout_end) = pipe2(OFlag::O_CLOEXEC)?;
        let (stderr, stderr_end) = pipe2(OFlag::O_CLOEXEC)?;
        let mut actions = Actions::new()?;
        actions.open_nothing_to_read()?;
        actions.copy(stdout_end.as_raw_fd(), libc::STDOUT_FILENO)?;
        actions.copy(stderr_end.as_raw_fd(), libc::STDERR_FILENO)?;
        if let Some((file, number)) = program.inherits {
            actions.copy(file.as_raw_fd(), number)?;
        }
        actions.change_into(&folder)?;
        let attributes = Attributes::of_a_session()?;
        let (words, variables) = (pointers(&words), pointers(&variables));
        let mut pid = 0;
        // SAFETY: all pointers lead to what lives until the call returns, and both lists end with a null pointer. The
        // call writes `pid` alone; it does not change what the lists lead to, whatever its signature says.
        check(unsafe {
            libc::posix_spawn(
                &raw mut pid,
                file.as_ptr(),
                &raw const actions.0,
                &raw const attributes.0,
                words.as_ptr(),
                variables.as_ptr(),
            )
        })?;
        Ok(Spawned { pid, stdout, stderr })
    }

    /// These functions give the number of the error back.
    fn check(error: c_int) -> io::Result<()> {
        if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
    }

    fn pointers(texts: &[CString]) -> Vec<*mut c_char> {
        texts.iter().map(|text| text.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
    }

    /// What the child does with its files before it becomes the program.
    struct Actions(libc::posix_spawn_file_actions_t);

    impl Actions {
        fn new() -> io::Result<Self> {
            let mut actions = MaybeUninit::uninit();
            // SAFETY: it is initialised exactly when the call succeeds.
            check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
            // SAFETY: it succeeded.
            Ok(Self(unsafe { actions.assume_init() }))
        }

        fn open_nothing_to_read(&mut self) -> io::Result<()> {
            // SAFETY: `self` is initialised, and the path is copied.
            check(unsafe {
                libc::posix_spawn_file_actions_addopen(
                    &raw mut self.0,
                    libc::STDIN_FILENO,
                    c"/dev/null".as_ptr(),
                    libc::O_RDONLY,
                    0,
                )
            })
        }

        fn copy(&mut self, from: RawFd, to: RawFd) -> io::Result<()> {
            // SAFETY: `self` is initialised; the numbers are used by the child alone.
            check(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut self.0, from, to) })
        }

        fn change_into(&mut self, folder: &CString) -> io::Result<()> {
            // SAFETY: `self` is initialised, and the path is copied.
            check(unsafe { libc::posix_spawn_file_actions_addchdir_np(&raw mut self.0, folder.as_ptr()) })
        }
    }

    impl Drop for Actions {
        fn drop(&mut self) {
            // SAFETY: it is initialised, and not used any more.
            unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
        }
    }

    /// What the child is, besides its program.
    struct Attributes(libc::posix_spawnattr_t);

    impl Attributes {
        /// Leader of a new session, with no signal held back, and with the broken pipe that programs of this language
        /// ignore as deadly as everywhere else.
        fn of_a_session() -> io::Result<Self> {
            let mut attributes = MaybeUninit::uninit();
            // SAFETY: it is initialised exactly when the call succeeds.
            check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
            // SAFETY: it succeeded.
            let mut attributes = Self(unsafe { attributes.assume_init() });
            let flags = libc::c_int::from(libc::POSIX_SPAWN_SETSID)
                | libc::POSIX_SPAWN_SETSIGMASK
                | libc::POSIX_SPAWN_SETSIGDEF;
            let flags = libc::c_short::try_from(flags).expect("flags are small");
            let mut none = MaybeUninit::uninit();
            let mut pipe = MaybeUninit::uninit();
            // SAFETY: `sigemptyset` initialises what it is given; the attributes are initialised and copy the sets.
            unsafe {
                libc::sigemptyset(none.as_mut_ptr());
                libc::sigemptyset(pipe.as_mut_ptr());
                libc::sigaddset(pipe.as_mut_ptr(), libc::SIGPIPE);
                check(libc::posix_spawnattr_setflags(&raw mut attributes.0, flags))?;
                check(libc::posix_spawnattr_setsigmask(&raw mut attributes.0, none.as_ptr()))?;
                check(libc::posix_spawnattr_setsigdefault(&raw mut attributes.0, pipe.as_ptr()))?;
            }
            Ok(attributes)
        }
    }

    impl Drop for Attributes {
        fn drop(&mut self) {
            // SAFETY: it is initialised, and not used any more.
            unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
        }
    }
}

#[cfg(target_os = "linux")]
mod in_groups {
    //! The same through a fork, in which the child first enters its control groups.
    #![allow(unsafe_code)]

    use std::ffi::OsStr;
    use std::io::{self, Write};
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use nix::unistd::setsid;

    use super::{Program, Spawned};

    /// Added to the number of an error of entering, which tells it from one of starting the program. No system has so many.
    const ENTERING: i32 = 1 << 16;

    pub(super) fn start(file: &Path, words: &[&OsStr], program: Program<'_>) -> io::Result<Spawned> {
        let doors = program.doors.iter().map(|door| door.try_clone()).collect::<io::Result<Vec<_>>>()?;
        let enter = move || {
            setsid()?;
            for mut door in &doors {
                door.write_all(b"0").map_err(|error| {
                    io::Error::from_raw_os_error(ENTERING + error.raw_os_error().unwrap_or_default())
                })?;
            }
            Ok(())
        };
        let mut command = Command::new(file);
        command.arg0(words[0]).args(&words[1..]).current_dir(program.working_dir);
        command.env_clear().envs(program.environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // SAFETY: between fork and exec it makes system calls only, and allocates nothing.
        unsafe { command.pre_exec(enter) };
        let mut child = command.spawn().map_err(|error| match error.raw_os_error() {
            Some(number) if number >= ENTERING => {
                let error = io::Error::from_raw_os_error(number - ENTERING);
                io::Error::other(format!("it cannot enter the control groups of its limits: {error}"))
            }
            _ => error,
        })?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        match (child.stdout.take(), child.stderr.take()) {
            (Some(stdout), Some(stderr)) => Ok(Spawned { pid, stdout: stdout.into(), stderr: stderr.into() }),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

/// Where there is no session to be had this way, a group has to do: it is all that is ended there.
#[cfg(not(target_os = "linux"))]
fn start(file: &Path, words: &[&OsStr], program: Program<'_>) -> io::Result<Spawned> {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    let mut command = Command::new(file);
    command.arg0(words[0]).args(&words[1..]).current_dir(program.working_dir);
    command.env_clear().envs(program.environment).process_group(0);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    match (child.stdout.take(), child.stderr.take()) {
        (Some(stdout), Some(stderr)) => Ok(Spawned { pid, stdout: stdout.into(), stderr: stderr.into() }),
        _ => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

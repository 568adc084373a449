//! A process of ours: its output, and how it ends.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::errno::Errno;
use nix::libc;
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::spawn::{Program, Spawned, spawn};

/// A process that was started here.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) pid: i32,
    /// Says that some process has ended. Begun before ours was started, so that its end cannot be missed.
    ends: Signal,
    status: Option<ExitStatus>,
}

/// What it writes.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: Receiver,
    pub(crate) stderr: Receiver,
}

impl Child {
    /// Starts a program.
    pub(crate) fn start(program: Program<'_>) -> io::Result<(Self, Output)> {
        let ends = signal(SignalKind::child())?;
        let Spawned { pid, stdout, stderr } = spawn(program)?;
        let child = Self { pid, ends, status: None };
        Ok((child, Output { stdout: Receiver::from_owned_fd(stdout)?, stderr: Receiver::from_owned_fd(stderr)? }))
    }

    /// How it ended, once it has. May be given up at any time.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            self.ends.recv().await;
        }
    }

    /// How it ended, if it has.
    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = ended(self.pid)?;
        }
        Ok(self.status)
    }
}

/// How a child of ours ended, if it has; asked for once.
#[allow(unsafe_code)]
fn ended(pid: i32) -> io::Result<Option<ExitStatus>> {
    let mut status = 0;
    // Not by the wrapper that there is: it knows no real-time signals, and loses how a process ended by one.
    // SAFETY: `status` outlives the call, which writes nothing else.
    match unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } {
        0 => Ok(None),
        -1 => Err(Errno::last().into()),
        _ => Ok(Some(ExitStatus::from_raw(status))),
    }
}

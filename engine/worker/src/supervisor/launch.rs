//! Finds supervisors that are there, and starts one where none fits.

use std::fs;
use std::io;
use std::io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::unistd::Uid;
use process_wrap::tokio::{CommandWrap, ProcessSession};
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::time::timeout;

use super::protocol::{self, FromSupervisor, Settings, ToSupervisor, VERSION};
use crate::config::Supervision;
use crate::process::ProcessRef;

/// The folder of the supervisors of a data folder.
pub(crate) const FOLDER: &str = "supervisors";

/// A supervisor answers at once. One that was just started has to begin first.
const ANSWERS: Duration = Duration::from_secs(30);

/// The longest path of a socket that every system takes.
const LONGEST_PATH: usize = 100;

/// A supervisor that has said who it is.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) stream: UnixStream,
    pub(crate) process: Option<ProcessRef>,
    /// It works under these very settings.
    pub(crate) fits: bool,
    /// What it has.
    pub(crate) attempts: Vec<loopline_core::id::AttemptId>,
}

/// Where the supervisor with this number listens.
pub(crate) fn socket(folder: &Path, pid: u32) -> PathBuf {
    folder.join(format!("{pid}.sock"))
}

/// Starts a supervisor.
pub(crate) async fn launch(settings: &Settings, supervision: &Supervision) -> io::Result<Found> {
    let (ours, theirs) = StdStream::pair()?;
    ours.set_nonblocking(true)?;
    let mut command = Command::new(&supervision.program);
    command
        .arg0("loopline")
        .args(&supervision.args)
        .current_dir("/")
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = CommandWrap::from(command).wrap(ProcessSession).spawn()?.into_inner();
    let process = child.id().and_then(|pid| ProcessRef::of(i32::try_from(pid).ok()?));
    // Its end is seen at the connection; this only takes it off the system's list.
    tokio::spawn(async move { child.wait().await });
    let mut stream = UnixStream::from_std(ours)?;
    let begin = ToSupervisor::Begin { version: VERSION, settings: Box::new(settings.clone()) };
    protocol::send(&mut stream, &begin).await?;
    welcome(stream, process, &settings.identity()).await
}

/// The supervisors of this folder that answer. What dead ones left is removed.
pub(crate) async fn find(settings: &Settings) -> io::Result<Vec<Found>> {
    let folder = settings.data.join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut sockets: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    sockets.retain(|path| path.extension().is_some_and(|extension| extension == "sock"));
    sockets.sort();
    let mut found = Vec::new();
    for socket in sockets {
        match connect(&socket, settings).await {
            Ok(supervisor) => found.push(supervisor),
            // What is about to be gone may still take a connection.
            Err(error) if matches!(error.kind(), ConnectionRefused | ConnectionReset | BrokenPipe) => {
                let _ = fs::remove_file(&socket);
            }
            Err(error) => tracing::warn!(socket = %socket.display(), %error, "a supervisor does not answer"),
        }
    }
    Ok(found)
}

async fn connect(socket: &Path, settings: &Settings) -> io::Result<Found> {
    let stream = with_short_path(socket, |path| StdStream::connect(path))?;
    stream.set_nonblocking(true)?;
    let mut stream = UnixStream::from_std(stream)?;
    let peer = stream.peer_cred()?;
    if peer.uid() != Uid::effective().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to somebody else"));
    }
    protocol::send(&mut stream, &ToSupervisor::Hello { version: VERSION }).await?;
    welcome(stream, peer.pid().and_then(ProcessRef::of), &settings.identity()).await
}

async fn welcome(mut stream: UnixStream, process: Option<ProcessRef>, identity: &str) -> io::Result<Found> {
    let answer = timeout(ANSWERS, protocol::receive(&mut stream)).await??;
    match answer {
        Some(FromSupervisor::Welcome { version, identity: theirs, attempts }) => {
            Ok(Found { stream, process, fits: version == VERSION && theirs == identity, attempts })
        }
        // It was about to end.
        None => Err(io::ErrorKind::ConnectionRefused.into()),
        Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it does not greet")),
    }
}

/// Paths of sockets may not be long; a folder that is open has a short one.
pub(crate) fn with_short_path<T>(socket: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if socket.as_os_str().len() <= LONGEST_PATH || !cfg!(target_os = "linux") {
        return act(socket);
    }
    let (Some(folder), Some(name)) = (socket.parent(), socket.file_name()) else { return act(socket) };
    let folder = fs::File::open(folder)?;
    act(&Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name))
}

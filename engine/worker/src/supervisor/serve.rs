//! The supervisor's own process: one engine at a time, and times without any.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use loopline_blobs::DiskBlobs;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_ports::worker::{Attached, Report, Worker};
use nix::unistd::{Uid, dup2_stderr, dup2_stdin};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::OwnedReadHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::launch::{self, FOLDER};
use super::protocol::{self, FromSupervisor, Settings, ToSupervisor, VERSION};
use crate::adopted::Adopted;
use crate::config::{Proxies, WorkerConfig};
use crate::local::LocalWorker;
use crate::private_folder::create_private;
use crate::secrets::{Handed, Origin};

/// Who connects has said who they are within this time.
const GREETING: Duration = Duration::from_secs(10);

/// Reports that wait for the engine before attempts wait themselves.
const REPORTS: usize = 1024;

/// Plays the supervisor until it is not needed any more. Standard input is its connection to the engine that started
/// it, which speaks first.
///
/// # Errors
/// When it cannot take up its work. Nothing was started then.
pub fn supervise() -> io::Result<()> {
    let first = take_standard_input()?;
    keep_to_itself()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(serve(first));
    // A thread that is still busy has nothing left to tell.
    runtime.shutdown_background();
    served
}

/// The connection, out of the way of what is started later.
fn take_standard_input() -> io::Result<StdStream> {
    let first = StdStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    dup2_stdin(fs::File::open("/dev/null")?)?;
    first.set_nonblocking(true)?;
    Ok(first)
}

/// Steps of the same user may neither read its memory, which holds their neighbours' secrets, nor slip away from it.
fn keep_to_itself() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        nix::sys::prctl::set_dumpable(false)?;
        nix::sys::prctl::set_child_subreaper(true)?;
    }
    Ok(())
}

struct Supervisor {
    identity: String,
    worker: Arc<LocalWorker>,
    secrets: Handed,
}

async fn serve(first: StdStream) -> io::Result<()> {
    let mut first = UnixStream::from_std(first)?;
    let begin = timeout(GREETING, protocol::receive(&mut first)).await??;
    let Some(ToSupervisor::Begin { version: VERSION, settings }) = begin else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is started by the engine, and not by hand"));
    };
    let post = Post::take(&settings.data)?;
    let secrets = Handed::default();
    let adopted = Arc::new(Adopted::default());
    let mut ended = signal(SignalKind::child())?;
    let (sender, mut reports) = mpsc::channel(REPORTS);
    let blobs = DiskBlobs::open(&settings.blobs).map_err(io::Error::other)?;
    let blobs = Arc::new(blobs.with_caches(&settings.caches, settings.max_caches));
    let environment = settings.environment.iter().cloned().collect();
    let worker = LocalWorker::with_environment(
        config(&settings),
        environment,
        Origin::Handed(secrets.clone()),
        Some(adopted.clone()),
        blobs,
        sender,
    );
    tokio::spawn(async move {
        while ended.recv().await.is_some() {
            // Behind those who wait for a process of their own: mostly nothing is left then.
            tokio::task::yield_now().await;
            adopted.reap();
        }
    });
    let supervisor = Arc::new(Supervisor { identity: settings.identity(), worker, secrets });
    let mut next = Some(first);
    while let Some(engine) = next {
        supervisor.clone().serve_engine(engine, &mut reports).await;
        next = supervisor.alone(&post.listener, &mut reports, &settings).await;
    }
    Ok(())
}

fn config(settings: &Settings) -> WorkerConfig {
    WorkerConfig {
        max_parallel: settings.max_parallel,
        boot_id: settings.boot_id.clone(),
        proxies: Proxies::None,
        containers: settings.containers.clone(),
        pass_env: settings.pass_env.clone(),
        limits: settings.limits,
        ..WorkerConfig::new(&settings.data, settings.workspaces.clone())
    }
}

impl Supervisor {
    /// Serves an engine until it closes the connection. Not before all that it has said was heard: what it handed over
    /// in its last moment has been handed over.
    async fn serve_engine(self: Arc<Self>, mut engine: UnixStream, reports: &mut mpsc::Receiver<Report>) {
        let attempts = self.worker.known();
        let welcome = FromSupervisor::Welcome { version: VERSION, identity: self.identity.clone(), attempts };
        if let Err(error) = protocol::send(&mut engine, &welcome).await {
            tracing::debug!(%error, "the engine went away at once");
        }
        let (input, mut output) = engine.into_split();
        let mut hearing = tokio::spawn(self.clone().hear(input));
        let mut buffer = Vec::new();
        let mut broken = false;
        loop {
            let report = tokio::select! {
                report = reports.recv() => report,
                _ = &mut hearing => return,
            };
            buffer.clear();
            // What has come by now goes out together.
            let mut next = report;
            while let Some(report) = next {
                self.encode(report, &mut buffer);
                next = reports.try_recv().ok();
            }
            if !broken && output.write_all(&buffer).await.is_err() {
                // It is told again when the next engine asks.
                broken = true;
            }
        }
    }

    fn encode(&self, report: Report, buffer: &mut Vec<u8>) {
        let message = match report {
            Report::Started { id } => FromSupervisor::Started { id },
            // Labels are looked at before anything comes here.
            Report::Unplaced { .. } => return,
            Report::Finished { id, outcome } => {
                self.secrets.drop(&id);
                FromSupervisor::Finished { id, outcome }
            }
        };
        if let Err(error) = protocol::encode(&message, buffer) {
            tracing::error!(%error, "a report cannot be sent");
        }
    }

    async fn hear(self: Arc<Self>, mut input: OwnedReadHalf) {
        loop {
            match protocol::receive(&mut input).await {
                Ok(Some(message)) => self.act(message).await,
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "the engine cannot be understood");
                    return;
                }
            }
        }
    }

    /// Never waits for a report to be taken: engine and supervisor would wait for each other.
    async fn act(self: &Arc<Self>, message: ToSupervisor) {
        match message {
            ToSupervisor::Start { spec, secrets } => {
                if !secrets.is_empty() {
                    self.secrets.keep(spec.id.clone(), secrets);
                }
                self.worker.start(*spec).await;
            }
            ToSupervisor::Attach { id } => drop(tokio::spawn(self.clone().attach(id))),
            ToSupervisor::Cancel { id } => self.worker.cancel(id).await,
            ToSupervisor::Forget { id } => {
                let worker = self.worker.clone();
                drop(tokio::spawn(async move { worker.forget(&id).await }));
            }
            ToSupervisor::Begin { .. } | ToSupervisor::Hello { .. } | ToSupervisor::Unknown => {}
        }
    }

    /// What is settled is reported again; what is not known here was begun by nobody who lives.
    async fn attach(self: Arc<Self>, id: AttemptId) {
        if self.worker.attach(id.clone()).await != Attached::Running {
            let error = Failure::new(FailureKind::Lost, "nobody knows how far this attempt had come");
            self.worker
                .report(Report::Finished { id, outcome: Outcome::Failed { error, result: RawResult::default() } })
                .await;
        }
    }

    /// Waits for the next engine; `None` when there is nothing left to wait for.
    async fn alone(
        &self,
        listener: &UnixListener,
        reports: &mut mpsc::Receiver<Report>,
        settings: &Settings,
    ) -> Option<UnixStream> {
        let mut idle_since = Instant::now();
        let mut abandoned = settings.abandoned_after.map(|time| Instant::now() + time);
        loop {
            let live = self.worker.live();
            tokio::select! {
                biased;
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        if let Some(engine) = greet(stream).await {
                            return Some(engine);
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "no connection can be taken");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                report = reports.recv() => {
                    // It stands in the record, and is told when an engine asks.
                    if let Some(Report::Finished { id, .. }) = report {
                        self.secrets.drop(&id);
                        idle_since = Instant::now();
                    }
                }
                () = sleep_until(idle_since + settings.linger), if live == 0 => return None,
                () = until(abandoned), if live > 0 => {
                    abandoned = None;
                    self.worker.abandon_all();
                }
            }
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Whoever speaks to it must be its own user, and greet.
async fn greet(mut stream: UnixStream) -> Option<UnixStream> {
    let user = stream.peer_cred().ok()?.uid();
    if user != Uid::effective().as_raw() {
        tracing::warn!(user, "a stranger was turned away");
        return None;
    }
    match timeout(GREETING, protocol::receive(&mut stream)).await {
        Ok(Ok(Some(ToSupervisor::Hello { .. }))) => Some(stream),
        _ => None,
    }
}

/// Where it can be found, for as long as it lives.
struct Post {
    listener: UnixListener,
    socket: PathBuf,
    said: PathBuf,
}

impl Post {
    fn take(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        create_private(&folder)?;
        let socket = launch::socket(&folder, std::process::id());
        let said = socket.with_extension("log");
        // What it has to say of itself must not be lost, and must not hold the engine's own error stream open.
        dup2_stderr(OpenOptions::new().append(true).create(true).mode(0o600).open(&said)?)?;
        // Left behind by an earlier process of this number.
        let _ = fs::remove_file(&socket);
        let listener = launch::with_short_path(&socket, |path| UnixListener::bind(path))?;
        fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
        Ok(Self { listener, socket, said })
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
        if fs::metadata(&self.said).is_ok_and(|said| said.len() == 0) {
            let _ = fs::remove_file(&self.said);
        }
    }
}

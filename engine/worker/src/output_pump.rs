//! Takes what a process writes, as it comes: into the log, the tail, and the text that expressions asked for,
//! without the secrets in it.
//!
//! The pump ends when it is told to, not when the pipes do: a process that nobody could find may hold them open for
//! ever. What was in the pipes when it was told is still taken.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use loopline_core::command::Capture;
use loopline_ports::blobs::{Found, LogStream};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::activity::Activity;
use crate::attempt_log::AttemptLog;
use crate::captured::Captured;
use crate::mask::{Masker, Secrets};
use crate::tail::Tail;

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// After it was told to end, the pump takes what comes until nothing has come for `QUIET`, at most for `DRAIN`.
const QUIET: Duration = Duration::from_millis(50);
const DRAIN: Duration = Duration::from_secs(2);

/// What the pump has when it ends.
pub(crate) struct Pumped {
    /// What the log holds already of what is still to come.
    logged: Found,
    pub(crate) log: AttemptLog,
    pub(crate) tail: Tail,
    pub(crate) stdout: Captured,
    pub(crate) stderr: Captured,
}

/// A pump at work.
pub(crate) struct OutputPump {
    task: tokio::task::JoinHandle<Pumped>,
    notes: mpsc::Sender<String>,
    stop: oneshot::Sender<()>,
}

impl OutputPump {
    /// Begins to take what comes. Of a source that begins anew when it is looked after again, what stands in the log
    /// already is left out there.
    pub(crate) fn start(
        stdout: impl AsyncRead + Unpin + Send + 'static,
        stderr: impl AsyncRead + Unpin + Send + 'static,
        log: AttemptLog,
        capture: Capture,
        secrets: &Secrets,
        activity: Activity,
    ) -> Self {
        let (notes, said) = mpsc::channel(8);
        let (stop, stopped) = oneshot::channel();
        let pumped = Pumped {
            logged: log.found(),
            log,
            tail: Tail::default(),
            stdout: Captured::new(capture.stdout),
            stderr: Captured::new(capture.stderr),
        };
        let masked = Masked { stdout: Masker::new(secrets.clone()), stderr: Masker::new(secrets.clone()) };
        let task = tokio::spawn(pump(pumped, masked, Pipe::new(stdout), Pipe::new(stderr), activity, said, stopped));
        Self { task, notes, stop }
    }

    /// Puts a line of the engine's own between the output.
    pub(crate) async fn say(&self, line: impl Into<String>) {
        // The pump ends only when it is told to, or in a panic that `end` passes on.
        let _ = self.notes.send(line.into()).await;
    }

    /// Where others put such lines.
    pub(crate) fn notes(&self) -> mpsc::Sender<String> {
        self.notes.clone()
    }

    /// Takes what is left in the pipes and ends.
    pub(crate) async fn end(self) -> Pumped {
        let _ = self.stop.send(());
        match self.task.await {
            Ok(pumped) => pumped,
            Err(gone) => std::panic::resume_unwind(gone.into_panic()),
        }
    }
}

async fn pump(
    mut pumped: Pumped,
    mut masked: Masked,
    mut stdout: Pipe<impl AsyncRead + Unpin>,
    mut stderr: Pipe<impl AsyncRead + Unpin>,
    activity: Activity,
    mut said: mpsc::Receiver<String>,
    mut stopped: oneshot::Receiver<()>,
) -> Pumped {
    let mut drain: Option<Drain> = None;
    loop {
        if drain.is_some() && stdout.is_closed() && stderr.is_closed() && said.is_empty() {
            break;
        }
        let (stream, bytes) = tokio::select! {
            bytes = stdout.read() => (LogStream::Stdout, bytes),
            bytes = stderr.read() => (LogStream::Stderr, bytes),
            Some(line) = said.recv() => {
                pumped.log.say(&line).await;
                continue;
            }
            _ = &mut stopped, if drain.is_none() => {
                drain = Some(Drain::begin());
                continue;
            }
            () = Drain::over(drain.as_ref()) => break,
        };
        activity.note();
        if let Some(drain) = &mut drain {
            drain.something_came();
        }
        // An empty piece is the end of its pipe.
        let shown = if bytes.is_empty() { masked.of(stream).end().into() } else { masked.of(stream).push(bytes) };
        pumped.take(stream, shown).await;
    }
    for stream in [LogStream::Stdout, LogStream::Stderr] {
        let rest = masked.of(stream).end();
        pumped.take(stream, rest.into()).await;
    }
    pumped
}

impl Pumped {
    async fn take(&mut self, stream: LogStream, mut bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.tail.push(&bytes);
        match stream {
            LogStream::Stdout => self.stdout.push(&bytes),
            LogStream::Stderr | LogStream::System => self.stderr.push(&bytes),
        }
        let logged = match stream {
            LogStream::Stdout => &mut self.logged.stdout,
            LogStream::Stderr | LogStream::System => &mut self.logged.stderr,
        };
        let known = usize::try_from(*logged).map_or(bytes.len(), |logged| logged.min(bytes.len()));
        *logged -= known as u64;
        let _ = bytes.split_to(known);
        if !bytes.is_empty() {
            self.log.output(stream, bytes).await;
        }
    }
}

/// Each stream without its secrets.
struct Masked {
    stdout: Masker,
    stderr: Masker,
}

impl Masked {
    fn of(&mut self, stream: LogStream) -> &mut Masker {
        match stream {
            LogStream::Stdout => &mut self.stdout,
            LogStream::Stderr | LogStream::System => &mut self.stderr,
        }
    }
}

/// The last moments of a pump.
struct Drain {
    quiet: Instant,
    last: Instant,
}

impl Drain {
    fn begin() -> Self {
        let now = Instant::now();
        Self { quiet: now + QUIET, last: now + DRAIN }
    }

    fn something_came(&mut self) {
        self.quiet = Instant::now() + QUIET;
    }

    async fn over(drain: Option<&Self>) {
        match drain {
            Some(drain) => sleep_until(drain.quiet.min(drain.last)).await,
            None => std::future::pending().await,
        }
    }
}

/// One end of a pipe.
struct Pipe<R> {
    input: Option<R>,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(input: R) -> Self {
        Self { input: Some(input), buffer: BytesMut::new() }
    }

    fn is_closed(&self) -> bool {
        self.input.is_none()
    }

    /// What comes next; nothing once, when the pipe is closed, and then never again. May be given up at any time.
    async fn read(&mut self) -> Bytes {
        let Some(input) = &mut self.input else { return std::future::pending().await };
        self.buffer.reserve(PIECE);
        match input.read_buf(&mut self.buffer).await {
            Ok(1..) => self.buffer.split().freeze(),
            // A pipe that cannot be read is as good as closed.
            Ok(0) | Err(_) => {
                self.input = None;
                Bytes::new()
            }
        }
    }
}

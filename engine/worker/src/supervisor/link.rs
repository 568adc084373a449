//! The engine's end of a connection.

use loopline_core::id::AttemptId;
use loopline_core::outcome::Failure;
use loopline_ports::worker::{Report, Reports};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use super::launch::Found;
use super::protocol::{self, FromSupervisor, ToSupervisor};
use crate::process::ProcessRef;
use crate::secrets::Values;

/// A connection at work. Dropping it closes it, once everything was said.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) process: Option<ProcessRef>,
    /// It may be given attempts.
    pub(crate) fits: bool,
    /// Unbounded: it holds a few words for each attempt that is under way, and who fills it must not wait.
    words: mpsc::UnboundedSender<ToSupervisor>,
}

/// What the other end tells about an attempt, besides the report.
pub(crate) enum Heard {
    /// It has begun, and so must not begin again.
    Started(AttemptId),
    /// The values of its secrets have been asked for.
    Secrets(AttemptId, Box<Result<Values, Failure>>),
    /// The connection of this number is closed.
    Closed(u64),
}

impl Link {
    /// Puts a connection to work. Reports go where they belong; `heard` learns what is needed to know who has what.
    pub(crate) fn open(
        number: u64,
        found: Found,
        reports: Reports,
        heard: mpsc::UnboundedSender<Heard>,
    ) -> (Self, Vec<AttemptId>) {
        let Found { stream, process, fits, attempts } = found;
        let (input, output) = stream.into_split();
        let (words, waiting) = mpsc::unbounded_channel();
        tokio::spawn(speak(output, waiting));
        tokio::spawn(async move {
            hear(input, &reports, &heard).await;
            let _ = heard.send(Heard::Closed(number));
        });
        (Self { process, fits, words }, attempts)
    }

    /// Says something. Whether it was heard is seen from what follows.
    pub(crate) fn say(&self, word: ToSupervisor) {
        let _ = self.words.send(word);
    }

    /// Starts an attempt.
    pub(crate) fn start(&self, spec: Box<loopline_core::command::AttemptSpec>, secrets: Values) {
        self.say(ToSupervisor::Start { spec, secrets });
    }
}

async fn speak(mut output: OwnedWriteHalf, mut waiting: mpsc::UnboundedReceiver<ToSupervisor>) {
    let mut buffer = Vec::new();
    while let Some(word) = waiting.recv().await {
        buffer.clear();
        let mut next = Some(word);
        while let Some(word) = next {
            if let Err(error) = protocol::encode(&word, &mut buffer) {
                tracing::error!(%error, "a word to the supervisor cannot be sent");
            }
            next = waiting.try_recv().ok();
        }
        if output.write_all(&buffer).await.is_err() {
            // The other task sees that it is closed, and tells.
            return;
        }
    }
}

async fn hear(input: OwnedReadHalf, reports: &Reports, heard: &mpsc::UnboundedSender<Heard>) {
    let mut input = BufReader::new(input);
    loop {
        let report = match protocol::receive(&mut input).await {
            Ok(Some(FromSupervisor::Started { id })) => {
                let _ = heard.send(Heard::Started(id.clone()));
                Report::Started { id }
            }
            Ok(Some(FromSupervisor::Finished { id, outcome })) => Report::Finished { id, outcome },
            Ok(Some(FromSupervisor::Welcome { .. } | FromSupervisor::Unknown)) => continue,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "a supervisor cannot be understood");
                return;
            }
        };
        // Nobody listens any more when the engine is shutting down; then it is told again when it comes back.
        let _ = reports.send(report).await;
    }
}

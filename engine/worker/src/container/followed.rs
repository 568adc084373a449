//! Follows a container with the container engine, however often that goes away and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::models::{ContainerState, ContainerStateStatusEnum as Status};
use bollard::query_parameters::{InspectContainerOptions, LogsOptions};
use bytes::Bytes;
use futures::TryStreamExt;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::ended::Exit;
use super::engine::{ContainerEngine, Trouble};
use crate::activity::Activity;

/// How soon, and at last how often, a container engine that is away is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// How it came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Followed {
    Exited(Exit),
    /// It never ran, and why.
    NotStarted(String),
    /// Nobody can tell, and why.
    Lost(String),
}

/// Who follows.
pub(super) struct Follower {
    pub(super) engine: Arc<ContainerEngine>,
    pub(super) name: String,
    /// It must not be started any more.
    pub(super) is_to_end: Arc<AtomicBool>,
    /// Lines for the log.
    pub(super) notes: mpsc::Sender<String>,
    pub(super) activity: Activity,
    /// There was a time in which nobody looked after it.
    pub(super) unwatched: bool,
    /// Where its output goes, and how much of it went there.
    pub(super) stdout: (DuplexStream, u64),
    pub(super) stderr: (DuplexStream, u64),
}

impl Follower {
    /// Starts the container if that was not done, and follows it to its end. All of its output has been passed on then.
    pub(super) async fn follow(mut self) -> Followed {
        // What it had written by then was seen; and all of it, by a look that began behind its end. Engines end a look that
        // follows a moment before they write down a last line that has no end.
        let (mut seen, mut seen_all) = (false, false);
        let mut away = None;
        loop {
            let next = match self.state().await {
                Ok(state) => {
                    self.is_back(&mut away).await;
                    match state.status {
                        Some(Status::CREATED | Status::EMPTY) | None => self.start().await,
                        Some(Status::EXITED | Status::DEAD) if seen_all => {
                            return Followed::Exited(Exit::of(&state, self.unwatched));
                        }
                        Some(Status::REMOVING) => return self.gone(),
                        Some(status) => {
                            let has_ended = matches!(status, Status::EXITED | Status::DEAD);
                            if seen && !has_ended {
                                // Its output has ended a moment before it.
                                sleep(FIRST_PAUSE).await;
                            }
                            self.pass_on(!has_ended).await.map(|()| {
                                (seen, seen_all) = (true, has_ended);
                                None
                            })
                        }
                    }
                }
                Err(trouble) => Err(trouble),
            };
            match next {
                Ok(None) => {}
                Ok(Some(followed)) => return followed,
                Err(Trouble::NotFound(_)) => return self.gone(),
                // One that is about to end says all sorts of things.
                Err(Trouble::Away(why) | Trouble::Refused(why)) => {
                    (seen, seen_all) = (false, false);
                    self.waits_for(&mut away, &why).await;
                }
            }
        }
    }

    fn gone(&self) -> Followed {
        Followed::Lost("the container is gone, and nobody knows how it ended".to_owned())
    }

    async fn state(&self) -> Result<ContainerState, Trouble> {
        let api = self.engine.api().await?;
        let told = api.docker.inspect_container(&self.name, None::<InspectContainerOptions>).await?;
        told.state.ok_or_else(|| Trouble::Refused("it tells nothing of the container's state".to_owned()))
    }

    async fn start(&self) -> Result<Option<Followed>, Trouble> {
        if self.is_to_end.load(Ordering::Acquire) {
            return Ok(Some(Followed::NotStarted("it was to end before it began".to_owned())));
        }
        match self.engine.api().await?.docker.start_container(&self.name, None).await.map_err(Trouble::from) {
            Ok(()) => Ok(None),
            Err(Trouble::Refused(why) | Trouble::NotFound(why)) => Ok(Some(Followed::NotStarted(why))),
            Err(trouble) => Err(trouble),
        }
    }

    /// Passes on what it has written, and where it is followed, what it writes until it ends.
    async fn pass_on(&mut self, follow: bool) -> Result<(), Trouble> {
        let api = self.engine.api().await?;
        let all = LogsOptions { follow, stdout: true, stderr: true, ..LogsOptions::default() };
        let mut output = api.docker.logs(&self.name, Some(all));
        let (mut known_stdout, mut known_stderr) = (self.stdout.1, self.stderr.1);
        while let Some(piece) = output.try_next().await? {
            match piece {
                LogOutput::StdErr { message } => pass(&mut self.stderr, &mut known_stderr, message).await,
                LogOutput::StdOut { message } | LogOutput::Console { message } => {
                    pass(&mut self.stdout, &mut known_stdout, message).await;
                }
                LogOutput::StdIn { .. } => {}
            }
        }
        Ok(())
    }

    /// Says so once, and waits a little longer each time.
    async fn waits_for(&mut self, away: &mut Option<Duration>, why: &str) {
        self.unwatched = true;
        let pause = match *away {
            None => {
                let place = self.engine.place();
                let line = format!("the container engine at {place} does not answer; the step waits for it ({why})");
                // Whoever takes these lines has ended when nobody can.
                let _ = self.notes.send(line).await;
                FIRST_PAUSE
            }
            Some(pause) => (2 * pause).min(LAST_PAUSE),
        };
        *away = Some(pause);
        // The silence is not the step's.
        self.activity.note();
        sleep(pause).await;
    }

    async fn is_back(&self, away: &mut Option<Duration>) {
        if away.take().is_some() {
            let _ = self
                .notes
                .send(
                    "the container engine answers again; it may have lost what the container wrote meanwhile"
                        .to_owned(),
                )
                .await;
        }
    }
}

/// Passes on what was not passed on before. `known` is how much of what comes next that is.
async fn pass((pipe, passed): &mut (DuplexStream, u64), known: &mut u64, mut bytes: Bytes) {
    let before = usize::try_from(*known).map_or(bytes.len(), |known| known.min(bytes.len()));
    *known -= before as u64;
    let _ = bytes.split_to(before);
    *passed += bytes.len() as u64;
    // Whoever reads it does so until the container is gone.
    let _ = pipe.write_all(&bytes).await;
}

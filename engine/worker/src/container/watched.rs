//! Looks after a container from its start to its end: takes its output, ends it when it is to end, and judges.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bollard::query_parameters::KillContainerOptions;
use loopline_core::command::ContainerWork;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use tokio::io::duplex;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::engine::{ContainerEngine, Trouble};
use super::followed::{Followed, Follower};
use super::labels;
use super::prepared::Prepared;
use super::removal::clear;
use crate::activity::Activity;
use crate::attempt::{Context, Slot};
use crate::attempt_log::AttemptLog;
use crate::duration::spoken;
use crate::output_pump::{OutputPump, Pumped};
use crate::stop::Stop;
use crate::{files, output_file, shell};

/// How long a container may take to end after SIGKILL, the time in which the container engine is away included.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// How soon the container engine is asked again when it did not take a signal.
const ASKED_AGAIN: Duration = Duration::from_millis(50);

/// What is between the container engine and the log.
const PIPE: usize = 64 * 1024;

/// Whether somebody has looked after the container all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Whole,
    /// An engine that is gone did before.
    InPart,
}

/// Why it came to its end.
enum End {
    ByItself(Followed),
    /// Why.
    Cancelled(&'static str),
    /// A timeout, which is said.
    OutOfTime(String),
}

/// Starts the container, unless it was started before, and comes back when it is gone.
pub(super) async fn watch(
    context: &Context<'_>,
    prepared: &Prepared,
    work: &ContainerWork,
    log: AttemptLog,
    stop: &Stop,
    (slot, deadline, seen): (Option<Slot>, Instant, Seen),
) -> (Outcome, AttemptLog) {
    let spec = context.spec;
    let activity = Activity::begin();
    let ((stdout, stdout_end), (stderr, stderr_end)) = (duplex(PIPE), duplex(PIPE));
    let secrets = context.secrets();
    let pump = OutputPump::start(stdout_end, stderr_end, log, spec.capture, &secrets, activity.clone());
    let container =
        Container { engine: context.containers.clone(), name: labels::name(&spec.id), is_to_end: Arc::default() };
    let follower = Follower {
        engine: container.engine.clone(),
        name: container.name.clone(),
        is_to_end: container.is_to_end.clone(),
        notes: pump.notes(),
        activity: activity.clone(),
        unwatched: seen == Seen::InPart,
        stdout: (stdout, 0),
        stderr: (stderr, 0),
    };
    let mut following = AbortOnDropHandle::new(tokio::spawn(follower.follow()));
    let idle_timeout = spec.idle_timeout_ms.map(Duration::from_millis);
    let end = tokio::select! {
        biased;
        followed = &mut following => End::ByItself(followed.unwrap_or_else(|gone| Followed::Lost(gone.to_string()))),
        () = stop.wished().cancelled() => End::Cancelled(stop.why()),
        () = sleep_until(deadline) => {
            End::OutOfTime(format!("the step did not end within its timeout of {}", spoken(spec.timeout_ms)))
        }
        () = activity.idle_for(idle_timeout) => {
            let time = spoken(spec.idle_timeout_ms.unwrap_or_default());
            End::OutOfTime(format!("the step wrote nothing for its idle timeout of {time}"))
        }
    };
    let why = match &end {
        End::ByItself(_) => None,
        End::Cancelled(why) => Some(*why),
        End::OutOfTime(why) => Some(why.as_str()),
    };
    let followed = match (&end, why) {
        (End::ByItself(followed), _) => Some(followed.clone()),
        (_, why) => {
            pump.say(format!("{}; the container is asked to end", why.unwrap_or_default())).await;
            container.end(&mut following, Duration::from_millis(spec.grace_ms)).await
        }
    };
    // What a follower that could not be waited for holds open is closed with it.
    drop(following);
    let is_gone = clear(context).await;
    drop(slot);
    let pumped = pump.end().await;
    let judged = Judged { end, followed, is_gone, pumped };
    judged.judge(context, prepared, work).await
}

/// The container, to be ended.
struct Container {
    engine: Arc<ContainerEngine>,
    name: String,
    is_to_end: Arc<AtomicBool>,
}

impl Container {
    /// SIGTERM, then SIGKILL behind the grace. `None` when nobody can tell whether it has ended.
    async fn end(&self, following: &mut AbortOnDropHandle<Followed>, grace: Duration) -> Option<Followed> {
        self.is_to_end.store(true, Ordering::Release);
        for (signal, time) in [("SIGTERM", grace), ("SIGKILL", LAST_WAIT)] {
            let until = Instant::now() + time;
            tokio::select! {
                biased;
                followed = &mut *following => return followed.ok(),
                _ = timeout_at(until, self.signal(signal)) => {}
            }
            if let Ok(followed) = timeout_at(until, &mut *following).await {
                return followed.ok();
            }
        }
        None
    }

    /// When this returns, the signal was taken.
    async fn signal(&self, signal: &str) {
        let options = KillContainerOptions { signal: signal.to_owned() };
        loop {
            let sent = async {
                let api = self.engine.api().await?;
                Ok::<_, Trouble>(api.docker.kill_container(&self.name, Some(options.clone())).await?)
            };
            match timeout(LAST_WAIT, sent).await {
                Ok(Ok(()) | Err(Trouble::NotFound(_))) => return,
                // It is away, or the container is about to start, or has just ended.
                Ok(Err(Trouble::Away(_) | Trouble::Refused(_))) | Err(_) => sleep(ASKED_AGAIN).await,
            }
        }
    }
}

/// What is known once the container is gone.
struct Judged {
    end: End,
    followed: Option<Followed>,
    is_gone: bool,
    pumped: Pumped,
}

impl Judged {
    async fn judge(self, context: &Context<'_>, prepared: &Prepared, work: &ContainerWork) -> (Outcome, AttemptLog) {
        let Self { end, followed, is_gone, pumped } = self;
        let (output, limit) = (prepared.output.clone(), context.output_limit());
        let secrets = context.secrets();
        let mut written = spawn_blocking(move || output_file::read(&output, limit)).await.unwrap_or_default();
        written.refuse_secrets(&secrets);
        let exit = match &followed {
            Some(Followed::Exited(exit)) => Some(exit),
            _ => None,
        };
        let mut result = RawResult {
            exit_code: exit.and_then(|exit| exit.code),
            stdout: pumped.stdout.text(),
            stderr: pumped.stderr.text(),
            outputs: written.outputs,
            ..RawResult::default()
        };
        let mut log = pumped.log;
        if !matches!(end, End::Cancelled(_)) {
            let summary = context.record.file("summary");
            files::keep_told(context, &prepared.workspace, &summary, &mut log, &mut result).await;
        }
        let unknown = || {
            let place = context.containers.place();
            let message = format!(
                "the container engine at {place} does not answer, so that nobody can tell whether the container has ended; it is removed as soon as that answers"
            );
            Failure::new(FailureKind::Lost, message)
        };
        let failure = match (end, followed) {
            (End::Cancelled(_), None) if !is_gone => Some(unknown()),
            (End::OutOfTime(why), None) if !is_gone => {
                log.say(&unknown().message).await;
                Some(Failure::new(FailureKind::Timeout, why))
            }
            (End::Cancelled(_), _) => return (Outcome::Cancelled { result }, log),
            (End::OutOfTime(why), _) => Some(Failure::new(FailureKind::Timeout, why)),
            (End::ByItself(Followed::NotStarted(why)), _) => {
                let message = format!("the container could not be started: {}", secrets.mask(&why));
                Some(Failure::new(FailureKind::Spawn, message))
            }
            (End::ByItself(Followed::Lost(why)), _) => Some(Failure::new(FailureKind::Lost, why)),
            (End::ByItself(Followed::Exited(exit)), _) => exit
                .failure(&work.command, work.memory)
                .or(written.failure)
                .or_else(|| shell::too_much(&pumped.stdout, "stdout"))
                .or_else(|| shell::too_much(&pumped.stderr, "stderr")),
        };
        let failure = match failure {
            Some(failure) => Some(failure),
            None => match files::keep(context, &prepared.workspace, &mut log).await {
                Ok(kept) => {
                    result.artifacts = kept;
                    None
                }
                Err(failure) => Some(failure),
            },
        };
        let Some(mut error) = failure else { return (Outcome::Succeeded { result }, log) };
        error.tail = pumped.tail.text();
        // A timeout was said when it came.
        if error.kind != FailureKind::Timeout {
            log.say(&error.message).await;
        }
        (Outcome::Failed { error, result }, log)
    }
}

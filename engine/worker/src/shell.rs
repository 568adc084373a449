//! A script: one process tree, from its start until nothing of it is alive.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use loopline_core::command::AttemptSpec;
use loopline_core::graph::Shell;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use nix::sys::signal::Signal;
use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessSession};
use tokio::process::Command;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::activity::Activity;
use crate::attempt::{Context, resolve};
use crate::attempt_log::AttemptLog;
use crate::captured::Captured;
use crate::duration::spoken;
use crate::environment::{Environment, Places, of_attempt};
use crate::output_pump::{OutputPump, Pumped};
use crate::process::ProcessRef;
use crate::process_tree::ProcessTree;
use crate::script::Interpreter;
use crate::{artifacts, output_file, spawn_failure, workspace};

/// What a script leaves running has no more than this to end by itself.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);

/// The script of a step.
pub(crate) struct Script<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) text: &'a str,
    pub(crate) working_dir: Option<&'a str>,
}

/// Runs the script. When this returns, nothing of it is alive.
pub(crate) async fn run(
    context: &Context<'_>,
    script: Script<'_>,
    mut log: AttemptLog,
    cancel: &CancellationToken,
) -> (Outcome, AttemptLog) {
    let prepared = match prepare(context, &script).await {
        Ok(prepared) => prepared,
        Err(error) => {
            log.say(&error.message).await;
            return (Outcome::Failed { error, result: RawResult::default() }, log);
        }
    };
    if cancel.is_cancelled() {
        return (Outcome::Cancelled { result: RawResult::default() }, log);
    }
    match spawn(context, &prepared) {
        Ok(process) => process.watch(context, &prepared, log, cancel).await,
        Err(error) => {
            log.say(&error.message).await;
            (Outcome::Failed { error, result: RawResult::default() }, log)
        }
    }
}

/// All that is needed to start the process.
struct Prepared {
    interpreter: Interpreter,
    script: PathBuf,
    workspace: PathBuf,
    working_dir: PathBuf,
    output: PathBuf,
    environment: Environment,
}

async fn prepare(context: &Context<'_>, script: &Script<'_>) -> Result<Prepared, Failure> {
    let spec = context.spec;
    let mut own = BTreeMap::new();
    for (name, value) in &spec.env {
        own.insert(name.clone(), resolve(context, &format!("`env.{name}`"), value)?);
    }
    let (workspaces, run) = (context.config.workspaces.clone(), spec.id.run);
    let (shell, text) = (script.shell.clone(), script.text.to_owned());
    let wanted_dir = script.working_dir.map(str::to_owned);
    let (record, passed, spec) = (context.record.clone(), context.passed_env.clone(), spec.clone());
    let prepare = move || {
        let workspace = workspace::prepare(&workspaces, run)?;
        let working_dir = workspace::working_dir(&workspace, wanted_dir.as_deref())?;
        let (output, summary) = (record.file("output"), record.file("summary"));
        let places = Places { workspace: &workspace, output: &output, summary: &summary };
        let environment = of_attempt(&passed, own, &spec, places);
        let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
        let interpreter = Interpreter::find(&shell, &path);
        let write = || -> io::Result<PathBuf> {
            record.create_file("output", b"")?;
            record.create_file("summary", b"")?;
            record.create_file(interpreter.script_name(), text.as_bytes())
        };
        let script = write().map_err(|error| {
            Failure::new(FailureKind::Spawn, format!("the script could not be written down: {error}"))
        })?;
        Ok(Prepared { interpreter, script, workspace, working_dir, output, environment })
    };
    let prepared = spawn_blocking(prepare).await;
    prepared.unwrap_or_else(|gone| Err(Failure::new(FailureKind::Spawn, gone.to_string())))
}

fn spawn(context: &Context<'_>, prepared: &Prepared) -> Result<Running, Failure> {
    let Interpreter { program, args, .. } = &prepared.interpreter;
    let mut command = Command::new(program);
    command
        .args(args)
        .arg(&prepared.script)
        .current_dir(&prepared.working_dir)
        .env_clear()
        .envs(&prepared.environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = CommandWrap::from(command).wrap(ProcessSession).spawn();
    // The wrapper of a session waits for all of its processes; a step ends with its first one.
    let child = child.map_err(|error| spawn_failure::explain(program, &error))?.into_inner();
    let process = child.id().and_then(|pid| ProcessRef::of(i32::try_from(pid).ok()?));
    if let Some(process) = process
        && let Err(error) = context.record.note_process(process)
    {
        // It is found by its mark all the same.
        tracing::warn!(id = %context.spec.id, %error, "the process of an attempt could not be noted");
    }
    Ok(Running { child, tree: ProcessTree::of_child(&context.spec.id.to_string(), process) })
}

/// A process that was started.
struct Running {
    child: Box<dyn ChildWrapper>,
    tree: ProcessTree,
}

/// Why the process came to its end.
enum End {
    ByItself(io::Result<ExitStatus>),
    Cancelled,
    TimedOut,
    Idle,
}

impl Running {
    /// Takes its output until it ends or is to end, and comes back when nothing of it is alive.
    async fn watch(
        mut self,
        context: &Context<'_>,
        prepared: &Prepared,
        log: AttemptLog,
        cancel: &CancellationToken,
    ) -> (Outcome, AttemptLog) {
        let spec = context.spec;
        let activity = Activity::begin();
        let (stdout, stderr) = (self.child.stdout().take(), self.child.stderr().take());
        let pump = OutputPump::start(stdout, stderr, log, spec.capture, activity.clone());
        let deadline = Instant::now() + Duration::from_millis(spec.timeout_ms);
        let idle_timeout = spec.idle_timeout_ms.map(Duration::from_millis);
        let end = tokio::select! {
            biased;
            status = self.child.wait() => End::ByItself(status),
            () = cancel.cancelled() => End::Cancelled,
            () = sleep_until(deadline) => End::TimedOut,
            () = activity.idle_for(idle_timeout) => End::Idle,
        };
        let failure = self.end_tree(&end, spec, &pump).await;
        let status = match &end {
            End::ByItself(Ok(status)) => Some(*status),
            End::ByItself(Err(_)) => None,
            End::Cancelled | End::TimedOut | End::Idle => self.child.try_wait().ok().flatten(),
        };
        let pumped = pump.end().await;
        judge(context, prepared, Judged { end, failure, status, pumped }).await
    }

    /// Ends all that is left, be it everything; says what that means for the step.
    async fn end_tree(&self, end: &End, spec: &AttemptSpec, pump: &OutputPump) -> Option<Failure> {
        let grace = Duration::from_millis(spec.grace_ms);
        let (grace, why) = match end {
            End::ByItself(_) => (grace.min(LEFTOVER_GRACE), None),
            End::Cancelled => (grace, Some("the step was cancelled".to_owned())),
            End::TimedOut => {
                (grace, Some(format!("the step did not end within its timeout of {}", spoken(spec.timeout_ms))))
            }
            End::Idle => {
                let time = spoken(spec.idle_timeout_ms.unwrap_or_default());
                (grace, Some(format!("the step wrote nothing for its idle timeout of {time}")))
            }
        };
        if let Some(why) = &why {
            pump.say(format!("{why}; its processes are asked to end")).await;
        }
        let tree = self.tree.clone();
        let ended = spawn_blocking(move || tree.end(grace)).await.unwrap_or_default();
        if why.is_none() && ended.found > 0 {
            let many = if ended.found == 1 { "1 process".to_owned() } else { format!("{} processes", ended.found) };
            pump.say(format!("the script left {many} running; a step ends with its script, so they were ended")).await;
        }
        if !ended.stuck.is_empty() {
            pump.say(format!("processes that hang in the kernel could not be ended: {:?}", ended.stuck)).await;
        }
        match end {
            End::TimedOut | End::Idle => why.map(|why| Failure::new(FailureKind::Timeout, why)),
            End::ByItself(_) | End::Cancelled => None,
        }
    }
}

/// What is known once nothing is alive any more.
struct Judged {
    end: End,
    failure: Option<Failure>,
    status: Option<ExitStatus>,
    pumped: Pumped,
}

async fn judge(context: &Context<'_>, prepared: &Prepared, judged: Judged) -> (Outcome, AttemptLog) {
    let Judged { end, failure, status, pumped } = judged;
    let output = prepared.output.clone();
    let written = spawn_blocking(move || output_file::read(&output)).await.unwrap_or_default();
    let mut result = RawResult {
        exit_code: status.and_then(|status| status.code()),
        stdout: pumped.stdout.text(),
        stderr: pumped.stderr.text(),
        outputs: written.outputs,
        ..RawResult::default()
    };
    let mut log = pumped.log;
    let failure = match end {
        End::Cancelled => return (Outcome::Cancelled { result }, log),
        End::TimedOut | End::Idle => failure,
        End::ByItself(Err(error)) => {
            Some(Failure::new(FailureKind::Lost, format!("nobody can tell how the script ended: {error}")))
        }
        End::ByItself(Ok(status)) => ended_badly(status, prepared.interpreter.is_shell)
            .or(written.failure)
            .or_else(|| too_much(&pumped.stdout, "stdout"))
            .or_else(|| too_much(&pumped.stderr, "stderr")),
    };
    let failure = match failure {
        Some(failure) => Some(failure),
        None => {
            let spec = context.spec;
            match artifacts::keep_all(context.blobs, &prepared.workspace, &spec.artifacts).await {
                Ok(kept) => {
                    result.artifacts = kept;
                    None
                }
                Err(failure) => Some(failure),
            }
        }
    };
    match failure {
        None => (Outcome::Succeeded { result }, log),
        Some(mut error) => {
            error.tail = pumped.tail.text();
            // A timeout was said when it came.
            if error.kind != FailureKind::Timeout {
                log.say(&error.message).await;
            }
            (Outcome::Failed { error, result }, log)
        }
    }
}

fn too_much(captured: &Captured, name: &str) -> Option<Failure> {
    (*captured == Captured::TooMuch).then(|| {
        let message = format!(
            "the script wrote more than 256 KiB to {name}, which an expression of the step reads; write results to `$LOOPLINE_OUTPUT` instead"
        );
        Failure::new(FailureKind::OutputLimit, message)
    })
}

/// The failure that an exit status tells of.
fn ended_badly(status: ExitStatus, is_shell: bool) -> Option<Failure> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => {
            let hint = if is_shell { shell_hint(code) } else { String::new() };
            let message = format!("the script ended with exit code {code}{hint}");
            Some(Failure { exit_code: Some(code), ..Failure::new(FailureKind::Exit, message) })
        }
        (None, signal) => {
            let signal = signal.unwrap_or_default();
            let hint = if signal == Signal::SIGKILL as i32 { "; the system may have run out of memory" } else { "" };
            let message = format!("the script was ended by signal {}{hint}", signal_name(signal));
            Some(Failure { signal: Some(signal), ..Failure::new(FailureKind::Signal, message) })
        }
    }
}

/// What shells mean by their large exit codes.
fn shell_hint(code: i32) -> String {
    match code {
        126 => ": a command in it could not be executed".to_owned(),
        127 => ": a command in it was not found".to_owned(),
        129..=192 => format!(": a command in it was ended by signal {}", signal_name(code - 128)),
        _ => String::new(),
    }
}

fn signal_name(signal: i32) -> String {
    match Signal::try_from(signal) {
        Ok(name) => format!("{signal} ({name})"),
        Err(_) => signal.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wait_status: i32, kind: FailureKind, message: &str) {
        let failure = ended_badly(ExitStatus::from_raw(wait_status), true).expect("a failure");
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
    }

    #[test]
    fn a_bad_end_is_said_in_plain_words() {
        check(3 << 8, FailureKind::Exit, "the script ended with exit code 3");
        check(127 << 8, FailureKind::Exit, "the script ended with exit code 127: a command in it was not found");
        check(
            143 << 8,
            FailureKind::Exit,
            "the script ended with exit code 143: a command in it was ended by signal 15 (SIGTERM)",
        );
        check(15, FailureKind::Signal, "the script was ended by signal 15 (SIGTERM)");
        check(
            9,
            FailureKind::Signal,
            "the script was ended by signal 9 (SIGKILL); the system may have run out of memory",
        );
    }

    #[test]
    fn exit_code_0_is_no_failure() {
        assert_eq!(ended_badly(ExitStatus::from_raw(0), true), None);
    }
}

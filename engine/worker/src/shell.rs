//! A script: one process tree, from its start until nothing of it is alive.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use loopline_core::command::AttemptSpec;
use loopline_core::graph::Shell;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use nix::sys::signal::Signal;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use crate::activity::Activity;
use crate::attempt::{Context, Slot, resolve};
use crate::attempt_log::AttemptLog;
use crate::captured::Captured;
use crate::child::{Child, Output};
use crate::control_group::{ControlGroup, Limits, Used};
use crate::duration::spoken;
use crate::environment::{Environment, Places, of_attempt};
use crate::mask::Secrets;
use crate::oom::OomKills;
use crate::output_pump::{OutputPump, Pumped};
use crate::process::ProcessRef;
use crate::process_tree::{Ended, ProcessTree};
use crate::script::Interpreter;
use crate::size::spoken_size;
use crate::spawn::Program;
use crate::spawn_failure::Wanted;
use crate::stop::Stop;
use crate::{files, output_file, sealed_script, spawn_failure, workspace};

/// What a script leaves running has no more than this to end by itself.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);

/// The script of a step.
pub(crate) struct Script<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) text: &'a str,
    pub(crate) working_dir: Option<&'a str>,
}

/// Runs the script. When this returns, nothing of it is alive. The slot is given back as soon as that is so.
pub(crate) async fn run(
    context: &Context<'_>,
    script: Script<'_>,
    mut log: AttemptLog,
    slot: Slot,
    stop: &Stop,
) -> (Outcome, AttemptLog) {
    let (prepared, written) = match prepare(context, &script).await {
        Ok(prepared) => prepared,
        Err(error) => {
            log.say(&error.message).await;
            return (Outcome::Failed { error, result: RawResult::default() }, log);
        }
    };
    if stop.wished().is_cancelled() {
        return (Outcome::Cancelled { result: RawResult::default() }, log);
    }
    match spawn(context, &prepared, written) {
        Ok(process) => process.watch(context, &prepared, log, slot, stop).await,
        Err(error) => {
            log.say(&error.message).await;
            (Outcome::Failed { error, result: RawResult::default() }, log)
        }
    }
}

/// All that is needed to start the process.
struct Prepared {
    interpreter: Interpreter,
    workspace: PathBuf,
    working_dir: PathBuf,
    output: PathBuf,
    summary: PathBuf,
    environment: Environment,
    /// What all its processes are in, if they have limits.
    groups: Option<Arc<ControlGroup>>,
}

/// Where the script is.
enum Written {
    InFile(PathBuf),
    /// Sealed, and handed on.
    InMemory(OwnedFd),
}

impl Written {
    /// What its reader calls it.
    fn name(&self) -> OsString {
        match self {
            Self::InFile(path) => path.clone().into(),
            Self::InMemory(_) => sealed_script::NAME.into(),
        }
    }
}

async fn prepare(context: &Context<'_>, script: &Script<'_>) -> Result<(Prepared, Written), Failure> {
    let spec = context.spec;
    let mut own = BTreeMap::new();
    for (name, value) in &spec.env {
        own.insert(name.clone(), resolve(context, &format!("`env.{name}`"), value)?);
    }
    let (workspaces, run) = (context.config.workspaces.clone(), spec.id.run);
    let (shell, text) = (script.shell.clone(), script.text.to_owned());
    let wanted_dir = script.working_dir.map(str::to_owned);
    let (record, passed, spec) = (context.record.clone(), context.passed_env.clone(), spec.clone());
    let names = |variable| text.contains(variable);
    let (names_output, names_summary) = (names("LOOPLINE_OUTPUT"), names("LOOPLINE_SUMMARY"));
    let fresh = spec.fresh_workspace;
    let known = if fresh { None } else { context.workspaces.find(run) };
    let limits = Limits { memory: spec.limits.memory, cpus_milli: spec.limits.cpus_milli };
    // Nothing has to be made: what is left is not worth a thread.
    let is_quick =
        known.is_some() && !limits.is_any() && *script.shell == Shell::Default && !names_output && !names_summary;
    let prepare = move || {
        let workspace = known.map_or_else(|| workspace::prepare(&workspaces, &spec, &record), Ok)?;
        let working_dir = workspace::working_dir(&workspace, wanted_dir.as_deref())?;
        let path = match own.get("PATH") {
            Some(path) => OsStr::new(path),
            None => passed.get(OsStr::new("PATH")).map_or(OsStr::new(""), OsString::as_os_str),
        };
        let interpreter = Interpreter::find(&shell, path);
        let write = || -> io::Result<(Written, PathBuf, PathBuf)> {
            // Shells read what is open; other programs want a name that says what is in it.
            // What enters groups first inherits none.
            if interpreter.is_shell
                && !limits.is_any()
                && let Ok(script) = sealed_script::seal(&text)
            {
                // A program that the script starts makes the file itself when it appends to it. So none is made for a
                // script that does not name it.
                let output =
                    if names_output { record.create_loose_file("output")? } else { record.loose_file("output") };
                let summary =
                    if names_summary { record.create_loose_file("summary")? } else { record.loose_file("summary") };
                return Ok((Written::InMemory(script), output, summary));
            }
            let output = record.create_file("output", b"")?;
            let summary = record.create_file("summary", b"")?;
            let script = record.create_file(interpreter.script_name(), text.as_bytes())?;
            Ok((Written::InFile(script), output, summary))
        };
        let (script, output, summary) = write().map_err(|error| {
            Failure::new(FailureKind::Spawn, format!("the script could not be written down: {error}"))
        })?;
        let places = Places { workspace: &workspace, output: &output, summary: &summary };
        let environment = of_attempt(&passed, own, &spec, places);
        let groups = match limits.is_any() {
            true => Some(ControlGroup::make(&spec.id.to_string(), limits, |groups| record.note_groups(groups))?),
            false => None,
        };
        let groups = groups.map(Arc::new);
        Ok((Prepared { interpreter, workspace, working_dir, output, summary, environment, groups }, script))
    };
    let prepared = if is_quick {
        prepare()
    } else {
        let prepared = spawn_blocking(prepare).await;
        prepared.unwrap_or_else(|gone| Err(Failure::new(FailureKind::Spawn, gone.to_string())))
    };
    if let Ok((prepared, _)) = &prepared
        && !fresh
    {
        context.workspaces.add(run, &prepared.workspace);
    }
    prepared
}

fn spawn(context: &Context<'_>, prepared: &Prepared, script: Written) -> Result<Running, Failure> {
    let Interpreter { program, args, .. } = &prepared.interpreter;
    let path = prepared.environment.get(OsStr::new("PATH")).map_or(OsStr::new(""), |path| path.as_os_str());
    let doors = prepared.groups.as_ref().map_or_else(|| Ok(Vec::new()), |groups| groups.doors()).map_err(|error| {
        Failure::new(FailureKind::Spawn, format!("the control groups of its limits cannot be entered: {error}"))
    })?;
    let args: Vec<_> = args.iter().cloned().chain([script.name()]).collect();
    let wanted = Program {
        name: program,
        search: path,
        args: &args,
        environment: &prepared.environment,
        working_dir: &prepared.working_dir,
        inherits: match &script {
            Written::InMemory(script) => Some((script.as_fd(), sealed_script::NUMBER)),
            Written::InFile(_) => None,
        },
        doors: &doors,
    };
    let oom_before = OomKills::lately();
    let started = match context.adopted {
        Some(adopted) => adopted.start(|| Child::start(wanted), |(child, _)| Some(child.pid)),
        None => Child::start(wanted),
    };
    let (child, output) = started.map_err(|error| {
        spawn_failure::explain(Wanted { program, path, working_dir: &prepared.working_dir }, &error)
    })?;
    let process = ProcessRef::of(child.pid);
    if let Some(process) = process
        && let Err(error) = context.record.note_process(process)
    {
        // It is found by its mark all the same.
        tracing::warn!(id = %context.spec.id, %error, "the process of an attempt could not be noted");
    }
    let tree = ProcessTree::of_child(&context.spec.id.to_string(), process, context.adopted.cloned());
    let tree = tree.in_groups(prepared.groups.clone());
    Ok(Running { child, output, tree, oom_before })
}

/// A process that was started.
struct Running {
    child: Child,
    output: Output,
    tree: ProcessTree,
    oom_before: OomKills,
}

/// Why the process came to its end.
enum End {
    ByItself(io::Result<ExitStatus>),
    /// Why.
    Cancelled(&'static str),
    TimedOut,
    Idle,
    /// Of the memory that it may use.
    OutOfMemory,
}

impl Running {
    /// Takes its output until it ends or is to end, and comes back when nothing of it is alive.
    async fn watch(
        self,
        context: &Context<'_>,
        prepared: &Prepared,
        log: AttemptLog,
        slot: Slot,
        stop: &Stop,
    ) -> (Outcome, AttemptLog) {
        let Self { mut child, output, tree, oom_before } = self;
        let spec = context.spec;
        let activity = Activity::begin();
        let secrets = context.secrets();
        let pump = OutputPump::start(output.stdout, output.stderr, log, spec.capture, &secrets, activity.clone());
        let deadline = Instant::now() + Duration::from_millis(spec.timeout_ms);
        let idle_timeout = spec.idle_timeout_ms.map(Duration::from_millis);
        let end = tokio::select! {
            biased;
            status = child.wait() => End::ByItself(status),
            () = stop.wished().cancelled() => End::Cancelled(stop.why()),
            () = sleep_until(deadline) => End::TimedOut,
            () = activity.idle_for(idle_timeout) => End::Idle,
            () = out_of_memory(prepared) => End::OutOfMemory,
        };
        let failure = end_tree(&tree, &end, spec, &pump).await;
        let status = match &end {
            End::ByItself(Ok(status)) => Some(*status),
            End::ByItself(Err(_)) => None,
            End::Cancelled(_) | End::TimedOut | End::Idle | End::OutOfMemory => child.try_wait().ok().flatten(),
        };
        if let Some(adopted) = context.adopted.cloned()
            && !adopted.release_at_once(child.pid)
        {
            let _ = spawn_blocking(move || adopted.end_what_is_left()).await;
        }
        let used = match prepared.groups.clone() {
            Some(groups) => spawn_blocking(move || {
                let used = groups.used();
                groups.remove();
                used
            })
            .await
            .unwrap_or_default(),
            None => Used::default(),
        };
        // Nothing of it runs any more: the next one may, while this one's log is brought to disk.
        drop(slot);
        let pumped = pump.end().await;
        judge(context, prepared, Judged { end, failure, status, pumped, oom_before, used, secrets }).await
    }
}

/// Comes back when one of its processes was ended for lack of memory; never, if they have no groups.
async fn out_of_memory(prepared: &Prepared) {
    match &prepared.groups {
        Some(groups) => groups.out_of_memory().await,
        None => std::future::pending().await,
    }
}

/// Ends all that is left, be it everything; says what that means for the step.
async fn end_tree(tree: &ProcessTree, end: &End, spec: &AttemptSpec, pump: &OutputPump) -> Option<Failure> {
    let grace = Duration::from_millis(spec.grace_ms);
    let (grace, why) = match end {
        End::ByItself(_) => (grace.min(LEFTOVER_GRACE), None),
        End::Cancelled(why) => (grace, Some((*why).to_owned())),
        End::TimedOut => {
            (grace, Some(format!("the step did not end within its timeout of {}", spoken(spec.timeout_ms))))
        }
        End::OutOfMemory => (Duration::ZERO, None),
        End::Idle => {
            let time = spoken(spec.idle_timeout_ms.unwrap_or_default());
            (grace, Some(format!("the step wrote nothing for its idle timeout of {time}")))
        }
    };
    if let Some(why) = &why {
        pump.say(format!("{why}; its processes are asked to end")).await;
    }
    let ended = if matches!(end, End::ByItself(Ok(_))) && tree.has_left_nothing() {
        Ended::default()
    } else {
        let tree = tree.clone();
        spawn_blocking(move || tree.end(grace)).await.unwrap_or_default()
    };
    if matches!(end, End::ByItself(_)) && ended.found > 0 {
        let many = if ended.found == 1 { "1 process".to_owned() } else { format!("{} processes", ended.found) };
        pump.say(format!("the script left {many} running; a step ends with its script, so they were ended")).await;
    }
    if !ended.stuck.is_empty() {
        pump.say(format!("processes that hang in the kernel could not be ended: {:?}", ended.stuck)).await;
    }
    match end {
        End::TimedOut | End::Idle => why.map(|why| Failure::new(FailureKind::Timeout, why)),
        End::ByItself(_) | End::Cancelled(_) | End::OutOfMemory => None,
    }
}

/// What is known once nothing is alive any more.
struct Judged {
    end: End,
    failure: Option<Failure>,
    status: Option<ExitStatus>,
    pumped: Pumped,
    /// How many processes of the machine had been ended for lack of memory before.
    oom_before: OomKills,
    /// What its processes have used together, if they have limits.
    used: Used,
    secrets: Secrets,
}

async fn judge(context: &Context<'_>, prepared: &Prepared, judged: Judged) -> (Outcome, AttemptLog) {
    let Judged { end, failure, status, pumped, oom_before, used, secrets } = judged;
    let mut written = match prepared.output.symlink_metadata() {
        // Most steps give no outputs: nothing of that is worth a thread.
        Err(error) if error.kind() == io::ErrorKind::NotFound => output_file::Written::default(),
        Ok(_) | Err(_) => {
            let (output, limit) = (prepared.output.clone(), context.output_limit());
            spawn_blocking(move || output_file::read(&output, limit)).await.unwrap_or_default()
        }
    };
    written.refuse_secrets(&secrets);
    let mut result = RawResult {
        exit_code: status.and_then(|status| status.code()),
        stdout: pumped.stdout.text(),
        stderr: pumped.stderr.text(),
        outputs: written.outputs,
        ..RawResult::default()
    };
    let mut log = pumped.log;
    if !matches!(end, End::Cancelled(_)) {
        files::keep_told(context, &prepared.workspace, &prepared.summary, &mut log, &mut result).await;
    }
    let failure = match end {
        End::Cancelled(_) => return (Outcome::Cancelled { result }, log),
        End::TimedOut | End::Idle => failure,
        End::ByItself(Err(error)) => {
            Some(Failure::new(FailureKind::Lost, format!("nobody can tell how the script ended: {error}")))
        }
        End::OutOfMemory => Some(beyond_its_memory(context.spec, used, status)),
        End::ByItself(Ok(status)) if used.oom_kills.is_some_and(|kills| kills > 0) => {
            Some(beyond_its_memory(context.spec, used, Some(status)))
        }
        End::ByItself(Ok(status)) => {
            let oom_kills = || used.oom_kills.or_else(|| OomKills::now().since(oom_before));
            ended_badly(status, prepared.interpreter.is_shell, oom_kills)
                .or(written.failure)
                .or_else(|| too_much(&pumped.stdout, "stdout"))
                .or_else(|| too_much(&pumped.stderr, "stderr"))
        }
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

/// The failure of output that was to be captured and is too long for that.
pub(crate) fn too_much(captured: &Captured, name: &str) -> Option<Failure> {
    (*captured == Captured::TooMuch).then(|| {
        let message = format!(
            "the script wrote more than 256 KiB to {name}, which an expression of the step reads; write results to `$LOOPLINE_OUTPUT` instead"
        );
        Failure::new(FailureKind::OutputLimit, message)
    })
}

/// The failure of processes of which one was ended for lack of memory: whatever the others made of that, it is not what the
/// step was to do.
fn beyond_its_memory(spec: &AttemptSpec, used: Used, status: Option<ExitStatus>) -> Failure {
    let limit = spec.limits.memory.map_or_else(String::new, |bytes| format!(" of {}", spoken_size(bytes)));
    let peak = used.peak.map_or_else(String::new, |bytes| format!("; at their peak they used {}", spoken_size(bytes)));
    let message = format!(
        "the processes of the step needed more memory than their limit{limit} (`limits.memory`), so they were ended{peak}"
    );
    Failure {
        exit_code: status.and_then(|status| status.code()),
        signal: status.and_then(|status| status.signal()),
        ..Failure::new(FailureKind::Oom, message)
    }
}

/// The failure that an exit status tells of.
///
/// `oom_kills` tells how many processes of the machine were ended for lack of memory meanwhile, if that can be told.
fn ended_badly(status: ExitStatus, is_shell: bool, oom_kills: impl FnOnce() -> Option<u64>) -> Option<Failure> {
    let killed = Signal::SIGKILL as i32;
    let by_sigkill = status.signal() == Some(killed) || status.code() == Some(128 + killed);
    let oom_kills = if by_sigkill { oom_kills() } else { None };
    let out_of_memory = oom_kills.is_some_and(|kills| kills > 0);
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) if is_shell && code == 128 + killed && out_of_memory => {
            let message =
                format!("a command of the script was ended by the system, because memory ran out{LESS_MEMORY}");
            Some(Failure { exit_code: Some(code), ..Failure::new(FailureKind::Oom, message) })
        }
        (Some(code), _) => {
            let hint = if is_shell { shell_hint(code) } else { String::new() };
            let message = format!("the script ended with exit code {code}{hint}");
            Some(Failure { exit_code: Some(code), ..Failure::new(FailureKind::Exit, message) })
        }
        (None, signal) if signal == Some(killed) && out_of_memory => {
            let message = format!("the script was ended by the system, because memory ran out{LESS_MEMORY}");
            Some(Failure { signal, ..Failure::new(FailureKind::Oom, message) })
        }
        (None, signal) => {
            let signal = signal.unwrap_or_default();
            let hint = match oom_kills {
                None if signal == killed => "; the system may have run out of memory",
                Some(_) if signal == killed => "; it was not for lack of memory, so somebody has sent it",
                _ => "",
            };
            let message = format!("the script was ended by signal {}{hint}", signal_name(signal));
            Some(Failure { signal: Some(signal), ..Failure::new(FailureKind::Signal, message) })
        }
    }
}

const LESS_MEMORY: &str = "; let it use less, or give the machine or the container of the engine more";

/// What shells mean by their large exit codes.
pub(crate) fn shell_hint(code: i32) -> String {
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
        check_with(0, wait_status, kind, message);
    }

    fn check_with(oom_kills: u64, wait_status: i32, kind: FailureKind, message: &str) {
        let failure = ended_badly(ExitStatus::from_raw(wait_status), true, || Some(oom_kills)).expect("a failure");
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
            "the script was ended by signal 9 (SIGKILL); it was not for lack of memory, so somebody has sent it",
        );
    }

    #[test]
    fn a_lack_of_memory_is_said_only_with_evidence_and_only_of_what_was_killed() {
        let said = "the script was ended by the system, because memory ran out; let it use less, or give the machine or the container of the engine more";
        check_with(1, 9, FailureKind::Oom, said);
        check_with(1, 137 << 8, FailureKind::Oom, &said.replace("the script", "a command of the script"));
        check_with(1, 15, FailureKind::Signal, "the script was ended by signal 15 (SIGTERM)");
        check_with(1, 3 << 8, FailureKind::Exit, "the script ended with exit code 3");
    }

    #[test]
    fn exit_code_0_is_no_failure() {
        assert_eq!(ended_badly(ExitStatus::from_raw(0), true, || Some(1)), None);
    }
}

//! A supervisor between engines that come and go.

use std::fs;
use std::path::Path;

use loopline_core::outcome::{FailureKind, Outcome};
use loopline_ports::worker::Attached;
use nix::sys::signal::{SIGKILL, kill};
use nix::unistd::Pid;

use crate::bench::{Bench, DEAF, is_alive, pid_in, script, until};
use crate::engine::Engine;

#[test]
#[ignore = "workers start this in a process of its own"]
fn plays_the_supervisor() {
    loopline_worker::supervise().unwrap();
}

/// The supervisors that this folder knows of, by their numbers.
pub fn supervisors(folder: &Path) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(folder.join("data/supervisors")) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pids: Vec<i32> = names.filter_map(|name| name.strip_suffix(".sock")?.parse().ok()).collect();
    pids.sort_unstable();
    pids
}

/// The one supervisor of this folder.
pub async fn supervisor(folder: &Path) -> i32 {
    until("there is one supervisor", || match supervisors(folder)[..] {
        [pid] => Some(pid),
        _ => None,
    })
    .await
}

async fn gone(pid: i32) {
    until("the process ends", || (!is_alive(pid)).then_some(())).await;
}

fn assert_lost(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Failed { error, .. } if error.kind == FailureKind::Lost), "{outcome:?}");
}

#[tokio::test]
async fn a_step_outlives_two_engines_and_loses_no_line() {
    let text = "echo once >> witness
        for n in 1 2 3; do echo before $n; : > at$n; until [ -e go$n ]; do sleep 0.01; done; echo behind $n; done
        echo x=1 >> $LOOPLINE_OUTPUT; echo data > file";
    let mut spec = script(text);
    spec.artifacts.insert("kept".to_owned(), "file".to_owned());
    let mut engine = Engine::supervised(&spec);
    for turn in 1..=2 {
        let at = engine.folder.path().join(format!("workspace/at{turn}"));
        until("the script comes on", || at.exists().then_some(())).await;
        engine.is_up().await;
        let folder = engine.kill();
        // Lines are written while nobody listens.
        fs::write(folder.path().join(format!("workspace/go{turn}")), "").unwrap();
        engine = Engine::supervised_again(folder);
    }
    engine.is_up().await;
    let mut bench = Bench::supervised_in(engine.kill(), |_, _| ()).await;
    let pid = supervisor(bench.folder.path()).await;
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
    fs::write(bench.workspace().join("go3"), "").unwrap();
    let Outcome::Succeeded { result } = bench.outcome_of(&spec.id).await else { panic!("it succeeded") };
    assert_eq!(result.outputs["x"], "1");
    assert_eq!(result.artifacts["kept"].size, 5);
    let lines = ["before 1", "behind 1", "before 2", "behind 2", "before 3", "behind 3"];
    assert_eq!(result.stdout, Some(lines.map(|line| format!("{line}\n")).concat()));
    assert_eq!(bench.lines(&spec.id).await, lines);
    assert_eq!(fs::read_to_string(bench.workspace().join("witness")).unwrap(), "once\n");
    bench.worker.forget(&spec.id).await;
    let folder = bench.leave();
    gone(pid).await;
    assert_nothing_left(folder.path());
}

/// Neither records nor sockets, nor anything else that only matters while something runs.
fn assert_nothing_left(folder: &Path) {
    for kept in ["data/attempts", "data/journals", "data/supervisors"] {
        let left: Vec<_> = fs::read_dir(folder.join(kept)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn what_ended_while_there_was_no_engine_is_told_to_the_next() {
    let spec = script("echo up > at; until [ -e go ]; do sleep 0.01; done; exit 7");
    let engine = Engine::supervised(&spec);
    let at = engine.folder.path().join("workspace/at");
    until("the script comes on", || at.exists().then_some(())).await;
    let pid = supervisor(engine.folder.path()).await;
    let folder = engine.kill();
    fs::write(folder.path().join("workspace/go"), "").unwrap();
    gone(pid).await;
    let mut bench = Bench::supervised_in(folder, |_, _| ()).await;
    for _ in 0..2 {
        assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
        let outcome = bench.outcome_of(&spec.id).await;
        assert!(matches!(&outcome, Outcome::Failed { error, .. } if error.exit_code == Some(7)), "{outcome:?}");
    }
}

#[tokio::test]
async fn an_attempt_that_another_engine_started_can_be_cancelled() {
    let spec = loopline_core::command::AttemptSpec { grace_ms: 50, ..script(DEAF) };
    let engine = Engine::supervised(&spec);
    let deaf = pid_in(&engine.folder.path().join("workspace/pid")).await;
    let mut bench = Bench::supervised_in(engine.kill(), |_, _| ()).await;
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
    bench.worker.cancel(spec.id.clone()).await;
    assert!(matches!(bench.outcome_of(&spec.id).await, Outcome::Cancelled { .. }));
    assert!(!is_alive(deaf));
}

#[tokio::test]
async fn when_the_supervisor_dies_its_processes_are_ended_and_their_attempts_lost() {
    let mut bench = Bench::supervised().await;
    let daemon = "setsid -f sh -c 'trap \"\" TERM; echo $$ > daemon; exec sleep 1000'";
    let spec = script(&format!("echo before; {daemon}; {DEAF}"));
    bench.worker.start(spec.clone()).await;
    let mut pids = Vec::new();
    for file in ["daemon", "pid"] {
        pids.push(pid_in(&bench.workspace().join(file)).await);
    }
    let first = supervisor(bench.folder.path()).await;
    kill(Pid::from_raw(first), SIGKILL).unwrap();
    assert_lost(&bench.outcome_of(&spec.id).await);
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "ended before it is said");
    let said = "# the process that looked after this step's processes has ended; this attempt was ended";
    assert_eq!(bench.lines(&spec.id).await, ["before", said]);
    bench.worker.forget(&spec.id).await;
    bench.succeed(script("true")).await;
    let second = supervisors(bench.folder.path()).into_iter().find(|pid| *pid != first).unwrap();
    assert!(is_alive(second), "the next step has another supervisor");
}

#[tokio::test]
async fn when_engine_and_supervisor_die_the_next_engine_ends_what_they_left() {
    let spec = script(&format!("setsid -f sh -c 'echo $$ > daemon; exec sleep 1000'; {DEAF}"));
    let engine = Engine::supervised(&spec);
    let mut pids = Vec::new();
    for file in ["daemon", "pid"] {
        pids.push(pid_in(&engine.folder.path().join("workspace").join(file)).await);
    }
    let pid = supervisor(engine.folder.path()).await;
    let folder = engine.kill();
    kill(Pid::from_raw(pid), SIGKILL).unwrap();
    gone(pid).await;
    let bench = Bench::supervised_in(folder, |_, _| ()).await;
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Lost);
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "ended before `Lost` is said");
    assert_eq!(supervisors(bench.folder.path()), Vec::<i32>::new(), "the dead one's socket is removed");
}

#[tokio::test]
async fn a_supervisor_of_another_version_finishes_what_it_has_beside_the_new_one() {
    let spec = script("echo $$ > pid; until [ -e go ]; do sleep 0.01; done; echo done");
    let engine = Engine::supervised(&spec);
    pid_in(&engine.folder.path().join("workspace/pid")).await;
    let old = supervisor(engine.folder.path()).await;
    let newer = |_: &mut _, supervision: &mut loopline_worker::Supervision| supervision.build = "2".to_owned();
    let mut bench = Bench::supervised_in(engine.kill(), newer).await;
    bench.succeed(script("true")).await;
    assert_eq!(supervisors(bench.folder.path()).len(), 2);
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
    fs::write(bench.workspace().join("go"), "").unwrap();
    let Outcome::Succeeded { result } = bench.outcome_of(&spec.id).await else { panic!("it succeeded") };
    assert_eq!(result.stdout.as_deref(), Some("done\n"));
    assert!(is_alive(old), "until its outcome is forgotten");
    bench.worker.forget(&spec.id).await;
    gone(old).await;
    bench.succeed(script("true")).await;
}

#[tokio::test]
async fn what_a_killed_engine_could_not_forget_is_forgotten_by_the_next() {
    let ended = script("echo $$ > ended");
    let engine = Engine::supervised(&ended);
    let finished = engine.folder.path().join("finished");
    until("the attempt ends", || finished.exists().then_some(())).await;
    let old = supervisor(engine.folder.path()).await;
    let newer = |_: &mut _, supervision: &mut loopline_worker::Supervision| supervision.build = "2".to_owned();
    let mut bench = Bench::supervised_in(engine.kill(), newer).await;
    let open = script("echo $$ > pid; until [ -e go ]; do sleep 0.01; done");
    bench.worker.start(open.clone()).await;
    pid_in(&bench.workspace().join("pid")).await;
    bench.worker.forget_others(&std::collections::BTreeSet::from([open.id.clone()])).await;
    gone(old).await;
    assert_eq!(bench.worker.attach(ended.id).await, Attached::NeverStarted);
    fs::write(bench.workspace().join("go"), "").unwrap();
    assert!(matches!(bench.outcome_of(&open.id).await, Outcome::Succeeded { .. }), "what is waited for is kept");
    bench.worker.forget(&open.id).await;
    let pid = supervisor(bench.folder.path()).await;
    let folder = bench.leave();
    gone(pid).await;
    assert_nothing_left(folder.path());
}

#[tokio::test]
async fn without_an_engine_that_comes_back_attempts_are_ended_where_that_is_wanted() {
    let soon = std::time::Duration::from_millis(50);
    let folder = tempfile::tempdir().unwrap();
    let change = |_: &mut _, supervision: &mut loopline_worker::Supervision| supervision.abandoned_after = Some(soon);
    let bench = Bench::supervised_in(folder, change).await;
    let spec = script("trap 'echo tidied > tidy; exit 0' TERM; echo $$ > pid; while :; do sleep 0.02; done");
    bench.worker.start(spec.clone()).await;
    let pid = pid_in(&bench.workspace().join("pid")).await;
    let watcher = supervisor(bench.folder.path()).await;
    let folder = bench.leave();
    gone(watcher).await;
    assert!(!is_alive(pid));
    assert_eq!(fs::read_to_string(folder.path().join("workspace/tidy")).unwrap(), "tidied\n");
    let mut bench = Bench::supervised_in(folder, change).await;
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
    assert_lost(&bench.outcome_of(&spec.id).await);
    let said = "# the engine is gone and has not come back; its processes are asked to end";
    assert_eq!(bench.lines(&spec.id).await[0], said);
}

#[tokio::test]
async fn a_supervisor_shows_and_inherits_nothing_of_the_engine() {
    let file = fs::File::open("/dev/null").unwrap();
    // A copy made this way is not marked, like what a parent of ours might have left open.
    let _inherited = nix::unistd::dup(&file).unwrap();
    let mut bench = Bench::supervised().await;
    let id = bench.start_until(script("echo $$ > pid; echo up; sleep 1000"), "up").await;
    let pid = supervisor(bench.folder.path()).await;
    assert_eq!(fs::read(format!("/proc/{pid}/environ")).unwrap(), b"");
    let mut open: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .map(|entry| fs::read_link(entry.unwrap().path()).unwrap().display().to_string())
        .collect();
    let data = bench.folder.path().canonicalize().unwrap();
    let usual = ["/dev/null", "socket:[", "anon_inode:[", "pipe:[", "/proc/"];
    open.retain(|file| {
        !usual.iter().any(|prefix| file.starts_with(prefix)) && !file.starts_with(data.to_str().unwrap())
    });
    assert_eq!(open, Vec::<String>::new());
    let session = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    assert_eq!(session.rsplit(") ").next().unwrap().split(' ').nth(3), Some(pid.to_string().as_str()));
    let script = pid_in(&bench.workspace().join("pid")).await;
    let own: Vec<String> = fs::read_dir(format!("/proc/{script}/fd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|number| number.parse::<i32>().unwrap() < 255)
        .collect();
    assert!(own.iter().all(|number| number.parse::<i32>().unwrap() <= 3), "{own:?}");
    bench.worker.cancel(id.clone()).await;
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Cancelled { .. }));
}

#[tokio::test]
async fn secrets_reach_a_step_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::supervised_in(folder, |config, _| {
        config.secrets = crate::bench::only("TOKEN", "kohlrabi-7");
    })
    .await;
    let mut spec = script("echo ${#VALUE}; echo $$ > pid; until [ -e go ]; do sleep 0.01; done");
    let secret = loopline_core::text::Part::Secret("TOKEN".to_owned());
    spec.env.insert("VALUE".to_owned(), loopline_core::text::Text::Parts(vec![secret]));
    let id = spec.id.clone();
    bench.worker.start(spec).await;
    let step = pid_in(&bench.workspace().join("pid")).await;
    let watcher = supervisor(bench.folder.path()).await;
    for file in [format!("{watcher}/environ"), format!("{watcher}/cmdline"), format!("{step}/cmdline")] {
        let text = fs::read(Path::new("/proc").join(file)).unwrap();
        assert!(!text.windows(10).any(|window| window == b"kohlrabi-7"));
    }
    fs::write(bench.workspace().join("go"), "").unwrap();
    let Outcome::Succeeded { result } = bench.outcome_of(&id).await else { panic!("it succeeded") };
    assert_eq!(result.stdout.as_deref(), Some("10\n"));
    let grep =
        std::process::Command::new("grep").args(["-ral", "kohlrabi-7"]).arg(bench.folder.path()).output().unwrap();
    assert_eq!(String::from_utf8(grep.stdout).unwrap(), "", "no file holds it");
}

#[tokio::test]
async fn secrets_are_masked_in_logs_results_and_failures_and_refused_as_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::supervised_in(folder, |config, _| {
        config.secrets = crate::bench::only("TOKEN", "kohlrabi-7");
    })
    .await;
    let with = |text: &str| {
        let mut spec = script(text);
        let secret = loopline_core::text::Part::Secret("TOKEN".to_owned());
        spec.env.insert("VALUE".to_owned(), loopline_core::text::Text::Parts(vec![secret]));
        spec
    };
    let spec = with(
        "printf 'kohl'; printf 'rabi-7, %s\\n' \"$VALUE\"; printf '%s' \"$VALUE\" | base64 >&2; echo kept=1 >> $LOOPLINE_OUTPUT; echo t=x$VALUE >> $LOOPLINE_OUTPUT",
    );
    let id = spec.id.clone();
    let (error, result) = bench.fail(spec, FailureKind::Contract).await;
    assert_eq!(error.message, "the output `t` holds a secret, which would be kept with the run; leave it out");
    assert_eq!(result.outputs.keys().collect::<Vec<_>>(), ["kept"]);
    assert_eq!(result.stdout.as_deref(), Some("***, ***\n"));
    assert!(result.stderr.as_deref().is_some_and(|text| text.starts_with("***")), "{:?}", result.stderr);
    assert!(bench.lines(&id).await.contains(&"***, ***".to_owned()));
    let (error, _) = bench.fail(with("echo $VALUE; exit 3"), FailureKind::Exit).await;
    assert_eq!(error.tail.as_deref(), Some("***\n"));
    let grep =
        std::process::Command::new("grep").args(["-ral", "kohlrabi-7"]).arg(bench.folder.path()).output().unwrap();
    let found = String::from_utf8(grep.stdout).unwrap();
    assert!(found.lines().all(|file| file.ends_with(".output")), "only what the script wrote itself holds it: {found}");
}

#[tokio::test]
async fn a_stranger_at_the_socket_is_not_served() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let bench = Bench::supervised().await;
    let spec = script("echo $$ > pid; sleep 1000");
    bench.worker.start(spec.clone()).await;
    let step = pid_in(&bench.workspace().join("pid")).await;
    let watcher = supervisor(bench.folder.path()).await;
    let socket = bench.folder.path().join(format!("data/supervisors/{watcher}.sock"));
    for path in [socket.clone(), socket.parent().unwrap().to_owned()] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions());
        assert_eq!(mode & 0o077, 0, "nobody else may come near it");
    }
    let folder = bench.leave();
    // Who does not greet is turned away, whatever else is said.
    let mut stranger = tokio::net::UnixStream::connect(&socket).await.unwrap();
    let word = format!("{{\"type\": \"cancel\", \"id\": {}}}", serde_json::to_string(&spec.id).unwrap());
    stranger.write_all(&u32::try_from(word.len()).unwrap().to_be_bytes()).await.unwrap();
    stranger.write_all(word.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stranger.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
    let mut bench = Bench::supervised_in(folder, |_, _| ()).await;
    assert!(is_alive(step), "it was not heard");
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
    bench.worker.cancel(spec.id.clone()).await;
    assert!(matches!(bench.outcome_of(&spec.id).await, Outcome::Cancelled { .. }));
}

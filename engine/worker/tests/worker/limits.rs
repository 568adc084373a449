//! What the processes of a step may use together, and that the groups that see to it are gone with the step.

use std::fs;
use std::path::{Path, PathBuf};

use loopline_core::command::{AttemptLimits, AttemptSpec};
use loopline_core::outcome::{FailureKind, Outcome};
use loopline_ports::worker::Attached;

use crate::bench::{Bench, DEAF, is_alive, pid_in, script};
use crate::engine::Engine;

pub fn with_memory(text: &str, bytes: u64) -> AttemptSpec {
    AttemptSpec { limits: AttemptLimits { memory: Some(bytes), ..AttemptLimits::default() }, ..script(text) }
}

fn with_cpus(text: &str, cpus_milli: u64) -> AttemptSpec {
    AttemptSpec { limits: AttemptLimits { cpus_milli: Some(cpus_milli), ..AttemptLimits::default() }, ..script(text) }
}

/// Whether this user may limit processes here; why not is said.
pub async fn can_limit() -> bool {
    let mut bench = Bench::new();
    let spec = AttemptSpec {
        limits: AttemptLimits { memory: Some(1 << 30), cpus_milli: Some(1_000), ..AttemptLimits::default() },
        ..script("true")
    };
    match bench.run(spec).await {
        Outcome::Succeeded { .. } => true,
        Outcome::Failed { error, .. } if error.kind == FailureKind::Spawn => {
            eprintln!("skipped: {}", error.message);
            false
        }
        other => panic!("{other:?}"),
    }
}

/// The control groups that the processes of this script are in, as it has written them down.
fn groups_in(file: &Path) -> Vec<PathBuf> {
    let told = fs::read_to_string(file).unwrap();
    let names: std::collections::BTreeSet<&str> =
        told.lines().filter_map(|line| line.rsplit('/').next()).filter(|name| name.starts_with("loopline-")).collect();
    assert_eq!(names.len(), 1, "one name in all hierarchies: {told}");
    let name = names.into_iter().next().unwrap();
    let mut found = Vec::new();
    let mut left = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = left.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            if entry.file_name() == name {
                found.push(entry.path());
            } else {
                left.push(entry.path());
            }
        }
    }
    found
}

const EAT: &str = "x=$(head -c 200000000 /dev/zero | tr '\\0' x)";

#[tokio::test]
async fn whoever_needs_more_memory_than_the_step_may_use_ends_it() {
    if !can_limit().await {
        return;
    }
    let mut bench = Bench::new();
    let tell = "cat /proc/self/cgroup > groups";
    // Though the script itself would go on, and though a daemon hides.
    let daemon = "(env -i PATH=\"$PATH\" setsid sh -c 'echo $$ > daemon; exec sleep 1000' &)
        until [ -s daemon ]; do sleep 0.01; done";
    for text in [format!("{tell}; {EAT}"), format!("{tell}; {daemon}; ({EAT}) || true; sleep 1000")] {
        let (error, _) = bench.fail(with_memory(&text, 32 << 20), FailureKind::Oom).await;
        assert!(error.message.contains("limit of 32 MiB (`limits.memory`)"), "{}", error.message);
        assert!(error.message.contains("at their peak they used"), "{}", error.message);
        assert_eq!(groups_in(&bench.workspace().join("groups")), Vec::<PathBuf>::new());
    }
    assert!(!is_alive(pid_in(&bench.workspace().join("daemon")).await));
}

#[tokio::test]
async fn a_step_within_its_memory_is_a_step_like_any_other() {
    if !can_limit().await {
        return;
    }
    let mut bench = Bench::new();
    let result = bench.succeed(with_memory("echo hello; echo x=1 >> $LOOPLINE_OUTPUT; pwd", 64 << 20)).await;
    let workspace = bench.workspace();
    assert_eq!(result.stdout, Some(format!("hello\n{}\n", workspace.display())));
    assert_eq!(result.outputs["x"], "1");
    let (error, _) = bench.fail(with_memory("exit 3", 64 << 20), FailureKind::Exit).await;
    assert_eq!(error.exit_code, Some(3));
    let (error, _) = bench.fail(with_memory("kill -KILL $$", 64 << 20), FailureKind::Signal).await;
    assert!(error.message.contains("it was not for lack of memory"), "{}", error.message);
}

#[tokio::test]
async fn processors_are_shared_out_as_the_step_says() {
    if !can_limit().await {
        return;
    }
    let mut bench = Bench::new();
    // Two that need a processor each, for a second, with a fifth of one: what they got is counted by the shell.
    let text =
        "(timeout 1 sh -c 'while :; do :; done' || true) & timeout 1 sh -c 'while :; do :; done' || true; wait; times";
    let result = bench.succeed(with_cpus(text, 200)).await;
    let times = result.stdout.unwrap();
    let seconds = |text: &str| {
        let (minutes, seconds) = text.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    let used: f64 = times.split_whitespace().map(seconds).sum();
    assert!(used < 0.6, "{used} s of processors: {times}");
}

#[tokio::test]
async fn what_hides_from_everything_else_is_in_the_group() {
    if !can_limit().await {
        return;
    }
    let mut bench = Bench::new();
    // Deaf, in a session of its own, without mark and parent; and there is no supervisor that would become its parent.
    let deaf = "trap \"\" TERM HUP INT; echo $$ > hidden; exec sleep 1000";
    let text = format!(
        "cat /proc/self/cgroup > groups; (env -i PATH=\"$PATH\" setsid sh -c '{deaf}' &)
        until [ -s hidden ]; do sleep 0.01; done; echo last words"
    );
    let spec = AttemptSpec { grace_ms: 50, ..with_memory(&text, 64 << 20) };
    let result = bench.succeed(spec).await;
    assert_eq!(result.stdout.as_deref(), Some("last words\n"));
    assert!(!is_alive(pid_in(&bench.workspace().join("hidden")).await));
    assert_eq!(groups_in(&bench.workspace().join("groups")), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_cancel_of_a_storm_leaves_no_group() {
    if !can_limit().await {
        return;
    }
    let mut bench = Bench::new();
    let text = "cat /proc/self/cgroup > groups; trap '' TERM; i=0
        while :; do setsid -f env -i /bin/sleep 1000; i=$((i+1)); [ $i != 20 ] || echo $$ > pid; done";
    let spec = AttemptSpec { grace_ms: 50, ..with_memory(text, 256 << 20) };
    let id = spec.id.clone();
    bench.worker.start(spec).await;
    pid_in(&bench.workspace().join("pid")).await;
    assert!(!groups_in(&bench.workspace().join("groups")).is_empty(), "it is in one");
    bench.worker.cancel(id.clone()).await;
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Cancelled { .. }));
    assert_eq!(groups_in(&bench.workspace().join("groups")), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn the_groups_of_an_engine_that_was_killed_are_emptied_and_removed() {
    if !can_limit().await {
        return;
    }
    let daemon = "(env -i PATH=\"$PATH\" setsid sh -c 'echo $$ > daemon; exec sleep 1000' &)";
    let spec = with_memory(&format!("cat /proc/self/cgroup > groups; {daemon}; {DEAF}"), 64 << 20);
    let engine = Engine::with(&spec);
    let mut pids = Vec::new();
    for file in ["daemon", "pid"] {
        pids.push(pid_in(&engine.folder.path().join("workspace").join(file)).await);
    }
    let bench = Bench::in_folder(engine.kill(), |_| ());
    let groups = bench.workspace().join("groups");
    assert!(!groups_in(&groups).is_empty() && pids.iter().all(|pid| is_alive(*pid)), "they outlive their engine");
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Lost);
    assert!(!pids.iter().any(|pid| is_alive(*pid)));
    assert_eq!(groups_in(&groups), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_told_from_a_limit_that_cannot_be_set() {
    if !can_limit().await {
        return;
    }
    let mut bench = Bench::new();
    let mut spec = with_memory("true", 64 << 20);
    if let loopline_core::command::Work::Shell { shell, .. } = &mut spec.work {
        *shell = loopline_core::graph::Shell::Argv(vec!["no-such-program".to_owned()]);
    }
    let (error, _) = bench.fail(spec, FailureKind::Spawn).await;
    assert!(error.message.contains("`no-such-program` was not found"), "{}", error.message);
}

#[tokio::test]
async fn a_fresh_workspace_is_empty_before_and_gone_behind_it() {
    let mut bench = Bench::new();
    fs::write(bench.workspace().join("of-the-run"), "").unwrap();
    let mut spec =
        AttemptSpec { fresh_workspace: true, ..script("ls -A; pwd; echo data > file; echo $LOOPLINE_WORKSPACE") };
    spec.artifacts.insert("kept".to_owned(), "file".to_owned());
    let result = bench.succeed(spec).await;
    let stdout = result.stdout.unwrap();
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, lines[1]), "nothing was in it: {stdout}");
    assert!(!Path::new(lines[0]).starts_with(bench.workspace()) && !Path::new(lines[0]).exists());
    assert_eq!(result.artifacts["kept"].size, 5);
    assert_eq!(bench.succeed(script("ls -A")).await.stdout.as_deref(), Some("of-the-run\n"));
}

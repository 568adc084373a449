//! What is found of an attempt after its engine was killed.

use std::fs;
use std::path::Path;

use loopline_core::outcome::{FailureKind, Outcome};
use loopline_ports::worker::Attached;
use nix::sys::signal::{SIGKILL, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::bench::{Bench, DEAF, attempt, is_alive, pid_in, script, until};
use crate::engine::Engine;

/// An engine is killed while this script runs, once its numbers are written. Gives what is left, and the numbers.
async fn killed_during(spec: &loopline_core::command::AttemptSpec, files: &[&str]) -> (TempDir, Vec<i32>) {
    let engine = Engine::with(spec);
    let mut pids = Vec::new();
    for file in files {
        pids.push(pid_in(&engine.folder.path().join("workspace").join(file)).await);
    }
    let folder = engine.kill();
    assert!(pids.iter().all(|pid| is_alive(*pid)), "the processes outlive their engine");
    (folder, pids)
}

/// Puts these lines behind the first of the record, in the place of what was noted since.
fn note(folder: &Path, id: &loopline_core::id::AttemptId, lines: &str) {
    let record = record_of(folder, id).join("record.jsonl");
    let noted = fs::read_to_string(&record).unwrap();
    let began = noted.lines().find(|line| line.contains("began")).expect("it began");
    fs::write(record, format!("{began}\n{lines}")).unwrap();
}

fn record_of(folder: &Path, id: &loopline_core::id::AttemptId) -> std::path::PathBuf {
    folder.join("data/attempts").join(id.to_string())
}

fn assert_lost(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Failed { error, .. } if error.kind == FailureKind::Lost), "{outcome:?}");
}

#[tokio::test]
async fn what_outlived_its_engine_is_ended_and_lost() {
    let daemon = "setsid -f sh -c 'trap \"\" TERM; echo $$ > daemon; exec sleep 1000'";
    let spec = script(&format!("echo before; {daemon}; {DEAF}"));
    let (folder, pids) = killed_during(&spec, &["daemon", "pid"]).await;
    let mut bench = Bench::in_folder(folder, |_| ());
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Lost);
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "ended before `Lost` is said");
    let lines = ["before", "# the engine was restarted; this attempt was ended"];
    assert_eq!(bench.lines(&spec.id).await, lines);
    // Asked again, before the driver could write it down: the same answer, and nothing is said twice.
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
    assert_lost(&bench.outcome_of(&spec.id).await);
    assert_eq!(bench.lines(&spec.id).await, lines);
}

#[tokio::test]
async fn a_process_is_found_though_its_number_was_not_noted() {
    let spec = script(DEAF);
    let (folder, pids) = killed_during(&spec, &["pid"]).await;
    note(folder.path(), &spec.id, "{\"process\": {\"pid\": 12");
    let bench = Bench::in_folder(folder, |_| ());
    assert_eq!(bench.worker.attach(spec.id).await, Attached::Lost);
    assert!(!is_alive(pids[0]));
}

#[tokio::test]
async fn a_number_that_a_stranger_has_now_is_left_alone() {
    let spec = script("echo $$ > pid; sleep 1000");
    let (folder, pids) = killed_during(&spec, &["pid"]).await;
    let mut stranger = std::process::Command::new("setsid").args(["sleep", "1000"]).spawn().unwrap();
    let noted = format!("{{\"process\": {{\"pid\": {}, \"start\": 1}}}}\n", stranger.id());
    note(folder.path(), &spec.id, &noted);
    let bench = Bench::in_folder(folder, |_| ());
    assert_eq!(bench.worker.attach(spec.id).await, Attached::Lost);
    assert!(!is_alive(pids[0]), "found by its mark");
    assert_eq!(stranger.try_wait().unwrap(), None, "the stranger lives");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn after_another_boot_no_process_is_touched() {
    let spec = script("echo $$ > pid; exec sleep 1000");
    let (folder, pids) = killed_during(&spec, &["pid"]).await;
    let bench = Bench::in_folder(folder, |config| config.boot_id = "another".to_owned());
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Lost);
    assert!(is_alive(pids[0]), "numbers of another boot mean nothing");
    assert_eq!(bench.lines(&spec.id).await, ["# the machine was restarted; this attempt was ended by that"]);
    kill(Pid::from_raw(pids[0]), SIGKILL).unwrap();
}

#[tokio::test]
async fn what_ended_before_its_engine_was_killed_is_reported_as_it_ended() {
    let mut spec = script("echo done; echo x=1 >> $LOOPLINE_OUTPUT; echo data > file");
    spec.artifacts.insert("kept".to_owned(), "file".to_owned());
    let engine = Engine::with(&spec);
    let finished = engine.folder.path().join("finished");
    until("the attempt ends", || finished.exists().then_some(())).await;
    let mut bench = Bench::in_folder(engine.kill(), |_| ());
    for _ in 0..2 {
        assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
        let Outcome::Succeeded { result } = bench.outcome_of(&spec.id).await else { panic!("it succeeded") };
        assert_eq!((result.exit_code, result.stdout.as_deref()), (Some(0), Some("done\n")));
        assert_eq!((result.outputs["x"].as_str(), result.artifacts["kept"].size), (Some("1"), 5));
    }
    assert_eq!(bench.lines(&spec.id).await, ["done"]);
    bench.worker.forget(&spec.id).await;
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::NeverStarted);
    assert!(!record_of(bench.folder.path(), &spec.id).exists());
    assert_eq!(bench.lines(&spec.id).await, ["done"], "the log is kept");
}

#[tokio::test]
async fn an_attempt_that_began_is_not_begun_again() {
    let spec = script("echo once >> witness; echo $$ > pid; sleep 1000");
    let (folder, pids) = killed_during(&spec, &["pid"]).await;
    let mut bench = Bench::in_folder(folder, |_| ());
    assert_lost(&bench.run(spec).await);
    assert!(!is_alive(pids[0]));
    assert_eq!(fs::read_to_string(bench.workspace().join("witness")).unwrap(), "once\n");
}

#[tokio::test]
async fn an_attempt_without_trace_never_started() {
    let mut bench = Bench::new();
    assert_eq!(bench.worker.attach(attempt("step")).await, Attached::NeverStarted);
    // A kill before the record was in its place: nothing was started.
    let spec = script("echo first");
    let unfinished = record_of(bench.folder.path(), &spec.id).with_extension("1.new");
    fs::create_dir_all(&unfinished).unwrap();
    fs::write(unfinished.join("record.jsonl"), "{\"began").unwrap();
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::NeverStarted);
    assert_eq!(bench.succeed(spec).await.stdout.as_deref(), Some("first\n"));
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn a_record_that_a_power_cut_emptied_is_that_of_an_attempt_that_began() {
    let mut bench = Bench::new();
    let spec = script("echo again >> witness");
    fs::create_dir_all(record_of(bench.folder.path(), &spec.id)).unwrap();
    assert_lost(&bench.run(spec.clone()).await);
    assert_eq!(bench.worker.attach(spec.id).await, Attached::Running, "that it is lost is told again");
    assert!(!bench.workspace().join("witness").exists());
}

#[tokio::test]
async fn an_outcome_that_was_cut_off_counts_as_none() {
    let spec = script("true");
    let mut bench = Bench::new();
    bench.succeed(spec.clone()).await;
    let Bench { folder, .. } = bench;
    let record = record_of(folder.path(), &spec.id).join("record.jsonl");
    let whole = fs::read(&record).unwrap();
    fs::write(&record, &whole[..whole.len() - 4]).unwrap();
    let mut bench = Bench::in_folder(folder, |_| ());
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Lost);
    // What is noted behind the line that was cut off is whole.
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
    assert_lost(&bench.outcome_of(&spec.id).await);
}

#[tokio::test]
async fn what_this_worker_runs_is_running_until_it_is_settled() {
    let mut bench = Bench::new();
    let id = bench.start_until(script("echo up; until [ -e go ]; do sleep 0.01; done"), "up").await;
    assert_eq!(bench.worker.attach(id.clone()).await, Attached::Running);
    bench.worker.forget(&id).await;
    fs::write(bench.workspace().join("go"), "").unwrap();
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Succeeded { .. }), "what is live is not forgotten");
    bench.worker.forget(&id).await;
    assert_eq!(bench.worker.attach(id).await, Attached::NeverStarted);
}

#[tokio::test]
async fn what_attempts_left_behind_is_no_more_once_they_are_forgotten() {
    let mut bench = Bench::new();
    let spec = script("true");
    bench.succeed(spec.clone()).await;
    bench.worker.forget(&spec.id).await;
    let left = fs::read_dir(bench.folder.path().join("data/attempts")).unwrap().count();
    assert_eq!(left, 0);
}

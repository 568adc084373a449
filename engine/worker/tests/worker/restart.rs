//! What is found of an attempt after its engine was killed.

use std::fs;
use std::path::{Path, PathBuf};

use loopline_blobs::DiskBlobs;
use loopline_core::command::{AttemptSpec, Work};
use loopline_core::graph::Shell;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{FailureKind, Outcome, RawResult};
use loopline_ports::blobs::Blobs as _;
use loopline_ports::worker::Attached;
use nix::sys::signal::{SIGKILL, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::bench::{Bench, DEAF, PATIENCE, attempt, is_alive, pid_in, script, until};
use crate::engine::Engine;

/// An engine is killed while this script runs, once its numbers are written. Gives what is left, and the numbers.
async fn killed_during(spec: &loopline_core::command::AttemptSpec, files: &[&str]) -> (TempDir, Vec<i32>) {
    killed_after(spec, files, "").await
}

/// The same, once this line of the step is in its log: what still was in a pipe is gone with the engine.
async fn killed_after(spec: &loopline_core::command::AttemptSpec, files: &[&str], shown: &str) -> (TempDir, Vec<i32>) {
    let engine = Engine::with(spec);
    let mut pids = Vec::new();
    for file in files {
        pids.push(pid_in(&engine.folder.path().join("workspace").join(file)).await);
    }
    let blobs = DiskBlobs::open(engine.folder.path().join("blobs")).unwrap();
    let is_shown = async {
        let mut seen = 0;
        while !blobs.read_lines(&spec.id, 0, 100).await.unwrap().lines.iter().any(|line| line.text == shown) {
            seen = blobs.wait_growth(&spec.id, seen).await.unwrap();
        }
    };
    if !shown.is_empty() {
        tokio::time::timeout(PATIENCE, is_shown).await.expect("the line is shown");
    }
    let folder = engine.kill();
    assert!(pids.iter().all(|pid| is_alive(*pid)), "the processes outlive their engine");
    (folder, pids)
}

/// Puts this behind the line that the attempt began, in the place of what was noted since.
fn note(folder: &Path, lines: &str) {
    let journal = journal(folder);
    let noted = fs::read_to_string(&journal).unwrap();
    let began = noted.lines().find(|line| line.contains("began")).expect("it began");
    fs::write(journal, format!("\n{began}\n{lines}")).unwrap();
}

/// A line of a journal.
fn line(id: &AttemptId, noted: &str) -> String {
    let json = format!("[\"{id}\",{noted}]");
    format!("\n{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
}

/// The files of all journals.
fn journals(folder: &Path) -> Vec<PathBuf> {
    let Ok(owners) = fs::read_dir(folder.join("data/journals")) else { return Vec::new() };
    let files = owners.flat_map(|owner| fs::read_dir(owner.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

/// The one file of the one journal.
fn journal(folder: &Path) -> PathBuf {
    let files = journals(folder);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
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
    let (folder, pids) = killed_after(&spec, &["daemon", "pid"], "before").await;
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
    let noted = line(&spec.id, "{\"process\": {\"pid\": 12, \"start\": 1}}");
    note(folder.path(), &noted[..noted.len() - 4]);
    let bench = Bench::in_folder(folder, |_| ());
    assert_eq!(bench.worker.attach(spec.id).await, Attached::Lost);
    assert!(!is_alive(pids[0]));
}

#[tokio::test]
async fn a_number_that_a_stranger_has_now_is_left_alone() {
    let spec = script("echo $$ > pid; sleep 1000");
    let (folder, pids) = killed_during(&spec, &["pid"]).await;
    let mut stranger = std::process::Command::new("setsid").args(["sleep", "1000"]).spawn().unwrap();
    let noted = format!("{{\"process\": {{\"pid\": {}, \"start\": 1}}}}", stranger.id());
    note(folder.path(), &line(&spec.id, &noted));
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
    assert_eq!(journals(bench.folder.path()), Vec::<PathBuf>::new());
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
    // A kill before the journal was in its place, or its line was whole: nothing was started.
    let spec = script("echo first");
    let unfinished = bench.folder.path().join("data/journals/1.new");
    let torn = bench.folder.path().join("data/journals/2");
    for folder in [&unfinished, &torn] {
        fs::create_dir_all(folder).unwrap();
    }
    let began = line(&spec.id, "{\"began\": {\"boot_id\": \"\"}}");
    fs::write(torn.join("1"), &began[..began.len() - 2]).unwrap();
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::NeverStarted);
    assert_eq!(bench.succeed(spec).await.stdout.as_deref(), Some("first\n"));
    assert!(!unfinished.exists() && !torn.exists(), "what says nothing is removed");
}

#[tokio::test]
async fn what_an_earlier_version_has_noted_is_read() {
    let mut bench = Bench::new();
    let (ended, lost) = (script("true"), script("true"));
    let outcome = Outcome::Succeeded { result: RawResult::default() };
    let outcome = format!("{{\"ended\":{}}}\n", serde_json::to_string(&outcome).unwrap());
    for (spec, noted) in [(&ended, outcome.as_str()), (&lost, "")] {
        let record = record_of(bench.folder.path(), &spec.id);
        fs::create_dir_all(&record).unwrap();
        let noted = format!("\n{{\"began\":{{\"boot_id\":\"another\"}}}}\n\n{noted}");
        fs::write(record.join("record.jsonl"), noted).unwrap();
    }
    assert_eq!(bench.worker.attach(ended.id.clone()).await, Attached::Running);
    assert!(matches!(bench.outcome_of(&ended.id).await, Outcome::Succeeded { .. }));
    assert_eq!(bench.worker.attach(lost.id.clone()).await, Attached::Lost);
    for spec in [&ended, &lost] {
        bench.worker.forget(&spec.id).await;
        assert!(!record_of(bench.folder.path(), &spec.id).exists());
        assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::NeverStarted);
    }
}

#[tokio::test]
async fn a_journal_stays_small_however_many_attempts_it_has_seen() {
    let mut bench = Bench::new();
    let mut first = None;
    for _ in 0..40 {
        let spec = script("head -c 100000 /dev/zero | tr '\\0' x");
        let id = spec.id.clone();
        bench.succeed(spec).await;
        match first {
            // One that is not forgotten holds what speaks of it, and nothing else.
            None => first = Some(id),
            Some(_) => bench.worker.forget(&id).await,
        }
    }
    let sizes: u64 = journals(bench.folder.path()).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(sizes < 3_000_000, "{sizes} bytes");
    bench.worker.forget(&first.unwrap()).await;
    let Bench { folder, worker, .. } = bench;
    drop(worker);
    assert_eq!(journals(folder.path()), Vec::<PathBuf>::new());
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
    let record = journal(folder.path());
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
    let named = script("echo x=1 >> $LOOPLINE_OUTPUT; echo done > $LOOPLINE_SUMMARY");
    let cat = Shell::Argv(vec!["cat".to_owned()]);
    let unnamed =
        AttemptSpec { work: Work::Shell { shell: cat, script: "x".to_owned(), working_dir: None }, ..script("") };
    for spec in [named, unnamed] {
        bench.succeed(spec.clone()).await;
        bench.worker.forget(&spec.id).await;
    }
    let left = fs::read_dir(bench.folder.path().join("data/attempts")).unwrap().count();
    assert_eq!(left, 0);
}

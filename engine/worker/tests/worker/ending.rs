//! How attempts are ended, and that nothing of them is left.

use std::fs;
use std::time::{Duration, Instant};

use loopline_core::command::AttemptSpec;
use loopline_core::outcome::{FailureKind, Outcome, RawResult};
use loopline_ports::worker::{Attached, Report};

use crate::bench::{Bench, DEAF, is_alive, pid_in, script};

fn with_grace(text: &str, grace_ms: u64) -> AttemptSpec {
    AttemptSpec { grace_ms, ..script(text) }
}

/// Starts the script, cancels it once it has written all its numbers, and expects all of those processes to be gone.
async fn check_cancel(text: &str, grace_ms: u64, pid_files: &[&str]) -> (Bench, RawResult) {
    let mut bench = Bench::new();
    let spec = with_grace(text, grace_ms);
    let id = spec.id.clone();
    bench.worker.start(spec).await;
    let mut pids = Vec::new();
    for file in pid_files {
        pids.push(pid_in(&bench.workspace().join(file)).await);
    }
    assert!(pids.iter().all(|pid| is_alive(*pid)), "all live before: {pids:?}");
    bench.worker.cancel(id.clone()).await;
    let Outcome::Cancelled { result } = bench.outcome_of(&id).await else { panic!("should have been cancelled") };
    for (pid, file) in pids.iter().zip(pid_files) {
        assert!(!is_alive(*pid), "{file} is alive after the report");
    }
    (bench, result)
}

#[tokio::test]
async fn a_cancelled_script_may_tidy_up() {
    let text = "trap 'echo tidied > tidy; exit 0' TERM; echo x=1 >> $LOOPLINE_OUTPUT; echo $$ > pid; while :; do sleep 0.02; done";
    let (bench, result) = check_cancel(text, 10_000, &["pid"]).await;
    assert_eq!(fs::read_to_string(bench.workspace().join("tidy")).unwrap(), "tidied\n");
    assert_eq!(result.outputs["x"], "1", "what was written by then is kept");
}

#[tokio::test]
async fn a_script_deaf_to_the_request_is_ended_by_force() {
    check_cancel(DEAF, 100, &["pid"]).await;
}

#[tokio::test]
async fn a_stopped_script_is_woken_to_end() {
    let began = Instant::now();
    check_cancel("echo $$ > pid; kill -STOP $$", 15_000, &["pid"]).await;
    assert!(began.elapsed() < Duration::from_secs(10), "it did not need force");
}

#[tokio::test]
async fn daemons_in_sessions_of_their_own_are_found() {
    let text = "(setsid sh -c 'echo $$ > a; exec sleep 1000' </dev/null >/dev/null 2>&1 &)
        setsid setsid -f sh -c 'echo $$ > b; exec sleep 1000' </dev/null >/dev/null 2>&1
        echo $$ > pid; sleep 1000";
    check_cancel(text, 10_000, &["pid", "a", "b"]).await;
}

#[tokio::test]
async fn deaf_daemons_without_the_mark_are_found_through_their_parents_and_session() {
    let deaf = "trap \"\" TERM; echo $$ > FILE; while :; do sleep 0.05; done";
    let (a, b) = (deaf.replace("FILE", "a"), deaf.replace("FILE", "b"));
    let text = format!("env -i sh -c '{a}' & setsid env -i sh -c '{b}' & echo $$ > pid; wait");
    check_cancel(&text, 100, &["pid", "a", "b"]).await;
}

#[tokio::test]
async fn a_storm_of_daemons_is_ended_to_the_last() {
    let mark = "LOOPLINE_ATTEMPT_ID=";
    let mut bench = Bench::new();
    let text = "trap '' TERM; i=0; while :; do setsid -f sleep 1000; i=$((i+1)); [ $i != 20 ] || echo $$ > pid; done";
    let spec = with_grace(text, 50);
    let id = spec.id.clone();
    bench.worker.start(spec).await;
    pid_in(&bench.workspace().join("pid")).await;
    bench.worker.cancel(id.clone()).await;
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Cancelled { .. }));
    let mark = format!("{mark}{id}");
    let left: Vec<_> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            is_alive(*pid) && environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
        })
        .collect();
    assert_eq!(left, Vec::<i32>::new());
}

#[tokio::test]
async fn what_a_script_leaves_running_is_ended_with_it() {
    let mut bench = Bench::new();
    // By its mark, by its session, and by its mark in another session.
    let text = "sleep 1000 & echo $! > a
        env -i sleep 1000 & echo $! > b
        (setsid sh -c 'echo $$ > c; exec sleep 1000' &)
        until [ -s c ]; do sleep 0.01; done";
    let spec = script(text);
    let id = spec.id.clone();
    bench.succeed(spec).await;
    for file in ["a", "b", "c"] {
        assert!(!is_alive(pid_in(&bench.workspace().join(file)).await), "{file} is alive after the report");
    }
    let said = "# the script left 3 processes running; a step ends with its script, so they were ended";
    assert_eq!(bench.lines(&id).await, [said]);
}

#[tokio::test]
async fn a_pipe_that_a_stranger_holds_open_does_not_hold_up_the_step() {
    let mut bench = Bench::new();
    // Without mark, session and parent it cannot be told from a stranger; and it has our pipe.
    let text = "(env -i PATH=\"$PATH\" setsid sh -c 'echo $$ > stray; exec sleep 1000' &)
        until [ -s stray ]; do sleep 0.01; done; echo last words";
    let result = bench.succeed(script(text)).await;
    assert_eq!(result.stdout.as_deref(), Some("last words\n"));
    let stray = pid_in(&bench.workspace().join("stray")).await;
    assert!(is_alive(stray), "the pipe was really held open");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(stray), nix::sys::signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_timeout_ends_the_whole_tree_and_keeps_what_was_written() {
    let mut bench = Bench::new();
    let text =
        "echo a=b >> $LOOPLINE_OUTPUT; echo before; setsid -f sh -c 'echo $$ > pid; exec sleep 1000'; sleep 1000";
    let spec = AttemptSpec { timeout_ms: 500, ..script(text) };
    let id = spec.id.clone();
    let (error, result) = bench.fail(spec, FailureKind::Timeout).await;
    assert_eq!(error.message, "the step did not end within its timeout of 500ms");
    assert_eq!(error.tail.as_deref(), Some("before\n"));
    assert_eq!(result.outputs["a"], "b");
    assert!(!is_alive(pid_in(&bench.workspace().join("pid")).await));
    let lines = bench.lines(&id).await;
    assert_eq!(lines, ["before", "# the step did not end within its timeout of 500ms; its processes are asked to end"]);
}

#[tokio::test]
async fn a_script_that_falls_silent_is_ended() {
    let mut bench = Bench::new();
    let text = "for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done; sleep 1000";
    let spec = AttemptSpec { idle_timeout_ms: Some(400), ..script(text) };
    let (error, result) = bench.fail(spec, FailureKind::Timeout).await;
    assert_eq!(error.message, "the step wrote nothing for its idle timeout of 400ms");
    assert_eq!(result.stdout.as_deref(), Some("1\n2\n3\n4\n5\n6\n"), "output held it off");
}

#[tokio::test]
async fn a_cancel_at_any_moment_of_the_start_leaves_nothing_alive() {
    let mut bench = Bench::with(|config| config.max_parallel = 8);
    let mut waiting = std::collections::BTreeSet::new();
    for turn in 0..40_u32 {
        let spec = script("echo $$ >> pids; sleep 1000");
        let id = spec.id.clone();
        waiting.insert(id.clone());
        bench.worker.start(spec).await;
        for _ in 0..turn * turn {
            tokio::task::yield_now().await;
        }
        bench.worker.cancel(id).await;
    }
    while !waiting.is_empty() {
        if let Report::Finished { id, outcome } = bench.report().await {
            assert!(matches!(outcome, Outcome::Cancelled { .. }), "{outcome:?}");
            assert!(waiting.remove(&id), "reported once");
        }
    }
    let pids = fs::read_to_string(bench.workspace().join("pids")).unwrap_or_default();
    let alive: Vec<&str> = pids.lines().filter(|pid| is_alive(pid.parse().unwrap())).collect();
    assert_eq!(alive, Vec::<&str>::new());
}

#[tokio::test]
async fn an_attempt_that_waits_for_its_turn_can_be_cancelled() {
    let mut bench = Bench::with(|config| config.max_parallel = 1);
    let first = bench.start_until(script("echo up; until [ -e go ]; do sleep 0.01; done"), "up").await;
    // The next is made ready, and the one behind it not even that.
    let (second, third) = (script("echo never > never"), script("echo never > never"));
    bench.worker.start(second.clone()).await;
    bench.worker.start(third.clone()).await;
    for waiting in [&third, &second] {
        bench.worker.cancel(waiting.id.clone()).await;
        assert_eq!(bench.outcome_of(&waiting.id).await, Outcome::Cancelled { result: RawResult::default() });
    }
    assert_eq!(bench.worker.attach(third.id).await, Attached::NeverStarted);
    fs::write(bench.workspace().join("go"), "").unwrap();
    assert!(matches!(bench.outcome_of(&first).await, Outcome::Succeeded { .. }));
    assert!(!bench.workspace().join("never").exists());
}

#[tokio::test]
async fn a_cancel_of_what_is_over_or_unknown_changes_nothing() {
    let mut bench = Bench::new();
    let spec = script("true");
    bench.worker.cancel(spec.id.clone()).await;
    bench.succeed(spec.clone()).await;
    bench.worker.cancel(spec.id).await;
    bench.succeed(script("true")).await;
}

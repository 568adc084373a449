//! `kill -9` of the server at random moments of a looping run, again and again: one correct history each time.
//!
//! `LOOPLINE_KILLS` says how many kills (20 unless said, `make soak` asks for more); `LOOPLINE_SEED` repeats a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::binary::{Home, Server};

/// Each attempt writes a line when it begins and when it ends: what really happened, whatever the server believes.
pub const WITNESS: &str = r#"
version: 1
name: loops
steps:
  prepare:
    run: |
      echo "start prepare $LOOPLINE_VISIT $LOOPLINE_ATTEMPT" >> "$LOOPLINE_WORKSPACE/witness"
      sleep 0.05
      echo "end prepare $LOOPLINE_VISIT $LOOPLINE_ATTEMPT" >> "$LOOPLINE_WORKSPACE/witness"
    retry: {max_attempts: 100, initial: 10ms, max: 20ms}
  work:
    needs: prepare
    run: |
      echo "start work $LOOPLINE_VISIT $LOOPLINE_ATTEMPT" >> "$LOOPLINE_WORKSPACE/witness"
      sleep 0.05
      echo "visit=$LOOPLINE_VISIT" >> "$LOOPLINE_OUTPUT"
      echo "end work $LOOPLINE_VISIT $LOOPLINE_ATTEMPT" >> "$LOOPLINE_WORKSPACE/witness"
    outputs: {visit: {type: string}}
    retry: {max_attempts: 100, initial: 10ms, max: 20ms}
  pause: {needs: work, sleep: 30ms}
  check:
    needs: pause
    run: |
      echo "start check $LOOPLINE_VISIT $LOOPLINE_ATTEMPT" >> "$LOOPLINE_WORKSPACE/witness"
      echo "end check $LOOPLINE_VISIT $LOOPLINE_ATTEMPT" >> "$LOOPLINE_WORKSPACE/witness"
      test "$LOOPLINE_VISIT" -ge 12
    retry: {max_attempts: 100, initial: 10ms, max: 20ms, on: [lost]}
    goto: [{to: prepare, on: failed, max: 40, delay: 20ms}]
outputs: {visit: steps.work.outputs.visit}
"#;

#[test]
fn a_looping_run_survives_sigkill_at_random_moments() {
    let kills: u32 = std::env::var("LOOPLINE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let seed = std::env::var("LOOPLINE_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(|| {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos() as u64
    });
    println!("seed {seed}: repeat with LOOPLINE_SEED={seed} LOOPLINE_KILLS={kills}");
    let mut random = Random(seed | 1);
    let mut done = 0;
    while done < kills {
        done += one_run(&mut random, kills - done, seed);
    }
}

/// Starts a run and kills the server until the run is over or enough kills were made; then lets it end and checks everything.
fn one_run(random: &mut Random, at_most: u32, seed: u64) -> u32 {
    let home = Home::new();
    home.write("pipelines/loops.loopline.yaml", WITNESS);
    let mut server = Server::start(&home);
    let run = server.post("/pipelines/default/loops/runs", &json!({}), Some("once")).expect("taken");
    let id = run["id"].as_str().expect("an id").to_owned();
    let mut kills = 0;
    let mut before: Vec<Json> = Vec::new();
    while kills < at_most {
        let moment = Instant::now() + Duration::from_millis(random.below(250));
        let mut over = false;
        while Instant::now() < moment && !over {
            // Asking is part of the load, and tells when there is nothing left to kill.
            over = server.get(&format!("/runs/{id}?wait=1ms")).is_ok_and(|run| run["finished_at"].is_string());
        }
        if over {
            break;
        }
        let seen = history(&server, &id);
        server.kill();
        kills += 1;
        assert_extends(&before, &seen, seed);
        server = Server::start(&home);
        before = history(&server, &id);
        assert_extends(&seen, &before, seed);
        // The client that did not get its answer asks once more: the same run.
        let again = server.post("/pipelines/default/loops/runs", &json!({}), Some("once")).expect("taken again");
        assert_eq!(again["id"], id.as_str(), "seed {seed}: the same key began another run");
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    let run = loop {
        let run = server.get(&format!("/runs/{id}?wait=5s")).expect("the run is there");
        if run["finished_at"].is_string() {
            break run;
        }
        assert!(Instant::now() < deadline, "seed {seed}: no end within 60 s:\n{run:#}");
    };
    let whole = history(&server, &id);
    assert_extends(&before, &whole, seed);
    check(&run, &whole, &home.path(&format!("data/workspaces/{id}/witness")), seed);
    server.stop();
    let checked = home.run(&["check-db", "--data", "data"]);
    assert!(checked.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&checked.stdout));
    leaves_no_process(&id, seed);
    kills
}

fn history(server: &Server, id: &str) -> Vec<Json> {
    let mut events: Vec<Json> = Vec::new();
    loop {
        let after = events.len();
        let page = server.get(&format!("/runs/{id}/events?after={after}")).expect("events");
        let page = page["events"].as_array().expect("a list").clone();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

/// What was on disk before a kill is there after it, unchanged.
pub fn assert_extends(before: &[Json], after: &[Json], seed: u64) {
    assert!(after.len() >= before.len(), "seed {seed}: {} events before, {} after", before.len(), after.len());
    assert_eq!(&after[..before.len()], before, "seed {seed}: the history was rewritten");
}

pub fn check(run: &Json, events: &[Json], witness: &Path, seed: u64) {
    assert_eq!(run["status"], "succeeded", "seed {seed}: {run:#}");
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], at as u64 + 1, "seed {seed}: a gap or a double");
    }
    // At most one start and one end an attempt.
    let mut ends = BTreeMap::<String, u32>::new();
    let mut starts = BTreeMap::<String, u32>::new();
    let mut succeeded = BTreeSet::new();
    for event in events {
        let event = &event["event"];
        let key = format!(
            "{} {} {}",
            event["key"]["step"].as_str().unwrap_or(""),
            event["key"]["visit"],
            event["key"]["attempt"]
        );
        match event["type"].as_str() {
            Some("attempt_started") => *starts.entry(key).or_default() += 1,
            Some("attempt_finished") => {
                if event["outcome"]["status"] == "succeeded" {
                    succeeded.insert(key.clone());
                }
                *ends.entry(key).or_default() += 1;
            }
            _ => {}
        }
    }
    assert!(starts.values().chain(ends.values()).all(|count| *count == 1), "seed {seed}: {starts:?} {ends:?}");
    // Who succeeded has really ended; who ran, ran once.
    let text = std::fs::read_to_string(witness).expect("the steps wrote it");
    let mut seen = BTreeMap::<&str, u32>::new();
    for line in text.lines() {
        *seen.entry(line).or_default() += 1;
    }
    assert!(seen.values().all(|count| *count == 1), "seed {seed}: an attempt ran twice: {seen:?}");
    for key in &succeeded {
        assert!(
            seen.contains_key(format!("end {key}").as_str()),
            "seed {seed}: {key} succeeded without its end:\n{text}"
        );
    }
    assert_eq!(run["steps"]["check"]["visit"], 12, "seed {seed}");
    assert_eq!(run["outputs"]["visit"], "12", "seed {seed}");
}

pub fn leaves_no_process(id: &str, seed: u64) {
    let mark = format!("LOOPLINE_RUN_ID={id}");
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let environ = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let ours = environ.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes());
        assert!(!ours, "seed {seed}: {} is left of the run", entry.path().display());
    }
}

/// Xorshift: enough to choose moments, and the same again from the same seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

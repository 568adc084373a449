//! Locks and concurrency groups of a real server that is killed again and again: never two at once, and nobody forgotten.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::binary::{Home, Server};

/// Writes a line when it has the lock, and another before it gives it back.
const LOCKED: &str = "\
version: 1
name: locked
steps:
  work:
    run: |
      echo \"in $LOOPLINE_RUN_ID $LOOPLINE_ATTEMPT\" >> ../../../witness
      sleep 0.1
      echo \"out $LOOPLINE_RUN_ID $LOOPLINE_ATTEMPT\" >> ../../../witness
    lock: the-one
    retry: {max_attempts: 100, initial: 10ms, max: 20ms}
";

/// The same of whole runs: one step takes the witness, the next gives it back.
const GROUPED: &str = "\
version: 1
name: grouped
concurrency: {group: all, limit: 1}
defaults: {retry: {max_attempts: 100, initial: 10ms, max: 20ms}}
steps:
  begin: {run: 'echo \"in $LOOPLINE_RUN_ID 1\" >> ../../../witness'}
  nap: {needs: begin, sleep: 50ms}
  end: {needs: nap, run: 'echo \"out $LOOPLINE_RUN_ID 1\" >> ../../../witness'}
";

fn runs_one_after_the_other(pipeline: &str, text: &str) {
    let home = Home::new();
    home.write(&format!("pipelines/{pipeline}.loopline.yaml"), text);
    let mut server = Server::start(&home);
    let path = format!("/pipelines/default/{pipeline}/runs");
    let ids: Vec<String> = (0..6)
        .map(|_| server.post(&path, &json!({}), None).expect("taken")["id"].as_str().expect("an id").to_owned())
        .collect();
    for pause in [30, 120, 10, 200] {
        std::thread::sleep(Duration::from_millis(pause));
        server.kill();
        server = Server::start(&home);
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    for id in &ids {
        let run: Json = loop {
            let run = server.get(&format!("/runs/{id}?wait=5s")).expect("the run is there");
            if run["finished_at"].is_string() {
                break run;
            }
            assert!(Instant::now() < deadline, "no end within 60 s:\n{run:#}");
        };
        assert_eq!(run["status"], "succeeded", "{run:#}");
    }
    let witness = std::fs::read_to_string(home.path("witness")).expect("written");
    let (mut inside, mut out): (Option<&str>, Option<&str>) = (None, None);
    let mut done = BTreeMap::<&str, u32>::new();
    for line in witness.lines() {
        let run = line.split(' ').nth(1).expect("a run");
        match line.split(' ').next() {
            // An attempt that was killed goes in again, but nobody else before it has come out.
            Some("in") => {
                assert!(inside.is_none_or(|inside| inside == run), "{run} beside {inside:?}:\n{witness}");
                inside = Some(run);
            }
            // One that was killed behind its last word says it again, and nobody else has gone in before that.
            _ => {
                assert_eq!(inside.or(out), Some(run), "{witness}");
                (inside, out) = (None, Some(run));
                *done.entry(run).or_default() += 1;
            }
        }
    }
    assert_eq!(done.len(), ids.len(), "somebody never came in:\n{witness}");
    server.stop();
}

#[test]
fn a_lock_is_never_held_twice_whatever_is_killed() {
    runs_one_after_the_other("locked", LOCKED);
}

#[test]
fn runs_of_a_group_go_on_one_after_the_other_whatever_is_killed() {
    runs_one_after_the_other("grouped", GROUPED);
}

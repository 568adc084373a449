//! Runs that are over and taken up again: on a server, after a kill, and on the command line.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::binary::{Home, Server, json};

/// Fails as long as nobody has made the file `good`, and then waits for `go`.
const FRAGILE: &str = "\
version: 1
name: fragile
steps:
  build: {run: 'echo built >> \"$LOOPLINE_WORKSPACE/witness\"'}
  test:
    needs: build
    run: |
      test -e \"$LOOPLINE_WORKSPACE/good\"
      until test -e \"$LOOPLINE_WORKSPACE/go\"; do sleep 0.02; done
    retry: {max_attempts: 50, initial: 10ms, max: 20ms, on: [lost]}
  publish:
    needs: test
    run: echo published
    retry: {max_attempts: 50, initial: 10ms, max: 20ms, on: [lost]}
";

fn until_over(server: &Server, id: &str) -> Json {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let run = server.get(&format!("/runs/{id}?wait=5s")).expect("the run is there");
        if run["finished_at"].is_string() {
            return run;
        }
        assert!(Instant::now() < deadline, "no end within 60 s:\n{run:#}");
    }
}

#[test]
fn an_epoch_that_was_asked_for_goes_on_after_a_kill() {
    let home = Home::new();
    home.write("pipelines/fragile.loopline.yaml", FRAGILE);
    let server = Server::start(&home);
    let run = server.post("/pipelines/default/fragile/runs", &json!({}), None).expect("taken");
    let id = run["id"].as_str().expect("an id").to_owned();
    assert_eq!(until_over(&server, &id)["status"], "failed");
    // The engine that is asked has never seen the run.
    server.kill();
    let server = Server::start(&home);
    home.write(&format!("data/workspaces/{id}/good"), "");
    let again = server.post(&format!("/runs/{id}/rerun"), &json!({"failed": true}), None).expect("taken");
    assert_eq!((&again["epoch"], &again["finished_at"]), (&json!(2), &Json::Null), "{again:#}");
    server.kill();
    let server = Server::start(&home);
    let listed = server.get("/runs").expect("a list");
    assert_eq!((&listed["items"][0]["epoch"], &listed["items"][0]["finished_at"]), (&json!(2), &Json::Null));
    home.write(&format!("data/workspaces/{id}/go"), "");
    let run = until_over(&server, &id);
    assert_eq!((&run["status"], &run["epoch"]), (&json!("succeeded"), &json!(2)), "{run:#}");
    assert_eq!((&run["steps"]["build"]["visit"], &run["steps"]["test"]["visit"]), (&json!(1), &json!(2)));
    // An epoch behind an epoch: nothing failed, so only everything can be done again.
    assert!(server.post(&format!("/runs/{id}/rerun"), &json!({"failed": true}), None).is_err());
    server.post(&format!("/runs/{id}/rerun"), &json!({}), None).expect("taken");
    let run = until_over(&server, &id);
    assert_eq!((&run["epoch"], &run["steps"]["build"]["visit"]), (&json!(3), &json!(2)));
    let witness = std::fs::read_to_string(home.path(&format!("data/workspaces/{id}/witness"))).expect("written");
    assert_eq!(witness, "built\nbuilt\n");
    server.stop();
}

#[test]
fn a_local_run_is_done_again_where_it_worked() {
    let home = Home::new();
    home.write("work/fragile.loopline.yaml", FRAGILE);
    let failed = home.command(&["run", "fragile.loopline.yaml"]).current_dir(home.path("work")).output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
    let runs = json(&home.run(&["runs", "--output", "json"]));
    let id = runs[0]["id"].as_str().unwrap();
    let unknown = home.run(&["rerun", id, "--from", "nowhere"]);
    let error = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.status.code() == Some(1) && error.contains("no step `nowhere`"), "{error}");
    home.write("work/good", "");
    home.write("work/go", "");
    let run = json(&home.run(&["rerun", id, "--failed", "--output", "json"]));
    assert_eq!((&run["status"], &run["epoch"]), (&json!("succeeded"), &json!(2)), "{run:#}");
    assert_eq!((&run["steps"]["build"]["visit"], &run["steps"]["publish"]["visit"]), (&json!(1), &json!(2)));
    let shown = json(&home.run(&["show", id, "--output", "json"]));
    assert_eq!(shown, run);
}

/// `c` fails as long as nobody has made the file `good`.
const SUITES: &str = "\
version: 1
name: suites
steps:
  test:
    foreach: {items: [a, b, c]}
    run: |
      echo \"{{ item }}\" >> \"$LOOPLINE_WORKSPACE/$LOOPLINE_ITEM.witness\"
      [ \"{{ item }}\" != c ] || test -e \"$LOOPLINE_WORKSPACE/good\"
";

#[test]
fn items_are_done_again_alone_and_say_why() {
    let home = Home::new();
    home.write("work/suites.loopline.yaml", SUITES);
    let failed = home.command(&["run", "suites.loopline.yaml"]).current_dir(home.path("work")).output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
    let runs = json(&home.run(&["runs", "--output", "json"]));
    let id = runs[0]["id"].as_str().unwrap();
    let unknown = home.run(&["rerun", id, "--item", "test[3]"]);
    let error = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.status.code() == Some(1) && error.contains("there is no item 3 of `test`"), "{error}");
    assert_eq!(home.run(&["rerun", id, "--item", "test"]).status.code(), Some(2));
    home.write("work/good", "");
    let run = json(&home.run(&["rerun", id, "--failed", "--output", "json"]));
    assert_eq!((&run["status"], &run["epoch"]), (&json!("succeeded"), &json!(2)), "{run:#}");
    let run = json(&home.run(&["rerun", id, "--item", "test[0]", "--output", "json"]));
    assert_eq!((&run["status"], &run["epoch"]), (&json!("succeeded"), &json!(3)), "{run:#}");
    let kept: Vec<_> = (0..3).map(|item| run["steps"]["test"]["items"][item]["kept_from"].as_u64()).collect();
    assert_eq!(kept, [None, Some(1), Some(2)]);
    for (item, times) in [(0, 2), (1, 1), (2, 2)] {
        let witness = std::fs::read_to_string(home.path(&format!("work/{item}.witness"))).expect("written");
        assert_eq!(witness.lines().count(), times, "item {item}");
    }
    let why = home.run(&["why", id, "test[1]"]);
    let said = String::from_utf8_lossy(&why.stdout).into_owned();
    assert!(said.contains("test[1]  succeeded  visit 1") && said.contains("keeps the result of visit 1"), "{said}");
}

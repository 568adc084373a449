//! Child runs of a real server and of `loopline run`: what they are given and give, kills, and ends.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::binary::{Home, Server, json};

/// Holds a place and a lock that its child wants too.
const PARENT: &str = "\
version: 1
name: parent
inputs: {who: {type: string, default: ada}}
concurrency: {group: greetings}
steps:
  greet: {pipeline: {name: greeting, inputs: {who: '{{ inputs.who }}'}}, lock: witness}
outputs: {said: steps.greet.outputs.said}
";
const GREETING: &str = "\
version: 1
name: greeting
inputs: {who: {type: string, maxLength: 9}}
concurrency: {group: greetings}
steps:
  nap: {sleep: 1s}
  say:
    needs: nap
    run: |
      echo \"hello {{ inputs.who }}\" >> ../../../witness
      echo \"said=hello {{ inputs.who }}\" >> \"$LOOPLINE_OUTPUT\"
    outputs: {said: {type: string}}
    lock: witness
outputs: {said: steps.say.outputs.said}
";
/// Runs itself, again and again.
const ENDLESS: &str = "version: 1\nname: endless\nsteps:\n  again: {pipeline: {name: endless}}\n";

fn until(server: &Server, id: &str, fits: impl Fn(&Json) -> bool) -> Json {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let run = server.get(&format!("/runs/{id}?wait=200ms")).expect("the run is there");
        if fits(&run) {
            return run;
        }
        assert!(Instant::now() < deadline, "not within 60 s:\n{run:#}");
    }
}

fn is_over(run: &Json) -> bool {
    run["finished_at"].is_string()
}

fn begin(server: &Server, name: &str, inputs: &Json) -> String {
    let run = server.post(&format!("/pipelines/default/{name}/runs"), &json!({"inputs": inputs}), None).expect("taken");
    run["id"].as_str().expect("an id").to_owned()
}

fn child_of(run: &Json, step: &str) -> String {
    let visits = run["steps"][step]["visits"].as_array().expect("visits");
    visits.last().expect("one")["child_run"].as_str().expect("a child").to_owned()
}

#[test]
fn a_child_outlives_kills_and_is_told_to_its_parent() {
    let home = Home::new();
    home.write("pipelines/parent.loopline.yaml", PARENT);
    home.write("pipelines/greeting.loopline.yaml", GREETING);
    let server = Server::start(&home);
    let id = begin(&server, "parent", &json!({"who": "bob"}));
    server.kill();
    let server = Server::start(&home);
    let child = child_of(&until(&server, &id, |run| run["steps"]["greet"]["status"] == "running"), "greet");
    server.kill();
    // The child ends, and the engine is gone before anybody has asked.
    let server = Server::start(&home);
    until(&server, &child, is_over);
    server.kill();
    let server = Server::start(&home);
    let run = until(&server, &id, is_over);
    assert_eq!((&run["status"], &run["outputs"]["said"]), (&json!("succeeded"), &json!("hello bob")), "{run:#}");
    let child = server.get(&format!("/runs/{}", child_of(&run, "greet"))).expect("the child is there");
    assert_eq!((&child["parent"]["run"], &child["parent"]["step"]), (&json!(id), &json!("greet")), "{child:#}");
    assert_eq!(std::fs::read_to_string(home.path("witness")).expect("written"), "hello bob\n");
    // Only its step begins it again.
    assert!(server.post(&format!("/runs/{}/rerun", child_of(&run, "greet")), &json!({}), None).is_err());
    server.post(&format!("/runs/{id}/rerun"), &json!({}), None).expect("taken");
    let again = until(&server, &id, is_over);
    assert_ne!(child_of(&again, "greet"), child_of(&run, "greet"));
    server.stop();
}

#[test]
fn a_pause_holds_children_through_a_kill() {
    let home = Home::new();
    home.write("pipelines/parent.loopline.yaml", PARENT);
    home.write("pipelines/greeting.loopline.yaml", GREETING);
    let server = Server::start(&home);
    let id = begin(&server, "parent", &json!({"who": "eve"}));
    let child = child_of(&until(&server, &id, |run| run["steps"]["greet"]["status"] == "running"), "greet");
    server.post(&format!("/runs/{id}/pause"), &json!({}), None).expect("taken");
    until(&server, &child, |run| run["status"] == "paused");
    server.kill();
    let server = Server::start(&home);
    assert_eq!(server.get(&format!("/runs/{child}")).expect("there")["status"], "paused");
    assert!(server.post(&format!("/runs/{child}/resume"), &json!({}), None).is_err(), "its parent is paused");
    server.post(&format!("/runs/{id}/resume"), &json!({}), None).expect("taken");
    let run = until(&server, &id, is_over);
    assert_eq!((&run["status"], child_of(&run, "greet")), (&json!("succeeded"), child), "{run:#}");
    server.stop();
}

#[test]
fn children_end_with_their_parents_and_say_what_is_wrong() {
    let home = Home::new();
    home.write("pipelines/parent.loopline.yaml", PARENT);
    home.write("pipelines/greeting.loopline.yaml", GREETING);
    home.write("pipelines/endless.loopline.yaml", ENDLESS);
    let server = Server::start(&home);
    let id = begin(&server, "parent", &json!({}));
    let child = child_of(&until(&server, &id, |run| run["steps"]["greet"]["status"] == "running"), "greet");
    server.post(&format!("/runs/{id}/cancel"), &json!({}), None).expect("taken");
    assert_eq!(until(&server, &id, is_over)["status"], "cancelled");
    assert_eq!(until(&server, &child, is_over)["status"], "cancelled");

    let run = until(&server, &begin(&server, "parent", &json!({"who": "too long a name"})), is_over);
    let error = &run["error"];
    assert_eq!((&run["status"], &error["kind"]), (&json!("failed"), &json!("contract")), "{run:#}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("/inputs/who")), "{error:#}");

    let run = until(&server, &begin(&server, "endless", &json!({})), is_over);
    let text = run["error"].to_string();
    assert!(run["status"] == "failed" && text.contains("16 deep"), "{text}");
    let all = server.get("/runs?pipeline=endless&limit=100").expect("a list");
    assert_eq!(all["items"].as_array().map(Vec::len), Some(17));
    server.stop();
}

#[test]
fn a_run_in_the_foreground_finds_children_around_its_file() {
    let home = Home::new();
    home.write("work/parent.loopline.yaml", PARENT);
    home.write("work/greeting.loopline.yaml", &GREETING.replace("../../../witness", "witness"));
    let run = json(&home.run(&["run", "work/parent.loopline.yaml", "-i", "who=eve", "--output", "json"]));
    assert_eq!((&run["status"], &run["outputs"]["said"]), (&json!("succeeded"), &json!("hello eve")), "{run:#}");
    std::fs::remove_file(home.path("work/greeting.loopline.yaml")).expect("removed");
    let run = json(&home.run(&["run", "work/parent.loopline.yaml", "--output", "json"]));
    let message = run["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("no pipeline `default/greeting`"), "{run:#}");
}

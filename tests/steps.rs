//! Steps and the engines that come and go above them, with the real binary.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::binary::{Home, Server, loopline};

/// Comes on when it is told to, and says so.
const SLOW: &str = "\
version: 1
name: slow
steps:
  work:
    run: |
      cd \"$LOOPLINE_WORKSPACE\"; echo started >> witness; echo $$ > pid
      for n in 1 2 3; do echo before $n; : > at$n; until test -e go$n; do sleep 0.02; done; echo behind $n; done
      echo ended >> witness
";

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}, within 60 s");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn until_there(path: &Path) {
    until(&format!("{} appears", path.display()), || path.exists().then_some(()));
}

fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

fn until_over(server: &Server, id: &str) -> Json {
    until("the run ends", || {
        let run = server.get(&format!("/runs/{id}?wait=1s")).expect("the run is there");
        run["finished_at"].is_string().then_some(run)
    })
}

fn log(server: &Server, id: &str) -> Vec<String> {
    let page = server.get(&format!("/runs/{id}/steps/work/logs")).expect("a log");
    let lines = page["lines"].as_array().expect("lines");
    lines.iter().map(|line| line["text"].as_str().expect("text").to_owned()).collect()
}

#[test]
fn a_server_that_is_killed_twice_and_upgraded_between_finds_its_step_where_it_was() {
    let home = Home::new();
    home.write("pipelines/slow.loopline.yaml", SLOW);
    let program = home.path("loopline");
    std::fs::copy(loopline(), &program).expect("copied");
    let mut server = Server::start_as(&home, &program);
    // The program may be gone from the disk by the time when it is first needed to start a process.
    std::fs::remove_file(&program).expect("removed");
    let run = server.post("/pipelines/default/slow/runs", &json!({}), None).expect("taken");
    let id = run["id"].as_str().expect("an id").to_owned();
    let workspace = home.path(&format!("data/workspaces/{id}"));
    for turn in 1..=2 {
        until_there(&workspace.join(format!("at{turn}")));
        server.kill();
        // The script goes on, and writes, while there is no server.
        std::fs::write(workspace.join(format!("go{turn}")), "").expect("written");
        until_there(&workspace.join(format!("at{}", turn + 1)));
        server = Server::start(&home);
    }
    std::fs::write(workspace.join("go3"), "").expect("written");
    let run = until_over(&server, &id);
    assert_eq!((&run["status"], &run["steps"]["work"]["attempt"]), (&json!("succeeded"), &json!(1)), "{run:#}");
    assert_eq!(std::fs::read_to_string(workspace.join("witness")).expect("written"), "started\nended\n");
    let expect = ["before 1", "behind 1", "before 2", "behind 2", "before 3", "behind 3"];
    assert_eq!(log(&server, &id), expect);
    server.stop();
}

#[test]
fn the_processes_of_a_killed_local_run_do_not_stay() {
    let home = Home::new();
    home.write("slow.loopline.yaml", SLOW);
    let mut run =
        home.command(&["run", "slow.loopline.yaml"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid: i32 = until("the step starts", || std::fs::read_to_string(home.path("pid")).ok()?.trim().parse().ok());
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(is_alive(pid), "it is not ended by the kill itself");
    until("the process of the step ends", || (!is_alive(pid)).then_some(()));
    assert_eq!(std::fs::read_to_string(home.path("witness")).unwrap(), "started\n");
}

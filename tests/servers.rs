//! Servers that share a database of PostgreSQL: requests at any of them, kills of them and of their sessions, and a database
//! that is away. One correct history each time, and a database in which everything holds.
//!
//! `LOOPLINE_KILLS_PG` says how many kills (8 unless said, `make soak` asks for more); `LOOPLINE_SEED` repeats a failure.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::binary::{self, Home, Server};
use crate::crash::{Random, WITNESS, assert_extends, check, leaves_no_process};
use crate::postgres_server::{self, Postgres};

const ASKS: &str = r#"
version: 1
name: asks
steps:
  ask: {approval: {message: "Go on?", allow_self: true}}
  nap: {needs: ask, sleep: 300ms}
  wait: {needs: nap, wait: {signal: go}}
  done: {needs: wait, set: {it: '"is done"'}}
"#;

/// Asks until it is answered, as a client does that sends a key along.
fn insist(mut ask: impl FnMut() -> Result<Json, ureq::Error>) -> Json {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(error) => assert!(Instant::now() < deadline, "no answer within 60 s: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn status_of(answer: Result<Json, ureq::Error>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(ureq::Error::StatusCode(status)) => status,
        Err(error) => panic!("{error}"),
    }
}

fn everything_holds(home: &Home, database: &str) {
    let checked = home.run(&["check-db", "--database-url", database, "--output", "json"]);
    assert!(checked.status.success(), "{:#}", binary::json(&checked));
    assert!(binary::json(&checked)["events"].as_u64() > Some(0));
}

fn home_with(name: &str, pipeline: &str) -> Home {
    let home = Home::new();
    home.write(&format!("pipelines/{name}.loopline.yaml"), pipeline);
    home
}

/// The step waits for somebody.
fn waits(server: &Server, run: &str, step: &str) {
    let path = format!("/runs/{run}");
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let now = insist(|| server.get(&path));
        if now["steps"][step]["status"] == "waiting" {
            return;
        }
        assert!(Instant::now() < deadline, "`{step}` never waits: {now:#}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn any_server_takes_requests_and_goes_on_when_the_other_is_killed() {
    let Some(postgres) = postgres_server::shared() else { return };
    let database = postgres.database("requests");
    let (one, two) = (home_with("asks", ASKS), home_with("asks", ASKS));
    let first = Server::start_on(&one, &database);
    let second = Server::start_on(&two, &database);
    let begun = second.post("/pipelines/default/asks/runs", &json!({}), Some("once")).expect("the second takes it");
    let id = begun["id"].as_str().expect("an id").to_owned();
    // What was acknowledged is seen at once, here and there.
    assert_eq!(second.get(&format!("/runs/{id}")).expect("reads")["status"], "waiting");
    assert_eq!(first.get(&format!("/runs/{id}")).expect("reads")["status"], "waiting");
    let again = first.post("/pipelines/default/asks/runs", &json!({}), Some("once")).expect("the first knows it");
    assert_eq!(again["id"], id.as_str());

    // Refusals come back as they would from the server that drives.
    let approve = format!("/runs/{id}/steps/ask/approve");
    assert_eq!(status_of(second.post("/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel", &json!({}), None)), 404);
    assert_eq!(status_of(second.post(&approve, &json!({"visit": 7}), None)), 409);
    second.post(&approve, &json!({"visit": 1}), None).expect("the second takes the decision");
    assert_eq!(status_of(second.post(&approve, &json!({"visit": 1}), None)), 409);
    waits(&second, &id, "wait");

    // Whoever follows at the second hears what the first writes, and goes on hearing when the second drives itself.
    let follower = {
        let address = format!("{}/api/v1/runs/{id}?wait=30s", second.url);
        std::thread::spawn(move || -> Json {
            ureq::get(address).call().expect("answers").body_mut().read_json().expect("JSON")
        })
    };
    first.kill();
    let killed = Instant::now();
    insist(|| second.post(&format!("/runs/{id}/signals/go"), &json!({}), Some("go")));
    let within = killed.elapsed();
    println!("taken over and answered after {within:?}");
    assert!(within < Duration::from_secs(5), "after {within:?}");
    assert_eq!(follower.join().expect("no panic")["status"], "succeeded");
    // The one that comes back finds the other driving.
    let first = Server::start_on(&one, &database);
    let begun = first.post("/pipelines/default/asks/runs", &json!({}), None).expect("taken");
    let id = begun["id"].as_str().expect("an id");
    first.post(&format!("/runs/{id}/cancel"), &json!({}), None).expect("taken");
    assert_eq!(second.get(&format!("/runs/{id}?wait=10s")).expect("reads")["status"], "cancelled");
    everything_holds(&one, &database);
    first.stop();
    second.stop();
}

#[test]
fn a_database_that_is_away_is_waited_for() {
    let Some(mut postgres) = postgres_server::own() else { return };
    let database = postgres.database("away");
    let home = home_with("asks", ASKS);
    let server = Server::start_on(&home, &database);
    let begun = server.post("/pipelines/default/asks/runs", &json!({}), None).expect("taken");
    let id = begun["id"].as_str().expect("an id").to_owned();
    server.post(&format!("/runs/{id}/steps/ask/approve"), &json!({"visit": 1}), None).expect("taken");
    let before = seen_by(&server, &id);
    postgres.crash();
    let away = Instant::now();
    while away.elapsed() < Duration::from_secs(2) {
        assert_eq!(status_of(server.post("/pipelines/default/asks/runs", &json!({}), Some("a"))), 503);
        assert_eq!(status_of(server.get(&format!("/runs/{id}/events"))), 503);
    }
    postgres.start_again();
    // The timer fires by itself.
    waits(&server, &id, "wait");
    assert_extends(&before, &seen_by(&server, &id), 0);
    insist(|| server.post("/pipelines/default/asks/runs", &json!({}), Some("a")));
    insist(|| server.post(&format!("/runs/{id}/signals/go"), &json!({}), Some("go")));
    assert_eq!(insist(|| server.get(&format!("/runs/{id}?wait=20s")))["status"], "succeeded");
    let listed = server.get("/runs").expect("reads");
    assert_eq!(listed["items"].as_array().expect("a list").len(), 2, "what was asked again is there once: {listed:#}");
    server.stop();
    everything_holds(&home, &database);
}

#[test]
fn a_looping_run_survives_kills_of_servers_and_of_sessions() {
    let Some(postgres) = postgres_server::shared() else { return };
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let kills = number("LOOPLINE_KILLS_PG").unwrap_or(8);
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let seed = number("LOOPLINE_SEED").unwrap_or(since_1970.as_nanos() as u64);
    println!("seed {seed}: repeat with LOOPLINE_SEED={seed} LOOPLINE_KILLS_PG={kills}");
    let mut random = Random(seed | 1);
    let (mut done, mut round) = (0, 0);
    while done < kills {
        done += one_run(postgres, &format!("kills_{round}"), &mut random, kills - done, seed);
        round += 1;
    }
}

/// Starts a run on two servers, and kills until it is over or enough kills were made; then lets it end and checks everything.
fn one_run(postgres: &Postgres, name: &str, random: &mut Random, at_most: u64, seed: u64) -> u64 {
    let database = postgres.database(name);
    let witnesses = tempfile::tempdir().expect("a folder");
    let witness = witnesses.path().join("witness");
    let pipeline = WITNESS.replace("$LOOPLINE_WORKSPACE/witness", &witness.to_string_lossy());
    let homes = [home_with("loops", &pipeline), home_with("loops", &pipeline)];
    let mut servers = homes.each_ref().map(|home| Some(Server::start_on(home, &database)));
    let any = |servers: &[Option<Server>; 2], random: &mut Random| {
        let first = random.below(2) as usize;
        if servers[first].is_some() { first } else { 1 - first }
    };
    let at = any(&servers, random);
    let begins = |server: &Server| server.post("/pipelines/default/loops/runs", &json!({}), Some("once"));
    let run = insist(|| begins(servers[at].as_ref().expect("is up")));
    let id = run["id"].as_str().expect("an id").to_owned();
    let mut before: Vec<Json> = Vec::new();
    let mut kills = 0;
    while kills < at_most {
        std::thread::sleep(Duration::from_millis(random.below(400)));
        let at = any(&servers, random);
        let server = servers[at].as_ref().expect("is up");
        if insist(|| server.get(&format!("/runs/{id}")))["finished_at"].is_string() {
            break;
        }
        let seen = seen_by(server, &id);
        assert_extends(&before, &seen, seed);
        before = seen;
        kills += 1;
        match random.below(4) {
            0 => end_sessions(postgres, name),
            // It comes back before anybody has missed it, or later.
            choice => {
                let victim = random.below(2) as usize;
                servers[victim].take().expect("is up").kill();
                std::thread::sleep(Duration::from_millis(if choice == 1 { 0 } else { random.below(1800) }));
                servers[victim] = Some(Server::start_on(&homes[victim], &database));
            }
        }
        let at = any(&servers, random);
        let again = insist(|| begins(servers[at].as_ref().expect("is up")));
        assert_eq!(again["id"], id.as_str(), "seed {seed}: the same key began another run");
    }
    let deadline = Instant::now() + Duration::from_secs(90);
    let server = servers[0].as_ref().expect("is up");
    let run = loop {
        let run = insist(|| server.get(&format!("/runs/{id}?wait=5s")));
        if run["finished_at"].is_string() {
            break run;
        }
        assert!(Instant::now() < deadline, "seed {seed}: no end within 90 s:\n{run:#}");
    };
    let whole = seen_by(server, &id);
    assert_extends(&before, &whole, seed);
    check(&run, &whole, &witness, seed);
    everything_holds(&homes[0], &database);
    for server in servers.into_iter().flatten() {
        server.stop();
    }
    leaves_no_process(&id, seed);
    kills
}

/// The history, in spite of sessions that end.
fn seen_by(server: &Server, id: &str) -> Vec<Json> {
    let mut events: Vec<Json> = Vec::new();
    loop {
        let after = events.len();
        let page = insist(|| server.get(&format!("/runs/{id}/events?after={after}")));
        match page["events"].as_array().expect("a list") {
            page if page.is_empty() => return events,
            page => events.extend(page.iter().cloned()),
        }
    }
}

fn end_sessions(postgres: &Postgres, database: &str) {
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' AND application_name = 'loopline'"
    );
    let ended = postgres.program("psql").args(["-qAt", "-d", database, "-c", &end]).output().expect("psql starts");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// A run that is over, one that waits for a person until a timer fires, and one that is queued behind it.
const HELD: &str = r#"
version: 1
name: held
concurrency: {group: all, limit: 1, when_full: queue}
inputs: {long: {type: boolean, default: false}}
steps:
  work: {run: "true"}
  ask: {needs: work, if: inputs.long, approval: {message: "Go on?", timeout: 1h}}
"#;

#[test]
fn check_db_says_what_does_not_hold() {
    let Some(postgres) = postgres_server::shared() else { return };
    let database = postgres.database("held");
    let home = home_with("held", HELD);
    let server = Server::start_on(&home, &database);
    let begin = |long: bool| {
        let body = json!({"inputs": {"long": long}});
        let begun = server.post("/pipelines/default/held/runs", &body, None).expect("taken");
        begun["id"].as_str().expect("an id").to_owned()
    };
    let over = begin(false);
    assert_eq!(server.get(&format!("/runs/{over}?wait=20s")).expect("reads")["status"], "succeeded");
    let held = begin(true);
    waits(&server, &held, "ask");
    let queued = begin(false);
    assert_eq!(server.get(&format!("/runs/{queued}")).expect("reads")["status"], "queued");
    // Looking does not disturb, and is not disturbed by, a server that drives.
    everything_holds(&home, &database);
    server.stop();
    everything_holds(&home, &database);

    let found = |name: &str, harm: &str| {
        let made = postgres.program("createdb").args(["-T", "held", name]).status().expect("createdb starts");
        assert!(made.success());
        let harm = format!("SET search_path = loopline; {harm}");
        let done = postgres.program("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-d", name, "-c", &harm]).status();
        assert!(done.expect("psql starts").success(), "{harm}");
        let checked = home.run(&["check-db", "--database-url", &postgres.address(name), "--output", "json"]);
        assert_eq!(checked.status.code(), Some(1), "{harm}: {:#}", binary::json(&checked));
        let violations = binary::json(&checked)["violations"].as_array().expect("a list").clone();
        violations.iter().map(|violation| violation["rule"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("no_event", &format!("DELETE FROM events WHERE run = '{over}' AND seq = 3")), ["I1"]);
    assert_eq!(found("no_row", &format!("UPDATE runs SET status = 'running' WHERE id = '{over}'")), ["I2"]);
    assert_eq!(found("no_text", "UPDATE definitions SET digest = 'sha256:0'"), ["I2", "I2", "I2", "I2", "I2", "I2"]);
    let settled = format!(
        "INSERT INTO attempts SELECT run, 'x', payload::json ->> 'key', 'w' FROM events \
                           WHERE run = '{over}' AND type = 'attempt_finished'"
    );
    assert_eq!(found("no_end", &settled), ["I5"]);
    assert_eq!(found("no_places", "UPDATE slots SET granted = TRUE"), ["I8", "I8"]);
    let fires = format!(
        "INSERT INTO events SELECT run, (SELECT last_seq + 1 FROM runs WHERE id = '{over}'), at, type, payload \
                         FROM events WHERE run = '{over}' AND type = 'attempt_finished'"
    );
    assert_eq!(found("no_order", &fires), ["I9"]);
    assert_eq!(found("no_timer", &format!("DELETE FROM timers WHERE run = '{held}'")), ["I14"]);

    let nothing = home.run(&["check-db", "--data", "nowhere"]);
    assert_eq!(nothing.status.code(), Some(2));
    let away = home.run(&["check-db", "--database-url", "postgres://postgres@127.0.0.1:1/x"]);
    assert_eq!(away.status.code(), Some(3), "{}", String::from_utf8_lossy(&away.stderr));
}

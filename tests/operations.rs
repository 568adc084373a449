//! What the people see who are woken: metrics that are true, and a doctor who finds what is wrong and says what mends it.

use std::collections::BTreeMap;
use std::net::TcpListener;

use serde_json::Value as Json;

use crate::binary::{Home, Server, json, root};

const FLAKY: &str = "version: 1\nname: flaky\nsteps:\n  a: {run: \"true\"}\n  b: {needs: a, run: exit 3, retry: {max_attempts: 2, initial: 1ms}}\n";

/// Every sample by its name and labels.
fn samples(server: &Server) -> BTreeMap<String, f64> {
    let text = ureq::get(format!("{}/metrics", server.url)).call().unwrap().body_mut().read_to_string().unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.rsplit_once(' ').map(|(name, value)| (name.to_owned(), value.parse().unwrap())).unwrap())
        .collect()
}

#[test]
fn metrics_count_what_has_happened() {
    let home = Home::new();
    home.write("pipelines/flaky.loopline.yaml", FLAKY);
    let server = Server::start(&home);
    for _ in 0..2 {
        let output = home.run(&["trigger", "flaky", "--wait", "--server", &server.url]);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let samples = samples(&server);
    let value = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("no {name} in {samples:#?}"));
    for (name, expect) in [
        ("loopline_runs_created_total{project=\"default\",pipeline=\"flaky\"}", 2.0),
        ("loopline_runs_finished_total{project=\"default\",pipeline=\"flaky\",outcome=\"failed\"}", 2.0),
        ("loopline_run_duration_seconds_count{outcome=\"failed\"}", 2.0),
        ("loopline_attempts_started_total", 6.0),
        ("loopline_attempts_finished_total{outcome=\"succeeded\"}", 2.0),
        ("loopline_attempts_finished_total{outcome=\"exit\"}", 4.0),
        ("loopline_journal_up", 1.0),
    ] {
        assert_eq!(value(name), expect, "{name}");
    }
    let runs: Vec<Json> = server.get("/runs").unwrap()["items"].as_array().unwrap().clone();
    let events: u64 = runs
        .iter()
        .map(|run| {
            let id = run["id"].as_str().unwrap();
            server.get(&format!("/runs/{id}")).unwrap()["last_seq"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(value("loopline_events_total"), events as f64);
    assert_eq!(value("loopline_commit_events_sum"), events as f64);
    let asked = |name: &str| {
        let of = format!("{name}{{method=\"POST\",route=\"/api/v1/pipelines/{{project}}/{{name}}/runs\"");
        samples.iter().filter(|(sample, _)| sample.starts_with(&of)).map(|(_, value)| value).sum::<f64>()
    };
    assert_eq!(asked("loopline_http_requests_total"), 2.0, "{samples:#?}");
    assert!(value("process_resident_memory_bytes") > 1e6);
    // Whatever is counted is described.
    let page = std::fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    for name in samples.keys().filter(|name| name.starts_with("loopline_")) {
        let name = name.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"].into_iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(page.contains(&format!("`{family}`")), "{family} is not described");
    }
}

fn examine(home: &Home, more: &[&str]) -> (Option<i32>, BTreeMap<String, (String, String)>) {
    let output = home.run(&[&["doctor", "--output", "json"], more].concat());
    let findings = json(&output);
    let text = |finding: &Json, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let found = findings.as_array().unwrap().iter().map(|finding| {
        (
            text(finding, "check"),
            (text(finding, "verdict"), format!("{}\n{}", text(finding, "says"), text(finding, "fix"))),
        )
    });
    (output.status.code(), found.collect())
}

#[test]
fn the_doctor_finds_what_is_wrong_and_says_what_mends_it() {
    let home = Home::new();
    let free = ["--listen", "127.0.0.1:0", "--data", "data"];
    let (code, found) = examine(&home, &free);
    assert_eq!(code, Some(0), "{found:#?}");
    assert!(!home.path("data").exists(), "it makes nothing");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, found) = examine(&home, &["--listen", &address, "--data", "data"]);
    assert_eq!(code, Some(1));
    assert_eq!(found["address"].0, "failed");
    assert!(found["address"].1.contains("another program") && found["address"].1.contains("--listen 127.0.0.1:0"));

    let server = Server::start(&home);
    let value = serde_json::json!({"value": "s3cret-value"});
    ureq::put(format!("{}/api/v1/secrets/TOKEN", server.url)).send_json(value).unwrap();
    let (code, found) = examine(&home, &["--listen", server.url.strip_prefix("http://").unwrap(), "--data", "data"]);
    assert_eq!((code, &*found["address"].0), (Some(0), "good"), "{found:#?}");
    assert!(found["database"].1.contains("no second server can"), "{found:#?}");
    assert!(found["secrets"].1.contains("the key opens the one"), "{found:#?}");
    drop(server);

    std::fs::remove_file(home.path("data/secrets.key")).unwrap();
    let (code, found) = examine(&home, &free);
    assert_eq!((code, &*found["secrets"].0), (Some(1), "failed"), "{found:#?}");
    assert!(found["secrets"].1.contains("--secrets-key"), "{found:#?}");

    std::fs::write(home.path("data/loopline.db"), "not a database at all, and long enough to be read as one").unwrap();
    let (code, found) = examine(&home, &free);
    assert_eq!((code, &*found["database"].0), (Some(1), "failed"), "{found:#?}");
}

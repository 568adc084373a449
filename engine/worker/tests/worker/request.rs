//! Requests against a server on this machine.

use loopline_core::command::{AttemptSpec, HttpWork, Work, WorkAuth, WorkBody};
use loopline_core::graph::StatusRange;
use loopline_core::outcome::{FailureKind, HttpResponse, Outcome};
use loopline_core::text::{Part, Text};
use loopline_ports::worker::Attached;
use serde_json::json;
use tokio::net::TcpListener;

use crate::bench::{Bench, script, until};
use crate::engine::Engine;
use crate::server::{Reply, Server, reply};

pub fn request(method: &str, url: String, change: impl FnOnce(&mut HttpWork)) -> AttemptSpec {
    let mut work = HttpWork {
        method: method.to_owned(),
        url,
        query: Default::default(),
        headers: Default::default(),
        auth: None,
        body: None,
        expect_status: Vec::new(),
        follow_redirects: true,
        tls: None,
        callback: None,
    };
    change(&mut work);
    AttemptSpec { work: Work::Http(Box::new(work)), ..script("") }
}

pub fn get(url: String) -> AttemptSpec {
    request("GET", url, |_| ())
}

pub fn secret(name: &str) -> Text {
    Text::Parts(vec![Part::Secret(name.to_owned())])
}

/// Knows one secret: `TOKEN` is `s3cret`.
fn bench() -> Bench {
    Bench::with(|config| config.secrets = crate::bench::only("TOKEN", "s3cret"))
}

async fn response(bench: &mut Bench, spec: AttemptSpec) -> HttpResponse {
    bench.succeed(spec).await.response.expect("there was an answer")
}

#[tokio::test]
async fn an_answer_is_kept_with_its_body_as_text_and_json() {
    let mut server =
        Server::start(|_| reply("201 Created", &["X-Id: 7", "Set-Cookie: a", "Set-Cookie: b"], r#"{"ok": true}"#))
            .await;
    let mut bench = bench();
    let spec = request("POST", server.url("/deploy?x=1"), |work| {
        work.query.insert("n".to_owned(), "a b&c".into());
        work.headers.insert("X-Trace".to_owned(), "on".into());
        work.body = Some(WorkBody::Json(json!({"version": "1.2"})));
    });
    let id = spec.id.clone();
    let answer = response(&mut bench, spec).await;
    assert_eq!((answer.status, answer.body.as_deref()), (201, Some(r#"{"ok": true}"#)));
    assert_eq!(answer.json, Some(json!({"ok": true})));
    assert_eq!((answer.headers["x-id"].as_str(), answer.headers["set-cookie"].as_str()), ("7", "a, b"));
    let seen = server.next().await;
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/deploy?x=1&n=a+b%26c"));
    assert_eq!((seen.headers["x-trace"].as_str(), seen.body.as_str()), ("on", r#"{"version":"1.2"}"#));
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.headers["idempotency-key"], "key");
    let lines = bench.lines(&id).await;
    let expect = format!("# POST {}&n=a+b%26c → 201 Created in ", server.url("/deploy?x=1"));
    assert!(lines.len() == 1 && lines[0].starts_with(&expect) && lines[0].ends_with(" ms"), "{lines:?}");
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_not_in_the_result() {
    let large = "x".repeat(400_000);
    let server = Server::start(move |_| reply("200 OK", &[], &large)).await;
    let mut bench = bench();
    let mut spec = get(server.url("/"));
    spec.capture.body = false;
    let answer = response(&mut bench, spec).await;
    assert_eq!((answer.status, answer.body, answer.json), (200, None, None));
}

#[tokio::test]
async fn a_body_too_large_to_be_read_is_a_failure() {
    for (limit, body, said) in [(None, 262_145, "256 KiB"), (Some(10), 11, "10 bytes")] {
        let large = "x".repeat(body);
        let server = Server::start(move |_| reply("200 OK", &[], &large)).await;
        let mut bench = Bench::with(|config| config.max_response = limit.unwrap_or(config.max_response));
        let (error, result) = bench.fail(get(server.url("/")), FailureKind::OutputLimit).await;
        assert_eq!(error.message, format!("the body of the answer is larger than {said}, and the step reads it"));
        assert_eq!(result.response.unwrap().body, None);
        let mut unread = get(server.url("/"));
        unread.capture.body = false;
        assert_eq!(response(&mut bench, unread).await.status, 200);
    }
    let server = Server::start(|_| reply("200 OK", &[], "0123456789")).await;
    let mut bench = Bench::with(|config| config.max_response = 10);
    assert_eq!(response(&mut bench, get(server.url("/"))).await.body.as_deref(), Some("0123456789"));
}

#[tokio::test]
async fn no_more_of_a_body_is_taken_than_may_be_kept() {
    // It never ends, and would fill the memory of whoever wanted all of it.
    let server = Server::start(|_| Reply::Endless).await;
    let mut bench = bench();
    let (error, _) = bench.fail(get(server.url("/")), FailureKind::OutputLimit).await;
    assert!(error.message.contains("256 KiB"), "{}", error.message);
    let mut unread = get(server.url("/"));
    unread.capture.body = false;
    assert_eq!(response(&mut bench, unread).await.body, None);
}

#[tokio::test]
async fn forms_and_text_are_sent_as_such() {
    let mut server = Server::start(|_| reply("204 No Content", &[], "")).await;
    let mut bench = bench();
    let form = [("a".to_owned(), Text::from("ü &")), ("t".to_owned(), secret("TOKEN"))].into();
    let spec = request("PUT", server.url("/"), |work| work.body = Some(WorkBody::Form(form)));
    response(&mut bench, spec).await;
    let seen = server.next().await;
    assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(seen.body, "a=%C3%BC+%26&t=s3cret");
    let spec = request("PUT", server.url("/"), |work| {
        work.headers.insert("content-type".to_owned(), "text/csv".into());
        work.headers.insert("Idempotency-Key".to_owned(), "mine".into());
        work.body = Some(WorkBody::Text("a;b".into()));
    });
    assert_eq!(response(&mut bench, spec).await.body.as_deref(), Some(""));
    let seen = server.next().await;
    assert_eq!((seen.headers["content-type"].as_str(), seen.body.as_str()), ("text/csv", "a;b"));
    assert_eq!(seen.headers["idempotency-key"], "mine");
}

#[tokio::test]
async fn credentials_are_sent_and_never_logged() {
    let mut server = Server::start(|_| reply("200 OK", &[], "")).await;
    let mut bench = bench();
    let bearer = |work: &mut HttpWork| work.auth = Some(WorkAuth::Bearer(secret("TOKEN")));
    let basic = |work: &mut HttpWork| {
        work.auth = Some(WorkAuth::Basic { user: "ada".into(), password: secret("TOKEN") });
    };
    let query = |work: &mut HttpWork| {
        work.query.insert("key".to_owned(), secret("TOKEN"));
    };
    let in_url = |work: &mut HttpWork| work.url = work.url.replace("http://", "http://ada:s3cret@");
    let basic_value = Some("Basic YWRhOnMzY3JldA==");
    type Change<'a> = &'a dyn Fn(&mut HttpWork);
    let changes: [(Change, _, _); 4] = [
        (&bearer, Some("Bearer s3cret"), "/"),
        (&basic, basic_value, "/"),
        (&query, None, "/?key=s3cret"),
        (&in_url, basic_value, "/"),
    ];
    for (change, authorization, target) in changes {
        let spec = request("GET", server.url("/"), change);
        let id = spec.id.clone();
        response(&mut bench, spec).await;
        let seen = server.next().await;
        assert_eq!(
            (seen.headers.get("authorization").map(String::as_str), seen.target.as_str()),
            (authorization, target)
        );
        let log = bench.lines(&id).await.concat();
        assert!(log.contains("200 OK") && !log.contains("s3cret") && !log.contains("ada"), "{log}");
    }
}

#[tokio::test]
async fn an_unexpected_status_is_a_failure_that_says_what_came() {
    let server = Server::start(|_| reply("503 Service Unavailable", &[], "try\n  later")).await;
    let mut bench = bench();
    let (error, result) = bench.fail(get(server.url("/")), FailureKind::HttpStatus).await;
    assert_eq!(
        error.message,
        "the server answered 503 Service Unavailable, and 200–299 was expected; it said: try later"
    );
    assert_eq!((error.status, error.tail.as_deref()), (Some(503), Some("try\n  later")));
    assert_eq!(result.response.map(|answer| answer.status), Some(503));
    let expecting = |ranges: &[(u16, u16)]| {
        let ranges = ranges.iter().map(|(first, last)| StatusRange { first: *first, last: *last }).collect();
        request("GET", server.url("/"), |work| work.expect_status = ranges)
    };
    assert_eq!(response(&mut bench, expecting(&[(200, 200), (500, 599)])).await.status, 503);
    let (error, _) = bench.fail(expecting(&[(200, 200), (300, 399)]), FailureKind::HttpStatus).await;
    assert!(error.message.contains("200 or 300–399 was expected"), "{}", error.message);
}

#[tokio::test]
async fn redirects_are_followed_where_that_is_wanted() {
    let mut server = Server::start(|seen| match seen.target.as_str() {
        "/see-other" => reply("303 See Other", &["Location: /end"], ""),
        "/kept" => reply("307 Temporary Redirect", &["Location: end?signature=abc"], ""),
        _ => reply("200 OK", &[], "end"),
    })
    .await;
    let mut bench = bench();
    for (path, method, body) in [("/see-other", "GET", ""), ("/kept", "POST", "text")] {
        let spec = request("POST", server.url(path), |work| {
            work.body = Some(WorkBody::Text("text".into()));
            work.auth = Some(WorkAuth::Bearer(secret("TOKEN")));
        });
        let id = spec.id.clone();
        assert_eq!(response(&mut bench, spec).await.body.as_deref(), Some("end"));
        server.next().await;
        let seen = server.next().await;
        assert_eq!((seen.method.as_str(), seen.body.as_str()), (method, body));
        assert_eq!(seen.headers["authorization"], "Bearer s3cret", "the same origin is trusted");
        let log = bench.lines(&id).await;
        assert!(log.len() == 2 && log[0].ends_with("ms, redirected") && !log[1].contains("abc"), "{log:?}");
    }
    let spec = request("GET", server.url("/see-other"), |work| {
        work.follow_redirects = false;
        work.expect_status = vec![StatusRange { first: 303, last: 303 }];
    });
    assert_eq!(response(&mut bench, spec).await.headers["location"], "/end");
}

#[tokio::test]
async fn another_origin_gets_no_credentials() {
    let mut other = Server::start(|_| reply("200 OK", &[], "")).await;
    let target = other.url("/");
    let server = Server::start(move |_| reply("307 Temporary Redirect", &[&format!("Location: {target}")], "")).await;
    let mut bench = bench();
    let spec = request("POST", server.url("/"), |work| {
        work.auth = Some(WorkAuth::Bearer(secret("TOKEN")));
        work.headers.insert("X-Api-Key".to_owned(), secret("TOKEN"));
        work.headers.insert("Cookie".to_owned(), "a=b".into());
        work.headers.insert("X-Plain".to_owned(), "kept".into());
        work.body = Some(WorkBody::Text("plain".into()));
    });
    response(&mut bench, spec).await;
    let seen = other.next().await;
    assert_eq!((seen.headers["x-plain"].as_str(), seen.body.as_str()), ("kept", "plain"));
    for name in ["authorization", "x-api-key", "cookie"] {
        assert!(!seen.headers.contains_key(name), "{name}");
    }
    let spec = request("POST", server.url("/"), |work| work.body = Some(WorkBody::Text(secret("TOKEN"))));
    let (error, _) = bench.fail(spec, FailureKind::Connection).await;
    assert!(error.message.contains("is not sent the secrets of the body"), "{}", error.message);
}

#[tokio::test]
async fn redirects_that_lead_nowhere_end() {
    let round = Server::start(|_| reply("302 Found", &["Location: /"], "")).await;
    let file = Server::start(|_| reply("302 Found", &["Location: file:///etc/passwd"], "")).await;
    let mut bench = bench();
    for (server, message) in [(round, "redirected more than 10 times"), (file, "neither http nor https")] {
        let (error, _) = bench.fail(get(server.url("/")), FailureKind::Connection).await;
        assert!(error.message.contains(message), "{}", error.message);
    }
}

#[tokio::test]
async fn reasons_why_no_answer_came_are_told_apart() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let plain = Server::start(|_| reply("200 OK", &[], "")).await;
    let broken = Server::start(|_| Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec())).await;
    let mute = Server::start(|_| Reply::Bytes(Vec::new())).await;
    // No label may be so long, so that nobody has to be asked.
    let no_name = format!("{}.invalid", "x".repeat(64));
    let mut bench = bench();
    for (url, message) in [
        (format!("http://{closed}/"), format!("{closed} refused the connection")),
        (format!("https://{}/", plain.address), format!("TLS with {} failed", plain.address)),
        (broken.url("/"), format!("the connection to {} broke off", broken.address)),
        (mute.url("/"), format!("the connection to {} broke off", mute.address)),
        (format!("http://{no_name}/"), format!("the name {no_name} could not be resolved")),
    ] {
        let spec = get(url);
        let id = spec.id.clone();
        let (error, _) = bench.fail(spec, FailureKind::Connection).await;
        assert!(error.message.contains(&message), "{} should say {message}", error.message);
        assert_eq!(bench.lines(&id).await.last(), Some(&format!("# {}", error.message)));
    }
}

#[tokio::test]
async fn what_cannot_be_a_request_is_refused() {
    let mut bench = bench();
    let url = || "http://127.0.0.1:9/".to_owned();
    let header = |name: &str, value: Text| {
        let name = name.to_owned();
        request("GET", url(), |work| {
            work.headers.insert(name, value);
        })
    };
    for (spec, message) in [
        (get("no url".to_owned()), "`url` is not a web address"),
        (get("ftp://host/".to_owned()), "`ftp:` is neither http nor https"),
        (request("NO METHOD", url(), |_| ()), "`method` is not a method"),
        (header("a b", "x".into()), "`http.headers.a b` is not the name of a header"),
        (header("A", "x\ny".into()), "`http.headers.A` holds a character that no header may hold"),
        (header("A", secret("OTHER")), "`http.headers.A` needs the secret `OTHER`"),
    ] {
        let (error, _) = bench.fail(spec, FailureKind::Template).await;
        assert!(error.message.contains(message), "{} should say {message}", error.message);
    }
}

#[tokio::test]
async fn what_a_server_says_back_of_a_secret_is_masked() {
    let echo = |status: &'static str| {
        move |seen: &crate::server::Seen| {
            let given = seen.headers["authorization"].clone();
            let body = format!(r#"{{"you": "{given}", "key": "s3cret", "n": 1}}"#);
            reply(status, &[&format!("X-You: {given}"), "Location: /with/s3cret/in/it"], &body)
        }
    };
    let spec = |url: String| request("GET", url, |work| work.auth = Some(WorkAuth::Bearer(secret("TOKEN"))));
    let server = Server::start(echo("200 OK")).await;
    let mut bench = bench();
    let answer = response(&mut bench, spec(server.url("/"))).await;
    assert_eq!(answer.body.as_deref(), Some(r#"{"you": "Bearer ***", "key": "***", "n": 1}"#));
    assert_eq!(answer.json, Some(json!({"you": "Bearer ***", "key": "***", "n": 1})));
    assert_eq!(
        (answer.headers["x-you"].as_str(), answer.headers["location"].as_str()),
        ("Bearer ***", "/with/***/in/it")
    );
    let basic = request("GET", server.url("/"), |work| {
        work.auth = Some(WorkAuth::Basic { user: "ada".into(), password: secret("TOKEN") });
    });
    assert_eq!(response(&mut bench, basic).await.headers["x-you"], "Basic ***");

    let server = Server::start(echo("500 Internal Server Error")).await;
    let failing = spec(server.url("/"));
    let id = failing.id.clone();
    let (error, result) = bench.fail(failing, FailureKind::HttpStatus).await;
    assert!(error.message.contains(r#"it said: {"you": "Bearer ***""#), "{}", error.message);
    let told = serde_json::to_string(&(&error, &result, bench.lines(&id).await)).unwrap();
    assert!(!told.contains("s3cret"), "{told}");

    let server = Server::start(echo("302 Found")).await;
    let redirected = spec(server.url("/"));
    let id = redirected.id.clone();
    let (error, _) = bench.fail(redirected, FailureKind::Connection).await;
    let told = format!("{error:?} {:?}", bench.lines(&id).await);
    assert!(told.contains("/with/***/in/it") && !told.contains("s3cret"), "{told}");
}

#[tokio::test]
async fn a_server_that_says_nothing_runs_into_the_timeouts() {
    let server = Server::start(|_| Reply::Silence).await;
    let mut bench = bench();
    let spec = AttemptSpec { timeout_ms: 200, ..get(server.url("/")) };
    let (error, _) = bench.fail(spec, FailureKind::Timeout).await;
    assert_eq!(error.message, "no answer came within the timeout of 200ms");
    let half = Server::start(|_| Reply::Half(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec())).await;
    let spec = AttemptSpec { timeout_ms: 500, ..get(half.url("/")) };
    let (error, _) = bench.fail(spec, FailureKind::Timeout).await;
    assert_eq!(error.message, "the answer began, and was not whole within the timeout of 500ms");
    let spec = AttemptSpec { idle_timeout_ms: Some(200), ..get(server.url("/")) };
    let (error, _) = bench.fail(spec, FailureKind::Timeout).await;
    assert_eq!(error.message, "the server sent nothing for the idle timeout of 200ms");
}

#[tokio::test]
async fn a_cancel_gives_the_request_up() {
    let mut server = Server::start(|_| Reply::Silence).await;
    let mut bench = bench();
    let spec = get(server.url("/"));
    let id = spec.id.clone();
    bench.worker.start(spec).await;
    server.next().await;
    bench.worker.cancel(id.clone()).await;
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Cancelled { .. }));
    assert_eq!(bench.lines(&id).await, ["# the step was cancelled; its request was given up"]);
}

#[tokio::test]
async fn requests_do_not_wait_for_processes() {
    let server = Server::start(|_| reply("200 OK", &[], "")).await;
    let mut bench = Bench::with(|config| config.max_parallel = 1);
    let id = bench.start_until(script("echo up; sleep 1000"), "up").await;
    response(&mut bench, get(server.url("/"))).await;
    bench.worker.cancel(id.clone()).await;
    bench.outcome_of(&id).await;
}

#[tokio::test]
async fn a_request_whose_engine_was_killed_is_lost() {
    let mut server = Server::start(|_| Reply::Silence).await;
    let spec = get(server.url("/"));
    let engine = Engine::with(&spec);
    server.next().await;
    let folder = engine.kill();
    let bench = Bench::in_folder(folder, |_| ());
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Lost);
    assert_eq!(bench.lines(&spec.id).await, ["# the engine was restarted; this attempt was ended"]);
    until("nothing more is asked", || server.seen.try_recv().is_err().then_some(())).await;
}

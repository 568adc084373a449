//! Where requests may go to. Servers listen on several addresses of the loopback network, some of which are allowed.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use loopline_core::outcome::FailureKind;
use loopline_worker::{EgressPolicy, NameLookup};

use crate::bench::Bench;
use crate::request::get;
use crate::server::{Server, reply};

/// Sends requests to the public network, and to what `rules` name; `names` are resolved in this way.
fn bench(rules: &[&str], names: NameLookup) -> Bench {
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    Bench::with(|config| (config.egress, config.names) = (EgressPolicy::PublicAnd(rules), names))
}

/// Each question gets the next of these answers, and the last one for ever.
fn answers(answers: &[&[&str]]) -> (NameLookup, Arc<Mutex<Vec<String>>>) {
    let parse = |list: &&[&str]| list.iter().map(|address| address.parse().unwrap()).collect::<Vec<IpAddr>>();
    let left = Mutex::new(answers.iter().map(parse).collect::<VecDeque<_>>());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    let lookup = move |name: String| {
        noted.lock().unwrap().push(name);
        let mut left = left.lock().unwrap();
        let next = if left.len() > 1 { left.pop_front() } else { left.front().cloned() };
        std::future::ready(next.ok_or(io::ErrorKind::NotFound.into())).boxed()
    };
    (Arc::new(lookup), asked)
}

async fn server(address: &str) -> Server {
    let body = format!("I am {address}");
    Server::start_at(&format!("{address}:0"), move |_| reply("200 OK", &[], &body)).await
}

async fn refused(bench: &mut Bench, url: String, message: &str) {
    let (error, _) = bench.fail(get(url), FailureKind::Connection).await;
    assert!(error.message.contains(message), "{} should say {message}", error.message);
    assert!(error.message.contains("`--allow-egress`"), "{}", error.message);
}

#[tokio::test]
async fn an_address_that_is_not_listed_is_refused_before_anything_is_sent() {
    let mut server = server("127.0.0.1").await;
    let port = server.address.port();
    let (names, asked) = answers(&[&["127.0.0.1"]]);
    let mut bench = bench(&["127.0.0.2"], names);
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "127.1"] {
        refused(&mut bench, format!("http://{host}:{port}/"), "a loopback address").await;
    }
    assert!(asked.lock().unwrap().is_empty(), "addresses are not resolved");
    refused(&mut bench, format!("http://api.example:{port}/"), "api.example is 127.0.0.1, which is a loopback address")
        .await;
    assert!(server.seen.try_recv().is_err(), "nothing was sent");
}

#[tokio::test]
async fn a_local_engine_goes_anywhere() {
    let server = server("127.0.0.1").await;
    Bench::new().succeed(get(server.url("/"))).await;
}

#[tokio::test]
async fn of_several_addresses_only_those_that_are_allowed_are_connected_to() {
    let mut wrong = server("127.0.0.1").await;
    let right =
        Server::start_at(&format!("127.0.0.2:{}", wrong.address.port()), |_| reply("200 OK", &[], "right")).await;
    let (names, _) = answers(&[&["127.0.0.1", "10.0.0.1", "127.0.0.2", "::1"]]);
    let mut bench = bench(&["127.0.0.2/32"], names);
    let url = format!("http://several.example:{}/", right.address.port());
    assert_eq!(bench.succeed(get(url)).await.response.unwrap().body.as_deref(), Some("right"));
    assert!(wrong.seen.try_recv().is_err());
}

#[tokio::test]
async fn a_name_cannot_stand_for_another_address_between_the_look_and_the_connection() {
    let mut inside = server("127.0.0.1").await;
    let port = inside.address.port();
    let outside = Server::start_at(&format!("127.0.0.2:{port}"), |seen| match seen.target.as_str() {
        "/again" => reply("307 Temporary Redirect", &["Location: /next"], ""),
        _ => reply("200 OK", &[], "outside"),
    })
    .await;
    // The first answer is fine, every later one leads inside.
    let (names, asked) = answers(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let mut bench = bench(&["127.0.0.2"], names);
    let url = |path: &str| format!("http://rebound.example:{}{path}", outside.address.port());
    assert_eq!(bench.succeed(get(url("/"))).await.response.unwrap().body.as_deref(), Some("outside"));
    assert_eq!(asked.lock().unwrap().len(), 1, "asked once, and connected to what was looked at");
    refused(&mut bench, url("/"), "rebound.example is 127.0.0.1").await;

    let (names, _) = answers(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let mut bench = self::bench(&["127.0.0.2"], names);
    refused(&mut bench, url("/again"), "rebound.example is 127.0.0.1").await;
    assert!(inside.seen.try_recv().is_err(), "nothing came inside");
}

#[tokio::test]
async fn each_redirect_is_looked_at_again() {
    let mut inside = server("127.0.0.1").await;
    let port = inside.address.port();
    for (location, message) in [
        (format!("http://127.0.0.1:{port}/"), "a loopback address"),
        (format!("http://2130706433:{port}/"), "a loopback address"),
        (format!("http://inside.example:{port}/"), "inside.example is 127.0.0.1"),
        ("http://169.254.169.254/latest/meta-data".to_owned(), "the metadata service of the cloud"),
    ] {
        let location = format!("Location: {location}");
        let outside = Server::start_at("127.0.0.2:0", move |_| reply("302 Found", &[&location], "")).await;
        let (names, _) = answers(&[&["127.0.0.1"]]);
        refused(&mut bench(&["127.0.0.2"], names), outside.url("/"), message).await;
    }
    assert!(inside.seen.try_recv().is_err(), "nothing came inside");
}

#[tokio::test]
async fn a_listed_name_may_stand_for_any_address() {
    let server = server("127.0.0.1").await;
    let (names, _) = answers(&[&["127.0.0.1"]]);
    let mut bench = bench(&["build.internal"], names);
    bench.succeed(get(format!("http://build.internal:{}/", server.address.port()))).await;
    refused(&mut bench, format!("http://other.internal:{}/", server.address.port()), "other.internal is").await;
}

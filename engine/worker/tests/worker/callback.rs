//! The address to call back in the texts of a request.

use loopline_core::command::{AttemptSpec, HttpWork, WorkBody};
use loopline_core::outcome::FailureKind;
use loopline_core::text::Text;
use loopline_ports::callback::CallbackTokens;
use loopline_worker::Callbacks;
use serde_json::json;

use crate::bench::Bench;
use crate::request::request;
use crate::server::{Server, reply};

const MARK: &str = "callback-0123456789";

fn tokens() -> CallbackTokens {
    CallbackTokens::new([7; 32])
}

fn bench() -> Bench {
    let address = "https://ci.example/api/v1/callbacks/".to_owned();
    Bench::with(|config| config.callbacks = Some(Callbacks { address, tokens: tokens() }))
}

fn called(url: String, change: impl FnOnce(&mut HttpWork)) -> AttemptSpec {
    request("POST", url, |work| {
        work.callback = Some(MARK.to_owned());
        change(work);
    })
}

#[tokio::test]
async fn the_address_stands_wherever_the_request_names_it_and_in_no_log() {
    let mut server = Server::start(|seen| reply("200 OK", &[], &format!(r#"{{"you said": {}}}"#, seen.body))).await;
    let mut bench = bench();
    let spec = called(server.url(&format!("/?back={MARK}&n=1")), |work| {
        work.query.insert("again".to_owned(), MARK.into());
        work.headers.insert("X-Back".to_owned(), format!("<{MARK}>").into());
        work.body = Some(WorkBody::Json(json!({"notify": MARK, "list": [format!("to {MARK}!")]})));
    });
    let id = spec.id.clone();
    let address = format!("https://ci.example/api/v1/callbacks/{}", tokens().token(&id));
    let answer = bench.succeed(spec).await.response.unwrap();
    let seen = server.next().await;
    let url = url::Url::parse(&format!("http://host{}", seen.target)).unwrap();
    let query: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(query, [pair("back", &address), pair("n", "1"), pair("again", &address)]);
    assert_eq!(seen.headers["x-back"], format!("<{address}>"));
    let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(body, json!({"notify": address, "list": [format!("to {address}!")]}));
    // What the server says back of it is masked, and the log shows nothing of it.
    let token = tokens().token(&id);
    let told = format!("{answer:?} {:?}", bench.lines(&id).await);
    assert!(told.contains("***") && !told.contains(&token) && !told.contains(MARK), "{told}");
}

#[tokio::test]
async fn forms_and_texts_hold_it_too_and_another_origin_does_not_get_it() {
    let mut other = Server::start(|_| reply("200 OK", &[], "")).await;
    let target = other.url("/");
    let mut server = Server::start(move |seen| match seen.target.as_str() {
        "/away" => reply("307 Temporary Redirect", &[&format!("Location: {target}")], ""),
        _ => reply("200 OK", &[], ""),
    })
    .await;
    let mut bench = bench();
    let form = WorkBody::Form([("back".to_owned(), Text::from(MARK))].into());
    for body in [form, WorkBody::Text(MARK.into())] {
        let spec = called(server.url("/"), |work| work.body = Some(body.clone()));
        let token = tokens().token(&spec.id);
        bench.succeed(spec).await;
        let seen = server.next().await;
        assert!(seen.body.contains(&token) && !seen.body.contains(MARK), "{}", seen.body);
        let away = called(server.url("/away"), |work| work.body = Some(body));
        let (error, _) = bench.fail(away, FailureKind::Connection).await;
        assert!(error.message.contains("is not sent the secrets of the body"), "{}", error.message);
        server.next().await;
    }
    let away = called(server.url("/away"), |work| {
        work.headers.insert("X-Back".to_owned(), MARK.into());
    });
    bench.succeed(away).await;
    assert!(!other.next().await.headers.contains_key("x-back"));
}

#[tokio::test]
async fn an_engine_that_cannot_be_called_back_says_so() {
    let mut bench = Bench::new();
    let (error, _) = bench.fail(called("http://127.0.0.1:9/".to_owned(), |_| ()), FailureKind::Template).await;
    assert!(error.message.contains("has no address at which it is called back"), "{}", error.message);
}

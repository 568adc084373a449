//! Callbacks of a real server: asked for over a socket, and taken over one, also by the server that comes after.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::binary::{Home, Server};

const CALLED: &str = "\
version: 1
name: called
inputs: {url: {type: string}}
steps:
  deploy:
    http:
      method: POST
      url: 'http://{{ inputs.url }}/deploy'
      json: {notify: '{{ callback.url }}'}
      callback: {timeout: 1h}
    outputs: {result: payload.result}
outputs: {result: steps.deploy.outputs.result}
";

/// Takes one request, and gives its body.
fn one_request(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().expect("a request comes");
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).expect("it can be read");
        text.push_str(std::str::from_utf8(&buffer[..read]).expect("text"));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let size = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if size.is_none_or(|size: usize| body.len() >= size) {
            let body = body.to_owned();
            stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").expect("it can be answered");
            return body;
        }
    }
}

fn until(server: &Server, id: &str, status: &str) -> Json {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let run = server.get(&format!("/runs/{id}?wait=200ms")).expect("the run is there");
        if run["status"] == status {
            return run;
        }
        assert!(Instant::now() < deadline, "not {status} within 60 s:\n{run:#}");
    }
}

fn refused(server: &Server, path: &str) -> u16 {
    match server.post(path, &json!({"result": "late"}), None) {
        Err(ureq::Error::StatusCode(status)) => status,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn an_address_ends_its_step_whichever_server_is_called() {
    let home = Home::new();
    home.write("pipelines/called.loopline.yaml", CALLED);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = listener.local_addr().expect("an address").to_string();
    let server = Server::start(&home);
    let run = server.post("/pipelines/default/called/runs", &json!({"inputs": {"url": url}}), None).expect("taken");
    let id = run["id"].as_str().expect("an id").to_owned();
    let asked: Json = serde_json::from_str(&one_request(&listener)).expect("JSON");
    let notify = asked["notify"].as_str().expect("an address").to_owned();
    let (base, path) = notify.split_once("/api/v1").expect("an address of the interface");
    assert_eq!(base, server.url);
    until(&server, &id, "waiting");
    server.kill();

    let server = Server::start(&home);
    until(&server, &id, "waiting");
    assert_eq!(refused(&server, &path.replace("/callbacks/", "/callbacks/0")), 404);
    let taken = server.post(path, &json!({"result": "done"}), None).expect("taken");
    assert_eq!(taken, json!({"received": true}));
    assert_eq!(until(&server, &id, "succeeded")["outputs"], json!({"result": "done"}));
    assert_eq!(refused(&server, path), 409);
    let events = server.get(&format!("/runs/{id}/events")).expect("a history").to_string();
    assert!(events.contains("callback_received") && !events.contains(path), "{events}");
    server.stop();
}

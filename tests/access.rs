//! Tokens at the command line, and servers that others reach.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::binary::{Home, Server, json as json_of, loopline};

fn said(output: &std::process::Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned())
}

/// Makes a token in the directory of data, and gives its clear text and its id.
fn first(home: &Home) -> (String, String) {
    let made = json_of(&home.run(&["token", "create", "root", "--admin", "--data", "data", "--output", "json"]));
    (made["token"].as_str().expect("text").to_owned(), made["id"].as_str().expect("text").to_owned())
}

fn get(server: &Server, path: &str, token: Option<&str>) -> Result<Json, u16> {
    let mut request = ureq::get(format!("{}/api/v1{path}", server.url));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    match request.call() {
        Ok(mut answer) => Ok(answer.body_mut().read_json().expect("JSON")),
        Err(ureq::Error::StatusCode(status)) => Err(status),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_server_that_others_reach_needs_a_token_and_tls() {
    let home = Home::new();
    let (code, text) = said(&home.run(&["serve", "--listen", "0.0.0.0:0", "--data", "data"]));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("--tls-cert and --tls-key") && text.contains("--behind-proxy"), "{text}");
    for listen in ["0.0.0.0:0", "127.0.0.1:0"] {
        let (code, text) = said(&home.run(&["serve", "--listen", listen, "--behind-proxy", "--data", "data"]));
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("loopline token create NAME --admin --data data"), "{text}");
    }
    let (code, text) = said(&home.run(&["serve", "--tls-cert", "c.pem", "--tls-key", "k.pem", "--data", "data"]));
    assert!(code == Some(2) && text.contains("c.pem: it holds no certificates"), "{text}");

    // A token that was taken back counts for nothing, but for that tokens are needed.
    let (_, id) = first(&home);
    let (code, text) = said(&home.run(&["token", "revoke", &id, "--data", "data"]));
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(home.run(&["serve", "--behind-proxy", "--data", "data"]).status.code(), Some(2));
    let server = Server::start(&home);
    assert_eq!(get(&server, "/runs", None), Err(401));
    server.stop();

    let (token, _) = first(&home);
    let server = Server::start_with(&home, loopline(), &["--behind-proxy"], |_| ());
    assert_eq!(get(&server, "/runs", None), Err(401));
    assert_eq!(get(&server, "/runs", Some(&token)), Ok(json!({"items": [], "next_cursor": null})));
    server.stop();
}

#[test]
fn the_command_line_brings_its_token_and_the_server_keeps_none() {
    let home = Home::new();
    home.write("pipelines/work.loopline.yaml", "version: 1\nname: work\nsteps: {a: {run: 'true'}}\n");
    home.write("teams/a/work.loopline.yaml", "version: 1\nname: work\nsteps: {a: {pipeline: {name: default/work}}}\n");
    let (root, _) = first(&home);
    let log = fs::File::create(home.path("server.log")).expect("a file");
    let server = Server::start_with(&home, loopline(), &["--pipelines", "team-a=teams/a"], |command| {
        command.env("RUST_LOG", "debug").stderr(log);
    });
    let run = |arguments: &[&str], token: &str| {
        said(
            &home
                .command(&[arguments, &["--server", &server.url]].concat())
                .env("LOOPLINE_TOKEN", token)
                .output()
                .expect("starts"),
        )
    };
    let (code, text) = run(&["runs"], "");
    assert!(code == Some(4) && text.contains("LOOPLINE_TOKEN"), "{text}");
    let create = ["token", "create", "ci", "--role", "operator", "--project", "team-a/*", "--expires", "1h"];
    let (code, text) = run(&create, &root);
    assert_eq!(code, Some(0), "{text}");
    let ci = text.lines().next().expect("a line").to_owned();
    assert!(ci.starts_with("loopline_"), "{text}");
    assert_eq!(run(&["trigger", "work"], &ci).0, Some(1), "another project is not there");
    // A child of another project is not there either, though the pipeline is.
    let (code, text) = run(&["trigger", "team-a/work", "--wait"], &ci);
    assert!(code == Some(1) && !text.contains("succeeded"), "{text}");
    assert_eq!(run(&["trigger", "work", "--wait"], &root).0, Some(0));
    let listed = get(&server, "/runs", Some(&ci)).expect("let in");
    let projects: Vec<_> =
        listed["items"].as_array().expect("a list").iter().map(|run| run["project"].clone()).collect();
    assert_eq!(projects, [json!("team-a")]);

    home.write("token", &format!("{ci}\n"));
    let path = home.path("token");
    let file = ["token", "list", "--token-file", path.to_str().expect("text"), "--server", &server.url];
    assert_eq!(home.run(&file).status.code(), Some(4), "it is no admin");
    fs::remove_file(&path).expect("removed");
    let (_, text) = run(&["token", "list"], &root);
    assert!(text.contains("ci") && text.contains("team-a/*") && text.contains("root"), "{text}");
    // The database belongs to the server that runs.
    let (code, text) = said(&home.run(&["token", "create", "x", "--admin", "--data", "data"]));
    assert!(code == Some(1) && text.contains("is in use by process"), "{text}");

    let mut wrong = Vec::new();
    let sweep = |wrong: &mut Vec<String>| {
        for token in [&root, &ci] {
            holds(home.dir.path(), token.trim_start_matches("loopline_").as_bytes(), wrong);
        }
    };
    sweep(&mut wrong);
    server.stop();
    sweep(&mut wrong);
    assert!(wrong.is_empty(), "a token is on disk in {}", wrong.join(", "));
    let checked = home.run(&["check-db", "--data", "data", "--output", "json"]);
    assert!(checked.status.success(), "{:#}", json_of(&checked));
    // Both tokens, and both runs.
    assert_eq!(json_of(&checked)["acts"], json!(4));
}

/// Files below the folder that hold these bytes.
fn holds(folder: &Path, needle: &[u8], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
        if kind.is_dir() {
            holds(&path, needle, found);
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            if bytes.windows(needle.len()).any(|window| window == needle) {
                found.push(path.display().to_string());
            }
        }
    }
}

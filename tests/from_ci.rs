//! The recipes of docs/ci.md: each starts a run from a shell, waits for it, and ends as it ended.

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use crate::binary::{Home, Server, json, loopline, root};

/// The blocks of the page in this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let mut rest = page;
    let mut found = Vec::new();
    let begin = format!("```{language}\n");
    while let Some((_, behind)) = rest.split_once(&begin) {
        let (block, behind) = behind.split_once("```").unwrap();
        found.push(block);
        rest = behind;
    }
    found
}

/// Every script of the page, by where it runs.
fn recipes() -> Vec<(&'static str, String)> {
    let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let configurations: Vec<Json> =
        blocks(&page, "text").into_iter().filter_map(|block| serde_yaml::from_str(block).ok()).collect();
    let of = |pointer: &str| {
        let found = configurations.iter().find_map(|configuration| configuration.pointer(pointer));
        found.and_then(Json::as_str).unwrap_or_else(|| panic!("no {pointer} in docs/ci.md")).to_owned()
    };
    let [curl] = blocks(&page, "sh")[..] else { panic!("the page has one script for a bare shell") };
    vec![("github", of("/jobs/release/steps/0/run")), ("gitlab", of("/release/script/0")), ("curl", curl.to_owned())]
}

/// Runs a script as the CI system would, as this attempt of a job.
fn run(home: &Home, server: &Server, token: &str, script: &str, attempt: u32) -> (Option<i32>, String) {
    let folder = loopline().parent().unwrap_or(Path::new("/"));
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-euc", script])
        .current_dir(home.dir.path())
        .env("PATH", path)
        .env("LOOPLINE_SERVER", &server.url)
        .env("LOOPLINE_TOKEN", token)
        .envs([("GITHUB_SHA", "c0ffee"), ("GITHUB_RUN_ID", "7"), ("CI_COMMIT_SHA", "c0ffee"), ("COMMIT", "c0ffee")])
        .env("GITHUB_RUN_ATTEMPT", attempt.to_string())
        .env("CI_JOB_ID", attempt.to_string())
        .env("JOB", attempt.to_string())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn every_recipe_starts_one_run_an_attempt_and_ends_as_it_ended() {
    let home = Home::new();
    let broken = home.path("broken");
    home.write(
        "pipelines/release.loopline.yaml",
        &format!(
            "version: 1\nname: release\ninputs: {{service: {{type: string}}}}\nsteps:\n  ship: {{env: {{SERVICE: \"{{{{ inputs.service }}}}\"}}, run: \"echo shipping $SERVICE; test ! -e '{}'\"}}\n",
            broken.display()
        ),
    );
    let create = ["token", "create", "ci", "--role", "operator", "--project", "default/release", "--data", "data"];
    let made = json(&home.run(&[&create[..], &["--output", "json"]].concat()));
    let token = made["token"].as_str().unwrap();
    let server = Server::start(&home);
    let runs = || {
        let output = home
            .command(&["runs", "--output", "json", "--server", &server.url])
            .env("LOOPLINE_TOKEN", token)
            .output()
            .unwrap();
        let list = json(&output);
        let items = if list.is_array() { list } else { list["items"].clone() };
        items.as_array().unwrap().clone()
    };
    for (count, (name, script)) in recipes().iter().enumerate() {
        for time in 1..=2 {
            let (code, said) = run(&home, &server, token, script, 1);
            assert_eq!(code, Some(0), "{name}, time {time}: {said}");
            assert!(*name == "curl" || said.contains("shipping api"), "{name} prints no log: {said}");
        }
        assert_eq!(runs().len(), 2 * count + 1, "{name}: the same attempt is the same run");
        std::fs::write(&broken, "").unwrap();
        let (code, said) = run(&home, &server, token, script, 2);
        assert_eq!(code, Some(1), "{name}: {said}");
        std::fs::remove_file(&broken).unwrap();
        let (code, said) = run(&home, &server, "loopline_wrong", script, 3);
        assert!(code.is_some_and(|code| code > 1), "{name}: {code:?} {said}");
        assert_eq!(runs().len(), 2 * count + 2, "{name}");
    }
    let newest = runs()[0]["id"].as_str().unwrap().to_owned();
    let shown = home
        .command(&["show", &newest, "--output", "json", "--server", &server.url])
        .env("LOOPLINE_TOKEN", token)
        .output()
        .unwrap();
    assert_eq!(json(&shown)["labels"]["commit"], "c0ffee", "{}", json(&shown));
}

//! A secret goes to the steps that name it, and nowhere else: a canary is set, used in every way there is, and then looked for
//! in every file, answer and process, while the steps run, after a kill, and at the end.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::binary::{Home, Server, json as json_of, loopline};

/// Needs escapes in JSON and in URLs, and stands nowhere by chance.
const CANARY: &str = "canary\"kohl/rabi+Qz8?";
/// Of a source beside the database.
const SECOND: &str = "canary-of-the-environment-5w";

const PIPELINE: &str = r#"
version: 1
name: canary
secrets: [TOKEN, SECOND]
steps:
  prints:
    env: {TOKEN: "{{ secrets.TOKEN }}", BOTH: "x{{ secrets.SECOND }}y"}
    run: |
      echo "raw $TOKEN and $BOTH"; printf %s "$TOKEN" | base64
      python3 -c 'import json, os, urllib.parse; t = os.environ["TOKEN"]; print(json.dumps(t), urllib.parse.quote(t, safe=""))' >&2
      echo "length=${#TOKEN}" >> "$LOOPLINE_OUTPUT"
      cd "$LOOPLINE_WORKSPACE"; : > at; until test -e go; do sleep 0.02; done
  leaks:
    needs: prints
    env: {TOKEN: "{{ secrets.TOKEN }}"}
    run: 'echo "stolen=$TOKEN" >> "$LOOPLINE_OUTPUT"'
    allow_failure: true
  fails:
    needs: leaks
    env: {TOKEN: "{{ secrets.TOKEN }}"}
    run: 'echo "the end of $TOKEN" >&2; exit 3'
    allow_failure: true
  asks:
    needs: fails
    http:
      method: POST
      url: "URL/hook"
      query: {token: "{{ secrets.TOKEN }}"}
      headers: {X-Token: "{{ secrets.SECOND }}"}
      auth: {bearer: "{{ secrets.SECOND }}"}
      json: {token: "{{ secrets.TOKEN }}", list: ["a {{ secrets.SECOND }} b", "{{ steps.prints.outputs.length }}"]}
    outputs: {said: response.body}
  fills:
    needs: asks
    http: {method: POST, url: "URL/form", form: {token: "{{ secrets.TOKEN }}"}, expect: {status: 500}}
"#;

/// Answers every request with what came with it, and gives it to the test.
fn echo() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let asked = format!("{head}\n{}", String::from_utf8(body).unwrap());
            let status = if head.contains("/form") { "500 Broken" } else { "200 OK" };
            // What is said back is what came: a step masks the secrets that it was given.
            let said = if head.contains(SECOND) { SECOND } else { "-" };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nx-said: {said}\r\nconnection: close\r\n\r\n{asked}",
                asked.len()
            );
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            sender.send(asked).unwrap();
        }
    });
    (url, asked)
}

/// Every way in which a canary may be spelled.
fn spellings() -> Vec<Vec<u8>> {
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut all = vec![
        CANARY.to_owned(),
        SECOND.to_owned(),
        hex(CANARY),
        hex(SECOND),
        // Of each, the middle of its base64 at each of the three places where it may begin.
        "Y2FuYXJ5ImtvaGwvcmFiaStRejg".to_owned(),
        "canary\\\"kohl/rabi+Qz8".to_owned(),
        "canary%22kohl%2Frabi%2BQz8".to_owned(),
        "canary%22kohl/rabi".to_owned(),
        "Y2FuYXJ5LW9mLXRoZS1lbnZpcm9ubWVudC".to_owned(),
    ];
    // The beginning alone would be half of it.
    all.push("kohl/rabi".to_owned());
    all.into_iter().map(String::into_bytes).collect()
}

/// The spellings that stand in it.
fn found_in(bytes: &[u8]) -> Vec<String> {
    let holds = |needle: &Vec<u8>| bytes.windows(needle.len()).any(|window| window == needle);
    spellings()
        .iter()
        .filter(|needle| holds(needle))
        .map(|needle| String::from_utf8_lossy(needle).into_owned())
        .collect()
}

fn files_below(folder: &Path, wrong: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            files_below(&path, wrong);
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            wrong.extend(found_in(&bytes).into_iter().map(|found| format!("{}: {found}", path.display())));
        }
    }
}

/// Looks everywhere, but for the environment of the steps, where it belongs.
fn sweep(home: &Home, server: Option<&Server>, run: &str, when: &str) {
    let mut wrong = Vec::new();
    files_below(home.dir.path(), &mut wrong);
    for process in fs::read_dir("/proc").unwrap().flatten() {
        if process.file_name().to_string_lossy().parse::<u32>().is_err() {
            continue;
        }
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        wrong.extend(found_in(&line).into_iter().map(|found| format!("{:?}: {found}", process.file_name())));
    }
    if let Some(server) = server {
        let steps = ["prints", "leaks", "fails", "asks", "fills"];
        let mut paths = vec![
            "/runs".to_owned(),
            "/secrets".to_owned(),
            format!("/runs/{run}"),
            format!("/runs/{run}/events"),
            "/pipelines".to_owned(),
        ];
        for step in steps {
            paths.push(format!("/runs/{run}/steps/{step}/why"));
            paths.push(format!("/runs/{run}/steps/{step}/logs"));
        }
        for path in paths {
            for accept in ["application/json", "text/plain"] {
                let url = format!("{}/api/v1{path}", server.url);
                let Ok(mut answer) = ureq::get(&url).header("accept", accept).call() else { continue };
                let headers = format!("{:?}", answer.headers());
                let body = answer.body_mut().read_to_vec().unwrap();
                let all = [headers.as_bytes(), &body].concat();
                wrong.extend(found_in(&all).into_iter().map(|found| format!("{accept} of {path}: {found}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{when}:\n{}", wrong.join("\n"));
}

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

/// A server whose log, environment and temporary files can be looked through.
fn start(home: &Home) -> Server {
    fs::create_dir_all(home.path("tmp")).unwrap();
    let log = fs::OpenOptions::new().create(true).append(true).open(home.path("server.log")).unwrap();
    Server::start_with(home, loopline(), &["--secrets-from", "env:CI_SECRET_"], |command| {
        command.env("CI_SECRET_SECOND", SECOND).env("TMPDIR", home.path("tmp")).env("RUST_LOG", "debug").stderr(log);
    })
}

fn set(home: &Home, server: &Server, name: &str, value: &str, more: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["secret", "set", name, "--server", &server.url], more].concat();
    let mut command = home.command(&arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_secret_is_seen_by_its_steps_and_nowhere_else() {
    let home = Home::new();
    let (url, asked) = echo();
    home.write("pipelines/canary.loopline.yaml", &PIPELINE.replace("URL", &url));
    let server = start(&home);
    let (code, said) = set(&home, &server, "TOKEN", &format!("{CANARY}\n"), &[]);
    assert_eq!((code, said.as_str()), (Some(0), "TOKEN is set for all pipelines\n"));
    let list = json_of(&home.run(&["secret", "list", "--output", "json", "--server", &server.url]));
    assert_eq!((&list[0]["name"], &list[0]["updated_by"]), (&json!("TOKEN"), &json!("ada")), "{list:#}");

    let run = server.post("/pipelines/default/canary/runs", &json!({}), None).expect("taken");
    let id = run["id"].as_str().expect("an id").to_owned();
    let workspace = home.path(&format!("data/workspaces/{id}"));
    until("the step prints", || workspace.join("at").exists().then_some(()));
    sweep(&home, Some(&server), &id, "while a step knows it");
    server.kill();
    sweep(&home, None, &id, "after a kill");
    fs::write(workspace.join("go"), "").unwrap();
    let server = start(&home);
    let run = until("the run ends", || {
        let run = server.get(&format!("/runs/{id}?wait=1s")).expect("the run is there");
        run["finished_at"].is_string().then_some(run)
    });
    assert_eq!(run["status"], json!("succeeded"), "{run:#}");
    assert_eq!(run["steps"]["prints"]["outputs"]["length"], json!("21"));
    let error = &run["steps"]["leaks"]["error"];
    assert_eq!(error["kind"], json!("contract"), "{error}");
    assert!(run["steps"]["leaks"]["outputs"].get("stolen").is_none());
    assert!(run["steps"]["fails"]["error"]["tail"].as_str().unwrap().contains("the end of ***"), "{run:#}");
    sweep(&home, Some(&server), &id, "at the end");

    let request = asked.recv_timeout(Duration::from_secs(10)).expect("the request arrived");
    let body: Json = serde_json::from_str(request.split_once("\n\n").expect("a body").1).expect("JSON");
    assert_eq!(body, json!({"token": CANARY, "list": [format!("a {SECOND} b"), "21"]}));
    let head = request.to_lowercase();
    assert!(head.contains(&format!("authorization: bearer {SECOND}")) && head.contains(&format!("x-token: {SECOND}")));
    assert!(request.starts_with("POST /hook?token=canary%22kohl%2Frabi%2BQz8%3F HTTP/1.1"), "{request}");
    let form = asked.recv_timeout(Duration::from_secs(10)).expect("the form arrived");
    assert!(form.ends_with("\ntoken=canary%22kohl%2Frabi%2BQz8%3F"), "{form}");
    let said = run["steps"]["asks"]["outputs"]["said"].as_str().expect("a body");
    assert!(said.contains("***") && said.contains("POST /hook"), "{said}");
    server.stop();
    sweep(&home, None, &id, "when the server has ended");
}

#[test]
fn a_secret_that_is_not_there_fails_its_step_by_name() {
    let home = Home::new();
    home.write(
        "pipelines/wants.loopline.yaml",
        "version: 1\nname: wants\nsecrets: [TOKEN]\nsteps:\n  work: {env: {T: '{{ secrets.TOKEN }}'}, run: 'echo ${#T}'}\n",
    );
    let server = start(&home);
    let ended = || {
        let run = server.post("/pipelines/default/wants/runs?wait=30s", &json!({}), None).expect("taken");
        (run["status"].clone(), run["steps"]["work"]["error"]["message"].clone())
    };
    let missing = json!("`env.T` needs the secret `TOKEN`, which this engine does not have");
    assert_eq!(ended(), (json!("failed"), missing.clone()));
    let (code, said) = set(&home, &server, "TOKEN", "x", &["--pipeline", "other"]);
    assert_eq!((code, said.as_str()), (Some(0), "TOKEN is set for other\n"));
    assert_eq!(ended(), (json!("failed"), missing), "it is another pipeline's");
    set(&home, &server, "TOKEN", "x", &["--pipeline", "other", "--pipeline", "wants"]);
    assert_eq!(ended().0, json!("succeeded"));
    // An empty one, a wrong name, and one that is gone.
    let (code, said) = set(&home, &server, "TOKEN", "\n", &[]);
    assert_eq!((code, said.as_str()), (Some(1), "error: its value is empty\n"));
    let (code, said) = set(&home, &server, "a-b", "x", &[]);
    assert!(code == Some(1) && said.starts_with("error: a secret's name has letters, digits and _"), "{said}");
    assert!(home.run(&["secret", "rm", "TOKEN", "--server", &server.url]).status.success());
    assert_eq!(home.run(&["secret", "rm", "TOKEN", "--server", &server.url]).status.code(), Some(1));
    server.stop();
}

#[test]
fn a_run_in_the_foreground_is_given_its_secrets_in_a_file() {
    let home = Home::new();
    home.write("secrets.env", "TOKEN='kohl rabi'\n");
    home.write(
        "work.loopline.yaml",
        "version: 1\nname: work\nsecrets: [TOKEN]\nsteps:\n  a: {env: {T: '{{ secrets.TOKEN }}'}, run: 'echo \"$T\"; test \"$T\" = \"kohl rabi\"'}\n",
    );
    let output = home.run(&["run", "work.loopline.yaml", "--secret-file", "secrets.env"]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && said.contains("***") && !said.contains("kohl rabi"), "{said}");
    let output = home.run(&["run", "work.loopline.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    home.write("wrong.env", "kohl rabi\n");
    let output = home.run(&["run", "work.loopline.yaml", "--secret-file", "wrong.env"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), said.lines().next()),
        (Some(2), Some("error: wrong.env:1: write it like NAME=VALUE"))
    );
}

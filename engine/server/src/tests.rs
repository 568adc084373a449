//! The interface over a real engine in memory, without a socket.

mod access;
mod draft;
mod logs;
mod secrets;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use futures::StreamExt as _;
use loopline_blobs::DiskBlobs;
use loopline_core::command::AttemptSpec;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{ArtifactRef, Outcome, RawResult, TestsRef};
use loopline_core::test_report::{TestCounts, TestReport};
use loopline_core::time::Timestamp;
use loopline_dsl::Library;
use loopline_ports::blobs::Blobs;
use loopline_ports::callback::CallbackTokens;
use loopline_ports::clock::SystemClock;
use loopline_ports::files::{FileList, ListedFile};
use loopline_ports::journal::{Definition, Journal};
use loopline_ports::worker::{Attached, Report, Reports, Worker};
use loopline_runtime::{Engine, EngineConfig};
use loopline_secrets::{KeyFrom, SealedVault};
use loopline_store::MemoryStore;
use loopline_triggers::{Folder, Precondition, SaveError};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};
use tower::ServiceExt as _;

use crate::source::{Folders, PipelineSource, StoredPipeline};
use crate::{Parts, ServerConfig, app};

mod artifacts;

const GATE: &str = "version: 1\nname: gate\ninputs: {n: {type: integer, default: 1}}\nsteps:\n  a: {run: \"true\"}\n  ask: {needs: a, approval: {message: \"Go on?\", timeout: 1h, fields: {c: {type: integer, maximum: 9, default: 1}}}, goto: [{to: a, on: rejected, max: 2}]}\n";
const KEEPER: &str = "version: 1\nname: keeper\nsteps:\n  build: {run: \"true\", artifacts: {app: out/app, site: dist}}\n  each: {foreach: {items: [1, 2]}, run: \"true\", artifacts: {report: r.xml}}\n  around: {pipeline: {steps: {inner: {run: \"true\", artifacts: {log: l}}}}}\n";
const LATER: &str = "version: 1\nname: later\nnotify: [{on: failed, to: chat}]\nsteps:\n  each: {run: \"true\"}\n";

const CALLED: &str = "version: 1\nname: called\nsteps:\n  ask: {http: {url: 'https://a.example/{{ callback.url }}', callback: {timeout: 1h}}, outputs: {said: payload}}\n";

/// Ends every attempt at once. Of an artifact `site` it keeps two files, of others one.
struct Instant(Reports, Arc<dyn Blobs>);

/// A name that must harm nobody, and is too long for the head of a tar.
const HOSTILE: &str = "a/<script>alert(1)</script>\u{1b}]0;x\u{7}/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

impl Instant {
    async fn kept(blobs: &dyn Blobs, spec: &AttemptSpec) -> BTreeMap<String, ArtifactRef> {
        let mut kept = BTreeMap::new();
        for (name, path) in &spec.artifacts {
            let one = blobs.keep_bytes(format!("of {}", spec.id.key).into()).await.unwrap();
            let artifact = if name == "site" {
                let two = blobs.keep_bytes("two".into()).await.unwrap();
                let file = |path: &str, of: &ArtifactRef, executable| ListedFile {
                    path: path.to_owned(),
                    size: of.size,
                    digest: of.digest.clone(),
                    executable,
                };
                let list = FileList { files: vec![file(HOSTILE, &one, false), file("b", &two, true)] };
                let bytes = blobs.keep_bytes(list.to_bytes().into()).await.unwrap();
                ArtifactRef { size: list.size(), files: Some(2), file_name: "site.tar".to_owned(), ..bytes }
            } else {
                ArtifactRef { path: Some(path.clone()), file_name: "<x>.bin".to_owned(), ..one }
            };
            kept.insert(name.clone(), artifact);
        }
        kept
    }
}

#[async_trait]
impl Worker for Instant {
    async fn start(&self, spec: AttemptSpec) {
        let (reports, blobs) = (self.0.clone(), self.1.clone());
        tokio::spawn(async move {
            let artifacts = Self::kept(blobs.as_ref(), &spec).await;
            let mut result = RawResult { artifacts, ..RawResult::default() };
            if spec.artifacts.contains_key("site") {
                result.summary = Some(blobs.keep_bytes("# Built\n<script>".into()).await.unwrap());
                let counts = TestCounts { tests: 3, failed: 1, skipped: 0 };
                let report = TestReport { counts, left_out: 3, ..TestReport::default() };
                let kept = blobs.keep_bytes(serde_json::to_vec(&report).unwrap().into()).await.unwrap();
                result.tests = Some(TestsRef { digest: kept.digest, counts });
            }
            let outcome = Outcome::Succeeded { result };
            let _ = reports.send(Report::Finished { id: spec.id, outcome }).await;
        });
    }

    async fn attach(&self, _: AttemptId) -> Attached {
        Attached::NeverStarted
    }

    async fn cancel(&self, _: AttemptId) {}

    async fn forget(&self, _: &AttemptId) {}
}

const GREET: &str = "inputs: {to: {type: string}}\nstep: {run: 'echo {{ inputs.to }}'}\n";

/// Pipelines in memory, beside the step type `greet`.
struct Shelf(Mutex<BTreeMap<String, StoredPipeline>>);

fn stored(yaml: &str) -> StoredPipeline {
    let compiled = Arc::new(loopline_dsl::compile(yaml));
    let graph = loopline_dsl::compile(yaml).graph.map(Arc::new);
    let digest = loopline_core::canonical::digest(&json!(yaml));
    StoredPipeline {
        project: "default".into(),
        name: graph.as_ref().map_or("broken".to_owned(), |graph| graph.name.clone()),
        yaml: yaml.into(),
        etag: digest.clone(),
        updated_at: Timestamp(0),
        compiled,
        runnable: graph.map(|graph| {
            Arc::new(Definition { text_digest: digest, yaml: yaml.into(), digest: graph.digest(), graph })
        }),
    }
}

#[async_trait]
impl PipelineSource for Shelf {
    async fn list(&self) -> Vec<StoredPipeline> {
        self.0.lock().await.values().cloned().collect()
    }

    fn has_project(&self, project: &str) -> bool {
        project != "nowhere"
    }

    async fn get(&self, project: &str, name: &str) -> Option<StoredPipeline> {
        let found = self.0.lock().await.get(name).cloned();
        found.map(|found| StoredPipeline { project: project.to_owned(), ..found })
    }

    fn library(&self, project: &str) -> Arc<Library> {
        if project != "default" {
            return Arc::default();
        }
        let step_types = [("greet".to_owned(), GREET.to_owned())].into();
        Arc::new(Library { step_types, is_complete: true, ..Library::default() })
    }

    async fn save(&self, _: &str, name: &str, yaml: &str, when: Precondition) -> Result<StoredPipeline, SaveError> {
        let compiled = loopline_dsl::compile_with(yaml, &self.library("default"));
        match compiled.graph {
            None => return Err(SaveError::Invalid(compiled.diagnostics)),
            Some(graph) if graph.name != name => return Err(SaveError::OtherName { found: graph.name }),
            Some(_) => {}
        }
        let mut shelf = self.0.lock().await;
        if let Some(old) = shelf.get(name) {
            let (etag, yaml) = (old.etag.clone(), old.yaml.clone());
            match when {
                Precondition::Version(version) if version == etag => {}
                Precondition::None => return Err(SaveError::Unconditional { etag }),
                Precondition::Version(_) | Precondition::New => return Err(SaveError::Changed { etag, yaml }),
            }
        }
        shelf.insert(name.to_owned(), stored(yaml));
        Ok(stored(yaml))
    }
}

struct House {
    router: Router,
    app: app::App,
    _dir: tempfile::TempDir,
}

async fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    let key = KeyFrom::OwnFile(dir.path().join("secrets.key"));
    let vault = SealedVault::new(Arc::new(store.clone()), key, Arc::new(SystemClock));
    let journal: Arc<dyn Journal> = Arc::new(store.clone());
    let (reports, told) = mpsc::channel(64);
    let clock = Arc::new(SystemClock);
    let blobs: Arc<dyn Blobs> = Arc::new(DiskBlobs::open(dir.path()).unwrap());
    let worker = Arc::new(Instant(reports, blobs.clone()));
    let engine = Engine::start(EngineConfig::default(), journal.clone(), worker, told, clock.clone()).await.unwrap();
    let shelf = [GATE, LATER, KEEPER, CALLED].map(|yaml| (stored(yaml).name, stored(yaml)));
    let parts = Parts {
        driver: engine,
        journal,
        blobs,
        access: Arc::new(store),
        secrets: Arc::new(vault),
        pipelines: Arc::new(Shelf(Mutex::new(shelf.into()))),
        callbacks: Some(CallbackTokens::new([7; 32])),
        clock,
    };
    let config = ServerConfig {
        local_user: "ada".into(),
        hosts: vec!["ci.example.com".into()],
        needs_tokens: false,
        behind_proxy: false,
        secure: false,
        metrics: None,
    };
    let app = app::App::new(parts.clone(), config.clone());
    House { router: app::router(parts, config), app, _dir: dir }
}

impl House {
    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn ask(&self, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut request =
            Request::builder().method(method).uri(format!("/api/v1{path}")).header("host", "localhost:7878");
        if !body.is_empty() {
            request = request.header("content-length", body.len());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.send(request.body(Body::from(body.to_owned())).unwrap()).await;
        let status = response.status();
        if status.is_client_error() || status.is_server_error() {
            assert_eq!(response.headers()["content-type"], "application/problem+json", "{method} {path}");
        }
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.ask("POST", path, &body.to_string(), &[("content-type", "application/json")]).await
    }

    /// A run of `gate` that waits for its decision.
    async fn waiting(&self) -> (String, Value) {
        let (status, run) = self.post("/pipelines/default/gate/runs", &json!({})).await;
        assert_eq!(status, StatusCode::CREATED);
        let id = run["id"].as_str().unwrap().to_owned();
        (id.clone(), self.until(&id, |run| run["status"] == "waiting").await)
    }

    /// Follows the run's events until the state fits.
    async fn until(&self, id: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut progress = self.app.parts().driver.follow(id.parse().unwrap()).await.unwrap();
        loop {
            let (_, run) = self.ask("GET", &format!("/runs/{id}"), "", &[]).await;
            if fits(&run) {
                return run;
            }
            progress.changed().await.expect("the run ended first");
        }
    }
}

#[tokio::test]
async fn a_callback_is_taken_once_from_whoever_has_its_token() {
    let house = house().await;
    let (_, run) = house.post("/pipelines/default/called/runs", &json!({})).await;
    let id = run["id"].as_str().unwrap().to_owned();
    let run = house.until(&id, |run| run["status"] == "waiting").await;
    assert_eq!(run["steps"]["ask"]["waiting_for"]["kind"], "callback");
    let attempt = |key: &str| AttemptId { run: id.parse().unwrap(), key: key.parse().unwrap() };
    let token = |key: &str| format!("/callbacks/{}", CallbackTokens::new([7; 32]).token(&attempt(key)));
    let call = |path: String, body: &'static str| {
        let house = &house;
        async move { house.ask("POST", &path, body, &[]).await }
    };
    let others = CallbackTokens::new([8; 32]).token(&attempt("1.ask.1.1"));
    for wrong in ["/callbacks/x".to_owned(), format!("/callbacks/{others}")] {
        assert_eq!(call(wrong, "{}").await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(call(token("1.ask.1.1"), "no JSON").await.0, StatusCode::BAD_REQUEST);
    let large: &'static str = Box::leak("1".repeat(256 * 1024 + 1).into_boxed_str());
    assert_eq!(call(token("1.ask.1.1"), large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    for other in ["1.ask.1.2", "1.ask.2.1", "2.ask.1.1", "1.none.1.1"] {
        let (status, problem) = call(token(other), "{}").await;
        assert_eq!(status, StatusCode::CONFLICT, "{other}: {problem}");
    }
    assert_eq!(call(token("1.ask.1.1"), r#"{"n": 1}"#).await, (StatusCode::OK, json!({"received": true})));
    let run = house.until(&id, |run| run["status"] == "succeeded").await;
    assert_eq!(run["steps"]["ask"]["outputs"]["said"], json!({"n": 1}));
    let (status, problem) = call(token("1.ask.1.1"), "{}").await;
    assert_eq!((status, problem["detail"].as_str()), (StatusCode::CONFLICT, Some("the run is over: it succeeded")));
    // Nothing that is kept or shown names the token.
    let (_, events) = house.ask("GET", &format!("/runs/{id}/events"), "", &[]).await;
    assert!(!events.to_string().contains(&token("1.ask.1.1")[11..75]), "{events}");
}

#[tokio::test]
async fn openapi_document_is_the_golden_file() {
    let house = house().await;
    let (_, document, _) = app::interface(&house.app);
    let found = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("LOOPLINE_BLESS").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == golden, "{path} is stale: run `make gen`");
}

#[tokio::test]
async fn every_route_has_its_permission() {
    let house = house().await;
    let (_, document, table) = app::interface(&house.app);
    // Written by hand: who adds a route says here what it needs.
    let expected = [
        ("GET", "/audit", "read the audit"),
        ("POST", "/callbacks/{token}", "call back"),
        ("POST", "/complete", "look"),
        ("POST", "/dry-run", "look"),
        ("POST", "/format", "look"),
        ("POST", "/hover", "look"),
        ("GET", "/pipelines", "look"),
        ("GET", "/pipelines/{project}/{name}", "look"),
        ("PUT", "/pipelines/{project}/{name}", "edit"),
        ("POST", "/pipelines/{project}/{name}/runs", "operate"),
        ("GET", "/runs", "look"),
        ("POST", "/runs", "edit"),
        ("GET", "/runs/{id}", "look"),
        ("POST", "/runs/{id}/cancel", "operate"),
        ("GET", "/runs/{id}/definition", "look"),
        ("POST", "/runs/{id}/evaluate", "look"),
        ("GET", "/runs/{id}/events", "look"),
        ("POST", "/runs/{id}/pause", "operate"),
        ("POST", "/runs/{id}/rerun", "operate"),
        ("POST", "/runs/{id}/resume", "operate"),
        ("POST", "/runs/{id}/signals/{name}", "operate"),
        ("POST", "/runs/{id}/steps/{step}/approve", "decide"),
        ("GET", "/runs/{id}/steps/{step}/artifacts/{name}", "look"),
        ("GET", "/runs/{id}/steps/{step}/artifacts/{name}/files", "look"),
        ("GET", "/runs/{id}/steps/{step}/logs", "look"),
        ("POST", "/runs/{id}/steps/{step}/reject", "decide"),
        ("GET", "/runs/{id}/steps/{step}/summary", "look"),
        ("GET", "/runs/{id}/steps/{step}/tests", "look"),
        ("GET", "/runs/{id}/steps/{step}/why", "look"),
        ("GET", "/secrets", "keep secrets"),
        ("DELETE", "/secrets/{name}", "keep secrets"),
        ("PUT", "/secrets/{name}", "keep secrets"),
        ("DELETE", "/session", "log in"),
        ("GET", "/session", "log in"),
        ("POST", "/session", "log in"),
        ("GET", "/tokens", "keep tokens"),
        ("POST", "/tokens", "keep tokens"),
        ("DELETE", "/tokens/{id}", "keep tokens"),
        ("POST", "/validate", "look"),
    ];
    let mut found: Vec<_> = table.iter().map(|r| (r.method.as_str(), r.path.as_str(), r.permission)).collect();
    found.sort_by_key(|(method, path, _)| (path.to_owned(), method.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(document.paths.paths.len(), 33, "a route is in the document and in no table, or the other way round");
    let page = include_str!("../../../docs/api.md");
    for (method, path, permission) in &expected {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{method} {path}` |")));
        assert!(row.is_some_and(|row| row.ends_with(&format!("| {permission} |"))), "{method} {path}: {row:?}");
    }
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_before_anything_else() {
    let house = house().await;
    let status = |method: &'static str, headers: &'static [(&str, &str)]| {
        let mut request = Request::builder().method(method).uri("/api/v1/validate");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from("x")).unwrap();
        let router = house.router.clone();
        async move { router.oneshot(request).await.unwrap().status().as_u16() }
    };
    assert_eq!(status("POST", &[("host", "evil.example")]).await, 421);
    assert_eq!(status("POST", &[("host", "evil.example:7878")]).await, 421);
    assert_eq!(status("POST", &[]).await, 421);
    assert_eq!(status("POST", &[("host", "localhost:7878"), ("origin", "https://evil.example")]).await, 403);
    assert_eq!(status("POST", &[("host", "localhost:7878"), ("origin", "http://localhost:9999")]).await, 403);
    assert_eq!(status("POST", &[("host", "localhost:7878"), ("origin", "null")]).await, 403);
    assert_eq!(status("POST", &[("host", "localhost:7878"), ("origin", "http://localhost:7878")]).await, 200);
    assert_eq!(status("POST", &[("host", "[::1]:7878")]).await, 200);
    assert_eq!(status("POST", &[("host", "ci.example.com")]).await, 200);
    assert_eq!(
        status("GET", &[("host", "localhost"), ("accept", "text/event-stream"), ("origin", "https://evil.example")])
            .await,
        403
    );
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let house = house().await;
    for path in ["/", "/api/v1/pipelines", "/api/v1/nothing", "/healthz"] {
        let request = Request::builder().uri(path).header("host", "localhost").body(Body::empty()).unwrap();
        let response = house.send(request).await;
        let headers = response.headers();
        assert!(headers["content-security-policy"].to_str().unwrap().contains("script-src 'self';"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert!(!headers.contains_key("access-control-allow-origin"), "{path}");
    }
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong_and_where() {
    let house = house().await;
    let run = "/pipelines/default/gate/runs";
    let (status, problem) = house.post(run, &json!({"inputs": {"n": "x", "m": 1}})).await;
    assert_eq!((status.as_u16(), &problem["type"]), (422, &json!("/problems/invalid-inputs")), "{problem}");
    assert_eq!(problem["problems"].as_array().unwrap().len(), 2, "{problem}");
    assert_eq!(problem["pointer"], "/inputs/n");
    let (status, problem) = house.post(run, &json!({"imputs": {}})).await;
    assert_eq!(status.as_u16(), 422, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("imputs"), "{problem}");
    let json_type = [("content-type", "application/json")];
    assert_eq!(house.ask("POST", run, "{", &json_type).await.0.as_u16(), 400);
    assert_eq!(house.ask("POST", run, "{}", &[("content-type", "text/plain")]).await.0.as_u16(), 415);
    let large = format!("{{\"inputs\": {{\"n\": \"{}\"}}}}", "x".repeat(2 << 20));
    assert_eq!(house.ask("POST", run, &large, &json_type).await.0.as_u16(), 413);
    assert_eq!(house.ask("DELETE", run, "", &[]).await.0.as_u16(), 405);
    assert_eq!(house.ask("GET", "/nothing", "", &[]).await.0.as_u16(), 404);
    assert_eq!(house.ask("GET", "/runs/xyz", "", &[]).await.0.as_u16(), 404);
    assert_eq!(house.ask("GET", "/runs?limit=0", "", &[]).await.0.as_u16(), 400);
    assert_eq!(house.ask("GET", "/runs?status=flying", "", &[]).await.0.as_u16(), 400);
    assert_eq!(house.ask("POST", "/pipelines/default/none/runs", "", &[]).await.0.as_u16(), 404);
    let (status, problem) = house.post("/pipelines/default/later/runs", &json!({})).await;
    assert_eq!((status.as_u16(), &problem["unsupported"][0]["feature"]), (422, &json!("notify")), "{problem}");
}

#[tokio::test]
async fn a_text_is_formatted_or_told_why_it_cannot_be_read() {
    let house = house().await;
    let ask = |body: &'static str| {
        let request = Request::builder().method("POST").uri("/api/v1/format").header("host", "localhost");
        house.send(request.body(Body::from(body)).unwrap())
    };
    // It does not compile, and need not.
    let response = ask("steps:   {a: {run:   x}}   # why\n").await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/yaml".parse().unwrap())
    );
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert_eq!(body, "steps: {a: {run: x}}  # why\n");
    let (status, problem) = house.ask("POST", "/format", "version: 1\nsteps: [\n", &[]).await;
    assert_eq!((status.as_u16(), &problem["type"]), (422, &json!("/problems/unreadable-yaml")), "{problem}");
    assert_eq!((&problem["diagnostics"][0]["code"], &problem["diagnostics"][0]["line"]), (&json!("LL0001"), &json!(2)));
}

#[tokio::test]
async fn the_same_key_gives_the_same_run_and_another_body_is_refused() {
    let house = house().await;
    let path = "/pipelines/default/gate/runs";
    let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
    let (first, one) = house.ask("POST", path, "{\"inputs\":{\"n\":2}}", &headers).await;
    let (second, two) = house.ask("POST", path, "{\"inputs\":{\"n\":2}}", &headers).await;
    assert_eq!((first.as_u16(), second.as_u16(), &one["id"]), (201, 200, &two["id"]));
    let (third, problem) = house.ask("POST", path, "{\"inputs\":{\"n\":3}}", &headers).await;
    assert_eq!((third.as_u16(), &problem["type"]), (422, &json!("/problems/key-reused")));
}

#[tokio::test]
async fn a_decision_names_the_visit_that_was_seen() {
    let house = house().await;
    let (id, run) = house.waiting().await;
    let asked = &run["steps"]["ask"];
    assert_eq!(asked["waiting_for"]["on_reject"], "a");
    let path = format!("/runs/{id}/steps/ask");
    let digest = &asked["waiting_for"]["digest"];
    let (status, problem) = house.post(&format!("{path}/approve"), &json!({"visit": 1, "digest": "sha256:0"})).await;
    assert_eq!((status.as_u16(), &problem["type"]), (409, &json!("/problems/wrong-digest")));
    let (status, problem) = house.post(&format!("{path}/approve"), &json!({"visit": 1, "fields": {"c": 10}})).await;
    assert_eq!((status.as_u16(), &problem["pointer"]), (422, &json!("/fields/c")));
    assert_eq!(house.post(&format!("{path}/approve"), &json!({})).await.0.as_u16(), 422);
    let (status, _) =
        house.post(&format!("{path}/reject"), &json!({"visit": 1, "digest": digest, "comment": "no"})).await;
    assert_eq!(status.as_u16(), 200);
    house.until(&id, |run| run["steps"]["ask"]["visit"] == 2 && run["status"] == "waiting").await;
    let (status, problem) = house.post(&format!("{path}/approve"), &json!({"visit": 1, "digest": digest})).await;
    assert_eq!((status.as_u16(), &problem["current_visit"]), (409, &json!(2)), "{problem}");
    let (status, run) = house.post(&format!("{path}/approve"), &json!({"visit": 2})).await;
    assert_eq!((status.as_u16(), &run["steps"]["ask"]["outputs"]["by"]), (200, &json!("ada")), "{run}");
    let (status, _) = house.post(&format!("/runs/{id}/cancel"), &json!({})).await;
    assert_eq!(status.as_u16(), 409, "the run is over");
}

#[tokio::test]
async fn a_stream_gives_each_event_once_and_ends_with_the_run() {
    let house = house().await;
    let (id, run) = house.waiting().await;
    let before = run["last_seq"].as_u64().unwrap();
    let request = Request::builder()
        .uri(format!("/api/v1/runs/{id}/events"))
        .header("host", "localhost")
        .header("accept", "text/event-stream")
        .header("last-event-id", "1")
        .body(Body::empty())
        .unwrap();
    let mut stream = house.send(request).await.into_body().into_data_stream();
    let mut text = String::new();
    while !text.contains(&format!("id: {before}\n")) {
        text.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
    }
    house.post(&format!("/runs/{id}/steps/ask/approve"), &json!({"visit": 1})).await;
    while let Some(piece) = stream.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    let ids: Vec<u64> = text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    let (_, all) = house.ask("GET", &format!("/runs/{id}/events?after=1"), "", &[]).await;
    let expected: Vec<u64> =
        all["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(ids, expected);
    assert!(text.ends_with("event: end\ndata: {}\n\n"), "{text}");
}

#[tokio::test]
async fn the_past_can_be_shown() {
    let house = house().await;
    let (id, run) = house.waiting().await;
    let (_, first) = house.ask("GET", &format!("/runs/{id}?at=1"), "", &[]).await;
    assert_eq!((&first["last_seq"], &first["steps"]["ask"]["status"]), (&json!(1), &json!("pending")));
    let last = run["last_seq"].as_u64().unwrap();
    for at in [0, last + 1, u64::MAX] {
        for page in [format!("/runs/{id}?at={at}"), format!("/runs/{id}/steps/ask/why?at={at}")] {
            let (status, problem) = house.ask("GET", &page, "", &[]).await;
            assert_eq!((status.as_u16(), &problem["type"]), (404, &json!("/problems/no-such-moment")), "{page}");
            assert_eq!(problem["last_seq"], last);
            assert_eq!(problem["detail"], format!("run {id} has no event {at}: its events are 1 to {last}"));
        }
    }
    for at in ["-1", "x", ""] {
        assert_eq!(house.ask("GET", &format!("/runs/{id}?at={at}"), "", &[]).await.0.as_u16(), 400, "{at}");
    }
}

/// A run that goes back and ends, shown as of each of its events, is what those events add up to.
#[tokio::test]
async fn every_moment_of_the_past_is_shown_as_it_was() {
    let house = house().await;
    let (id, _) = house.waiting().await;
    for (visit, verb) in [(1, "reject"), (2, "approve")] {
        house.until(&id, |run| run["steps"]["ask"]["visit"] == visit && run["status"] == "waiting").await;
        let (status, _) = house.post(&format!("/runs/{id}/steps/ask/{verb}"), &json!({"visit": visit})).await;
        assert_eq!(status, StatusCode::OK);
    }
    let run = house.until(&id, |run| run["status"] == "succeeded").await;
    let graph = stored(GATE).runnable.unwrap().graph.clone();
    let events = house.app.parts().driver.events(id.parse().unwrap(), 0, 1_000).await.unwrap();
    assert_eq!(run["last_seq"], events.len());
    let mut state = loopline_core::machine::RunState::default();
    for event in &events {
        loopline_core::machine::apply(&graph, &mut state, event).unwrap();
        let (_, shown) = house.ask("GET", &format!("/runs/{id}?at={}", event.seq), "", &[]).await;
        assert_eq!(shown, serde_json::to_value(state.view(&graph)).unwrap(), "after event {}", event.seq);
        for step in ["a", "ask"] {
            let (_, shown) = house.ask("GET", &format!("/runs/{id}/steps/{step}/why?at={}", event.seq), "", &[]).await;
            let why = state.why(&graph, &step.parse().unwrap()).unwrap();
            assert_eq!(shown, serde_json::to_value(why).unwrap(), "{step} after event {}", event.seq);
            assert_eq!(shown["last_seq"], event.seq);
        }
    }
    let (_, why) = house.ask("GET", &format!("/runs/{id}/steps/ask/why"), "", &[]).await;
    assert_eq!(why["past"][0]["reopened"], json!({"kind": "loop", "from": "ask", "visit": 1, "index": 0, "to": "a"}));
    assert_eq!(why["goto"][0]["fired"], json!([1]));
    let (status, problem) = house.ask("GET", &format!("/runs/{id}/steps/nobody/why"), "", &[]).await;
    assert_eq!((status.as_u16(), &problem["type"]), (404, &json!("/problems/not-found")));
}

#[tokio::test]
async fn a_text_is_stored_only_over_the_version_that_was_read() {
    let house = house().await;
    let path = "/pipelines/default/gate";
    let (_, pipeline) = house.ask("GET", path, "", &[]).await;
    let etag = format!("\"{}\"", pipeline["etag"].as_str().unwrap());
    let renamed = GATE.replace("a:", "build:").replace("needs: a", "needs: build").replace("to: a", "to: build");
    assert_eq!(house.ask("PUT", path, &renamed, &[]).await.0.as_u16(), 428);
    let (status, stored) = house.ask("PUT", path, &renamed, &[("if-match", &etag)]).await;
    assert_eq!((status.as_u16(), &stored["yaml"]), (200, &json!(renamed)));
    let (status, conflict) = house.ask("PUT", path, GATE, &[("if-match", &etag)]).await;
    assert_eq!((status.as_u16(), &conflict["current_yaml"]), (409, &json!(renamed)));
    let tag = format!("\"{}\"", conflict["current_etag"].as_str().unwrap());
    let (status, invalid) =
        house.ask("PUT", path, "version: 1\nname: gate\nsteps: {}\nx: 1\n", &[("if-match", &tag)]).await;
    assert_eq!(status.as_u16(), 422);
    assert!(invalid["diagnostics"][0]["line"].is_number(), "{invalid}");
    let other = GATE.replace("name: gate", "name: other");
    let (status, problem) = house.ask("PUT", path, &other, &[("if-match", &tag)]).await;
    assert_eq!((status.as_u16(), &problem["pointer"]), (422, &json!("/name")), "{problem}");
}

#[tokio::test]
async fn a_text_is_checked_among_what_it_may_name() {
    let house = house().await;
    for (step, codes, summary) in [
        ("{use: greet, with: {to: you}}", json!([]), json!("greet: to = \"you\"")),
        ("{use: greet}", json!(["LL0141"]), Value::Null),
        ("{use: great}", json!(["LL0143"]), Value::Null),
        ("{pipeline: {name: gone}}", json!(["LL0145"]), Value::Null),
    ] {
        let text = format!("version: 1\nname: p\nsteps: {{a: {step}}}\n");
        let (status, found) = house.ask("POST", "/validate", &text, &[]).await;
        let said: Vec<_> = found["diagnostics"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect();
        assert_eq!((status.as_u16(), json!(said)), (200, codes.clone()), "{found}");
        assert_eq!(found["graph"]["steps"][0]["summary"], summary, "{found}");
        let (status, stored) = house.ask("PUT", "/pipelines/default/p", &text, &[]).await;
        assert_eq!(status.is_success(), codes == json!([]), "{stored}");
        assert!(status.is_success() || stored["diagnostics"][0]["code"] == codes[0], "{stored}");
    }
}

#[tokio::test]
async fn a_folder_is_a_project() {
    let place = tempfile::tempdir().unwrap();
    let path = |file: &str| place.path().join(file);
    std::fs::create_dir_all(path(".loopline/steps")).unwrap();
    std::fs::write(path(".loopline/steps/greet.yaml"), GREET).unwrap();
    std::fs::write(path("gate.loopline.yaml"), GATE).unwrap();
    let folder = Folder::open(place.path()).await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let other = Folder::open(other.path()).await.unwrap();
    let folders = Folders::new([("default".to_owned(), folder), ("team-a".to_owned(), other)]);
    let source: &dyn PipelineSource = &folders;
    let listed: Vec<_> = source.list().await.into_iter().map(|stored| (stored.project, stored.name)).collect();
    assert_eq!(listed, [("default".to_owned(), "gate".to_owned())]);
    assert!(source.get("default", "gate").await.is_some_and(|stored| stored.runnable.is_some()));
    assert!(source.get("other", "gate").await.is_none());
    let library = source.library("default");
    assert!(library.step_types.contains_key("greet") && library.pipelines.contains_key("gate"));
    assert!(source.library("team-a").pipelines.is_empty() && source.library("other").pipelines.is_empty());
    assert!(source.save("team-a", "gate", GATE, Precondition::New).await.is_ok());
    assert_eq!(source.list().await.len(), 2);
    assert_eq!(source.get("team-a", "gate").await.map(|stored| stored.project).as_deref(), Some("team-a"));
    let refused = source.save("other", "gate", GATE, Precondition::New).await.err();
    assert!(matches!(refused, Some(SaveError::ReadOnly)), "{refused:?}");
    let uses = "version: 1\nname: uses\nsteps: {a: {use: greet, with: {to: you}}}\n";
    assert!(source.save("default", "uses", uses, Precondition::New).await.is_ok());
    let refused = source.save("default", "gate", GATE, Precondition::New).await.err();
    assert!(matches!(refused, Some(SaveError::Changed { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_editor_is_told_what_may_come_and_what_stands_there() {
    let house = house().await;
    let text = "version: 1\nname: p\nsteps:\n  a: {run: echo 😀}\n  b: {needs: , run: x}\n";
    let offset = text.find("needs: ").unwrap() + "needs: ".len() - "😀".len() + "😀".encode_utf16().count();
    let (status, found) = house.post("/complete", &json!({"text": text, "offset": offset})).await;
    let first = &found["completions"][0];
    assert_eq!((status.as_u16(), &first["label"], &first["kind"]), (200, &json!("a"), &json!("step")), "{found}");
    assert_eq!((&first["from"], &first["to"], &first["insert"]), (&json!(offset), &json!(offset), &json!("a")));
    let (status, found) = house.post("/hover", &json!({"text": text, "offset": offset - 4})).await;
    assert_eq!(
        (status.as_u16(), &found["from"], &found["to"]),
        (200, &json!(offset - 7), &json!(offset - 2)),
        "{found}"
    );
    let (status, found) = house.post("/hover", &json!({"text": "", "offset": 10})).await;
    assert_eq!((status.as_u16(), found), (200, json!(null)));
    let (status, problem) = house.post("/complete", &json!({"text": text, "line": 1})).await;
    assert_eq!(status.as_u16(), 422, "{problem}");
}

#[tokio::test]
async fn a_drawn_pipeline_is_played_without_a_run() {
    let house = house().await;
    let definition = "version: 1\nname: drawn\nsteps:\n  a: {run: x}\n  b: {needs: a, approval: {message: ok?}}\n";
    let case = json!({"at": {"1m": [{"approve": {"b": "ada"}}]}});
    let (status, played) = house.post("/dry-run", &json!({"definition": definition, "case": case})).await;
    assert_eq!(status.as_u16(), 200, "{played}");
    assert_eq!(
        (status.as_u16(), &played["run"]["status"], &played["took_ms"]),
        (200, &json!("succeeded"), &json!(60_000))
    );
    let events = played["events"].as_array().unwrap();
    assert_eq!(events.last().unwrap()["seq"], played["run"]["last_seq"], "{played}");
    let (_, played) = house.post("/dry-run", &json!({"definition": definition})).await;
    assert!(played["waits_for"].as_str().unwrap().contains("`b` waits"), "{played}");
    let (status, problem) = house.post("/dry-run", &json!({"definition": "steps: ["})).await;
    assert_eq!((status.as_u16(), &problem["pointer"]), (422, &json!("/definition")), "{problem}");
    let case = json!({"mock": {"c": {}}});
    let (status, problem) = house.post("/dry-run", &json!({"definition": definition, "case": case})).await;
    assert_eq!((status.as_u16(), &problem["pointer"]), (422, &json!("/case/mock/c")), "{problem}");
    let (_, runs) = house.ask("GET", "/runs", "", &[]).await;
    assert_eq!(runs["items"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn whoever_writes_an_expression_sees_what_it_gives_in_a_run() {
    let house = house().await;
    let (id, _) = house.waiting().await;
    let (_, run) = house.post(&format!("/runs/{id}/steps/ask/reject"), &json!({"visit": 1})).await;
    let last = house.until(&id, |run| run["steps"]["ask"]["visit"] == 2 && run["status"] == "waiting").await;
    let path = format!("/runs/{id}/evaluate");
    for (body, expected) in [
        (json!({"expression": "inputs.n + visit", "step": "ask"}), json!({"value": 3})),
        (json!({"expression": "visit", "step": "ask", "at": 2}), json!({"value": 1})),
        (json!({"template": "{{ steps.a.status }} in {{ run.pipeline }}"}), json!({"value": "succeeded in gate"})),
        // The pipeline that is drawn has a step that the run did not have.
        (json!({"expression": "steps.a.visit", "step": "new"}), json!({"value": 2})),
        (json!({"expression": "é + inputs.n"}), json!(null)),
        (json!({"expression": "inputs.n / 0"}), json!(null)),
        (json!({"template": "{{ steps.nobody.outputs.x }}"}), json!(null)),
    ] {
        let (status, found) = house.post(&path, &body).await;
        assert_eq!(status.as_u16(), 200, "{found}");
        match expected {
            Value::Null => {
                assert!(found["error"]["message"].is_string() && found["value"].is_null(), "{body}: {found}")
            }
            expected => assert_eq!(found, expected, "{body}"),
        }
    }
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"expression": "1", "template": "x"}), "/template"),
        (json!({"expression": "1", "step": "Not a step"}), "/step"),
    ] {
        let (status, problem) = house.post(&path, &body).await;
        assert_eq!((status.as_u16(), &problem["pointer"]), (422, &json!(pointer)), "{body}: {problem}");
    }
    let (_, after) = house.ask("GET", &format!("/runs/{id}"), "", &[]).await;
    assert_eq!((&after["last_seq"], run["id"].as_str()), (&last["last_seq"], Some(id.as_str())), "nothing was added");
}

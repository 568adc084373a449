//! Tokens, projects and the audit: who is let in, to what, and what is told of it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use loopline_ports::access::{Act, Asker, Pattern, Role, TokenHash};
use loopline_runtime::check;

use super::*;
use crate::tokens::{NewToken, issue};

const JSON: (&str, &str) = ("content-type", "application/json");

/// One line of the table.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "in")]
    let_in: BTreeSet<Role>,
    other: Other,
    none: Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Other {
    Hidden,
    Same,
    Whole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Nobody {
    Asked,
    Open,
}

impl House {
    /// A token of these roles, which reaches this.
    pub(super) async fn token(&self, roles: &[Role], reach: &[&str]) -> String {
        self.token_until(roles, reach, None).await
    }

    async fn token_until(&self, roles: &[Role], reach: &[&str], expires_at: Option<Timestamp>) -> String {
        let new = NewToken {
            name: format!("{}-of-{}", roles[0].as_str(), reach.join(",")),
            roles: roles.iter().copied().collect(),
            reach: reach.iter().map(|text| text.parse::<Pattern>().unwrap()).collect(),
            expires_at,
        };
        let parts = self.app.parts();
        issue(&*parts.access, new, Asker::from("root"), parts.clock.now()).await.unwrap().0
    }

    pub(super) async fn with(&self, token: &str, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let bearer = format!("Bearer {token}");
        self.ask(method, path, body, &[("authorization", &bearer), JSON]).await
    }

    /// A run of `gate` in this project.
    async fn begun(&self, admin: &str, project: &str) -> String {
        let (status, run) = self.with(admin, "POST", &format!("/pipelines/{project}/gate/runs"), "{}").await;
        assert_eq!(status, 201, "{run}");
        run["id"].as_str().unwrap().to_owned()
    }

    async fn acts(&self) -> Vec<Act> {
        let rows = self.app.parts().access.audit(0, 1_000).await.unwrap();
        rows.iter().map(|row| serde_json::from_str(&row.entry).unwrap()).collect()
    }

    async fn is_sound(&self) {
        let parts = self.app.parts();
        assert_eq!(check(&*parts.journal, &*parts.access).await.unwrap().violations, []);
    }
}

fn text_of(problem: &Value) -> (&str, &str) {
    (problem["type"].as_str().unwrap_or_default(), problem["detail"].as_str().unwrap_or_default())
}

fn filled(path: &str, project: &str, run: &str) -> String {
    let step =
        path.replace("/runs/{id}", &format!("/runs/{run}")).replace("{project}/{name}", &format!("{project}/gate"));
    let path = step.replace("{step}", "ask").replace("{name}", "X").replace("{token}", "x").replace("{id}", "x");
    if path.starts_with("/secrets") { format!("{path}?project={project}") } else { path }
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_says_and_nobody_else() {
    let house = house().await;
    let table: BTreeMap<String, Line> =
        serde_yaml::from_str(include_str!("../../../../tests/data/access.yaml")).expect("the table is YAML");
    let root = house.token(&[Role::Admin, Role::Approver], &["*"]).await;
    let (own, other) = (house.begun(&root, "default").await, house.begun(&root, "other").await);
    let mut tokens = Vec::new();
    for role in Role::ALL {
        let all = house.token(&[role], &["*"]).await;
        tokens.push((
            role,
            house.token(&[role], &["default/*"]).await,
            house.token(&[role], &["default/keeper"]).await,
            all,
        ));
    }
    let (_, _, routes) = app::interface(&house.app);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for route in routes {
        let name = format!("{} {}", route.method, route.path);
        let Some(line) = table.get(&name) else {
            wrong.push(format!("{name}: no line in the table"));
            continue;
        };
        let path = |project: &str, run: &str| filled(&route.path, project, run);
        let (at_own, at_other) = (path("default", &own), path("other", &other));
        // Whoever says no token in its body must be asked for another one.
        let asked = |status: StatusCode| status == 401 && name != "POST /session";
        let (status, problem) = house.ask(&route.method, &at_own, "{}", &[JSON]).await;
        if asked(status) != (line.none == Nobody::Asked) {
            wrong.push(format!("{name} without a token: {status} {problem}"));
        }
        for (role, token, narrow, all) in &tokens {
            let may = line.let_in.contains(role);
            let whole = line.other == Other::Whole;
            let (status, problem) = house.with(if whole { all } else { token }, &route.method, &at_own, "{}").await;
            let let_in = text_of(&problem).0 != "/problems/forbidden" && !asked(status);
            if let_in != may {
                wrong.push(format!("{name} as {}: {status} {problem}", role.as_str()));
            }
            let (status, problem) = house.with(token, &route.method, &at_other, "{}").await;
            let (kind, detail) = text_of(&problem);
            let hidden = status == 404 && kind == "/problems/not-found" && detail.starts_with("there is no ");
            let fits = match line.other {
                // Secrets look at the role first, which says nothing of the project.
                Other::Hidden => hidden || (!may && route.path.starts_with("/secrets") && status == 403),
                Other::Whole => status == 403,
                Other::Same => (kind != "/problems/forbidden") == may,
            };
            if !fits {
                wrong.push(format!("{name} of another project as {}: {status} {problem}", role.as_str()));
            }
            let (status, problem) = house.with(narrow, &route.method, &at_own, "{}").await;
            if line.other == Other::Hidden && status != 404 && (may || !route.path.starts_with("/secrets")) {
                wrong.push(format!("{name} of another pipeline as {}: {status} {problem}", role.as_str()));
            }
        }
        seen.insert(name);
    }
    wrong.extend(
        table.keys().filter(|name| !seen.contains(*name)).map(|name| format!("{name}: there is no such route")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    house.is_sound().await;
}

#[tokio::test]
async fn lists_hold_what_somebody_reaches() {
    let house = house().await;
    let root = house.token(&[Role::Admin], &["*"]).await;
    let own = house.begun(&root, "default").await;
    house.begun(&root, "other").await;
    let ids = |list: &Value| {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let viewer = house.token(&[Role::Viewer], &["default/*"]).await;
    assert_eq!(ids(&house.with(&viewer, "GET", "/runs", "").await.1), std::slice::from_ref(&own));
    assert_eq!(ids(&house.with(&viewer, "GET", "/runs?pipeline=other/gate", "").await.1), [""; 0]);
    assert_eq!(ids(&house.with(&root, "GET", "/runs", "").await.1).len(), 2);
    assert_eq!(house.with(&viewer, "GET", "/pipelines", "").await.1["items"].as_array().unwrap().len(), 4);
    assert_eq!(house.with(&viewer, "GET", "/pipelines?project=other", "").await.1["items"], json!([]));
    let one = house.token(&[Role::Viewer], &["default/keeper", "other/*"]).await;
    let (_, list) = house.with(&one, "GET", "/pipelines", "").await;
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["name"]), (1, &json!("keeper")));
    // What a text may name is of a project too: `greet` is known to those who reach it, and nothing is known to others.
    let text = "version: 1\nname: p\nsteps: {a: {use: great}}\n";
    let codes = async |token: &str, query: &str| {
        let (_, found) = house.with(token, "POST", &format!("/validate{query}"), text).await;
        found["diagnostics"].to_string()
    };
    assert!(codes(&viewer, "").await.contains("greet"));
    assert!(!codes(&one, "").await.contains("greet") && !codes(&viewer, "?project=other").await.contains("greet"));
}

#[tokio::test]
async fn the_first_token_ends_the_time_without() {
    let house = house().await;
    let (status, session) = house.ask("GET", "/session", "", &[]).await;
    assert_eq!((status.as_u16(), &session["name"], &session["projects"]), (200, &json!("ada"), &json!(["*"])));
    let body = r#"{"name": "ci", "roles": ["viewer"], "projects": ["default/*"]}"#;
    let (status, made) = house.ask("POST", "/tokens", body, &[JSON]).await;
    assert_eq!(status, 201, "{made}");
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("loopline_") && token.len() == 9 + 64, "{token}");
    let request = Request::builder().uri("/api/v1/runs").header("host", "localhost");
    let response = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["www-authenticate"].to_str().unwrap()[..6]),
        (401, "Bearer")
    );
    assert_eq!(house.with(token, "GET", "/runs", "").await.0, 200);
    assert_eq!(house.with(token, "GET", "/tokens", "").await.0, 403);
    let root = house.token(&[Role::Admin], &["*"]).await;
    let (_, list) = house.with(&root, "GET", "/tokens", "").await;
    assert!(!list.to_string().contains(&token[9..]), "{list}");
    let id = made["id"].as_str().unwrap();
    let listed = list["items"].as_array().unwrap().iter().find(|listed| listed["id"] == id);
    assert_eq!(listed.unwrap()["created_by"], "ada", "{list}");
    // One who has no token is asked for one even where the last that was in force is gone.
    assert_eq!(house.with(&root, "DELETE", &format!("/tokens/{id}"), "").await.0, 204);
    assert_eq!(house.with(&root, "DELETE", &format!("/tokens/{id}"), "").await.0, 404);
    assert_eq!(house.with(token, "GET", "/runs", "").await.0, 401);
    let own = TokenHash::of(&root).id();
    assert_eq!(house.with(&root, "DELETE", &format!("/tokens/{own}"), "").await.0, 204);
    assert_eq!(house.ask("GET", "/runs", "", &[]).await.0, 401);
    for (body, pointer) in [
        (r#"{"name": "x", "roles": ["king"], "projects": ["*"]}"#, "/roles"),
        (r#"{"name": "x", "roles": ["viewer"], "projects": ["a/b/c"]}"#, "/projects"),
    ] {
        let root = house.token(&[Role::Admin], &["*"]).await;
        let (status, problem) = house.with(&root, "POST", "/tokens", body).await;
        assert_eq!((status.as_u16(), &problem["pointer"]), (422, &json!(pointer)), "{problem}");
    }
}

#[tokio::test]
async fn a_browser_has_its_token_in_a_cookie_that_no_script_reads() {
    let house = house().await;
    let token = house.token(&[Role::Viewer], &["default/*"]).await;
    let log_in = async |token: &str| {
        let body = json!({"token": token}).to_string();
        let request = Request::builder().method("POST").uri("/api/v1/session").header("host", "localhost");
        let request = request.header("content-type", "application/json").header("content-length", body.len());
        house.send(request.body(Body::from(body)).unwrap()).await
    };
    let answer = log_in(&token).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert_eq!(cookie, format!("loopline={token}; Path=/; HttpOnly; SameSite=Strict"));
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(house.ask("GET", "/runs", "", &[("cookie", &format!("a=b; {cookie}"))]).await.0, 200);
    let foreign = [("cookie", cookie), ("origin", "https://evil.example"), JSON];
    assert_eq!(house.ask("POST", "/validate", "{}", &foreign).await.0, 403);
    for wrong in ["loopline_0", "", "kohlrabi"] {
        let answer = log_in(wrong).await;
        assert_eq!((answer.status().as_u16(), answer.headers().get("set-cookie")), (401, None));
    }
}

#[tokio::test]
async fn whoever_guesses_is_told_less_and_others_go_on() {
    let house = house().await;
    let token = house.token(&[Role::Viewer], &["default/*"]).await;
    let mut answers = Vec::new();
    for _ in 0..22 {
        answers.push(house.with("loopline_00", "GET", "/runs", "").await.0.as_u16());
    }
    assert_eq!((answers[19], answers[20], answers[21]), (401, 429, 429));
    assert_eq!(house.with(&token, "GET", "/runs", "").await.0, 200);
}

/// Streams and waits end within 5 seconds once the token is not in force.
#[tokio::test]
async fn what_was_opened_ends_with_its_token() {
    let house = house().await;
    let root = house.token(&[Role::Admin], &["*"]).await;
    let run = house.begun(&root, "default").await;
    let now = house.app.parts().clock.now();
    let revoked = house.token(&[Role::Viewer], &["default/*"]).await;
    let expired = house.token_until(&[Role::Viewer], &["default/*"], Some(now.plus_ms(1_500))).await;
    let open = async |token: &str, path: &str, accept: &str| {
        let request = Request::builder().uri(format!("/api/v1/runs/{run}{path}")).header("host", "localhost");
        let request = request.header("authorization", format!("Bearer {token}")).header("accept", accept);
        house.send(request.body(Body::empty()).unwrap()).await
    };
    let stream = "text/event-stream";
    let streams = [
        open(&revoked, "/events", stream).await,
        open(&expired, "/events", stream).await,
        open(&revoked, "/steps/a/logs?visit=1&attempt=1", stream).await,
    ];
    let id = TokenHash::of(&revoked).id();
    let wait = open(&expired, "?wait=60s", "application/json");
    let began = Instant::now();
    assert_eq!(house.with(&root, "DELETE", &format!("/tokens/{id}"), "").await.0, 204);
    let ends = async {
        for answer in streams {
            assert_eq!(answer.status(), 200);
            axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        }
    };
    let (answer, ()) = tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(wait, ends) }).await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(began.elapsed() < Duration::from_secs(5), "after {:?}", began.elapsed());
    assert_eq!(open(&root, "", "application/json").await.status(), 200);
}

#[tokio::test]
async fn each_change_has_one_row_of_the_audit() {
    let house = house().await;
    let root = house.token(&[Role::Admin, Role::Approver], &["*"]).await;
    let run = house.begun(&root, "default").await;
    let waits = async || {
        for _ in 0..500 {
            if house.with(&root, "GET", &format!("/runs/{run}"), "").await.1["status"] == "waiting" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never waits");
    };
    waits().await;
    let refused = house.with(&root, "POST", &format!("/runs/{run}/steps/ask/approve"), r#"{"visit": 7}"#).await;
    assert_eq!(refused.0, 409);
    for (path, body) in [("pause", "{}"), ("resume", "{}"), ("steps/ask/approve", r#"{"visit": 1}"#)] {
        let (status, problem) = house.with(&root, "POST", &format!("/runs/{run}/{path}"), body).await;
        assert_eq!(status, 200, "{problem}");
    }
    assert_eq!(house.with(&root, "PUT", "/secrets/TOKEN", r#"{"value": "kohlrabi"}"#).await.0, 200);
    assert_eq!(house.with(&root, "DELETE", "/secrets/TOKEN", "").await.0, 204);
    assert_eq!(house.with(&root, "PUT", "/pipelines/default/gate", GATE).await.0, 428);
    let acts = house.acts().await;
    let does: Vec<&str> = acts.iter().map(|act| act.does.as_str()).collect();
    let expected = [
        "token.create",
        "run_created",
        "pause_requested",
        "resume_requested",
        "approval_decided",
        "secret.set",
        "secret.remove",
        "pipeline.put",
        "pipeline.put.refused",
    ];
    assert_eq!(does, expected);
    assert!(acts[1..].iter().all(|act| act.by.token.is_some() && act.by.name == "admin-of-*"));
    assert_eq!((&acts[5].before, &acts[5].after), (&None, &acts[6].before));
    assert_eq!(acts[7].before, acts[8].after);
    house.is_sound().await;
    let (_, page) = house.with(&root, "GET", "/audit?limit=2&cursor=1", "").await;
    assert_eq!((&page["items"][0]["does"], &page["items"][0]["event"]), (&json!("run_created"), &json!(1)));
    assert_eq!((&page["next_cursor"], page["items"].as_array().unwrap().len()), (&json!("3"), 2));
    assert!(!format!("{acts:?}{page}").contains("kohlrabi"));
}

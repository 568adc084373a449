//! Runs of definitions that are sent along.

use loopline_ports::access::Role;

use super::*;

const JSON: (&str, &str) = ("content-type", "application/json");
const DRAFT: &str = "version: 1\nname: draft\ninputs: {n: {type: integer, default: 1}}\nsteps:\n  hello: {use: greet, with: {to: you}}\n";

fn body(project: &str, definition: &str) -> Value {
    json!({"project": project, "definition": definition})
}

#[tokio::test]
async fn a_definition_is_run_as_it_was_sent_and_stored_under_no_name() {
    let house = house().await;
    let (status, run) = house.post("/runs?wait=30s", &json!({"definition": DRAFT, "inputs": {"n": 7}})).await;
    assert_eq!((status, &run["status"]), (StatusCode::CREATED, &json!("succeeded")), "{run}");
    assert_eq!(run["trigger"], json!({"kind": "draft", "actor": "ada"}));
    assert_eq!(
        (&run["project"], &run["pipeline"], &run["inputs"]),
        (&json!("default"), &json!("draft"), &json!({"n": 7}))
    );
    let (_, made_from) = house.ask("GET", &format!("/runs/{}/definition", run["id"].as_str().unwrap()), "", &[]).await;
    assert_eq!(made_from["yaml"], DRAFT);
    assert_eq!(house.ask("GET", "/pipelines/default/draft", "", &[]).await.0, StatusCode::NOT_FOUND);
    let (_, list) = house.ask("GET", "/runs?pipeline=draft", "", &[]).await;
    assert_eq!(list["items"][0]["trigger"]["kind"], "draft");
}

#[tokio::test]
async fn nothing_starts_of_a_definition_that_does_not_compile_or_inputs_that_do_not_fit() {
    let house = house().await;
    let broken = "version: 1\nname: draft\nsteps:\n  a: {run: x, needs: nobody}\n";
    let (status, problem) = house.post("/runs", &json!({"definition": broken})).await;
    assert_eq!((status, &problem["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/definition")));
    assert_eq!(problem["type"].as_str().unwrap().rsplit('/').next(), Some("invalid-pipeline"));
    assert_eq!(problem["diagnostics"][0]["pointer"], "/steps/a/needs", "{problem}");
    let (status, problem) = house.post("/runs", &json!({"definition": DRAFT, "inputs": {"n": "x"}})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let (status, problem) = house.post("/runs", &body("nowhere", DRAFT)).await;
    assert_eq!((status, &problem["pointer"]), (StatusCode::NOT_FOUND, &json!("/project")));
    for unreadable in [json!({}), json!({"definition": DRAFT, "more": 1}), json!({"definition": 1})] {
        assert!(house.post("/runs", &unreadable).await.0.is_client_error(), "{unreadable}");
    }
    assert_eq!(house.ask("GET", "/runs", "", &[]).await.1["items"], json!([]));
}

#[tokio::test]
async fn the_same_key_is_the_same_run_only_with_the_same_definition() {
    let house = house().await;
    let with_key = |definition: String| {
        let house = &house;
        let text = json!({"definition": definition}).to_string();
        async move { house.ask("POST", "/runs", &text, &[JSON, ("idempotency-key", "k")]).await }
    };
    let (first, run) = with_key(DRAFT.to_owned()).await;
    let (again, same) = with_key(DRAFT.to_owned()).await;
    assert_eq!((first, again, &run["id"]), (StatusCode::CREATED, StatusCode::OK, &same["id"]));
    let (status, problem) = with_key(DRAFT.replace("you", "me")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
}

#[tokio::test]
async fn only_who_may_store_a_pipeline_may_run_a_draft_of_it() {
    let house = house().await;
    let root = house.token(&[Role::Admin], &["*"]).await;
    let ask = |token: String, body: Value| {
        let house = &house;
        async move { house.with(&token, "POST", "/runs", &body.to_string()).await }
    };
    let gate = GATE.to_owned();
    let (status, problem) = ask(house.token(&[Role::Operator], &["default/*"]).await, body("default", &gate)).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{problem}");
    let keeper = house.token(&[Role::Editor], &["default/keeper"]).await;
    let (status, problem) = ask(keeper.clone(), body("default", &gate)).await;
    assert_eq!((status, &problem["pointer"]), (StatusCode::FORBIDDEN, &json!("/definition")), "{problem}");
    // Whoever reaches one pipeline alone may not name the others, nor their step types.
    let (status, _) = ask(keeper.clone(), body("default", &DRAFT.replace("name: draft", "name: keeper"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, run) = ask(keeper, body("default", KEEPER)).await;
    assert_eq!(status, StatusCode::CREATED, "{run}");
    let (status, _) = ask(house.token(&[Role::Editor], &["default/*"]).await, body("other", &gate)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(ask(root, body("other", &gate)).await.0, StatusCode::CREATED);
}

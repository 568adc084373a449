//! Values go in, and never out again, not even in what is said of a mistake.

use super::*;

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_value_is_set_listed_without_it_and_removed() {
    let house = house().await;
    let body = r#"{"value": "kohlrabi-7", "pipelines": ["gate"]}"#;
    let (status, set) = house.ask("PUT", "/secrets/TOKEN", body, &[JSON]).await;
    assert_eq!(status, 200, "{set}");
    let expected = ("TOKEN", "default", "ada", json!(["gate"]));
    let told = |secret: &Value| {
        let text = |name: &str| secret[name].as_str().unwrap_or_default().to_owned();
        (text("name"), text("project"), text("updated_by"), secret["pipelines"].clone())
    };
    let (name, project, by, pipelines) = told(&set);
    assert_eq!((name.as_str(), project.as_str(), by.as_str(), pipelines), expected);
    let (status, list) = house.ask("GET", "/secrets", "", &[]).await;
    assert_eq!((status, &list["items"]), (StatusCode::OK, &json!([set])));
    assert!(!format!("{set}{list}").contains("kohlrabi-7"));
    assert_eq!(house.ask("GET", "/secrets?project=other", "", &[]).await.1["items"], json!([]));
    assert_eq!(house.ask("DELETE", "/secrets/TOKEN?project=other", "", &[]).await.0, 404);
    let gone = house.ask("DELETE", "/secrets/TOKEN", "", &[]).await;
    assert_eq!(gone.0, 204);
    assert_eq!(house.ask("DELETE", "/secrets/TOKEN", "", &[]).await.0, 404);
    assert_eq!(house.ask("GET", "/secrets", "", &[]).await.1["items"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_a_secret_is_said_without_it() {
    let house = house().await;
    for (name, body, status, pointer) in [
        ("TOKEN", r#"{"value": 4711047110}"#, 422, json!("/value")),
        ("TOKEN", r#"{"pipelines": []}"#, 422, json!("/value")),
        ("TOKEN", r#"{"value": ""}"#, 422, Value::Null),
        ("TOKEN", r#"{"value": "a\u00004711047110"}"#, 422, Value::Null),
        ("a-b", r#"{"value": "4711047110"}"#, 422, Value::Null),
        ("TOKEN", r#"{"value": "4711047110""#, 400, Value::Null),
        ("TOKEN", r#"{"value": "4711047110", "pipeline": "gate"}"#, 422, Value::Null),
    ] {
        let (answered, problem) = house.ask("PUT", &format!("/secrets/{name}"), body, &[JSON]).await;
        assert_eq!((answered.as_u16(), &problem["pointer"]), (status, &pointer), "{body} {problem}");
        assert!(!problem.to_string().contains("4711047110"), "{problem}");
    }
    assert_eq!(house.ask("GET", "/secrets", "", &[]).await.1["items"], json!([]));
}

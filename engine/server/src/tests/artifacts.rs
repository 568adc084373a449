//! What steps have kept: one file, several as a tar, and each of them.

use std::io::Read as _;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::json;

use super::{HOSTILE, House, house};

impl House {
    async fn bytes(&self, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = Request::builder().uri(format!("/api/v1{path}")).header("host", "localhost:7878");
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, axum::body::to_bytes(body, usize::MAX).await.unwrap().into())
    }

    /// A run of `keeper` that is over.
    async fn kept(&self) -> String {
        let (status, run) = self.post("/pipelines/default/keeper/runs", &json!({})).await;
        assert_eq!(status, StatusCode::CREATED);
        let id = run["id"].as_str().unwrap().to_owned();
        let run = self.until(&id, |run| run["status"] == "succeeded").await;
        assert_eq!(run["steps"]["build"]["artifacts"]["site"]["files"], 2);
        id
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn a_file_is_downloaded_as_it_is_and_never_shown() {
    let house = house().await;
    let id = house.kept().await;
    let (status, headers, bytes) = house.bytes(&format!("/runs/{id}/steps/build/artifacts/app")).await;
    assert_eq!((status, &*bytes), (StatusCode::OK, &b"of 1.build.1.1"[..]));
    assert_eq!(headers["content-disposition"], "attachment; filename=\"_x_.bin\"");
    assert_eq!(headers["content-type"], "application/octet-stream");
    assert_eq!(headers["content-length"], "14");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    for (unit, name, attempt) in [("each[1]", "report", "each[1]"), ("around%2Finner", "log", "inner")] {
        let (status, _, bytes) = house.bytes(&format!("/runs/{id}/steps/{unit}/artifacts/{name}")).await;
        assert_eq!(status, StatusCode::OK, "{unit}");
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(attempt), "{unit} gave {text}");
    }
}

#[tokio::test]
async fn several_files_are_one_tar_that_is_always_the_same() {
    let house = house().await;
    let id = house.kept().await;
    let path = format!("/runs/{id}/steps/build/artifacts/site");
    let (status, headers, bytes) = house.bytes(&path).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-length"].to_str().unwrap().parse(), Ok(bytes.len()));
    assert_eq!(headers["content-disposition"], "attachment; filename=\"site.tar\"");
    assert_eq!(house.bytes(&path).await.2, bytes);
    let mut files = Vec::new();
    for entry in tar::Archive::new(&*bytes).entries().unwrap() {
        let mut entry = entry.unwrap();
        let (path, mode) = (entry.path_bytes().into_owned(), entry.header().mode().unwrap());
        assert_eq!((entry.header().mtime().unwrap(), entry.header().uid().unwrap()), (0, 0));
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.push((String::from_utf8(path).unwrap(), mode, text));
    }
    let expected =
        [(HOSTILE.to_owned(), 0o644, "of 1.build.1.1".to_owned()), ("b".to_owned(), 0o755, "two".to_owned())];
    assert_eq!(files, expected);
}

#[tokio::test]
async fn each_file_of_several_is_listed_and_downloaded() {
    let house = house().await;
    let id = house.kept().await;
    let path = format!("/runs/{id}/steps/build/artifacts");
    let (status, list) = house.ask("GET", &format!("{path}/site/files"), "", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&list["files"][0]["path"], &list["files"][1]["executable"]), (&json!(HOSTILE), &json!(true)));
    let (_, list) = house.ask("GET", &format!("{path}/app/files"), "", &[]).await;
    assert_eq!(list["files"][0]["path"], "out/app");
    let (status, headers, bytes) = house.bytes(&format!("{path}/site?file={}", percent(HOSTILE))).await;
    assert_eq!((status, &*bytes), (StatusCode::OK, &b"of 1.build.1.1"[..]));
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"nnn"));
    for (query, detail) in [
        ("site?file=c", "the artifact `site` has no such file"),
        ("site?file=..%2Fb", "the artifact `site` has no such file"),
        ("app?file=b", "the artifact `app` is one file by itself"),
        ("none", "`build` keeps no artifact `none`"),
        ("app?digest=sha256:0", "`build` keeps no artifact `app` of that digest"),
        ("app?at=1", "`build` keeps no artifact `app`"),
    ] {
        let (status, problem) = house.ask("GET", &format!("{path}/{query}"), "", &[]).await;
        assert_eq!((status, problem["detail"].as_str()), (StatusCode::NOT_FOUND, Some(detail)), "{query}");
    }
}

#[tokio::test]
async fn what_a_step_tells_people_is_text_and_data() {
    let house = house().await;
    let id = house.kept().await;
    let path = format!("/runs/{id}/steps/build");
    let (status, headers, bytes) = house.bytes(&format!("{path}/summary")).await;
    assert_eq!((status, &*bytes), (StatusCode::OK, &b"# Built\n<script>"[..]));
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    let (status, report) = house.ask("GET", &format!("{path}/tests"), "", &[]).await;
    assert_eq!((status, &report["counts"]["failed"], &report["left_out"]), (StatusCode::OK, &json!(1), &json!(3)));
    let (_, run) = house.ask("GET", &format!("/runs/{id}"), "", &[]).await;
    assert_eq!(run["steps"]["build"]["tests"]["tests"], 3);
    assert!(run["steps"]["each"].get("summary").is_none());
    for (path, detail) in [
        (format!("/runs/{id}/steps/each[0]/summary"), "`each[0]` has written no summary"),
        (format!("/runs/{id}/steps/none/tests"), "`none` has told of no tests"),
        (format!("{path}/tests?at=1"), "`build` has told of no tests"),
    ] {
        let (status, problem) = house.ask("GET", &path, "", &[]).await;
        assert_eq!((status, problem["detail"].as_str()), (StatusCode::NOT_FOUND, Some(detail)));
    }
}

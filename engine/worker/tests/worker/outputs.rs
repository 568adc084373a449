//! What a script leaves behind: `$LOOPLINE_OUTPUT` and artifacts.

use std::fs;

use futures::TryStreamExt;
use loopline_core::command::AttemptSpec;
use loopline_core::outcome::FailureKind;
use serde_json::json;

use crate::bench::{Bench, script};

#[tokio::test]
async fn outputs_are_read_from_their_file() {
    let mut bench = Bench::new();
    let text = r#"echo "version=1.2" >> "$LOOPLINE_OUTPUT"
        echo 'count:=[1, 2]' >> "$LOOPLINE_OUTPUT"
        { echo 'notes<<END'; echo 'one'; echo 'two'; echo END; } >> "$LOOPLINE_OUTPUT"
        echo done >> "$LOOPLINE_SUMMARY""#;
    let result = bench.succeed(script(text)).await;
    assert_eq!(json!(result.outputs), json!({"version": "1.2", "count": [1, 2], "notes": "one\ntwo"}));
}

#[tokio::test]
async fn a_bad_line_fails_the_step_and_hides_no_good_one() {
    let mut bench = Bench::new();
    let text = r#"printf 'a=1\nnonsense\nb=2\n' >> "$LOOPLINE_OUTPUT""#;
    let (error, result) = bench.fail(script(text), FailureKind::Contract).await;
    assert!(error.message.starts_with("line 2 of `$LOOPLINE_OUTPUT`"), "{}", error.message);
    assert_eq!(json!(result.outputs), json!({"a": "1", "b": "2"}));
}

#[tokio::test]
async fn a_failed_script_keeps_its_failure_and_its_outputs() {
    let mut bench = Bench::new();
    let text = r#"printf 'a=1\nnonsense\n' >> "$LOOPLINE_OUTPUT"; exit 9"#;
    let (error, result) = bench.fail(script(text), FailureKind::Exit).await;
    assert_eq!((error.exit_code, json!(result.outputs)), (Some(9), json!({"a": "1"})));
}

#[tokio::test]
async fn too_many_outputs_are_refused() {
    let mut bench = Bench::new();
    let text = r#"{ printf 'a='; head -c 262143 /dev/zero | tr '\0' x; } >> "$LOOPLINE_OUTPUT""#;
    bench.fail(script(text), FailureKind::OutputLimit).await;
}

fn keeping(text: &str, artifacts: &[(&str, &str)]) -> AttemptSpec {
    let artifacts = artifacts.iter().map(|(name, path)| (name.to_string(), path.to_string())).collect();
    AttemptSpec { artifacts, ..script(text) }
}

#[tokio::test]
async fn artifacts_are_kept_under_their_digest() {
    let mut bench = Bench::new();
    let text = "mkdir -p out; printf abc > out/report.txt; ln -s out/report.txt link";
    let result = bench.succeed(keeping(text, &[("report", "out/report.txt"), ("same", "link")])).await;
    let report = &result.artifacts["report"];
    assert_eq!(report.digest, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!((report.size, report.file_name.as_str()), (3, "report.txt"));
    let same = &result.artifacts["same"];
    assert_eq!((&same.digest, same.file_name.as_str()), (&report.digest, "link"));
    let content = bench.blobs.open(&report.digest).await.unwrap().expect("it is kept");
    let content: Vec<bytes::Bytes> = content.try_collect().await.unwrap();
    assert_eq!(content.concat(), b"abc");
}

#[tokio::test]
async fn what_cannot_be_kept_fails_the_step_and_says_why() {
    let mut bench = Bench::new();
    fs::write(bench.folder.path().join("secret"), "x").unwrap();
    let outside = bench.folder.path().join("secret");
    let outside = outside.to_str().unwrap();
    let made = "ln -sfn ../secret link; ln -sfn .. up; mkdir -p folder; [ -p pipe ] || mkfifo pipe; exec true";
    for (path, message) in [
        ("none", "artifact `kept`: there is no file `none` in the workspace"),
        ("folder/none", "artifact `kept`: there is no file `folder/none` in the workspace"),
        ("../secret", "lies outside the workspace"),
        (outside, "lies outside the workspace"),
        ("link", "lies outside the workspace"),
        ("up/secret", "lies outside the workspace"),
        ("folder/*.txt", "no file in the workspace fits `folder/*.txt`"),
        ("pipe", "`pipe` is not a plain file"),
        ("/dev/null", "lies outside the workspace"),
    ] {
        let (error, result) = bench.fail(keeping(made, &[("kept", path)]), FailureKind::Contract).await;
        assert!(error.message.contains(message), "{} should say {message}", error.message);
        assert!(result.artifacts.is_empty());
    }
}

#[tokio::test]
async fn a_failed_script_keeps_no_artifacts() {
    let mut bench = Bench::new();
    let (_, result) = bench.fail(keeping("echo x > file; exit 1", &[("kept", "file")]), FailureKind::Exit).await;
    assert!(result.artifacts.is_empty());
}

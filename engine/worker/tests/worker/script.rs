//! What a script gets, and what becomes of what it gives.

use loopline_core::outcome::FailureKind;

use crate::bench::{Bench, script};

#[tokio::test]
async fn a_script_succeeds_and_its_output_is_kept() {
    let mut bench = Bench::new();
    let spec = script("echo out; echo err >&2");
    let id = spec.id.clone();
    let result = bench.succeed(spec).await;
    assert_eq!(
        (result.exit_code, result.stdout.as_deref(), result.stderr.as_deref()),
        (Some(0), Some("out\n"), Some("err\n"))
    );
    let mut lines = bench.lines(&id).await;
    lines.sort();
    assert_eq!(lines, ["err", "out"]);
}

#[tokio::test]
async fn an_exit_code_is_a_failure_with_the_end_of_the_output() {
    let mut bench = Bench::new();
    let (error, result) = bench.fail(script("echo reason >&2; exit 3"), FailureKind::Exit).await;
    assert_eq!((error.exit_code, error.tail.as_deref()), (Some(3), Some("reason\n")));
    assert_eq!(error.message, "the script ended with exit code 3");
    assert_eq!(result.exit_code, Some(3));
}

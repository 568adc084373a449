//! What a step tells people: the summary that it writes, and the results of its tests. Neither ever fails it.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use loopline_core::outcome::{ArtifactRef, RawResult, TestsRef};
use loopline_ports::blobs::Blobs;
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use tokio::task::spawn_blocking;

use super::beneath::{Why, open_file};
use super::junit::Results;
use super::selection::{files_that_fit, is_pattern};
use super::shown;
use crate::attempt::Context;
use crate::attempt_log::AttemptLog;
use crate::mask::Secrets;

/// More of a summary is cut off.
const MAX_SUMMARY: u64 = 256 * 1024;

/// What stands behind a summary that was cut off.
const CUT: &str = "\n\n…\n\n*The summary is longer than 256 KiB; the rest is left out.*\n";

/// Files with test results of one step.
const MAX_FILES: usize = 1_000;

/// Bytes of all of them.
const MAX_RESULTS: u64 = 64 << 20;

/// Keeps what the step has told, whether it succeeded or failed.
pub(crate) async fn keep_told(
    context: &Context<'_>,
    workspace: &Path,
    summary: &Path,
    log: &mut AttemptLog,
    result: &mut RawResult,
) {
    let secrets = context.secrets();
    // Most steps write none, and need not wait for anybody to look at it.
    let is_empty = std::fs::symlink_metadata(summary).is_ok_and(|data| data.is_file() && data.len() == 0);
    let kept = if is_empty { Ok(None) } else { kept_summary(context.blobs, summary, &secrets).await };
    match kept {
        Ok(kept) => result.summary = kept,
        Err(why) => log.say(&format!("the summary is not kept: {why}")).await,
    }
    if context.spec.junit.is_empty() {
        return;
    }
    match kept_tests(context, workspace, secrets, log).await {
        Ok(kept) => result.tests = kept,
        Err(why) => log.say(&format!("the test results are not kept: {why}")).await,
    }
}

async fn kept_summary(blobs: &dyn Blobs, file: &Path, secrets: &Secrets) -> Result<Option<ArtifactRef>, Why> {
    let file = file.to_owned();
    let text = spawn_blocking(move || summary(&file)).await.map_err(|gone| gone.to_string())?;
    let Some(text) = text.map_err(|error| error.to_string())? else { return Ok(None) };
    let text = secrets.mask(&text);
    let kept = blobs.keep_bytes(text.into_bytes().into()).await.map_err(|error| error.to_string())?;
    Ok(Some(ArtifactRef { file_name: "summary.md".to_owned(), ..kept }))
}

/// The script may have put anything in its place: a link is not followed, and a pipe without writer not waited for.
fn summary(file: &Path) -> io::Result<Option<String>> {
    let file = match OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(file) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("the script has replaced the file by something else"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_SUMMARY + 1).read_to_end(&mut bytes)?;
    let is_cut = bytes.len() as u64 > MAX_SUMMARY;
    bytes.truncate(MAX_SUMMARY as usize);
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if is_cut {
        text.push_str(CUT);
    }
    Ok((!text.trim().is_empty()).then_some(text))
}

async fn kept_tests(
    context: &Context<'_>,
    workspace: &Path,
    secrets: Secrets,
    log: &mut AttemptLog,
) -> Result<Option<TestsRef>, Why> {
    let (workspace, patterns) = (workspace.to_owned(), context.spec.junit.clone());
    let read = spawn_blocking(move || results(&workspace, &patterns, &secrets)).await;
    let report = read.map_err(|gone| gone.to_string())??.report();
    for problem in report.problems.iter().take(10) {
        log.say(&format!("test results: {problem}")).await;
    }
    if report.counts.tests == 0 && report.problems.is_empty() {
        log.say("test results: no file holds any").await;
        return Ok(None);
    }
    let bytes = serde_json::to_vec(&report).map_err(|error| error.to_string())?;
    let kept = context.blobs.keep_bytes(bytes.into()).await.map_err(|error| error.to_string())?;
    Ok(Some(TestsRef { digest: kept.digest, counts: report.counts }))
}

fn results(workspace: &Path, patterns: &[String], secrets: &Secrets) -> Result<Results, Why> {
    let mut results = Results::default();
    for pattern in patterns.iter().filter(|pattern| !is_pattern(pattern)) {
        if !workspace.join(pattern).exists() {
            results.problem(format!("there is no file `{}` in the workspace", shown(pattern)));
        }
    }
    let mut left = MAX_RESULTS;
    for path in files_that_fit(workspace, patterns, MAX_FILES)? {
        if let Err(why) = read(workspace, &path, &mut left).and_then(|text| results.add(&text, secrets)) {
            results.problem(format!("`{}` cannot be used: {why}", shown(&path)));
        }
    }
    Ok(results)
}

fn read(workspace: &Path, path: &str, left: &mut u64) -> Result<String, Why> {
    let opened = open_file(workspace, path)?;
    if opened.size > *left {
        return Err(format!("all of them are more than {} MiB", MAX_RESULTS >> 20));
    }
    let mut bytes = Vec::new();
    opened.file.take(*left).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    *left -= bytes.len() as u64;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

//! What mocked work comes to, as a worker would report it.

use std::collections::BTreeMap;

use loopline_core::command::{AttemptSpec, Capture, HttpWork, Work};
use loopline_core::event::{ChildFinished, RunOutcome};
use loopline_core::id::AttemptKey;
use loopline_core::outcome::{ArtifactRef, Failure, FailureKind, HttpResponse, Outcome, RawResult};
use loopline_dsl::duration;
use loopline_dsl::language::testing::{Mock, MockResponse, Short};

/// What people read where the mock says nothing.
const AS_THE_TEST_SAYS: &str = "as the test says";

/// How long the attempt takes, and how it ends.
pub(crate) fn of_attempt(mock: &Mock, spec: &AttemptSpec) -> (u64, Outcome) {
    let after_ms = mock.after.as_ref().map_or(0, |after| after.0.value);
    let failure = failure_of(mock);
    let result = result_of(mock, spec, failure.as_ref());
    if after_ms > spec.timeout_ms {
        let message = format!("it did not end within its timeout of {}", duration::write(spec.timeout_ms));
        let error = Failure::new(FailureKind::Timeout, message);
        return (
            spec.timeout_ms,
            Outcome::Failed { error, result: RawResult { exit_code: None, artifacts: BTreeMap::new(), ..result } },
        );
    }
    let failure = failure.or_else(|| match (&spec.work, &result.response) {
        (Work::Http(http), Some(response)) => unexpected_status(http, response),
        _ => None,
    });
    let outcome = match failure {
        None => Outcome::Succeeded { result },
        Some(error) => Outcome::Failed { error, result },
    };
    (after_ms, outcome)
}

/// How long the child run takes, and how it ends.
pub(crate) fn of_child(mock: &Mock, key: AttemptKey) -> (u64, ChildFinished) {
    let after_ms = mock.after.as_ref().map_or(0, |after| after.0.value);
    let error = failure_of(mock);
    let outcome = if error.is_some() { RunOutcome::Failed } else { RunOutcome::Succeeded };
    let outputs = outputs_of(mock).collect();
    (after_ms, ChildFinished { key, outcome, began: true, outputs, error })
}

fn outputs_of(mock: &Mock) -> impl Iterator<Item = (String, serde_json::Value)> {
    let items = mock.outputs.iter().flat_map(|outputs| &outputs.0);
    items.filter_map(|item| Some((item.name.clone(), item.value.as_ref()?.0.value.clone())))
}

fn failure_of(mock: &Mock) -> Option<Failure> {
    let (kind, more) = match mock.fail.as_ref()? {
        Short::Word(word) => (word.0.value, None),
        Short::Long(fail) => (fail.kind.0.value, Some(fail)),
    };
    let message = more.and_then(|fail| fail.message.as_ref()).map_or(AS_THE_TEST_SAYS, |message| &message.value);
    let mut failure = Failure::new(kind, message);
    match kind {
        FailureKind::Exit => {
            let code = more.and_then(|fail| fail.exit_code.as_ref()).map_or(1, |code| code.0.value);
            failure.exit_code = i32::try_from(code).ok();
        }
        FailureKind::Signal => {
            let signal = more.and_then(|fail| fail.signal.as_ref()).map_or(9, |signal| signal.0.value);
            failure.signal = i32::try_from(signal).ok();
        }
        FailureKind::HttpStatus => {
            let of_answer = mock.response.as_ref().map_or(500, status_of);
            let status = more.and_then(|fail| fail.status.as_ref()).map(|status| status.0.value as u16);
            failure.status = Some(status.unwrap_or(of_answer));
        }
        _ => {}
    }
    failure.tail = mock.stderr.as_ref().or(mock.stdout.as_ref()).map(|text| text.value.clone());
    Some(failure)
}

/// Only what the attempt was asked to capture is there, as with real work.
fn result_of(mock: &Mock, spec: &AttemptSpec, failure: Option<&Failure>) -> RawResult {
    let text = |text: &Option<loopline_dsl::language::Text>| text.as_ref().map_or(String::new(), |t| t.value.clone());
    let mut result = RawResult { outputs: outputs_of(mock).collect(), ..RawResult::default() };
    match &spec.work {
        Work::Http(_) => {
            // Without an answer there is none to look at.
            let answered = !failure.is_some_and(|failure| {
                matches!(failure.kind, FailureKind::Connection | FailureKind::Timeout | FailureKind::Lost)
            });
            result.response = answered.then(|| answer(mock.response.as_ref(), failure, spec.capture));
        }
        _ => {
            result.exit_code = failure.map_or(Some(0), |failure| failure.exit_code);
            result.stdout = spec.capture.stdout.then(|| text(&mock.stdout));
            result.stderr = spec.capture.stderr.then(|| text(&mock.stderr));
        }
    }
    if failure.is_none() {
        result.artifacts = artifacts_of(spec);
    }
    result
}

/// What a step declares to keep is there when it succeeds: other steps may fetch it. There is no content to it.
pub(crate) fn artifacts_of(spec: &AttemptSpec) -> BTreeMap<String, ArtifactRef> {
    let artifact = |(name, path): (&String, &String)| {
        let file_name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let digest = format!("sha256:{}", "0".repeat(64));
        (name.clone(), ArtifactRef { digest, file_name, path: Some(path.clone()), ..ArtifactRef::default() })
    };
    spec.artifacts.iter().map(artifact).collect()
}

fn answer(response: Option<&MockResponse>, failure: Option<&Failure>, capture: Capture) -> HttpResponse {
    let status = failure.and_then(|failure| failure.status).or(response.map(status_of)).unwrap_or(200);
    let Some(response) = response else { return HttpResponse { status, ..HttpResponse::default() } };
    let headers = response.headers.iter().flat_map(|headers| &headers.0.0);
    let headers = headers
        .filter_map(|header| Some((header.name.to_ascii_lowercase(), header.value.as_ref()?.value.clone())))
        .collect();
    let written = response.body.as_ref().map(|body| body.value.clone());
    let json = match (&response.json, &written) {
        (Some(json), _) => Some(json.0.value.clone()),
        (None, Some(body)) => serde_json::from_str(body).ok(),
        (None, None) => None,
    };
    let body = written.or_else(|| json.as_ref().map(ToString::to_string));
    HttpResponse { status, headers, body: body.filter(|_| capture.body), json: json.filter(|_| capture.body) }
}

fn status_of(response: &MockResponse) -> u16 {
    response.status.as_ref().map_or(200, |status| status.0.value as u16)
}

fn unexpected_status(http: &HttpWork, response: &HttpResponse) -> Option<Failure> {
    let status = response.status;
    let expected = match http.expect_status.as_slice() {
        [] => (200..300).contains(&status),
        ranges => ranges.iter().any(|range| (range.first..=range.last).contains(&status)),
    };
    let message = format!("the answer has status {status}, which is not expected");
    (!expected).then(|| Failure { status: Some(status), ..Failure::new(FailureKind::HttpStatus, message) })
}

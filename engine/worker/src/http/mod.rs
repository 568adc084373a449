//! A request: sent once, redirects followed, its answer read, checked and kept as far as it was asked for.
//!
//! Credentials stand in headers, in the body, in `query` and before the `@` of a URL. None of them is logged, and none
//! of them follows a redirect to another origin. What a server says back of a secret is masked before it is kept.

mod answer;
mod callback;
mod certificates;
mod client;
mod egress;
mod failure;
mod request;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loopline_core::command::HttpWork;
use loopline_core::outcome::{Failure, FailureKind, HttpResponse, Outcome, RawResult};
use reqwest::StatusCode;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::answer::{Answer, Body};
pub use self::callback::Callbacks;
use self::certificates::{Asked, Certificates};
pub(crate) use self::client::Client;
pub(crate) use self::egress::system_names;
pub use self::egress::{EgressPolicy, EgressRule, NameLookup};
use self::request::Request;
use crate::activity::Activity;
use crate::attempt::Context;
use crate::attempt_log::AttemptLog;
use crate::duration::spoken;
use crate::size::spoken_size;
use crate::workspace;

/// After so many redirects a request is given up.
const MAX_REDIRECTS: usize = 10;

/// Sends the request and reads the answer.
pub(crate) async fn run(
    context: &Context<'_>,
    work: &HttpWork,
    mut log: AttemptLog,
    cancel: &CancellationToken,
) -> (Outcome, AttemptLog) {
    let spec = context.spec;
    let activity = Activity::begin();
    let progress = Progress::default();
    let deadline = Instant::now() + Duration::from_millis(spec.timeout_ms);
    let exchanged = tokio::select! {
        biased;
        exchanged = exchange(context, work, &mut log, &activity, &progress) => exchanged,
        () = cancel.cancelled() => {
            log.say("the step was cancelled; its request was given up").await;
            return (Outcome::Cancelled { result: RawResult::default() }, log);
        }
        () = sleep_until(deadline) => {
            let time = spoken(spec.timeout_ms);
            let message = match progress.answered.load(Ordering::Relaxed) {
                true => format!("the answer began, and was not whole within the timeout of {time}"),
                false => format!("no answer came within the timeout of {time}"),
            };
            Err(Failure::new(FailureKind::Timeout, message))
        }
        () = activity.idle_for(spec.idle_timeout_ms.map(Duration::from_millis)) => {
            let time = spoken(spec.idle_timeout_ms.unwrap_or_default());
            Err(Failure::new(FailureKind::Timeout, format!("the server sent nothing for the idle timeout of {time}")))
        }
    };
    let (failure, result) = match exchanged {
        Ok(answer) => judge(work, answer, context.config.max_response),
        Err(failure) => (Some(failure), RawResult::default()),
    };
    match failure {
        None => (Outcome::Succeeded { result }, log),
        Some(mut error) => {
            error.message = context.secrets().mask(&error.message);
            log.say(&error.message).await;
            (Outcome::Failed { error, result }, log)
        }
    }
}

/// How far a request has come, for whoever ends it.
#[derive(Debug, Default)]
struct Progress {
    /// Some server has answered, redirects included, and the body of the last answer may be on its way.
    answered: AtomicBool,
}

/// The clients of one attempt.
enum Clients<'a> {
    /// That of all steps without certificates of their own.
    Usual(reqwest::Client),
    /// With what the step says of certificates.
    Own { named: reqwest::Client, certificates: Certificates, makes: &'a Client },
}

impl<'a> Clients<'a> {
    async fn of(context: &Context<'a>, work: &HttpWork, log: &mut AttemptLog) -> Result<Self, Failure> {
        let Some(tls) = work.tls.clone() else { return Ok(Self::Usual(context.http.usual()?)) };
        let (workspaces, spec, record) =
            (context.config.workspaces.clone(), context.spec.clone(), context.record.clone());
        let reads = spawn_blocking(move || Certificates::read(&workspace::prepare(&workspaces, &spec, &record)?, &tls));
        let gone = |_| Failure::new(FailureKind::Connection, "the files of `http.tls` could not be read");
        let certificates = reads.await.map_err(gone)??;
        if let Some(warning) = certificates.warning() {
            log.say(warning).await;
        }
        Ok(Self::Own { named: context.http.with(&certificates, Asked::Named)?, certificates, makes: context.http })
    }

    fn to(&self, asked: Asked) -> Result<reqwest::Client, Failure> {
        match self {
            Self::Own { certificates, makes, .. }
                if asked == Asked::Elsewhere && certificates.tells_origins_apart() =>
            {
                makes.with(certificates, asked)
            }
            Self::Usual(client) | Self::Own { named: client, .. } => Ok(client.clone()),
        }
    }
}

/// From the first request to the last byte of the last answer.
async fn exchange(
    context: &Context<'_>,
    work: &HttpWork,
    log: &mut AttemptLog,
    activity: &Activity,
    progress: &Progress,
) -> Result<Answer, Failure> {
    let mut request = Request::first(context, work)?;
    let clients = Clients::of(context, work, log).await?;
    let secrets = context.secrets();
    let limit = context.spec.capture.body.then_some(context.config.max_response);
    for _ in 0..=MAX_REDIRECTS {
        let began = Instant::now();
        context.http.check(request.url())?;
        progress.answered.store(false, Ordering::Relaxed);
        let response = match clients.to(request.asked())?.execute(request.to_send()?).await {
            Ok(response) => response,
            Err(error) => return Err(failure::explain(error, request.url())),
        };
        activity.note();
        progress.answered.store(true, Ordering::Relaxed);
        let status = response.status();
        let line = format!("{} → {status} in {} ms", request.shown(), began.elapsed().as_millis());
        let line = secrets.mask(&line);
        let target = if work.follow_redirects { request::redirect_target(&response, request.url())? } else { None };
        let Some(target) = target else {
            log.say(&line).await;
            return answer::read(response, limit, secrets, activity)
                .await
                .map_err(|error| failure::explain(error, request.url()));
        };
        log.say(&format!("{line}, redirected")).await;
        request = request.redirected(status, target)?;
    }
    let message = format!("the server redirected more than {MAX_REDIRECTS} times");
    Err(Failure::new(FailureKind::Connection, message))
}

/// What the answer means, and what is kept of it.
fn judge(work: &HttpWork, answer: Answer, limit: usize) -> (Option<Failure>, RawResult) {
    let Answer { status, headers, body, tail } = answer;
    let text = body.text();
    let response = HttpResponse {
        status: status.as_u16(),
        headers,
        json: text.as_ref().and_then(|text| serde_json::from_str(text).ok()),
        body: text,
    };
    let result = RawResult { response: Some(response), ..RawResult::default() };
    let failure = if !is_expected(work, status) {
        let tail = tail.text();
        let said = tail.as_deref().map(excerpt).filter(|said| !said.is_empty());
        let said = said.map(|said| format!("; it said: {said}")).unwrap_or_default();
        let message = format!("the server answered {status}, and {} was expected{said}", expected(work));
        Some(Failure { status: Some(status.as_u16()), tail, ..Failure::new(FailureKind::HttpStatus, message) })
    } else if body == Body::TooLarge {
        let limit = spoken_size(limit as u64);
        let message = format!("the body of the answer is larger than {limit}, and the step reads it");
        Some(Failure { tail: tail.text(), ..Failure::new(FailureKind::OutputLimit, message) })
    } else {
        None
    };
    (failure, result)
}

fn is_expected(work: &HttpWork, status: StatusCode) -> bool {
    if work.expect_status.is_empty() {
        return status.is_success();
    }
    work.expect_status.iter().any(|range| (range.first..=range.last).contains(&status.as_u16()))
}

fn expected(work: &HttpWork) -> String {
    if work.expect_status.is_empty() {
        return "200–299".to_owned();
    }
    let ranges = work.expect_status.iter().map(|range| {
        if range.first == range.last { range.first.to_string() } else { format!("{}–{}", range.first, range.last) }
    });
    ranges.collect::<Vec<_>>().join(" or ")
}

/// A few words of a body, on one line.
fn excerpt(body: &str) -> String {
    const WORDS: usize = 200;
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

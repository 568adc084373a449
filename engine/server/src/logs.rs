//! `/runs/{id}/steps/{step}/logs`: as bytes, as lines, or as they come.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use loopline_core::id::{AttemptId, AttemptKey, Enclosing, InvalidStepId, RunId, StepPath, Within};
use loopline_core::view::RunView;
use loopline_ports::blobs::{LogLine, Missing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::VisibleRun;
use crate::app::App;
use crate::events::KEEP_ALIVE;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::settled::is_settled;

/// Says what was left out of the middle of the bytes.
const MISSING: &str = "loopline-log-missing";

/// Lines read at once.
const PAGE: usize = 1000;

/// Which attempt, and from where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct LogsQuery {
    /// The latest with a log unless said.
    visit: Option<u32>,
    /// The latest of the visit unless said.
    attempt: Option<u32>,
    /// For a step that runs many times.
    item: Option<u32>,
    /// The log of what undoes the step.
    undo: bool,
    /// Only lines behind this one.
    after: Option<u64>,
    /// Only lines that hold this text; letters of ASCII match in either case. Not with bytes, nor live.
    search: Option<String>,
}

/// A piece of a log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogPage {
    /// The visit it is of.
    visit: u32,
    /// The attempt it is of.
    attempt: u32,
    /// In order; at most 1,000.
    #[schema(value_type = Vec<LogLineSchema>)]
    lines: Vec<LogLine>,
    /// Send it as `after` for the next piece.
    next: u64,
    /// The log is complete, and this was its end.
    complete: bool,
    /// How many lines of the whole log hold the text that is looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

/// A line of a log: describes [`LogLine`] to the document, because the ports know no OpenAPI.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogLine)]
pub struct LogLineSchema {
    /// From 1, over all streams of the attempt.
    n: u64,
    /// When its first byte was read.
    at: loopline_core::time::Timestamp,
    /// Where it came from.
    stream: LogStreamSchema,
    /// Without the line end.
    text: String,
    /// The line stands for what was left out at its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<MissingSchema>,
}

/// What was left out of the middle of a log that had reached its limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Missing)]
pub struct MissingSchema {
    /// How many bytes.
    bytes: u64,
    /// How many of them end a line.
    lines: u64,
}

/// Where a line came from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogStream)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "only described, never made")]
pub enum LogStreamSchema {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The engine.
    System,
}

/// The log of one attempt: bytes for `Accept: text/plain`, lines as JSON, or live as `text/event-stream`.
#[utoipa::path(get, path = "/runs/{id}/steps/{step}/logs", operation_id = "get_step_logs", tag = "runs",
    params(("id" = RunId, Path), ("step" = StepPath, Path), LogsQuery, ("last-event-id" = Option<u64>, Header)),
    responses(
        (status = 200, headers(("loopline-log-missing" = String)), content((LogPage = "application/json"), (String = "text/plain"), (String = "text/event-stream"))),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn logs(
    State(app): State<App>,
    run: VisibleRun,
    Path((_id, step)): Path<(String, String)>,
    Query(query): Query<LogsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let run = run.id();
    let step: StepPath = step.parse().map_err(|error: InvalidStepId| Problem::not_found(error.to_string()))?;
    let accept = headers.get(header::ACCEPT).map_or(&b""[..], |accept| accept.as_bytes());
    if accept.starts_with(b"text/event-stream") {
        let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
        let after = resumed.or(query.after).unwrap_or(0);
        let id = chosen_or_to_come(&app, run, step, &query).await?;
        return Ok(stream_of(app, id, after));
    }
    let id = chosen(&app, run, &step, &query).await?;
    let blobs = &app.parts().blobs;
    if accept.starts_with(b"text/plain") {
        let raw = blobs.read_raw(&id).await?;
        let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        let bytes = (kind, Body::from_stream(raw.bytes));
        return Ok(match raw.missing {
            Some(Missing { bytes: left_out, lines }) => {
                ([(MISSING, format!("bytes={left_out}, lines={lines}"))], bytes).into_response()
            }
            None => bytes.into_response(),
        });
    }
    let after = query.after.unwrap_or(0);
    let (lines, complete, total) = match &query.search {
        Some(text) => {
            let found = blobs.search_lines(&id, text, after, PAGE).await?;
            (found.lines, found.complete, Some(found.total))
        }
        None => {
            let page = blobs.read_lines(&id, after, PAGE).await?;
            (page.lines, page.complete, None)
        }
    };
    let next = lines.last().map_or(after, |line| line.n);
    let (visit, attempt) = (id.key.visit, id.key.attempt);
    Ok(Json(LogPage { visit, attempt, lines, next, complete, total }).into_response())
}

/// The attempt that is meant: as named, else the latest that has a log.
async fn chosen(app: &App, run: RunId, step: &StepPath, query: &LogsQuery) -> Result<AttemptId, Problem> {
    let fits = |key: &AttemptKey| {
        key.within.path_to(key.step.clone()) == *step
            && key.undo == query.undo
            && query.visit.is_none_or(|visit| visit == key.visit)
            && query.attempt.is_none_or(|attempt| attempt == key.attempt)
            && query.item.is_none_or(|item| key.item == Some(item))
    };
    let keys = app.parts().blobs.logs_of(run).await?;
    let latest = keys.into_iter().filter(fits).max_by_key(|key| {
        let around: Vec<_> = key.within.iter().map(|around| (around.visit, around.attempt)).collect();
        (key.epoch, around, key.visit, key.attempt, key.item)
    });
    match latest {
        Some(key) => Ok(AttemptId { run, key }),
        None => {
            // Tell a run that is not there apart from a log that is not there.
            app.parts()
                .driver
                .events(run, 0, 1)
                .await?
                .first()
                .ok_or_else(|| Problem::not_found(format!("there is no run {run}")))?;
            Err(Problem::not_found(format!("`{step}` has written no such log")))
        }
    }
}

/// A follower may come before the attempt has written anything, when it names the attempt.
async fn chosen_or_to_come(app: &App, run: RunId, step: StepPath, query: &LogsQuery) -> Result<AttemptId, Problem> {
    match (chosen(app, run, &step, query).await, query.visit, query.attempt) {
        (Err(problem), Some(visit), Some(attempt)) if problem.status == 404 => {
            let view = app.parts().driver.view(run, None).await?;
            let key = to_come(&view, &step, query, visit, attempt).ok_or(problem)?;
            Ok(AttemptId { run, key })
        }
        (chosen, ..) => chosen,
    }
}

/// The attempt with these numbers, if the run has begun it.
fn to_come(view: &RunView, path: &StepPath, query: &LogsQuery, visit: u32, attempt: u32) -> Option<AttemptKey> {
    let (mut steps, mut compensations) = (&view.steps, &view.compensations);
    let mut within = Within::default();
    for (id, item) in &path.within {
        let around = steps.get(id)?;
        let (visit, attempt, child) = match item {
            None => (around.visit, around.attempt, &around.child),
            Some(item) => {
                let item = around.items.as_ref()?.get(*item as usize)?;
                (item.kept_from.unwrap_or(around.visit), item.attempt, &item.child)
            }
        };
        within = within.and(Enclosing { step: id.clone(), item: *item, visit, attempt });
        let child = child.as_ref()?;
        (steps, compensations) = (&child.steps, &child.compensations);
    }
    let step = steps.get(&path.step)?;
    let known = if query.undo {
        let of_step = compensations.iter().filter(|undo| undo.step == path.step && undo.item == query.item);
        of_step.filter(|undo| undo.visit == visit).any(|undo| attempt <= undo.attempt)
    } else {
        let (latest, child) = match query.item {
            None => {
                let asked = step.visits.iter().find(|asked| asked.visit == visit);
                (step.attempt, asked.and_then(|asked| asked.child_run))
            }
            Some(item) => {
                let item = step.items.as_ref()?.get(item as usize)?;
                // One that keeps an earlier result has no attempt in this visit.
                (if item.kept_from.is_some() { 0 } else { item.attempt }, item.child_run)
            }
        };
        // A child run has logs of its own; there will be none here.
        child.is_none() && (visit < step.visit || (visit == step.visit && attempt <= latest))
    };
    known.then(|| AttemptKey {
        epoch: view.epoch,
        step: path.step.clone(),
        item: query.item,
        visit,
        attempt,
        within,
        undo: query.undo,
    })
}

struct Streaming {
    app: App,
    id: AttemptId,
    after: u64,
    seen: u64,
    ready: VecDeque<LogLine>,
    complete: bool,
    last_look: bool,
    ended: bool,
}

/// Waits until the attempt is over: one that never began has written nothing, not even an end. A log that was begun is
/// always ended, by whoever looks after the attempt.
async fn is_over(app: &App, id: &AttemptId) {
    let driver = &app.parts().driver;
    let Ok(mut progress) = driver.follow(id.run).await else { return };
    loop {
        progress.borrow_and_update();
        match driver.view(id.run, None).await {
            Ok(view) if !is_settled(&view, &id.key) => {}
            _ => return,
        }
        // The end of the watch is the end of the run.
        if progress.changed().await.is_err() {
            return;
        }
    }
}

fn stream_of(app: App, id: AttemptId, after: u64) -> Response {
    let start =
        Streaming { app, id, after, seen: 0, ready: VecDeque::new(), complete: false, last_look: false, ended: false };
    let stream = stream::unfold(start, |mut streaming| async move {
        streaming.next().await.map(|event| (Ok::<_, Infallible>(event), streaming))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

impl Streaming {
    async fn next(&mut self) -> Option<SseEvent> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                self.after = line.n;
                let sse = SseEvent::default().id(line.n.to_string()).event("line");
                return Some(
                    sse.json_data(&line).unwrap_or_else(|error| SseEvent::default().comment(error.to_string())),
                );
            }
            if self.ended {
                return None;
            }
            if self.complete {
                self.ended = true;
                return Some(SseEvent::default().event("end").data("{}"));
            }
            let blobs = &self.app.parts().blobs;
            let page = match blobs.read_lines(&self.id, self.after, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(attempt = %self.id, %error, "a log stream broke");
                    return None;
                }
            };
            self.complete = page.complete;
            let full = page.lines.len() == PAGE;
            self.ready.extend(page.lines);
            if self.ready.is_empty() && !self.complete {
                if self.last_look {
                    self.complete = true;
                    continue;
                }
                let seen = self.seen.max(page.seen);
                let grown = tokio::select! {
                    biased;
                    grown = blobs.wait_growth(&self.id, seen) => grown,
                    // Whatever it has written was there before it was said to be over. So once more, and no further.
                    () = is_over(&self.app, &self.id), if seen == 0 => {
                        self.last_look = true;
                        continue;
                    }
                };
                match grown {
                    Ok(grown) => self.seen = grown,
                    Err(error) => {
                        tracing::warn!(attempt = %self.id, %error, "a log stream broke");
                        return None;
                    }
                }
            } else if !full {
                self.seen = page.seen;
            }
        }
    }
}

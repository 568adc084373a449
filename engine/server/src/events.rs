//! `/runs/{id}/events`: the history, as a list or as it grows.
//!
//! Each event comes with what it changed, so that a page can follow a run without knowing a rule: the fold of `loopline-core`
//! is run here once more, one state a reader.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use loopline_core::event::{Event, Recorded};
use loopline_core::graph::Graph;
use loopline_core::id::{RunId, Seq};
use loopline_core::machine::{RunState, apply};
use loopline_core::time::Timestamp;
use loopline_core::view::Changes;
use loopline_ports::driver::Progress;
use loopline_ports::history;
use loopline_ports::journal::JournalError;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::{IntoParams, ToSchema};

use crate::access::VisibleRun;
use crate::app::App;
use crate::extract::Query;
use crate::problem::Problem;

/// Events read at once.
const PAGE: u32 = 500;

/// An event, and what it changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunEvent {
    /// 1, 2, 3 … without gap.
    seq: Seq,
    /// When it was taken in.
    at: Timestamp,
    /// What happened.
    event: Event,
    /// What that changed.
    changes: Changes,
}

/// A piece of history.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunEvents {
    /// In order; at most 500.
    events: Vec<RunEvent>,
    /// The last event in this answer, or the one it was to begin behind.
    last_seq: Seq,
}

/// Where to begin.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    /// Only events behind this one.
    after: Option<Seq>,
}

/// The history behind an event. `Accept: text/event-stream` streams it and goes on live; `Last-Event-ID` goes before `after`.
#[utoipa::path(get, path = "/runs/{id}/events", operation_id = "get_run_events", tag = "runs",
    params(("id" = RunId, Path), EventsQuery, ("last-event-id" = Option<Seq>, Header)),
    responses(
        (status = 200, content((RunEvents = "application/json"), (String = "text/event-stream"))),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn events(
    State(app): State<App>,
    run: VisibleRun,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let run = run.id();
    let live = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/event-stream"));
    let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let after = resumed.or(query.after).unwrap_or(0);
    let mut reader = Reader::open(&app, run, after).await?;
    if live {
        let progress = app.parts().driver.follow(run).await?;
        return Ok(stream_of(reader, progress, after));
    }
    let events = reader.read().await?;
    let last_seq = events.last().map_or(after, |event| event.seq);
    Ok(Json(RunEvents { events, last_seq }).into_response())
}

/// Folds a history page by page.
struct Reader {
    app: App,
    run: RunId,
    graph: Arc<Graph>,
    state: RunState,
}

impl Reader {
    /// Stands behind this event, or behind the last one.
    async fn open(app: &App, run: RunId, after: Seq) -> Result<Self, Problem> {
        let definition = app.parts().journal.definition_of(run).await?;
        let definition = definition.ok_or_else(|| Problem::not_found(format!("there is no run {run}")))?;
        let pinned = (&*definition.graph, definition.digest.as_str());
        let state = match after {
            0 => RunState::default(),
            after => history::state(&*app.parts().journal, run, pinned, Some(after)).await?.state,
        };
        Ok(Self { app: app.clone(), run, graph: definition.graph, state })
    }

    async fn read(&mut self) -> Result<Vec<RunEvent>, Problem> {
        let page = self.app.parts().driver.events(self.run, self.state.last_seq(), PAGE).await?;
        page.into_iter().map(|recorded| self.fold(recorded)).collect()
    }

    fn fold(&mut self, recorded: Recorded) -> Result<RunEvent, Problem> {
        let (run, seq) = (self.run, recorded.seq);
        let damaged = |why: String| Problem::from(JournalError::Damaged(format!("run {run}, event {seq}: {why}")));
        RunEvent::of(&self.graph, &mut self.state, recorded).map_err(damaged)
    }
}

impl RunEvent {
    /// Takes an event into a state, and says what that changed.
    pub(crate) fn of(graph: &Graph, state: &mut RunState, recorded: Recorded) -> Result<Self, String> {
        let applied = apply(graph, state, &recorded).map_err(|refused| refused.to_string())?;
        let changes = state.changes(graph, &applied).ok_or("it begins nothing")?;
        Ok(Self { seq: recorded.seq, at: recorded.at, event: recorded.event, changes })
    }
}

struct Streaming {
    reader: Reader,
    progress: watch::Receiver<Progress>,
    after: Seq,
    ready: VecDeque<RunEvent>,
    ended: bool,
}

/// How long a stream stays silent before it says that it is still there. The
/// editor takes one for gone after 25 s without a byte.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(10);

fn stream_of(reader: Reader, progress: watch::Receiver<Progress>, after: Seq) -> Response {
    let start = Streaming { reader, progress, after, ready: VecDeque::new(), ended: false };
    let stream = stream::unfold(start, |mut streaming| async move {
        streaming.next().await.map(|event| (Ok::<_, Infallible>(event), streaming))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

impl Streaming {
    async fn next(&mut self) -> Option<SseEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                let sse = SseEvent::default().id(event.seq.to_string()).event("run");
                return Some(
                    sse.json_data(&event).unwrap_or_else(|error| SseEvent::default().comment(error.to_string())),
                );
            }
            if self.ended {
                return None;
            }
            // Marked as seen before the read: what is written in between wakes the wait below once more.
            let closed = self.progress.has_changed().is_err();
            let over = self.progress.borrow_and_update().over;
            match self.reader.read().await {
                Err(problem) => {
                    tracing::warn!(run = %self.reader.run, detail = %problem.detail, "an event stream broke");
                    // The client comes back with the last id that it has seen.
                    return None;
                }
                Ok(page) if page.is_empty() && (over || self.reader.state.is_over()) => {
                    self.ended = true;
                    return Some(SseEvent::default().event("end").data("{}"));
                }
                Ok(page) if page.is_empty() && closed => return None,
                Ok(page) if page.is_empty() => {
                    // Closed: the run is over, and its last events are read in the next round.
                    let _ = self.progress.changed().await;
                }
                Ok(page) => self.ready.extend(page.into_iter().filter(|event| event.seq > self.after)),
            }
        }
    }
}

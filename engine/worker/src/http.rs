//! A request: sent once, its answer read, checked and kept as far as it was asked for.

use loopline_core::command::HttpWork;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use tokio_util::sync::CancellationToken;

use crate::attempt::Context;
use crate::attempt_log::AttemptLog;
use crate::config::Proxies;

/// The one client that all requests go through.
pub(crate) struct Client;

impl Client {
    pub(crate) fn new(_proxies: Proxies) -> Self {
        Self
    }
}

pub(crate) async fn run(
    context: &Context<'_>,
    _work: &HttpWork,
    log: AttemptLog,
    _cancel: &CancellationToken,
) -> (Outcome, AttemptLog) {
    let _ = context.http;
    let error = Failure::new(FailureKind::Connection, "requests are not carried out yet");
    (Outcome::Failed { error, result: RawResult::default() }, log)
}

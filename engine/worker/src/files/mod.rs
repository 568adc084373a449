//! Files of a step: what is laid into its workspace before it begins, and what is kept of it when it has succeeded.
//!
//! ```text
//! fetch ──┐                         ┌──► artifacts   immutable, for people and for other steps
//! cache ──┴─► workspace ── step ────┼──► cache       under a key, for runs to come
//!                                   └──► told        a summary, results of tests: for people, of failures too
//! ```
//!
//! Nothing outside of the workspace is ever read or written here: what is opened is asked where it really lies
//! ([`beneath`]), whatever links a script has made.

mod artifacts;
mod beneath;
mod cache;
mod cache_archive;
mod fetch;
mod junit;
mod selection;
mod told;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loopline_core::outcome::{ArtifactRef, Failure, FailureKind, Outcome, RawResult};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

pub(crate) use cache::ToKeep;
pub(crate) use told::keep_told;

use crate::attempt::Context;
use crate::attempt_log::AttemptLog;
use crate::duration::spoken;
use crate::stop::Stop;
use crate::workspace;

/// Lays artifacts and caches into the workspace. What was begun has ended when this returns.
pub(crate) async fn bring(context: &Context<'_>, log: &mut AttemptLog, stop: &Stop) -> Result<(), Outcome> {
    let spec = context.spec;
    if spec.fetch.is_empty() && spec.cache.is_empty() {
        return Ok(());
    }
    let halt = Halt::default();
    let brought = {
        let work = bring_all(context, log, &halt);
        tokio::pin!(work);
        let early = tokio::select! {
            biased;
            brought = &mut work => Ok(brought),
            () = stop.wished().cancelled() => Err(None),
            () = sleep(Duration::from_millis(spec.timeout_ms)) => {
                let time = spoken(spec.timeout_ms);
                let message = format!("the files of the step were not in their places within its timeout of {time}");
                Err(Some(Failure::new(FailureKind::Timeout, message)))
            }
        };
        match early {
            Ok(brought) => brought,
            Err(early) => {
                halt.now();
                // What is being written comes to its end first, so that nothing of it is written later.
                let _ = work.await;
                match early {
                    None => return Err(Outcome::Cancelled { result: RawResult::default() }),
                    Some(failure) => Err(failure),
                }
            }
        }
    };
    let Err(error) = brought else { return Ok(()) };
    log.say(&error.message).await;
    Err(Outcome::Failed { error, result: RawResult::default() })
}

async fn bring_all(context: &Context<'_>, log: &mut AttemptLog, halt: &Halt) -> Result<(), Failure> {
    let (workspaces, spec, record) = (context.config.workspaces.clone(), context.spec.clone(), context.record.clone());
    let workspace = spawn_blocking(move || workspace::prepare(&workspaces, &spec, &record)).await;
    let workspace = workspace.unwrap_or_else(|gone| Err(Failure::new(FailureKind::Spawn, gone.to_string())))?;
    // What a step before has made goes over what an earlier run has left.
    let to_keep = cache::restore(context, &workspace, log, halt).await;
    context.keep_caches(to_keep);
    fetch::lay_all(context.blobs, &workspace, &context.spec.fetch, halt).await
}

/// Keeps what the step has made: it has succeeded.
pub(crate) async fn keep(
    context: &Context<'_>,
    workspace: &Path,
    log: &mut AttemptLog,
) -> Result<BTreeMap<String, ArtifactRef>, Failure> {
    let limits = context.config.artifacts;
    let kept = artifacts::keep_all(context.blobs, workspace, &context.spec.artifacts, limits).await?;
    cache::keep(context, workspace, log).await;
    Ok(kept)
}

/// Asks what blocks to come to its end.
#[derive(Debug, Clone, Default)]
struct Halt(Arc<AtomicBool>);

impl Halt {
    fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A name as it may stand in a line: what would break the line is spelled out.
fn shown(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        match c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_breaks_no_line() {
        assert_eq!(shown("a b<c>ä"), "a b<c>ä");
        assert_eq!(shown("a\nb\x1b[31m\u{202e}c"), "a\\nb\\u{1b}[31m\\u{202e}c");
    }
}

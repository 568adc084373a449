//! What a newcomer gets wrong, looked for before anything is started. Changes nothing; what it makes to try something, it removes.

mod address;
mod containers;
mod folder;
mod programs;
mod record;

use std::path::Path;

use serde::Serialize;

use crate::arguments::Serve;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is to be done.
    Good,
    /// The server works, and something will surprise.
    Warning,
    /// The server does not start, or does not do what it promises.
    Failed,
}

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub check: &'static str,
    /// How that stands.
    pub verdict: Verdict,
    /// One plain sentence.
    pub says: String,
    /// What mends it, where something is to be mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    fn good(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Good, says: says.into(), fix: None }
    }

    fn warning(check: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, says: says.into(), fix: Some(fix.into()) }
    }

    fn failed(check: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Failed, says: says.into(), fix: Some(fix.into()) }
    }
}

/// Looks at everything that a server with these settings would need.
pub async fn examine(settings: &Serve) -> Vec<Finding> {
    let mut findings = folder::examine(&settings.data, settings.database_url.is_none());
    findings.extend(record::examine(settings).await);
    findings.push(address::examine(settings.listen).await);
    findings.extend(programs::examine());
    findings.push(containers::examine().await);
    findings
}

/// The folder itself, or the nearest one around it that is there.
fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|path| !path.as_os_str().is_empty() && path.exists()).unwrap_or(Path::new("."))
}

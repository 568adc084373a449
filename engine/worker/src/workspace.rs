//! The folder that a step works in.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use loopline_core::command::AttemptSpec;
use loopline_core::id::RunId;
use loopline_core::outcome::{Failure, FailureKind};
use tokio::task::spawn_blocking;

use crate::attempt_record::AttemptRecord;
use crate::config::Workspaces;
use crate::private_folder::create_private;

/// How many runs' workspaces are known.
const KNOWN: usize = 64;

/// The name of a workspace that is one attempt's own.
const OWN: &str = "workspace";

/// Workspaces that were prepared, by their runs.
#[derive(Debug, Default)]
pub(crate) struct KnownWorkspaces(Mutex<VecDeque<(RunId, PathBuf)>>);

impl KnownWorkspaces {
    /// The workspace of a run, if it was prepared and is still there.
    pub(crate) fn find(&self, run: RunId) -> Option<PathBuf> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, folder) = known.iter().find(|(known, _)| *known == run)?;
        // A step may have removed it, or put a link in its place.
        folder.symlink_metadata().is_ok_and(|data| data.is_dir()).then(|| folder.clone())
    }

    /// It was prepared.
    pub(crate) fn add(&self, run: RunId, folder: &Path) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(known, _)| *known != run);
        known.push_front((run, folder.to_owned()));
        known.truncate(KNOWN);
    }
}

/// The workspace of an attempt, without symbolic links in its path: the one of its run, created where runs have one each, or
/// one of its own, which goes with its record. Blocks.
pub(crate) fn prepare(workspaces: &Workspaces, spec: &AttemptSpec, record: &AttemptRecord) -> Result<PathBuf, Failure> {
    let folder = match workspaces {
        _ if spec.fresh_workspace => record.loose_file(OWN),
        Workspaces::Fixed(folder) => folder.clone(),
        Workspaces::PerRun(root) => root.join(spec.id.run.to_string()),
    };
    let prepared = match workspaces {
        Workspaces::Fixed(_) if !spec.fresh_workspace => Ok(()),
        Workspaces::Fixed(_) | Workspaces::PerRun(_) => create_private(&folder),
    };
    prepared.and_then(|()| folder.canonicalize()).map_err(|error| {
        Failure::new(FailureKind::Spawn, format!("the workspace {} cannot be used: {error}", folder.display()))
    })
}

/// Removes the workspace that was the attempt's own. It has ended.
pub(crate) async fn remove_own(spec: &AttemptSpec, record: &AttemptRecord) {
    if !spec.fresh_workspace {
        return;
    }
    let folder = record.loose_file(OWN);
    let removed = spawn_blocking(move || fs::remove_dir_all(folder)).await;
    if let Ok(Err(error)) = removed
        && error.kind() != io::ErrorKind::NotFound
    {
        // It goes with the record at the latest.
        tracing::warn!(id = %spec.id, %error, "the workspace of an attempt cannot be removed");
    }
}

/// The folder of this name beneath the workspace; symbolic links count as what they lead to. Blocks.
pub(crate) fn working_dir(workspace: &Path, name: Option<&str>) -> Result<PathBuf, Failure> {
    let Some(name) = name else { return Ok(workspace.to_owned()) };
    let refuse = |message: String| Err(Failure::new(FailureKind::Spawn, message));
    match workspace.join(name).canonicalize() {
        Ok(folder) if !folder.starts_with(workspace) => {
            refuse(format!("the working directory `{name}` is outside the workspace"))
        }
        Ok(folder) if !folder.is_dir() => refuse(format!("the working directory `{name}` is not a directory")),
        Ok(folder) => Ok(folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => refuse(format!(
            "the working directory `{name}` does not exist in the workspace; create it in an earlier step, or fix `working_dir`"
        )),
        Err(error) => refuse(format!("the working directory `{name}` cannot be used: {error}")),
    }
}

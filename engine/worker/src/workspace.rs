//! The folder that a step works in.

use std::io;
use std::path::{Path, PathBuf};

use loopline_core::id::RunId;
use loopline_core::outcome::{Failure, FailureKind};

use crate::config::Workspaces;
use crate::synced_folder::create_private;

/// The workspace of a run, without symbolic links in its path; created where runs have one each. Blocks.
pub(crate) fn prepare(workspaces: &Workspaces, run: RunId) -> Result<PathBuf, Failure> {
    let folder = match workspaces {
        Workspaces::Fixed(folder) => folder.clone(),
        Workspaces::PerRun(root) => root.join(run.to_string()),
    };
    let prepared = match workspaces {
        Workspaces::Fixed(_) => Ok(()),
        Workspaces::PerRun(_) => create_private(&folder),
    };
    prepared.and_then(|()| folder.canonicalize()).map_err(|error| {
        Failure::new(FailureKind::Spawn, format!("the workspace {} cannot be used: {error}", folder.display()))
    })
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

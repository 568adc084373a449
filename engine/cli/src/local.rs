//! Runs of `loopline run` on this machine.
//!
//! Each has a folder of its own under the user's state directory, with its own database: two runs never share a writer.
//! ```text
//! <state>/loopline/local/<folder>/   loopline.db  logs …  works-in  stands-in  address (while it is running)
//! <state>/loopline/runs/<run id>  -> ../local/<folder>
//! ```
//! While it runs it answers HTTP on a loopback port written in `address`; afterwards the commands open the folder themselves,
//! read-only, behind the same interface. So a command never needs to know which of the two it talks to.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use loopline_core::id::RunId;
use serde_json::Value as Json;

use crate::arguments::Server;
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure};
use crate::wiring;

/// Folders of this user.
pub struct Local {
    root: PathBuf,
}

impl Local {
    /// `$XDG_STATE_HOME/loopline`, else `~/.local/state/loopline`.
    pub fn of_user() -> Result<Self, Failure> {
        let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let root = state
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state")))
            .ok_or_else(|| {
                Failure::usage("neither XDG_STATE_HOME nor HOME is set").hint("set one, runs are kept below it")
            })?;
        Ok(Self { root: root.join("loopline") })
    }

    /// A new, empty folder for one run.
    pub fn create(&self) -> Result<PathBuf, Failure> {
        let folder = self.root.join("local").join(ulid::Ulid::generate().to_string());
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::new(Exit::Failed, format!("cannot create {}: {error}", folder.display())))?;
        Ok(folder)
    }

    /// The folder holds this run, and answers at this address while this process lives.
    pub fn announce(&self, folder: &Path, run: RunId, address: &str) -> Result<(), Failure> {
        let failed =
            |error: std::io::Error| Failure::new(Exit::Failed, format!("cannot write {}: {error}", folder.display()));
        answers_at(folder, address)?;
        let runs = self.root.join("runs");
        std::fs::create_dir_all(&runs).map_err(failed)?;
        let name = folder.file_name().unwrap_or_default();
        std::os::unix::fs::symlink(Path::new("../local").join(name), runs.join(run.to_string())).map_err(failed)
    }

    /// The folder of a run.
    pub fn folder(&self, run: RunId) -> Option<PathBuf> {
        std::fs::canonicalize(self.root.join("runs").join(run.to_string())).ok()
    }

    /// Runs, newest first.
    pub fn runs(&self) -> Vec<RunId> {
        let entries = std::fs::read_dir(self.root.join("runs")).into_iter().flatten().flatten();
        let mut runs: Vec<RunId> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        runs.sort_unstable_by(|a, b| b.cmp(a));
        runs
    }
}

/// The process that drives what is in the folder answers at this address.
pub fn answers_at(folder: &Path, address: &str) -> Result<(), Failure> {
    write(folder, "address", address.as_bytes())
}

/// The steps of the run work in this directory, and will when they are done again.
pub fn works_in(folder: &Path, workspace: &Path) -> Result<(), Failure> {
    write(folder, "works-in", workspace.as_os_str().as_bytes())
}

/// The pipeline of the run stands in this file, and those that it runs as children around it.
pub fn stands_in(folder: &Path, file: &Path) -> Result<(), Failure> {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    write(folder, "stands-in", file.as_os_str().as_bytes())
}

/// What [`stands_in`] has noted.
pub fn file_of(folder: &Path) -> PathBuf {
    std::fs::read(folder.join("stands-in")).map(OsString::from_vec).map(PathBuf::from).unwrap_or_default()
}

/// What [`works_in`] has noted.
pub fn workspace_of(folder: &Path) -> Option<PathBuf> {
    std::fs::read(folder.join("works-in")).ok().map(|path| PathBuf::from(OsString::from_vec(path)))
}

fn write(folder: &Path, name: &str, content: &[u8]) -> Result<(), Failure> {
    std::fs::write(folder.join(name), content)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot write {}: {error}", folder.display())))
}

/// Who takes requests for a run.
pub enum Answering {
    /// The server that was named, or the process that drives the run.
    Somebody(Client),
    /// Nobody drives it. It is kept in this folder.
    Nobody(PathBuf),
}

/// Whoever answers for this run: the server that was named, the process that drives it, or ourselves for one that is at rest.
pub async fn client_for(server: &Server, run: &str) -> Result<Client, Failure> {
    match answering(server, run).await? {
        Answering::Somebody(client) => Ok(client),
        Answering::Nobody(folder) => Client::new(&wiring::open_at_rest(&folder).await?, None),
    }
}

/// Whether anybody drives this run.
pub async fn answering(server: &Server, run: &str) -> Result<Answering, Failure> {
    if let Some(address) = &server.server {
        return Ok(Answering::Somebody(Client::new(address, server.token()?)?));
    }
    let run: RunId = run.parse().map_err(|error: loopline_core::id::InvalidRunId| Failure::usage(error.to_string()))?;
    let local = Local::of_user()?;
    let folder = local.folder(run).ok_or_else(|| {
        Failure::new(Exit::Failed, format!("there is no run {run} of `loopline run` on this machine"))
            .hint("runs of a server need --server URL or LOOPLINE_SERVER")
    })?;
    Ok(match driver_of(&folder).await? {
        Some(client) => Answering::Somebody(client),
        None => Answering::Nobody(folder),
    })
}

async fn driver_of(folder: &Path) -> Result<Option<Client>, Failure> {
    if let Ok(address) = std::fs::read_to_string(folder.join("address")) {
        let client = Client::new(address.trim(), None)?;
        if client.get("/pipelines").await.is_ok() {
            return Ok(Some(client));
        }
    }
    Ok(None)
}

/// The newest runs on this machine, as the list of a server would show them.
pub async fn list(path: &str, limit: usize) -> Result<Vec<Json>, Failure> {
    let local = Local::of_user()?;
    let mut items = Vec::new();
    for run in local.runs() {
        if items.len() >= limit {
            break;
        }
        let Some(folder) = local.folder(run) else { continue };
        let client = match driver_of(&folder).await? {
            Some(client) => client,
            None => Client::new(&wiring::open_at_rest(&folder).await?, None)?,
        };
        let page = client.get(path).await?;
        items.extend(page["items"].as_array().into_iter().flatten().cloned());
    }
    Ok(items)
}

/// The page of a run at this client.
pub fn path_of(run: RunId) -> String {
    format!("/runs/{}", segment(&run.to_string()))
}

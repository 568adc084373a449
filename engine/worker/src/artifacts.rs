//! Keeps the files that a step declares. Symbolic links are followed, but never out of the workspace.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use loopline_core::outcome::{ArtifactRef, Failure, FailureKind};
use loopline_ports::blobs::Blobs;
use nix::libc::O_NONBLOCK;

/// Keeps all of them, or says which one could not be kept and why.
pub(crate) async fn keep_all(
    blobs: &dyn Blobs,
    workspace: &Path,
    wanted: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, ArtifactRef>, Failure> {
    let mut kept = BTreeMap::new();
    for (name, path) in wanted {
        let opened = {
            let (workspace, path) = (workspace.to_owned(), path.clone());
            tokio::task::spawn_blocking(move || open_beneath(&workspace, &path)).await
        };
        let refuse = |why: String| Failure::new(FailureKind::Contract, format!("artifact `{name}`: {why}"));
        let opened = opened.map_err(|gone| refuse(gone.to_string()))?.map_err(refuse)?;
        let artifact = blobs.keep_file(&opened.as_path()).await.map_err(|error| refuse(error.to_string()))?;
        kept.insert(name.clone(), ArtifactRef { file_name: opened.name.clone(), ..artifact });
    }
    Ok(kept)
}

/// A file that is known to lie in the workspace. The open file is what is copied: its path may lead elsewhere by then.
struct Opened {
    file: File,
    name: String,
    #[cfg_attr(target_os = "linux", allow(dead_code))]
    path: PathBuf,
}

impl Opened {
    #[cfg(target_os = "linux")]
    fn as_path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    #[cfg(not(target_os = "linux"))]
    fn as_path(&self) -> PathBuf {
        self.path.clone()
    }
}

fn open_beneath(workspace: &Path, name: &str) -> Result<Opened, String> {
    let wanted = workspace.join(name);
    // A pipe that was left there must not make anybody wait.
    let file =
        OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(&wanted).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                format!("there is no file `{name}` in the workspace")
            }
            _ => format!("`{name}` cannot be read: {error}"),
        })?;
    // Where it really lies is asked of the open file, so that nothing can be put in its place in between.
    let path = real_path(&file, &wanted).map_err(|error| format!("`{name}` cannot be found: {error}"))?;
    if !path.starts_with(workspace) {
        return Err(format!("`{name}` lies outside the workspace"));
    }
    let data = file.metadata().map_err(|error| format!("`{name}` cannot be read: {error}"))?;
    if data.is_dir() {
        return Err(format!("`{name}` is a folder, and only files can be kept; pack it first, for example with tar"));
    }
    if !data.is_file() {
        return Err(format!("`{name}` is not a plain file"));
    }
    let name =
        Path::new(name).file_name().map_or_else(|| "artifact".into(), |name| name.to_string_lossy().into_owned());
    Ok(Opened { file, name, path })
}

fn real_path(file: &File, opened_as: &Path) -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
    } else {
        opened_as.canonicalize()
    }
}

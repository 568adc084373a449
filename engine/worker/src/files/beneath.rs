//! Folders and files that are known to lie in the workspace: what was opened is asked where it lies, so that nothing can be
//! put in its place in between.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::libc::{O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK};

use super::shown;

/// A folder that is open: what is looked for in it is found in it, whatever has become of its path.
#[derive(Debug)]
pub(super) struct Folder {
    file: File,
    /// As it was opened; what the system tells of the open file goes before it where it tells anything.
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).custom_flags(O_DIRECTORY | O_CLOEXEC).open(path)?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// A folder in it that is no link.
    pub(super) fn folder(&self, name: &str) -> io::Result<Self> {
        let path = self.place(name);
        let file = OpenOptions::new().read(true).custom_flags(O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC).open(&path)?;
        Ok(Self { file, path: self.path.join(name) })
    }

    /// The path of something in it, for as long as this is open.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.itself().join(name)
    }

    fn itself(&self) -> PathBuf {
        if cfg!(target_os = "linux") {
            PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
        } else {
            self.path.clone()
        }
    }

    /// Where it really lies.
    pub(super) fn real_path(&self) -> io::Result<PathBuf> {
        real_path(&self.file, &self.path)
    }

    /// What is in it, in order.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        // The dot makes the link in /proc be followed.
        let entries = fs::read_dir(self.itself().join("."))?;
        let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }
}

/// Where an open file really lies.
fn real_path(file: &File, opened_as: &Path) -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
    } else {
        opened_as.canonicalize()
    }
}

/// A file that is known to lie in the workspace. The open file is what is read: its path may lead elsewhere by then.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) size: u64,
    path: PathBuf,
}

impl Opened {
    /// A path that leads to this very file, for as long as it is open.
    pub(super) fn as_path(&self) -> PathBuf {
        if cfg!(target_os = "linux") {
            PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
        } else {
            self.path.clone()
        }
    }
}

/// Why a file cannot be had, for people; its name stands in it.
pub(super) type Why = String;

/// Opens a file beneath the workspace, which is without links. Links are followed, but never out of it.
pub(super) fn open_file(workspace: &Path, name: &str) -> Result<Opened, Why> {
    let wanted = workspace.join(name);
    // A pipe that was left there must not make anybody wait.
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(&wanted);
    let name = shown(name);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => match fs::symlink_metadata(&wanted) {
            Ok(_) => format!("`{name}` is a link that leads nowhere"),
            Err(_) => format!("there is no file `{name}` in the workspace"),
        },
        _ => format!("`{name}` cannot be read: {error}"),
    })?;
    let path = real_path(&file, &wanted).map_err(|error| format!("`{name}` cannot be found: {error}"))?;
    if !path.starts_with(workspace) {
        return Err(format!("`{name}` lies outside the workspace"));
    }
    let data = file.metadata().map_err(|error| format!("`{name}` cannot be read: {error}"))?;
    if !data.is_file() {
        return Err(format!("`{name}` is not a plain file"));
    }
    Ok(Opened { file, size: data.len(), path })
}

/// The folder beneath the workspace in which `path` lies, made where it is not there, and the last part of the path.
/// Links are followed, but never out of the workspace.
pub(super) fn folder_for<'a>(workspace: &Path, path: &'a str) -> Result<(Folder, &'a str), Why> {
    let cannot = |what: &str, error: io::Error| format!("`{}` cannot be written: {what}{error}", shown(path));
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut folder = Folder::open(workspace).map_err(|error| cannot("", error))?;
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        let place = folder.place(part);
        match DirBuilder::new().create(&place) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(cannot("", error)),
            _ => {}
        }
        // Its own path comes from the system, so that what a link led to is seen.
        let next =
            Folder::open(&place).map_err(|error| cannot(&format!("`{}` is in the way: ", shown(part)), error))?;
        let real = next.real_path().map_err(|error| cannot("", error))?;
        if !real.starts_with(workspace) {
            return Err(format!("`{}` cannot be written: it would lie outside the workspace", shown(path)));
        }
        folder = Folder { path: real, ..next };
    }
    Ok((folder, name))
}

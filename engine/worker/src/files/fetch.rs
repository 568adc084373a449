//! Lays artifacts of other steps at their paths: each file comes to its place whole, and is what was kept.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use futures::TryStreamExt;
use loopline_core::command::FetchWork;
use loopline_core::outcome::{Failure, FailureKind};
use loopline_ports::blobs::Blobs;
use loopline_ports::files::{FileList, ListedFile, is_beneath};
use nix::fcntl::{AT_FDCWD, AtFlags};
#[cfg(target_os = "linux")]
use nix::libc::O_TMPFILE;
use nix::unistd::linkat;
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use super::beneath::{Folder, Why, folder_for};
use super::{Halt, shown};

/// A list of files is not longer.
const MAX_LIST: u64 = 64 << 20;

/// Why an artifact cannot be laid.
enum Problem {
    /// It is not what it should be.
    Wrong(Why),
    /// It may work another time.
    Disk(Why),
}

/// Lays all of them. Of two with one path that differ, neither can be what is meant.
pub(super) async fn lay_all(
    blobs: &dyn Blobs,
    workspace: &Path,
    wanted: &[FetchWork],
    halt: &Halt,
) -> Result<(), Failure> {
    let mut places: BTreeMap<String, (&str, ListedFile)> = BTreeMap::new();
    for fetch in wanted {
        for file in files_of(blobs, fetch).await.map_err(|problem| refuse(&fetch.name, problem))? {
            if let Some((other, there)) = places.get(&file.path)
                && (&there.digest, there.executable) != (&file.digest, file.executable)
            {
                let (name, path) = (&fetch.name, shown(&file.path));
                let message = format!(
                    "cannot fetch both `{other}` and `{name}`: each has a file `{path}`, and they differ; let the steps give them different names"
                );
                return Err(Failure::new(FailureKind::Contract, message));
            }
            places.insert(file.path.clone(), (&fetch.name, file));
        }
    }
    for (name, file) in places.values() {
        if halt.is_asked() {
            return Ok(());
        }
        lay(blobs, workspace, file, halt).await.map_err(|problem| refuse(name, problem))?;
    }
    Ok(())
}

fn refuse(name: &str, problem: Problem) -> Failure {
    let (kind, why) = match problem {
        Problem::Wrong(why) => (FailureKind::Contract, why),
        Problem::Disk(why) => (FailureKind::Spawn, why),
    };
    Failure::new(kind, format!("the artifact `{name}` cannot be fetched: {why}"))
}

/// Its files, with their paths beneath the workspace.
async fn files_of(blobs: &dyn Blobs, fetch: &FetchWork) -> Result<Vec<ListedFile>, Problem> {
    let artifact = &fetch.artifact;
    if artifact.files.is_none() {
        let path = artifact.path.clone().unwrap_or_else(|| artifact.file_name.clone());
        if !is_beneath(&path) {
            return Err(Problem::Wrong(format!("`{}` is no path beneath the workspace", shown(&path))));
        }
        let (size, digest, executable) = (artifact.size, artifact.digest.clone(), artifact.executable);
        return Ok(vec![ListedFile { path, size, digest, executable }]);
    }
    let pieces = blobs.open(&artifact.digest).await.map_err(|error| Problem::Disk(error.to_string()))?;
    let mut pieces = pieces.ok_or_else(gone)?;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.try_next().await.map_err(|error| Problem::Disk(error.to_string()))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > MAX_LIST {
            return Err(Problem::Wrong(format!("the list of its files is longer than {MAX_LIST} bytes")));
        }
    }
    if spelled(&Sha256::digest(&bytes)) != artifact.digest {
        return Err(damaged());
    }
    Ok(FileList::from_bytes(&bytes).map_err(|bad| Problem::Wrong(bad.to_string()))?.files)
}

fn gone() -> Problem {
    Problem::Wrong("its content is not kept any more".to_owned())
}

fn damaged() -> Problem {
    Problem::Wrong("what is kept of it is damaged".to_owned())
}

fn spelled(digest: &[u8]) -> String {
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

async fn lay(blobs: &dyn Blobs, workspace: &Path, file: &ListedFile, halt: &Halt) -> Result<(), Problem> {
    let pieces = blobs.open(&file.digest).await.map_err(|error| Problem::Disk(error.to_string()))?;
    let mut pieces = pieces.ok_or_else(gone)?;
    let mut laid = blocking({
        let (workspace, file) = (workspace.to_owned(), file.clone());
        move || Laid::begin(&workspace, &file)
    })
    .await?;
    while let Some(piece) = pieces.try_next().await.map_err(|error| Problem::Disk(error.to_string()))? {
        if halt.is_asked() {
            return Ok(());
        }
        laid = blocking(move || {
            laid.write(&piece)?;
            Ok(laid)
        })
        .await?;
    }
    let digest = file.digest.clone();
    blocking(move || laid.end(&digest)).await
}

async fn blocking<T: Send + 'static>(act: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    spawn_blocking(act).await.unwrap_or_else(|gone| Err(Problem::Disk(gone.to_string())))
}

/// A file on its way to its place. Until it is there it has no name, so that nothing is left of it whatever happens; or, where
/// the file system knows no such files, another name, which goes when this is dropped.
struct Laid {
    folder: Folder,
    name: String,
    path: String,
    unfinished: Option<PathBuf>,
    file: File,
    hasher: Sha256,
}

impl Laid {
    fn begin(workspace: &Path, wanted: &ListedFile) -> Result<Self, Problem> {
        let (folder, name) = folder_for(workspace, &wanted.path).map_err(Problem::Disk)?;
        let mode = if wanted.executable { 0o777 } else { 0o666 };
        let made = match nameless(&folder, mode) {
            Some(file) => Ok((file, None)),
            None => {
                let place = unfinished_in(&folder);
                let made = OpenOptions::new().write(true).create_new(true).mode(mode).open(&place);
                made.map(|file| (file, Some(place)))
            }
        };
        let (file, unfinished) = made.map_err(|error| not_written(&wanted.path, &error))?;
        let (name, path) = (name.to_owned(), wanted.path.clone());
        Ok(Self { folder, name, path, unfinished, file, hasher: Sha256::new() })
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), Problem> {
        self.hasher.update(piece);
        self.file.write_all(piece).map_err(|error| not_written(&self.path, &error))
    }

    fn end(mut self, digest: &str) -> Result<(), Problem> {
        let hasher = std::mem::take(&mut self.hasher);
        if spelled(&hasher.finalize()) != digest {
            return Err(damaged());
        }
        self.come_to_place().map_err(|error| not_written(&self.path, &error))?;
        self.unfinished = None;
        Ok(())
    }

    fn come_to_place(&mut self) -> io::Result<()> {
        let place = self.folder.place(&self.name);
        if self.unfinished.is_none() {
            match give_name(&self.file, &place) {
                // Only what has a name can take the place of something.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let unfinished = unfinished_in(&self.folder);
                    give_name(&self.file, &unfinished)?;
                    self.unfinished = Some(unfinished);
                }
                named => return named,
            }
        }
        self.unfinished.as_ref().map_or(Ok(()), |unfinished| fs::rename(unfinished, place))
    }
}

/// A name that nobody else uses.
fn unfinished_in(folder: &Folder) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    folder.place(&format!(".loopline-fetch-{}-{count}", std::process::id()))
}

/// A file without a name, where there are such.
#[cfg(target_os = "linux")]
fn nameless(folder: &Folder, mode: u32) -> Option<File> {
    OpenOptions::new().write(true).mode(mode).custom_flags(O_TMPFILE).open(folder.place(".")).ok()
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Folder, _: u32) -> Option<File> {
    None
}

/// Gives such a file its name, which nobody may have.
fn give_name(file: &File, place: &Path) -> io::Result<()> {
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(AT_FDCWD, open.as_str(), AT_FDCWD, place, AtFlags::AT_SYMLINK_FOLLOW)?)
}

impl Drop for Laid {
    fn drop(&mut self) {
        if let Some(unfinished) = &self.unfinished {
            let _ = fs::remove_file(unfinished);
        }
    }
}

fn not_written(path: &str, error: &io::Error) -> Problem {
    let why = match error.kind() {
        io::ErrorKind::IsADirectory => "a folder is in its place".to_owned(),
        _ => error.to_string(),
    };
    Problem::Disk(format!("`{}` cannot be written: {why}", shown(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_no_name_until_it_is_whole() {
        let workspace = tempfile::tempdir().expect("a folder");
        let names = || {
            let entries = fs::read_dir(workspace.path()).expect("a folder");
            entries.map(|entry| entry.expect("an entry").file_name()).collect::<Vec<_>>()
        };
        let digest = spelled(&Sha256::digest(b"text"));
        let wanted = ListedFile { path: "file".to_owned(), size: 4, digest: digest.clone(), executable: false };
        // The second takes the place of the first.
        for before in [&[][..], &["file"]] {
            let Ok(mut laid) = Laid::begin(workspace.path(), &wanted) else { panic!("it can be begun") };
            assert!(laid.write(b"text").is_ok());
            assert_eq!(names(), before, "nothing would be left by a kill");
            assert!(laid.end(&digest).is_ok());
            assert_eq!(names(), ["file"]);
            assert_eq!(fs::read(workspace.path().join("file")).expect("it is there"), b"text");
        }
    }
}

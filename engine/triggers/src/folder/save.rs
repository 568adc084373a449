//! Writing a pipeline file: all of it or nothing, and never over a text that the writer has not seen.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use loopline_dsl::compile_with;

use super::Inner;
use super::load::{etag, read};
use crate::pipelines::PipelineFile;
use crate::saving::{Precondition, SaveError};

impl Inner {
    pub(super) fn save(
        &self,
        name: &str,
        yaml: &str,
        precondition: &Precondition,
    ) -> Result<Arc<PipelineFile>, SaveError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        // Who has written the folder a moment ago may not have been heard yet.
        self.scan_locked(files.as_mut());
        let library = Arc::clone(self.published.borrow().library());
        let compiled = compile_with(yaml, &library);
        match &compiled.graph {
            Some(graph) if graph.name == name => {}
            Some(graph) => return Err(SaveError::OtherName { found: graph.name.clone() }),
            None => return Err(SaveError::Invalid(compiled.diagnostics)),
        }
        let known = self.published.borrow().get(name).map(|file| file.path.clone());
        match known {
            Some(path) => self.replace(&path, yaml, precondition)?,
            None => self.create(name, yaml, precondition)?,
        }
        self.scan_locked(files.as_mut());
        let saved = self.published.borrow().get(name).cloned();
        saved.ok_or_else(|| SaveError::Io("the file is gone again".to_owned()))
    }

    fn replace(&self, path: &Path, yaml: &str, precondition: &Precondition) -> Result<(), SaveError> {
        // A link is kept, and the file it leads to is replaced; where that is was checked when it was found, and is
        // checked again.
        let target = self.root.join(path).canonicalize().map_err(failed)?;
        if !target.starts_with(&self.root) {
            return Err(SaveError::Gone);
        }
        let (current, _) = read(&target).map_err(failed)?;
        let tag = etag(&current);
        match precondition {
            Precondition::Version(seen) if *seen == tag => {}
            Precondition::None => return Err(SaveError::Unconditional { etag: tag }),
            _ => return Err(SaveError::Changed { etag: tag, yaml: current }),
        }
        if current == yaml {
            return Ok(());
        }
        let temporary = write_beside(&target, yaml, Some(&target))?;
        fs::rename(&temporary, &target).map_err(|error| removed(&temporary, &error))?;
        sync_folder_of(&target)
    }

    fn create(&self, name: &str, yaml: &str, precondition: &Precondition) -> Result<(), SaveError> {
        if matches!(precondition, Precondition::Version(_)) {
            return Err(SaveError::Gone);
        }
        let file = PathBuf::from(format!("{name}.loopline.yaml"));
        let plain =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) && !name.starts_with('.');
        if !plain {
            return Err(SaveError::Io(format!("`{name}` cannot be a file name")));
        }
        let target = self.root.join(&file);
        let temporary = write_beside(&target, yaml, None)?;
        // Unlike a rename, a link never takes the place of a file that came between.
        let linked = fs::hard_link(&temporary, &target);
        let cleaned = fs::remove_file(&temporary);
        match linked {
            Ok(()) => cleaned.map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(SaveError::Occupied { path: file });
            }
            Err(error) => return Err(failed(error)),
        }
        sync_folder_of(&target)
    }
}

/// A file beside `target` that holds the text and is on disk. Hidden, so that a scan passes over it.
fn write_beside(target: &Path, yaml: &str, like: Option<&Path>) -> Result<PathBuf, SaveError> {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let temporary = target.with_file_name(name);
    let write = || -> io::Result<()> {
        // Left behind by a process that had this number and was killed.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        file.write_all(yaml.as_bytes())?;
        if let Some(like) = like {
            file.set_permissions(fs::metadata(like)?.permissions())?;
        }
        file.sync_all()
    };
    match write() {
        Ok(()) => Ok(temporary),
        Err(error) => Err(removed(&temporary, &error)),
    }
}

fn removed(temporary: &Path, error: &io::Error) -> SaveError {
    let _ = fs::remove_file(temporary);
    SaveError::Io(error.to_string())
}

fn sync_folder_of(file: &Path) -> Result<(), SaveError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn failed(error: io::Error) -> SaveError {
    SaveError::Io(error.to_string())
}

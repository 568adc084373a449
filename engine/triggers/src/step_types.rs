//! Step types of a repository: `.loopline/steps/NAME.yaml`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use loopline_dsl::is_step_type_name;

use crate::text_file;

/// The folder of a repository that is Loopline's.
pub(crate) const OURS: &str = ".loopline";
/// The folder of the step types in it.
pub(crate) const STEPS: &str = "steps";

/// More are not read.
const MAX_FILES: usize = 1_000;
/// One byte more than the compiler takes, so that it is the compiler that says so.
const MAX_BYTES: u64 = loopline_dsl::yaml::MAX_TEXT_BYTES as u64 + 1;

/// Where the step types of what stands beneath `root` are, without links. `None` where there is no such folder, or a link
/// leads out of `root`, which is without links itself.
pub(crate) fn folder(root: &Path) -> Option<PathBuf> {
    // Whoever serves the folder `.loopline` itself means its types too.
    let ours = if is_ours(root) { root.to_owned() } else { root.join(OURS) };
    let folder = ours.join(STEPS).canonicalize().ok()?;
    (folder.starts_with(root) && folder.is_dir()).then_some(folder)
}

pub(crate) fn is_ours(folder: &Path) -> bool {
    folder.file_name() == Some(OsStr::new(OURS))
}

/// The texts of the step types in `folder`, by their names. What cannot be read, or has no name that a type can have, is not
/// there.
pub(crate) fn read(folder: &Path, root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::<String, PathBuf>::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(name) = name_of(&path).filter(|_| text_file::is_file_beneath(&entry, root)) else { continue };
        // Of `a.yaml` and `a.yml` it is the first by name.
        let first = files.entry(name.to_owned()).or_insert_with(|| path.clone());
        if path < *first {
            *first = path;
        }
    }
    let texts = files.into_iter().take(MAX_FILES);
    texts.filter_map(|(name, path)| Some((name, text_file::read(&path, MAX_BYTES).ok()?.0))).collect()
}

/// The name of the type that a file would be.
pub(crate) fn name_of(file: &Path) -> Option<&str> {
    let name = file.file_name()?.to_str()?;
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
    is_step_type_name(stem).then_some(stem)
}

/// Whether a file is a step type by the folder it stands in.
pub(crate) fn is_in_folder_of_types(file: &Path) -> bool {
    let folder = file.parent();
    folder.is_some_and(|folder| folder.file_name() == Some(OsStr::new(STEPS)) && folder.parent().is_some_and(is_ours))
}

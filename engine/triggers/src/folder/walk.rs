//! Which files of a folder may hold pipelines.

use std::fs;
use std::path::{Path, PathBuf};

/// Deeper than any folder of pipelines, and shallow enough to end soon when a whole disk is given by mistake.
const MAX_DEPTH: usize = 16;
const MAX_FOLDERS: usize = 5_000;

/// A file that may hold a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Beneath the root.
    pub(super) path: PathBuf,
    /// The file is a pipeline whatever it holds; another one only when it looks like a pipeline.
    pub(super) surely: bool,
}

/// All such files beneath `root`, in the order of their paths. `enter` is told of every folder before it is read.
///
/// Links to folders are not followed, links to files only when they lead to a file beneath the root. Folders that begin
/// with a dot, `node_modules` and `target` are left out.
pub(super) fn walk(root: &Path, mut enter: impl FnMut(&Path)) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), 0)];
    let mut folders = 0;
    while let Some((folder, depth)) = open.pop() {
        folders += 1;
        if folders > MAX_FOLDERS {
            tracing::warn!(folder = %root.display(), "more than {MAX_FOLDERS} folders; the others are not searched for pipelines");
            break;
        }
        enter(&folder);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "a folder cannot be read; its pipelines are left out");
                continue;
            }
        };
        for entry in entries.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            let path = entry.path();
            if kind.is_dir() {
                let left_out = name.starts_with('.') || name == "node_modules" || name == "target";
                if !left_out && depth < MAX_DEPTH {
                    open.push((path, depth + 1));
                }
                continue;
            }
            let Some(surely) = may_hold_pipeline(&name) else { continue };
            let within = kind.is_file() || (kind.is_symlink() && leads_to_file_beneath(&path, root));
            if let (true, Ok(path)) = (within, path.strip_prefix(root)) {
                found.push(Found { path: path.to_owned(), surely });
            }
        }
    }
    found.sort();
    found
}

/// Whether a file of this name is one for sure (`Some(true)`), perhaps (`Some(false)`), or never.
fn may_hold_pipeline(name: &str) -> Option<bool> {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
    let hidden = stem.starts_with('.');
    (!hidden && !stem.ends_with(".loopline.test")).then(|| stem.ends_with(".loopline"))
}

fn leads_to_file_beneath(link: &Path, root: &Path) -> bool {
    link.canonicalize().is_ok_and(|target| target.starts_with(root) && target.is_file())
}

#[cfg(test)]
mod tests {
    use super::may_hold_pipeline;

    #[test]
    fn names_tell_pipelines_from_other_files() {
        let check = |name, expected| assert_eq!(may_hold_pipeline(name), expected, "{name}");
        check("release.loopline.yaml", Some(true));
        check("release.loopline.yml", Some(true));
        check("release.yaml", Some(false));
        check("release.loopline.test.yaml", None);
        check(".hidden.yaml", None);
        check("release.json", None);
        check("yaml", None);
    }
}

//! Which files of a folder may hold pipelines.

use std::fs;
use std::path::{Path, PathBuf};

use crate::step_types::{OURS, STEPS, is_ours};
use crate::text_file::is_file_beneath;

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

/// What was found beneath a folder.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// In the order of their paths.
    pub(super) files: Vec<Found>,
    /// Some folder was not searched: there may be more.
    pub(super) left_out: bool,
}

/// All such files beneath `root`, which is without links. `enter` is told of every folder before it is read.
///
/// Links to folders are not followed, links to files only when they lead to a file beneath the root. Folders that begin
/// with a dot, `node_modules` and `target` are left out, but for `.loopline`; and its step types are no pipelines.
pub(super) fn walk(root: &Path, mut enter: impl FnMut(&Path)) -> Walk {
    let mut walk = Walk::default();
    let mut open = vec![Open { folder: root.to_owned(), depth: 0, is_within_ours: is_ours(root) }];
    let mut folders = 0;
    while let Some(Open { folder, depth, is_within_ours }) = open.pop() {
        folders += 1;
        if folders > MAX_FOLDERS {
            tracing::warn!(folder = %root.display(), "more than {MAX_FOLDERS} folders; the others are not searched for pipelines");
            walk.left_out = true;
            break;
        }
        enter(&folder);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "a folder cannot be read; its pipelines are left out");
                walk.left_out = true;
                continue;
            }
        };
        for entry in entries.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            if kind.is_dir() {
                if is_searched(&folder, &name) {
                    walk.left_out |= depth == MAX_DEPTH;
                    let is_within_ours = is_within_ours || name == OURS;
                    open.extend((depth < MAX_DEPTH).then(|| Open {
                        folder: entry.path(),
                        depth: depth + 1,
                        is_within_ours,
                    }));
                }
                continue;
            }
            let surely = match NameSays::of(&name) {
                NameSays::Pipeline => true,
                NameSays::Yaml => is_within_ours,
                NameSays::Other => continue,
            };
            if let (true, Ok(path)) = (is_file_beneath(&entry, root), entry.path().strip_prefix(root)) {
                walk.files.push(Found { path: path.to_owned(), surely });
            }
        }
    }
    walk.files.sort();
    walk
}

/// A folder that is still to be read.
struct Open {
    folder: PathBuf,
    depth: usize,
    /// Somewhere beneath `.loopline`, where every YAML file is a pipeline.
    is_within_ours: bool,
}

fn is_searched(parent: &Path, name: &str) -> bool {
    match name {
        OURS => true,
        STEPS => !is_ours(parent),
        "node_modules" | "target" => false,
        name => !name.starts_with('.'),
    }
}

/// What the name of a file says of what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameSays {
    /// A pipeline.
    Pipeline,
    /// YAML; perhaps a pipeline.
    Yaml,
    /// Something else.
    Other,
}

impl NameSays {
    pub(crate) fn of(name: &str) -> Self {
        let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else { return Self::Other };
        match stem {
            hidden if hidden.starts_with('.') => Self::Other,
            test if test.ends_with(".loopline.test") => Self::Other,
            pipeline if pipeline.ends_with(".loopline") => Self::Pipeline,
            _ => Self::Yaml,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NameSays;

    #[test]
    fn names_tell_pipelines_from_other_files() {
        for (name, expected) in [
            ("release.loopline.yaml", NameSays::Pipeline),
            ("release.loopline.yml", NameSays::Pipeline),
            ("release.yaml", NameSays::Yaml),
            ("release.loopline.test.yaml", NameSays::Other),
            (".hidden.yaml", NameSays::Other),
            ("release.json", NameSays::Other),
            ("yaml", NameSays::Other),
        ] {
            assert_eq!(NameSays::of(name), expected, "{name}");
        }
    }
}

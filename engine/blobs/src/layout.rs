//! Where things lie. Only typed ids and checked digests become paths: no text from outside does.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use loopline_core::id::{AttemptId, AttemptKey, RunId};

const LOG_SUFFIX: &str = ".log";

/// The folders of one [`crate::DiskBlobs`].
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Creates the folders, for the owner's eyes only.
    pub(crate) fn create(root: &Path) -> io::Result<Self> {
        let layout = Self { root: root.to_owned() };
        for folder in [layout.logs(), layout.artifacts(), layout.unfinished_artifacts()] {
            create_private(&folder)?;
        }
        Ok(layout)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn logs_of(&self, run: RunId) -> PathBuf {
        self.logs().join(run.to_string())
    }

    pub(crate) fn log(&self, id: &AttemptId) -> PathBuf {
        self.logs_of(id.run).join(format!("{}{LOG_SUFFIX}", id.key))
    }

    /// A file with many small logs of a run.
    pub(crate) fn pack(&self, run: RunId, number: usize) -> PathBuf {
        self.logs_of(run).join(format!("packed.{number}"))
    }

    pub(crate) fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    pub(crate) fn caches(&self) -> PathBuf {
        self.root.join("caches")
    }

    /// Where content lies until its digest is known.
    pub(crate) fn unfinished_artifacts(&self) -> PathBuf {
        self.artifacts().join("unfinished")
    }
}

/// Creates a folder and those above it, for the owner's eyes only.
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes what was created or renamed in `folder` outlast a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The attempt whose log has this file name.
pub(crate) fn attempt_of(file_name: &str) -> Option<AttemptKey> {
    file_name.strip_suffix(LOG_SUFFIX)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use loopline_core::id::{StepId, Within};

    use super::*;

    #[test]
    fn the_name_of_a_log_leads_back_to_its_attempt() {
        let around: Within = serde_json::from_str("\"child[4].2.1/inner.1.7\"").expect("an identity");
        for (item, within, undo) in
            [(None, Within::default(), false), (Some(0), around, false), (Some(9_999), Within::default(), true)]
        {
            let step = StepId::new("build_all").expect("a step id");
            let key = AttemptKey { epoch: 1, step, item, visit: 20, attempt: 3, within, undo };
            assert_eq!(attempt_of(&format!("{key}.log")), Some(key));
        }
    }

    #[test]
    fn other_names_are_no_logs() {
        for name in [
            "",
            ".log",
            "1.a.1.1",
            "1.a.1.1.tmp",
            "1.a.1.1.1.log",
            "1.A.1.1.log",
            "01.a.1.1.log",
            "1.a[.1.1.log",
            "1.a[+1].1.1.log",
            "1.a[].1.1.log",
        ] {
            assert_eq!(attempt_of(name), None, "{name}");
        }
    }
}

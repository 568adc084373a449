//! Where things lie. Only typed ids and checked digests become paths: no text from outside does.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use loopline_core::id::{AttemptId, AttemptKey, RunId, StepId};

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

    pub(crate) fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
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
    let mut parts = file_name.strip_suffix(LOG_SUFFIX)?.split('.');
    let epoch = number(parts.next()?)?;
    let step = parts.next()?;
    let (step, item) = match step.split_once('[') {
        Some((step, item)) => (step, Some(number(item.strip_suffix(']')?)?)),
        None => (step, None),
    };
    let step = StepId::new(step).ok()?;
    let key = AttemptKey { epoch, step, item, visit: number(parts.next()?)?, attempt: number(parts.next()?)? };
    parts.next().is_none().then_some(key)
}

/// A number as [`AttemptKey`] writes it: digits, no leading zero.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_log_leads_back_to_its_attempt() {
        for item in [None, Some(0), Some(9_999)] {
            let step = StepId::new("build_all").expect("a step id");
            let key = AttemptKey { epoch: 1, step, item, visit: 20, attempt: 3 };
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

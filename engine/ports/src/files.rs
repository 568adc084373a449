//! The list that an artifact of several files is: which they are, and where each of them is kept.

use serde::{Deserialize, Serialize};

/// Files of one artifact, in the order of their paths. Its bytes are kept like any other content, and their digest is that
/// of the artifact: equal files give an equal one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileList {
    /// The files.
    pub files: Vec<ListedFile>,
}

/// One file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Beneath the workspace, with `/` between its parts.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// `sha256:…` of the content.
    pub digest: String,
    /// It could be executed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
}

/// The bytes are no list of files, or one that must not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the list of its files cannot be read: {0}")]
pub struct BadFileList(pub String);

impl FileList {
    /// The list as it is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a list has only string keys")
    }

    /// Reads a list. Paths that lead anywhere else than beneath where they begin, or that are not in order, are refused.
    ///
    /// # Errors
    /// When it is no such list.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadFileList> {
        let list: Self = serde_json::from_slice(bytes).map_err(|error| BadFileList(error.to_string()))?;
        if let Some(file) = list.files.iter().find(|file| !is_beneath(&file.path)) {
            return Err(BadFileList(format!("{:?} is no path beneath the workspace", file.path)));
        }
        if !list.files.windows(2).all(|pair| pair[0].path < pair[1].path) {
            return Err(BadFileList("its paths are not in order".to_owned()));
        }
        Ok(list)
    }

    /// The file with this path.
    pub fn find(&self, path: &str) -> Option<&ListedFile> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &self.files[at])
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// The path stays beneath where it begins, and is written in the one way there is to write it.
pub fn is_beneath(path: &str) -> bool {
    !path.contains('\0') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(paths: &[&str]) -> FileList {
        let file = |path: &&str| ListedFile {
            path: (*path).to_owned(),
            size: 1,
            digest: "sha256:0".to_owned(),
            executable: false,
        };
        FileList { files: paths.iter().map(file).collect() }
    }

    #[test]
    fn a_list_reads_back_as_it_was_written() {
        let list = list(&["a", "a/b c", "ä\n<b>"]);
        assert_eq!(FileList::from_bytes(&list.to_bytes()), Ok(list.clone()));
        assert_eq!(list.find("a/b c").map(|file| file.size), Some(1));
        assert_eq!(list.find("a/b"), None);
    }

    #[test]
    fn a_list_that_leads_out_or_is_not_in_order_is_refused() {
        for bad in
            [&["../a"][..], &["/a"], &["a/../b"], &["a//b"], &["a/"], &["."], &[""], &["a\0"], &["b", "a"], &["a", "a"]]
        {
            assert!(FileList::from_bytes(&list(bad).to_bytes()).is_err(), "{bad:?}");
        }
        assert!(FileList::from_bytes(b"{}").is_err());
    }
}

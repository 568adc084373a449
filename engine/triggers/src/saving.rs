//! What a writer of a pipeline says, and what they are told; the same for every source.

use std::path::PathBuf;

use loopline_dsl::Diagnostic;

/// Which version a writer has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// The one with this tag.
    Version(String),
    /// None: the pipeline is to be new.
    New,
    /// The writer did not say.
    None,
}

/// Why a text was not stored. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Another version is stored than the one the writer has read.
    #[error("another version is stored by now")]
    Changed {
        /// Its tag.
        etag: String,
        /// Its text.
        yaml: String,
    },
    /// There is none, and the writer thought there was.
    #[error("it is not stored any more")]
    Gone,
    /// The writer did not say which version they had read.
    #[error("it exists: say which version you have read")]
    Unconditional {
        /// Its tag.
        etag: String,
    },
    /// The text has errors.
    #[error("the text has errors")]
    Invalid(Vec<Diagnostic>),
    /// The text is another pipeline.
    #[error("the text is named `{found}`")]
    OtherName {
        /// The name in it.
        found: String,
    },
    /// The file that would be made is there and holds something else.
    #[error("the file `{}` is there already and holds something else", path.display())]
    Occupied {
        /// Beneath the folder.
        path: PathBuf,
    },
    /// The place cannot be written.
    #[error("cannot write: {0}")]
    Io(String),
    /// There is no place to write to.
    #[error("pipelines cannot be stored here")]
    ReadOnly,
}

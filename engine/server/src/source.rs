//! Where pipelines come from, as the interface sees it.

use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::time::Timestamp;
use loopline_dsl::Compiled;

/// One stored pipeline.
#[derive(Clone)]
pub struct StoredPipeline {
    /// Its project.
    pub project: String,
    /// Its name inside the project.
    pub name: String,
    /// The text as it is stored.
    pub yaml: String,
    /// Changes whenever the text does.
    pub etag: String,
    /// When the text was last changed.
    pub updated_at: Timestamp,
    /// What the text compiles to, with everything that is wrong with it.
    pub compiled: Arc<Compiled>,
    /// The last version without errors: what a trigger runs.
    pub runnable: Option<Arc<loopline_ports::journal::Definition>>,
}

/// Why a text was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Another version is stored than the one the writer had read.
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
    /// The place cannot be written.
    #[error("cannot write: {0}")]
    Io(String),
    /// There is no place to write to.
    #[error("pipelines cannot be stored here")]
    ReadOnly,
}

/// Which version a writer has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// `If-Match: "…"`.
    Version(String),
    /// `If-None-Match: *`.
    New,
    /// None was sent.
    None,
}

/// Keeps pipelines.
#[async_trait]
pub trait PipelineSource: Send + Sync + 'static {
    /// All, by name.
    async fn list(&self) -> Vec<StoredPipeline>;
    /// One.
    async fn get(&self, project: &str, name: &str) -> Option<StoredPipeline>;
    /// Stores a text that compiles to a pipeline of this name. When this returns, it is on disk and the next read shows it.
    async fn save(
        &self,
        project: &str,
        name: &str,
        yaml: &str,
        precondition: Precondition,
    ) -> Result<StoredPipeline, SaveError>;
}

/// No pipelines: for a run in the foreground, which brings its own definition.
pub struct NoPipelines;

#[async_trait]
impl PipelineSource for NoPipelines {
    async fn list(&self) -> Vec<StoredPipeline> {
        Vec::new()
    }

    async fn get(&self, _: &str, _: &str) -> Option<StoredPipeline> {
        None
    }

    async fn save(&self, _: &str, _: &str, _: &str, _: Precondition) -> Result<StoredPipeline, SaveError> {
        Err(SaveError::ReadOnly)
    }
}

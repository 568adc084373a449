//! Where pipelines come from, as the interface sees it.

use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::time::Timestamp;
use loopline_dsl::{Compiled, Library};
use loopline_ports::journal::Definition;
use loopline_triggers::{Folder, PipelineFile, Precondition, SaveError};

/// The one project, until there are more.
const PROJECT: &str = "default";

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
    pub runnable: Option<Arc<Definition>>,
}

/// Keeps pipelines.
#[async_trait]
pub trait PipelineSource: Send + Sync + 'static {
    /// All, by name.
    async fn list(&self) -> Vec<StoredPipeline>;
    /// One.
    async fn get(&self, project: &str, name: &str) -> Option<StoredPipeline>;
    /// What a pipeline may name: step types, and other pipelines. At hand, without reading anything.
    fn library(&self) -> Arc<Library>;
    /// Stores a text that compiles to a pipeline of this name among the others, and refuses any other. When this returns, it
    /// is on disk and the next read shows it.
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

    fn library(&self) -> Arc<Library> {
        Arc::default()
    }

    async fn save(&self, _: &str, _: &str, _: &str, _: Precondition) -> Result<StoredPipeline, SaveError> {
        Err(SaveError::ReadOnly)
    }
}

/// A watched folder is the project `default`.
#[async_trait]
impl PipelineSource for Folder {
    async fn list(&self) -> Vec<StoredPipeline> {
        self.pipelines().iter().map(|file| stored(file)).collect()
    }

    async fn get(&self, project: &str, name: &str) -> Option<StoredPipeline> {
        self.pipelines().get(name).filter(|_| project == PROJECT).map(|file| stored(file))
    }

    fn library(&self) -> Arc<Library> {
        Arc::clone(self.pipelines().library())
    }

    async fn save(
        &self,
        project: &str,
        name: &str,
        yaml: &str,
        precondition: Precondition,
    ) -> Result<StoredPipeline, SaveError> {
        if project != PROJECT {
            return Err(SaveError::ReadOnly);
        }
        Folder::save(self, name, yaml, precondition).await.map(|file| stored(&file))
    }
}

fn stored(file: &PipelineFile) -> StoredPipeline {
    StoredPipeline {
        project: PROJECT.to_owned(),
        name: file.name.clone(),
        yaml: file.yaml.clone(),
        etag: file.etag.clone(),
        updated_at: file.updated_at,
        compiled: file.compiled.clone(),
        runnable: file.runnable.clone(),
    }
}

//! Where pipelines come from, as the interface sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::time::Timestamp;
use loopline_dsl::{Compiled, Library};
use loopline_ports::journal::Definition;
use loopline_triggers::{Folder, PipelineFile, Precondition, SaveError};

/// The project of whatever names none.
pub const PROJECT: &str = "default";

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
    /// Whether there is this project, with pipelines or without.
    fn has_project(&self, project: &str) -> bool;
    /// One.
    async fn get(&self, project: &str, name: &str) -> Option<StoredPipeline>;
    /// What a pipeline of this project may name: step types, and its other pipelines. At hand, without reading anything.
    fn library(&self, project: &str) -> Arc<Library>;
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

    fn has_project(&self, _: &str) -> bool {
        false
    }

    async fn get(&self, _: &str, _: &str) -> Option<StoredPipeline> {
        None
    }

    fn library(&self, _: &str) -> Arc<Library> {
        Arc::default()
    }

    async fn save(&self, _: &str, _: &str, _: &str, _: Precondition) -> Result<StoredPipeline, SaveError> {
        Err(SaveError::ReadOnly)
    }
}

/// Watched folders, each of which is a project.
pub struct Folders(BTreeMap<String, Folder>);

impl Folders {
    /// Folders by the names of their projects.
    pub fn new(folders: impl IntoIterator<Item = (String, Folder)>) -> Self {
        Self(folders.into_iter().collect())
    }
}

#[async_trait]
impl PipelineSource for Folders {
    async fn list(&self) -> Vec<StoredPipeline> {
        let all = self.0.iter().map(|(project, folder)| (project, folder.pipelines()));
        all.flat_map(|(project, files)| files.iter().map(|file| stored(project, file)).collect::<Vec<_>>()).collect()
    }

    fn has_project(&self, project: &str) -> bool {
        self.0.contains_key(project)
    }

    async fn get(&self, project: &str, name: &str) -> Option<StoredPipeline> {
        self.0.get(project)?.pipelines().get(name).map(|file| stored(project, file))
    }

    fn library(&self, project: &str) -> Arc<Library> {
        self.0.get(project).map_or_else(Arc::default, |folder| Arc::clone(folder.pipelines().library()))
    }

    async fn save(
        &self,
        project: &str,
        name: &str,
        yaml: &str,
        precondition: Precondition,
    ) -> Result<StoredPipeline, SaveError> {
        let folder = self.0.get(project).ok_or(SaveError::ReadOnly)?;
        folder.save(name, yaml, precondition).await.map(|file| stored(project, &file))
    }
}

fn stored(project: &str, file: &PipelineFile) -> StoredPipeline {
    StoredPipeline {
        project: project.to_owned(),
        name: file.name.clone(),
        yaml: file.yaml.clone(),
        etag: file.etag.clone(),
        updated_at: file.updated_at,
        compiled: file.compiled.clone(),
        runnable: file.runnable.clone(),
    }
}

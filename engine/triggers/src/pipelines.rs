//! All pipelines of a source at one moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loopline_core::time::Timestamp;
use loopline_dsl::{Compiled, Library};
use loopline_ports::journal::Definition;

use crate::folder::Basis;

/// A file that holds a pipeline.
#[derive(Debug, Clone)]
pub struct PipelineFile {
    /// The pipeline's name; of a file that cannot be read, what is known of it.
    pub name: String,
    /// Beneath the folder.
    pub path: PathBuf,
    /// The text as it is stored.
    pub yaml: String,
    /// SHA-256 of the text, in hex.
    pub etag: String,
    /// When the text was last changed.
    pub updated_at: Timestamp,
    /// What the text compiles to among the step types and pipelines of the folder, with everything that is wrong with it.
    pub compiled: Arc<Compiled>,
    /// The last version without errors that this source has seen: what a trigger runs.
    pub runnable: Option<Arc<Definition>>,
    /// What it was compiled with.
    pub(crate) basis: Basis,
}

/// All pipelines at one moment. Never changes; a change gives a new one.
#[derive(Debug, Clone, Default)]
pub struct Pipelines {
    files: BTreeMap<PathBuf, Arc<PipelineFile>>,
    by_name: BTreeMap<String, Arc<PipelineFile>>,
    library: Arc<Library>,
}

impl Pipelines {
    pub(crate) fn new(files: impl IntoIterator<Item = Arc<PipelineFile>>, library: Arc<Library>) -> Self {
        let files = files.into_iter().map(|file| (file.path.clone(), file)).collect::<BTreeMap<_, _>>();
        let mut by_name = BTreeMap::<String, Arc<PipelineFile>>::new();
        for file in files.values() {
            let first = by_name.entry(file.name.clone()).or_insert_with(|| Arc::clone(file));
            // Of two files with one name, the one that has been running stands for the name.
            if first.runnable.is_none() && file.runnable.is_some() {
                *first = Arc::clone(file);
            }
        }
        Self { files, by_name, library }
    }

    /// One pipeline by its name.
    pub fn get(&self, name: &str) -> Option<&Arc<PipelineFile>> {
        self.by_name.get(name)
    }

    /// One for each name, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<PipelineFile>> {
        self.by_name.values()
    }

    /// Every file, in the order of the paths; also those that share a name.
    pub fn files(&self) -> impl Iterator<Item = &Arc<PipelineFile>> {
        self.files.values()
    }

    /// What each of them may name: the step types of the folder, and the other pipelines.
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    pub(crate) fn file(&self, path: &Path) -> Option<&Arc<PipelineFile>> {
        self.files.get(path)
    }
}

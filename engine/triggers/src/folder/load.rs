//! From files to pipelines: reads, compiles what has changed, and keeps what still runs.
//!
//! ```text
//! texts ──► each alone, with the step types ──► contracts of all ──► each among all the others
//! ```
//!
//! A contract is what a text says by itself. So pipelines may run each other, and themselves, in any order.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use loopline_core::canonical::hex;
use loopline_core::graph::Graph;
use loopline_core::time::Timestamp;
use loopline_dsl::diagnostics::Place;
use loopline_dsl::{Code, Compiled, Contract, Diagnostic, Library, Uses, compile_with};
use loopline_ports::journal::Definition;
use sha2::{Digest as _, Sha256};

use super::names::{mark_shared_names, name_of, written_name};
use super::shelf::{Seen, StepTypes, seen_pipelines};
use super::walk::Walk;
use crate::pipelines::{PipelineFile, Pipelines};
use crate::text_file;

/// More than the compiler takes, so that it is the compiler that says so.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// What a file was compiled with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Basis {
    alone: Arc<Alone>,
    pipelines: Seen<Contract>,
}

/// What a text is by itself, among step types and no other pipelines.
#[derive(Debug, Default)]
struct Alone {
    step_types: Seen<String>,
    uses: Uses,
    /// The name that stands in it, where that much can be read.
    name: Option<String>,
    /// Where the text has no error of its own.
    graph: Option<Arc<Graph>>,
    /// What that asks for and gives.
    contract: Option<Contract>,
}

/// A file on the way to a pipeline.
struct Loading<'a> {
    path: &'a Path,
    known: Option<&'a Arc<PipelineFile>>,
    read: io::Result<Text>,
}

struct Text {
    yaml: String,
    etag: String,
    updated_at: Timestamp,
    alone: Arc<Alone>,
}

/// What a text is known by.
pub(super) fn etag(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// The text of a file and when it was changed.
pub(super) fn read(path: &Path) -> io::Result<(String, Timestamp)> {
    text_file::read(path, MAX_BYTES)
}

/// What the found files hold. Files that have not changed, and use nothing that has, are taken over from `before`.
pub(super) fn load(root: &Path, walk: &Walk, step_types: BTreeMap<String, String>, before: &Pipelines) -> Pipelines {
    let types = StepTypes::new(step_types);
    let mut loading = Vec::with_capacity(walk.files.len());
    for found in &walk.files {
        let known = before.file(&found.path);
        let read = match read(&root.join(&found.path)) {
            Ok((text, _)) if !found.surely && !looks_like_pipeline(&text) => continue,
            Ok((yaml, updated_at)) => Ok(Text::new(yaml, updated_at, known, &types)),
            // Gone between the walk and here.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(_) if !found.surely && known.is_none() => continue,
            Err(error) => Err(error),
        };
        loading.push(Loading { path: &found.path, known, read });
    }
    let library = library(types.library, &loading, !walk.left_out, before);
    let mut files: Vec<_> = loading.into_iter().map(|file| file.compile(&library)).collect();
    mark_shared_names(&mut files, &library, before);
    Pipelines::new(files, library)
}

/// Whether nobody could tell the one from the other.
pub(super) fn same(one: &Pipelines, other: &Pipelines) -> bool {
    let shown = |pipelines: &Pipelines| {
        let each = |file: &Arc<PipelineFile>| {
            let runnable = file.runnable.as_ref().map(|it| (it.text_digest.clone(), it.digest.clone()));
            let diagnostics = file.compiled.diagnostics.clone();
            (file.path.clone(), file.name.clone(), file.etag.clone(), file.updated_at, runnable, diagnostics)
        };
        pipelines.files().map(each).collect::<Vec<_>>()
    };
    Arc::ptr_eq(one.library(), other.library()) && shown(one) == shown(other)
}

/// A file without `.loopline` in its name is one when it has steps; other tools have YAML files too.
fn looks_like_pipeline(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("steps:"))
}

impl Text {
    fn new(yaml: String, updated_at: Timestamp, known: Option<&Arc<PipelineFile>>, types: &StepTypes) -> Self {
        let etag = etag(&yaml);
        let alone = known
            .filter(|known| known.etag == etag && !is_unreadable(known))
            .map(|known| &known.basis.alone)
            .filter(|alone| alone.step_types == types.seen(&alone.uses.step_types))
            .map_or_else(|| Arc::new(Alone::new(&yaml, types)), Arc::clone);
        Self { yaml, etag, updated_at, alone }
    }
}

impl Alone {
    fn new(yaml: &str, types: &StepTypes) -> Self {
        let compiled = compile_with(yaml, &types.library);
        let name = match &compiled.graph {
            Some(graph) => Some(graph.name.clone()),
            None => written_name(yaml),
        };
        Self {
            step_types: types.seen(&compiled.uses.step_types),
            name,
            graph: compiled.graph.map(Arc::new),
            contract: compiled.contract,
            uses: compiled.uses,
        }
    }
}

impl Loading<'_> {
    fn name(&self) -> String {
        let written = self.read.as_ref().ok().and_then(|text| text.alone.name.clone());
        written.unwrap_or_else(|| name_of(self.path, self.known))
    }

    /// What it asks for and gives: as its text says, else as the version does that runs.
    fn contract(&self) -> Option<Contract> {
        let written = self.read.as_ref().ok().and_then(|text| text.alone.contract.clone());
        let runs = || self.known.and_then(|known| known.runnable.as_ref());
        written.or_else(|| runs().map(|runnable| Contract::of(&runnable.graph)))
    }

    fn runs_as(&self, name: &str) -> bool {
        self.known.is_some_and(|known| known.runnable.is_some() && known.name == name)
    }

    fn compile(self, library: &Library) -> Arc<PipelineFile> {
        let (path, known) = (self.path, self.known);
        match self.read {
            Ok(text) => pipeline(path, text, known, library),
            Err(error) => unreadable(path, &error, known),
        }
    }
}

/// What all these files may name.
fn library(types: Library, files: &[Loading<'_>], found_all: bool, before: &Pipelines) -> Arc<Library> {
    let mut pipelines = BTreeMap::<String, (Contract, bool)>::new();
    let mut is_complete = found_all;
    for file in files {
        let Some(contract) = file.contract() else {
            // Nobody knows what it will be.
            is_complete = false;
            continue;
        };
        let name = file.name();
        let runs = file.runs_as(&name);
        // Of two files with one name, the one that has been running stands for the name.
        if pipelines.get(&name).is_none_or(|(_, other_runs)| runs && !other_runs) {
            pipelines.insert(name, (contract, runs));
        }
    }
    let pipelines = pipelines.into_iter().map(|(name, (contract, _))| (name, contract)).collect();
    let library = Library { pipelines, is_complete, ..types };
    if library == **before.library() { Arc::clone(before.library()) } else { Arc::new(library) }
}

fn pipeline(path: &Path, text: Text, known: Option<&Arc<PipelineFile>>, library: &Library) -> Arc<PipelineFile> {
    let Text { yaml, etag, updated_at, alone } = text;
    let basis = Basis { pipelines: seen_pipelines(&alone.uses.pipelines, library), alone };
    if let Some(known) = known
        && known.etag == etag
        && known.basis.is(&basis)
        && !is_marked(known)
    {
        // Most scans end here. The moment may have changed without the text.
        return match known.updated_at == updated_at {
            true => Arc::clone(known),
            false => Arc::new(PipelineFile { updated_at, ..PipelineFile::clone(known) }),
        };
    }
    // The graph that is shown and the one that is run have different owners; compiling again is how one copies a graph.
    let compiled = compile_with(&yaml, library);
    let name = basis.alone.name.clone().unwrap_or_else(|| name_of(path, known));
    let runnable = match (&compiled.graph, &basis.alone.graph) {
        (Some(_), Some(graph)) => Some(Arc::new(Definition {
            text_digest: format!("sha256:{etag}"),
            yaml: yaml.clone(),
            digest: graph.digest(),
            graph: Arc::clone(graph),
        })),
        _ => known.and_then(|known| known.runnable.clone()),
    };
    let compiled = Arc::new(compiled);
    Arc::new(PipelineFile { name, path: path.to_owned(), yaml, etag, updated_at, compiled, runnable, basis })
}

impl Basis {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.alone, &other.alone) && self.pipelines == other.pipelines
    }
}

fn unreadable(path: &Path, error: &io::Error, known: Option<&Arc<PipelineFile>>) -> Arc<PipelineFile> {
    let message = format!("the file cannot be read: {error}");
    let diagnostic = Diagnostic::new(Code::UnreadableFile, Place::Text(0..0), message);
    Arc::new(PipelineFile {
        name: name_of(path, known),
        path: path.to_owned(),
        yaml: String::new(),
        etag: etag(""),
        updated_at: known.map_or(Timestamp(0), |known| known.updated_at),
        compiled: Arc::new(Compiled {
            graph: None,
            contract: None,
            diagnostics: vec![diagnostic],
            uses: Uses::default(),
        }),
        runnable: known.and_then(|known| known.runnable.clone()),
        basis: Basis::default(),
    })
}

fn has(file: &PipelineFile, code: Code) -> bool {
    file.compiled.diagnostics.iter().any(|diagnostic| diagnostic.code == code)
}

fn is_unreadable(file: &PipelineFile) -> bool {
    has(file, Code::UnreadableFile)
}

fn is_marked(file: &PipelineFile) -> bool {
    has(file, Code::PipelineNameTaken) || is_unreadable(file)
}

//! What stands around a single file: for commands that compile a file which nobody watches.
//!
//! ```text
//! repo/                    the first folder upwards that holds `.loopline`
//!   .loopline/steps/*.yaml step types
//!   .loopline/*.yaml       pipelines
//!   some/folder/
//!     a.loopline.yaml      the file
//!     b.loopline.yaml      pipelines beside it
//! ```
//!
//! Nobody promises that these are all the pipelines there are, so a name that is not found is no mistake here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use loopline_core::graph::Graph;
use loopline_dsl::testing::CheckedTests;
use loopline_dsl::{Compiled, Contract, Diagnostic, Library, compile_step_type, compile_with};

use crate::folder::NameSays;
use crate::step_types::{self, OURS};
use crate::test_files;
use crate::text_file;

/// More pipelines than this are not read from one folder.
const MAX_FILES: usize = 1_000;
/// One byte more than the compiler takes.
const MAX_BYTES: u64 = loopline_dsl::yaml::MAX_TEXT_BYTES as u64 + 1;

/// What a file was found to be.
#[derive(Debug)]
pub enum Checked {
    /// A pipeline, and what it compiles to.
    Pipeline(Box<Compiled>),
    /// A step type, and what is wrong with it.
    StepType(Vec<Diagnostic>),
    /// A file of tests, held against the pipeline that it names.
    Tests(CheckedTests),
}

impl Checked {
    /// What is wrong with it, sorted by place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Pipeline(compiled) => &compiled.diagnostics,
            Self::StepType(found) => found,
            Self::Tests(checked) => &checked.diagnostics,
        }
    }
}

/// Compiles a pipeline file among what stands around it.
pub fn compile_file(file: &Path, text: &str) -> Compiled {
    Surroundings::default().compile(file, text)
}

/// Compiles files that are given together: they know each other besides what stands around each of them. A file beneath
/// `.loopline/steps` is a step type, one that is called `*.loopline.test.yaml` holds tests. The results come in the order of the files.
pub fn check_files(files: &[(PathBuf, String)]) -> Vec<Checked> {
    let mut surroundings = Surroundings::of_given(files);
    let check = |(file, text): &(PathBuf, String)| {
        if is_step_type(file) {
            Checked::StepType(compile_step_type(text))
        } else if test_files::is_test_file(file) {
            Checked::Tests(test_files::check(file, text, &mut surroundings).0)
        } else {
            Checked::Pipeline(Box::new(surroundings.compile(file, text)))
        }
    };
    files.iter().map(check).collect()
}

/// What stands around files: each folder is read once.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// What no folder has, but is given along.
    given: Library,
    /// By the folder that the files stand in.
    around: BTreeMap<PathBuf, Around>,
}

/// What stands around the files of one folder.
#[derive(Debug)]
struct Around {
    step_types: BTreeMap<String, String>,
    /// Where pipelines may stand, the nearest first.
    folders: Vec<(PathBuf, Holds)>,
    /// Links may lead anywhere beneath this.
    root: PathBuf,
    /// Read when somebody asks for one.
    pipelines: Option<BTreeMap<String, Contract>>,
}

/// Which files of a folder are pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Every YAML file.
    Pipelines,
    /// Those that say so in their names.
    OtherFilesToo,
}

impl Surroundings {
    /// For files that know each other, wherever they stand.
    pub fn of_given(files: &[(PathBuf, String)]) -> Self {
        let named = files.iter().filter(|(file, _)| !test_files::is_test_file(file));
        let (types, pipelines): (Vec<_>, Vec<_>) = named.partition(|(file, _)| is_step_type(file));
        let mut surroundings = Self::default();
        let types =
            types.into_iter().filter_map(|(file, text)| Some((step_types::name_of(file)?.to_owned(), text.clone())));
        surroundings.given.step_types = types.collect();
        // One alone is known to nobody.
        for (file, text) in pipelines.into_iter().filter(|_| files.len() > 1) {
            let types = surroundings.step_types(file);
            if let Some((name, contract)) = contract(text, &types) {
                surroundings.given.pipelines.entry(name).or_insert(contract);
            }
        }
        surroundings
    }

    /// Compiles a pipeline file.
    pub fn compile(&mut self, file: &Path, text: &str) -> Compiled {
        let alone = compile_with(text, &self.step_types(file));
        // Most files name no other, and then nobody need look for others.
        if alone.uses.pipelines.is_empty() {
            return alone;
        }
        compile_with(text, &self.library(file))
    }

    /// All that a file may name. What stands around it goes before what is given along.
    pub fn library(&mut self, file: &Path) -> Library {
        let mut library = self.step_types(file);
        library.pipelines.clone_from(&self.given.pipelines);
        if let Some(around) = self.around(file) {
            library.pipelines.extend(around.pipelines(&library).clone());
        }
        library
    }

    /// The step types that a file may name, and nothing else.
    fn step_types(&mut self, file: &Path) -> Library {
        let mut step_types = self.given.step_types.clone();
        if let Some(around) = self.around(file) {
            step_types.extend(around.step_types.clone());
        }
        Library { step_types, ..Library::default() }
    }

    fn around(&mut self, file: &Path) -> Option<&mut Around> {
        let folder = folder_of(file)?;
        Some(self.around.entry(folder).or_insert_with_key(|folder| Around::of(folder)))
    }
}

impl Around {
    /// `folder` is without links.
    fn of(folder: &Path) -> Self {
        let mut folders = vec![(folder.to_owned(), Holds::OtherFilesToo)];
        let Some(root) = root_of(folder) else {
            return Self { step_types: BTreeMap::new(), folders, root: folder.to_owned(), pipelines: None };
        };
        let ours = root.join(OURS).canonicalize().ok().filter(|ours| ours.starts_with(&root));
        folders.retain(|(folder, _)| Some(folder) != ours.as_ref());
        folders.extend(ours.map(|ours| (ours, Holds::Pipelines)));
        let step_types = step_types::folder(&root).map(|folder| step_types::read(&folder, &root)).unwrap_or_default();
        Self { step_types, folders, root, pipelines: None }
    }

    /// The pipelines by their names; of several with one name it is the first, in the nearest folder.
    fn pipelines(&mut self, types: &Library) -> &BTreeMap<String, Contract> {
        let (folders, root) = (&self.folders, &self.root);
        self.pipelines.get_or_insert_with(|| {
            let mut found = BTreeMap::new();
            let files = folders.iter().flat_map(|(folder, holds)| pipelines_in(folder, *holds, root));
            for (name, contract) in files.filter_map(|file| contract(&text_file::read(&file, MAX_BYTES).ok()?.0, types))
            {
                found.entry(name).or_insert(contract);
            }
            found
        })
    }
}

/// The pipeline of this name among a file and what stands around it: its text, and what that compiles to. Where several have
/// the name, it is the file itself, or the nearest.
pub fn find_around(file: &Path, name: &str) -> Option<(String, Graph)> {
    let mut surroundings = Surroundings::default();
    let types = surroundings.step_types(file);
    let mut files = vec![file.to_owned()];
    if let Some(around) = surroundings.around(file) {
        let folders = around.folders.iter();
        files.extend(folders.flat_map(|(folder, holds)| pipelines_in(folder, *holds, &around.root)));
    }
    let text = files
        .iter()
        .filter_map(|file| Some((file, text_file::read(file, MAX_BYTES).ok()?.0)))
        .find(|(_, text)| compile_with(text, &types).graph.is_some_and(|graph| graph.name == name));
    let (file, text) = text?;
    let graph = surroundings.compile(file, &text).graph?;
    Some((text, graph))
}

/// Name and contract of a pipeline, where the text has no error of its own.
fn contract(text: &str, types: &Library) -> Option<(String, Contract)> {
    let Compiled { graph, contract, .. } = compile_with(text, types);
    Some((graph?.name, contract?))
}

fn pipelines_in(folder: &Path, holds: Holds, root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| may_be_pipeline(name, holds)))
        .filter(|entry| text_file::is_file_beneath(entry, root))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files.truncate(MAX_FILES);
    files
}

fn may_be_pipeline(name: &str, holds: Holds) -> bool {
    match NameSays::of(name) {
        NameSays::Pipeline => true,
        NameSays::Yaml => holds == Holds::Pipelines,
        NameSays::Other => false,
    }
}

/// The folder that a file stands in, without links.
fn folder_of(file: &Path) -> Option<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().ok()
}

/// The first folder upwards that holds `.loopline`. A repository ends the search: what is above belongs to others.
fn root_of(folder: &Path) -> Option<PathBuf> {
    for above in folder.ancestors() {
        if above.join(OURS).is_dir() {
            return Some(above.to_owned());
        }
        if above.join(".git").exists() {
            return None;
        }
    }
    None
}

/// Whether a file is a step type, by where it stands.
pub fn is_step_type(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default();
    folder_of(file).is_some_and(|folder| step_types::is_in_folder_of_types(&folder.join(name)))
}

#[cfg(test)]
mod tests;

//! From files to pipelines: reads, compiles what has changed, and keeps what still runs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use loopline_core::canonical::hex;
use loopline_core::time::Timestamp;
use loopline_dsl::diagnostics::Place;
use loopline_dsl::route::Route;
use loopline_dsl::{Code, Compiled, Diagnostic, Uses, compile};
use loopline_ports::journal::Definition;
use sha2::{Digest as _, Sha256};

use super::walk::Found;
use crate::pipelines::{PipelineFile, Pipelines};

/// More than the compiler takes, so that it is the compiler that says so.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// What a text is known by.
pub(super) fn etag(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// What the found files hold. Files that have not changed are taken over from `before`.
pub(super) fn load(root: &Path, found: &[Found], before: &Pipelines) -> Pipelines {
    let mut files = Vec::with_capacity(found.len());
    for Found { path, surely } in found {
        let known = before.file(path);
        let file = match read(&root.join(path)) {
            Ok((text, updated_at)) => {
                if !surely && !looks_like_pipeline(&text) {
                    continue;
                }
                pipeline(path, text, updated_at, known)
            }
            // Gone between the walk and here.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(_) if !surely && known.is_none() => continue,
            Err(error) => unreadable(path, &error, known),
        };
        files.push(file);
    }
    mark_shared_names(&mut files, before);
    Pipelines::new(files)
}

/// Whether nobody could tell the one from the other.
pub(super) fn same(one: &Pipelines, other: &Pipelines) -> bool {
    let shown = |pipelines: &Pipelines| {
        let each = |file: &Arc<PipelineFile>| {
            let runnable = file.runnable.as_ref().map(|runnable| runnable.text_digest.clone());
            let diagnostics = file.compiled.diagnostics.clone();
            (file.path.clone(), file.name.clone(), file.etag.clone(), file.updated_at, runnable, diagnostics)
        };
        pipelines.files().map(each).collect::<Vec<_>>()
    };
    shown(one) == shown(other)
}

/// The text of a file and when it was changed.
pub(super) fn read(path: &Path) -> io::Result<(String, Timestamp)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "not a file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    let text =
        String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))?;
    Ok((text, changed_at(&metadata)))
}

fn changed_at(metadata: &fs::Metadata) -> Timestamp {
    let since = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Timestamp(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// A file without `.loopline` in its name is one when it has steps; other tools have YAML files too.
fn looks_like_pipeline(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("steps:"))
}

fn pipeline(path: &Path, yaml: String, updated_at: Timestamp, known: Option<&Arc<PipelineFile>>) -> Arc<PipelineFile> {
    let etag = etag(&yaml);
    if let Some(known) = known
        && known.etag == etag
        && !is_marked(known)
    {
        // Most scans end here. The moment may have changed without the text.
        return match known.updated_at == updated_at {
            true => Arc::clone(known),
            false => Arc::new(PipelineFile { updated_at, ..PipelineFile::clone(known) }),
        };
    }
    let compiled = compile(&yaml);
    let name = match &compiled.graph {
        Some(graph) => graph.name.clone(),
        None => written_name(&yaml).unwrap_or_else(|| name_of(path, known)),
    };
    let runnable = match compiled.graph.as_ref().filter(|_| !compiled.has_errors()) {
        Some(graph) => definition(&etag, &yaml, graph.digest()),
        None => known.and_then(|known| known.runnable.clone()),
    };
    let compiled = Arc::new(compiled);
    Arc::new(PipelineFile { name, path: path.to_owned(), yaml, etag, updated_at, compiled, runnable })
}

fn definition(etag: &str, yaml: &str, digest: String) -> Option<Arc<Definition>> {
    // The graph that is shown and the one that is run have different owners; compiling again is how one copies a graph.
    let graph = compile(yaml).graph?;
    Some(Arc::new(Definition {
        text_digest: format!("sha256:{etag}"),
        yaml: yaml.to_owned(),
        graph: Arc::new(graph),
        digest,
    }))
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
        compiled: Arc::new(Compiled { graph: None, diagnostics: vec![diagnostic], uses: Uses::default() }),
        runnable: known.and_then(|known| known.runnable.clone()),
    })
}

/// The name in a text that does not compile, if that much of it can be read.
fn written_name(text: &str) -> Option<String> {
    let value = loopline_dsl::yaml_to_json(text).ok()?;
    let name = value.get("name")?.as_str()?;
    (!name.is_empty() && name.len() <= 200).then(|| name.to_owned())
}

fn name_of(path: &Path, known: Option<&Arc<PipelineFile>>) -> String {
    if let Some(known) = known {
        return known.name.clone();
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(&file);
    stem.strip_suffix(".loopline").unwrap_or(stem).to_owned()
}

fn is_marked(file: &PipelineFile) -> bool {
    let marked = |diagnostic: &Diagnostic| matches!(diagnostic.code, Code::PipelineNameTaken | Code::UnreadableFile);
    file.compiled.diagnostics.iter().any(marked)
}

/// Two files with one name: each says so, and neither becomes what runs.
fn mark_shared_names(files: &mut [Arc<PipelineFile>], before: &Pipelines) {
    let mut owners = BTreeMap::<String, Vec<usize>>::new();
    for (at, file) in files.iter().enumerate() {
        owners.entry(file.name.clone()).or_default().push(at);
    }
    for shared in owners.into_values().filter(|owners| owners.len() > 1) {
        let paths = shared.iter().map(|at| files[*at].path.clone()).collect::<Vec<_>>();
        for at in shared {
            let file = &files[at];
            let others = paths.iter().filter(|path| **path != file.path);
            let others = others.map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ");
            let message = format!("the name `{}` is taken by {others} too", file.name);
            let finding = Diagnostic::new(Code::PipelineNameTaken, Place::Value(Route::root().key("name")), message)
                .help("give one of them another name; until then the version before runs");
            let mut compiled = compile(&file.yaml);
            compiled.diagnostics.insert(0, finding);
            let runnable = before.file(&file.path).filter(|known| known.name == file.name);
            let runnable = runnable.and_then(|known| known.runnable.clone());
            files[at] = Arc::new(PipelineFile { compiled: Arc::new(compiled), runnable, ..PipelineFile::clone(file) });
        }
    }
}

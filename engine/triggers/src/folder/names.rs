//! The names of pipelines: what a file that cannot be read is called, and what becomes of two with one name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use loopline_dsl::diagnostics::Place;
use loopline_dsl::route::Route;
use loopline_dsl::{Code, Diagnostic, Library, compile_with};

use crate::pipelines::{PipelineFile, Pipelines};

/// Two files with one name: each says so, and neither becomes what runs.
pub(super) fn mark_shared_names(files: &mut [Arc<PipelineFile>], library: &Library, before: &Pipelines) {
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
            let mut compiled = compile_with(&file.yaml, library);
            compiled.diagnostics.insert(0, finding);
            let runnable = before.file(&file.path).filter(|known| known.name == file.name);
            let runnable = runnable.and_then(|known| known.runnable.clone());
            files[at] = Arc::new(PipelineFile { compiled: Arc::new(compiled), runnable, ..PipelineFile::clone(file) });
        }
    }
}

/// The name in a text that does not compile, if that much of it can be read.
pub(super) fn written_name(text: &str) -> Option<String> {
    let value = loopline_dsl::yaml_to_json(text).ok()?;
    let name = value.get("name")?.as_str()?;
    (!name.is_empty() && name.len() <= 200).then(|| name.to_owned())
}

/// What a file is called whose text names nothing.
pub(super) fn name_of(path: &Path, known: Option<&Arc<PipelineFile>>) -> String {
    if let Some(known) = known {
        return known.name.clone();
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(&file);
    stem.strip_suffix(".loopline").unwrap_or(stem).to_owned()
}

//! Files of tests, `*.loopline.test.yaml`: where they are, and the pipelines that they name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use loopline_core::graph::Graph;
use loopline_dsl::Severity;
use loopline_dsl::testing::{CheckedTests, TestText};

use crate::library::Surroundings;
use crate::text_file;

/// Deeper than any folder of tests, and shallow enough to end soon when a whole disk is given by mistake.
const MAX_DEPTH: usize = 16;
/// More files than this are not looked for.
const MAX_FILES: usize = 10_000;
/// One byte more than is read of a text.
const MAX_BYTES: u64 = loopline_dsl::yaml::MAX_TEXT_BYTES as u64 + 1;

/// Whether a file holds tests, by its name.
pub fn is_test_file(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    stem.is_some_and(|stem| stem.ends_with(".loopline.test"))
}

/// The file itself, or the files of tests in a folder and all beneath it, in the order of their paths. Links to folders are
/// not followed; folders that begin with a dot, `node_modules` and `target` are left out.
pub fn find(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut open = vec![(path.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        for entry in fs::read_dir(&folder)?.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            let is_searched = !name.starts_with('.') && !matches!(name.as_str(), "node_modules" | "target");
            if kind.is_dir() && is_searched && depth < MAX_DEPTH {
                open.push((entry.path(), depth + 1));
            } else if kind.is_file() && is_test_file(&entry.path()) {
                files.push(entry.path());
            }
        }
        if files.len() > MAX_FILES {
            let message = format!("more than {MAX_FILES} files of tests beneath {}", path.display());
            return Err(io::Error::other(message));
        }
    }
    files.sort();
    Ok(files)
}

/// A pipeline that is tested.
#[derive(Debug)]
pub struct TestedPipeline {
    /// Its file.
    pub file: PathBuf,
    /// What it compiles to.
    pub graph: Graph,
}

/// Holds a file of tests against the pipeline that it names; gives that too, where it compiles.
pub fn check(file: &Path, text: &str, surroundings: &mut Surroundings) -> (CheckedTests, Option<TestedPipeline>) {
    let read = TestText::read(text);
    let Some(named) = read.pipeline() else { return (read.alone(), None) };
    let pipeline = file.parent().unwrap_or(Path::new("")).join(named);
    let shown = pipeline.display();
    let yaml = match text_file::read(&pipeline, MAX_BYTES) {
        Ok((yaml, _)) => yaml,
        Err(error) => {
            let said = error.to_string();
            let said = said.split(" (os error").next().unwrap_or(&said).to_lowercase();
            let help = "name the file as it is found from the folder of this one";
            return (read.without_pipeline(&format!("cannot read {shown}: {said}"), help), None);
        }
    };
    let compiled = surroundings.compile(&pipeline, &yaml);
    let Some(graph) = compiled.graph else {
        let first = compiled.diagnostics.iter().find(|found| found.severity == Severity::Error);
        let first = first.map(|found| format!(": {}", found.message)).unwrap_or_default();
        let help = format!("`loopline validate {shown}` says all of it");
        return (read.without_pipeline(&format!("{shown} does not compile{first}"), &help), None);
    };
    (read.check(&graph), Some(TestedPipeline { file: pipeline, graph }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_searched_and_what_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in [
            "b.loopline.test.yaml",
            "deep/er/a.loopline.test.yml",
            "b.loopline.yaml",
            ".hidden/c.loopline.test.yaml",
            "target/d.loopline.test.yaml",
        ] {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, "").expect("a file");
        }
        let found = find(folder.path()).expect("it can be read");
        let names: Vec<_> = found.iter().map(|file| file.strip_prefix(folder.path()).expect("beneath")).collect();
        assert_eq!(names, [Path::new("b.loopline.test.yaml"), Path::new("deep/er/a.loopline.test.yml")]);
        let one = folder.path().join("b.loopline.yaml");
        assert_eq!(find(&one).expect("a file"), std::slice::from_ref(&one));
        assert!(find(&folder.path().join("none")).is_err());
    }
}

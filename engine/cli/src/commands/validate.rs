//! `loopline validate FILE…`: everything that is wrong, at once, before the push.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use loopline_dsl::fixing::Fixed;
use loopline_dsl::{FileFindings, Severity};
use loopline_triggers::library::{Checked, Surroundings, check_files, is_step_type};
use loopline_triggers::test_files::is_test_file;

use super::{plain_io, read_file};
use crate::arguments::{DiagnosticFormat, Validate};
use crate::exit::{Exit, Failure, Outcome};
use crate::replace_file::replace_file;

/// One file and what was found in it.
struct Found {
    name: String,
    text: String,
    checked: Checked,
}

impl Found {
    fn findings(&self) -> FileFindings<'_> {
        FileFindings { name: &self.name, text: &self.text, diagnostics: self.checked.diagnostics() }
    }
}

/// Compiles each file among the others and what stands around it, mended first where that is asked for; exit code 1 when one
/// has errors.
pub fn validate(arguments: &Validate) -> Outcome {
    let mut files = Vec::new();
    for path in &arguments.files {
        files.push((path.clone(), read_file(path)?));
    }
    if arguments.fix {
        mend_all(&mut files)?;
    }
    let checked = check_files(&files);
    let all: Vec<_> = files
        .into_iter()
        .zip(checked)
        .map(|((path, text), checked)| Found { name: path.display().to_string(), text, checked })
        .collect();
    for found in &all {
        print_one(found, arguments.format);
    }
    print_all(&all, arguments.format)?;
    let count =
        |severity| all.iter().flat_map(|one| one.checked.diagnostics()).filter(|d| d.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors > 0 || (arguments.strict && warnings > 0) {
        let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let message = format!("{}, {}", count(errors, "error"), count(warnings, "warning"));
        return Err(Failure::new(Exit::Failed, message).hint("`loopline explain CODE` tells more about one"));
    }
    Ok(Exit::Success)
}

/// Mends step types before the pipelines that use them, and all pipelines among each other as they were given.
fn mend_all(files: &mut [(PathBuf, String)]) -> Result<(), Failure> {
    for (path, text) in files.iter_mut().filter(|(path, _)| is_step_type(path)) {
        let fixed = loopline_dsl::fixing::fix_step_type(text);
        *text = write(path, text, fixed)?;
    }
    let mut surroundings = Surroundings::of_given(files);
    for (path, text) in files.iter_mut().filter(|(path, _)| !is_step_type(path) && !is_test_file(path)) {
        let fixed = loopline_dsl::fixing::fix_among(text, &surroundings.library(path));
        *text = write(path, text, fixed)?;
    }
    Ok(())
}

/// Puts what was mended into the file, and says what that was.
fn write(path: &Path, before: &str, fixed: Fixed) -> Result<String, Failure> {
    if fixed.applied.is_empty() {
        return Ok(before.to_owned());
    }
    let name = path.display();
    replace_file(path, &fixed.text)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot write {name}: {}", plain_io(&error))))?;
    for applied in &fixed.applied {
        eprintln!("fixed {name}:{}: {} [{}]", applied.line, applied.title, applied.code.as_str());
    }
    Ok(fixed.text)
}

/// What is printed file by file.
fn print_one(found: &Found, format: DiagnosticFormat) {
    let Found { name, text, checked } = found;
    match format {
        DiagnosticFormat::Pretty => {
            let colour = std::io::stderr().is_terminal();
            eprint!("{}", loopline_dsl::render_pretty(name, text, checked.diagnostics(), colour));
            if let Some(said) = in_short(checked) {
                println!("{name}: {said}");
            }
        }
        DiagnosticFormat::Github => print!("{}", loopline_dsl::to_github(name, text, checked.diagnostics())),
        DiagnosticFormat::Json | DiagnosticFormat::Sarif => {}
    }
}

/// What a file without errors is.
fn in_short(checked: &Checked) -> Option<String> {
    match checked {
        Checked::Pipeline(compiled) => compiled.graph.as_ref().map(|graph| {
            let loops: usize = graph.steps.iter().map(|step| step.goto.len()).sum();
            format!("{} steps, {loops} loops, {}", graph.steps.len(), graph.digest())
        }),
        Checked::StepType(found) => {
            let sound = found.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
            sound.then(|| "a step type".to_owned())
        }
        Checked::Tests(tests) => tests.file.as_ref().map(|file| {
            let cases = file.cases.0.as_ref().map_or(0, |cases| cases.0.len());
            format!("{cases} tests")
        }),
    }
}

/// What is one document for all files.
fn print_all(all: &[Found], format: DiagnosticFormat) -> Result<(), Failure> {
    let document = match format {
        DiagnosticFormat::Json => {
            let mut findings = Vec::new();
            for Found { name, text, checked } in all {
                for diagnostic in loopline_dsl::to_json(text, checked.diagnostics()) {
                    let mut value = serde_json::to_value(diagnostic).map_err(anyhow::Error::from)?;
                    value["file"] = name.clone().into();
                    findings.push(value);
                }
            }
            findings.into()
        }
        DiagnosticFormat::Sarif => loopline_dsl::to_sarif(&all.iter().map(Found::findings).collect::<Vec<_>>()),
        DiagnosticFormat::Pretty | DiagnosticFormat::Github => return Ok(()),
    };
    println!("{}", serde_json::to_string_pretty(&document).map_err(anyhow::Error::from)?);
    Ok(())
}

//! `loopline validate FILE…`: everything that is wrong, at once, before the push.

use std::io::IsTerminal as _;
use std::path::Path;

use loopline_dsl::{Compiled, FileFindings, Severity};

use super::{plain_io, read_file};
use crate::arguments::{DiagnosticFormat, Validate};
use crate::exit::{Exit, Failure, Outcome};
use crate::replace_file::replace_file;

/// One file and what was found in it.
struct Checked {
    name: String,
    text: String,
    compiled: Compiled,
}

impl Checked {
    fn findings(&self) -> FileFindings<'_> {
        FileFindings { name: &self.name, text: &self.text, diagnostics: &self.compiled.diagnostics }
    }
}

/// Compiles each file, mended first where that is asked for; exit code 1 when one has errors.
pub fn validate(arguments: &Validate) -> Outcome {
    let mut all = Vec::new();
    for path in &arguments.files {
        let mut text = read_file(path)?;
        if arguments.fix {
            text = mend(path, text)?;
        }
        let compiled = loopline_dsl::compile(&text);
        let checked = Checked { name: path.display().to_string(), text, compiled };
        print_one(&checked, arguments.format);
        all.push(checked);
    }
    print_all(&all, arguments.format)?;
    let count =
        |severity| all.iter().flat_map(|one| &one.compiled.diagnostics).filter(|d| d.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors > 0 || (arguments.strict && warnings > 0) {
        let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let message = format!("{}, {}", count(errors, "error"), count(warnings, "warning"));
        return Err(Failure::new(Exit::Failed, message).hint("`loopline explain CODE` tells more about one"));
    }
    Ok(Exit::Success)
}

/// Makes the fixes that are sure, in the file itself, and says which.
fn mend(path: &Path, text: String) -> Result<String, Failure> {
    let fixed = loopline_dsl::fixing::fix(&text);
    if fixed.applied.is_empty() {
        return Ok(text);
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
fn print_one(checked: &Checked, format: DiagnosticFormat) {
    let Checked { name, text, compiled } = checked;
    match format {
        DiagnosticFormat::Pretty => {
            let colour = std::io::stderr().is_terminal();
            eprint!("{}", loopline_dsl::render_pretty(name, text, &compiled.diagnostics, colour));
            if let Some(graph) = &compiled.graph {
                let loops: usize = graph.steps.iter().map(|step| step.goto.len()).sum();
                println!("{name}: {} steps, {loops} loops, {}", graph.steps.len(), graph.digest());
            }
        }
        DiagnosticFormat::Github => print!("{}", loopline_dsl::to_github(name, text, &compiled.diagnostics)),
        DiagnosticFormat::Json | DiagnosticFormat::Sarif => {}
    }
}

/// What is one document for all files.
fn print_all(all: &[Checked], format: DiagnosticFormat) -> Result<(), Failure> {
    let document = match format {
        DiagnosticFormat::Json => {
            let mut findings = Vec::new();
            for Checked { name, text, compiled } in all {
                for diagnostic in loopline_dsl::to_json(text, &compiled.diagnostics) {
                    let mut value = serde_json::to_value(diagnostic).map_err(anyhow::Error::from)?;
                    value["file"] = name.clone().into();
                    findings.push(value);
                }
            }
            findings.into()
        }
        DiagnosticFormat::Sarif => loopline_dsl::to_sarif(&all.iter().map(Checked::findings).collect::<Vec<_>>()),
        DiagnosticFormat::Pretty | DiagnosticFormat::Github => return Ok(()),
    };
    println!("{}", serde_json::to_string_pretty(&document).map_err(anyhow::Error::from)?);
    Ok(())
}

//! `loopline validate FILE…`: everything that is wrong, at once, before the push.

use std::io::IsTerminal as _;

use loopline_dsl::Severity;
use loopline_triggers::library::{Checked, check_files};

use super::read_file;
use crate::arguments::{DiagnosticFormat, Validate};
use crate::exit::{Exit, Failure, Outcome};

/// Compiles each file, among the others and what stands around it; exit code 1 when one has errors.
pub fn validate(arguments: &Validate) -> Outcome {
    let mut all = Vec::new();
    let (mut errors, mut warnings) = (0, 0);
    let files = arguments.files.iter().map(|path| Ok((path.clone(), read_file(path)?)));
    let files = files.collect::<Result<Vec<_>, Failure>>()?;
    for ((path, text), checked) in files.iter().zip(check_files(&files)) {
        let name = path.display().to_string();
        let diagnostics = checked.diagnostics();
        let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
        errors += count(Severity::Error);
        warnings += count(Severity::Warning);
        match arguments.format {
            DiagnosticFormat::Pretty => {
                let colour = std::io::stderr().is_terminal();
                eprint!("{}", loopline_dsl::render_pretty(&name, text, diagnostics, colour));
                if let Some(said) = in_short(&checked) {
                    println!("{name}: {said}");
                }
            }
            DiagnosticFormat::Json => {
                for diagnostic in loopline_dsl::to_json(text, diagnostics) {
                    let mut value = serde_json::to_value(diagnostic).map_err(anyhow::Error::from)?;
                    value["file"] = name.clone().into();
                    all.push(value);
                }
            }
        }
    }
    if arguments.format == DiagnosticFormat::Json {
        println!("{}", serde_json::to_string_pretty(&all).map_err(anyhow::Error::from)?);
    }
    if errors > 0 || (arguments.strict && warnings > 0) {
        let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let message = format!("{}, {}", count(errors, "error"), count(warnings, "warning"));
        return Err(Failure::new(Exit::Failed, message).hint("`loopline explain CODE` tells more about one"));
    }
    Ok(Exit::Success)
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
    }
}

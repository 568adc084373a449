//! `loopline validate FILE…`: everything that is wrong, at once, before the push.

use std::io::IsTerminal as _;

use loopline_dsl::Severity;

use super::read_file;
use crate::arguments::{DiagnosticFormat, Validate};
use crate::exit::{Exit, Failure, Outcome};

/// Compiles each file; exit code 1 when one has errors.
pub fn validate(arguments: &Validate) -> Outcome {
    let mut all = Vec::new();
    let (mut errors, mut warnings) = (0, 0);
    for path in &arguments.files {
        let text = read_file(path)?;
        let name = path.display().to_string();
        let compiled = loopline_dsl::compile(&text);
        let count = |severity| compiled.diagnostics.iter().filter(|d| d.severity == severity).count();
        errors += count(Severity::Error);
        warnings += count(Severity::Warning);
        match arguments.format {
            DiagnosticFormat::Pretty => {
                let colour = std::io::stderr().is_terminal();
                eprint!("{}", loopline_dsl::render_pretty(&name, &text, &compiled.diagnostics, colour));
                if let Some(graph) = &compiled.graph {
                    let loops: usize = graph.steps.iter().map(|step| step.goto.len()).sum();
                    println!("{name}: {} steps, {loops} loops, {}", graph.steps.len(), graph.digest());
                }
            }
            DiagnosticFormat::Json => {
                for diagnostic in loopline_dsl::to_json(&text, &compiled.diagnostics) {
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

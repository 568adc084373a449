//! `loopline verify FILE`: what can become of a pipeline's runs.

use std::io::IsTerminal as _;

use super::read_file;
use crate::arguments::{Output, Verify};
use crate::exit::{Exit, Failure, Outcome};
use crate::inputs;

/// Prints what is proved and what was seen; exit code 1 when some run does not end, or no way leads to some step.
pub fn verify(arguments: &Verify) -> Outcome {
    let text = read_file(&arguments.file)?;
    let name = arguments.file.display().to_string();
    let compiled = loopline_triggers::library::compile_file(&arguments.file, &text);
    let Some(graph) = compiled.graph else {
        let colour = std::io::stderr().is_terminal();
        eprint!("{}", loopline_dsl::render_pretty(&name, &text, &compiled.diagnostics, colour));
        return Err(Failure::new(Exit::Failed, format!("{name} does not compile, so it has no runs")));
    };
    let schemas = graph.inputs.iter().map(|(name, input)| (name.clone(), input.schema.clone())).collect();
    let given = inputs::read(&arguments.inputs, &schemas)?;
    let verdict = loopline_testing::verify::verify(&graph, &given, arguments.runs).map_err(|problems| {
        let message = format!("no run can begin: {}", problems.join("; "));
        Failure::usage(message).hint("give such an input with -i key=value")
    })?;
    match arguments.output {
        Output::Table => print!("{}", verdict.for_people()),
        Output::Json => println!("{}", serde_json::to_string_pretty(&verdict.json()).map_err(anyhow::Error::from)?),
    }
    if verdict.is_bad() {
        return Err(Failure::new(Exit::Failed, format!("{name} has runs that do not end, or steps that never start")));
    }
    Ok(Exit::Success)
}

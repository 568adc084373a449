//! `loopline verify FILE`: what can become of a pipeline's runs.

use std::io::IsTerminal as _;

use super::read_file;
use crate::arguments::{Output, Verify, WayFormat};
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
    if let Some(number) = arguments.draw {
        let trails = verdict.trails();
        let Some(trail) = number.checked_sub(1).and_then(|at| trails.get(at)) else {
            let message = format!("there is no way {number}: {name} has {} to be drawn", trails.len());
            return Err(Failure::usage(message).hint("without --draw, each way stands with its number"));
        };
        let drawn = match arguments.format {
            WayFormat::Svg => loopline_dsl::drawing::svg_of(&graph, trail),
            WayFormat::Mermaid => loopline_dsl::drawing::mermaid_of(&graph, trail),
        };
        println!("{}", drawn.trim_end());
        return Ok(Exit::Success);
    }
    match arguments.output {
        Output::Table => print!("{}", verdict.for_people()),
        Output::Json => println!("{}", serde_json::to_string_pretty(&verdict.json()).map_err(anyhow::Error::from)?),
    }
    if verdict.is_bad() {
        return Err(Failure::new(Exit::Failed, format!("{name} has runs that do not end, or steps that never start")));
    }
    Ok(Exit::Success)
}

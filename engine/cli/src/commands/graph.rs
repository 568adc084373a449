//! `loopline graph FILE`: the graph, drawn with its loops.

use std::io::IsTerminal as _;

use super::read_file;
use crate::arguments::{Graph, GraphFormat};
use crate::exit::{Exit, Failure, Outcome};

/// Prints the drawing; a file with errors has none.
pub fn graph(arguments: &Graph) -> Outcome {
    let text = read_file(&arguments.file)?;
    let compiled = loopline_triggers::library::compile_file(&arguments.file, &text);
    let Some(graph) = compiled.graph else {
        let name = arguments.file.display().to_string();
        let colour = std::io::stderr().is_terminal();
        eprint!("{}", loopline_dsl::render_pretty(&name, &text, &compiled.diagnostics, colour));
        return Err(Failure::new(Exit::Failed, format!("{name} does not compile, so there is no graph to draw")));
    };
    match arguments.format {
        GraphFormat::Mermaid => println!("{}", loopline_dsl::drawing::mermaid(&graph).trim_end()),
        GraphFormat::Svg => println!("{}", loopline_dsl::drawing::svg(&graph).trim_end()),
        GraphFormat::Dot => println!("{}", loopline_dsl::drawing::dot(&graph).trim_end()),
        GraphFormat::Json => {
            let outline = loopline_dsl::outline(&graph);
            println!("{}", serde_json::to_string_pretty(&outline).map_err(anyhow::Error::from)?);
        }
    }
    Ok(Exit::Success)
}

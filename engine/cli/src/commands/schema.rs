//! `loopline schema`.

use serde_json::Value as Json;

use crate::exit::{Exit, Outcome};

/// Prints the JSON Schema of pipeline files.
pub fn of_pipelines() -> Outcome {
    print(&loopline_dsl::schema())
}

/// Prints the JSON Schema of step types.
pub fn of_step_types() -> Outcome {
    print(&loopline_dsl::step_type_schema())
}

/// Prints the JSON Schema of files of tests.
pub fn of_tests() -> Outcome {
    print(&loopline_dsl::test_schema())
}

fn print(schema: &Json) -> Outcome {
    println!("{}", serde_json::to_string_pretty(schema).map_err(anyhow::Error::from)?);
    Ok(Exit::Success)
}

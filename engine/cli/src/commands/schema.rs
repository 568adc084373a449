//! `loopline schema`.

use crate::exit::{Exit, Outcome};

/// Prints the JSON Schema of pipeline files.
pub fn schema() -> Outcome {
    println!("{}", serde_json::to_string_pretty(&loopline_dsl::schema()).map_err(anyhow::Error::from)?);
    Ok(Exit::Success)
}

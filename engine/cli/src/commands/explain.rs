//! `loopline explain CODE`.

use crate::exit::{Exit, Failure, Outcome};

/// Prints the page of a diagnostic code.
pub fn explain(code: &str) -> Outcome {
    match loopline_dsl::explain(code) {
        Some(page) => {
            println!("{}", page.trim_end());
            Ok(Exit::Success)
        }
        None => Err(Failure::usage(format!("there is no diagnostic `{code}`")).hint("codes look like LL0012")),
    }
}

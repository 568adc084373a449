//! The language server without the rest of `loopline`: each file stands alone.

use std::process::ExitCode;
use std::sync::Arc;

use loopline_dsl::Library;
use loopline_lsp::{Ended, serve_stdio};

fn main() -> ExitCode {
    match serve_stdio(Arc::new(|_| Library::default())) {
        Ok(Ended::Orderly) => ExitCode::SUCCESS,
        Ok(Ended::Abruptly) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

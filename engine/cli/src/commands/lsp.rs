//! `loopline lsp`: the language server, for editors.

use std::path::Path;
use std::sync::Arc;

use loopline_lsp::{Ended, serve_stdio};
use loopline_triggers::library::Surroundings;

use crate::exit::{Exit, Failure, Outcome};

/// Serves one editor until it goes away. Exit code 1 where it went without saying so.
pub fn lsp() -> Outcome {
    // Asked for again only when files have changed, so nothing is kept from one time to the next.
    let library_of = |file: &Path| Surroundings::default().library(file);
    match serve_stdio(Arc::new(library_of)).map_err(anyhow::Error::from)? {
        Ended::Orderly => Ok(Exit::Success),
        Ended::Abruptly => Err(Failure::new(Exit::Failed, "the editor went away without a farewell")
            .hint("this command speaks with an editor, not with people; see docs/editors.md")),
    }
}

//! `loopline serve`.

use crate::arguments::Serve;
use crate::exit::{Exit, Outcome};
use crate::wiring;

/// Serves until SIGINT or SIGTERM.
pub async fn serve(arguments: Serve) -> Outcome {
    wiring::start_tracing();
    wiring::serve(arguments).await?;
    Ok(Exit::Success)
}

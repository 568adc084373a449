//! `loopline pause RUN` and `loopline resume RUN`.

use serde_json::json;

use crate::arguments::OneRun;
use crate::client::segment;
use crate::exit::{Exit, Outcome};
use crate::local;

/// Which of the two.
#[derive(Debug, Clone, Copy)]
pub enum Verb {
    /// Nothing new is started.
    Pause,
    /// It goes on.
    Resume,
}

/// Asks for it, and prints where the run stands.
pub async fn pause(arguments: OneRun, verb: Verb) -> Outcome {
    let client = local::client_for(&arguments.server, &arguments.run).await?;
    let word = match verb {
        Verb::Pause => "pause",
        Verb::Resume => "resume",
    };
    let run = client.post(&format!("/runs/{}/{word}", segment(&arguments.run)), &json!({}), None).await?;
    super::show::print(&run, arguments.output)?;
    Ok(Exit::Success)
}

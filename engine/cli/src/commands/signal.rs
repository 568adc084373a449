//! `loopline signal RUN NAME [JSON]`.

use serde_json::Value as Json;

use crate::arguments::Signal;
use crate::client::segment;
use crate::exit::{Exit, Failure, Outcome};
use crate::local;

/// Sends the signal; the run keeps it until a step takes it.
pub async fn signal(arguments: Signal) -> Outcome {
    let client = local::client_for(&arguments.server, &arguments.run).await?;
    let payload = match &arguments.payload {
        None => Json::Null,
        Some(text) => parse(text)?,
    };
    let path = format!("/runs/{}/signals/{}", segment(&arguments.run), segment(&arguments.name));
    let run = client.post(&path, &payload, arguments.idempotency_key.as_deref()).await?;
    super::show::print(&run, arguments.output)?;
    Ok(Exit::Success)
}

/// What a signal says. A text that is not JSON is most likely one that lost its quotes to the shell.
pub fn parse(text: &str) -> Result<Json, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::new(Exit::Usage, format!("the payload is not JSON: {error}"))
            .hint("quote it for the shell, like '{\"order\": 7}'; a text is '\"like this\"'")
    })
}

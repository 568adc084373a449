//! `loopline cancel RUN`.

use serde_json::json;

use crate::arguments::Cancel;
use crate::client::segment;
use crate::exit::{Exit, Outcome};
use crate::local;

/// Asks the run to end.
pub async fn cancel(arguments: Cancel) -> Outcome {
    let client = local::client_for(&arguments.server, &arguments.run).await?;
    let mut body = json!({});
    if let Some(message) = &arguments.message {
        body["reason"] = message.clone().into();
    }
    let run = client.post(&format!("/runs/{}/cancel", segment(&arguments.run)), &body, None).await?;
    super::show::print(&run, arguments.output)?;
    Ok(Exit::Success)
}

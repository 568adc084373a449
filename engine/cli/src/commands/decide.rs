//! `loopline approve RUN STEP` and `loopline reject RUN STEP`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::arguments::Decide;
use crate::client::segment;
use crate::exit::{Exit, Failure, Outcome};
use crate::{inputs, local};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Go on.
    Approve,
    /// Do not.
    Reject,
}

/// Decides the visit that waits now, as it is shown now.
pub async fn decide(arguments: Decide, verb: Verb) -> Outcome {
    let client = local::client_for(&arguments.server, &arguments.run).await?;
    let run = client.get(&format!("/runs/{}", segment(&arguments.run))).await?;
    let steps = crate::progress::inside::steps_of(&run);
    let found = steps.iter().find(|(name, _)| *name == arguments.step).map(|(_, view)| view);
    let step = found.unwrap_or(&Json::Null);
    if step.is_null() {
        let known: Vec<_> = run["steps"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        return Err(Failure::usage(format!("the run has no step `{}`", arguments.step))
            .hint(format!("it has {}", known.join(", "))));
    }
    let waiting = &step["waiting_for"];
    if waiting["kind"] != "approval" {
        let status = step["status"].as_str().unwrap_or_default();
        return Err(Failure::new(
            Exit::Failed,
            format!("`{}` does not ask for a decision: it is {status}", arguments.step),
        ));
    }
    let schemas: BTreeMap<String, Json> = waiting["fields"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    let mut fields = Map::new();
    for pair in &arguments.field {
        let (name, text) = inputs::key_value(pair, "-f")?;
        let value = inputs::typed(text, schemas.get(name))
            .map_err(|wanted| Failure::usage(format!("field `{name}` is {wanted}, and `{text}` is not one")))?;
        fields.insert(name.to_owned(), value);
    }
    let mut body = json!({"visit": step["visit"], "digest": waiting["digest"], "fields": fields});
    if let Some(message) = &arguments.message {
        body["comment"] = message.clone().into();
    }
    let verb = if verb == Verb::Approve { "approve" } else { "reject" };
    let path = format!("/runs/{}/steps/{}/{verb}", segment(&arguments.run), segment(&arguments.step));
    let run = client.post(&path, &body, None).await?;
    super::show::print(&run, arguments.output)?;
    Ok(Exit::Success)
}

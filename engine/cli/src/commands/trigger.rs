//! `loopline trigger NAME`: starts a run on a server, from CI or by hand.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::full_name;
use crate::arguments::{Output, Trigger};
use crate::client::{Client, segment};
use crate::exit::{Exit, Outcome};
use crate::inputs;
use crate::progress::{Answers, Followed, Following, Printer, follow};

/// Where a server is looked for when none is named.
const DEFAULT_SERVER: &str = "http://127.0.0.1:7878";

/// Triggers; with `--wait` or `--follow` the exit code is that of the run.
pub async fn trigger(arguments: Trigger) -> Outcome {
    let server = arguments.server.server.as_deref().unwrap_or(DEFAULT_SERVER);
    let client = Client::new(server, arguments.server.token()?)?;
    let (project, name) = full_name(&arguments.name);
    let path = format!("/pipelines/{}/{}", segment(&project), segment(&name));
    let pipeline = client.get(&path).await?;
    let schemas: BTreeMap<String, Json> = pipeline["graph"]["inputs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|input| Some((input["name"].as_str()?.to_owned(), input["schema"].clone())))
        .collect();
    let inputs = inputs::read(&arguments.inputs, &schemas)?;
    let mut labels = Map::new();
    for pair in &arguments.label {
        let (key, value) = inputs::key_value(pair, "--label")?;
        labels.insert(key.to_owned(), value.into());
    }
    let body = json!({"inputs": inputs, "labels": labels});
    let run = client.post(&format!("{path}/runs"), &body, arguments.idempotency_key.as_deref()).await?;
    let id = run["id"].as_str().unwrap_or_default().to_owned();
    let json_wanted = arguments.output == Output::Json;
    if !json_wanted {
        println!("{name} #{} started: {}", run["number"], client.page(&id));
    }
    let path = format!("/runs/{}", segment(&id));
    if arguments.follow {
        let mut printer = Printer::new(json_wanted);
        let following = Following {
            client: client.clone(),
            run: id.clone(),
            after: 0,
            answers: Answers::default(),
            ask: false,
            cancel_on_interrupt: false,
        };
        if follow(following, &mut printer).await? == Followed::Interrupted {
            return Ok(Exit::Interrupted);
        }
    } else if arguments.wait {
        loop {
            let run = client.get(&format!("{path}?wait=30s")).await?;
            if run["finished_at"].is_string() {
                break;
            }
        }
    } else {
        if json_wanted {
            super::show::print(&run, Output::Json)?;
        }
        return Ok(Exit::Success);
    }
    let run = client.get(&path).await?;
    super::show::print(&run, arguments.output)?;
    Ok(if run["status"] == "succeeded" { Exit::Success } else { Exit::Failed })
}

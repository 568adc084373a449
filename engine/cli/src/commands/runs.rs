//! `loopline runs`.

use loopline_core::time::Timestamp;
use serde_json::Value as Json;

use super::full_name;
use crate::arguments::{Output, Runs};
use crate::client::{Client, segment};
use crate::exit::{Exit, Outcome};
use crate::progress::{duration_text, safe};
use crate::{local, table};

/// Lists runs, newest first.
pub async fn runs(arguments: Runs) -> Outcome {
    let mut path = format!("/runs?limit={}", arguments.limit);
    if let Some(pipeline) = &arguments.pipeline {
        let (project, name) = full_name(pipeline);
        path.push_str(&format!("&pipeline={}", segment(&format!("{project}/{name}"))));
    }
    if let Some(status) = &arguments.status {
        path.push_str(&format!("&status={}", segment(status)));
    }
    let items: Vec<Json> = match &arguments.server.server {
        Some(server) => {
            let answer = Client::new(server, arguments.server.token()?)?.get(&path).await?;
            answer["items"].as_array().cloned().unwrap_or_default()
        }
        None => local::list(&path, arguments.limit as usize).await?,
    };
    if arguments.output == Output::Json {
        println!("{}", serde_json::to_string_pretty(&items).map_err(anyhow::Error::from)?);
        return Ok(Exit::Success);
    }
    let mut rows = table::table(&["run", "pipeline", "status", "started", "took", "by"]);
    for run in &items {
        let text = |name: &str| run[name].as_str().unwrap_or_default().to_owned();
        let time = |name: &str| run[name].as_str().and_then(Timestamp::parse);
        let took = match (time("created_at"), time("finished_at")) {
            (Some(from), Some(to)) => duration_text(to.ms_since(from)),
            _ => String::new(),
        };
        rows.add_row([
            text("id"),
            safe(&format!("{} #{}", text("pipeline"), run["number"])),
            text("status"),
            text("created_at"),
            took,
            safe(run["trigger"]["actor"].as_str().unwrap_or_default()),
        ]);
    }
    table::print(&rows, "no runs");
    Ok(Exit::Success)
}

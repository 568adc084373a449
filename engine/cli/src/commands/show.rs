//! `loopline show RUN`.

use serde_json::Value as Json;

use crate::arguments::{OneRun, Output};
use crate::client::segment;
use crate::exit::{Exit, Outcome};
use crate::progress::safe;
use crate::{local, table};

/// Prints where a run stands.
pub async fn show(arguments: OneRun) -> Outcome {
    let client = local::client_for(&arguments.server, &arguments.run).await?;
    let run = client.get(&format!("/runs/{}", segment(&arguments.run))).await?;
    print(&run, arguments.output)?;
    Ok(Exit::Success)
}

/// Prints a run, for people or for programs.
pub fn print(run: &Json, output: Output) -> Result<(), crate::exit::Failure> {
    if output == Output::Json {
        println!("{}", serde_json::to_string_pretty(run).map_err(anyhow::Error::from)?);
        return Ok(());
    }
    let text = |name: &str| run[name].as_str().unwrap_or_default();
    println!("{} #{}  {}  {}", safe(text("pipeline")), run["number"], text("status"), text("id"));
    if let Some(message) = run["error"]["message"].as_str() {
        let step = run["error"]["step"].as_str().map(|step| format!("{step}: ")).unwrap_or_default();
        println!("  {}{}: {}", safe(&step), run["error"]["kind"].as_str().unwrap_or_default(), safe(message));
    }
    let mut rows = table::table(&["step", "status", "visit", "attempt", "what"]);
    for (name, step) in crate::progress::inside::steps_of(run) {
        rows.add_row([
            safe(&name),
            step["status"].as_str().unwrap_or_default().to_owned(),
            step["visit"].to_string(),
            step["attempt"].to_string(),
            safe(&what(&step)),
        ]);
    }
    table::print(&rows, "no steps");
    for (name, value) in run["outputs"].as_object().into_iter().flatten() {
        println!("{} = {}", safe(name), safe(&value.to_string()));
    }
    Ok(())
}

fn what(step: &Json) -> String {
    let waiting = &step["waiting_for"];
    match waiting["kind"].as_str() {
        Some("approval") => return format!("asks: {}", waiting["message"].as_str().unwrap_or_default()),
        Some("timer" | "retry") => return format!("until {}", waiting["until"].as_str().unwrap_or_default()),
        _ => {}
    }
    if let Some(message) = step["error"]["message"].as_str() {
        return message.to_owned();
    }
    step["skip_reason"].as_str().unwrap_or_default().replace('_', " ")
}

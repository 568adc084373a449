//! `loopline history RUN`.

use serde_json::Value as Json;

use crate::arguments::{OneRun, Output};
use crate::client::segment;
use crate::exit::{Exit, Outcome};
use crate::progress::safe;
use crate::{local, table};

/// Prints the events of a run, oldest first.
pub async fn history(arguments: OneRun) -> Outcome {
    let client = local::client_for(&arguments.server, &arguments.run).await?;
    let mut events: Vec<Json> = Vec::new();
    loop {
        let after = events.last().and_then(|event| event["seq"].as_u64()).unwrap_or(0);
        let page = client.get(&format!("/runs/{}/events?after={after}", segment(&arguments.run))).await?;
        let page = page["events"].as_array().cloned().unwrap_or_default();
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    if arguments.output == Output::Json {
        println!("{}", serde_json::to_string_pretty(&events).map_err(anyhow::Error::from)?);
        return Ok(Exit::Success);
    }
    let mut rows = table::table(&["seq", "at", "event", "about", "and so"]);
    for event in &events {
        let kind = event["event"]["type"].as_str().unwrap_or_default();
        let at = event["at"].as_str().unwrap_or_default();
        rows.add_row([
            event["seq"].to_string(),
            at.to_owned(),
            kind.replace('_', " "),
            safe(&about(&event["event"])),
            safe(&consequences(event)),
        ]);
    }
    table::print(&rows, "no events");
    Ok(Exit::Success)
}

fn about(event: &Json) -> String {
    let key = if event["timer"]["key"].is_object() { &event["timer"]["key"] } else { &event["key"] };
    match event["type"].as_str() {
        Some("run_created") => event["trigger"]["kind"].as_str().unwrap_or_default().to_owned(),
        Some("attempt_started" | "attempt_finished") => {
            let outcome = event["outcome"]["status"].as_str().unwrap_or_default();
            let kind = event["outcome"]["error"]["kind"].as_str().map(|kind| format!(" ({kind})")).unwrap_or_default();
            format!("{} visit {} attempt {} {outcome}{kind}", text(key, "step"), key["visit"], key["attempt"])
        }
        Some("timer_fired") => match event["timer"]["timer"].as_str() {
            Some("loop_delay") => format!("delay of the loop to {}", text(&event["timer"], "to")),
            Some("run") => "the run's timeout".to_owned(),
            Some(kind) => format!("{kind} of {} visit {}", text(key, "step"), key["visit"]),
            None => String::new(),
        },
        Some("approval_decided") => {
            format!(
                "{} {} visit {} by {}",
                text(event, "step"),
                text(event, "decision"),
                event["visit"],
                text(event, "by")
            )
        }
        Some("cancel_requested") => format!("by {}", text(event, "by")),
        _ => String::new(),
    }
}

fn text<'a>(value: &'a Json, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn consequences(event: &Json) -> String {
    let steps = event["changes"]["steps"].as_object().into_iter().flatten();
    let mut parts: Vec<String> = steps
        .filter(|(_, step)| step["status"] != "pending" || step["visit"].as_u64() > Some(1))
        .map(|(name, step)| {
            let visit = step["visit"].as_u64().filter(|visit| *visit > 1).map(|v| format!("#{v}")).unwrap_or_default();
            format!("{name}{visit} {}", text(step, "status"))
        })
        .collect();
    if event["changes"]["run"]["finished_at"].is_string() {
        parts.push(format!("run {}", text(&event["changes"]["run"], "status")));
    }
    parts.join(", ")
}

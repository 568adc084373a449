//! `loopline why RUN STEP`.

use serde_json::Value as Json;

use crate::arguments::{Output, Why};
use crate::client::segment;
use crate::exit::{Exit, Failure, Outcome};
use crate::progress::safe;
use crate::{local, table};

/// Says why a step stands where it does, now or right after an event.
pub async fn why(arguments: Why) -> Outcome {
    let client = local::client_for(&arguments.server, &arguments.run).await?;
    let at = arguments.at.map(|at| format!("?at={at}")).unwrap_or_default();
    let path = format!("/runs/{}/steps/{}/why{at}", segment(&arguments.run), segment(&arguments.step));
    print(&client.get(&path).await?, arguments.output)?;
    Ok(Exit::Success)
}

fn print(why: &Json, output: Output) -> Result<(), Failure> {
    if output == Output::Json {
        println!("{}", serde_json::to_string_pretty(why).map_err(anyhow::Error::from)?);
        return Ok(());
    }
    let text = |of: &Json, name: &str| safe(of[name].as_str().unwrap_or_default());
    println!(
        "{}  {}  visit {}  (after event {})",
        text(why, "step"),
        text(why, "status"),
        why["visit"],
        why["last_seq"]
    );
    for sentence in list(why, "said") {
        println!("  {}", safe(sentence.as_str().unwrap_or_default()));
    }
    let mut edges = table::table(&["needs", "on", "edge", "why"]);
    for need in list(why, "needs") {
        edges.add_row([text(need, "step"), text(need, "on"), text(need, "state"), text(need, "said")]);
    }
    print_if_any(&edges);
    let mut loops = table::table(&["goes back to", "on", "fired", "loop", "why"]);
    for goto in list(why, "goto") {
        let most = goto["max"].as_u64().map_or_else(|| "no limit".to_owned(), |max| max.to_string());
        let fired = format!("{} of {most}", goto["used"]);
        let state = text(goto, "state").replace('_', " ");
        loops.add_row([text(goto, "to"), text(goto, "on"), fired, state, text(goto, "said")]);
    }
    print_if_any(&loops);
    let past = list(why, "past");
    if !past.is_empty() {
        println!();
    }
    if let older @ 1.. = why["older_visits"].as_u64().unwrap_or(0) {
        println!("{older} visits before these are not listed; `--at` shows the run as it was.");
    }
    for visit in past {
        println!("{}", text(visit, "said"));
    }
    Ok(())
}

fn list<'a>(of: &'a Json, name: &str) -> &'a [Json] {
    of[name].as_array().map_or(&[], Vec::as_slice)
}

fn print_if_any(rows: &comfy_table::Table) {
    if rows.row_count() > 0 {
        println!();
        table::print(rows, "");
    }
}

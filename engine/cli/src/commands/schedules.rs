//! `loopline schedules FILE…`: when the schedules of pipeline files are due, before a server ever sees them.

use std::io::IsTerminal as _;
use std::path::Path;

use jiff::tz::TimeZone;
use loopline_core::graph::{Schedule, When};
use loopline_core::time::Timestamp;
use loopline_triggers::schedule::Times;
use serde_json::json;

use super::read_file;
use crate::arguments::{Output, Schedules};
use crate::exit::{Exit, Failure, Outcome};

/// Prints the next moments of each schedule on the clock of its zone.
pub fn schedules(arguments: &Schedules) -> Outcome {
    let after = match &arguments.after {
        Some(text) => Timestamp::parse(text)
            .ok_or_else(|| Failure::usage(format!("`{text}` is not a time like 2026-03-29T00:00:00Z")))?,
        None => Timestamp(jiff::Timestamp::now().as_millisecond()),
    };
    let mut all = Vec::new();
    for file in &arguments.files {
        for schedule in of_file(file)? {
            let times = Times::of(&schedule).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
            let due: Vec<Timestamp> = std::iter::successors(times.next(after), |last| times.next(*last))
                .take(arguments.next.into())
                .collect();
            all.push((file, schedule, due));
        }
    }
    if arguments.output == Output::Json {
        let all: Vec<_> = all
            .iter()
            .map(|(file, Schedule { when, timezone, .. }, due)| {
                json!({"file": file, "when": when, "timezone": timezone, "due": due})
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&all).map_err(anyhow::Error::from)?);
        return Ok(Exit::Success);
    }
    if all.is_empty() {
        println!("no schedules");
    }
    for (file, schedule, due) in &all {
        println!("{}: {}", file.display(), in_words(schedule));
        for at in due {
            println!("  {}", on_the_clock(*at, &schedule.timezone));
        }
    }
    Ok(Exit::Success)
}

fn of_file(file: &Path) -> Result<Vec<Schedule>, Failure> {
    let text = read_file(file)?;
    let compiled = loopline_triggers::library::compile_file(file, &text);
    let Some(graph) = compiled.graph else {
        let name = file.display().to_string();
        let colour = std::io::stderr().is_terminal();
        eprint!("{}", loopline_dsl::render_pretty(&name, &text, &compiled.diagnostics, colour));
        return Err(Failure::new(Exit::Failed, format!("{name} does not compile, so nothing of it is ever due")));
    };
    Ok(graph.triggers.schedule.clone())
}

fn in_words(schedule: &Schedule) -> String {
    match &schedule.when {
        When::Cron(pattern) => format!("{pattern} ({})", schedule.timezone),
        When::EveryMs(ms) => format!("every {}", loopline_dsl::duration::write(*ms)),
    }
}

/// With the day of the week and the offset, which is what people look for around a change of clocks.
fn on_the_clock(at: Timestamp, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(at) => at.to_zoned(zone).strftime("%a %Y-%m-%d %H:%M:%S %:z").to_string(),
        Err(_) => at.to_string(),
    }
}

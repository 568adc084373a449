//! `loopline logs RUN [STEP]`.

use std::io::Write as _;

use crate::arguments::{Logs, Output};
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::local;
use crate::progress::{Answers, Following, Printer, follow, safe};

/// Prints logs: of one step as they are, of a whole run with the steps' names before each line.
pub async fn logs(arguments: Logs) -> Outcome {
    let client = local::client_for(&arguments.server, &arguments.run).await?;
    match (&arguments.step, arguments.follow) {
        (None, true) => {
            let mut printer = Printer::new(false);
            let following = Following {
                client,
                run: arguments.run.clone(),
                after: 0,
                answers: Answers::default(),
                ask: false,
                cancel_on_interrupt: false,
            };
            follow(following, &mut printer).await?;
        }
        (None, false) => whole_run(&client, &arguments).await?,
        (Some(step), follow) => one_step(&client, &arguments, step, follow).await?,
    }
    Ok(Exit::Success)
}

async fn whole_run(client: &Client, arguments: &Logs) -> Result<(), Failure> {
    let run = client.get(&format!("/runs/{}", segment(&arguments.run))).await?;
    for (name, step) in run["steps"].as_object().into_iter().flatten() {
        for visit in step["visits"].as_array().into_iter().flatten() {
            for attempt in 1..=visit["attempts"].as_u64().unwrap_or(0) {
                let path = format!(
                    "/runs/{}/steps/{}/logs?visit={}&attempt={attempt}",
                    segment(&arguments.run),
                    segment(name),
                    visit["visit"]
                );
                let (name, visit) = (name.clone(), visit["visit"].clone());
                print_lines(client, &path, arguments.output, |text| {
                    println!("{}", safe(&format!("{name}#{visit}.{attempt} │ {text}")));
                })
                .await?;
            }
        }
    }
    Ok(())
}

async fn one_step(client: &Client, arguments: &Logs, step: &str, follow: bool) -> Result<(), Failure> {
    let mut path = format!("/runs/{}/steps/{}/logs?", segment(&arguments.run), segment(step));
    for (name, value) in [("visit", arguments.visit), ("attempt", arguments.attempt)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={value}"));
        }
    }
    if let Some(text) = &arguments.search {
        return found(client, &path, text, arguments.output).await;
    }
    if follow || arguments.output == Output::Json {
        return client
            .events(&path, |event| {
                match (event.name.as_str(), arguments.output) {
                    ("end", _) => return false,
                    (_, Output::Json) => println!("{}", event.data),
                    (_, Output::Table) => {
                        let line: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
                        println!("{}", safe(line["text"].as_str().unwrap_or_default()));
                    }
                }
                true
            })
            .await;
    }
    // The bytes as they are: whoever pipes them into a file wants what the step wrote.
    let mut stdout = std::io::stdout().lock();
    let missing = client.bytes(&path, |piece| drop(stdout.write_all(piece))).await?;
    if let Some(missing) = missing {
        eprintln!("the middle of this log is missing, because it is limited: {}", safe(&missing));
    }
    Ok(())
}

/// Prints the lines that hold a text, and how many there are.
async fn found(client: &Client, path: &str, text: &str, output: Output) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let page = client.get(&format!("{path}&search={}&after={after}", segment(text))).await?;
        let lines = page["lines"].as_array().cloned().unwrap_or_default();
        for line in &lines {
            match output {
                Output::Json => println!("{line}"),
                Output::Table => {
                    println!("{}", safe(&format!("{}: {}", line["n"], line["text"].as_str().unwrap_or_default())))
                }
            }
        }
        match lines.last().and_then(|line| line["n"].as_u64()) {
            Some(last) if page["complete"] != true => after = last,
            _ => {
                if output == Output::Table {
                    eprintln!("{} lines hold it", page["total"]);
                }
                return Ok(());
            }
        }
    }
}

async fn print_lines(client: &Client, path: &str, output: Output, print: impl Fn(&str)) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let page = match client.get(&format!("{path}&after={after}")).await {
            Ok(page) => page,
            // A step that only waits has no log.
            Err(failure) if failure.exit == Exit::Failed => return Ok(()),
            Err(failure) => return Err(failure),
        };
        let lines = page["lines"].as_array().cloned().unwrap_or_default();
        for line in &lines {
            match output {
                Output::Json => println!("{line}"),
                Output::Table => print(line["text"].as_str().unwrap_or_default()),
            }
        }
        match lines.last().and_then(|line| line["n"].as_u64()) {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

//! `loopline run FILE`: a run in the foreground, with everything a server's run has.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use serde_json::Value as Json;

use super::{read_file, signal};
use crate::arguments::{Output, Run};
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::local::{self, Local, path_of};
use crate::progress::{Answers, Followed, Following, Printer, duration_text, follow, safe};
use crate::secrets_from::SecretsFrom;
use crate::wiring::Given;
use crate::{inputs, wiring};

/// Compiles, runs, follows; the exit code is that of the run.
pub async fn run(arguments: Run) -> Outcome {
    let text = read_file(&arguments.file)?;
    let answers = Answers::parse(&arguments.answer)?;
    let signals = arguments
        .signal
        .iter()
        .map(|pair| {
            let (name, payload) = inputs::key_value(pair, "--signal")?;
            Ok((name.to_owned(), signal::parse(payload)?))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let graph = {
        let compiled = loopline_triggers::library::compile_file(&arguments.file, &text);
        let name = arguments.file.display().to_string();
        eprint!(
            "{}",
            loopline_dsl::render_pretty(&name, &text, &compiled.diagnostics, std::io::stderr().is_terminal())
        );
        compiled
            .graph
            .ok_or_else(|| Failure::new(Exit::Failed, format!("{name} does not compile, so nothing was run")))?
    };
    let schemas: BTreeMap<String, Json> =
        graph.inputs.iter().map(|(name, input)| (name.clone(), input.schema.clone())).collect();
    let inputs = inputs::read(&arguments.inputs, &schemas)?;

    let home = Local::of_user()?;
    let folder = home.create()?;
    let workspace = workspace(arguments.workspace.as_deref(), &folder)?;
    local::works_in(&folder, &workspace)?;
    local::stands_in(&folder, &arguments.file)?;
    let given = Given {
        pass_env: arguments.pass_env.clone(),
        allow_container: arguments.allow_container.clone(),
        labels: arguments.labels.clone(),
        secrets: SecretsFrom::files(&arguments.secret_file)?,
        ..Given::default()
    };
    let house = wiring::open_foreground(&folder, arguments.file.clone(), workspace, given).await?;
    let run = house.trigger(&text, graph, inputs).await?;
    home.announce(&folder, run, house.address())?;

    let client = Client::new(house.address(), None)?;
    let quiet = arguments.output == Output::Json;
    let mut printer = Printer::new(quiet);
    printer.line(&format!("run {run}   watch it at {}", client.page(&run.to_string())));
    for (name, payload) in &signals {
        client.post(&format!("{}/signals/{}", path_of(run), segment(name)), payload, None).await?;
    }
    let following = Following {
        client: client.clone(),
        run: run.to_string(),
        after: 0,
        answers,
        ask: true,
        cancel_on_interrupt: true,
    };
    let followed = follow(following, &mut printer).await;
    let view = client.get(&path_of(run)).await;
    house.close().await;
    let (followed, view) = (followed?, view?);
    print_end(&view, arguments.output)?;
    Ok(if followed == Followed::Interrupted { Exit::Interrupted } else { fits_status(&view) })
}

/// What is said of a run that is over.
pub(super) fn print_end(view: &Json, output: Output) -> Result<(), Failure> {
    match output {
        Output::Json => super::show::print(view, Output::Json)?,
        Output::Table => summary(view),
    }
    Ok(())
}

/// The exit code for how a run ended.
pub(super) fn fits_status(view: &Json) -> Exit {
    if view["status"] == "succeeded" { Exit::Success } else { Exit::Failed }
}

fn workspace(wanted: Option<&str>, folder: &std::path::Path) -> Result<PathBuf, Failure> {
    let failed = |path: &std::path::Path, error: std::io::Error| {
        Failure::usage(format!("cannot work in {}: {}", path.display(), super::plain_io(&error)))
    };
    match wanted {
        None => std::env::current_dir().map_err(|error| failed(std::path::Path::new("."), error)),
        Some("fresh") => {
            let fresh = folder.join("workspace");
            std::fs::create_dir_all(&fresh).map_err(|error| failed(&fresh, error))?;
            Ok(fresh)
        }
        Some(path) => {
            let path = PathBuf::from(path);
            std::fs::canonicalize(&path).map_err(|error| failed(&path, error))
        }
    }
}

fn summary(view: &Json) {
    let time = |name: &str| view[name].as_str().and_then(loopline_core::time::Timestamp::parse);
    let took = match (time("created_at"), time("finished_at")) {
        (Some(from), Some(to)) => format!(" in {}", duration_text(to.ms_since(from))),
        _ => String::new(),
    };
    println!(
        "{} {}{took}",
        safe(view["pipeline"].as_str().unwrap_or_default()),
        view["status"].as_str().unwrap_or_default()
    );
    if let Some(message) = view["error"]["message"].as_str() {
        let step = view["error"]["step"].as_str().map(|step| format!("{step}: ")).unwrap_or_default();
        println!("  {}{}", safe(&step), safe(message));
    }
    for (name, value) in view["outputs"].as_object().into_iter().flatten() {
        println!("  {} = {}", safe(name), safe(&value.to_string()));
    }
}

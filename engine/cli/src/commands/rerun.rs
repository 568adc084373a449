//! `loopline rerun RUN`.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::run::{fits_status, print_end};
use crate::arguments::{Output, Rerun};
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::local::{self, Answering};
use crate::progress::{Answers, Followed, Following, Printer, follow};
use crate::secrets_from::SecretsFrom;
use crate::wiring::{self, Given};

/// Has steps done again. A local run that nobody drives is driven here, until it is over.
pub async fn rerun(arguments: Rerun) -> Outcome {
    let units: Vec<&String> = arguments.from.iter().chain(&arguments.item).collect();
    let body = match (units.as_slice(), arguments.failed) {
        ([], false) => json!({}),
        ([], true) => json!({"failed": true}),
        (units, _) => json!({"from": units}),
    };
    match local::answering(&arguments.server, &arguments.run).await? {
        Answering::Somebody(client) => {
            let run = ask(&client, &arguments.run, &body).await?;
            super::show::print(&run, arguments.output)?;
            Ok(Exit::Success)
        }
        Answering::Nobody(folder) => drive(&folder, &arguments, &body).await,
    }
}

async fn ask(client: &Client, run: &str, body: &Json) -> Result<Json, Failure> {
    client.post(&format!("/runs/{}/rerun", segment(run)), body, None).await
}

async fn drive(folder: &Path, arguments: &Rerun, body: &Json) -> Outcome {
    let given = Given {
        pass_env: arguments.pass_env.clone(),
        allow_container: arguments.allow_container.clone(),
        labels: arguments.labels.clone(),
        secrets: SecretsFrom::files(&arguments.secret_file)?,
        ..Given::default()
    };
    let house = wiring::open_foreground(folder, local::file_of(folder), workspace_of(folder)?, given).await?;
    local::answers_at(folder, house.address())?;
    let client = Client::new(house.address(), None)?;
    let path = format!("/runs/{}", segment(&arguments.run));
    let before = client.get(&path).await;
    let asked = ask(&client, &arguments.run, body).await;
    let (before, asked) = match (before, asked) {
        (Ok(before), Ok(asked)) => (before, asked),
        (Err(failure), _) | (_, Err(failure)) => {
            house.close().await;
            return Err(failure);
        }
    };
    let mut printer = Printer::new(arguments.output == Output::Json);
    let page = client.page(&arguments.run);
    printer.line(&format!("run {}, epoch {}   watch it at {page}", arguments.run, asked["epoch"]));
    let following = Following {
        client: client.clone(),
        run: arguments.run.clone(),
        after: before["last_seq"].as_u64().unwrap_or(0),
        answers: Answers::default(),
        ask: true,
        cancel_on_interrupt: true,
    };
    let followed = follow(following, &mut printer).await;
    let view = client.get(&path).await;
    house.close().await;
    let (followed, view) = (followed?, view?);
    print_end(&view, arguments.output)?;
    Ok(if followed == Followed::Interrupted { Exit::Interrupted } else { fits_status(&view) })
}

/// Where the run worked before. One that does not say works here.
fn workspace_of(folder: &Path) -> Result<PathBuf, Failure> {
    let path = match local::workspace_of(folder) {
        Some(path) => path,
        None => std::env::current_dir()
            .map_err(|error| Failure::usage(format!("cannot work here: {}", super::plain_io(&error))))?,
    };
    if path.is_dir() {
        return Ok(path);
    }
    Err(Failure::new(Exit::Failed, format!("the run worked in {}, which is not there any more", path.display())))
}

//! `loopline secret set|list|rm`.

use std::io::{IsTerminal as _, Read as _};

use serde_json::{Value as Json, json};

use super::read_file;
use crate::arguments::{Output, Secret, SecretSet, Server};
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::progress::safe;
use crate::table;

/// Sets, lists and removes secrets of a server.
pub async fn secret(arguments: Secret) -> Outcome {
    match arguments {
        Secret::Set(arguments) => set(arguments).await,
        Secret::List { project, output, server } => {
            let list = client(&server)?.get(&format!("/secrets?project={}", segment(&project))).await?;
            if output == Output::Json {
                println!("{}", serde_json::to_string_pretty(&list["items"]).map_err(anyhow::Error::from)?);
                return Ok(Exit::Success);
            }
            let mut rows = table::table(&["name", "pipelines", "set", "by"]);
            for secret in list["items"].as_array().into_iter().flatten() {
                let text = |name: &str| safe(secret[name].as_str().unwrap_or_default());
                rows.add_row([text("name"), pipelines_of(secret), text("updated_at"), text("updated_by")]);
            }
            table::print(&rows, "no secrets");
            Ok(Exit::Success)
        }
        Secret::Rm { name, project, server } => {
            client(&server)?.delete(&format!("/secrets/{}?project={}", segment(&name), segment(&project))).await?;
            Ok(Exit::Success)
        }
    }
}

async fn set(arguments: SecretSet) -> Outcome {
    let client = client(&arguments.server)?;
    let value = value(&arguments)?;
    let path = format!("/secrets/{}?project={}", segment(&arguments.name), segment(&arguments.project));
    let secret = client.put(&path, &json!({"value": value, "pipelines": arguments.pipeline})).await?;
    println!("{} is set for {}", safe(&arguments.name), pipelines_of(&secret));
    Ok(Exit::Success)
}

fn pipelines_of(secret: &Json) -> String {
    let names: Vec<&str> = secret["pipelines"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    if names.is_empty() { "all pipelines".to_owned() } else { safe(&names.join(", ")) }
}

/// Never from the command line, which every process of this machine may read.
fn value(arguments: &SecretSet) -> Result<String, Failure> {
    if let Some(path) = &arguments.from_file {
        return read_file(path);
    }
    let unread = |error: std::io::Error| Failure::usage(format!("the value cannot be read: {error}"));
    if std::io::stdin().is_terminal() {
        let terminal = console::Term::stderr();
        terminal.write_str(&format!("Value of {} (it is not shown): ", safe(&arguments.name))).map_err(unread)?;
        return terminal.read_secure_line().map_err(unread);
    }
    let mut value = String::new();
    std::io::stdin().read_to_string(&mut value).map_err(unread)?;
    // `echo` and most programs end a line that nobody meant to be a part of it.
    Ok(value.strip_suffix('\n').map_or(value.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).to_owned())
}

fn client(server: &Server) -> Result<Client, Failure> {
    let address = server.server.as_ref().ok_or_else(|| {
        Failure::usage("secrets are stored by a server, and none is named")
            .hint("name it with --server or LOOPLINE_SERVER; `loopline run` is given secrets with --secret-file")
    })?;
    Client::new(address, server.token()?)
}

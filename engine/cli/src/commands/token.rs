//! `loopline token create|list|revoke`: at a server, or in a database for the first one.

use loopline_core::time::Timestamp;
use loopline_ports::access::{Asker, Role, TokenEntry};
use loopline_ports::clock::{Clock as _, SystemClock};
use loopline_server::tokens::{IssueError, NewToken, issue, revoke};
use serde_json::{Value as Json, json};

use crate::arguments::{Output, Token, TokenCreate, TokensAt};
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::progress::safe;
use crate::table;
use crate::wiring::{self, AccessDatabase};

/// Makes, lists and takes back tokens.
pub async fn token(arguments: Token) -> Outcome {
    match arguments {
        Token::Create(arguments) => create(arguments).await,
        Token::List { output, at } => {
            let items = match place(&at).await? {
                Place::Server(client) => client.get("/tokens").await?["items"].clone(),
                Place::Database(database) => {
                    let tokens = database.store().tokens().await.map_err(anyhow::Error::from)?;
                    database.close().await;
                    tokens.iter().map(shown).collect()
                }
            };
            print(&items, output)?;
            Ok(Exit::Success)
        }
        Token::Revoke { id, at } => {
            match place(&at).await? {
                Place::Server(client) => client.delete(&format!("/tokens/{}", segment(&id))).await?,
                Place::Database(database) => {
                    let done = revoke(&*database.store(), &id, asker(), SystemClock.now()).await;
                    database.close().await;
                    if done.map_err(anyhow::Error::from)?.is_none() {
                        let what = format!("there is no token {} that is not revoked", safe(&id));
                        return Err(Failure::new(Exit::Failed, what).hint("`loopline token list` shows them"));
                    }
                }
            }
            Ok(Exit::Success)
        }
    }
}

async fn create(arguments: TokenCreate) -> Outcome {
    let expires_at = expires(&arguments.expires)?;
    let (roles, reach) = if arguments.admin {
        ([Role::Admin, Role::Approver].into(), loopline_ports::access::Reach::all())
    } else {
        (arguments.role.iter().copied().collect(), arguments.project.iter().cloned().collect())
    };
    let new = NewToken { name: arguments.name, roles, reach, expires_at };
    let token = match place(&arguments.at).await? {
        Place::Server(client) => {
            let projects: Vec<String> = new.reach.patterns().map(ToString::to_string).collect();
            let body =
                json!({"name": new.name, "roles": new.roles, "projects": projects, "expires_at": new.expires_at});
            client.post("/tokens", &body, None).await?
        }
        Place::Database(database) => {
            let issued = issue(&*database.store(), new, asker(), SystemClock.now()).await;
            database.close().await;
            let (clear, entry) = issued.map_err(|error| match error {
                IssueError::Invalid(what) => Failure::usage(what),
                error => Failure::new(Exit::Failed, error.to_string()),
            })?;
            let mut token = shown(&entry);
            token["token"] = clear.into();
            token
        }
    };
    match arguments.output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&token).map_err(anyhow::Error::from)?),
        Output::Table => {
            eprintln!("this is shown once, and stored nowhere; its id is {}", token["id"].as_str().unwrap_or_default());
            println!("{}", token["token"].as_str().unwrap_or_default());
        }
    }
    Ok(Exit::Success)
}

fn expires(text: &str) -> Result<Option<Timestamp>, Failure> {
    if text == "never" {
        return Ok(None);
    }
    let ms = loopline_dsl::duration::parse(text).map_err(|error| Failure::usage(format!("--expires: {error}")))?;
    Ok(Some(SystemClock.now().plus_ms(ms)))
}

/// Where tokens are kept.
enum Place {
    Server(Client),
    Database(AccessDatabase),
}

async fn place(at: &TokensAt) -> Result<Place, Failure> {
    if let Some(address) = &at.server.server {
        return Ok(Place::Server(Client::new(address, at.server.token()?)?));
    }
    if at.data.is_none() && at.database_url.is_none() {
        let failure = Failure::usage("tokens are kept by a server, and none is named");
        return Err(
            failure.hint("name it with --server or LOOPLINE_SERVER, or its directory with --data while it is stopped")
        );
    }
    Ok(Place::Database(wiring::open_access(at.data.as_deref(), at.database_url.as_deref()).await?))
}

/// The person at this machine, as the audit names them.
fn asker() -> Asker {
    Asker::from(&*wiring::user())
}

fn shown(token: &TokenEntry) -> Json {
    let projects: Vec<String> = token.reach.patterns().map(ToString::to_string).collect();
    json!({
        "id": token.id, "name": token.name, "roles": token.roles, "projects": projects,
        "created_at": token.created_at, "created_by": token.created_by, "expires_at": token.expires_at,
        "revoked_at": token.revoked_at, "used_at": token.used_at,
    })
}

fn print(items: &Json, output: Output) -> Result<(), Failure> {
    if output == Output::Json {
        println!("{}", serde_json::to_string_pretty(items).map_err(anyhow::Error::from)?);
        return Ok(());
    }
    let mut rows = table::table(&["id", "name", "roles", "reaches", "expires", "last used", "revoked"]);
    for token in items.as_array().into_iter().flatten() {
        let text = |name: &str| safe(token[name].as_str().unwrap_or("-"));
        let list = |name: &str| {
            let words: Vec<&str> = token[name].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            safe(&words.join(", "))
        };
        let row = [text("id"), text("name"), list("roles"), list("projects"), text("expires_at"), text("used_at")];
        rows.add_row(row.into_iter().chain([text("revoked_at")]));
    }
    table::print(&rows, "no tokens");
    Ok(())
}

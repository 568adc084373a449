//! `loopline check-db`: whether a database holds what it must, without changing anything.

use std::sync::Arc;

use loopline_ports::access::AccessStore;
use loopline_ports::journal::{Journal, JournalError};
use loopline_runtime::{Checked, check};
use loopline_store::{ConnectError, PostgresStore, SqliteStore};

use crate::arguments::{CheckDb, Output};
use crate::exit::{Exit, Failure, Outcome};

/// Prints what does not hold; fails when there is anything.
pub async fn check_db(arguments: CheckDb) -> Outcome {
    let (journal, access) = open(&arguments).await?;
    let checked = check(&*journal, &*access).await.map_err(|error| match error {
        JournalError::Damaged(what) => Failure::new(Exit::Failed, format!("the database is damaged: {what}")),
        error => Failure::new(Exit::Unreachable, error.to_string()),
    })?;
    match arguments.output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&checked).map_err(anyhow::Error::from)?),
        Output::Table => print(&checked),
    }
    Ok(if checked.violations.is_empty() { Exit::Success } else { Exit::Failed })
}

/// A database, as what is checked.
type Opened = (Arc<dyn Journal>, Arc<dyn AccessStore>);

async fn open(arguments: &CheckDb) -> Result<Opened, Failure> {
    if let Some(address) = &arguments.database_url {
        crate::wiring::choose_tls();
        let store = PostgresStore::open_read_only(address).await.map_err(|error| {
            let exit = match error {
                ConnectError::Address { .. } => Exit::Usage,
                ConnectError::Unreachable { .. } => Exit::Unreachable,
                _ => Exit::Failed,
            };
            Failure::new(exit, error.to_string())
        })?;
        return Ok((Arc::new(store.clone()), Arc::new(store)));
    }
    let file = arguments.data.join("loopline.db");
    if !file.is_file() {
        let failure = Failure::usage(format!("there is no database {}", file.display()));
        return Err(failure.hint("--data names the directory of a server, --database-url a PostgreSQL database"));
    }
    let store = SqliteStore::open_read_only(file).await.map_err(anyhow::Error::from)?;
    Ok((Arc::new(store.clone()), Arc::new(store)))
}

fn print(checked: &Checked) {
    for violation in &checked.violations {
        match violation.run {
            Some(run) => println!("{}  run {run}: {}", violation.rule, violation.what),
            None => println!("{}  {}", violation.rule, violation.what),
        }
    }
    if checked.unread_states > 0 {
        println!("{} kept states are of another version; nobody needs them", checked.unread_states);
    }
    let looked = format!(
        "{} runs, {} events, {} kept states, {} rows of the audit",
        checked.runs, checked.events, checked.states, checked.acts
    );
    match checked.violations.len() {
        0 => println!("{looked}: all of it holds"),
        1 => println!("{looked}: 1 violation"),
        many => println!("{looked}: {many} violations"),
    }
}

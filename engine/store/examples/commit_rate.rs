//! How many commits a second, beside what SQLite itself makes of one small row: `cargo run --release --example commit_rate`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loopline_core::event::{Event, Recorded, RunCreated, Trigger};
use loopline_core::id::{AttemptKey, RunId, StepId};
use loopline_core::outcome::{Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::RunStatus;
use loopline_ports::journal::{Append, Definition, Journal as _, NewRun, RunRow};
use loopline_store::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};

const ROUND: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()))?;
    for _ in 0..2 {
        let raw = raw(&folder.path().join(ulid(0))).await?;
        println!("raw SQLite, one small row:      {raw:>8.0} commits/s");
        for batch in [1, 8, 64] {
            let rate = store(&folder.path().join(ulid(batch)), batch).await?;
            println!(
                "store, {batch:>2} append(s) of 2 events: {rate:>8.0} commits/s, {:.2} of raw, {:.0} events/s",
                rate / raw,
                rate * 2.0 * batch as f64,
            );
        }
    }
    Ok(())
}

fn ulid(n: usize) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis());
    format!("{n}-{now}.db")
}

async fn raw(path: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let mut connection: SqliteConnection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await?;
    sqlx::query("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").execute(&mut connection).await?;
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < ROUND {
        sqlx::query("INSERT INTO t (text) VALUES (?)").bind("a small row").execute(&mut connection).await?;
        count += 1;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}

async fn store(path: &Path, batch: usize) -> Result<f64, Box<dyn std::error::Error>> {
    let store = SqliteStore::open(path).await?;
    let graph = serde_json::from_value(serde_json::json!({"semantics": 1, "name": "p", "max_visits": 9, "steps": []}))?;
    let definition = store
        .put_definition(&Definition {
            text_digest: "t".to_owned(),
            yaml: String::new(),
            graph: Arc::new(graph),
            digest: "d".to_owned(),
        })
        .await?;
    let key = |visit| AttemptKey {
        epoch: 1,
        step: StepId::new("deploy").expect("a valid id"),
        item: None,
        visit,
        attempt: 1,
    };
    let row = RunRow {
        status: RunStatus::Running,
        epoch: 1,
        name: None,
        finished_at: None,
        error: None,
        waiting_steps: Vec::new(),
    };
    let append = |run: RunId, expected: u64, events: Vec<Event>| Append {
        run,
        expected,
        events: events
            .into_iter()
            .zip(expected + 1..)
            .map(|(event, seq)| Recorded { seq, at: Timestamp(seq as i64), event })
            .collect(),
        created: None,
        row: row.clone(),
        timers_set: Vec::new(),
        timers_cleared: Vec::new(),
        attempts_started: Vec::new(),
        attempts_finished: Vec::new(),
        request: None,
    };
    let runs = (0..batch as u64).map(|n| RunId::from_parts(n, u128::from(n))).collect::<Vec<_>>();
    for (run, number) in runs.iter().zip(1..) {
        let created = RunCreated {
            run: *run,
            project: "default".to_owned(),
            pipeline: "p".to_owned(),
            number,
            digest: "d".to_owned(),
            semantics: 1,
            inputs: serde_json::Map::new(),
            trigger: Trigger { kind: "api".to_owned(), actor: None },
            labels: BTreeMap::new(),
            url: None,
        };
        let first = append(*run, 0, vec![Event::RunCreated(Box::new(created.clone()))]);
        for result in store.commit(vec![Append { created: Some(NewRun { created, definition }), ..first }]).await? {
            result?;
        }
    }
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < ROUND {
        let visit = count + 1;
        let next = |run: &RunId| {
            let events = vec![
                Event::AttemptStarted { key: key(visit) },
                Event::AttemptFinished {
                    key: key(visit),
                    outcome: Outcome::Succeeded { result: RawResult { exit_code: Some(0), ..RawResult::default() } },
                },
            ];
            Append {
                attempts_started: vec![key(visit + 1)],
                attempts_finished: vec![key(visit)],
                ..append(*run, 1 + 2 * u64::from(count), events)
            }
        };
        for result in store.commit(runs.iter().map(next).collect()).await? {
            result?;
        }
        count += 1;
    }
    store.close().await;
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}

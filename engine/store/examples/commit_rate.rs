//! How many commits a second, beside what SQLite itself makes of one small row: `cargo run --release --example commit_rate`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loopline_core::event::{Event, Recorded, RunCreated, Trigger};
use loopline_core::id::{AttemptKey, RunId, StepId, Within};
use loopline_core::outcome::{Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::RunStatus;
use loopline_ports::journal::{Append, Definition, Journal as _, NewRun, RunRow};
use loopline_store::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};

/// Both take turns, so that what else the machine does weighs on both alike.
const TURN: Duration = Duration::from_millis(250);
const TURNS: u32 = 16;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()))?;
    for batch in [1, 8, 64] {
        let mut raw = Raw::open(&folder.path().join(format!("raw-{batch}.db"))).await?;
        let mut store = Store::open(&folder.path().join(format!("store-{batch}.db")), batch).await?;
        let (mut raw_rate, mut store_rate) = (0.0, 0.0);
        for _ in 0..TURNS {
            raw_rate += raw.turn().await? / f64::from(TURNS);
            store_rate += store.turn().await? / f64::from(TURNS);
        }
        println!(
            "{batch:>2} append(s) of 2 events: {store_rate:>6.0} commits/s, {:.2} of raw ({raw_rate:.0}), {:.0} events/s",
            store_rate / raw_rate,
            store_rate * 2.0 * batch as f64,
        );
    }
    Ok(())
}

struct Raw(SqliteConnection);

impl Raw {
    async fn open(path: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let mut connection = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging()
            .connect()
            .await?;
        sqlx::query("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").execute(&mut connection).await?;
        Ok(Self(connection))
    }

    async fn turn(&mut self) -> Result<f64, Box<dyn std::error::Error>> {
        let (begun, mut count) = (Instant::now(), 0);
        while begun.elapsed() < TURN {
            sqlx::query("INSERT INTO t (text) VALUES (?)").bind("a small row").execute(&mut self.0).await?;
            count += 1;
        }
        Ok(f64::from(count) / begun.elapsed().as_secs_f64())
    }
}

struct Store {
    store: SqliteStore,
    runs: Vec<RunId>,
    visit: u32,
}

fn key(visit: u32) -> AttemptKey {
    AttemptKey {
        epoch: 1,
        step: StepId::new("deploy").expect("a valid id"),
        item: None,
        visit,
        attempt: 1,
        within: Within::default(),
        undo: false,
    }
}

fn append(run: RunId, expected: u64, events: Vec<Event>) -> Append {
    let row = RunRow {
        status: RunStatus::Running,
        epoch: 1,
        name: None,
        finished_at: None,
        error: None,
        waiting_steps: Vec::new(),
    };
    let events = events.into_iter().zip(expected + 1..);
    Append {
        run,
        expected,
        events: events.map(|(event, seq)| Recorded { seq, at: Timestamp(seq as i64), event }).collect(),
        created: None,
        row: Some(row),
        timers_set: Vec::new(),
        timers_cleared: Vec::new(),
        attempts_started: Vec::new(),
        attempts_finished: Vec::new(),
        slots_asked: Vec::new(),
        slots_granted: Vec::new(),
        slots_released: Vec::new(),
        request: None,
        acts: Vec::new(),
        snapshot: None,
    }
}

impl Store {
    async fn open(path: &Path, batch: u64) -> Result<Self, Box<dyn std::error::Error>> {
        let store = SqliteStore::open(path).await?;
        let graph = serde_json::json!({"semantics": 1, "name": "p", "max_visits": 9, "steps": []});
        let graph = Arc::new(serde_json::from_value(graph)?);
        let (yaml, digest) = (String::new(), "d".to_owned());
        let definition = Definition { text_digest: "t".to_owned(), yaml, graph, digest };
        let definition = store.put_definition(&definition).await?;
        let runs = (0..batch).map(|n| RunId::from_parts(n, u128::from(n))).collect::<Vec<_>>();
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
                parent: None,
                url: None,
            };
            let first = append(*run, 0, vec![Event::RunCreated(Box::new(created.clone()))]);
            for result in store.commit(vec![Append { created: Some(NewRun { created, definition }), ..first }]).await? {
                result?;
            }
        }
        Ok(Self { store, runs, visit: 0 })
    }

    /// What a step that succeeds and starts the next one writes.
    async fn turn(&mut self) -> Result<f64, Box<dyn std::error::Error>> {
        let (begun, mut count) = (Instant::now(), 0);
        while begun.elapsed() < TURN {
            let expected = 1 + 2 * u64::from(self.visit);
            self.visit += 1;
            let visit = self.visit;
            let next = |run: &RunId| {
                let result = RawResult { exit_code: Some(0), ..RawResult::default() };
                let events = vec![
                    Event::AttemptStarted { key: key(visit) },
                    Event::AttemptFinished { key: key(visit), outcome: Outcome::Succeeded { result } },
                ];
                Append {
                    attempts_started: vec![key(visit + 1)],
                    attempts_finished: vec![key(visit)],
                    ..append(*run, expected, events)
                }
            };
            for result in self.store.commit(self.runs.iter().map(next).collect()).await? {
                result?;
            }
            count += 1;
        }
        Ok(f64::from(count) / begun.elapsed().as_secs_f64())
    }
}

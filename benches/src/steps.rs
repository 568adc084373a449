//! Durable sequential steps: engine, fold and SQLite with `synchronous=FULL`, over a worker that ends every attempt at once. The
//! raw limit is a loop that commits one small row with the same settings on the same disk.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use loopline_core::command::AttemptSpec;
use loopline_core::event::Trigger;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{Outcome, RawResult};
use loopline_ports::clock::SystemClock;
use loopline_ports::driver::{Driver as _, TriggerRequest};
use loopline_ports::journal::{Definition, Journal};
use loopline_ports::worker::{Attached, Report, Reports, Worker};
use loopline_runtime::{Engine, EngineConfig};
use loopline_store::SqliteStore;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tokio::sync::mpsc;

use crate::{Figure, median};

const STEPS: usize = 500;

struct AtOnce(Reports);

#[async_trait]
impl Worker for AtOnce {
    async fn start(&self, spec: AttemptSpec) {
        let outcome = Outcome::Succeeded { result: RawResult::default() };
        // The engine may be stopping.
        let _ = self.0.send(Report::Finished { id: spec.id, outcome }).await;
    }

    async fn attach(&self, _: AttemptId) -> Attached {
        Attached::NeverStarted
    }

    async fn cancel(&self, _: AttemptId) {}

    async fn forget(&self, _: &AttemptId) {}
}

pub async fn figures() -> Vec<Figure> {
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        raw.push(raw_commits().await);
        ours.push(sequential_steps().await);
        ours.push(sequential_steps().await);
        raw.push(raw_commits().await);
    }
    let (ours, raw) = (median(ours), median(raw));
    vec![Figure {
        what: "durable sequential steps",
        measured: format!("{ours:.0} steps/s"),
        raw: format!("{raw:.0} SQLite commits/s"),
        ratio: ours / raw,
        expected: "≥ 0.6 later",
    }]
}

async fn sequential_steps() -> f64 {
    let dir = tempfile::tempdir_in(crate::start::target()).unwrap();
    let store = SqliteStore::open(dir.path().join("loopline.db")).await.unwrap();
    let journal: Arc<dyn Journal> = Arc::new(store.clone());
    let (reports, told) = mpsc::channel(64);
    let engine =
        Engine::start(EngineConfig::default(), journal, Arc::new(AtOnce(reports)), told, Arc::new(SystemClock))
            .await
            .unwrap();
    let mut yaml = String::from("version: 1\nname: chain\nsteps:\n  s0: {run: \"true\"}\n");
    for at in 1..STEPS {
        let _ = writeln!(yaml, "  s{at}: {{needs: s{}, run: \"true\"}}", at - 1);
    }
    let graph = loopline_dsl::compile(&yaml).graph.unwrap();
    let definition = Definition { text_digest: "bench".into(), yaml, digest: graph.digest(), graph: Arc::new(graph) };
    let request = TriggerRequest {
        project: "default".into(),
        definition: Arc::new(definition),
        inputs: serde_json::Map::new(),
        labels: BTreeMap::new(),
        trigger: Trigger { kind: "manual".into(), actor: None },
        idempotency_key: None,
    };
    let began = Instant::now();
    let run = engine.trigger(request).await.unwrap().run;
    let mut progress = engine.follow(run).await.unwrap();
    // Closed or over: either way the run has ended.
    let _ = progress.wait_for(|progress| progress.over).await;
    let took = began.elapsed().as_secs_f64();
    assert_eq!(engine.view(run, None).await.unwrap().status.as_str(), "succeeded");
    engine.stop().await;
    store.close().await;
    STEPS as f64 / took
}

async fn raw_commits() -> f64 {
    let dir = tempfile::tempdir_in(crate::start::target()).unwrap();
    let mut connection = SqliteConnectOptions::new()
        .filename(dir.path().join("raw.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await
        .unwrap();
    sqlx::query("CREATE TABLE events (run TEXT, seq INTEGER, payload TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID")
        .execute(&mut connection)
        .await
        .unwrap();
    let began = Instant::now();
    for seq in 0..STEPS as i64 {
        sqlx::query("INSERT INTO events VALUES ('run', ?, '{\"type\":\"attempt_finished\"}')")
            .bind(seq)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    STEPS as f64 / began.elapsed().as_secs_f64()
}

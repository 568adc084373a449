//! An engine as programs embed it: SQLite with `synchronous=FULL`, and a worker that ends every attempt at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use loopline_core::command::AttemptSpec;
use loopline_core::event::Trigger;
use loopline_core::id::{AttemptId, RunId};
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_ports::clock::SystemClock;
use loopline_ports::driver::{Driver as _, TriggerRequest};
use loopline_ports::journal::{Definition, Journal};
use loopline_ports::worker::{Attached, Report, Reports, Worker};
use loopline_runtime::{Engine, EngineConfig};
use loopline_store::SqliteStore;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

/// More reports than ever wait: the engine must not wait for itself.
const REPORTS: usize = 1 << 15;

/// Ends every attempt at once: attempts of steps whose id begins with `fail` fail, attempts of those that begin with `stay`
/// do not end.
pub struct AtOnce {
    reports: Reports,
    /// When the latest attempt was begun.
    pub begun: watch::Sender<Option<Instant>>,
    /// Attempts whose end is on disk.
    pub settled: AtomicU64,
    pub settled_now: tokio::sync::Notify,
}

impl AtOnce {
    pub fn new(reports: Reports) -> Self {
        Self {
            reports,
            begun: watch::Sender::new(None),
            settled: AtomicU64::new(0),
            settled_now: tokio::sync::Notify::new(),
        }
    }
}

#[async_trait]
impl Worker for AtOnce {
    async fn start(&self, spec: AttemptSpec) {
        self.begun.send_replace(Some(Instant::now()));
        let step = spec.id.key.step.as_str();
        if step.starts_with("stay") {
            return;
        }
        let result = RawResult::default();
        let outcome = if step.starts_with("fail") {
            Outcome::Failed { error: Failure::new(FailureKind::Exit, "it fails"), result }
        } else {
            Outcome::Succeeded { result }
        };
        // The engine may be stopping.
        let _ = self.reports.send(Report::Finished { id: spec.id, outcome }).await;
    }

    async fn attach(&self, _: AttemptId) -> Attached {
        Attached::NeverStarted
    }

    async fn cancel(&self, _: AttemptId) {}

    async fn forget(&self, _: &AttemptId) {
        self.settled.fetch_add(1, Ordering::Relaxed);
        self.settled_now.notify_one();
    }
}

pub struct Embedded {
    pub engine: Arc<Engine>,
    pub worker: Arc<AtOnce>,
    pub store: SqliteStore,
}

impl Embedded {
    pub async fn open(folder: &Path) -> Self {
        let store = SqliteStore::open(folder.join("loopline.db")).await.unwrap();
        let journal: Arc<dyn Journal> = Arc::new(store.clone());
        let (reports, told) = mpsc::channel(REPORTS);
        let worker = Arc::new(AtOnce::new(reports));
        let clock = Arc::new(SystemClock);
        let engine = Engine::start(EngineConfig::default(), journal, worker.clone(), told, clock).await.unwrap();
        Self { engine, worker, store }
    }

    pub async fn close(self) {
        self.engine.stop().await;
        self.store.close().await;
    }

    /// Begins a run, and waits for its end.
    pub async fn run(&self, definition: &Arc<Definition>) -> RunId {
        let run = self.engine.trigger(request(definition)).await.unwrap().run;
        let mut progress = self.engine.follow(run).await.unwrap();
        // Closed or over: either way the run has ended.
        let _ = progress.wait_for(|progress| progress.over).await;
        run
    }

    /// Waits until so many attempts are settled.
    pub async fn until_settled(&self, count: u64) {
        while self.worker.settled.load(Ordering::Relaxed) < count {
            self.worker.settled_now.notified().await;
        }
    }
}

pub fn definition(yaml: String) -> Arc<Definition> {
    let compiled = loopline_dsl::compile(&yaml);
    let graph = compiled
        .graph
        .unwrap_or_else(|| panic!("{}", loopline_dsl::render_pretty("bench", &yaml, &compiled.diagnostics, false)));
    let text_digest = loopline_core::canonical::digest(&serde_json::Value::from(yaml.as_str()));
    Arc::new(Definition { text_digest, yaml, digest: graph.digest(), graph: Arc::new(graph) })
}

pub fn request(definition: &Arc<Definition>) -> TriggerRequest {
    TriggerRequest {
        project: "default".into(),
        definition: definition.clone(),
        inputs: serde_json::Map::new(),
        labels: BTreeMap::new(),
        trigger: Trigger { kind: "manual".into(), actor: None },
        idempotency_key: None,
        asked_by: "bench".into(),
    }
}

/// A folder on the disk of the build, which is where real data would be.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(crate::start::target()).unwrap()
}

/// Seconds that each of so many commits of one small row takes, with the settings of the store.
pub async fn raw_commits(count: usize) -> Vec<f64> {
    let dir = folder();
    let mut connection = raw_connection(dir.path()).await;
    let mut took = Vec::with_capacity(count);
    for seq in 0..count as i64 {
        let began = Instant::now();
        sqlx::query("INSERT INTO events VALUES ('run', ?, '{\"type\":\"attempt_finished\"}')")
            .bind(seq)
            .execute(&mut connection)
            .await
            .unwrap();
        took.push(began.elapsed().as_secs_f64());
    }
    took
}

/// Rows a second that one statement a thousand of them inserts.
pub async fn raw_rows(count: i64) -> f64 {
    let dir = folder();
    let mut connection = raw_connection(dir.path()).await;
    let began = Instant::now();
    for thousand in 0..count.div_euclid(1_000) {
        sqlx::query(
            "WITH RECURSIVE row (at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM row WHERE at < 999) \
             INSERT INTO events SELECT 'run', ? * 1000 + at, '{\"type\":\"attempt_finished\"}' FROM row",
        )
        .bind(thousand)
        .execute(&mut connection)
        .await
        .unwrap();
    }
    count as f64 / began.elapsed().as_secs_f64()
}

async fn raw_connection(folder: &Path) -> SqliteConnection {
    let mut connection = SqliteConnectOptions::new()
        .filename(folder.join("raw.db"))
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
    connection
}

/// The value below which so much of all lies.
pub fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part) as usize]
}

/// Processor time of this process so far, in seconds.
pub fn processor_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    [usage.user_time(), usage.system_time()].iter().map(|time| time.num_microseconds() as f64 / 1e6).sum()
}

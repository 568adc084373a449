//! Steps on PostgreSQL, beside what `pgbench` makes of the transaction of a step: the same rows, in one prepared statement, on
//! the same server.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use loopline_ports::clock::SystemClock;
use loopline_ports::driver::Driver as _;
use loopline_ports::journal::Definition;
use loopline_runtime::{EngineConfig, SharedEngine};
use loopline_store::PostgresStore;
use tokio::sync::{Semaphore, mpsc};

use crate::embedded::{AtOnce, definition, folder, request};
use crate::{Figure, median};

#[path = "../../tests/postgres_server.rs"]
mod server;
use server::Postgres;

const STEPS: usize = 300;
const RUNS: usize = 2_000;
const IN_FLIGHT: usize = 64;
const TURNS: usize = 5;

/// The end of a step and the intent of the next: two events, an attempt less and one more, and the run's own row.
const TRANSACTION: &str = "WITH run AS (UPDATE runs SET last_seq = last_seq + 2 WHERE id = 'r' || :client_id RETURNING id, last_seq), \
     events_new AS (INSERT INTO events (run, seq, at, type, payload) SELECT id, last_seq - n, 0, 'attempt_finished', \
     repeat('x', 160) FROM run, generate_series(0, 1) AS n), \
     attempts_old AS (DELETE FROM attempts USING run WHERE attempts.run = run.id AND attempt = (last_seq - 2)::text), \
     attempts_new AS (INSERT INTO attempts (run, attempt, key, worker) SELECT id, last_seq::text, repeat('x', 80), 'w' FROM run) \
     SELECT require_fence(0);\n";

pub async fn figures() -> Vec<Figure> {
    let Some(postgres) = server::own() else { return Vec::new() };
    prepare(&postgres).await;
    let mut yaml = String::from("version: 1\nname: chain\nsteps:\n  s0: {run: \"true\"}\n");
    for at in 1..STEPS {
        let _ = writeln!(yaml, "  s{at}: {{needs: s{}, run: \"true\"}}", at - 1);
    }
    let chain = definition(yaml);
    let one = definition("version: 1\nname: one\nsteps:\n  s: {run: \"true\"}\n".to_owned());
    let (mut steps, mut shared, mut raw, mut runs, mut raw_many) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let database = |what: &str| postgres.database(&format!("{what}_{turn}"));
        let (alone, beside, many) = (database("alone"), database("beside"), database("many"));
        raw.push(pgbench(&postgres, 1));
        steps.push(sequential(&alone, &chain).await);
        let other = Server::open(&beside, "other").await;
        // Whoever comes first drives.
        shared.push(sequential_on(&other, &chain, Some(Server::open(&beside, "waits").await)).await);
        other.close().await;
        runs.push(in_flight(&many, &one).await);
        raw_many.push(pgbench(&postgres, 16));
    }
    let (steps, shared, raw, runs, raw_many) =
        (median(steps), median(shared), median(raw), median(runs), median(raw_many));
    vec![
        Figure {
            what: "durable sequential steps on PostgreSQL",
            measured: format!("{steps:.0} steps/s"),
            raw: format!("{raw:.0} transactions/s of pgbench, one client"),
            ratio: steps / raw,
            expected: "≥ 0.6 (0.4)",
        },
        Figure {
            what: "the same while a second server waits",
            measured: format!("{shared:.0} steps/s"),
            raw: format!("{steps:.0} steps/s alone"),
            ratio: shared / steps,
            expected: "≥ 0.9",
        },
        Figure {
            what: "runs of one step on PostgreSQL, 64 in flight",
            measured: format!("{runs:.0} runs/s"),
            raw: format!("{raw_many:.0} transactions/s of pgbench, 16 clients"),
            ratio: runs / raw_many,
            expected: "–",
        },
    ]
}

struct Server {
    engine: Arc<SharedEngine>,
    store: PostgresStore,
}

impl Server {
    async fn open(address: &str, worker: &str) -> Self {
        let store = PostgresStore::open(address, worker).await.unwrap();
        let (reports, told) = mpsc::channel(1 << 15);
        let (journal, clock) = (Arc::new(store.clone()), Arc::new(SystemClock));
        let worker = Arc::new(AtOnce::new(reports));
        let engine = SharedEngine::start(EngineConfig::default(), journal, worker, told, clock).await.unwrap();
        Self { engine, store }
    }

    async fn run(&self, definition: &Arc<Definition>) {
        let run = self.engine.trigger(request(definition)).await.unwrap().run;
        let mut progress = self.engine.follow(run).await.unwrap();
        // Closed or over: either way the run has ended.
        let _ = progress.wait_for(|progress| progress.over).await;
    }

    async fn close(self) {
        self.engine.stop().await;
        self.store.close().await;
    }
}

async fn sequential(address: &str, chain: &Arc<Definition>) -> f64 {
    let server = Server::open(address, "alone").await;
    let rate = sequential_on(&server, chain, None).await;
    server.close().await;
    rate
}

async fn sequential_on(server: &Server, chain: &Arc<Definition>, waits: Option<Server>) -> f64 {
    let began = Instant::now();
    server.run(chain).await;
    let rate = STEPS as f64 / began.elapsed().as_secs_f64();
    if let Some(waits) = waits {
        waits.close().await;
    }
    rate
}

async fn in_flight(address: &str, one: &Arc<Definition>) -> f64 {
    let server = Arc::new(Server::open(address, "many").await);
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..RUNS {
        let place = places.clone().acquire_owned().await.unwrap();
        let (server, one) = (server.clone(), one.clone());
        tasks.spawn(async move {
            server.run(&one).await;
            drop(place);
        });
    }
    tasks.join_all().await;
    let rate = RUNS as f64 / began.elapsed().as_secs_f64();
    server.engine.stop().await;
    rate
}

/// Our tables, with a run for each client.
async fn prepare(postgres: &Postgres) {
    let address = postgres.database("raw");
    PostgresStore::open(&address, "raw").await.unwrap().close().await;
    let rows = "INSERT INTO definitions (text_digest, digest, yaml, graph) VALUES ('t', 'd', 'y', 'g'); \
         INSERT INTO runs (id, project, pipeline, number, definition, created_at, trigger_kind, labels, last_seq, status, epoch, \
         waiting_steps) SELECT 'r' || n, 'default', 'p', n, 1, 0, 'api', '{}', 0, 'running', 1, '[]' \
         FROM generate_series(0, 15) AS n";
    let made = postgres
        .program("psql")
        .env("PGOPTIONS", "-c search_path=loopline")
        .args(["-q", "-d", "raw", "-c", rows])
        .status();
    assert!(made.unwrap().success());
}

/// Transactions a second.
fn pgbench(postgres: &Postgres, clients: usize) -> f64 {
    let dir = folder();
    let script = dir.path().join("transaction.sql");
    std::fs::write(&script, TRANSACTION).unwrap();
    let output = postgres
        .program("pgbench")
        .env("PGOPTIONS", "-c search_path=loopline")
        .args(["-n", "-M", "prepared", "-T", "2", "-c", &clients.to_string(), "-f"])
        .arg(Path::new(&script))
        .arg("raw")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.unwrap_or_else(|| panic!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

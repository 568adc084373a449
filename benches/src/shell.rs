//! Steps that really start a process: engine, SQLite with `synchronous=FULL`, supervisor, logs on disk. The raw limit starts the
//! same words with the same script in a loop, as many at a time, and reads what they write.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use loopline_blobs::DiskBlobs;
use loopline_core::event::Trigger;
use loopline_ports::blobs::Blobs;
use loopline_ports::clock::SystemClock;
use loopline_ports::driver::{Driver as _, TriggerRequest};
use loopline_ports::journal::{Definition, Journal};
use loopline_runtime::{Engine, EngineConfig};
use loopline_store::SqliteStore;
use loopline_worker::{Proxies, SupervisedWorker, Supervision, WorkerConfig, Workspaces};
use tokio::sync::mpsc;

use crate::{Figure, median};

const STEPS: usize = 1000;

const PARALLEL: usize = 2;

/// How many steps the memory is watched over, besides the first thousand. `LOOPLINE_STEPS` asks for more.
const WATCHED: usize = 2 * STEPS;

/// What starts this program as a supervisor.
pub const SUPERVISE: &str = "supervise";

pub async fn figures() -> Vec<Figure> {
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for turn in 0..3 {
        let house = House::open().await;
        if turn % 2 == 0 {
            raw.push(raw_loop());
            ours.push(house.steps().await);
        } else {
            ours.push(house.steps().await);
            raw.push(raw_loop());
        }
        house.close().await;
    }
    let (ours, raw) = (median(ours), median(raw));
    let throughput = Figure {
        what: "1,000 `true` steps, two at a time",
        measured: format!("{ours:.0} steps/s"),
        raw: format!("{raw:.0} bare starts/s"),
        ratio: ours / raw,
        expected: "≥ 0.85",
    };
    vec![throughput, memory().await]
}

async fn memory() -> Figure {
    let watched = std::env::var("LOOPLINE_STEPS").ok().and_then(|text| text.parse().ok()).unwrap_or(WATCHED);
    let house = House::open().await;
    house.steps().await;
    let before = house.resident_mib();
    for _ in 0..watched.div_ceil(STEPS) {
        house.steps().await;
    }
    let after = house.resident_mib();
    house.close().await;
    Figure {
        what: "memory of engine and supervisor, over many steps",
        measured: format!("{after:.1} MiB after {watched} more"),
        raw: format!("{before:.1} MiB after {STEPS}"),
        ratio: after / before,
        expected: "≤ 1.1",
    }
}

/// An engine with a supervisor, in a folder of its own.
struct House {
    engine: Arc<Engine>,
    store: SqliteStore,
    definition: Arc<Definition>,
    dir: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let dir = tempfile::tempdir_in(crate::start::target()).unwrap();
        let store = SqliteStore::open(dir.path().join("loopline.db")).await.unwrap();
        let journal: Arc<dyn Journal> = Arc::new(store.clone());
        let blobs: Arc<dyn Blobs> = Arc::new(DiskBlobs::open(dir.path()).unwrap());
        let (reports, told) = mpsc::channel(4096);
        let workspaces = Workspaces::PerRun(dir.path().join("workspaces"));
        let config = WorkerConfig {
            max_parallel: PARALLEL,
            proxies: Proxies::None,
            ..WorkerConfig::new(dir.path(), workspaces)
        };
        let supervision = Supervision {
            program: "/proc/self/exe".into(),
            args: vec![SUPERVISE.into()],
            build: "bench".to_owned(),
            blobs: dir.path().to_owned(),
            caches: dir.path().join("caches"),
            max_caches: None,
            linger: Duration::ZERO,
            abandoned_after: None,
        };
        let worker = SupervisedWorker::open(config, supervision, blobs, reports).await.unwrap();
        let engine =
            Engine::start(EngineConfig::default(), journal, worker, told, Arc::new(SystemClock)).await.unwrap();
        Self { engine, store, definition: Arc::new(definition()), dir }
    }

    /// Runs the steps; gives how many there were a second.
    async fn steps(&self) -> f64 {
        let request = TriggerRequest {
            project: "default".into(),
            definition: self.definition.clone(),
            inputs: serde_json::Map::new(),
            labels: BTreeMap::new(),
            trigger: Trigger { kind: "manual".into(), actor: None },
            idempotency_key: None,
            asked_by: "bench".into(),
        };
        let began = Instant::now();
        let run = self.engine.trigger(request).await.unwrap().run;
        let mut progress = self.engine.follow(run).await.unwrap();
        // Closed or over: either way the run has ended.
        let _ = progress.wait_for(|progress| progress.over).await;
        let took = began.elapsed().as_secs_f64();
        assert_eq!(self.engine.view(run, None).await.unwrap().status.as_str(), "succeeded");
        STEPS as f64 / took
    }

    fn resident_mib(&self) -> f64 {
        let sockets = std::fs::read_dir(self.dir.path().join("supervisors")).unwrap();
        let names = sockets.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let supervisors = names.filter_map(|name| name.strip_suffix(".sock")?.parse::<u32>().ok());
        let all = supervisors.chain([std::process::id()]);
        all.map(|pid| crate::start::resident_kib(pid) as f64 / 1024.0).sum()
    }

    async fn close(self) {
        self.engine.stop().await;
        self.store.close().await;
    }
}

fn definition() -> Definition {
    let mut yaml = String::from("version: 1\nname: many\nsteps:\n");
    for at in 0..STEPS {
        let _ = writeln!(yaml, "  s{at}: {{run: \"true\"}}");
    }
    let graph = loopline_dsl::compile(&yaml).graph.unwrap();
    Definition { text_digest: "bench".into(), yaml, digest: graph.digest(), graph: Arc::new(graph) }
}

/// Starts the same words as often, as many at a time; gives how many there were a second.
fn raw_loop() -> f64 {
    let dir = tempfile::tempdir_in(crate::start::target()).unwrap();
    let script = dir.path().join("script.sh");
    std::fs::write(&script, "true").unwrap();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| (0..STEPS / PARALLEL).for_each(|_| start_raw(&script)));
        }
    });
    STEPS as f64 / began.elapsed().as_secs_f64()
}

fn start_raw(script: &Path) {
    // Takes the way of `posix_spawn`, since nothing is to be done between fork and exec.
    let output = Command::new("bash").args(["-euo", "pipefail"]).arg(script).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success());
}

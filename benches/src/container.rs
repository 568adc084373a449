//! What a step adds to the container that it runs: the same image through the worker, and through the bare interface.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{CreateContainerOptions, InspectContainerOptions, LogsOptions, RemoveContainerOptions};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures::TryStreamExt;
use loopline_blobs::DiskBlobs;
use loopline_core::command::{AttemptSpec, Capture, ContainerWork, Work, WorkCommand};
use loopline_core::graph::PullPolicy;
use loopline_core::id::{AttemptId, AttemptKey, RunId, StepId, Within};
use loopline_core::outcome::Outcome;
use loopline_ports::worker::{Report, Worker};
use loopline_worker::{ContainerSocket, LocalWorker, WorkerConfig, Workspaces};
use tokio::sync::mpsc;

use crate::Figure;

/// Of each sort, turn and turn about.
const TURNS: u32 = 20;

/// Any image with `sh` and `true`; it must be there.
const IMAGE: &str = "LOOPLINE_BENCH_IMAGE";

pub async fn figures() -> Vec<Figure> {
    let socket = ContainerSocket::from_docker_host(std::env::var("DOCKER_HOST").ok().as_deref());
    let (Ok(image), ContainerSocket::Path(path)) = (std::env::var(IMAGE), socket) else {
        eprintln!("containers are not measured: name an image that is there in {IMAGE}, and its engine in DOCKER_HOST");
        return Vec::new();
    };
    let docker = Docker::connect_with_unix(&path.to_string_lossy(), 60, API_DEFAULT_VERSION).unwrap();
    let docker = docker.negotiate_version().await.unwrap();
    let mut house = House::open();
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        raw.push(bare(&docker, &image).await);
        ours.push(house.step(&image, turn).await);
    }
    let (ours, raw) = (median(ours), median(raw));
    let added = ours.saturating_sub(raw);
    vec![Figure {
        what: "container: a step, beside the same container through the bare interface",
        measured: format!("{:.1} ms, so {:.1} ms more", ms(ours), ms(added)),
        raw: format!("{:.1} ms", ms(raw)),
        ratio: ms(ours) / ms(raw),
        expected: "≤ 30 ms more",
    }]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Made, started, read to its end, asked how it ended, removed.
async fn bare(docker: &Docker, image: &str) -> Duration {
    let began = Instant::now();
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        entrypoint: Some(["sh", "-c", "true"].map(str::to_owned).to_vec()),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            init: Some(true),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let made = docker.create_container(None::<CreateContainerOptions>, body).await.unwrap();
    docker.start_container(&made.id, None).await.unwrap();
    let logs = LogsOptions { follow: true, stdout: true, stderr: true, ..LogsOptions::default() };
    let _: Vec<_> = docker.logs(&made.id, Some(logs)).try_collect().await.unwrap();
    let ended = docker.inspect_container(&made.id, None::<InspectContainerOptions>).await.unwrap();
    assert_eq!(ended.state.unwrap().exit_code, Some(0));
    let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
    docker.remove_container(&made.id, Some(options)).await.unwrap();
    began.elapsed()
}

struct House {
    worker: Arc<LocalWorker>,
    told: mpsc::Receiver<Report>,
    _dir: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let dir = tempfile::tempdir_in(crate::start::target()).unwrap();
        let workspaces = Workspaces::PerRun(dir.path().join("workspaces"));
        let blobs = Arc::new(DiskBlobs::open(dir.path()).unwrap());
        let (reports, told) = mpsc::channel(64);
        let worker = LocalWorker::new(WorkerConfig::new(dir.path(), workspaces), blobs, reports);
        Self { worker, told, _dir: dir }
    }

    async fn step(&mut self, image: &str, turn: u32) -> Duration {
        let began = Instant::now();
        self.worker.start(spec(image, turn)).await;
        loop {
            if let Report::Finished { outcome, .. } = self.told.recv().await.unwrap() {
                assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
                return began.elapsed();
            }
        }
    }
}

fn spec(image: &str, turn: u32) -> AttemptSpec {
    let work = ContainerWork {
        image: image.to_owned(),
        command: WorkCommand::Script("true".to_owned()),
        mounts: Vec::new(),
        workdir: None,
        user: None,
        network: Some("none".to_owned()),
        cpus_milli: None,
        memory: None,
        pull: PullPolicy::Never,
        registry_auth: None,
        privileged: false,
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    AttemptSpec {
        id: AttemptId {
            run: RunId::from_parts(u64::try_from(now).unwrap(), u128::from(turn)),
            key: AttemptKey {
                epoch: 1,
                step: StepId::new("step").unwrap(),
                item: None,
                visit: 1,
                attempt: 1,
                within: Within::default(),
                undo: false,
            },
        },
        pipeline: "default/bench".to_owned(),
        idempotency_key: "key".to_owned(),
        item_key: None,
        work: Work::Container(Box::new(work)),
        env: Default::default(),
        timeout_ms: 60_000,
        idle_timeout_ms: None,
        grace_ms: 10_000,
        capture: Capture::default(),
        runs_on: Vec::new(),
        artifacts: Default::default(),
        junit: Default::default(),
        fetch: Default::default(),
        cache: Default::default(),
        services: Default::default(),
        hides: Vec::new(),
        fresh_workspace: false,
        limits: Default::default(),
    }
}

//! An engine in a process of its own, to be killed: this very program, started again to play that part.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use loopline_blobs::DiskBlobs;
use loopline_core::command::AttemptSpec;
use loopline_ports::worker::{Attached, Report, Worker};
use loopline_worker::{LocalWorker, WorkerConfig, Workspaces};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::bench::{supervised_worker, until};

const FOLDER: &str = "LOOPLINE_TEST_ENGINE";
const SUPERVISED: &str = "LOOPLINE_TEST_ENGINE_SUPERVISED";

/// An engine that was given one attempt.
pub struct Engine {
    pub folder: TempDir,
    process: Child,
}

impl Engine {
    /// Starts an engine that starts the attempt and commits nothing of what it hears.
    pub fn with(spec: &AttemptSpec) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("workspace")).unwrap();
        fs::write(folder.path().join("spec.json"), serde_json::to_vec(spec).unwrap()).unwrap();
        Self::play(folder, |_| ())
    }

    /// The same, with a supervisor.
    pub fn supervised(spec: &AttemptSpec) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("spec.json"), serde_json::to_vec(spec).unwrap()).unwrap();
        Self::supervised_again(folder)
    }

    /// The next engine with a supervisor, which asks for the attempt first.
    pub fn supervised_again(folder: TempDir) -> Self {
        let _ = fs::remove_file(folder.path().join("up"));
        Self::play(folder, |command| {
            command.env(SUPERVISED, "yes");
        })
    }

    fn play(folder: TempDir, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "engine::plays_the_engine", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        change(&mut command);
        Self { folder, process: command.spawn().unwrap() }
    }

    /// The same, with this container engine.
    pub fn with_containers(spec: &AttemptSpec, docker_host: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("workspace")).unwrap();
        fs::write(folder.path().join("spec.json"), serde_json::to_vec(spec).unwrap()).unwrap();
        Self::play(folder, |command| {
            command.env("DOCKER_HOST", docker_host);
        })
    }

    /// Waits until the engine has asked for its attempt, or started it.
    pub async fn is_up(&self) {
        let up = self.folder.path().join("up");
        until("the engine is up", || up.exists().then_some(())).await;
    }

    /// Kills it, as hard as can be; its folder is what is left.
    pub fn kill(mut self) -> TempDir {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.folder
    }

    /// Waits until the engine has ended by itself.
    pub fn join(mut self) -> TempDir {
        assert!(self.process.wait().unwrap().success());
        self.folder
    }
}

#[tokio::test]
#[ignore = "other tests start this in a process of its own"]
async fn plays_the_engine() {
    let folder = std::env::var_os(FOLDER).expect("started by another test");
    let folder = Path::new(&folder);
    let spec: AttemptSpec = serde_json::from_slice(&fs::read(folder.join("spec.json")).unwrap()).unwrap();
    let (reports, mut heard) = mpsc::channel(64);
    let blobs = Arc::new(DiskBlobs::open(folder.join("blobs")).unwrap());
    let worker: Arc<dyn Worker> = if std::env::var_os(SUPERVISED).is_some() {
        supervised_worker(folder, blobs, reports, |_, _| ()).await
    } else {
        let config = WorkerConfig::new(folder.join("data"), Workspaces::Fixed(folder.join("workspace")));
        LocalWorker::new(config, blobs, reports)
    };
    if worker.attach(spec.id.clone()).await == Attached::NeverStarted {
        worker.start(spec).await;
    }
    fs::write(folder.join("up"), "").unwrap();
    while let Some(report) = heard.recv().await {
        if let Report::Finished { .. } = report {
            fs::write(folder.join("peak_memory"), peak_memory().to_string()).unwrap();
            fs::write(folder.join("finished"), "").unwrap();
            if folder.join("workspace/volume").exists() {
                return;
            }
        }
    }
}

/// The most memory that this process ever had, in KiB.
pub fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

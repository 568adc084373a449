//! A worker with everything around it in a temporary folder, and what tests ask of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::TryStreamExt;
use loopline_blobs::DiskBlobs;
use loopline_core::command::{AttemptLimits, AttemptSpec, Capture, Work};
use loopline_core::graph::Shell;
use loopline_core::id::{AttemptId, AttemptKey, RunId, StepId, Within};
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_ports::blobs::{Blobs, LogStream};
use loopline_ports::clock::{Clock, SystemClock};
use loopline_ports::secrets::{Asking, SecretError, SecretSource, SecretString};
use loopline_ports::worker::{Report, Worker};
use loopline_worker::{LocalWorker, Proxies, SupervisedWorker, Supervision, WorkerConfig, Workspaces};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Nothing in these tests takes this long, unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A worker at work.
pub struct Bench {
    pub folder: TempDir,
    pub blobs: Arc<dyn Blobs>,
    pub worker: Arc<dyn Worker>,
    pub reports: mpsc::Receiver<Report>,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    pub fn with(change: impl FnOnce(&mut WorkerConfig)) -> Self {
        Self::in_folder(TempDir::new().unwrap(), change)
    }

    /// A worker like that of an engine that was started again: it knows what is on disk, and nothing else.
    pub fn in_folder(folder: TempDir, change: impl FnOnce(&mut WorkerConfig)) -> Self {
        let workspace = folder.path().join("workspace");
        std::fs::create_dir_all(&workspace).unwrap();
        let mut config = WorkerConfig::new(folder.path().join("data"), Workspaces::Fixed(workspace));
        config.proxies = Proxies::None;
        change(&mut config);
        let blobs: Arc<dyn Blobs> = Arc::new(DiskBlobs::open(folder.path().join("blobs")).unwrap());
        let (sender, reports) = mpsc::channel(64);
        let worker = LocalWorker::new(config, blobs.clone(), sender);
        Self { folder, blobs, worker, reports }
    }

    /// A worker whose processes outlive it, with a supervisor that ends soon.
    pub async fn supervised() -> Self {
        Self::supervised_in(TempDir::new().unwrap(), |_, _| ()).await
    }

    /// The worker of an engine that was started again where another one was.
    pub async fn supervised_in(folder: TempDir, change: impl FnOnce(&mut WorkerConfig, &mut Supervision)) -> Self {
        let (sender, reports) = mpsc::channel(64);
        let blobs: Arc<dyn Blobs> = Arc::new(DiskBlobs::open(folder.path().join("blobs")).unwrap());
        let worker = supervised_worker(folder.path(), blobs.clone(), sender, change).await;
        Self { folder, blobs, worker, reports }
    }

    /// What is left when the engine goes away without a word.
    pub fn leave(self) -> TempDir {
        self.folder
    }

    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace").canonicalize().unwrap()
    }

    pub async fn report(&mut self) -> Report {
        timeout(PATIENCE, self.reports.recv()).await.expect("a report comes in time").expect("the worker is there")
    }

    /// The outcome of this attempt, once it is reported. It must have been the next to end.
    pub async fn outcome_of(&mut self, wanted: &AttemptId) -> Outcome {
        loop {
            match self.report().await {
                Report::Started { .. } | Report::Unplaced { .. } => {}
                Report::Finished { id, outcome } => {
                    assert_eq!(&id, wanted);
                    return outcome;
                }
            }
        }
    }

    pub async fn run(&mut self, spec: AttemptSpec) -> Outcome {
        let id = spec.id.clone();
        self.worker.start(spec).await;
        self.outcome_of(&id).await
    }

    pub async fn succeed(&mut self, spec: AttemptSpec) -> RawResult {
        match self.run(spec).await {
            Outcome::Succeeded { result } => result,
            other => panic!("should have succeeded: {other:?}"),
        }
    }

    pub async fn fail(&mut self, spec: AttemptSpec, kind: FailureKind) -> (Failure, RawResult) {
        match self.run(spec).await {
            Outcome::Failed { error, result } if error.kind == kind => (error, result),
            other => panic!("should have failed with {kind}: {other:?}"),
        }
    }

    /// Starts an attempt and waits until its output holds `text`.
    pub async fn start_until(&mut self, spec: AttemptSpec, text: &str) -> AttemptId {
        let id = spec.id.clone();
        self.worker.start(spec).await;
        self.until_logged(&id, text).await;
        id
    }

    /// Waits until the output of the attempt holds `text`; gives all of it.
    pub async fn until_logged(&self, id: &AttemptId, text: &str) -> String {
        let wait = async {
            let mut seen = 0;
            loop {
                let raw = self.raw(id).await;
                if raw.contains(text) {
                    return raw;
                }
                seen = self.blobs.wait_growth(id, seen).await.unwrap();
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("`{text}` should have been written"))
    }

    /// Waits until a line of the worker's own about the attempt holds `text`.
    pub async fn until_said(&self, id: &AttemptId, text: &str) {
        let wait = async {
            let mut seen = 0;
            loop {
                let page = self.blobs.read_lines(id, 0, 10_000).await.unwrap();
                if page.lines.iter().any(|line| line.stream == LogStream::System && line.text.contains(text)) {
                    return;
                }
                seen = self.blobs.wait_growth(id, seen).await.unwrap();
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("`{text}` should have been said"))
    }

    /// The next outcome, whichever attempt's it is.
    pub async fn finished(&mut self) -> (AttemptId, Outcome) {
        loop {
            if let Report::Finished { id, outcome } = self.report().await {
                return (id, outcome);
            }
        }
    }

    /// What the attempt has written so far.
    pub async fn raw(&self, id: &AttemptId) -> String {
        let pieces: Vec<_> = self.blobs.read_raw(id).await.unwrap().bytes.try_collect().await.unwrap();
        String::from_utf8_lossy(&pieces.concat()).into_owned()
    }

    /// The finished log's lines, the engine's own marked with `# `.
    pub async fn lines(&self, id: &AttemptId) -> Vec<String> {
        let page = self.blobs.read_lines(id, 0, 10_000).await.unwrap();
        assert!(page.complete, "the log is finished when the attempt is reported");
        let line = |line: loopline_ports::blobs::LogLine| match line.stream {
            LogStream::System => format!("# {}", line.text),
            LogStream::Stdout | LogStream::Stderr => line.text,
        };
        page.lines.into_iter().map(line).collect()
    }
}

/// A worker in this folder whose supervisor is this very program.
pub async fn supervised_worker(
    folder: &Path,
    blobs: Arc<dyn Blobs>,
    reports: mpsc::Sender<Report>,
    change: impl FnOnce(&mut WorkerConfig, &mut Supervision),
) -> Arc<SupervisedWorker> {
    let workspace = folder.join("workspace");
    std::fs::create_dir_all(&workspace).unwrap();
    let mut config = WorkerConfig::new(folder.join("data"), Workspaces::Fixed(workspace));
    config.proxies = Proxies::None;
    let mut supervision = Supervision {
        program: "/proc/self/exe".into(),
        args: ["--exact", "supervised::plays_the_supervisor", "--ignored", "--nocapture"].map(Into::into).to_vec(),
        build: "1".to_owned(),
        blobs: folder.join("blobs"),
        caches: folder.join("blobs/caches"),
        max_caches: None,
        linger: Duration::ZERO,
        abandoned_after: None,
    };
    change(&mut config, &mut supervision);
    SupervisedWorker::open(config, supervision, blobs, reports).await.unwrap()
}

/// The first attempt of a step of this name, in a run that no other test uses: processes are found by their attempt.
pub fn attempt(step: &str) -> AttemptId {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemClock.now().0.unsigned_abs();
    let random = u128::from(std::process::id()) << 32 | u128::from(COUNT.fetch_add(1, Ordering::Relaxed));
    let run = RunId::from_parts(now, random);
    AttemptId {
        run,
        key: AttemptKey {
            epoch: 1,
            step: StepId::new(step).unwrap(),
            item: None,
            visit: 1,
            attempt: 1,
            within: Within::default(),
            undo: false,
        },
    }
}

/// An attempt that runs this script, with all of its output captured.
pub fn script(text: &str) -> AttemptSpec {
    AttemptSpec {
        id: attempt("step"),
        pipeline: "default/test".to_owned(),
        idempotency_key: "key".to_owned(),
        item_key: None,
        work: Work::Shell { shell: Shell::Default, script: text.to_owned(), working_dir: None },
        env: BTreeMap::new(),
        timeout_ms: 60_000,
        idle_timeout_ms: None,
        grace_ms: 10_000,
        capture: Capture { stdout: true, stderr: true, body: true },
        artifacts: BTreeMap::new(),
        junit: Vec::new(),
        fetch: Vec::new(),
        cache: Vec::new(),
        services: BTreeMap::new(),
        runs_on: Vec::new(),
        hides: Vec::new(),
        fresh_workspace: false,
        limits: AttemptLimits::default(),
    }
}

/// Waits until `condition` holds.
pub async fn until<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    in_time(condition).await.unwrap_or_else(|| panic!("{what}, within {PATIENCE:?}"))
}

/// Waits until `condition` holds; `None` where it does not in time.
pub async fn in_time<T>(mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let wait = async {
        loop {
            if let Some(found) = condition() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.ok()
}

/// Whether a process of this number lives; one that has ended and was not asked for does not.
pub fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_ascii_whitespace().next()).is_some_and(|state| state != "Z")
}

/// The number that a script wrote into this file, once it is there.
pub async fn pid_in(file: &Path) -> i32 {
    until("a process writes down its number", || std::fs::read_to_string(file).ok()?.strip_suffix('\n')?.parse().ok())
        .await
}

/// A script that writes down its number and goes on for ever, whatever it is asked to do.
pub const DEAF: &str = "trap '' TERM; echo $$ > pid; while :; do sleep 0.05 || true; done";

/// Knows one secret.
struct Only(&'static str, &'static str);

#[async_trait::async_trait]
impl SecretSource for Only {
    async fn value(&self, _: Asking<'_>, name: &str) -> Result<Option<SecretString>, SecretError> {
        Ok((name == self.0).then(|| self.1.into()))
    }
}

/// The secret `name`, and no other.
pub fn only(name: &'static str, value: &'static str) -> Arc<dyn SecretSource> {
    Arc::new(Only(name, value))
}

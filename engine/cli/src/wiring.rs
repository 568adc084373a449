//! Which implementation stands behind which port. Nothing else in the program chooses.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::time::Duration;

use anyhow::Context as _;
use loopline_blobs::DiskBlobs;
use loopline_core::event::Trigger;
use loopline_core::graph::Graph;
use loopline_core::id::RunId;
use loopline_ports::blobs::Blobs;
use loopline_ports::clock::SystemClock;
use loopline_ports::definitions::Definitions;
use loopline_ports::driver::{Driver, TriggerRequest};
use loopline_ports::journal::{Definition, Journal};
use loopline_runtime::{Archive, Engine, EngineConfig};
use loopline_server::source::{NoPipelines, PipelineSource};
use loopline_server::{Parts, ServerConfig};
use loopline_store::SqliteStore;
use loopline_triggers::Folder;
use loopline_worker::{ContainerRight, SupervisedWorker, Supervision, WorkerConfig, Workspaces};
use serde_json::{Map, Value as Json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::arguments::Serve;
use crate::definitions::{Around, OfServer};
use crate::exit::{Exit, Failure};

/// Reports that may wait for the engine before workers wait themselves.
const REPORTS: usize = 4096;
/// The one project, until there are more.
pub const PROJECT: &str = "default";

/// Chooses the cryptography of TLS, once.
pub fn choose_tls() {
    static CHOSEN: Once = Once::new();
    // Somebody else in the process may have chosen first; then theirs is as good.
    CHOSEN.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// The server's own log: on standard error, `RUST_LOG` says how much.
pub fn start_tracing() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Everything that drives runs over one folder of data.
struct House {
    engine: Arc<Engine>,
    parts: Parts,
    store: SqliteStore,
}

/// What steps do when their engine is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WithoutEngine {
    /// A server comes back, and finds them where they are.
    GoOn,
    /// A run in the foreground was ended by whoever sat before it.
    EndSoon,
}

/// What steps are given of this machine, besides the workspace.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Variables of this environment.
    pub pass_env: Vec<String>,
    /// What containers may have.
    pub allow_container: Vec<ContainerRight>,
}

/// How the processes of steps are started: by this very program, whatever has taken its place on disk since.
fn supervision(data: &Path, steps: WithoutEngine) -> Supervision {
    let this = if cfg!(target_os = "linux") {
        PathBuf::from("/proc/self/exe")
    } else {
        std::env::current_exe().unwrap_or_else(|_| "loopline".into())
    };
    let (linger, abandoned_after) = match steps {
        WithoutEngine::GoOn => (Duration::from_secs(10), None),
        WithoutEngine::EndSoon => (Duration::ZERO, Some(Duration::from_secs(10))),
    };
    Supervision {
        program: this,
        args: vec!["supervise".into()],
        build: env!("CARGO_PKG_VERSION").to_owned(),
        blobs: data.to_owned(),
        linger,
        abandoned_after,
    }
}

/// Opens the database, takes over what was under way, and begins to drive.
async fn open(
    data: &Path,
    workspaces: Workspaces,
    given: Given,
    steps: WithoutEngine,
    config: EngineConfig,
    pipelines: Arc<dyn PipelineSource>,
) -> anyhow::Result<House> {
    choose_tls();
    // Logs, inputs and artifacts are for nobody else on this machine.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("cannot create {}", data.display()))?;
    let data = std::fs::canonicalize(data).with_context(|| format!("cannot open {}", data.display()))?;
    let store = SqliteStore::open(data.join("loopline.db")).await?;
    let journal: Arc<dyn Journal> = Arc::new(store.clone());
    let blobs: Arc<dyn Blobs> = Arc::new(DiskBlobs::open(&data)?);
    let (reports, told) = mpsc::channel(REPORTS);
    let mut worker = WorkerConfig { pass_env: given.pass_env, ..WorkerConfig::new(&data, workspaces) };
    worker.containers.allow = given.allow_container.into_iter().collect();
    let worker = SupervisedWorker::open(worker, supervision(&data, steps), blobs.clone(), reports).await?;
    let clock = Arc::new(SystemClock);
    let engine = Engine::start(config, journal.clone(), worker, told, clock.clone()).await?;
    let parts = Parts { driver: engine.clone(), journal, blobs, pipelines, clock };
    Ok(House { engine, parts, store })
}

/// A run in the foreground: an engine of its own, answering on a port of its own.
pub struct Foreground {
    house: House,
    address: String,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

/// Opens the folder of one run, whose pipeline stands in this file.
pub async fn open_foreground(
    folder: &Path,
    file: PathBuf,
    workspace: PathBuf,
    given: Given,
) -> Result<Foreground, Failure> {
    let listening = loopline_server::listen(([127, 0, 0, 1], 0).into()).await.map_err(anyhow::Error::from)?;
    let address = format!("http://{}", listening.address);
    let workspaces = Workspaces::Fixed(workspace);
    let around: Arc<dyn Definitions> = Arc::new(Around(file));
    let config =
        EngineConfig { public_url: Some(address.clone()), definitions: Some(around), ..EngineConfig::default() };
    let house = open(folder, workspaces, given, WithoutEngine::EndSoon, config, Arc::new(NoPipelines)).await?;
    let stop = CancellationToken::new();
    let server = tokio::spawn(loopline_server::serve(listening, house.parts.clone(), server_config(&[]), stop.clone()));
    Ok(Foreground { house, address, stop, server })
}

impl Foreground {
    /// Where it answers.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Starts the run.
    pub async fn trigger(&self, yaml: &str, graph: Graph, inputs: Map<String, Json>) -> Result<RunId, Failure> {
        let request = TriggerRequest {
            project: PROJECT.to_owned(),
            definition: Arc::new(definition(yaml, graph)),
            inputs,
            labels: std::collections::BTreeMap::new(),
            trigger: Trigger { kind: "manual".to_owned(), actor: Some(user()) },
            idempotency_key: None,
        };
        let triggered = self.house.engine.trigger(request).await;
        triggered.map(|triggered| triggered.run).map_err(|error| Failure::new(Exit::Failed, error.to_string()))
    }

    /// Ends the server and the engine.
    pub async fn close(self) {
        self.stop.cancel();
        // A panic of the server has been reported where it happened.
        let _ = self.server.await;
        self.house.engine.stop().await;
        self.house.store.close().await;
    }
}

/// Answers for a run that nobody drives, from its folder, on a port of its own, as long as this process lives.
pub async fn open_at_rest(folder: &Path) -> Result<String, Failure> {
    let store = SqliteStore::open_read_only(folder.join("loopline.db")).await.map_err(anyhow::Error::from)?;
    let journal: Arc<dyn Journal> = Arc::new(store);
    let blobs: Arc<dyn Blobs> = Arc::new(DiskBlobs::open(folder).map_err(anyhow::Error::from)?);
    let driver: Arc<dyn Driver> = Arc::new(Archive::new(journal.clone()));
    let parts = Parts { driver, journal, blobs, pipelines: Arc::new(NoPipelines), clock: Arc::new(SystemClock) };
    let listening = loopline_server::listen(([127, 0, 0, 1], 0).into()).await.map_err(anyhow::Error::from)?;
    let address = format!("http://{}", listening.address);
    tokio::spawn(loopline_server::serve(listening, parts, server_config(&[]), CancellationToken::new()));
    Ok(address)
}

/// `loopline serve`: until SIGINT or SIGTERM.
pub async fn serve(arguments: Serve) -> Result<(), Failure> {
    let public_host = arguments.public_url.as_deref().map(host_of).transpose()?;
    let listening = loopline_server::listen(arguments.listen).await.map_err(|error| {
        Failure::new(Exit::Usage, error.to_string()).hint("--listen 127.0.0.1:0 takes any free port")
    })?;
    std::fs::create_dir_all(&arguments.pipelines)
        .map_err(|error| Failure::usage(format!("cannot create {}: {error}", arguments.pipelines.display())))?;
    let folder = Folder::open(&arguments.pipelines).await.map_err(anyhow::Error::from)?;
    let address = format!("http://{}", listening.address);
    let public_url = arguments.public_url.clone().unwrap_or_else(|| address.clone());
    let workspaces = Workspaces::PerRun(arguments.data.join("workspaces"));
    let pipelines: Arc<dyn PipelineSource> = Arc::new(folder);
    let config = EngineConfig {
        public_url: Some(public_url),
        definitions: Some(Arc::new(OfServer(pipelines.clone()))),
        snapshot_every: arguments.snapshot_every,
        ..EngineConfig::default()
    };
    let given = Given { pass_env: arguments.pass_env.clone(), allow_container: arguments.allow_container.clone() };
    let house = open(&arguments.data, workspaces, given, WithoutEngine::GoOn, config, pipelines).await?;
    let stop = CancellationToken::new();
    let asked = stop.clone();
    let mut interrupt = signal(tokio::signal::unix::SignalKind::interrupt())?;
    let mut terminate = signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        asked.cancel();
    });
    // Scripts read this line: it says that the next request will be answered.
    println!(
        "listening on {address}  (data in {}, pipelines from {})",
        arguments.data.display(),
        arguments.pipelines.display()
    );
    let hosts: Vec<String> = public_host.into_iter().collect();
    loopline_server::serve(listening, house.parts.clone(), server_config(&hosts), stop).await;
    house.engine.stop().await;
    house.store.close().await;
    Ok(())
}

fn signal(kind: tokio::signal::unix::SignalKind) -> Result<tokio::signal::unix::Signal, Failure> {
    tokio::signal::unix::signal(kind).map_err(|error| Failure::new(Exit::Failed, format!("no signal handler: {error}")))
}

fn host_of(url: &str) -> Result<String, Failure> {
    let wrong = || Failure::usage(format!("`{url}` is not an address")).hint("write it like https://ci.example.com");
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).ok_or_else(wrong)?;
    let host = rest.split(['/', ':']).next().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
    Ok(host.to_owned())
}

fn server_config(hosts: &[String]) -> ServerConfig {
    ServerConfig { local_user: user(), hosts: hosts.to_vec() }
}

/// The person at this machine.
fn user() -> String {
    ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "local".to_owned())
}

/// What a run is made from.
pub fn definition(yaml: &str, graph: Graph) -> Definition {
    Definition {
        text_digest: loopline_core::canonical::digest(&Json::from(yaml)),
        yaml: yaml.to_owned(),
        digest: graph.digest(),
        graph: Arc::new(graph),
    }
}

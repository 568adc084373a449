//! Which implementation stands behind which port. Nothing else in the program chooses.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::time::Duration;

use anyhow::Context as _;
use loopline_blobs::DiskBlobs;
use loopline_core::event::Trigger;
use loopline_core::graph::Graph;
use loopline_core::id::RunId;
use loopline_ports::access::{AccessStore, Asker, NoAccess};
use loopline_ports::blobs::Blobs;
use loopline_ports::clock::SystemClock;
use loopline_ports::definitions::Definitions;
use loopline_ports::driver::{Driver, TriggerRequest};
use loopline_ports::journal::{Definition, Journal};
use loopline_ports::secrets::SecretStore;
use loopline_runtime::{Archive, Engine, EngineConfig, SharedEngine};
use loopline_secrets::NoVault;
use loopline_server::source::{Folders, NoPipelines, PipelineSource};
use loopline_server::{Parts, ServerConfig, Tls};
use loopline_store::{Lock, PostgresStore, SqliteStore};
use loopline_triggers::Folder;
use loopline_worker::{
    Callbacks, ContainerRight, EgressPolicy, LabelledWorker, Limits, Proxies, SupervisedWorker, Supervision,
    WorkerConfig, Workspaces, labels_of_machine,
};
use serde_json::{Map, Value as Json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::arguments::{Egress, ProjectFolder, Serve};
use crate::callback_key::callback_tokens;
use crate::definitions::{Around, OfServer};
use crate::exit::{Exit, Failure};
use crate::secrets_from::SecretsFrom;

/// Reports that may wait for the engine before workers wait themselves.
const REPORTS: usize = 4096;
/// Where the server is called back, behind its public address.
const CALLBACKS: &str = "/api/v1/callbacks/";
/// The project of whatever names none.
pub const PROJECT: &str = loopline_server::source::PROJECT;

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
    parts: Parts,
    driving: Driving,
}

/// What drives, and where its record is.
enum Driving {
    /// One engine, and a file in the folder.
    Alone { engine: Arc<Engine>, store: SqliteStore },
    /// One of several servers over one database. Of those one at a time has the folder.
    Shared { engine: Arc<SharedEngine>, store: PostgresStore, _folder: Option<Lock> },
}

impl House {
    /// Nothing is taken any more; what was taken is written.
    async fn close(self) {
        match self.driving {
            Driving::Alone { engine, store } => {
                engine.stop().await;
                store.close().await;
            }
            Driving::Shared { engine, store, _folder } => {
                engine.stop().await;
                store.close().await;
            }
        }
    }
}

/// Where the record of runs is. Not shown: an address may hold a password.
#[derive(Clone, PartialEq, Eq)]
enum Database {
    /// In the folder of data.
    Own,
    /// `postgres://…`
    Postgres(String),
}

/// What steps do when their engine is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WithoutEngine {
    /// A server comes back, and finds them where they are.
    GoOn,
    /// A run in the foreground was ended by whoever sat before it.
    EndSoon,
}

impl WithoutEngine {
    /// Where steps keep what they use from run to run: with everything else, or for all runs in the foreground together.
    fn caches(self, data: &Path) -> PathBuf {
        match (self, data.parent().and_then(Path::parent)) {
            (Self::EndSoon, Some(around)) => around.join("caches"),
            (Self::GoOn | Self::EndSoon, _) => data.join("caches"),
        }
    }
}

/// What steps are given of this machine, besides the workspace.
#[derive(Clone, Default)]
pub struct Given {
    /// Variables of this environment.
    pub pass_env: Vec<String>,
    /// What containers may have.
    pub allow_container: Vec<ContainerRight>,
    /// How much they may write.
    pub limits: Limits,
    /// How much all that they keep from run to run may take, if that is said.
    pub max_caches: Option<u64>,
    /// Where the values of secrets come from.
    pub secrets: SecretsFrom,
    /// Its labels, besides those that it has by itself.
    pub labels: Vec<String>,
    /// Where requests may go, and how.
    pub requests: Requests,
}

/// How requests are sent.
#[derive(Debug, Clone)]
pub struct Requests {
    policy: EgressPolicy,
    proxies: Proxies,
    max_response: Option<usize>,
}

impl Default for Requests {
    /// Of a run in the foreground: as everything else that whoever sits here starts.
    fn default() -> Self {
        Self { policy: EgressPolicy::Anywhere, proxies: Proxies::FromEnvironment, max_response: None }
    }
}

impl From<Egress> for Requests {
    fn from(egress: Egress) -> Self {
        let Egress { deny_private_egress, allow_egress, egress_proxy, max_response } = egress;
        Self {
            policy: if deny_private_egress || !allow_egress.is_empty() {
                EgressPolicy::PublicAnd(allow_egress)
            } else {
                EgressPolicy::Anywhere
            },
            proxies: if egress_proxy { Proxies::FromEnvironment } else { Proxies::None },
            max_response,
        }
    }
}

/// How the processes of steps are started: by this very program, whatever has taken its place on disk since.
fn supervision(data: &Path, steps: WithoutEngine, caches: PathBuf, max_caches: Option<u64>) -> Supervision {
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
        caches,
        max_caches,
        linger,
        abandoned_after,
    }
}

/// Opens the database, takes over what was under way, and begins to drive.
async fn open(
    data: &Path,
    database: Database,
    workspaces: Workspaces,
    given: Given,
    steps: WithoutEngine,
    config: EngineConfig,
    pipelines: Arc<dyn PipelineSource>,
) -> anyhow::Result<House> {
    choose_tls();
    make_private(data)?;
    let data = std::fs::canonicalize(data).with_context(|| format!("cannot open {}", data.display()))?;
    let file = data.join("loopline.db");
    let store = match database {
        Database::Own => Store::Own(SqliteStore::open(file).await?),
        Database::Postgres(address) => {
            let folder = Lock::take(&file)?;
            Store::Postgres(PostgresStore::open(&address, &identity_of(&data)?).await?, Some(folder))
        }
    };
    let caches = steps.caches(&data);
    let blobs: Arc<dyn Blobs> = Arc::new(DiskBlobs::open(&data)?.with_caches(&caches, given.max_caches));
    let (reports, told) = mpsc::channel(REPORTS);
    let access = store.access();
    let (source, secrets) = given.secrets.open(store.secrets()).await?;
    let mut worker = WorkerConfig { pass_env: given.pass_env, secrets: source, ..WorkerConfig::new(&data, workspaces) };
    worker.limits = given.limits;
    worker.containers.allow = given.allow_container.into_iter().collect();
    let Requests { policy, proxies, max_response } = given.requests;
    // Where several people run pipelines, a request of one may not reach what is private to the machine.
    let open = matches!(policy, EgressPolicy::Anywhere) && !access.tokens().await?.is_empty();
    worker.egress = if open { EgressPolicy::PublicAnd(Vec::new()) } else { policy };
    worker.proxies = proxies;
    worker.max_response = max_response.unwrap_or(worker.max_response);
    let tokens = callback_tokens(&data).await?;
    worker.callbacks = config.public_url.as_deref().map(|public| Callbacks {
        address: format!("{}{CALLBACKS}", public.trim_end_matches('/')),
        tokens: tokens.clone(),
    });
    let labels = labels_of_machine().into_iter().chain(given.labels).collect();
    let worker = SupervisedWorker::open(
        worker,
        supervision(&data, steps, caches, given.max_caches),
        blobs.clone(),
        reports.clone(),
    )
    .await?;
    let worker = Arc::new(LabelledWorker::new(labels, worker, reports));
    let clock = Arc::new(SystemClock);
    let (driver, journal, driving): (Arc<dyn Driver>, Arc<dyn Journal>, _) = match store {
        Store::Own(store) => {
            let journal: Arc<dyn Journal> = Arc::new(store.clone());
            let engine = Engine::start(config, journal.clone(), worker, told, clock.clone()).await?;
            (engine.clone(), journal, Driving::Alone { engine, store })
        }
        Store::Postgres(store, folder) => {
            let journal = Arc::new(store.clone());
            let engine = SharedEngine::start(config, journal.clone(), worker, told, clock.clone()).await?;
            (engine.clone(), journal, Driving::Shared { engine, store, _folder: folder })
        }
    };
    let parts = Parts { driver, journal, blobs, access, secrets, pipelines, callbacks: Some(tokens), clock };
    Ok(House { parts, driving })
}

/// Logs, inputs and artifacts are for nobody else on this machine.
fn make_private(data: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(data).with_context(|| format!("cannot create {}", data.display()))
}

/// A database that is open.
enum Store {
    Own(SqliteStore),
    /// With the folder of data, where steps are run.
    Postgres(PostgresStore, Option<Lock>),
}

impl Store {
    /// Where it keeps tokens and the audit.
    fn access(&self) -> Arc<dyn AccessStore> {
        match self {
            Self::Own(store) => Arc::new(store.clone()),
            Self::Postgres(store, _) => Arc::new(store.clone()),
        }
    }

    /// Where it keeps secrets.
    fn secrets(&self) -> Arc<dyn SecretStore> {
        match self {
            Self::Own(store) => Arc::new(store.clone()),
            Self::Postgres(store, _) => Arc::new(store.clone()),
        }
    }
}

/// Tells a folder of data from all others, also from its own copy elsewhere: attempts belong to the folder whose supervisor
/// has them.
fn identity_of(data: &Path) -> anyhow::Result<String> {
    let path = data.join("server.id");
    let failed = || format!("cannot use {}", path.display());
    let made = match std::fs::read_to_string(&path) {
        Ok(made) => made,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let made = ulid::Ulid::generate().to_string();
            let file = tempfile::NamedTempFile::new_in(data).with_context(failed)?;
            std::fs::write(file.path(), &made).with_context(failed)?;
            file.as_file().sync_all().with_context(failed)?;
            file.persist(&path).with_context(failed)?;
            made
        }
        Err(error) => return Err(error).with_context(failed),
    };
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let place = (made.trim(), machine.trim(), data.to_string_lossy());
    Ok(loopline_core::canonical::digest(&serde_json::json!(place)))
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
    let house =
        open(folder, Database::Own, workspaces, given, WithoutEngine::EndSoon, config, Arc::new(NoPipelines)).await?;
    let stop = CancellationToken::new();
    let server =
        tokio::spawn(loopline_server::serve(listening, None, house.parts.clone(), local_config(), stop.clone()));
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
            asked_by: Asker::from(&*user()),
        };
        let triggered = self.house.parts.driver.trigger(request).await;
        triggered.map(|triggered| triggered.run).map_err(|error| Failure::new(Exit::Failed, error.to_string()))
    }

    /// Ends the server and the engine.
    pub async fn close(self) {
        self.stop.cancel();
        // A panic of the server has been reported where it happened.
        let _ = self.server.await;
        self.house.close().await;
    }
}

/// Answers for a run that nobody drives, from its folder, on a port of its own, as long as this process lives.
pub async fn open_at_rest(folder: &Path) -> Result<String, Failure> {
    let store = SqliteStore::open_read_only(folder.join("loopline.db")).await.map_err(anyhow::Error::from)?;
    let journal: Arc<dyn Journal> = Arc::new(store);
    let blobs: Arc<dyn Blobs> = Arc::new(DiskBlobs::open(folder).map_err(anyhow::Error::from)?);
    let driver: Arc<dyn Driver> = Arc::new(Archive::new(journal.clone()));
    let (secrets, pipelines, clock) = (Arc::new(NoVault), Arc::new(NoPipelines), Arc::new(SystemClock));
    let access = Arc::new(NoAccess);
    let parts = Parts { driver, journal, blobs, access, secrets, pipelines, callbacks: None, clock };
    let listening = loopline_server::listen(([127, 0, 0, 1], 0).into()).await.map_err(anyhow::Error::from)?;
    let address = format!("http://{}", listening.address);
    tokio::spawn(loopline_server::serve(listening, None, parts, local_config(), CancellationToken::new()));
    Ok(address)
}

/// Steps of the same user may not read this process: its memory and its environment hold secrets of their neighbours.
fn keep_to_ourselves() -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_dumpable(false).context("this process cannot be kept from being read by its steps")?;
    Ok(())
}

/// `loopline serve`: until SIGINT or SIGTERM.
pub async fn serve(arguments: Serve) -> Result<(), Failure> {
    keep_to_ourselves()?;
    let metrics = crate::metrics::begin()?;
    let public_host = arguments.public_url.as_deref().map(host_of).transpose()?;
    let tls = tls_of(&arguments)?;
    let exposed = !arguments.listen.ip().is_loopback();
    if exposed && tls.is_none() && !arguments.behind_proxy {
        let what = format!("{} can be reached by others, and tokens must not travel in the clear", arguments.listen);
        let hint = "give --tls-cert and --tls-key, or say --behind-proxy where a proxy before this server ends TLS";
        return Err(Failure::usage(what).hint(hint));
    }
    let listening = loopline_server::listen(arguments.listen).await.map_err(|error| {
        Failure::new(Exit::Usage, error.to_string()).hint("--listen 127.0.0.1:0 takes any free port")
    })?;
    let folders = open_folders(&arguments.pipelines).await?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = format!("{scheme}://{}", listening.address);
    let public_url = arguments.public_url.clone().unwrap_or_else(|| address.clone());
    let mut hosts: Vec<String> = public_host.into_iter().collect();
    if !listening.address.ip().is_unspecified() {
        hosts.push(match listening.address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        });
    }
    let server = ServerConfig {
        local_user: user(),
        hosts,
        needs_tokens: exposed || arguments.behind_proxy,
        behind_proxy: arguments.behind_proxy,
        secure: tls.is_some() || public_url.starts_with("https://"),
        metrics: Some(metrics),
    };
    let workspaces = Workspaces::PerRun(arguments.data.join("workspaces"));
    let pipelines: Arc<dyn PipelineSource> = Arc::new(folders);
    let config = EngineConfig {
        public_url: Some(public_url),
        definitions: Some(Arc::new(OfServer(pipelines.clone()))),
        snapshot_every: arguments.snapshot_every,
        ..EngineConfig::default()
    };
    let mut limits = Limits::default();
    limits.log.most = arguments.max_log.unwrap_or(limits.log.most);
    limits.log.unless_said = arguments.log_limit.unwrap_or(limits.log.unless_said);
    let given = Given {
        pass_env: arguments.pass_env.clone(),
        allow_container: arguments.allow_container.clone(),
        labels: arguments.labels.clone(),
        requests: arguments.egress.clone().into(),
        limits,
        max_caches: arguments.max_cache,
        secrets: SecretsFrom::server(&arguments)?,
    };
    let database = arguments.database_url.clone().map_or(Database::Own, Database::Postgres);
    let house = open(&arguments.data, database, workspaces, given, WithoutEngine::GoOn, config, pipelines).await?;
    if server.needs_tokens
        && let Err(failure) = needs_a_token(&house, &arguments).await
    {
        house.close().await;
        return Err(failure);
    }
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
        arguments.pipelines.iter().map(|at| at.folder.display().to_string()).collect::<Vec<_>>().join(", ")
    );
    loopline_server::serve(listening, tls, house.parts.clone(), server, stop).await;
    house.close().await;
    Ok(())
}

fn tls_of(arguments: &Serve) -> Result<Option<Tls>, Failure> {
    choose_tls();
    let (Some(certificates), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) else { return Ok(None) };
    Tls::of(certificates, key).map(Some).map_err(|error| Failure::usage(error.to_string()))
}

/// Each folder of pipelines, and the project that it is.
async fn open_folders(given: &[ProjectFolder]) -> Result<Folders, Failure> {
    let mut folders = BTreeMap::new();
    for ProjectFolder { project, folder } in given {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::usage(format!("cannot create {}: {error}", folder.display())))?;
        let opened = Folder::open(folder).await.map_err(anyhow::Error::from)?;
        if folders.insert(project.clone(), opened).is_some() {
            let failure = Failure::usage(format!("the project `{project}` has two folders"));
            return Err(failure.hint("name another project with --pipelines PROJECT=DIR"));
        }
    }
    Ok(Folders::new(folders))
}

/// Refuses to serve where others may come and nobody could be let in.
async fn needs_a_token(house: &House, arguments: &Serve) -> Result<(), Failure> {
    let now = house.parts.clock.now();
    let tokens = house.parts.access.tokens().await.map_err(anyhow::Error::from)?;
    if tokens.iter().any(|token| token.is_in_force(now)) {
        return Ok(());
    }
    let place = match arguments.database_url {
        // It may hold a password.
        Some(_) => "--database-url URL".to_owned(),
        None => format!("--data {}", arguments.data.display()),
    };
    let failure = Failure::usage("others may reach this server, and no token is in force");
    Err(failure.hint(format!("make one: loopline token create NAME --admin {place}")))
}

/// A database that is open for its tokens alone.
pub struct AccessDatabase(Store);

impl AccessDatabase {
    /// Where they are.
    pub fn store(&self) -> Arc<dyn AccessStore> {
        self.0.access()
    }

    /// Ends the connections.
    pub async fn close(self) {
        match self.0 {
            Store::Own(store) => store.close().await,
            Store::Postgres(store, _) => store.close().await,
        }
    }
}

/// Opens the database of a server. One in a directory is not shared with a server that runs.
pub async fn open_access(data: Option<&Path>, database_url: Option<&str>) -> Result<AccessDatabase, Failure> {
    choose_tls();
    if let Some(address) = database_url {
        let store = PostgresStore::open(address, "").await.map_err(anyhow::Error::from)?;
        return Ok(AccessDatabase(Store::Postgres(store, None)));
    }
    let data = data.unwrap_or(Path::new("loopline-data"));
    make_private(data)?;
    let store = SqliteStore::open(data.join("loopline.db")).await.map_err(|error| {
        let failure = Failure::from(anyhow::Error::from(error));
        failure.hint("a server that runs makes tokens itself: loopline token create … --server URL")
    })?;
    Ok(AccessDatabase(Store::Own(store)))
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

/// Of a server for nobody but who sits here.
fn local_config() -> ServerConfig {
    ServerConfig {
        local_user: user(),
        hosts: Vec::new(),
        needs_tokens: false,
        behind_proxy: false,
        secure: false,
        metrics: None,
    }
}

/// The person at this machine.
pub fn user() -> String {
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

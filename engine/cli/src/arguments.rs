//! What can be written on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use loopline_core::id::{InvalidStepId, StepUnit};
use loopline_ports::access::{Pattern, Role, is_slug};
use loopline_secrets::SourceSpec;
use loopline_worker::{ContainerRight, EgressRule};

use crate::exit::Failure;
use crate::wiring::PROJECT;

/// A DevOps pipeline engine: YAML compiled to a graph that may have cycles, run durably, seen live in a browser.
#[derive(Debug, Parser)]
#[command(
    name = "loopline",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check pipeline files and say everything that is wrong with them
    Validate(Validate),
    /// Explain a diagnostic code
    Explain {
        /// Like LL0012
        code: String,
    },
    /// Give pipeline files their layout; what they say, and their comments, stay
    Fmt(Fmt),
    /// Draw the graph of a pipeline file
    Graph(Graph),
    /// Say when the schedules of pipeline files are due next
    Schedules(Schedules),
    /// Test pipelines: runs with a simulated clock and mocked work, and what must come of them
    Test(Test),
    /// Say what can become of a pipeline's runs: what is proved, and which ways made-up answers take
    Verify(Verify),
    /// Print the JSON Schema of pipeline files, for editors
    Schema {
        /// That of step types instead: `.loopline/steps/NAME.yaml`
        #[arg(long, conflicts_with = "test")]
        step_type: bool,
        /// That of files of tests instead: `*.loopline.test.yaml`
        #[arg(long)]
        test: bool,
    },
    /// Speak the Language Server Protocol with an editor, over standard input and output
    Lsp {
        /// The way to speak, which is the only one; many editors name it
        #[arg(long)]
        stdio: bool,
    },
    /// Run a pipeline file here, in the foreground
    Run(Run),
    /// Start the server: HTTP interface, pages and engine
    Serve(Serve),
    /// Start a run on a server
    Trigger(Trigger),
    /// List runs
    Runs(Runs),
    /// Show where a run stands
    Show(OneRun),
    /// Print the logs of a run or of one step
    Logs(Logs),
    /// Print the events of a run
    History(OneRun),
    /// Say why a step was skipped or failed, or what it waits for
    Why(Why),
    /// Approve a step that waits for people
    Approve(Decide),
    /// Reject a step that waits for people
    Reject(Decide),
    /// Send a signal to a run
    Signal(Signal),
    /// Let a run start nothing new
    Pause(OneRun),
    /// Let a paused run go on
    Resume(OneRun),
    /// Have steps of a run done again, and all that stands behind them
    Rerun(Rerun),
    /// Ask a run to end
    Cancel(Cancel),
    /// Check what a database says of itself: histories, and everything that follows from them
    CheckDb(CheckDb),
    /// Look for what would stand in the way of a server with these settings, and say what mends it
    Doctor(Doctor),
    /// Set, list and remove the secrets that a server gives to pipelines
    #[command(subcommand)]
    Secret(Secret),
    /// Make, list and take back the tokens that callers of a server need
    #[command(subcommand)]
    Token(Token),
    /// Start and watch the processes of steps, for an engine that starts this
    #[command(hide = true)]
    Supervise,
    /// Print a completion script
    Completions {
        /// The shell it is for
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// It asks and prints; nothing is lost when it is cut off.
    pub fn only_prints(&self) -> bool {
        !matches!(self, Self::Run(_) | Self::Serve(_) | Self::Supervise)
    }
}

/// How data is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// How diagnostics are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DiagnosticFormat {
    /// With the source line, for people.
    #[default]
    Pretty,
    /// One array, for programs.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines of a pull request.
    Github,
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Mermaid flowchart, which GitHub and GitLab render.
    #[default]
    Mermaid,
    /// A picture, light and dark, for a README or an image viewer.
    Svg,
    /// Graphviz.
    Dot,
    /// Nodes and edges.
    Json,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The pipeline file
    pub file: PathBuf,
    /// Inputs that are not to be made up
    #[command(flatten)]
    pub inputs: Inputs,
    /// Try at most so many runs
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000)]
    pub runs: usize,
    /// Draw the way with this number instead: what it passed stands out in the graph
    #[arg(long, value_name = "NUMBER", conflicts_with = "output")]
    pub draw: Option<usize>,
    /// How it is drawn
    #[arg(long, value_enum, default_value_t, requires = "draw")]
    pub format: WayFormat,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// How a way through a graph is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum WayFormat {
    /// A picture, light and dark.
    #[default]
    Svg,
    /// Mermaid flowchart, which GitHub and GitLab render.
    Mermaid,
}

/// `test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Files of tests, and folders that are searched for `*.loopline.test.yaml`
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Run only cases whose name, behind that of their file, holds this: `release.loopline.test.yaml: goes back`
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Write the results to this file too, in the format of JUnit
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// `validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Pipeline files, step types beneath `.loopline/steps`, and tests
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How diagnostics are printed
    #[arg(long, value_enum, default_value_t)]
    pub format: DiagnosticFormat,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
    /// Mend what has one right edit, in the files themselves
    #[arg(long)]
    pub fix: bool,
}

/// `fmt`.
#[derive(Debug, Args)]
pub struct Fmt {
    /// Pipeline files; `-` formats standard input to standard output
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Write nothing; list the files that would change, and fail when there are any
    #[arg(long)]
    pub check: bool,
}

/// `graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// The pipeline file
    pub file: PathBuf,
    /// How it is drawn
    #[arg(long, value_enum, default_value_t)]
    pub format: GraphFormat,
}

/// `schedules`.
#[derive(Debug, Args)]
pub struct Schedules {
    /// Pipeline files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How many moments of each schedule
    #[arg(short = 'n', long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub next: u16,
    /// Those behind this moment instead of now, like 2026-03-29T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub after: Option<String>,
    /// How they are printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Inputs, in whichever way they are given.
#[derive(Debug, Default, Args)]
pub struct Inputs {
    /// An input; the value is read by the type its pipeline declares
    #[arg(short = 'i', long = "input", value_name = "KEY=VALUE")]
    pub input: Vec<String>,
    /// A YAML or JSON file with inputs; -i overrides it
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
}

/// `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The pipeline file
    pub file: PathBuf,
    /// Its inputs
    #[command(flatten)]
    pub inputs: Inputs,
    /// Send a signal beforehand; may be repeated, steps take them in order
    #[arg(long, value_name = "NAME=JSON")]
    pub signal: Vec<String>,
    /// Answer an approval beforehand; may be repeated, answers are used in order
    #[arg(long, value_name = "STEP=approve|reject")]
    pub answer: Vec<String>,
    /// Directory the steps work in, or `fresh` for an empty one [default: the current directory]
    #[arg(long, value_name = "DIR|fresh")]
    pub workspace: Option<String>,
    /// Pass a variable of this environment on to the steps
    #[arg(long, value_name = "NAME")]
    pub pass_env: Vec<String>,
    /// Allow containers of steps more of this machine: `privileged`, `host-network`, `engine-socket`, or a folder that they may mount
    #[arg(long, value_name = "RIGHT")]
    pub allow_container: Vec<ContainerRight>,
    /// Labels of this machine besides its system and processor, for `runs_on` of steps: `gpu,fast`
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    pub labels: Vec<String>,
    /// Secrets for this run: a file of lines NAME=VALUE; may be repeated
    #[arg(long, value_name = "FILE")]
    pub secret_file: Vec<PathBuf>,
    /// Print the finished run as JSON on standard output
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen on; one that others can reach needs a token, and TLS or --behind-proxy
    #[arg(long, default_value = "127.0.0.1:7878")]
    pub listen: SocketAddr,
    /// Certificates for TLS, in PEM: the server's own first
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// A proxy before this server ends TLS, and says in X-Forwarded-For where requests come from; nobody may reach the server
    /// around it
    #[arg(long, conflicts_with = "tls_cert")]
    pub behind_proxy: bool,
    /// Where runs, logs and artifacts are kept
    #[arg(long, default_value = "loopline-data", env = "LOOPLINE_DATA")]
    pub data: PathBuf,
    /// Keep the record of runs in a PostgreSQL database, which several servers may share: postgres://user@host/name
    #[arg(long, value_name = "URL", env = "LOOPLINE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Folder of pipeline files; watched. `team-a=DIR` is one of the project `team-a`; may be repeated [default project: default]
    #[arg(long, default_value = ".loopline", value_name = "[PROJECT=]DIR")]
    pub pipelines: Vec<ProjectFolder>,
    /// Address under which people reach this server
    #[arg(long)]
    pub public_url: Option<String>,
    /// Pass a variable of this environment on to the steps
    #[arg(long, value_name = "NAME")]
    pub pass_env: Vec<String>,
    /// Allow containers of steps more of this machine: `privileged`, `host-network`, `engine-socket`, or a folder that they may mount
    #[arg(long, value_name = "RIGHT")]
    pub allow_container: Vec<ContainerRight>,
    /// Labels of this machine besides its system and processor, for `runs_on` of steps: `gpu,fast`
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    pub labels: Vec<String>,
    /// Requests of steps and where they may go
    #[command(flatten)]
    pub egress: Egress,
    /// Key that stored secrets are sealed with, instead of one that is made in the data directory: a file of age identities,
    /// the first seals, all open; or its text in LOOPLINE_SECRETS_KEY
    #[arg(long, value_name = "FILE")]
    pub secrets_key: Option<PathBuf>,
    /// Where else secrets are looked for: `env:PREFIX`, `dir:PATH` or `command:PROGRAM ARGUMENT…`; may be repeated, asked in order
    #[arg(long, value_name = "SOURCE")]
    pub secrets_from: Vec<SourceSpec>,
    /// How much log an attempt may write, unless its pipeline says, like 64MiB
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub log_limit: Option<u64>,
    /// How much log an attempt may write, whatever its pipeline says
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub max_log: Option<u64>,
    /// How much all caches of steps may take together; those that were not used for longest make room [default: 10GiB]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub max_cache: Option<u64>,
    /// Events of a run between two states that are kept of it, so that a long run opens quickly
    #[arg(long, hide = true, env = "LOOPLINE_SNAPSHOT_EVERY", value_name = "EVENTS")]
    pub snapshot_every: Option<u64>,
}

/// Where requests of steps may go, and how.
#[derive(Debug, Clone, Default, Args)]
pub struct Egress {
    /// Send requests of steps to public addresses only; so it is wherever callers need a token
    #[arg(long)]
    pub deny_private_egress: bool,
    /// To public addresses and to these: an address, a range like 10.1.0.0/16, the name of a host, or `*.internal`; may be repeated
    #[arg(long, value_name = "CIDR|HOST")]
    pub allow_egress: Vec<EgressRule>,
    /// Send them through the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name
    #[arg(long)]
    pub egress_proxy: bool,
    /// Of the body of an answer that a step reads, at most this is taken [default: 256KiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_response: Option<usize>,
}

/// `check-db`.
#[derive(Debug, Args)]
pub struct CheckDb {
    /// The directory of data whose database is checked
    #[arg(long, default_value = "loopline-data", env = "LOOPLINE_DATA")]
    pub data: PathBuf,
    /// A PostgreSQL database instead
    #[arg(long, value_name = "URL", env = "LOOPLINE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The settings that `serve` would be given
    #[command(flatten)]
    pub settings: Serve,
    /// How the findings are printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Which server.
#[derive(Debug, Clone, Default, Args)]
pub struct Server {
    /// Address of the server; without it, runs of `loopline run` on this machine
    #[arg(long, env = "LOOPLINE_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// A file that holds the token for the server; or its text in LOOPLINE_TOKEN
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

impl Server {
    /// The token, where there is one. Never from the command line, which every process of the machine may read.
    pub fn token(&self) -> Result<Option<String>, Failure> {
        let text = match &self.token_file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?,
            None => std::env::var("LOOPLINE_TOKEN").unwrap_or_default(),
        };
        Ok(Some(text.trim().to_owned()).filter(|token| !token.is_empty()))
    }
}

/// A folder of pipelines, and the project that they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFolder {
    /// The project.
    pub project: String,
    /// The folder.
    pub folder: PathBuf,
}

impl std::str::FromStr for ProjectFolder {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (project, folder) = match text.split_once('=') {
            Some((project, folder)) if is_slug(project) => (project, folder),
            _ => (PROJECT, text),
        };
        Ok(Self { project: project.to_owned(), folder: folder.into() })
    }
}

/// `token`.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token, and print it once: it is stored nowhere
    Create(TokenCreate),
    /// List tokens
    List {
        /// How they are printed
        #[arg(long, value_enum, default_value_t)]
        output: Output,
        /// Where
        #[command(flatten)]
        at: TokensAt,
    },
    /// Take a token back; what was opened with it ends within seconds
    Revoke {
        /// Its id, as `list` shows it
        id: String,
        /// Where
        #[command(flatten)]
        at: TokensAt,
    },
}

/// `token create`.
#[derive(Debug, Args)]
pub struct TokenCreate {
    /// The name that its bearer acts under
    pub name: String,
    /// What the bearer may do: viewer, operator, editor, admin, approver; may be repeated
    #[arg(long, value_name = "ROLE", required_unless_present = "admin")]
    pub role: Vec<Role>,
    /// Admin and approver of everything: for the first token
    #[arg(long, conflicts_with_all = ["role", "project"])]
    pub admin: bool,
    /// What the bearer reaches: `*`, `team-a/*` or `team-a/deploy`; may be repeated
    #[arg(long, value_name = "PATTERN", required_unless_present = "admin")]
    pub project: Vec<Pattern>,
    /// When it ends by itself: `90d`, `12h`, or `never`
    #[arg(long, value_name = "TIME", default_value = "90d")]
    pub expires: String,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub at: TokensAt,
}

/// A server, or its database.
#[derive(Debug, Args)]
pub struct TokensAt {
    /// The directory of data of a server that does not run, instead of a server
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// The PostgreSQL database of servers, instead of one of them
    #[arg(long, value_name = "URL", conflicts_with = "data", env = "LOOPLINE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `trigger`.
#[derive(Debug, Args)]
pub struct Trigger {
    /// The pipeline, `name` or `project/name`
    pub name: String,
    /// Its inputs
    #[command(flatten)]
    pub inputs: Inputs,
    /// A label of the run
    #[arg(long, value_name = "KEY=VALUE")]
    pub label: Vec<String>,
    /// Wait for the end; the exit code is that of the run
    #[arg(long)]
    pub wait: bool,
    /// Print progress and logs until the end
    #[arg(long)]
    pub follow: bool,
    /// Asking twice with one key starts one run
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// How the run is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `runs`.
#[derive(Debug, Args)]
pub struct Runs {
    /// Only of this pipeline, `name` or `project/name`
    #[arg(long)]
    pub pipeline: Option<String>,
    /// Only in this state
    #[arg(long)]
    pub status: Option<String>,
    /// How many at the most
    #[arg(long, default_value_t = 20)]
    pub limit: u32,
    /// How they are printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `show`, `history`.
#[derive(Debug, Args)]
pub struct OneRun {
    /// The run
    pub run: String,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `test[4]`.
fn one_item(text: &str) -> Result<String, String> {
    let unit: StepUnit = text.parse().map_err(|error: InvalidStepId| error.to_string())?;
    let told = "an item is named as `STEP[ITEM]`, by its number from 0";
    unit.item.map(|_| unit.to_string()).ok_or_else(|| told.to_owned())
}

/// `rerun`.
#[derive(Debug, Args)]
pub struct Rerun {
    /// The run
    pub run: String,
    /// Begin with this step; may be repeated [default: everything]
    #[arg(long, value_name = "STEP")]
    pub from: Vec<String>,
    /// Begin with this item of a step, `test[4]` for the one with number 4 of `test`; the others keep their results; may be
    /// repeated
    #[arg(long, value_name = "STEP[ITEM]", value_parser = one_item)]
    pub item: Vec<String>,
    /// Begin with the steps that have failed, of their items with those that did not succeed
    #[arg(long, conflicts_with_all = ["from", "item"])]
    pub failed: bool,
    /// Pass a variable of this environment on to the steps of a local run
    #[arg(long, value_name = "NAME")]
    pub pass_env: Vec<String>,
    /// Allow containers of steps more of this machine: `privileged`, `host-network`, `engine-socket`, or a folder that they may mount
    #[arg(long, value_name = "RIGHT")]
    pub allow_container: Vec<ContainerRight>,
    /// Labels of this machine for the steps of a local run
    #[arg(long, value_name = "LABEL", value_delimiter = ',', value_parser = label)]
    pub labels: Vec<String>,
    /// Secrets for the steps of a local run: a file of lines NAME=VALUE; may be repeated
    #[arg(long, value_name = "FILE")]
    pub secret_file: Vec<PathBuf>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The run
    pub run: String,
    /// Only this step
    pub step: Option<String>,
    /// Follow until the run is over
    #[arg(short, long)]
    pub follow: bool,
    /// Only this visit of the step
    #[arg(long, requires = "step")]
    pub visit: Option<u32>,
    /// Only this attempt of the visit
    #[arg(long, requires = "visit")]
    pub attempt: Option<u32>,
    /// Only lines that hold this text, with their numbers; letters of ASCII match in either case
    #[arg(long, value_name = "TEXT", requires = "step", conflicts_with = "follow")]
    pub search: Option<String>,
    /// How lines are printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `why`.
#[derive(Debug, Args)]
pub struct Why {
    /// The run
    pub run: String,
    /// The step, or an item of it: `deploy[4]`; inside of another: `child/deploy`, of an item `child[0]/deploy`
    pub step: String,
    /// As it was right after this event, instead of now
    #[arg(long, value_name = "SEQ")]
    pub at: Option<u64>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `approve`, `reject`.
#[derive(Debug, Args)]
pub struct Decide {
    /// The run
    pub run: String,
    /// The step
    pub step: String,
    /// Say why
    #[arg(short = 'm', long)]
    pub message: Option<String>,
    /// A field the approval asks for
    #[arg(short = 'f', long = "field", value_name = "FIELD=VALUE")]
    pub field: Vec<String>,
    /// How the run is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `signal`.
#[derive(Debug, Args)]
pub struct Signal {
    /// The run
    pub run: String,
    /// Name of the signal, as `wait` says it
    pub name: String,
    /// What it says, as JSON; `null` unless said
    #[arg(value_name = "JSON")]
    pub payload: Option<String>,
    /// A second signal with the same key is the same signal
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// How the run is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `secret`.
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Set a secret; its value is read from standard input, or asked for on a terminal
    Set(SecretSet),
    /// List the secrets of a project, without their values
    List {
        /// The project
        #[arg(long, default_value = "default")]
        project: String,
        /// How they are printed
        #[arg(long, value_enum, default_value_t)]
        output: Output,
        /// Where
        #[command(flatten)]
        server: Server,
    },
    /// Remove a secret
    Rm {
        /// Its name
        name: String,
        /// Its project
        #[arg(long, default_value = "default")]
        project: String,
        /// Where
        #[command(flatten)]
        server: Server,
    },
}

/// `secret set`.
#[derive(Debug, Args)]
pub struct SecretSet {
    /// Its name, as pipelines write it behind `secrets.`
    pub name: String,
    /// Read the value from this file, as it stands, instead
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    /// Only this pipeline may read it; may be repeated [default: all of the project]
    #[arg(long, value_name = "NAME")]
    pub pipeline: Vec<String>,
    /// Its project
    #[arg(long, default_value = "default")]
    pub project: String,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `cancel`.
#[derive(Debug, Args)]
pub struct Cancel {
    /// The run
    pub run: String,
    /// Say why
    #[arg(short = 'm', long)]
    pub message: Option<String>,
    /// How the run is printed
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Where
    #[command(flatten)]
    pub server: Server,
}

/// `64MiB`.
fn bytes(text: &str) -> Result<u64, String> {
    loopline_dsl::size::parse(text).map_err(|error| error.to_string())
}

/// `512KiB`, up to what may stand in a history.
fn size(text: &str) -> Result<usize, String> {
    const MOST: u64 = 16 * 1024 * 1024;
    let bytes = bytes(text)?;
    match usize::try_from(bytes) {
        Ok(bytes) if (1..=MOST).contains(&(bytes as u64)) => Ok(bytes),
        _ => Err("it must be between 1B and 16MiB".to_owned()),
    }
}

/// One label of a machine, as `runs_on` may name it.
fn label(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a label is not empty".to_owned()),
        label => Ok(label.to_owned()),
    }
}

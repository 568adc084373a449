//! What a container finds: its environment, its folders and its files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use loopline_core::command::{AttemptSpec, ContainerWork, WorkCommand};
use loopline_core::outcome::{Failure, FailureKind};
use loopline_core::time::Timestamp;
use tokio::task::spawn_blocking;

use super::labels;
use super::note::ContainerNote;
use super::policy::ContainerPolicy;
use crate::attempt::{Context, resolve};
use crate::attempt_record::AttemptRecord;
use crate::config::Workspaces;
use crate::environment::{Environment, Places, of_attempt, only_named};
use crate::process_tree::MARK;
use crate::workspace;

/// Where the workspace is inside.
pub(super) const WORKSPACE: &str = "/workspace";
/// Where the script is inside.
pub(super) const SCRIPT: &str = "/loopline/script.sh";
const OUTPUT: &str = "/loopline/output";
const SUMMARY: &str = "/loopline/summary";

/// A file or folder of the machine that the container sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bind {
    pub(super) source: PathBuf,
    pub(super) target: String,
    pub(super) read_only: bool,
}

/// All that is needed on this machine.
pub(super) struct Prepared {
    pub(super) workspace: PathBuf,
    pub(super) output: PathBuf,
    pub(super) binds: Vec<Bind>,
    /// `NAME=value`, in the order of the names.
    pub(super) environment: Vec<String>,
    /// This folder of data.
    pub(super) identity: String,
}

impl Prepared {
    /// Makes everything that the container needs, once it is known that it may have it.
    pub(super) async fn make(context: &Context<'_>, work: &ContainerWork) -> Result<Self, Failure> {
        let policy = context.config.containers.allow.clone();
        policy.check(work)?;
        let making = Making {
            policy,
            own: own_environment(context)?,
            passed: only_named(context.passed_env, &context.config.pass_env),
            work: work.clone(),
            spec: context.spec.clone(),
            record: context.record.clone(),
            workspaces: context.config.workspaces.clone(),
            data: context.config.data.clone(),
            socket: context.containers.socket().map(Path::to_owned),
        };
        let made = spawn_blocking(move || making.make()).await;
        made.unwrap_or_else(|gone| Err(Failure::new(FailureKind::Spawn, gone.to_string())))
    }

    /// The same of a container that was made before; it has its environment and its folders.
    pub(super) async fn again(context: &Context<'_>) -> Result<Self, Failure> {
        // Also, so that they are masked from here on.
        own_environment(context)?;
        let (workspaces, spec, record) =
            (context.config.workspaces.clone(), context.spec.clone(), context.record.clone());
        let output = context.record.file("output");
        let made = move || {
            let workspace = workspace::prepare(&workspaces, &spec, &record)?;
            let (binds, environment, identity) = Default::default();
            Ok(Self { workspace, output, binds, environment, identity })
        };
        let made = spawn_blocking(made).await;
        made.unwrap_or_else(|gone| Err(Failure::new(FailureKind::Spawn, gone.to_string())))
    }

    /// Writes down what the next engine needs, before there is anything that it could find.
    pub(super) async fn note(&self, context: &Context<'_>, began_at: Timestamp) -> Result<(), Failure> {
        let note = ContainerNote { spec: context.spec.clone(), began_at };
        let record = context.record.clone();
        let noted = spawn_blocking(move || record.note_container(&note)).await;
        noted.unwrap_or_else(|gone| Err(gone.into())).map_err(|error| {
            Failure::new(FailureKind::Spawn, format!("the container could not be noted on disk: {error}"))
        })
    }
}

/// The step's own variables with their secrets. Those of services and registries are looked up as well, so that
/// nothing that begins needs one that is not there.
fn own_environment(context: &Context<'_>) -> Result<BTreeMap<String, String>, Failure> {
    for text in context.spec.texts() {
        resolve(context, "the container", text)?;
    }
    let own = context.spec.env.iter();
    own.map(|(name, value)| Ok((name.clone(), resolve(context, &format!("`env.{name}`"), value)?))).collect()
}

struct Making {
    policy: ContainerPolicy,
    own: BTreeMap<String, String>,
    passed: Environment,
    work: ContainerWork,
    spec: AttemptSpec,
    record: AttemptRecord,
    workspaces: Workspaces,
    data: PathBuf,
    socket: Option<PathBuf>,
}

impl Making {
    /// Blocks.
    fn make(self) -> Result<Prepared, Failure> {
        let workspace = workspace::prepare(&self.workspaces, &self.spec, &self.record)?;
        let not_written =
            |error: io::Error| Failure::new(FailureKind::Spawn, format!("the step's files could not be made: {error}"));
        if self.spec.fresh_workspace || matches!(self.workspaces, Workspaces::PerRun(_)) {
            // The user inside may be another one. Nobody else on this machine comes as far as this folder.
            fs::set_permissions(&workspace, fs::Permissions::from_mode(0o777)).map_err(not_written)?;
        }
        let mut binds = vec![Bind { source: workspace.clone(), target: WORKSPACE.to_owned(), read_only: false }];
        for mount in &self.work.mounts {
            let source = workspace.join(&mount.source).canonicalize().map_err(|error| {
                let message = format!("`{}`, which the container is to see, cannot be used: {error}", mount.source);
                Failure::new(FailureKind::Spawn, message)
            })?;
            self.policy.check_folder(&source, &workspace)?;
            binds.push(Bind { source, target: mount.target.clone(), read_only: mount.read_only });
        }
        for bind in &binds {
            self.policy.check_socket(&bind.source, self.socket.as_deref())?;
        }
        let output = self.files(&mut binds).map_err(not_written)?;
        let identity = labels::identity(&self.data).map_err(not_written)?;
        Ok(Prepared { workspace, output, binds, environment: self.environment(), identity })
    }

    /// Each file by itself: what is mounted cannot be replaced from inside, by a link to somewhere else, say.
    fn files(&self, binds: &mut Vec<Bind>) -> io::Result<PathBuf> {
        let mut file = |name: &str, content: &[u8], target: &str, mode: u32| {
            let source = self.record.create_file(name, content)?;
            fs::set_permissions(&source, fs::Permissions::from_mode(mode))?;
            let source = source.canonicalize()?;
            binds.push(Bind { source: source.clone(), target: target.to_owned(), read_only: mode == 0o644 });
            Ok::<_, io::Error>(source)
        };
        if let WorkCommand::Script(text) = &self.work.command {
            file("script.sh", text.as_bytes(), SCRIPT, 0o644)?;
        }
        file("summary", b"", SUMMARY, 0o666)?;
        file("output", b"", OUTPUT, 0o666)
    }

    fn environment(self) -> Vec<String> {
        let (output, summary) = (Path::new(OUTPUT), Path::new(SUMMARY));
        let places = Places { workspace: Path::new(WORKSPACE), output, summary };
        let mut environment = of_attempt(&self.passed, self.own, &self.spec, places);
        // It is for finding processes of this machine; these are the container engine's to end.
        environment.remove(std::ffi::OsStr::new(MARK));
        let told = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            format!("{}={}", name.to_string_lossy(), value.to_string_lossy())
        };
        environment.into_iter().map(told).collect()
    }
}

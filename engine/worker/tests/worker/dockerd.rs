//! A container engine of the tests' own, in a folder of its own, that ends with the tests.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bollard::query_parameters::{
    CreateImageOptions, InspectContainerOptions, ListContainersOptions, ListNetworksOptions, RemoveContainerOptions,
};
use bollard::{API_DEFAULT_VERSION, Docker, body_full};
use futures::TryStreamExt;
use loopline_worker::{ContainerSocket, WorkerConfig};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::bench::{is_alive, until};

/// The image that every test uses: busybox, and nothing else.
pub const IMAGE: &str = "loopline/busybox:1";

/// The same, and as a service it says `$GREETING` to whoever comes to port 5432.
pub const SERVICE: &str = "loopline/service:1";

/// What the image holds of busybox.
const PROGRAMS: [&str; 22] = [
    "cat", "chmod", "cut", "date", "echo", "env", "false", "grep", "head", "id", "kill", "ln", "ls", "mkdir", "nc",
    "pwd", "seq", "sh", "sleep", "tail", "tr", "true",
];

/// Looks after a container engine until this process is gone, however that ends.
const KEEPER: &str = r#"
dockerd --storage-driver=vfs --iptables=false --ip6tables=false --bridge=none --host="unix://$1/engine.sock" \
    --data-root="$1/data" --exec-root="$1/exec" --pidfile="$1/pid" >>"$1/log" 2>&1 &
cat >/dev/null
kill $! 2>/dev/null && wait $!
# A killed one leaves what it had mounted.
grep -o " $1/[^ ]*" /proc/mounts | sort -r | while read -r mounted; do umount -l "$mounted"; done
rm -rf "$1"
"#;

/// A container engine.
pub struct Dockerd {
    folder: PathBuf,
    /// The end of their standard input is the end of what they look after.
    keepers: Vec<Child>,
}

/// The one that tests share that do it no harm; `None`, and why on standard error, where there can be none.
pub async fn shared() -> Option<&'static Dockerd> {
    static SHARED: OnceCell<Option<Dockerd>> = OnceCell::const_new();
    SHARED.get_or_init(own).await.as_ref()
}

/// One that the test may do harm to.
pub async fn own() -> Option<Dockerd> {
    let missing = ["dockerd", "busybox"].into_iter().find(|program| !has_program(program));
    let why = match missing {
        Some(program) => format!("there is no `{program}`; `scripts/setup containers` installs it"),
        None if !Uid::effective().is_root() => "a container engine is started by root".to_owned(),
        None => return Some(Dockerd::start().await),
    };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "containers are not tested: {why}");
    eprintln!("skipped, containers are not tested: {why}");
    None
}

fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

impl Dockerd {
    async fn start() -> Self {
        // Paths of sockets are short.
        let folder = tempfile::Builder::new().prefix("ll-dockerd-").tempdir_in("/tmp").unwrap().keep();
        let mut dockerd = Self { folder, keepers: Vec::new() };
        dockerd.start_again().await;
        dockerd.import_image().await;
        dockerd
    }

    /// Starts it where it was.
    pub async fn start_again(&mut self) {
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(&self.folder).stdin(Stdio::piped()).stdout(Stdio::null());
        self.keepers.push(keeper.spawn().unwrap());
        let socket = self.socket();
        let answers = async {
            loop {
                let docker = Docker::connect_with_unix(&socket.to_string_lossy(), 10, API_DEFAULT_VERSION);
                if let Ok(docker) = docker
                    && docker.ping().await.is_ok()
                {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(std::time::Duration::from_secs(60), answers).await.is_err() {
            panic!("dockerd does not answer: {}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
        }
    }

    /// Kills it, as hard as can be.
    pub async fn kill(&self) {
        let (own, below) = (self.folder.join("pid"), self.folder.join("exec/containerd/containerd.pid"));
        let number = |file: &Path| fs::read_to_string(file).unwrap().trim().parse::<i32>().unwrap();
        let (dockerd, containerd) = (number(&own), number(&below));
        kill(Pid::from_raw(dockerd), Signal::SIGKILL).unwrap();
        until("dockerd is dead", || (!is_alive(dockerd) && !is_alive(containerd)).then_some(())).await;
        // Nobody may have taken note of their ends yet, which looks to the next one as if they went on.
        fs::remove_file(own).unwrap();
        fs::remove_file(below).unwrap();
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.join("engine.sock")
    }

    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Has a worker use it.
    pub fn used_by(&self, config: &mut WorkerConfig) {
        config.containers.socket = ContainerSocket::Path(self.socket());
    }

    pub async fn api(&self) -> Docker {
        let docker = Docker::connect_with_unix(&self.socket().to_string_lossy(), 60, API_DEFAULT_VERSION).unwrap();
        docker.negotiate_version().await.unwrap()
    }

    /// It has a first process of its own for containers.
    pub async fn has_init(&self) -> bool {
        let commit = self.api().await.info().await.unwrap().init_commit;
        commit.and_then(|commit| commit.id).is_none_or(|id| id != "N/A")
    }

    async fn import_image(&self) {
        let root = TempDir::new().unwrap();
        let programs = root.path().join("bin");
        fs::create_dir(&programs).unwrap();
        fs::create_dir(root.path().join("tmp")).unwrap();
        let busybox = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|folder| folder.join("busybox"))
            .find(|program| program.is_file());
        fs::copy(busybox.unwrap(), programs.join("busybox")).unwrap();
        for program in PROGRAMS {
            std::os::unix::fs::symlink("busybox", programs.join(program)).unwrap();
        }
        let greets = r#"CMD ["sh", "-c", "while :; do echo $GREETING | nc -l -p 5432; done"]"#;
        for (name, changes) in [(IMAGE, Vec::new()), (SERVICE, vec![greets.to_owned()])] {
            let (repo, tag) = name.split_once(':').unwrap();
            let options = CreateImageOptions {
                from_src: Some("-".to_owned()),
                repo: Some(repo.to_owned()),
                tag: Some(tag.to_owned()),
                changes,
                ..CreateImageOptions::default()
            };
            let image = body_full(tar(root.path()).into());
            let api = self.api().await;
            let _: Vec<_> = api.create_image(Some(options), Some(image), None).try_collect().await.unwrap();
        }
    }

    /// Names of the containers of this attempt that are there, whatever they do.
    pub async fn containers_of(&self, attempt: &str) -> Vec<String> {
        let filters = [("label".to_owned(), vec![format!("dev.loopline.attempt={attempt}")])].into();
        let options = ListContainersOptions { all: true, filters: Some(filters), ..ListContainersOptions::default() };
        let found = self.api().await.list_containers(Some(options)).await.unwrap();
        found.into_iter().flat_map(|container| container.names.unwrap_or_default()).collect()
    }

    /// How many networks this attempt has.
    pub async fn networks_of(&self, attempt: &str) -> usize {
        let filters = [("label".to_owned(), vec![format!("dev.loopline.attempt={attempt}")])].into();
        self.api().await.list_networks(Some(ListNetworksOptions { filters: Some(filters) })).await.unwrap().len()
    }

    /// What it says of the one container of this attempt.
    pub async fn inspect(&self, attempt: &str) -> bollard::models::ContainerInspectResponse {
        let name = self.containers_of(attempt).await.remove(0);
        let name = name.trim_start_matches('/');
        self.api().await.inspect_container(name, None::<InspectContainerOptions>).await.unwrap()
    }

    /// Removes the one container of this attempt, as somebody might by hand.
    pub async fn remove(&self, attempt: &str) {
        let name = self.containers_of(attempt).await.remove(0);
        let options = RemoveContainerOptions { force: true, ..RemoveContainerOptions::default() };
        self.api().await.remove_container(name.trim_start_matches('/'), Some(options)).await.unwrap();
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        for mut keeper in self.keepers.drain(..) {
            if let Some(mut input) = keeper.stdin.take() {
                let _ = input.flush();
            }
            let _ = keeper.wait();
        }
    }
}

/// A folder as a container engine takes it.
pub fn tar(folder: &Path) -> Vec<u8> {
    let tar = Command::new("tar").arg("-C").arg(folder).args(["-c", "."]).output().unwrap();
    assert!(tar.status.success());
    tar.stdout
}

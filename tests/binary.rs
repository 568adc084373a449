//! The `loopline` binary as people start it: built once, run in temporary folders, ended with its whole process tree.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value as Json;
use tempfile::TempDir;

/// Path of the binary: the one that `LOOPLINE_BIN` names, else built if it is stale. Whoever has just built the whole workspace
/// names it, since cargo would build half of it once more with the features that the binary alone asks for.
pub fn loopline() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if let Some(named) = std::env::var_os("LOOPLINE_BIN") {
            return PathBuf::from(named);
        }
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "-p", "loopline-cli"])
            .current_dir(root())
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the binary does not build");
        let test = std::env::current_exe().expect("a test has a path");
        let target = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
        target.join("loopline")
    })
}

/// Top of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands below the top")
}

/// A home of its own, so that tests neither see nor leave anything of the user's.
pub struct Home {
    pub dir: TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
        std::fs::write(&path, text).expect("file");
        path
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(loopline(), arguments)
    }

    fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env_remove("LOOPLINE_SERVER")
            .env_remove("LOOPLINE_TOKEN")
            .env_remove("LOOPLINE_DATABASE_URL")
            // Kills and restarts meet states that were kept.
            .env("LOOPLINE_SNAPSHOT_EVERY", "3")
            .env("USER", "ada")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }
}

/// Standard output as JSON; shows everything when it is none.
pub fn json(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "no JSON ({error}), exit {:?}\n--- out\n{}\n--- err\n{}",
            output.status.code(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// A running server on a free port of the loopback interface.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    pub fn start(home: &Home) -> Self {
        Self::start_as(home, loopline())
    }

    /// With this program, which is the same or a copy of it.
    pub fn start_as(home: &Home, program: &Path) -> Self {
        Self::start_with(home, program, &[], |_| ())
    }

    /// One whose record is in this database, which it may share.
    pub fn start_on(home: &Home, database: &str) -> Self {
        Self::start_with(home, loopline(), &["--database-url", database], |_| ())
    }

    /// With more arguments, and as `change` says.
    pub fn start_with(home: &Home, program: &Path, more: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        std::fs::create_dir_all(home.path("pipelines")).expect("folder");
        let serve = ["serve", "--listen", "127.0.0.1:0", "--data", "data", "--pipelines", "pipelines"];
        let mut command = home.command_of(program, &[&serve, more].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        change(&mut command);
        let mut child = command.spawn().expect("the server starts");
        let out = child.stdout.take().expect("piped");
        let mut lines = BufReader::new(out).lines();
        let url = loop {
            let line = lines.next().expect("the server ended before it listened").expect("text");
            if let Some(at) = line.find("http://") {
                let rest = &line[at..];
                break rest.split_whitespace().next().expect("an address").trim_end_matches('/').to_owned();
            }
        };
        // Keep reading, or the server blocks when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    pub fn get(&self, path: &str) -> Result<Json, ureq::Error> {
        ureq::get(format!("{}/api/v1{path}", self.url)).call()?.body_mut().read_json()
    }

    pub fn post(&self, path: &str, body: &Json, key: Option<&str>) -> Result<Json, ureq::Error> {
        let mut request = ureq::post(format!("{}/api/v1{path}", self.url));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        request.send_json(body)?.body_mut().read_json()
    }

    /// SIGKILL, in the middle of whatever it does.
    pub fn kill(mut self) {
        self.child.kill().expect("it was alive");
        self.child.wait().expect("it is ours");
    }

    pub fn stop(mut self) {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("it was alive");
        let status = self.child.wait().expect("it is ours");
        assert!(status.success(), "the server ended with {status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

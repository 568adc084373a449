//! A PostgreSQL of the tests' own, in a folder of its own, on a port of its own, that ends with the tests.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Makes a cluster where there is none, and looks after its server until this process is gone, however that ends.
const KEEPER: &str = r#"
bin=$1 folder=$2 port=$3
as=
if [ "$(id -u)" = 0 ]; then as="setpriv --reuid postgres --regid postgres --clear-groups"; chown postgres "$folder"; fi
cd "$folder"
[ -e data ] || $as "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C -N >log 2>&1
$as "$bin/postgres" -D "$folder/data" -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=200 \
    -c log_min_messages=fatal >>log 2>&1 &
cat >/dev/null
kill -QUIT $! 2>/dev/null && wait $!
[ -e keep ] || rm -rf "$folder"
"#;

/// A server of PostgreSQL.
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    /// The end of its standard input is the end of the server.
    keeper: Option<Child>,
}

/// The one that tests share that do it no harm; `None`, and why on standard error, where there can be none.
#[allow(dead_code, reason = "not every crate that has this file shares one")]
pub fn shared() -> Option<&'static Postgres> {
    static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
    SHARED.get_or_init(own).as_ref()
}

/// One that the test may do harm to.
pub fn own() -> Option<Postgres> {
    if let Some(bin) = programs() {
        return Some(Postgres::start(bin));
    }
    let why = "there is no PostgreSQL; `scripts/setup postgres` installs it";
    assert!(std::env::var("CI").as_deref() != Ok("true"), "PostgreSQL is not tested: {why}");
    eprintln!("skipped, PostgreSQL is not tested: {why}");
    None
}

/// Where `initdb` and the others are: Debian keeps them out of the path, a folder for each version.
pub fn programs() -> Option<PathBuf> {
    let of_versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = of_versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders.into_iter().find(|folder| folder.join("initdb").is_file())
}

impl Postgres {
    fn start(bin: PathBuf) -> Self {
        // Paths of sockets are short.
        let folder = tempfile::Builder::new().prefix("ll-pg-").tempdir_in("/tmp").expect("a folder").keep();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("a port").port();
        let mut postgres = Self { bin, folder, port, keeper: None };
        postgres.begin();
        postgres
    }

    fn begin(&mut self) {
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(&self.bin).arg(&self.folder).arg(self.port.to_string());
        self.keeper = Some(keeper.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("sh starts"));
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.answers() {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "PostgreSQL does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        let ready = || self.program("pg_isready").stdout(Stdio::null()).status();
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() && ready().is_ok_and(|status| status.success())
    }

    /// Kills it with all its sessions, as a crash would; what was committed stays.
    #[allow(dead_code, reason = "not every crate that has this file does harm")]
    pub fn crash(&mut self) {
        std::fs::write(self.folder.join("keep"), "").expect("writes");
        self.end();
        std::fs::remove_file(self.folder.join("keep")).expect("removes");
    }

    /// Starts it where it was.
    #[allow(dead_code, reason = "not every crate that has this file does harm")]
    pub fn start_again(&mut self) {
        self.begin();
    }

    fn end(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            if let Some(mut input) = keeper.stdin.take() {
                let _ = input.flush();
            }
            let _ = keeper.wait();
        }
    }

    /// Port on 127.0.0.1.
    #[allow(dead_code, reason = "not every crate that has this file needs it")]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A new database, and its address.
    pub fn database(&self, name: &str) -> String {
        let made = self.program("createdb").arg(name).status().expect("createdb starts");
        assert!(made.success(), "database {name} cannot be made");
        self.address(name)
    }

    /// The address of a database.
    pub fn address(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// One of PostgreSQL's own programs, for this server.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.args(["-h", "127.0.0.1", "-U", "postgres", "-p"]).arg(self.port.to_string());
        command.current_dir(Path::new("/tmp"));
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end();
    }
}

//! The server's start, and its memory at rest. The raw limit of a start is the same binary saying its version.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::{Figure, in_turns};

/// The build folder: on the same disk as real data would be, unlike the system's temporary folder, which may be memory.
pub fn target() -> PathBuf {
    let bench = std::env::current_exe().unwrap();
    bench.parent().and_then(Path::parent).unwrap().to_path_buf()
}

fn loopline() -> PathBuf {
    let profile = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let status =
        Command::new(env!("CARGO")).args(["build", "--quiet", "--release", "-p", "loopline-cli"]).status().unwrap();
    assert!(status.success(), "the binary does not build");
    profile.join("loopline")
}

pub fn figures() -> Vec<Figure> {
    let binary = loopline();
    let dir = tempfile::tempdir_in(target()).unwrap();
    std::fs::create_dir_all(dir.path().join("pipelines")).unwrap();
    let mut idle = Vec::new();
    let (ours, raw) = in_turns(
        7,
        || {
            let began = Instant::now();
            let (mut server, address) = serve(&binary, dir.path());
            let answer = get(&address, "/healthz");
            let took = began.elapsed().as_secs_f64();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            idle.push(resident_kib(server.id()) as f64 / 1024.0);
            server.kill().unwrap();
            server.wait().unwrap();
            took
        },
        || {
            let began = Instant::now();
            assert!(Command::new(&binary).arg("--version").stdout(Stdio::null()).status().unwrap().success());
            began.elapsed().as_secs_f64()
        },
    );
    let idle = crate::median(idle);
    let size = std::fs::metadata(&binary).unwrap().len() as f64 / (1024.0 * 1024.0);
    vec![
        Figure {
            what: "server start to first answer",
            measured: format!("{:.1} ms", ours * 1e3),
            raw: format!("{:.1} ms for --version", raw * 1e3),
            ratio: ours / raw,
            expected: "≤ 50 ms",
        },
        Figure {
            what: "resident memory at rest",
            measured: format!("{idle:.1} MiB"),
            raw: format!("{size:.1} MiB of binary"),
            ratio: idle / size,
            expected: "≤ 40 MB",
        },
    ]
}

fn serve(binary: &Path, dir: &Path) -> (Child, String) {
    let mut server = Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--data", "data", "--pipelines", "pipelines"])
        .current_dir(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let address = line.split("http://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    (server, address)
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

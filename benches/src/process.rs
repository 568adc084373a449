//! This program, once more: what is measured in a process of its own, which prints a word and a number a line.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

pub struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub fn start(arguments: &[&str]) -> Self {
        let own = std::env::current_exe().expect("the path of this program");
        let mut child = Command::new(own).args(arguments).stdout(Stdio::piped()).spawn().expect("another process");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, lines }
    }

    /// Waits for the line that begins with this word.
    pub fn number(&mut self, word: &str) -> f64 {
        loop {
            let line = self.lines.next().unwrap_or_else(|| panic!("it ended before `{word}`")).expect("text");
            if let Some(number) = line.strip_prefix(word) {
                return number.trim().parse().expect("a number");
            }
        }
    }

    pub fn kill(mut self) {
        self.child.kill().expect("it was alive");
        self.child.wait().expect("it is ours");
    }

    pub fn end(mut self) {
        assert!(self.child.wait().expect("it is ours").success());
    }

    /// Seconds that a process takes which does nothing.
    pub fn nothing() -> f64 {
        let one = || {
            let began = Instant::now();
            Self::start(&["nothing"]).end();
            began.elapsed().as_secs_f64()
        };
        crate::median((0..5).map(|_| one()).collect())
    }
}

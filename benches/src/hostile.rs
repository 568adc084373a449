//! Hostile texts: how long the compiler takes to answer each, and how much memory that needs. The raw limit is the contract of
//! the language (T1): 250 ms and 64 MiB for any text. Each is compiled in a process of its own, so that peaks do not mix.
//!
//! `cargo run --release -p loopline-benches -- hostile` prints them all.

use std::process::Command;
use std::time::Instant;

use crate::Figure;
use texts::Hostile;

#[allow(dead_code, reason = "what they must be answered with is for the compiler's own tests")]
#[path = "../../dsl-schema/tests/hostile/mod.rs"]
mod texts;

const MOST_MS: f64 = 250.0;
const MOST_MIB: f64 = 64.0;

/// What one text cost.
struct Cost {
    name: &'static str,
    ms: f64,
    mib: f64,
}

/// Compiles one text, in a process of its own, and prints milliseconds and MiB.
pub fn compile_one(name: &str) {
    let hostile = texts::ALL.iter().find(|hostile| hostile.name == name).expect("a text of this name");
    let text = (hostile.text)(hostile.size);
    // Pages that are touched for the first time are the machine's cost as well: the smallest text warms what every text needs.
    drop(loopline_dsl::compile("version: 1\nname: p\nsteps: {a: {run: x}}\n"));
    let before = resident("VmRSS:");
    // From here on the peak is that of the compiler.
    std::fs::write("/proc/self/clear_refs", "5").expect("the peak of this process can be reset");
    let began = Instant::now();
    let compiled = loopline_dsl::compile(&text);
    let ms = began.elapsed().as_secs_f64() * 1e3;
    let mib = (resident("VmHWM:") - before) / 1024.0;
    drop(compiled);
    println!("{ms} {mib}");
}

/// Every text and what it costs.
pub fn print_all() {
    for cost in costs() {
        let over = if cost.ms > MOST_MS || cost.mib > MOST_MIB { "  over" } else { "" };
        println!("{:7.1} ms {:6.1} MiB  {}{over}", cost.ms, cost.mib, cost.name);
    }
}

pub fn figures() -> Vec<Figure> {
    let costs = costs();
    let slowest = costs.iter().max_by(|a, b| a.ms.total_cmp(&b.ms)).expect("texts");
    let largest = costs.iter().max_by(|a, b| a.mib.total_cmp(&b.mib)).expect("texts");
    vec![
        Figure {
            what: "the slowest of the hostile texts",
            measured: format!("{:.0} ms ({})", slowest.ms, slowest.name),
            raw: format!("{MOST_MS} ms are allowed"),
            ratio: slowest.ms / MOST_MS,
            expected: "≤ 1",
        },
        Figure {
            what: "the largest of the hostile texts",
            measured: format!("{:.0} MiB ({})", largest.mib, largest.name),
            raw: format!("{MOST_MIB} MiB are allowed"),
            ratio: largest.mib / MOST_MIB,
            expected: "≤ 1",
        },
    ]
}

fn costs() -> Vec<Cost> {
    texts::ALL.iter().map(cost).collect()
}

fn cost(hostile: &Hostile) -> Cost {
    let own = std::env::current_exe().expect("the path of this program");
    let output = Command::new(own).args(["hostile", hostile.name]).output().expect("another process");
    let text = String::from_utf8(output.stdout).expect("text");
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    assert_eq!(numbers.len(), 2, "{}: {}", hostile.name, String::from_utf8_lossy(&output.stderr));
    Cost { name: hostile.name, ms: numbers[0], mib: numbers[1] }
}

/// A line of this process's status, in KiB.
fn resident(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status of this process");
    let found = status.lines().find_map(|text| text.strip_prefix(line)).expect("the line");
    found.trim().trim_end_matches(" kB").parse().expect("a number")
}

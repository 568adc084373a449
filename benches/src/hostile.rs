//! Hostile texts: how long the compiler takes to answer each, and how much memory that needs. The raw limit is the contract of
//! the language (T1): 250 ms and 64 MiB for any text.
//!
//! `cargo run --release -p loopline-benches -- hostile-all` prints them all.

use crate::Figure;
use crate::cost::{self, Cost};

#[allow(dead_code, reason = "what they must be answered with is for the compiler's own tests")]
#[path = "../../dsl-schema/tests/hostile/mod.rs"]
mod texts;

const MOST_MS: f64 = 250.0;
const MOST_MIB: f64 = 64.0;

/// Compiles one text, in a process of its own.
pub fn compile_one(name: &str) {
    let hostile = texts::ALL.iter().find(|hostile| hostile.name == name).expect("a text of this name");
    cost::print(&(hostile.text)(hostile.size));
}

/// Every text and what it costs.
pub fn print_all() {
    for (name, cost) in costs() {
        let over = if cost.ms > MOST_MS || cost.mib > MOST_MIB { "  over" } else { "" };
        println!("{:7.1} ms {:6.1} MiB  {}{over}", cost.ms, cost.mib, name);
    }
}

pub fn figures() -> Vec<Figure> {
    let costs = costs();
    let (slow, slowest) = costs.iter().max_by(|(_, a), (_, b)| a.ms.total_cmp(&b.ms)).expect("texts");
    let (large, largest) = costs.iter().max_by(|(_, a), (_, b)| a.mib.total_cmp(&b.mib)).expect("texts");
    vec![
        Figure {
            what: "the slowest of the hostile texts",
            measured: format!("{:.0} ms ({})", slowest.ms, slow),
            raw: format!("{MOST_MS} ms are allowed"),
            ratio: slowest.ms / MOST_MS,
            expected: "≤ 1",
        },
        Figure {
            what: "the largest of the hostile texts",
            measured: format!("{:.0} MiB ({})", largest.mib, large),
            raw: format!("{MOST_MIB} MiB are allowed"),
            ratio: largest.mib / MOST_MIB,
            expected: "≤ 1",
        },
    ]
}

fn costs() -> Vec<(&'static str, Cost)> {
    texts::ALL.iter().map(|hostile| (hostile.name, cost::in_own_process(&["hostile-one", hostile.name]))).collect()
}

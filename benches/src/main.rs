//! `make bench`: measures, and prints one table. Each figure stands beside a raw limit that is measured in the same run, turn
//! and turn about, so that the ratio holds on any machine and under any load. Results that were kept are in `RESULTS.md`.
#![allow(missing_docs, clippy::unwrap_used)]

mod compile;
mod container;
mod cost;
mod embedded;
mod fold;
mod history;
mod hostile;
mod killed;
mod lsp;
mod mask;
mod postgres;
mod process;
mod shell;
mod start;
mod steps;
mod testing;
mod waiting;

use std::path::Path;

use tokio::runtime::Runtime;

/// One line of the table.
pub struct Figure {
    pub what: &'static str,
    pub measured: String,
    pub raw: String,
    pub ratio: f64,
    pub expected: &'static str,
}

type Figures = fn(&Runtime) -> Vec<Figure>;

/// Each can be asked for by its name.
const ALL: [(&str, Figures); 17] = [
    ("compile", |_| compile::figures()),
    ("hostile", |_| hostile::figures()),
    ("lsp", |_| lsp::figures()),
    ("fold", |_| fold::figures()),
    ("testing", |_| testing::figures()),
    ("history", |runtime| runtime.block_on(history::figures())),
    ("sequential", |runtime| runtime.block_on(steps::sequential())),
    ("parallel", |runtime| runtime.block_on(steps::parallel())),
    ("fan-out", |runtime| runtime.block_on(steps::fan_out())),
    ("runs", |runtime| runtime.block_on(steps::runs())),
    ("postgres", |runtime| runtime.block_on(postgres::figures())),
    ("mask", |_| mask::figures()),
    ("shell", |runtime| runtime.block_on(shell::figures())),
    ("container", |runtime| runtime.block_on(container::figures())),
    ("latency", |runtime| runtime.block_on(steps::latency())),
    ("waiting", |_| waiting::figures()),
    ("killed", |_| killed::figures()),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // It has a runtime of its own.
    if arguments == [shell::SUPERVISE] {
        return loopline_worker::supervise().expect("a bench starts this");
    }
    let runtime = Runtime::new().unwrap();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        // What another process of this program is asked to do.
        ["nothing"] => {}
        ["hostile-all"] => hostile::print_all(),
        ["hostile-one", name] => hostile::compile_one(name),
        ["compile", steps] if steps.parse::<usize>().is_ok() => compile::compile_one(steps.parse().unwrap()),
        ["waiting-begin", folder] => runtime.block_on(waiting::begin(Path::new(folder))),
        ["waiting-start", folder] => runtime.block_on(waiting::start(Path::new(folder))),
        ["killed-go-round", folder] => runtime.block_on(killed::go_round(Path::new(folder))),
        // Starting the server builds the whole program, so it is only part of everything.
        [] => print(ALL.iter().flat_map(|(_, figures)| figures(&runtime)).chain(start::figures()).collect()),
        ["start"] => print(start::figures()),
        names => {
            let named = |name: &&str| {
                let found = ALL.iter().find(|(known, _)| known == name);
                found.unwrap_or_else(|| panic!("no figures are called `{name}`")).1
            };
            let wanted: Vec<Figures> = names.iter().map(named).collect();
            print(wanted.iter().flat_map(|figures| figures(&runtime)).collect());
        }
    }
}

fn print(figures: Vec<Figure>) {
    println!("| figure | measured | raw limit beside it | ratio | expected |");
    println!("| --- | --- | --- | --- | --- |");
    for Figure { what, measured, raw, ratio, expected } in figures {
        println!("| {what} | {measured} | {raw} | {ratio:.2} | {expected} |");
    }
}

/// Runs both `times` times in turns, and gives the medians in seconds.
pub fn in_turns(times: usize, mut measured: impl FnMut() -> f64, mut raw: impl FnMut() -> f64) -> (f64, f64) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..times {
        if turn % 2 == 0 {
            ours.push(measured());
            theirs.push(raw());
        } else {
            theirs.push(raw());
            ours.push(measured());
        }
    }
    (median(ours), median(theirs))
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

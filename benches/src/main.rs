//! `make bench`: measures, and prints one table. Each figure stands beside a raw limit that is measured in the same run, turn
//! and turn about, so that the ratio holds on any machine and under any load. Results that were kept are in `RESULTS.md`.
#![allow(missing_docs, clippy::unwrap_used)]

mod compile;
mod cost;
mod fold;
mod hostile;
mod lsp;
mod shell;
mod start;
mod steps;
mod testing;

/// One line of the table.
pub struct Figure {
    pub what: &'static str,
    pub measured: String,
    pub raw: String,
    pub ratio: f64,
    pub expected: &'static str,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == [shell::SUPERVISE] {
        return loopline_worker::supervise().expect("a bench starts this");
    }
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["testing"] => print(testing::figures()),
        ["shell"] => print(runtime().block_on(shell::figures())),
        ["hostile"] => hostile::print_all(),
        ["hostile", name] => hostile::compile_one(name),
        ["compile", steps] => compile::compile_one(steps.parse().expect("a number of steps")),
        _ => all(),
    }
}

fn all() {
    let runtime = runtime();
    let mut figures = Vec::new();
    figures.extend(compile::figures());
    figures.extend(hostile::figures());
    figures.extend(lsp::figures());
    figures.extend(fold::figures());
    figures.extend(testing::figures());
    figures.extend(runtime.block_on(steps::figures()));
    figures.extend(runtime.block_on(shell::figures()));
    figures.extend(start::figures());
    print(figures);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
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

//! Steps and runs through the engine, durable: engine, fold and SQLite with `synchronous=FULL`, over a worker that ends every
//! attempt at once. Raw limits are commits, or rows, of SQLite with the same settings on the same disk.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use loopline_ports::driver::Driver as _;
use loopline_ports::journal::Definition;
use tokio::sync::Semaphore;

use crate::embedded::{Embedded, definition, folder, processor_seconds, quantile, raw_commits, raw_rows, request};
use crate::{Figure, median};

const SEQUENTIAL: usize = 500;
const PARALLEL: usize = 1_000;

/// One step after the other, and what each costs the processor.
pub async fn sequential() -> Vec<Figure> {
    let mut yaml = String::from("version: 1\nname: chain\nsteps:\n  s0: {run: \"true\"}\n");
    for at in 1..SEQUENTIAL {
        let _ = writeln!(yaml, "  s{at}: {{needs: s{}, run: \"true\"}}", at - 1);
    }
    let definition = definition(yaml);
    let (mut ours, mut cpu, mut raw, mut raw_cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for turn in 0..6 {
        let mut commits = async || {
            let before = processor_seconds();
            raw.push(SEQUENTIAL as f64 / raw_commits(SEQUENTIAL).await.iter().sum::<f64>());
            raw_cpu.push((processor_seconds() - before) / SEQUENTIAL as f64);
        };
        if turn % 2 == 0 {
            commits().await;
        }
        let (took, used) = one_run(&definition).await;
        ours.push(SEQUENTIAL as f64 / took);
        cpu.push(used / SEQUENTIAL as f64);
        if turn % 2 == 1 {
            commits().await;
        }
    }
    let (ours, cpu, raw, raw_cpu) = (median(ours), median(cpu), median(raw), median(raw_cpu));
    vec![
        Figure {
            what: "durable sequential steps",
            measured: format!("{ours:.0} steps/s"),
            raw: format!("{raw:.0} SQLite commits/s"),
            ratio: ours / raw,
            expected: "≥ 0.6 (0.4)",
        },
        Figure {
            what: "processor time of a sequential step",
            measured: format!("{:.0} µs", cpu * 1e6),
            raw: format!("{:.0} µs for a commit", raw_cpu * 1e6),
            ratio: cpu / raw_cpu,
            expected: "≤ 40 µs (80)",
        },
    ]
}

/// Steps that need nothing, all at once.
pub async fn parallel() -> Vec<Figure> {
    let mut yaml = String::from("version: 1\nname: wide\nsteps:\n");
    for at in 0..PARALLEL {
        let _ = writeln!(yaml, "  s{at}: {{run: \"true\"}}");
    }
    let definition = definition(yaml);
    let (mut ours, mut cpu, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..7 {
        raw.push(raw_rows(PARALLEL as i64 * 2).await);
        let (took, used) = one_run(&definition).await;
        ours.push(PARALLEL as f64 / took);
        cpu.push(used / PARALLEL as f64);
    }
    let (ours, cpu, raw) = (median(ours), median(cpu), median(raw));
    vec![
        Figure {
            what: "1,000 parallel steps",
            measured: format!("{ours:.0} steps/s"),
            raw: format!("{raw:.0} SQLite rows/s, a thousand a commit"),
            ratio: ours / raw,
            expected: "≥ 25,000 steps/s (12,000)",
        },
        Figure {
            what: "processor time of a parallel step",
            measured: format!("{:.1} µs", cpu * 1e6),
            raw: format!("{:.1} µs for a row", 1e6 / raw),
            ratio: cpu * raw,
            expected: "≤ 40 µs (80)",
        },
    ]
}

/// One step for each of a long list of items: how much more the tenfold list takes.
pub async fn fan_out() -> Vec<Figure> {
    let yaml = |count: usize| {
        format!(
            "version: 1\nname: items{count}\nlimits: {{items: 10000}}\nsteps:\n  s: {{run: \"true\", foreach: {{items: {:?}}}}}\n",
            (0..count).collect::<Vec<_>>()
        )
    };
    let (few, many) = (definition(yaml(1_000)), definition(yaml(10_000)));
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        of_few.push(one_run(&few).await.0);
        of_many.push(one_run(&many).await.0);
    }
    let (few, many) = (median(of_few), median(of_many));
    vec![Figure {
        what: "10,000 items of one step",
        measured: format!("{:.0} ms, {:.0} items/s", many * 1e3, 10_000.0 / many),
        raw: format!("{:.0} ms for 1,000", few * 1e3),
        ratio: many / few,
        expected: "≤ 12",
    }]
}

/// Seconds from the trigger to the end on disk, and of processor time.
async fn one_run(definition: &Arc<Definition>) -> (f64, f64) {
    let dir = folder();
    let embedded = Embedded::open(dir.path()).await;
    let before = processor_seconds();
    let began = Instant::now();
    let run = embedded.run(definition).await;
    let took = began.elapsed().as_secs_f64();
    let used = processor_seconds() - before;
    assert_eq!(embedded.engine.view(run, None).await.unwrap().status.as_str(), "succeeded");
    embedded.close().await;
    (took, used)
}

/// Runs of one step, a hundred of them in flight.
pub async fn runs() -> Vec<Figure> {
    const RUNS: usize = 10_000;
    const IN_FLIGHT: usize = 100;
    let definition = definition("version: 1\nname: one\nsteps:\n  s: {run: \"true\"}\n".to_owned());
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        raw.push(raw_commits(500).await.iter().sum::<f64>() / 500.0);
        let dir = folder();
        let embedded = Arc::new(Embedded::open(dir.path()).await);
        let places = Arc::new(Semaphore::new(IN_FLIGHT));
        let began = Instant::now();
        // The end of its only step is the end of a run.
        let back = tokio::spawn({
            let (embedded, places) = (embedded.clone(), places.clone());
            async move {
                let mut seen = 0;
                while seen < RUNS as u64 {
                    embedded.until_settled(seen + 1).await;
                    let settled = embedded.worker.settled.load(Ordering::Relaxed);
                    places.add_permits((settled - seen) as usize);
                    seen = settled;
                }
            }
        });
        for _ in 0..RUNS {
            places.acquire().await.unwrap().forget();
            let (embedded, definition) = (embedded.clone(), definition.clone());
            tokio::spawn(async move { embedded.engine.trigger(request(&definition)).await.unwrap() });
        }
        back.await.unwrap();
        ours.push(RUNS as f64 / began.elapsed().as_secs_f64());
        embedded.engine.stop().await;
    }
    let (ours, raw) = (median(ours), median(raw));
    vec![Figure {
        what: "runs of one step, 100 in flight",
        measured: format!("{ours:.0} runs/s"),
        raw: format!("{:.0} SQLite commits/s", 1.0 / raw),
        ratio: ours * raw,
        expected: "≥ 6,000 runs/s (3,000)",
    }]
}

/// From asking for a run to its first step being handed to a worker, with nothing else going on.
pub async fn latency() -> Vec<Figure> {
    const RUNS: usize = 1_000;
    let definition = definition("version: 1\nname: one\nsteps:\n  s: {run: \"true\"}\n".to_owned());
    let dir = folder();
    let embedded = Embedded::open(dir.path()).await;
    let mut begun = embedded.worker.begun.subscribe();
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for at in 0..RUNS {
        if at % 100 == 0 {
            raw.extend(raw_commits(100).await);
        }
        let began = Instant::now();
        embedded.engine.trigger(request(&definition)).await.unwrap();
        let at = *begun.wait_for(|at| at.is_some_and(|at| at > began)).await.unwrap();
        ours.push(at.unwrap().duration_since(began).as_secs_f64());
        embedded.until_settled(ours.len() as u64).await;
    }
    embedded.close().await;
    let of = |part| (quantile(ours.clone(), part), quantile(raw.clone(), part));
    let line = |what, (ours, raw): (f64, f64), expected| Figure {
        what,
        measured: format!("{:.2} ms", ours * 1e3),
        raw: format!("{:.2} ms for a commit", raw * 1e3),
        ratio: ours / raw,
        expected,
    };
    vec![
        line("trigger to first step, p50", of(0.5), "≤ 0.5 ms"),
        line("trigger to first step, p99", of(0.99), "≤ 4 × the commit's"),
    ]
}

//! A hundred thousand runs that wait for people, and the engine that is started over them. It is a process of its own, so that
//! its memory is its own.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loopline_ports::driver::Driver as _;
use loopline_ports::journal::{Journal as _, RunFilter};
use tokio::task::JoinSet;

use crate::Figure;
use crate::cost::resident;
use crate::embedded::{Embedded, definition, folder, request};
use crate::process::Process;

const RUNS: usize = 100_000;
const IN_FLIGHT: usize = 1_000;
/// The timer of the run that was asked for first is due as soon as the next engine starts.
const PIPELINE: &str = "version: 1\nname: waiting\ninputs: {first: {type: boolean, default: false}}\nsteps:\n  \
    ask: {if: \"!inputs.first\", approval: {message: Go on?, timeout: 7d}}\n  \
    soon: {if: inputs.first, sleep: 3s}\n";

/// Begins them all.
pub async fn begin(folder: &Path) {
    let definition = definition(PIPELINE.to_owned());
    let embedded = Arc::new(Embedded::open(folder).await);
    let mut first = request(&definition);
    first.inputs.insert("first".to_owned(), true.into());
    let mut under_way = JoinSet::new();
    for _ in 1..RUNS {
        if under_way.len() == IN_FLIGHT {
            under_way.join_next().await;
        }
        let (embedded, definition) = (embedded.clone(), definition.clone());
        under_way.spawn(async move { embedded.engine.trigger(request(&definition)).await.unwrap() });
    }
    under_way.join_all().await;
    embedded.engine.trigger(first).await.unwrap();
    println!("memory {}", resident("VmRSS:"));
    embedded.engine.stop().await;
    embedded.store.close().await;
}

/// Starts over them: says when it answers, when its first timer has fired, and how much memory it takes.
pub async fn start(folder: &Path) {
    let embedded = Embedded::open(folder).await;
    let newest = RunFilter { limit: 1, ..RunFilter::default() };
    let newest = embedded.store.list(&newest).await.unwrap()[0].run;
    embedded.engine.view(newest, None).await.unwrap();
    println!("answered 0");
    while !embedded.engine.view(newest, None).await.unwrap().status.is_over() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!("fired 0");
    println!("memory {}", resident("VmRSS:"));
}

pub fn figures() -> Vec<Figure> {
    let dir = folder();
    let path = dir.path().to_str().unwrap();
    let mut beginning = Process::start(&["waiting-begin", path]);
    let begun_with = beginning.number("memory");
    beginning.end();
    // Its timer is due by now.
    std::thread::sleep(Duration::from_secs(3));
    let began = Instant::now();
    let mut process = Process::start(&["waiting-start", path]);
    process.number("answered");
    let answered = began.elapsed().as_secs_f64();
    process.number("fired");
    let fired = began.elapsed().as_secs_f64();
    let memory = process.number("memory");
    process.end();
    let nothing = Process::nothing();
    let line = |what, took: f64, expected| Figure {
        what,
        measured: format!("{:.0} ms", took * 1e3),
        raw: format!("{:.0} ms for a process that does nothing", nothing * 1e3),
        ratio: took / nothing,
        expected,
    };
    let of_memory = |what, kib: f64| Figure {
        what,
        measured: format!("{:.0} MB", kib * 1_024.0 / 1e6),
        raw: format!(
            "{:.1} MB of database",
            std::fs::metadata(dir.path().join("loopline.db")).unwrap().len() as f64 / 1e6
        ),
        ratio: kib * 1_024.0 / std::fs::metadata(dir.path().join("loopline.db")).unwrap().len() as f64,
        expected: "≤ 150 MB (250)",
    };
    vec![
        of_memory("memory with 100,000 runs that were begun and wait", begun_with),
        of_memory("memory with 100,000 waiting runs, after a restart", memory),
        line("restart over them to the first answer", answered, "≤ 0.2 s (0.5)"),
        line("restart over them to the first timer", fired, "≤ 0.5 s"),
    ]
}

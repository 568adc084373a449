//! `kill -9`, and how soon after the next start the next step is handed to a worker.

use std::path::Path;
use std::time::{Duration, Instant};

use loopline_ports::driver::Driver as _;
use loopline_ports::journal::{Journal as _, RunFilter};

use crate::embedded::{Embedded, definition, folder, request};
use crate::fold::LOOP;
use crate::process::Process;
use crate::{Figure, median};

/// Goes round and round until it is killed.
pub async fn go_round(folder: &Path) {
    let embedded = Embedded::open(folder).await;
    let any = RunFilter { limit: 1, ..RunFilter::default() };
    if embedded.store.list(&any).await.unwrap().is_empty() {
        embedded.engine.trigger(request(&definition(LOOP.to_owned()))).await.unwrap();
    }
    embedded.worker.begun.subscribe().wait_for(Option::is_some).await.unwrap();
    println!("begun 0");
    std::future::pending::<()>().await;
}

pub fn figures() -> Vec<Figure> {
    let dir = folder();
    let path = dir.path().to_str().unwrap();
    let mut took = Vec::new();
    for turn in 0..8 {
        let began = Instant::now();
        let mut process = Process::start(&["killed-go-round", path]);
        process.number("begun");
        // The first one begins the run.
        if turn > 0 {
            took.push(began.elapsed().as_secs_f64());
        }
        std::thread::sleep(Duration::from_millis(400));
        process.kill();
    }
    let (took, nothing) = (median(took), Process::nothing());
    vec![Figure {
        what: "after `kill -9`, start to the next step",
        measured: format!("{:.0} ms", took * 1e3),
        raw: format!("{:.0} ms for a process that does nothing", nothing * 1e3),
        ratio: took / nothing,
        expected: "≤ 100 ms",
    }]
}

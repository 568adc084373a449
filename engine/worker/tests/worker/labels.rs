//! Attempts that ask for labels.

use std::collections::BTreeSet;
use std::sync::Arc;

use loopline_core::command::AttemptSpec;
use loopline_core::outcome::Outcome;
use loopline_ports::worker::{Attached, Report};
use loopline_worker::{LabelledWorker, labels_of_machine};
use tokio::sync::mpsc;

use crate::bench::{Bench, script};

/// A bench whose worker has these labels besides those of the machine, and what that reports by itself.
fn bench(labels: &[&str]) -> (Bench, mpsc::Receiver<Report>) {
    let mut bench = Bench::new();
    let (sender, told) = mpsc::channel(8);
    let labels: BTreeSet<String> =
        labels_of_machine().into_iter().chain(labels.iter().map(|l| (*l).to_owned())).collect();
    bench.worker = Arc::new(LabelledWorker::new(labels, bench.worker.clone(), sender));
    (bench, told)
}

fn on(labels: &[&str]) -> AttemptSpec {
    AttemptSpec { runs_on: labels.iter().map(|label| (*label).to_owned()).collect(), ..script("echo here") }
}

#[tokio::test]
async fn what_asks_for_labels_that_are_there_is_carried_out() {
    let (mut bench, _) = bench(&["gpu"]);
    let machine = [std::env::consts::OS, std::env::consts::ARCH];
    for labels in [&[][..], &machine, &["gpu"], &["gpu", std::env::consts::OS]] {
        assert_eq!(bench.succeed(on(labels)).await.stdout.as_deref(), Some("here\n"), "{labels:?}");
    }
}

#[tokio::test]
async fn what_asks_for_others_is_held_until_it_is_taken_back() {
    let (bench, mut told) = bench(&["gpu"]);
    let spec = on(&["fast", "gpu", "tpu"]);
    let id = spec.id.clone();
    bench.worker.start(spec.clone()).await;
    let missing = vec!["fast".to_owned(), "tpu".to_owned()];
    assert_eq!(told.recv().await, Some(Report::Unplaced { id: id.clone(), missing }));
    bench.worker.start(spec).await;
    assert_eq!(bench.worker.attach(id.clone()).await, Attached::Running);
    bench.worker.cancel(id.clone()).await;
    match told.recv().await {
        Some(Report::Finished { id: ended, outcome: Outcome::Cancelled { .. } }) => assert_eq!(ended, id),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.worker.attach(id).await, Attached::NeverStarted, "a later worker may begin it");
    assert!(told.try_recv().is_err(), "said once");
}

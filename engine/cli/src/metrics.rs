//! Where this process counts, and how Prometheus reads it.

use std::time::Duration;

use loopline_server::Metrics;
use metrics::gauge;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use metrics_process::Collector;

use crate::exit::{Exit, Failure};

/// Upper bounds of times: from a commit on a fast disk to a request that waits for a run.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];
/// Upper bounds of what a run takes.
const RUN_SECONDS: [f64; 12] =
    [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0, 604_800.0, 2_592_000.0];
/// Upper bounds of how many events are written together.
const EVENTS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 32.0, 128.0, 512.0, 2_048.0];

/// What was observed is put into its buckets this often, so that it takes no more memory when nobody reads it.
const TIDIED: Duration = Duration::from_secs(5);

/// Begins to count. Once a process.
pub fn begin() -> Result<Metrics, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("nothing can be counted: {error}"));
    let builder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Full("loopline_run_duration_seconds".to_owned()), &RUN_SECONDS)
        })
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full("loopline_commit_events".to_owned()), &EVENTS))
        .map_err(|error| failed(&error))?;
    let counted = builder.install_recorder().map_err(|error| failed(&error))?;
    gauge!("loopline_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let tidied = counted.clone();
    tokio::spawn(async move {
        let mut again = tokio::time::interval(TIDIED);
        loop {
            again.tick().await;
            tidied.run_upkeep();
        }
    });
    let process = Collector::default();
    Ok(Metrics::new(move || {
        process.collect();
        counted.render()
    }))
}

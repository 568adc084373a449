//! Containers that run beside a step, on a container engine that the tests have started.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::command::{AttemptSpec, ReadyWork, ServiceWork, Work};
use loopline_core::graph::Port;
use loopline_core::outcome::{FailureKind, Outcome};
use loopline_core::text::Text;

use crate::bench::{Bench, script};
use crate::container::{bench, is_gone, running, until_gone, until_running};
use crate::dockerd::{self, Dockerd, IMAGE};
use crate::engine::Engine;

/// Not ready when it is first asked; then, once somebody listens on port 5432.
const SLOW: &str = "[ -e /tmp/asked ] || { echo > /tmp/asked; exit 1; }; cat /proc/net/tcp* | grep -q ':1538 .* 0A '";

/// One that greets whoever comes to port 5432.
fn service(change: impl FnOnce(&mut ServiceWork)) -> ServiceWork {
    let mut service = ServiceWork {
        image: dockerd::SERVICE.to_owned(),
        env: BTreeMap::from([("GREETING".to_owned(), Text::Plain("hello from db".to_owned()))]),
        ports: vec![Port { host: 0, container: 5432 }],
        ready: Some(ReadyWork { script: SLOW.to_owned(), env: BTreeMap::new(), every_ms: 10, timeout_ms: 20_000 }),
    };
    change(&mut service);
    service
}

fn beside(mut spec: AttemptSpec, service: ServiceWork) -> AttemptSpec {
    if let Work::Container(work) = &mut spec.work {
        work.network = None;
    }
    spec.services = BTreeMap::from([("db".to_owned(), service)]);
    spec
}

/// Neither containers nor networks.
async fn nothing_is_left(docker: &Dockerd, spec: &AttemptSpec) {
    assert!(is_gone(docker, &spec.id).await);
    assert_eq!(docker.networks_of(&spec.id.to_string()).await, 0);
}

#[tokio::test]
async fn a_container_reaches_its_service_by_name_once_that_is_ready() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let spec = beside(running("nc db 5432"), service(|_| ()));
    let id = spec.id.clone();
    let result = bench.succeed(spec.clone()).await;
    assert_eq!(result.stdout.as_deref(), Some("hello from db\n"));
    assert_eq!(bench.lines(&id).await[0], "# waiting for the service `db`");
    nothing_is_left(docker, &spec).await;
}

#[tokio::test]
async fn a_script_reaches_its_service_at_a_port_of_this_machine() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let spec = beside(
        script(&format!("exec 3<>/dev/tcp/127.0.0.1/{free}; cat <&3")),
        service(|service| service.ports = vec![Port { host: free, container: 5432 }]),
    );
    let result = bench.succeed(spec.clone()).await;
    assert_eq!(result.stdout.as_deref(), Some("hello from db\n"));
    nothing_is_left(docker, &spec).await;
}

#[tokio::test]
async fn a_service_that_is_not_ready_in_time_fails_the_step_before_it_begins() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let never = service(|service| {
        let ready = service.ready.as_mut().unwrap();
        (ready.script, ready.timeout_ms) = ("exit 1".to_owned(), 300);
    });
    let spec = beside(script("echo begun"), never);
    let (error, _) = bench.fail(spec.clone(), FailureKind::Timeout).await;
    assert_eq!(error.message, "the service `db` was not ready within 300ms");
    assert_eq!(bench.raw(&spec.id).await, "");
    nothing_is_left(docker, &spec).await;

    let ends = service(|service| service.image = IMAGE.to_owned());
    let spec = beside(running("echo begun"), ends);
    let (error, _) = bench.fail(spec.clone(), FailureKind::Spawn).await;
    assert!(error.message.contains("service `db`"), "{}", error.message);
    nothing_is_left(docker, &spec).await;
}

#[tokio::test]
async fn services_end_with_a_cancelled_step_and_are_swept_after_a_kill() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let spec = beside(script("echo up; sleep 1000"), service(|service| service.ports = Vec::new()));
    let id = bench.start_until(spec.clone(), "up\n").await;
    bench.worker.cancel(id.clone()).await;
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Cancelled { .. }));
    nothing_is_left(docker, &spec).await;

    let left = beside(script("sleep 1000"), service(|service| service.ports = Vec::new()));
    let engine = Engine::with_containers(&left, &docker.host());
    until_running(docker, &left.id).await;
    let next = Bench::in_folder(engine.kill(), |config| docker.used_by(config));
    next.worker.forget_others(&BTreeSet::new()).await;
    until_gone(docker, &left.id).await;
}

//! Containers, on a container engine that the tests have started.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use loopline_core::command::{AttemptSpec, CacheWork, ContainerWork, FetchWork, KeyPart, Work, WorkCommand, WorkMount};
use loopline_core::graph::PullPolicy;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{FailureKind, Outcome};
use loopline_core::text::{Part, Text};
use loopline_ports::worker::Attached;
use loopline_worker::ContainerSocket;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::bench::{Bench, script, until};
use crate::dockerd::{self, Dockerd, IMAGE};
use crate::engine::Engine;
use crate::supervised::supervisors;

/// An attempt in a container without a network.
fn container(command: WorkCommand, change: impl FnOnce(&mut ContainerWork)) -> AttemptSpec {
    let mut work = ContainerWork {
        image: IMAGE.to_owned(),
        command,
        mounts: Vec::new(),
        workdir: None,
        user: None,
        network: Some("none".to_owned()),
        cpus_milli: None,
        memory: None,
        pull: PullPolicy::Never,
        registry_auth: None,
        privileged: false,
    };
    change(&mut work);
    AttemptSpec { work: Work::Container(Box::new(work)), ..script("") }
}

pub fn running(text: &str) -> AttemptSpec {
    container(WorkCommand::Script(text.to_owned()), |_| ())
}

fn words(command: &[&str], args: &[&str]) -> AttemptSpec {
    let all = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    container(WorkCommand::Arguments { command: all(command), args: all(args) }, |_| ())
}

pub fn bench(docker: &Dockerd) -> Bench {
    Bench::with(|config| docker.used_by(config))
}

pub async fn is_gone(docker: &Dockerd, id: &AttemptId) -> bool {
    docker.containers_of(&id.to_string()).await.is_empty()
}

pub async fn until_gone(docker: &Dockerd, id: &AttemptId) {
    let gone = async {
        while !is_gone(docker, id).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::bench::PATIENCE, gone).await.expect("the container is removed");
}

#[tokio::test]
async fn a_script_runs_in_its_image_with_the_workspace_and_its_files() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    std::fs::write(bench.workspace().join("given"), "given\n").unwrap();
    let text = r#"
        pwd; cat given; echo to stderr >&2
        echo made > made
        echo "$CI $LOOPLINE_STEP $LOOPLINE_WORKSPACE $GREETING ${USER-nobody}"
        echo "answer:=42" >> "$LOOPLINE_OUTPUT"
        printf 'no end of line'
    "#;
    let mut spec = running(text);
    spec.env.insert("GREETING".into(), Text::Plain("it's \"quoted\" $HOME".into()));
    let id = spec.id.clone();
    let result = bench.succeed(spec).await;
    let expect = "/workspace\ngiven\ntrue step /workspace it's \"quoted\" $HOME nobody\nno end of line";
    assert_eq!(result.stdout.as_deref(), Some(expect));
    assert_eq!(result.stderr.as_deref(), Some("to stderr\n"));
    assert_eq!((result.exit_code, &result.outputs), (Some(0), &BTreeMap::from([("answer".into(), json!(42))])));
    assert_eq!(std::fs::read_to_string(bench.workspace().join("made")).unwrap(), "made\n");
    assert!(is_gone(docker, &id).await, "a container is gone when its attempt is");
}

#[tokio::test]
async fn words_are_arguments_and_nothing_reads_them() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let result = bench.succeed(words(&["/bin/echo", "$HOME; id"], &["*", "a b"])).await;
    assert_eq!(result.stdout.as_deref(), Some("$HOME; id * a b\n"));
    let result = bench.succeed(words(&[], &["/bin/echo", "behind the image's entry point"])).await;
    assert_eq!(result.stdout.as_deref(), Some("behind the image's entry point\n"));
}

#[tokio::test]
async fn exit_codes_are_those_of_the_container() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let (error, result) = bench.fail(running("echo so far; exit 3; echo no"), FailureKind::Exit).await;
    assert_eq!((error.exit_code, result.exit_code), (Some(3), Some(3)));
    assert_eq!(
        (error.message.as_str(), error.tail.as_deref()),
        ("the script ended with exit code 3", Some("so far\n"))
    );
    let (error, _) = bench.fail(running("false\necho no"), FailureKind::Exit).await;
    assert_eq!(error.exit_code, Some(1), "a script ends with the first command that fails");
    let Outcome::Failed { error, .. } = bench.run(words(&["/no/such/program"], &[])).await else { panic!("it failed") };
    let expect = match docker.has_init().await {
        true => (FailureKind::Exit, "the container ended with exit code 127: its command was not found"),
        false => (FailureKind::Spawn, "the container could not be started: "),
    };
    assert_eq!(error.kind, expect.0);
    assert!(error.message.starts_with(expect.1), "{}", error.message);
}

#[tokio::test]
async fn output_is_shown_while_it_is_written_and_without_secrets() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = Bench::with(|config| {
        docker.used_by(config);
        config.secrets = crate::bench::only("TOKEN", "kohlrabi-seven");
    });
    let mut spec = running("echo \"token $TOKEN\"; while ! [ -e go ]; do sleep 0.05; done; echo end");
    spec.env.insert("TOKEN".into(), Text::Parts(vec![Part::Secret("TOKEN".into())]));
    let id = bench.start_until(spec, "token ***\n").await;
    std::fs::write(bench.workspace().join("go"), "").unwrap();
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Succeeded { .. }));
    assert_eq!(bench.raw(&id).await, "token ***\nend\n");
}

#[tokio::test]
async fn what_is_asked_of_the_container_engine_is_what_the_step_says() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    std::fs::create_dir(bench.workspace().join("fixtures")).unwrap();
    std::fs::write(bench.workspace().join("fixtures/one"), "1\n").unwrap();
    let text = "id -u; id -g; pwd; cat /data/one; ls /sys/class/net; echo x > /data/two || echo read only; while ! [ -e /workspace/go ]; do sleep 0.05; done";
    let spec = container(WorkCommand::Script(text.to_owned()), |work| {
        let fixtures = WorkMount { source: "fixtures".into(), target: "/data".into(), read_only: true };
        work.mounts = vec![fixtures];
        work.workdir = Some("/tmp".to_owned());
        work.user = Some("1000:1001".to_owned());
        (work.cpus_milli, work.memory) = (Some(1500), Some(64 << 20));
    });
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(bench.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let id = bench.start_until(spec, "read only\n").await;
    let told = docker.inspect(&id.to_string()).await.host_config.unwrap();
    assert_eq!((told.nano_cpus, told.memory, told.memory_swap), (Some(1_500_000_000), Some(64 << 20), Some(64 << 20)));
    assert_eq!((told.privileged, told.network_mode.as_deref()), (Some(false), Some("none")));
    std::fs::write(bench.workspace().join("go"), "").unwrap();
    let Outcome::Succeeded { result } = bench.outcome_of(&id).await else { panic!("it should have succeeded") };
    assert_eq!(result.stdout.as_deref(), Some("1000\n1001\n/tmp\n1\nlo\nread only\n"));
}

#[tokio::test]
async fn memory_that_ran_out_is_told_by_evidence() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let spec = container(WorkCommand::Script("tail /dev/zero".to_owned()), |work| work.memory = Some(16 << 20));
    let (error, _) = bench.fail(spec, FailureKind::Oom).await;
    assert!(error.message.contains("`memory` of 16 MiB"), "{}", error.message);
    let (error, _) = bench.fail(running("kill -9 $$"), FailureKind::Exit).await;
    assert_eq!(error.exit_code, Some(137), "it was not for lack of memory");
}

#[tokio::test]
async fn a_cancelled_container_may_end_by_itself_and_is_killed_when_it_does_not() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let polite = running("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done");
    let id = bench.start_until(polite, "up\n").await;
    bench.worker.cancel(id.clone()).await;
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Cancelled { .. }));
    assert_eq!(bench.raw(&id).await, "up\nbye\n");
    assert!(is_gone(docker, &id).await);

    let deaf = AttemptSpec { grace_ms: 100, ..running("trap '' TERM; echo up; while :; do sleep 0.05; done") };
    let id = bench.start_until(deaf, "up\n").await;
    bench.worker.cancel(id.clone()).await;
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Cancelled { .. }));
    assert!(is_gone(docker, &id).await);
}

#[tokio::test]
async fn a_container_that_takes_too_long_is_ended() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let spec = AttemptSpec { timeout_ms: 1_500, grace_ms: 100, ..running("echo up; sleep 1000") };
    let id = spec.id.clone();
    let (error, _) = bench.fail(spec, FailureKind::Timeout).await;
    assert_eq!(error.message, "the step did not end within its timeout of 1s500ms");
    assert!(is_gone(docker, &id).await);
    let spec = AttemptSpec { idle_timeout_ms: Some(300), grace_ms: 100, ..running("echo up; sleep 1000") };
    let (error, _) = bench.fail(spec, FailureKind::Timeout).await;
    assert!(error.message.contains("wrote nothing"), "{}", error.message);
}

#[tokio::test]
async fn an_image_that_is_not_there_is_a_failure_of_its_own() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let of = |image: &str, pull| {
        let image = image.to_owned();
        container(WorkCommand::Script("true".to_owned()), |work| (work.image, work.pull) = (image, pull))
    };
    let (error, _) = bench.fail(of("loopline/none:1", PullPolicy::Never), FailureKind::Image).await;
    assert_eq!(error.message, "the image `loopline/none:1` is not here, and `pull: never` fetches none");
    // Nothing listens there.
    let spec = of("localhost:1/none:1", PullPolicy::Missing);
    let id = spec.id.clone();
    let (error, _) = bench.fail(spec, FailureKind::Image).await;
    assert!(error.message.starts_with("the image `localhost:1/none:1` could not be pulled: "), "{}", error.message);
    assert_eq!(bench.lines(&id).await[0], "# pulling the image localhost:1/none:1");
    bench.succeed(of(IMAGE, PullPolicy::Missing)).await;
}

#[tokio::test]
async fn without_a_container_engine_the_step_fails_and_names_where_it_looked() {
    let mut bench = Bench::with(|config| {
        config.containers.socket = ContainerSocket::Path("/no/such/engine.sock".into());
    });
    let (error, _) = bench.fail(running("true"), FailureKind::Spawn).await;
    assert!(error.message.contains("no container engine answers at /no/such/engine.sock"), "{}", error.message);
    let mut bench = Bench::with(|config| {
        config.containers.socket = ContainerSocket::from_docker_host(Some("tcp://127.0.0.1:2375"));
    });
    let (error, _) = bench.fail(running("true"), FailureKind::Spawn).await;
    assert!(error.message.contains("tcp://127.0.0.1:2375"), "{}", error.message);
}

#[tokio::test]
async fn a_container_gets_nothing_of_the_machine_that_is_not_allowed() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let outside = tempfile::TempDir::new().unwrap();
    std::os::unix::fs::symlink(outside.path(), bench.workspace().join("link")).unwrap();
    let mounting = |source: &str| {
        let mount = WorkMount { source: source.to_owned(), target: "/data".into(), read_only: false };
        container(WorkCommand::Script("true".to_owned()), |work| work.mounts = vec![mount])
    };
    let asking = |change: fn(&mut ContainerWork)| container(WorkCommand::Script("true".to_owned()), change);
    for (spec, part) in [
        (asking(|work| work.privileged = true), "--allow-container privileged"),
        (asking(|work| work.network = Some("host".into())), "--allow-container host-network"),
        (asking(|work| work.network = Some("container:other".into())), "is not a network"),
        (mounting(&outside.path().to_string_lossy()), "lies outside of the workspace"),
        (mounting("link"), "lies outside of the workspace"),
        (mounting("none"), "cannot be used"),
    ] {
        let (error, _) = bench.fail(spec, FailureKind::Spawn).await;
        assert!(error.message.contains(part), "{}", error.message);
    }
    let folder = docker.socket().parent().unwrap().to_owned();
    let mut allowed = Bench::with(|config| {
        docker.used_by(config);
        config.containers.allow.folders = vec![folder.clone(), outside.path().to_owned()];
    });
    allowed.succeed(mounting(&outside.path().to_string_lossy())).await;
    for source in [folder.clone(), docker.socket()] {
        let (error, _) = allowed.fail(mounting(&source.to_string_lossy()), FailureKind::Spawn).await;
        assert!(error.message.contains("holds the socket of the container engine"), "{}", error.message);
    }
}

/// Writes a line with a number again and again, until it may end.
const COUNTING: &str = "n=0; while ! [ -e go ]; do n=$((n + 1)); echo line $n; sleep 0.01; done; echo last >&2; exit 7";

/// Every line once, in its order.
fn counted(log: &str) -> bool {
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with("line ")).collect();
    let expect: Vec<String> = (1..=lines.len()).map(|n| format!("line {n}")).collect();
    lines == expect && log.lines().filter(|line| *line == "last").count() == 1
}

#[tokio::test]
async fn a_container_is_found_again_when_its_engine_was_killed() {
    let Some(docker) = dockerd::shared().await else { return };
    let spec = running(COUNTING);
    let engine = Engine::with_containers(&spec, &docker.host());
    engine.is_up().await;
    until("the engine keeps its output", || {
        let run = engine.folder.path().join("blobs/logs").join(spec.id.run.to_string());
        let log = std::fs::read_dir(run).ok()?.next()?.ok()?;
        (log.metadata().ok()?.len() > 100).then_some(())
    })
    .await;
    let mut bench = Bench::in_folder(engine.kill(), |config| docker.used_by(config));
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
    let so_far = bench.raw(&spec.id).await.lines().count();
    bench.until_logged(&spec.id, &format!("line {}\n", so_far + 20)).await;
    std::fs::write(bench.workspace().join("go"), "").unwrap();
    let Outcome::Failed { error, result } = bench.outcome_of(&spec.id).await else { panic!("it ended with 7") };
    assert_eq!((error.kind, error.exit_code), (FailureKind::Exit, Some(7)));
    assert!(counted(&bench.raw(&spec.id).await), "no line is lost or doubled");
    assert_eq!(result.stderr.as_deref(), Some("last\n"));
    assert!(result.stdout.unwrap().starts_with("line 1\nline 2\n"), "what expressions read is whole");
    assert!(is_gone(docker, &spec.id).await);
}

pub async fn until_running(docker: &Dockerd, id: &AttemptId) {
    let running = async {
        loop {
            let found = docker.containers_of(&id.to_string()).await;
            if !found.is_empty() && docker.inspect(&id.to_string()).await.state.unwrap().running == Some(true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::bench::PATIENCE, running).await.expect("the container runs");
}

#[tokio::test]
async fn a_container_that_nobody_waits_for_is_swept_and_no_other_is() {
    let Some(docker) = dockerd::shared().await else { return };
    let (left, wanted) = (running("sleep 1000"), running("sleep 1000"));
    let engine = Engine::with_containers(&left, &docker.host());
    until_running(docker, &left.id).await;
    let mut other = bench(docker);
    let of_another_folder = other.start_until(running("echo up; sleep 1000"), "up\n").await;
    let bench = Bench::in_folder(engine.kill(), |config| docker.used_by(config));
    let wanted = {
        bench.worker.start(wanted.clone()).await;
        wanted.id
    };
    until_running(docker, &wanted).await;
    bench.worker.forget_others(&BTreeSet::new()).await;
    until_gone(docker, &left.id).await;
    assert!(!is_gone(docker, &wanted).await, "what this engine has is not swept");
    assert!(!is_gone(docker, &of_another_folder).await, "what is somebody else's is not swept");
    bench.worker.cancel(wanted.clone()).await;
    other.worker.cancel(of_another_folder.clone()).await;
    other.outcome_of(&of_another_folder).await;
    until_gone(docker, &wanted).await;
}

#[tokio::test]
async fn a_container_that_somebody_removed_is_lost() {
    let Some(docker) = dockerd::shared().await else { return };
    let spec = running("echo up; sleep 1000");
    let engine = Engine::with_containers(&spec, &docker.host());
    until_running(docker, &spec.id).await;
    let folder = engine.kill();
    docker.remove(&spec.id.to_string()).await;
    let mut bench = Bench::in_folder(folder, |config| docker.used_by(config));
    assert_eq!(bench.worker.attach(spec.id.clone()).await, Attached::Running);
    let Outcome::Failed { error, .. } = bench.outcome_of(&spec.id).await else { panic!("it is lost") };
    assert_eq!(
        (error.kind, error.message.as_str()),
        (FailureKind::Lost, "the container is gone, and nobody knows how it ended")
    );
}

#[tokio::test]
async fn a_step_waits_for_a_container_engine_that_was_killed_and_no_exit_code_is_made_up() {
    let Some(mut docker) = dockerd::own().await else { return };
    let mut bench = bench(&docker);
    let ends = running("echo up; while ! [ -e go ]; do sleep 0.02; done; echo ending; echo gone > ended; exit 7");
    let ends = bench.start_until(ends, "up\n").await;
    let goes_on = bench.start_until(running("echo up; while :; do sleep 1; done"), "up\n").await;
    docker.kill().await;
    std::fs::write(bench.workspace().join("go"), "").unwrap();
    let ended = bench.workspace().join("ended");
    until("the script ends without its container engine", || ended.exists().then_some(())).await;
    bench.until_said(&ends, "does not answer; the step waits for it").await;
    docker.start_again().await;
    let mut outcomes = BTreeMap::new();
    for _ in 0..2 {
        let (id, outcome) = bench.finished().await;
        let Outcome::Failed { error, .. } = outcome else { panic!("{outcome:?}") };
        outcomes.insert(id, (error.kind, error.exit_code));
    }
    assert_eq!(outcomes[&ends], (FailureKind::Exit, Some(7)), "what the script said");
    assert_eq!(outcomes[&goes_on].0, FailureKind::Lost, "its container engine has ended it");
    // What it wrote to nobody is Docker's to keep or to lose.
    assert!(bench.raw(&ends).await.starts_with("up\n"));
    bench.until_said(&ends, "the container engine answers again").await;
    assert!(is_gone(&docker, &ends).await && is_gone(&docker, &goes_on).await);
}

#[tokio::test]
async fn a_container_outlives_its_engine_and_its_supervisor() {
    let Some(docker) = dockerd::shared().await else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let mut bench = Bench::supervised_in(folder, |config, _| docker.used_by(config)).await;
    let spec = running(COUNTING);
    let id = bench.start_until(spec, "line 3\n").await;
    for supervisor in supervisors(bench.folder.path()) {
        kill(Pid::from_raw(supervisor), Signal::SIGKILL).unwrap();
    }
    let so_far = bench.raw(&id).await.lines().count();
    bench.until_logged(&id, &format!("line {}\n", so_far + 20)).await;
    std::fs::write(bench.folder.path().join("workspace/go"), "").unwrap();
    let Outcome::Failed { error, .. } = bench.outcome_of(&id).await else { panic!("it ended with 7") };
    assert_eq!((error.kind, error.exit_code), (FailureKind::Exit, Some(7)));
    assert!(counted(&bench.raw(&id).await), "no line is lost or doubled");
    assert!(is_gone(docker, &id).await);
}

#[tokio::test]
async fn files_are_brought_and_kept_for_a_container_too() {
    let Some(docker) = dockerd::shared().await else { return };
    let mut bench = bench(docker);
    let made = r##"mkdir -p out target; echo one > out/a; echo two > target/b
        echo "# Done" > "$LOOPLINE_SUMMARY"; echo '<testsuite><testcase name="t"/></testsuite>' > r.xml"##;
    let cache = || {
        let key = vec![KeyPart::Text("key".to_owned())];
        vec![CacheWork { key, paths: vec!["target".to_owned()], restore_keys: Vec::new() }]
    };
    let artifacts = [("out".to_owned(), "out".to_owned())].into();
    let spec = AttemptSpec { artifacts, cache: cache(), junit: vec!["*.xml".to_owned()], ..running(made) };
    let result = bench.succeed(spec).await;
    assert_eq!((result.artifacts["out"].files, result.tests.map(|tests| tests.counts.tests)), (Some(1), Some(1)));
    assert_eq!(result.summary.map(|summary| summary.size), Some(7));
    let workspace = bench.workspace();
    std::fs::remove_dir_all(workspace.join("out")).unwrap();
    std::fs::remove_dir_all(workspace.join("target")).unwrap();
    let fetch = vec![FetchWork { name: "a.out".to_owned(), artifact: result.artifacts["out"].clone() }];
    let result = bench.succeed(AttemptSpec { fetch, cache: cache(), ..running("cat out/a target/b; echo") }).await;
    assert_eq!(result.stdout.as_deref(), Some("one\ntwo\n\n"));
}

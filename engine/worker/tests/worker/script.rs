//! What a script gets, and what its end means.

use std::collections::BTreeMap;
use std::fs;

use loopline_core::command::{AttemptSpec, Work};
use loopline_core::graph::Shell;
use loopline_core::outcome::{FailureKind, Outcome};
use loopline_core::text::{Part, Text};
use loopline_ports::worker::Report;
use loopline_worker::Workspaces;

use crate::bench::{Bench, only, script};

#[tokio::test]
async fn a_script_succeeds_and_its_output_is_kept() {
    let mut bench = Bench::new();
    let spec = script("echo out; echo err >&2");
    let id = spec.id.clone();
    let result = bench.succeed(spec).await;
    let texts = (result.stdout.as_deref(), result.stderr.as_deref());
    assert_eq!((result.exit_code, texts), (Some(0), (Some("out\n"), Some("err\n"))));
    let mut lines = bench.lines(&id).await;
    lines.sort();
    assert_eq!(lines, ["err", "out"]);
}

#[tokio::test]
async fn an_exit_code_is_a_failure_with_the_end_of_the_output() {
    let mut bench = Bench::new();
    let spec = script("echo reason >&2; exit 3");
    let id = spec.id.clone();
    let (error, result) = bench.fail(spec, FailureKind::Exit).await;
    assert_eq!((error.exit_code, error.tail.as_deref()), (Some(3), Some("reason\n")));
    assert_eq!(error.message, "the script ended with exit code 3");
    assert_eq!(result.exit_code, Some(3));
    assert_eq!(bench.lines(&id).await, ["reason", "# the script ended with exit code 3"]);
}

#[tokio::test]
async fn a_signal_is_a_failure_of_its_own_kind() {
    let mut bench = Bench::new();
    let (error, result) = bench.fail(script("kill -USR1 $$; sleep 60"), FailureKind::Signal).await;
    assert_eq!((error.signal, result.exit_code), (Some(10), None));
}

#[tokio::test]
async fn a_script_stops_at_the_first_error_unset_name_or_broken_pipeline() {
    let mut bench = Bench::new();
    for text in ["false; echo on", "echo $NOT_SET; echo on", "false | cat; echo on"] {
        let (_, result) = bench.fail(script(text), FailureKind::Exit).await;
        assert_eq!(result.stdout.as_deref(), Some(""), "{text}");
    }
}

#[tokio::test]
async fn the_environment_is_an_allow_list() {
    const ALLOWED: [&str; 8] = ["CI", "HOME", "LANG", "OWN", "PATH", "TMPDIR", "TZ", "USER"];
    const OF_THE_SHELL: [&str; 4] = ["PWD", "SHLVL", "_", "OLDPWD"];
    let is_other = |name: &str| {
        !name.starts_with("LOOPLINE_")
            && !name.starts_with("LC_")
            && !OF_THE_SHELL.contains(&name)
            && !ALLOWED.contains(&name)
    };
    let ours: Vec<String> = std::env::vars().map(|(name, _)| name).filter(|name| is_other(name)).collect();
    let (named, unnamed) = ours.split_first().expect("tests are not run with an empty environment");
    assert!(!unnamed.is_empty(), "there is something that must not pass");
    let mut bench = Bench::with(|config| config.pass_env = vec![named.clone()]);
    let mut spec = script("env -0");
    spec.env.insert("OWN".to_owned(), "a \"value\"\nof two lines".into());
    spec.env.insert("LOOPLINE_STEP".to_owned(), "forged".into());
    let id = spec.id.clone();
    let stdout = bench.succeed(spec).await.stdout.unwrap();
    let environment: BTreeMap<&str, &str> =
        stdout.split_terminator('\0').map(|entry| entry.split_once('=').unwrap()).collect();
    let others: Vec<&str> = environment.keys().filter(|name| is_other(name)).copied().collect();
    assert_eq!(others, [named.as_str()]);
    assert_eq!((environment["CI"], environment["OWN"]), ("true", "a \"value\"\nof two lines"));
    let ours: Vec<&str> = environment.keys().filter_map(|name| name.strip_prefix("LOOPLINE_")).collect();
    let expect = "ATTEMPT ATTEMPT_ID IDEMPOTENCY_KEY OUTPUT PIPELINE RUN_ID STEP SUMMARY VISIT WORKSPACE";
    assert_eq!(ours.join(" "), expect);
    assert_eq!(environment["LOOPLINE_RUN_ID"], id.run.to_string());
    assert_eq!(environment["LOOPLINE_PIPELINE"], "default/test");
    assert_eq!(environment["LOOPLINE_STEP"], "step");
    assert_eq!((environment["LOOPLINE_VISIT"], environment["LOOPLINE_ATTEMPT"]), ("1", "1"));
    assert_eq!(environment["LOOPLINE_IDEMPOTENCY_KEY"], "key");
    assert_eq!(environment["LOOPLINE_WORKSPACE"], bench.workspace().to_str().unwrap());
}

#[tokio::test]
async fn an_item_knows_its_number_or_its_key() {
    let mut bench = Bench::new();
    let mut spec = script("echo $LOOPLINE_ITEM");
    spec.id.key.item = Some(7);
    assert_eq!(bench.succeed(spec.clone()).await.stdout.as_deref(), Some("7\n"));
    spec.id.key.item = Some(8);
    spec.item_key = Some("api".to_owned());
    assert_eq!(bench.succeed(spec).await.stdout.as_deref(), Some("api\n"));
}

#[tokio::test]
async fn no_open_file_reaches_a_script() {
    let file = fs::File::open("/dev/null").unwrap();
    // A copy made this way is not marked, like what a parent of ours might have left open.
    let _inherited = nix::unistd::dup(&file).unwrap();
    let mut bench = Bench::new();
    let result = bench.succeed(script("ls /proc/self/fd")).await;
    assert_eq!(result.stdout.as_deref(), Some("0\n1\n2\n3\n"), "the last is the folder that is listed");
}

#[tokio::test]
async fn a_script_has_an_empty_input_and_a_session_of_its_own() {
    let mut bench = Bench::new();
    let text = r#"[ "$(wc -c)" = 0 ]; [ "$(cut -d' ' -f6 /proc/$$/stat)" = $$ ]; if (: < /dev/tty) 2>/dev/null; then exit 1; fi"#;
    bench.succeed(script(text)).await;
}

#[tokio::test]
async fn output_is_seen_as_it_comes_without_a_line_end() {
    let mut bench = Bench::new();
    let id = bench.start_until(script("printf 'name: '; until [ -e go ]; do sleep 0.01; done"), "name: ").await;
    fs::write(bench.workspace().join("go"), "").unwrap();
    assert!(matches!(bench.outcome_of(&id).await, Outcome::Succeeded { .. }));
    assert_eq!(bench.lines(&id).await, ["name: "]);
}

#[tokio::test]
async fn output_that_is_not_text_is_kept_byte_by_byte() {
    let mut bench = Bench::new();
    let spec = script(r"printf '\377a\000b\n'");
    let id = spec.id.clone();
    assert_eq!(bench.succeed(spec).await.stdout.as_deref(), Some("\u{fffd}a\0b\n"));
    assert_eq!(bench.lines(&id).await, ["\u{fffd}a\0b"]);
    let raw: Vec<_> = futures::TryStreamExt::try_collect(bench.blobs.read_raw(&id).await.unwrap().bytes).await.unwrap();
    let raw: Vec<bytes::Bytes> = raw;
    assert_eq!(raw.concat(), b"\xffa\0b\n");
}

#[tokio::test]
async fn only_wanted_output_is_in_the_result() {
    let mut bench = Bench::new();
    let mut spec = script("echo out; echo err >&2");
    spec.capture.stdout = false;
    let result = bench.succeed(spec).await;
    assert_eq!((result.stdout, result.stderr.as_deref()), (None, Some("err\n")));
}

#[tokio::test]
async fn more_output_than_can_be_captured_is_a_failure_unless_nobody_wants_it() {
    let mut bench = Bench::new();
    let text = "head -c 262145 /dev/zero | tr '\\0' x";
    let (error, result) = bench.fail(script(text), FailureKind::OutputLimit).await;
    assert!(error.message.contains("256 KiB to stdout"), "{}", error.message);
    assert_eq!(result.stdout, None);
    let mut spec = script(text);
    spec.capture.stdout = false;
    bench.succeed(spec).await;
    let (error, _) = bench.fail(script(&format!("{text}; exit 4")), FailureKind::Exit).await;
    assert_eq!(error.exit_code, Some(4), "the script's own failure comes first");
}

fn shell(words: &[&str], text: &str) -> loopline_core::command::AttemptSpec {
    let mut spec = script(text);
    let shell = Shell::Argv(words.iter().map(ToString::to_string).collect());
    spec.work = Work::Shell { shell, script: text.to_owned(), working_dir: None };
    spec
}

#[tokio::test]
async fn another_interpreter_gets_the_file_of_the_script() {
    let mut bench = Bench::new();
    let result = bench.succeed(shell(&["cat", "-n"], "text")).await;
    assert_eq!(result.stdout.as_deref(), Some("     1\ttext"));
}

#[tokio::test]
async fn what_cannot_be_started_is_told_apart() {
    let mut bench = Bench::new();
    for (name, mode, text) in [
        ("plain", 0o600, "text"),
        ("unread", 0o700, "#!/no/such/reader -x\n"),
        ("windows", 0o700, "#!/bin/sh\r\necho\r\n"),
    ] {
        use std::os::unix::fs::PermissionsExt;
        fs::write(bench.workspace().join(name), text).unwrap();
        fs::set_permissions(bench.workspace().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::create_dir(bench.workspace().join("folder")).unwrap();
    let mut large = script("true");
    large.env.insert("LARGE".to_owned(), "x".repeat(200_000).into());
    let mut nul = script("true");
    nul.env.insert("NUL".to_owned(), "a\0b".into());
    for (spec, message) in [
        (shell(&["no-such-program"], ""), "`no-such-program` was not found in `PATH`; install it"),
        (shell(&["./no-such-program"], ""), "`./no-such-program` was not found in the working directory"),
        (shell(&["./plain"], ""), "`./plain` may not be executed: nobody has the right to; give it with `chmod +x`"),
        (shell(&["./folder"], ""), "`./folder` may not be executed: it is a folder"),
        (shell(&["./unread"], ""), "`./unread` names `/no/such/reader` in its first line, which was not found"),
        (shell(&["./windows"], ""), "`./windows` has line ends of Windows: its first line names `/bin/sh` and"),
        (shell(&[], ""), "`shell` names no program"),
        (large, "the environment of the step is larger than the system allows"),
        (nul, "NUL byte"),
    ] {
        let id = spec.id.clone();
        let (error, _) = bench.fail(spec, FailureKind::Spawn).await;
        assert!(error.message.contains(message), "{} should say {message}", error.message);
        assert_eq!(bench.lines(&id).await, [format!("# {}", error.message)]);
    }
}

#[tokio::test]
async fn a_script_works_in_its_folder_beneath_the_workspace() {
    let mut bench = Bench::new();
    let workspace = bench.workspace();
    fs::create_dir(workspace.join("sub")).unwrap();
    fs::write(workspace.join("file"), "").unwrap();
    std::os::unix::fs::symlink("/tmp", workspace.join("out")).unwrap();
    std::os::unix::fs::symlink("sub", workspace.join("in")).unwrap();
    let in_dir = |dir: &str| {
        let mut spec = script("pwd -P");
        spec.work =
            Work::Shell { shell: Shell::Default, script: "pwd -P".to_owned(), working_dir: Some(dir.to_owned()) };
        spec
    };
    for dir in ["sub", "in", "sub/../sub/."] {
        let result = bench.succeed(in_dir(dir)).await;
        assert_eq!(result.stdout, Some(format!("{}\n", workspace.join("sub").display())), "{dir}");
    }
    for (dir, message) in [
        ("..", "`..` is outside the workspace"),
        ("/", "`/` is outside the workspace"),
        ("out", "`out` is outside the workspace"),
        ("none", "`none` does not exist in the workspace"),
        ("file", "`file` is not a directory"),
    ] {
        let (error, _) = bench.fail(in_dir(dir), FailureKind::Spawn).await;
        assert!(error.message.contains(message), "{} should say {message}", error.message);
    }
}

#[tokio::test]
async fn each_run_has_a_workspace_of_its_own_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let mut bench = Bench::with(|config| config.workspaces = Workspaces::PerRun(root.clone()));
    let spec = script("pwd -P");
    let run = spec.id.run;
    assert_eq!(bench.succeed(spec).await.stdout, Some(format!("{}\n", root.join(run.to_string()).display())));
}

#[tokio::test]
async fn a_workspace_that_is_not_there_is_said() {
    let mut bench = Bench::with(|config| config.workspaces = Workspaces::Fixed("/no/such/folder".into()));
    let (error, _) = bench.fail(script("true"), FailureKind::Spawn).await;
    assert!(error.message.starts_with("the workspace /no/such/folder cannot be used"), "{}", error.message);
}

#[tokio::test]
async fn secrets_are_put_into_the_environment_and_unknown_ones_refused() {
    let mut bench = Bench::with(|config| {
        config.secrets = crate::bench::only("KNOWN", "hidden");
    });
    let with = |name: &str| {
        let mut spec = script("echo ${#TOKEN}");
        spec.env.insert("TOKEN".to_owned(), Text::Parts(vec![Part::Text("a-".into()), Part::Secret(name.to_owned())]));
        spec
    };
    assert_eq!(bench.succeed(with("KNOWN")).await.stdout.as_deref(), Some("8\n"));
    let (error, _) = bench.fail(with("OTHER"), FailureKind::Template).await;
    assert_eq!(error.message, "`env.TOKEN` needs the secret `OTHER`, which this engine does not have");
}

#[tokio::test]
async fn a_second_start_of_an_attempt_is_ignored() {
    let mut bench = Bench::new();
    let spec = script("echo once >> witness; until [ -e go ]; do sleep 0.01; done");
    bench.worker.start(spec.clone()).await;
    bench.worker.start(spec.clone()).await;
    assert_eq!(bench.report().await, Report::Started { id: spec.id.clone() });
    fs::write(bench.workspace().join("go"), "").unwrap();
    assert!(matches!(bench.outcome_of(&spec.id).await, Outcome::Succeeded { .. }));
    bench.worker.start(spec).await;
    bench.succeed(script("true")).await;
    assert_eq!(fs::read_to_string(bench.workspace().join("witness")).unwrap(), "once\n");
}

#[tokio::test]
async fn attempts_beyond_the_limit_wait_for_their_turn() {
    let mut bench = Bench::with(|config| config.max_parallel = 1);
    // Two at the same time would not both get the folder.
    let specs: Vec<_> = (0..10).map(|_| script("mkdir lock; sleep 0.02; rmdir lock")).collect();
    for spec in &specs {
        bench.worker.start(spec.clone()).await;
    }
    let mut started = Vec::new();
    let mut succeeded = 0;
    while succeeded < specs.len() {
        match bench.report().await {
            Report::Started { id } => started.push(id),
            Report::Finished { outcome: Outcome::Succeeded { .. }, .. } => succeeded += 1,
            Report::Unplaced { id, .. } => panic!("{id}"),
            Report::Finished { outcome, .. } => panic!("{outcome:?}"),
        }
    }
    let asked: Vec<_> = specs.into_iter().map(|spec| spec.id).collect();
    assert_eq!(started, asked, "in the order of asking");
}

#[tokio::test]
async fn what_another_step_was_given_is_masked_too() {
    let mut bench = Bench::with(|config| config.secrets = only("TOKEN", "canary-8f3a"));
    let hides = vec!["TOKEN".to_owned(), "OF_NOBODY".to_owned()];
    let spec = AttemptSpec { hides: hides.clone(), ..script("echo found canary-8f3a; env | grep -c canary || true") };
    let id = spec.id.clone();
    bench.succeed(spec).await;
    assert_eq!(bench.lines(&id).await, ["found ***", "0"], "masked, and not given");
    let leak = AttemptSpec { hides, ..script("echo x=canary-8f3a >> $LOOPLINE_OUTPUT") };
    let outcome = bench.run(leak).await;
    assert!(matches!(&outcome, Outcome::Failed { .. }), "{outcome:?}");
    assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
}

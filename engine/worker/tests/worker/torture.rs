//! Steps that do their worst, below a supervisor; and that nothing of them is left: no process, file or descriptor.
//!
//! `LOOPLINE_VOLUME` multiplies how much they write (`make soak` asks for much).

use std::fs;
use std::path::Path;

use futures::TryStreamExt;
use loopline_core::command::{AttemptLimits, AttemptSpec};
use loopline_core::id::AttemptId;
use loopline_core::outcome::{FailureKind, Outcome};
use loopline_ports::worker::Report;

use crate::bench::{Bench, in_time, is_alive, pid_in, script, until};

/// Gives up session, mark and parent, writes down its number, and obeys nobody.
fn hidden(file: &str) -> String {
    let deaf = format!("trap \"\" TERM HUP INT; echo $$ > {file}; exec sleep 1000");
    format!("(env -i PATH=\"$PATH\" setsid sh -c '{deaf}' &)\nuntil [ -s {file} ]; do sleep 0.01; done\n")
}

/// What a supervisor has: descriptors by what they are, children, and files beside its own.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    open: Vec<String>,
    children: String,
    records: usize,
    journals: usize,
}

impl Held {
    fn by(bench: &Bench, supervisor: i32) -> Self {
        let open = fs::read_dir(format!("/proc/{supervisor}/fd")).unwrap();
        let kind = |link: std::path::PathBuf| {
            let name = link.display().to_string();
            let name = name.split('[').next().unwrap_or_default();
            // The files of a journal follow each other: which one is written is no matter, one is.
            let number = name.rsplit_once('/').filter(|(folder, _)| folder.contains("/journals/"));
            number.map_or(name, |(folder, _)| folder).to_owned()
        };
        let mut open: Vec<String> =
            open.filter_map(|entry| Some(kind(fs::read_link(entry.ok()?.path()).ok()?))).collect();
        open.sort();
        let threads = fs::read_dir(format!("/proc/{supervisor}/task")).unwrap();
        let children = threads
            .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok())
            .collect::<String>();
        let records = fs::read_dir(bench.folder.path().join("data/attempts")).unwrap().count();
        let owners = fs::read_dir(bench.folder.path().join("data/journals")).unwrap();
        let journals = owners.map(|owner| fs::read_dir(owner.unwrap().path()).unwrap().count()).sum();
        Self { open, children, records, journals }
    }
}

/// A supervised bench around which it is checked, at the end, that nothing is left.
struct Chamber {
    bench: Bench,
    supervisor: i32,
    before: Held,
    used: Vec<AttemptId>,
}

impl Chamber {
    async fn new() -> Self {
        let mut bench = Bench::supervised().await;
        let warm = script("true");
        bench.succeed(warm.clone()).await;
        bench.worker.forget(&warm.id).await;
        let supervisor = crate::supervised::supervisor(bench.folder.path()).await;
        let attempts = bench.folder.path().join("data/attempts");
        until("the record goes", || (fs::read_dir(&attempts).unwrap().count() == 0).then_some(())).await;
        let before = Held::by(&bench, supervisor);
        Self { bench, supervisor, before, used: vec![warm.id] }
    }

    async fn start(&mut self, spec: AttemptSpec) -> AttemptId {
        let id = spec.id.clone();
        self.used.push(id.clone());
        self.bench.worker.start(spec).await;
        id
    }

    async fn run(&mut self, spec: AttemptSpec) -> Outcome {
        let id = self.start(spec).await;
        self.bench.outcome_of(&id).await
    }

    /// The next outcome. It takes as long as it takes.
    async fn long_finish(&mut self) -> Outcome {
        loop {
            if let Report::Finished { outcome, .. } = self.bench.reports.recv().await.unwrap() {
                return outcome;
            }
        }
    }

    async fn pid(&self, file: &str) -> i32 {
        pid_in(&self.bench.workspace().join(file)).await
    }

    /// Nothing is left of what was started here, and the supervisor has what it had before.
    async fn ends_clean(self) {
        for id in &self.used {
            self.bench.worker.forget(id).await;
        }
        let mut last = None;
        let clean = || {
            let now = last.insert(Held::by(&self.bench, self.supervisor));
            (*now == self.before).then_some(())
        };
        if in_time(clean).await.is_none() {
            assert_eq!(last.as_ref(), Some(&self.before), "the supervisor has what it had before");
        }
        for id in &self.used {
            assert_eq!(marked(id), Vec::<i32>::new());
        }
        let folder = self.bench.leave();
        until("the supervisor ends when nobody needs it", || (!is_alive(self.supervisor)).then_some(())).await;
        for kept in ["data/attempts", "data/journals", "data/supervisors"] {
            let left: Vec<_> =
                fs::read_dir(folder.path().join(kept)).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

/// Living processes that carry the mark of this attempt.
fn marked(id: &AttemptId) -> Vec<i32> {
    let mark = format!("LOOPLINE_ATTEMPT_ID={id}");
    let all = fs::read_dir("/proc").unwrap();
    all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            is_alive(*pid) && environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
        })
        .collect()
}

#[tokio::test]
async fn a_daemon_that_hides_completely_ends_with_its_step() {
    let mut chamber = Chamber::new().await;
    let spec = AttemptSpec { grace_ms: 50, ..script(&format!("{} echo last words", hidden("hidden"))) };
    let id = spec.id.clone();
    let outcome = chamber.run(spec).await;
    assert!(matches!(&outcome, Outcome::Succeeded { result } if result.stdout.as_deref() == Some("last words\n")));
    assert!(!is_alive(chamber.pid("hidden").await), "alive after the report");
    let said = "# the script left 1 process running; a step ends with its script, so they were ended";
    assert_eq!(chamber.bench.lines(&id).await, ["last words", said]);
    chamber.ends_clean().await;
}

#[tokio::test]
async fn a_cancel_ends_what_hides_and_is_deaf() {
    let mut chamber = Chamber::new().await;
    let text = format!("trap '' TERM\n{} echo $$ > pid; while :; do sleep 0.05; done", hidden("hidden"));
    let id = chamber.start(AttemptSpec { grace_ms: 50, ..script(&text) }).await;
    let pids = [chamber.pid("pid").await, chamber.pid("hidden").await];
    chamber.bench.worker.cancel(id.clone()).await;
    assert!(matches!(chamber.bench.outcome_of(&id).await, Outcome::Cancelled { .. }));
    assert!(!pids.into_iter().any(is_alive), "alive after the report");
    chamber.ends_clean().await;
}

#[tokio::test]
async fn what_could_be_anybodys_ends_with_the_last_of_them() {
    let mut chamber = Chamber::new().await;
    let other = chamber.start(script("echo $$ > other; until [ -e go ]; do sleep 0.01; done; echo fine")).await;
    let living = chamber.pid("other").await;
    assert!(matches!(chamber.run(script(&hidden("hidden"))).await, Outcome::Succeeded { .. }));
    assert!(is_alive(living), "a neighbour is left alone");
    let hidden = chamber.pid("hidden").await;
    fs::write(chamber.bench.workspace().join("go"), "").unwrap();
    let outcome = chamber.bench.outcome_of(&other).await;
    assert!(matches!(&outcome, Outcome::Succeeded { result } if result.stdout.as_deref() == Some("fine\n")));
    assert!(!is_alive(hidden), "alive after the last report");
    chamber.ends_clean().await;
}

#[tokio::test]
async fn marked_daemons_end_with_their_own_step_and_no_other() {
    let mut chamber = Chamber::new().await;
    let daemon = |file: &str| {
        format!(
            "setsid -f sh -c 'echo $$ > {file}; exec sleep 1000' >/dev/null 2>&1; until [ -s {file} ]; do sleep 0.01; done;"
        )
    };
    let other = chamber.start(script(&format!("{} until [ -e go ]; do sleep 0.01; done", daemon("theirs")))).await;
    let theirs = chamber.pid("theirs").await;
    assert!(matches!(chamber.run(script(&daemon("own"))).await, Outcome::Succeeded { .. }));
    assert!(!is_alive(chamber.pid("own").await) && is_alive(theirs));
    fs::write(chamber.bench.workspace().join("go"), "").unwrap();
    assert!(matches!(chamber.bench.outcome_of(&other).await, Outcome::Succeeded { .. }));
    assert!(!is_alive(theirs));
    chamber.ends_clean().await;
}

#[tokio::test]
async fn a_storm_of_processes_is_ended_to_the_last() {
    let mut chamber = Chamber::new().await;
    let text = "trap '' TERM; i=0; while :; do setsid -f env -i /bin/sleep 1000; i=$((i+1)); [ $i != 20 ] || echo $$ > pid; done";
    let id = chamber.start(AttemptSpec { grace_ms: 50, ..script(text) }).await;
    chamber.pid("pid").await;
    chamber.bench.worker.cancel(id.clone()).await;
    assert!(matches!(chamber.bench.outcome_of(&id).await, Outcome::Cancelled { .. }));
    chamber.ends_clean().await;
}

#[tokio::test]
async fn zombies_do_not_pile_up() {
    let mut chamber = Chamber::new().await;
    let text = "for i in $(seq 30); do setsid -f true; done; echo $$ > pid; until [ -e go ]; do sleep 0.01; done";
    let id = chamber.start(script(text)).await;
    let own = chamber.pid("pid").await;
    let alone = || Held::by(&chamber.bench, chamber.supervisor).children.split_whitespace().eq([own.to_string()]);
    until("only the step's own process is left", || alone().then_some(())).await;
    fs::write(chamber.bench.workspace().join("go"), "").unwrap();
    assert!(matches!(chamber.bench.outcome_of(&id).await, Outcome::Succeeded { .. }));
    chamber.ends_clean().await;
}

#[tokio::test]
async fn a_timeout_is_told_apart_from_what_ends_by_itself() {
    let mut chamber = Chamber::new().await;
    let outcome = chamber.run(AttemptSpec { timeout_ms: 300, grace_ms: 50, ..script(crate::bench::DEAF) }).await;
    assert!(matches!(&outcome, Outcome::Failed { error, .. } if error.kind == FailureKind::Timeout), "{outcome:?}");
    let outcome = chamber.run(script("kill -KILL $$")).await;
    let Outcome::Failed { error, .. } = outcome else { panic!("it failed") };
    assert_eq!((error.kind, error.signal), (FailureKind::Signal, Some(9)), "{}", error.message);
    let outcome = chamber.run(script("exit 3")).await;
    assert!(matches!(&outcome, Outcome::Failed { error, .. } if error.exit_code == Some(3)), "{outcome:?}");
    chamber.ends_clean().await;
}

/// A group of processes with little memory; none where this user may not make one.
struct LittleMemory(std::path::PathBuf);

impl LittleMemory {
    fn new() -> Option<Self> {
        let group = Path::new("/sys/fs/cgroup/memory").join(format!("loopline-test-{}", std::process::id()));
        fs::create_dir(&group).ok()?;
        let group = Self(group);
        fs::write(group.0.join("memory.limit_in_bytes"), "16777216").ok()?;
        Some(group)
    }
}

impl Drop for LittleMemory {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[tokio::test]
async fn a_lack_of_memory_is_told_from_any_other_kill() {
    let Some(group) = LittleMemory::new() else {
        eprintln!("skipped: this user may not limit the memory of processes");
        return;
    };
    let mut chamber = Chamber::new().await;
    let enter = format!("echo $$ > {}/cgroup.procs\n", group.0.display());
    let eat = "x=$(head -c 100000000 /dev/zero | tr '\\0' x)";
    for text in [format!("{enter}{eat}"), format!("{enter}({eat}; true)")] {
        let outcome = chamber.run(script(&text)).await;
        let Outcome::Failed { error, .. } = outcome else { panic!("it failed") };
        assert_eq!(error.kind, FailureKind::Oom, "{}", error.message);
        assert!(error.message.contains("memory ran out"), "{}", error.message);
    }
    chamber.ends_clean().await;
}

fn volume() -> u64 {
    std::env::var("LOOPLINE_VOLUME").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn resident_kib(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn much_output_lines_without_end_and_what_is_no_text_need_no_memory() {
    let mut chamber = Chamber::new().await;
    let before = resident_kib(chamber.supervisor);
    let times = volume();
    let (bytes, lines) = (10_000_000 * times, 100_000 * times);
    for text in [
        format!("head -c {bytes} /dev/zero | tr '\\0' x"),
        format!("head -c {bytes} /dev/urandom"),
        format!("seq {lines}; seq {lines} >&2"),
    ] {
        let spec = AttemptSpec { capture: Default::default(), ..script(&text) };
        let id = spec.id.clone();
        chamber.start(spec).await;
        let ended = chamber.long_finish().await;
        assert!(matches!(ended, Outcome::Succeeded { .. }), "{ended:?}");
        if text.starts_with("seq") {
            let page = chamber.bench.blobs.read_lines(&id, 2 * lines - 2, 10).await.unwrap();
            assert_eq!((page.lines.len(), page.complete), (2, true), "every line once");
        }
    }
    let after = resident_kib(chamber.supervisor);
    assert!(after < before + 16 * 1024, "{after} KiB, {before} KiB before");
    chamber.ends_clean().await;
}

#[tokio::test]
async fn what_is_written_is_seen_within_a_fifth_of_a_second_line_or_not() {
    let mut chamber = Chamber::new().await;
    let text = "for n in $(seq 11); do until [ -e go$n ]; do sleep 0.005; done; printf \"<$n>\"; done";
    let id = chamber.start(script(text)).await;
    let mut took = Vec::new();
    for n in 1..=11 {
        fs::write(chamber.bench.workspace().join(format!("go{n}")), "").unwrap();
        let began = std::time::Instant::now();
        chamber.bench.until_logged(&id, &format!("<{n}>")).await;
        took.push(began.elapsed());
    }
    took.sort();
    assert!(took[5].as_millis() <= 200, "{took:?}");
    assert!(matches!(chamber.bench.outcome_of(&id).await, Outcome::Succeeded { .. }));
    chamber.ends_clean().await;
}

#[tokio::test]
async fn what_is_no_text_and_what_writes_over_itself_is_kept_to_the_letter() {
    let mut chamber = Chamber::new().await;
    let text = r"printf 'a\000b\377\376\n'; printf '1%%\r50%%\r100%%\n'; printf '\033[31mred\033[0m'; printf '\r\nx\r'";
    let id = chamber.start(script(text)).await;
    assert!(matches!(chamber.bench.outcome_of(&id).await, Outcome::Succeeded { .. }));
    let raw: Vec<_> = chamber.bench.blobs.read_raw(&id).await.unwrap().bytes.try_collect().await.unwrap();
    assert_eq!(raw.concat(), b"a\0b\xff\xfe\n1%\r50%\r100%\n\x1b[31mred\x1b[0m\r\nx\r");
    let lines = ["a\0b\u{fffd}\u{fffd}", "100%", "\u{1b}[31mred\u{1b}[0m", "x"];
    assert_eq!(chamber.bench.lines(&id).await, lines);
    chamber.ends_clean().await;
}

#[tokio::test]
async fn one_line_without_end_beyond_the_limit_keeps_its_beginning_and_its_end() {
    let mut chamber = Chamber::new().await;
    let size = 10_000_000 * volume();
    let text = format!("printf begin; head -c {size} /dev/zero | tr '\\0' x; printf end");
    let limits = AttemptLimits { log: Some(1_000_000), ..AttemptLimits::default() };
    let spec = AttemptSpec { capture: Default::default(), limits, ..script(&text) };
    let id = chamber.start(spec).await;
    let ended = chamber.long_finish().await;
    assert!(matches!(ended, Outcome::Succeeded { .. }), "{ended:?}");
    let raw = chamber.bench.blobs.read_raw(&id).await.unwrap();
    let missing = raw.missing.expect("something is missing").bytes;
    let kept: Vec<_> = raw.bytes.try_collect().await.unwrap();
    let kept = kept.concat();
    assert_eq!(kept.len() as u64 + missing, size + 8, "every byte is kept or counted");
    assert!(kept.len() <= 1_000_000 && kept.starts_with(b"beginx") && kept.ends_with(b"xend"));
    chamber.ends_clean().await;
}

#[tokio::test]
async fn nothing_piles_up_over_many_small_steps() {
    let mut chamber = Chamber::new().await;
    let times = 200 * volume();
    let mut waiting = std::collections::BTreeSet::new();
    for n in 0..times {
        let spec = script(if n % 10 == 0 { "echo x=1 >> $LOOPLINE_OUTPUT" } else { "true" });
        waiting.insert(spec.id.clone());
        chamber.bench.worker.start(spec).await;
        while waiting.len() >= 8 || (n + 1 == times && !waiting.is_empty()) {
            let (id, outcome) = chamber.bench.finished().await;
            assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
            chamber.bench.worker.forget(&id).await;
            waiting.remove(&id);
        }
    }
    chamber.ends_clean().await;
}

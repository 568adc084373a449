//! Files of steps: folders and patterns that are kept, artifacts that are fetched, caches from run to run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use futures::TryStreamExt;
use loopline_core::command::{AttemptSpec, CacheWork, FetchWork, KeyPart};
use loopline_core::outcome::{ArtifactRef, FailureKind, RawResult};
use loopline_core::test_report::{TestCounts, TestReport};
use loopline_core::text::{Part, Text};
use loopline_ports::files::FileList;
use loopline_worker::ArtifactLimits;

use crate::bench::{Bench, script};

fn keeping(text: &str, artifacts: &[(&str, &str)]) -> AttemptSpec {
    let artifacts = artifacts.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect();
    AttemptSpec { artifacts, ..script(text) }
}

fn fetching(text: &str, wanted: &[(&str, &ArtifactRef)]) -> AttemptSpec {
    let fetch =
        |(name, artifact): &(&str, &ArtifactRef)| FetchWork { name: (*name).to_owned(), artifact: (*artifact).clone() };
    AttemptSpec { fetch: wanted.iter().map(fetch).collect(), ..script(text) }
}

impl Bench {
    async fn content(&self, digest: &str) -> Vec<u8> {
        let content = self.blobs.open(digest).await.unwrap().expect("it is kept");
        let pieces: Vec<bytes::Bytes> = content.try_collect().await.unwrap();
        pieces.concat()
    }

    async fn files(&self, artifact: &ArtifactRef) -> FileList {
        FileList::from_bytes(&self.content(&artifact.digest).await).unwrap()
    }

    /// An empty workspace instead of the one that is there.
    fn clear(&self) {
        let workspace = self.workspace();
        fs::remove_dir_all(&workspace).unwrap();
        fs::create_dir(&workspace).unwrap();
    }
}

const SITE: &str = "mkdir -p dist/deep; echo one > dist/a.txt; echo two > dist/deep/b.txt; printf '#!/bin/sh\\necho ran\\n' > dist/run; chmod +x dist/run; ln -s ../a.txt dist/deep/link; ";

#[tokio::test]
async fn a_folder_is_kept_as_a_list_of_its_files() {
    let mut bench = Bench::new();
    let kept = bench.succeed(keeping(SITE, &[("site", "dist"), ("texts", "dist/**/*.txt")])).await.artifacts;
    let site = &kept["site"];
    assert_eq!((site.files, site.size, site.file_name.as_str()), (Some(4), 4 + 4 + 19 + 4, "site.tar"));
    let list = bench.files(site).await;
    let shown: Vec<_> = list.files.iter().map(|file| (file.path.as_str(), file.size, file.executable)).collect();
    assert_eq!(
        shown,
        [("dist/a.txt", 4, false), ("dist/deep/b.txt", 4, false), ("dist/deep/link", 4, false), ("dist/run", 19, true)]
    );
    assert_eq!(bench.content(&list.find("dist/deep/link").unwrap().digest).await, b"one\n");
    let texts = bench.files(&kept["texts"]).await;
    let paths: Vec<_> = texts.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["dist/a.txt", "dist/deep/b.txt"]);

    bench.clear();
    let again = bench.succeed(keeping(SITE, &[("site", "dist")])).await.artifacts;
    assert_eq!(&again["site"], site, "equal files give an equal artifact");
}

#[tokio::test]
async fn what_was_kept_is_fetched_whole_and_where_it_was() {
    let mut bench = Bench::new();
    let made = format!("{SITE} mkdir bin; cp dist/run bin/tool");
    let kept = bench.succeed(keeping(&made, &[("site", "dist"), ("tool", "./bin/tool")])).await.artifacts;
    bench.clear();
    let text = "bin/tool; dist/run; cat dist/deep/link dist/deep/b.txt; test ! -x dist/a.txt; ls -A . bin";
    let result = bench.succeed(fetching(text, &[("b.site", &kept["site"]), ("b.tool", &kept["tool"])])).await;
    assert_eq!(result.stdout.unwrap(), "ran\nran\none\ntwo\n.:\nbin\ndist\n\nbin:\ntool\n");
}

#[tokio::test]
async fn what_is_in_the_way_of_a_fetched_file_is_replaced_but_never_followed() {
    let mut bench = Bench::new();
    let kept = bench.succeed(keeping("mkdir d; echo new > d/file", &[("a", "d/file")])).await.artifacts;
    let outside = bench.folder.path().join("outside");
    fs::write(&outside, "old").unwrap();
    let file = bench.workspace().join("d/file");
    fs::remove_file(&file).unwrap();
    symlink(&outside, &file).unwrap();
    bench.succeed(fetching("grep new d/file", &[("b.a", &kept["a"])])).await;
    assert_eq!(fs::read_to_string(&outside).unwrap(), "old");

    bench.clear();
    fs::create_dir(bench.folder.path().join("elsewhere")).unwrap();
    symlink("../elsewhere", bench.workspace().join("d")).unwrap();
    let (error, _) = bench.fail(fetching("echo started", &[("b.a", &kept["a"])]), FailureKind::Spawn).await;
    assert_eq!(
        error.message,
        "the artifact `b.a` cannot be fetched: `d/file` cannot be written: it would lie outside the workspace"
    );
    assert_eq!(fs::read_dir(bench.folder.path().join("elsewhere")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_cannot_be_fetched_fails_before_anything_starts() {
    let mut bench = Bench::new();
    let kept = bench.succeed(keeping("echo a > a; echo b > b", &[("a", "a"), ("b", "b")])).await.artifacts;
    let (a, b) = (&kept["a"], ArtifactRef { path: Some("a".to_owned()), ..kept["b"].clone() });
    let text = "touch started";
    let (error, _) = bench.fail(fetching(text, &[("t[0].a", a), ("t[1].a", &b)]), FailureKind::Contract).await;
    assert_eq!(
        error.message,
        "cannot fetch both `t[0].a` and `t[1].a`: each has a file `a`, and they differ; let the steps give them different names"
    );
    bench.succeed(fetching("rm a", &[("t[0].a", a), ("t[1].a", a)])).await;
    let gone = ArtifactRef { digest: format!("sha256:{}", "0".repeat(64)), ..a.clone() };
    let (error, _) = bench.fail(fetching(text, &[("b.a", &gone)]), FailureKind::Contract).await;
    assert_eq!(error.message, "the artifact `b.a` cannot be fetched: its content is not kept any more");
    let outside = ArtifactRef { path: Some("../a".to_owned()), ..a.clone() };
    bench.fail(fetching(text, &[("b.a", &outside)]), FailureKind::Contract).await;

    let digits = a.digest.strip_prefix("sha256:").unwrap();
    let place = bench.folder.path().join("blobs/artifacts").join(&digits[..2]).join(&digits[2..]);
    fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&place, "x\n").unwrap();
    let (error, _) = bench.fail(fetching(text, &[("b.a", a)]), FailureKind::Contract).await;
    assert_eq!(error.message, "the artifact `b.a` cannot be fetched: what is kept of it is damaged");
    assert_eq!(fs::read_dir(bench.workspace()).unwrap().count(), 1, "`b` is all there is");
}

#[tokio::test]
async fn limits_of_an_artifact_are_said() {
    let mut bench = Bench::with(|config| config.artifacts = ArtifactLimits { files: 3, bytes: 100 });
    let (error, _) = bench.fail(keeping(SITE, &[("site", "dist")]), FailureKind::Contract).await;
    assert_eq!(error.message, "artifact `site`: these are more than 3 files; pack them into one, for example with tar");
    bench.clear();
    let text = "mkdir d; head -c 60 /dev/zero > d/a; cp d/a d/b";
    let (error, _) = bench.fail(keeping(text, &[("d", "d")]), FailureKind::Contract).await;
    assert_eq!(error.message, "artifact `d`: it would be larger than 100 bytes, with `d/b`; keep less of it");
}

#[tokio::test]
async fn a_hostile_name_breaks_no_line() {
    let mut bench = Bench::new();
    let text = "mkdir d; ln -s /etc/passwd $'d/a\\nb\\e[31m'";
    let (error, _) = bench.fail(keeping(text, &[("d", "d")]), FailureKind::Contract).await;
    assert_eq!(error.message, "artifact `d`: `d/a\\nb\\u{1b}[31m` lies outside the workspace");
    bench.clear();
    let text = "mkdir d; echo x > $'d/a\\nb<script>'";
    let kept = bench.succeed(keeping(text, &[("d", "d")])).await.artifacts;
    bench.clear();
    bench.succeed(fetching("grep x $'d/a\\nb<script>'", &[("b.d", &kept["d"])])).await;
}

fn cached(text: &str, key: &str, restore_keys: &[&str]) -> AttemptSpec {
    let key = vec![KeyPart::Text(key.to_owned()), KeyPart::HashFiles(vec!["lock".to_owned()])];
    let restore_keys = restore_keys.iter().map(|key| vec![KeyPart::Text((*key).to_owned())]).collect();
    AttemptSpec { cache: vec![CacheWork { key, paths: vec!["target".to_owned()], restore_keys }], ..script(text) }
}

impl Bench {
    /// Runs a step in a workspace that has nothing but this lock file; gives its output and what was said.
    async fn in_new_workspace(&mut self, lock: &str, spec: AttemptSpec) -> (RawResult, Vec<String>) {
        self.clear();
        fs::write(self.workspace().join("lock"), lock).unwrap();
        let id = spec.id.clone();
        let result = self.succeed(spec).await;
        let lines = self.lines(&id).await.into_iter().filter(|line| line.starts_with("# ")).collect();
        (result, lines)
    }
}

#[tokio::test]
async fn a_cache_is_laid_for_the_next_run_and_kept_when_its_key_is_new() {
    let mut bench = Bench::new();
    let make = "mkdir -p target; cat target/* 2>/dev/null || true; echo $(cat lock) >> target/made";
    let (_, first) = bench.in_new_workspace("1", cached(make, "c-", &["c-"])).await;
    let hash = first[0].strip_prefix("# cache `c-").unwrap().strip_suffix("` is not there").unwrap().to_owned();
    assert_eq!(hash.len(), 64);
    assert_eq!(first[1], format!("# cache `c-{hash}`: kept 1 file, 2 bytes"));

    let (result, same) = bench.in_new_workspace("1", cached(make, "c-", &["c-"])).await;
    assert_eq!(result.stdout.unwrap(), "1\n");
    assert_eq!(same, [format!("# cache `c-{hash}`: laid 1 file, 2 bytes")], "and is not kept again");

    let (result, other) = bench.in_new_workspace("2", cached(make, "c-", &["c-"])).await;
    assert_eq!(result.stdout.unwrap(), "1\n");
    assert!(other[0].ends_with(&format!(" is not there; laid 1 file, 2 bytes of `c-{hash}`")), "{other:?}");
    assert!(other[1].ends_with(": kept 1 file, 4 bytes"), "{other:?}");

    let (result, none) = bench.in_new_workspace("3", cached(make, "d-", &[])).await;
    assert_eq!(result.stdout.unwrap(), "");
    assert!(none[0].ends_with("` is not there"), "{none:?}");
}

#[tokio::test]
async fn a_failed_step_keeps_no_cache_and_a_broken_cache_fails_no_step() {
    let mut bench = Bench::new();
    bench.fail(cached("mkdir target; touch target/a; exit 1", "c-", &[]), FailureKind::Exit).await;
    bench.clear();
    let (_, lines) = bench.in_new_workspace("", cached("true", "c-", &[])).await;
    assert!(lines[0].ends_with("` is not there"), "{lines:?}");
    assert!(lines[1].ends_with("` is not kept: nothing lies at its paths"), "{lines:?}");

    let make = "test ! -e target/a; mkdir -p target; echo x > target/a";
    bench.in_new_workspace("", cached(make, "c-", &[])).await;
    let mut caches = Vec::new();
    for scope in fs::read_dir(bench.folder.path().join("blobs/caches")).unwrap() {
        caches.extend(fs::read_dir(scope.unwrap().path()).unwrap().map(|cache| cache.unwrap().path()));
    }
    let mut bytes = fs::read(&caches[0]).unwrap();
    bytes[600] ^= 1;
    fs::write(&caches[0], bytes).unwrap();
    let (_, lines) = bench.in_new_workspace("", cached(make, "c-", &[])).await;
    assert!(lines[0].ends_with("` is not used: failed to read a cache: it is damaged, and was removed"), "{lines:?}");
    assert!(lines[1].contains(": kept 1 file"), "{lines:?}");

    let (_, lines) = bench.in_new_workspace("", cached("true", &"k".repeat(500), &[])).await;
    assert_eq!(lines, ["# a cache is not used: its key is 564 bytes long, and may have 512"]);
    bench.clear();
    symlink("/etc/passwd", bench.workspace().join("lock")).unwrap();
    let spec = cached("true", "c-", &[]);
    let id = spec.id.clone();
    bench.succeed(spec).await;
    assert_eq!(bench.lines(&id).await, ["# a cache is not used: `lock` lies outside the workspace"]);
}

#[tokio::test]
async fn files_are_brought_and_kept_by_a_supervisor_too() {
    let mut bench = Bench::supervised().await;
    let text = format!("{SITE} mkdir target; touch target/x");
    let spec = AttemptSpec { cache: cached("", "c-", &[]).cache, ..keeping(&text, &[("site", "dist")]) };
    let kept = bench.succeed(spec).await.artifacts;
    bench.clear();
    let spec = fetching("cat dist/a.txt; ls target", &[("b.site", &kept["site"])]);
    let result = bench.succeed(AttemptSpec { cache: cached("", "c-", &[]).cache, ..spec }).await;
    assert_eq!(result.stdout.unwrap(), "one\nx\n");
}

/// Each attempt has a secret of this value in its environment.
fn knowing_a_secret(spec: AttemptSpec) -> AttemptSpec {
    let secret = Text::Parts(vec![Part::Secret("TOKEN".to_owned())]);
    AttemptSpec { env: [("TOKEN".to_owned(), secret)].into(), ..spec }
}

fn with_secret() -> Bench {
    Bench::with(|config| config.secrets = crate::bench::only("TOKEN", "hunter22"))
}

#[tokio::test]
async fn a_summary_is_kept_masked_and_bounded_of_failures_too() {
    let mut bench = with_secret();
    let text = r##"echo "# Deployed with $TOKEN" >> "$LOOPLINE_SUMMARY"; exit 3"##;
    let (_, result) = bench.fail(knowing_a_secret(script(text)), FailureKind::Exit).await;
    let summary = result.summary.expect("it wrote one");
    assert_eq!(bench.content(&summary.digest).await, b"# Deployed with ***\n");

    let result = bench.succeed(script("echo quiet")).await;
    assert_eq!(result.summary, None);
    let result = bench.succeed(script(r#"head -c 300000 /dev/zero | tr '\0' x > "$LOOPLINE_SUMMARY""#)).await;
    let summary = bench.content(&result.summary.expect("it wrote one").digest).await;
    assert!(summary.len() < 256 * 1024 + 100, "{}", summary.len());
    assert!(summary.ends_with(b"the rest is left out.*\n"));

    let spec = script(r#"ln -sf /etc/passwd "$LOOPLINE_SUMMARY""#);
    let id = spec.id.clone();
    assert_eq!(bench.succeed(spec).await.summary, None);
    let lines = bench.lines(&id).await;
    assert!(lines[0].starts_with("# the summary is not kept: "), "{lines:?}");
}

#[tokio::test]
async fn test_results_are_told_of_failures_too_and_never_fail_a_step() {
    let mut bench = with_secret();
    let junit = |spec: AttemptSpec, paths: &[&str]| {
        let junit = paths.iter().map(|path| (*path).to_owned()).collect();
        knowing_a_secret(AttemptSpec { junit, ..spec })
    };
    let text = r#"mkdir -p out/deep; echo '<testsuite name="s"><testcase name="good"/></testsuite>' > out/a.xml
        echo "<testsuite name='s'><testcase name='bad'><failure message='not $TOKEN'/></testcase></testsuite>" > out/deep/b.xml
        echo '<testsuite' > out/c.xml; exit 1"#;
    let spec = junit(script(text), &["out/**/*.xml", "none.xml"]);
    let id = spec.id.clone();
    let (_, result) = bench.fail(spec, FailureKind::Exit).await;
    let tests = result.tests.expect("they are told");
    assert_eq!(tests.counts, TestCounts { tests: 2, failed: 1, skipped: 0 });
    let report: TestReport = serde_json::from_slice(&bench.content(&tests.digest).await).unwrap();
    assert_eq!(report.cases[0].message.as_deref(), Some("not ***"));
    assert_eq!(report.problems[0], "there is no file `none.xml` in the workspace");
    assert!(report.problems[1].starts_with("`out/c.xml` cannot be used: it is no XML"), "{:?}", report.problems);
    let lines = bench.lines(&id).await;
    assert_eq!(lines[0], "# test results: there is no file `none.xml` in the workspace");

    bench.clear();
    let result = bench.succeed(junit(script("mkdir out; ln -s /etc/passwd out/a.xml"), &["out/*.xml"])).await;
    let report: TestReport = serde_json::from_slice(&bench.content(&result.tests.unwrap().digest).await).unwrap();
    assert_eq!(report.problems, ["`out/a.xml` cannot be used: `out/a.xml` lies outside the workspace"]);
    bench.clear();
    assert_eq!(bench.succeed(junit(script("true"), &["out/*.xml"])).await.tests, None);
}

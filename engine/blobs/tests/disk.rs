//! Logs and artifacts on a real disk, cut off, followed and read in pages.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use loopline_blobs::DiskBlobs;
use loopline_core::id::{AttemptId, AttemptKey, RunId, StepId, Within};
use loopline_core::time::Timestamp;
use loopline_ports::blobs::{Blobs, LogChunk, LogStream};
use tempfile::TempDir;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

const NO_LIMIT: u64 = u64::MAX;

fn attempt(step: &str) -> AttemptId {
    let key = AttemptKey {
        epoch: 1,
        step: StepId::new(step).unwrap(),
        item: None,
        visit: 1,
        attempt: 1,
        within: Within::default(),
        undo: false,
    };
    AttemptId { run: RunId::from_parts(1, 1), key }
}

fn chunk(at: i64, stream: LogStream, bytes: &[u8]) -> LogChunk {
    LogChunk { at: Timestamp(at), stream, bytes: Bytes::copy_from_slice(bytes) }
}

fn out(bytes: &[u8]) -> LogChunk {
    chunk(0, LogStream::Stdout, bytes)
}

struct Bench {
    folder: TempDir,
    blobs: Arc<DiskBlobs>,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let blobs = Arc::new(DiskBlobs::open(folder.path()).unwrap());
        Self { folder, blobs }
    }

    fn log_file(&self, id: &AttemptId) -> PathBuf {
        self.folder.path().join("logs").join(id.run.to_string()).join(format!("{}.log", id.key))
    }

    async fn write(&self, id: &AttemptId, chunks: &[LogChunk]) {
        let mut writer = self.blobs.log_writer(id, NO_LIMIT).await.unwrap();
        for chunk in chunks {
            writer.append(chunk.clone()).await.unwrap();
        }
        writer.finish().await.unwrap();
    }

    async fn texts(&self, id: &AttemptId) -> (Vec<String>, bool) {
        let page = self.blobs.read_lines(id, 0, usize::MAX).await.unwrap();
        (page.lines.into_iter().map(|line| line.text).collect(), page.complete)
    }

    async fn raw(&self, id: &AttemptId) -> Vec<u8> {
        let pieces: Vec<Bytes> = self.blobs.read_raw(id).await.unwrap().bytes.try_collect().await.unwrap();
        pieces.concat()
    }
}

#[tokio::test]
async fn a_log_is_read_as_lines_and_as_it_came() {
    let bench = Bench::new();
    let id = attempt("a");
    let chunks = [
        chunk(1, LogStream::Stdout, b"one\ntw"),
        chunk(2, LogStream::Stderr, b"problem\r\n"),
        chunk(3, LogStream::System, b"the engine says\n"),
        chunk(4, LogStream::Stdout, b"o\n\xff"),
        chunk(5, LogStream::Stdout, b""),
    ];
    bench.write(&id, &chunks).await;
    let page = bench.blobs.read_lines(&id, 0, 100).await.unwrap();
    let lines: Vec<_> = page.lines.iter().map(|line| (line.n, line.at.0, line.stream, line.text.as_str())).collect();
    let expect = [
        (1, 1, LogStream::Stdout, "one"),
        (2, 2, LogStream::Stderr, "problem"),
        (3, 3, LogStream::System, "the engine says"),
        (4, 1, LogStream::Stdout, "two"),
        (5, 4, LogStream::Stdout, "\u{fffd}"),
    ];
    assert_eq!(lines, expect);
    assert!(page.complete);
    assert_eq!(bench.raw(&id).await, b"one\ntwproblem\r\no\n\xff", "the engine's own lines are not output");
}

#[tokio::test]
async fn a_log_that_was_never_begun_is_empty() {
    let bench = Bench::new();
    let id = attempt("a");
    assert_eq!(bench.texts(&id).await, (vec![], false));
    assert_eq!(bench.raw(&id).await, b"");
    assert_eq!(bench.blobs.logs_of(id.run).await.unwrap(), []);
}

#[tokio::test]
async fn pages_follow_one_another_without_gap() {
    let bench = Bench::new();
    let id = attempt("a");
    bench.write(&id, &[out(b"1\n2\n3\n"), out(b"4\n5\n")]).await;
    for limit in 1..=6 {
        let (mut after, mut texts) = (0, Vec::new());
        loop {
            let page = bench.blobs.read_lines(&id, after, limit).await.unwrap();
            assert!(page.lines.len() <= limit);
            assert!(page.lines.iter().zip(after + 1..).all(|(line, n)| line.n == n));
            after += page.lines.len() as u64;
            texts.extend(page.lines.into_iter().map(|line| line.text));
            if page.complete {
                break;
            }
            let grown = timeout(PATIENCE, bench.blobs.wait_growth(&id, page.seen)).await;
            assert!(grown.is_ok(), "there is more to read, so nobody is kept waiting");
        }
        assert_eq!(texts, ["1", "2", "3", "4", "5"], "pages of {limit}");
    }
    let beyond = bench.blobs.read_lines(&id, 99, 10).await.unwrap();
    assert!(beyond.lines.is_empty() && beyond.complete);
}

#[tokio::test]
async fn a_log_cut_off_anywhere_is_read_and_continued_from_its_last_whole_piece() {
    let bench = Bench::new();
    let id = attempt("a");
    bench.write(&id, &[out(b"one\n"), out(b"two\n"), out(b"three\n")]).await;
    let whole = fs::read(bench.log_file(&id)).unwrap();
    for cut in 0..whole.len() {
        let bench = Bench::new();
        fs::create_dir_all(bench.log_file(&id).parent().unwrap()).unwrap();
        fs::write(bench.log_file(&id), &whole[..cut]).unwrap();
        let (before, complete) = bench.texts(&id).await;
        assert!(
            ["one", "two", "three"].starts_with(&before.iter().map(String::as_str).collect::<Vec<_>>()),
            "{before:?}"
        );
        assert!(!complete, "cut at {cut}");
        bench.write(&id, &[out(b"four\n")]).await;
        let (after, complete) = bench.texts(&id).await;
        assert_eq!(after, [before, vec!["four".to_owned()]].concat(), "cut at {cut}");
        assert!(complete);
    }
}

#[tokio::test]
async fn a_finished_log_can_be_continued() {
    let bench = Bench::new();
    let id = attempt("a");
    bench.write(&id, &[out(b"no line end")]).await;
    let mut writer = bench.blobs.log_writer(&id, NO_LIMIT).await.unwrap();
    writer.append(out(b"more\n")).await.unwrap();
    assert_eq!(bench.texts(&id).await, (vec!["no line end".to_owned(), "more".to_owned()], false));
    writer.finish().await.unwrap();
    assert!(bench.texts(&id).await.1);
}

#[tokio::test]
async fn what_was_appended_is_seen_at_once_and_by_another_process() {
    let bench = Bench::new();
    let id = attempt("a");
    let mut writer = bench.blobs.log_writer(&id, NO_LIMIT).await.unwrap();
    writer.append(out(b"one\nunfinished")).await.unwrap();
    for blobs in [bench.blobs.clone(), Arc::new(DiskBlobs::open(bench.folder.path()).unwrap())] {
        let page = blobs.read_lines(&id, 0, 10).await.unwrap();
        assert_eq!(page.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["one"]);
        assert!(!page.complete);
        let raw: Vec<Bytes> = blobs.read_raw(&id).await.unwrap().bytes.try_collect().await.unwrap();
        assert_eq!(raw.concat(), b"one\nunfinished");
    }
}

#[tokio::test]
async fn followers_see_every_line_once_and_the_end() {
    let bench = Bench::new();
    let id = attempt("a");
    let follow = |blobs: Arc<DiskBlobs>, id: AttemptId| async move {
        let (mut after, mut texts) = (0, Vec::new());
        loop {
            let page = blobs.read_lines(&id, after, 7).await.unwrap();
            after += page.lines.len() as u64;
            texts.extend(page.lines.into_iter().map(|line| line.text));
            if page.complete {
                return texts;
            }
            blobs.wait_growth(&id, page.seen).await.unwrap();
        }
    };
    // One begins before there is anything, the other in the middle.
    let early = tokio::spawn(follow(bench.blobs.clone(), id.clone()));
    let mut writer = bench.blobs.log_writer(&id, NO_LIMIT).await.unwrap();
    let mut late = None;
    for n in 0..500 {
        writer.append(out(format!("{n}").as_bytes())).await.unwrap();
        writer.append(out(b"\n")).await.unwrap();
        if n == 250 {
            late = Some(tokio::spawn(follow(bench.blobs.clone(), id.clone())));
        }
    }
    writer.finish().await.unwrap();
    let expect: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    for follower in [early, late.unwrap()] {
        assert_eq!(timeout(PATIENCE, follower).await.unwrap().unwrap(), expect);
    }
}

#[tokio::test]
async fn who_waits_for_a_complete_log_is_not_kept_waiting() {
    let bench = Bench::new();
    let id = attempt("a");
    bench.write(&id, &[out(b"x\n")]).await;
    let size = fs::metadata(bench.log_file(&id)).unwrap().len();
    for blobs in [bench.blobs.clone(), Arc::new(DiskBlobs::open(bench.folder.path()).unwrap())] {
        assert_eq!(timeout(PATIENCE, blobs.wait_growth(&id, size + 1)).await.unwrap().unwrap(), size);
    }
}

#[tokio::test]
async fn output_that_looks_like_the_end_of_a_log_is_output() {
    let bench = Bench::new();
    let (id, forged) = (attempt("a"), attempt("b"));
    bench.write(&id, &[]).await;
    let end = fs::read(bench.log_file(&id)).unwrap().split_off(8);
    let mut writer = bench.blobs.log_writer(&forged, NO_LIMIT).await.unwrap();
    writer.append(out(&end)).await.unwrap();
    drop(writer);
    assert!(!bench.texts(&forged).await.1);
    assert_eq!(bench.raw(&forged).await, end);
}

#[tokio::test]
async fn a_log_has_one_writer_at_a_time() {
    let bench = Bench::new();
    let id = attempt("a");
    let first = bench.blobs.log_writer(&id, NO_LIMIT).await.unwrap();
    let second = bench.blobs.log_writer(&id, NO_LIMIT).await.map(|_| ()).unwrap_err();
    assert_eq!(second.to_string(), format!("failed to open the log of {id}: it is being written already"));
    drop(first);
    bench.blobs.log_writer(&id, NO_LIMIT).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_log_is_refused_and_left_alone() {
    let bench = Bench::new();
    let id = attempt("a");
    fs::create_dir_all(bench.log_file(&id).parent().unwrap()).unwrap();
    fs::write(bench.log_file(&id), "something else altogether").unwrap();
    assert!(bench.blobs.log_writer(&id, NO_LIMIT).await.is_err());
    assert!(bench.blobs.read_lines(&id, 0, 1).await.is_err());
    assert_eq!(fs::read_to_string(bench.log_file(&id)).unwrap(), "something else altogether");
}

#[tokio::test]
async fn the_logs_of_a_run_are_listed_in_the_order_of_their_keys() {
    let bench = Bench::new();
    let mut keys = Vec::new();
    for (epoch, step, item, visit) in
        [(1, "a", None, 2), (1, "a", None, 10), (1, "a", Some(3), 1), (2, "a", None, 1), (1, "b", None, 1)]
    {
        let mut id = attempt(step);
        (id.key.epoch, id.key.item, id.key.visit) = (epoch, item, visit);
        bench.write(&id, &[]).await;
        keys.push(id.key);
    }
    let mut other = attempt("a");
    other.run = RunId::from_parts(2, 2);
    bench.write(&other, &[]).await;
    fs::write(bench.log_file(&other).with_file_name("stray"), "").unwrap();
    keys.sort();
    assert_eq!(bench.blobs.logs_of(attempt("a").run).await.unwrap(), keys);
    assert_eq!(bench.blobs.logs_of(other.run).await.unwrap(), [other.key]);
}

#[tokio::test]
async fn any_line_of_a_million_is_found() {
    let bench = Bench::new();
    let id = attempt("a");
    let mut writer = bench.blobs.log_writer(&id, NO_LIMIT).await.unwrap();
    for thousand in 0..1_000 {
        let lines: String = (1..=1_000).map(|n| format!("line {}\n", thousand * 1_000 + n)).collect();
        writer.append(out(lines.as_bytes())).await.unwrap();
    }
    writer.finish().await.unwrap();
    for after in [0, 999_990, 500_000, 123_456, 999_999] {
        let page = bench.blobs.read_lines(&id, after, 3).await.unwrap();
        assert_eq!(page.lines[0].text, format!("line {}", after + 1));
        assert_eq!(page.complete, after + 3 >= 1_000_000);
    }
}

#[tokio::test]
async fn content_is_kept_once_and_found_by_its_digest() {
    let bench = Bench::new();
    let file = bench.folder.path().join("some file.bin");
    let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(&file, &content).unwrap();
    let kept = bench.blobs.keep_file(&file).await.unwrap();
    assert_eq!((kept.size, kept.file_name.as_str()), (1_200_000, "some file.bin"));
    assert_eq!(bench.blobs.keep_file(&file).await.unwrap(), kept);
    fs::write(&file, "changed").unwrap();
    let pieces: Vec<Bytes> = bench.blobs.open(&kept.digest).await.unwrap().unwrap().try_collect().await.unwrap();
    assert!(pieces.concat() == content, "the content of then");
    assert!(pieces.len() > 1, "read in pieces");
    let files = files_below(&bench.folder.path().join("artifacts"));
    let digits = kept.digest.strip_prefix("sha256:").unwrap();
    assert_eq!(files, [format!("{}/{}", &digits[..2], &digits[2..])], "one file, and nothing unfinished");
}

fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for sub in fs::read_dir(folder).unwrap() {
        let sub = sub.unwrap();
        for file in fs::read_dir(sub.path()).unwrap() {
            let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
            files.push(format!("{}/{}", name(&sub), name(&file.unwrap())));
        }
    }
    files
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_kept_is_an_error_and_never_a_mixture() {
    use std::io::{Seek, SeekFrom, Write};
    use std::sync::atomic::{AtomicBool, Ordering};
    let bench = Bench::new();
    let path = bench.folder.path().join("changing");
    fs::write(&path, vec![0; 4 << 20]).unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (path, ended) = (path.clone(), ended.clone());
        move || {
            let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
            for at in (0..4 << 20).cycle().step_by(4096) {
                file.seek(SeekFrom::Start(at)).unwrap();
                file.write_all(b"x").unwrap();
                if ended.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    });
    let error = bench.blobs.keep_file(&path).await.unwrap_err();
    ended.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(error.to_string().ends_with(": the file changed while it was being kept"), "{error}");
    assert_eq!(files_below(&bench.folder.path().join("artifacts")), Vec::<String>::new());
    bench.blobs.keep_file(&path).await.expect("it changes no more");
}

#[tokio::test]
async fn content_of_another_size_under_a_digest_is_replaced() {
    let bench = Bench::new();
    let file = bench.folder.path().join("file");
    fs::write(&file, "abc").unwrap();
    let kept = bench.blobs.keep_file(&file).await.unwrap();
    let digits = kept.digest.strip_prefix("sha256:").unwrap();
    let place = bench.folder.path().join("artifacts").join(&digits[..2]).join(&digits[2..]);
    fs::write(&place, "").unwrap();
    bench.blobs.keep_file(&file).await.unwrap();
    assert_eq!(fs::read_to_string(place).unwrap(), "abc");
}

#[tokio::test]
async fn what_is_not_kept_is_not_found() {
    let bench = Bench::new();
    fs::write(bench.folder.path().join("secret"), "x").unwrap();
    for digest in ["", "../../secret", "sha256:../../secret", &format!("sha256:{}", "0".repeat(64))] {
        assert!(bench.blobs.open(digest).await.unwrap().is_none(), "{digest}");
    }
    let none = bench.blobs.keep_file(Path::new("/no/such/file")).await.unwrap_err();
    assert!(none.to_string().starts_with("failed to keep /no/such/file: "), "{none}");
    assert!(bench.blobs.keep_file(bench.folder.path()).await.is_err(), "a folder");
}

#[tokio::test]
async fn everything_is_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let id = attempt("a");
    bench.write(&id, &[out(b"x")]).await;
    let file = bench.folder.path().join("file");
    fs::write(&file, "abc").unwrap();
    bench.blobs.keep_file(&file).await.unwrap();
    let mut folders = vec![bench.folder.path().join("logs"), bench.folder.path().join("artifacts")];
    let mut seen = 0;
    while let Some(path) = folders.pop() {
        let data = fs::metadata(&path).unwrap();
        assert_eq!(data.permissions().mode() & 0o077, 0, "{}", path.display());
        seen += 1;
        if data.is_dir() {
            folders.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(seen >= 7, "{seen}");
}

impl Bench {
    fn packs(&self, id: &AttemptId) -> Vec<String> {
        let folder = self.folder.path().join("logs").join(id.run.to_string());
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    async fn write_small(&self, id: &AttemptId, chunks: &[LogChunk]) {
        let mut writer = self.blobs.new_log(id, NO_LIMIT).await.unwrap();
        for chunk in chunks {
            writer.append(chunk.clone()).await.unwrap();
        }
        writer.finish().await.unwrap();
    }
}

#[tokio::test]
async fn small_logs_share_a_file_and_read_like_others() {
    let bench = Bench::new();
    let (a, b) = (attempt("a"), attempt("b"));
    let chunks = [chunk(1, LogStream::Stdout, b"one\ntw"), chunk(2, LogStream::Stderr, b"x\n"), out(b"o")];
    bench.write_small(&a, &chunks).await;
    bench.write_small(&b, &[]).await;
    assert_eq!(bench.packs(&a), ["packed.0"]);
    assert_eq!(bench.texts(&a).await, (vec!["one".to_owned(), "x".to_owned(), "two".to_owned()], true));
    assert_eq!(bench.texts(&b).await, (vec![], true));
    assert_eq!(bench.raw(&a).await, b"one\ntwx\no");
    assert_eq!(bench.blobs.logs_of(a.run).await.unwrap(), [a.key.clone(), b.key.clone()]);
    // The same to the letter as a file of its own.
    let other = Bench::new();
    other.write(&a, &chunks).await;
    let pages = [bench.blobs.read_lines(&a, 0, 10).await.unwrap(), other.blobs.read_lines(&a, 0, 10).await.unwrap()];
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn a_log_that_grows_moves_to_a_file_and_its_followers_notice_nothing() {
    let bench = Bench::new();
    let id = attempt("a");
    let elsewhere = DiskBlobs::open(bench.folder.path()).unwrap();
    let mut writer = bench.blobs.new_log(&id, NO_LIMIT).await.unwrap();
    let (mut seen, mut expect) = (0, Vec::new());
    for n in 0..40 {
        let line = format!("{n} {}\n", "x".repeat(997));
        writer.append(out(line.as_bytes())).await.unwrap();
        expect.push(line.trim_end().to_owned());
        for blobs in [&*bench.blobs, &elsewhere] {
            let grown = timeout(PATIENCE, blobs.wait_growth(&id, seen)).await.unwrap().unwrap();
            assert!(grown > seen, "line {n}");
            let page = blobs.read_lines(&id, n, 10).await.unwrap();
            assert_eq!((page.lines.len(), &page.lines[0].text), (1, &expect[usize::try_from(n).unwrap()]));
        }
        seen = elsewhere.read_lines(&id, 0, 100).await.unwrap().seen;
    }
    writer.finish().await.unwrap();
    assert_eq!(bench.packs(&id), [format!("{}.log", id.key), "packed.0".to_owned()]);
    assert_eq!(bench.texts(&id).await, (expect, true));
    assert_eq!(bench.blobs.logs_of(id.run).await.unwrap(), [id.key]);
}

#[tokio::test]
async fn a_small_log_is_gone_on_with_by_another_process() {
    let bench = Bench::new();
    let id = attempt("a");
    {
        let killed = DiskBlobs::open(bench.folder.path()).unwrap();
        let mut writer = killed.new_log(&id, NO_LIMIT).await.unwrap();
        writer.append(out(b"before\n")).await.unwrap();
        writer.append(chunk(0, LogStream::Stderr, b"more")).await.unwrap();
    }
    let mut writer = bench.blobs.log_writer(&id, NO_LIMIT).await.unwrap();
    assert_eq!((writer.found().stdout, writer.found().stderr), (7, 4));
    writer.append(chunk(0, LogStream::System, b"restarted\n")).await.unwrap();
    writer.finish().await.unwrap();
    let texts = ["before", "restarted", "more"].map(str::to_owned).to_vec();
    assert_eq!(bench.texts(&id).await, (texts, true));
}

#[tokio::test]
async fn a_small_log_has_one_writer_at_a_time_too() {
    let bench = Bench::new();
    let id = attempt("a");
    let first = bench.blobs.new_log(&id, NO_LIMIT).await.unwrap();
    assert!(bench.blobs.log_writer(&id, NO_LIMIT).await.is_err());
    drop(first);
    assert!(bench.blobs.log_writer(&id, NO_LIMIT).await.is_ok());
}

/// Writes lines of ten bytes under a limit, in pieces of this many lines; gives what is left of their numbers, and the gap.
async fn limited(limit: u64, lines: u64, piece: u64) -> (Vec<u64>, Option<loopline_ports::blobs::Missing>) {
    let bench = Bench::new();
    let id = attempt("a");
    let mut writer = bench.blobs.new_log(&id, limit).await.unwrap();
    for begin in (1..=lines).step_by(usize::try_from(piece).unwrap()) {
        let text: String = (begin..=lines.min(begin + piece - 1)).map(|n| format!("{n:09}\n")).collect();
        writer.append(out(text.as_bytes())).await.unwrap();
    }
    writer.finish().await.unwrap();
    let raw = bench.blobs.read_raw(&id).await.unwrap();
    let missing = raw.missing;
    let bytes: Vec<Bytes> = raw.bytes.try_collect().await.unwrap();
    let bytes = bytes.concat();
    assert!(bytes.len() as u64 <= limit, "{} bytes, {limit} allowed", bytes.len());
    let kept: Vec<u64> = String::from_utf8(bytes).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    // Lines have the numbers that they would have without a limit; one stands for those that are missing.
    let mut after = 0;
    let mut read = Vec::new();
    loop {
        let page = bench.blobs.read_lines(&id, after, 7).await.unwrap();
        for line in &page.lines {
            match line.missing {
                Some(gap) => {
                    assert_eq!((Some(gap), line.n), (missing, read.last().unwrap() + 1));
                    assert!(line.text.contains("missing here, because the log is limited"), "{}", line.text);
                }
                None => {
                    assert_eq!(line.n, line.text.parse::<u64>().unwrap());
                    read.push(line.n);
                }
            }
        }
        after = page.lines.last().map_or(after, |line| line.n);
        if page.complete {
            break;
        }
    }
    assert_eq!(read, kept);
    (kept, missing)
}

#[tokio::test]
async fn of_a_log_beyond_its_limit_the_beginning_and_the_end_are_kept_and_the_rest_is_counted() {
    for (limit, lines, piece) in [(1000, 101, 1), (1000, 5000, 1), (10_000, 5000, 7), (100_000, 50_000, 1000)] {
        let (kept, missing) = limited(limit, lines, piece).await;
        let missing = missing.unwrap();
        assert_eq!(missing.lines + kept.len() as u64, lines, "every line is kept or counted");
        assert_eq!(missing.bytes, 10 * missing.lines);
        assert_eq!((kept[0], *kept.last().unwrap()), (1, lines));
        let gaps = kept.windows(2).filter(|two| two[1] != two[0] + 1).count();
        assert_eq!(gaps, 1, "one gap: {limit} {lines} {piece}");
        assert!(kept.len() as u64 * 10 >= limit / 2, "{} lines of {limit} bytes", kept.len());
    }
    let (kept, missing) = limited(1000, 100, 3).await;
    assert_eq!((kept.len(), missing), (100, None), "what just fits is whole");
}

#[tokio::test]
async fn a_follower_of_a_limited_log_sees_its_end_live() {
    let bench = Bench::new();
    let id = attempt("a");
    let elsewhere = DiskBlobs::open(bench.folder.path()).unwrap();
    let mut writer = bench.blobs.new_log(&id, 4000).await.unwrap();
    let (mut after, mut seen) = (0, 0);
    for n in 1..=3000_u64 {
        writer.append(out(format!("{n:09}\n").as_bytes())).await.unwrap();
        if n % 97 == 0 {
            seen = timeout(PATIENCE, elsewhere.wait_growth(&id, seen)).await.unwrap().unwrap();
            let page = elsewhere.read_lines(&id, after, 10_000).await.unwrap();
            let last = page.lines.last().unwrap();
            assert_eq!((last.n, last.text.parse::<u64>().unwrap()), (n, n));
            after = last.n;
        }
    }
}

#[tokio::test]
async fn a_limited_log_is_gone_on_with_where_it_stands() {
    let bench = Bench::new();
    let id = attempt("a");
    let line = |n: u64| out(format!("{n:09}\n").as_bytes());
    for (turn, begin) in [(1, 1), (2, 501)] {
        let mut writer = bench.blobs.log_writer(&id, 1000).await.unwrap();
        assert_eq!(writer.found().stdout, 10 * (begin - 1), "turn {turn}");
        for n in begin..begin + 500 {
            writer.append(line(n)).await.unwrap();
        }
        writer.finish().await.unwrap();
    }
    let raw = bench.blobs.read_raw(&id).await.unwrap();
    let missing = raw.missing.unwrap();
    let kept: Vec<Bytes> = raw.bytes.try_collect().await.unwrap();
    assert_eq!(missing.bytes + kept.concat().len() as u64, 10_000);
}

#[tokio::test]
async fn a_text_is_found_in_pages_and_counted() {
    let bench = Bench::new();
    let id = attempt("a");
    let text: String = (1..=1000).map(|n| format!("{} {n}\n", if n % 10 == 0 { "An ERROR" } else { "fine" })).collect();
    bench.write_small(&id, &[out(text.as_bytes())]).await;
    let first = bench.blobs.search_lines(&id, "error", 0, 60).await.unwrap();
    assert_eq!((first.total, first.lines.len(), first.complete), (100, 60, false));
    let second = bench.blobs.search_lines(&id, "error", first.lines[59].n, 60).await.unwrap();
    let found: Vec<u64> = first.lines.iter().chain(&second.lines).map(|line| line.n).collect();
    assert!(second.complete);
    assert_eq!(found, (1..=100).map(|n| 10 * n).collect::<Vec<u64>>());
    assert_eq!(bench.blobs.search_lines(&id, "nowhere", 0, 60).await.unwrap().total, 0);
}

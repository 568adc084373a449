//! Caches on a real disk: by key and by its beginning, the first of several, the damaged and the least used.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use loopline_blobs::DiskBlobs;
use loopline_ports::caches::{CacheKept, CacheScope, Caches, Trust};
use tempfile::TempDir;

struct Bench {
    folder: TempDir,
    blobs: Arc<DiskBlobs>,
}

fn scope(project: &str, trust: Trust, path: &str) -> CacheScope {
    CacheScope { project: project.to_owned(), trust, paths: vec![path.to_owned()] }
}

fn own() -> CacheScope {
    scope("default", Trust::Own, "target")
}

impl Bench {
    fn new(limit: u64) -> Self {
        let folder = TempDir::new().unwrap();
        let blobs = DiskBlobs::open(folder.path()).unwrap().with_caches(folder.path().join("caches"), Some(limit));
        Self { folder, blobs: Arc::new(blobs) }
    }

    async fn keep(&self, scope: &CacheScope, key: &str, content: &str) -> CacheKept {
        let content = content.to_owned();
        self.blobs.keep_cache(scope, key, Box::new(move |to| to.write_all(content.as_bytes()))).await.unwrap()
    }

    async fn found(&self, scope: &CacheScope, key: &str, beginnings: &[&str]) -> Option<String> {
        let beginnings: Vec<String> = beginnings.iter().map(|each| (*each).to_owned()).collect();
        self.blobs.find_cache(scope, key, &beginnings).await.unwrap().map(|found| found.key)
    }

    async fn content(&self, scope: &CacheScope, key: &str) -> Option<String> {
        let content = self.blobs.open_cache(scope, key).await.unwrap()?;
        let mut text = String::new();
        content.file.take(content.size).read_to_string(&mut text).unwrap();
        Some(text)
    }

    fn files(&self) -> Vec<PathBuf> {
        let caches = self.folder.path().join("caches");
        let folders = caches.exists().then(|| fs::read_dir(caches).unwrap());
        folders
            .into_iter()
            .flatten()
            .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
            .map(|file| file.unwrap().path())
            .collect()
    }
}

#[tokio::test]
async fn a_cache_is_found_by_its_key_and_never_changes() {
    let bench = Bench::new(1 << 20);
    assert_eq!(bench.found(&own(), "cargo-1", &[]).await, None);
    assert_eq!(bench.keep(&own(), "cargo-1", "first").await, CacheKept::New(5));
    assert_eq!(bench.keep(&own(), "cargo-1", "second").await, CacheKept::There);
    assert_eq!(bench.found(&own(), "cargo-1", &[]).await.as_deref(), Some("cargo-1"));
    assert_eq!(bench.content(&own(), "cargo-1").await.as_deref(), Some("first"));
    assert_eq!(bench.files().len(), 1, "nothing unfinished stays");
}

#[tokio::test]
async fn beginnings_are_tried_in_their_order_and_the_newest_serves() {
    let bench = Bench::new(1 << 20);
    for key in ["cargo-linux-1", "cargo-linux-2", "cargo-mac-1", "npm-1"] {
        bench.keep(&own(), key, key).await;
    }
    let found = async |beginnings: &[&str]| bench.found(&own(), "cargo-linux-3", beginnings).await;
    assert_eq!(found(&[]).await, None);
    assert_eq!(found(&["cargo-linux-"]).await.as_deref(), Some("cargo-linux-2"));
    assert_eq!(found(&["cargo-windows-", "cargo-"]).await.as_deref(), Some("cargo-mac-1"));
    assert_eq!(found(&["npm-", "cargo-"]).await.as_deref(), Some("npm-1"));
    assert_eq!(found(&["x"]).await, None);
    let exact = bench.found(&own(), "cargo-linux-1", &["cargo-"]).await;
    assert_eq!(exact.as_deref(), Some("cargo-linux-1"), "the key itself goes before newer ones");
}

#[tokio::test]
async fn scopes_have_nothing_to_do_with_each_other() {
    let bench = Bench::new(1 << 20);
    bench.keep(&own(), "key", "mine").await;
    let others = [
        scope("other", Trust::Own, "target"),
        scope("default", Trust::Foreign, "target"),
        scope("default", Trust::Own, "node_modules"),
    ];
    for other in &others {
        assert_eq!(bench.found(other, "key", &["k"]).await, None, "{other:?}");
        assert_eq!(bench.keep(other, "key", "theirs").await, CacheKept::New(6), "{other:?}");
    }
    assert_eq!(bench.content(&own(), "key").await.as_deref(), Some("mine"));
}

#[tokio::test]
async fn of_many_that_keep_one_key_the_first_wins_whole() {
    let bench = Bench::new(1 << 30);
    let keep = |letter: char| {
        let blobs = bench.blobs.clone();
        let write = move |to: &mut dyn io::Write| {
            (0..200).try_for_each(|_| to.write_all(letter.to_string().repeat(1000).as_bytes()))
        };
        tokio::spawn(async move { blobs.keep_cache(&own(), "key", Box::new(write)).await.unwrap() })
    };
    let tasks: Vec<_> = ('a'..='h').map(keep).collect();
    let mut kept = 0;
    for task in tasks {
        kept += usize::from(task.await.unwrap() == CacheKept::New(200_000));
    }
    assert_eq!(kept, 1, "one was first");
    let content = bench.content(&own(), "key").await.unwrap();
    assert_eq!(content.len(), 200_000);
    assert!(content.bytes().all(|byte| byte == content.as_bytes()[0]), "no mixture");
    assert_eq!(bench.files().len(), 1);
}

#[tokio::test]
async fn what_could_not_be_written_is_not_kept() {
    let bench = Bench::new(1 << 20);
    let broken = |to: &mut dyn io::Write| {
        to.write_all(b"half")?;
        Err(io::Error::other("the disk is full"))
    };
    let error = bench.blobs.keep_cache(&own(), "key", Box::new(broken)).await.unwrap_err();
    assert_eq!(error.to_string(), "failed to keep a cache: the disk is full");
    assert_eq!(bench.found(&own(), "key", &[""]).await, None);
    assert_eq!(bench.files(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_damaged_cache_is_never_given_and_makes_way() {
    let bench = Bench::new(1 << 20);
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
    let flip = |bytes: &mut Vec<u8>| bytes[2] ^= 1;
    let empty = |bytes: &mut Vec<u8>| bytes.clear();
    type Damage<'a> = (&'a str, &'a dyn Fn(&mut Vec<u8>));
    let damages: [Damage<'_>; 3] = [("cut", &cut), ("flip", &flip), ("empty", &empty)];
    for (key, damage) in damages {
        // Not the file with the latest time: what is used has the exact time, what is written that of the last tick.
        let before = bench.files();
        bench.keep(&own(), key, "content").await;
        let file = bench.files().into_iter().find(|file| !before.contains(file)).unwrap();
        let mut bytes = fs::read(&file).unwrap();
        damage(&mut bytes);
        fs::write(&file, bytes).unwrap();
        let error = bench.blobs.open_cache(&own(), key).await.unwrap_err();
        assert_eq!(error.to_string(), "failed to read a cache: it is damaged, and was removed");
        assert_eq!(bench.content(&own(), key).await, None, "{key}");
        assert_eq!(bench.keep(&own(), key, "again").await, CacheKept::New(5), "{key}");
        assert_eq!(bench.content(&own(), key).await.as_deref(), Some("again"));
    }
}

#[tokio::test]
async fn what_was_not_used_for_longest_makes_room() {
    let bench = Bench::new(3000);
    let content = "x".repeat(1000);
    let ago = |seconds| std::time::SystemTime::now() - std::time::Duration::from_secs(seconds);
    for (key, age) in [("a", 300), ("b", 200)] {
        bench.keep(&own(), key, &content).await;
        let newest = bench.files().into_iter().max_by_key(|file| fs::metadata(file).unwrap().modified().unwrap());
        fs::File::options().write(true).open(newest.unwrap()).unwrap().set_modified(ago(age)).unwrap();
    }
    assert!(bench.content(&own(), "a").await.is_some(), "now `b` is the one that was not used for longest");
    assert_eq!(bench.keep(&own(), "c", &content).await, CacheKept::New(1000));
    assert_eq!(bench.found(&own(), "b", &[]).await, None);
    assert!(bench.content(&own(), "a").await.is_some() && bench.content(&own(), "c").await.is_some());
    assert_eq!(bench.keep(&own(), "d", &"x".repeat(4000)).await, CacheKept::TooLarge { limit: 3000 });
    assert!(bench.content(&own(), "a").await.is_some(), "nothing had to go for what cannot be kept");
}

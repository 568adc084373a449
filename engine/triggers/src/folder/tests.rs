//! Real files, in a folder of their own for each test.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

mod library;

use super::Folder;
use crate::pipelines::{PipelineFile, Pipelines};
use crate::saving::{Precondition, SaveError};

fn text(name: &str, script: &str) -> String {
    format!("version: 1\nname: {name}\nsteps:\n  a:\n    run: {script}\n")
}

const BROKEN: &str = "version: 1\nname: p\nsteps:\n  a:\n    ran: 'true'\n    run: 'true'\n";

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("has a parent")).expect("makes folders");
        fs::write(path, text).expect("writes");
    }

    async fn open(&self) -> Folder {
        Folder::open(self.folder.path()).await.expect("opens")
    }
}

/// Waits until the folder shows what is expected; fails when it has not after ten seconds.
async fn until(folder: &Folder, expected: impl Fn(&Pipelines) -> bool) -> Arc<Pipelines> {
    let mut changes = folder.changes();
    let wait = changes.wait_for(|pipelines| expected(pipelines));
    let found = tokio::time::timeout(Duration::from_secs(10), wait).await.expect("is seen").expect("goes on");
    Arc::clone(&found)
}

fn names(pipelines: &Pipelines) -> Vec<&str> {
    pipelines.iter().map(|file| file.name.as_str()).collect()
}

fn codes(file: &PipelineFile) -> Vec<&str> {
    file.compiled.diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

fn script_of(file: &PipelineFile) -> &str {
    file.runnable.as_ref().expect("can be run").yaml.lines().last().expect("has lines").trim()
}

#[tokio::test]
async fn pipelines_are_found_by_file_name_or_by_content() {
    let place = Place::new();
    place.write("a.loopline.yaml", &text("a", "x"));
    place.write("deep/er/b.yaml", &text("b", "x"));
    place.write("c.yml", &text("c", "x"));
    place.write("docker-compose.yaml", "services: {}\n");
    place.write("d.loopline.test.yaml", &text("d", "x"));
    place.write(".git/e.yaml", &text("e", "x"));
    place.write("node_modules/f/f.loopline.yaml", &text("f", "x"));
    place.write("g.txt", &text("g", "x"));
    let folder = place.open().await;
    let pipelines = folder.pipelines();
    assert_eq!(names(&pipelines), ["a", "b", "c"]);
    let b = pipelines.get("b").expect("is there");
    assert_eq!(b.path, Path::new("deep/er/b.yaml"));
    let runnable = b.runnable.as_ref().expect("can be run");
    assert_eq!(runnable.text_digest, format!("sha256:{}", b.etag));
    assert_eq!(Some(&runnable.digest), b.compiled.graph.as_ref().map(|graph| graph.digest()).as_ref());
}

#[tokio::test]
async fn changes_made_outside_are_seen() {
    let place = Place::new();
    place.write("a.loopline.yaml", &text("a", "one"));
    let folder = place.open().await;
    place.write("a.loopline.yaml", &text("a", "two"));
    until(&folder, |now| now.get("a").is_some_and(|a| script_of(a) == "run: two")).await;
    place.write("new/folder/b.loopline.yaml", &text("b", "x"));
    until(&folder, |now| names(now) == ["a", "b"]).await;
    place.write("new/folder/c.loopline.yaml", &text("c", "x"));
    until(&folder, |now| names(now) == ["a", "b", "c"]).await;
    fs::remove_file(place.path("a.loopline.yaml")).expect("removes");
    fs::rename(place.path("new/folder"), place.path("other")).expect("renames");
    let now = until(&folder, |now| names(now) == ["b", "c"] && now.files().all(|f| f.path.starts_with("other"))).await;
    assert_eq!(now.files().count(), 2);
}

#[tokio::test]
async fn a_broken_file_shows_its_findings_and_its_last_good_version_still_runs() {
    let place = Place::new();
    place.write("p.loopline.yaml", &text("p", "good"));
    let folder = place.open().await;
    place.write("p.loopline.yaml", BROKEN);
    let now = until(&folder, |now| now.get("p").is_some_and(|p| p.yaml == BROKEN)).await;
    let p = now.get("p").expect("is there");
    assert_eq!(codes(p), ["LL0020"]);
    assert_eq!(script_of(p), "run: good");
    place.write("p.loopline.yaml", "name: [");
    let now = until(&folder, |now| now.get("p").is_some_and(|p| p.yaml == "name: [")).await;
    assert_eq!(script_of(now.get("p").expect("keeps its name")), "run: good");
    place.write("p.loopline.yaml", &text("p", "better"));
    until(&folder, |now| now.get("p").is_some_and(|p| codes(p).is_empty() && script_of(p) == "run: better")).await;
}

#[tokio::test]
async fn a_file_that_was_never_good_has_a_name_and_cannot_be_run() {
    let place = Place::new();
    place.write("one.loopline.yaml", BROKEN);
    place.write("two.loopline.yaml", "steps: [");
    fs::write(place.path("three.loopline.yaml"), b"name: \xff").expect("writes");
    let folder = place.open().await;
    let pipelines = folder.pipelines();
    assert_eq!(names(&pipelines), ["p", "three", "two"]);
    assert!(pipelines.iter().all(|file| file.runnable.is_none() && !codes(file).is_empty()));
    assert_eq!(codes(pipelines.get("three").expect("is there")), ["LL0111"]);
}

#[tokio::test]
async fn two_files_with_one_name_say_so_and_the_version_before_runs() {
    let place = Place::new();
    place.write("b.loopline.yaml", &text("p", "first"));
    let folder = place.open().await;
    place.write("a.loopline.yaml", &text("p", "second"));
    let now = until(&folder, |now| now.files().count() == 2).await;
    assert!(now.files().all(|file| codes(file).contains(&"LL0110")), "{now:?}");
    assert_eq!(script_of(now.get("p").expect("is there")), "run: first");
    // A change of either takes no effect until the names differ.
    place.write("b.loopline.yaml", &text("p", "changed"));
    let now = until(&folder, |now| now.files().any(|file| file.yaml.contains("changed"))).await;
    assert_eq!(script_of(now.get("p").expect("is there")), "run: first");
    place.write("a.loopline.yaml", &text("q", "second"));
    let now = until(&folder, |now| names(now) == ["p", "q"]).await;
    assert_eq!(script_of(now.get("p").expect("is there")), "run: changed");
    assert!(now.files().all(|file| codes(file).is_empty()), "{now:?}");
}

#[tokio::test]
async fn links_that_leave_the_folder_are_not_followed() {
    let outside = Place::new();
    outside.write("secret.loopline.yaml", &text("secret", "x"));
    let place = Place::new();
    place.write("within/a.loopline.yaml", &text("a", "x"));
    symlink(outside.path("secret.loopline.yaml"), place.path("secret.loopline.yaml")).expect("links");
    symlink(outside.folder.path(), place.path("out")).expect("links");
    symlink(place.folder.path(), place.path("within/round")).expect("links");
    symlink(place.path("nowhere"), place.path("broken.loopline.yaml")).expect("links");
    let folder = place.open().await;
    assert_eq!(names(&folder.pipelines()), ["a"]);
    // Nor does a save go through one that appears later.
    let etag = folder.pipelines().get("a").expect("is there").etag.clone();
    fs::remove_file(place.path("within/a.loopline.yaml")).expect("removes");
    symlink(outside.path("secret.loopline.yaml"), place.path("within/a.loopline.yaml")).expect("links");
    let refused = folder.save("a", &text("a", "changed"), Precondition::Version(etag)).await.expect_err("is refused");
    assert!(matches!(refused, SaveError::Gone), "{refused}");
    assert_eq!(fs::read_to_string(outside.path("secret.loopline.yaml")).expect("reads"), text("secret", "x"));
}

#[tokio::test]
async fn a_linked_file_within_the_folder_is_read_and_stays_a_link_when_it_is_saved() {
    let place = Place::new();
    place.write("real/a.txt", &text("a", "x"));
    symlink(place.path("real/a.txt"), place.path("a.loopline.yaml")).expect("links");
    let folder = place.open().await;
    let etag = folder.pipelines().get("a").expect("is there").etag.clone();
    folder.save("a", &text("a", "y"), Precondition::Version(etag)).await.expect("saves");
    assert!(fs::symlink_metadata(place.path("a.loopline.yaml")).expect("is there").is_symlink());
    assert_eq!(fs::read_to_string(place.path("real/a.txt")).expect("reads"), text("a", "y"));
}

#[tokio::test]
async fn a_save_is_shown_when_it_returns_and_leaves_nothing_beside() {
    let place = Place::new();
    place.write("sub/a.yaml", &text("a", "one"));
    let folder = place.open().await;
    let before = folder.pipelines().get("a").expect("is there").etag.clone();
    let saved = folder.save("a", &text("a", "two"), Precondition::Version(before.clone())).await.expect("saves");
    assert_ne!(saved.etag, before);
    assert_eq!(folder.pipelines().get("a").expect("is there").etag, saved.etag);
    assert_eq!(script_of(&saved), "run: two");
    assert_eq!(fs::read_to_string(place.path("sub/a.yaml")).expect("reads"), text("a", "two"));
    assert_eq!(fs::read_dir(place.path("sub")).expect("reads").count(), 1);
    // The same again is the same.
    let again = folder.save("a", &text("a", "two"), Precondition::Version(saved.etag.clone())).await.expect("saves");
    assert_eq!(again.etag, saved.etag);
}

#[tokio::test]
async fn a_save_over_another_version_is_refused_and_shows_it() {
    let place = Place::new();
    place.write("a.loopline.yaml", &text("a", "one"));
    let folder = place.open().await;
    let read = folder.pipelines().get("a").expect("is there").etag.clone();
    place.write("a.loopline.yaml", &text("a", "outside"));
    for precondition in [Precondition::Version(read), Precondition::New] {
        let refused = folder.save("a", &text("a", "mine"), precondition).await.expect_err("is refused");
        let SaveError::Changed { yaml, etag } = refused else { panic!("{refused}") };
        assert_eq!((yaml, etag), (text("a", "outside"), super::load::etag(&text("a", "outside"))));
    }
    let refused = folder.save("a", &text("a", "mine"), Precondition::None).await.expect_err("is refused");
    assert!(matches!(refused, SaveError::Unconditional { .. }), "{refused}");
    assert_eq!(fs::read_to_string(place.path("a.loopline.yaml")).expect("reads"), text("a", "outside"));
}

#[tokio::test]
async fn of_two_saves_of_one_version_one_is_refused() {
    let place = Place::new();
    place.write("a.loopline.yaml", &text("a", "one"));
    let folder = place.open().await;
    let read = || Precondition::Version(folder.pipelines().get("a").expect("is there").etag.clone());
    let (left, right) = (text("a", "left"), text("a", "right"));
    let (left, right) = tokio::join!(folder.save("a", &left, read()), folder.save("a", &right, read()));
    assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
}

#[tokio::test]
async fn a_new_pipeline_gets_a_file_of_its_name() {
    let place = Place::new();
    let folder = place.open().await;
    let saved = folder.save("new-one", &text("new-one", "x"), Precondition::None).await.expect("saves");
    assert_eq!(saved.path, Path::new("new-one.loopline.yaml"));
    let refused =
        folder.save("gone", &text("gone", "x"), Precondition::Version("0".into())).await.expect_err("is refused");
    assert!(matches!(refused, SaveError::Gone), "{refused}");
    place.write("b.loopline.yaml", &text("other", "x"));
    let refused = folder.save("b", &text("b", "x"), Precondition::New).await.expect_err("is refused");
    assert!(matches!(refused, SaveError::Occupied { .. }), "{refused}");
    assert_eq!(fs::read_to_string(place.path("b.loopline.yaml")).expect("reads"), text("other", "x"));
}

#[tokio::test]
async fn only_a_sound_text_of_that_name_is_stored() {
    let place = Place::new();
    let folder = place.open().await;
    let refused = folder.save("p", BROKEN, Precondition::New).await.expect_err("is refused");
    assert!(matches!(&refused, SaveError::Invalid(found) if found.len() == 1), "{refused}");
    let refused = folder.save("p", &text("q", "x"), Precondition::New).await.expect_err("is refused");
    assert!(matches!(&refused, SaveError::OtherName { found } if found == "q"), "{refused}");
    assert_eq!(fs::read_dir(folder.root()).expect("reads").count(), 0);
}

#[tokio::test]
async fn reading_the_folder_is_not_heard_as_a_change() {
    let place = Place::new();
    place.write("a.loopline.yaml", &text("a", "one"));
    let folder = place.open().await;
    let before = folder.pipelines();
    folder.rescan().await;
    assert!(Arc::ptr_eq(&before, &folder.pipelines()), "nothing is published where nothing has changed");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_refused() {
    let refused = Folder::open("nowhere/at/all").await.expect_err("is refused");
    assert!(refused.to_string().contains("nowhere/at/all"), "{refused}");
}

//! What is true of the SQLite store beyond the suite: the file, its lock, and what happens when it is damaged.

use std::fs;
use std::path::{Path, PathBuf};

use loopline_core::command::Timer;
use loopline_ports::journal::{Append, Journal as _, JournalError, RequestKey};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tempfile::TempDir;

use super::{OpenError, SqliteStore, at_once};
use crate::conformance::{at, commit, conforms, create, go_on, keeps_access, keeps_secrets, key, run, stored, write};

async fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).await.expect("opens")
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.expect("connects")
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::query(sql).execute(connection).await.expect("runs");
}

/// A folder and a closed database in it with one run of 400 events.
async fn closed_database() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("loopline.db");
    let store = open(&path).await;
    write(&store, vec![create(run(1), 1, stored(&store).await), go_on(run(1), 1, 399)]).await;
    store.close().await;
    (folder, path)
}

#[tokio::test]
async fn sqlite_keeps_what_a_journal_promises() {
    let folder = TempDir::new().expect("a folder");
    conforms(async |name: &'static str| open(&folder.path().join(name)).await).await;
    keeps_access(async |name: &'static str| open(&folder.path().join(name)).await).await;
    keeps_secrets(async |name: &'static str| open(&folder.path().join(name)).await).await;
}

#[tokio::test]
async fn a_commit_is_flushed_to_disk_before_it_is_acknowledged() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder.path().join("db")).await;
    let mut writer = store.shared.writer.take_for_test().await;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut writer).await.expect("reads");
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut writer).await.expect("reads");
    assert_eq!((synchronous, mode.as_str()), (2, "wal"));
}

#[tokio::test]
async fn what_was_acknowledged_is_in_the_files_without_a_clean_end() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("db");
    let store = open(&path).await;
    write(&store, vec![create(run(1), 1, stored(&store).await), go_on(run(1), 1, 5)]).await;
    // What a process that is killed now would leave behind.
    let copy = folder.path().join("copy");
    fs::copy(&path, &copy).expect("copies");
    fs::copy(folder.path().join("db-wal"), folder.path().join("copy-wal")).expect("copies");
    assert_eq!(open(&copy).await.events(run(1), 0, 100).await.expect("reads").len(), 6);
}

#[tokio::test]
async fn a_second_opener_is_refused_and_told_who_has_it() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("db");
    let first = open(&path).await;
    let clone = first.clone();
    drop(first);
    let refused = SqliteStore::open(&path).await.expect_err("is in use");
    assert!(matches!(&refused, OpenError::InUse { pid: Some(pid), .. } if *pid == std::process::id()), "{refused}");
    assert!(refused.to_string().contains(&format!("({})", std::process::id())), "{refused}");
    drop(clone);
    open(&path).await;
}

#[tokio::test]
async fn a_reader_sees_what_the_driver_writes_and_writes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("loopline.db");
    assert!(SqliteStore::open_read_only(&path).await.is_err(), "there is nothing to read yet");
    let driver = open(&path).await;
    write(&driver, vec![create(run(1), 1, stored(&driver).await)]).await;
    let reader = SqliteStore::open_read_only(&path).await.expect("opens beside the driver");
    assert_eq!(reader.events(run(1), 0, 10).await.expect("reads").len(), 1);
    write(&driver, vec![go_on(run(1), 1, 2)]).await;
    assert_eq!(reader.events(run(1), 0, 10).await.expect("reads").len(), 3);
    let refused = reader.commit(vec![go_on(run(1), 3, 1)]).await;
    assert!(refused.is_err() || refused.is_ok_and(|results| results.iter().all(Result::is_err)));
    assert_eq!(driver.events(run(1), 0, 10).await.expect("reads").len(), 3);
    driver.close().await;
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_and_not_touched() {
    let folder = TempDir::new().expect("a folder");
    let (text, short, other) = (folder.path().join("text"), folder.path().join("short"), folder.path().join("other"));
    fs::write(&text, "name: not a database\n".repeat(100)).expect("writes");
    fs::write(&short, "SQLite").expect("writes");
    let mut connection = raw(&other).await;
    execute(&mut connection, "CREATE TABLE cookies (id INTEGER)").await;
    connection.close().await.expect("closes");
    for path in [text, short, other] {
        let before = fs::read(&path).expect("reads");
        let refused = SqliteStore::open(&path).await.expect_err("is not ours");
        assert!(matches!(refused, OpenError::NotOurs { .. }), "{refused}");
        assert_eq!(fs::read(&path).expect("reads"), before);
    }
}

#[tokio::test]
async fn a_truncated_database_is_refused() {
    let (_folder, path) = closed_database().await;
    let file = fs::OpenOptions::new().write(true).open(&path).expect("opens");
    file.set_len(file.metadata().expect("is there").len() / 2).expect("truncates");
    let refused = SqliteStore::open(&path).await.expect_err("is damaged");
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
}

#[tokio::test]
async fn damage_in_the_middle_is_said_when_it_is_met() {
    let (_folder, path) = closed_database().await;
    let mut bytes = fs::read(&path).expect("reads");
    let first_event_page = 4096 * 14;
    for page in bytes[first_event_page..].chunks_mut(4096) {
        page[..64].fill(0xff);
    }
    fs::write(&path, bytes).expect("writes");
    let error = match SqliteStore::open(&path).await {
        Ok(store) => store.events(run(1), 0, 1000).await.expect_err("is damaged").to_string(),
        Err(refused) => refused.to_string(),
    };
    assert!(error.contains("damaged"), "{error}");
}

#[tokio::test]
async fn a_hole_in_a_history_is_said() {
    let (_folder, path) = closed_database().await;
    let mut connection = raw(&path).await;
    execute(&mut connection, "DELETE FROM events WHERE seq = 7").await;
    connection.close().await.expect("closes");
    let store = open(&path).await;
    let error = store.events(run(1), 3, 100).await.expect_err("is damaged");
    assert!(matches!(&error, JournalError::Damaged(what) if what.contains("event 7")), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let (_folder, path) = closed_database().await;
    let mut connection = raw(&path).await;
    execute(
        &mut connection,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', TRUE, x'00', 0)",
    )
    .await;
    connection.close().await.expect("closes");
    let refused = SqliteStore::open(&path).await.expect_err("is newer");
    assert!(matches!(refused, OpenError::Newer { found: 9999, .. }), "{refused}");
}

#[tokio::test]
async fn a_batch_without_a_refusal_is_written_at_once() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder.path().join("db")).await;
    let definition = stored(&store).await;
    let (whole, sleep) = (Timer::Run { epoch: 1, within: Default::default() }, Timer::Sleep { key: key("a", 1) });
    let batch = vec![
        Append {
            timers_set: vec![(whole.clone(), at(1)), (sleep.clone(), at(2))],
            attempts_started: vec![key("a", 1), key("b", 1)],
            request: Some(RequestKey { scope: "s".to_owned(), key: "k".to_owned(), digest: "d".to_owned() }),
            ..create(run(1), 1, definition)
        },
        create(run(2), 2, definition),
        Append { timers_cleared: vec![whole], attempts_finished: vec![key("b", 1)], ..go_on(run(1), 1, 2) },
    ];
    let mut connection = store.shared.writer.take_for_test().await;
    // The other way of writing would hide that this one does not work any more.
    assert!(at_once::write(&mut connection, &batch).await.is_ok());
    drop(connection);
    assert_eq!(store.due_timers(at(9), 9).await.expect("reads"), [(run(1), sleep)]);
    assert_eq!(store.open_attempts().await.expect("reads").len(), 1);
    assert_eq!(store.find_request("s", "k").await.expect("reads"), Some((run(1), "d".to_owned())));
    assert_eq!(store.events(run(1), 0, 9).await.expect("reads").len(), 3);
}

#[tokio::test]
async fn damage_of_one_run_does_not_keep_the_others_from_being_written() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("db");
    let store = open(&path).await;
    let definition = stored(&store).await;
    write(&store, vec![create(run(1), 1, definition), create(run(2), 2, definition)]).await;
    // An event that its run's row knows nothing of.
    let sql = "INSERT INTO events SELECT run, 2, at, type, payload FROM events WHERE run = (SELECT min(id) FROM runs)";
    execute(&mut raw(&path).await, sql).await;

    let timer = Timer::Run { epoch: 1, within: Default::default() };
    let broken = Append { timers_set: vec![(timer, at(1))], ..go_on(run(1), 1, 1) };
    let results = commit(&store, vec![go_on(run(2), 1, 1), broken, go_on(run(2), 2, 1)]).await;
    assert!(results[0].is_ok() && results[1].is_err() && results[2].is_ok(), "{results:?}");
    assert_eq!(store.events(run(2), 0, 100).await.expect("reads").len(), 3);
    assert_eq!(store.next_timer().await.expect("reads"), None);
    write(&store, vec![go_on(run(2), 3, 1)]).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_half_transaction() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder.path().join("db")).await;
    let definition = stored(&store).await;
    write(&store, vec![create(run(1), 1, definition)]).await;
    for polls in 1..40 {
        let before = store.events(run(1), 0, 1000).await.expect("reads").len();
        let mut commit = Box::pin(store.commit(vec![go_on(run(1), before as u64, 2)]));
        // Lets the call come `polls` steps far, and drops it.
        for _ in 0..polls {
            if futures::poll!(&mut commit).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        // Whatever came of it, all of it or nothing is there, and the next commit builds on that. Reading through the
        // writer waits until the lost connection has let go.
        let after = loop {
            let after = store.events(run(1), 0, 1000).await.expect("reads").len() as u64;
            let results = commit_one(&store, after).await;
            if results.is_ok() {
                break after as usize;
            }
        };
        assert!(after == before || after == before + 2, "{before} → {after}");
    }
}

async fn commit_one(store: &SqliteStore, expected: u64) -> Result<(), JournalError> {
    commit(store, vec![go_on(run(1), expected, 1)]).await.remove(0)
}

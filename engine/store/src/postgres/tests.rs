//! What is true of the PostgreSQL store beyond the suite.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use loopline_core::command::Timer;
use loopline_ports::driver::Progress;
use loopline_ports::journal::{Append, Journal as _, JournalError, RequestKey, RunRow};
use loopline_ports::shared::{Notice, SharedJournal as _};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _, Row as _};

use super::{ConnectError, PostgresStore};
use crate::conformance::{
    at, commit, conforms, create, go_on, keeps_access, keeps_secrets, key, row, run, stored, write,
};

mod faults;
#[path = "../../../../tests/postgres_server.rs"]
mod server;

/// A store that leads.
async fn leading(address: &str, worker: &str) -> PostgresStore {
    let store = PostgresStore::open(address, worker).await.expect("opens");
    leads(&store).await;
    store
}

async fn leads(store: &PostgresStore) {
    let since = Instant::now();
    while !store.lead().await.expect("asks") {
        assert!(since.elapsed() < Duration::from_secs(10), "nobody gives the lease back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn raw(address: &str) -> PgConnection {
    let mut connection = PgConnection::connect(address).await.expect("connects");
    connection.execute("SET search_path = loopline").await.expect("sets");
    connection
}

#[tokio::test]
async fn postgres_keeps_what_a_journal_promises() {
    let Some(server) = server::shared() else { return };
    let made = Mutex::new(BTreeSet::new());
    let open = async |name: &'static str| {
        let address = match made.lock().expect("not poisoned").insert(name) {
            true => server.database(&format!("suite_{name}")),
            false => server.address(&format!("suite_{name}")),
        };
        leading(&address, "here").await
    };
    conforms(&open).await;
    keeps_access(&open).await;
    keeps_secrets(&open).await;
}

#[tokio::test]
async fn a_name_may_hold_what_no_text_column_takes() {
    let Some(server) = server::shared() else { return };
    let store = leading(&server.database("names"), "here").await;
    let named = RunRow { name: Some("a\u{0}b \"c\"".to_owned()), ..row(loopline_core::view::RunStatus::Running) };
    let begins = Append { row: Some(named.clone()), ..create(run(1), 1, stored(&store).await) };
    write(&store, vec![begins]).await;
    write(&store, vec![Append { row: Some(named.clone()), ..go_on(run(1), 1, 1) }]).await;
    assert_eq!(store.summary(run(1)).await.expect("reads").expect("is there").row, named);
}

#[tokio::test]
async fn a_hole_in_a_history_is_said() {
    let Some(server) = server::shared() else { return };
    let address = server.database("hole");
    let store = leading(&address, "here").await;
    write(&store, vec![create(run(1), 1, stored(&store).await), go_on(run(1), 1, 20)]).await;
    raw(&address).await.execute("DELETE FROM events WHERE seq = 7").await.expect("deletes");
    let error = store.events(run(1), 3, 100).await.expect_err("is damaged");
    assert!(matches!(&error, JournalError::Damaged(what) if what.contains("event 7")), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let Some(server) = server::shared() else { return };
    let address = server.database("newer");
    leading(&address, "here").await.close().await;
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', TRUE, '', 0)";
    raw(&address).await.execute(later).await.expect("inserts");
    for refused in [PostgresStore::open(&address, "here").await, PostgresStore::open_read_only(&address).await] {
        assert!(matches!(refused, Err(ConnectError::Newer { found: 9999, .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn servers_that_start_together_make_one_schema() {
    let Some(server) = server::shared() else { return };
    let address = server.database("together");
    let opened = futures::future::join_all((0..6).map(|n| {
        let address = address.clone();
        async move { PostgresStore::open(&address, &n.to_string()).await }
    }));
    for opened in opened.await {
        opened.expect("opens");
    }
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_said_without_its_password() {
    let Some(server) = server::shared() else { return };
    let empty = server.database("empty");
    let refused = PostgresStore::open_read_only(&empty).await.expect_err("holds nothing");
    assert!(refused.to_string().contains("it holds nothing of Loopline"), "{refused}");
    for address in ["mysql://ada:secret@127.0.0.1/x", "postgres://ada:secret@127.0.0.1:1/x", "ada:secret@x"] {
        let refused = PostgresStore::open(address, "here").await.expect_err("nobody is there");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}

#[tokio::test]
async fn the_database_refuses_whoever_does_not_lead() {
    let Some(server) = server::shared() else { return };
    let address = server.database("fenced");
    let (first, second) = (leading(&address, "one").await, PostgresStore::open(&address, "two").await.expect("opens"));
    let definition = stored(&first).await;
    write(&first, vec![create(run(1), 1, definition)]).await;
    assert!(!second.lead().await.expect("asks"));
    assert!(matches!(second.commit(vec![go_on(run(1), 1, 1)]).await, Err(JournalError::Fenced)));

    // As if the first had been taken for dead and knew nothing of it.
    let mut connection = raw(&address).await;
    connection.execute("UPDATE lease SET fence = fence + 1, term = term + 1, holder = 'two'").await.expect("updates");
    assert!(matches!(first.commit(vec![go_on(run(1), 1, 1)]).await, Err(JournalError::Fenced)));
    assert!(matches!(first.commit(vec![go_on(run(1), 1, 1)]).await, Err(JournalError::Fenced)));
    assert_eq!(second.events(run(1), 0, 9).await.expect("reads").len(), 1);
    let mut leads = first.leads();
    tokio::time::timeout(Duration::from_secs(5), leads.wait_for(|leads| !leads))
        .await
        .expect("hears")
        .expect("is there");
}

#[tokio::test]
async fn who_leads_does_so_until_it_is_gone_or_gives_it_back() {
    let Some(server) = server::shared() else { return };
    let address = server.database("lease");
    let (first, second) = (leading(&address, "one").await, PostgresStore::open(&address, "two").await.expect("opens"));
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(2500) {
        assert!(!second.lead().await.expect("asks"), "the first is there, and was not heard");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    first.close().await;
    assert!(second.lead().await.expect("asks"), "it was given back");
    let definition = stored(&second).await;
    write(&second, vec![create(run(1), 1, definition)]).await;

    // One that is gone without a word: others take over within two seconds.
    let third = PostgresStore::open(&address, "three").await.expect("opens");
    assert!(!third.lead().await.expect("asks"));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    drop(second);
    let gone = Instant::now();
    leads(&third).await;
    assert!(gone.elapsed() < Duration::from_secs(2), "after {:?}", gone.elapsed());
    write(&third, vec![go_on(run(1), 1, 1)]).await;
    // And one that comes back takes what is theirs at once, without waiting.
    drop(third);
    let again = PostgresStore::open(&address, "three").await.expect("opens");
    assert!(again.lead().await.expect("asks"));
    write(&again, vec![go_on(run(1), 2, 1)]).await;
}

#[tokio::test]
async fn a_request_is_taken_once_and_answered() {
    let Some(server) = server::shared() else { return };
    let address = server.database("forwarded");
    let (first, second) = (leading(&address, "one").await, PostgresStore::open(&address, "two").await.expect("opens"));
    let mut notices = second.notices();
    let asks = async {
        let answer = second.forward("what?".to_owned()).await;
        answer.expect("is answered")
    };
    let answers = async {
        let taken = loop {
            let taken = first.take_forwarded().await.expect("takes");
            if !taken.is_empty() {
                break taken;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        assert_eq!(taken[0].request, "what?");
        assert_eq!(first.take_forwarded().await.expect("takes"), [], "once");
        first.answer(taken[0].id, "that".to_owned()).await.expect("answers");
    };
    let (answer, ()) = tokio::join!(asks, answers);
    assert_eq!(answer, "that");
    let definition = stored(&first).await;
    write(&first, vec![create(run(1), 1, definition)]).await;
    let written = Notice::Written(run(1), Progress { last_seq: 1, over: false });
    let heard = async { while notices.recv().await.expect("hears") != written {} };
    tokio::time::timeout(Duration::from_secs(5), heard).await.expect("the other server hears what was written");

    // Whoever takes a request and is gone leaves it open whether it did anything.
    let takes_and_goes = async {
        while first.take_forwarded().await.expect("takes").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        first.resign().await;
        leads(&second).await;
    };
    let (answer, ()) = tokio::join!(second.forward("and?".to_owned()), takes_and_goes);
    assert!(matches!(&answer, Err(JournalError::Unavailable(what)) if what.contains("unknown")), "{answer:?}");
}

#[tokio::test]
async fn attempts_of_another_server_are_elsewhere() {
    let Some(server) = server::shared() else { return };
    let address = server.database("elsewhere");
    let first = leading(&address, "one").await;
    let definition = stored(&first).await;
    write(&first, vec![Append { attempts_started: vec![key("a", 1)], ..create(run(1), 1, definition) }]).await;
    assert!(!first.open_attempts().await.expect("reads")[0].elsewhere);
    first.close().await;
    let second = leading(&address, "two").await;
    assert!(second.open_attempts().await.expect("reads")[0].elsewhere);
}

#[tokio::test]
async fn a_batch_without_a_refusal_is_one_statement() {
    let Some(server) = server::shared() else { return };
    let address = server.database("statements");
    let store = leading(&address, "here").await;
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
    let mut connection = raw(&address).await;
    // The other way of writing would be another number of transactions.
    let before = transactions(&mut connection).await;
    write(&store, batch).await;
    assert_eq!(transactions(&mut connection).await - before, 1, "beside those that only ask");
    assert_eq!(store.due_timers(at(9), 9).await.expect("reads"), [(run(1), sleep)]);
    assert_eq!(store.open_attempts().await.expect("reads").len(), 1);
    assert_eq!(store.find_request("s", "k").await.expect("reads"), Some((run(1), "d".to_owned())));
    assert_eq!(store.events(run(1), 0, 9).await.expect("reads").len(), 3);
}

/// Number of the next transaction that writes, beside the renewals of the lease: those that wrote to `events`.
async fn transactions(connection: &mut PgConnection) -> i64 {
    let row = connection.fetch_one("SELECT count(DISTINCT xmin::text) FROM events").await.expect("reads");
    row.try_get(0).expect("a number")
}

#[tokio::test]
async fn damage_of_one_run_does_not_keep_the_others_from_being_written() {
    let Some(server) = server::shared() else { return };
    let address = server.database("damage");
    let store = leading(&address, "here").await;
    let definition = stored(&store).await;
    write(&store, vec![create(run(1), 1, definition), create(run(2), 2, definition)]).await;
    // An event that its run's row knows nothing of.
    let sql = "INSERT INTO events SELECT run, 2, at, type, payload FROM events WHERE run = (SELECT min(id) FROM runs)";
    raw(&address).await.execute(sql).await.expect("inserts");

    let timer = Timer::Run { epoch: 1, within: Default::default() };
    let broken = Append { timers_set: vec![(timer, at(1))], ..go_on(run(1), 1, 1) };
    let results = commit(&store, vec![go_on(run(2), 1, 1), broken, go_on(run(2), 2, 1)]).await;
    assert!(results[0].is_ok() && results[1].is_err() && results[2].is_ok(), "{results:?}");
    assert_eq!(store.events(run(2), 0, 100).await.expect("reads").len(), 3);
    assert_eq!(store.next_timer().await.expect("reads"), None);
    write(&store, vec![go_on(run(2), 3, 1)]).await;
}

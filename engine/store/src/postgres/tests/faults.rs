//! Connections that end at any message, sessions that are ended from outside, a server that is away: what was acknowledged
//! is there, what was not is there whole or not at all, and nothing is there twice.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use loopline_ports::journal::{Journal as _, JournalError};
use loopline_ports::shared::SharedJournal as _;
use sqlx::Executor as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::{PostgresStore, leading, leads, raw, server};
use crate::conformance::{create, go_on, run, stored, write};

/// Stands between the store and the server, and ends connections.
#[derive(Clone)]
struct Proxy {
    port: u16,
    /// So many messages pass until every connection ends; beyond that none is taken. Negative: all pass.
    left: Arc<AtomicI64>,
    /// Messages of the server, or to it.
    counts_answers: bool,
}

impl Proxy {
    async fn start(to: u16, counts_answers: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let proxy = Self { port, left: Arc::new(AtomicI64::new(-1)), counts_answers };
        let shared = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if shared.left.load(Ordering::SeqCst) == 0 {
                    continue;
                }
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await else { continue };
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                let (asks, answers) = (shared.clone(), shared.clone());
                tokio::spawn(async move {
                    // When one way ends, so does the other.
                    tokio::select! {
                        () = asks.carry(from_client, to_server, !asks.counts_answers) => {}
                        () = answers.carry(from_server, to_client, answers.counts_answers) => {}
                    }
                });
            }
        });
        proxy
    }

    async fn carry(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counts: bool) {
        let mut bytes = vec![0; 64 << 10];
        loop {
            let reads = tokio::time::timeout(Duration::from_millis(5), from.read(&mut bytes)).await;
            if self.left.load(Ordering::SeqCst) == 0 {
                return;
            }
            let Ok(count) = reads else { continue };
            let count = count.unwrap_or(0);
            if count == 0 {
                return;
            }
            if counts && self.left.load(Ordering::SeqCst) > 0 && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
                // The last one does not pass: it was written, and nobody hears of it.
                return;
            }
            if to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }

    fn cut_after(&self, messages: i64) {
        self.left.store(messages, Ordering::SeqCst);
    }

    fn mend(&self) {
        self.left.store(-1, Ordering::SeqCst);
    }
}

/// Reads as a driver does after a failure: until the database answers.
async fn events_of_first(store: &PostgresStore) -> u64 {
    let since = Instant::now();
    loop {
        match store.events(run(1), 0, 10_000).await {
            Ok(events) => return events.len() as u64,
            Err(JournalError::Unavailable(_)) if since.elapsed() < Duration::from_secs(20) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

async fn survives_cuts(database: &str, counts_answers: bool) {
    let Some(server) = server::shared() else { return };
    let address = server.database(database);
    let proxy = Proxy::start(server.port(), counts_answers).await;
    let store = leading(&format!("postgres://postgres@127.0.0.1:{}/{database}", proxy.port), "here").await;
    let definition = stored(&store).await;
    write(&store, vec![create(run(1), 1, definition), create(run(2), 2, definition)]).await;
    let (mut written, mut unknown) = (1, 0);
    for round in 0..24 {
        proxy.cut_after(1 + round % 8);
        // Every other time a batch that is written one by one.
        let mut batch = vec![go_on(run(1), written, 2)];
        if round % 2 == 1 {
            batch.push(go_on(run(2), 77, 1));
        }
        let committed = store.commit(batch).await;
        proxy.mend();
        let found = events_of_first(&store).await;
        match committed {
            Ok(results) => {
                assert!(results[0].is_ok(), "{results:?}");
                assert_eq!(found, written + 2, "round {round}: what was acknowledged is not there");
            }
            Err(JournalError::Unavailable(_)) => {
                unknown += 1;
                assert!(found == written || found == written + 2, "round {round}: {written} → {found}");
            }
            Err(error) => panic!("round {round}: {error}"),
        }
        // What was read is what stays: nothing of the lost transaction appears later.
        let count = "SELECT count(*) FROM events WHERE run = (SELECT min(id) FROM runs)";
        let late: i64 = sqlx::query_scalar(count).fetch_one(&mut raw(&address).await).await.expect("reads");
        assert_eq!(late as u64, found);
        written = found;
    }
    assert!(unknown > 0, "no cut has hit a commit");
    write(&store, vec![go_on(run(1), written, 1)]).await;
}

#[tokio::test]
async fn a_connection_that_ends_before_any_message_is_read_again() {
    survives_cuts("asks", false).await;
}

#[tokio::test]
async fn a_connection_that_ends_before_any_answer_is_read_again() {
    survives_cuts("answers", true).await;
}

#[tokio::test]
async fn sessions_that_are_ended_from_outside_lose_nothing() {
    let Some(server) = server::shared() else { return };
    let address = server.database("ended");
    let store = leading(&address, "here").await;
    let definition = stored(&store).await;
    write(&store, vec![create(run(1), 1, definition)]).await;
    let killer = tokio::spawn(async move {
        let mut connection = raw(&address).await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = 'ended' AND application_name = 'loopline'";
        for _ in 0..12 {
            connection.execute(end).await.expect("ends them");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let mut written = 1;
    while !killer.is_finished() {
        match store.commit(vec![go_on(run(1), written, 1)]).await {
            Ok(results) => {
                assert!(results[0].is_ok(), "{results:?}");
                written += 1;
            }
            Err(JournalError::Unavailable(_)) => {
                let found = events_of_first(&store).await;
                assert!(found == written || found == written + 1, "{written} → {found}");
                written = found;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(written > 3, "{written} events");
    assert_eq!(events_of_first(&store).await, written);
}

#[tokio::test]
async fn a_server_that_is_away_for_a_while_is_waited_for() {
    let Some(mut server) = server::own() else { return };
    let address = server.database("away");
    let store = leading(&address, "here").await;
    let other = PostgresStore::open(&address, "there").await.expect("opens");
    let definition = stored(&store).await;
    write(&store, vec![create(run(1), 1, definition), go_on(run(1), 1, 4)]).await;
    server.crash();
    let since = Instant::now();
    assert!(matches!(store.commit(vec![go_on(run(1), 5, 1)]).await, Err(JournalError::Unavailable(_))));
    assert!(matches!(store.events(run(1), 0, 9).await, Err(JournalError::Unavailable(_))));
    assert!(since.elapsed() < Duration::from_secs(8), "whoever asks is told after {:?}", since.elapsed());
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.start_again();
    assert_eq!(events_of_first(&store).await, 5);
    // Who had the runs has them still: nobody could hear it.
    assert!(!other.lead().await.expect("asks"));
    write(&store, vec![go_on(run(1), 5, 1)]).await;
    leads(&store).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_half_transaction() {
    let Some(server) = server::shared() else { return };
    let address = server.database("goes_away");
    let store = leading(&address, "here").await;
    let definition = stored(&store).await;
    write(&store, vec![create(run(1), 1, definition)]).await;
    let mut written = 1;
    for waits in 0..30 {
        let mut commit = Box::pin(store.commit(vec![go_on(run(1), written, 2)]));
        // Lets the call come a little further each time, and drops it.
        let _ = tokio::time::timeout(Duration::from_micros(150 * waits), &mut commit).await;
        drop(commit);
        let found = events_of_first(&store).await;
        assert!(found == written || found == written + 2, "{written} → {found}");
        // Whatever was read stays.
        write(&store, vec![go_on(run(1), found, 1)]).await;
        written = found + 1;
    }
    assert_eq!(events_of_first(&store).await, written);
}

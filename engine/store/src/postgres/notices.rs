//! What servers tell each other through the database: notices that come with a transaction, and not without it.

use std::sync::Weak;
use std::time::Duration;

use loopline_core::id::{RunId, Seq};
use loopline_ports::driver::Progress;
use loopline_ports::journal::Append;
use loopline_ports::shared::Notice;
use sqlx::postgres::{PgListener, PgNotification};

use super::Shared;

/// Channel of the events that were written.
pub(super) const EVENTS: &str = "loopline_events";
const FORWARDED: &str = "loopline_forwarded";
const ANSWERED: &str = "loopline_answered";
/// How long is waited before another try to listen.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// A notice may have 8,000 bytes.
const MOST_BYTES: usize = 7_000;

/// The notices of a batch: a line for each run that has new events.
pub(super) fn written(batch: &[Append]) -> Vec<String> {
    let mut notices: Vec<String> = Vec::new();
    for append in batch.iter().filter(|append| !append.events.is_empty()) {
        // Where lists show what they showed, the run goes on: one that is over takes no events.
        let over = append.row.as_ref().is_some_and(|row| row.status.is_over());
        let line = format!("{} {} {}\n", append.run, append.last(), u8::from(over));
        match notices.last_mut().filter(|notice| notice.len() + line.len() <= MOST_BYTES) {
            Some(notice) => notice.push_str(&line),
            None => notices.push(line),
        }
    }
    notices
}

/// Listens as long as somebody uses the store.
pub(super) async fn listen(store: Weak<Shared>) {
    loop {
        let Some(shared) = store.upgrade() else { return };
        let connected = connect(&shared).await;
        drop(shared);
        if let Ok(mut listener) = connected {
            let Some(shared) = store.upgrade() else { return };
            // Nobody may listen.
            let _ = shared.notices.send(Notice::Missed);
            drop(shared);
            while let Ok(Some(heard)) = listener.try_recv().await {
                let Some(shared) = store.upgrade() else { return };
                for notice in read(&heard) {
                    let _ = shared.notices.send(notice);
                }
            }
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn connect(shared: &Shared) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(&shared.readers).await?;
    listener.listen_all([EVENTS, FORWARDED, ANSWERED]).await?;
    Ok(listener)
}

/// What a notice says. What is of another version tells this one nothing.
fn read(heard: &PgNotification) -> Vec<Notice> {
    match heard.channel() {
        EVENTS => heard.payload().lines().filter_map(line).collect(),
        FORWARDED => vec![Notice::Forwarded],
        ANSWERED => heard.payload().parse().map(Notice::Answered).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn line(line: &str) -> Option<Notice> {
    let mut words = line.split(' ');
    let run: RunId = words.next()?.parse().ok()?;
    let last_seq: Seq = words.next()?.parse().ok()?;
    Some(Notice::Written(run, Progress { last_seq, over: words.next()? == "1" }))
}

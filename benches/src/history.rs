//! A run that has gone round a million times: how long it takes to open, and whether it goes on as fast as at its beginning.
//! The raw limit of opening is to read and decode the thousand events that may lie behind a state that was kept.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use loopline_core::command::Command;
use loopline_core::event::Event;
use loopline_core::id::{RunId, Seq};
use loopline_core::machine::{RunState, apply};
use loopline_ports::history;
use loopline_ports::journal::{Append, Definition, Journal, NewRun, RunRow, Snapshot};
use loopline_store::SqliteStore;

use crate::embedded::{Embedded, definition, folder};
use crate::fold::{LOOP, Looping};
use crate::{Figure, in_turns, median};

const SHORT: Seq = 1_000;
const LONG: Seq = 1_000_000;
/// Events of the fold that is measured.
const FOLDED: usize = 20_000;
/// Attempts of the run that is measured.
const ATTEMPTS: u64 = 400;

pub async fn figures() -> Vec<Figure> {
    let definition = definition(LOOP.to_owned());
    let (short, long) = (folder(), folder());
    let run = write(short.path(), &definition, SHORT).await;
    assert_eq!(write(long.path(), &definition, LONG).await, run);
    let mut figures = opening(long.path(), run, &definition).await;
    figures.push(folding(short.path(), long.path(), run, &definition).await);
    figures.push(going_on(short.path(), long.path()).await);
    figures
}

/// A history of so many events, with what an engine would have kept beside it.
async fn write(folder: &Path, definition: &Arc<Definition>, events: Seq) -> RunId {
    let store = SqliteStore::open(folder.join("loopline.db")).await.unwrap();
    let id = store.put_definition(definition).await.unwrap();
    let mut looping = Looping::new(&definition.graph);
    let mut run = None;
    while looping.state.last_seq() < events {
        let expected = looping.state.last_seq();
        let (mut recorded, mut started, mut finished, mut created) = (Vec::new(), Vec::new(), Vec::new(), None);
        for _ in 0..SHORT {
            let (event, applied) = looping.step();
            match &event.event {
                Event::RunCreated(content) => {
                    run = Some(content.run);
                    created = Some(NewRun { created: (**content).clone(), definition: id });
                }
                Event::AttemptFinished { key, .. } => finished.push(key.clone()),
                _ => {}
            }
            for command in applied.commands {
                if let Command::StartAttempt(spec) = command {
                    started.push(spec.id.key);
                }
            }
            recorded.push(event);
        }
        let patch = looping.state.patch();
        let append = Append {
            run: run.unwrap(),
            expected,
            events: recorded,
            created,
            row: Some(RunRow {
                status: patch.status,
                epoch: patch.epoch,
                name: None,
                finished_at: None,
                error: None,
                waiting_steps: Vec::new(),
            }),
            timers_set: Vec::new(),
            timers_cleared: Vec::new(),
            attempts_started: started,
            attempts_finished: finished,
            slots_asked: Vec::new(),
            slots_granted: Vec::new(),
            slots_released: Vec::new(),
            request: None,
            acts: Vec::new(),
            snapshot: looping.state.snapshot().map(|state| Snapshot::new(looping.state.last_seq(), state)),
        };
        for written in store.commit(vec![append]).await.unwrap() {
            written.unwrap();
        }
    }
    store.close().await;
    run.unwrap()
}

async fn opening(folder: &Path, run: RunId, definition: &Definition) -> Vec<Figure> {
    let pinned = (&*definition.graph, definition.digest.as_str());
    let (mut now, mut middle, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..5 {
        let store = SqliteStore::open(folder.join("loopline.db")).await.unwrap();
        for (upto, took) in [(None, &mut now), (Some(LONG / 2 + 777 * turn), &mut middle)] {
            let began = Instant::now();
            let found = history::state(&store, run, pinned, upto).await.unwrap().state;
            let view = found.view(&definition.graph).unwrap();
            took.push(began.elapsed().as_secs_f64());
            assert_eq!(view.last_seq, upto.unwrap_or(LONG));
        }
        let began = Instant::now();
        assert_eq!(store.events(run, LONG - SHORT, SHORT as u32).await.unwrap().len() as Seq, SHORT);
        raw.push(began.elapsed().as_secs_f64());
        store.close().await;
    }
    let raw = median(raw);
    let line = |what, ours: f64| Figure {
        what,
        measured: format!("{:.1} ms", ours * 1e3),
        raw: format!("{:.1} ms to read 1,000 events", raw * 1e3),
        ratio: ours / raw,
        expected: "≤ 100 ms",
    };
    vec![
        line("opening a run of 1,000,000 events", median(now)),
        line("opening it as of an event in its middle", median(middle)),
    ]
}

async fn folding(short: &Path, long: &Path, run: RunId, definition: &Definition) -> Figure {
    let mut states = Vec::new();
    for folder in [short, long] {
        let store = SqliteStore::open(folder.join("loopline.db")).await.unwrap();
        let (_, kept) = store.snapshot(run, None).await.unwrap().unwrap();
        states.push(RunState::restore(&definition.graph, &definition.digest, &kept.state).unwrap());
        store.close().await;
    }
    let fold = |at: usize| {
        let mut looping = Looping::behind(&definition.graph, states[at].clone());
        let events: Vec<_> = (0..FOLDED).map(|_| looping.step().0).collect();
        let mut state = states[at].clone();
        let began = Instant::now();
        for event in &events {
            apply(&definition.graph, &mut state, event).unwrap();
        }
        began.elapsed().as_secs_f64() / FOLDED as f64
    };
    let (ours, raw) = in_turns(5, || fold(1), || fold(0));
    Figure {
        what: "an event folded behind 1,000,000",
        measured: format!("{:.2} µs", ours * 1e6),
        raw: format!("{:.2} µs behind 1,000", raw * 1e6),
        ratio: ours / raw,
        expected: "≤ 1.2",
    }
}

async fn going_on(short: &Path, long: &Path) -> Figure {
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        for (folder, took) in [(long, &mut ours), (short, &mut raw)] {
            let embedded = Embedded::open(folder).await;
            embedded.until_settled(1).await;
            let began = Instant::now();
            embedded.until_settled(1 + ATTEMPTS).await;
            took.push(began.elapsed().as_secs_f64() / ATTEMPTS as f64);
            embedded.close().await;
        }
    }
    let (ours, raw) = (median(ours), median(raw));
    Figure {
        what: "a durable step behind 1,000,000 events",
        measured: format!("{:.2} ms", ours * 1e3),
        raw: format!("{:.2} ms behind 1,000", raw * 1e3),
        ratio: ours / raw,
        expected: "≤ 1.2",
    }
}

//! Ten thousand items: an event about one of them costs that one.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a test of how long something takes")]

use std::time::{Duration, Instant};

use loopline_core::command::Command;
use loopline_core::event::{Event, Recorded};
use loopline_core::graph::Graph;
use loopline_core::id::AttemptKey;
use loopline_core::machine::{RunState, apply};
use loopline_core::outcome::{Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::RunStatus;
use serde_json::{Value as Json, json};

fn graph(count: u32) -> Graph {
    let items: Vec<Json> = (0..count).map(Json::from).collect();
    let graph = json!({
        "semantics": 1, "name": "p", "max_visits": 100, "max_items": 10_000,
        "steps": [{
            "id": "t", "grace_ms": 10_000, "timeout_ms": 60_000,
            "action": {"run": {"script": {"source": "echo {{ item }}", "dialect": "posix"}}},
            "many": {"items": {"list": {"template": items}}, "max_parallel": 100},
        }],
    });
    serde_json::from_value(graph).expect("a graph")
}

/// Runs all items to their end, and says how long that took from the first event to the last but one: the last makes the
/// outputs of all.
fn run(graph: &Graph) -> Duration {
    let created = json!({
        "type": "run_created", "run": "01J00000000000000000000000", "project": "default", "pipeline": "p", "number": 1,
        "digest": "sha256:0", "semantics": 1, "inputs": {}, "trigger": {"kind": "manual"},
    });
    let mut state = RunState::default();
    let mut events = vec![serde_json::from_value::<Event>(created).expect("an event")];
    let mut live: Vec<AttemptKey> = Vec::new();
    let begin = Instant::now();
    let mut took = begin.elapsed();
    while let Some(event) = events.pop() {
        took = begin.elapsed();
        let recorded = Recorded { seq: state.last_seq() + 1, at: Timestamp(0), event };
        let applied = apply(graph, &mut state, &recorded).expect("is taken");
        for command in applied.commands {
            if let Command::StartAttempt(spec) = command {
                live.push(spec.id.key);
            }
        }
        let outcome = || Outcome::Succeeded { result: RawResult::default() };
        events.extend(live.pop().map(|key| Event::AttemptFinished { key, outcome: outcome() }));
    }
    assert_eq!(state.status(), RunStatus::Succeeded);
    took
}

#[test]
fn ten_times_the_items_cost_about_ten_times_as_much() {
    let (few, many) = (graph(1_000), graph(10_000));
    let best = |graph: &Graph| (0..3).map(|_| run(graph)).min().expect("three of them");
    let (few, many) = (best(&few), best(&many));
    // A scan over all items per event would make it a hundred times.
    assert!(many < few * 40, "1,000 items took {few:?}, 10,000 took {many:?}");
}

//! Events folded in core: a long loop, replayed. The raw limit is decoding the same events from JSON, which a replay needs anyway.

use std::time::Instant;

use loopline_core::command::Command;
use loopline_core::event::{Event, Recorded, RunCreated, Trigger};
use loopline_core::graph::Graph;
use loopline_core::id::RunId;
use loopline_core::machine::{RunState, apply};
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_core::time::Timestamp;

use crate::{Figure, in_turns};

pub const LOOP: &str = "version: 1\nname: looping\nlimits: {visits: 1000000}\nsteps:\n  a: {run: \"true\"}\n  b: {needs: a, run: \"true\"}\n  c: {needs: [a, b], run: \"true\", goto: [{to: a, on: failed, max: 1000000}]}\n";

pub fn figures() -> Vec<Figure> {
    let graph = loopline_dsl::compile(LOOP).graph.unwrap();
    let history = history(&graph, 100_000);
    let texts: Vec<String> = history.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let (ours, raw) = in_turns(
        5,
        || {
            let mut state = RunState::default();
            let began = Instant::now();
            for event in &history {
                apply(&graph, &mut state, event).unwrap();
            }
            began.elapsed().as_secs_f64() / history.len() as f64
        },
        || {
            let began = Instant::now();
            for text in &texts {
                std::hint::black_box(serde_json::from_str::<Recorded>(text).unwrap());
            }
            began.elapsed().as_secs_f64() / texts.len() as f64
        },
    );
    vec![Figure {
        what: "one event folded",
        measured: format!("{:.2} µs ({:.0} events/s)", ours * 1e6, 1.0 / ours),
        raw: format!("{:.2} µs to decode it", raw * 1e6),
        ratio: ours / raw,
        expected: "≤ 2 µs",
    }]
}

/// The history of a run whose last step always fails, and so goes round and round.
pub fn history(graph: &Graph, events: usize) -> Vec<Recorded> {
    let mut state = RunState::default();
    let mut history: Vec<Recorded> = Vec::with_capacity(events);
    let created = RunCreated {
        run: RunId::from_parts(0, 1),
        project: "default".into(),
        pipeline: graph.name.clone(),
        number: 1,
        digest: graph.digest(),
        semantics: graph.semantics,
        inputs: serde_json::Map::new(),
        trigger: Trigger { kind: "manual".into(), actor: None },
        labels: std::collections::BTreeMap::new(),
        parent: None,
        url: None,
    };
    let mut next = vec![Event::RunCreated(Box::new(created))];
    while history.len() < events {
        let event = next.remove(0);
        let seq = history.len() as u64 + 1;
        let recorded = Recorded { seq, at: Timestamp(seq as i64), event };
        let applied = apply(graph, &mut state, &recorded).unwrap();
        history.push(recorded);
        for command in applied.commands {
            if let Command::StartAttempt(spec) = command {
                let key = spec.id.key.clone();
                let outcome = if key.step.as_str() == "c" {
                    let error = Failure {
                        exit_code: Some(1),
                        ..Failure::new(FailureKind::Exit, "the script ended with exit code 1")
                    };
                    Outcome::Failed { error, result: RawResult::default() }
                } else {
                    Outcome::Succeeded { result: RawResult::default() }
                };
                next.push(Event::AttemptStarted { key: key.clone() });
                next.push(Event::AttemptFinished { key, outcome });
            }
        }
    }
    history
}

//! Events folded in core: a long loop, replayed. The raw limit is decoding the same events from JSON, which a replay needs anyway.

use std::collections::VecDeque;
use std::time::Instant;

use loopline_core::command::Command;
use loopline_core::event::{Event, Recorded, RunCreated, Trigger};
use loopline_core::graph::Graph;
use loopline_core::id::{AttemptKey, RunId};
use loopline_core::machine::{Applied, RunState, apply};
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_core::time::Timestamp;

use crate::{Figure, in_turns};

pub const LOOP: &str = "version: 1\nname: looping\nlimits: {visits: 1000000}\nsteps:\n  a: {run: \"true\"}\n  b: {needs: a, run: \"true\"}\n  fail: {needs: [a, b], run: \"true\", goto: [{to: a, on: failed, max: 1000000}]}\n";

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
    let mut looping = Looping::new(graph);
    (0..events).map(|_| looping.step().0).collect()
}

/// A run whose last step always fails, event by event.
pub struct Looping<'g> {
    graph: &'g Graph,
    pub state: RunState,
    next: VecDeque<Event>,
}

impl<'g> Looping<'g> {
    pub fn new(graph: &'g Graph) -> Self {
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
        let next = VecDeque::from([Event::RunCreated(Box::new(created))]);
        Self { graph, state: RunState::default(), next }
    }

    /// Goes on behind a state.
    pub fn behind(graph: &'g Graph, state: RunState) -> Self {
        let mut looping = Self { graph, next: VecDeque::new(), state };
        for key in looping.state.live_attempts(graph) {
            looping.next.push_back(finished(key));
        }
        looping
    }

    pub fn step(&mut self) -> (Recorded, Applied) {
        let event = self.next.pop_front().unwrap();
        let seq = self.state.last_seq() + 1;
        let recorded = Recorded { seq, at: Timestamp(seq as i64), event };
        let applied = apply(self.graph, &mut self.state, &recorded).unwrap();
        for command in &applied.commands {
            if let Command::StartAttempt(spec) = command {
                self.next.push_back(Event::AttemptStarted { key: spec.id.key.clone() });
                self.next.push_back(finished(spec.id.key.clone()));
            }
        }
        (recorded, applied)
    }
}

fn finished(key: AttemptKey) -> Event {
    let result = RawResult::default();
    let outcome = if key.step.as_str() == "fail" {
        let message = "the script ended with exit code 1";
        let error = Failure { exit_code: Some(1), ..Failure::new(FailureKind::Exit, message) };
        Outcome::Failed { error, result }
    } else {
        Outcome::Succeeded { result }
    };
    Event::AttemptFinished { key, outcome }
}

//! Random histories: what workers, clocks and people might do next, wrong moves included.

use loopline_core::command::Timer;
use loopline_core::event::{ApprovalDecided, Decision, Event, RerunFrom, SignalReceived};
use loopline_core::id::{AttemptKey, StepId, StepPath, StepUnit};
use loopline_core::outcome::{Failure, FailureKind, HttpResponse, Outcome, RawResult};
use loopline_core::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::drawn_pipeline::choose;
use super::state::State;

#[derive(Debug, Clone)]
pub struct Move {
    pub what: Do,
    /// Which of those there are.
    pub which: u16,
    /// In which way.
    pub way: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Do {
    Start,
    Finish,
    RunTimerOut,
    /// Before its time.
    EarlyTimer,
    /// Of those that were ever set.
    AnyTimer,
    /// Of those that were ever handed out.
    LateResult,
    LateStart,
    /// Nobody handed it out.
    Unasked,
    Decide,
    Signal,
    Pause,
    Resume,
    Cancel,
    Rerun,
}

pub fn histories() -> impl Strategy<Value = Vec<Move>> {
    let what = prop_oneof![
        14 => Just(Do::Start),
        30 => Just(Do::Finish),
        10 => Just(Do::RunTimerOut),
        1 => Just(Do::EarlyTimer),
        1 => Just(Do::AnyTimer),
        2 => Just(Do::LateResult),
        1 => Just(Do::LateStart),
        1 => Just(Do::Unasked),
        10 => Just(Do::Decide),
        8 => Just(Do::Signal),
        1 => Just(Do::Pause),
        2 => Just(Do::Resume),
        1 => Just(Do::Cancel),
        1 => Just(Do::Rerun),
    ];
    let one = (what, any::<u16>(), any::<u8>()).prop_map(|(what, which, way)| Move { what, which, way });
    vec(one, 0..48)
}

impl Move {
    /// The event it comes to, and its moment; none where there is nothing to do it to.
    pub fn event(&self, state: &State<'_>, digest: impl Fn(&StepPath) -> Option<String>) -> Option<(Timestamp, Event)> {
        let later = state.world.now.plus_ms(u64::from(self.way % 7) * 300);
        let attempts = |begun_too: bool| {
            let all = state.attempts().into_iter().filter(|(_, begun)| begun_too || !begun);
            all.map(|(key, _)| key).collect::<Vec<_>>()
        };
        let event = match self.what {
            Do::Start => Event::AttemptStarted { key: self.pick(&attempts(false))? },
            Do::Finish => self.finish(state, self.pick(&attempts(true))?),
            Do::LateResult => {
                self.finish(state, self.pick(&state.world.handed_out.keys().cloned().collect::<Vec<_>>())?)
            }
            Do::LateStart => {
                Event::AttemptStarted { key: self.pick(&state.world.handed_out.keys().cloned().collect::<Vec<_>>())? }
            }
            Do::Unasked => self.unasked(state)?,
            Do::RunTimerOut => {
                let timer = self.pick(&state.world.timers.keys().cloned().collect::<Vec<_>>())?;
                return Some((state.world.timers[&timer].max(state.world.now), Event::TimerFired { timer }));
            }
            Do::EarlyTimer => {
                return Some((
                    state.world.now,
                    Event::TimerFired { timer: self.pick(&state.world.timers.keys().cloned().collect::<Vec<_>>())? },
                ));
            }
            Do::AnyTimer => {
                Event::TimerFired { timer: self.pick(&state.world.ever_set.iter().cloned().collect::<Vec<_>>())? }
            }
            Do::Decide => self.decide(state, digest)?,
            Do::Signal => self.signal(),
            Do::Pause => Event::PauseRequested { by: "ada".into() },
            Do::Resume => Event::ResumeRequested { by: "bob".into() },
            Do::Cancel => Event::CancelRequested { by: "bob".into(), reason: None },
            Do::Rerun => self.rerun(state),
        };
        Some((later, event))
    }

    fn pick<T: Clone + ToString>(&self, among: &[T]) -> Option<T> {
        choose(self.which, among, |one| one.to_string()).cloned()
    }

    fn finish(&self, state: &State<'_>, key: AttemptKey) -> Event {
        let asked_to_end = state.world.asked_to_end.contains(&key);
        Event::AttemptFinished { key, outcome: outcome(self.way, asked_to_end) }
    }

    fn unasked(&self, state: &State<'_>) -> Option<Event> {
        let mut key = self.pick(&state.world.handed_out.keys().cloned().collect::<Vec<_>>())?;
        match self.way % 4 {
            0 if self.which.is_multiple_of(3) => return Some(Event::TimerFired { timer: state.run_timer() }),
            0 => key.attempt += 7,
            1 => key.visit += 7,
            2 => key.epoch += 1,
            _ => return Some(Event::TimerFired { timer: Timer::Sleep { key } }),
        }
        let outcome = outcome(self.way, false);
        Some(if self.which.is_multiple_of(2) {
            Event::AttemptStarted { key }
        } else {
            Event::AttemptFinished { key, outcome }
        })
    }

    fn decide(&self, state: &State<'_>, digest: impl Fn(&StepPath) -> Option<String>) -> Option<Event> {
        let mut asks = state.approvals();
        if self.which.is_multiple_of(16) {
            asks = state.graph.indices().map(|x| (state.id(x).into(), state.at(x).vis)).collect();
        }
        let (step, visit) = choose(self.which, asks, |(step, _)| step.to_string())?;
        let people = ["ada", "bob", "eve", "mallory"];
        let way = u32::from(self.way);
        let mut fields = Map::new();
        match way / 8 % 8 {
            0 => drop(fields.insert("c".into(), json!(7))),
            1 => drop(fields.insert("c".into(), json!(70))),
            2 => drop(fields.insert("other".into(), json!(1))),
            3 => drop(fields.insert("d".into(), json!("text"))),
            _ => {}
        }
        let decided = ApprovalDecided {
            digest: match self.which % 13 {
                0 => Some("sha256:another".to_owned()),
                1 => digest(&step),
                _ => None,
            },
            step,
            visit: if self.which.is_multiple_of(11) { visit.saturating_sub(1) } else { visit },
            by: people[(way / 2 % 4) as usize].to_owned(),
            member_of: match self.which % 5 {
                0 => vec!["group:ops".to_owned()],
                1 => vec!["group:*".to_owned()],
                _ => Vec::new(),
            },
            decision: if way.is_multiple_of(3) { Decision::Rejected } else { Decision::Approved },
            comment: (way.is_multiple_of(5)).then(|| "so it is".to_owned()),
            fields,
        };
        Some(Event::ApprovalDecided(Box::new(decided)))
    }

    pub fn rerun(&self, state: &State<'_>) -> Event {
        let steps: Vec<StepId> = state.graph.indices().map(|x| state.id(x)).collect();
        let some = |count: usize| steps.iter().skip(self.which as usize % steps.len()).take(count).cloned().collect();
        let from = match self.way % 16 {
            0 | 1 => RerunFrom::Everything,
            2 => RerunFrom::Failed,
            3..6 => RerunFrom::FailedItems,
            6 => RerunFrom::Steps(Vec::new()),
            7 => RerunFrom::Steps(vec![StepId::new("nobody").expect("an id")]),
            8 | 9 => RerunFrom::Steps(some(2)),
            10 | 11 => RerunFrom::Steps(some(1)),
            _ => RerunFrom::Units(self.units(state)),
        };
        Event::RerunRequested { by: ["ada", "bob", "eve"][self.which as usize % 3].into(), from }
    }

    /// Items of a step that has some, mostly; sometimes another step beside them, or an item that is not there.
    fn units(&self, state: &State<'_>) -> Vec<StepUnit> {
        let which = u32::from(self.which);
        let with_items = state.graph.indices().filter(|x| !state.at(*x).items.is_empty()).collect::<Vec<_>>();
        let Some(x) = with_items.get(which as usize % with_items.len().max(1)) else {
            return state.graph.indices().take(1).map(|x| StepUnit { step: state.id(x), item: Some(0) }).collect();
        };
        let count = state.at(*x).items.len() as u32;
        let item = |item: u32| StepUnit { step: state.id(*x), item: Some(item) };
        let mut units = vec![item(which / 16 % count)];
        match self.way / 16 % 8 {
            0 => units.push(item(count)),
            1 => units.push(item(count - 1)),
            2 => units.extend(state.graph.indices().take(1).map(|x| state.id(x).into())),
            3 => units.extend(with_items.iter().map(|x| StepUnit { step: state.id(*x), item: Some(0) })),
            _ => {}
        }
        units
    }

    fn signal(&self) -> Event {
        let name = match self.which % 9 {
            0 => "unheard",
            1..=4 => "go",
            _ => "done",
        };
        let payload = match self.way % 5 {
            0 => Json::Null,
            1 => json!({}),
            2 => json!({"k": 1}),
            3 => json!({"k": "text"}),
            _ => json!({"k": self.way}),
        };
        let idempotency_key = (self.way.is_multiple_of(3)).then(|| format!("key-{}", self.way % 4));
        Event::SignalReceived(Box::new(SignalReceived {
            name: name.into(),
            payload,
            by: "eve".into(),
            idempotency_key,
        }))
    }
}

/// How an attempt ends; one that was asked to end mostly does.
pub fn outcome(way: u8, asked_to_end: bool) -> Outcome {
    let mut result = RawResult {
        exit_code: Some(0),
        stdout: Some(if way.is_multiple_of(5) { "out" } else { "none" }.into()),
        ..RawResult::default()
    };
    match way / 16 % 4 {
        0 => {}
        1 => drop(result.outputs.insert("n".into(), json!("text"))),
        n => drop(result.outputs.insert("n".into(), json!(n - 1))),
    }
    let status = if way % 8 == 7 { 203 } else { 200 };
    result.response = Some(HttpResponse { status, ..HttpResponse::default() });
    let failed = |kind, exit_code: Option<i32>, result: RawResult| Outcome::Failed {
        error: Failure { exit_code, ..Failure::new(kind, "it is drawn") },
        result: RawResult { exit_code, ..result },
    };
    match way % 16 {
        0..4 if asked_to_end => Outcome::Cancelled { result },
        4..6 => failed(FailureKind::Exit, Some(1), result),
        6 => failed(FailureKind::Exit, Some(75), result),
        8 => failed(FailureKind::Timeout, None, result),
        9 => failed(FailureKind::Lost, None, result),
        10 if way >= 128 => Outcome::Cancelled { result },
        _ if asked_to_end && way >= 128 => Outcome::Cancelled { result },
        _ => Outcome::Succeeded { result },
    }
}

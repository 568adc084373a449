//! Random runs, on all processors.

use std::panic::AssertUnwindSafe;
use std::path::Path;

use loopline_core::event::Event;
use loopline_core::id::StepPath;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, RngSeed, TestCaseError, TestError, TestRunner,
};

use super::drawn_history::{Do, Move, histories, outcome};
use super::drawn_pipeline::{DrawnPipeline, choose, pipelines};
use super::duet::Duet;

#[test]
fn core_and_reference_agree_after_every_event() {
    let count = how_many();
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get().min(8)) as u32;
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|at| scope.spawn(move || play(at, count.div_ceil(threads * HISTORIES)))).collect();
        workers.into_iter().filter_map(|worker| worker.join().expect("a difference is a value")).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// As many as `LOOPLINE_OPINIONS` says; else more where nobody waits for them.
pub fn how_many() -> u32 {
    let wanted = std::env::var("LOOPLINE_OPINIONS").ok().and_then(|count| count.parse().ok());
    wanted.unwrap_or(if std::env::var_os("CI").is_some() { 20_000 } else { 5_000 })
}

/// The same cases every time, so that a change is not blamed for what it did not bring about; others where
/// `LOOPLINE_OPINIONS_SEED` names others, as the long tests do.
fn seed() -> u64 {
    std::env::var("LOOPLINE_OPINIONS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0)
}

/// Compiling costs more than a run: several runs share a pipeline.
const HISTORIES: u32 = 6;

/// The share of one processor.
fn play(share: u32, cases: u32) -> Option<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("second_opinion/regressions.txt");
    let file: &'static str = Box::leak(file.to_string_lossy().into_owned().into_boxed_str());
    let config = Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        rng_algorithm: RngAlgorithm::XorShift,
        rng_seed: RngSeed::Fixed(seed() * 1_000 + u64::from(share)),
        max_shrink_iters: 20_000,
        max_shrink_time: 30_000,
        ..Config::default()
    };
    let drawn = (pipelines(), vec((histories(), any::<u8>()), HISTORIES as usize));
    let played = TestRunner::new(config).run(&drawn, |(pipeline, histories)| {
        let played = std::panic::catch_unwind(AssertUnwindSafe(|| all(&pipeline, &histories)));
        let told = |panic: Box<dyn std::any::Any + Send>| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
        };
        played.unwrap_or_else(|panic| Err(format!("{}\n{}", told(panic), pipeline.text()))).map_err(TestCaseError::fail)
    });
    match played {
        Ok(()) => None,
        Err(TestError::Fail(reason, _)) => Some(reason.message().to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

/// Random runs of one pipeline, each of which is led to its end.
fn all(pipeline: &DrawnPipeline, histories: &[(Vec<Move>, u8)]) -> Result<(), String> {
    let yaml = pipeline.text();
    let compiled = loopline_dsl::compile(&yaml);
    let graph =
        compiled.graph.ok_or_else(|| loopline_dsl::render_pretty("drawn", &yaml, &compiled.diagnostics, false))?;
    let digest = graph.digest();
    assert_eq!(graph.requires, [], "what is drawn can be run");
    for (history, tail) in histories {
        let mut duet =
            Duet::begin(&graph, &digest).map_err(|difference| format!("at the beginning: {difference}\n{yaml}"))?;
        let played = random_moves(&mut duet, history).and_then(|()| to_the_end(&mut duet, *tail));
        played.map_err(|difference| duet.report(&yaml, &difference))?;
    }
    Ok(())
}

fn random_moves(duet: &mut Duet<'_>, history: &[Move]) -> Result<(), String> {
    for step in history {
        let Some((at, event)) = step.event(&duet.reference, |step| duet.digest(step)) else { continue };
        duet.play(at, event)?;
    }
    Ok(())
}

/// Everybody does what is asked, until the run is over.
fn to_the_end(duet: &mut Duet<'_>, tail: u8) -> Result<(), String> {
    let mut reruns = tail % 3;
    for turn in 0..100u8 {
        if duet.core.is_over() {
            if reruns == 0 {
                return Ok(());
            }
            reruns -= 1;
            let again = Move { what: Do::Rerun, which: u16::from(turn), way: tail.wrapping_mul(31).wrapping_add(turn) };
            duet.play(duet.reference.world.now.plus_ms(1), again.rerun(&duet.reference))?;
            continue;
        }
        let state = &duet.reference;
        let now = state.world.now;
        let draw = u16::from(tail) << 8;
        let attempts = state.attempts();
        let attempt = choose(draw, attempts.iter().map(|(key, _)| key), |key| key.to_string());
        let timer = state.world.timers.iter().min_by_key(|(_, at)| **at);
        let asks = state.approvals().into_iter().next();
        let (at, event) = if state.world.pause.is_some() {
            (now, Event::ResumeRequested { by: "bob".into() })
        } else if let Some(key) = attempt {
            let way = key.to_string().bytes().fold(tail, |way, byte| way.wrapping_mul(31).wrapping_add(byte));
            let outcome = outcome(way, state.world.asked_to_end.contains(key));
            (now.plus_ms(1), Event::AttemptFinished { key: key.clone(), outcome })
        } else if let Some(asked) = asks {
            for by in ["bob", "eve"] {
                if duet.reference.approvals().contains(&asked) {
                    duet.play(now, approves(&asked.0, asked.1, by))?;
                }
            }
            continue;
        } else if let Some((timer, at)) = timer {
            ((*at).max(now), Event::TimerFired { timer: timer.clone() })
        } else {
            let name = if turn % 2 == 0 { "go" } else { "done" };
            let signal = loopline_core::event::SignalReceived {
                name: name.into(),
                payload: serde_json::json!({"k": 2}),
                by: "eve".into(),
                idempotency_key: None,
            };
            (now, Event::SignalReceived(Box::new(signal)))
        };
        duet.play(at, event)?;
    }
    // A loop without bound may go on; whatever else lives must be something that can end.
    let state = &duet.reference;
    let moves = duet.core.is_over() || state.lives() || !state.world.timers.is_empty();
    if moves { Ok(()) } else { Err("the run is not over, and nothing of it can end".to_owned()) }
}

fn approves(step: &StepPath, visit: u32, by: &str) -> Event {
    Event::ApprovalDecided(Box::new(loopline_core::event::ApprovalDecided {
        step: step.clone(),
        visit,
        by: by.into(),
        member_of: vec!["group:ops".into()],
        decision: loopline_core::event::Decision::Approved,
        comment: None,
        fields: serde_json::Map::new(),
        digest: None,
    }))
}

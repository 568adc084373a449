//! Whoever asks things of the engine: impatient, forgetful, and sometimes too late.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use loopline_core::event::{ApprovalDecided, Decision, RerunFrom, SignalReceived, Trigger};
use loopline_core::id::{RunId, StepPath};
use loopline_core::view::{RunStatus, RunView, StepView, WaitingFor};
use loopline_ports::driver::{Driver as _, DriverError, TriggerRequest};
use loopline_ports::journal::{Journal as _, RunFilter};
use loopline_runtime::Engine;
use serde_json::{Map, json};
use tokio::task::JoinHandle;

use super::world::World;

/// Nobody waits longer for an answer; whoever wants to know asks again.
const PATIENCE: Duration = Duration::from_secs(5);
/// Within so many rounds of doing all that anybody can do, every run must have come to its end.
const ROUNDS: u32 = 3_000;

pub fn all(world: &Arc<World>) -> Vec<JoinHandle<()>> {
    let runs = 1 + world.dice.below(4);
    let mut all: Vec<_> = (0..runs).map(|number| tokio::spawn(trigger(Arc::clone(world), number))).collect();
    all.push(tokio::spawn(meddle(Arc::clone(world))));
    all
}

/// Asks the engine that lives; `None` where there is none, or it does not answer in time.
async fn ask<T>(world: &World, question: impl AsyncFnOnce(Arc<Engine>) -> T) -> Option<T> {
    let Some(engine) = world.engine() else {
        tokio::time::sleep(Duration::from_secs(1)).await;
        return None;
    };
    tokio::time::timeout(PATIENCE, question(engine)).await.ok()
}

/// Starts a run, and asks again with the same key until there is an answer, and sometimes once more.
async fn trigger(world: Arc<World>, number: u64) {
    world.some_time(120_000).await;
    let key = format!("key {number}");
    let definition = Arc::clone(world.dice.one_of(world.pipelines.all()));
    world.tell(|told| {
        told.asked.insert(key.clone());
    });
    let mut again = world.dice.below(3);
    while !world.is_well() {
        let request = TriggerRequest {
            project: "default".to_owned(),
            definition: Arc::clone(&definition),
            inputs: Map::new(),
            labels: BTreeMap::new(),
            trigger: Trigger { kind: "api".to_owned(), actor: Some("zoe".to_owned()) },
            idempotency_key: Some(key.clone()),
            asked_by: "zoe".into(),
        };
        let answer = ask(&world, async move |engine| engine.trigger(request).await).await;
        match answer {
            Some(Ok(triggered)) => {
                world.note(format_args!("{} {key} is run {}", definition.graph.name, triggered.run));
                world.tell(|told| {
                    let before = told.triggered.insert(key.clone(), triggered.run);
                    assert!(before.is_none_or(|before| before == triggered.run), "{key} has two runs");
                });
                if again == 0 {
                    return;
                }
                again -= 1;
            }
            Some(Err(DriverError::Journal(_) | DriverError::Stopping)) | None => {}
            Some(Err(error)) => world.broken(format_args!("{key} is refused: {error}")),
        }
        world.some_time(3_000).await;
    }
}

/// Decides, sends signals, pauses, cancels, does again: whatever comes to mind.
async fn meddle(world: Arc<World>) {
    for count in 0_u64.. {
        world.some_time(20_000).await;
        if world.is_well() {
            return;
        }
        let runs: Vec<RunId> = world.told().triggered.into_values().collect();
        if runs.is_empty() {
            continue;
        }
        let run = *world.dice.one_of(&runs);
        match world.dice.below(24) {
            0 => act(&world, "cancel", run, async |engine| engine.cancel(run, "ada".into(), None).await).await,
            1 | 2 => act(&world, "pause", run, async |engine| engine.pause(run, "ada".into()).await).await,
            3..=5 => act(&world, "resume", run, async |engine| engine.resume(run, "ada".into()).await).await,
            6 => rerun(&world, run).await,
            7..=10 => signal(&world, run, count).await,
            _ => decide_something(&world, run).await,
        }
    }
}

/// Gives whether it was taken. What is refused is none of this room's business.
async fn act_taken(
    world: &World,
    what: &str,
    run: RunId,
    action: impl AsyncFnOnce(Arc<Engine>) -> Result<(), DriverError>,
) -> bool {
    match ask(world, action).await {
        Some(Ok(())) => {
            world.note(format_args!("{run} {what}: taken"));
            true
        }
        Some(Err(error)) => {
            world.note(format_args!("{run} {what}: {error}"));
            false
        }
        None => {
            world.note(format_args!("{run} {what}: no answer"));
            false
        }
    }
}

async fn act(world: &World, what: &str, run: RunId, action: impl AsyncFnOnce(Arc<Engine>) -> Result<(), DriverError>) {
    act_taken(world, what, run, action).await;
}

async fn rerun(world: &World, run: RunId) {
    let from = if world.dice.one_in(2) { RerunFrom::FailedItems } else { RerunFrom::Everything };
    act(world, "rerun", run, async |engine| engine.rerun(run, "ada".into(), from).await).await;
}

async fn signal(world: &World, run: RunId, count: u64) {
    let key = format!("signal {count}");
    let payload = json!({"amount": world.dice.below(4)});
    for _ in 0..=world.dice.below(2) {
        let signal = SignalReceived {
            name: "paid".to_owned(),
            payload: payload.clone(),
            by: "bank".to_owned(),
            idempotency_key: Some(key.clone()),
        };
        if act_taken(world, &key, run, async |engine| engine.signal(run, signal, "ada".into()).await).await {
            world.tell(|told| {
                told.signals.insert((run, key.clone()));
            });
        }
    }
}

async fn decide_something(world: &World, run: RunId) {
    let Some(Ok(view)) = ask(world, async |engine| engine.view(run, None).await).await else { return };
    let waiting: Vec<_> = approvals(&view).collect();
    if waiting.is_empty() {
        return;
    }
    let (step, view) = *world.dice.one_of(&waiting);
    // One in eight looks at a page that is no longer true.
    let visit = if world.dice.one_in(8) { view.visit.saturating_sub(1).max(1) } else { view.visit };
    let decision = if world.dice.one_in(4) { Decision::Rejected } else { Decision::Approved };
    let by = *world.dice.one_of(&["ada", "bob", "eve", "mallory"]);
    decide(world, run, step, visit, decision, by).await;
}

fn approvals(view: &RunView) -> impl Iterator<Item = (&str, &StepView)> {
    let waits = |view: &&StepView| matches!(view.waiting_for, Some(WaitingFor::Approval(_)));
    view.steps.iter().map(|(id, view)| (id.as_str(), view)).filter(move |(_, view)| waits(view))
}

async fn decide(world: &World, run: RunId, step: &str, visit: u32, decision: Decision, by: &str) {
    let path: StepPath = loopline_core::id::StepId::new(step).expect("an id of a graph").into();
    let decided = ApprovalDecided {
        step: path,
        visit,
        by: by.to_owned(),
        member_of: Vec::new(),
        decision,
        comment: None,
        fields: Map::new(),
        digest: None,
    };
    let what = format!("{decision:?} of {step}, visit {visit}, by {by}");
    if act_taken(world, &what, run, async |engine| engine.decide(run, decided, "ada".into()).await).await {
        world.tell(|told| {
            told.decisions.insert((run, step.to_owned(), visit, by.to_owned()));
        });
    }
}

/// Does all that people can do for runs that wait for them, until every run is over.
pub async fn finish_everything(world: &Arc<World>) {
    let filter = RunFilter { limit: u32::MAX, ..RunFilter::default() };
    for round in 0..ROUNDS {
        let runs = world.disk.list(&filter).await.expect("the disk itself never fails");
        let open: Vec<RunId> = runs.iter().filter(|run| !run.row.status.is_over()).map(|run| run.run).collect();
        if open.is_empty() {
            return;
        }
        for run in open {
            let Some(Ok(view)) = ask(world, async |engine| engine.view(run, None).await).await else { continue };
            if view.status == RunStatus::Paused {
                act(world, "resume", run, async |engine| engine.resume(run, "ada".into()).await).await;
            }
            for (step, view) in approvals(&view) {
                for by in ["ada", "bob"] {
                    decide(world, run, step, view.visit, Decision::Approved, by).await;
                }
            }
            if view.steps.values().any(|step| matches!(step.waiting_for, Some(WaitingFor::Signal { .. }))) {
                signal(world, run, u64::from(round) + 1_000_000).await;
            }
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    world.broken("a run does not come to its end");
}

//! What must hold when every run is over, whatever has failed on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use loopline_core::event::{Event, Recorded};
use loopline_core::id::{AttemptId, RunId};
use loopline_core::machine::{RunState, apply};
use loopline_core::outcome::{FailureKind, Outcome};
use loopline_core::time::Timestamp;
use loopline_ports::driver::Driver as _;
use loopline_ports::journal::{Journal as _, RunFilter};

use super::world::World;

pub async fn judge(world: &Arc<World>) {
    let filter = RunFilter { limit: u32::MAX, ..RunFilter::default() };
    let runs = world.disk.list(&filter).await.expect("the disk itself never fails");
    let mut histories = BTreeMap::new();
    for run in &runs {
        let events = world.disk.events(run.run, 0, u32::MAX).await.expect("the disk itself never fails");
        folds_to_what_is_shown(world, run.run, &events).await;
        ends_are_true(world, run.run, &events);
        for event in &events {
            let line = serde_json::to_string(event).expect("events are JSON");
            world.note(format_args!("{} {line}", run.run));
        }
        histories.insert(run.run, events);
    }
    what_was_told_is_true(world, &histories);
    nothing_is_left(world).await;
}

/// Folding the history again refuses nothing, ends, and gives what the engine shows.
async fn folds_to_what_is_shown(world: &World, run: RunId, events: &[Recorded]) {
    let definition = world.disk.definition_of(run).await.expect("the disk itself never fails");
    let graph = definition.expect("every run has a definition").graph;
    let mut state = RunState::default();
    for (event, seq) in events.iter().zip(1..) {
        if event.seq != seq {
            world.broken(format_args!("{run}: event {} stands at {seq}", event.seq));
        }
        if let Err(refused) = apply(&graph, &mut state, event) {
            world.broken(format_args!("{run}: event {seq} is refused when it is folded again: {refused}"));
        }
    }
    let engine = world.engine().expect("the last engine lives");
    let shown = engine.view(run, None).await.expect("the run is there");
    let folded = state.view(&graph).expect("the run has begun");
    if shown != folded {
        world.broken(format_args!("{run}: the engine shows something else than its history gives"));
    }
    if !state.is_over() || !state.live_attempts(&graph).is_empty() {
        world.broken(format_args!("{run}: it is over, and something of it lives"));
    }
}

/// Every end of an attempt in a history is the one that the machine saw, and stands there once.
fn ends_are_true(world: &World, run: RunId, events: &[Recorded]) {
    let mut seen = std::collections::BTreeSet::new();
    for event in events {
        let Event::AttemptFinished { key, outcome } = &event.event else { continue };
        let id = AttemptId { run, key: key.clone() };
        if !seen.insert(key.clone()) {
            world.broken(format_args!("{id} ends twice"));
        }
        let lost = matches!(outcome, Outcome::Failed { error, .. } if error.kind == FailureKind::Lost);
        let never_began = matches!(outcome, Outcome::Cancelled { .. }) && world.machine.outcome(&id).is_none();
        if !lost && !never_began && world.machine.outcome(&id).as_ref() != Some(outcome) {
            world.broken(format_args!("{id} ended otherwise than its history says"));
        }
    }
}

/// What people were told has happened, has happened once.
fn what_was_told_is_true(world: &World, histories: &BTreeMap<RunId, Vec<Recorded>>) {
    let told = world.told();
    let is_child = |events: &Vec<Recorded>| matches!(&events[0].event, Event::RunCreated(c) if c.parent.is_some());
    let begun = histories.values().filter(|events| !is_child(events)).count();
    if begun < told.triggered.len() || begun > told.asked.len() {
        world.broken(format_args!("{begun} runs for {} keys, {} answered", told.asked.len(), told.triggered.len()));
    }
    let times = |run: &RunId, is_it: &dyn Fn(&Event) -> bool| {
        histories.get(run).into_iter().flatten().filter(|event| is_it(&event.event)).count()
    };
    for (key, run) in &told.triggered {
        if !histories.contains_key(run) {
            world.broken(format_args!("{key} was told of {run}, and there is no such run"));
        }
    }
    for (run, key) in &told.signals {
        let is_it =
            |event: &Event| matches!(event, Event::SignalReceived(s) if s.idempotency_key.as_ref() == Some(key));
        if times(run, &is_it) != 1 {
            world.broken(format_args!("{run}: {key} was taken, and stands there {} times", times(run, &is_it)));
        }
    }
    for (run, step, visit, by) in &told.decisions {
        let is_it = |event: &Event| matches!(event, Event::ApprovalDecided(decided) if decided.step.to_string() == *step && decided.visit == *visit && decided.by == *by);
        if times(run, &is_it) == 0 {
            world.broken(format_args!("{run}: what {by} decided about {step} was taken, and is not there"));
        }
    }
}

/// No attempt, no timer, no place in a group is left of runs that are over.
async fn nothing_is_left(world: &World) {
    let attempts = world.disk.open_attempts().await.expect("the disk itself never fails");
    let slots = world.disk.slots().await.expect("the disk itself never fails");
    let timers = world.disk.due_timers(Timestamp(i64::MAX), u32::MAX).await.expect("the disk itself never fails");
    if !attempts.is_empty() || !slots.is_empty() || !timers.is_empty() {
        world.broken(format_args!("left behind: {attempts:?} {slots:?} {timers:?}"));
    }
    if let Some(id) = world.machine.running().first() {
        world.broken(format_args!("{id} runs on, and its run is over"));
    }
}

//! Against the machine itself: whatever a run of it shows was said to be possible, loops included.

use std::collections::BTreeMap;

use loopline_core::command::{Command, Timer};
use loopline_core::event::{ApprovalDecided, Decision, Event, Recorded, RunCreated, Trigger};
use loopline_core::graph::Graph;
use loopline_core::id::{AttemptKey, RunId, StepId};
use loopline_core::machine::{RunState, apply};
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_core::time::Timestamp;
use loopline_core::view::{RunView, SkipReason, StepStatus, StepView, WaitingFor};
use proptest::prelude::*;
use serde_json::json;

use super::drawn::{Given, drawn};
use super::{Known, with_known};
use crate::check::reach::sweep::Answer;
use crate::check::reach::ways::Ways;

const MAX_EVENTS: usize = 150;

/// A run in which chance decides what happens next.
struct World<'a> {
    graph: &'a Graph,
    state: RunState,
    now: Timestamp,
    attempts: Vec<AttemptKey>,
    timers: BTreeMap<Timer, Timestamp>,
}

impl<'a> World<'a> {
    fn begin(graph: &'a Graph, given: &Given) -> Self {
        let mut world = Self {
            graph,
            state: RunState::default(),
            now: Timestamp(1_790_000_000_000),
            attempts: Vec::new(),
            timers: BTreeMap::new(),
        };
        let q = given.q.map_or(json!("neither"), |value| json!(value));
        let inputs = json!({"p0": given.p0, "p1": given.p1, "q": q, "e": given.e});
        let created = RunCreated {
            run: RunId::from_parts(1, 1),
            project: "default".into(),
            pipeline: "drawn".into(),
            number: 1,
            digest: String::new(),
            semantics: graph.semantics,
            inputs: inputs.as_object().expect("it is a map").clone(),
            trigger: Trigger { kind: "manual".into(), actor: None },
            labels: BTreeMap::new(),
            parent: None,
            url: None,
        };
        world.take(Event::RunCreated(Box::new(created)));
        world
    }

    fn take(&mut self, event: Event) {
        let recorded = Recorded { seq: self.state.last_seq() + 1, at: self.now, event };
        let Ok(applied) = apply(self.graph, &mut self.state, &recorded) else { return };
        for command in applied.commands {
            match command {
                Command::StartAttempt(spec) => self.attempts.push(spec.id.key),
                Command::SetTimer { timer, at } => {
                    self.timers.insert(timer, at);
                }
                Command::ClearTimer { timer } => {
                    self.timers.remove(&timer);
                }
                Command::CancelAttempt { .. } | Command::FinishRun { .. } => {}
                Command::StartChild(_)
                | Command::CancelChild { .. }
                | Command::AskChild { .. }
                | Command::TellParent(_)
                | Command::AskSlot { .. }
                | Command::ReleaseSlot { .. } => unreachable!("what is drawn has neither children nor groups"),
            }
        }
    }

    fn view(&self) -> RunView {
        self.state.view(self.graph).expect("the run has begun")
    }

    /// Lets one thing happen: an attempt ends, a timer runs out, somebody decides. Whether there was anything.
    fn go_on(&mut self, chance: u32) -> bool {
        let asked: Vec<(StepId, u32)> = self
            .view()
            .steps
            .iter()
            .filter(|(_, step)| step.status == StepStatus::Waiting)
            .map(|(id, step)| (id.clone(), step.visit))
            .collect();
        let timers: Vec<(Timer, Timestamp)> = self.timers.iter().map(|(timer, at)| (timer.clone(), *at)).collect();
        let all = self.attempts.len() + timers.len() + asked.len();
        if all == 0 || self.state.is_over() {
            return false;
        }
        let well = chance.is_multiple_of(2);
        let which = (chance / 2) as usize % all;
        if which < self.attempts.len() {
            let key = self.attempts.remove(which);
            let result = RawResult::default();
            let error = Failure::new(FailureKind::Exit, "it went wrong");
            let outcome = if well { Outcome::Succeeded { result } } else { Outcome::Failed { error, result } };
            self.take(Event::AttemptFinished { key, outcome });
        } else if let Some((timer, at)) = timers.get(which - self.attempts.len()) {
            self.timers.remove(timer);
            self.now = self.now.max(*at);
            self.take(Event::TimerFired { timer: timer.clone() });
        } else {
            let (step, visit) = asked[which - self.attempts.len() - timers.len()].clone();
            self.take(Event::ApprovalDecided(Box::new(ApprovalDecided {
                step: step.into(),
                visit,
                by: "ada".into(),
                member_of: vec!["role:approver".into()],
                decision: if well { Decision::Approved } else { Decision::Rejected },
                comment: None,
                fields: serde_json::Map::new(),
                digest: None,
            })));
        }
        true
    }
}

/// How a step stands, as forward edges see it.
fn way(step: &StepView) -> Ways {
    match (step.status, step.skip_reason) {
        (StepStatus::Succeeded, _) => Ways::SUCCEEDED,
        (StepStatus::Failed, _) => Ways::FAILED,
        (StepStatus::Skipped, Some(SkipReason::UpstreamFailed)) => Ways::UPSTREAM_FAILED,
        (StepStatus::Skipped, _) => Ways::NOT_TAKEN,
        _ => Ways::NONE,
    }
}

fn has_run(step: &StepView) -> bool {
    // A step that waits for a moment may sleep, or not have begun: it is `to` of a loop with a delay.
    let waits = matches!(step.waiting_for, Some(WaitingFor::Approval(_)));
    let runs = waits || matches!(step.status, StepStatus::Running | StepStatus::Succeeded);
    runs || step.visits.iter().any(|visit| visit.status == StepStatus::Succeeded)
}

fn was_foretold(view: &RunView, known: &Known<'_>) -> Result<(), String> {
    let outlooks = known.proven;
    for (at, (outlook, (id, step))) in outlooks.iter().zip(&view.steps).enumerate() {
        if !way(step).within(outlook.ways) {
            return Err(format!(
                "{id} is {:?} {:?}, and only {:?} was foretold",
                step.status, step.skip_reason, outlook.ways
            ));
        }
        let never = [outlook.goes, known.found[at].goes].contains(&Answer::Never);
        if never && has_run(step) {
            return Err(format!("{id} has run"));
        }
        if known.visits[at].is_some_and(|most| u128::from(step.visit) > most) {
            return Err(format!("{id} is in visit {}, and at most {:?} were foretold", step.visit, known.visits[at]));
        }
    }
    for edge in &view.loops {
        let at = view.steps.keys().position(|id| *id == edge.from).expect("a step");
        let foretold = outlooks[at].entries.get(edge.index as usize).is_none_or(|entry| entry.reached && entry.fires);
        if edge.used > 0 && !foretold {
            return Err(format!("loop {} of {} has fired", edge.index, edge.from));
        }
    }
    Ok(())
}

/// Numbers without a pattern: shifts and exclusive ors that run through all 64 bits.
fn next(chance: u64) -> u64 {
    let chance = chance ^ (chance << 13);
    let chance = chance ^ (chance >> 7);
    chance ^ (chance << 17)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_run_shows_was_said_to_be_possible(
        drawn in drawn(7, true),
        runs in prop::collection::vec((0..36_usize, 1_u64..), 20),
    ) {
        let text = drawn.text();
        let graph = crate::compile(&text).graph.ok_or_else(|| TestCaseError::fail(text.clone()))?;
        with_known(&text, |known| {
            for (given, mut chance) in runs {
                let mut world = World::begin(&graph, &Given::all()[given]);
                for _ in 0..MAX_EVENTS {
                    let told = was_foretold(&world.view(), &known);
                    prop_assert_eq!(told, Ok(()), "in\n{}", text);
                    chance = next(chance);
                    if !world.go_on((chance >> 32) as u32) {
                        break;
                    }
                }
            }
            Ok(())
        })?;
    }
}

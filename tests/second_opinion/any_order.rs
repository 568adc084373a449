//! L5: where the order of completions must not matter, it does not. Core alone, twice, in two orders.

use std::collections::BTreeSet;

use loopline_core::command::Timer;
use loopline_core::event::{ApprovalDecided, Decision, Event, Recorded};
use loopline_core::graph::{Action, Graph, Join};
use loopline_core::id::{AttemptKey, StepId};
use loopline_core::machine::{RunState, apply};
use loopline_core::time::Timestamp;
use loopline_core::view::{RunStatus, RunView, SkipReason, StepStatus, WaitingFor};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value as Json};

use super::drawn_history::outcome;
use super::drawn_pipeline::{DrawnPipeline, Kind, choose, pipelines};
use super::duet::{BEGIN, created};
use super::edges::{leads, regions};
use super::picture::Wishes;
use super::runs::how_many;

#[test]
fn l5_the_order_of_completions_changes_nothing_where_it_must_not() {
    let cases = how_many() / 20;
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let loops = prop_oneof![Just(true), Just(false)];
    let drawn = (pipelines(), loops, any::<u8>(), any::<u16>(), any::<u16>());
    let held = TestRunner::new(config).run(&drawn, |(pipeline, loops, outcomes, one, another)| {
        let yaml = comparable(pipeline, loops).text();
        let compiled = loopline_dsl::compile(&yaml);
        let graph = compiled.graph.ok_or_else(|| TestCaseError::fail(format!("{:?}", compiled.diagnostics)))?;
        if loops && !loops_are_alone(&graph) {
            return Ok(());
        }
        let (left, left_order) = ending(&graph, outcomes, one);
        let (right, right_order) = ending(&graph, outcomes, another);
        let differ = format!("{yaml}\n{left_order:?}\n{right_order:?}");
        prop_assert_eq!(left, right, "{}", differ);
        Ok(())
    });
    held.unwrap_or_else(|error| panic!("{error}"));
}

/// What L5 covers: no end by hand or by time, nothing that waits for signals, and no step that looks at others while
/// they may be undecided, or at what was before.
fn comparable(mut pipeline: DrawnPipeline, loops: bool) -> DrawnPipeline {
    pipeline.fail_fast = false;
    pipeline.timeout = false;
    pipeline.finally.clear();
    if loops {
        for step in &mut pipeline.steps {
            step.join = 0;
        }
    }
    let may_look = pipeline.steps.iter().all(|step| step.join == 0);
    for step in &mut pipeline.steps {
        step.timeout = false;
        step.many = None;
        step.compensate = None;
        if matches!(step.kind, Kind::Wait | Kind::Pipeline) {
            step.kind = Kind::Run;
        }
        if !loops {
            step.gotos.clear();
            step.repeat = None;
        }
        for goto in &mut step.gotos {
            goto.to -= goto.to % 4;
            goto.to += 1;
        }
        step.condition = step.condition.filter(|(variant, _)| (may_look && *variant < 4) || *variant >= 6);
        step.sees = step.sees.filter(|(variant, _)| may_look && matches!(variant, 0 | 1 | 3 | 7));
    }
    pipeline
}

/// Joins on the loops are `all`, and each step of a region lies before or behind the loop's source.
fn loops_are_alone(graph: &Graph) -> bool {
    let regions = regions(graph);
    graph.indices().flat_map(|x| graph.step(x).goto.iter().map(move |g| (x, g))).all(|(x, g)| {
        regions[&g.to].iter().all(|y| {
            let beside = x != *y && !leads(&regions, x, *y) && !leads(&regions, *y, x);
            graph.step(*y).join == Join::All && !beside
        })
    })
}

/// How a step ended, and its past visits: what the order must not change.
#[derive(Debug, PartialEq)]
struct Ending {
    status: RunStatus,
    outputs: Map<String, Json>,
    steps: Vec<StepEnding>,
}

type StepEnding =
    (StepId, u32, StepStatus, Option<SkipReason>, Option<&'static str>, Map<String, Json>, Vec<StepStatus>);

fn ending(graph: &Graph, outcomes: u8, order: u16) -> (Ending, Vec<String>) {
    let mut run = Alone { graph, state: RunState::default(), wishes: Wishes::default(), now: BEGIN };
    run.play(Event::RunCreated(Box::new(created(graph, &graph.digest()))));
    let mut played = Vec::new();
    for turn in 0..2_000u16 {
        let view = run.state.view(graph).expect("the run has begun");
        if run.state.is_over() {
            return (told(graph, view), played);
        }
        let next = choose(order.wrapping_add(turn.wrapping_mul(257)), run.next(&view), ToString::to_string);
        let next = next.expect("something can happen in a run that is not over");
        played.push(next.to_string());
        run.happen(next, outcomes);
    }
    panic!("the run does not end:\n{played:?}");
}

fn told(graph: &Graph, view: RunView) -> Ending {
    let steps = view.steps.into_iter().map(|(id, step)| {
        let decided_at = matches!(graph.steps.iter().find(|known| known.id == id), Some(known) if matches!(known.action, Action::Approval(_)));
        let outputs = if decided_at { Map::new() } else { step.outputs };
        let kind = step.error.map(|failure| failure.kind.as_str());
        let visits = step.visits.iter().map(|visit| visit.status).collect();
        (id, step.visit, step.status, step.skip_reason, kind, outputs, visits)
    });
    Ending { status: view.status, outputs: view.outputs, steps: steps.collect() }
}

/// What may happen next.
enum Next {
    Ends(AttemptKey),
    RunsOut(Timer, Timestamp),
    IsDecided(StepId, u32),
}

impl std::fmt::Display for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ends(key) => write!(f, "{key}"),
            Self::RunsOut(timer, _) => write!(f, "{timer}"),
            Self::IsDecided(step, visit) => write!(f, "{step}.{visit} decided"),
        }
    }
}

/// A run of core without a reference beside it.
struct Alone<'a> {
    graph: &'a Graph,
    state: RunState,
    wishes: Wishes,
    now: Timestamp,
}

impl Alone<'_> {
    fn next(&self, view: &RunView) -> Vec<Next> {
        let asks = view.steps.iter().filter(|(_, step)| matches!(step.waiting_for, Some(WaitingFor::Approval(_))));
        let ends = self.wishes.live.keys().cloned().map(Next::Ends);
        let runs_out = self.wishes.timers.iter().map(|(timer, at)| Next::RunsOut(timer.clone(), *at));
        ends.chain(runs_out).chain(asks.map(|(id, step)| Next::IsDecided(id.clone(), step.visit))).collect()
    }

    fn happen(&mut self, next: Next, outcomes: u8) {
        self.now = self.now.plus_ms(1);
        let way = next.to_string().bytes().fold(outcomes, |way, byte| way.wrapping_mul(31).wrapping_add(byte));
        match next {
            Next::Ends(key) => self.play(Event::AttemptFinished { key, outcome: outcome(way, false) }),
            Next::RunsOut(timer, at) => {
                self.now = self.now.max(at);
                self.play(Event::TimerFired { timer });
            }
            Next::IsDecided(step, visit) => {
                let mut people = BTreeSet::from(["bob", "eve"]).into_iter();
                while let Some(by) = people.next().filter(|_| self.asks(&step, visit)) {
                    self.play(Event::ApprovalDecided(Box::new(ApprovalDecided {
                        step: step.clone().into(),
                        visit,
                        by: by.to_owned(),
                        member_of: vec!["group:*".to_owned()],
                        decision: if way.is_multiple_of(3) { Decision::Rejected } else { Decision::Approved },
                        comment: None,
                        fields: Map::new(),
                        digest: None,
                    })));
                }
            }
        }
    }

    fn asks(&self, step: &StepId, visit: u32) -> bool {
        let view = self.state.view(self.graph).expect("the run has begun");
        let step = &view.steps[step];
        step.visit == visit && matches!(step.waiting_for, Some(WaitingFor::Approval(_)))
    }

    fn play(&mut self, event: Event) {
        let recorded = Recorded { seq: self.state.last_seq() + 1, at: self.now, event };
        let applied = apply(self.graph, &mut self.state, &recorded).expect("nothing wrong is done");
        self.wishes.follow(&recorded.event, &applied.commands);
    }
}

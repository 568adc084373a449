//! Orders that are left out leave no outcome out: random pipelines are tried in every order, and in those that matter.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use loopline_core::graph::Graph;
use serde_json::Map;

use super::*;
use crate::run::Subject;
use crate::verify::choices::Plan;
use crate::verify::run::Run;
use crate::verify::samples::MadeUp;

/// Pipelines with more runs are left out: all orders of a few steps are many.
const MOST_RUNS: usize = 800;

impl<'g> Orders<'g> {
    /// As if all of them mattered; of the steps at the top.
    fn every(graph: &'g Graph) -> Self {
        let pairs = graph.indices().flat_map(|one| graph.indices().map(move |other| (one, other)));
        let known = pairs.map(|(one, other)| ((std::ptr::from_ref(graph), one, other), true)).collect();
        Self { graph, known: RefCell::new(known), any: true }
    }
}

/// How all runs end: where each step stands, in which visit. None where there are too many runs.
fn outcomes(graph: &Graph, orders: &Orders<'_>) -> Option<(BTreeSet<String>, usize)> {
    let subject = Subject::new(graph);
    let made_up = MadeUp::of(graph, &Map::new());
    let mut open: Vec<Plan> = vec![Vec::new()];
    let mut found = BTreeSet::new();
    let mut runs = 0;
    while let Some(plan) = open.pop() {
        runs += 1;
        if runs + open.len() > MOST_RUNS {
            return None;
        }
        let next = plan.last().map_or(0, |(at, _)| at + 1);
        let run = Run::of(&subject, &Map::new(), &made_up, orders, plan.clone()).expect("a run");
        let view = run.world.view().expect("a view");
        let mut outcome = view.status.as_str().to_owned();
        for (id, step) in &view.steps {
            let _ = write!(outcome, " {id}:{}{}", step.status.as_str(), step.visit);
        }
        found.insert(outcome);
        for (at, made) in run.world.script.made.iter().enumerate().skip(next) {
            for option in (0..made.options.len()).filter(|option| *option != made.taken) {
                open.push(plan.iter().copied().chain([(at, option)]).collect());
            }
        }
    }
    Some((found, runs))
}

/// Numbers that look like chance, the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn pipeline(seed: u64) -> String {
    let dice = &mut Dice(seed);
    let count = 3 + dice.roll(2);
    let mut text = "version: 1\nname: p\n".to_owned();
    if dice.roll(8) == 0 {
        text.push_str("fail_fast: true\n");
    }
    text.push_str("steps:\n");
    let mut behind: Vec<BTreeSet<u64>> = Vec::new();
    for step in 0..count {
        let needs: Vec<u64> = (0..step).filter(|_| dice.roll(5) < 2).collect();
        let mut before: BTreeSet<u64> = needs.iter().flat_map(|need| behind[*need as usize].clone()).collect();
        before.extend(&needs);
        let named: Vec<String> = needs.iter().map(|need| format!("s{need}")).collect();
        let join = if needs.len() > 1 && dice.roll(3) == 0 { ", join: any" } else { "" };
        let targets: Vec<u64> = before.iter().copied().chain([step]).collect();
        let goto = match dice.roll(3) {
            0 => {
                let to = targets[dice.roll(targets.len() as u64) as usize];
                format!(", goto: [{{to: s{to}, on: failed, max: 1}}]")
            }
            _ => String::new(),
        };
        let _ = writeln!(text, "  s{step}: {{run: x, needs: [{}]{join}{goto}}}", named.join(", "));
        behind.push(before);
    }
    text
}

#[test]
fn orders_that_are_left_out_leave_no_outcome_out() {
    let (mut compared, mut fewer) = (0, 0);
    for seed in 0..50 {
        let text = pipeline(seed);
        let Some(graph) = loopline_dsl::compile(&text).graph else { continue };
        let Some((all, of_all)) = outcomes(&graph, &Orders::every(&graph)) else { continue };
        let (found, runs) = outcomes(&graph, &Orders::of(&graph)).expect("fewer orders are fewer runs");
        assert_eq!(found, all, "seed {seed}\n{text}");
        compared += 1;
        fewer += usize::from(runs < of_all);
    }
    assert!(compared >= 15 && fewer >= 5, "{compared} were compared, {fewer} had orders to leave out");
}

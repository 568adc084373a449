//! Tries the ways that a run can take: first those with few surprises.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use loopline_core::id::StepPath;
use loopline_core::machine::{Passage, Passed};
use loopline_core::outcome::FailureKind;
use loopline_core::time::Timestamp;
use loopline_core::view::{SkipReason, StepStatus, StepView};
use loopline_dsl::drawing::Trail;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::bounds::Bounds;
use super::choices::{Made, Plan};
use super::faults::{self, Fault, FaultKey, FaultKind};
use super::orders::Orders;
use super::run::Run;
use super::samples::MadeUp;
use crate::coverage::{Coverage, Uncovered};
use crate::run::Subject;
use crate::steps;
use crate::waits;

/// More events than this are not tried in all runs together: a few seconds of work.
const MOST_EVENTS_IN_ALL: u64 = 2_000_000;

/// Steps of a way that are told.
const MOST_TOLD: usize = 24;

/// What was tried, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Explored {
    /// How many runs were tried.
    pub runs: usize,
    /// All ways were gone that made-up answers can take.
    pub complete: bool,
    /// What was tried about the order in which parallel things happen.
    pub orders: Tried,
    /// How runs ended: by status, and `hangs`, `endless` or `cut_short` for those that did not.
    pub endings: BTreeMap<String, Ending>,
    /// What can go wrong, the worst first.
    pub faults: Vec<Fault>,
    /// The most visits that a step had, by name.
    pub visits: BTreeMap<String, u32>,
    /// The way on which some step had the most visits.
    pub longest: Option<Ending>,
    /// The same, to be drawn.
    #[serde(skip)]
    pub longest_trail: Option<Trail>,
    /// What no run has passed.
    pub uncovered: Uncovered,
    /// Why steps never started: on the way that comes nearest.
    pub kept_out: BTreeMap<String, KeptOut>,
    /// Steps that failed over made-up values: what can come of them was not tried.
    pub unsure: BTreeMap<String, String>,
    #[serde(skip)]
    succeeded: BTreeSet<String>,
    #[serde(skip)]
    by_key: BTreeMap<FaultKey, Fault>,
}

/// What was tried besides the usual order.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Tried {
    /// How many of the runs.
    pub runs: usize,
    /// In some run several things could have happened first.
    pub parallel: bool,
    /// In some run it could have mattered which of them did.
    pub matter: bool,
    /// Some orders that could matter were not tried.
    pub left_out: bool,
}

/// Why a step did not start.
#[derive(Debug, Clone, Serialize)]
pub struct KeptOut {
    /// In words.
    pub says: String,
    /// How to get so near.
    #[serde(flatten)]
    pub ending: Ending,
    #[serde(skip)]
    nearness: u8,
}

/// A way that runs took.
#[derive(Debug, Clone, Serialize)]
pub struct Ending {
    /// How many runs ended so.
    pub runs: usize,
    /// What made the first of them end so, of answers that are not the usual ones.
    pub when: Vec<String>,
    /// The steps that it passed.
    pub way: String,
    /// Of a run that did not end: what it waits for.
    pub waits_for: Option<String>,
}

/// Ways that are still to be gone: first those in the usual order, then the others.
#[derive(Default)]
struct Open {
    usual: VecDeque<Plan>,
    reordered: VecDeque<Plan>,
}

pub(super) fn explore(
    subject: &Subject<'_>,
    given: &Map<String, Json>,
    most_runs: usize,
) -> Result<Explored, Vec<String>> {
    let graph = subject.graph;
    let made_up = MadeUp::of(graph, given);
    let orders = Orders::of(graph);
    let mut coverage = Coverage::of(graph);
    let mut explored = Explored::nothing(coverage.uncovered());
    let unlimited = !Bounds::of(graph).every_run_ends();
    let mut events = 0;
    let mut open = Open { usual: VecDeque::from([Vec::new()]), ..Open::default() };
    loop {
        // A quarter of the runs is for orders, where they matter.
        let answers = explored.runs - explored.orders.runs;
        let enough = !open.reordered.is_empty() && answers >= most_runs - most_runs / 4;
        explored.complete &= !enough || open.usual.is_empty();
        let usual = (!enough).then(|| open.usual.pop_front()).flatten().map(|plan| (plan, true));
        let reordered = |open: &mut Open| open.reordered.pop_front().map(|plan| (plan, false));
        let Some((plan, usual)) = usual.or_else(|| reordered(&mut open)) else { break };
        if events > MOST_EVENTS_IN_ALL || explored.runs >= most_runs {
            explored.complete &= !usual;
            explored.orders.left_out |= !usual || !open.reordered.is_empty();
            break;
        }
        let next = plan.last().map_or(0, |(at, _)| at + 1);
        let run = Run::of(subject, given, &made_up, &orders, plan.clone())?;
        explored.runs += 1;
        explored.orders.runs += usize::from(!usual);
        explored.orders.parallel |= run.parallel;
        events += run.world.events();
        explored.see(&run, &plan, &coverage, unlimited);
        coverage.see(&run.world.passages);
        coverage.see_undone(&run.world.undone);
        for (at, made) in run.world.script.made.iter().enumerate().skip(next) {
            explored.orders.matter |= made.is_order();
            let usual = usual && !made.is_order();
            for option in (0..made.options.len()).filter(|option| *option != made.taken) {
                let plan = plan.iter().copied().chain([(at, option)]).collect();
                match usual {
                    // An answer goes before an order.
                    true if explored.runs + open.usual.len() < most_runs => open.usual.push_back(plan),
                    true => explored.complete = false,
                    false if open.reordered.len() < most_runs => open.reordered.push_back(plan),
                    false => explored.orders.left_out = true,
                }
            }
        }
    }
    explored.uncovered = coverage.uncovered();
    // Some other values did.
    explored.unsure.retain(|step, _| !explored.succeeded.contains(step));
    let never: BTreeSet<&String> = explored.uncovered.steps.iter().collect();
    explored.kept_out.retain(|step, _| never.contains(step));
    explored.faults = std::mem::take(&mut explored.by_key).into_values().collect();
    Ok(explored)
}

impl Explored {
    fn nothing(uncovered: Uncovered) -> Self {
        Self {
            runs: 0,
            complete: true,
            orders: Tried::default(),
            endings: BTreeMap::new(),
            faults: Vec::new(),
            visits: BTreeMap::new(),
            longest: None,
            longest_trail: None,
            uncovered,
            kept_out: BTreeMap::new(),
            unsure: BTreeMap::new(),
            succeeded: BTreeSet::new(),
            by_key: BTreeMap::new(),
        }
    }

    /// All ways were gone, in every order that matters.
    pub fn is_exhaustive(&self) -> bool {
        self.complete && !self.orders.left_out
    }

    fn see(&mut self, run: &Run<'_>, plan: &Plan, coverage: &Coverage, unlimited: bool) {
        let Some(view) = run.world.view() else { return };
        let (status, waits_for) = match (run.cut_short, view.status.is_over()) {
            (true, _) if unlimited => ("endless".to_owned(), None),
            (true, _) => ("cut_short".to_owned(), None),
            (false, true) => (view.status.as_str().to_owned(), None),
            (false, false) => ("hangs".to_owned(), Some(waits::in_words(&view))),
        };
        let made = &run.world.script.made;
        let when: Vec<String> = plan.iter().filter_map(|(at, _)| made.get(*at)).map(Made::in_words).collect();
        let ending =
            || Ending { runs: 0, when: when.clone(), way: way(&run.world.passages), waits_for: waits_for.clone() };
        self.endings.entry(status).or_insert_with(ending).runs += 1;
        for (key, step, says) in faults::of(run, &view, coverage, unlimited) {
            let fault = self.by_key.entry(key.clone()).or_insert_with(|| Fault {
                kind: key.0,
                left_behind: key.0 == FaultKind::Fails && faults::left_behind(run, &view),
                trail: faults::trail(run, &view, &says, &when, step.clone()),
                step,
                says,
                ending: ending(),
            });
            fault.ending.runs += 1;
        }
        let most = self.visits.values().copied().max().unwrap_or(1);
        let mut highest = 0;
        steps::each_step(&view, &mut |name, step: &StepView| {
            let seen = self.visits.entry(name.to_owned()).or_insert(0);
            *seen = step.visit.max(*seen);
            highest = step.visit.max(highest);
            self.unsure.extend(over_made_up_values(name, step));
            // Of older visits nobody knows: what may have succeeded is not complained about.
            if step.older_visits > 0 || step.visits.iter().any(|visit| visit.status == StepStatus::Succeeded) {
                self.succeeded.insert(name.to_owned());
            }
            self.see_who_is_kept_out(run, name, step, &ending);
        });
        if highest > most {
            self.longest = Some(Ending { runs: 1, ..ending() });
            self.longest_trail = Some(faults::trail(run, &view, "the most visits", &when, None));
        }
    }

    /// Remembers the way on which a step came nearest to its start: first its `if`, then its edges.
    fn see_who_is_kept_out(&mut self, run: &Run<'_>, name: &str, step: &StepView, ending: &dyn Fn() -> Ending) {
        let nearness = match step.skip_reason {
            Some(SkipReason::Condition) => 3,
            Some(SkipReason::NotTaken) => 2,
            Some(SkipReason::UpstreamFailed) => 1,
            _ => return,
        };
        if self.kept_out.get(name).is_some_and(|before| before.nearness >= nearness) {
            return;
        }
        let why = name
            .parse::<StepPath>()
            .ok()
            .and_then(|path| run.world.state.why(run.world.subject.graph, &path.into()).ok());
        if let Some(why) = why {
            let says = why.said.join(" ");
            self.kept_out.insert(name.to_owned(), KeptOut { says, nearness, ending: Ending { runs: 1, ..ending() } });
        }
    }
}

/// Failures that the engine finds by itself, over values that nobody has really given.
fn over_made_up_values(name: &str, step: &StepView) -> Option<(String, String)> {
    use FailureKind as K;
    let errors = step.visits.iter().filter_map(|visit| visit.error.as_ref());
    let found = errors
        .flat_map(|error| std::iter::successors(Some(error), |error| error.cause.as_deref()))
        .find(|error| matches!(error.kind, K::Contract | K::Condition | K::Template | K::Expectation))?;
    Some((name.to_owned(), found.message.clone()))
}

/// The steps that were passed, round by round: `a → b ⟲ a → b`. Rounds that are all alike are counted: `a ⟲ 5× a`.
fn way(passages: &[(Timestamp, Passage)]) -> String {
    let mut rounds: Vec<Vec<String>> = vec![Vec::new()];
    for (_, passage) in passages {
        match passage.passed {
            Passed::Started { .. } => {
                rounds.last_mut().into_iter().for_each(|round| round.push(steps::plain_name(passage)))
            }
            Passed::Fired { .. } => rounds.push(Vec::new()),
            Passed::Exhausted { .. } => {}
        }
    }
    let mut parts = Vec::new();
    let (mut told, mut at) = (0, 0);
    while let Some(rest) = rounds.get(at..).filter(|rest| !rest.is_empty()) {
        if told >= MOST_TOLD {
            parts.push("…".to_owned());
            break;
        }
        let alike = if at > 0 { alike(rest) } else { 0 };
        let times = if alike > 0 { format!("{}× ", alike + 1) } else { String::new() };
        let round = &rest[alike];
        parts.push(format!("{times}{}", round.join(" → ")));
        told += round.len();
        at += alike + 1;
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ⟲ ")
}

/// How many rounds behind the first are like it, the last of which may go on to more steps. One alone is not worth counting.
fn alike(rounds: &[Vec<String>]) -> usize {
    let first = &rounds[0];
    let same = rounds[1..].iter().take_while(|round| *round == first).count();
    let goes_on = rounds.get(same + 1).is_some_and(|round| round.starts_with(first));
    let count = same + usize::from(goes_on);
    if count > 1 && !first.is_empty() { count } else { 0 }
}

//! One case, from its beginning to what must have come of it.

use loopline_core::graph::Graph;
use loopline_core::time::Timestamp;
use loopline_core::view::RunView;
use loopline_dsl::diagnostics::Place;
use loopline_dsl::language::Item;
use loopline_dsl::language::testing::{Case, Expect, TestFile};
use loopline_dsl::{Code, Diagnostic, duration};

use crate::coverage::Coverage;
use crate::simulation::Simulation;
use crate::trace::{TraceLine, trace};
use crate::{expectations, waits};

/// When runs of cases begin, unless they say so: 2026-01-01T00:00:00Z.
pub(crate) const BEGAN: Timestamp = Timestamp(1_767_225_600_000);

/// A run with so many events goes on for ever, as far as a test is concerned: an `unlimited` loop that asks every minute has
/// them after eight months.
const MOST_EVENTS: u64 = 1_000_000;

/// A pipeline that is tested.
#[derive(Debug)]
pub struct Subject<'a> {
    /// What it compiles to.
    pub graph: &'a Graph,
    /// Its digest, made once for all cases.
    digest: String,
    most_events: u64,
}

impl<'a> Subject<'a> {
    /// The pipeline of this graph.
    pub fn new(graph: &'a Graph) -> Self {
        Self { graph, digest: graph.digest(), most_events: MOST_EVENTS }
    }

    /// The same, where a run with so many events already goes on for ever.
    pub fn ending_after(self, most_events: u64) -> Self {
        Self { most_events, ..self }
    }

    pub(crate) fn most_events(&self) -> u64 {
        self.most_events
    }

    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }
}

/// What came of a case.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// What was not as it must be, in the order in which it was found; the case has passed when there is nothing.
    pub findings: Vec<Diagnostic>,
    /// What happened when, for people who look at what was found.
    pub trace: Vec<TraceLine>,
    /// How long the run took, by its simulated clock.
    pub took_ms: u64,
    /// How many events its history has.
    pub events: u64,
}

impl CaseResult {
    /// Nothing was found.
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Runs one case of a checked file; what it passed on its way is added to the coverage. `None` for a case that could not be
/// read, which a checked file does not have.
pub fn run_case(
    file: &TestFile,
    item: &Item<Case>,
    subject: &Subject<'_>,
    coverage: &mut Coverage,
) -> Option<CaseResult> {
    let case = item.value.as_ref()?;
    let began = case.began.as_ref().and_then(|began| Timestamp::parse(&began.value)).unwrap_or(BEGAN);
    let mut simulation = Simulation::new(subject, file, case, began);
    let stopped = simulation.run();
    let mut findings = std::mem::take(&mut simulation.findings);
    let view = simulation.world.view();
    match (stopped, &view) {
        (Err(stopped), _) => findings.push(*stopped),
        (Ok(()), Some(view)) => findings.extend(at_the_end(item, case, view, &simulation)),
        (Ok(()), None) => {}
    }
    coverage.see(&simulation.world.passages);
    coverage.see_undone(&simulation.world.undone);
    let looked_at = view.filter(|_| !findings.is_empty());
    let trace = looked_at.map(|view| trace(&view, &simulation)).unwrap_or_default();
    let (took_ms, events) = (simulation.world.took_ms(), simulation.world.events());
    Some(CaseResult { name: item.name.clone(), findings, trace, took_ms, events })
}

fn at_the_end(item: &Item<Case>, case: &Case, view: &RunView, simulation: &Simulation<'_>) -> Vec<Diagnostic> {
    let Some(expect) = &case.expect.0 else { return Vec::new() };
    if !view.status.is_over() && !expects_to_go_on(expect) {
        let after = duration::write(simulation.world.took_ms());
        let message =
            format!("the run does not end: after {after} nothing more happens, and it is `{}`", view.status.as_str());
        let waits = waits::in_words(view);
        let place = expect.given.at("status").map_or_else(|| item.key(), |at| Place::Value(at.clone()));
        return vec![Diagnostic::new(Code::RunDoesNotEnd, place, message).help(waits)];
    }
    expectations::check(expect, view, simulation)
}

/// A run that is left waiting is what the case wants.
fn expects_to_go_on(expect: &Expect) -> bool {
    let waits = expect.waiting_for.as_ref().is_some_and(|waits| !waits.0.is_empty());
    waits || expect.status.as_ref().is_some_and(|status| !status.0.value.is_over())
}

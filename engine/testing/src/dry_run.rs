//! A run that is only played, for people who draw a pipeline: what a case mocks does what it says, and all other work succeeds
//! at once with values that are made up from schemas.
//!
//! The case is one of a file of tests, so that what was played can be kept as a test.

use loopline_core::event::Recorded;
use loopline_core::graph::Graph;
use loopline_core::view::RunView;
use loopline_dsl::testing::TestText;
use loopline_dsl::{Diagnostic, DiagnosticJson};
use serde_json::{Map, Value as Json, json};

use crate::run::{BEGAN, Subject};
use crate::simulation::Simulation;
use crate::waits;

/// What was played.
#[derive(Debug)]
pub struct DryRun {
    /// Its history.
    pub history: Vec<Recorded>,
    /// The run at its end; none where it could not begin.
    pub view: Option<RunView>,
    /// What did not happen as the case says.
    pub findings: Vec<DiagnosticJson>,
    /// How long the run took, by its simulated clock.
    pub took_ms: u64,
    /// What it waits for, where it does not end by itself.
    pub waits_for: Option<String>,
}

/// A run has no more events than this: whoever draws a loop without an end sees enough of it.
const MOST_EVENTS: u64 = 5_000;

/// How the one case is called.
const CASE: &str = "dry run";

/// Plays a case, given as it stands in a file of tests, without `expect`. The error says what is wrong with it; places are JSON
/// pointers into the case.
pub fn dry_run(graph: &Graph, case: &Map<String, Json>) -> Result<DryRun, Vec<DiagnosticJson>> {
    let mut case = case.clone();
    // Expecting is for tests; the language wants it of each case.
    case.entry("expect").or_insert_with(|| json!({"waiting_for": []}));
    let text = json!({"pipeline": "drawn.loopline.yaml", "cases": {CASE: case}}).to_string();
    let in_case = |found: &[Diagnostic]| about_the_case(loopline_dsl::to_json(&text, found));
    let checked = TestText::read(&text).check(graph);
    let one = checked.file.as_ref().and_then(|file| Some((file, file.cases.0.as_ref()?.0.first()?.value.as_ref()?)));
    let Some((file, case)) = one else { return Err(in_case(&checked.diagnostics)) };
    let subject = Subject::new(graph).ending_after(MOST_EVENTS);
    let mut simulation = Simulation::dry(&subject, file, case, BEGAN);
    let stopped = simulation.run().err();
    let findings: Vec<Diagnostic> =
        std::mem::take(&mut simulation.findings).into_iter().chain(stopped.map(|stopped| *stopped)).collect();
    let view = simulation.world.view();
    let waits_for = view.as_ref().filter(|view| findings.is_empty() && !view.status.is_over()).map(waits::in_words);
    Ok(DryRun {
        took_ms: simulation.world.took_ms(),
        history: simulation.world.history.take().unwrap_or_default(),
        view,
        findings: in_case(&findings),
        waits_for,
    })
}

/// Lines and columns are those of a text that nobody has seen; pointers begin at the case.
fn about_the_case(found: Vec<DiagnosticJson>) -> Vec<DiagnosticJson> {
    let prefix = format!("/cases/{CASE}");
    let one = |mut finding: DiagnosticJson| {
        finding.pointer = finding.pointer.map(|pointer| pointer.strip_prefix(&prefix).unwrap_or(&pointer).to_owned());
        DiagnosticJson { line: 1, column: 1, length: 0, fixes: Vec::new(), ..finding }
    };
    found.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use loopline_core::view::{RunStatus, StepStatus, StepView};

    use super::*;

    fn played(steps: &str, case: &Json) -> Result<DryRun, Vec<DiagnosticJson>> {
        let text = format!("version: 1\nname: p\ninputs: {{n: {{type: integer}}}}\nsteps:\n{steps}");
        let compiled = loopline_dsl::compile(&text);
        let graph = compiled.graph.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
        dry_run(&graph, case.as_object().expect("an object"))
    }

    fn build(view: &RunView) -> &StepView {
        view.steps.iter().find(|(id, _)| id.as_str() == "build").expect("the step").1
    }

    const LOOP: &str = "  build: {run: make, outputs: {version: {type: string}}}\n  \
        ask: {needs: build, approval: {message: 'Ship {{ steps.build.outputs.version }}?'}, \
        goto: [{to: build, on: rejected, max: 2}]}\n";

    #[test]
    fn what_nobody_mocks_succeeds_with_made_up_values_and_people_are_waited_for() {
        let run = played(LOOP, &json!({"inputs": {"n": 1}})).expect("a run");
        let view = run.view.expect("it began");
        assert_eq!((view.status, run.findings.len()), (RunStatus::Waiting, 0));
        assert_eq!(build(&view).outputs["version"], json!("x"));
        assert!(run.waits_for.expect("it waits").contains("`ask` waits for a decision"));
        assert_eq!(run.history.last().map(|event| event.seq), Some(view.last_seq));
    }

    #[test]
    fn people_go_round_a_loop_and_mocks_fail_steps() {
        let case = json!({"inputs": {"n": 1}, "at": {"1m": [{"reject": {"ask": "ada"}}], "2m": [{"approve": {"ask": "ada"}}]},
            "mock": {"build": [{"outputs": {"version": "2"}}, {"fail": {"kind": "exit", "exit_code": 3}}]}});
        let run = played(LOOP, &case).expect("a run");
        let view = run.view.expect("it began");
        assert_eq!((view.status, build(&view).status), (RunStatus::Failed, StepStatus::Failed));
        assert_eq!((build(&view).visit, run.took_ms), (2, 60_000));
        // Nobody can approve any more.
        assert_eq!(run.findings.len(), 1, "{:?}", run.findings);
        assert_eq!(run.findings[0].pointer.as_deref(), Some("/at/2m/0/approve/ask"));
    }

    #[test]
    fn a_case_that_does_not_fit_is_refused_with_the_place() {
        let found = played(LOOP, &json!({"inputs": {"n": 1}, "mock": {"biuld": {}}})).expect_err("no such step");
        assert_eq!(found[0].pointer.as_deref(), Some("/mock/biuld"), "{found:?}");
        let found = played(LOOP, &json!({})).expect_err("an input is missing");
        assert!(found[0].message.contains("the input `n`"), "{found:?}");
    }

    #[test]
    fn a_loop_without_end_ends_after_so_many_events() {
        let steps = "  a: {run: x, goto: [{to: a, on: failed, max: unlimited, delay: 1m}]}\n";
        let run = played(steps, &json!({"inputs": {"n": 1}, "mock": {"a": {"fail": "exit"}}})).expect("a run");
        assert!(run.history.len() as u64 >= MOST_EVENTS && run.findings[0].message.contains("does not end"));
    }
}

//! `tests/conformance/run/*.yaml`: for each rule of the language reference, what a run does. Data files, one runner.
//!
//! Each case is also replayed, whole and at every prefix, from the stored form of graph and history: equal states, equal commands.

use std::collections::BTreeMap;
use std::path::Path;

use loopline_core::event::Recorded;
use loopline_core::graph::Graph;
use loopline_core::id::{StepId, StepPath, UnitPath};
use loopline_core::machine::{RunState, apply};
use loopline_core::view::StepView;
use loopline_core::why::StepWhy;
use loopline_dsl::Library;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::simulation::{Act, Mock, Rival, Simulation, replay};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    shows: String,
    pipeline: String,
    /// Texts of step types, by their names.
    #[serde(default)]
    step_types: BTreeMap<String, String>,
    #[serde(default)]
    inputs: Map<String, Json>,
    #[serde(default)]
    mock: BTreeMap<String, Vec<Mock>>,
    #[serde(default)]
    acts: Vec<Act>,
    /// Other runs that want places in the same groups.
    #[serde(default)]
    rivals: Vec<Rival>,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    status: String,
    #[serde(default)]
    epoch: Option<u32>,
    #[serde(default)]
    error: Option<Json>,
    #[serde(default)]
    outputs: Option<Json>,
    /// Attempts in the order in which they were handed out.
    #[serde(default)]
    order: Option<Vec<String>>,
    /// What child runs were given, in the order in which they were begun.
    #[serde(default)]
    child_inputs: Option<Vec<Json>>,
    /// Part of each step's view.
    #[serde(default)]
    steps: BTreeMap<String, Json>,
    /// All of them, in their order; of each the keys that are written.
    #[serde(default)]
    compensations: Option<Json>,
    /// What the scripts of attempts were handed out with, by the names in `order`: a part of the environment.
    #[serde(default)]
    env: BTreeMap<String, Json>,
    /// What workers were told, by the names in `order`: parts of all attempts, in their order.
    #[serde(default)]
    attempts: BTreeMap<String, Json>,
    #[serde(default)]
    took_ms: Option<u64>,
    /// What is said of steps at the end, by the ways to them: parts of the answer.
    #[serde(default)]
    why: BTreeMap<String, Vec<String>>,
}

#[test]
fn every_case_runs_as_its_rule_says_and_replays_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/run");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 30, "cases went missing: {} in {}", files.len(), folder.display());
    let mut wrong = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let result = serde_yaml::from_str::<Case>(&text).map_err(|error| error.to_string()).and_then(|case| {
            assert!(name.starts_with(&case.rule) && !case.shows.is_empty(), "{name} does not begin with its rule");
            check(&name, &case)
        });
        if let Err(error) = result {
            wrong.push(format!("{name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

fn check(name: &str, case: &Case) -> Result<(), String> {
    let library = Library { step_types: case.step_types.clone(), ..Library::default() };
    let compiled = loopline_dsl::compile_with(&case.pipeline, &library);
    let graph = compiled
        .graph
        .ok_or_else(|| loopline_dsl::render_pretty("case", &case.pipeline, &compiled.diagnostics, false))?;
    let mut simulation = Simulation::new(&graph, &case.mock, &case.acts, &case.rivals);
    let view = simulation.run(&case.inputs)?;
    let history = std::mem::take(&mut simulation.history);
    let order = std::mem::take(&mut simulation.order);
    let child_inputs = std::mem::take(&mut simulation.child_inputs);
    let view = serde_json::to_value(view).unwrap();
    let expect = &case.expect;
    for (step, parts) in &expect.why {
        simulation.says_why(step, parts)?;
    }
    contains(&view["status"], &Json::from(expect.status.as_str()), "status")?;
    if let Some(epoch) = expect.epoch {
        contains(&view["epoch"], &epoch.into(), "epoch")?;
    }
    if let Some(error) = &expect.error {
        contains(&view["error"], error, "error")?;
    }
    if let Some(outputs) = &expect.outputs {
        contains(&view["outputs"], outputs, "outputs")?;
    }
    if let Some(compensations) = &expect.compensations {
        contains(&view["compensations"], compensations, "compensations")?;
    }
    for (name, wanted) in &expect.env {
        let found = simulation.env.get(name).cloned().unwrap_or_default();
        contains(&found, wanted, &format!("env.{name}"))?;
    }
    for (name, wanted) in &expect.attempts {
        let found = simulation.attempts.get(name).cloned().unwrap_or_default();
        contains(&found.into(), wanted, &format!("attempts.{name}"))?;
    }
    for (step, wanted) in &expect.steps {
        contains(&view["steps"][step], wanted, &format!("steps.{step}"))?;
    }
    if let Some(wanted) = &expect.order
        && *wanted != order
    {
        return Err(format!("order is {order:?}, not {wanted:?}"));
    }
    if let Some(wanted) = &expect.child_inputs {
        contains(&child_inputs.into(), &wanted.clone().into(), "child_inputs")?;
    }
    if let Some(wanted) = expect.took_ms {
        let (first, last) = (history.first().unwrap().at, history.last().unwrap().at);
        if last.ms_since(first) != wanted {
            return Err(format!("it took {} ms, not {wanted}", last.ms_since(first)));
        }
    }
    says_why_at_every_moment(&graph, &history)?;
    crate::histories::record(name, &case.shows, &graph, &history);
    replays_the_same(&graph, &history)
}

fn is_as_shown(why: &StepWhy, shown: &StepView) -> bool {
    // The current visit is shown among the others once it has begun.
    let past = shown.visits.iter().filter(|visit| visit.visit < shown.visit).count();
    (why.status, why.visit, why.skip_reason) == (shown.status, shown.visit, shown.skip_reason)
        && why.waiting_for == shown.waiting_for
        && why.error == shown.error
        && why.past.len() == past
}

/// Looks at every step of the pipelines in place that are shown, to any depth.
fn each_inside(
    steps: &BTreeMap<StepId, StepView>,
    around: &[(StepId, Option<u32>)],
    look: &mut dyn FnMut(StepPath, &StepView) -> Result<(), String>,
) -> Result<(), String> {
    for (id, step) in steps {
        let of_items = step.items.iter().flatten().enumerate();
        let of_items = of_items.filter_map(|(at, item)| Some((Some(at as u32), item.child.as_deref()?)));
        for (item, child) in step.child.as_deref().map(|child| (None, child)).into_iter().chain(of_items) {
            let within = [around, &[(id.clone(), item)]].concat();
            for (id, step) in &child.steps {
                look(StepPath { within: within.clone(), step: id.clone() }, step)?;
            }
            each_inside(&child.steps, &within, look)?;
        }
    }
    Ok(())
}

/// What is said of a step is never at odds with what the run shows, at no moment.
fn says_why_at_every_moment(graph: &Graph, history: &[Recorded]) -> Result<(), String> {
    let mut state = RunState::default();
    for event in history {
        apply(graph, &mut state, event).map_err(|refused| refused.to_string())?;
        let view = state.view(graph).ok_or("the run shows nothing")?;
        let of_inside = &mut |path: StepPath, shown: &StepView| match state.why(graph, &path.clone().into()) {
            Ok(why) if is_as_shown(&why, shown) && !why.said.is_empty() => Ok(()),
            why => Err(format!("{path} after event {}: {why:?} is not what is shown: {shown:?}", event.seq)),
        };
        each_inside(&view.steps, &[], of_inside)?;
        let finally = graph.finally.iter().flat_map(|finally| &finally.steps);
        for step in graph.steps.iter().chain(finally) {
            let at = || format!("{} after event {}", step.id, event.seq);
            let why = state.why(graph, &step.id.clone().into()).map_err(|refused| format!("{refused} ({})", at()))?;
            if why.said.is_empty() || why.said.iter().any(|said| said.contains("not been judged")) {
                return Err(format!("{}: no reason is given: {why:?}", at()));
            }
            if why.goto.len() != step.goto.len() || why.needs.len() != step.needs.len() {
                return Err(format!("{}: not all edges are told", at()));
            }
            // Steps of `finally` are shown once it has begun.
            let Some(shown) = view.steps.get(&step.id) else { continue };
            for (index, item) in (0..).zip(shown.items.iter().flatten()) {
                let unit = UnitPath { path: step.id.clone().into(), item: Some(index) };
                match state.why(graph, &unit) {
                    Ok(why) if why.status == item.status && why.error == item.error && !why.said.is_empty() => {}
                    why => return Err(format!("{unit} after event {}: {why:?}, not {item:?}", event.seq)),
                }
            }
            if !is_as_shown(&why, shown) {
                return Err(format!("{}: {why:?} is not what is shown: {shown:?}", at()));
            }
            for need in &why.needs {
                let edge = view.edges.iter().find(|edge| edge.from == need.step && edge.to == step.id);
                if edge.map(|edge| edge.state) != Some(need.state) {
                    return Err(format!("{}: the edge from {} is {edge:?}, not {need:?}", at(), need.step));
                }
            }
        }
    }
    Ok(())
}

/// What stands in `wanted` stands in `found` too; lists are compared whole, element by element.
fn contains(found: &Json, wanted: &Json, path: &str) -> Result<(), String> {
    match (found, wanted) {
        (Json::Object(found), Json::Object(wanted)) => wanted.iter().try_for_each(|(key, value)| {
            contains(found.get(key).unwrap_or(&Json::Null), value, &format!("{path}.{key}"))
        }),
        (Json::Array(found), Json::Array(wanted)) if found.len() == wanted.len() => {
            found.iter().zip(wanted).enumerate().try_for_each(|(at, (f, w))| contains(f, w, &format!("{path}[{at}]")))
        }
        (found, wanted) if found == wanted => Ok(()),
        (found, wanted) => Err(format!("{path} is {found}, not {wanted}")),
    }
}

fn replays_the_same(graph: &Graph, history: &[Recorded]) -> Result<(), String> {
    let stored: Graph = serde_json::from_str(&serde_json::to_string(graph).unwrap()).map_err(|e| e.to_string())?;
    if stored.digest() != graph.digest() {
        return Err("the graph's digest changes when it is stored".into());
    }
    let read: Vec<Recorded> =
        serde_json::from_str(&serde_json::to_string(history).unwrap()).map_err(|e| e.to_string())?;
    if read != history {
        return Err("the history changes when it is stored".into());
    }
    let whole = replay(graph, history);
    for count in 0..=history.len() {
        if replay(&stored, &read[..count]) != whole[..count] {
            return Err(format!("the first {count} events replay differently"));
        }
    }
    Ok(())
}

#![allow(clippy::unwrap_used)]

use loopline_core::event::Recorded;
use loopline_core::machine::{RunState, apply};
use serde_json::{Map, json};

use super::*;
use crate::compile;
use crate::decode::{Cx, Decode as _};
use crate::language::Pipeline;
use crate::position::Source;
use crate::route::Route;
use crate::step_types::StepTypes;

/// What a step of a real run sees, each as an expression.
const PROBES: &[&str] = &[
    "inputs",
    "run",
    "[visit, attempt]",
    "[steps.a, steps.a.outputs]",
    "steps.a.outputs.map(k, k)",
    "[steps.bad, steps.bad.outputs]",
    "steps.bad.error.kind",
    "[steps.ok, steps.ok.outputs]",
    "steps.ok.outputs.fields.canary",
    "steps.ok.outputs.decisions[0].at",
    "[steps.no, steps.no.outputs]",
    "has(steps.no.outputs.fields) ? [steps.no.outputs.fields] : []",
    "steps.out",
    "previous.a == null ? [] : [previous.a]",
];

const STEPS: &str = r#"version: 1
name: p
inputs: {n: {type: integer}, note: {type: string, required: false}}
steps:
  a: {set: {n: inputs.n + 1, d: 'timestamp("2024-01-01T00:00:00Z")', l: [1, x, null], m: '{"k": duration("1s"), 1: true}'}}
  bad: {set: {n: 1 / 0}, allow_failure: true}
  ok: {approval: {message: m, timeout: 1h, fields: {canary: {type: integer, default: 5}, who: {type: string, required: false}}}}
  no: {approval: {message: m, timeout: 1h, fields: {canary: {type: integer}}}, allow_failure: true}
  out: {needs: a, if: inputs.n > 100, set: {x: 1}}
"#;

/// Takes events and gives the outputs of the step `see`.
fn run(text: &str, events: Vec<Json>) -> Map<String, Json> {
    let compiled = compile(text);
    let graph = compiled.graph.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let mut state = RunState::default();
    for (index, event) in events.into_iter().enumerate() {
        let recorded = json!({"seq": index + 1, "at": "2024-01-01T00:00:00Z", "event": event});
        let recorded: Recorded = serde_json::from_value(recorded).unwrap();
        apply(&graph, &mut state, &recorded).unwrap();
    }
    let view = state.view(&graph).unwrap();
    let see = view.steps.iter().find(|(id, _)| id.as_str() == "see").unwrap().1;
    assert!(see.error.is_none(), "{:?}", see.error);
    see.outputs.clone()
}

#[test]
fn the_types_of_names_hold_what_a_run_gives() {
    let mut text = STEPS.to_owned();
    text += "  see:\n    needs: {a: always, bad: always, ok: succeeded, no: always, out: always}\n";
    text += "    goto: [{to: a, on: succeeded, if: visit < 2, max: 1}]\n    set:\n";
    for (index, probe) in PROBES.iter().enumerate() {
        text += &format!("      p{index}: {}\n", json!(format!("dyn({probe})")));
    }
    let decision = |step: &str, decision: &str, fields: Json| json!({"type": "approval_decided", "step": step, "visit": 1, "by": "ada", "decision": decision, "fields": fields});
    let created = json!({
        "type": "run_created", "run": "01HQ3V5Z0000000000000000AA", "project": "default", "pipeline": "p", "number": 1, "digest": "d",
        "semantics": loopline_core::graph::SEMANTICS, "inputs": {"n": 1, "note": null}, "trigger": {"kind": "manual"},
    });
    let events = vec![
        created,
        decision("ok", "approved", json!({})),
        decision("no", "rejected", json!({"canary": "not a number"})),
    ];
    let outputs = run(&text, events);

    let mut source = Source::new(&text);
    source.take_problems();
    let root = source.reading().root.clone().unwrap();
    let pipeline = Pipeline::decode(&root, &Route::root(), &mut Cx::default()).unwrap();
    let step_types = StepTypes::default();
    let library = crate::Library::default();
    let model = Model::of(&pipeline, &step_types, &library);
    let flow = Flow::of(&model).map_err(|_| "has a cycle").unwrap();
    let types = Types::of(&model, None, Some(&flow));
    let at = At { step: Some(model.index["see"]), place: Where::Body, of_item: false };
    for (index, probe) in PROBES.iter().enumerate() {
        let cel = Cel::new(*probe);
        let typed = cel.check_types(&types.names_at(at, &cel.references().unwrap()));
        let value = &outputs[&format!("p{index}")];
        assert!(typed.ty.as_json().admits(value), "{probe} is {value}, not {}", typed.ty);
        assert_ne!(typed.ty.to_string(), "any", "{probe}");
    }
}

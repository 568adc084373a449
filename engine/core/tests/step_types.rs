//! Steps of a step type: whose `inputs` an expression reads, and what becomes of values that do not fit.

use loopline_core::command::{Command, Work};
use loopline_core::event::{Event, Recorded};
use loopline_core::graph::Graph;
use loopline_core::machine::{RunState, apply};
use loopline_core::time::Timestamp;
use serde_json::{Value as Json, json};

/// A pipeline whose one step is of the type `t`: that asks for `x` and `n`, and gives `x` of the pipeline to it as `values` say.
fn graph(action: &Json, values: &Json) -> Graph {
    let graph = json!({
        "semantics": 1, "name": "p", "max_visits": 100,
        "inputs": {"x": {"schema": {"type": "string"}, "required": true}},
        "steps": [{
            "id": "a", "grace_ms": 10_000, "action": action, "timeout_ms": 60_000,
            "env": {"OF_TYPE": "type {{ inputs.x }} {{ inputs.n }}", "OWN": "own {{ inputs.x }}", "BOTH": "{{ inputs.x }}"},
            "with": {
                "use": "t",
                "inputs": {
                    "x": {"schema": {"type": "string"}, "required": true},
                    "n": {"schema": {"type": "integer", "maximum": 9}, "required": false, "default": 2},
                },
                "values": values,
                "of_type": {"env": ["OF_TYPE"]},
            },
        }],
    });
    serde_json::from_value(graph).expect("a graph")
}

/// Begins a run with the input `x: outer`.
fn begin(graph: &Graph) -> (Vec<Command>, Json) {
    let created = json!({
        "type": "run_created", "run": "01J00000000000000000000000", "project": "default", "pipeline": "p", "number": 7,
        "digest": graph.digest(), "semantics": 1, "inputs": {"x": "outer"}, "trigger": {"kind": "manual"},
    });
    let event: Event = serde_json::from_value(created).expect("an event");
    let mut state = RunState::default();
    let recorded = Recorded { seq: 1, at: Timestamp(0), event };
    let applied = apply(graph, &mut state, &recorded).expect("is taken");
    let view = serde_json::to_value(state.view(graph)).expect("JSON");
    (applied.commands, view["steps"]["a"].clone())
}

/// Script and environment of the attempt that is handed out.
fn attempt(graph: &Graph) -> Json {
    let (commands, step) = begin(graph);
    match commands.first() {
        Some(Command::StartAttempt(spec)) => match &spec.work {
            Work::Shell { script, .. } => json!({"script": script, "env": spec.env}),
            Work::Http(http) => json!({"url": http.url}),
            Work::Container(container) => json!({"image": container.image, "env": spec.env}),
        },
        _ => panic!("nothing was handed out: {step}"),
    }
}

fn run(script: &str) -> Json {
    json!({"run": {"script": {"source": script, "dialect": "posix"}}})
}

#[test]
fn the_type_reads_what_with_gives_and_the_step_what_the_run_was_given() {
    let spec = attempt(&graph(&run("echo {{ inputs.x }} {{ inputs.n }}"), &json!({"x": "inner {{ inputs.x }}"})));
    let env = &spec["env"];
    assert_eq!(env["OF_TYPE"], "type inner outer 2", "{spec:#}");
    assert_eq!((&env["OWN"], &env["BOTH"]), (&json!("own outer"), &json!("outer")), "{spec:#}");
    assert_eq!((&env["LOOPLINE_V1"], &env["LOOPLINE_V2"]), (&json!("inner outer"), &json!("2")), "{spec:#}");
    let url = json!({"http": {"method": "GET", "url": "https://h.example/{{ inputs.x }}"}});
    assert_eq!(attempt(&graph(&url, &json!({"x": "a b"})))["url"], "https://h.example/a%20b");
}

#[test]
fn a_variable_is_read_as_its_author_wrote_it() {
    let spec = attempt(&graph(&run("echo {{ env.OWN }} {{ env.OF_TYPE }}"), &json!({"x": "inner"})));
    assert_eq!(
        (&spec["env"]["LOOPLINE_V1"], &spec["env"]["LOOPLINE_V2"]),
        (&json!("own outer"), &json!("type inner 2"))
    );
}

#[test]
fn a_hole_of_with_keeps_its_type() {
    let set = json!({"set": {"doubled": {"cel": "inputs.n * 2"}, "all": {"cel": "inputs"}}});
    let (_, step) = begin(&graph(&set, &json!({"x": "i", "n": "{{ run.number }}"})));
    assert_eq!(step["outputs"], json!({"doubled": 14, "all": {"n": 7, "x": "i"}}), "{step}");
}

#[test]
fn what_does_not_fit_fails_before_anything_is_done() {
    let check = |action: &Json, values: Json, kind: &str, said: &str| {
        let (commands, step) = begin(&graph(action, &values));
        assert!(!commands.iter().any(|command| matches!(command, Command::StartAttempt(_))), "{commands:?}");
        let error = &step["error"];
        assert_eq!((&step["status"], &error["kind"]), (&json!("failed"), &json!(kind)), "{step:#}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(said)), "{error:#}");
    };
    let approval = json!({"approval": {"message": "m", "quorum": 1, "allow_self": true}});
    for action in [run("true"), json!({"sleep": {"for": 1000}}), json!({"set": {}}), approval] {
        check(&action, json!({"x": "i", "n": "many"}), "contract", "`with.n` does not fit the step type `t`");
        check(&action, json!({"x": "i", "n": 10}), "contract", "maximum of 9");
        check(&action, json!({"x": 1, "n": 10}), "contract", "`with.x`");
        check(&action, json!({"n": 1}), "contract", "must be given");
        check(&action, json!({"x": "{{ steps.a.outputs.v }}"}), "template", "`with.x`");
        // The compiler refuses it; a graph from elsewhere must not make the engine go round and round.
        check(&action, json!({"x": "{{ env.OF_TYPE }}"}), "template", "`with.x`");
    }
}

//! Whole steps that editors offer to write.

use serde_json::{Value as Json, json};

/// Adds one snippet for each kind of step to a mapping of steps.
pub(super) fn add(steps: &mut Json) {
    // Beside the type they would count as proposed values of the key, and stop editors from beginning the mapping.
    steps["allOf"] = json!([{ "defaultSnippets": snippets() }]);
}

fn snippets() -> Vec<Json> {
    let snippet = |label: &str, description: &str, step: Json| json!({ "label": label, "description": description, "body": { "${1:id}": step } });
    vec![
        snippet("step: run a script", "A step that runs a script.", json!({ "run": "${2:make}" })),
        snippet(
            "step: send a request",
            "A step that sends an HTTP request.",
            json!({ "http": { "method": "${2:POST}", "url": "${3:https://}" } }),
        ),
        snippet(
            "step: run a container",
            "A step that runs a script in a container.",
            json!({ "container": { "image": "${2:rust:1.95}", "run": "${3:cargo test}" } }),
        ),
        snippet(
            "step: ask people",
            "A step that waits until people approve.",
            json!({ "approval": { "message": "${2:Deploy?}", "approvers": ["${3:group:ops}"], "timeout": "${4:24h}" } }),
        ),
        snippet(
            "step: wait for a signal",
            "A step that waits until a signal comes.",
            json!({ "wait": { "signal": "${2:name}", "timeout": "${3:1d}" } }),
        ),
        snippet("step: sleep", "A step that lets time pass.", json!({ "sleep": "${2:30s}" })),
        snippet(
            "step: run a pipeline",
            "A step that runs another pipeline.",
            json!({ "pipeline": { "name": "${2:name}" } }),
        ),
        snippet(
            "step: compute",
            "A step that computes outputs.",
            json!({ "set": { "${2:output}": "${3:inputs.name}" } }),
        ),
        snippet(
            "step: try again until it works",
            "A step that goes back when it fails.",
            json!({ "needs": "${2:deploy}", "run": "${3:./verify.sh}", "goto": [{ "to": "${2:deploy}", "on": "failed", "max": 3 }] }),
        ),
    ]
}

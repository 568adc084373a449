//! What stands beside the examples of pages: the step types `upload` and `broken`, and the pipeline `notify`.

use loopline_dsl::{Contract, Library};

/// A library of them, in which no other pipeline is.
pub fn library() -> Library {
    let upload = "inputs: {folder: {type: string}}\nstep: {run: 'upload {{ inputs.folder }}'}\n";
    let broken = "step:\n  run: 'echo {{ inputs.text }}'\n";
    let notify =
        "version: 1\nname: notify\ninputs: {text: {type: string}}\nsteps: {a: {run: 'echo {{ inputs.text }}'}}\n";
    let notify = Contract::of(&loopline_dsl::compile(notify).graph.expect("a pipeline"));
    Library {
        step_types: [("upload", upload), ("broken", broken)]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
        pipelines: [("notify".to_owned(), notify)].into(),
        is_complete: true,
    }
}

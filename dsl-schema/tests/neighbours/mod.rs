//! What stands beside the examples of pages: the step types `upload` and `broken`, and the pipelines `build` and `notify`.

use loopline_dsl::Library;

/// A library of them, in which no other pipeline is.
pub fn library() -> Library {
    let upload = "inputs: {folder: {type: string}}\nstep: {run: 'upload {{ inputs.folder }}'}\n";
    let broken = "step:\n  run: 'echo {{ inputs.text }}'\n";
    let notify = "version: 1\nname: notify\ninputs: {text: {type: string}}\nsteps: {a: {run: 'echo {{ inputs.text }}', outputs: {sent: {type: integer}}}}\noutputs: {sent: steps.a.outputs.sent, text: inputs.text}\n";
    let build = "version: 1\nname: build\nsteps: {a: {run: make}}\n";
    let contract = |text: &str| loopline_dsl::compile(text).contract.expect("a pipeline");
    Library {
        step_types: [("upload", upload), ("broken", broken)]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
        pipelines: [("build", build), ("notify", notify)].map(|(name, text)| (name.to_owned(), contract(text))).into(),
        is_complete: true,
    }
}

//! What stands beside the examples of pages: the step types `upload` and `broken`, and the pipelines `build`, `mirror` (started by
//! ends of `nightly`), `notify` and `release`.
#![allow(dead_code, reason = "each test that has examples needs a part of it")]

use loopline_dsl::testing::TestText;
use loopline_dsl::{Diagnostic, Library};

/// The pipeline `release`, which the examples of files of tests test.
pub const RELEASE: &str = include_str!("../data/release.loopline.yaml");

/// Whether a text is a file of tests.
pub fn is_tests(text: &str) -> bool {
    text.starts_with("pipeline:")
}

/// What is wrong with a file of tests of `release`.
pub fn findings_of_tests(text: &str) -> Vec<Diagnostic> {
    TestText::read(text).check(&loopline_dsl::compile(RELEASE).graph.expect("a pipeline")).diagnostics
}

/// A library of them, in which no other pipeline is.
pub fn library() -> Library {
    let upload = "inputs: {folder: {type: string}}\nstep: {run: 'upload {{ inputs.folder }}'}\n";
    let broken = "step:\n  run: 'echo {{ inputs.text }}'\n";
    let notify = "version: 1\nname: notify\ninputs: {text: {type: string}}\nsteps: {a: {run: 'echo {{ inputs.text }}', outputs: {sent: {type: integer}}}}\noutputs: {sent: steps.a.outputs.sent, text: inputs.text}\n";
    let build = "version: 1\nname: build\nsteps: {a: {run: make}}\n";
    let mirror = "version: 1\nname: mirror\ntriggers: {pipeline: [{name: nightly}]}\nsteps: {a: {run: make}}\n";
    let contract = |text: &str| loopline_dsl::compile(text).contract.expect("a pipeline");
    Library {
        step_types: [("upload", upload), ("broken", broken)]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
        pipelines: [("build", build), ("mirror", mirror), ("notify", notify)]
            .map(|(name, text)| (name.to_owned(), contract(text)))
            .into(),
        is_complete: true,
    }
}

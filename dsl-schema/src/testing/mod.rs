//! Files of tests, `*.loopline.test.yaml`: read, and checked against the pipeline that they test.
//!
//! ```text
//! text ─► TestText::read ─► whoever reads files finds the pipeline ─► check(&Graph) ─► language::testing::TestFile
//!              └──────────────────────── diagnostics, all of them at once ────────────────────┘
//! ```
//!
//! Nothing is run here; that is what `engine/testing` does with the checked file.

mod acts;
mod expectations;
mod mocks;
mod names;

use std::collections::BTreeMap;

use loopline_core::graph::Graph;
use loopline_core::time::Timestamp;

use crate::check::check_inputs_of_case;
use crate::compile::findings;
use crate::decode::{Cx, Decode as _};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::testing::{Case, TestFile};
use crate::language::{Entries, OneOrMany, Text};
use crate::position::Source;
use crate::route::Route;

pub use names::{StepName, all_steps, step_at};

/// A file of tests that was read, and not yet held against its pipeline.
pub struct TestText<'a> {
    source: Source<'a>,
    file: Option<TestFile>,
    cx: Cx,
}

/// What a file of tests was found to be.
#[derive(Debug)]
pub struct CheckedTests {
    /// The tests, where nothing is wrong with the file.
    pub file: Option<TestFile>,
    /// Everything there is to say, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'a> TestText<'a> {
    /// Reads a text.
    pub fn read(text: &'a str) -> Self {
        let mut source = Source::new(text);
        let mut cx = Cx::default();
        let problems = source.take_problems();
        cx.unsound = !problems.is_empty();
        let root = source.reading().root.clone();
        let file = root.as_ref().and_then(|root| TestFile::decode(root, &Route::root(), &mut cx));
        if root.is_none() && problems.is_empty() {
            let problem = Diagnostic::new(Code::EmptyFile, Place::Text(0..0), "the file is empty");
            cx.report(problem.help("begin with `pipeline: NAME.loopline.yaml` and `cases:`"));
        }
        cx.diagnostics.extend(problems);
        if let Some(file) = &file {
            own_keys(file, &mut cx);
        }
        Self { source, file, cx }
    }

    /// The file of the pipeline, from the folder of this one.
    pub fn pipeline(&self) -> Option<&str> {
        self.file.as_ref().and_then(|file| file.pipeline.0.as_ref()).map(|pipeline| pipeline.value.as_str())
    }

    /// Holds the tests against their pipeline.
    pub fn check(mut self, graph: &Graph) -> CheckedTests {
        if let Some(file) = &self.file {
            against(file, graph, &mut self.cx);
        }
        self.alone()
    }

    /// There is no pipeline to hold them against: the sentence says why.
    pub fn without_pipeline(mut self, message: &str, help: &str) -> CheckedTests {
        if let Some(pipeline) = self.file.as_ref().and_then(|file| file.pipeline.0.as_ref()) {
            self.cx.report(Diagnostic::new(Code::PipelineIsNotTested, pipeline.place(), message).help(help));
        }
        self.alone()
    }

    /// Holds them against nothing: they name no pipeline.
    pub fn alone(self) -> CheckedTests {
        let Self { source, file, cx } = self;
        let sound = !cx.has_errors();
        CheckedTests { file: file.filter(|_| sound), diagnostics: findings(&source, cx) }
    }
}

/// The groups that people are in.
pub(crate) type People<'f> = Option<BTreeMap<&'f str, &'f [Text]>>;

/// What is wrong with the file by itself.
fn own_keys(file: &TestFile, cx: &mut Cx) {
    if file.pipeline.0.is_none() && file.given.at("pipeline").is_none() && !file.given.is_meant("pipeline") {
        missing("a file of tests", "pipeline", &file.at, cx);
    }
    match &file.cases.0 {
        None if file.given.at("cases").is_none() && !file.given.is_meant("cases") => {
            missing("a file of tests", "cases", &file.at, cx);
        }
        Some(Entries(cases)) if cases.is_empty() => {
            let place = file.given.at("cases").map_or(Place::Value(file.at.clone()), |at| Place::Key(at.clone()));
            let diagnostic = Diagnostic::new(Code::NoCases, place, "the file has no cases, so nothing is tested");
            cx.report(diagnostic.help("add one, like `succeeds: {expect: {status: succeeded}}`"));
        }
        _ => {}
    }
    for group in file.people.iter().flat_map(|people| &people.0).filter_map(|item| item.value.as_ref()) {
        group_names(group, cx);
    }
    for case in cases(file) {
        if case.expect.0.is_none() && case.given.at("expect").is_none() && !case.given.is_meant("expect") {
            missing("a case", "expect", &case.at, cx);
        }
        if let Some(began) = &case.began
            && Timestamp::parse(&began.value).is_none()
        {
            let message = format!("`{}` is not a moment", began.value);
            let diagnostic = Diagnostic::new(Code::WrongType, began.place(), message);
            cx.report(diagnostic.help("write it as RFC 3339, like `2026-03-29T00:30:00Z`"));
        }
    }
}

fn missing(what: &str, key: &str, at: &Route, cx: &mut Cx) {
    let message = format!("{what} needs the key `{key}`");
    cx.report(Diagnostic::new(Code::MissingKey, Place::Key(at.clone()), message));
}

fn group_names(groups: &OneOrMany<Text>, cx: &mut Cx) {
    for group in &groups.0 {
        if group.value.strip_prefix("group:").is_none_or(str::is_empty) {
            let message = format!("`{}` is not a group", group.value);
            let diagnostic = Diagnostic::new(Code::WrongType, group.place(), message);
            let meant = format!("group:{}", group.value);
            cx.report(diagnostic.help(format!("write `{meant}`")).fix(
                format!("Change to `{meant}`"),
                group.place(),
                meant,
            ));
        }
    }
}

fn cases(file: &TestFile) -> impl Iterator<Item = &Case> {
    file.cases.0.iter().flat_map(|cases| &cases.0).filter_map(|item| item.value.as_ref())
}

/// What does not go with the pipeline.
fn against(file: &TestFile, graph: &Graph, cx: &mut Cx) {
    let steps = all_steps(graph);
    let people: People<'_> = file.people.as_ref().map(|people| {
        let each = people.0.iter().filter_map(|item| Some((item.name.as_str(), item.value.as_ref()?.0.as_slice())));
        each.collect()
    });
    mocks::check(file.mock.as_ref(), graph, &steps, cx);
    for case in cases(file) {
        check_inputs_of_case(case, graph, cx);
        mocks::check(case.mock.as_ref(), graph, &steps, cx);
        let actor = case.trigger.as_ref().and_then(|trigger| trigger.actor.as_ref()).map(|actor| actor.value.as_str());
        for item in case.at_times.iter().flat_map(|at_times| &at_times.0) {
            acts::check(item, graph, &steps, &people, actor, cx);
        }
        if let Some(expect) = &case.expect.0 {
            expectations::check(expect, graph, &steps, cx);
        }
    }
}

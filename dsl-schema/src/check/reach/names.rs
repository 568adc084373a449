//! How far the value of a name reaches: whether two conditions that read it read the same.
//!
//! Inputs, the event and most of `run` never change in a run. What `steps.x` says is the same for all steps that are judged
//! once `x` has ended, since a re-open of `x` re-opens them too (G3). `visit` and `previous` are the same for one visit of
//! one step. An environment variable is as good as the text it is made of. Everything else is taken for itself, each time
//! that it is read: two questions too many are no harm, two that were taken for one would be.

use std::collections::BTreeMap;
use std::rc::Rc;

use loopline_core::expr::{Atom, Cel, Literal, Template};

use super::settled::Settled;
use crate::model::{Model, Part};

/// Where the answer to a question is the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// In the whole run.
    Run,
    /// In one visit of this step.
    Visit(usize),
    /// In this one expression.
    Here(usize),
}

/// One expression of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) step: usize,
    /// Counts the expressions of the file.
    pub(super) expression: usize,
    /// It is looked at when the step ends, not when it begins.
    pub(super) at_end: bool,
}

type Paths = Rc<[Vec<String>]>;

/// Looks names up.
pub(super) struct Names<'a> {
    model: &'a Model<'a>,
    settled: &'a Settled<'a>,
    pipeline_env: BTreeMap<&'a str, &'a str>,
    read: BTreeMap<String, Option<Paths>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(model: &'a Model<'a>, settled: &'a Settled<'a>) -> Self {
        // A pipeline in place gets its `env` from the step that runs it.
        let env = model.pipeline.env.iter().filter(|_| model.part != Part::InPlace).flat_map(|env| &env.0);
        let pipeline_env = env.filter_map(|item| Some((item.name.as_str(), item.value.as_ref()?.0.value.as_str())));
        Self { model, settled, pipeline_env: pipeline_env.collect(), read: BTreeMap::new() }
    }

    /// The paths that a question reads; none where that is not known.
    pub(super) fn read_by(&mut self, atom: &Atom) -> Option<Paths> {
        if let Some(path) = &atom.path {
            return Some(Rc::new([path.clone()]));
        }
        if let Some(known) = self.read.get(&atom.subject) {
            return known.clone();
        }
        let references = Cel::new(atom.subject.as_str()).references().ok();
        let paths = references.map(|found| found.into_iter().map(|reference| reference.path).collect::<Paths>());
        self.read.insert(atom.subject.clone(), paths.clone());
        paths
    }

    /// How far the answer to a question reaches, and what besides its text it depends on.
    pub(super) fn reach(&mut self, atom: &Atom, at: At) -> (Reach, String) {
        let Some(paths) = self.read_by(atom) else { return (Reach::Here(at.expression), String::new()) };
        let mut reach = Reach::Run;
        let mut made_of = String::new();
        for path in paths.iter() {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            reach = reach.max(self.reach_of_path(&path, at, &mut made_of));
        }
        (reach, made_of)
    }

    fn reach_of_path(&self, path: &[&str], at: At, made_of: &mut String) -> Reach {
        let run_if = |lasts| if lasts { Reach::Run } else { Reach::Here(at.expression) };
        match *path {
            ["inputs" | "event", ..] => Reach::Run,
            // A rerun begins another epoch, and keeps what it does not re-open.
            ["run", field, ..] => run_if(field != "epoch"),
            // Outcomes of past visits may still change: a visit that was re-opened ends later.
            ["steps", step, field, ..] => run_if(field != "visits" && self.has_ended(step, at)),
            ["visit"] | ["previous", ..] => Reach::Visit(at.step),
            ["env", name, ..] => match self.env(at.step, name) {
                Some(text) if lasts_for_the_run(text) => {
                    *made_of = format!("{made_of}\n{name}={text}");
                    Reach::Run
                }
                _ => Reach::Here(at.expression),
            },
            _ => Reach::Here(at.expression),
        }
    }

    /// Whether this step has ended for certain where the expression is looked at.
    pub(super) fn has_ended(&self, id: &str, at: At) -> bool {
        match self.model.index.get(id) {
            Some(step) => self.settled.contains(at.step, *step),
            // A step of another graph: everything there has ended, or the name is wrong and reported.
            None => true,
        }
    }

    fn env(&self, step: usize, name: &str) -> Option<&'a str> {
        let own = self.model.steps[step].spec.and_then(|spec| spec.env.as_ref());
        let own = own.and_then(|env| env.0.iter().find(|item| item.name == name));
        match own {
            Some(item) => Some(item.value.as_ref()?.0.value.as_str()),
            None => self.pipeline_env.get(name).copied(),
        }
    }

    /// Whether the answer to a question can always be given: reading what it reads is no error, whatever the values are.
    pub(super) fn is_always_answered(&self, atom: &Atom, at: At, is_bool: bool) -> bool {
        let Some(path) = &atom.path else { return false };
        if atom.equals == Literal::Null {
            return true;
        }
        let compares = atom.equals != Literal::Bool(true);
        match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["inputs", name] => is_bool || (compares && self.model.inputs.contains_key(name)),
            ["run", ..] | ["visit"] => compares,
            ["steps", step, "status" | "visit" | "error"] => {
                compares && self.model.index.contains_key(*step) && self.has_ended(step, at)
            }
            _ => false,
        }
    }
}

/// Whether an environment variable made of this text is the same in every step, whenever it is read.
fn lasts_for_the_run(text: &str) -> bool {
    if !text.contains("{{") {
        return true;
    }
    let Ok(references) = Template::new(text).references() else { return false };
    references.iter().all(|reference| {
        let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
        matches!(path[..], ["inputs" | "event", ..]) || matches!(path[..], ["run", field, ..] if field != "epoch")
    })
}

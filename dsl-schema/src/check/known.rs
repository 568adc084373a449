//! What may be read by name, looked up once: a file may read ten thousand names, and each might be one of ten thousand.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use loopline_core::expr::{Cel, Template, covered};

use super::references::declared_outputs;
use crate::language::{Item, Scalar};
use crate::model::{Model, ModelStep, Part};

/// Names in the order in which they are said to people.
#[derive(Default)]
pub(super) struct Names<'a> {
    pub(super) all: Vec<&'a str>,
    set: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    pub(super) fn new(names: impl IntoIterator<Item = &'a str>) -> Self {
        let all: Vec<&str> = names.into_iter().collect();
        Self { set: all.iter().copied().collect(), all }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.set.contains(name)
    }
}

type Env<'a> = BTreeMap<&'a str, &'a Item<Scalar>>;

/// What the steps of one graph may read.
#[derive(Default)]
pub(super) struct Known<'a> {
    pub(super) secrets: Rc<Names<'a>>,
    common_env: Env<'a>,
    /// Of the step whose expressions are being looked at.
    own_env: Option<(usize, Env<'a>)>,
    /// Variables, by their own places, whose templates hold a secret.
    with_secret: BTreeMap<*const Item<Scalar>, bool>,
    /// By step; none where any output may come.
    outputs: BTreeMap<usize, Option<Rc<Names<'a>>>>,
    fields: BTreeMap<usize, Rc<Names<'a>>>,
    /// What the `if` of a step makes certain.
    certain: BTreeMap<usize, Vec<Vec<String>>>,
}

impl<'a> Known<'a> {
    pub(super) fn of(model: &'a Model<'a>) -> Self {
        let secrets = model.pipeline.secrets.iter().flat_map(|all| all.iter()).map(|secret| secret.value.as_str());
        // A child sees nothing of the pipeline around it.
        let env = model.pipeline.env.as_ref().filter(|_| model.part != Part::InPlace);
        Self {
            secrets: Rc::new(Names::new(secrets)),
            common_env: env.into_iter().flat_map(|env| &env.0).map(|item| (item.name.as_str(), item)).collect(),
            own_env: None,
            with_secret: BTreeMap::new(),
            outputs: BTreeMap::new(),
            fields: BTreeMap::new(),
            certain: BTreeMap::new(),
        }
    }

    /// The variable that a step reads by this name.
    pub(super) fn variable(
        &mut self,
        model: &'a Model<'a>,
        step: Option<usize>,
        name: &str,
    ) -> Option<&'a Item<Scalar>> {
        if let Some(step) = step.filter(|step| self.own_env.as_ref().is_none_or(|(own, _)| own != step)) {
            let env = model.steps[step].spec.and_then(|spec| spec.env.as_ref());
            let env = env.into_iter().flat_map(|env| &env.0).map(|item| (item.name.as_str(), item)).collect();
            self.own_env = Some((step, env));
        }
        let own = self.own_env.as_ref().filter(|(own, _)| Some(*own) == step).and_then(|(_, env)| env.get(name));
        own.or_else(|| self.common_env.get(name)).copied()
    }

    /// The names of all variables that the step asked about last may read.
    pub(super) fn variables(&self, step: Option<usize>) -> impl Iterator<Item = &'a str> {
        let own = self.own_env.iter().filter(move |(own, _)| Some(*own) == step).flat_map(|(_, env)| env.keys());
        own.chain(self.common_env.keys()).copied()
    }

    pub(super) fn holds_secret(&mut self, item: &'a Item<Scalar>) -> bool {
        let holds = || {
            let text = item.value.as_ref().map_or("", |text| text.0.value.as_str());
            text.contains("{{") && !Template::new(text).secrets().is_empty()
        };
        *self.with_secret.entry(std::ptr::from_ref(item)).or_insert_with(holds)
    }

    /// The outputs of a step that are known by name; none where any may come.
    pub(super) fn outputs(&mut self, at: usize, step: &ModelStep<'a>) -> Option<Rc<Names<'a>>> {
        let outputs = || declared_outputs(step).map(|names| Rc::new(Names::new(names)));
        self.outputs.entry(at).or_insert_with(outputs).clone()
    }

    /// What an approval asks for.
    pub(super) fn fields(&mut self, at: usize, step: &ModelStep<'a>) -> Rc<Names<'a>> {
        let fields = step.says(|spec| spec.approval.as_ref()).and_then(|approval| approval.fields.as_ref());
        let names = || Rc::new(Names::new(fields.iter().flat_map(|fields| &fields.0).map(|item| item.name.as_str())));
        Rc::clone(self.fields.entry(at).or_insert_with(names))
    }

    /// Whether the `if` of a step makes certain that something stands at a path.
    pub(super) fn is_certain(&mut self, step: usize, condition: &str, path: &[String]) -> bool {
        covered(path, self.certain.entry(step).or_insert_with(|| Cel::new(condition).certain_if_true()))
    }
}

//! The file with its names resolved: steps in the order of their ids, edges by position.
//!
//! A file holds several graphs: its steps, those of `finally`, and those of pipelines written in place. Each is a [`Model`]
//! of its own, since edges never lead from one into another.
//!
//! This is what the checks look at and what [`crate::lower`] makes the graph of. What could not be resolved is left out
//! here, and has been reported.

use std::collections::BTreeMap;

use loopline_core::graph::{Condition, GotoOn, OnExhausted};

use crate::diagnostics::Place;
use crate::language::{CelText, Entries, InFlight, Item, MaxFirings, Pipeline, SchemaSpec, Step, StepType};
use crate::library::{Contract, Library};
use crate::route::Route;
use crate::step_types::{LoadedType, StepTypes};
use crate::uses::bare_name;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Run,
    Http,
    Container,
    Approval,
    Wait,
    Sleep,
    Pipeline,
    Set,
    /// A step of a type that is not known.
    Use,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Run,
        Self::Http,
        Self::Container,
        Self::Approval,
        Self::Wait,
        Self::Sleep,
        Self::Pipeline,
        Self::Set,
        Self::Use,
    ];

    /// Its key.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Http => "http",
            Self::Container => "container",
            Self::Approval => "approval",
            Self::Wait => "wait",
            Self::Sleep => "sleep",
            Self::Pipeline => "pipeline",
            Self::Set => "set",
            Self::Use => "use",
        }
    }

    /// The kinds whose keys a step has.
    pub(crate) fn given(step: &Step) -> Vec<Self> {
        Self::ALL.into_iter().filter(|kind| step.given.at(kind.key()).is_some()).collect()
    }

    /// Whether a worker starts it.
    pub(crate) fn works(self) -> bool {
        matches!(self, Self::Run | Self::Http | Self::Container)
    }

    /// Whether it starts processes on a worker's machine.
    pub(crate) fn is_process(self) -> bool {
        matches!(self, Self::Run | Self::Container)
    }
}

/// Which of the graphs of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// `steps`.
    Steps,
    /// `finally`.
    Finally,
    /// The `steps` of a `pipeline` written in place.
    InPlace,
    /// The one step of a step type.
    StepType,
}

/// A graph of a file with its names resolved.
pub(crate) struct Model<'a> {
    /// The file it stands in.
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) part: Part,
    /// What stands as `inputs` in it, with the schemas that are known.
    pub(crate) inputs: BTreeMap<&'a str, Option<&'a SchemaSpec>>,
    /// What it gives back.
    pub(crate) outputs: Option<&'a Entries<CelText>>,
    /// In the order of their ids.
    pub(crate) steps: Vec<ModelStep<'a>>,
    pub(crate) index: BTreeMap<&'a str, usize>,
    /// Pipelines written in place, and the steps that run them.
    pub(crate) children: Vec<(usize, Self)>,
    pub(crate) finally: Option<Box<Self>>,
}

pub(crate) struct ModelStep<'a> {
    pub(crate) id: &'a str,
    pub(crate) at: &'a Route,
    /// None where the step is no mapping.
    pub(crate) spec: Option<&'a Step>,
    /// None where it has none or several. That of its step type, where it is one.
    pub(crate) kind: Option<Kind>,
    /// The type that it is a step of.
    pub(crate) uses: Option<&'a LoadedType>,
    /// What the pipeline gives back that it runs, where that is known.
    pub(crate) gives: Option<Gives<'a>>,
    /// In the order of the steps they come from.
    pub(crate) needs: Vec<Edge>,
    /// How many edges must be live; none: all.
    pub(crate) at_least: Option<u32>,
    pub(crate) gotos: Vec<Loop<'a>>,
}

/// What a child gives back.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gives<'a> {
    /// What this file says: of one that is written in place, or of the pipeline itself.
    Here(Option<&'a Entries<CelText>>),
    /// What another pipeline says.
    There(&'a Contract),
}

/// What a file may name besides itself.
#[derive(Clone, Copy)]
struct Around<'a> {
    types: &'a StepTypes,
    /// None where nothing may be named.
    library: Option<&'a Library>,
}

/// A forward edge.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) on: Condition,
    pub(crate) place: Place,
}

/// A loop edge, from `goto` or `repeat`.
pub(crate) struct Loop<'a> {
    /// Where the entry stands.
    pub(crate) at: Route,
    pub(crate) to: Target,
    pub(crate) on: GotoOn,
    pub(crate) condition: Option<LoopCondition<'a>>,
    pub(crate) max: Option<&'a MaxFirings>,
    /// There is a `max`, though it may not fit.
    pub(crate) has_max: bool,
    pub(crate) delay_ms: u64,
    pub(crate) on_exhausted: OnExhausted,
    pub(crate) drain: bool,
}

/// Where a loop edge leads.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Step(usize),
    /// A name that no step has, and where it stands.
    Unknown(String, Place),
}

/// When a loop edge fires.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LoopCondition<'a> {
    /// `if`.
    If(&'a CelText),
    /// `until`: when it does not hold.
    Until(&'a CelText),
}

impl Loop<'_> {
    /// The step it leads to, where it is known.
    pub(crate) fn target(&self) -> Option<usize> {
        match self.to {
            Target::Step(step) => Some(step),
            Target::Unknown(..) => None,
        }
    }
}

impl<'a> Model<'a> {
    /// Resolves the names of a file; reports nothing.
    pub(crate) fn of(pipeline: &'a Pipeline, types: &'a StepTypes, library: &'a Library) -> Self {
        let inputs = inputs(pipeline.inputs.as_ref());
        let around = Around { types, library: Some(library) };
        let mut model = Self::part(
            pipeline,
            Part::Steps,
            inputs.clone(),
            pipeline.steps.0.iter().flat_map(|steps| &steps.0),
            around,
        );
        model.outputs = pipeline.outputs.as_ref();
        model.finally = pipeline
            .finally
            .as_ref()
            .map(|finally| Box::new(Self::part(pipeline, Part::Finally, inputs, &finally.0, around)));
        model
    }

    /// The one step of a type. It sees the inputs of the type and nothing else of a pipeline.
    pub(crate) fn of_type(
        pipeline: &'a Pipeline,
        file: &'a StepType,
        step: &'a Item<Step>,
        types: &'a StepTypes,
    ) -> Self {
        let around = Around { types, library: None };
        Self::part(pipeline, Part::StepType, inputs(file.inputs.as_ref()), [step], around)
    }

    fn part(
        pipeline: &'a Pipeline,
        part: Part,
        inputs: BTreeMap<&'a str, Option<&'a SchemaSpec>>,
        steps: impl IntoIterator<Item = &'a Item<Step>>,
        around: Around<'a>,
    ) -> Self {
        let mut items: Vec<&Item<Step>> = steps.into_iter().collect();
        items.sort_by(|a, b| a.name.cmp(&b.name));
        let index = items.iter().enumerate().map(|(at, item)| (item.name.as_str(), at)).collect();
        let uses: Vec<_> =
            items.iter().map(|item| item.value.as_ref().and_then(|step| around.types.of(step))).collect();
        let kinds: Vec<_> = items
            .iter()
            .zip(&uses)
            .map(|(item, uses)| uses.map_or_else(|| item.value.as_ref().and_then(kind), |uses| uses.kind()))
            .collect();
        let mut steps: Vec<_> =
            items.iter().enumerate().map(|(at, item)| model_step(at, item, &index, &kinds, uses[at])).collect();
        for step in &mut steps {
            step.gives = around.gives(pipeline, step);
        }
        let children =
            steps.iter().enumerate().filter_map(|(at, step)| Some((at, Self::child(pipeline, step, around)?)));
        let children = children.collect();
        Self { pipeline, part, inputs, outputs: None, steps, index, children, finally: None }
    }

    /// The pipeline that a step writes in place.
    fn child(pipeline: &'a Pipeline, step: &ModelStep<'a>, around: Around<'a>) -> Option<Self> {
        let child = step.spec?.pipeline.as_deref()?;
        let steps = child.steps.as_ref()?;
        let inputs = child.inputs.iter().flat_map(|inputs| &inputs.0).map(|item| (item.name.as_str(), None));
        let mut model = Self::part(pipeline, Part::InPlace, inputs.collect(), &steps.0, around);
        model.outputs = child.outputs.as_ref();
        Some(model)
    }

    /// Steps in all its graphs.
    pub(crate) fn count(&self) -> usize {
        let inside: usize = self.children.iter().map(|(_, child)| child.count()).sum();
        self.steps.len() + inside + self.finally.as_ref().map_or(0, |finally| finally.count())
    }
}

impl<'a> Around<'a> {
    /// What the child of a step gives back.
    fn gives(self, pipeline: &'a Pipeline, step: &ModelStep<'a>) -> Option<Gives<'a>> {
        let child = step.spec?.pipeline.as_deref()?;
        if child.steps.is_some() {
            return Some(Gives::Here(child.outputs.as_ref()));
        }
        let name = bare_name(&child.name.as_ref()?.value)?;
        // A pipeline that runs itself is the one that stands here, whatever was read under its name.
        if pipeline.name.0.as_ref().is_some_and(|own| own.value == name) {
            return Some(Gives::Here(pipeline.outputs.as_ref()));
        }
        self.library?.pipelines.get(name).map(Gives::There)
    }
}

fn inputs(entries: Option<&Entries<SchemaSpec>>) -> BTreeMap<&str, Option<&SchemaSpec>> {
    entries.iter().flat_map(|inputs| &inputs.0).map(|item| (item.name.as_str(), item.value.as_ref())).collect()
}

/// What a step does, by its own keys.
pub(crate) fn kind(step: &Step) -> Option<Kind> {
    match Kind::given(step).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

fn model_step<'a>(
    at: usize,
    item: &'a Item<Step>,
    index: &BTreeMap<&str, usize>,
    kinds: &[Option<Kind>],
    uses: Option<&'a LoadedType>,
) -> ModelStep<'a> {
    let spec = item.value.as_ref();
    let mut needs: Vec<Edge> = spec
        .and_then(|spec| spec.needs.as_ref())
        .map(|needs| needs.0.as_slice())
        .unwrap_or_default()
        .iter()
        .filter_map(|need| {
            let from = *index.get(need.step.as_str()).filter(|from| **from != at)?;
            // E3: a gate that was skipped stays shut.
            let unsaid = if kinds[from] == Some(Kind::Approval) { Condition::Succeeded } else { Condition::Ok };
            let on = need.on.as_ref().map_or(unsaid, |on| on.0.value);
            Some(Edge { from, on, place: need.place.clone() })
        })
        .collect();
    needs.sort_by_key(|edge| edge.from);
    needs.dedup_by_key(|edge| edge.from);
    ModelStep {
        id: &item.name,
        at: &item.at,
        spec,
        kind: kinds[at],
        uses,
        gives: None,
        needs,
        at_least: spec.and_then(|spec| spec.join.as_ref()).and_then(|join| join.0.value),
        gotos: spec.map(|spec| loops(at, spec, &item.at, index)).unwrap_or_default(),
    }
}

/// G8: `repeat` stands before the other entries.
fn loops<'a>(step: usize, spec: &'a Step, at: &Route, index: &BTreeMap<&str, usize>) -> Vec<Loop<'a>> {
    let repeat = spec.repeat.iter().map(|repeat| Loop {
        at: at.key("repeat"),
        to: Target::Step(step),
        on: GotoOn::Succeeded,
        condition: Some(LoopCondition::Until(&repeat.until)),
        max: repeat.max.as_ref(),
        has_max: repeat.given.at("max").is_some(),
        delay_ms: repeat.every.as_ref().map_or(0, |every| every.0.value),
        on_exhausted: OnExhausted::Fail,
        drain: false,
    });
    let gotos = spec.goto.iter().flatten().map(|goto| Loop {
        at: goto.at.clone(),
        to: match index.get(goto.to.value.as_str()) {
            Some(to) => Target::Step(*to),
            None => Target::Unknown(goto.to.value.clone(), goto.to.place()),
        },
        on: goto.on.as_ref().map_or(GotoOn::Failed, |on| on.0.value),
        condition: goto.condition.as_ref().map(LoopCondition::If),
        max: goto.max.as_ref(),
        has_max: goto.given.at("max").is_some(),
        delay_ms: goto.delay.as_ref().map_or(0, |delay| delay.0.value),
        on_exhausted: goto.on_exhausted.as_ref().map_or(OnExhausted::Fail, |word| word.0.value),
        drain: goto.in_flight.as_ref().is_some_and(|word| word.0.value == InFlight::Drain),
    });
    repeat.chain(gotos).collect()
}

impl<'a> ModelStep<'a> {
    /// What the step says, else what its type says.
    pub(crate) fn says<T>(&self, what: impl Fn(&'a Step) -> Option<T>) -> Option<T> {
        self.spec.and_then(&what).or_else(|| self.uses?.step().and_then(what))
    }

    /// Its failure does not fail the run.
    pub(crate) fn allows_failure(&self) -> bool {
        self.spec.and_then(|spec| spec.allow_failure.as_ref()).is_some_and(|flag| flag.value)
    }
}

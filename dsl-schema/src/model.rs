//! The file with its names resolved: steps in the order of their ids, edges by position.
//!
//! This is what the checks look at and what [`crate::lower`] makes the graph of. What could not be resolved is left out
//! here, and has been reported.

use std::collections::BTreeMap;

use loopline_core::graph::{Condition, GotoOn, OnExhausted};

use crate::diagnostics::Place;
use crate::language::{CelText, InFlight, Item, MaxFirings, Pipeline, Step};
use crate::route::Route;

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
    /// A step type, not expanded yet.
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
}

/// A file with its names resolved.
pub(crate) struct Model<'a> {
    pub(crate) pipeline: &'a Pipeline,
    /// In the order of their ids.
    pub(crate) steps: Vec<ModelStep<'a>>,
    pub(crate) index: BTreeMap<&'a str, usize>,
}

pub(crate) struct ModelStep<'a> {
    pub(crate) id: &'a str,
    pub(crate) at: &'a Route,
    /// None where the step is no mapping.
    pub(crate) spec: Option<&'a Step>,
    /// None where it has none or several.
    pub(crate) kind: Option<Kind>,
    /// In the order of the steps they come from.
    pub(crate) needs: Vec<Edge>,
    /// How many edges must be live; none: all.
    pub(crate) at_least: Option<u32>,
    pub(crate) gotos: Vec<Loop<'a>>,
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
    pub(crate) fn of(pipeline: &'a Pipeline) -> Self {
        let mut items: Vec<&Item<Step>> = pipeline.steps.0.iter().flat_map(|steps| &steps.0).collect();
        items.sort_by(|a, b| a.name.cmp(&b.name));
        let index = items.iter().enumerate().map(|(at, item)| (item.name.as_str(), at)).collect();
        let kinds: Vec<_> = items.iter().map(|item| item.value.as_ref().and_then(kind)).collect();
        let steps = items.iter().enumerate().map(|(at, item)| model_step(at, item, &index, &kinds)).collect();
        Self { pipeline, steps, index }
    }
}

fn kind(step: &Step) -> Option<Kind> {
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
        delay_ms: goto.delay.as_ref().map_or(0, |delay| delay.0.value),
        on_exhausted: goto.on_exhausted.as_ref().map_or(OnExhausted::Fail, |word| word.0.value),
        drain: goto.in_flight.as_ref().is_some_and(|word| word.0.value == InFlight::Drain),
    });
    repeat.chain(gotos).collect()
}

impl ModelStep<'_> {
    /// Its failure does not fail the run.
    pub(crate) fn allows_failure(&self) -> bool {
        self.spec.and_then(|spec| spec.allow_failure.as_ref()).is_some_and(|flag| flag.value)
    }
}

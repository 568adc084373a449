//! The run of a case: the world around it, and people who act at their times.

use std::collections::{BTreeMap, VecDeque};

use loopline_core::event::Trigger;
use loopline_core::machine::Passed;
use loopline_core::time::Timestamp;
use loopline_dsl::diagnostics::Place;
use loopline_dsl::language::testing::{Case, TestFile};
use loopline_dsl::{Code, Diagnostic, duration};
use serde_json::Map;

use crate::acts::{Deed, deeds};
use crate::mocks::Mocks;
use crate::run::Subject;
use crate::steps;
use crate::world::{Stopped, World};

/// A simulated run.
pub(crate) struct Simulation<'a> {
    pub(crate) world: World<'a, Mocks<'a>>,
    pub(crate) file: &'a TestFile,
    case: &'a Case,
    /// What people did, and when.
    pub(crate) done: Vec<(Timestamp, String)>,
    pub(crate) findings: Vec<Diagnostic>,
    /// What they will do.
    deeds: VecDeque<(Timestamp, Deed<'a>)>,
}

impl<'a> Simulation<'a> {
    pub(crate) fn new(subject: &'a Subject<'a>, file: &'a TestFile, case: &'a Case, began: Timestamp) -> Self {
        let deeds = deeds(case).into_iter().map(|(after_ms, deed)| (began.plus_ms(after_ms), deed)).collect();
        let world = World::new(subject, began, Mocks::of(file, case));
        Self { world, file, case, done: Vec::new(), findings: Vec::new(), deeds }
    }

    /// The same, where work that no mock stands for succeeds with made-up values, and the history is kept.
    pub(crate) fn dry(subject: &'a Subject<'a>, file: &'a TestFile, case: &'a Case, began: Timestamp) -> Self {
        let mut simulation = Self::new(subject, file, case, began);
        simulation.world.script.make_up(subject.graph);
        simulation.world.history = Some(Vec::new());
        simulation
    }

    /// Runs until it is over and nobody does anything any more, or until nothing more can happen. What happens by itself comes
    /// before what people do at the same moment.
    pub(crate) fn run(&mut self) -> Result<(), Stopped> {
        self.begin()?;
        while !self.world.state.is_over() || !self.deeds.is_empty() {
            let first = self.deeds.front().map(|(at, _)| *at);
            match (self.world.next_at(), first) {
                (Some(next), first) if first.is_none_or(|first| next <= first) => self.world.step()?,
                _ => {
                    let Some((at, deed)) = self.deeds.pop_front() else { break };
                    self.world.jump(at);
                    self.act(&deed)?;
                }
            }
            if self.world.events() >= self.world.subject.most_events() {
                return Err(Box::new(self.without_end()));
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Stopped> {
        let given: Map<_, _> = self
            .case
            .inputs
            .iter()
            .flat_map(|inputs| &inputs.0)
            .filter_map(|item| Some((item.name.clone(), item.value.as_ref()?.0.value.clone())))
            .collect();
        let graph = self.world.subject.graph;
        // The compiler has looked at them, unless they were too large to be looked at.
        let inputs = loopline_core::contract::complete_inputs(graph, &given).map_err(|problems| {
            let said: Vec<_> =
                problems.iter().map(|problem| format!("`{}` {}", problem.input, problem.message)).collect();
            let place = Place::Key(self.case.at.key("inputs"));
            Box::new(Diagnostic::new(Code::InputDoesNotFit, place, said.join("; ")))
        })?;
        let trigger = self.case.trigger.as_ref();
        let kind = trigger.and_then(|trigger| trigger.kind.as_ref()).map_or("manual", |kind| &kind.value);
        let actor = trigger.and_then(|trigger| trigger.actor.as_ref()).map(|actor| actor.value.clone());
        self.world.begin(inputs, Trigger { kind: kind.to_owned(), actor })
    }

    fn without_end(&self) -> Diagnostic {
        let mut firings: BTreeMap<String, u64> = BTreeMap::new();
        for (_, passage) in &self.world.passages {
            if let Passed::Fired { .. } = passage.passed {
                *firings.entry(steps::plain_name(passage)).or_default() += 1;
            }
        }
        let most = firings.into_iter().max_by_key(|(_, count)| *count);
        let after = duration::write(self.world.took_ms());
        let message = format!("the run does not end: it has {} events after {after}", self.world.events());
        let place = Place::Key(self.case.at.clone());
        Diagnostic::new(Code::TooManyEvents, place, message).help(match most {
            Some((step, count)) => format!("a loop of `{step}` fired {count} times: let a mock or an act end it"),
            None => "let a mock or an act end it".to_owned(),
        })
    }
}

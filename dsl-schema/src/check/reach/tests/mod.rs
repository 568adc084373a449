//! Random files against an interpreter that tries everything, and against the machine itself.

mod drawn;
mod machine;
mod naive;

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

use super::budgets::loops;
use super::conditions::Conditions;
use super::counts::Counts;
use super::gate::Gates;
use super::settled::Settled;
use super::sweep::{Outlook, Sweep};
use super::{constants, find};
use crate::check::flow::Flow;
use crate::decode::{Cx, Decode as _};
use crate::language::Pipeline;
use crate::model::Model;
use crate::position::Source;
use crate::route::Route;
use crate::step_types::StepTypes;

/// What is known about a file.
struct Known<'a> {
    conditions: &'a Conditions,
    /// By trying runs first.
    found: &'a [Outlook],
    /// By proof alone.
    proven: &'a [Outlook],
    /// Per step: at most so many visits.
    visits: &'a [Option<u128>],
}

fn with_known<T>(text: &str, look: impl FnOnce(Known<'_>) -> T) -> T {
    let source = Source::new(text);
    let root = source.reading().root.clone().expect("the file can be read");
    let pipeline = Pipeline::decode(&root, &Route::root(), &mut Cx::default()).expect("it is a pipeline");
    let types = StepTypes::default();
    let library = crate::Library::default();
    let model = Model::of(&pipeline, &types, &library);
    let flow = Flow::of(&model).unwrap_or_else(|_| panic!("forward edges form no cycle"));
    let settled = Settled::of(&model, &flow);
    let mut conditions = Conditions::of(&model, &flow, &settled);
    constants::find(&mut conditions, &model);
    let found = find(&model, &flow, &conditions);
    let gates = Gates::of(&model);
    let counts = Counts::of(&flow.order, &conditions, &gates);
    let unknown = vec![Outlook::unknown(); model.steps.len()];
    let mut all = FixedBitSet::with_capacity(model.steps.len());
    all.insert_range(..);
    let proven = Sweep::new(&model, &conditions, &counts, gates, unknown).over(&flow.order, &all, &BTreeMap::new());
    let loops = loops(&model, &flow, &settled);
    let visits: Vec<_> = (0..model.steps.len()).map(|at| loops.visits(at)).collect();
    look(Known { conditions: &conditions, found: &found.outlooks, proven: &proven.outlooks, visits: &visits })
}

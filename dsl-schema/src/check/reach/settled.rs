//! Which steps have ended for certain when a step is judged.
//!
//! With `join: all` that is every step before it: each edge is decided, and what lies behind a decided edge was decided when
//! its step was judged. With `any` and `at_least` a step goes on while others still run, so only what holds over every edge
//! is certain. A re-open does not change that: it re-opens whatever stands behind (G3).

use std::cell::OnceCell;

use fixedbitset::FixedBitSet;

use crate::check::flow::Flow;
use crate::model::Model;

/// See the module.
pub(super) struct Settled<'a> {
    model: &'a Model<'a>,
    flow: &'a Flow,
    only_all: bool,
    /// Made when it is first asked for; most files do not need it.
    own: OnceCell<Vec<FixedBitSet>>,
}

impl<'a> Settled<'a> {
    pub(super) fn of(model: &'a Model<'a>, flow: &'a Flow) -> Self {
        let only_all = model.steps.iter().all(|step| step.at_least.is_none());
        Self { model, flow, only_all, own: OnceCell::new() }
    }

    /// Whether `step` has ended, one way or the other, when `judged` is judged.
    pub(super) fn contains(&self, judged: usize, step: usize) -> bool {
        // With `all` it is whoever comes before.
        let settled =
            if self.only_all { &self.flow.ancestors } else { self.own.get_or_init(|| own(self.model, self.flow)) };
        settled[judged].contains(step)
    }
}

fn own(model: &Model<'_>, flow: &Flow) -> Vec<FixedBitSet> {
    let count = model.steps.len();
    let mut settled = vec![FixedBitSet::new(); count];
    for &at in &flow.order {
        let step = &model.steps[at];
        let mut set = FixedBitSet::with_capacity(count);
        for (index, edge) in step.needs.iter().enumerate() {
            if step.at_least.is_none() || index == 0 {
                set.union_with(&settled[edge.from]);
                set.insert(edge.from);
            } else {
                let is_in = set.contains(edge.from);
                set.intersect_with(&settled[edge.from]);
                set.set(edge.from, is_in);
            }
        }
        settled[at] = set;
    }
    settled
}

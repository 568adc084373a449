//! What the runs of a file can come to: which steps can run, which edges can be live, which loops can fire, and how often.
//!
//! # What is said, and what it rests on
//!
//! For each step: the ways in which it can end ([`sweep`]). It is judged as the machine judges it (E3 to E6) on *unknowns*:
//! the answers to the questions of conditions ([`conditions`]), and for each step that can fail whether it does ([`ends`]).
//! With up to sixteen distinct conditions before a step the answer is exact, as far as these unknowns are: for each way that
//! is said to be possible there are answers and outcomes that lead to it, and for each other way there are none. Beyond that,
//! or where too much work would be needed, a step is *cut*: it may end in any way that its edges by themselves allow, and
//! whether it can go on is `unknown`. Whatever stands behind it is judged on that.
//!
//! So *never* always means never. Why it holds for every moment of every run, and not for a first round in which all goes
//! straight:
//!
//! * **Re-opens.** A region is closed forwards, so whoever stands behind a step that is re-opened is re-opened too. Hence a
//!   step that has been judged was judged on how the decided steps before it stand now, in this visit. What stands at one
//!   moment is what one pass over the file could give, with these outcomes and these answers.
//! * **`any` and `at_least`.** A step that goes on while others before it run is judged on edges that are live already, and
//!   those stay live until it is re-opened itself. Let the undecided ones end as they like: it still goes on. And it is
//!   skipped only when all edges are decided. So the verdict is the one that the ends of all would give.
//! * **Loop edges.** What forward edges see of a visit is what its loop edges leave of it ([`ends`]). A visit for which one
//!   fires is not seen. That a budget can be used up is taken for granted.
//! * **Answers.** Two conditions share a question only where its answer must be the same ([`names`]).
//! * **Cancels, timeouts of the run, `fail_fast`.** Nothing is judged after them. A rerun re-opens what they ended.
//! * **Errors.** A condition that cannot be evaluated fails the step. Whether it can be is a second unknown of the question,
//!   shared like the answer; running out of an evaluation's budget is taken for that too.
//!
//! # Where to read
//!
//! [`sweep`] is the pass, [`gate`] the joins, [`ends`] the loop edges; [`diagram`] and [`frontier`] keep sets of assignments
//! small. [`never`], [`loop_edges`], [`constants`], [`gaps`] report. [`budgets`] counts firings and knows nothing of the rest.

mod budgets;
mod conditions;
mod constants;
mod counts;
mod diagram;
mod domains;
mod ends;
mod frontier;
mod gaps;
mod gate;
mod lanes;
mod loop_edges;
mod names;
mod never;
mod settled;
mod sweep;
#[cfg(test)]
mod tests;
mod trial;
mod ways;

use fixedbitset::FixedBitSet;

use super::flow::Flow;
use crate::decode::Cx;
use crate::model::Model;
use conditions::Conditions;
use counts::Counts;
use gate::Gates;
use settled::Settled;
use sweep::{Findings, Outlook, Sweep};

/// Reports what cannot happen, what happens too often, and where that is not known.
pub(super) fn check(model: &Model<'_>, flow: &Flow, cx: &mut Cx) {
    let settled = Settled::of(model, flow);
    let mut conditions = Conditions::of(model, flow, &settled);
    constants::find(&mut conditions, model);
    let found = find(model, flow, &conditions);
    constants::check(model, &conditions, cx);
    never::check(model, &conditions, &found.outlooks, cx);
    loop_edges::check(model, &conditions, &found.outlooks, cx);
    gaps::check(model, &found.gaps, cx);
    budgets::check(model, flow, &settled, cx);
}

/// What can become of each step: first by trying runs, then by proof where those left something open.
fn find(model: &Model<'_>, flow: &Flow, conditions: &Conditions) -> Findings {
    let gates = Gates::of(model);
    let counts = Counts::of(&flow.order, conditions, &gates);
    let seen = trial::play(model, flow, conditions, &gates);
    let choices = gaps::candidates(model, &flow.successors, conditions, &gates);
    let open = with_all_before(model, flow, conditions, |at| {
        choices.contains_key(&gates.of_step[at]) || trial::is_open(&seen, model, flow, at)
    });
    let outlook = |(at, seen): (usize, &trial::Seen)| match counts.is_beyond(at) {
        false => Outlook::seen(seen.ways),
        true => Outlook::beyond(seen.ways, counts.is_followed_to[at].then_some(counts.before[at])),
    };
    let outlooks: Vec<Outlook> = seen.iter().enumerate().map(outlook).collect();
    if open.is_clear() {
        return Findings { outlooks, gaps: Vec::new() };
    }
    Sweep::new(model, conditions, &counts, gates, outlooks).over(&flow.order, &open, &choices)
}

/// The chosen steps, and all on which it may depend how they end.
fn with_all_before(
    model: &Model<'_>,
    flow: &Flow,
    conditions: &Conditions,
    chosen: impl Fn(usize) -> bool,
) -> FixedBitSet {
    let mut all = FixedBitSet::with_capacity(model.steps.len());
    for &at in flow.order.iter().rev() {
        if all.contains(at) || chosen(at) {
            all.insert(at);
            all.extend(model.steps[at].needs.iter().map(|edge| edge.from).chain(conditions.steps[at].reads()));
        }
    }
    all
}

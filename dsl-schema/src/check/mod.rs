//! What a file means, as far as it can be judged before it runs.
//!
//! Each file holds the checks of one subject and reports all it finds; none stops another. They look at the
//! [`crate::model::Model`], never at the tree.

mod actions;
mod approvals;
mod children;
mod combinations;
mod compensations;
mod containers;
mod edges;
mod expressions;
mod flow;
mod given;
mod http;
mod kinds;
mod known;
mod loops;
mod many;
mod mismatches;
mod names;
mod offers;
mod outcomes;
mod reach;
mod references;
mod scenario;
mod schemas;
mod sites;
mod trigger_cycles;
mod triggers;
mod types;
mod unused;
mod workers;

pub(crate) use actions::retry_on;
pub(crate) use approvals::approver;
pub(crate) use containers::port;
pub(crate) use given::check_inputs_of_case;
pub(crate) use http::status_range;
pub(crate) use kinds::senseless;
pub(crate) use offers::{Expression, Offer, OfferKind, Offers, Written};
pub(crate) use references::ALL_ROOTS;
pub(crate) use triggers::when;
pub(crate) use workers::artifact_of;

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::expr::Type;

use crate::decode::Cx;
use crate::language::{Entries, SchemaSpec};
use crate::library::Library;
use crate::model::Model;
use flow::Flow;
use types::Types;
use unused::Used;

/// Runs every check.
pub(crate) fn check(model: &Model<'_>, library: &Library, cx: &mut Cx) {
    names::pipeline(model, cx);
    actions::defaults(model, cx);
    schemas::inputs(model.pipeline.inputs.as_ref(), cx);
    triggers::check(model, library, cx);
    let mut used = part(model, None, library, cx);
    if let Some(finally) = &model.finally {
        names::distinct(model, finally, cx);
        let mut of_finally = part(finally, Some(model), library, cx);
        if !cx.has_errors() {
            unused::check(finally, &of_finally, cx);
        }
        used.add_finally(std::mem::take(&mut of_finally));
    }
    if !cx.has_errors() {
        unused::check(model, &used, cx);
    }
}

/// What the pipeline of a file without errors gives back, by name. What it takes from other pipelines can be anything: a
/// contract is what a text says by itself, so that pipelines may run each other.
pub(crate) fn given_back(model: &Model<'_>) -> BTreeMap<String, Type> {
    if model.outputs.is_none() {
        return BTreeMap::new();
    }
    Types::of(model, None, Flow::of(model).ok().as_ref()).given_back()
}

/// The checks of a step type, whose one step stands alone. Gives the secrets that it reads.
pub(crate) fn check_step_type(
    model: &Model<'_>,
    inputs: Option<&Entries<SchemaSpec>>,
    cx: &mut Cx,
) -> BTreeSet<String> {
    names::type_inputs(inputs, cx);
    schemas::inputs(inputs, cx);
    part(model, None, &Library::default(), cx).secrets
}

/// The checks of one graph of the file. `outer` is the graph that a `finally` follows.
fn part(model: &Model<'_>, outer: Option<&Model<'_>>, library: &Library, cx: &mut Cx) -> Used {
    names::steps(model, cx);
    kinds::check(model, cx);
    actions::check(model, cx);
    http::check(model, cx);
    approvals::check(model, cx);
    schemas::check(model, cx);
    children::check(model, library, cx);
    many::check(model, cx);
    containers::check(model, cx);
    edges::check(model, cx);
    // Who comes before whom is known only where forward edges form no cycle.
    let flow = match Flow::of(model) {
        Ok(flow) => Some(flow),
        Err(cycles) => {
            edges::report_cycles(model, &cycles, cx);
            None
        }
    };
    compensations::check(model, flow.as_ref(), cx);
    workers::check(model, outer, flow.as_ref(), cx);
    if let Some(flow) = &flow {
        loops::check(model, flow, cx);
        reach::check(model, flow, cx);
        outcomes::check(model, flow, cx);
    }
    let mut used = expressions::check(model, outer, flow.as_ref(), cx);
    used.secrets.extend(model.steps.iter().filter_map(|step| step.uses).flat_map(|uses| uses.secrets.iter().cloned()));
    for (_, child) in &model.children {
        let of_child = part(child, None, library, cx);
        if !cx.has_errors() {
            unused::check(child, &of_child, cx);
        }
        used.secrets.extend(of_child.secrets);
    }
    used
}

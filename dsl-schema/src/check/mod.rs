//! What a file means, as far as it can be judged before it runs.
//!
//! Each file holds the checks of one subject and reports all it finds; none stops another. They look at the
//! [`crate::model::Model`], never at the tree.

mod actions;
mod approvals;
mod edges;
mod expressions;
mod flow;
mod http;
mod kinds;
mod loops;
mod names;
mod outcomes;
mod references;
mod scenario;
mod schemas;
mod sites;

pub(crate) use actions::retry_on;
pub(crate) use approvals::approver;
pub(crate) use http::status_range;

use crate::decode::Cx;
use crate::model::Model;
use flow::Flow;

/// Runs every check.
pub(crate) fn check(model: &Model<'_>, cx: &mut Cx) {
    names::check(model, cx);
    kinds::check(model, cx);
    actions::check(model, cx);
    http::check(model, cx);
    approvals::check(model, cx);
    schemas::check(model, cx);
    edges::check(model, cx);
    // Who comes before whom is known only where forward edges form no cycle.
    let flow = match Flow::of(model) {
        Ok(flow) => Some(flow),
        Err(cycles) => {
            edges::report_cycles(model, &cycles, cx);
            None
        }
    };
    if let Some(flow) = &flow {
        loops::check(model, flow, cx);
        outcomes::check(model, flow, cx);
    }
    expressions::check(model, flow.as_ref(), cx);
}

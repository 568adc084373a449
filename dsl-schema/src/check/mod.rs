//! What a file means, as far as it can be judged before it runs.
//!
//! Each file holds the checks of one subject and reports all it finds; none stops another. They look at the
//! [`crate::model::Model`], never at the tree.

mod actions;

pub(crate) use actions::{approver, retry_on, status_range};

use crate::decode::Cx;
use crate::model::Model;

/// Runs every check.
pub(crate) fn check(model: &Model<'_>, cx: &mut Cx) {
    actions::check(model, cx);
}

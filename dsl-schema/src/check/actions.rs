//! What steps do.

use loopline_core::graph::{RetryOn, StatusRange};
use loopline_core::outcome::FailureKind;

use crate::decode::Cx;
use crate::model::Model;

pub(crate) fn check(_model: &Model<'_>, _cx: &mut Cx) {}

/// `200` or `2xx`.
pub(crate) fn status_range(text: &str) -> Option<StatusRange> {
    if let Some(class) = text.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        return Some(StatusRange { first: class * 100, last: class * 100 + 99 });
    }
    let status = text.parse().ok().filter(|status| (100..=599).contains(status))?;
    Some(StatusRange { first: status, last: status })
}

/// `timeout` or `exit:75`.
pub(crate) fn retry_on(text: &str) -> Option<RetryOn> {
    if let Some(code) = text.strip_prefix("exit:") {
        return code.parse().ok().filter(|code| (1..=255).contains(code)).map(RetryOn::Exit);
    }
    FailureKind::ALL.into_iter().find(|kind| kind.as_str() == text).map(RetryOn::Kind)
}

/// The name behind `user:` or `group:`.
pub(crate) fn approver(text: &str) -> Option<&str> {
    let name = text.strip_prefix("user:").or_else(|| text.strip_prefix("group:"))?;
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+' | '/');
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}

//! Approvals.

use std::collections::BTreeSet;

use crate::decode::Cx;
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::language::{Approval, Duration, OneOrMany, Step, Text};
use crate::model::{Kind, Model};

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    for step in &model.steps {
        let Some(spec) = step.spec else { continue };
        if let Some(approval) = &spec.approval {
            approvers(approval.approvers.as_ref(), cx);
            quorum(approval, cx);
        }
        let bounded = step.says(timeout).is_some();
        if let (Some(kind @ (Kind::Approval | Kind::Wait)), false) = (step.kind, bounded) {
            let message = format!("step `{}` has no `timeout`, so a run may wait here for ever", step.id);
            let (key, help) = match step.uses {
                None => (kind.key(), format!("add one, like `{}: {{…, timeout: 24h}}`", kind.key())),
                Some(_) => ("use", "add one, here or in the step type: `timeout: 24h`".to_owned()),
            };
            let diagnostic = Diagnostic::new(Code::WaitsForEver, Place::Key(step.at.key(key)), message).help(help);
            let message = Place::Key(step.at.key(kind.key()).key("message"));
            let fix = Fix::new("Add `timeout: 24h`", message, Change::After("timeout: 24h".to_owned()));
            let here = kind == Kind::Approval && step.uses.is_none();
            cx.report(if here { diagnostic.mend(fix.proposal()) } else { diagnostic });
        }
    }
}

/// The bound of its wait.
fn timeout(spec: &Step) -> Option<&Duration> {
    let of_approval = || spec.approval.as_ref().and_then(|approval| approval.timeout.as_ref());
    let of_wait = || spec.wait.as_ref().and_then(|wait| wait.timeout.as_ref());
    spec.timeout.as_ref().or_else(of_approval).or_else(of_wait)
}

fn approvers(approvers: Option<&OneOrMany<Text>>, cx: &mut Cx) {
    for text in approvers.iter().flat_map(|approvers| &approvers.0) {
        if approver(&text.value).is_none() {
            let message = format!("`{}` names no approver", text.value);
            let diagnostic = Diagnostic::new(Code::InvalidApprover, text.place(), message);
            let diagnostic = diagnostic.help("write `user:NAME` or `group:NAME`");
            cx.report(match meant_approver(&text.value) {
                Some(meant) => diagnostic.fix(format!("Change to `{meant}`"), text.place(), meant),
                None => diagnostic,
            });
        }
    }
}

/// The same approver with its sort spelled right: `User: ada`, `groups:ops`.
fn meant_approver(text: &str) -> Option<String> {
    let (sort, name) = text.split_once(':')?;
    let sort = match sort.trim().to_ascii_lowercase().as_str() {
        "user" | "users" => "user",
        "group" | "groups" | "team" | "teams" => "group",
        _ => return None,
    };
    let meant = format!("{sort}:{}", name.trim());
    approver(&meant).is_some().then_some(meant)
}

/// The name behind `user:` or `group:`.
pub(crate) fn approver(text: &str) -> Option<&str> {
    let name = text.strip_prefix("user:").or_else(|| text.strip_prefix("group:"))?;
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+' | '/');
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}

/// Only users can be counted beforehand: nobody knows here how many people a group has.
fn quorum(approval: &Approval, cx: &mut Cx) {
    let (Some(quorum), Some(approvers)) = (&approval.quorum, &approval.approvers) else { return };
    let users: BTreeSet<&str> = approvers.0.iter().map(|text| text.value.as_str()).collect();
    let only_users = !users.is_empty() && users.iter().all(|text| text.starts_with("user:"));
    if only_users && quorum.0.value as usize > users.len() {
        let people = if users.len() == 1 { "1 person".to_owned() } else { format!("{} people", users.len()) };
        let message = format!("{} must approve, and only {people} may", quorum.0.value);
        let diagnostic = Diagnostic::new(Code::QuorumOutOfReach, quorum.0.place(), message);
        cx.report(diagnostic.help("lower `quorum`, or add approvers"));
    }
}

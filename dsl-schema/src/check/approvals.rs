//! Approvals.

use std::collections::BTreeSet;

use crate::decode::{Cx, list};
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::language::{Approval, Duration, OneOrMany, Step, Text};
use crate::model::{Kind, Model};

pub(super) fn check(model: &Model<'_>, cx: &mut Cx) {
    for step in &model.steps {
        let Some(spec) = step.spec else { continue };
        if let Some(approval) = &spec.approval {
            approvers(approval.approvers.as_ref(), cx);
            quorum(approval, cx);
            without_starter(step.id, approval, model, cx);
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

/// The people who may approve, each once. Only users can be counted beforehand: nobody knows here how many people a group has.
fn users(approval: &Approval) -> Option<BTreeSet<&str>> {
    let approvers = approval.approvers.as_ref()?;
    let users: BTreeSet<&str> = approvers.0.iter().map(|text| text.value.as_str()).collect();
    (!users.is_empty() && users.iter().all(|text| text.starts_with("user:"))).then_some(users)
}

/// With `allow_self: false`: who starts a run may be one of those who are needed.
fn without_starter(id: &str, approval: &Approval, model: &Model<'_>, cx: &mut Cx) {
    let Some(flag) = approval.allow_self.as_ref().filter(|flag| !flag.value) else { return };
    let triggers = model.pipeline.triggers.as_ref();
    let started_by_people = triggers.and_then(|triggers| triggers.manual.as_ref()).is_none_or(|manual| manual.value);
    let quorum = approval.quorum.as_ref().map_or(1, |quorum| quorum.0.value) as usize;
    let Some(users) = users(approval).filter(|users| started_by_people && users.len() == quorum) else { return };
    let users: Vec<&str> = users.into_iter().collect();
    let who = if let [only] = users[..] { format!("`{only}`") } else { format!("one of {}", list(&users)) };
    let all = if quorum == 1 { "nobody else may approve it" } else { "all of them must approve it" };
    let message = format!("a run that {who} starts never gets past `{id}`: {all}, and who starts a run may not");
    let found = Diagnostic::new(Code::StarterIsNeeded, flag.place(), message);
    cx.report(found.help("add an approver, or let whoever starts a run decide: `allow_self: true`"));
}

fn quorum(approval: &Approval, cx: &mut Cx) {
    let (Some(quorum), Some(users)) = (&approval.quorum, users(approval)) else { return };
    if quorum.0.value as usize > users.len() {
        let people = if users.len() == 1 { "1 person".to_owned() } else { format!("{} people", users.len()) };
        let message = format!("{} must approve, and only {people} may", quorum.0.value);
        let diagnostic = Diagnostic::new(Code::QuorumOutOfReach, quorum.0.place(), message);
        cx.report(diagnostic.help("lower `quorum`, or add approvers"));
    }
}

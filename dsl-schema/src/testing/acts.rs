//! What people do in a case, against the pipeline.

use loopline_core::graph::{Action, ApprovalAction, Graph, Step};
use loopline_core::id::StepUnit;

use super::names::{self, in_place};
use super::{People, expectations, mocks};
use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::language::testing::{Act, Acts, Decisions, RerunSpec};
use crate::language::{AnyJson, Item, Text};

pub(super) fn check(
    item: &Item<Acts>,
    graph: &Graph,
    steps: &[(String, &Step)],
    people: &People<'_>,
    actor: Option<&str>,
    cx: &mut Cx,
) {
    time(item, cx);
    for each in item.value.iter().flat_map(|acts| &acts.0) {
        let act = &each.act;
        // What must be refused is judged by who refuses it.
        let free = act.refused.is_some();
        for decision in [&act.approve, &act.reject].into_iter().flatten().flat_map(|decisions| &decisions.0) {
            decided(decision, graph, steps, people, actor, free, cx);
        }
        for signal in act.signal.iter().flat_map(|signals| &signals.0).filter(|_| !free) {
            sent(signal, graph, cx);
        }
        if let Some(RerunSpec::Steps(names)) = &act.rerun {
            for name in names {
                // An item is one of a list that is not there yet.
                let item = name.value.parse::<StepUnit>().ok().filter(|unit| unit.item.is_some());
                let step = item.map_or_else(|| name.value.clone(), |unit| unit.step.to_string());
                names::known(&step, name.place(), graph, steps, |_| true, cx);
            }
        }
        if let Some(expect) = &act.expect {
            expectations::check(expect, graph, steps, cx);
        }
        does_something(act, cx);
    }
}

fn time(item: &Item<Acts>, cx: &mut Cx) {
    let Err(error) = crate::duration::parse(&item.name) else { return };
    let message = format!("`{}` is not a time since the run began: {error}", item.name);
    let diagnostic = Diagnostic::new(Code::InvalidDuration, item.key(), message);
    cx.report(match crate::duration::meant(&item.name) {
        Some(meant) => {
            diagnostic.help(format!("write `{meant}`")).fix(format!("Change to `{meant}`"), item.key(), meant)
        }
        None => diagnostic.help("write it like `0s`, `30s`, `5m`, `2h`, `1d` or `1h30m`"),
    });
}

fn does_something(act: &Act, cx: &mut Cx) {
    if act.given.iter().all(|(key, _)| key == "refused") {
        let message = "nothing is done here";
        let diagnostic = Diagnostic::new(Code::ActMakesNoSense, Place::Key(act.at.clone()), message);
        cx.report(diagnostic.help("say what is, like `approve: {STEP: ada}`, `signal: {NAME: {}}` or `cancel: ada`"));
    }
}

fn decided(
    item: &Item<Decisions>,
    graph: &Graph,
    steps: &[(String, &Step)],
    people: &People<'_>,
    actor: Option<&str>,
    free: bool,
    cx: &mut Cx,
) {
    let asks = |step: &Step| matches!(step.action, Action::Approval(_));
    let Some((_, step)) = names::known(&item.name, item.key(), graph, steps, asks, cx) else { return };
    let Action::Approval(approval) = &step.action else {
        let message = format!("`{}` is not an approval: it does `{}`", item.name, step.action.kind());
        let all: Vec<&str> = steps.iter().filter(|(_, step)| asks(step)).map(|(name, _)| name.as_str()).collect();
        let diagnostic = Diagnostic::new(Code::ActMakesNoSense, item.key(), message);
        cx.report(diagnostic.help(match all.as_slice() {
            [] => "the pipeline has no approval".to_owned(),
            [only] => format!("its approval is `{only}`"),
            all => format!("its approvals are {}", list(all)),
        }));
        return;
    };
    let Some(decisions) = item.value.as_ref().filter(|_| !free) else { return };
    for person in decisions.people() {
        eligible(&item.name, approval, person, people, actor, cx);
    }
    for field in decisions.more().and_then(|more| more.fields.as_ref()).iter().flat_map(|fields| &fields.0) {
        filled_in(&item.name, approval, field, cx);
    }
}

/// What the engine would say when the decision comes is said before anything runs.
fn eligible(
    step: &str,
    approval: &ApprovalAction,
    person: &Text,
    people: &People<'_>,
    actor: Option<&str>,
    cx: &mut Cx,
) {
    let name = person.value.as_str();
    let groups = people.as_ref().map(|people| people.get(name).copied().unwrap_or_default());
    let named = |approver: &String| match approver.strip_prefix("user:") {
        Some(user) => user == name,
        None => groups.is_none_or(|groups| groups.iter().any(|group| group.value == *approver)),
    };
    if !approval.allow_self && actor == Some(name) {
        let message = format!("{name} may not decide `{step}`: who started the run cannot decide it");
        let diagnostic = Diagnostic::new(Code::NotAnApprover, person.place(), message);
        cx.report(diagnostic.help("let somebody else decide; or say `refused:` beside it, where that is the point"));
    } else if !approval.approvers.is_empty() && !approval.approvers.iter().any(named) {
        let message = format!("{name} may not decide `{step}`: it asks {}", approval.approvers.join(", "));
        let group = approval.approvers.iter().find(|approver| approver.starts_with("group:"));
        let help = match group {
            Some(group) => format!("put {name} into a group, `people: {{{name}: \"{group}\"}}`"),
            None => format!("let {} decide", approval.approvers.join(" or ").replace("user:", "")),
        };
        let help = format!("{help}; or say `refused:` beside it, where that is the point");
        cx.report(Diagnostic::new(Code::NotAnApprover, person.place(), message).help(help));
    }
}

fn filled_in(step: &str, approval: &ApprovalAction, field: &Item<AnyJson>, cx: &mut Cx) {
    let Some(schema) = approval.fields.get(&field.name) else {
        let message = format!("`{step}` asks for no field `{}`", field.name);
        let diagnostic = Diagnostic::new(Code::ActMakesNoSense, field.key(), message);
        let near = cx.nearest.to(&field.name, approval.fields.keys().map(String::as_str));
        let names: Vec<&String> = approval.fields.keys().collect();
        cx.report(match near {
            Some(near) => {
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), field.key(), near)
            }
            None if names.is_empty() => diagnostic.help("it asks for none"),
            None => diagnostic.help(format!("it asks for {}", list(&names))),
        });
        return;
    };
    if let Some(value) = &field.value
        && let Some(error) = mocks::misfit(schema, &value.0.value, cx)
    {
        let message = format!("this does not fit the field `{}` of `{step}`: {error}", field.name);
        let diagnostic = Diagnostic::new(Code::ActMakesNoSense, Place::Value(field.at.clone()), message);
        cx.report(diagnostic.help(format!("look at the schema of `{}`", field.name)));
    }
}

fn sent(item: &Item<AnyJson>, graph: &Graph, cx: &mut Cx) {
    let waits = waits(graph);
    let of_name: Vec<_> = waits.iter().filter(|(name, _)| *name == item.name).collect();
    if of_name.is_empty() {
        let message = format!("no step of the pipeline waits for a signal `{}`", item.name);
        let diagnostic = Diagnostic::new(Code::ActMakesNoSense, item.key(), message);
        let near = cx.nearest.to(&item.name, waits.iter().map(|(name, _)| *name));
        cx.report(match near {
            Some(near) => {
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("Change to `{near}`"), item.key(), near)
            }
            None if waits.is_empty() => diagnostic.help("none waits for any"),
            None => diagnostic.help(format!("they wait for {}", list(&waits.iter().map(|w| w.0).collect::<Vec<_>>()))),
        });
        return;
    }
    let Some(payload) = &item.value else { return };
    let mut wrong = Vec::new();
    for (_, schema) in of_name {
        match schema.and_then(|schema| mocks::misfit(schema, &payload.0.value, cx)) {
            Some(error) => wrong.push(error),
            None => return,
        }
    }
    let message = format!("this fits no step that waits for `{}`: {}", item.name, wrong.join("; "));
    let diagnostic = Diagnostic::new(Code::ActMakesNoSense, Place::Value(item.at.clone()), message);
    cx.report(diagnostic.help("look at the `schema` of the `wait`; or say `refused:` beside it"));
}

/// Signals that steps wait for, with their schemas.
fn waits(graph: &Graph) -> Vec<(&str, Option<&serde_json::Value>)> {
    let mut found = Vec::new();
    let mut open = vec![graph];
    while let Some(graph) = open.pop() {
        for step in &graph.steps {
            if let Action::Wait(wait) = &step.action {
                found.push((wait.signal.as_str(), wait.schema.as_ref()));
            }
            open.extend(in_place(step));
        }
        open.extend(graph.finally.as_deref());
    }
    found
}

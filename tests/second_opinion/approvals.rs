//! W1: who may decide, what decides, and what an approval gives.

use loopline_core::event::{ApprovalDecided, Decision};
use loopline_core::graph::{Action, ApprovalAction};
use loopline_core::id::StepIx;
use loopline_core::outcome::{Failure, FailureKind};
use loopline_core::view::DecisionView;
use serde_json::{Value as Json, json};

use super::end::Ended;
use super::schema::fits;
use super::state::{Asked, Outputs, Past, State, What};

impl State<'_> {
    fn asks(&self, x: StepIx) -> Option<&Asked> {
        match &self.live_now(x)?.what {
            What::Approval(asked) => Some(asked),
            _ => None,
        }
    }

    /// Why a decision is not taken.
    pub fn refuses_decision(
        &self,
        decided: &ApprovalDecided,
        digest: &str,
        rerun_by: Option<&String>,
    ) -> Option<&'static str> {
        let Some(x) = self.graph.find(decided.step.step.as_str()) else { return Some("there is no such step") };
        let Action::Approval(approval) = &self.graph.step(x).action else { return Some("it is not an approval") };
        let Some(asked) = self.asks(x).filter(|_| decided.visit == self.at(x).vis) else {
            return Some("that visit is closed");
        };
        let created = self.created.as_ref().expect("the run has begun");
        let starters = [created.trigger.actor.as_ref(), rerun_by];
        let by_starter = starters.contains(&Some(&decided.by));
        if decided.digest.as_ref().is_some_and(|sent| sent != digest) {
            Some("they saw something else")
        } else if asked.decisions.iter().any(|decision| decision.by == decided.by) {
            Some("one person decides once")
        } else if by_starter && !approval.allow_self {
            Some("who started the run may not decide")
        } else if !eligible(approval, decided) {
            Some("nobody asked them")
        } else if !fields_fit(approval, decided) {
            Some("the fields do not fit")
        } else {
            None
        }
    }

    pub fn approval_decided(&mut self, decided: &ApprovalDecided) {
        let x = self.graph.find(decided.step.step.as_str()).expect("looked at by now");
        let Action::Approval(approval) = &self.graph.step(x).action else { unreachable!("looked at by now") };
        let now = self.world.now;
        let live = self.live.iter_mut().find(|live| live.step == x && live.past == Past::No);
        let Some(What::Approval(asked)) = live.map(|live| &mut live.what) else { unreachable!("looked at by now") };
        asked.decisions.push(DecisionView {
            by: decided.by.clone(),
            decision: decided.decision,
            comment: decided.comment.clone(),
            at: now,
        });
        let decisions = asked.decisions.clone();
        let approvals = decisions.iter().filter(|decision| decision.decision == Decision::Approved).count();
        let rejected = decided.decision == Decision::Rejected;
        if !rejected && approvals < approval.quorum as usize {
            return;
        }
        let mut fields = decided.fields.clone();
        for (name, schema) in &approval.fields {
            if let Some(default) = schema.get("default").filter(|_| !decided.fields.contains_key(name)) {
                fields.insert(name.clone(), default.clone());
            }
        }
        let outputs: Outputs = [
            ("decision", json!(decided.decision)),
            ("by", json!(decided.by)),
            ("comment", json!(decided.comment)),
            ("fields", json!(fields)),
            ("decisions", decisions.iter().map(told).collect()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        self.close(x);
        let ended = if rejected {
            Ended::failed(Failure::new(FailureKind::Rejected, "a person said no")).with(outputs)
        } else {
            Ended::succeeded(outputs)
        };
        self.end(x, ended);
    }

    /// What waits in this step waits no more.
    pub fn close(&mut self, x: StepIx) {
        self.end_what_lives(|step| step == x, |_, _| unreachable!("nothing of a step that waits was handed out"), true);
    }
}

/// A decision as the outputs tell it.
fn told(decision: &DecisionView) -> Json {
    json!({"by": decision.by, "decision": decision.decision, "comment": decision.comment, "at": decision.at})
}

/// Distinct eligible people; the user of a local server stands for everybody.
fn eligible(approval: &ApprovalAction, decided: &ApprovalDecided) -> bool {
    let all_groups = decided.member_of.iter().any(|group| group == "group:*");
    approval.approvers.is_empty()
        || approval.approvers.iter().any(|who| {
            *who == format!("user:{}", decided.by)
                || decided.member_of.contains(who)
                || (all_groups && who.starts_with("group:"))
        })
}

/// They must fit when approving; what a rejection brings along is not looked at, but for names nobody asked for.
fn fields_fit(approval: &ApprovalAction, decided: &ApprovalDecided) -> bool {
    let known = decided.fields.keys().all(|name| approval.fields.contains_key(name));
    let fit = approval.fields.iter().all(|(name, schema)| match decided.fields.get(name) {
        Some(value) => fits(schema, value),
        None => schema.get("default").is_some() || schema.get("required") == Some(&json!(false)),
    });
    known && (fit || decided.decision == Decision::Rejected)
}

//! Approvals: what is asked, who may decide, and what a decision means (rule W1).

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::apply::Fold;
use super::end::Ended;
use super::refused::Refused;
use super::state::{Asked, St, Wait};
use crate::command::{Command, Timer};
use crate::event::{ApprovalDecided, Decision};
use crate::expr::Place;
use crate::graph::{Action, ApprovalAction, Part};
use crate::id::StepIx;
use crate::outcome::{Failure, FailureKind};

impl<'a> Fold<'a> {
    /// Begins to wait for people.
    pub(super) fn ask(&mut self, ix: StepIx, approval: &ApprovalAction) {
        let message = approval.message.references().and_then(|references| {
            approval.message.render(&self.scope_of_step(ix, Part::Work, &references), Place::Plain)
        });
        let message = match message.as_ref().map(|text| text.as_plain()) {
            Ok(Some(message)) => message.to_owned(),
            Ok(None) => {
                let failure = Failure::new(FailureKind::Template, "`approval.message`: a secret may not stand here");
                return self.end_failed(ix, failure);
            }
            Err(error) => {
                let failure = Failure::new(FailureKind::Template, format!("`approval.message`: {error}"));
                return self.end_failed(ix, failure);
            }
        };
        let step = self.graph.step(ix);
        let key = self.state.visit_key(self.graph, ix);
        let until = step.timeout_ms.map(|ms| self.at.plus_ms(ms));
        if let Some(until) = until {
            self.command(Command::SetTimer { timer: Timer::Approval { key }, at: until });
        }
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let within = &self.state.within;
        let digest = crate::canonical::digest(&json!({
            "definition": created.digest,
            "inputs": created.inputs,
            "step": if within.is_empty() { step.id.to_string() } else { format!("{within}/{}", step.id) },
            "visit": self.state.steps[ix.get()].visit,
            "message": message,
            "fields": approval.fields,
        }));
        self.set_wait(ix, Wait::Approval(Box::new(Asked { message, digest, until, decisions: Vec::new() })));
    }

    pub(super) fn approval_decided(&mut self, decided: &ApprovalDecided) -> Result<(), Refused> {
        let (ix, approval) = self.check_decision(decided)?;
        let at = self.at;
        let Some(Wait::Approval(asked)) = &mut self.state.steps[ix.get()].wait else {
            unreachable!("check_decision found the approval waiting");
        };
        asked.decisions.push((at, decided.clone()));
        let approvals = asked.decisions.iter().filter(|(_, d)| d.decision == Decision::Approved).count();
        self.touched.insert(ix);
        match decided.decision {
            Decision::Rejected => {
                let said = decided.comment.as_deref().map(|comment| format!(": {comment}")).unwrap_or_default();
                let message = format!("{} rejected it{said}", decided.by);
                self.close_decided(ix, decided);
                self.end_failed(ix, Failure::new(FailureKind::Rejected, message));
            }
            Decision::Approved if approvals >= approval.quorum as usize => {
                self.close_decided(ix, decided);
                self.end(ix, Ended::Succeeded);
            }
            Decision::Approved => {}
        }
        Ok(())
    }

    fn check_decision(&self, decided: &ApprovalDecided) -> Result<(StepIx, &'a ApprovalAction), Refused> {
        let step_id = decided.step.step.clone();
        let graph: &'a crate::graph::Graph = self.graph;
        let ix = graph.find(step_id.as_str()).ok_or_else(|| Refused::UnknownStep { step: step_id.clone() })?;
        let Action::Approval(approval) = &graph.step(ix).action else {
            return Err(Refused::NotAnApproval { step: step_id });
        };
        let step = &self.state.steps[ix.get()];
        let asked = match &step.wait {
            Some(Wait::Approval(asked)) if step.visit == decided.visit => asked,
            _ => {
                let status = self.state.step_status(self.graph, ix);
                let why = if decided.visit < step.visit {
                    format!("the run came back to it, and visit {} is current", step.visit)
                } else if step.st == St::Pending {
                    "it does not ask yet".to_owned()
                } else {
                    format!("it {}", status.as_str())
                };
                return Err(Refused::ClosedVisit {
                    step: step_id,
                    visit: decided.visit,
                    current: step.visit,
                    status,
                    why,
                });
            }
        };
        if decided.digest.as_ref().is_some_and(|digest| *digest != asked.digest) {
            return Err(Refused::WrongDigest { step: step_id, expected: asked.digest.clone() });
        }
        let by = decided.by.clone();
        if asked.decisions.iter().any(|(_, before)| before.by == by) {
            return Err(Refused::DecidedBefore { step: step_id, visit: decided.visit, by });
        }
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let started = [&created.trigger.actor, &self.state.rerun_by];
        if !approval.allow_self && started.iter().any(|who| who.as_deref() == Some(by.as_str())) {
            let why = "who started the run cannot decide it".to_owned();
            return Err(Refused::NotEligible { step: step_id, by, why });
        }
        let named = |approver: &String| match approver.strip_prefix("user:") {
            Some(user) => user == by,
            None => decided.member_of.iter().any(|group| group == approver || group == "group:*"),
        };
        if !approval.approvers.is_empty() && !approval.approvers.iter().any(named) {
            let why = format!("it asks {}", approval.approvers.join(", "));
            return Err(Refused::NotEligible { step: step_id, by, why });
        }
        if decided.decision == Decision::Approved {
            for (field, schema) in &approval.fields {
                crate::contract::check_field(schema, decided.fields.get(field))
                    .map_err(|message| Refused::InvalidField { field: field.clone(), message })?;
            }
        }
        if let Some(field) = decided.fields.keys().find(|name| !approval.fields.contains_key(*name)) {
            return Err(Refused::InvalidField { field: field.clone(), message: "is not asked for".to_owned() });
        }
        Ok((ix, approval))
    }

    /// Leaves the outputs of the approval: `decision by comment fields decisions`.
    fn close_decided(&mut self, ix: StepIx, last: &ApprovalDecided) {
        let key = self.state.visit_key(self.graph, ix);
        let Some(Wait::Approval(asked)) = self.clear_wait(ix) else { return };
        if asked.until.is_some() {
            self.command(Command::ClearTimer { timer: Timer::Approval { key } });
        }
        let Action::Approval(approval) = &self.graph.step(ix).action else { return };
        let mut fields: Map<String, Json> = approval
            .fields
            .iter()
            .filter_map(|(name, schema)| Some((name.clone(), schema.get("default")?.clone())))
            .collect();
        fields.extend(last.fields.clone());
        let decisions: Vec<Json> = asked
            .decisions
            .iter()
            .map(|(at, d)| json!({"decision": d.decision, "by": d.by, "comment": d.comment, "at": at}))
            .collect();
        let outputs = json!({
            "decision": last.decision,
            "by": last.by,
            "comment": last.comment,
            "fields": fields,
            "decisions": decisions,
        });
        let Json::Object(outputs) = outputs else { unreachable!("written as an object") };
        self.touch(ix).outputs = Arc::new(outputs);
    }

    pub(super) fn approval_timed_out(&mut self, ix: StepIx) {
        self.clear_wait(ix);
        self.end_failed(ix, Failure::new(FailureKind::Timeout, "nobody decided within its `timeout`"));
    }
}

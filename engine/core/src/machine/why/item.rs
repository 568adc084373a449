//! Why one item of a step that runs many times stands where it does.

use super::super::many::{ItemState, ItemsState};
use super::super::refused::Refused;
use super::super::state::{St, Unit};
use super::{Place, words};
use crate::id::UnitPath;
use crate::view::{ItemView, WaitingFor};
use crate::why::StepWhy;

impl Place<'_> {
    /// What is said of the item, and then where its step stands.
    pub(super) fn why_item(&self, path: &UnitPath, item: u32) -> Result<StepWhy, Refused> {
        let step = &self.state.steps[self.ix.get()];
        let unit = Unit { step: self.ix, item: Some(item) };
        let many = step.many.as_deref();
        let found = many.and_then(|many| Some((many, many.items.get(item as usize)?)));
        let Some(((many, state), view)) = found.zip(self.state.item_view(self.graph, unit, &self.run.kept)) else {
            let (step, items) = (path.path.step.clone(), many.map(|many| many.items.len() as u32));
            return Err(Refused::UnknownItem { step, item, items });
        };
        let mut said = self.reason_of_item(many, unit, state, &view);
        let kept = state.kept_from.map(|from| {
            format!("It keeps the result of visit {from}: in visit {} others were done again without it.", step.visit)
        });
        said.extend(kept);
        let id = &self.graph.step(self.ix).id;
        let stands = words::stands(self.status(), step.visit, step.why, step.error.as_ref());
        said.push(match step.st {
            St::Running => format!("`{id}` {stands}. {}", self.works()),
            _ => format!("`{id}` {stands}."),
        });
        Ok(StepWhy {
            step: path.clone(),
            last_seq: self.run.last_seq,
            status: view.status,
            visit: state.kept_from.unwrap_or(step.visit),
            said,
            skip_reason: None,
            waiting_for: view.waiting_for,
            error: view.error,
            join: None,
            needs: Vec::new(),
            condition: None,
            goto: Vec::new(),
            past: Vec::new(),
            older_visits: 0,
        })
    }

    fn reason_of_item(&self, many: &ItemsState, unit: Unit, item: &ItemState, view: &ItemView) -> Vec<String> {
        let visit = item.kept_from.unwrap_or(self.state.steps[self.ix.get()].visit);
        match item.st {
            St::Pending => self.item_not_begun(many, unit),
            St::Running => {
                let mut said = match &view.waiting_for {
                    Some(WaitingFor::Retry { until, attempt }) => vec![words::retry(*attempt, *until)],
                    Some(WaitingFor::Lock { name, until }) => words::lock(name, *until),
                    Some(WaitingFor::Callback { until }) => words::callback(*until),
                    Some(WaitingFor::Worker { missing, until }) => words::worker(missing, *until),
                    _ => vec![self.attempt_goes_on(unit, view.status)],
                };
                said.extend(self.held_back());
                said
            }
            St::Failed => {
                let mut said = words::failed(visit, item.attempt, item.error.as_ref());
                said.extend(words::not_retried(&self.graph.step(self.ix).retry, item.attempt));
                said
            }
            St::Cancelled if self.state.stop.is_none() && self.run.stop.is_none() => {
                vec![
                    "It was cancelled because more items failed than are tolerated, and the step is `fail_fast`."
                        .into(),
                ]
            }
            St::Cancelled => vec![format!("It was cancelled because {}.", self.ended_by())],
            St::Succeeded | St::Skipped => vec![format!("It succeeded in visit {visit}.")],
        }
    }

    fn item_not_begun(&self, many: &ItemsState, unit: Unit) -> Vec<String> {
        let mut said = vec!["It has not begun.".to_owned()];
        let spec = self.graph.step(self.ix).many.as_ref();
        if let Some(most) = spec.and_then(|spec| spec.max_parallel).filter(|most| many.open >= *most) {
            said.push(format!(
                "No more than {} may go on at a time, and as many do.",
                words::count(most as usize, "item")
            ));
        }
        let before = many.items.iter().take(unit.item.unwrap_or_default() as usize);
        let before = before.filter(|item| item.st == St::Pending).count();
        if before > 0 {
            said.push(format!("{} before it in the list come first.", words::count(before, "item")));
        }
        if self.run.paused.is_some() {
            said.push("The run is paused: nothing begins until it is resumed.".to_owned());
        }
        said
    }
}

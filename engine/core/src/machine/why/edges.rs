//! Forward edges: what each is, and what they come to together.

use super::super::judge::edge_state;
use super::super::state::{St, StepState};
use super::{Place, words};
use crate::graph::{Condition, Join, Need};
use crate::view::{EdgeState, SkipReason};
use crate::why::{JoinWhy, NeedWhy};

impl Place<'_> {
    pub(super) fn need(&self, need: &Need) -> NeedWhy {
        let source = &self.state.steps[need.step.get()];
        let status = self.state.step_status(self.graph, need.step);
        let state = self.edge(need);
        let id = self.graph.step(need.step).id.clone();
        let stands = words::stands(status, source.visit, source.why, source.error.as_ref());
        let on = need.on.as_str();
        let said = match state {
            EdgeState::Undecided => format!("`{id}` {stands}, so nothing is decided."),
            EdgeState::Live if source.st == St::Failed && need.on == Condition::Ok => {
                format!("`{id}` {stands}, which it is allowed to (`allow_failure`).")
            }
            EdgeState::Live => format!("`{id}` {stands}, and `{on}` leads on then."),
            EdgeState::Neutral => format!("`{id}` {stands}, which counts neither way."),
            EdgeState::Blocked => format!("`{id}` {stands}, and `{on}` stands in the way then."),
        };
        NeedWhy { step: id, visit: source.visit, status, skip_reason: source.why, on: need.on, state, said }
    }

    /// None where the step needs nothing.
    pub(super) fn join(&self) -> Option<JoinWhy> {
        let step = self.graph.step(self.ix);
        if step.needs.is_empty() {
            return None;
        }
        let count = |wanted: EdgeState| step.needs.iter().filter(|need| self.edge(need) == wanted).count() as u32;
        Some(JoinWhy {
            at_least: match step.join {
                Join::All => None,
                Join::AtLeast(count) => Some(count),
            },
            live: count(EdgeState::Live),
            neutral: count(EdgeState::Neutral),
            blocked: count(EdgeState::Blocked),
            undecided: count(EdgeState::Undecided),
        })
    }

    pub(super) fn edge(&self, need: &Need) -> EdgeState {
        edge_state(self.source(need), self.graph.step(need.step).allow_failure, need.on)
    }

    fn source(&self, need: &Need) -> &StepState {
        &self.state.steps[need.step.get()]
    }

    /// The steps at the other ends of the edges that are so, in a list for people.
    fn sources(&self, wanted: EdgeState) -> String {
        let needs = self.graph.step(self.ix).needs.iter().filter(|need| self.edge(need) == wanted);
        words::names(needs.map(|need| self.graph.step(need.step).id.as_str()))
    }

    /// Why a step that has not begun has to wait for its edges.
    pub(super) fn waits_for_edges(&self) -> Option<String> {
        let join = self.join()?;
        let open = self.sources(EdgeState::Undecided);
        let all = (join.live + join.neutral + join.blocked + join.undecided) as usize;
        let Some(wanted) = join.at_least else {
            let blocked = match join.blocked {
                0 => String::new(),
                _ => format!(" It will be skipped then: {} stands in the way.", self.sources(EdgeState::Blocked)),
            };
            return (join.undecided > 0).then(|| {
                format!("It waits until {open} {} ended.{blocked}", if join.undecided == 1 { "has" } else { "have" })
            });
        };
        if join.live >= wanted {
            let inside = self.state.steps[self.ix.get()].inside.clone()?;
            let needs = self.graph.step(self.ix).needs.iter();
            let open_inside =
                needs.filter(|need| self.edge(need) == EdgeState::Undecided && inside.contains(need.step));
            let names = words::names(open_inside.map(|need| self.graph.step(need.step).id.as_str()));
            return (!names.is_empty()).then(|| {
                format!(
                    "Enough of its edges are live, but they come from outside of what a loop has re-opened: it waits for {names}, which may still lead on."
                )
            });
        }
        (join.undecided > 0).then(|| {
            let edges = words::count(all, "edge");
            let are = if join.live == 1 { "is" } else { "are" };
            format!("It goes on once {wanted} of its {edges} are live: {} {are}, and {open} may still be.", join.live)
        })
    }

    /// Over what a step went on.
    pub(super) fn went_on(&self) -> String {
        let Some(join) = self.join() else { return "It needs nothing, so it began as soon as it could.".to_owned() };
        let live = self.sources(EdgeState::Live);
        match join.at_least {
            // Steps before it may have been re-opened or decided since.
            _ if live.is_empty() => "Its edges let it go on.".to_owned(),
            None => format!("It went on over {live}."),
            Some(wanted) => {
                let all = self.graph.step(self.ix).needs.len();
                format!("It went on over {live}: {wanted} of its {} had to be live.", words::count(all, "edge"))
            }
        }
    }

    /// Why the edges did not let it go on.
    pub(super) fn did_not_go_on(&self, why: SkipReason) -> Vec<String> {
        let needs = &self.graph.step(self.ix).needs;
        let blocked: Vec<&Need> = needs.iter().filter(|need| self.edge(need) == EdgeState::Blocked).collect();
        let failed = |need: &&&Need| {
            let source = self.source(need);
            matches!(need.on, Condition::Ok | Condition::Succeeded | Condition::Completed)
                && (matches!(source.st, St::Failed | St::Cancelled)
                    || matches!(source.why, Some(SkipReason::UpstreamFailed | SkipReason::Cancelled)))
        };
        let mut said = Vec::new();
        if why == SkipReason::UpstreamFailed {
            let failed = blocked.iter().filter(failed);
            let names = words::names(failed.map(|need| self.graph.step(need.step).id.as_str()));
            said.push(format!("It was skipped because what it needs failed: {names}."));
        } else {
            said.push("It was skipped because no way led to it.".to_owned());
        }
        let join = self.join();
        match join.and_then(|join| Some((join, join.at_least?))) {
            Some((join, wanted)) => {
                let edges = words::count(needs.len(), "edge");
                said.push(format!("{wanted} of its {edges} had to be live, and {} were.", join.live));
            }
            None if blocked.is_empty() => said.push("Every step that it needs was skipped itself.".to_owned()),
            None => said.extend(blocked.iter().take(3).map(|need| self.need(need).said)),
        }
        said
    }
}

//! The state as people see it.

use super::apply::Applied;
use super::judge::edge_state;
use super::state::{Asked, AttemptRef, RunState, St, StepState, Wait};
use crate::event::RunOutcome;
use crate::graph::{Action, Goto, GotoOn, Graph};
use crate::id::StepIx;
use crate::view::{
    ApprovalWait, Changes, DecisionView, EdgeView, LoopView, ParentView, RunError, RunPatch, RunView, StepStatus,
    StepView, VisitView, WaitingFor,
};

pub(super) fn past_status(st: St) -> StepStatus {
    match st {
        St::Pending => StepStatus::Pending,
        St::Running => StepStatus::Running,
        St::Succeeded => StepStatus::Succeeded,
        St::Failed => StepStatus::Failed,
        St::Skipped => StepStatus::Skipped,
        St::Cancelled => StepStatus::Cancelled,
    }
}

impl RunState {
    /// The whole run; `None` before its first event.
    pub fn view(&self, graph: &Graph) -> Option<RunView> {
        let created = self.created.as_deref()?;
        let patch = self.patch(graph);
        Some(RunView {
            id: created.run,
            project: created.project.clone(),
            pipeline: created.pipeline.clone(),
            number: created.number,
            name: self.name.clone(),
            digest: created.digest.clone(),
            epoch: self.epoch,
            status: patch.status,
            error: patch.error,
            parent: created.parent.as_ref().map(|parent| ParentView {
                run: parent.run,
                step: parent.key.step.clone(),
                visit: parent.key.visit,
            }),
            inputs: created.inputs.clone(),
            outputs: patch.outputs,
            labels: self.labels.clone(),
            trigger: created.trigger.clone(),
            created_at: self.created_at,
            finished_at: patch.finished_at,
            last_seq: self.last_seq,
            steps: graph.indices().map(|ix| (graph.step(ix).id.clone(), self.step_view(graph, ix))).collect(),
            edges: graph.indices().flat_map(|ix| self.edges_into(graph, ix)).collect(),
            loops: self.loops(graph),
        })
    }

    /// What the event just taken changed. `None` before the first event.
    pub fn changes(&self, graph: &Graph, applied: &Applied) -> Option<Changes> {
        self.created.as_ref()?;
        let mut into: std::collections::BTreeSet<StepIx> = std::collections::BTreeSet::new();
        for ix in &applied.touched {
            into.extend(graph.shape().successors(*ix));
        }
        Some(Changes {
            run: self.patch(graph),
            steps: applied.touched.iter().map(|ix| (graph.step(*ix).id.clone(), self.step_view(graph, *ix))).collect(),
            edges: into
                .into_iter()
                .flat_map(|ix| self.edges_into(graph, ix))
                .filter(|edge| applied.touched.iter().any(|ix| graph.step(*ix).id == edge.from))
                .collect(),
            loops: if applied.loops_changed { self.loops(graph) } else { Vec::new() },
        })
    }

    /// The run's own state.
    pub fn patch(&self, graph: &Graph) -> RunPatch {
        let over = self.over.as_ref();
        RunPatch {
            status: self.status(),
            error: over.and_then(|over| over.error.as_ref()).map(|(step, failure)| RunError {
                step: step.map(|ix| graph.step(ix).id.clone()),
                failure: failure.clone(),
            }),
            finished_at: over.map(|over| over.at),
            outputs: over
                .filter(|over| over.outcome == RunOutcome::Succeeded)
                .map(|over| over.outputs.clone())
                .unwrap_or_default(),
            epoch: self.epoch,
            last_seq: self.last_seq,
        }
    }

    /// How the run is called, if its pipeline says so.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) fn step_status(&self, _graph: &Graph, ix: StepIx) -> StepStatus {
        let step = &self.steps[ix.get()];
        match (step.st, &step.wait) {
            (St::Pending, _) if self.open.iter().any(|o| o.to.contains(ix) && o.timer.is_some()) => StepStatus::Waiting,
            (St::Running, Some(Wait::Lock { .. })) => StepStatus::Queued,
            (St::Running, Some(_)) => StepStatus::Waiting,
            (St::Running, None) => {
                let first = AttemptRef { step: ix, item: None, visit: 0, attempt: 0 };
                let mut of_step = self.live.range(first..).take_while(|(at, _)| at.step == ix);
                let started = of_step.any(|(at, live)| at.visit == step.visit && live.started);
                if started { StepStatus::Running } else { StepStatus::Queued }
            }
            (st, _) => past_status(st),
        }
    }

    fn step_view(&self, graph: &Graph, ix: StepIx) -> StepView {
        let step = &self.steps[ix.get()];
        let status = self.step_status(graph, ix);
        let mut visits: Vec<VisitView> = step
            .past
            .iter()
            .map(|past| VisitView {
                visit: past.visit,
                status: past_status(past.st),
                skip_reason: past.why,
                error: past.error.clone(),
                attempts: past.attempts,
                child: self.child_run(ix, past.visit, past.attempts),
                outputs: (*past.outputs).clone(),
                started_at: past.started_at,
                finished_at: past.finished_at,
            })
            .collect();
        let error = (step.st == St::Failed).then(|| step.error.clone()).flatten();
        if step.begun {
            visits.push(VisitView {
                visit: step.visit,
                status,
                skip_reason: step.why,
                error: error.clone(),
                attempts: step.attempt,
                child: self.child_run(ix, step.visit, step.attempt),
                outputs: (*step.outputs).clone(),
                started_at: step.started_at,
                finished_at: step.finished_at,
            });
        }
        StepView {
            status,
            visit: step.visit,
            attempt: step.attempt,
            skip_reason: step.why,
            outputs: (*step.outputs).clone(),
            artifacts: step.artifacts.clone(),
            error,
            started_at: step.started_at,
            finished_at: step.finished_at,
            visits,
            items: None,
            waiting_for: self.waiting_for(graph, ix, step),
        }
    }

    fn child_run(&self, step: StepIx, visit: u32, attempt: u32) -> Option<crate::id::RunId> {
        self.children.get(&AttemptRef { step, item: None, visit, attempt }).map(|child| child.run)
    }

    fn waiting_for(&self, graph: &Graph, ix: StepIx, step: &StepState) -> Option<WaitingFor> {
        match (&step.wait, step.st) {
            (Some(Wait::Sleep { until }), _) => Some(WaitingFor::Timer { until: *until }),
            (Some(Wait::Retry { until }), _) => Some(WaitingFor::Retry { until: *until, attempt: step.attempt + 1 }),
            (Some(Wait::Approval(asked)), _) => self.approval_wait(graph, ix, asked),
            (Some(Wait::Signal { until }), _) => {
                let Action::Wait(wait) = &graph.step(ix).action else { return None };
                let kept = self.kept.iter().filter(|kept| kept.name == wait.signal).count() as u32;
                Some(WaitingFor::Signal { name: wait.signal.clone(), until: *until, kept })
            }
            (Some(Wait::Lock { until }), _) => {
                let name = self.locks.get(&(ix, step.visit)).map(|place| place.name.clone())?;
                Some(WaitingFor::Lock { name, until: *until })
            }
            (None, St::Pending) => {
                let open = self.open.iter().filter(|open| open.to.contains(ix));
                open.max_by_key(|open| open.timer.is_some()).map(|open| match &open.timer {
                    Some((_, until)) => WaitingFor::Timer { until: *until },
                    None => WaitingFor::Draining { attempts: open.zombies.len() as u32 },
                })
            }
            (None, _) => None,
        }
    }

    fn approval_wait(&self, graph: &Graph, ix: StepIx, asked: &Asked) -> Option<WaitingFor> {
        let step = graph.step(ix);
        let Action::Approval(approval) = &step.action else { return None };
        // The first entry that a rejection matches for certain, and that has budget left, is where it goes back to.
        let goes_back = |(index, goto): (usize, &Goto)| {
            let budget = self.used[graph.shape().entry(ix, index).get()];
            let matches = matches!(goto.on, GotoOn::Rejected | GotoOn::Failed | GotoOn::Completed);
            (matches && goto.condition.is_none() && goto.max.is_none_or(|max| budget < max)).then_some(goto.to)
        };
        Some(WaitingFor::Approval(Box::new(ApprovalWait {
            message: asked.message.clone(),
            approvers: approval.approvers.clone(),
            quorum: approval.quorum,
            allow_self: approval.allow_self,
            fields: approval.fields.clone(),
            digest: asked.digest.clone(),
            decisions: asked
                .decisions
                .iter()
                .map(|(at, decided)| DecisionView {
                    by: decided.by.clone(),
                    decision: decided.decision,
                    comment: decided.comment.clone(),
                    at: *at,
                })
                .collect(),
            until: asked.until,
            on_reject: step.goto.iter().enumerate().find_map(goes_back).map(|to| graph.step(to).id.clone()),
        })))
    }

    fn edges_into<'a>(&'a self, graph: &'a Graph, ix: StepIx) -> impl Iterator<Item = EdgeView> + 'a {
        let to = graph.step(ix);
        to.needs.iter().map(move |need| {
            let from = graph.step(need.step);
            EdgeView {
                from: from.id.clone(),
                to: to.id.clone(),
                on: need.on,
                state: edge_state(&self.steps[need.step.get()], from.allow_failure, need.on),
            }
        })
    }

    fn loops(&self, graph: &Graph) -> Vec<LoopView> {
        graph
            .shape()
            .entries()
            .iter()
            .zip(&self.used)
            .map(|(entry, used)| {
                let goto = &graph.step(entry.from).goto[entry.index as usize];
                LoopView {
                    from: graph.step(entry.from).id.clone(),
                    index: entry.index,
                    to: graph.step(entry.to).id.clone(),
                    on: goto.on,
                    used: *used,
                    max: goto.max,
                }
            })
            .collect()
    }
}

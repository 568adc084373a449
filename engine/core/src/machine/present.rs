//! The state as people see it.

use super::apply::Applied;
use super::judge::edge_state;
use super::nested::in_place;
use super::state::{Asked, AttemptRef, Kept, Live, RunState, St, Unit, Wait};
use crate::event::RunOutcome;
use crate::graph::{Action, Goto, GotoOn, Graph};
use crate::id::{RunId, StepId, StepIx};
use crate::view::{
    ApprovalWait, Changes, ChildView, DecisionView, EdgeView, ItemChange, ItemView, LoopView, ParentView, RunError,
    RunPatch, RunView, StepStatus, StepView, VisitView, WaitingFor,
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

/// A pipeline in place waits when nothing in it runs.
fn live_status(live: &Live) -> StepStatus {
    match &live.child {
        Some(child) if child.only_waits() => StepStatus::Waiting,
        Some(_) => StepStatus::Running,
        None if live.started => StepStatus::Running,
        None => StepStatus::Queued,
    }
}

impl RunState {
    /// The whole run; `None` before its first event.
    pub fn view(&self, graph: &Graph) -> Option<RunView> {
        let created = self.created.as_deref()?;
        let patch = self.patch();
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
                step: parent.key.within.path_to(parent.key.step.clone()),
                item: parent.key.item,
                visit: parent.key.visit,
            }),
            inputs: created.inputs.clone(),
            outputs: patch.outputs,
            labels: self.labels.clone(),
            trigger: created.trigger.clone(),
            created_at: self.created_at,
            finished_at: patch.finished_at,
            last_seq: self.last_seq,
            steps: self.in_order(graph).flat_map(|(graph, state)| state.step_views(graph, &self.kept)).collect(),
            edges: self.in_order(graph).flat_map(|(graph, state)| state.edges(graph)).collect(),
            loops: self.in_order(graph).flat_map(|(graph, state)| state.loops(graph)).collect(),
            compensations: self.in_order(graph).flat_map(|(graph, state)| state.compensation_views(graph)).collect(),
        })
    }

    /// The steps, and then those of `finally`, once it has begun.
    fn in_order<'a>(&'a self, graph: &'a Graph) -> impl Iterator<Item = (&'a Graph, &'a Self)> {
        let finally = self.shown_finally().and_then(|state| Some((graph.finally.as_deref()?, state)));
        [(graph, self)].into_iter().chain(finally)
    }

    /// `finally`, once it has begun in some epoch.
    pub(super) fn shown_finally(&self) -> Option<&Self> {
        self.finally.as_deref().or(self.finally_again.as_deref())
    }

    fn step_views<'a>(&'a self, graph: &'a Graph, kept: &'a [Kept]) -> impl Iterator<Item = (StepId, StepView)> + 'a {
        graph.indices().map(|ix| {
            let view = StepView { items: self.item_views(graph, ix, kept), ..self.step_view(graph, ix, kept) };
            (graph.step(ix).id.clone(), view)
        })
    }

    fn edges<'a>(&'a self, graph: &'a Graph) -> impl Iterator<Item = EdgeView> + 'a {
        graph.indices().flat_map(|ix| self.edges_into(graph, ix))
    }

    /// What the event just taken changed. `None` before the first event.
    pub fn changes(&self, graph: &Graph, applied: &Applied) -> Option<Changes> {
        self.created.as_ref()?;
        let mut changes = self.own_changes(graph, applied, &self.kept);
        if let (Some(state), Some(graph), Some(applied)) = (self.shown_finally(), &graph.finally, &applied.finally) {
            let of_finally = state.own_changes(graph, applied, &self.kept);
            changes.steps.extend(of_finally.steps);
            changes.items.extend(of_finally.items);
            changes.edges.extend(of_finally.edges);
            changes.loops.extend(of_finally.loops);
        }
        let of_finally = applied.finally.as_ref().is_some_and(|applied| applied.compensations_changed);
        if applied.compensations_changed || of_finally {
            let all = self.in_order(graph).flat_map(|(graph, state)| state.compensation_views(graph));
            changes.compensations = Some(all.collect());
        }
        Some(changes)
    }

    fn own_changes(&self, graph: &Graph, applied: &Applied, kept: &[Kept]) -> Changes {
        let mut into: std::collections::BTreeSet<StepIx> = std::collections::BTreeSet::new();
        for ix in &applied.touched {
            into.extend(graph.shape().successors(*ix));
        }
        Changes {
            run: self.patch(),
            steps: applied
                .touched
                .iter()
                .map(|ix| {
                    let mut view = self.step_view(graph, *ix, kept);
                    // All items once, and then each as it changes: ten thousand of them in every event would be too much.
                    view.items = applied.listed.contains(ix).then(|| self.item_views(graph, *ix, kept)).flatten();
                    (graph.step(*ix).id.clone(), view)
                })
                .collect(),
            items: applied
                .touched_items
                .iter()
                .filter(|(ix, _)| !applied.listed.contains(ix))
                .filter_map(|(ix, item)| {
                    let view = self.item_view(graph, Unit { step: *ix, item: Some(*item) }, kept)?;
                    Some(ItemChange { step: graph.step(*ix).id.clone(), index: *item, item: view })
                })
                .collect(),
            edges: into
                .into_iter()
                .flat_map(|ix| self.edges_into(graph, ix))
                .filter(|edge| applied.touched.iter().any(|ix| graph.step(*ix).id == edge.from))
                .collect(),
            loops: if applied.loops_changed { self.loops(graph) } else { Vec::new() },
            compensations: None,
        }
    }

    /// The run's own state.
    pub fn patch(&self) -> RunPatch {
        let over = self.over.as_ref();
        RunPatch {
            status: self.status(),
            error: over
                .and_then(|over| over.error.as_ref())
                .map(|(step, failure)| RunError { step: step.clone(), failure: failure.clone() }),
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
                let first = AttemptRef { step: ix, item: None, visit: 0, attempt: 0, undo: false };
                let of_step = self.live.range(first..).take_while(|(at, _)| at.step == ix);
                let mut status = None;
                for (_, live) in of_step.filter(|(at, _)| at.visit == step.visit) {
                    match live_status(live) {
                        StepStatus::Running => return StepStatus::Running,
                        other => status = Some(other),
                    }
                }
                // Of its items, those that have begun and do not live wait for another attempt.
                let waits = step.many.as_ref().is_some_and(|many| many.open > 0) && !self.queues_for_locks(ix);
                status.unwrap_or(if waits { StepStatus::Waiting } else { StepStatus::Queued })
            }
            (st, _) => past_status(st),
        }
    }

    fn item_views(&self, graph: &Graph, ix: StepIx, kept: &[Kept]) -> Option<Vec<ItemView>> {
        let many = self.steps[ix.get()].many.as_ref()?;
        let units = (0..many.items.len() as u32).map(|item| Unit { step: ix, item: Some(item) });
        units.map(|unit| self.item_view(graph, unit, kept)).collect()
    }

    pub(super) fn item_view(&self, graph: &Graph, unit: Unit, kept: &[Kept]) -> Option<ItemView> {
        let item = self.item(unit)?;
        let status = match (item.st, &item.wait) {
            (St::Running, Some(Wait::Lock { .. })) => StepStatus::Queued,
            (St::Running, Some(_)) => StepStatus::Waiting,
            (St::Running, None) => self.live.get(&self.latest_attempt(unit)).map_or(StepStatus::Queued, live_status),
            (st, _) => past_status(st),
        };
        Some(ItemView {
            key: item.key.clone().unwrap_or_else(|| unit.item.unwrap_or_default().to_string()),
            item: item.value.clone(),
            status,
            kept_from: item.kept_from,
            attempt: item.attempt,
            outputs: (*item.outputs).clone(),
            artifacts: item.artifacts.clone(),
            summary: item.told.summary.clone(),
            tests: item.told.tests.clone(),
            error: (item.st == St::Failed).then(|| item.error.clone()).flatten(),
            started_at: item.started_at,
            finished_at: item.finished_at,
            waiting_for: self.waiting_for(graph, unit, item.wait.as_ref(), item.st, kept),
            child: self.child_view(graph, unit, item.child.as_deref(), kept),
            child_run: self.child_run(self.latest_attempt(unit)),
        })
    }

    /// The pipeline in place as it goes on, or as it ended.
    fn child_view(&self, graph: &Graph, unit: Unit, ended: Option<&Self>, kept: &[Kept]) -> Option<Box<ChildView>> {
        let graph = in_place(graph.step(unit.step))?;
        let living = self.live.get(&self.latest_attempt(unit)).and_then(|live| live.child.as_deref());
        let child = living.or(ended)?;
        let patch = child.patch();
        Some(Box::new(ChildView {
            status: patch.status,
            error: patch.error,
            inputs: child.created.as_ref().map(|created| created.inputs.clone()).unwrap_or_default(),
            outputs: patch.outputs,
            finished_at: patch.finished_at,
            steps: child.step_views(graph, kept).collect(),
            edges: child.edges(graph).collect(),
            loops: child.loops(graph),
            compensations: child.compensation_views(graph),
        }))
    }

    /// A step without its items. `kept` are the signals of the run, which all that lies inside shares.
    fn step_view(&self, graph: &Graph, ix: StepIx, kept: &[Kept]) -> StepView {
        let step = &self.steps[ix.get()];
        let status = self.step_status(graph, ix);
        let visited = |visit, attempt| AttemptRef { step: ix, item: None, visit, attempt, undo: false };
        let mut visits: Vec<VisitView> = step
            .past
            .iter()
            .map(|past| VisitView {
                visit: past.visit,
                status: past_status(past.st),
                skip_reason: past.why,
                error: past.error.clone(),
                attempts: past.attempts,
                child_run: self.child_run(visited(past.visit, past.attempts)),
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
                child_run: self.child_run(visited(step.visit, step.attempt)),
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
            summary: step.told.summary.clone(),
            tests: step.told.tests.clone(),
            error,
            started_at: step.started_at,
            finished_at: step.finished_at,
            visits,
            older_visits: step.older_visits(),
            items: None,
            child: self.child_view(graph, ix.into(), step.child.as_deref(), kept),
            waiting_for: self.waiting_for(graph, ix.into(), step.wait.as_ref(), step.st, kept),
        }
    }

    fn child_run(&self, at: AttemptRef) -> Option<RunId> {
        self.children.get(&at).map(|child| child.run)
    }

    pub(super) fn waiting_for(
        &self,
        graph: &Graph,
        unit: Unit,
        wait: Option<&Wait>,
        st: St,
        kept: &[Kept],
    ) -> Option<WaitingFor> {
        let ix = unit.step;
        match (wait, st) {
            (Some(Wait::Sleep { until }), _) => Some(WaitingFor::Timer { until: *until }),
            (Some(Wait::Retry { until }), _) => {
                Some(WaitingFor::Retry { until: *until, attempt: self.latest_attempt(unit).attempt + 1 })
            }
            (Some(Wait::Approval(asked)), _) => self.approval_wait(graph, ix, asked),
            (Some(Wait::Signal { until }), _) => {
                let Action::Wait(wait) = &graph.step(ix).action else { return None };
                let kept = kept.iter().filter(|kept| kept.name == wait.signal).count() as u32;
                Some(WaitingFor::Signal { name: wait.signal.clone(), until: *until, kept })
            }
            (Some(Wait::Lock { until }), _) => {
                let visit = self.steps[ix.get()].visit;
                let name = self.locks.get(&(unit, visit)).map(|place| place.name.clone())?;
                Some(WaitingFor::Lock { name, until: *until })
            }
            (Some(Wait::Callback(called)), _) => Some(WaitingFor::Callback { until: called.until }),
            (None, St::Running) => self
                .unplaced(unit)
                .map(|queue| WaitingFor::Worker { missing: queue.missing.clone(), until: queue.until }),
            (None, St::Pending) if unit.item.is_none() => {
                let open = self.open.iter().filter(|open| open.to.contains(ix));
                // It begins when the last of them is judged.
                open.max_by_key(|open| (open.timer.is_some(), open.zombies.len())).map(|open| match &open.timer {
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

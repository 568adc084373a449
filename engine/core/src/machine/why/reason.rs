//! The answer itself: one reason for where a step stands, and what belongs to it.

use super::super::nested::in_place;
use super::super::state::{RunState, St, Stop, Unit};
use super::{Place, words};
use crate::graph::{Action, Condition, Graph, Need};
use crate::id::StepIx;
use crate::view::{SkipReason, StepStatus, WaitingFor};

impl Place<'_> {
    pub(super) fn reason(&self, waiting_for: Option<&WaitingFor>) -> Vec<String> {
        let step = &self.state.steps[self.ix.get()];
        match step.st {
            St::Pending => self.why_not_yet(waiting_for),
            St::Running => self.goes_on(waiting_for),
            St::Skipped => match step.why {
                Some(why @ (SkipReason::NotTaken | SkipReason::UpstreamFailed)) => self.did_not_go_on(why),
                Some(SkipReason::Condition) => vec![self.condition("It was skipped because its `if` is false")],
                Some(SkipReason::Cancelled) | None => {
                    vec![format!("It was skipped before it could begin, because {}.", self.ended_by())]
                }
            },
            St::Succeeded => self.with_the_way(vec![format!("It succeeded in visit {}.", step.visit)]),
            St::Failed => self.failed(),
            St::Cancelled => self.with_the_way(vec![format!("It was cancelled because {}.", self.ended_by())]),
        }
    }

    /// What stood before it, and its `if`.
    fn with_the_way(&self, mut said: Vec<String>) -> Vec<String> {
        said.push(self.went_on());
        if self.graph.step(self.ix).condition.is_some() {
            said.push(self.condition("Its `if` held"));
        }
        said
    }

    fn condition(&self, what: &str) -> String {
        let condition = self.graph.step(self.ix).condition.as_ref().map_or("", |condition| condition.source());
        format!("{what}: {}", words::short(condition))
    }

    pub(super) fn ended_by(&self) -> &'static str {
        let own = self.state.stop.or(self.run.stop);
        match own {
            Some(Stop::Cancel) if self.state.within.is_empty() => "the run was cancelled",
            Some(Stop::Cancel) => "what it lies in was ended",
            Some(Stop::Timeout) => "the time of the run was over",
            Some(Stop::FailFast) => "a step had failed, and the pipeline is `fail_fast`",
            Some(Stop::Unfit) => "the run could not begin",
            // A rerun has begun another epoch since.
            None => "the run was ended",
        }
    }

    fn why_not_yet(&self, waiting_for: Option<&WaitingFor>) -> Vec<String> {
        let mut said = Vec::new();
        if self.run.is_queued() {
            let group = self.run.slot.as_ref().map_or("", |slot| slot.name.as_str());
            said.push(format!("The run waits for a place in the concurrency group `{group}`."));
        }
        if self.run.paused.is_some() {
            said.push("The run is paused: nothing begins until it is resumed.".to_owned());
        }
        for open in self.state.open.iter().filter(|open| open.region.contains(self.ix) && !open.zombies.is_empty()) {
            let steps = open.zombies.iter().map(|at| self.graph.step(at.step).id.as_str());
            let attempts = words::count(open.zombies.len(), "attempt");
            said.push(format!(
                "It was re-opened, and waits for {attempts} of earlier visits to end: {}.",
                words::names(steps)
            ));
        }
        if let Some(again) = &self.state.steps[self.ix.get()].again {
            let items = again.items.iter().map(u32::to_string).collect::<Vec<_>>();
            let items = words::names(items.iter().map(String::as_str));
            said.push(format!("Of its items only {items} will be done again; the others keep their results."));
        }
        if let Some(WaitingFor::Timer { until }) = waiting_for {
            said.push(format!("A loop came back to it, and it waits for the delay of that until {until}."));
        }
        said.extend(self.waits_for_edges());
        if said.is_empty() {
            said.push("It has not been judged yet.".to_owned());
        }
        said
    }

    fn goes_on(&self, waiting_for: Option<&WaitingFor>) -> Vec<String> {
        let mut said = Vec::new();
        match waiting_for {
            Some(WaitingFor::Approval(asked)) => {
                let approved = asked.decisions.len();
                let of = format!("{approved} of {} have decided", words::count(asked.quorum as usize, "person"));
                let of = of.replace("persons", "people");
                said.push(format!("It asks people, and {of}: {}", words::short(&asked.message)));
                if !asked.approvers.is_empty() {
                    said.push(format!(
                        "Those who may decide: {}.",
                        words::names(asked.approvers.iter().map(String::as_str))
                    ));
                }
                said.extend(asked.until.map(|until| format!("It fails at {until} if too few have decided by then.")));
            }
            Some(WaitingFor::Timer { until }) => said.push(format!("It sleeps until {until}.")),
            Some(WaitingFor::Retry { until, attempt }) => said.push(words::retry(*attempt, *until)),
            Some(WaitingFor::Signal { name, until, kept }) => {
                said.push(format!("It waits for the signal `{name}`."));
                if *kept > 0 {
                    said.push(format!("{} of that name came and do not fit.", words::count(*kept as usize, "signal")));
                }
                said.extend(until.map(|until| format!("It fails at {until} if none that fits has come by then.")));
            }
            Some(WaitingFor::Lock { name, until }) => said.extend(words::lock(name, *until)),
            Some(WaitingFor::Callback { until }) => said.extend(words::callback(*until)),
            Some(WaitingFor::Worker { missing, until }) => said.extend(words::worker(missing, *until)),
            Some(WaitingFor::Draining { .. }) | None => said.push(self.works()),
        }
        said.extend(self.held_back());
        self.with_the_way(said)
    }

    /// What keeps a step that goes on, or an item, from going on as it would.
    pub(super) fn held_back(&self) -> impl Iterator<Item = String> + use<> {
        let paused = "The run is paused: what goes on ends, and nothing else begins.";
        let paused = self.run.paused.as_ref().map(|_| paused.to_owned());
        let stopped = self.state.stop.map(|_| format!("It is being ended, because {}.", self.ended_by()));
        paused.into_iter().chain(stopped)
    }

    /// Something of it is with a worker, or inside.
    pub(super) fn works(&self) -> String {
        let step = &self.state.steps[self.ix.get()];
        if let Some(many) = &step.many {
            let ended = many.items.iter().filter(|item| item.st.is_decided()).count();
            let all = many.items.len();
            let not_begun = all - ended - many.open as usize;
            let most = self.graph.step(self.ix).many.as_ref().and_then(|many| many.max_parallel);
            let most = most.map(|most| format!(", at most {most} at a time")).unwrap_or_default();
            let kept = many.items.iter().filter(|item| item.kept_from.is_some()).count();
            let kept = if kept > 0 { format!(" ({kept} of them in earlier visits)") } else { String::new() };
            return format!(
                "{ended} of its {} have ended{kept}, {} go on{most}, and {not_begun} have not begun.",
                words::count(all, "item"),
                many.open
            );
        }
        self.attempt_goes_on(self.ix.into(), self.status())
    }

    /// The latest attempt at a step, or at an item of it, goes on.
    pub(super) fn attempt_goes_on(&self, unit: Unit, status: StepStatus) -> String {
        let at = self.state.latest_attempt(unit);
        let attempt = at.attempt;
        if let Some(child) = self.state.children.get(&at) {
            return format!("It waits for the end of its child run {}.", child.run);
        }
        if let Some(inside) = self.state.live.get(&at).and_then(|live| live.child.as_deref())
            && let Some(graph) = in_place(self.graph.step(self.ix))
        {
            return match undecided(graph, inside).as_str() {
                "" => "Its pipeline in place is ending.".to_owned(),
                open => format!("Its pipeline in place goes on: {open}."),
            };
        }
        match status {
            StepStatus::Queued => format!("Attempt {attempt} was handed out, and no worker has begun it."),
            _ => format!("Attempt {attempt} runs."),
        }
    }

    fn failed(&self) -> Vec<String> {
        let (step, state) = (self.graph.step(self.ix), &self.state.steps[self.ix.get()]);
        let mut said = words::failed(state.visit, state.attempt, state.error.as_ref());
        if step.allow_failure {
            said.push("Its failure does not fail the run (`allow_failure`).".to_owned());
        }
        let catches = |ix: &StepIx| {
            self.graph.step(*ix).needs.contains(&Need { step: self.ix, on: Condition::Catch })
                && self.state.steps[ix.get()].st == St::Succeeded
        };
        let caught = self.graph.shape().successors(self.ix).iter().filter(|ix| catches(ix));
        let caught = words::names(caught.map(|ix| self.graph.step(*ix).id.as_str()));
        if !caught.is_empty() {
            said.push(format!("Its failure is handled by {caught}."));
        }
        let is_approval = matches!(step.action, Action::Approval(_));
        if !is_approval && state.many.is_none() {
            said.extend(words::not_retried(&step.retry, state.attempt));
        }
        self.with_the_way(said)
    }
}

impl RunState {
    /// Why the steps of `finally` have not begun.
    pub(super) fn before_finally(&self, graph: &Graph) -> String {
        if self.over.is_some() || self.cut_short {
            return "It stands in `finally`, which did not begin: the run was ended before, or never began.".to_owned();
        }
        if self.leaving.is_some() {
            return "It stands in `finally`, which begins when what has succeeded is undone.".to_owned();
        }
        match undecided(graph, self).as_str() {
            "" => "It stands in `finally`, which begins when the steps have ended.".to_owned(),
            open => format!("It stands in `finally`, which begins when the steps have ended: {open}."),
        }
    }
}

/// `` `a` runs in visit 1, `b` has not begun visit 1 ``: the first steps that are not decided.
fn undecided(graph: &Graph, state: &RunState) -> String {
    const MOST: usize = 3;
    let open: Vec<StepIx> = graph.indices().filter(|ix| !state.steps[ix.get()].st.is_decided()).collect();
    let told = open.iter().take(MOST).map(|ix| {
        let visit = state.steps[ix.get()].visit;
        format!("`{}` {}", graph.step(*ix).id, words::stands(state.step_status(graph, *ix), visit, None, None))
    });
    let more = open.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("and {more} more"));
    told.chain(more).collect::<Vec<_>>().join(", ")
}

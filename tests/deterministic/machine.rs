//! The machine on which attempts run. It outlives engines, and can lose what it knows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use loopline_core::command::AttemptSpec;
use loopline_core::id::AttemptId;
use loopline_core::outcome::{Failure, FailureKind, Outcome, RawResult};
use loopline_ports::journal::Journal as _;
use loopline_ports::worker::{Attached, Report, Reports, Worker};
use serde_json::json;
use tokio::sync::Notify;

use super::world::{Life, World};

#[derive(Default)]
pub struct Machine(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    attempts: BTreeMap<AttemptId, Attempt>,
    /// Those of the engine that lives.
    reports: Option<Reports>,
}

struct Attempt {
    state: State,
    cancel: Arc<Notify>,
    /// How it ended, though nobody may remember.
    outcome: Option<Outcome>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Ended,
    /// It was there, and the machine has lost it.
    Lost,
    Forgotten,
}

impl Machine {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn report_to(&self, reports: Reports) {
        self.inner().reports = Some(reports);
    }

    /// What ran is gone, and nobody knows how it would have ended.
    pub fn lose_everything(&self, world: &World) {
        world.note("the machine loses what runs");
        for attempt in self.inner().attempts.values_mut().filter(|attempt| attempt.state == State::Running) {
            attempt.state = State::Lost;
        }
    }

    /// How an attempt really ended.
    pub fn outcome(&self, id: &AttemptId) -> Option<Outcome> {
        self.inner().attempts.get(id).and_then(|attempt| attempt.outcome.clone())
    }

    /// Attempts that run.
    pub fn running(&self) -> Vec<AttemptId> {
        let inner = self.inner();
        inner.attempts.iter().filter(|(_, attempt)| attempt.state == State::Running).map(|(id, _)| id.clone()).collect()
    }

    fn state(&self, id: &AttemptId) -> Option<State> {
        self.inner().attempts.get(id).map(|attempt| attempt.state)
    }

    /// Tells the engine that lives now. One that was killed hears nothing, and nobody waits for it.
    async fn tell(&self, report: Report) {
        let reports = self.inner().reports.clone();
        if let Some(reports) = reports {
            let _ = reports.send(report).await;
        }
    }
}

/// The machine, as one engine knows it.
pub struct Hands {
    pub world: Arc<World>,
    pub life: Life,
}

impl Hands {
    async fn wait(&self) {
        self.life.goes_on().await;
        if self.world.dice.one_in(8) {
            self.world.some_time(2).await;
            self.life.goes_on().await;
        }
    }
}

#[async_trait]
impl Worker for Hands {
    async fn start(&self, spec: AttemptSpec) {
        self.wait().await;
        let world = &self.world;
        let id = spec.id.clone();
        match world.machine.state(&id) {
            None => {}
            Some(State::Forgotten) => world.broken(format_args!("{id} is started again after its end was on disk")),
            Some(_) => return,
        }
        let open = world.disk.open_attempts().await.expect("the disk itself never fails");
        if !open.iter().any(|attempt| attempt.id == id) {
            world.broken(format_args!("{id} is started before anybody can know of it after a kill"));
        }
        must_be_alone(world, &id);
        world.note(format_args!("start {id}"));
        let cancel = Arc::new(Notify::new());
        let attempt = Attempt { state: State::Running, cancel: Arc::clone(&cancel), outcome: None };
        world.machine.inner().attempts.insert(id, attempt);
        tokio::spawn(run(Arc::clone(world), spec, cancel));
    }

    async fn attach(&self, id: AttemptId) -> Attached {
        self.wait().await;
        match self.world.machine.state(&id) {
            None => Attached::NeverStarted,
            Some(State::Running) => Attached::Running,
            Some(State::Lost) => Attached::Lost,
            Some(State::Ended) => {
                tokio::spawn(report(Arc::clone(&self.world), id));
                Attached::Running
            }
            Some(State::Forgotten) => self.world.broken(format_args!("{id} is asked for after its end was on disk")),
        }
    }

    async fn cancel(&self, id: AttemptId) {
        self.wait().await;
        self.world.note(format_args!("cancel {id}"));
        if let Some(attempt) = self.world.machine.inner().attempts.get(&id) {
            attempt.cancel.notify_one();
        }
    }

    async fn forget(&self, id: &AttemptId) {
        self.wait().await;
        let open = self.world.disk.open_attempts().await.expect("the disk itself never fails");
        if open.iter().any(|attempt| attempt.id == *id) {
            self.world.broken(format_args!("{id} is to be forgotten, and its end is not on disk"));
        }
        if let Some(attempt) = self.world.machine.inner().attempts.get_mut(id) {
            attempt.state = State::Forgotten;
        }
    }
}

/// Steps called `locked` share one lock, and of pipelines called `alone` one run goes on at a time.
fn must_be_alone(world: &World, id: &AttemptId) {
    let locked = |id: &AttemptId| id.key.step.as_str().starts_with("locked");
    let alone = |id: &AttemptId| id.key.step.as_str().starts_with("alone");
    for other in world.machine.running() {
        if locked(id) && locked(&other) {
            world.broken(format_args!("{id} and {other} hold one lock"));
        }
        if alone(id) && alone(&other) && id.run != other.run {
            world.broken(format_args!("{id} and {other} are of runs of which one goes on at a time"));
        }
    }
}

async fn run(world: Arc<World>, spec: AttemptSpec, cancel: Arc<Notify>) {
    let id = spec.id;
    let doubled = world.fails(10);
    let told_late = world.fails(10);
    if !told_late {
        world.machine.tell(Report::Started { id: id.clone() }).await;
    }
    let slow = world.dice.one_in(5);
    let takes = Duration::from_millis(world.dice.below(if slow { 60_000 } else { 2_000 }));
    let deaf = world.dice.one_in(6);
    let cancelled = tokio::select! {
        biased;
        () = cancel.notified(), if !deaf => true,
        () = tokio::time::sleep(takes) => false,
    };
    if cancelled {
        world.some_time(500).await;
    }
    let outcome = outcome(&world, &id, cancelled, spec.timeout_ms < takes.as_millis() as u64);
    {
        let mut inner = world.machine.inner();
        let attempt = inner.attempts.get_mut(&id).expect("it was noted when it began");
        if attempt.state != State::Running {
            return;
        }
        attempt.state = State::Ended;
        attempt.outcome = Some(outcome);
    }
    if told_late {
        world.machine.tell(Report::Started { id: id.clone() }).await;
    }
    report(Arc::clone(&world), id.clone()).await;
    if doubled {
        world.some_time(5_000).await;
        report(world, id).await;
    }
}

fn outcome(world: &World, id: &AttemptId, cancelled: bool, late: bool) -> Outcome {
    let result = RawResult {
        exit_code: Some(0),
        outputs: [("n".to_owned(), json!(world.dice.below(4))), ("ok".to_owned(), json!(world.dice.one_in(2)))].into(),
        ..RawResult::default()
    };
    if cancelled {
        return Outcome::Cancelled { result };
    }
    if late {
        return Outcome::Failed { error: Failure::new(FailureKind::Timeout, "it took too long"), result };
    }
    // What undoes and what tidies up works more often than what it comes behind.
    let hard = !id.key.undo && !id.key.step.as_str().starts_with("tidy");
    if world.dice.one_in(if hard { 4 } else { 12 }) {
        let error = Failure { exit_code: Some(1), ..Failure::new(FailureKind::Exit, "exit code 1") };
        return Outcome::Failed { error, result: RawResult { exit_code: Some(1), ..result } };
    }
    Outcome::Succeeded { result }
}

/// Tells how an attempt has ended; somebody may have been told before.
async fn report(world: Arc<World>, id: AttemptId) {
    if let Some(outcome) = world.machine.outcome(&id) {
        world.machine.tell(Report::Finished { id, outcome }).await;
    }
}

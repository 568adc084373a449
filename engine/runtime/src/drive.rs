//! The driving task: gathers what has arrived, folds it, writes it, and then lets it act.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use loopline_core::command::{Command, Timer};
use loopline_core::event::{Event, ParentWish};
use loopline_core::graph::Graph;
use loopline_core::id::{AttemptId, RunId};
use loopline_core::machine::RunState;
use loopline_core::time::Timestamp;
use loopline_ports::access::Asker;
use loopline_ports::clock::Clock;
use loopline_ports::driver::{DriverError, Progress, TriggerRequest, Triggered};
use loopline_ports::journal::{DefinitionId, Journal, JournalError};
use loopline_ports::worker::{Report, Worker};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::batch::{Batch, Part, Waiting, attempt_of, event_of};
use crate::children::{Due, Dues};
use crate::engine::EngineConfig;
use crate::followers::Followers;
use crate::groups::Groups;
use crate::metrics;
use crate::runs::Runs;

/// How much is taken into one batch.
const BATCH: usize = 1024;
/// How many due timers are read at once.
const DUE: u32 = 256;
/// Events between two states that the journal keeps of a run: folding so many takes a few milliseconds.
const SNAPSHOT_EVERY: u64 = 1_000;
/// "An attempt has begun" only tells people. It waits this long for an event that must be written anyway, so that a quick step
/// costs one commit and not two.
const STARTED_WAITS: Duration = Duration::from_millis(20);
/// First wait after the journal failed; doubles up to the last one.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// What a client wants of the task.
pub(crate) enum Request {
    Trigger {
        request: Box<TriggerRequest>,
        answer: oneshot::Sender<Result<Triggered, DriverError>>,
    },
    Event {
        run: RunId,
        event: Box<Event>,
        by: Asker,
        answer: oneshot::Sender<Result<(), DriverError>>,
    },
    /// The run as it is on disk, if it is at hand.
    State {
        run: RunId,
        answer: oneshot::Sender<Option<(Arc<Graph>, RunState)>>,
    },
}

pub(crate) struct Drive {
    pub(crate) config: EngineConfig,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) worker: Arc<dyn Worker>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) followers: Arc<Followers>,
    pub(crate) runs: Runs,
    pub(crate) groups: Groups,
    pub(crate) dues: Dues,
    pub(crate) ids: ulid::Generator,
    pub(crate) random: StdRng,
    /// Last number given to a run, by project and pipeline.
    pub(crate) numbers: HashMap<(String, String), u64>,
    /// By digest of the text and digest of the graph: a text that uses step types compiles to another graph when they change.
    pub(crate) definitions: HashMap<(String, String), DefinitionId>,
    /// When the earliest timer on disk is due, as far as this task has seen.
    pub(crate) next_timer: Option<Timestamp>,
    /// Reports that are not on disk yet: they came back from a failed commit, or only tell people and wait for company.
    pub(crate) held: VecDeque<Report>,
    held_until: Option<Instant>,
    /// Runs of which nobody knows what is on disk; their attempts are asked for again.
    pub(crate) doubtful: BTreeSet<RunId>,
    /// Attempts that were handed to a worker of another server, which is gone.
    pub(crate) elsewhere: BTreeSet<AttemptId>,
    /// Another engine drives these runs; nothing of this one is written any more.
    fenced: bool,
    retry: Option<(Instant, Duration)>,
}

impl Drive {
    pub(crate) fn new(
        config: EngineConfig,
        journal: Arc<dyn Journal>,
        worker: Arc<dyn Worker>,
        clock: Arc<dyn Clock>,
        followers: Arc<Followers>,
    ) -> Self {
        let random = config.seed.map_or_else(rand::make_rng, StdRng::seed_from_u64);
        Self {
            config,
            journal,
            worker,
            clock,
            followers,
            runs: Runs::default(),
            groups: Groups::default(),
            dues: Dues::new(),
            ids: ulid::Generator::new(),
            random,
            numbers: HashMap::new(),
            definitions: HashMap::new(),
            next_timer: None,
            held: VecDeque::new(),
            held_until: None,
            doubtful: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            fenced: false,
            retry: None,
        }
    }

    /// Drives until it is told to stop, or nobody is left who could ask for anything.
    pub(crate) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut reports: mpsc::Receiver<Report>,
        stopping: CancellationToken,
    ) {
        // What was due when the last engine ended.
        self.carry_over().await;
        loop {
            let mut asked = Vec::new();
            let mut told = Vec::new();
            let wake = self.wake_at();
            tokio::select! {
                biased;
                () = stopping.cancelled() => {
                    requests.close();
                    while let Ok(request) = requests.try_recv() { asked.push(request); }
                    while let Ok(report) = reports.try_recv() { told.push(report); }
                    self.held_until = None;
                    self.step(asked, told).await;
                    return;
                }
                count = reports.recv_many(&mut told, BATCH) => if count == 0 { return; },
                count = requests.recv_many(&mut asked, BATCH) => if count == 0 { return; },
                () = sleep_until(wake) => {}
            }
            // What else has arrived joins the batch.
            while told.len() < BATCH
                && let Ok(report) = reports.try_recv()
            {
                told.push(report);
            }
            while asked.len() < BATCH
                && let Ok(request) = requests.try_recv()
            {
                asked.push(request);
            }
            self.step(asked, told).await;
            if self.fenced {
                return;
            }
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        let timer = self.next_timer.map(|at| Instant::now() + Duration::from_millis(at.ms_since(self.clock.now())));
        let retry = self.retry.map(|(at, _)| at);
        // While the journal fails, nothing else can be done about timers either.
        if retry.is_some() {
            return retry;
        }
        [timer, self.held_until].into_iter().flatten().min()
    }

    async fn step(&mut self, asked: Vec<Request>, told: Vec<Report>) {
        let mut batch = Batch::from_number(self.groups.next);
        if self.retry.is_some_and(|(at, _)| at <= Instant::now()) {
            self.recover_doubtful().await;
        }
        self.take_reports(&mut batch, told).await;
        let mut states = Vec::new();
        for request in asked {
            match request {
                Request::Trigger { request, answer } => self.take_trigger(&mut batch, *request, answer).await,
                Request::Event { run, event, by, answer } => {
                    self.take_event(&mut batch, run, *event, by, answer).await;
                }
                Request::State { run, answer } => states.push((run, answer)),
            }
        }
        self.take_timers(&mut batch).await;
        if !batch.is_empty() || self.held_until.is_some_and(|at| at <= Instant::now()) {
            self.take_held(&mut batch).await;
            self.write(batch).await;
        }
        self.carry_over().await;
        for (run, answer) in states {
            // Nobody may have waited for the answer.
            let _ = answer.send(self.runs.get(run).map(|active| (active.graph.clone(), active.state.clone())));
        }
    }

    /// What runs and groups want of runs, until they want nothing more.
    async fn carry_over(&mut self) {
        while self.is_well() && (self.groups.is_due() || !self.dues.is_empty()) {
            self.carry_children().await;
            self.carry_grants().await;
        }
    }

    async fn take_reports(&mut self, batch: &mut Batch, told: Vec<Report>) {
        if !told.is_empty() && told.iter().all(|report| matches!(report, Report::Started { .. })) {
            self.held.extend(told);
            self.held_until.get_or_insert_with(|| Instant::now() + STARTED_WAITS);
            return;
        }
        if told.is_empty() {
            return;
        }
        // What was held came first.
        self.take_held(batch).await;
        for report in told {
            self.take_report(batch, report).await;
        }
    }

    async fn take_held(&mut self, batch: &mut Batch) {
        self.held_until = None;
        if self.retry.is_some() {
            return;
        }
        for report in std::mem::take(&mut self.held) {
            self.take_report(batch, report).await;
        }
    }

    async fn take_report(&mut self, batch: &mut Batch, report: Report) {
        let id = attempt_of(&report).clone();
        match self.take_one(batch, id.run, event_of(&report)).await {
            Ok(()) => batch.waits(id.run, Waiting::Report(report)),
            Err(DriverError::Journal(error)) => self.journal_failed(&error, [id.run], [report]),
            // Settled before, or of a run that is over: told twice. It changes nothing and is not written.
            Err(error) => {
                tracing::debug!(attempt = %id, %error, "report ignored");
                // What settled it may be in this very batch, and is not on disk before that is.
                if batch.has(id.run) {
                    batch.waits(id.run, Waiting::Report(report));
                } else if matches!(report, Report::Finished { .. }) {
                    self.worker.forget(&id).await;
                }
            }
        }
    }

    pub(crate) async fn take_one(&mut self, batch: &mut Batch, run: RunId, event: Event) -> Result<(), DriverError> {
        let now = self.clock.now();
        let active = self.runs.load(&*self.journal, run).await?.ok_or(DriverError::NoSuchRun(run))?;
        Ok(batch.take(run, active, event, now)?)
    }

    async fn take_event(
        &mut self,
        batch: &mut Batch,
        run: RunId,
        event: Event,
        by: Asker,
        answer: oneshot::Sender<Result<(), DriverError>>,
    ) {
        match self.take_one(batch, run, event).await {
            Ok(()) => {
                batch.acts(run, by);
                batch.waits(run, Waiting::Event(answer));
            }
            // Nobody may have waited for the answer.
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    async fn take_timers(&mut self, batch: &mut Batch) {
        let now = self.clock.now();
        if self.next_timer.is_none_or(|at| at > now) || self.retry.is_some() {
            return;
        }
        let due = match self.journal.due_timers(now, DUE).await {
            Ok(due) => due,
            Err(error) => return self.journal_failed(&error, [], []),
        };
        if due.is_empty() {
            // Cleared since it was seen.
            return self.refresh_next_timer().await;
        }
        for (run, timer) in due {
            self.take_timer(batch, run, timer).await;
        }
    }

    async fn take_timer(&mut self, batch: &mut Batch, run: RunId, timer: Timer) {
        match self.take_one(batch, run, Event::TimerFired { timer: timer.clone() }).await {
            Ok(()) => {}
            Err(DriverError::Journal(error)) => self.journal_failed(&error, [run], []),
            // The wish was withdrawn in the meantime; the row goes, the history stays as it is.
            Err(error) => {
                tracing::debug!(%run, %timer, %error, "timer ignored");
                if let Some(active) = self.runs.get(run) {
                    batch.drop_timer(run, active, timer);
                }
            }
        }
    }

    pub(crate) async fn write(&mut self, batch: Batch) {
        self.groups.next = batch.next_number;
        let every = self.config.snapshot_every.unwrap_or(SNAPSHOT_EVERY).max(1);
        let (appends, rest): (Vec<_>, Vec<_>) = batch
            .parts
            .into_iter()
            .map(|Part { mut append, commands, waiting }| {
                // Whatever waits to be written is at hand; a commit that fails takes the run with it.
                if let Some(active) = self.runs.get_mut(append.run) {
                    append.row = active.row();
                    append.snapshot = if append.events.is_empty() { None } else { active.snapshot(every) };
                }
                let timer = append.timers_set.iter().map(|(_, at)| *at).min();
                let about = (append.run, append.created.is_some(), append.last(), timer);
                let slots = (append.slots_asked.clone(), append.slots_released.clone());
                (append, (about, slots, commands, waiting))
            })
            .unzip();
        let runs: Vec<RunId> = rest.iter().map(|((run, ..), ..)| *run).collect();
        let events: Vec<usize> = appends.iter().map(|append| append.events.len()).collect();
        let began = Instant::now();
        match self.journal.commit(appends).await {
            Ok(results) => {
                let written = results.iter().zip(events).filter(|(result, _)| result.is_ok());
                metrics::committed(written.map(|(_, events)| events).sum(), began.elapsed());
                debug_assert_eq!(results.len(), rest.len());
                for (result, ((run, begins, last, timer), (asked, released), commands, waiting)) in
                    results.into_iter().zip(rest)
                {
                    match result {
                        Ok(()) => {
                            if begins && let Some(active) = self.runs.get(run) {
                                metrics::run_created(&active.state);
                            }
                            self.next_timer = [self.next_timer, timer].into_iter().flatten().min();
                            self.act(run, last, commands, waiting).await;
                            self.hear(run, asked, released);
                        }
                        Err(error) => self.not_written(run, &error, waiting),
                    }
                }
            }
            Err(error) => {
                for ((run, ..), _, _, waiting) in rest {
                    self.not_written(run, &error, waiting);
                }
            }
        }
        self.refresh_next_timer().await;
        self.runs.trim(runs.into_iter());
    }

    /// The events are on disk: now, and not before, the world may know.
    async fn act(&mut self, run: RunId, last_seq: u64, commands: Vec<Command>, waiting: Vec<Waiting>) {
        for waiting in waiting {
            match waiting {
                // Nobody may have waited for the answer.
                Waiting::Trigger(answer) => drop(answer.send(Ok(Triggered { run, created: true }))),
                Waiting::Event(answer) => drop(answer.send(Ok(()))),
                Waiting::Report(Report::Finished { id, outcome }) => {
                    metrics::attempt_finished(&outcome);
                    self.worker.forget(&id).await;
                }
                Waiting::Report(Report::Started { .. } | Report::Unplaced { .. }) => {}
            }
        }
        for command in commands {
            match command {
                Command::StartAttempt(spec) => {
                    metrics::attempt_started();
                    self.worker.start(*spec).await;
                }
                Command::CancelAttempt { key } => self.worker.cancel(AttemptId { run, key }).await,
                // On disk with the events; the run's row likewise.
                Command::SetTimer { .. } | Command::ClearTimer { .. } => {}
                Command::FinishRun { outcome } => {
                    if let Some(active) = self.runs.get(run) {
                        metrics::run_finished(&active.state, outcome);
                    }
                }
                // Groups hear of it with all others of the batch.
                Command::AskSlot { .. } | Command::ReleaseSlot { .. } => {}
                Command::StartChild(spec) => self.dues.push_back(Due::Start(spec)),
                Command::CancelChild { run } => {
                    self.dues.push_back(Due::Ask(run, ParentWish::Cancel));
                }
                Command::AskChild { run, wish } => self.dues.push_back(Due::Ask(run, wish)),
                Command::TellParent(end) => self.dues.push_back(Due::Tell(end)),
            }
        }
        let over = self.runs.get(run).is_some_and(|active| active.state.is_over());
        self.followers.progress(run, Progress { last_seq, over });
    }

    /// Nothing of this run's part is on disk, or nobody knows whether it is.
    fn not_written(&mut self, run: RunId, error: &JournalError, waiting: Vec<Waiting>) {
        let mut reports = Vec::new();
        for waiting in waiting {
            match waiting {
                Waiting::Trigger(answer) => {
                    let _ = answer.send(match error {
                        JournalError::Repeated { run, same: true } => Ok(Triggered { run: *run, created: false }),
                        JournalError::Repeated { same: false, .. } => Err(DriverError::KeyReused),
                        other => Err(again(other)),
                    });
                }
                Waiting::Event(answer) => drop(answer.send(Err(again(error)))),
                Waiting::Report(report) => reports.push(report),
            }
        }
        // Numbers that were given out in vain are read again.
        self.numbers.clear();
        if matches!(error, JournalError::Repeated { .. }) {
            self.runs.forget(run);
        } else {
            self.journal_failed(error, [run], reports);
        }
    }

    /// Forgets what may not be on disk, keeps reports, and tries again after a while.
    pub(crate) fn journal_failed(
        &mut self,
        error: &JournalError,
        runs: impl IntoIterator<Item = RunId>,
        reports: impl IntoIterator<Item = Report>,
    ) {
        for run in runs {
            // Whoever waits for it asks how far it is.
            let created = self.runs.get(run).and_then(|active| active.state.created());
            self.doubtful.extend(created.and_then(|created| Some(created.parent.as_ref()?.run)));
            self.runs.forget(run);
            self.doubtful.insert(run);
        }
        self.groups.doubtful = true;
        self.held.extend(reports);
        self.fenced |= matches!(error, JournalError::Fenced);
        if self.retry.is_some() {
            return;
        }
        metrics::commit_failed();
        tracing::error!(%error, "the journal failed; what was not acknowledged is read again");
        self.retry = Some((Instant::now() + RETRY_FIRST, RETRY_FIRST));
    }

    /// The journal answers, as far as is known.
    pub(crate) fn is_well(&self) -> bool {
        self.retry.is_none()
    }

    /// Doubles the wait after another failure, or ends the waiting.
    pub(crate) fn journal_answers(&mut self, well: bool) {
        let wait = self.retry.map_or(RETRY_FIRST, |(_, wait)| wait);
        self.retry = (!well).then(|| {
            let wait = (wait * 2).min(RETRY_LAST);
            (Instant::now() + wait, wait)
        });
        if well && !self.held.is_empty() {
            self.held_until = Some(Instant::now());
        }
    }

    pub(crate) async fn refresh_next_timer(&mut self) {
        // Nobody else sets timers: where there was none on disk, there is none but those that were set here since.
        if self.retry.is_some() || self.next_timer.is_none_or(|at| at > self.clock.now()) {
            return;
        }
        match self.journal.next_timer().await {
            Ok(next) => self.next_timer = next,
            Err(error) => self.journal_failed(&error, [], []),
        }
    }
}

/// Errors of a whole batch are told to everyone in it.
fn again(error: &JournalError) -> DriverError {
    DriverError::Journal(match error {
        JournalError::Conflict { run, expected } => JournalError::Conflict { run: *run, expected: *expected },
        JournalError::Damaged(what) => JournalError::Damaged(what.clone()),
        JournalError::Unavailable(what) => JournalError::Unavailable(what.clone()),
        JournalError::Fenced => JournalError::Fenced,
        other => JournalError::Unavailable(other.to_string()),
    })
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

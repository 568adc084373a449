//! What a database can show by itself: that its histories are histories, and that whatever stands beside them follows from them.
//!
//! It asks the journal for everything and folds every history once more. So it finds what was written wrongly, lost or changed
//! by hand; what was acknowledged and never written, only a client can tell.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::canonical;
use loopline_core::command::{Command, Timer};
use loopline_core::event::Event;
use loopline_core::graph::Graph;
use loopline_core::group::{GroupEvent, Slot, restored};
use loopline_core::id::{AttemptKey, RunId, Seq};
use loopline_core::machine::{RunState, apply};
use loopline_core::time::Timestamp;
use loopline_core::view::RunStatus;
use loopline_ports::access::{AccessStore, Act, AuditRow};
use loopline_ports::journal::{AskedSlot, Definition, Journal, JournalError, RunFilter, RunSummary};
use serde::Serialize;

use crate::runs::row_of;

const RUNS: u32 = 500;
const EVENTS: u32 = 2_000;
const ACTS: u32 = 1_000;
/// A run that goes on while it is looked at is looked at again.
const LOOKS: usize = 4;

/// What was looked at, and what is wrong with it.
#[derive(Debug, Default, Serialize)]
pub struct Checked {
    /// Runs.
    pub runs: u64,
    /// Their events.
    pub events: u64,
    /// Rows of the audit.
    pub acts: u64,
    /// States that are kept of them and were compared.
    pub states: u64,
    /// States that this version does not read, and nobody needs.
    pub unread_states: u64,
    /// What does not hold.
    pub violations: Vec<Violation>,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule, as `docs/operations.md` lists them.
    pub rule: &'static str,
    /// Of which run.
    pub run: Option<RunId>,
    /// In words.
    pub what: String,
}

/// What stands beside the histories, by run.
#[derive(Default)]
struct Beside {
    attempts: BTreeMap<RunId, BTreeSet<AttemptKey>>,
    timers: BTreeMap<RunId, BTreeSet<Timer>>,
    slots: BTreeMap<RunId, BTreeMap<Slot, bool>>,
    /// What the audit says of events, as digests.
    acts: BTreeMap<RunId, BTreeMap<Seq, Option<String>>>,
}

/// Looks at everything.
///
/// # Errors
/// When the journal cannot be asked; what is wrong with its content is part of the result.
pub async fn check(journal: &dyn Journal, access: &dyn AccessStore) -> Result<Checked, JournalError> {
    let mut checked = Checked::default();
    check_groups(journal.slots().await?, &mut checked.violations);
    check_requests(journal, &mut checked.violations).await?;
    checked.acts = check_chain(access, &mut checked.violations).await?;
    let mut beside = Beside::read(journal, access).await?;
    let mut before = None;
    loop {
        let page = journal.list(&RunFilter { before, limit: RUNS, ..RunFilter::default() }).await?;
        let Some(last) = page.last() else { return Ok(checked) };
        before = Some(last.run);
        for mut summary in page {
            let mut look = look_at(journal, &summary, &beside).await?;
            for again in 1..LOOKS {
                let grown =
                    !look.violations.is_empty() && journal.summary(summary.run).await?.as_ref() != Some(&summary);
                let moved = !journal.events(summary.run, look.last, 1).await.is_ok_and(|more| more.is_empty());
                // What stands beside the histories was read before them, and may be older.
                if look.violations.is_empty() || (again > 1 && !(grown || moved)) {
                    break;
                }
                beside = Beside::read(journal, access).await?;
                let Some(now) = journal.summary(summary.run).await? else { break };
                summary = now;
                look = look_at(journal, &summary, &beside).await?;
            }
            checked.runs += 1;
            checked.events += look.last;
            checked.states += look.states;
            checked.unread_states += look.unread_states;
            checked.violations.append(&mut look.violations);
        }
    }
}

/// For a lock or a group of size n, never more than n hold a place; and nobody has another's number.
fn check_groups(slots: Vec<AskedSlot>, violations: &mut Vec<Violation>) {
    let mut groups: BTreeMap<_, (u32, Vec<GroupEvent>)> = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for AskedSlot { number, holder, ask, granted } in slots {
        if !numbers.insert(number) {
            let what = format!("the wish number {number} of {} stands twice", holder.slot);
            violations.push(Violation { rule: "I8", run: Some(holder.run), what });
        }
        let (limit, log) = groups.entry(ask.group.clone()).or_default();
        *limit = (*limit).max(ask.limit);
        log.push(GroupEvent::Asked { number, holder: holder.clone(), ask });
        if granted {
            log.push(GroupEvent::Granted { holder });
        }
    }
    for (group, (limit, log)) in groups {
        let (state, _) = restored(log);
        if state.held() > limit as usize {
            let what =
                format!("{} hold a place in `{}/{}`, which has {limit}", state.held(), group.project, group.name);
            violations.push(Violation { rule: "I8", run: None, what });
        }
    }
}

/// Each key of a request is that of one run, which has begun.
async fn check_requests(journal: &dyn Journal, violations: &mut Vec<Violation>) -> Result<(), JournalError> {
    let mut begun = BTreeSet::new();
    for (request, run) in journal.requests().await? {
        let name = format!("the key `{}` of {}", request.key.escape_debug(), request.scope.escape_debug());
        if !begun.insert(run) {
            violations.push(Violation { rule: "I4", run: Some(run), what: format!("{name} is not its only one") });
        }
        if journal.events(run, 0, 1).await?.is_empty() {
            violations.push(Violation {
                rule: "I3",
                run: Some(run),
                what: format!("{name} was taken, and it has no event"),
            });
        }
    }
    Ok(())
}

/// Rows of the audit follow each other without gap, each with the hash of the one before; gives how many there are.
async fn check_chain(access: &dyn AccessStore, violations: &mut Vec<Violation>) -> Result<u64, JournalError> {
    let mut before: Option<AuditRow> = None;
    let mut many = 0;
    loop {
        let page = access.audit(before.as_ref().map_or(0, |row| row.n), ACTS).await?;
        if page.is_empty() {
            return Ok(many);
        }
        for row in page {
            many += 1;
            let expected = AuditRow::next(before.as_ref().map(|row| (row.n, &*row.hash)), row.entry.clone());
            if row != expected {
                let what = format!("row {} of the audit does not follow the row before it", row.n);
                violations.push(Violation { rule: "I19", run: None, what });
            }
            if serde_json::from_str::<Act>(&row.entry).is_err() {
                let what = format!("row {} of the audit cannot be read", row.n);
                violations.push(Violation { rule: "I19", run: None, what });
            }
            before = Some(row);
        }
    }
}

/// Somebody asked for it.
fn is_asked_for(event: &Event) -> bool {
    match event {
        Event::ApprovalDecided(_)
        | Event::SignalReceived(_)
        | Event::CallbackReceived(_)
        | Event::PauseRequested { .. }
        | Event::ResumeRequested { .. }
        | Event::RerunRequested { .. }
        | Event::CancelRequested { .. } => true,
        Event::RunCreated(_)
        | Event::AttemptStarted { .. }
        | Event::AttemptFinished { .. }
        | Event::AttemptUnplaced { .. }
        | Event::ChildFinished(_)
        | Event::TimerFired { .. }
        | Event::SlotGranted { .. }
        | Event::ParentAsked { .. } => false,
    }
}

impl Beside {
    async fn read(journal: &dyn Journal, access: &dyn AccessStore) -> Result<Self, JournalError> {
        let mut beside = Self::default();
        let mut last = 0;
        loop {
            let page = access.audit(last, ACTS).await?;
            let Some(row) = page.last() else { break };
            last = row.n;
            for row in &page {
                // One that cannot be read was said to be wrong with the chain.
                if let Ok(Act { event: Some((run, seq)), after, .. }) = serde_json::from_str(&row.entry) {
                    beside.acts.entry(run).or_default().insert(seq, after);
                }
            }
        }
        for open in journal.open_attempts().await? {
            beside.attempts.entry(open.id.run).or_default().insert(open.id.key);
        }
        for (run, timer) in journal.due_timers(Timestamp(i64::MAX), u32::MAX).await? {
            beside.timers.entry(run).or_default().insert(timer);
        }
        for asked in journal.slots().await? {
            beside.slots.entry(asked.holder.run).or_default().insert(asked.holder.slot, asked.granted);
        }
        Ok(beside)
    }
}

/// One run as its history gives it.
struct Look {
    run: RunId,
    last: Seq,
    states: u64,
    unread_states: u64,
    violations: Vec<Violation>,
    attempts: BTreeSet<AttemptKey>,
    timers: BTreeSet<Timer>,
    slots: BTreeMap<Slot, bool>,
    begun: BTreeSet<AttemptKey>,
    ended: BTreeSet<AttemptKey>,
    /// Names and keys.
    signals: BTreeSet<(String, String)>,
}

async fn look_at(journal: &dyn Journal, summary: &RunSummary, beside: &Beside) -> Result<Look, JournalError> {
    let mut look = Look {
        run: summary.run,
        last: 0,
        states: 0,
        unread_states: 0,
        violations: Vec::new(),
        attempts: BTreeSet::new(),
        timers: BTreeSet::new(),
        slots: BTreeMap::new(),
        begun: BTreeSet::new(),
        ended: BTreeSet::new(),
        signals: BTreeSet::new(),
    };
    let definition = match journal.definition_of(summary.run).await {
        Ok(Some(definition)) => definition,
        Ok(None) => {
            look.wrong("I2", "its definition is not there");
            return Ok(look);
        }
        Err(JournalError::Damaged(what)) => {
            look.wrong("I2", what);
            return Ok(look);
        }
        Err(error) => return Err(error),
    };
    if definition.graph.digest() != definition.digest {
        look.wrong("I2", "its definition is not the one whose digest it has");
    }
    let mut kept = kept_states(journal, summary.run).await?;
    let mut state = RunState::default();
    loop {
        let page = match journal.events(summary.run, look.last, EVENTS).await {
            Ok(page) => page,
            Err(JournalError::Damaged(what)) => {
                look.wrong("I1", what);
                return Ok(look);
            }
            Err(error) => return Err(error),
        };
        if page.is_empty() {
            break;
        }
        for recorded in page {
            let applied = match apply(&definition.graph, &mut state, &recorded) {
                Ok(applied) => applied,
                Err(refused) => {
                    look.wrong("I9", format!("event {} cannot stand where it stands: {refused}", recorded.seq));
                    return Ok(look);
                }
            };
            look.last = recorded.seq;
            look.act(recorded.seq, &recorded.event, beside.acts.get(&summary.run));
            look.event(&recorded.event);
            applied.commands.iter().for_each(|command| look.command(command));
            if let Some(bytes) = kept.remove(&recorded.seq) {
                look.state(&definition, &state, &bytes);
            }
        }
    }
    if let Some(seq) = kept.keys().next() {
        look.wrong("I2", format!("a state is kept behind event {seq}, which is not there"));
    }
    if let Some((seq, _)) = beside.acts.get(&summary.run).and_then(|acts| acts.range(look.last + 1..).next()) {
        look.wrong("I19", format!("the audit tells of event {seq}, which is not there"));
    }
    look.compare(summary, &definition, &state);
    look.compare_beside(&definition.graph, &state, beside);
    Ok(look)
}

async fn kept_states(journal: &dyn Journal, run: RunId) -> Result<BTreeMap<Seq, Vec<u8>>, JournalError> {
    let mut kept = BTreeMap::new();
    let mut upto = None;
    while let Some((seq, snapshot)) = journal.snapshot(run, upto).await? {
        kept.insert(seq, snapshot.state);
        match seq.checked_sub(1) {
            Some(before) => upto = Some(before),
            None => break,
        }
    }
    Ok(kept)
}

impl Look {
    fn wrong(&mut self, rule: &'static str, what: impl Into<String>) {
        self.violations.push(Violation { rule, run: Some(self.run), what: what.into() });
    }

    fn once(&mut self, first: bool, key: &AttemptKey, does: &str) {
        if !first {
            self.wrong("I5", format!("attempt {key} {does} twice"));
        }
    }

    /// A run whose beginning is in the audit is there with all that people asked of it.
    fn act(&mut self, seq: Seq, event: &Event, acts: Option<&BTreeMap<Seq, Option<String>>>) {
        let Some(acts) = acts else { return };
        match acts.get(&seq) {
            Some(after) => {
                let digest = serde_json::to_value(event).ok().map(|event| canonical::digest(&event));
                if *after != digest {
                    self.wrong("I19", format!("event {seq} is not the one that the audit tells of"));
                }
            }
            None if is_asked_for(event) && acts.contains_key(&1) => {
                self.wrong("I19", format!("event {seq} was asked for by somebody, and is not in the audit"));
            }
            None => {}
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::SignalReceived(signal) => {
                if let Some(key) = &signal.idempotency_key
                    && !self.signals.insert((signal.name.clone(), key.clone()))
                {
                    self.wrong("I4", format!("the signal `{}` with one key is there twice", signal.name));
                }
            }
            Event::AttemptStarted { key } => {
                let first = self.begun.insert(key.clone());
                self.once(first, key, "begins");
            }
            Event::AttemptFinished { key, .. } => {
                let first = self.ended.insert(key.clone());
                self.once(first, key, "ends");
                self.attempts.remove(key);
            }
            Event::ChildFinished(finished) => {
                self.attempts.remove(&finished.key);
            }
            Event::TimerFired { timer } => {
                self.timers.remove(timer);
            }
            Event::SlotGranted { slot } => {
                if let Some(granted) = self.slots.get_mut(slot) {
                    *granted = true;
                }
            }
            _ => {}
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::StartAttempt(spec) => drop(self.attempts.insert(spec.id.key.clone())),
            Command::StartChild(spec) => drop(self.attempts.insert(spec.parent.key.clone())),
            Command::SetTimer { timer, .. } => drop(self.timers.insert(timer.clone())),
            Command::ClearTimer { timer } => drop(self.timers.remove(timer)),
            Command::AskSlot { slot, .. } => drop(self.slots.entry(slot.clone()).or_insert(false)),
            Command::ReleaseSlot { slot } => drop(self.slots.remove(slot)),
            _ => {}
        }
    }

    fn state(&mut self, definition: &Definition, state: &RunState, bytes: &[u8]) {
        match RunState::restore(&definition.graph, &definition.digest, bytes) {
            None => self.unread_states += 1,
            Some(kept) => {
                self.states += 1;
                if kept.snapshot() != state.snapshot() {
                    self.wrong("I2", format!("the state that is kept behind event {} is another", self.last));
                }
            }
        }
    }

    /// What lists show follows from the history.
    fn compare(&mut self, summary: &RunSummary, definition: &Definition, state: &RunState) {
        let Some(created) = state.created() else { return self.wrong("I1", "it has no event") };
        let said = (created.run, &created.project, &created.pipeline, created.number);
        if said != (summary.run, &summary.project, &summary.pipeline, summary.number) {
            let what = format!("its first event is of {} {}/{} #{}", said.0, said.1, said.2, said.3);
            self.wrong("I2", what);
        }
        if created.digest != definition.digest {
            self.wrong("I2", "it began with another definition than the one it has");
        }
        let row = row_of(&definition.graph, state);
        if row != summary.row {
            let what = format!(
                "lists show {} in epoch {}, its history says {} in epoch {}",
                summary.row.status.as_str(),
                summary.row.epoch,
                row.status.as_str(),
                row.epoch
            );
            self.wrong("I2", what);
        }
    }

    /// What a restarted engine would go on from follows from the history.
    fn compare_beside(&mut self, graph: &Graph, state: &RunState, beside: &Beside) {
        let none = BTreeSet::new();
        let indexed = beside.attempts.get(&self.run).unwrap_or(&none);
        let derived = std::mem::take(&mut self.attempts);
        for key in derived.difference(indexed) {
            self.wrong("I14", format!("attempt {key} is under way, and nobody would ask for it"));
        }
        for key in indexed.difference(&derived) {
            self.wrong("I5", format!("attempt {key} is to be asked for, and is settled"));
        }
        let none = BTreeSet::new();
        let armed = beside.timers.get(&self.run).unwrap_or(&none);
        let derived_timers = std::mem::take(&mut self.timers);
        for timer in derived_timers.difference(armed) {
            self.wrong("I14", format!("timer {timer} is set, and would not fire"));
        }
        let none = BTreeMap::new();
        let slots = beside.slots.get(&self.run).unwrap_or(&none);
        let derived_slots = std::mem::take(&mut self.slots);
        if *slots != derived_slots {
            let shown = |slots: &BTreeMap<Slot, bool>| {
                let words =
                    slots.iter().map(|(slot, given)| format!("{slot} {}", if *given { "given" } else { "asked" }));
                words.collect::<Vec<_>>().join(", ")
            };
            self.wrong("I8", format!("places are [{}], its history says [{}]", shown(slots), shown(&derived_slots)));
        }
        let moves = matches!(state.status(), RunStatus::Running | RunStatus::Queued | RunStatus::Cancelling);
        if moves && state.live_attempts(graph).is_empty() && derived_timers.is_empty() && derived_slots.is_empty() {
            self.wrong("I14", format!("it is {}, and nothing is under way that could end it", state.status().as_str()));
        }
    }
}

//! Child runs: begun for a step of another run, ended with it, and told to it when they are over.
//!
//! What a run wants of another one is done once it is on disk, as events of the next batch. Should it be lost on the way (a
//! kill, a journal that fails), the open attempt of the parent says that somebody waits, and the child says how far it is.

use std::collections::{BTreeMap, VecDeque};

use loopline_core::command::{ChildEnd, ChildSpec};
use loopline_core::event::{ChildFinished, Event, ParentWish, RunOutcome, Trigger};
use loopline_core::id::{AttemptId, RunId};
use loopline_core::machine::ChildStart;
use loopline_core::outcome::{Failure, FailureKind};
use loopline_ports::driver::DriverError;
use loopline_ports::journal::JournalError;

use crate::batch::Batch;
use crate::begin::Begin;
use crate::drive::Drive;

/// What runs want of each other.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    Start(Box<ChildSpec>),
    Ask(RunId, ParentWish),
    Tell(Box<ChildEnd>),
}

/// What runs want of each other, in that order.
pub(crate) type Dues = VecDeque<Due>;

impl Drive {
    /// What runs want of each other becomes events, until they want nothing more.
    pub(crate) async fn carry_children(&mut self) {
        while !self.dues.is_empty() && self.is_well() {
            let mut batch = Batch::from_number(self.groups.next);
            while let Some(due) = self.dues.pop_front() {
                if let Err(error) = self.take_due(&mut batch, &due).await {
                    self.dues.push_front(due);
                    self.journal_failed(&error, [], []);
                    break;
                }
            }
            if !batch.is_empty() {
                self.write(batch).await;
            }
        }
    }

    async fn take_due(&mut self, batch: &mut Batch, due: &Due) -> Result<(), JournalError> {
        let (run, event) = match due {
            Due::Start(spec) => return self.begin_child(batch, spec).await,
            Due::Ask(run, wish) => (*run, Event::ParentAsked { wish: *wish }),
            Due::Tell(end) => (end.parent, Event::ChildFinished(Box::new(end.finished.clone()))),
        };
        match self.take_one(batch, run, event).await {
            Err(DriverError::Journal(error)) => Err(error),
            // It is over, or was told before.
            Err(error) => {
                tracing::debug!(%run, %error, "one run was late for another");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn begin_child(&mut self, batch: &mut Batch, spec: &ChildSpec) -> Result<(), JournalError> {
        if self.runs.get(spec.run).is_some() || self.journal.summary(spec.run).await?.is_some() {
            return Ok(());
        }
        // Who may change a pipeline of one project causes nothing in another: those are as if they were not there.
        let own = self.journal.summary(spec.parent.run).await?.is_some_and(|parent| parent.project == spec.project);
        let found = match &self.config.definitions {
            Some(definitions) if own => definitions.find(&spec.project, &spec.pipeline).await,
            _ => None,
        };
        let Some(definition) = found else {
            let message = format!("there is no pipeline `{}/{}` that could run", spec.project, spec.pipeline);
            self.refuse_child(spec, Failure::new(FailureKind::Child, message));
            return Ok(());
        };
        let begin = Begin {
            run: Some(spec.run),
            project: spec.project.clone(),
            definition,
            inputs: spec.inputs.clone(),
            labels: BTreeMap::new(),
            trigger: Trigger { kind: "child".to_owned(), actor: spec.actor.clone() },
            parent: Some(spec.parent.clone()),
            key: None,
        };
        let what = format!("`{}/{}`", spec.project, spec.pipeline);
        match self.begin(batch, begin).await {
            Ok(_) => Ok(()),
            Err(DriverError::Journal(error)) => Err(error),
            Err(error @ DriverError::InvalidInputs(_)) => {
                self.refuse_child(spec, Failure::new(FailureKind::Contract, format!("{what}: {error}")));
                Ok(())
            }
            Err(error) => {
                self.refuse_child(spec, Failure::new(FailureKind::Child, format!("{what}: {error}")));
                Ok(())
            }
        }
    }

    fn refuse_child(&mut self, spec: &ChildSpec, error: Failure) {
        let parent = AttemptId { run: spec.parent.run, key: spec.parent.key.clone() };
        self.tell_of_none(parent, RunOutcome::Failed, Some(error));
    }

    /// There is no child, and never will be.
    fn tell_of_none(&mut self, parent: AttemptId, outcome: RunOutcome, error: Option<Failure>) {
        let outputs = serde_json::Map::new();
        let finished = ChildFinished { key: parent.key, outcome, began: false, outputs, error };
        self.dues.push_back(Due::Tell(Box::new(ChildEnd { parent: parent.run, finished })));
    }

    /// After a restart: how far is the child that this attempt waits for?
    pub(crate) async fn recover_child(&mut self, parent: AttemptId, start: ChildStart) -> Result<(), JournalError> {
        let journal = self.journal.clone();
        match self.runs.load(&*journal, start.run).await? {
            Some(child) => match child.state.told_to_parent() {
                Some(end) => self.dues.push_back(Due::Tell(Box::new(end))),
                // What it was told may be lost, and what it was told before may not hold any more.
                None => {
                    let resumes = child.state.is_paused_by_parent().then_some(ParentWish::Resume);
                    self.dues.extend(start.wish.or(resumes).map(|wish| Due::Ask(start.run, wish)));
                }
            },
            None => match start.spec.clone().filter(|_| start.is_wanted()) {
                Some(spec) => {
                    self.dues.push_back(Due::Start(Box::new(spec)));
                    self.dues.extend(start.wish.map(|wish| Due::Ask(start.run, wish)));
                }
                None => self.tell_of_none(parent, RunOutcome::Cancelled, None),
            },
        }
        Ok(())
    }
}

//! How runs begin: by a trigger, or as children of other runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use loopline_core::canonical;
use loopline_core::contract::complete_inputs;
use loopline_core::event::{Event, Parent, RunCreated, Trigger};
use loopline_core::id::RunId;
use loopline_core::time::Timestamp;
use loopline_ports::driver::{DriverError, Problem, TriggerRequest, Triggered};
use loopline_ports::journal::{Definition, NewRun, RequestKey};
use serde_json::{Map, Value as Json, json};
use tokio::sync::oneshot;

use crate::batch::{Batch, Waiting};
use crate::drive::Drive;

/// How a run begins.
pub(crate) struct Begin {
    /// Its id, where that is given.
    pub(crate) run: Option<RunId>,
    pub(crate) project: String,
    pub(crate) definition: Arc<Definition>,
    pub(crate) inputs: Map<String, Json>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) trigger: Trigger,
    pub(crate) parent: Option<Parent>,
    pub(crate) key: Option<RequestKey>,
}

enum Started {
    New(RunId),
    Before(RunId),
}

impl Drive {
    pub(crate) async fn take_trigger(
        &mut self,
        batch: &mut Batch,
        request: TriggerRequest,
        answer: oneshot::Sender<Result<Triggered, DriverError>>,
    ) {
        match self.trigger(batch, request).await {
            Ok(Started::New(run)) => batch.waits(run, Waiting::Trigger(answer)),
            // Nobody may have waited for the answer.
            Ok(Started::Before(run)) => drop(answer.send(Ok(Triggered { run, created: false }))),
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    async fn trigger(&mut self, batch: &mut Batch, request: TriggerRequest) -> Result<Started, DriverError> {
        let TriggerRequest { project, definition, inputs, labels, trigger, idempotency_key, asked_by } = request;
        let graph = &definition.graph;
        let key = idempotency_key.map(|key| {
            let mut asked = json!({"inputs": inputs, "labels": labels});
            // Whoever asks again for a pipeline means the same run, whatever the pipeline says by now. A draft is part of its
            // request.
            if trigger.kind == Trigger::DRAFT {
                asked["definition"] = json!(definition.text_digest);
            }
            let scope = format!("trigger {project}/{}", graph.name);
            RequestKey { scope, key, digest: canonical::digest(&asked) }
        });
        if let Some(key) = &key
            && let Some((run, digest)) = self.journal.find_request(&key.scope, &key.key).await?
        {
            return if digest == key.digest { Ok(Started::Before(run)) } else { Err(DriverError::KeyReused) };
        }
        let begin = Begin { run: None, project, definition, inputs, labels, trigger, parent: None, key };
        let run = self.begin(batch, begin).await?;
        batch.acts(run, asked_by);
        Ok(Started::New(run))
    }

    /// A run begins with this batch.
    pub(crate) async fn begin(&mut self, batch: &mut Batch, begin: Begin) -> Result<RunId, DriverError> {
        let Begin { run, project, definition, inputs, labels, trigger, parent, key } = begin;
        let graph = &definition.graph;
        if !graph.requires.is_empty() {
            return Err(DriverError::Unsupported(graph.requires.clone()));
        }
        let inputs = complete_inputs(graph, &inputs).map_err(|problems| {
            let problem = |p: loopline_core::contract::InputProblem| Problem {
                pointer: format!("/inputs/{}{}", p.input.replace('~', "~0").replace('/', "~1"), p.inside),
                message: p.message,
            };
            DriverError::InvalidInputs(problems.into_iter().map(problem).collect())
        })?;
        let pinned = (definition.text_digest.clone(), definition.digest.clone());
        let definition_id = match self.definitions.get(&pinned) {
            Some(id) => *id,
            None => {
                let id = self.journal.put_definition(&definition).await?;
                self.definitions.insert(pinned, id);
                id
            }
        };
        let number = self.next_number(&project, &graph.name).await?;
        let now = self.clock.now();
        let run = run.unwrap_or_else(|| self.new_id(now));
        let created = RunCreated {
            run,
            project,
            pipeline: graph.name.clone(),
            number,
            digest: definition.digest.clone(),
            semantics: graph.semantics,
            inputs,
            trigger,
            labels,
            parent,
            url: self.config.public_url.as_ref().map(|base| format!("{}/runs/{run}", base.trim_end_matches('/'))),
        };
        let active = self.runs.begin(run, &definition.digest, definition.graph.clone());
        if let Err(refused) = batch.take(run, active, Event::RunCreated(Box::new(created.clone())), now) {
            self.runs.forget(run);
            return Err(refused.into());
        }
        batch.begins(run, NewRun { created, definition: definition_id }, key);
        Ok(run)
    }

    async fn next_number(&mut self, project: &str, pipeline: &str) -> Result<u64, DriverError> {
        let name = (project.to_owned(), pipeline.to_owned());
        let number = match self.numbers.get(&name) {
            Some(last) => last + 1,
            None => self.journal.next_number(project, pipeline).await?,
        };
        self.numbers.insert(name, number);
        Ok(number)
    }

    fn new_id(&mut self, now: Timestamp) -> RunId {
        let at = std::time::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
        // More than 2^80 ids within one millisecond do not happen; then any other id will do.
        let id = self.ids.generate_from_datetime_with_source(at, &mut self.random);
        let id = id.unwrap_or_else(|full| full.commit_overflow_random_with_source(&mut self.random));
        RunId::from_parts(id.timestamp_ms(), id.random())
    }
}

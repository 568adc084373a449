//! Attempts: what a worker is asked to do, and what its answer means.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use std::sync::Arc;

use super::apply::Fold;
use super::callback::{callback_mark, callback_timeout};
use super::end::Ended;
use super::placing::not_begun_in_time;
use super::refused::Refused;
use super::state::{AttemptRef, Live, Past, Saw, St, Told, Unit, Wait};
use crate::command::{AttemptLimits, AttemptSpec, Capture, Command, HttpWork, Timer, Work, WorkAuth, WorkBody};
use crate::expr::{Cel, ExprError, Place, Reference, Scope, Template};
use crate::graph::{
    Action, ChildPipeline, DEFAULT_ATTEMPT_TIMEOUT_MS, HttpAction, HttpAuth, HttpBody, Output, Part, Retry, RetryOn,
    RunAction,
};
use crate::id::{AttemptId, AttemptKey, StepId, StepIx};
use crate::outcome::{Failure, FailureKind, Outcome, RawResult};
use crate::text::Text;

/// Outputs of one step, as JSON, may not be larger.
pub(super) const OUTPUT_LIMIT: usize = 256 * 1024;

/// What an answer must fulfil, as it is called in a pipeline.
const EXPECTATION: &str = "expect.if";

/// The command that started a live attempt, once more: for a driver whose worker has no trace of it after a restart.
/// `None` when the attempt is settled, or was asked to end meanwhile.
pub fn restart(graph: &crate::graph::Graph, state: &super::RunState, key: &AttemptKey) -> Option<AttemptSpec> {
    let mut state = state.clone();
    let at = state.last_at;
    let mut fold = Fold::over(graph, &mut state, at);
    let mut spec = None;
    let found = fold.at_place(key.within.as_slice(), Some(&key.step), &mut |fold| {
        let at = fold.find_live(key)?;
        let live = fold.state.live.get(&at).filter(|live| live.past == Past::No);
        spec = match (live.map(|live| live.start.as_deref()), fold.state.undoing) {
            (None, _) => None,
            (Some(Some(Command::StartAttempt(spec))), _) => Some((**spec).clone()),
            (Some(_), Some(index)) if at.undo => fold.undo_spec(index, at).ok(),
            (Some(_), _) => fold.attempt_spec(at).ok(),
        };
        Ok(())
    });
    found.ok().and(spec)
}

impl Fold<'_> {
    /// START: hands the next attempt of the current visit to a worker.
    pub(super) fn start_attempt(&mut self, unit: impl Into<Unit>) {
        let unit = unit.into();
        self.clear_wait(unit);
        match self.item_mut(unit) {
            Some(item) => item.attempt += 1,
            None => self.touch(unit.step).attempt += 1,
        }
        let at = self.state.latest_attempt(unit);
        if let Action::Pipeline(child) = &self.graph.step(at.step).action {
            let begun = match &child.pipeline {
                ChildPipeline::InPlace(graph) => self.start_child(at, graph),
                ChildPipeline::Named(name) => self.start_child_run(at, child, name),
            };
            if let Err(failure) = begun {
                self.attempt_failed(unit, failure);
            }
            return;
        }
        match self.attempt_spec(at) {
            Ok(spec) => {
                let command = Command::StartAttempt(Box::new(spec));
                let start = self.to_be_kept(at, &command);
                self.state.live.insert(at, Live { start, ..Live::new(false) });
                self.state.count_attempt(1);
                self.command(command);
                self.bound_queue(at);
            }
            Err(failure) => self.attempt_failed(unit, failure),
        }
    }

    /// Behind a join that does not wait for all, a step goes on while others before it do: what it reads of them may be
    /// something else when a driver asks for the command once more. Everywhere else it would be made again of the same.
    pub(super) fn to_be_kept(&self, at: AttemptRef, command: &Command) -> Option<Arc<Command>> {
        self.graph.shape().is_behind_choice(at.step).then(|| Arc::new(command.clone()))
    }

    fn attempt_spec(&self, at: AttemptRef) -> Result<AttemptSpec, Failure> {
        let unit = at.unit();
        let step = self.graph.step(at.step);
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let mut env = self.state.env.clone();
        self.check_with(unit)?;
        for (name, template) in &step.env {
            let what = format!("env.{name}");
            env.insert(name.clone(), self.render_part(unit, Part::Env(name), template, Place::Plain, &what)?);
        }
        let work = match &step.action {
            Action::Run(run) => self.shell_work(unit, Part::Work, run, &mut env)?,
            Action::Http(http) => Work::Http(Box::new(self.http_work(unit, Part::Work, http)?)),
            Action::Container(container) => {
                Work::Container(Box::new(self.container_work(unit, Part::Work, container, &mut env)?))
            }
            other => {
                let message = format!("this engine cannot run `{}`", other.kind());
                return Err(Failure::new(FailureKind::Spawn, message));
            }
        };
        let services = self.service_work(unit, &step.services)?;
        let fetch = self.fetch_work(step)?;
        let cache = self.cache_work(unit, step)?;
        let key = self.state.key_of(self.graph, at);
        Ok(AttemptSpec {
            idempotency_key: self.idempotency_key(at),
            item_key: self.state.item(unit).and_then(|item| item.key.clone()),
            id: AttemptId { run: created.run, key },
            pipeline: format!("{}/{}", created.project, created.pipeline),
            work,
            env,
            timeout_ms: step.timeout_ms.unwrap_or(DEFAULT_ATTEMPT_TIMEOUT_MS),
            idle_timeout_ms: step.idle_timeout_ms,
            grace_ms: step.grace_ms,
            capture: capture(&step.action, &step.outputs),
            artifacts: step.artifacts.clone(),
            junit: step.junit.clone(),
            fetch,
            cache,
            services,
            runs_on: step.runs_on.clone(),
            hides: self.graph.secrets.clone(),
            fresh_workspace: step.fresh_workspace,
            limits: self.limits(at),
        })
    }

    /// How much an attempt of a step may use and write, or what undoes it.
    pub(super) fn limits(&self, at: AttemptRef) -> AttemptLimits {
        let limits = &self.graph.step(at.step).limits;
        AttemptLimits {
            memory: limits.memory,
            cpus_milli: limits.cpus_milli,
            log: limits.log,
            run_log: self.graph.max_log_bytes,
            output: limits.output,
        }
    }

    pub(super) fn render_part(
        &self,
        unit: Unit,
        part: Part<'_>,
        template: &Template,
        place: Place,
        what: &str,
    ) -> Result<Text, Failure> {
        template
            .references()
            .and_then(|references| template.render(&self.scope_of_step(unit, part, &references), place))
            .map_err(|error| template_failure(what, &error))
    }

    pub(super) fn shell_work(
        &self,
        unit: Unit,
        part: Part<'_>,
        run: &RunAction,
        env: &mut BTreeMap<String, Text>,
    ) -> Result<Work, Failure> {
        let rendered = run
            .script
            .references()
            .and_then(|references| run.script.render(&self.scope_of_step(unit, part, &references)))
            .map_err(|error| template_failure("run", &error))?;
        env.extend(rendered.env.into_iter().map(|(name, value)| (name, Text::Plain(value))));
        let working_dir = match &run.working_dir {
            None => None,
            Some(template) => {
                plain(self.render_part(unit, part, template, Place::Plain, "working_dir")?, "working_dir")?.into()
            }
        };
        Ok(Work::Shell { shell: run.shell.clone(), script: rendered.text, working_dir })
    }

    pub(super) fn http_work(&self, unit: Unit, part: Part<'_>, http: &HttpAction) -> Result<HttpWork, Failure> {
        let all = |map: &BTreeMap<String, Template>, place, what: &str| {
            map.iter()
                .map(|(name, template)| {
                    Ok((name.clone(), self.render_part(unit, part, template, place, &format!("http.{what}.{name}"))?))
                })
                .collect::<Result<BTreeMap<_, _>, Failure>>()
        };
        let auth = match &http.auth {
            None => None,
            Some(HttpAuth::Bearer(token)) => {
                Some(WorkAuth::Bearer(self.render_part(unit, part, token, Place::Header, "http.auth.bearer")?))
            }
            Some(HttpAuth::Basic { user, password }) => Some(WorkAuth::Basic {
                user: self.render_part(unit, part, user, Place::Header, "http.auth.basic.user")?,
                password: self.render_part(unit, part, password, Place::Header, "http.auth.basic.password")?,
            }),
        };
        Ok(HttpWork {
            method: http.method.clone(),
            url: plain(self.render_part(unit, part, &http.url, Place::Url, "http.url")?, "http.url")?,
            query: all(&http.query, Place::Plain, "query")?,
            headers: all(&http.headers, Place::Header, "headers")?,
            auth,
            body: self.http_body(unit, part, http)?,
            expect_status: http.expect.status.clone(),
            follow_redirects: http.follow_redirects,
            tls: http.tls.clone(),
            callback: self.mark_of_callback(unit, part),
        })
    }

    /// Only the work of the step itself is called back.
    fn mark_of_callback(&self, unit: Unit, part: Part<'_>) -> Option<String> {
        let waits = matches!(part, Part::Work) && callback_timeout(self.graph.step(unit.step)).is_some();
        waits.then(|| self.callback_mark_of(unit))
    }

    /// What `callback.url` stands as in the latest attempt.
    pub(super) fn callback_mark_of(&self, unit: Unit) -> String {
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        callback_mark(&AttemptId { run: created.run, key: self.state.visit_key(self.graph, unit) })
    }

    fn http_body(&self, unit: Unit, part: Part<'_>, http: &HttpAction) -> Result<Option<WorkBody>, Failure> {
        Ok(Some(match &http.body {
            None => return Ok(None),
            Some(HttpBody::Text(text)) => {
                WorkBody::Text(self.render_part(unit, part, text, Place::Plain, "http.body")?)
            }
            Some(HttpBody::Json(value)) => {
                let scope = |references: Vec<Reference>| self.scope_of_step(unit, part, &references);
                let rendered = value.references().map(scope).and_then(|scope| {
                    if !value.secrets().is_empty() {
                        value.render_json(&scope).map(WorkBody::JsonText)
                    } else {
                        value.render(&scope).map(WorkBody::Json)
                    }
                });
                rendered.map_err(|error| template_failure("http.json", &error))?
            }
            Some(HttpBody::Form(fields)) => {
                let mut form = BTreeMap::new();
                for (name, value) in fields {
                    let what = format!("http.form.{name}");
                    let scope = |references: Vec<Reference>| self.scope_of_step(unit, part, &references);
                    let rendered = value.references().map(scope).and_then(|scope| {
                        if !value.secrets().is_empty() {
                            return value.render_text(&scope);
                        }
                        value.render(&scope).map(|value| match value {
                            Json::String(text) => Text::Plain(text),
                            other => Text::Plain(other.to_string()),
                        })
                    });
                    form.insert(name.clone(), rendered.map_err(|error| template_failure(&what, &error))?);
                }
                WorkBody::Form(form)
            }
        }))
    }

    pub(super) fn find_live(&self, key: &AttemptKey) -> Result<AttemptRef, Refused> {
        let never = || Refused::NeverAsked { what: format!("attempt {key} that is not settled") };
        let at = self.state.reference(self.graph, key).ok_or_else(never)?;
        let lives = self.state.live.get(&at).is_some_and(|live| live.child.is_none());
        (key.epoch == self.state.epoch && lives).then_some(at).ok_or_else(never)
    }

    /// Equal over attempts and epochs of one visit; visits are numbered through all epochs.
    pub(super) fn idempotency_key(&self, at: AttemptRef) -> String {
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let visit = |step: &StepId, item: Option<u32>, visit: u32| match item {
            None => format!(".{step}.{visit}"),
            Some(item) => format!(".{step}[{item}].{visit}"),
        };
        let around = self.state.within.iter().map(|around| visit(&around.step, around.item, around.visit));
        let own = visit(&self.graph.step(at.step).id, at.item, at.visit);
        let undo = if at.undo { ".undo" } else { "" };
        [created.run.to_string()].into_iter().chain(around).chain([own, undo.to_owned()]).collect()
    }

    pub(super) fn attempt_started(&mut self, key: &AttemptKey) -> Result<(), Refused> {
        let at = self.find_live(key)?;
        let live = self.state.live.get_mut(&at).expect("just found");
        if live.started {
            return Err(Refused::NeverAsked { what: format!("attempt {key} that has not begun") });
        }
        live.started = true;
        let queue = std::mem::take(&mut live.queue);
        // One that was taken back has begun in the same moment: it has failed all the same, when that ends it.
        live.queue.timed_out = queue.timed_out;
        self.leave_queue(key, queue.until);
        self.touch_unit(at.unit());
        Ok(())
    }

    pub(super) fn attempt_finished(&mut self, key: &AttemptKey, outcome: &Outcome) -> Result<(), Refused> {
        let at = self.find_live(key)?;
        let live = self.state.live.remove(&at).expect("just found");
        match self.state.children.contains_key(&at) {
            true => self.state.going_on.children -= 1,
            false => self.state.count_attempt(-1),
        }
        self.leave_queue(key, live.queue.until);
        self.touch_unit(at.unit());
        if at.undo {
            self.undo_ended(at, live.past, outcome);
            return Ok(());
        }
        match live.past {
            Past::No => self.live_attempt_ended(at.unit(), live, outcome),
            Past::Cancel | Past::Drain => {
                // Nobody waits for the callback of a visit that was closed, so it has not come to its end.
                let step = self.graph.step(at.step);
                let cut_off = match outcome {
                    Outcome::Succeeded { result } if callback_timeout(step).is_some() => {
                        Some(Outcome::Cancelled { result: result.clone() })
                    }
                    _ => None,
                };
                self.past_attempt_ended(at, live.saw, cut_off.as_ref().unwrap_or(outcome));
            }
        }
        self.advance_items(at.step);
        Ok(())
    }

    fn live_attempt_ended(&mut self, unit: Unit, live: Live, outcome: &Outcome) {
        let step = self.graph.step(unit.step);
        match (outcome, callback_timeout(step)) {
            (Outcome::Cancelled { .. }, _) if live.queue.timed_out => {
                self.attempt_failed(unit, not_begun_in_time(step))
            }
            (Outcome::Succeeded { result }, Some(timeout_ms)) => {
                self.request_answered(unit, timeout_ms, result, live.called);
            }
            _ => self.attempt_ended(unit, outcome),
        }
    }

    pub(super) fn attempt_ended(&mut self, unit: Unit, outcome: &Outcome) {
        let (Outcome::Succeeded { result } | Outcome::Failed { result, .. } | Outcome::Cancelled { result }) = outcome;
        self.keep(unit, result.outputs.clone().into_iter().collect(), result);
        match outcome {
            Outcome::Succeeded { result } => match self.judge_result(unit, result, None) {
                Ok(outputs) => {
                    self.keep(unit, outputs, result);
                    self.unit_ended(unit, Ended::Succeeded);
                }
                Err(failure) => self.attempt_failed(unit, failure),
            },
            Outcome::Failed { error, .. } => self.attempt_failed(unit, error.clone()),
            // Nobody asked for it: the worker was told to stop by someone else. Nobody knows what it has done.
            Outcome::Cancelled { .. } => {
                self.attempt_failed(unit, Failure::new(FailureKind::Lost, "the worker ended the attempt unasked"));
            }
        }
    }

    /// No further attempt: the visit ends, or the item of it.
    pub(super) fn unit_ended(&mut self, unit: Unit, outcome: Ended) {
        match unit.item {
            None => self.end(unit.step, outcome),
            Some(_) => self.item_ended(unit, outcome),
        }
    }

    /// A past visit keeps its true outcome, fires nothing and decides nothing. After a stop, and of an item that was ended
    /// because another one failed, the visit is the current one.
    pub(super) fn past_attempt_ended(&mut self, at: AttemptRef, saw: Option<Arc<Saw>>, outcome: &Outcome) {
        let current = self.state.steps[at.step.get()].visit == at.visit;
        let (Outcome::Succeeded { result } | Outcome::Failed { result, .. } | Outcome::Cancelled { result }) = outcome;
        let mut outputs: Map<String, Json> = result.outputs.clone().into_iter().collect();
        let (st, error) = match outcome {
            Outcome::Succeeded { result } => match self.judge_result(at.unit(), result, saw.as_deref()) {
                Ok(all) => {
                    outputs = all;
                    (St::Succeeded, None)
                }
                Err(failure) => (St::Failed, Some(failure)),
            },
            Outcome::Failed { error, .. } => (St::Failed, Some(error.clone())),
            Outcome::Cancelled { .. } => (St::Cancelled, None),
        };
        if current {
            self.keep(at.unit(), outputs.clone(), result);
        }
        if st == St::Succeeded {
            self.note_done(at.unit(), at.visit, saw.as_deref().map(|saw| (saw, &outputs)));
        }
        match (current, at.item) {
            (_, Some(item)) => self.past_item_ended(at, item, st, error, outputs),
            (true, None) => self.stopped_step_ended(at.step, st, error),
            (false, None) => self.note_past(at, st, error, outputs),
        }
        for open in &mut self.state.open {
            open.zombies.remove(&at);
        }
        self.settle_reopened();
    }

    /// After a stop the step takes the true outcome of what still lived.
    pub(super) fn stopped_step_ended(&mut self, ix: StepIx, st: St, error: Option<Failure>) {
        let when = self.at;
        self.state.undecided -= 1;
        self.state.ended += 1;
        let ended = self.state.ended;
        let step = self.touch(ix);
        (step.st, step.error, step.finished_at, step.ended) = (st, error, Some(when), ended);
    }

    /// A visit that a re-open had closed has really ended now.
    pub(super) fn note_past(&mut self, at: AttemptRef, st: St, error: Option<Failure>, outputs: Map<String, Json>) {
        let when = self.at;
        if let Some(past) = self.state.steps[at.step.get()].past.iter_mut().find(|p| p.visit == at.visit) {
            past.st = st;
            past.error = error;
            past.finished_at = Some(when);
            past.outputs = Arc::new(outputs);
        }
    }

    pub(super) fn keep(&mut self, unit: Unit, outputs: Map<String, Json>, result: &RawResult) {
        let outputs = Arc::new(outputs);
        match self.item_mut(unit) {
            Some(item) => {
                (item.outputs, item.artifacts, item.told) = (outputs, result.artifacts.clone(), Told::of(result))
            }
            None => {
                let step = self.touch(unit.step);
                (step.outputs, step.artifacts, step.told) = (outputs, result.artifacts.clone(), Told::of(result));
            }
        }
    }

    /// Expectations, declared outputs and `outputs` expressions: is the success one, and what does it give? Of a past visit
    /// they are judged with what that saw.
    fn judge_result(&self, unit: Unit, result: &RawResult, saw: Option<&Saw>) -> Result<Map<String, Json>, Failure> {
        let expected = saw.and_then(|saw| saw.result.get(EXPECTATION));
        self.meets_expectation(unit, Part::Work, &self.graph.step(unit.step).action, result, expected)?;
        self.judge_outputs(unit, result, None, saw)
    }

    /// Declared outputs and `outputs` expressions, over a result and what came with a callback.
    pub(super) fn judge_outputs(
        &self,
        unit: Unit,
        result: &RawResult,
        payload: Option<&Json>,
        saw: Option<&Saw>,
    ) -> Result<Map<String, Json>, Failure> {
        let step = self.graph.step(unit.step);
        let mut raw = raw_names(result);
        raw.extend(payload.map(|payload| ("payload".to_owned(), payload.clone())));
        let saw_by = |what: &str| saw.and_then(|saw| saw.result.get(what));
        let mut outputs: Map<String, Json> = result.outputs.clone().into_iter().collect();
        for (name, output) in &step.outputs {
            match output {
                Output::Cel(cel) => {
                    let what = format!("outputs.{name}");
                    let value =
                        self.eval_raw(unit, Part::Output(name), cel, (&raw, saw_by(&what)), &what, Cel::eval)?;
                    outputs.insert(name.clone(), value);
                }
                Output::Schema(schema) => crate::contract::check_output(name, schema, outputs.get(name))
                    .map_err(|message| Failure::new(FailureKind::Contract, message))?,
            }
        }
        let size: usize = outputs.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
        let limit = step
            .limits
            .output
            .map_or(OUTPUT_LIMIT, |said| OUTPUT_LIMIT.min(usize::try_from(said).unwrap_or(OUTPUT_LIMIT)));
        if size > limit {
            let message = format!("the outputs are {size} bytes, more than {limit}");
            return Err(Failure::new(FailureKind::OutputLimit, message));
        }
        Ok(outputs)
    }

    /// The names that the expressions over a result read, as the step sees them now.
    pub(super) fn seen_by_result(&self, unit: Unit) -> BTreeMap<String, Scope> {
        let step = self.graph.step(unit.step);
        let expected = expectation(&step.action).map(|cel| (EXPECTATION.to_owned(), Part::Work, cel));
        let outputs = step.outputs.iter().filter_map(|(name, output)| match output {
            Output::Cel(cel) => Some((format!("outputs.{name}"), Part::Output(name), cel)),
            Output::Schema(_) => None,
        });
        let scope = |part, cel: &Cel| self.scope_of_step(unit, part, &cel.references().unwrap_or_default());
        expected.into_iter().chain(outputs).map(|(what, part, cel)| (what, scope(part, cel))).collect()
    }

    /// Whether the answer to a request is one that counts as a success.
    pub(super) fn meets_expectation(
        &self,
        unit: Unit,
        part: Part<'_>,
        action: &Action,
        result: &RawResult,
        saw: Option<&Scope>,
    ) -> Result<(), Failure> {
        if let Some(schema) = expected_schema(action) {
            fits_schema(schema, result)?;
        }
        if let Some(condition) = expectation(action)
            && !self.eval_raw(unit, part, condition, (&raw_names(result), saw), EXPECTATION, Cel::eval_bool)?
        {
            let message = format!("the answer is not as expected: `{}` is false", condition.source());
            let status = result.response.as_ref().map(|response| response.status);
            return Err(Failure { status, ..Failure::new(FailureKind::Expectation, message) });
        }
        Ok(())
    }

    /// Evaluates an expression over the step's names, or those that it saw, and those of a raw result.
    pub(super) fn eval_raw<T>(
        &self,
        unit: impl Into<Unit>,
        part: Part<'_>,
        cel: &Cel,
        (raw, saw): (&Map<String, Json>, Option<&Scope>),
        what: &str,
        eval: impl Fn(&Cel, &Scope) -> Result<T, ExprError>,
    ) -> Result<T, Failure> {
        cel.references()
            .and_then(|references| {
                let mut scope = saw.cloned().unwrap_or_else(|| self.scope_of_step(unit, part, &references));
                scope.extend(raw.clone());
                eval(cel, &scope)
            })
            .map_err(|error| Failure::new(FailureKind::Condition, format!("`{what}`: {error}")))
    }

    /// Another attempt, or the end of the visit.
    pub(super) fn attempt_failed(&mut self, unit: Unit, failure: Failure) {
        let retry = &self.graph.step(unit.step).retry;
        let mut key = self.state.visit_key(self.graph, unit);
        let attempt = key.attempt;
        if self.state.stop.is_some() || attempt >= retry.max_attempts || !retries(retry, &failure) {
            return self.unit_ended(unit, Ended::Failed(failure));
        }
        key.attempt += 1;
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let until = self.at.plus_ms(backoff_ms(retry, attempt, created.run.bits(), &key));
        match self.item_mut(unit) {
            Some(item) => item.error = Some(failure),
            None => self.touch(unit.step).error = Some(failure),
        }
        self.set_wait(unit, Wait::Retry { until });
        self.command(Command::SetTimer { timer: Timer::Retry { key }, at: until });
    }
}

pub(super) fn template_failure(what: &str, error: &ExprError) -> Failure {
    Failure::new(FailureKind::Template, format!("`{what}`: {error}"))
}

pub(super) fn plain(text: Text, what: &str) -> Result<String, Failure> {
    match text {
        Text::Plain(text) => Ok(text),
        Text::Parts(_) => Err(Failure::new(FailureKind::Template, format!("`{what}`: a secret may not stand here"))),
    }
}

/// What the answer to a request must fulfil.
pub(super) fn expectation(action: &Action) -> Option<&Cel> {
    match action {
        Action::Http(http) => http.expect.condition.as_ref(),
        _ => None,
    }
}

fn expected_schema(action: &Action) -> Option<&Json> {
    match action {
        Action::Http(http) => http.expect.schema.as_ref(),
        _ => None,
    }
}

/// `expect.schema`, which comes before `expect.if`: that may rest on it.
fn fits_schema(schema: &Json, result: &RawResult) -> Result<(), Failure> {
    let response = result.response.as_ref();
    let wrong = match response.and_then(|response| response.json.as_ref()) {
        None => Err("it is not JSON".to_owned()),
        Some(json) => crate::contract::check_value(schema, json),
    };
    wrong.map_err(|why| {
        let message = format!("the answer is not as `expect.schema` says: {why}");
        Failure { status: response.map(|response| response.status), ..Failure::new(FailureKind::Expectation, message) }
    })
}

/// The names that `outputs` and `expect.if` read besides all others (rule S4).
fn raw_names(result: &RawResult) -> Map<String, Json> {
    let mut names = Map::new();
    let mut put = |name: &str, value: Option<Json>| {
        names.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("exit_code", result.exit_code.map(Json::from));
    put("stdout", result.stdout.clone().map(Json::from));
    put("stderr", result.stderr.clone().map(Json::from));
    put(
        "response",
        result
            .response
            .as_ref()
            .map(|response| serde_json::to_value(response).expect("a response has only string keys")),
    );
    names
}

/// Which parts of the raw result the step's own expressions read.
pub(super) fn capture(action: &Action, outputs: &BTreeMap<String, Output>) -> Capture {
    let mut capture = Capture { body: expected_schema(action).is_some(), ..Capture::default() };
    let mut see = |references: Vec<Reference>| {
        for reference in references {
            match reference.path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["stdout", ..] => capture.stdout = true,
                ["stderr", ..] => capture.stderr = true,
                ["response"] | ["response", "body" | "json", ..] => capture.body = true,
                _ => {}
            }
        }
    };
    for output in outputs.values() {
        if let Output::Cel(cel) = output {
            see(cel.references().unwrap_or_default());
        }
    }
    if let Some(condition) = expectation(action) {
        see(condition.references().unwrap_or_default());
    }
    capture
}

pub(super) fn retries(retry: &Retry, failure: &Failure) -> bool {
    if retry.on.is_empty() {
        return !matches!(failure.kind, FailureKind::Rejected | FailureKind::Condition | FailureKind::Template);
    }
    retry.on.iter().any(|on| match on {
        RetryOn::Kind(kind) => *kind == failure.kind,
        RetryOn::Exit(code) => failure.kind == FailureKind::Exit && failure.exit_code == Some(*code),
    })
}

/// `initial · factor^n`, at most `max`; up to a tenth is added so that many runs do not come back at one moment. The tenth is
/// drawn from the attempt's identity: the same history gives the same moment again.
pub(super) fn backoff_ms(retry: &Retry, failed_attempt: u32, run: u128, next: &AttemptKey) -> u64 {
    let exponent = i32::try_from(failed_attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let base = (retry.initial_ms as f64 * retry.factor.powi(exponent)).min(retry.max_ms as f64).max(0.0);
    // FNV-1a over the identity.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325 ^ (run as u64) ^ ((run >> 64) as u64);
    for byte in next.to_string().bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let share = (hash >> 40) as f64 / (1u64 << 24) as f64;
    ((base * (1.0 + share / 10.0)) as u64).min(retry.max_ms)
}

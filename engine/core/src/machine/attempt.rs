//! Attempts: what a worker is asked to do, and what its answer means.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use std::sync::Arc;

use super::apply::Fold;
use super::end::Ended;
use super::refused::Refused;
use super::state::{AttemptRef, Live, Past, St, Wait};
use crate::command::{AttemptSpec, Capture, Command, HttpWork, Timer, Work, WorkAuth, WorkBody};
use crate::expr::{Cel, ExprError, Place, Reference, Template};
use crate::graph::{
    Action, DEFAULT_ATTEMPT_TIMEOUT_MS, HttpAction, HttpAuth, HttpBody, Output, Part, Retry, RetryOn, RunAction,
    SetValue, SleepAction, Step,
};
use crate::id::{AttemptId, AttemptKey, StepIx};
use crate::outcome::{Failure, FailureKind, Outcome, RawResult};
use crate::text::Text;
use crate::time::Timestamp;

/// Outputs of one step, as JSON, may not be larger.
pub(super) const OUTPUT_LIMIT: usize = 256 * 1024;

/// The command that started a live attempt, once more: for a driver whose worker has no trace of it after a restart.
/// `None` when the attempt is settled, or was asked to end meanwhile.
pub fn restart(graph: &crate::graph::Graph, state: &super::RunState, key: &AttemptKey) -> Option<AttemptSpec> {
    let mut state = state.clone();
    let at = state.last_at;
    let fold = Fold::over(graph, &mut state, at);
    let found = fold.find_live(key).ok()?;
    let wanted = fold.state.live.get(&found)?.past == Past::No;
    wanted.then(|| fold.attempt_spec(found.step, found).ok()).flatten()
}

impl Fold<'_> {
    /// START: hands the next attempt of the current visit to a worker.
    pub(super) fn start_attempt(&mut self, ix: StepIx) {
        self.clear_wait(ix);
        let step = self.touch(ix);
        step.attempt += 1;
        let at = AttemptRef { step: ix, item: None, visit: step.visit, attempt: step.attempt };
        match self.attempt_spec(ix, at) {
            Ok(spec) => {
                self.state.live.insert(at, Live { started: false, past: Past::No });
                self.command(Command::StartAttempt(Box::new(spec)));
            }
            Err(failure) => self.attempt_failed(ix, failure),
        }
    }

    fn attempt_spec(&self, ix: StepIx, at: AttemptRef) -> Result<AttemptSpec, Failure> {
        let step = self.graph.step(ix);
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let mut env = BTreeMap::new();
        self.check_with(ix)?;
        for (name, template) in &step.env {
            let what = format!("env.{name}");
            env.insert(name.clone(), self.render_part(ix, Part::Env(name), template, Place::Plain, &what)?);
        }
        let work = match &step.action {
            Action::Run(run) => self.shell_work(ix, run, &mut env)?,
            Action::Http(http) => Work::Http(Box::new(self.http_work(ix, http)?)),
            other => {
                let message = format!("this engine cannot run `{}`", other.kind());
                return Err(Failure::new(FailureKind::Spawn, message));
            }
        };
        let key = self.state.key_of(self.graph, at);
        Ok(AttemptSpec {
            // Equal over attempts and epochs of one visit; visits are numbered through all epochs.
            idempotency_key: format!("{}.{}.{}", created.run, step.id, at.visit),
            id: AttemptId { run: created.run, key },
            pipeline: format!("{}/{}", created.project, created.pipeline),
            work,
            env,
            timeout_ms: step.timeout_ms.unwrap_or(DEFAULT_ATTEMPT_TIMEOUT_MS),
            idle_timeout_ms: step.idle_timeout_ms,
            grace_ms: step.grace_ms,
            capture: capture(step),
            artifacts: step.artifacts.clone(),
        })
    }

    fn render(&self, ix: StepIx, template: &Template, place: Place, what: &str) -> Result<Text, Failure> {
        self.render_part(ix, Part::Work, template, place, what)
    }

    pub(super) fn render_part(
        &self,
        ix: StepIx,
        part: Part<'_>,
        template: &Template,
        place: Place,
        what: &str,
    ) -> Result<Text, Failure> {
        template
            .references()
            .and_then(|references| template.render(&self.scope_of_step(ix, part, &references), place))
            .map_err(|error| template_failure(what, &error))
    }

    fn shell_work(&self, ix: StepIx, run: &RunAction, env: &mut BTreeMap<String, Text>) -> Result<Work, Failure> {
        let rendered = run
            .script
            .references()
            .and_then(|references| run.script.render(&self.scope_of_step(ix, Part::Work, &references)))
            .map_err(|error| template_failure("run", &error))?;
        env.extend(rendered.env.into_iter().map(|(name, value)| (name, Text::Plain(value))));
        let working_dir = match &run.working_dir {
            None => None,
            Some(template) => plain(self.render(ix, template, Place::Plain, "working_dir")?, "working_dir")?.into(),
        };
        Ok(Work::Shell { shell: run.shell.clone(), script: rendered.text, working_dir })
    }

    fn http_work(&self, ix: StepIx, http: &HttpAction) -> Result<HttpWork, Failure> {
        let all = |map: &BTreeMap<String, Template>, place, what: &str| {
            map.iter()
                .map(|(name, template)| {
                    Ok((name.clone(), self.render(ix, template, place, &format!("http.{what}.{name}"))?))
                })
                .collect::<Result<BTreeMap<_, _>, Failure>>()
        };
        let auth = match &http.auth {
            None => None,
            Some(HttpAuth::Bearer(token)) => {
                Some(WorkAuth::Bearer(self.render(ix, token, Place::Header, "http.auth.bearer")?))
            }
            Some(HttpAuth::Basic { user, password }) => Some(WorkAuth::Basic {
                user: self.render(ix, user, Place::Header, "http.auth.basic.user")?,
                password: self.render(ix, password, Place::Header, "http.auth.basic.password")?,
            }),
        };
        Ok(HttpWork {
            method: http.method.clone(),
            url: plain(self.render(ix, &http.url, Place::Url, "http.url")?, "http.url")?,
            query: all(&http.query, Place::Plain, "query")?,
            headers: all(&http.headers, Place::Header, "headers")?,
            auth,
            body: self.http_body(ix, http)?,
            expect_status: http.expect.status.clone(),
            follow_redirects: http.follow_redirects,
        })
    }

    fn http_body(&self, ix: StepIx, http: &HttpAction) -> Result<Option<WorkBody>, Failure> {
        Ok(Some(match &http.body {
            None => return Ok(None),
            Some(HttpBody::Text(text)) => WorkBody::Text(self.render(ix, text, Place::Plain, "http.body")?),
            Some(HttpBody::Json(value)) => {
                let json = value
                    .references()
                    .and_then(|references| value.render(&self.scope_of_step(ix, Part::Work, &references)))
                    .map_err(|error| template_failure("http.json", &error))?;
                WorkBody::Json(json)
            }
            Some(HttpBody::Form(fields)) => {
                let mut form = BTreeMap::new();
                for (name, value) in fields {
                    let what = format!("http.form.{name}");
                    let value = value
                        .references()
                        .and_then(|references| value.render(&self.scope_of_step(ix, Part::Work, &references)))
                        .map_err(|error| template_failure(&what, &error))?;
                    let text = match value {
                        Json::String(text) => text,
                        other => other.to_string(),
                    };
                    form.insert(name.clone(), Text::Plain(text));
                }
                WorkBody::Form(form)
            }
        }))
    }

    pub(super) fn find_live(&self, key: &AttemptKey) -> Result<AttemptRef, Refused> {
        let never = || Refused::NeverAsked { what: format!("attempt {key} that is not settled") };
        let step = self.graph.find(key.step.as_str()).ok_or_else(never)?;
        let at = AttemptRef { step, item: key.item, visit: key.visit, attempt: key.attempt };
        (key.epoch == self.state.epoch && self.state.live.contains_key(&at)).then_some(at).ok_or_else(never)
    }

    pub(super) fn attempt_started(&mut self, key: &AttemptKey) -> Result<(), Refused> {
        let at = self.find_live(key)?;
        let live = self.state.live.get_mut(&at).expect("just found");
        if live.started {
            return Err(Refused::NeverAsked { what: format!("attempt {key} that has not begun") });
        }
        live.started = true;
        self.touched.insert(at.step);
        Ok(())
    }

    pub(super) fn attempt_finished(&mut self, key: &AttemptKey, outcome: &Outcome) -> Result<(), Refused> {
        let at = self.find_live(key)?;
        let live = self.state.live.remove(&at).expect("just found");
        self.touched.insert(at.step);
        match live.past {
            Past::No => self.attempt_ended(at.step, outcome),
            Past::Cancel | Past::Drain => self.past_attempt_ended(at, outcome),
        }
        Ok(())
    }

    fn attempt_ended(&mut self, ix: StepIx, outcome: &Outcome) {
        let (Outcome::Succeeded { result } | Outcome::Failed { result, .. } | Outcome::Cancelled { result }) = outcome;
        self.keep(ix, result.outputs.clone().into_iter().collect(), result);
        match outcome {
            Outcome::Succeeded { result } => match self.judge_result(ix, result) {
                Ok(outputs) => {
                    self.touch(ix).outputs = Arc::new(outputs);
                    self.end(ix, Ended::Succeeded);
                }
                Err(failure) => self.attempt_failed(ix, failure),
            },
            Outcome::Failed { error, .. } => self.attempt_failed(ix, error.clone()),
            // Nobody asked for it: the worker was told to stop by someone else. Nobody knows what it has done.
            Outcome::Cancelled { .. } => {
                self.attempt_failed(ix, Failure::new(FailureKind::Lost, "the worker ended the attempt unasked"));
            }
        }
    }

    /// A past visit keeps its true outcome, fires nothing and decides nothing. After a stop, the visit is the current one.
    fn past_attempt_ended(&mut self, at: AttemptRef, outcome: &Outcome) {
        let current = self.state.steps[at.step.get()].visit == at.visit && self.state.stop.is_some();
        let (Outcome::Succeeded { result } | Outcome::Failed { result, .. } | Outcome::Cancelled { result }) = outcome;
        let mut outputs: Map<String, Json> = result.outputs.clone().into_iter().collect();
        let (st, error) = match outcome {
            Outcome::Succeeded { result } => match self.judge_result(at.step, result) {
                Ok(all) => {
                    outputs = all;
                    (St::Succeeded, None)
                }
                Err(failure) => (St::Failed, Some(failure)),
            },
            Outcome::Failed { error, .. } => (St::Failed, Some(error.clone())),
            Outcome::Cancelled { .. } => (St::Cancelled, None),
        };
        let when = self.at;
        if current {
            self.keep(at.step, outputs, result);
            self.state.undecided -= 1;
            self.state.ended += 1;
            let ended = self.state.ended;
            let step = self.touch(at.step);
            (step.st, step.error, step.finished_at, step.ended) = (st, error, Some(when), ended);
        } else if let Some(past) = self.state.steps[at.step.get()].past.iter_mut().find(|p| p.visit == at.visit) {
            past.st = st;
            past.error = error;
            past.finished_at = Some(when);
            past.outputs = Arc::new(outputs);
        }
        for open in &mut self.state.open {
            open.zombies.remove(&at);
        }
        self.settle_reopened();
    }

    fn keep(&mut self, ix: StepIx, outputs: Map<String, Json>, result: &RawResult) {
        let step = self.touch(ix);
        step.outputs = Arc::new(outputs);
        step.artifacts = result.artifacts.clone();
    }

    /// Expectations, declared outputs and `outputs` expressions: is the success one, and what does it give?
    fn judge_result(&self, ix: StepIx, result: &RawResult) -> Result<Map<String, Json>, Failure> {
        let step = self.graph.step(ix);
        let raw = raw_names(result);
        if let Action::Http(http) = &step.action
            && let Some(condition) = &http.expect.condition
            && !self.eval_raw(ix, Part::Work, condition, &raw, "expect.if", Cel::eval_bool)?
        {
            let message = format!("the answer is not as expected: `{}` is false", condition.source());
            let status = result.response.as_ref().map(|response| response.status);
            return Err(Failure { status, ..Failure::new(FailureKind::Expectation, message) });
        }
        let mut outputs: Map<String, Json> = result.outputs.clone().into_iter().collect();
        for (name, output) in &step.outputs {
            match output {
                Output::Cel(cel) => {
                    let what = format!("outputs.{name}");
                    let value = self.eval_raw(ix, Part::Output(name), cel, &raw, &what, Cel::eval)?;
                    outputs.insert(name.clone(), value);
                }
                Output::Schema(schema) => crate::contract::check_output(name, schema, outputs.get(name))
                    .map_err(|message| Failure::new(FailureKind::Contract, message))?,
            }
        }
        let size: usize = outputs.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
        if size > OUTPUT_LIMIT {
            let message = format!("the outputs are {size} bytes, more than {OUTPUT_LIMIT}");
            return Err(Failure::new(FailureKind::OutputLimit, message));
        }
        Ok(outputs)
    }

    /// Evaluates an expression over the step's names and those of a raw result.
    pub(super) fn eval_raw<T>(
        &self,
        ix: StepIx,
        part: Part<'_>,
        cel: &Cel,
        raw: &Map<String, Json>,
        what: &str,
        eval: impl Fn(&Cel, &crate::expr::Scope) -> Result<T, ExprError>,
    ) -> Result<T, Failure> {
        cel.references()
            .and_then(|references| {
                let mut scope = self.scope_of_step(ix, part, &references);
                scope.extend(raw.clone());
                eval(cel, &scope)
            })
            .map_err(|error| Failure::new(FailureKind::Condition, format!("`{what}`: {error}")))
    }

    /// Another attempt, or the end of the visit.
    pub(super) fn attempt_failed(&mut self, ix: StepIx, failure: Failure) {
        let retry = &self.graph.step(ix).retry;
        let attempt = self.state.steps[ix.get()].attempt;
        if self.state.stop.is_some() || attempt >= retry.max_attempts || !retries(retry, &failure) {
            return self.end_failed(ix, failure);
        }
        let mut key = self.state.visit_key(self.graph, ix);
        key.attempt += 1;
        let created = self.state.created.as_deref().expect("the first event of a run creates it");
        let until = self.at.plus_ms(backoff_ms(retry, attempt, created.run.bits(), &key));
        self.touch(ix).error = Some(failure);
        self.set_wait(ix, Wait::Retry { until });
        self.command(Command::SetTimer { timer: Timer::Retry { key }, at: until });
    }

    /// `sleep`.
    pub(super) fn fall_asleep(&mut self, ix: StepIx, sleep: &SleepAction) {
        let until = match sleep {
            SleepAction::For(ms) => Ok(self.at.plus_ms(*ms)),
            SleepAction::Until(cel) => self.moment(ix, cel),
        };
        match until {
            Ok(until) => {
                let key = self.state.visit_key(self.graph, ix);
                self.set_wait(ix, Wait::Sleep { until });
                self.command(Command::SetTimer { timer: Timer::Sleep { key }, at: until });
            }
            Err(failure) => self.end_failed(ix, failure),
        }
    }

    fn moment(&self, ix: StepIx, cel: &Cel) -> Result<Timestamp, Failure> {
        let failure = |message: String| Failure::new(FailureKind::Condition, format!("`sleep.until`: {message}"));
        let value = cel
            .references()
            .and_then(|references| cel.eval(&self.scope_of_step(ix, Part::Work, &references)))
            .map_err(|error| failure(error.to_string()))?;
        let text = value.as_str().ok_or_else(|| failure(format!("{value} is not a time")))?;
        Timestamp::parse(text).ok_or_else(|| failure(format!("`{text}` is not an RFC 3339 time")))
    }

    pub(super) fn sleep_over(&mut self, ix: StepIx) {
        self.end(ix, Ended::Succeeded);
    }

    /// `set`.
    pub(super) fn compute(&mut self, ix: StepIx, values: &BTreeMap<String, SetValue>) {
        let mut outputs = Map::new();
        for (name, value) in values {
            let value = match value {
                SetValue::Literal(value) => Ok(value.clone()),
                SetValue::Cel(cel) => {
                    cel.references().and_then(|references| cel.eval(&self.scope_of_step(ix, Part::Work, &references)))
                }
                SetValue::Template(value) => value
                    .references()
                    .and_then(|references| value.render(&self.scope_of_step(ix, Part::Work, &references))),
            };
            match value {
                Ok(value) => outputs.insert(name.clone(), value),
                Err(error) => {
                    let failure = Failure::new(FailureKind::Condition, format!("`set.{name}`: {error}"));
                    return self.end_failed(ix, failure);
                }
            };
        }
        self.touch(ix).outputs = Arc::new(outputs);
        self.end(ix, Ended::Succeeded);
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
fn capture(step: &Step) -> Capture {
    let mut capture = Capture::default();
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
    for output in step.outputs.values() {
        if let Output::Cel(cel) = output {
            see(cel.references().unwrap_or_default());
        }
    }
    if let Action::Http(http) = &step.action
        && let Some(condition) = &http.expect.condition
    {
        see(condition.references().unwrap_or_default());
    }
    capture
}

fn retries(retry: &Retry, failure: &Failure) -> bool {
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
fn backoff_ms(retry: &Retry, failed_attempt: u32, run: u128, next: &AttemptKey) -> u64 {
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

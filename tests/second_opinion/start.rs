//! START: what a step does once it may go on.

use std::collections::BTreeMap;

use loopline_core::expr::{Place, Scope, Template};
use loopline_core::graph::{Action, SetValue, SleepAction, Step as Definition};
use loopline_core::id::StepIx;
use loopline_core::outcome::{Failure, FailureKind};
use loopline_core::time::Timestamp;
use serde_json::{Value as Json, json};

use super::end::Ended;
use super::inside::in_place;
use super::state::{Asked, Live, Outputs, Past, St, State, What};

impl<'a> State<'a> {
    pub fn start(&mut self, x: StepIx) {
        self.at_mut(x).st = St::Running;
        let graph = self.graph;
        let step = graph.step(x);
        if let Some(many) = &step.many {
            return self.start_many(x, many);
        }
        match &step.action {
            Action::Run(_) | Action::Http(_) | Action::Pipeline(_) => self.start_attempt(x, None, 1),
            Action::Set(values) => {
                let ended = match self.values(x, values) {
                    Ok(outputs) => Ended::succeeded(outputs),
                    Err(failure) => Ended::failed(failure),
                };
                self.end(x, ended);
            }
            Action::Sleep(SleepAction::For(ms)) => self.sleep(x, self.world.now.plus_ms(*ms)),
            Action::Sleep(SleepAction::Until(cel)) => {
                let moment = cel.eval(&self.scope(x, cel.references())).map_err(|error| error.message);
                let moment = moment
                    .and_then(|value| value.as_str().and_then(Timestamp::parse).ok_or_else(|| "not a time".to_owned()));
                match moment {
                    Ok(until) => self.sleep(x, until),
                    Err(error) => self.end(x, Ended::failed(Failure::new(FailureKind::Condition, error))),
                }
            }
            Action::Approval(approval) => {
                match self.text(&approval.message, &self.scope(x, approval.message.references())) {
                    Ok(message) => self.ask(x, message, step),
                    Err(failure) => self.end(x, Ended::failed(failure)),
                }
            }
            Action::Wait(_) => self.wait_for_signal(x),
            Action::Container(_) => unreachable!("it is not drawn while core cannot run it"),
        }
    }

    /// Hands an attempt out; a template that cannot be filled in is a failure of the attempt.
    pub fn start_attempt(&mut self, x: StepIx, item: Option<u32>, attempt: u32) {
        // A step with items has none of its own: each item counts.
        match item {
            None => self.at_mut(x).attempt = attempt,
            Some(at) => self.at_mut(x).items[at as usize].attempt = attempt,
        }
        let graph = self.graph;
        let key = self.key(x, item, attempt);
        let begun = self.prepared(x, item, attempt).and_then(|env| match in_place(graph.step(x)) {
            Some(inner) => Ok((env, Some((inner, self.inputs_of_child(x, item, attempt)?)))),
            None => Ok((env, None)),
        });
        match begun {
            Ok((env, Some((inner, inputs)))) => self.start_child(x, key, inner, inputs, env),
            Ok((env, None)) => {
                self.world.handed_out.insert(key.clone(), env);
                self.push_live(x, What::Attempt { key, begun: false });
            }
            Err(failure) => self.attempt_ended((x, item), attempt, Ended::failed(failure)),
        }
    }

    fn inputs_of_child(&self, x: StepIx, item: Option<u32>, attempt: u32) -> Result<Outputs, Failure> {
        let Action::Pipeline(child) = &self.graph.step(x).action else { return Ok(Outputs::new()) };
        let mut inputs = Outputs::new();
        for (name, template) in &child.inputs {
            let value = template.render(&self.scope_of_item((x, item), self.at(x).vis, attempt, template.references()));
            let value = value.map_err(|error| Failure::new(FailureKind::Template, error.message))?;
            inputs.insert(name.clone(), value);
        }
        Ok(inputs)
    }

    pub fn push_live(&mut self, x: StepIx, what: What<'a>) {
        let live = Live { step: x, visit: self.at(x).vis, what, past: Past::No };
        let timer = live.timer(self);
        let until = match &live.what {
            What::Attempt { .. } | What::Child { .. } => None,
            What::BackOff { until, .. } | What::Sleep { until } => Some(*until),
            What::Signal { until } => *until,
            What::Approval(asked) => asked.until,
        };
        if let (Some(timer), Some(until)) = (timer, until) {
            self.set_timer(timer, until);
        }
        self.live.push(live);
    }

    fn sleep(&mut self, x: StepIx, until: Timestamp) {
        self.push_live(x, What::Sleep { until });
    }

    fn ask(&mut self, x: StepIx, message: String, step: &Definition) {
        let until = step.timeout_ms.map(|ms| self.world.now.plus_ms(ms));
        self.push_live(x, What::Approval(Asked { message, until, decisions: Vec::new() }));
    }

    /// The environment of an attempt, and everything else of it filled in: what cannot be filled in is of kind `template`.
    fn prepared(&self, x: StepIx, item: Option<u32>, attempt: u32) -> Result<BTreeMap<String, String>, Failure> {
        let step = self.graph.step(x);
        let scope = |reads| self.scope_of_item((x, item), self.at(x).vis, attempt, reads);
        let mut env = self.env.clone();
        for (name, template) in &step.env {
            env.insert(name.clone(), self.text(template, &scope(template.references()))?);
        }
        let template_error = |error: loopline_core::expr::ExprError| Failure::new(FailureKind::Template, error.message);
        match &step.action {
            Action::Run(run) => {
                let mut scope = scope(run.script.references());
                scope.insert("env".to_owned(), json!(env));
                run.script.render(&scope).map_err(template_error)?;
            }
            Action::Http(http) => {
                let mut scope = scope(http.url.references());
                scope.insert("env".to_owned(), json!(env));
                http.url.render(&scope, Place::Url).map_err(template_error)?;
            }
            _ => {}
        }
        Ok(env)
    }

    pub fn text(&self, template: &Template, scope: &Scope) -> Result<String, Failure> {
        let text = template.render(scope, Place::Plain);
        let text = text.map_err(|error| Failure::new(FailureKind::Template, error.message))?;
        Ok(text.as_plain().expect("no secret is drawn").to_owned())
    }

    fn values(&self, x: StepIx, values: &BTreeMap<String, SetValue>) -> Result<Outputs, Failure> {
        let mut outputs = Outputs::new();
        for (name, value) in values {
            let value = match value {
                SetValue::Cel(cel) => {
                    let value = cel.eval(&self.scope(x, cel.references()));
                    value.map_err(|error| Failure::new(FailureKind::Condition, error.message))?
                }
                SetValue::Literal(value) => Json::clone(value),
                SetValue::Template(template) => {
                    let value = template.render(&self.scope(x, template.references()));
                    value.map_err(|error| Failure::new(FailureKind::Template, error.message))?
                }
            };
            outputs.insert(name.clone(), value);
        }
        Ok(outputs)
    }
}

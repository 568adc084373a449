//! From the checked file to the graph: what was unsaid is filled in, spelling is gone.
//!
//! Only called when no error was found, so every name resolves here.

use std::collections::BTreeMap;

use loopline_core::expr::{Cel, Dialect, Script, Template, TemplateValue};
use loopline_core::graph::{
    Action, ApprovalAction, DEFAULT_ATTEMPT_TIMEOUT_MS, DEFAULT_MAX_VISITS, Expect, Goto, Graph, HttpAction, HttpAuth,
    HttpBody, Input, Join, Need, Output, Requirement, Retry, RunAction, SetValue, Shell, SleepAction, Step,
};
use loopline_core::id::{StepId, StepIx};

use crate::check::{approver, retry_on, status_range};
use crate::language::{
    Approval, Auth, Duration, Entries, Http, OutputSpec, RetrySpec, Scalar, SetSpec, ShellSpec, SleepSpec,
    Step as StepSpec, TemplateText,
};
use crate::model::{Kind, Loop, LoopCondition, Model, ModelStep};

/// Time between SIGTERM and SIGKILL, unless the step says otherwise.
const DEFAULT_GRACE_MS: u64 = 10_000;

/// Builds the graph. `None` where something is missing after all, which the checks must have reported.
pub(crate) fn lower(model: &Model<'_>, mut requires: Vec<Requirement>) -> Option<Graph> {
    let pipeline = model.pipeline;
    let mut graph = Graph::named(pipeline.name.0.as_ref()?.value.clone());
    graph.description = pipeline.description.as_ref().map(|text| text.value.clone());
    graph.run_name = pipeline.run_name.as_ref().map(template);
    graph.labels = templates(pipeline.labels.as_ref(), template);
    graph.timeout_ms = ms(pipeline.timeout.as_ref());
    graph.max_visits = pipeline
        .limits
        .as_ref()
        .and_then(|limits| limits.visits.as_ref())
        .map_or(DEFAULT_MAX_VISITS, |visits| visits.0.value);
    for (name, schema) in named(pipeline.inputs.as_ref()) {
        graph.inputs.insert(name.to_owned(), input(&schema.0.value));
    }
    for (name, cel) in named(pipeline.outputs.as_ref()) {
        graph.outputs.insert(name.to_owned(), Cel::new(cel.0.value.as_str()));
    }
    graph.steps = model.steps.iter().map(|each| step(model, each)).collect::<Option<_>>()?;
    requires.sort();
    requires.dedup();
    graph.requires = requires;
    Some(graph)
}

/// An input without the key `required` that is ours, not JSON Schema's.
pub(crate) fn input(schema: &serde_json::Value) -> Input {
    let mut schema = schema.clone();
    let default = schema.get("default").cloned();
    let optional = schema.get("required").and_then(serde_json::Value::as_bool);
    if let (Some(_), Some(object)) = (optional, schema.as_object_mut()) {
        object.remove("required");
    }
    Input { required: default.is_none() && optional.unwrap_or(true), default: default.unwrap_or_default(), schema }
}

fn step(model: &Model<'_>, step: &ModelStep<'_>) -> Option<Step> {
    let spec = step.spec?;
    let kind = step.kind?;
    let defaults = model.pipeline.defaults.as_ref().filter(|_| kind.works());
    let timeout = [
        spec.timeout.as_ref(),
        spec.http.as_ref().and_then(|http| http.timeout.as_ref()),
        spec.approval.as_ref().and_then(|approval| approval.timeout.as_ref()),
    ]
    .into_iter()
    .flatten()
    .map(|duration| duration.0.value)
    .min();
    let unsaid = match kind {
        Kind::Run | Kind::Http => {
            Some(defaults.and_then(|defaults| ms(defaults.timeout.as_ref())).unwrap_or(DEFAULT_ATTEMPT_TIMEOUT_MS))
        }
        _ => None,
    };
    Some(Step {
        id: StepId::new(step.id).ok()?,
        name: spec.name.as_ref().map(|text| text.value.clone()),
        description: spec.description.as_ref().map(|text| text.value.clone()),
        needs: step.needs.iter().map(|edge| Need { step: StepIx(edge.from as u32), on: edge.on }).collect(),
        join: step.at_least.map_or(Join::All, Join::AtLeast),
        condition: spec.condition.as_ref().map(|cel| Cel::new(cel.0.value.as_str())),
        action: action(spec, kind)?,
        goto: step.gotos.iter().map(goto).collect::<Option<_>>()?,
        retry: retry(spec.retry.as_ref(), defaults.and_then(|defaults| defaults.retry.as_ref())),
        timeout_ms: timeout.or(unsaid),
        idle_timeout_ms: ms(spec.idle_timeout.as_ref()),
        grace_ms: ms(spec.grace.as_ref()).unwrap_or(DEFAULT_GRACE_MS),
        env: env(model, spec),
        outputs: named(spec.outputs.as_ref()).map(|(name, output)| (name.to_owned(), self::output(output))).collect(),
        artifacts: named(spec.artifacts.as_ref()).map(|(name, path)| (name.to_owned(), path.value.clone())).collect(),
        allow_failure: spec.allow_failure.as_ref().is_some_and(|flag| flag.value),
        interruptible: spec.interruptible.as_ref().is_none_or(|flag| flag.value),
    })
}

/// The pipeline's `env` under the step's own. Steps that wait have it too: their messages may read it.
fn env(model: &Model<'_>, spec: &StepSpec) -> BTreeMap<String, Template> {
    let pipeline = named(model.pipeline.env.as_ref());
    let own = named(spec.env.as_ref());
    pipeline.chain(own).map(|(name, value)| (name.to_owned(), scalar_template(value))).collect()
}

fn action(spec: &StepSpec, kind: Kind) -> Option<Action> {
    Some(match kind {
        Kind::Run => {
            let shell = spec.shell.as_ref().map_or(Shell::Default, shell);
            let source = spec.run.as_ref()?.value.as_str();
            Action::Run(RunAction {
                script: script(source, &shell, spec.template.as_ref().is_none_or(|flag| flag.value)),
                shell,
                working_dir: spec.working_dir.as_ref().map(template),
            })
        }
        Kind::Http => Action::Http(Box::new(http(spec.http.as_ref()?)?)),
        Kind::Approval => Action::Approval(approval(spec.approval.as_ref()?)),
        Kind::Sleep => Action::Sleep(match spec.sleep.as_ref()? {
            SleepSpec::For(duration) => SleepAction::For(duration.0.value),
            SleepSpec::Until(cel) => SleepAction::Until(Cel::new(cel.0.value.as_str())),
        }),
        Kind::Set => Action::Set(
            named(spec.set.as_ref())
                .map(|(name, value)| {
                    let value = match value {
                        SetSpec::Cel(cel) => SetValue::Cel(Cel::new(cel.0.value.as_str())),
                        SetSpec::Literal(json) => SetValue::Literal(json.value.clone()),
                    };
                    (name.to_owned(), value)
                })
                .collect(),
        ),
        Kind::Container => unsupported(kind, spec.container.as_ref()?),
        Kind::Wait => unsupported(kind, spec.wait.as_ref()?),
        Kind::Pipeline => unsupported(kind, spec.pipeline.as_ref()?),
        Kind::Use => unsupported(kind, spec.uses.as_ref()?),
    })
}

fn unsupported(kind: Kind, value: &crate::language::Later) -> Action {
    Action::Unsupported { kind: kind.key().to_owned(), value: value.0.value.clone() }
}

/// What reads a script.
pub(crate) fn shell(spec: &ShellSpec) -> Shell {
    let words: Vec<String> = match spec {
        ShellSpec::Line(line) => line.value.split_whitespace().map(str::to_owned).collect(),
        ShellSpec::Words(words, _) => words.iter().map(|word| word.value.clone()).collect(),
    };
    // A shell by its bare name stops at the first failure, as the default does; with words of its own it does what they say.
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bash"] => Shell::Argv(["bash", "-euo", "pipefail"].map(str::to_owned).into()),
        ["sh"] => Shell::Argv(["sh", "-eu"].map(str::to_owned).into()),
        _ => Shell::Argv(words),
    }
}

/// The script, its holes lexed for what reads it.
pub(crate) fn script(source: &str, shell: &Shell, has_holes: bool) -> Script {
    let dialect = match shell {
        Shell::Default => Dialect::Posix,
        Shell::Argv(words) => {
            let name = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
            match name {
                "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh" => Dialect::Posix,
                _ => Dialect::Other,
            }
        }
    };
    if has_holes { Script::new(source, dialect) } else { Script::raw(source, dialect) }
}

fn http(spec: &Http) -> Option<HttpAction> {
    let body = if let Some(json) = &spec.json {
        Some(HttpBody::Json(TemplateValue::new(json.0.value.clone())))
    } else if let Some(form) = &spec.form {
        let entries =
            named(Some(form)).map(|(name, value)| (name.to_owned(), TemplateValue::new(value.0.value.clone())));
        Some(HttpBody::Form(entries.collect()))
    } else {
        spec.body.as_ref().map(|body| HttpBody::Text(template(body)))
    };
    let auth = match &spec.auth {
        Some(Auth { bearer: Some(bearer), .. }) => Some(HttpAuth::Bearer(template(bearer))),
        Some(Auth { basic: Some(basic), .. }) => {
            Some(HttpAuth::Basic { user: template(&basic.user), password: template(&basic.password) })
        }
        _ => None,
    };
    let expect = spec.expect.as_ref().map_or_else(Expect::default, |expect| Expect {
        status: expect
            .status
            .iter()
            .flat_map(|status| &status.0)
            .filter_map(|status| status_range(&status.0.value))
            .collect(),
        condition: expect.condition.as_ref().map(|cel| Cel::new(cel.0.value.as_str())),
    });
    Some(HttpAction {
        method: spec.method.as_ref().map_or_else(
            || if body.is_some() { "POST".to_owned() } else { "GET".to_owned() },
            |method| method.value.to_ascii_uppercase(),
        ),
        url: template(&spec.url),
        query: templates(spec.query.as_ref(), scalar_template),
        headers: templates(spec.headers.as_ref(), scalar_template),
        auth,
        body,
        expect,
        follow_redirects: spec.follow_redirects.as_ref().is_none_or(|flag| flag.value),
    })
}

fn approval(spec: &Approval) -> ApprovalAction {
    let approvers = spec.approvers.iter().flat_map(|approvers| &approvers.0);
    ApprovalAction {
        message: template(&spec.message),
        approvers: approvers.filter(|text| approver(&text.value).is_some()).map(|text| text.value.clone()).collect(),
        quorum: spec.quorum.as_ref().map_or(1, |quorum| quorum.0.value),
        allow_self: spec.allow_self.as_ref().is_none_or(|flag| flag.value),
        fields: named(spec.fields.as_ref()).map(|(name, schema)| (name.to_owned(), schema.0.value.clone())).collect(),
    }
}

fn goto(entry: &Loop<'_>) -> Option<Goto> {
    Some(Goto {
        to: StepIx(entry.target()? as u32),
        on: entry.on,
        condition: entry.condition.map(|condition| match condition {
            LoopCondition::If(cel) => Cel::new(cel.0.value.as_str()),
            LoopCondition::Until(cel) => Cel::new(format!("!({})", cel.0.value)),
        }),
        max: entry.max.and_then(|max| max.times),
        delay_ms: entry.delay_ms,
        on_exhausted: entry.on_exhausted,
        drain: entry.drain,
    })
}

/// The step's own keys over those of `defaults`, over those of core.
fn retry(own: Option<&RetrySpec>, defaults: Option<&RetrySpec>) -> Retry {
    let mut retry = Retry::default();
    for spec in [defaults, own].into_iter().flatten() {
        if let Some(max_attempts) = &spec.max_attempts {
            retry.max_attempts = max_attempts.0.value;
        }
        if let Some(initial) = &spec.initial {
            retry.initial_ms = initial.0.value;
        }
        if let Some(factor) = &spec.factor {
            retry.factor = factor.0.value;
        }
        if let Some(max) = &spec.max {
            retry.max_ms = max.0.value;
        }
        if let Some(on) = &spec.on {
            retry.on = on.0.iter().filter_map(|kind| retry_on(&kind.value)).collect();
        }
    }
    retry
}

fn output(spec: &OutputSpec) -> Output {
    match spec {
        OutputSpec::Cel(cel) => Output::Cel(Cel::new(cel.0.value.as_str())),
        OutputSpec::Schema(schema) => Output::Schema(schema.0.value.clone()),
    }
}

fn ms(duration: Option<&Duration>) -> Option<u64> {
    duration.map(|duration| duration.0.value)
}

fn template(text: &TemplateText) -> Template {
    Template::new(text.0.value.as_str())
}

fn scalar_template(text: &Scalar) -> Template {
    Template::new(text.0.value.as_str())
}

fn templates<T>(entries: Option<&Entries<T>>, make: impl Fn(&T) -> Template) -> BTreeMap<String, Template> {
    named(entries).map(|(name, value)| (name.to_owned(), make(value))).collect()
}

fn named<T>(entries: Option<&Entries<T>>) -> impl Iterator<Item = (&str, &T)> {
    let items = entries.map(|entries| entries.0.as_slice()).unwrap_or_default();
    items.iter().filter_map(|item| Some((item.name.as_str(), item.value.as_ref()?)))
}

//! From the checked file to the graph: what was unsaid is filled in, spelling is gone.
//!
//! Only called when no error was found, so every name resolves here.

use std::collections::{BTreeMap, BTreeSet};

use loopline_core::expr::{Cel, Dialect, Script, Template, TemplateValue};
use loopline_core::graph::{
    Action, ApprovalAction, Cache, ChildAction, ChildPipeline, Compensate, CompensateOn, CompensatePer, Concurrency,
    DEFAULT_ATTEMPT_TIMEOUT_MS, DEFAULT_MAX_ITEMS, DEFAULT_MAX_VISITS, Expect, Fetch, FileTrigger, Goto, Graph,
    HttpAction, HttpAuth, HttpBody, Input, ItemList, Items, Join, Many, Missed, Need, Notify, OfType, Output, Overlap,
    PipelineTrigger, Requirement, Retry, RunAction, RunEnd, Schedule, SetValue, Shell, SleepAction, Step, StepLimits,
    Tls, Triggers, WaitAction, Webhook, When, WhenFull, With,
};
use loopline_core::id::{StepId, StepIx};
use serde_json::Value as Json;

use crate::cache_key;
use crate::check::{approver, artifact_of, retry_on, status_range, when};
use crate::decode::Over as _;
use crate::language::{
    AnyJson, Approval, Auth, CelText, Compensate as CompensateSpec, Duration, Entries, Flag, Http, ItemsSpec,
    OneOrMany, OutputSpec, Pipeline, RetrySpec, Scalar, SetSpec, ShellSpec, SleepSpec, Step as StepSpec, TemplateText,
    Text, Word,
};
use crate::model::{Kind, Loop, LoopCondition, Model, ModelStep};
use crate::step_types::LoadedType;

mod container;

/// Time between SIGTERM and SIGKILL, unless the step says otherwise.
const DEFAULT_GRACE_MS: u64 = 10_000;

/// How long a step waits for its callback, unless it says otherwise.
const DEFAULT_CALLBACK_TIMEOUT_MS: u64 = DEFAULT_ATTEMPT_TIMEOUT_MS;

/// Builds the graph. `None` where something is missing after all, which the checks must have reported.
pub(crate) fn lower(model: &Model<'_>, mut requires: Vec<Requirement>) -> Option<Graph> {
    let pipeline = model.pipeline;
    let mut graph = Graph::named(pipeline.name.0.as_ref()?.value.clone());
    graph.description = pipeline.description.as_ref().map(|text| text.value.clone());
    graph.run_name = pipeline.run_name.as_ref().map(template);
    graph.labels = templates(pipeline.labels.as_ref(), template);
    graph.timeout_ms = ms(pipeline.timeout.as_ref());
    limits(pipeline, &mut graph);
    graph.triggers = triggers(pipeline);
    graph.concurrency = pipeline.concurrency.as_ref().map(|concurrency| Concurrency {
        group: template(&concurrency.group),
        limit: concurrency.limit.as_ref().map_or(1, |limit| limit.0.value),
        when_full: word(concurrency.when_full.as_ref()).unwrap_or(WhenFull::Queue),
    });
    graph.secrets =
        sorted(pipeline.secrets.iter().flat_map(|secrets| secrets.iter()).map(|secret| secret.value.clone()));
    graph.fail_fast = pipeline.fail_fast.as_ref().is_some_and(|flag| flag.value);
    graph.notify = pipeline.notify.iter().flat_map(|notify| notify.iter()).map(notify).collect();
    graph.junit = pipeline.reports.as_ref().map_or_else(Vec::new, |reports| texts(Some(&reports.junit)));
    for (name, schema) in named(pipeline.inputs.as_ref()) {
        graph.inputs.insert(name.to_owned(), input(&schema.0.value));
    }
    let common = model.pipeline.defaults.as_ref().and_then(|defaults| defaults.retry.as_ref());
    steps(model, &mut graph, &retry(common, &Retry::default()), &mut requires)?;
    requires.sort();
    requires.dedup();
    graph.requires = requires;
    Some(graph)
}

fn limits(pipeline: &Pipeline, graph: &mut Graph) {
    let Some(limits) = &pipeline.limits else { return };
    graph.max_visits = limits.visits.as_ref().map_or(DEFAULT_MAX_VISITS, |visits| visits.0.value);
    graph.max_items = limits.items.as_ref().map_or(DEFAULT_MAX_ITEMS, |items| items.0.value);
    graph.max_log_bytes = limits.log.as_ref().map(|log| log.0.value);
}

/// Steps, outputs and what lies inside, of any of the graphs of a file.
/// `common` is what `defaults` says of retries.
fn steps(model: &Model<'_>, graph: &mut Graph, common: &Retry, requires: &mut Vec<Requirement>) -> Option<()> {
    for (name, cel) in named(model.outputs) {
        graph.outputs.insert(name.to_owned(), self::cel(cel));
    }
    graph.steps = model.steps.iter().map(|each| step(model, each, common, requires)).collect::<Option<_>>()?;
    for (at, child) in &model.children {
        let mut inside = Graph::named(format!("{}.{}", graph.name, model.steps[*at].id));
        // A child sees nothing but its inputs, and they are what it is given.
        let anything = || Input { schema: Json::Bool(true), required: true, default: Json::Null };
        inside.inputs = child.inputs.keys().map(|name| ((*name).to_owned(), anything())).collect();
        inside.max_visits = graph.max_visits;
        inside.max_items = graph.max_items;
        inside.secrets = graph.secrets.clone();
        steps(child, &mut inside, common, requires)?;
        if let Action::Pipeline(action) = &mut graph.steps[*at].action {
            action.pipeline = ChildPipeline::InPlace(Box::new(inside));
        }
    }
    if let Some(finally) = model.finally.as_deref().filter(|finally| !finally.steps.is_empty()) {
        let mut graph_of_finally = Graph::named(graph.name.clone());
        graph_of_finally.max_visits = graph.max_visits;
        graph_of_finally.max_items = graph.max_items;
        graph_of_finally.secrets = graph.secrets.clone();
        steps(finally, &mut graph_of_finally, common, requires)?;
        graph.finally = Some(Box::new(graph_of_finally));
    }
    Some(())
}

/// An input without the key `required` that is ours, not JSON Schema's.
pub(crate) fn input(schema: &Json) -> Input {
    let mut schema = schema.clone();
    let default = schema.get("default").cloned();
    let optional = schema.get("required").and_then(Json::as_bool);
    if let (Some(_), Some(object)) = (optional, schema.as_object_mut()) {
        object.remove("required");
    }
    Input { required: default.is_none() && optional.unwrap_or(true), default: default.unwrap_or_default(), schema }
}

fn triggers(pipeline: &Pipeline) -> Triggers {
    let Some(triggers) = &pipeline.triggers else { return Triggers::default() };
    let schedule = triggers.schedule.iter().flat_map(|all| all.iter()).filter_map(|schedule| {
        let every = schedule.every.as_ref().map(|every| When::EveryMs(every.0.value));
        Some(Schedule {
            when: every.or_else(|| schedule.cron.as_ref().and_then(|cron| when(&cron.value).ok()))?,
            timezone: schedule.timezone.as_ref().map_or_else(|| "UTC".to_owned(), |zone| zone.value.clone()),
            jitter_ms: ms(schedule.jitter.as_ref()).unwrap_or(0),
            overlap: word(schedule.overlap.as_ref()).unwrap_or(Overlap::Skip),
            missed: word(schedule.missed.as_ref()).unwrap_or(Missed::Skip),
            catch_up_ms: ms(schedule.catch_up.as_ref()),
            inputs: literals(schedule.inputs.as_ref()),
        })
    });
    let webhook = triggers.webhook.iter().flat_map(|all| all.iter()).map(|webhook| Webhook {
        provider: webhook.provider.0.value,
        events: texts(webhook.events.as_ref()),
        branches: texts(webhook.branches.as_ref()),
        tags: texts(webhook.tags.as_ref()),
        paths: texts(webhook.paths.as_ref()),
        condition: webhook.condition.as_ref().map(cel),
        inputs: template_values(webhook.inputs.as_ref()),
    });
    let pipeline = triggers.pipeline.iter().flat_map(|all| all.iter()).map(|other| PipelineTrigger {
        name: other.name.value.clone(),
        on: words(other.on.as_ref()).unwrap_or_else(|| vec![RunEnd::Succeeded]),
        inputs: literals(other.inputs.as_ref()),
    });
    let files = triggers
        .files
        .iter()
        .flat_map(|all| all.iter())
        .map(|files| FileTrigger { paths: texts(Some(&files.paths)), inputs: literals(files.inputs.as_ref()) });
    Triggers {
        manual: triggers.manual.as_ref().is_none_or(|flag| flag.value),
        schedule: schedule.collect(),
        webhook: webhook.collect(),
        pipeline: pipeline.collect(),
        files: files.collect(),
    }
}

fn notify(spec: &crate::language::Notify) -> Notify {
    Notify { on: words(Some(&spec.on)).unwrap_or_default(), to: spec.to.value.clone() }
}

fn step(model: &Model<'_>, step: &ModelStep<'_>, common: &Retry, requires: &mut Vec<Requirement>) -> Option<Step> {
    let own = step.spec?;
    let kind = step.kind?;
    // A step of a type is that of the type, with what is said here above it.
    let typed = step.uses.and_then(|uses| {
        let pointer = step.at.key("use").pointer();
        requires.extend(
            uses.requires
                .iter()
                .map(|requirement| Requirement { feature: requirement.feature.clone(), pointer: pointer.clone() }),
        );
        Some(expand(own, uses.step()?))
    });
    let spec = typed.as_ref().unwrap_or(own);
    let defaults = model.pipeline.defaults.as_ref().filter(|_| kind.works());
    let timeout = timeout(spec).or_else(|| match kind {
        Kind::Run | Kind::Http | Kind::Container => {
            Some(defaults.and_then(|defaults| ms(defaults.timeout.as_ref())).unwrap_or(DEFAULT_ATTEMPT_TIMEOUT_MS))
        }
        _ => None,
    });
    let once = Retry::default();
    let retry = retry(spec.retry.as_ref(), if kind.works() { common } else { &once });
    let runs_on = spec.runs_on.as_ref().or_else(|| defaults.and_then(|defaults| defaults.runs_on.as_ref()));
    let env = env(model, spec);
    Some(Step {
        id: StepId::new(step.id).ok()?,
        name: spec.name.as_ref().map(|text| text.value.clone()),
        description: spec.description.as_ref().map(|text| text.value.clone()),
        needs: step.needs.iter().map(|edge| Need { step: StepIx(edge.from as u32), on: edge.on }).collect(),
        join: step.at_least.map_or(Join::All, Join::AtLeast),
        condition: spec.condition.as_ref().map(cel),
        action: action(spec, kind)?,
        goto: step.gotos.iter().map(goto).collect::<Option<_>>()?,
        compensate: match &spec.compensate {
            Some(compensate) => Some(Box::new(self::compensate(model, compensate, timeout, &retry)?)),
            None => None,
        },
        retry,
        timeout_ms: timeout,
        idle_timeout_ms: ms(spec.idle_timeout.as_ref()),
        queue_timeout_ms: ms(spec.queue_timeout.as_ref()),
        grace_ms: ms(spec.grace.as_ref()).unwrap_or(DEFAULT_GRACE_MS),
        env,
        outputs: named(spec.outputs.as_ref()).map(|(name, output)| (name.to_owned(), self::output(output))).collect(),
        artifacts: named(spec.artifacts.as_ref()).map(|(name, path)| (name.to_owned(), path.value.clone())).collect(),
        allow_failure: spec.allow_failure.as_ref().is_some_and(|flag| flag.value),
        interruptible: spec.interruptible.as_ref().is_none_or(|flag| flag.value),
        many: many(spec).map(Box::new),
        runs_on: runs_on.map_or_else(Vec::new, |labels| sorted(texts(Some(labels)))),
        lock: spec.lock.as_ref().map(template),
        fresh_workspace: word(spec.workspace.as_ref()) == Some(crate::language::Workspace::Fresh),
        fetch: fetch(spec),
        cache: spec.cache.iter().flat_map(|caches| &caches.0).map(cache).collect(),
        services: container::services(spec),
        limits: step_limits(spec),
        junit: spec.reports.as_ref().map_or_else(Vec::new, |reports| texts(Some(&reports.junit))),
        with: step.uses.map(|uses| with(own, uses)),
    })
}

/// What a step says over what its type says. Environment and outputs of both are there.
fn expand(own: &StepSpec, of_type: &StepSpec) -> StepSpec {
    let mut step = own.clone().over(of_type.clone());
    let (own, of_type) = (own.clone(), of_type.clone());
    step.env = both(own.env, of_type.env);
    step.outputs = both(own.outputs, of_type.outputs);
    step.artifacts = both(own.artifacts, of_type.artifacts);
    step
}

fn both<T>(own: Option<Entries<T>>, of_type: Option<Entries<T>>) -> Option<Entries<T>> {
    match (own, of_type) {
        // The later one wins where they become a map.
        (Some(own), Some(mut all)) => {
            all.0.extend(own.0);
            Some(all)
        }
        (own, of_type) => own.or(of_type),
    }
}

fn with(own: &StepSpec, uses: &LoadedType) -> With {
    With {
        of_type: uses.step().map(|of_type| self::of_type(own, of_type)).unwrap_or_default(),
        uses: uses.name.clone(),
        inputs: named(uses.file.inputs.as_ref())
            .map(|(name, schema)| (name.to_owned(), input(&schema.0.value)))
            .collect(),
        values: template_values(own.with.as_ref()),
    }
}

/// What of the expanded step stands there as the type wrote it.
fn of_type(own: &StepSpec, of_type: &StepSpec) -> OfType {
    OfType {
        env: only_in(of_type.env.as_ref(), own.env.as_ref()),
        outputs: only_in(of_type.outputs.as_ref(), own.outputs.as_ref()),
        services: {
            let of_container = of_type.container.as_ref().and_then(|container| container.services.as_ref());
            let of_step = of_type.services.as_ref().filter(|_| own.services.is_none());
            [of_step, of_container].into_iter().flatten().flat_map(|all| named(Some(all))).map(name_of).collect()
        },
        lock: own.lock.is_none() && of_type.lock.is_some(),
        cache: own.cache.is_none() && of_type.cache.is_some(),
    }
}

fn only_in<T>(these: Option<&Entries<T>>, others: Option<&Entries<T>>) -> BTreeSet<String> {
    let others: BTreeSet<String> = named(others).map(name_of).collect();
    named(these).map(name_of).filter(|name| !others.contains(name)).collect()
}

fn name_of<T>((name, _): (&str, T)) -> String {
    name.to_owned()
}

/// The shortest of those that are said.
fn timeout(spec: &StepSpec) -> Option<u64> {
    let said = [
        spec.timeout.as_ref(),
        spec.http.as_ref().and_then(|http| http.timeout.as_ref()),
        spec.approval.as_ref().and_then(|approval| approval.timeout.as_ref()),
        spec.wait.as_ref().and_then(|wait| wait.timeout.as_ref()),
    ];
    said.into_iter().flatten().map(|duration| duration.0.value).min()
}

/// The pipeline's `env` under the step's own. Steps that wait have it too: their messages may read it.
fn env(model: &Model<'_>, spec: &StepSpec) -> BTreeMap<String, Template> {
    // What a child in place gets of its environment is handed to it by the step that runs it.
    let common = match model.part {
        crate::model::Part::InPlace => None,
        _ => model.pipeline.env.as_ref(),
    };
    let own = named(spec.env.as_ref());
    named(common).chain(own).map(|(name, value)| (name.to_owned(), scalar_template(value))).collect()
}

fn many(spec: &StepSpec) -> Option<Many> {
    if let Some(foreach) = &spec.foreach {
        return Some(Many {
            items: Items::List(items(&foreach.items)),
            alias: foreach.alias.as_ref().map(|alias| alias.value.clone()),
            key: foreach.key.as_ref().map(cel),
            max_parallel: foreach.max_parallel.as_ref().map(|most| most.0.value),
            fail_fast: flag(foreach.fail_fast.as_ref()),
            tolerate: foreach.tolerate.as_ref().map_or(0, |most| most.0.value),
        });
    }
    let matrix = spec.matrix.as_ref()?;
    let rows = |rows: &Option<Vec<Entries<AnyJson>>>| rows.iter().flatten().map(|row| literals(Some(row))).collect();
    Some(Many {
        items: Items::Matrix {
            axes: named(Some(&matrix.axes)).map(|(name, axis)| (name.to_owned(), items(axis))).collect(),
            include: rows(&matrix.include),
            exclude: rows(&matrix.exclude),
        },
        alias: None,
        key: None,
        max_parallel: matrix.max_parallel.as_ref().map(|most| most.0.value),
        fail_fast: flag(matrix.fail_fast.as_ref()),
        tolerate: matrix.tolerate.as_ref().map_or(0, |most| most.0.value),
    })
}

fn items(spec: &ItemsSpec) -> ItemList {
    match spec {
        ItemsSpec::Cel(cel) => ItemList::Cel(self::cel(cel)),
        ItemsSpec::Template(value) => ItemList::Template(TemplateValue::new(value.value.clone())),
    }
}

fn fetch(spec: &StepSpec) -> Vec<Fetch> {
    let fetch = spec.fetch.iter().flat_map(|fetch| &fetch.0).filter_map(|text| {
        let (step, artifact) = artifact_of(&text.value)?;
        Some(Fetch { step: StepId::new(step).ok()?, artifact: artifact.to_owned() })
    });
    sorted(fetch)
}

fn cache(spec: &crate::language::Cache) -> Cache {
    let keys = spec.restore_keys.iter().flat_map(|keys| &keys.0);
    Cache {
        key: cache_key::lower(&spec.key.0.value),
        paths: texts(Some(&spec.paths)),
        restore_keys: keys.map(|key| cache_key::lower(&key.0.value)).collect(),
    }
}

fn step_limits(spec: &StepSpec) -> StepLimits {
    let Some(limits) = &spec.limits else { return StepLimits::default() };
    StepLimits {
        memory: limits.memory.as_ref().map(|size| size.0.value),
        cpus_milli: limits.cpus.as_ref().map(container::milli),
        log: limits.log.as_ref().map(|size| size.0.value),
        output: limits.output.as_ref().map(|size| size.0.value),
    }
}

fn compensate(model: &Model<'_>, spec: &CompensateSpec, timeout: Option<u64>, retry: &Retry) -> Option<Compensate> {
    let action = if spec.run.is_some() {
        run(spec.run.as_ref()?, spec.shell.as_ref(), spec.template.as_ref(), spec.working_dir.as_ref())
    } else if let Some(http) = &spec.http {
        Action::Http(Box::new(self::http(http)))
    } else {
        Action::Container(Box::new(container::container(spec.container.as_ref()?)))
    };
    Some(Compensate {
        action,
        env: templates(spec.env.as_ref(), scalar_template),
        timeout_ms: ms(spec.timeout.as_ref()).or(timeout).unwrap_or(DEFAULT_ATTEMPT_TIMEOUT_MS),
        retry: self::retry(spec.retry.as_ref(), retry),
        until: spec.until.as_ref().and_then(|until| model.index.get(until.value.as_str())).map(|ix| StepIx(*ix as u32)),
        on: words(spec.on.as_ref()).unwrap_or_else(|| vec![CompensateOn::Failed]),
        per: word(spec.per.as_ref()).unwrap_or(CompensatePer::Step),
    })
}

fn action(spec: &StepSpec, kind: Kind) -> Option<Action> {
    Some(match kind {
        Kind::Run => run(spec.run.as_ref()?, spec.shell.as_ref(), spec.template.as_ref(), spec.working_dir.as_ref()),
        Kind::Http => Action::Http(Box::new(http(spec.http.as_ref()?))),
        Kind::Approval => Action::Approval(approval(spec.approval.as_ref()?)),
        Kind::Sleep => Action::Sleep(match spec.sleep.as_ref()? {
            SleepSpec::For(duration) => SleepAction::For(duration.0.value),
            SleepSpec::Until(until) => SleepAction::Until(cel(until)),
        }),
        Kind::Set => {
            Action::Set(named(spec.set.as_ref()).map(|(name, value)| (name.to_owned(), set_value(value))).collect())
        }
        Kind::Container => Action::Container(Box::new(container::container(spec.container.as_ref()?))),
        Kind::Wait => {
            let wait = spec.wait.as_ref()?;
            Action::Wait(WaitAction {
                signal: wait.signal.value.clone(),
                schema: wait.schema.as_ref().map(|schema| schema.0.value.clone()),
                condition: wait.condition.as_ref().map(cel),
            })
        }
        Kind::Pipeline => {
            let child = spec.pipeline.as_ref()?;
            // One in place takes the place of the name once its steps are lowered.
            let name = child.name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
            Action::Pipeline(Box::new(ChildAction {
                pipeline: ChildPipeline::Named(name),
                inputs: template_values(child.inputs.as_ref()),
            }))
        }
        Kind::Use => return None,
    })
}

fn set_value(spec: &SetSpec) -> SetValue {
    match spec {
        SetSpec::Cel(text) => SetValue::Cel(cel(text)),
        SetSpec::Template(json) if has_holes(&json.value) => SetValue::Template(TemplateValue::new(json.value.clone())),
        SetSpec::Template(json) => SetValue::Literal(json.value.clone()),
    }
}

fn has_holes(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains("{{"),
        Json::Array(items) => items.iter().any(has_holes),
        Json::Object(map) => map.values().any(has_holes),
        _ => false,
    }
}

fn run(
    source: &Text,
    shell: Option<&ShellSpec>,
    template: Option<&Flag>,
    working_dir: Option<&TemplateText>,
) -> Action {
    let shell = shell.map_or(Shell::Default, self::shell);
    Action::Run(RunAction {
        script: script(&source.value, &shell, template.is_none_or(|flag| flag.value)),
        shell,
        working_dir: working_dir.map(self::template),
    })
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

fn http(spec: &Http) -> HttpAction {
    let body = if let Some(json) = &spec.json {
        Some(HttpBody::Json(TemplateValue::new(json.0.value.clone())))
    } else if let Some(form) = spec.form.as_deref() {
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
        condition: expect.condition.as_ref().map(cel),
        schema: expect.schema.as_ref().map(|schema| schema.0.value.clone()),
    });
    HttpAction {
        method: spec.method.as_ref().map_or_else(
            || if body.is_some() { "POST".to_owned() } else { "GET".to_owned() },
            |method| method.value.to_ascii_uppercase(),
        ),
        url: template(&spec.url),
        query: templates(spec.query.as_deref(), scalar_template),
        headers: templates(spec.headers.as_deref(), scalar_template),
        auth,
        body,
        expect,
        follow_redirects: spec.follow_redirects.as_ref().is_none_or(|flag| flag.value),
        tls: spec.tls.as_ref().map(|tls| {
            let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
            Tls { ca: text(&tls.ca), cert: text(&tls.cert), key: text(&tls.key), insecure: flag(tls.insecure.as_ref()) }
        }),
        callback_timeout_ms: spec
            .callback
            .as_ref()
            .map(|callback| ms(callback.timeout.as_ref()).unwrap_or(DEFAULT_CALLBACK_TIMEOUT_MS)),
    }
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

/// The keys that are given, over what holds without them.
fn retry(own: Option<&RetrySpec>, under: &Retry) -> Retry {
    let mut retry = under.clone();
    let Some(own) = own else { return retry };
    if let Some(max_attempts) = &own.max_attempts {
        retry.max_attempts = max_attempts.0.value;
    }
    if let Some(initial) = &own.initial {
        retry.initial_ms = initial.0.value;
    }
    if let Some(factor) = &own.factor {
        retry.factor = factor.0.value;
    }
    if let Some(max) = &own.max {
        retry.max_ms = max.0.value;
    }
    if let Some(on) = &own.on {
        retry.on.clear();
        for kind in on.0.iter().filter_map(|kind| retry_on(&kind.value)) {
            // There are fewer than three hundred, however often they are said.
            if !retry.on.contains(&kind) {
                retry.on.push(kind);
            }
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

fn cel(text: &CelText) -> Cel {
    Cel::new(text.0.value.as_str())
}

fn flag(flag: Option<&Flag>) -> bool {
    flag.is_some_and(|flag| flag.value)
}

fn word<T: Copy>(word: Option<&Word<T>>) -> Option<T> {
    word.map(|word| word.0.value)
}

/// Words of a list in their order in the language; nothing where none is given.
fn words<T: Copy + Ord>(words: Option<&OneOrMany<Word<T>>>) -> Option<Vec<T>> {
    Some(sorted(words?.0.iter().map(|word| word.0.value)))
}

fn texts(texts: Option<&OneOrMany<Text>>) -> Vec<String> {
    texts.iter().flat_map(|texts| &texts.0).map(|text| text.value.clone()).collect()
}

fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort();
    values.dedup();
    values
}

fn literals(entries: Option<&Entries<AnyJson>>) -> BTreeMap<String, Json> {
    named(entries).map(|(name, value)| (name.to_owned(), value.0.value.clone())).collect()
}

fn template_values(entries: Option<&Entries<AnyJson>>) -> BTreeMap<String, TemplateValue> {
    named(entries).map(|(name, value)| (name.to_owned(), TemplateValue::new(value.0.value.clone()))).collect()
}

fn templates<T>(entries: Option<&Entries<T>>, make: impl Fn(&T) -> Template) -> BTreeMap<String, Template> {
    named(entries).map(|(name, value)| (name.to_owned(), make(value))).collect()
}

fn named<T>(entries: Option<&Entries<T>>) -> impl Iterator<Item = (&str, &T)> {
    let items = entries.map(|entries| entries.0.as_slice()).unwrap_or_default();
    items.iter().filter_map(|item| Some((item.name.as_str(), item.value.as_ref()?)))
}

//! Where expressions, templates and scripts stand in a file, and which names each of them may read.

use loopline_core::expr::Script;
use loopline_core::graph::GotoOn;
use serde_json::Value as Json;

use crate::cache_key::{self, KeyPart};
use crate::diagnostics::Place;
use crate::language::{
    AnyJson, CelText, Compensate, Container, Entries, Flag, Foreach, Http, ItemsSpec, Matrix, OutputSpec, Scalar,
    Service, SetSpec, ShellSpec, SleepSpec, Step, TemplateText, Text as LanguageText,
};
use crate::model::{Kind, LoopCondition, Model, ModelStep, Part};
use crate::route::Route;

/// One expression, template or script.
pub(super) struct Site<'a> {
    pub(super) text: Text<'a>,
    /// The scalar it is.
    pub(super) at: Route,
    /// Where in the scalar it begins.
    pub(super) offset: usize,
    /// Evaluated for each item of the step.
    pub(super) of_item: bool,
    /// The step it belongs to.
    pub(super) step: Option<usize>,
    pub(super) place: Where,
}

impl Site<'_> {
    /// The place of a part of the text.
    pub(super) fn within(&self, part: &std::ops::Range<usize>) -> Place {
        Place::Within(self.at.clone(), part.start + self.offset..part.end + self.offset)
    }
}

pub(super) enum Text<'a> {
    /// CEL.
    Cel(&'a str),
    /// CEL that must be true or false.
    Condition(&'a str),
    Template(&'a str),
    Script(Script),
}

/// What decides which names are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// `run_name`, `labels`, the concurrency group: before anything has run.
    Start,
    /// A webhook: before there is a run.
    Event,
    /// The pipeline's `env`.
    PipelineEnv,
    /// The pipeline's `outputs`.
    End,
    /// A step's `env`.
    Env,
    /// What is given to a step type.
    With,
    /// Anything else of a step.
    Body,
    /// The address of a request.
    Request,
    /// A value of `http` that may hold a secret.
    Secretive,
    /// `expect.if`.
    Expect,
    /// A step's `outputs`.
    Result(Kind),
    /// `if` of a `wait`, of the signal that came.
    Signal,
    /// A compensation, which sees what the visit saw that it undoes. `secretive`: a secret may stand there.
    Undo { secretive: bool },
    /// A loop edge, which sees how its own step ended. `sure`: its outputs are there.
    Loop { sure: bool },
}

impl Where {
    /// The root names known here, and `secrets` where they may stand.
    pub(super) fn roots(self) -> Vec<&'static str> {
        let step = ["inputs", "env", "steps", "run", "event", "visit", "attempt", "previous"];
        match self {
            Self::Start => vec!["inputs", "run", "event"],
            Self::Event => vec!["event"],
            Self::PipelineEnv => vec!["inputs", "run", "event", "visit", "attempt", "secrets"],
            Self::End => vec!["inputs", "steps", "run", "event"],
            Self::Env => step.into_iter().filter(|root| *root != "env").chain(["secrets"]).collect(),
            Self::With => step.into_iter().filter(|root| *root != "env").collect(),
            Self::Body | Self::Request | Self::Loop { .. } | Self::Undo { secretive: false } => step.to_vec(),
            Self::Signal => step.into_iter().chain(["payload"]).collect(),
            Self::Secretive | Self::Undo { secretive: true } => step.into_iter().chain(["secrets"]).collect(),
            Self::Expect => step.into_iter().chain(["response"]).collect(),
            Self::Result(kind) => step.into_iter().chain(result_roots(kind).iter().copied()).collect(),
        }
    }
}

/// S4: what `outputs` are computed from.
pub(super) fn result_roots(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Run | Kind::Container => &["stdout", "stderr", "exit_code"],
        Kind::Http => &["response", "payload"],
        Kind::Wait => &["payload"],
        _ => &["stdout", "stderr", "exit_code", "response", "payload"],
    }
}

/// All of one graph of a file; with those of the steps also those of the file as a whole.
pub(super) fn of<'a>(model: &Model<'a>) -> Vec<Site<'a>> {
    let mut sites = Sites { sites: Vec::new(), step: None, of_item: false };
    if model.part == Part::Steps {
        sites.pipeline(model);
    }
    for item in model.outputs.iter().flat_map(|outputs| &outputs.0) {
        if let Some(cel) = &item.value {
            sites.cel(cel, Where::End);
        }
    }
    for (at, step) in model.steps.iter().enumerate() {
        sites.step = Some(at);
        sites.step(step);
    }
    sites.sites
}

struct Sites<'a> {
    sites: Vec<Site<'a>>,
    step: Option<usize>,
    of_item: bool,
}

impl<'a> Sites<'a> {
    fn push(&mut self, text: Text<'a>, at: &Route, place: Where) {
        self.push_from(text, at, 0, place);
    }

    fn push_from(&mut self, text: Text<'a>, at: &Route, offset: usize, place: Where) {
        self.sites.push(Site { text, at: at.clone(), offset, of_item: self.of_item, step: self.step, place });
    }

    fn cel(&mut self, cel: &'a CelText, place: Where) {
        self.push(Text::Cel(&cel.0.value), &cel.0.at, place);
    }

    fn condition(&mut self, cel: &'a CelText, place: Where) {
        self.push(Text::Condition(&cel.0.value), &cel.0.at, place);
    }

    fn template(&mut self, text: &'a TemplateText, place: Where) {
        self.push(Text::Template(&text.0.value), &text.0.at, place);
    }

    fn scalar(&mut self, text: &'a Scalar, place: Where) {
        self.push(Text::Template(&text.0.value), &text.0.at, place);
    }

    fn templates(&mut self, entries: Option<&'a Entries<TemplateText>>, place: Where) {
        for text in entries.iter().flat_map(|entries| &entries.0).filter_map(|item| item.value.as_ref()) {
            self.template(text, place);
        }
    }

    fn scalars(&mut self, entries: Option<&'a Entries<Scalar>>, place: Where) {
        for text in entries.iter().flat_map(|entries| &entries.0).filter_map(|item| item.value.as_ref()) {
            self.scalar(text, place);
        }
    }

    fn values(&mut self, entries: Option<&'a Entries<AnyJson>>, place: Where) {
        for value in entries.iter().flat_map(|entries| &entries.0).filter_map(|item| item.value.as_ref()) {
            self.json(&value.0.value, &value.0.at, place);
        }
    }

    /// The strings of a JSON value, each a template.
    fn json(&mut self, value: &'a Json, at: &Route, place: Where) {
        match value {
            Json::String(text) => self.push(Text::Template(text), at, place),
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.json(item, &at.index(index), place);
                }
            }
            Json::Object(map) => {
                for (key, item) in map {
                    self.json(item, &at.key(key), place);
                }
            }
            _ => {}
        }
    }

    fn pipeline(&mut self, model: &Model<'a>) {
        let pipeline = model.pipeline;
        if let Some(text) = &pipeline.run_name {
            self.template(text, Where::Start);
        }
        self.templates(pipeline.labels.as_ref(), Where::Start);
        if let Some(concurrency) = pipeline.concurrency.as_ref() {
            self.template(&concurrency.group, Where::Start);
        }
        self.scalars(pipeline.env.as_ref(), Where::PipelineEnv);
        let webhooks = pipeline.triggers.iter().filter_map(|triggers| triggers.webhook.as_deref());
        for webhook in webhooks.flatten() {
            if let Some(condition) = &webhook.condition {
                self.condition(condition, Where::Event);
            }
            self.values(webhook.inputs.as_ref(), Where::Event);
        }
    }

    fn step(&mut self, step: &ModelStep<'a>) {
        let Some(spec) = step.spec else { return };
        // What is judged once for the step, before there are items or when all have ended.
        if let Some(condition) = &spec.condition {
            self.condition(condition, Where::Body);
        }
        for entry in &step.gotos {
            let kept_by_rejection = step.kind == Some(Kind::Approval) && entry.on == GotoOn::Rejected;
            let place = Where::Loop { sure: entry.on == GotoOn::Succeeded || kept_by_rejection };
            match entry.condition {
                Some(LoopCondition::If(cel) | LoopCondition::Until(cel)) => self.condition(cel, place),
                None => {}
            }
        }
        if let Some(foreach) = spec.foreach.as_deref() {
            self.items(&foreach.items);
        }
        if let Some(matrix) = spec.matrix.as_deref() {
            self.matrix(matrix);
        }
        self.of_item = spec.foreach.is_some() || spec.matrix.is_some();
        self.each(step, spec);
        self.of_item = false;
    }

    /// What is evaluated for each item of a step, or for the step where it has none.
    fn each(&mut self, step: &ModelStep<'a>, spec: &'a Step) {
        if let Some(Foreach { key: Some(key), .. }) = spec.foreach.as_deref() {
            self.cel(key, Where::Body);
        }
        self.scalars(spec.env.as_ref(), Where::Env);
        if let Some(run) = &spec.run {
            self.script(run, spec.shell.as_ref(), spec.template.as_ref(), Where::Body);
        }
        if let Some(dir) = &spec.working_dir {
            self.template(dir, Where::Body);
        }
        for item in spec.outputs.iter().flat_map(|outputs| &outputs.0) {
            if let (Some(OutputSpec::Cel(cel)), Some(kind)) = (&item.value, step.kind) {
                self.cel(cel, Where::Result(kind));
            }
        }
        if let Some(http) = &spec.http {
            self.http(http, Where::Request, Where::Secretive);
        }
        if let Some(container) = spec.container.as_deref() {
            self.container(container, Where::Body, Where::Secretive);
        }
        self.services(spec.services.as_ref());
        if let Some(approval) = &spec.approval {
            self.template(&approval.message, Where::Body);
        }
        if let Some(condition) = spec.wait.as_deref().and_then(|wait| wait.condition.as_ref()) {
            self.condition(condition, Where::Signal);
        }
        if let Some(SleepSpec::Until(until)) = &spec.sleep {
            self.cel(until, Where::Body);
        }
        for item in spec.set.iter().flat_map(|set| &set.0) {
            match &item.value {
                Some(SetSpec::Cel(cel)) => self.cel(cel, Where::Body),
                Some(SetSpec::Template(json)) => self.json(&json.value, &json.at, Where::Body),
                None => {}
            }
        }
        self.values(spec.pipeline.as_deref().and_then(|child| child.inputs.as_ref()), Where::Body);
        self.values(spec.with.as_ref(), Where::With);
        if let Some(lock) = spec.lock.as_ref() {
            self.template(lock, Where::Body);
        }
        for cache in spec.cache.iter().flat_map(|caches| &caches.0) {
            self.cache_key(&cache.key);
            cache.restore_keys.iter().flat_map(|keys| &keys.0).for_each(|key| self.cache_key(key));
        }
        if let Some(undo) = spec.compensate.as_deref() {
            self.compensation(undo);
        }
    }

    fn items(&mut self, items: &'a ItemsSpec) {
        match items {
            ItemsSpec::Cel(cel) => self.cel(cel, Where::Body),
            ItemsSpec::Template(value) => self.json(&value.value, &value.at, Where::Body),
        }
    }

    fn matrix(&mut self, matrix: &'a Matrix) {
        for axis in matrix.axes.0.iter().filter_map(|axis| axis.value.as_ref()) {
            self.items(axis);
        }
    }

    fn http(&mut self, http: &'a Http, plain: Where, secretive: Where) {
        self.template(&http.url, plain);
        self.scalars(http.query.as_deref(), secretive);
        self.scalars(http.headers.as_deref(), secretive);
        let auth = http.auth.iter();
        let basic = auth.clone().flat_map(|auth| &auth.basic).flat_map(|basic| [&basic.user, &basic.password]);
        for text in auth.flat_map(|auth| &auth.bearer).chain(basic).chain(&http.body) {
            self.template(text, secretive);
        }
        if let Some(json) = &http.json {
            self.json(&json.0.value, &json.0.at, secretive);
        }
        self.values(http.form.as_deref(), secretive);
        for condition in http.expect.iter().flat_map(|expect| &expect.condition) {
            self.condition(condition, Where::Expect);
        }
    }

    fn container(&mut self, container: &'a Container, plain: Where, secretive: Where) {
        self.template(&container.image, plain);
        if let Some(run) = &container.run {
            self.script(run, None, None, plain);
        }
        let words = container.command.iter().chain(&container.args).flat_map(|words| &words.0);
        words.for_each(|word| self.scalar(word, plain));
        self.scalars(container.env.as_ref(), secretive);
        container.mounts.iter().flatten().for_each(|mount| self.template(&mount.source, plain));
        container.workdir.iter().for_each(|dir| self.template(dir, plain));
        if let Some(auth) = &container.registry_auth {
            self.template(&auth.user, secretive);
            self.template(&auth.password, secretive);
        }
        self.services(container.services.as_ref());
    }

    fn services(&mut self, services: Option<&'a Entries<Service>>) {
        for service in services.iter().flat_map(|services| &services.0).filter_map(|item| item.value.as_ref()) {
            self.template(&service.image, Where::Body);
            self.scalars(service.env.as_ref(), Where::Secretive);
            if let Some(ready) = &service.ready {
                self.script(&ready.run, None, None, Where::Body);
            }
        }
    }

    fn compensation(&mut self, undo: &'a Compensate) {
        let (plain, secretive) = (Where::Undo { secretive: false }, Where::Undo { secretive: true });
        if let Some(run) = &undo.run {
            self.script(run, undo.shell.as_ref(), undo.template.as_ref(), plain);
        }
        undo.working_dir.iter().for_each(|dir| self.template(dir, plain));
        self.scalars(undo.env.as_ref(), secretive);
        undo.http.iter().for_each(|http| self.http(http, plain, secretive));
        undo.container.iter().for_each(|container| self.container(container, plain, secretive));
    }

    fn cache_key(&mut self, key: &'a TemplateText) {
        for part in cache_key::parts(&key.0.value) {
            if let KeyPart::Text(text, offset) = part {
                self.push_from(Text::Template(text), &key.0.at, offset, Where::Body);
            }
        }
    }

    fn script(&mut self, run: &'a LanguageText, shell: Option<&ShellSpec>, template: Option<&Flag>, place: Where) {
        let has_holes = template.is_none_or(|flag| flag.value);
        let shell = shell.map_or(loopline_core::graph::Shell::Default, crate::lower::shell);
        self.push(Text::Script(crate::lower::script(&run.value, &shell, has_holes)), &run.at, place);
    }
}

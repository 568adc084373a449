//! Where expressions, templates and scripts stand in a file, and which names each of them may read.

use loopline_core::expr::Script;
use loopline_core::graph::GotoOn;
use serde_json::Value as Json;

use crate::language::{CelText, Entries, OutputSpec, Scalar, SetSpec, SleepSpec, Step, TemplateText};
use crate::model::{Kind, LoopCondition, Model, ModelStep};
use crate::route::Route;

/// One expression, template or script.
pub(super) struct Site<'a> {
    pub(super) text: Text<'a>,
    /// The scalar it is.
    pub(super) at: Route,
    /// The step it belongs to.
    pub(super) step: Option<usize>,
    pub(super) place: Where,
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
    /// `run_name`, `labels`: before anything has run.
    Start,
    /// The pipeline's `env`.
    PipelineEnv,
    /// The pipeline's `outputs`.
    End,
    /// A step's `env`.
    Env,
    /// Anything else of a step.
    Body,
    /// A value of `http` that may hold a secret.
    Secretive,
    /// `expect.if`.
    Expect,
    /// A step's `outputs`.
    Result(Kind),
    /// A loop edge, which sees how its own step ended. `sure`: its outputs are there.
    Loop { sure: bool },
}

impl Where {
    /// The root names known here, and `secrets` where they may stand.
    pub(super) fn roots(self) -> Vec<&'static str> {
        let step = ["inputs", "env", "steps", "run", "event", "visit", "attempt", "previous"];
        match self {
            Self::Start => vec!["inputs", "run", "event"],
            Self::PipelineEnv => vec!["inputs", "run", "event", "visit", "attempt", "secrets"],
            Self::End => vec!["inputs", "steps", "run", "event"],
            Self::Env => step.into_iter().filter(|root| *root != "env").chain(["secrets"]).collect(),
            Self::Body | Self::Loop { .. } => step.to_vec(),
            Self::Secretive => step.into_iter().chain(["secrets"]).collect(),
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

/// All of a file.
pub(super) fn of<'a>(model: &Model<'a>) -> Vec<Site<'a>> {
    let mut sites = Sites { sites: Vec::new(), step: None };
    let pipeline = model.pipeline;
    if let Some(text) = &pipeline.run_name {
        sites.template(text, Where::Start);
    }
    sites.templates(pipeline.labels.as_ref(), Where::Start);
    sites.scalars(pipeline.env.as_ref(), Where::PipelineEnv);
    for item in pipeline.outputs.iter().flat_map(|outputs| &outputs.0) {
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
}

impl<'a> Sites<'a> {
    fn push(&mut self, text: Text<'a>, at: &Route, place: Where) {
        self.sites.push(Site { text, at: at.clone(), step: self.step, place });
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

    fn templates(&mut self, entries: Option<&'a Entries<TemplateText>>, place: Where) {
        for text in entries.iter().flat_map(|entries| &entries.0).filter_map(|item| item.value.as_ref()) {
            self.template(text, place);
        }
    }

    fn scalars(&mut self, entries: Option<&'a Entries<Scalar>>, place: Where) {
        for text in entries.iter().flat_map(|entries| &entries.0).filter_map(|item| item.value.as_ref()) {
            self.push(Text::Template(&text.0.value), &text.0.at, place);
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

    fn step(&mut self, step: &ModelStep<'a>) {
        let Some(spec) = step.spec else { return };
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
        self.scalars(spec.env.as_ref(), Where::Env);
        self.script(spec);
        if let Some(dir) = &spec.working_dir {
            self.template(dir, Where::Body);
        }
        for item in spec.outputs.iter().flat_map(|outputs| &outputs.0) {
            if let (Some(OutputSpec::Cel(cel)), Some(kind)) = (&item.value, step.kind) {
                self.cel(cel, Where::Result(kind));
            }
        }
        if let Some(http) = &spec.http {
            self.template(&http.url, Where::Body);
            self.scalars(http.query.as_ref(), Where::Secretive);
            self.scalars(http.headers.as_ref(), Where::Secretive);
            let auth = http.auth.iter();
            let basic = auth.clone().flat_map(|auth| &auth.basic).flat_map(|basic| [&basic.user, &basic.password]);
            for text in auth.flat_map(|auth| &auth.bearer).chain(basic).chain(&http.body) {
                self.template(text, Where::Secretive);
            }
            for json in
                http.json.iter().chain(http.form.iter().flat_map(|form| &form.0).filter_map(|item| item.value.as_ref()))
            {
                self.json(&json.0.value, &json.0.at, Where::Secretive);
            }
            for condition in http.expect.iter().flat_map(|expect| &expect.condition) {
                self.condition(condition, Where::Expect);
            }
        }
        if let Some(approval) = &spec.approval {
            self.template(&approval.message, Where::Body);
        }
        if let Some(SleepSpec::Until(until)) = &spec.sleep {
            self.cel(until, Where::Body);
        }
        for item in spec.set.iter().flat_map(|set| &set.0) {
            if let Some(SetSpec::Cel(cel)) = &item.value {
                self.cel(cel, Where::Body);
            }
        }
    }

    fn script(&mut self, spec: &'a Step) {
        let Some(run) = &spec.run else { return };
        let has_holes = spec.template.as_ref().is_none_or(|flag| flag.value);
        let shell = spec.shell.as_ref().map_or(loopline_core::graph::Shell::Default, crate::lower::shell);
        self.push(Text::Script(crate::lower::script(&run.value, &shell, has_holes)), &run.at, Where::Body);
    }
}

//! What may be written where names are read: the other side of [`super::references`], for people who are about to write it.
//!
//! Nothing here reports. What is offered compiles, unless the rest of the file is wrong; what cannot be known is not offered.

use loopline_core::expr::{Cel, Reference, Template, Type};
use serde_json::Value as Json;

use super::flow::Flow;
use super::references::{
    ERROR_FIELDS, EVENT_FIELDS, RUN_FIELDS, References, STEP_FIELDS, TRIGGER_FIELDS, declared_outputs,
};
use super::sites::{self, Site, Text, Where};
use crate::language::{OutputSpec, Scalar, SchemaSpec};
use crate::library::Library;
use crate::model::{Gives, Kind, Model, ModelStep, Part as ModelPart};
use crate::route::{Route, Segment};
use crate::schema_words;
use crate::uses::bare_name;

/// Something that may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// What is written.
    pub(crate) name: String,
    /// What sort of thing it names.
    pub(crate) kind: OfferKind,
    /// Its type or what it does, in a few words.
    pub(crate) detail: String,
    /// What it is for. May be empty.
    pub(crate) about: String,
}

/// What sort of thing a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfferKind {
    /// A name at the beginning of a path.
    Root,
    Input,
    Step,
    Output,
    Secret,
    Variable,
    Artifact,
    StepType,
    Pipeline,
    /// A field that the language defines.
    Field,
}

/// How a scalar is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// As an expression.
    Cel,
    /// As text with holes.
    Template,
}

/// What can be said about a file whose names are resolved.
pub(crate) struct Offers<'a> {
    parts: Vec<Part<'a>>,
    library: &'a Library,
}

/// One graph of the file.
struct Part<'a> {
    model: &'a Model<'a>,
    /// The graph that this one, a `finally`, follows.
    outer: Option<&'a Model<'a>>,
    /// To the mapping of its steps.
    steps_at: Route,
    /// None where forward edges form a cycle.
    flow: Option<Flow>,
    sites: Vec<Site<'a>>,
}

impl<'a> Offers<'a> {
    pub(crate) fn new(model: &'a Model<'a>, library: &'a Library) -> Self {
        let mut parts = Vec::new();
        let mut open = vec![(model, None, Route::root().key("steps"))];
        while let Some((model, outer, steps_at)) = open.pop() {
            if let Some(finally) = model.finally.as_deref() {
                open.push((finally, Some(model), Route::root().key("finally")));
            }
            open.extend(
                model
                    .children
                    .iter()
                    .map(|(step, child)| (child, None, model.steps[*step].at.key("pipeline").key("steps"))),
            );
            parts.push(Part { model, outer, steps_at, flow: Flow::of(model).ok(), sites: sites::of(model) });
        }
        Self { parts, library }
    }

    /// How the scalar at a route is read; none where it is plain text.
    pub(crate) fn written(&self, at: &Route) -> Option<Written> {
        self.site(at).map(|(_, site)| match site.text {
            Text::Cel(_) | Text::Condition(_) => Written::Cel,
            Text::Template(_) | Text::Script(_) => Written::Template,
        })
    }

    /// What may follow `path` in the expression at a route; with an empty path, what may begin one.
    pub(crate) fn names(&self, at: &Route, path: &[String]) -> Vec<Offer> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        self.site(at).map(|(part, site)| part.names(site, &path)).unwrap_or_default()
    }

    fn site(&self, at: &Route) -> Option<(&Part<'a>, &Site<'a>)> {
        let sites = self.parts.iter().flat_map(|part| part.sites.iter().map(move |site| (part, site)));
        sites.into_iter().find(|(_, site)| site.at == *at)
    }

    /// The graph that a route leads into, and the step; none where that step is not known.
    fn step(&self, at: &Route) -> Option<(&Part<'a>, Option<usize>)> {
        let segments = at.segments();
        let inside = |part: &&Part<'_>| {
            let steps = part.steps_at.segments();
            segments.len() > steps.len() && segments[..steps.len()] == steps
        };
        // Steps in place stand inside of a step.
        let part = self.parts.iter().filter(inside).max_by_key(|part| part.steps_at.segments().len())?;
        match segments.get(part.steps_at.segments().len())? {
            Segment::Key(id) => Some((part, part.model.index.get(&**id).copied())),
            Segment::Index(_) => None,
        }
    }

    /// Steps of the graph that a route leads into: those that `keep` takes, of which it is told the graph, the step at the
    /// route and the other. All of them where nothing is known about edges.
    fn steps(&self, at: &Route, keep: impl Fn(&Part<'_>, usize, usize) -> bool) -> Vec<Offer> {
        let Some((part, own)) = self.step(at) else { return Vec::new() };
        let own = own.filter(|_| part.flow.is_some());
        part.steps(|step| own.is_none_or(|own| keep(part, own, step)))
    }

    /// E1: what the step at a route may need without a cycle.
    pub(crate) fn may_need(&self, at: &Route) -> Vec<Offer> {
        let mut steps = self.steps(at, |part, own, step| !part.leads(own, step));
        let own = self.step(at).and_then(|(part, own)| Some(part.model.steps[own?].id));
        steps.retain(|step| Some(step.name.as_str()) != own);
        steps
    }

    /// G2: where its loop edges may lead.
    pub(crate) fn may_go_back_to(&self, at: &Route) -> Vec<Offer> {
        self.steps(at, |part, own, step| part.leads(step, own))
    }

    /// Steps behind it.
    pub(crate) fn behind(&self, at: &Route) -> Vec<Offer> {
        self.steps(at, |part, own, step| step != own && part.leads(own, step))
    }

    /// What steps before it keep: `STEP.ARTIFACT`.
    pub(crate) fn artifacts_before(&self, at: &Route) -> Vec<Offer> {
        let Some((part, own)) = self.step(at) else { return Vec::new() };
        let before = |step: usize| own.is_none_or(|own| step != own && (part.flow.is_none() || part.leads(step, own)));
        let steps = part.model.steps.iter().enumerate().filter(|(step, _)| before(*step)).map(|(_, step)| step);
        steps.chain(part.outer.iter().flat_map(|outer| &outer.steps)).flat_map(artifacts).collect()
    }

    /// The step types that it may use.
    pub(crate) fn step_types(&self) -> Vec<Offer> {
        self.library.step_types.keys().map(|name| offer(name, OfferKind::StepType, String::new(), "")).collect()
    }

    /// Other pipelines.
    pub(crate) fn pipelines(&self) -> Vec<Offer> {
        self.library.pipelines.keys().map(|name| offer(name, OfferKind::Pipeline, String::new(), "")).collect()
    }

    /// The inputs of the file.
    pub(crate) fn inputs(&self) -> Vec<Offer> {
        self.parts.first().map(Part::inputs).unwrap_or_default()
    }

    /// What the step type asks for whose step stands at a route.
    pub(crate) fn inputs_of_type(&self, at: &Route) -> Vec<Offer> {
        let Some(uses) = self.step(at).and_then(|(part, step)| part.model.steps[step?].uses) else { return Vec::new() };
        let inputs = uses.file.inputs.iter().flat_map(|inputs| &inputs.0);
        inputs.map(|item| of_schema(&item.name, OfferKind::Input, item.value.as_ref())).collect()
    }

    /// What the other pipeline asks for that the step at a route runs.
    pub(crate) fn inputs_of_child(&self, at: &Route) -> Vec<Offer> {
        let spec = self.step(at).and_then(|(part, step)| part.model.steps[step?].spec);
        let name = spec.and_then(|spec| spec.pipeline.as_deref()?.name.as_ref());
        let Some(child) = name.and_then(|name| self.library.pipelines.get(bare_name(&name.value)?)) else {
            return Vec::new();
        };
        let inputs = child.inputs.iter();
        inputs.map(|(name, input)| of_json_schema(name, OfferKind::Input, Some(&input.schema))).collect()
    }

    /// Every expression of the file with the names that it reads; none where it cannot be read.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = Expression<'_>> {
        self.parts.iter().flat_map(|part| &part.sites).map(|site| {
            let (source, references) = match &site.text {
                Text::Cel(source) | Text::Condition(source) => (*source, Cel::new(*source).references().ok()),
                Text::Template(source) if !source.contains("{{") => (*source, Some(Vec::new())),
                Text::Template(source) => (*source, Template::new(*source).references().ok()),
                Text::Script(script) => (script.source(), script.references().ok()),
            };
            Expression { at: &site.at, offset: site.offset, source, references }
        })
    }
}

/// An expression, template or script.
pub(crate) struct Expression<'a> {
    /// The scalar it stands in.
    pub(crate) at: &'a Route,
    /// Where in the scalar it begins.
    pub(crate) offset: usize,
    pub(crate) source: &'a str,
    /// The names that it reads; none where it cannot be read.
    pub(crate) references: Option<Vec<Reference>>,
}

impl<'a> Part<'a> {
    /// `from` is `to`, or leads to it by forward edges.
    fn leads(&self, from: usize, to: usize) -> bool {
        self.flow.as_ref().is_some_and(|flow| flow.leads(from, to))
    }

    fn names(&self, site: &Site<'_>, path: &[&str]) -> Vec<Offer> {
        let references = References::new(self.model, self.outer, self.flow.as_ref());
        let roots = references.roots(site);
        let Some((root, rest)) = path.split_first() else {
            return roots.into_iter().map(|name| field(OfferKind::Root, name, root_means(name))).collect();
        };
        if !roots.contains(root) {
            return Vec::new();
        }
        match (*root, rest) {
            ("inputs", []) => self.inputs(),
            ("inputs", [name, inner @ ..]) => {
                let schema = self.model.inputs.get(name).copied().flatten();
                schema.map(|schema| inside(&schema.0.value, inner)).unwrap_or_default()
            }
            ("env", []) => self.env(site),
            ("secrets", []) => self.secrets(),
            ("run", []) => self.run(),
            ("run", ["trigger"]) => fields("run.trigger", &TRIGGER_FIELDS),
            ("run", ["labels"]) => self.labels(),
            ("event", []) => fields("event", &EVENT_FIELDS),
            ("response", []) => fields("response", &["status", "headers", "body", "json"]),
            ("callback", []) => fields("callback", &["url"]),
            ("steps", []) => self.steps_read_by(site),
            ("previous", []) => self.steps_before_in_a_loop(site),
            ("steps" | "previous", [id, inner @ ..]) => {
                let own = self.model.index.get(id).map(|step| &self.model.steps[*step]);
                let outer = || self.outer.and_then(|outer| outer.index.get(id).map(|step| &outer.steps[*step]));
                own.or_else(outer).map(|step| of_step(step, inner)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn inputs(&self) -> Vec<Offer> {
        self.model.inputs.iter().map(|(name, schema)| of_schema(name, OfferKind::Input, *schema)).collect()
    }

    fn env(&self, site: &Site<'_>) -> Vec<Offer> {
        let own = site.step.and_then(|step| self.model.steps[step].spec).and_then(|spec| spec.env.as_ref());
        let common = self.model.pipeline.env.as_ref().filter(|_| self.model.part != ModelPart::InPlace);
        let mut offers: Vec<Offer> = Vec::new();
        for item in own.into_iter().chain(common).flat_map(|env| &env.0) {
            // A variable that holds a secret may not stand in an expression.
            let secret = item.value.as_ref().is_some_and(holds_secret);
            if !secret && !offers.iter().any(|offer| offer.name == item.name) {
                let detail = item.value.as_ref().map(|text| text.0.value.clone()).unwrap_or_default();
                offers.push(offer(&item.name, OfferKind::Variable, detail, ""));
            }
        }
        offers
    }

    fn secrets(&self) -> Vec<Offer> {
        let secrets = self.model.pipeline.secrets.iter().flat_map(|all| all.iter());
        secrets.map(|secret| offer(&secret.value, OfferKind::Secret, String::new(), "")).collect()
    }

    fn run(&self) -> Vec<Offer> {
        let status = if self.model.part == ModelPart::Finally { fields("run", &["status"]) } else { Vec::new() };
        fields("run", &RUN_FIELDS).into_iter().chain(status).collect()
    }

    fn labels(&self) -> Vec<Offer> {
        let labels = self.model.pipeline.labels.iter().flat_map(|labels| &labels.0);
        labels.map(|label| offer(&label.name, OfferKind::Field, String::new(), "")).collect()
    }

    fn steps(&self, keep: impl Fn(usize) -> bool) -> Vec<Offer> {
        let steps = self.model.steps.iter().enumerate().filter(|(at, _)| keep(*at));
        steps.map(|(_, step)| step_offer(step)).collect()
    }

    /// X5: forward ancestors, in a loop edge and a compensation the step itself, at the end all; in `finally` also those that
    /// it follows.
    fn steps_read_by(&self, site: &Site<'_>) -> Vec<Offer> {
        let before = self.outer.iter().flat_map(|outer| &outer.steps).map(|step| unsure(step_offer(step)));
        let Some(own) = site.step else { return self.steps(|_| true) };
        let itself = matches!(site.place, Where::Loop { .. } | Where::Undo { .. });
        let read = |step: usize| if step == own { itself } else { self.flow.is_none() || self.leads(step, own) };
        let sure = |step: usize| step == own || self.flow.as_ref().is_none_or(|flow| flow.sure[own].contains(step));
        let steps = self.model.steps.iter().enumerate().filter(|(step, _)| read(*step));
        let own = steps.map(|(at, step)| if sure(at) { step_offer(step) } else { unsure(step_offer(step)) });
        own.chain(before).collect()
    }

    /// G5: those that a loop re-opens together with this step.
    fn steps_before_in_a_loop(&self, site: &Site<'_>) -> Vec<Offer> {
        let Some(own) = site.step else { return Vec::new() };
        let loops = self.model.steps.iter().flat_map(|step| &step.gotos).filter_map(|entry| entry.target());
        let around: Vec<usize> = loops.filter(|to| self.leads(*to, own)).collect();
        self.steps(|step| around.iter().any(|to| self.leads(*to, step)))
    }
}

fn of_step(step: &ModelStep<'_>, path: &[&str]) -> Vec<Offer> {
    match path {
        [] => fields("step", &STEP_FIELDS),
        ["error"] => fields("error", &ERROR_FIELDS),
        ["outputs"] => outputs_of(step),
        ["outputs", "fields"] if step.kind == Some(Kind::Approval) => fields_of_approval(step),
        ["outputs", name, inner @ ..] => {
            declared_schema(step, name).map(|schema| inside(schema, inner)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn artifacts(step: &ModelStep<'_>) -> Vec<Offer> {
    let artifacts = step.spec.and_then(|spec| spec.artifacts.as_ref()).into_iter().flat_map(|all| &all.0);
    artifacts
        .map(|item| {
            let path = item.value.as_ref().map(|path| path.value.clone()).unwrap_or_default();
            offer(&format!("{}.{}", step.id, item.name), OfferKind::Artifact, path, "")
        })
        .collect()
}

/// Says that its outputs may be missing.
fn unsure(mut offer: Offer) -> Offer {
    offer.about.push_str(if offer.about.is_empty() { "" } else { "\n\n" });
    offer.about.push_str("It may not have succeeded here, so its outputs need a default or a guard.");
    offer
}

fn offer(name: &str, kind: OfferKind, detail: String, about: &str) -> Offer {
    Offer { name: name.to_owned(), kind, detail, about: about.to_owned() }
}

fn step_offer(step: &ModelStep<'_>) -> Offer {
    let text = |text: Option<&crate::language::Text>| text.map(|text| text.value.clone());
    let kind = step.kind.map(Kind::key).unwrap_or_default();
    let name = text(step.spec.and_then(|spec| spec.name.as_ref()));
    let detail = name.map_or_else(|| kind.to_owned(), |name| format!("{kind}: {name}"));
    let about = text(step.spec.and_then(|spec| spec.description.as_ref())).unwrap_or_default();
    offer(step.id, OfferKind::Step, detail, &about)
}

fn of_schema(name: &str, kind: OfferKind, schema: Option<&SchemaSpec>) -> Offer {
    of_json_schema(name, kind, schema.map(|schema| &schema.0.value))
}

fn of_json_schema(name: &str, kind: OfferKind, schema: Option<&Json>) -> Offer {
    let detail = schema.map(schema_words::kind).unwrap_or_default();
    let about = schema.and_then(|schema| schema.get("description")).and_then(Json::as_str).unwrap_or_default();
    offer(name, kind, detail, about)
}

fn outputs_of(step: &ModelStep<'_>) -> Vec<Offer> {
    let declared = declared_outputs(step).unwrap_or_default();
    declared
        .into_iter()
        .map(|name| match step.kind {
            Some(Kind::Approval) => offer(name, OfferKind::Output, String::new(), field_means("approval", name)),
            Some(Kind::Pipeline) => offer(name, OfferKind::Output, type_of_child(step, name), ""),
            _ => match declared_schema(step, name) {
                Some(schema) => {
                    let about = schema.get("description").and_then(Json::as_str).unwrap_or_default();
                    offer(name, OfferKind::Output, schema_words::kind(schema), about)
                }
                None => offer(name, OfferKind::Output, String::new(), ""),
            },
        })
        .collect()
}

/// What another pipeline says that an output of it is.
fn type_of_child(step: &ModelStep<'_>, name: &str) -> String {
    match step.gives {
        Some(Gives::There(contract)) => contract.outputs.get(name).map(Type::described).unwrap_or_default(),
        Some(Gives::Here(_)) | None => String::new(),
    }
}

fn fields_of_approval(step: &ModelStep<'_>) -> Vec<Offer> {
    let fields = step.says(|spec| spec.approval.as_ref()).and_then(|approval| approval.fields.as_ref());
    let fields = fields.into_iter().flat_map(|fields| &fields.0);
    fields.map(|item| of_schema(&item.name, OfferKind::Output, item.value.as_ref())).collect()
}

fn declared_schema<'a>(step: &ModelStep<'a>, name: &str) -> Option<&'a Json> {
    let outputs = step.spec?.outputs.as_ref()?;
    match outputs.0.iter().find(|item| item.name == name)?.value.as_ref()? {
        OutputSpec::Schema(schema) => Some(&schema.0.value),
        OutputSpec::Cel(_) => None,
    }
}

/// What a JSON Schema says about the value at a path in it.
fn inside(schema: &Json, path: &[&str]) -> Vec<Offer> {
    let mut at = schema;
    for name in path {
        let Some(next) = at.get("properties").and_then(|properties| properties.get(*name)) else { return Vec::new() };
        at = next;
    }
    let properties = at.get("properties").and_then(Json::as_object);
    let properties = properties.into_iter().flatten();
    properties
        .map(|(name, schema)| {
            let about = schema.get("description").and_then(Json::as_str).unwrap_or_default();
            offer(name, OfferKind::Field, schema_words::kind(schema), about)
        })
        .collect()
}

fn holds_secret(text: &Scalar) -> bool {
    text.0.value.contains("{{") && !Template::new(text.0.value.as_str()).secrets().is_empty()
}

fn fields(of: &str, names: &[&str]) -> Vec<Offer> {
    names.iter().map(|name| field(OfferKind::Field, name, field_means(of, name))).collect()
}

fn field(kind: OfferKind, name: &str, about: &str) -> Offer {
    offer(name, kind, String::new(), about)
}

/// What a name at the beginning of a path stands for.
fn root_means(name: &str) -> &'static str {
    match name {
        "inputs" => "What the run was given.",
        "env" => "Variables that the file sets for this step.",
        "steps" => "Steps before this one, as they are in the current visit.",
        "previous" => "Steps as they were when a loop last re-opened this step; null in its first visit.",
        "run" => "This run.",
        "event" => "The call that started the run; null unless a webhook did.",
        "visit" => "Which round of a loop this is; the first is 1.",
        "attempt" => "Which try within the visit this is; the first is 1.",
        "secrets" => "Secrets that the pipeline names. A secret stands in a hole of its own.",
        "item" => "What this execution of the step is for.",
        "callback" => "Where somebody ends the step.",
        "response" => "The answer to the request.",
        "stdout" => "What the script printed.",
        "stderr" => "What the script printed to standard error.",
        "exit_code" => "How the script ended.",
        "payload" => "What came with the signal or the callback.",
        _ => "",
    }
}

/// What a field of the language holds.
fn field_means(of: &str, name: &str) -> &'static str {
    match (of, name) {
        ("step", "status") => {
            "`pending`, `queued`, `running`, `waiting`, `succeeded`, `failed`, `skipped` or `cancelled`."
        }
        ("step", "outputs") => "What it gave.",
        ("step", "error") => "Why it failed; null unless it did.",
        ("step", "visit") => "The number of its current visit.",
        ("step", "visits") => "Its visits so far.",
        ("error", "kind") => "The kind of failure: `exit`, `timeout`, `http_status` and so on.",
        ("error", "message") => "What went wrong, in a sentence.",
        ("error", "exit_code") => "How the process ended.",
        ("error", "signal") => "The signal that ended the process.",
        ("error", "status") => "The status of the answer.",
        ("error", "tail") => "The last 4 KiB of output, secrets masked.",
        ("error", "cause") => "The failure behind this one.",
        ("run", "id") => "Its id.",
        ("run", "number") => "Counts 1, 2, 3 … per pipeline.",
        ("run", "name") => "What people call it.",
        ("run", "pipeline") => "The name of its pipeline.",
        ("run", "project") => "The project that its pipeline belongs to.",
        ("run", "epoch") => "Which life of the run this is; a rerun begins the next.",
        ("run", "created_at") => "When it was created, RFC 3339.",
        ("run", "labels") => "Its labels.",
        ("run", "url") => "Its page.",
        ("run", "trigger") => "What started it.",
        ("run", "repo") => "The repository it works on.",
        ("run", "ref") => "The git reference it works on.",
        ("run", "branch") => "The branch it works on.",
        ("run", "tag") => "The tag it works on.",
        ("run", "commit") => "The commit it works on.",
        ("run", "status") => "How it ended: `succeeded`, `failed` or `cancelled`.",
        ("run.trigger", "kind") => "`manual`, `schedule`, `webhook` and so on.",
        ("run.trigger", "actor") => "Who started it.",
        ("run.trigger", "time") => "When it was started, RFC 3339.",
        ("event", "headers") => "Headers of the call.",
        ("event", "body") => "What was sent, as JSON.",
        ("event", "delivery") => "The id that the sender gave the call.",
        ("approval", "decision") => "`approved` or `rejected`.",
        ("approval", "by") => "Who decided it last.",
        ("approval", "comment") => "What they said.",
        ("approval", "fields") => "What they filled in.",
        ("approval", "decisions") => "All decisions, in order.",
        ("response", "status") => "The status, like 200.",
        ("response", "headers") => "The headers, names in lower case.",
        ("response", "body") => "The body as text.",
        ("response", "json") => "The body as JSON.",
        ("callback", "url") => "The address that ends the step.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::references::ALL_ROOTS;
    use super::*;

    #[test]
    fn every_name_of_the_language_is_explained() {
        for root in ALL_ROOTS {
            assert_ne!(root_means(root), "", "{root}");
        }
        for (of, names) in [
            ("step", STEP_FIELDS.as_slice()),
            ("error", &ERROR_FIELDS),
            ("run", &RUN_FIELDS),
            ("run.trigger", &TRIGGER_FIELDS),
            ("event", &EVENT_FIELDS),
        ] {
            for name in names {
                assert_ne!(field_means(of, name), "", "{of}.{name}");
            }
        }
    }
}

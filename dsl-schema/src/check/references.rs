//! X5, X7, G5: the names that an expression reads exist, are known where it stands, and have a value there.

use std::collections::BTreeSet;

use loopline_core::expr::{Cel, Reference};

use super::edges::unknown_step;
use super::flow::Flow;
use super::sites::{Site, Text, Where};
use crate::decode::{Cx, list};
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::model::{Kind, Model, ModelStep};

const STEP_FIELDS: [&str; 5] = ["status", "outputs", "error", "visit", "visits"];
const ERROR_FIELDS: [&str; 7] = ["kind", "message", "exit_code", "signal", "status", "tail", "cause"];
const RUN_FIELDS: [&str; 15] = [
    "id",
    "number",
    "name",
    "pipeline",
    "project",
    "epoch",
    "created_at",
    "labels",
    "url",
    "trigger",
    "repo",
    "ref",
    "branch",
    "tag",
    "commit",
];
const TRIGGER_FIELDS: [&str; 3] = ["kind", "actor", "time"];
const EVENT_FIELDS: [&str; 3] = ["headers", "body", "delivery"];
const APPROVAL_OUTPUTS: [&str; 5] = ["decision", "by", "comment", "fields", "decisions"];
/// Names that exist somewhere in the language.
const ALL_ROOTS: [&str; 16] = [
    "inputs",
    "env",
    "steps",
    "run",
    "event",
    "item",
    "visit",
    "attempt",
    "previous",
    "secrets",
    "callback",
    "response",
    "stdout",
    "stderr",
    "exit_code",
    "payload",
];

/// Judges references, and notes what they use.
pub(super) struct References<'a> {
    model: &'a Model<'a>,
    /// None where forward edges form a cycle: then nothing is known about order.
    flow: Option<&'a Flow>,
    pub(super) used_inputs: BTreeSet<String>,
    inputs: BTreeSet<&'a str>,
}

impl<'a> References<'a> {
    pub(super) fn new(model: &'a Model<'a>, flow: Option<&'a Flow>) -> Self {
        let inputs = model.pipeline.inputs.iter().flat_map(|inputs| &inputs.0).map(|item| item.name.as_str()).collect();
        Self { model, flow, used_inputs: BTreeSet::new(), inputs }
    }

    pub(super) fn check(&mut self, site: &Site<'_>, reference: &Reference, cx: &mut Cx) {
        let place = Place::Within(site.at.clone(), reference.span.clone());
        let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
        let Some((root, rest)) = path.split_first() else { return };
        if !self.is_known_here(root, site) {
            let diagnostic = self.not_known_here(root, rest, site, place, cx);
            cx.report(diagnostic);
            return;
        }
        match *root {
            "inputs" => self.input(rest, place, cx),
            "env" => self.env(rest, site, place, cx),
            "secrets" => self.secret(rest, place, cx),
            "run" => fields(&["run"], rest, &RUN_FIELDS, place, cx),
            "event" => fields(&["event"], rest, &EVENT_FIELDS, place, cx),
            "steps" => self.step(rest, reference, site, place, cx),
            "previous" => self.previous(rest, reference, site, place, cx),
            _ => {}
        }
    }

    fn is_known_here(&self, root: &str, site: &Site<'_>) -> bool {
        site.place.roots().contains(&root)
            || site.step.is_some_and(|step| many_roots(&self.model.steps[step]).contains(&root.to_owned()))
    }

    fn not_known_here(&self, root: &str, rest: &[&str], site: &Site<'_>, place: Place, cx: &mut Cx) -> Diagnostic {
        let known = site.place.roots();
        if root == "secrets" {
            let name = rest.first().unwrap_or(&"NAME");
            let message = format!("the secret `{name}` may not stand here");
            return Diagnostic::new(Code::SecretOutOfPlace, place, message)
                .help("secrets stand in `env` and in `query`, `headers`, `auth`, `json`, `body` and `form` of `http`");
        }
        if ALL_ROOTS.contains(&root) {
            let why = match (root, site.place) {
                ("env", Where::Env | Where::PipelineEnv) => {
                    "`env` cannot read `env`; read what that variable is made of"
                }
                ("env", _) => "`env` belongs to steps",
                ("item", _) => "`item` is known in steps with `foreach` or `matrix`",
                ("callback", _) => "`callback` is known in steps whose `http` has a `callback`",
                ("response" | "stdout" | "stderr" | "exit_code" | "payload", _) => {
                    "the result of a step is known in its own `outputs`; read it elsewhere as `steps.ID.outputs.NAME`"
                }
                ("steps" | "previous" | "visit" | "attempt", Where::Start) => "no step has run by then",
                ("steps", _) => "the pipeline's `env` is the same for all steps; use the `env` of a step",
                _ => "it belongs to a single step",
            };
            return Diagnostic::new(Code::NameNotKnownHere, place, format!("`{root}` is not known here")).help(why);
        }
        let diagnostic = Diagnostic::new(Code::UnknownName, place, format!("there is no name `{root}`"));
        let near = cx.nearest.to(root, known.iter().copied());
        if let Some(near) = near {
            return diagnostic.help(format!("did you mean `{near}`?")).fix_name(0, root, near);
        }
        if self.model.index.contains_key(root) {
            let diagnostic = diagnostic.help(format!("a step is read as `steps.{root}`"));
            return diagnostic.fix_name(0, root, format!("steps.{root}"));
        }
        if self.inputs.contains(root) {
            let diagnostic = diagnostic.help(format!("an input is read as `inputs.{root}`"));
            return diagnostic.fix_name(0, root, format!("inputs.{root}"));
        }
        diagnostic.help(format!("known here: {}", list(&known)))
    }

    fn input(&mut self, rest: &[&str], place: Place, cx: &mut Cx) {
        let Some(name) = rest.first() else {
            // All of them at once.
            self.used_inputs.extend(self.inputs.iter().map(|name| (*name).to_owned()));
            return;
        };
        if self.inputs.contains(name) {
            self.used_inputs.insert((*name).to_owned());
            return;
        }
        let diagnostic = Diagnostic::new(Code::UnknownInput, place, format!("the pipeline has no input `{name}`"));
        let near = cx.nearest.to(name, self.inputs.iter().copied());
        cx.report(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix_name(1, name, near),
            None => diagnostic.help(format!("declare it: `inputs: {{{name}: {{type: string}}}}`")),
        });
    }

    fn env(&self, rest: &[&str], site: &Site<'_>, place: Place, cx: &mut Cx) {
        let Some(name) = rest.first() else { return };
        let own = site.step.and_then(|step| self.model.steps[step].spec).and_then(|spec| spec.env.as_ref());
        let of_step = own.iter().flat_map(|env| &env.0);
        let of_pipeline = self.model.pipeline.env.iter().flat_map(|env| &env.0);
        let names: Vec<_> = of_step.chain(of_pipeline).collect();
        match names.iter().find(|item| item.name == *name) {
            Some(item) => {
                let secret = item.value.as_ref().is_some_and(|text| {
                    text.0.value.contains("{{")
                        && !loopline_core::expr::Template::new(text.0.value.as_str()).secrets().is_empty()
                });
                if secret {
                    let message = format!("`env.{name}` holds a secret, and secrets may not stand in expressions");
                    let help = format!("read it in the script as `${name}`");
                    cx.report(Diagnostic::new(Code::SecretOutOfPlace, place, message).help(help));
                }
            }
            None => {
                let message = format!("no variable `{name}` is set here");
                let diagnostic = Diagnostic::new(Code::UnknownEnv, place, message);
                let near = cx.nearest.to(name, names.iter().map(|item| item.name.as_str()));
                cx.report(match near {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix_name(1, name, near),
                    None => diagnostic.help("`env` holds what the file sets, not the environment of the engine"),
                });
            }
        }
    }

    fn secret(&self, rest: &[&str], place: Place, cx: &mut Cx) {
        let Some(name) = rest.first() else {
            let diagnostic = Diagnostic::new(Code::DynamicName, place, "`secrets` must be followed by a name");
            cx.report(diagnostic.help("write it like `secrets.DEPLOY_TOKEN`"));
            return;
        };
        let declared: Vec<&str> =
            self.model.pipeline.secrets.iter().flatten().map(|secret| secret.value.as_str()).collect();
        if declared.contains(name) {
            return;
        }
        let diagnostic =
            Diagnostic::new(Code::UnknownSecret, place, format!("the pipeline does not name the secret `{name}`"));
        let near = cx.nearest.to(name, declared.iter().copied());
        cx.report(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix_name(1, name, near),
            None => diagnostic
                .help(format!("add it to the top of the file: `secrets: [{name}]`"))
                .mend(self.with_secret(name)),
        });
    }

    fn with_secret(&self, name: &str) -> Fix {
        let title = format!("Add `{name}` to `secrets`");
        match self.model.pipeline.given.at("secrets") {
            Some(at) => Fix::new(title, Place::Value(at.clone()), Change::Item(name.to_owned())),
            None => {
                let place = Place::Key(self.model.pipeline.at.key("name"));
                Fix::new(title, place, Change::After(format!("secrets: [{name}]")))
            }
        }
    }

    fn step(&self, rest: &[&str], reference: &Reference, site: &Site<'_>, place: Place, cx: &mut Cx) {
        let Some((name, path)) = rest.split_first() else {
            let diagnostic = Diagnostic::new(Code::DynamicName, place, "`steps` must be followed by the id of a step");
            cx.report(diagnostic.help("write it like `steps.build.outputs.version`"));
            return;
        };
        let Some(&target) = self.model.index.get(name) else {
            let diagnostic =
                unknown_step(self.model, name, place, format!("there is no step `{name}`"), &mut cx.nearest);
            cx.report(diagnostic);
            return;
        };
        if !self.comes_before(target, site, &place, cx) {
            return;
        }
        let prefix = format!("steps.{name}");
        if !self.known_field(target, &prefix, path, &place, cx) {
            return;
        }
        if let ["outputs", output, ..] = path {
            let sure = match (site.place, site.step, self.flow) {
                (Where::Loop { sure }, Some(own), _) if own == target => sure,
                (Where::End, _, Some(flow)) => flow.sure_at_end[target],
                (_, Some(own), Some(flow)) => flow.sure[own].contains(target),
                _ => true,
            };
            if !sure && !reference.guarded && !self.guarded_by_if(site, reference) {
                let diagnostic = self.not_sure(target, output, site, place);
                cx.report(diagnostic);
            }
        }
    }

    /// X5: a forward ancestor; in `goto` and `repeat` the step itself; at the end any.
    fn comes_before(&self, target: usize, site: &Site<'_>, place: &Place, cx: &mut Cx) -> bool {
        let (Some(own), Some(flow)) = (site.step, self.flow) else { return true };
        if flow.ancestors[own].contains(target) || (own == target && matches!(site.place, Where::Loop { .. })) {
            return true;
        }
        let name = self.model.steps[target].id;
        let here = self.model.steps[own].id;
        let (message, help) = if own == target {
            (
                format!("step `{name}` reads itself"),
                "a step may read itself in `goto` and `repeat`; what it was in the visit before is `previous`"
                    .to_owned(),
            )
        } else if flow.ancestors[target].contains(own) {
            (
                format!("step `{name}` comes behind `{here}`, so it has not run yet"),
                format!("what it was when a loop came back here is `previous.{name}`"),
            )
        } else {
            (format!("step `{name}` does not come before `{here}`"), format!("add it: `needs: {name}`"))
        };
        let may_need = own != target && !flow.ancestors[target].contains(own);
        let diagnostic = Diagnostic::new(Code::StepIsNotBefore, place.clone(), message).help(help);
        cx.report(match with_need(&self.model.steps[own], name).filter(|_| may_need) {
            Some(fix) => diagnostic.mend(fix.proposal()),
            None => diagnostic,
        });
        false
    }

    /// Whether the field, and for `outputs` the output, can exist.
    fn known_field(&self, target: usize, prefix: &str, path: &[&str], place: &Place, cx: &mut Cx) -> bool {
        let Some((field, inner)) = path.split_first() else { return true };
        let step = &self.model.steps[target];
        match *field {
            "outputs" => match inner.first() {
                Some(output) => known_output(step, prefix, output, &inner[1..], place, cx),
                None => true,
            },
            "error" => {
                fields(&[prefix, "error"], inner, &ERROR_FIELDS, place.clone(), cx);
                true
            }
            field if STEP_FIELDS.contains(&field) => true,
            field => {
                let message = format!("a step has no field `{field}`");
                let diagnostic = Diagnostic::new(Code::UnknownField, place.clone(), message);
                let is_output = declared_outputs(step).is_some_and(|outputs| outputs.contains(&field));
                let near = cx.nearest.to(field, STEP_FIELDS);
                cx.report(if is_output {
                    let diagnostic = diagnostic.help(format!("did you mean `{prefix}.outputs.{field}`?"));
                    diagnostic.fix_name(2, field, format!("outputs.{field}"))
                } else if let Some(near) = near {
                    diagnostic.help(format!("did you mean `{prefix}.{near}`?")).fix_name(2, field, near)
                } else {
                    diagnostic
                        .help(format!("it has {}; its outputs are read as `{prefix}.outputs.NAME`", list(&STEP_FIELDS)))
                });
                false
            }
        }
    }

    /// The step's own `if` may have made sure: then it holds for all else in the step.
    fn guarded_by_if(&self, site: &Site<'_>, reference: &Reference) -> bool {
        if !matches!(site.place, Where::Body | Where::Env | Where::Secretive | Where::Expect | Where::Result(_)) {
            return false;
        }
        let condition = site.step.and_then(|step| self.model.steps[step].spec).and_then(|spec| spec.condition.as_ref());
        let Some(condition) = condition.filter(|condition| condition.0.at != site.at) else { return false };
        // Asked of the expression language itself: is the path guarded where the condition holds?
        let path = reference.path.join(".");
        let question = Cel::new(format!("({}) ? {path} : null", condition.0.value));
        let guarded = |references: Vec<Reference>| {
            references.last().is_some_and(|last| last.path == reference.path && last.guarded)
        };
        question.references().is_ok_and(guarded)
    }

    fn not_sure(&self, target: usize, output: &str, site: &Site<'_>, place: Place) -> Diagnostic {
        let name = self.model.steps[target].id;
        let message = match (site.place, site.step) {
            (Where::End, _) => format!("a run can succeed without `{name}`, so its output `{output}` may be missing"),
            (Where::Loop { .. }, Some(own)) if own == target => {
                format!("`{name}` may have failed here, so its output `{output}` may be missing")
            }
            (_, Some(own)) => {
                let here = self.model.steps[own].id;
                format!("`{here}` can go on though `{name}` did not succeed, so its output `{output}` may be missing")
            }
            _ => format!("the output `{output}` of `{name}` may be missing"),
        };
        let path = format!("steps.{name}.outputs.{output}");
        let diagnostic = Diagnostic::new(Code::OutputIsNotSure, place, message);
        or_empty(diagnostic, site, &path, format!("has({path}) ? {path} : \"\""))
    }

    /// G5.
    fn previous(&self, rest: &[&str], reference: &Reference, site: &Site<'_>, place: Place, cx: &mut Cx) {
        let Some((name, path)) = rest.split_first() else {
            let diagnostic =
                Diagnostic::new(Code::DynamicName, place, "`previous` must be followed by the id of a step");
            cx.report(diagnostic.help("write it like `previous.review.outputs.comment`"));
            return;
        };
        let Some(&target) = self.model.index.get(name) else {
            let diagnostic =
                unknown_step(self.model, name, place, format!("there is no step `{name}`"), &mut cx.nearest);
            cx.report(diagnostic);
            return;
        };
        if let (Some(own), Some(flow)) = (site.step, self.flow) {
            let shared = self
                .model
                .steps
                .iter()
                .flat_map(|step| &step.gotos)
                .filter_map(|entry| entry.target())
                .any(|to| flow.leads(to, own) && flow.leads(to, target));
            if !shared {
                let here = self.model.steps[own].id;
                let message =
                    format!("no loop re-opens both `{here}` and `{name}`, so `previous.{name}` is always null");
                let diagnostic = Diagnostic::new(Code::PreviousOutsideRegion, place, message);
                cx.report(diagnostic.help("a loop re-opens its `to` and everything behind that"));
                return;
            }
        }
        if !self.known_field(target, &format!("previous.{name}"), path, &place, cx) {
            return;
        }
        if !reference.guarded && !self.guarded_by_if(site, reference) {
            let message = format!("`previous.{name}` is null in the first visit");
            let path = reference.path.join(".");
            let diagnostic = Diagnostic::new(Code::PreviousIsNotSure, place, message);
            let guard = format!("previous.{name} == null ? \"\" : {path}");
            cx.report(or_empty(diagnostic, site, &path, guard));
        }
    }
}

/// One more step that comes before this one, where its `needs` are a list or not there yet.
fn with_need(step: &ModelStep<'_>, name: &str) -> Option<Fix> {
    let title = format!("Add `{name}` to `needs`");
    let (spec, kind) = (step.spec?, step.kind?);
    Some(match spec.given.at("needs") {
        Some(at) => Fix::new(title, Place::Value(at.clone()), Change::Item(name.to_owned())),
        None => Fix::new(title, Place::Key(step.at.key(kind.key())), Change::Before(format!("needs: {name}"))),
    })
}

/// Says how a value that may be missing is read: by a guard in an expression, by `default` in a template. What holds when
/// it is missing is for a person to say, so the edit is a proposal.
fn or_empty(diagnostic: Diagnostic, site: &Site<'_>, path: &str, guard: String) -> Diagnostic {
    let place = diagnostic.place.clone();
    let Place::Within(_, part) = &place else { return diagnostic };
    let (help, new) = match &site.text {
        Text::Cel(source) | Text::Condition(source) => {
            let alone = part.start == 0 && part.end == source.len();
            let new = if alone { guard.clone() } else { format!("({guard})") };
            (guard, source.get(part.clone()).filter(|read| *read == path).map(|_| new))
        }
        Text::Template(_) | Text::Script(_) => {
            let source = match &site.text {
                Text::Script(script) => script.source(),
                Text::Template(source) | Text::Cel(source) | Text::Condition(source) => source,
            };
            let before = source.get(..part.start).is_some_and(|before| before.trim_end().ends_with("{{"));
            let behind = source.get(part.end..).is_some_and(|behind| behind.trim_start().starts_with("}}"));
            let default = format!("default {path} \"\"");
            (format!("{{{{ {default} }}}}"), (before && behind).then_some(default))
        }
    };
    let diagnostic = diagnostic.help(format!("say what holds then: `{help}`"));
    match new {
        Some(new) => diagnostic.mend(Fix::new("Take \"\" where it is missing", place, Change::Text(new)).proposal()),
        None => diagnostic,
    }
}

/// Fields of a mapping that the language defines.
fn fields(prefix: &[&str], rest: &[&str], known: &[&'static str], place: Place, cx: &mut Cx) {
    let Some((field, inner)) = rest.split_first() else { return };
    let of = prefix.join(".");
    if known.contains(field) {
        if of == "run" && *field == "trigger" {
            fields(&["run", "trigger"], inner, &TRIGGER_FIELDS, place, cx);
        }
        return;
    }
    if of == "run" && *field == "status" {
        let diagnostic =
            Diagnostic::new(Code::NameNotKnownHere, place, "`run.status` is not known while the run goes on");
        cx.report(diagnostic.help("it is known in `finally`"));
        return;
    }
    let diagnostic = Diagnostic::new(Code::UnknownField, place, format!("`{of}` has no field `{field}`"));
    let near = cx.nearest.to(field, known.iter().copied());
    cx.report(match near {
        Some(near) => {
            let index = of.split('.').count();
            diagnostic.help(format!("did you mean `{of}.{near}`?")).fix_name(index, field, near)
        }
        None => diagnostic.help(format!("it has {}", list(known))),
    });
}

/// The outputs of a step that are known by name; none where any may come.
fn declared_outputs<'a>(step: &ModelStep<'a>) -> Option<Vec<&'a str>> {
    let spec = step.spec?;
    if spec.foreach.is_some() || spec.matrix.is_some() {
        return None;
    }
    let declared = || spec.outputs.iter().flat_map(|outputs| &outputs.0).map(|item| item.name.as_str()).collect();
    match step.kind? {
        Kind::Approval => Some(APPROVAL_OUTPUTS.to_vec()),
        Kind::Set => Some(spec.set.iter().flat_map(|set| &set.0).map(|item| item.name.as_str()).collect()),
        Kind::Sleep => Some(Vec::new()),
        Kind::Run | Kind::Http | Kind::Container => Some(declared()),
        Kind::Wait | Kind::Pipeline | Kind::Use => None,
    }
}

/// Whether the output can exist.
fn known_output(step: &ModelStep<'_>, prefix: &str, output: &str, inner: &[&str], place: &Place, cx: &mut Cx) -> bool {
    let Some(known) = declared_outputs(step) else { return true };
    if known.contains(&output) {
        return field_of_approval(step, prefix, output, inner, place, cx);
    }
    let id = step.id;
    let near = cx.nearest.to(output, known.iter().copied());
    // A script may write outputs that the file does not declare.
    if matches!(step.kind, Some(Kind::Run | Kind::Container)) {
        let message = format!("step `{id}` does not declare the output `{output}`");
        let diagnostic = Diagnostic::new(Code::UndeclaredOutput, place.clone(), message);
        cx.report(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix_name(3, output, near),
            None => diagnostic.help(format!("declare it on `{id}`: `outputs: {{{output}: {{type: string}}}}`")),
        });
        return true;
    }
    let diagnostic =
        Diagnostic::new(Code::UnknownOutput, place.clone(), format!("step `{id}` has no output `{output}`"));
    cx.report(match near {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix_name(3, output, near),
        None if known.is_empty() => diagnostic.help(match step.kind {
            Some(Kind::Http) => format!("declare it on `{id}`: `outputs: {{{output}: response.json.{output}}}`"),
            _ => "it has none".to_owned(),
        }),
        None => diagnostic.help(format!("it has {}", list(&known))),
    });
    false
}

/// `outputs.fields.NAME` of an approval.
fn field_of_approval(
    step: &ModelStep<'_>,
    prefix: &str,
    output: &str,
    inner: &[&str],
    place: &Place,
    cx: &mut Cx,
) -> bool {
    let (Some(approval), "fields", Some(field)) =
        (step.spec.and_then(|spec| spec.approval.as_ref()), output, inner.first())
    else {
        return true;
    };
    let known: Vec<&str> = approval.fields.iter().flat_map(|fields| &fields.0).map(|item| item.name.as_str()).collect();
    if known.contains(field) {
        return true;
    }
    let message = format!("the approval `{}` does not ask for `{field}`", step.id);
    let diagnostic = Diagnostic::new(Code::UnknownOutput, place.clone(), message);
    let near = cx.nearest.to(field, known.iter().copied());
    cx.report(match near {
        Some(near) => {
            diagnostic.help(format!("did you mean `{prefix}.outputs.fields.{near}`?")).fix_name(4, field, near)
        }
        None => diagnostic.help(format!("ask for it: `fields: {{{field}: {{type: string}}}}`")),
    });
    false
}

/// The names that a step has besides: of its items, of its callback.
fn many_roots(step: &ModelStep<'_>) -> Vec<String> {
    let Some(spec) = step.spec else { return Vec::new() };
    let mut roots = Vec::new();
    if spec.foreach.is_some() || spec.matrix.is_some() {
        roots.push("item".to_owned());
    }
    let alias = spec.foreach.as_ref().and_then(|foreach| foreach.0.value.get("as")).and_then(|alias| alias.as_str());
    roots.extend(alias.map(str::to_owned));
    if spec.http.as_ref().is_some_and(|http| http.callback.is_some()) {
        roots.push("callback".to_owned());
    }
    roots
}

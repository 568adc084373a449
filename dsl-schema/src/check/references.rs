//! X5, X7, G5: the names that an expression reads exist, are known where it stands, and have a value there.

use std::rc::Rc;

use fixedbitset::FixedBitSet;
use loopline_core::expr::Reference;

use super::edges::unknown_step;
use super::flow::Flow;
use super::known::{Known, Names};
use super::sites::{Site, Text, Where};
use super::unused::Used;
use crate::decode::{Cx, list};
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::model::{Gives, Kind, Model, ModelStep, Part};

pub(super) const STEP_FIELDS: [&str; 5] = ["status", "outputs", "error", "visit", "visits"];
pub(super) const ERROR_FIELDS: [&str; 7] = ["kind", "message", "exit_code", "signal", "status", "tail", "cause"];
pub(super) const RUN_FIELDS: [&str; 15] = [
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
pub(super) const TRIGGER_FIELDS: [&str; 3] = ["kind", "actor", "time"];
pub(super) const EVENT_FIELDS: [&str; 3] = ["headers", "body", "delivery"];
const APPROVAL_OUTPUTS: [&str; 5] = ["decision", "by", "comment", "fields", "decisions"];
/// M1: what a step with items gives, whatever its items give.
const MANY_OUTPUTS: [&str; 2] = ["items", "errors"];
/// Names that exist somewhere in the language.
pub(crate) const ALL_ROOTS: [&str; 16] = [
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
    /// The graph that this one, a `finally`, follows.
    outer: Option<&'a Model<'a>>,
    /// None where forward edges form a cycle: then nothing is known about order.
    flow: Option<&'a Flow>,
    known: Known<'a>,
    known_outer: Known<'a>,
    /// Steps that a loop leads back to.
    loop_targets: FixedBitSet,
    pub(super) used: Used,
}

impl<'a> References<'a> {
    pub(super) fn new(model: &'a Model<'a>, outer: Option<&'a Model<'a>>, flow: Option<&'a Flow>) -> Self {
        let used = Used { outer: outer.map(|_| Box::default()), ..Used::default() };
        let mut loop_targets = FixedBitSet::with_capacity(model.steps.len());
        loop_targets.extend(model.steps.iter().flat_map(|step| &step.gotos).filter_map(|entry| entry.target()));
        let known_outer = outer.map_or_else(Known::default, Known::of);
        Self { model, outer, flow, known: Known::of(model), known_outer, loop_targets, used }
    }

    pub(super) fn check(&mut self, site: &Site<'_>, reference: &Reference, cx: &mut Cx) {
        let place = site.within(&reference.span);
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
            "run" if rest == ["status"] && self.model.part == Part::Finally => {}
            "run" => fields(&["run"], rest, &RUN_FIELDS, place, cx),
            "event" => fields(&["event"], rest, &EVENT_FIELDS, place, cx),
            "steps" => self.step(rest, reference, site, place, cx),
            "previous" => self.previous(rest, reference, site, place, cx),
            "callback" => callback(site, reference, place, cx),
            _ => {}
        }
    }

    fn is_known_here(&self, root: &str, site: &Site<'_>) -> bool {
        // A child sees nothing but its inputs; a step type knows neither steps nor the event.
        let hidden = match self.model.part {
            Part::InPlace => root == "event",
            Part::StepType => matches!(root, "steps" | "previous"),
            Part::Steps | Part::Finally => false,
        };
        !hidden && (site.place.roots().contains(&root) || self.many_roots(site).any(|known| known == root))
    }

    /// The names that a path may begin with at a site.
    pub(super) fn roots(&self, site: &Site<'_>) -> Vec<&'a str> {
        let all = site.place.roots().into_iter().chain(self.many_roots(site));
        all.filter(|root| self.is_known_here(root, site)).collect()
    }

    /// The names that a step has besides: of its items, of its callback.
    fn many_roots(&self, site: &Site<'_>) -> impl Iterator<Item = &'a str> {
        let spec = site.step.and_then(|step| self.model.steps[step].spec);
        let item = site.of_item.then_some("item");
        let alias = spec
            .filter(|_| site.of_item)
            .and_then(|spec| spec.foreach.as_deref()?.alias.as_ref())
            .map(|alias| alias.value.as_str());
        let callback = spec
            .and_then(|spec| spec.http.as_ref()?.callback.as_ref())
            .filter(|_| matches!(site.place, Where::Request | Where::Secretive))
            .map(|_| "callback");
        item.into_iter().chain(alias).chain(callback)
    }

    fn not_known_here(&self, root: &str, rest: &[&str], site: &Site<'_>, place: Place, cx: &mut Cx) -> Diagnostic {
        let known = site.place.roots();
        if root == "secrets" {
            let name = rest.first().unwrap_or(&"NAME");
            let message = format!("the secret `{name}` may not stand here");
            return Diagnostic::new(Code::SecretOutOfPlace, place, message)
                .help("secrets stand in `env`, in `query`, `headers`, `auth`, `json`, `body` and `form` of `http`, and in `env` and `registry_auth` of `container`");
        }
        if ALL_ROOTS.contains(&root) {
            let in_place = self.model.part == Part::InPlace;
            let why = match (root, site.place) {
                ("event", _) if in_place => "a child run sees nothing but its inputs: hand it over as one",
                ("steps" | "previous", _) if self.model.part == Part::StepType => {
                    "a step type does not know where it stands: take the value as an input"
                }
                ("env", Where::Env | Where::PipelineEnv) => {
                    "`env` cannot read `env`; read what that variable is made of"
                }
                ("env", Where::With) => {
                    "the step type may make `env` of what `with` gives; read what that variable is made of"
                }
                ("env", _) => "`env` belongs to steps",
                ("item", _) if self.has_items(site) => "there is no single item here: this is judged once for the step",
                ("item", _) => "`item` is known in steps with `foreach` or `matrix`",
                ("callback", _) => "`callback` is known in the request of a step whose `http` has a `callback`",
                ("response" | "stdout" | "stderr" | "exit_code" | "payload", Where::Result(kind)) => {
                    let known = super::sites::result_roots(kind);
                    let help = format!("the result of `{}` is {}", kind.key(), list(known));
                    return Diagnostic::new(Code::NameNotKnownHere, place, format!("`{root}` is not known here"))
                        .help(help);
                }
                ("response" | "stdout" | "stderr" | "exit_code" | "payload", _) => {
                    "the result of a step is known in its own `outputs`; read it elsewhere as `steps.ID.outputs.NAME`"
                }
                (_, Where::Event) => "there is no run yet: `event` is all there is",
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
        let spec = site.step.and_then(|step| self.model.steps[step].spec);
        let alias = spec.and_then(|spec| spec.foreach.as_deref()?.alias.as_ref());
        if alias.is_some_and(|alias| alias.value == root) {
            return Diagnostic::new(Code::NameNotKnownHere, diagnostic.place, format!("`{root}` is not known here"))
                .help("it is a single item, and this is judged once for the step");
        }
        if self.model.index.contains_key(root) {
            let diagnostic = diagnostic.help(format!("a step is read as `steps.{root}`"));
            return diagnostic.fix_name(0, root, format!("steps.{root}"));
        }
        if self.model.inputs.contains_key(root) {
            let diagnostic = diagnostic.help(format!("an input is read as `inputs.{root}`"));
            return diagnostic.fix_name(0, root, format!("inputs.{root}"));
        }
        diagnostic.help(format!("known here: {}", list(&known)))
    }

    /// Whether a step has items, though they are not known at this site.
    fn has_items(&self, site: &Site<'_>) -> bool {
        let spec = site.step.and_then(|step| self.model.steps[step].spec);
        spec.is_some_and(|spec| spec.foreach.is_some() || spec.matrix.is_some())
    }

    fn input(&mut self, rest: &[&str], place: Place, cx: &mut Cx) {
        let inputs = &self.model.inputs;
        let Some(name) = rest.first() else {
            // All of them at once.
            self.used.inputs.extend(inputs.keys().map(|name| (*name).to_owned()));
            return;
        };
        if inputs.contains_key(name) {
            if !self.used.inputs.contains(*name) {
                self.used.inputs.insert((*name).to_owned());
            }
            return;
        }
        let who = match self.model.part {
            Part::InPlace => "the pipeline in place is given",
            Part::StepType => "the step type has",
            Part::Steps | Part::Finally => "the pipeline has",
        };
        let diagnostic = Diagnostic::new(Code::UnknownInput, place, format!("{who} no input `{name}`"));
        let near = cx.nearest.to(name, inputs.keys().copied());
        if self.model.part == Part::InPlace && near.is_none() {
            cx.report(diagnostic.help(format!(
                "it sees only what `inputs` hands over: `inputs: {{{name}: \"{{{{ inputs.{name} }}}}\"}}`"
            )));
            return;
        }
        cx.report(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix_name(1, name, near),
            None => diagnostic.help(format!("declare it: `inputs: {{{name}: {{type: string}}}}`")),
        });
    }

    fn env(&mut self, rest: &[&str], site: &Site<'_>, place: Place, cx: &mut Cx) {
        let Some(name) = rest.first() else { return };
        match self.known.variable(self.model, site.step, name) {
            Some(item) => {
                if self.known.holds_secret(item) {
                    let message = format!("`env.{name}` holds a secret, and secrets may not stand in expressions");
                    let help = format!("read it in the script as `${name}`");
                    cx.report(Diagnostic::new(Code::SecretOutOfPlace, place, message).help(help));
                }
            }
            None => {
                let message = format!("no variable `{name}` is set here");
                let diagnostic = Diagnostic::new(Code::UnknownEnv, place, message);
                let near = cx.nearest.to(name, self.known.variables(site.step));
                cx.report(match near {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix_name(1, name, near),
                    None => diagnostic.help("`env` holds what the file sets, not the environment of the engine"),
                });
            }
        }
    }

    fn secret(&mut self, rest: &[&str], place: Place, cx: &mut Cx) {
        let Some(name) = rest.first() else {
            let diagnostic = Diagnostic::new(Code::DynamicName, place, "`secrets` must be followed by a name");
            cx.report(diagnostic.help("write it like `secrets.DEPLOY_TOKEN`"));
            return;
        };
        if !self.used.secrets.contains(*name) {
            self.used.secrets.insert((*name).to_owned());
        }
        let declared = &self.known.secrets;
        // Which secrets a step type may read is said by the pipeline that uses it.
        if declared.contains(name) || self.model.part == Part::StepType {
            return;
        }
        let diagnostic =
            Diagnostic::new(Code::UnknownSecret, place, format!("the pipeline does not name the secret `{name}`"));
        let near = cx.nearest.to(name, declared.all.iter().copied());
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

    fn step(&mut self, rest: &[&str], reference: &Reference, site: &Site<'_>, place: Place, cx: &mut Cx) {
        let Some((name, path)) = rest.split_first() else {
            let diagnostic = Diagnostic::new(Code::DynamicName, place, "`steps` must be followed by the id of a step");
            cx.report(diagnostic.help("write it like `steps.build.outputs.version`"));
            return;
        };
        let Some(&target) = self.model.index.get(name) else {
            match self.outer {
                Some(outer) if outer.index.contains_key(name) => {
                    self.step_before_finally(outer, outer.index[name], path, reference, site, place, cx);
                }
                _ => {
                    let message = format!("there is no step `{name}`");
                    let diagnostic = unknown_step(self.model, name, place, message, &mut cx.nearest);
                    cx.report(diagnostic);
                }
            }
            return;
        };
        if !self.comes_before(target, site, &place, cx) {
            return;
        }
        note_use(&mut self.used, target, path);
        let prefix = format!("steps.{name}");
        // To what undoes an item, the outputs of the step are those of the item.
        let undoes_item = matches!(site.place, Where::Undo { .. }) && site.step == Some(target) && self.has_items(site);
        let of_item = undoes_item && path.first() == Some(&"outputs");
        if !of_item && !known_field(&mut self.known, target, &self.model.steps[target], &prefix, path, &place, cx) {
            return;
        }
        if let ["outputs", output, ..] = path {
            let sure = match (site.place, site.step, self.flow) {
                (Where::Loop { sure }, Some(own), _) if own == target => sure,
                (Where::Undo { .. }, Some(own), _) if own == target => true,
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

    /// X5: `finally` sees every step, and none of them for sure.
    #[expect(clippy::too_many_arguments, reason = "the parts of one reference")]
    fn step_before_finally(
        &mut self,
        outer: &'a Model<'a>,
        target: usize,
        path: &[&str],
        reference: &Reference,
        site: &Site<'_>,
        place: Place,
        cx: &mut Cx,
    ) {
        if let Some(used) = &mut self.used.outer {
            note_use(used, target, path);
        }
        let step = &outer.steps[target];
        let name = step.id;
        if !known_field(&mut self.known_outer, target, step, &format!("steps.{name}"), path, &place, cx) {
            return;
        }
        if let ["outputs", output, ..] = path
            && !reference.guarded
            && !self.guarded_by_if(site, reference)
        {
            let message =
                format!("`finally` runs though `{name}` did not succeed, so its output `{output}` may be missing");
            let path = format!("steps.{name}.outputs.{output}");
            let diagnostic = Diagnostic::new(Code::OutputIsNotSure, place, message);
            cx.report(or_empty(diagnostic, site, &path, format!("has({path}) ? {path} : \"\"")));
        }
    }

    /// X5: a forward ancestor; in `goto` and `repeat` the step itself; at the end any.
    fn comes_before(&self, target: usize, site: &Site<'_>, place: &Place, cx: &mut Cx) -> bool {
        let (Some(own), Some(flow)) = (site.step, self.flow) else { return true };
        if flow.ancestors[own].contains(target)
            || (own == target && matches!(site.place, Where::Loop { .. } | Where::Undo { .. }))
        {
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

    /// The step's own `if` may have made sure: then it holds for all else in the step.
    fn guarded_by_if(&mut self, site: &Site<'_>, reference: &Reference) -> bool {
        if !matches!(
            site.place,
            Where::Body
                | Where::Request
                | Where::With
                | Where::Env
                | Where::Secretive
                | Where::Expect
                | Where::Result(_)
        ) {
            return false;
        }
        let Some(step) = site.step else { return false };
        let condition = self.model.steps[step].spec.and_then(|spec| spec.condition.as_ref());
        let Some(condition) = condition.filter(|condition| condition.0.at != site.at) else { return false };
        self.known.is_certain(step, &condition.0.value, &reference.path)
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
    fn previous(&mut self, rest: &[&str], reference: &Reference, site: &Site<'_>, place: Place, cx: &mut Cx) {
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
            // A region is the target of a loop and all that stands behind it.
            let mut shared = flow.up_to(own);
            shared.intersect_with(&flow.up_to(target));
            if shared.is_disjoint(&self.loop_targets) {
                let here = self.model.steps[own].id;
                let message =
                    format!("no loop re-opens both `{here}` and `{name}`, so `previous.{name}` is always null");
                let diagnostic = Diagnostic::new(Code::PreviousOutsideRegion, place, message);
                cx.report(diagnostic.help("a loop re-opens its `to` and everything behind that"));
                return;
            }
        }
        note_use(&mut self.used, target, path);
        let prefix = format!("previous.{name}");
        if !known_field(&mut self.known, target, &self.model.steps[target], &prefix, path, &place, cx) {
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

/// Whether the field, and for `outputs` the output, can exist.
fn known_field<'a>(
    known: &mut Known<'a>,
    at: usize,
    step: &ModelStep<'a>,
    prefix: &str,
    path: &[&str],
    place: &Place,
    cx: &mut Cx,
) -> bool {
    let Some((field, inner)) = path.split_first() else { return true };
    match *field {
        "outputs" => match inner.first() {
            Some(output) => {
                known_output(known, at, step, output, place, cx) && {
                    let fields = || known.fields(at, step);
                    *output != "fields" || field_of_approval(step, fields, prefix, &inner[1..], place, cx)
                }
            }
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
            let is_output = known.outputs(at, step).is_some_and(|outputs| outputs.contains(field));
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

fn note_use(used: &mut Used, target: usize, path: &[&str]) {
    match path {
        // All of them, or what holds them: of a step with items, those of each item.
        [] | ["outputs"] | ["outputs", "items", ..] | ["visits", ..] => {
            used.whole.insert(target);
        }
        ["outputs", output, ..] => {
            used.outputs.insert((target, (*output).to_owned()));
        }
        _ => {}
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
pub(super) fn declared_outputs<'a>(step: &ModelStep<'a>) -> Option<Vec<&'a str>> {
    let spec = step.spec?;
    if spec.foreach.is_some() || spec.matrix.is_some() {
        return Some(MANY_OUTPUTS.to_vec());
    }
    let of_type = step.uses.and_then(|uses| uses.step()).and_then(|step| step.outputs.as_ref());
    let declared = || -> Vec<&str> {
        let all = spec.outputs.iter().chain(of_type).flat_map(|outputs| &outputs.0);
        all.map(|item| item.name.as_str()).collect()
    };
    match step.kind? {
        Kind::Approval => Some(APPROVAL_OUTPUTS.to_vec()),
        Kind::Set => {
            let set = step.says(|spec| spec.set.as_ref());
            Some(set.iter().flat_map(|set| &set.0).map(|item| item.name.as_str()).collect())
        }
        Kind::Sleep => Some(Vec::new()),
        Kind::Run | Kind::Http | Kind::Container => Some(declared()),
        Kind::Pipeline => Some(match step.gives? {
            Gives::Here(outputs) => {
                outputs.iter().flat_map(|outputs| &outputs.0).map(|item| item.name.as_str()).collect()
            }
            Gives::There(contract) => contract.outputs.keys().map(String::as_str).collect(),
        }),
        Kind::Wait => {
            let declared = declared();
            Some(if declared.is_empty() { vec!["payload"] } else { declared })
        }
        Kind::Use => None,
    }
}

/// Whether the output can exist.
fn known_output<'a>(
    known: &mut Known<'a>,
    at: usize,
    step: &ModelStep<'a>,
    output: &str,
    place: &Place,
    cx: &mut Cx,
) -> bool {
    let Some(known) = known.outputs(at, step) else { return true };
    if known.contains(output) {
        return true;
    }
    let id = step.id;
    let near = cx.nearest.to(output, known.all.iter().copied());
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
    let child = step.spec.and_then(|spec| spec.pipeline.as_deref()?.name.as_ref());
    let message = match child {
        Some(child) => {
            format!("the pipeline `{}`, which step `{id}` runs, gives back no output `{output}`", child.value)
        }
        None => format!("step `{id}` has no output `{output}`"),
    };
    let diagnostic = Diagnostic::new(Code::UnknownOutput, place.clone(), message);
    cx.report(match near {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix_name(3, output, near),
        None if known.all.is_empty() => diagnostic.help(match step.kind {
            Some(Kind::Http) => format!("declare it on `{id}`: `outputs: {{{output}: response.json.{output}}}`"),
            Some(Kind::Pipeline) if child.is_some() => {
                format!("it gives back nothing; its file would say it: `outputs: {{{output}: …}}`")
            }
            _ => "it has none".to_owned(),
        }),
        None => diagnostic.help(format!("it has {}", list(&known.all))),
    });
    false
}

/// `outputs.fields.NAME` of an approval.
fn field_of_approval<'a>(
    step: &ModelStep<'a>,
    fields: impl FnOnce() -> Rc<Names<'a>>,
    prefix: &str,
    inner: &[&str],
    place: &Place,
    cx: &mut Cx,
) -> bool {
    let (Some(Kind::Approval), Some(field)) = (step.kind, inner.first()) else { return true };
    let known = fields();
    if known.contains(field) {
        return true;
    }
    let message = format!("the approval `{}` does not ask for `{field}`", step.id);
    let diagnostic = Diagnostic::new(Code::UnknownOutput, place.clone(), message);
    let near = cx.nearest.to(field, known.all.iter().copied());
    cx.report(match near {
        Some(near) => {
            diagnostic.help(format!("did you mean `{prefix}.outputs.fields.{near}`?")).fix_name(4, field, near)
        }
        None => diagnostic.help(format!("ask for it: `fields: {{{field}: {{type: string}}}}`")),
    });
    false
}

/// The address is put in where the request is sent: until then something else stands in its place, of which nothing can be
/// made.
fn callback(site: &Site<'_>, reference: &Reference, place: Place, cx: &mut Cx) {
    // Requests hold templates only.
    let Text::Template(source) = site.text else { return };
    let before = source.get(..reference.span.start).unwrap_or_default().trim_end();
    let behind = source.get(reference.span.end..).unwrap_or_default().trim_start();
    let words = before.trim_end_matches('~').trim_end();
    let alone = words.ends_with("{{") || words.ends_with("{{json");
    if !alone || !behind.trim_start_matches('~').starts_with("}}") {
        let diagnostic = Diagnostic::new(Code::InvalidTemplate, place, "`callback.url` stands alone");
        cx.report(diagnostic.help(
            "write `{{ callback.url }}`: it is known only when the request is sent, so nothing can be computed from it",
        ));
    }
}

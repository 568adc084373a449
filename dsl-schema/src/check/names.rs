//! Names: of the pipeline, its steps, inputs, outputs, variables.

use loopline_core::id::StepId;

use crate::decode::Cx;
use crate::diagnostics::{Change, Code, Diagnostic, Fix, Place};
use crate::language::{Entries, Scalar, SchemaSpec, Text};
use crate::model::{Model, ModelStep};
use crate::route::Route;

/// The merged environments of all steps, in entries: every step carries the pipeline's `env`.
const MAX_ENV_ENTRIES: usize = 250_000;

/// Finding out where an id is named takes a look at all steps; a file with more wrong ids gets the first ones mended.
const MOST_RENAMINGS: usize = 50;

/// Names of the file as a whole.
pub(super) fn pipeline(model: &Model<'_>, cx: &mut Cx) {
    let pipeline = model.pipeline;
    if let Some(version) = &pipeline.version
        && version.0.value != 1
    {
        let message = format!("version {} of the language is not known", version.0.value);
        cx.report(
            Diagnostic::new(Code::UnsupportedVersion, version.0.place(), message).help("write `version: 1`").fix_yaml(
                "Change to 1",
                version.0.place(),
                "1",
            ),
        );
    }
    if let Some(name) = &pipeline.name.0 {
        pipeline_name(name, cx);
    }
    if let Some(steps) = &pipeline.steps.0
        && steps.0.is_empty()
        && !cx.unsound
    {
        let place = Place::Key(Route::root().key("steps"));
        cx.report(
            Diagnostic::new(Code::NoSteps, place, "the pipeline has no steps")
                .help("add one, like `hello: {run: echo hello}`"),
        );
    }
    env(pipeline.env.as_ref(), cx);
    values(pipeline.inputs.as_ref(), "an input", cx);
    for label in pipeline.labels.iter().flat_map(|labels| &labels.0) {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        if label.name.is_empty() || label.name.len() > 63 || !label.name.chars().all(fits) {
            let message = format!("`{}` is not the name of a label", label.name);
            cx.report(
                Diagnostic::new(Code::InvalidName, label.key(), message)
                    .help("use at most 63 letters, digits, `_`, `-`, `.` and `/`"),
            );
        }
    }
    for secret in pipeline.secrets.iter().flat_map(|secrets| secrets.iter()) {
        if !is_identifier(&secret.value) {
            let message = format!("`{}` is not the name of a secret", secret.value);
            cx.report(
                Diagnostic::new(Code::InvalidName, secret.place(), message)
                    .help("use letters, digits and `_`, like `DEPLOY_TOKEN`"),
            );
        }
    }
    for notify in pipeline.notify.iter().flat_map(|notify| notify.iter()).filter(|notify| notify.to.value.is_empty()) {
        let diagnostic = Diagnostic::new(Code::InvalidName, notify.to.place(), "this names no receiver");
        cx.report(diagnostic.help("write the name of a receiver in the server's configuration"));
    }
    let common = pipeline.env.as_ref().map_or(0, |env| env.0.len());
    if common.saturating_mul(model.count()) > MAX_ENV_ENTRIES {
        let place = Place::Key(Route::root().key("env"));
        let message = format!("{common} variables for each of {} steps are more than 250,000 in all", model.count());
        let diagnostic = Diagnostic::new(Code::TooMuchForEachStep, place, message);
        cx.report(diagnostic.help("set variables on the steps that read them"));
    }
}

/// Names in one graph of the file.
pub(super) fn steps(model: &Model<'_>, cx: &mut Cx) {
    values(model.outputs, "an output", cx);
    let mut wrong_ids = 0;
    for step in &model.steps {
        step_id(model, step, &mut wrong_ids, cx);
        let Some(spec) = step.spec else { continue };
        env(spec.env.as_ref(), cx);
        let undo = spec.compensate.as_deref();
        env(undo.and_then(|undo| undo.env.as_ref()), cx);
        let containers = [spec.container.as_deref(), undo.and_then(|undo| undo.container.as_deref())];
        let of_containers = containers.into_iter().flatten();
        of_containers.clone().for_each(|container| env(container.env.as_ref(), cx));
        let services = of_containers.filter_map(|container| container.services.as_ref());
        for service in services.chain(spec.services.as_ref()).flat_map(|services| &services.0) {
            env(service.value.as_ref().and_then(|service| service.env.as_ref()), cx);
        }
        values(spec.outputs.as_ref(), "an output", cx);
        values(spec.set.as_ref(), "an output", cx);
        values(spec.approval.as_ref().and_then(|approval| approval.fields.as_ref()), "a field", cx);
        if let Some(child) = spec.pipeline.as_deref().filter(|child| child.steps.is_some()) {
            values(child.inputs.as_ref(), "an input", cx);
        }
        if let Some(wait) = spec.wait.as_deref() {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            let name = wait.signal.value.as_str();
            if name.is_empty() || name.len() > 63 || !name.chars().all(fits) {
                let message = format!("`{}` is not the name of a signal", short(name));
                let diagnostic = Diagnostic::new(Code::InvalidName, wait.signal.place(), message);
                cx.report(diagnostic.help("use at most 63 letters, digits, `_`, `-` and `.`"));
            }
        }
        for artifact in spec.artifacts.iter().flat_map(|artifacts| &artifacts.0) {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if artifact.name.is_empty() || artifact.name.len() > 63 || !artifact.name.chars().all(fits) {
                let message = format!("`{}` is not the name of an artifact", artifact.name);
                cx.report(
                    Diagnostic::new(Code::InvalidName, artifact.key(), message)
                        .help("use at most 63 letters, digits, `_` and `-`"),
                );
            }
        }
    }
}

/// The inputs of a step type.
pub(super) fn type_inputs(inputs: Option<&Entries<SchemaSpec>>, cx: &mut Cx) {
    values(inputs, "an input", cx);
}

/// E1: ids of `steps` and `finally` are distinct.
pub(super) fn distinct(model: &Model<'_>, finally: &Model<'_>, cx: &mut Cx) {
    for step in &finally.steps {
        let Some(first) = model.index.get(step.id) else { continue };
        let message = format!("`{}` is the id of a step of `steps` already", step.id);
        let diagnostic = Diagnostic::new(Code::IdTaken, Place::Key(step.at.clone()), message);
        let first = Place::Key(model.steps[*first].at.clone());
        cx.report(diagnostic.related(first, "first here").help("rename one of them"));
    }
}

fn pipeline_name(name: &Text, cx: &mut Cx) {
    let text = &name.value;
    let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
    let fits = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if starts && fits && text.len() <= 63 {
        return;
    }
    let message = format!("`{}` is not the name of a pipeline", short(text));
    let mut diagnostic = Diagnostic::new(Code::InvalidPipelineName, name.place(), message);
    let better = slug(text, '-');
    diagnostic = match better {
        Some(better) => diagnostic
            .help(format!("a name is a lower-case letter, then at most 62 of a-z, 0-9 and -; like `{better}`"))
            .fix(format!("Change to `{better}`"), name.place(), better),
        None => diagnostic.help("a name is a lower-case letter, then at most 62 of a-z, 0-9 and -"),
    };
    cx.report(diagnostic);
}

/// `wrong` counts the wrong ids so far.
fn step_id(model: &Model<'_>, step: &ModelStep<'_>, wrong: &mut usize, cx: &mut Cx) {
    if StepId::new(step.id).is_ok() {
        return;
    }
    *wrong += 1;
    let message = format!("`{}` is not the id of a step", short(step.id));
    let rule = "an id is a lower-case letter, then at most 62 of a-z, 0-9 and _";
    let diagnostic = Diagnostic::new(Code::InvalidStepId, Place::Key(step.at.clone()), message);
    cx.report(match slug(step.id, '_') {
        Some(better) if *wrong <= MOST_RENAMINGS => {
            diagnostic.help(format!("{rule}; like `{better}`")).mend(renamed(model, step, &better))
        }
        Some(better) => diagnostic.help(format!("{rule}; like `{better}`")),
        None => diagnostic.help(rule),
    });
}

/// Another id, also where `needs` and `goto` name it. Where an expression does, the fix does not hold.
fn renamed(model: &Model<'_>, step: &ModelStep<'_>, to: &str) -> Fix {
    let key = Place::Key(step.at.clone());
    let mut fix = Fix::new(format!("Change to `{to}`"), key, Change::Text(to.to_owned()));
    for other in model.steps.iter().filter_map(|other| other.spec) {
        let needs = other.needs.iter().flat_map(|needs| &needs.0).filter(|need| need.step == step.id);
        let gotos = other.goto.iter().flatten().filter(|goto| goto.to.value == step.id);
        for place in needs.map(|need| need.place.clone()).chain(gotos.map(|goto| goto.to.place())) {
            fix = fix.and(place, Change::Text(to.to_owned()));
        }
    }
    fix
}

fn env(env: Option<&Entries<Scalar>>, cx: &mut Cx) {
    for item in env.iter().flat_map(|env| &env.0) {
        if !is_identifier(&item.name) {
            let message = format!("`{}` is not the name of an environment variable", short(&item.name));
            let diagnostic = Diagnostic::new(Code::InvalidEnvName, item.key(), message);
            let diagnostic = diagnostic.help("use letters, digits and `_`, not beginning with a digit");
            cx.report(with_identifier(diagnostic, item.key(), &item.name));
        } else if item.name.starts_with("LOOPLINE_") {
            let message = format!("`{}` cannot be set: names with LOOPLINE_ are the engine's own", item.name);
            cx.report(Diagnostic::new(Code::InvalidEnvName, item.key(), message).help("choose another name"));
        } else if is_of_the_loader(&item.name)
            && let Some(value) = item.value.as_ref().filter(|value| value.0.value.contains("{{"))
        {
            let message = format!("`{}` decides which code a process loads, so it takes no hole", item.name);
            let diagnostic = Diagnostic::new(Code::LoaderVariable, value.0.place(), message);
            cx.report(diagnostic.help("write fixed text, or hand the value over in a variable of another name"));
        }
    }
}

/// S5: names that the loader, a shell or an interpreter acts on before the script's first line.
fn is_of_the_loader(name: &str) -> bool {
    const NAMES: [&str; 18] = [
        "PATH",
        "IFS",
        "ENV",
        "BASH_ENV",
        "BASHOPTS",
        "SHELLOPTS",
        "PS4",
        "PROMPT_COMMAND",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PYTHONHOME",
        "NODE_OPTIONS",
        "NODE_PATH",
        "PERL5LIB",
        "PERL5OPT",
        "RUBYOPT",
        "RUBYLIB",
        "GLIBC_TUNABLES",
    ];
    name.starts_with("LD_") || name.starts_with("DYLD_") || name.starts_with("BASH_FUNC_") || NAMES.contains(&name)
}

/// Names that expressions read as `inputs.name`.
fn values<T>(entries: Option<&Entries<T>>, what: &str, cx: &mut Cx) {
    for item in entries.iter().flat_map(|entries| &entries.0) {
        if is_identifier(&item.name) && item.name.len() <= 63 {
            continue;
        }
        let message = format!("`{}` is not the name of {what}", short(&item.name));
        let diagnostic = Diagnostic::new(Code::InvalidName, item.key(), message);
        let diagnostic = diagnostic.help("use at most 63 letters, digits and `_`, not beginning with a digit");
        cx.report(with_identifier(diagnostic, item.key(), &item.name));
    }
}

/// Proposes the name with `_` for what cannot stand in it. Who reads the name is not known here.
fn with_identifier(diagnostic: Diagnostic, place: Place, name: &str) -> Diagnostic {
    let better: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !is_identifier(&better) || better == name || better.len() > 63 {
        return diagnostic;
    }
    diagnostic.mend(Fix::new(format!("Change to `{better}`"), place, Change::Text(better)).proposal())
}

/// `[A-Za-z_][A-Za-z0-9_]*`
pub(super) fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The text as a name, where anything of it is left.
fn slug(text: &str, join: char) -> Option<String> {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || (c.is_ascii_digit() && !slug.is_empty()) {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with(join) {
            slug.push(join);
        }
    }
    let slug: String = slug.chars().take(63).collect();
    let slug = slug.trim_end_matches(join);
    (!slug.is_empty()).then(|| slug.to_owned())
}

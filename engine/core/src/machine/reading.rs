//! Which names the expressions of a whole graph read.

use crate::expr::Reference;
use crate::graph::{
    Action, CacheKeyPart, Compensate, ContainerCommand, Graph, HttpAuth, HttpBody, ItemList, Items, Output, SetValue,
    SleepAction,
};

/// Calls `see` for every name that some expression, template or script of the graph reads. What does not compile reads nothing.
pub fn for_each_reference(graph: &Graph, see: &mut impl FnMut(&Reference)) {
    let mut all = |references: Vec<Reference>| references.iter().for_each(&mut *see);
    for template in graph.run_name.iter().chain(graph.labels.values()) {
        all(template.references().unwrap_or_default());
    }
    for cel in graph.outputs.values() {
        all(cel.references().unwrap_or_default());
    }
    for step in &graph.steps {
        for cel in step.condition.iter().chain(step.goto.iter().filter_map(|goto| goto.condition.as_ref())) {
            all(cel.references().unwrap_or_default());
        }
        match step.many.as_ref().map(|many| &many.items) {
            None => {}
            Some(Items::List(list)) => list_of_items(list, &mut all),
            Some(Items::Matrix { axes, .. }) => axes.values().for_each(|list| list_of_items(list, &mut all)),
        }
        for cel in step.many.iter().filter_map(|many| many.key.as_ref()) {
            all(cel.references().unwrap_or_default());
        }
        for value in step.with.iter().flat_map(|with| with.values.values()) {
            all(value.references().unwrap_or_default());
        }
        for template in step.env.values().chain(&step.lock) {
            all(template.references().unwrap_or_default());
        }
        for output in step.outputs.values() {
            if let Output::Cel(cel) = output {
                all(cel.references().unwrap_or_default());
            }
        }
        references_of_action(&step.action, &mut all);
        for service in step.services.values() {
            for template in service.env.values().chain([&service.image]) {
                all(template.references().unwrap_or_default());
            }
            for ready in service.ready.iter() {
                all(ready.run.references().unwrap_or_default());
            }
        }
        for key in step.cache.iter().flat_map(|cache| [&cache.key].into_iter().chain(&cache.restore_keys)) {
            for part in &key.0 {
                if let CacheKeyPart::Text(template) = part {
                    all(template.references().unwrap_or_default());
                }
            }
        }
        if let Some(undo) = &step.compensate {
            references_of_undo(undo, &mut all);
        }
    }
}

/// What undoes a step.
pub(super) fn references_of_undo(undo: &Compensate, all: &mut impl FnMut(Vec<Reference>)) {
    references_of_action(&undo.action, all);
    for template in undo.env.values() {
        all(template.references().unwrap_or_default());
    }
}

fn references_of_action(action: &Action, all: &mut impl FnMut(Vec<Reference>)) {
    match action {
        Action::Run(run) => {
            all(run.script.references().unwrap_or_default());
            for template in run.working_dir.iter() {
                all(template.references().unwrap_or_default());
            }
        }
        Action::Http(http) => {
            let texts = http.query.values().chain(http.headers.values()).chain([&http.url]);
            let auth = match &http.auth {
                None => Vec::new(),
                Some(HttpAuth::Bearer(token)) => vec![token],
                Some(HttpAuth::Basic { user, password }) => vec![user, password],
            };
            for template in texts.chain(auth) {
                all(template.references().unwrap_or_default());
            }
            match &http.body {
                None => {}
                Some(HttpBody::Text(text)) => all(text.references().unwrap_or_default()),
                Some(HttpBody::Json(value)) => all(value.references().unwrap_or_default()),
                Some(HttpBody::Form(fields)) => {
                    fields.values().for_each(|value| all(value.references().unwrap_or_default()));
                }
            }
            for cel in http.expect.condition.iter() {
                all(cel.references().unwrap_or_default());
            }
        }
        Action::Approval(approval) => all(approval.message.references().unwrap_or_default()),
        Action::Sleep(SleepAction::Until(cel)) => all(cel.references().unwrap_or_default()),
        Action::Set(values) => {
            for value in values.values() {
                match value {
                    SetValue::Cel(cel) => all(cel.references().unwrap_or_default()),
                    SetValue::Template(value) => all(value.references().unwrap_or_default()),
                    SetValue::Literal(_) => {}
                }
            }
        }
        Action::Wait(wait) => {
            for cel in wait.condition.iter() {
                all(cel.references().unwrap_or_default());
            }
        }
        Action::Pipeline(child) => {
            child.inputs.values().for_each(|value| all(value.references().unwrap_or_default()));
        }
        Action::Container(container) => {
            match &container.command {
                ContainerCommand::Script(script) => all(script.references().unwrap_or_default()),
                ContainerCommand::Arguments { command, args } => {
                    command.iter().chain(args).for_each(|word| all(word.references().unwrap_or_default()));
                }
            }
            let auth = container.registry_auth.iter().flat_map(|auth| [&auth.user, &auth.password]);
            let sources = container.mounts.iter().map(|mount| &mount.source);
            let texts = container.env.values().chain(&container.workdir).chain([&container.image]);
            for template in texts.chain(sources).chain(auth) {
                all(template.references().unwrap_or_default());
            }
        }
        Action::Sleep(SleepAction::For(_)) => {}
    }
}

fn list_of_items(list: &ItemList, all: &mut impl FnMut(Vec<Reference>)) {
    all(match list {
        ItemList::Cel(cel) => cel.references().unwrap_or_default(),
        ItemList::Template(value) => value.references().unwrap_or_default(),
    });
}

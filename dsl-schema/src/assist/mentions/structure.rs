//! Names that are keys or values of their own. A new key of the language that names a step gets its line here.

use std::rc::Rc;

use super::super::tree::items;
use super::{Body, Mention, Role, Subject, key_range, names, scalar_range};
use crate::route::Route;
use crate::yaml::{Entry, Node};

pub(super) fn collect(text: &str, root: &Rc<Node>, mentions: &mut Vec<Mention>) {
    let mut collector = Collector { text, mentions, bodies: vec![(Route::root(), Rc::clone(root))] };
    while let Some((at, node)) = collector.bodies.pop() {
        collector.body(&at, &node);
    }
}

struct Collector<'a> {
    text: &'a str,
    mentions: &'a mut Vec<Mention>,
    /// Pipelines that are not looked into yet.
    bodies: Vec<(Route, Rc<Node>)>,
}

impl Collector<'_> {
    fn key(&mut self, subject: Subject, role: Role, entry: &Entry, at: &Route) {
        let range = key_range(self.text, entry);
        self.mentions.push(Mention { subject, role, range, at: at.key(&entry.key.text), is_key: true });
    }

    /// A scalar that is a name.
    fn value(&mut self, subject: impl Fn(&str) -> Subject, role: Role, node: &Node, at: &Route) {
        let (Some(scalar), Some(range)) = (node.scalar(), scalar_range(self.text, node)) else { return };
        let subject = subject(&scalar.text);
        self.mentions.push(Mention { subject, role, range, at: at.clone(), is_key: false });
    }

    fn body(&mut self, at: &Route, node: &Rc<Node>) {
        let body = Body(at.pointer());
        let section = |key: &'static str| node.entry(key).map(|entry| (at.key(key), Rc::clone(&entry.value)));
        for (at, steps) in ["steps", "finally"].into_iter().filter_map(section) {
            for entry in names(&steps) {
                let id = entry.key.text.to_string();
                self.key(Subject::Step { body: body.clone(), id: id.clone() }, Role::Declares, entry, &at);
                self.step(&body, &id, &at.key(&id), &entry.value);
            }
        }
        if let Some((at, inputs)) = section("inputs") {
            for entry in names(&inputs) {
                let name = entry.key.text.to_string();
                self.key(Subject::Input { body: body.clone(), name }, Role::Declares, entry, &at);
            }
        }
        if let Some((at, secrets)) = section("secrets") {
            for (index, item) in items(&secrets).iter().enumerate() {
                let secret = |name: &str| Subject::Secret { name: name.to_owned() };
                self.value(secret, Role::Declares, item, &at.index(index));
            }
        }
        if let Some((at, layout)) = section("x-layout") {
            for entry in super::entries(&layout) {
                let id = entry.key.text.to_string();
                self.key(Subject::Step { body: body.clone(), id }, Role::Uses, entry, &at);
            }
        }
        if let Some((at, triggers)) = section("triggers") {
            self.triggers(&body, &at, &triggers);
        }
    }

    /// What a trigger gives are inputs of the pipeline.
    fn triggers(&mut self, body: &Body, at: &Route, triggers: &Node) {
        for entry in names(triggers) {
            let at = at.key(&entry.key.text);
            for (index, trigger) in items(&entry.value).iter().enumerate() {
                let Some(inputs) = trigger.entry("inputs") else { continue };
                let at = at.index(index).key("inputs");
                for entry in names(&inputs.value) {
                    let name = entry.key.text.to_string();
                    self.key(Subject::Input { body: body.clone(), name }, Role::Uses, entry, &at);
                }
            }
        }
    }

    fn step(&mut self, body: &Body, id: &str, at: &Route, node: &Rc<Node>) {
        let step = |id: &str| Subject::Step { body: body.clone(), id: id.to_owned() };
        let section = |key: &'static str| node.entry(key).map(|entry| (at.key(key), Rc::clone(&entry.value)));
        if let Some((at, needs)) = section("needs") {
            for entry in names(&needs) {
                self.key(step(&entry.key.text), Role::Uses, entry, &at);
            }
            self.each(&at, &needs, |this, at, item| this.value(step, Role::Uses, item, at));
        }
        if let Some((at, goto)) = section("goto") {
            self.each(&at, &goto, |this, at, entry| {
                if let Some(to) = entry.entry("to") {
                    this.value(step, Role::Uses, &to.value, &at.key("to"));
                }
            });
        }
        if let Some((at, fetch)) = section("fetch") {
            self.each(&at, &fetch, |this, at, item| this.artifact(step, item, at));
        }
        if let Some(until) = node.entry("compensate").and_then(|entry| entry.value.entry("until")) {
            self.value(step, Role::Uses, &until.value, &at.key("compensate").key("until"));
        }
        if let Some(alias) = node.entry("foreach").and_then(|entry| entry.value.entry("as")) {
            let item = |name: &str| Subject::Item { body: body.clone(), step: id.to_owned(), name: name.to_owned() };
            self.value(item, Role::Declares, &alias.value, &at.key("foreach").key("as"));
        }
        for (at, outputs) in ["outputs", "set"].into_iter().filter_map(section) {
            self.outputs(body, id, &at, &outputs);
        }
        if let Some((at, child)) = section("pipeline").filter(|(_, child)| child.entry("steps").is_some()) {
            if let Some(outputs) = child.entry("outputs") {
                self.outputs(body, id, &at.key("outputs"), &outputs.value);
            }
            self.bodies.push((at, child));
        }
    }

    fn outputs(&mut self, body: &Body, step: &str, at: &Route, outputs: &Node) {
        for entry in names(outputs) {
            let name = entry.key.text.to_string();
            let subject = Subject::Output { body: body.clone(), step: step.to_owned(), name };
            self.key(subject, Role::Declares, entry, at);
        }
    }

    /// The items of a list, or the single value that stands for one.
    fn each(&mut self, at: &Route, node: &Rc<Node>, mut take: impl FnMut(&mut Self, &Route, &Rc<Node>)) {
        let single = std::ptr::eq(items(node), std::slice::from_ref(node));
        for (index, item) in items(node).iter().enumerate() {
            let at = if single { at.clone() } else { at.index(index) };
            take(self, &at, item);
        }
    }

    /// `STEP.ARTIFACT`, or all artifacts of a step by its name alone.
    fn artifact(&mut self, step: impl Fn(&str) -> Subject, node: &Node, at: &Route) {
        let (Some(scalar), Some(_)) = (node.scalar(), scalar_range(self.text, node)) else { return };
        let id = scalar.text.split('.').next().unwrap_or_default();
        let range = crate::yaml::locate(self.text, node, 0..id.len());
        self.mentions.push(Mention { subject: step(id), role: Role::Uses, range, at: at.clone(), is_key: false });
    }
}

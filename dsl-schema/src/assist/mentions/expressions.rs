//! Names inside expressions and templates.

use std::rc::Rc;

use super::paths::{Path, paths};
use super::{Mention, Mentions, Owner, Role, Subject, node_at, owner, step_node, text_of};
use crate::check::{Expression, Offers};
use crate::yaml::{self, Node};

pub(super) fn collect(text: &str, root: &Rc<Node>, offers: &Offers<'_>, mentions: &mut Mentions) {
    let mut collector = Collector { text, root, mentions };
    for expression in offers.expressions() {
        // Texts of step types stand elsewhere.
        let stands_here = |node: &Rc<Node>| {
            let rest = node.scalar().and_then(|scalar| scalar.text.get(expression.offset..));
            rest.is_some_and(|rest| rest.starts_with(expression.source))
        };
        if let Some(node) = node_at(root, expression.at).filter(stands_here) {
            collector.expression(&node, expression);
        }
    }
}

struct Collector<'a> {
    text: &'a str,
    root: &'a Rc<Node>,
    mentions: &'a mut Mentions,
}

impl Collector<'_> {
    fn expression(&mut self, node: &Rc<Node>, expression: Expression<'_>) {
        let Expression { at, offset, source, references } = expression;
        let paths = references.and_then(|references| paths(source, references));
        let Some(paths) = paths else {
            self.mentions.unknown.push(node.span.clone());
            return;
        };
        if paths.is_empty() {
            return;
        }
        let owner = owner(at);
        let mut found = Vec::new();
        for path in &paths {
            let computed = path.names.len() == 1 && matches!(path.names[0].as_str(), "inputs" | "steps" | "previous");
            if computed {
                self.mentions.unknown.push(node.span.clone());
            }
            found.extend(self.subjects(&owner, path));
        }
        let spans: Vec<_> = found.iter().map(|(_, span)| span.start + offset..span.end + offset).collect();
        for ((subject, _), range) in found.into_iter().zip(yaml::locate_all(self.text, node, &spans)) {
            self.mentions.all.push(Mention { subject, role: Role::Uses, range, at: at.clone(), is_key: false });
        }
    }

    /// What the parts of a path name.
    fn subjects(&self, owner: &Owner, path: &Path) -> Vec<(Subject, std::ops::Range<usize>)> {
        let body = || owner.body.clone();
        let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
        let mut subjects = Vec::new();
        match names.as_slice() {
            ["inputs", name, ..] => subjects.push((Subject::Input { body: body(), name: (*name).to_owned() }, 1)),
            ["secrets", name, ..] => subjects.push((Subject::Secret { name: (*name).to_owned() }, 1)),
            ["steps" | "previous", id, rest @ ..] => {
                subjects.push((Subject::Step { body: body(), id: (*id).to_owned() }, 1));
                if let ["outputs", name, ..] = rest {
                    let (step, name) = ((*id).to_owned(), (*name).to_owned());
                    subjects.push((Subject::Output { body: body(), step, name }, 3));
                }
            }
            [name, ..] => {
                let step = owner.step.as_deref().filter(|step| self.alias(owner, step).as_deref() == Some(name));
                if let Some(step) = step {
                    let (step, name) = (step.to_owned(), (*name).to_owned());
                    subjects.push((Subject::Item { body: body(), step, name }, 0));
                }
            }
            [] => {}
        }
        subjects.into_iter().map(|(subject, part)| (subject, path.spans[part].clone())).collect()
    }

    fn alias(&self, owner: &Owner, step: &str) -> Option<String> {
        let (_, step) = step_node(self.root, &owner.body, step)?;
        text_of(&step.entry("foreach")?.value, "as").map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Route;

    #[test]
    fn a_route_belongs_to_the_innermost_pipeline_around_it() {
        for (pointer, body, step) in [
            ("/outputs/v", "", None),
            ("/steps/a/if", "", Some("a")),
            ("/finally/a/if", "", Some("a")),
            ("/steps/a/pipeline/inputs/x", "", Some("a")),
            ("/steps/a/pipeline/steps/b/if", "/steps/a/pipeline", Some("b")),
            ("/steps/a/pipeline/outputs/v", "/steps/a/pipeline", None),
        ] {
            let at = pointer.split('/').skip(1).fold(Route::root(), |route, key| route.key(key));
            let owner = owner(&at);
            assert_eq!((owner.body.0.as_str(), owner.step.as_deref()), (body, step), "{pointer}");
        }
    }
}

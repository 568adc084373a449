//! Ways through the tree of a text.

use std::rc::Rc;

use crate::route::{Route, Segment};
use crate::yaml::{Entry, Node, Value};

/// The value that a route leads to.
pub(crate) fn node_at(root: &Rc<Node>, at: &Route) -> Option<Rc<Node>> {
    at.segments().into_iter().try_fold(Rc::clone(root), |node, segment| match (segment, &node.value) {
        (Segment::Key(key), Value::Mapping(entries)) => entries.get(key).map(|entry| Rc::clone(&entry.value)),
        (Segment::Index(index), Value::Sequence(items)) => items.get(*index).map(Rc::clone),
        _ => None,
    })
}

/// The entries of a mapping; none of anything else.
pub(crate) fn entries(node: &Node) -> impl Iterator<Item = &Entry> {
    let mapping = match &node.value {
        Value::Mapping(entries) => Some(entries),
        _ => None,
    };
    mapping.into_iter().flatten()
}

/// The items of a list. Anything else that is not nothing is a list of one.
pub(crate) fn items(node: &Rc<Node>) -> &[Rc<Node>] {
    match &node.value {
        Value::Sequence(items) => items,
        _ if node.is_null() => &[],
        _ => std::slice::from_ref(node),
    }
}

/// What stands at a byte of the text.
pub(crate) struct Found {
    /// To the value.
    pub(crate) at: Route,
    /// The byte belongs to the key of that value.
    pub(crate) is_key: bool,
    pub(crate) node: Rc<Node>,
}

/// The innermost key or value around a byte.
pub(crate) fn find(root: &Rc<Node>, offset: usize) -> Option<Found> {
    let covers = |span: &std::ops::Range<usize>| span.start <= offset && offset <= span.end;
    let mut found = Found { at: Route::root(), is_key: false, node: Rc::clone(root) };
    loop {
        let next = match &found.node.value {
            Value::Mapping(entries) => entries.iter().find_map(|entry| {
                let is_key = covers(&entry.key.span);
                (is_key || covers(&entry.value.span)).then(|| Found {
                    at: found.at.key(&entry.key.text),
                    is_key,
                    node: Rc::clone(&entry.value),
                })
            }),
            Value::Sequence(items) => {
                let covered = items.iter().enumerate().find(|(_, item)| covers(&item.span));
                covered.map(|(index, item)| Found { at: found.at.index(index), is_key: false, node: Rc::clone(item) })
            }
            Value::Scalar(_) => return Some(found),
        };
        match next {
            Some(next) if next.is_key => return Some(next),
            Some(next) => found = next,
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(marked: &str, expect: Option<&str>) {
        let offset = marked.find('«').expect("a cursor");
        let text = marked.replace('«', "");
        let root = crate::yaml::read(&text).root.expect("a document");
        let found =
            find(&root, offset).map(|found| format!("{}{}", found.at.pointer(), if found.is_key { ":" } else { "" }));
        assert_eq!(found.as_deref(), expect, "{marked}");
    }

    #[test]
    fn a_byte_belongs_to_a_key_or_a_value() {
        check("a: {b: [x, y«y]}\n", Some("/a/b/1"));
        check("a: {b«: 1}\n", Some("/a/b:"));
        check("a:\n  b: |\n    x\n    y«\n", Some("/a/b"));
        check("a:\n  - b: 1\n    cc«: 2\n", Some("/a/0/cc:"));
        check("a: 1 # c«\n", None);
        check("a: &x {b: 1}\nc: *x«\n", None);
    }
}

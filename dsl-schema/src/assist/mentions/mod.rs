//! Every place where a file names something of its own: steps, inputs, outputs, secrets, items.
//!
//! Two sources: keys and values that are names ([`structure`]), and names inside expressions and templates
//! ([`expressions`]). Steps written in place (`pipeline: {steps: …}`) have ids and inputs of their own, so a subject says to
//! which body it belongs.

mod expressions;
mod paths;
mod structure;

use std::ops::Range;
use std::rc::Rc;

use super::tree::{entries, node_at};
use crate::check::Offers;
use crate::route::{Route, Segment};
use crate::yaml::{self, Entry, Node};

/// A place where something is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) subject: Subject,
    pub(crate) role: Role,
    /// The bytes of the name, without quotes.
    pub(crate) range: Range<usize>,
    /// To the scalar, or to the value whose key it is.
    pub(crate) at: Route,
    pub(crate) is_key: bool,
}

/// What is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Step {
        body: Body,
        id: String,
    },
    Input {
        body: Body,
        name: String,
    },
    Output {
        body: Body,
        step: String,
        name: String,
    },
    Secret {
        name: String,
    },
    /// The alias that `foreach.as` gives to the item, known in that step.
    Item {
        body: Body,
        step: String,
        name: String,
    },
}

/// A pipeline, or one that is written in place, as a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Body(pub(crate) String);

impl Body {
    /// To its mapping.
    pub(crate) fn route(&self) -> Route {
        let unescaped = |key: &str| key.replace("~1", "/").replace("~0", "~");
        self.0.split('/').skip(1).fold(Route::root(), |route, key| route.key(&unescaped(key)))
    }
}

/// What is done with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is given here.
    Declares,
    /// It is used.
    Uses,
}

/// All that a file names.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    /// In the order of the text.
    pub(crate) all: Vec<Mention>,
    /// Expressions whose names are not known: they cannot be read, or compute a name. Bytes of the text.
    pub(crate) unknown: Vec<Range<usize>>,
}

impl Subject {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Step { id, .. } => id,
            Self::Input { name, .. } | Self::Output { name, .. } | Self::Secret { name } | Self::Item { name, .. } => {
                name
            }
        }
    }

    /// The same sort of thing with another name.
    pub(crate) fn renamed(&self, to: &str) -> Self {
        let mut renamed = self.clone();
        match &mut renamed {
            Self::Step { id, .. } => *id = to.to_owned(),
            Self::Input { name, .. } | Self::Output { name, .. } | Self::Secret { name } | Self::Item { name, .. } => {
                *name = to.to_owned()
            }
        }
        renamed
    }
}

impl Mentions {
    /// Finds them.
    pub(crate) fn of(text: &str, root: &Rc<Node>, offers: &Offers<'_>) -> Self {
        let mut mentions = Self::default();
        structure::collect(text, root, &mut mentions.all);
        expressions::collect(text, root, offers, &mut mentions);
        mentions.all.sort_by_key(|mention| (mention.range.start, mention.range.end));
        mentions
    }

    /// The name at a byte, or right before it.
    pub(crate) fn at(&self, offset: usize) -> Option<&Mention> {
        let end = self.all.partition_point(|mention| mention.range.start <= offset);
        self.all[..end].iter().rev().find(|mention| offset <= mention.range.end)
    }

    /// All places of one subject, each once.
    pub(crate) fn places(&self, subject: &Subject) -> Vec<&Mention> {
        let mut places: Vec<&Mention> = self.all.iter().filter(|mention| mention.subject == *subject).collect();
        places.dedup_by(|a, b| a.range == b.range);
        places
    }
}

/// Whose names are meant at a route: the body it belongs to, and the step.
struct Owner {
    body: Body,
    step: Option<String>,
}

fn owner(at: &Route) -> Owner {
    let segments = at.segments();
    let name = |index: usize| match segments.get(index) {
        Some(Segment::Key(key)) => Some(&**key),
        _ => None,
    };
    let mut body = 0;
    loop {
        let step = if matches!(name(body), Some("steps" | "finally")) { name(body + 1) } else { None };
        let inner = matches!(name(body + 2), Some("pipeline"))
            && matches!(name(body + 3), Some("steps" | "finally" | "outputs"));
        if step.is_some() && inner {
            body += 3;
            continue;
        }
        let body_at = segments[..body].iter().fold(Route::root(), |route, segment| match segment {
            Segment::Key(key) => route.key(key),
            Segment::Index(index) => route.index(*index),
        });
        return Owner { body: Body(body_at.pointer()), step: step.map(str::to_owned) };
    }
}

/// The mapping of a step.
pub(crate) fn step_node(root: &Rc<Node>, body: &Body, id: &str) -> Option<(Route, Rc<Node>)> {
    let body = body
        .0
        .split('/')
        .skip(1)
        .fold(Route::root(), |route, key| route.key(key.replace("~1", "/").replace("~0", "~")));
    ["steps", "finally"].into_iter().find_map(|section| {
        let at = body.key(section).key(id.to_owned());
        node_at(root, &at).map(|node| (at, node))
    })
}

/// The bytes of a key without its anchor and its quotes.
fn key_range(text: &str, entry: &Entry) -> Range<usize> {
    let mut span = entry.key.span.clone();
    while text[span.clone()].starts_with(['&', '!']) {
        let rest = &text[span.clone()];
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        span.start += rest.len() - rest[word..].trim_start().len();
    }
    if span.len() >= 2 && text[span.clone()].starts_with(['"', '\'']) { span.start + 1..span.end - 1 } else { span }
}

/// The bytes of a scalar without its quotes.
fn scalar_range(text: &str, node: &Node) -> Option<Range<usize>> {
    let scalar = node.scalar().filter(|scalar| !scalar.text.is_empty())?;
    Some(yaml::locate(text, node, 0..scalar.text.len()))
}

/// The value of a key that is text.
fn text_of<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    Some(node.entry(key)?.value.scalar()?.text.as_str())
}

/// The keys of a mapping that name something, extensions left out.
fn names(node: &Node) -> impl Iterator<Item = &Entry> {
    entries(node).filter(|entry| !entry.key.text.starts_with("x-"))
}

#[cfg(test)]
mod tests;

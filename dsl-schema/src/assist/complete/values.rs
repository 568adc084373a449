//! Values: names of steps, words of the language, examples; expressions are for [`super::names`].

use serde_json::Value as Json;

use super::super::cursor::{Spot, Word};
use super::super::edit::Edit;
use super::super::shape::Shape;
use super::super::tree::items;
use super::{Completion, CompletionKind, Here, names, offered, spelling};
use crate::check::Offer;
use crate::route::{Route, Segment};
use crate::yaml::{self, Style};

/// What may be written as the value at a route.
pub(super) fn of(here: &Here<'_>, at: &Route, word: &Word) -> Vec<Completion> {
    names::of(here, at, word).unwrap_or_else(|| plain(here, at, word, ""))
}

/// What may be written besides expressions, each behind `dash`, which the label shows.
pub(super) fn plain(here: &Here<'_>, at: &Route, word: &Word, dash: &str) -> Vec<Completion> {
    // Only what stands on one line can be replaced.
    if here.typed(word).contains('\n') || matches!(word.style, Style::Literal | Style::Folded) {
        return Vec::new();
    }
    let mut all = Vec::new();
    if let Some(naming) = Naming::at(at) {
        let listed = listed(here, at);
        let offers = self::names(here, at, naming);
        let offers = offers.iter().filter(|offer| !listed.contains(&offer.name));
        all.extend(offers.map(|offer| offered(offer, edit(here, word, dash, offer.name.clone()))));
    }
    let shape = Shape::of(at);
    for (value, about) in shape.words() {
        let Some(text) = spelling::value(&value, word) else { continue };
        let (label, about) = (label(&value), about.map(str::to_owned));
        all.push(Completion {
            label,
            kind: CompletionKind::Word,
            detail: None,
            about,
            edit: edit(here, word, dash, text),
        });
    }
    // Beside names that are known, invented ones only mislead.
    let examples = if Naming::at(at).is_some() { Vec::new() } else { shape.all_examples() };
    for value in examples.into_iter().filter(|value| may_begin(here, value, word)) {
        let (Some(text), label) = (spelling::value(value, word), label(value)) else { continue };
        if !all.iter().any(|known: &Completion| known.label == label) {
            let detail = Some("example".to_owned());
            all.push(Completion {
                label,
                kind: CompletionKind::Example,
                detail,
                about: None,
                edit: edit(here, word, dash, text),
            });
        }
    }
    for completion in &mut all {
        completion.label.insert_str(0, dash);
    }
    all
}

fn label(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => yaml::flow(other),
    }
}

/// A mapping or list in brackets is taken whole, and only behind a key.
fn may_begin(here: &Here<'_>, value: &Json, word: &Word) -> bool {
    let brackets = value.is_array() || value.is_object();
    !brackets || (matches!(here.cursor.spot, Spot::Value(_)) && here.typed(word).is_empty())
}

fn edit(here: &Here<'_>, word: &Word, dash: &str, text: String) -> Edit {
    let behind = &here.text[here.offset..];
    let ends: &[char] = match word.style {
        Style::Single => &['\'', '\n', '\r'],
        Style::Double => &['"', '\n', '\r'],
        _ if word.in_flow() => &[',', ']', '}', ' ', '\n', '\r'],
        _ => &[' ', '\n', '\r'],
    };
    let end = here.offset + behind.find(ends).unwrap_or(behind.len());
    let glue = if word.glued { " " } else { "" };
    Edit { range: word.start..end, text: format!("{glue}{dash}{text}") }
}

/// The other items of the list that the route leads into.
fn listed(here: &Here<'_>, at: &Route) -> Vec<String> {
    let Some((list, index)) = parent_list(at) else { return Vec::new() };
    let Some(node) = here.node(&list) else { return Vec::new() };
    let others = items(&node).iter().enumerate().filter(|(each, _)| *each != index);
    others.filter_map(|(_, item)| item.scalar().map(|scalar| scalar.text.clone())).collect()
}

fn parent_list(at: &Route) -> Option<(Route, usize)> {
    match at.split_last()? {
        (Segment::Index(index), list) => Some((list.clone(), *index)),
        _ => None,
    }
}

/// Places where something of the file is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::assist) enum Naming {
    /// `needs`, and its keys.
    Need,
    /// `goto.to`.
    GoTo,
    /// `fetch`.
    Fetch,
    /// `compensate.until`.
    Behind,
    /// `use`.
    StepType,
    /// `pipeline.name`.
    Pipeline,
    /// Keys of `with`.
    TypeInput,
    /// Keys of `pipeline.inputs`.
    ChildInput,
    /// Keys of `inputs` of a trigger.
    OwnInput,
}

impl Naming {
    /// What the keys of the mapping at a route name.
    pub(super) fn of_keys(at: &Route) -> Option<Self> {
        let segments = at.segments();
        let last = |count: usize| segments[segments.len().saturating_sub(count)..].iter().map(|segment| key(segment));
        if segments.len() == 4 && is_key(segments[0], "triggers") && is_key(segments[3], "inputs") {
            return Some(Self::OwnInput);
        }
        if last(2).eq([Some("pipeline"), Some("inputs")]) {
            return Some(Self::ChildInput);
        }
        match last(1).next()?? {
            "with" => Some(Self::TypeInput),
            "needs" => Self::at(at),
            _ => None,
        }
    }

    /// What the value at a route names.
    pub(in crate::assist) fn at(at: &Route) -> Option<Self> {
        let segments = at.segments();
        let body = segments.iter().rposition(|segment| is_key(segment, "steps") || is_key(segment, "finally"))?;
        let inner: Vec<Option<&str>> = segments[body + 1..].iter().skip(1).map(|segment| key(segment)).collect();
        match inner.as_slice() {
            [Some("needs")] | [Some("needs"), None] => Some(Self::Need),
            [Some("goto"), None, Some("to")] => Some(Self::GoTo),
            [Some("fetch")] | [Some("fetch"), None] => Some(Self::Fetch),
            [Some("compensate"), Some("until")] => Some(Self::Behind),
            [Some("use")] => Some(Self::StepType),
            [Some("pipeline"), Some("name")] => Some(Self::Pipeline),
            _ => None,
        }
    }
}

fn key(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Key(key) => Some(key),
        Segment::Index(_) => None,
    }
}

fn is_key(segment: &Segment, name: &str) -> bool {
    key(segment) == Some(name)
}

/// The names that may stand at such a place.
pub(super) fn names(here: &Here<'_>, at: &Route, naming: Naming) -> Vec<Offer> {
    let Some(offers) = here.offers else { return Vec::new() };
    match naming {
        Naming::Need => offers.may_need(at),
        Naming::GoTo => offers.may_go_back_to(at),
        Naming::Fetch => offers.artifacts_before(at),
        Naming::Behind => offers.behind(at),
        Naming::StepType => offers.step_types(),
        Naming::Pipeline => offers.pipelines(),
        Naming::TypeInput => offers.inputs_of_type(at),
        Naming::ChildInput => offers.inputs_of_child(at),
        Naming::OwnInput => offers.inputs(),
    }
}

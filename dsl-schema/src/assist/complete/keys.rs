//! Keys of the mapping at a cursor.

use super::super::cursor::Word;
use super::super::edit::Edit;
use super::super::shape::{Form, Shape};
use super::super::tree::entries;
use super::values::{self, Naming};
use super::{Completion, CompletionKind, Here, offered};
use crate::route::Route;
use crate::yaml::{self, Style};

/// The longest example that is shown.
const LONGEST_EXAMPLE: usize = 120;

/// Keys that the mapping at a route may have and has not.
pub(super) fn of(here: &Here<'_>, at: &Route, word: &Word, dash: &str) -> Vec<Completion> {
    // Only what stands on one line can be replaced.
    if here.typed(word).contains('\n') {
        return Vec::new();
    }
    let present = present(here, at, word);
    let present: Vec<&str> = present.iter().map(String::as_str).collect();
    let shape = Shape::of(at);
    let mut keys = shape.keys();
    keys.retain(|(key, _)| !present.contains(key) && !present.iter().any(|other| shape.excludes(key, other)));
    // What must be there comes first.
    keys.sort_by_key(|(key, _)| !shape.requires(key));
    let mut all: Vec<_> = keys.iter().map(|(key, value)| key_of_language(here, word, dash, key, value)).collect();
    let names = Naming::of_keys(at).map(|naming| values::names(here, at, naming)).unwrap_or_default();
    let names = names.iter().filter(|offer| !present.contains(&offer.name.as_str()));
    all.extend(names.map(|offer| offered(offer, edit(here, word, dash, &offer.name, Form::Scalar))));
    all
}

/// The keys that stand there, without the one that is being written.
fn present(here: &Here<'_>, at: &Route, word: &Word) -> Vec<String> {
    let Some(node) = here.node(at) else { return Vec::new() };
    let own =
        |span: &std::ops::Range<usize>| span.start <= word.start && here.offset <= span.end && here.offset > word.start;
    let here_too = |span: &std::ops::Range<usize>| own(span) || span.start == word.start;
    entries(&node).filter(|entry| !here_too(&entry.key.span)).map(|entry| entry.key.text.to_string()).collect()
}

fn key_of_language(here: &Here<'_>, word: &Word, dash: &str, key: &str, value: &Shape) -> Completion {
    let form = [Form::Scalar, Form::Mapping, Form::List].into_iter().find(|form| value.takes(*form));
    Completion {
        label: key.to_owned(),
        kind: CompletionKind::Key,
        detail: None,
        about: about(key, value),
        edit: edit(here, word, dash, key, form.unwrap_or(Form::Scalar)),
    }
}

/// What a key is for, with an example.
pub(in crate::assist) fn about(key: &str, shape: &Shape) -> Option<String> {
    let example = shape.all_examples().first().map(|value| format!("{key}: {}", yaml::flow(value)));
    let example = example.filter(|example| example.len() <= LONGEST_EXAMPLE);
    match (shape.about(), example) {
        (Some(about), Some(example)) => Some(format!("{about}\n\n```yaml\n{example}\n```")),
        (Some(about), None) => Some(about.to_owned()),
        (None, Some(example)) => Some(format!("```yaml\n{example}\n```")),
        (None, None) => None,
    }
}

/// The key, and what makes room for its value.
fn edit(here: &Here<'_>, word: &Word, dash: &str, key: &str, form: Form) -> Edit {
    let behind = &here.text[here.offset..];
    let rest = behind.find(|sign: char| !sign.is_alphanumeric() && sign != '_' && sign != '-').unwrap_or(behind.len());
    let end = here.offset + rest;
    let quoted = word.style != Style::Plain;
    let has_colon = here.text[end..].trim_start_matches([' ', '\t']).starts_with(':');
    let room = match (here.column(word), form) {
        _ if quoted || has_colon => String::new(),
        (Some(column), Form::Mapping) if !word.in_flow() => format!(":\n{}", " ".repeat(column + dash.len() + 2)),
        (Some(column), Form::List) if !word.in_flow() => format!(":\n{}- ", " ".repeat(column + dash.len() + 2)),
        _ => ": ".to_owned(),
    };
    let glue = if word.glued { " " } else { "" };
    Edit { range: word.start..end, text: format!("{glue}{dash}{key}{room}") }
}

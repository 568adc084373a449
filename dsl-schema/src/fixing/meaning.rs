//! Whether a mended text says what it said before, but for what the fix is about.
//!
//! Both texts are read and compared as values. So an edit that reached further than it should, through an alias or by a
//! slip of quoting, is found whatever the reason.

use std::collections::BTreeMap;

use crate::diagnostics::{Change, Edit, Place};
use crate::position::Source;
use crate::route::{Route, Segment};
use crate::yaml::{self, Node, Plain, Value};

/// What a text says: order of keys, comments, quotes and layout are gone, and so is what keys with `x-` hold.
#[derive(Debug, Clone, PartialEq)]
enum Meaning {
    /// Its text, and whether it can only be text.
    Scalar(String, bool),
    List(Vec<Meaning>),
    Map(BTreeMap<String, Meaning>),
}

/// Whether the text after some edits, which are given in its order, says what they intend, and nothing else changed.
///
/// Edits of what could not be read are not judged; the findings will tell.
pub(super) fn is_as_intended(before: &Source<'_>, after: &Source<'_>, edits: &[&Edit]) -> bool {
    if edits.iter().any(|edit| matches!(edit.place, Place::Text(_))) {
        return true;
    }
    let (Some(old), Some(new)) = (&before.reading().root, &after.reading().root) else { return false };
    let mut meaning = Meaning::of(old);
    // From the end of the text to its beginning, so that no edit moves what a later one names.
    edits.iter().rev().all(|edit| meaning.change(edit).is_some()) && meaning == Meaning::of(new)
}

impl Meaning {
    /// Bounded: no value lies deeper than the reader allows.
    fn of(node: &Node) -> Self {
        match &node.value {
            Value::Scalar(scalar) => Self::Scalar(scalar.text.clone(), matches!(scalar.resolve(), Plain::Text)),
            Value::Sequence(items) => Self::List(items.iter().map(|item| Self::of(item)).collect()),
            Value::Mapping(entries) => {
                let read = entries.iter().filter(|entry| !entry.key.text.starts_with("x-"));
                Self::Map(read.map(|entry| (entry.key.text.to_string(), Self::of(&entry.value))).collect())
            }
        }
    }

    fn change(&mut self, edit: &Edit) -> Option<()> {
        let route = edit.place.route()?;
        match (&edit.place, &edit.change) {
            (Place::Key(_), Change::Text(new)) => {
                let (parent, key) = self.entry(route)?;
                let value = parent.remove(&key)?;
                parent.insert(new.clone(), value);
            }
            (_, Change::Remove) => self.remove(route)?,
            (Place::Key(_), Change::Before(yaml) | Change::After(yaml)) => {
                let (parent, _) = self.entry(route)?;
                let Self::Map(more) = Self::read(yaml)? else { return None };
                parent.extend(more);
            }
            (_, Change::Item(yaml)) => {
                let Self::List(items) = self.at(route)? else { return None };
                items.push(Self::read(yaml)?);
            }
            (Place::Value(_), Change::InList) => {
                let value = self.at(route)?;
                *value = Self::List(vec![std::mem::replace(value, Self::List(Vec::new()))]);
            }
            (Place::Value(_), Change::Yaml(yaml)) => *self.at(route)? = Self::read(yaml)?,
            (Place::Value(_), Change::Text(new)) => *self.at(route)? = Self::Scalar(new.clone(), true),
            (Place::Within(_, part), Change::Text(new)) => self.at(route)?.splice(part.clone(), new)?,
            (Place::Within(_, part), Change::Name { index, from, to }) => {
                let Self::Scalar(text, _) = self.at(route)? else { return None };
                let name = super::splices::nth_name(text.get(part.clone())?, *index)?;
                let name = part.start + name.start..part.start + name.end;
                (text.get(name.clone())? == from).then_some(())?;
                self.at(route)?.splice(name, to)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn read(yaml: &str) -> Option<Self> {
        yaml::read(yaml).root.as_deref().map(Self::of)
    }

    fn splice(&mut self, part: std::ops::Range<usize>, new: &str) -> Option<()> {
        let Self::Scalar(text, is_text) = self else { return None };
        text.get(part.clone())?;
        text.replace_range(part, new);
        *is_text = true;
        Some(())
    }

    fn at(&mut self, route: &Route) -> Option<&mut Self> {
        let mut at = self;
        for segment in route.segments() {
            at = match (segment, at) {
                (Segment::Key(key), Self::Map(entries)) => entries.get_mut(&**key)?,
                (Segment::Index(index), Self::List(items)) => items.get_mut(*index)?,
                // A single value may stand for a list of one.
                (Segment::Index(0), scalar @ Self::Scalar(..)) => scalar,
                _ => return None,
            };
        }
        Some(at)
    }

    /// The mapping that an entry stands in, and its key.
    fn entry(&mut self, route: &Route) -> Option<(&mut BTreeMap<String, Self>, String)> {
        let Some((Segment::Key(key), parent)) = route.split_last() else { return None };
        let Self::Map(entries) = self.at(parent)? else { return None };
        Some((entries, key.to_string()))
    }

    fn remove(&mut self, route: &Route) -> Option<()> {
        let (segment, parent) = route.split_last()?;
        match (segment, self.at(parent)?) {
            (Segment::Key(key), Self::Map(entries)) => entries.remove(&**key).map(|_| ()),
            (Segment::Index(index), Self::List(items)) => (*index < items.len()).then(|| drop(items.remove(*index))),
            _ => None,
        }
    }
}

//! The step types and pipelines of the folder at one moment, and what of them a text was compiled with.
//!
//! A text is compiled anew when what it uses has changed, and only then. The compiler says what that is.

use std::collections::{BTreeMap, BTreeSet};

use loopline_dsl::{Contract, Library};

use super::load::etag;

/// Step types, each with what its text is known by.
pub(super) struct StepTypes {
    /// A library of nothing but these.
    pub(super) library: Library,
    tags: BTreeMap<String, String>,
}

impl StepTypes {
    pub(super) fn new(step_types: BTreeMap<String, String>) -> Self {
        let tags = step_types.iter().map(|(name, text)| (name.clone(), etag(text))).collect();
        Self { library: Library { step_types, ..Library::default() }, tags }
    }

    /// What these names stand for.
    pub(super) fn seen(&self, names: &BTreeSet<String>) -> Seen<String> {
        Seen::of(names, &self.tags)
    }
}

/// What names stood for when a text was compiled: while that is the same, so is what was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen<T> {
    found: BTreeMap<String, T>,
    /// All names there were, where one was missing: the help for it names one that is near.
    others: Option<BTreeSet<String>>,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { found: BTreeMap::new(), others: None }
    }
}

impl<T: Clone> Seen<T> {
    fn of(names: &BTreeSet<String>, all: &BTreeMap<String, T>) -> Self {
        let found: BTreeMap<_, _> =
            names.iter().filter_map(|name| Some((name.clone(), all.get(name)?.clone()))).collect();
        let others = (found.len() < names.len()).then(|| all.keys().cloned().collect());
        Self { found, others }
    }
}

/// What the names of other pipelines stand for.
pub(super) fn seen_pipelines(names: &BTreeSet<String>, library: &Library) -> Seen<Contract> {
    let mut seen = Seen::of(names, &library.pipelines);
    seen.found = Seen::of(&library.with_what_starts(names), &library.pipelines).found;
    // Where there may be more, nothing is said about a missing one.
    seen.others = seen.others.filter(|_| library.is_complete);
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_counts_unless_a_name_is_missing() {
        let types = |texts: &[(&str, &str)]| {
            StepTypes::new(texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
        };
        let seen = |names: &[&str], texts: &[(&str, &str)]| {
            types(texts).seen(&names.iter().map(|name| (*name).to_owned()).collect())
        };
        for (names, other, same) in [
            (&["a"] as &[&str], &[("a", "1"), ("b", "9")] as &[(&str, &str)], true),
            (&["a"], &[("a", "1")], true),
            (&["a"], &[("a", "9"), ("b", "2")], false),
            (&["a", "c"], &[("a", "1"), ("b", "9")], true),
            (&["a", "c"], &[("a", "1"), ("b", "2"), ("d", "3")], false),
            (&["a", "c"], &[("a", "1"), ("b", "2"), ("c", "3")], false),
            (&[], &[], true),
        ] {
            assert_eq!(seen(names, &[("a", "1"), ("b", "2")]) == seen(names, other), same, "{names:?} {other:?}");
        }
    }
}

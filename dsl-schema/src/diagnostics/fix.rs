//! Edits that mend a finding: what becomes of which place. How that is spelled is for [`crate::fixing`] to find out.

use super::{Diagnostic, Place};

/// An edit that mends what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a menu would say it.
    pub title: String,
    /// All of it; the parts make sense only together.
    pub edits: Vec<Edit>,
    /// Whether it may be made without asking.
    pub sureness: Sureness,
}

/// Whether a fix may be made without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sureness {
    /// There is no other right one.
    Sure,
    /// A good proposal that changes what the pipeline does, or one of several. Only a person can choose it.
    Proposal,
}

/// One part of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What it is about.
    pub place: Place,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It says this, in quotes where YAML asks for them.
    Text(String),
    /// It is written like this, letter by letter.
    Yaml(String),
    /// Another name in a path like `steps.build.outputs.version`.
    Name {
        /// Which name of the path, from 0.
        index: usize,
        /// The name that stands there.
        from: String,
        /// The name that should.
        to: String,
    },
    /// The entry or item goes, and what separates it from the others.
    Remove,
    /// Its tag goes.
    Untag,
    /// Another entry stands before this one.
    Before(String),
    /// Another entry stands behind this one.
    After(String),
    /// The list at the place has another item.
    Item(String),
    /// It becomes the one item of a list.
    InList,
}

impl Fix {
    /// A fix of one edit that may be made without asking.
    pub fn new(title: impl Into<String>, place: Place, change: Change) -> Self {
        Self { title: title.into(), edits: vec![Edit { place, change }], sureness: Sureness::Sure }
    }

    /// The same, with another edit.
    pub fn and(mut self, place: Place, change: Change) -> Self {
        self.edits.push(Edit { place, change });
        self
    }

    /// The same, for a person to choose.
    pub fn proposal(mut self) -> Self {
        self.sureness = Sureness::Proposal;
        self
    }
}

impl Diagnostic {
    /// The same, with an edit after which the place says `text`.
    pub fn fix(self, title: impl Into<String>, place: Place, text: impl Into<String>) -> Self {
        self.mend(Fix::new(title, place, Change::Text(text.into())))
    }

    /// The same, with an edit after which `yaml` stands at the place, letter by letter.
    pub fn fix_yaml(self, title: impl Into<String>, place: Place, yaml: impl Into<String>) -> Self {
        self.mend(Fix::new(title, place, Change::Yaml(yaml.into())))
    }

    /// The same, with an edit of one name in the path that the finding is about.
    pub fn fix_name(self, index: usize, from: &str, to: impl Into<String>) -> Self {
        let to = to.into();
        let place = self.place.clone();
        let title = format!("Change to `{to}`");
        self.mend(Fix::new(title, place, Change::Name { index, from: from.to_owned(), to }))
    }

    /// The same, with this edit.
    pub fn mend(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }
}

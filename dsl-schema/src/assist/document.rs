//! A text about which questions are asked.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use super::mentions::Mentions;
use super::{Finding, findings};
use crate::check::Offers;
use crate::compile::decoded;
use crate::library::Library;
use crate::model::Model;
use crate::yaml::{self, Node};

/// One version of a text. What is asked for is worked out once and kept.
///
/// Offsets are bytes of the text, which has no byte order mark. One that lies inside of a character is moved to its start.
pub struct Document {
    text: String,
    library: Arc<Library>,
    known: OnceCell<Option<Known>>,
    findings: OnceCell<Vec<Finding>>,
}

/// What is known of a text that has a tree.
pub(crate) struct Known {
    pub(crate) root: Rc<Node>,
    pub(crate) mentions: Mentions,
    /// No part of it was left out to make it readable.
    pub(crate) whole: bool,
}

impl Document {
    /// Takes the text, and what it may name besides itself; nothing is read yet.
    pub fn new(text: impl Into<String>, library: Arc<Library>) -> Self {
        Self { text: text.into(), library, known: OnceCell::new(), findings: OnceCell::new() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it may name besides itself.
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// Everything that the compiler has to say about it.
    pub fn findings(&self) -> &[Finding] {
        self.findings.get_or_init(|| findings::of(&self.text, &self.library))
    }

    /// None where nothing of it can be read.
    pub(crate) fn known(&self) -> Option<&Known> {
        self.known.get_or_init(|| Known::of(&self.text, &self.library)).as_ref()
    }

    /// The byte that a question is about.
    pub(crate) fn offset(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

impl Known {
    fn of(text: &str, library: &Library) -> Option<Self> {
        let reading = yaml::read(text);
        let whole = reading.problems.is_empty();
        let root = reading.root.or_else(|| yaml::read_around(text))?;
        let decoded = decoded(&root, library);
        let model = decoded.as_ref().map(|(pipeline, types)| Model::of(pipeline, types, library));
        let offers = model.as_ref().map(|model| Offers::new(model, library));
        let mentions = offers.map(|offers| Mentions::of(text, &root, &offers)).unwrap_or_default();
        Some(Self { root, mentions, whole })
    }
}

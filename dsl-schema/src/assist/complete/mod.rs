//! What may be written next.
//!
//! [`super::cursor`] tells where the cursor stands, [`super::mend`] what the rest of the file says, [`super::shape`] what the
//! language allows there, and [`Offers`] which names are known. What is left to do here is to put these together, and to
//! write each candidate so that it fits between what stands before and behind it.

mod keys;
mod names;
mod spelling;
mod values;

pub(super) use keys::about as about_key;
pub(super) use values::Naming;

use std::rc::Rc;

use serde::Serialize;

use super::cursor::{self, Cursor, Spot, Word};
use super::edit::Edit;
use super::mend;
use super::shape::{Form, Shape};
use super::tree::node_at;
use crate::check::{Offer, OfferKind, Offers};
use crate::compile::decoded;
use crate::library::Library;
use crate::model::Model;
use crate::route::Route;
use crate::yaml::Node;

/// Something that may be written at a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What people see and type.
    pub label: String,
    /// What sort of thing it is.
    pub kind: CompletionKind,
    /// Its type, or what it does, in a few words.
    pub detail: Option<String>,
    /// What it is for, in Markdown.
    pub about: Option<String>,
    /// How it is written. Its range lies on one line and holds the cursor. Its text may have several lines, each with its
    /// whole indentation.
    pub edit: Edit,
}

/// What sort of thing may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CompletionKind {
    /// A key of the language.
    Key,
    /// One of the words that a value may be.
    Word,
    /// A value that could stand there.
    Example,
    /// A step.
    Step,
    /// An input of the pipeline.
    Input,
    /// An output of a step.
    Output,
    /// A secret.
    Secret,
    /// An environment variable.
    Variable,
    /// An artifact of a step.
    Artifact,
    /// A step type.
    StepType,
    /// Another pipeline.
    Pipeline,
    /// A name or a field that expressions know.
    Field,
    /// A function of CEL, or a helper of templates.
    Function,
}

/// What may be written at a byte of a text, best first. Nothing where that is not known. The text need not be YAML.
///
/// `library` is what the file may name besides itself.
pub fn complete(text: &str, offset: usize, library: &Library) -> Vec<Completion> {
    let offset = text.floor_char_boundary(offset);
    let cursor = cursor::find(text, offset);
    let root = mend::tree(text, offset, &cursor);
    let decoded = root.as_ref().map(|root| decoded(root, library));
    // What is too large to be compiled is too large to be asked about.
    if matches!(decoded, Some(None)) && root.as_ref().is_some_and(|root| root.entry("steps").is_some()) {
        return Vec::new();
    }
    let decoded = decoded.flatten();
    let model = decoded.as_ref().map(|(pipeline, types)| Model::of(pipeline, types, library));
    let offers = model.as_ref().map(|model| Offers::new(model, library));
    let here = Here { text, offset, cursor: &cursor, root: root.as_ref(), offers: offers.as_ref() };
    here.all()
}

/// All that is known about a cursor.
struct Here<'a> {
    text: &'a str,
    offset: usize,
    cursor: &'a Cursor,
    /// None where nothing can be read.
    root: Option<&'a Rc<Node>>,
    /// None where the file is no mapping.
    offers: Option<&'a Offers<'a>>,
}

impl Here<'_> {
    fn all(&self) -> Vec<Completion> {
        let at = &self.cursor.at;
        match &self.cursor.spot {
            Spot::Nowhere => Vec::new(),
            Spot::Key(word) => keys::of(self, at, word, ""),
            Spot::Value(word) => values::of(self, at, word),
            Spot::Item(word) => self.on_a_line(at, word, "- "),
            Spot::Either(word) => {
                let shape = Shape::of(at);
                if shape.takes(Form::List) {
                    let mut all = keys::of(self, at, word, "");
                    all.extend(self.on_a_line(&at.index(0), word, "- "));
                    return all;
                }
                self.on_a_line(at, word, "")
            }
        }
    }

    /// Keys and values, each behind a `- ` where the line is an item of its own.
    fn on_a_line(&self, at: &Route, word: &Word, dash: &str) -> Vec<Completion> {
        let mut all = keys::of(self, at, word, dash);
        all.extend(values::plain(self, at, word, dash));
        all
    }

    fn node(&self, at: &Route) -> Option<Rc<Node>> {
        node_at(self.root?, at)
    }

    /// What is written of the word so far.
    fn typed(&self, word: &Word) -> &str {
        self.text.get(word.start..self.offset).unwrap_or("")
    }

    /// The column in which the word begins, from 0; none where letters stand before it that have no fixed width.
    fn column(&self, word: &Word) -> Option<usize> {
        let line = self.text[..word.start].rfind('\n').map_or(0, |end| end + 1);
        let before = &self.text[line..word.start];
        before.bytes().all(|byte| matches!(byte, b' ' | b'-')).then_some(before.len())
    }
}

fn kind(kind: OfferKind) -> CompletionKind {
    match kind {
        OfferKind::Root | OfferKind::Field => CompletionKind::Field,
        OfferKind::Input => CompletionKind::Input,
        OfferKind::Step => CompletionKind::Step,
        OfferKind::Output => CompletionKind::Output,
        OfferKind::Secret => CompletionKind::Secret,
        OfferKind::Variable => CompletionKind::Variable,
        OfferKind::Artifact => CompletionKind::Artifact,
        OfferKind::StepType => CompletionKind::StepType,
        OfferKind::Pipeline => CompletionKind::Pipeline,
    }
}

fn offered(offer: &Offer, edit: Edit) -> Completion {
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Completion {
        label: offer.name.clone(),
        kind: kind(offer.kind),
        detail: said(&offer.detail),
        about: said(&offer.about),
        edit,
    }
}

#[cfg(test)]
mod tests;

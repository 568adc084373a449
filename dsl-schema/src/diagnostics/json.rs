//! Findings as JSON: what editors and the HTTP interface read.

use serde::Serialize;

use super::{Diagnostic, Place};
use crate::fixing::{Splice, splices};
use crate::position::Source;

/// A finding with line and column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Diagnostic))]
pub struct DiagnosticJson {
    /// `LL0012`.
    pub code: &'static str,
    /// `error`, `warning` or `hint`.
    pub severity: &'static str,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In characters.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The value it is about, as a JSON pointer; none where the text is not YAML.
    pub pointer: Option<String>,
    /// Edits that mend it.
    pub fixes: Vec<FixJson>,
}

/// An edit with line and column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Fix))]
pub struct FixJson {
    /// What it does.
    pub title: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// Characters that it replaces.
    pub length: usize,
    /// What it writes there.
    pub text: String,
}

/// Findings about `text`, in the order given.
pub fn to_json(text: &str, diagnostics: &[Diagnostic]) -> Vec<DiagnosticJson> {
    let source = Source::new(text);
    diagnostics.iter().map(|diagnostic| one(&source, diagnostic)).collect()
}

fn one(source: &Source<'_>, diagnostic: &Diagnostic) -> DiagnosticJson {
    let (line, column, length) = place(source, &diagnostic.place);
    let fixes = diagnostic.fixes.iter().filter_map(|fix| {
        let splice = as_one(source, splices(source, fix)?)?;
        let position = source.position(splice.bytes.start);
        Some(FixJson {
            title: fix.title.clone(),
            line: position.line,
            column: position.column,
            length: source.text()[splice.bytes].chars().count(),
            text: splice.text,
        })
    });
    DiagnosticJson {
        code: diagnostic.code.as_str(),
        severity: diagnostic.severity.as_str(),
        line,
        column,
        length,
        message: diagnostic.message.clone(),
        help: diagnostic.help.clone(),
        pointer: diagnostic.place.route().map(crate::route::Route::pointer),
        fixes: fixes.collect(),
    }
}

/// Several splices as one that also writes what stands between them.
fn as_one(source: &Source<'_>, splices: Vec<Splice>) -> Option<Splice> {
    let mut splices = splices.into_iter();
    let mut one = splices.next()?;
    for splice in splices {
        one.text.push_str(&source.text()[one.bytes.end..splice.bytes.start]);
        one.text.push_str(&splice.text);
        one.bytes.end = splice.bytes.end;
    }
    Some(one)
}

fn place(source: &Source<'_>, place: &Place) -> (usize, usize, usize) {
    let bytes = source.bytes(place);
    let position = source.position(bytes.start);
    (position.line, position.column, source.text()[bytes].chars().count())
}

//! One finding.

use std::ops::Range;

use crate::diagnostics::{Code, Fix};
use crate::route::Route;

/// Something the compiler found, with the next move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What sort. Its number never changes its meaning.
    pub code: Code,
    /// Whether the file can still be run.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong, one plain sentence without full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places that belong to it, each with a short label.
    pub related: Vec<(Place, String)>,
    /// Edits that mend it.
    pub fixes: Vec<Fix>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file does not compile.
    Error,
    /// It compiles, and does most likely not do what is meant.
    Warning,
    /// It could be better.
    Hint,
}

impl Severity {
    /// `error`, `warning`, `hint`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

/// A place in the document, not yet a line and a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The value that a route leads to.
    Value(Route),
    /// The key of that value.
    Key(Route),
    /// A part of a scalar: bytes of its value, not of its spelling.
    Within(Route, Range<usize>),
    /// Bytes of the text, where no tree could be made of it.
    Text(Range<usize>),
}

impl Place {
    /// The route, where there is one.
    pub fn route(&self) -> Option<&Route> {
        match self {
            Self::Value(route) | Self::Key(route) | Self::Within(route, _) => Some(route),
            Self::Text(_) => None,
        }
    }
}

impl Diagnostic {
    /// A finding of the severity that its code has by nature.
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            place,
            message: message.into(),
            help: None,
            related: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The same, with the next move.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with the next move where one is known.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// The same, with another place that belongs to it.
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }
}

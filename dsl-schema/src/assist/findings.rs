//! What the compiler has to say, with bytes of the text instead of places in the document.

use std::ops::Range;

use super::Edit;
use crate::compile::compile_source;
use crate::diagnostics::{Code, Diagnostic, Fix, Severity, Sureness};
use crate::fixing::splices;
use crate::library::Library;
use crate::position::Source;

/// A finding and the edits that mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// Where: bytes of one line.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places that belong to it, and what they are.
    pub related: Vec<(Range<usize>, String)>,
    /// Ways to mend it.
    pub fixes: Vec<Remedy>,
}

/// A way to mend a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What it does, as a menu would say it.
    pub title: String,
    /// In the order of the text; they do not overlap.
    pub edits: Vec<Edit>,
    /// There is no other right one, so that it may be made without asking.
    pub is_sure: bool,
}

pub(super) fn of(text: &str, library: &Library) -> Vec<Finding> {
    let mut source = Source::new(text);
    let diagnostics = compile_source(&mut source, library).diagnostics;
    diagnostics.into_iter().map(|diagnostic| finding(&source, diagnostic)).collect()
}

fn finding(source: &Source<'_>, diagnostic: Diagnostic) -> Finding {
    let remedy = |fix: &Fix| {
        let splices = splices(source, fix)?.into_iter();
        let edits = splices.map(|splice| Edit { range: splice.bytes, text: splice.text }).collect();
        Some(Remedy { title: fix.title.clone(), edits, is_sure: fix.sureness == Sureness::Sure })
    };
    Finding {
        code: diagnostic.code,
        severity: diagnostic.severity,
        range: source.bytes(&diagnostic.place),
        fixes: diagnostic.fixes.iter().filter_map(remedy).collect(),
        related: diagnostic.related.into_iter().map(|(place, label)| (source.bytes(&place), label)).collect(),
        message: diagnostic.message,
        help: diagnostic.help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_has_its_bytes_and_its_edits() {
        let text = "version: 1\nname: p\nsteps: {a: {run: x, tmeout: 1s}}\n";
        let findings = of(text, &Library::default());
        let finding = findings.iter().find(|finding| finding.code == Code::UnknownKey).expect("a finding");
        assert_eq!(&text[finding.range.clone()], "tmeout");
        let edits = vec![Edit { range: finding.range.clone(), text: "timeout".to_owned() }];
        assert_eq!(finding.fixes, [Remedy { title: "Change to `timeout`".to_owned(), edits, is_sure: true }]);
    }
}

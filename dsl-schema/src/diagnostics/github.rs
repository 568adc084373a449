//! Findings as workflow commands, which GitHub shows beside the lines of a pull request.

use std::fmt::Write as _;

use super::{Diagnostic, Severity};
use crate::position::Source;

/// Findings about `text`, in the order given, one command a line.
pub fn to_github(file_name: &str, text: &str, diagnostics: &[Diagnostic]) -> String {
    let source = Source::new(text);
    let mut out = String::new();
    for finding in diagnostics {
        let bytes = source.bytes(&finding.place);
        let (start, end) = (source.position(bytes.start), source.position(bytes.end));
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "notice",
        };
        let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "::{command} file={},line={},col={},endColumn={},title={}::{}",
            property(file_name),
            start.line,
            start.column,
            end.column,
            finding.code.as_str(),
            data(&format!("{}{help}", finding.message))
        );
    }
    out
}

/// What stands behind the second `::`. A line break would begin another command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands before it: what separates properties may not stand in one.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_a_command_or_a_property() {
        assert_eq!(data("100%\r\n::error::a,b"), "100%25%0D%0A::error::a,b");
        assert_eq!(property("a%b,c:d\n"), "a%25b%2Cc%3Ad%0A");
    }
}

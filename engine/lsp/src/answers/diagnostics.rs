//! Findings as the protocol has them.

use loopline_dsl::Severity;
use loopline_dsl::assist::Finding;
use lsp_types::{Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Uri};

use crate::client::Client;
use crate::text::Text;

/// A finding in a text: its help stands below its message.
pub(crate) fn diagnostic(finding: &Finding, uri: &Uri, text: &Text, client: &Client) -> Diagnostic {
    let message = match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    };
    let related = finding.related.iter().map(|(range, label)| DiagnosticRelatedInformation {
        location: Location { uri: uri.clone(), range: text.range(range) },
        message: label.clone(),
    });
    Diagnostic {
        range: text.range(&finding.range),
        severity: Some(severity(finding.severity)),
        code: Some(NumberOrString::String(finding.code.as_str().to_owned())),
        source: Some("loopline".to_owned()),
        message,
        related_information: Some(related.collect::<Vec<_>>())
            .filter(|related| client.related_information && !related.is_empty()),
        ..Diagnostic::default()
    }
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Hint => DiagnosticSeverity::HINT,
    }
}

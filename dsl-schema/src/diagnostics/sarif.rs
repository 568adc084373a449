//! Findings as SARIF 2.1.0, which code hosts read: one run, with a rule for each code that occurs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};

use super::{Code, Diagnostic, Fix, Place, Severity};
use crate::fixing::splices;
use crate::position::Source;

/// The findings about one file.
#[derive(Debug, Clone, Copy)]
pub struct FileFindings<'a> {
    /// Its path, as the reader of the findings would name it.
    pub name: &'a str,
    /// What it holds.
    pub text: &'a str,
    /// What was found.
    pub diagnostics: &'a [Diagnostic],
}

/// All findings as one document.
pub fn to_sarif(files: &[FileFindings<'_>]) -> Json {
    let mut codes: Vec<Code> = files.iter().flat_map(|file| file.diagnostics).map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let results: Vec<Json> = files.iter().flat_map(|file| results(file, &codes)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "loopline",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// The page of a code: its title, its first paragraph, and all of it as help.
fn rule(code: Code) -> Json {
    let (title, body) = code.page().split_once('\n').unwrap_or((code.page(), ""));
    let title = title.trim_start_matches("# ").split_once(": ").map_or(title, |(_, title)| title);
    let about = body.trim_start().split("\n\n").next().unwrap_or("").replace('\n', " ");
    json!({
        "id": code.as_str(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": sentence(title) },
        "fullDescription": { "text": about },
        "help": { "text": code.page(), "markdown": code.page() },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

/// A fragment of a page or a message with a capital letter and a full stop.
fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    }
}

fn results(file: &FileFindings<'_>, codes: &[Code]) -> Vec<Json> {
    let source = Source::new(file.text);
    let uri = uri(file.name);
    file.diagnostics.iter().map(|finding| result(&source, &uri, finding, codes)).collect()
}

fn result(source: &Source<'_>, uri: &str, finding: &Diagnostic, codes: &[Code]) -> Json {
    let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let mut result = json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": codes.binary_search(&finding.code).unwrap_or_default(),
        "level": level(finding.severity),
        "message": { "text": format!("{}{help}", finding.message) },
        "locations": [{ "physicalLocation": location(source, uri, &finding.place) }],
    });
    if !finding.related.is_empty() {
        let related = finding.related.iter().enumerate().map(|(at, (place, label))| {
            json!({ "id": at, "physicalLocation": location(source, uri, place), "message": { "text": label } })
        });
        result["relatedLocations"] = related.collect();
    }
    let fixes: Vec<Json> = finding.fixes.iter().filter_map(|each| fix(source, uri, each)).collect();
    if !fixes.is_empty() {
        result["fixes"] = fixes.into();
    }
    result
}

fn location(source: &Source<'_>, uri: &str, place: &Place) -> Json {
    json!({ "artifactLocation": { "uri": uri }, "region": region(source, source.bytes(place)) })
}

/// Columns count characters; the end is the first that does not belong to it.
fn region(source: &Source<'_>, bytes: std::ops::Range<usize>) -> Json {
    let (start, end) = (source.position(bytes.start), source.position(bytes.end));
    let mut region = json!({ "startLine": start.line, "startColumn": start.column, "endColumn": end.column });
    if end.line != start.line {
        region["endLine"] = end.line.into();
    }
    region
}

fn fix(source: &Source<'_>, uri: &str, fix: &Fix) -> Option<Json> {
    let replacements = splices(source, fix)?.into_iter().map(
        |splice| json!({ "deletedRegion": region(source, splice.bytes), "insertedContent": { "text": splice.text } }),
    );
    Some(json!({
        "description": { "text": sentence(&fix.title) },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri },
            "replacements": replacements.collect::<Vec<_>>(),
        }],
    }))
}

/// What may stand in a path as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path as a reference: relative paths stay relative.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let encoded = utf8_percent_encode(path, PATH);
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        for (path, expect) in [
            ("p.loopline.yaml", "p.loopline.yaml"),
            ("./a b/ü#1.yaml", "a%20b/%C3%BC%231.yaml"),
            ("../p.yaml", "../p.yaml"),
            ("a:b.yaml", "a%3Ab.yaml"),
            ("/srv/p.yaml", "file:///srv/p.yaml"),
        ] {
            assert_eq!(uri(path), expect);
        }
    }
}

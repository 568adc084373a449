//! Where the names of a path stand in the source of an expression.

use std::ops::Range;

use loopline_core::expr::{Cel, Reference};

/// A name that is read, with the place of each part that has one.
pub(super) struct Path {
    pub(super) names: Vec<String>,
    /// As many as there are names. Bytes of the source.
    pub(super) spans: Vec<Range<usize>>,
}

/// The paths of an expression or template. None where the place of one cannot be told.
pub(super) fn paths(source: &str, references: Vec<Reference>) -> Option<Vec<Path>> {
    let mut paths = Vec::with_capacity(references.len());
    let mut read = None;
    for reference in references {
        let spelled = source.get(reference.span.clone())?;
        let begins = reference.path.first().is_some_and(|root| spelled.starts_with(root.as_str()));
        if begins || spelled.starts_with("@root") {
            let spans = spans(spelled, &reference.path)?;
            let spans =
                spans.into_iter().map(|span| span.start + reference.span.start..span.end + reference.span.start);
            paths.push(Path { spans: spans.collect(), names: reference.path });
        } else if read.as_ref() != Some(&reference.span) {
            // An expression whose text has escapes: its names have one place in common, the helper as a whole.
            paths.extend(in_helper(spelled, reference.span.start)?);
            read = Some(reference.span);
        }
    }
    Some(paths)
}

/// The places of the names of one path. What stands between them is skipped.
fn spans(spelled: &str, names: &[String]) -> Option<Vec<Range<usize>>> {
    let mut spans = Vec::with_capacity(names.len());
    let mut at = 0;
    for name in names {
        let span = loop {
            let (inner, behind) = next(spelled, at)?;
            at = behind;
            if spelled.get(inner.clone()) == Some(name.as_str()) {
                break inner;
            }
        };
        spans.push(span);
    }
    Some(spans)
}

/// The next word, or the inside of the next quotes or of brackets without quotes; and the byte behind it.
fn next(text: &str, from: usize) -> Option<(Range<usize>, usize)> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        let sign = rest.chars().next()?;
        if is_word(sign) {
            let length = rest.find(|sign| !is_word(sign)).unwrap_or(rest.len());
            return Some((at..at + length, at + length));
        }
        if sign == '"' || sign == '\'' {
            let length = rest[1..].find(sign)?;
            return Some((at + 1..at + 1 + length, at + length + 2));
        }
        let bracket = rest.strip_prefix('[').filter(|inner| !inner.trim_start().starts_with(['"', '\'']));
        if let Some(inner) = bracket {
            let length = inner.find(']')?;
            let lead = inner[..length].len() - inner[..length].trim_start().len();
            let name = inner[..length].trim();
            return Some((at + 1 + lead..at + 1 + lead + name.len(), at + length + 2));
        }
        at += sign.len_utf8();
    }
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '-')
}

/// The paths of `cel "…"` or `(cel "…")`, which begins at `start` of the source.
fn in_helper(spelled: &str, start: usize) -> Option<Vec<Path>> {
    let open = spelled.find(['"', '\''])?;
    let literal = Literal::read(&spelled[open..])?;
    let references = Cel::new(literal.text.as_str()).references().ok()?;
    let inner = paths(&literal.text, references)?;
    let outer = |span: &Range<usize>| {
        let from = |at: usize| literal.places.get(at).map(|place| start + open + place);
        Some(from(span.start)?..from(span.end)?)
    };
    inner
        .into_iter()
        .map(|path| Some(Path { spans: path.spans.iter().map(outer).collect::<Option<_>>()?, names: path.names }))
        .collect()
}

/// A string of a template, and where each byte of it is spelled.
struct Literal {
    text: String,
    /// One more than the text has bytes: the last is the closing quote.
    places: Vec<usize>,
}

impl Literal {
    fn read(spelled: &str) -> Option<Self> {
        let quote = spelled.chars().next()?;
        let mut literal = Self { text: String::new(), places: Vec::new() };
        let mut chars = spelled.char_indices().skip(1);
        while let Some((at, sign)) = chars.next() {
            match sign {
                sign if sign == quote => {
                    literal.places.push(at);
                    return Some(literal);
                }
                '\\' => match chars.next()?.1 {
                    'n' => literal.push('\n', at),
                    't' => literal.push('\t', at),
                    'r' => literal.push('\r', at),
                    escaped if escaped == quote || escaped == '\\' => literal.push(escaped, at),
                    // Other backslashes stand for themselves.
                    other => {
                        literal.push('\\', at);
                        literal.push(other, at + 1);
                    }
                },
                sign => literal.push(sign, at),
            }
        }
        None
    }

    fn push(&mut self, sign: char, at: usize) {
        self.text.push(sign);
        self.places.extend((0..sign.len_utf8()).map(|byte| at + byte));
    }
}

#[cfg(test)]
mod tests {
    use loopline_core::expr::Template;

    use super::*;

    fn told(source: &str, references: Vec<Reference>) -> Vec<String> {
        let paths = paths(source, references).expect("all paths are found");
        paths
            .iter()
            .map(|path| {
                let spelled: Vec<_> = path.spans.iter().map(|span| &source[span.clone()]).collect();
                assert_eq!(spelled, path.names, "{source}");
                format!("{}@{}", path.names.join("."), path.spans[0].start)
            })
            .collect()
    }

    #[test]
    fn every_name_of_an_expression_has_its_place() {
        let check = |source: &str, expect: &[&str]| {
            assert_eq!(told(source, Cel::new(source).references().expect("an expression")), expect, "{source}");
        };
        check("steps.a.outputs.b == inputs.a", &["steps.a.outputs.b@0", "inputs.a@21"]);
        check("steps['a'] [\"b\"] . c", &["steps.a.b.c@0"]);
        check("has(steps.a.b) ? (steps.a).b : \"steps.a.b\"", &["steps.a.b@4", "steps.a.b@18"]);
        check("[1].map(steps, steps + inputs.a)", &["inputs.a@23"]);
        check("steps.steps.steps", &["steps.steps.steps@0"]);
    }

    #[test]
    fn every_name_of_a_template_has_its_place() {
        let check = |source: &str, expect: &[&str]| {
            assert_eq!(told(source, Template::new(source).references().expect("a template")), expect, "{source}");
        };
        check("{{ steps.a.b }} {{upper inputs.[a b]}}", &["steps.a.b@3", "inputs.a b@24"]);
        check("{{ inputs[\"a\"].b }}", &["inputs.a.b@3"]);
        check("{{cel \"steps.a.b + inputs.c\"}}", &["steps.a.b@7", "inputs.c@19"]);
        check(r#"{{cel "a == \"inputs.a\" ? inputs.a : inputs.b"}}"#, &["a@7", "inputs.a@27", "inputs.b@38"]);
        check(r#"{{#if (cel "steps.a.status == \"x\"")}}{{ inputs.a }}{{/if}}"#, &["steps.a.status@12", "inputs.a@42"]);
        check("{{ @root.inputs.a }}", &["inputs.a@9"]);
    }
}

//! Every block of YAML in a document compiles, or shows the mistake that it says it shows.
//!
//! What stands behind the fence says what a block is:
//!
//! | fence | holds |
//! | --- | --- |
//! | `yaml` | a whole pipeline |
//! | `yaml fragment` | keys of a pipeline; version, name and steps are added where they are missing |
//! | `yaml steps` | steps of a pipeline |
//! | `yaml step-type` | a step type |
//! | `yaml test` | tests of the pipeline `release`, which stands in `tests/data/release.loopline.yaml` |
//! | `yaml formatted` | any part of a file, in the layout of the formatter |
//!
//! Behind that, `error LL0012`, `warning LL0066` or `hint LL0052` name what the compiler must find. A block that names nothing
//! has neither errors nor warnings.

use std::collections::BTreeSet;

use loopline_dsl::{Code, Diagnostic, Severity, compile_step_type, compile_with, render_pretty, yaml_to_json};

use crate::documents::{self, CodeBlock};
use crate::neighbours;

/// Languages of blocks that hold no pipeline.
const OTHER_LANGUAGES: [&str; 12] =
    ["console", "diff", "elisp", "http", "json", "lua", "mermaid", "rust", "sh", "text", "toml", "vim"];

#[test]
fn every_block_of_yaml_in_the_documents_is_what_it_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, text) in documents::all() {
        for block in documents::code_blocks(&text) {
            count += usize::from(block.info.starts_with("yaml"));
            if let Err(problem) = check(&block) {
                wrong.push(format!("{name}:{}: {problem}", block.line));
            }
        }
    }
    assert!(count > 200, "blocks went missing: {count}");
    assert!(wrong.is_empty(), "{} blocks:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is wrong with a block, if something is.
fn check(block: &CodeBlock) -> Result<(), String> {
    let mut words = block.info.split_whitespace();
    let language = words.next().unwrap_or("");
    if OTHER_LANGUAGES.contains(&language) {
        let begins = block.text.trim_start();
        let is_pipeline = begins.starts_with("version: 1") || begins.starts_with("steps:");
        return if is_pipeline { Err("a pipeline that does not say `yaml`".to_owned()) } else { Ok(()) };
    }
    if language != "yaml" {
        return Err(format!("a block must say what it holds, and this says `{}`", block.info));
    }
    let words: Vec<&str> = words.collect();
    let (kind, expect) = match words.as_slice() {
        [.., severity @ ("error" | "warning" | "hint"), code] => {
            (&words[..words.len() - 2], Some((*severity, named(code)?)))
        }
        words => (words, None),
    };
    let (text, found) = match kind {
        [] => pipeline(block.text.clone()),
        ["fragment"] => pipeline(completed(&block.text)?),
        ["steps"] => pipeline(format!("version: 1\nname: p\nsteps:\n{}", indented(&block.text))),
        ["step-type"] => (block.text.clone(), compile_step_type(&block.text)),
        ["test"] => (block.text.clone(), neighbours::findings_of_tests(&block.text)),
        ["formatted"] => return is_formatted(&block.text),
        other => return Err(format!("`{}` says nothing", other.join(" "))),
    };
    judge(&found, expect).map_err(|problem| format!("{problem}\n{}", render_pretty("block", &text, &found, false)))
}

fn is_formatted(text: &str) -> Result<(), String> {
    match loopline_dsl::format(text) {
        Ok(formatted) if formatted == text => Ok(()),
        Ok(formatted) => Err(format!("the formatter makes of it\n{formatted}")),
        Err(found) => Err(render_pretty("block", text, &found, false)),
    }
}

fn pipeline(text: String) -> (String, Vec<Diagnostic>) {
    let found = compile_with(&text, &neighbours::library()).diagnostics;
    (text, found)
}

/// Keys of a pipeline with those that each must have.
fn completed(text: &str) -> Result<String, String> {
    let keys = yaml_to_json(text).map_err(|error| error.to_string())?;
    let mut whole = String::new();
    for (key, line) in [("version", "version: 1\n"), ("name", "name: p\n"), ("steps", "steps: {a: {run: make}}\n")] {
        if keys.get(key).is_none() {
            whole.push_str(line);
        }
    }
    Ok(whole + text)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

fn named(code: &str) -> Result<Code, String> {
    Code::ALL.iter().copied().find(|known| known.as_str() == code).ok_or_else(|| format!("there is no code {code}"))
}

/// Errors and warnings are those that were named. Hints are not counted: an example need not use all that it shows.
fn judge(found: &[Diagnostic], expect: Option<(&str, Code)>) -> Result<(), String> {
    let of = |severity| found.iter().filter(move |each| each.severity == severity).map(|each| each.code);
    let only =
        |severity, expected: Option<Code>| of(severity).collect::<BTreeSet<_>>() == expected.into_iter().collect();
    let fine = match expect {
        None => only(Severity::Error, None) && only(Severity::Warning, None),
        Some(("error", code)) => only(Severity::Error, Some(code)),
        Some(("warning", code)) => only(Severity::Error, None) && only(Severity::Warning, Some(code)),
        Some((_, code)) => only(Severity::Error, None) && of(Severity::Hint).any(|found| found == code),
    };
    match (fine, expect) {
        (true, _) => Ok(()),
        (false, None) => Err("it must compile without errors and warnings".to_owned()),
        (false, Some((severity, code))) => Err(format!("it must show the {severity} {} and no other", code.as_str())),
    }
}

#[test]
fn blocks_are_judged_by_what_their_fence_says() {
    let cases = [
        ("yaml", "version: 1\nname: p\nsteps: {a: {run: x}}\n", true),
        ("yaml", "version: 1\nname: p\nsteps: {a: {rum: x}}\n", false),
        ("yaml error LL0020", "version: 1\nname: p\nsteps: {a: {rum: x}}\n", true),
        ("yaml error LL0021", "version: 1\nname: p\nsteps: {a: {rum: x}}\n", false),
        ("yaml error LL9999", "version: 1\nname: p\nsteps: {a: {rum: x}}\n", false),
        ("yaml fragment", "timeout: 1h\n", true),
        ("yaml fragment", "steps: {a: {run: x}}\n", true),
        ("yaml steps", "a: {run: x}\n\nb: {needs: a, run: y}\n", true),
        ("yaml steps", "a: {approval: {message: Go?}}\n", false),
        ("yaml steps warning LL0048", "a: {approval: {message: Go?}}\n", true),
        ("yaml steps hint LL0089", "a: {run: x}\nb: {needs: a, env: {V: \"{{ steps.a.outputs.v }}\"}, run: y}\n", true),
        ("yaml step-type", "step: {run: x}\n", true),
        ("yaml step-type", "step: {needs: a, run: x}\n", false),
        ("yaml test", "pipeline: p\ncases: {a: {inputs: {service: api}, expect: {status: failed}}}\n", true),
        ("yaml test", "pipeline: p\ncases: {a: {inputs: {service: api}, expect: {status: red}}}\n", false),
        ("yaml test error LL0301", "pipeline: p\ncases: {}\n", true),
        ("yaml formatted", "needs: [a, b]\n", true),
        ("yaml formatted", "needs: [ a,b ]\n", false),
        ("yaml piece", "a: {run: x}\n", false),
        ("sh", "make test\n", true),
        ("text", "version: 1\nname: p\n", false),
        ("", "anything\n", false),
        ("yml", "a: b\n", false),
    ];
    for (info, text, expect) in cases {
        let block = CodeBlock { info: info.to_owned(), text: text.to_owned(), line: 1 };
        assert_eq!(check(&block).is_ok(), expect, "{info}: {text}");
    }
}

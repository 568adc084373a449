//! Questions about texts that are being written: every beginning of every example, and pieces of them put together anyhow.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "the tests read data files; the compiler does not")]

use std::ops::Range;
use std::sync::Arc;

use loopline_dsl::Library;
use loopline_dsl::assist::{Document, complete};
use proptest::prelude::*;

fn examples() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/pipelines");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // Step types stand beneath, and tests beside them.
    paths.retain(|path| path.is_file() && !path.to_string_lossy().ends_with(".loopline.test.yaml"));
    paths.push(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/release-service.yaml").into());
    paths.sort();
    assert!(paths.len() > 3, "the examples are where they were");
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// A completion can be taken: it replaces what is on the line of the cursor.
fn completed(text: &str, offset: usize) {
    let holds = |range: &Range<usize>| range.start <= range.end && text.get(range.clone()).is_some();
    for completion in complete(text, offset, &Library::default()) {
        let range = &completion.edit.range;
        assert!(holds(range) && range.start <= offset && offset <= range.end, "{completion:?} at {offset}");
        assert!(!text[range.clone()].contains('\n'), "{completion:?}");
    }
}

/// Asks everything there is to ask, and looks at the answers as far as any text must have good ones.
fn ask(text: &str, offset: usize) {
    let holds = |range: &Range<usize>| range.start <= range.end && text.get(range.clone()).is_some();
    completed(text, offset);
    let document = Document::new(text, Arc::default());
    if let Some(hover) = document.hover(offset) {
        assert!(holds(&hover.range) && !hover.text.is_empty(), "{hover:?}");
    }
    if let Some(definition) = document.definition(offset) {
        assert!(holds(&definition.from) && definition.to.iter().all(holds), "{definition:?}");
    }
    assert!(document.references(offset, true).iter().all(holds));
    for symbol in document.symbols() {
        assert!(holds(&symbol.range) && symbol.children.iter().all(|child| holds(&child.range)), "{symbol:?}");
    }
    if document.may_rename(offset).is_ok()
        && let Ok(edits) = document.rename(offset, "another_name")
    {
        assert!(edits.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start), "{edits:?}");
    }
}

#[test]
fn every_beginning_of_every_example_is_answered() {
    let beginnings = |text: &str| {
        for (count, (offset, sign)) in text.char_indices().enumerate() {
            // Deep inside of a word nothing new comes; each question costs milliseconds without optimisation.
            let inside = sign.is_alphanumeric() && text[..offset].ends_with(char::is_alphanumeric);
            if !inside || count % 4 == 0 {
                completed(&text[..offset], offset);
            }
            // The other questions look at whole words.
            if count % 17 == 0 {
                ask(&text[..offset], offset);
            }
        }
    };
    let texts = examples();
    std::thread::scope(|scope| {
        for text in &texts {
            scope.spawn(|| beginnings(text));
        }
    });
}

#[test]
fn every_place_of_every_example_is_answered() {
    for text in examples() {
        let document = Document::new(text.as_str(), Arc::default());
        for finding in document.findings() {
            assert!(text.get(finding.range.clone()).is_some(), "{finding:?}");
        }
        for (offset, _) in text.char_indices() {
            document.hover(offset);
            document.definition(offset);
        }
    }
}

/// Renaming there and back gives the text again.
#[test]
fn every_step_of_every_example_can_be_renamed_and_back() {
    let splice = |text: &str, edits: &[loopline_dsl::assist::Edit]| {
        let mut text = text.to_owned();
        for edit in edits.iter().rev() {
            text.replace_range(edit.range.clone(), &edit.text);
        }
        text
    };
    for text in examples() {
        let document = Document::new(text.as_str(), Arc::default());
        let steps = document.symbols().into_iter().find(|symbol| symbol.name == "steps").expect("steps");
        for step in steps.children {
            let edits = document.rename(step.name_range.start, "another_name").unwrap();
            assert!(edits.len() >= text.matches(&format!("steps.{}.", step.name)).count());
            let renamed = Document::new(splice(&text, &edits), Arc::default());
            let back = renamed.rename(edits[0].range.start, &step.name).unwrap();
            assert_eq!(splice(renamed.text(), &back), text);
        }
    }
}

#[test]
fn large_and_hostile_texts_are_answered() {
    for text in [
        "[".repeat(200_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "a:\n  - ".repeat(5_000),
        "\"".repeat(100_001),
        "{{".repeat(100_000),
        "steps:\n  a:\n    run: |\n".to_owned() + &"      {{ steps.a.outputs.b }}\n".repeat(9_000),
        "steps: {a: {run: x, if: '".to_owned() + &"steps.a + ".repeat(20_000) + "'}}",
        "@\n".repeat(100_000),
        "é".repeat(100_000),
        "x-a: &a [lol, lol]\nx-b: &b [*a, *a]\nx-c: &c [*b, *b]\nsteps: {s: {needs: *c, run: x}}\n".to_owned(),
    ] {
        ask(&text, text.len());
        ask(&text, text.floor_char_boundary(text.len() / 2));
    }
}

/// Pieces of examples, cut anywhere and put together.
fn splices() -> impl Strategy<Value = (String, prop::sample::Index)> {
    let texts = examples();
    let piece = (0..texts.len(), any::<prop::sample::Index>(), 0..400_usize).prop_map(move |(text, start, length)| {
        let text = &texts[text];
        let start = text.floor_char_boundary(start.index(text.len()));
        text[start..text.floor_char_boundary((start + length).min(text.len()))].to_owned()
    });
    let odd = prop::sample::select(vec![
        "{{", "}}", "\"", "'", "[", "{", "- ", "\n", "\r\n", "\t", "&a ", "*a", "|\n", ": ", "é", "#", "\\",
    ]);
    let piece = prop_oneof![3 => piece, 1 => odd.prop_map(str::to_owned)];
    (prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat()), any::<prop::sample::Index>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_of_examples_are_answered((text, at) in splices()) {
        let offset = text.floor_char_boundary(at.index(text.len() + 1));
        ask(&text, offset);
        ask(&text, text.len());
    }
}

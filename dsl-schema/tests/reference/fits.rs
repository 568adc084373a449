//! Which key of a step makes sense beside what: asked of the compiler.

use loopline_dsl::Code;
use serde_json::Value as Json;

use crate::frames::Frame;
use crate::mappings::{Key, Language, Mapping};

/// What steps do, in the order of the reference.
const KINDS: [&str; 8] = ["run", "http", "container", "approval", "wait", "sleep", "pipeline", "set"];

/// Keys of all steps; those of one kind alone are told on the page of that kind.
fn shared(step: &Mapping) -> impl Iterator<Item = &Key> {
    let of_one_kind = ["use", "with", "shell", "working_dir", "template"];
    step.keys.iter().filter(move |key| !KINDS.contains(&key.name.as_str()) && !of_one_kind.contains(&key.name.as_str()))
}

/// A table of keys and kinds.
pub fn table(language: &Language, link: &dyn Fn(&str) -> String) -> String {
    let step = &language.mappings[language.at("steps.ID").expect("steps have keys")];
    let mut lines = vec![
        format!("| key | {} |", KINDS.map(|kind| format!("`{kind}`")).join(" | ")),
        format!("| --- | {} |", KINDS.map(|_| ":-:").join(" | ")),
    ];
    for key in shared(step) {
        let cells: Vec<_> = KINDS.iter().map(|kind| if fits(language, step, kind, key) { "•" } else { "" }).collect();
        lines.push(format!("| [`{}`]({}) | {} |", key.name, link(&key.name), cells.join(" | ")));
    }
    lines.join("\n")
}

fn fits(language: &Language, step: &Mapping, kind: &str, key: &Key) -> bool {
    let example = |name: &str| -> Json {
        let key = step.keys.iter().find(|key| key.name == name).expect("a key of a step");
        key.examples().first().unwrap_or_else(|| panic!("`{name}` has no example")).clone()
    };
    let frame = Frame::of(language, &step.paths).with(kind, &example(kind)).with(&key.name, &example(&key.name));
    !frame.compile().diagnostics.iter().any(|found| found.code == Code::KeyMakesNoSense)
}

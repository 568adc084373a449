//! The tables of keys.

use crate::flow::flow;
use crate::forms::form;
use crate::mappings::{Key, Language, Mapping, MappingIx};
use crate::{defaults, frames};

/// Keys of a mapping in rows: what to write, what it must be, what holds without it, what it is for, how it looks.
pub fn keys(
    language: &Language,
    mapping: &Mapping,
    names: &[String],
    slug: &str,
    link: &dyn Fn(MappingIx) -> String,
) -> String {
    let mut lines =
        vec!["| key | shape | default | meaning | example |".to_owned(), "| --- | --- | --- | --- | --- |".to_owned()];
    for key in names.iter().filter_map(|name| mapping.keys.iter().find(|key| key.name == *name)) {
        let (_, meaning) = defaults::told(key);
        let example =
            key.examples().first().map_or(String::new(), |example| code(&format!("{}: {}", key.name, flow(example))));
        let cells = [
            format!("<a id=\"{slug}-{0}\"></a>`{0}`", key.name),
            cell(&form(language, &key.schema, link)),
            cell(&unless_said(language, mapping, key)),
            cell(&meaning),
            cell(&example),
        ];
        lines.push(format!("| {} |", cells.join(" | ")));
    }
    lines.join("\n")
}

/// What holds where the key is not there, or that it must be there.
fn unless_said(language: &Language, mapping: &Mapping, key: &Key) -> String {
    if key.required || frames::is_asked_for(language, mapping, &key.name) {
        return "**required**".to_owned();
    }
    let (default, _) = defaults::told(key);
    let is_flag = key.schema["type"] == "boolean" || key.schema["type"] == serde_json::json!(["boolean", "null"]);
    if default.is_empty() && is_flag {
        return frames::flag_unless_said(language, mapping, &key.name).map_or(default, |flag| format!("`{flag}`"));
    }
    default
}

/// Text inside of a cell. A bar would end it.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Text as code, whatever is in it.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

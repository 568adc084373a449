//! What holds where a key is not given. Doc comments say it as "6h unless said", or behind a word as "(unless said)".

use crate::mappings::Key;

/// The default of a key in Markdown, and what is left to say about the key.
pub fn told(key: &Key) -> (String, String) {
    let about = key.about();
    if !key.schema["default"].is_null() {
        let clause = clause(about).map_or(about.to_owned(), |(_, rest)| rest);
        return (format!("`{}`", crate::flow::flow(&key.schema["default"])), clause);
    }
    match clause(about) {
        Some((default, rest)) => (in_code(&default), rest),
        None => (String::new(), about.to_owned()),
    }
}

/// The default where it is a value that could be written into the file, as it would be written.
pub fn value(key: &Key) -> Option<String> {
    let (default, _) = told(key);
    let value = default.strip_prefix('`')?.strip_suffix('`')?;
    (!value.contains('`')).then(|| value.to_owned())
}

/// What is said to hold, and the sentence without it.
fn clause(about: &str) -> Option<(String, String)> {
    if let Some(at) = about.find(", which is so unless") {
        return Some(("`true`".to_owned(), sentence(&about[..at], ".")));
    }
    if let Some((before, behind)) = about.split_once(" (unless said)") {
        let word = before.rsplit('`').nth(1)?;
        return Some((format!("`{word}`"), format!("{before}{behind}")));
    }
    let (before, behind) = about.split_once(" unless said")?;
    let begin = ["; ", ". ", ": "].iter().filter_map(|mark| Some(before.rfind(mark)? + mark.len())).max().unwrap_or(0);
    let default = before[begin..].trim_end_matches(',').to_owned();
    // Where more is said about the default, the sentence stays whole.
    let rest = if behind.starts_with('.') { sentence(&before[..begin], behind) } else { about.to_owned() };
    Some((default, rest))
}

fn sentence(before: &str, behind: &str) -> String {
    let before = before.trim_end().trim_end_matches([';', '.', ':']);
    if before.is_empty() { behind.trim_start_matches('.').trim_start().to_owned() } else { format!("{before}{behind}") }
}

/// A default that is one word is a value; more of them are a sentence.
fn in_code(default: &str) -> String {
    let is_word = !default.contains([' ', '`']) && !matches!(default, "all" | "none");
    if is_word { format!("`{}`", default.replace(',', "")) } else { default.to_owned() }
}

#[test]
fn defaults_are_read_out_of_the_comments() {
    let check = |about: &str, default: &str, rest: &str| {
        let schema = serde_json::json!({"description": about});
        let key = Key { name: "k".to_owned(), schema, required: false };
        assert_eq!(told(&key), (default.to_owned(), rest.to_owned()));
    };
    check("Bound of one attempt; 6h unless said.", "`6h`", "Bound of one attempt.");
    check("How many; 1,000 unless said. More.", "`1000`", "How many. More.");
    check("Takes any. `false` unless said.", "`false`", "Takes any.");
    check("GET unless said; POST where something is sent.", "`GET`", "GET unless said; POST where something is sent.");
    check(
        "What runs: `cancel` it (unless said) or `drain`, let it end.",
        "`cancel`",
        "What runs: `cancel` it or `drain`, let it end.",
    );
    check("Follow redirects, which is so unless said.", "`true`", "Follow redirects.");
    check("Names; all unless said. Or not.", "all", "Names. Or not.");
    check("Read by: `a`, else `b`, unless said.", "`a`, else `b`", "Read by.");
    check("What it is for.", "", "What it is for.");
}

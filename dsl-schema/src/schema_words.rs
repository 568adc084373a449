//! A JSON Schema in a few words, for people who look at an input or an output.

use serde_json::Value as Json;

/// Its type: `integer`, `"a" or "b"`. Any value where it says nothing.
pub(crate) fn kind(schema: &Json) -> String {
    if let Some(Json::Array(values)) = schema.get("enum") {
        return one_of(values);
    }
    match schema.get("type") {
        Some(Json::String(name)) => name.clone(),
        Some(Json::Array(names)) => {
            let names: Vec<_> = names.iter().filter_map(Json::as_str).collect();
            names.join(" or ")
        }
        _ => match schema.get("const") {
            Some(value) => value.to_string(),
            None => "any value".to_owned(),
        },
    }
}

/// What else it asks for, each on its own: `at least 1`, `matches ^[a-z]+$`.
pub(crate) fn bounds(schema: &Json) -> Vec<String> {
    const WORDS: [(&str, &str); 12] = [
        ("minimum", "at least"),
        ("exclusiveMinimum", "more than"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "less than"),
        ("multipleOf", "a multiple of"),
        ("minLength", "characters at least:"),
        ("maxLength", "characters at most:"),
        ("minItems", "items at least:"),
        ("maxItems", "items at most:"),
        ("pattern", "matches"),
        ("format", "format"),
        ("default", "default"),
    ];
    let said = WORDS.iter().filter_map(|(keyword, words)| Some(format!("{words} {}", short(schema.get(*keyword)?))));
    said.collect()
}

fn one_of(values: &[Json]) -> String {
    let values: Vec<_> = values.iter().take(12).map(short).collect();
    match values.as_slice() {
        [] => "no value".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// A value in code, cut where it is long.
fn short(value: &Json) -> String {
    let text = value.to_string().replace('`', "'");
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("`{}…`", &text[..at]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_told_in_words() {
        let check = |schema: Json, expect: &str| {
            let told = std::iter::once(kind(&schema)).chain(bounds(&schema)).collect::<Vec<_>>().join(", ");
            assert_eq!(told, expect);
        };
        check(serde_json::json!({"type": "integer", "minimum": 1, "default": 2}), "integer, at least `1`, default `2`");
        check(serde_json::json!({"enum": ["a", "b", 3]}), "`\"a\"`, `\"b\"` or `3`");
        check(serde_json::json!({"type": ["string", "null"], "pattern": "^a"}), "string or null, matches `\"^a\"`");
        check(serde_json::json!({}), "any value");
        check(serde_json::json!({"default": "x".repeat(100)}), &format!("any value, default `\"{}…`", "x".repeat(79)));
    }
}

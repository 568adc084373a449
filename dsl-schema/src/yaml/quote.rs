//! How a value is written so that YAML reads it as that value.

use serde_json::Value as Json;

/// The string in quotes where it needs them, on one line.
pub fn quoted(text: &str) -> String {
    match serde_yaml::to_string(text) {
        Ok(written) if written.trim_end().lines().count() == 1 => written.trim_end().to_owned(),
        // Block style would not fit where one line is replaced; a JSON string is a YAML string.
        _ => serde_json::Value::from(text).to_string(),
    }
}

/// The string in quotes also where only a flow collection needs them: `x-{{ a }}` inside of braces.
pub fn quoted_in_flow(text: &str) -> String {
    let written = quoted(text);
    let is_plain = !written.starts_with(['\'', '"']);
    if is_plain && text.contains([',', '[', ']', '{', '}']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    written
}

/// A value on one line: `{a: [1, b]}`. As deep as it is nested, so never for values that others wrote.
pub fn flow(value: &Json) -> String {
    match value {
        Json::String(text) => quoted_in_flow(text),
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}: {}", quoted_in_flow(key), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_is_quoted_and_plain_text_is_not() {
        assert_eq!(quoted("{{ inputs.a }}"), "'{{ inputs.a }}'");
        assert_eq!(quoted("it's {{ a }}"), "it's {{ a }}");
        assert_eq!(quoted("{{ a }} it's"), "'{{ a }} it''s'");
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted_in_flow("x-{{ a }}'s"), "'x-{{ a }}''s'");
        assert_eq!(quoted_in_flow("plain"), "plain");
    }

    #[test]
    fn a_value_is_written_on_one_line() {
        let value = serde_json::json!({"on": ["exit:75", "a, b"], "n": 1, "x": "{{ y }}", "none": null});
        assert_eq!(flow(&value), "{on: [exit:75, 'a, b'], n: 1, x: '{{ y }}', none: null}");
    }
}

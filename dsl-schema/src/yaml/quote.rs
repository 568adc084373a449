//! How a string is written so that YAML reads it as that string.

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
}

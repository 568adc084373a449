//! How a string is written so that YAML reads it as that string.

/// The string in quotes where it needs them, on one line.
pub fn quoted(text: &str) -> String {
    match serde_yaml::to_string(text) {
        Ok(written) if written.trim_end().lines().count() == 1 => written.trim_end().to_owned(),
        // Block style would not fit where one line is replaced; a JSON string is a YAML string.
        _ => serde_json::Value::from(text).to_string(),
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
    }
}

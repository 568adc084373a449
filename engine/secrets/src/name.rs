//! Names of secrets, as the language has them.

/// The longest name, in bytes.
const LONGEST: usize = 255;

/// Letters, digits and `_`, not beginning with a digit. Such a name is harmless as a file name, an argument and a variable.
pub(crate) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    begins && name.len() <= LONGEST && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Names of projects and pipelines: a lower-case letter, then at most 62 of `a-z`, `0-9` and `-`.
pub(crate) fn is_slug(name: &str) -> bool {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase());
    begins && name.len() <= 63 && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["TOKEN", "_x", "a1"] {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(256);
        for name in ["", "1a", "../x", "a/b", "a.b", "a=b", "-x", "a b", "é", "a\0", &long] {
            assert!(!is_name(name), "{name}");
        }
    }
}

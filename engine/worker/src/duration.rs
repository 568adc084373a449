//! Durations in sentences for people, in the spelling of the language.

/// `1h30m`, `2s`, `250ms`.
pub(crate) fn spoken(ms: u64) -> String {
    const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = ms;
    let mut text = String::new();
    for (unit, size) in UNITS {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::spoken;

    #[test]
    fn durations_are_spelled_as_in_the_language() {
        for (ms, text) in
            [(0, "0s"), (250, "250ms"), (1_500, "1s500ms"), (90 * 60_000, "1h30m"), (3 * 86_400_000, "3d")]
        {
            assert_eq!(spoken(ms), text);
        }
    }
}

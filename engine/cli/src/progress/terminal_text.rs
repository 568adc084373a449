//! Text from outside, made safe for a terminal: colours stay, everything else that a terminal would obey becomes visible.

/// Escapes control characters and all escape sequences but colours (SGR). Resets the colour at the end if one was set.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut coloured = false;
    while let Some(c) = chars.next() {
        if c == '\u{1b}' && chars.peek() == Some(&'[') {
            let rest: String = chars.clone().skip(1).take(32).collect();
            let parameters = rest.chars().take_while(|c| c.is_ascii_digit() || *c == ';').count();
            if rest[parameters..].starts_with('m') {
                out.push('\u{1b}');
                // The bracket, the parameters and the `m`.
                out.extend(chars.by_ref().take(parameters + 2));
                coloured = true;
                continue;
            }
        }
        match c {
            '\t' => out.push(c),
            c if c.is_control() => out.extend(c.escape_default()),
            // Overrides of the writing direction can make a line read as another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    if coloured {
        out.push_str("\u{1b}[0m");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn colours_stay_and_everything_else_is_shown() {
        assert_eq!(safe("\u{1b}[31mred\u{1b}[0m"), "\u{1b}[31mred\u{1b}[0m\u{1b}[0m");
        assert_eq!(safe("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(safe("title\u{1b}]0;x\u{7}"), "title\\u{1b}]0;x\\u{7}");
        assert_eq!(safe("a\rb"), "a\\rb");
        assert_eq!(safe("ab\u{202e}c"), "ab\\u{202e}c");
        assert_eq!(safe("tab\tstays, grüße auch"), "tab\tstays, grüße auch");
    }
}

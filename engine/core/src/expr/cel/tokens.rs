//! The tokens of an expression and their places.

use std::ops::Range;

use crate::expr::ExprError;

/// Longest expression.
pub(super) const MAX_SOURCE: usize = 4 * 1024;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or a keyword.
    Name,
    /// A number.
    Number,
    /// A quoted string.
    Text,
    /// `b"…"`.
    Bytes,
    /// Anything else.
    Sign,
}

/// A token and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Range<usize>,
}

/// Cuts `source` into tokens; white space and comments (`// …`) are left out.
pub(super) fn scan(source: &str) -> Result<Vec<Token>, ExprError> {
    if source.len() > MAX_SOURCE {
        return Err(ExprError::new(format!("the expression has {} bytes, more than {MAX_SOURCE}", source.len()))
            .help("compute parts of it in a `set` step"));
    }
    let start = source.len() - source.trim_start().len();
    if source[start..].starts_with("{{") || source[start..].starts_with("${{") {
        return Err(ExprError::at(start..source.trim_end().len(), "this is an expression, not a template")
            .help("write it without the `{{ }}`"));
    }
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some((kind, length)) = next(source, at, &tokens)? {
        if let Some(kind) = kind {
            tokens.push(Token { kind, span: at..at + length });
        }
        at += length;
    }
    if tokens.is_empty() {
        return Err(ExprError::new("the expression is empty"));
    }
    Ok(tokens)
}

/// The kind (none for what is left out) and length of what begins at `at`; none at the end.
fn next(source: &str, at: usize, before: &[Token]) -> Result<Option<(Option<TokenKind>, usize)>, ExprError> {
    let bytes = source.as_bytes();
    let Some(&byte) = bytes.get(at) else { return Ok(None) };
    let rest = &source[at..];
    let (kind, length) = match byte {
        b' ' | b'\t' | b'\r' | b'\n' | 0x0c => return Ok(Some((None, 1))),
        b'/' if rest.starts_with("//") => return Ok(Some((None, rest.find('\n').unwrap_or(rest.len())))),
        b'"' | b'\'' => (TokenKind::Text, string_length(source, at, 0)?),
        b'0'..=b'9' => (TokenKind::Number, number_length(rest)),
        b'.' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) && !ends_an_operand(source, before.last()) => {
            (TokenKind::Number, number_length(rest))
        }
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            let name = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            match (rest[..name].to_ascii_lowercase().as_str(), bytes.get(at + name)) {
                ("r", Some(b'"' | b'\'')) => (TokenKind::Text, string_length(source, at, name)?),
                ("b" | "br", Some(b'"' | b'\'')) => (TokenKind::Bytes, string_length(source, at, name)?),
                _ => (TokenKind::Name, name),
            }
        }
        b'=' | b'!' | b'<' | b'>' if bytes.get(at + 1) == Some(&b'=') => (TokenKind::Sign, 2),
        b'=' => return Err(ExprError::at(at..at + 1, "`=` is not an operator").help("compare with `==`")),
        b'&' | b'|' if bytes.get(at + 1) == Some(&byte) => (TokenKind::Sign, 2),
        b'&' | b'|' => {
            let sign = char::from(byte);
            return Err(
                ExprError::at(at..at + 1, format!("`{sign}` is not an operator")).help(format!("write `{sign}{sign}`"))
            );
        }
        b'+' | b'-' | b'*' | b'/' | b'%' | b'!' | b'<' | b'>' | b'?' | b':' | b'.' | b',' | b'(' | b')' | b'['
        | b']' | b'{' | b'}' => (TokenKind::Sign, 1),
        _ => {
            let sign = rest.chars().next().unwrap_or_default();
            let span = at..at + sign.len_utf8();
            return Err(ExprError::at(span, format!("the character {sign:?} has no meaning in an expression")));
        }
    };
    Ok(Some((Some(kind), length)))
}

/// Whether a dot behind this token selects a field (`a.b`, `a[0].b`) instead of beginning a number (`.5`).
fn ends_an_operand(source: &str, token: Option<&Token>) -> bool {
    token.is_some_and(|token| token.kind != TokenKind::Sign || matches!(&source[token.span.clone()], ")" | "]" | "}"))
}

fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let unsigned = |end: usize| end + usize::from(matches!(bytes.get(end), Some(b'u' | b'U')));
    if rest.starts_with("0x") {
        return unsigned(2 + bytes[2..].iter().take_while(|b| b.is_ascii_hexdigit()).count());
    }
    let mut end = digits(0);
    let mut whole = true;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        whole = false;
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits((end + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            whole = false;
            end += 1 + sign + exponent;
        }
    }
    if whole { unsigned(end) } else { end }
}

/// The quotes of a string literal, its prefix left out: `'`, `"`, or three of them.
fn quotes(literal: &str) -> &str {
    let quote = literal.as_bytes().first();
    let long = literal.len() >= 6 && literal.bytes().take(3).all(|byte| Some(&byte) == quote);
    literal.get(..if long { 3 } else { 1 }).unwrap_or_default()
}

/// The length of a string literal that begins at `at` with a prefix of `prefix` bytes.
fn string_length(source: &str, at: usize, prefix: usize) -> Result<usize, ExprError> {
    let raw = source[at..at + prefix].contains(['r', 'R']);
    let body = &source[at + prefix..];
    let end = quotes(body);
    let mut chars = body.char_indices().skip(end.len());
    while let Some((index, sign)) = chars.next() {
        if body[index..].starts_with(end) {
            return Ok(prefix + index + end.len());
        }
        match sign {
            '\\' if !raw => {
                chars.next();
            }
            '\n' | '\r' if end.len() == 1 => break,
            _ => {}
        }
    }
    Err(ExprError::at(at..source.len(), "the string is not closed").help(format!("end it with `{end}`")))
}

/// The text that a string literal stands for. An error is the place of a wrong escape within `literal`.
pub(super) fn unquote(literal: &str) -> Result<String, Range<usize>> {
    let prefix = literal.len() - literal.trim_start_matches(|sign: char| sign.is_ascii_alphabetic()).len();
    let quotes = quotes(&literal[prefix..]).len();
    let first = prefix + quotes;
    let body = literal.get(first..literal.len() - quotes).unwrap_or_default();
    if literal[..prefix].contains(['r', 'R']) {
        return Ok(body.to_owned());
    }
    let mut text = String::with_capacity(body.len());
    let mut at = 0;
    while let Some(sign) = body[at..].chars().next() {
        if sign != '\\' {
            text.push(sign);
            at += sign.len_utf8();
            continue;
        }
        let rest = &body[at + 1..];
        // All of the wrong letter, however many bytes it has.
        let wrong = 1 + rest.chars().next().map_or(0, char::len_utf8);
        let (sign, length) = escape(rest).ok_or(first + at..first + at + wrong)?;
        text.push(sign);
        at += 1 + length;
    }
    Ok(text)
}

/// What stands behind a backslash: the character it means and how long it is.
fn escape(rest: &str) -> Option<(char, usize)> {
    let number = |digits: Range<usize>, radix| {
        let text = rest.get(digits.clone())?;
        // `from_str_radix` would take a sign.
        let plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u32::from_str_radix(text, radix).ok().filter(|_| plain)?;
        Some((char::from_u32(value)?, digits.end))
    };
    let sign = match rest.chars().next()? {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        sign @ ('\\' | '?' | '"' | '\'' | '`') => sign,
        'x' | 'X' => return number(1..3, 16),
        'u' => return number(1..5, 16),
        'U' => return number(1..9, 16),
        '0'..='3' => return number(0..3, 8),
        _ => return None,
    };
    Some((sign, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expect: &[&str]) {
        let tokens = scan(source).expect("source is accepted");
        let texts: Vec<_> = tokens.iter().map(|token| &source[token.span.clone()]).collect();
        assert_eq!(texts, expect, "{source}");
    }

    fn refused(source: &str, expect: &str) {
        assert_eq!(scan(source).expect_err("source is refused").message, expect, "{source}");
    }

    #[test]
    fn tokens_have_the_places_the_grammar_gives_them() {
        check("a.b[0]>=1.5e3", &["a", ".", "b", "[", "0", "]", ">=", "1.5e3"]);
        check("1.5+.5+a.b", &["1.5", "+", ".5", "+", "a", ".", "b"]);
        check("0x1Fu 12u // x\n'a\\'b'", &["0x1Fu", "12u", "'a\\'b'"]);
        check("r'\\' + \"\"\"a\"b\"\"\" + b'x'", &["r'\\'", "+", "\"\"\"a\"b\"\"\"", "+", "b'x'"]);
        check("''+\"\"", &["''", "+", "\"\""]);
    }

    #[test]
    fn what_cannot_be_an_expression_is_refused() {
        refused("{{ inputs.a }}", "this is an expression, not a template");
        refused("  ", "the expression is empty");
        refused("a = b", "`=` is not an operator");
        refused("a & b", "`&` is not an operator");
        refused("'abc", "the string is not closed");
        refused("'a\nb'", "the string is not closed");
        refused("a # b", "the character '#' has no meaning in an expression");
        refused(&"a".repeat(MAX_SOURCE + 1), "the expression has 4097 bytes, more than 4096");
    }

    #[test]
    fn strings_are_unquoted() {
        let check = |literal: &str, expect: &str| assert_eq!(unquote(literal).as_deref(), Ok(expect), "{literal}");
        check("'a\\n\\t\\\\\\'b'", "a\n\t\\'b");
        check("\"\\x41\\u00e9\\U0001F600\\101\"", "Aé😀A");
        check("r'a\\n'", "a\\n");
        check("'''a'b\nc'''", "a'b\nc");
        check("''", "");
        check("''''''", "");
        assert_eq!(unquote("'ab\\q'"), Err(3..5));
        assert_eq!(unquote("'\\ud800'"), Err(1..3));
        assert_eq!(unquote("'\\x+1'"), Err(1..3));
        assert_eq!(unquote("'\\¡r'"), Err(1..4));
    }
}

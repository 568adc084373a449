//! What a plain scalar stands for, by the core schema of YAML 1.2.

use super::tree::Scalar;

/// What a scalar stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plain {
    /// Nothing.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text,
}

impl Scalar {
    /// Resolves it. A quoted or block scalar is text.
    pub fn resolve(&self) -> Plain {
        if self.plain { resolve(&self.text) } else { Plain::Text }
    }
}

fn resolve(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" => return Plain::Bool(true),
        "false" | "False" | "FALSE" => return Plain::Bool(false),
        _ => {}
    }
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).map_or(Plain::Text, Plain::Int);
    if let Some(octal) = text.strip_prefix("0o").filter(|digits| digits.bytes().all(|c| c.is_ascii_digit())) {
        return radix(octal, 8);
    }
    if let Some(hex) = text.strip_prefix("0x").filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit())) {
        return radix(hex, 16);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|c| c.is_ascii_digit()) {
        return text.parse().map_or_else(|_| text.parse().map_or(Plain::Text, Plain::Float), Plain::Int);
    }
    if is_float(unsigned) {
        return text.parse().map_or(Plain::Text, Plain::Float);
    }
    match unsigned {
        ".inf" | ".Inf" | ".INF" => Plain::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => Plain::Float(f64::NAN),
        _ => Plain::Text,
    }
}

/// `(\. [0-9]+ | [0-9]+ (\. [0-9]*)?) ([eE] [-+]? [0-9]+)?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && whole.len() + fraction.len() > 0,
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, expect) in [
            ("", Plain::Null),
            ("~", Plain::Null),
            ("true", Plain::Bool(true)),
            ("no", Plain::Text),
            ("yes", Plain::Text),
            ("12", Plain::Int(12)),
            ("-0x1F", Plain::Text),
            ("0x1F", Plain::Int(31)),
            ("0o17", Plain::Int(15)),
            ("0777", Plain::Int(777)),
            ("1.10", Plain::Float(1.1)),
            ("1e3", Plain::Float(1000.0)),
            (".5", Plain::Float(0.5)),
            (".", Plain::Text),
            ("1:30", Plain::Text),
            ("2024-01-01", Plain::Text),
            ("e3", Plain::Text),
            ("-", Plain::Text),
        ] {
            assert_eq!(resolve(text), expect, "{text:?}");
        }
    }
}

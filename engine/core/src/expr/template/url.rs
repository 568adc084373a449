//! Values in URLs. A value never leaves the component it stands in: it cannot add a path segment, a parameter, or go to
//! another host than the author wrote.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::expr::ExprError;

/// Where in a URL we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Component {
    /// Nothing has come yet.
    #[default]
    Start,
    /// Between the beginning and `://`, or in what has none.
    Scheme,
    Host,
    Path,
    /// Query or fragment.
    Behind,
}

/// The URL written so far, as far as it matters.
#[derive(Debug, Default)]
pub(super) struct Url {
    component: Component,
    /// What was written before `://` was found.
    scheme: String,
    /// The current segment of the path.
    segment: String,
    /// A value stands in that segment.
    segment_has_value: bool,
}

impl Url {
    /// Text of the author.
    pub(super) fn literal(&mut self, text: &str) -> Result<(), ExprError> {
        for sign in text.chars() {
            self.advance(sign)?;
        }
        Ok(())
    }

    fn advance(&mut self, sign: char) -> Result<(), ExprError> {
        match (self.component, sign) {
            (Component::Behind, _) => {}
            (Component::Path, '/') => self.end_of_segment()?,
            (_, '?' | '#') => {
                self.end_of_segment()?;
                self.component = Component::Behind;
            }
            (Component::Path, sign) => self.segment.push(sign),
            (Component::Host, '/') => self.component = Component::Path,
            (Component::Host, _) => {}
            (Component::Start | Component::Scheme, sign) => {
                self.component = Component::Scheme;
                self.scheme.push(sign);
                if self.scheme.ends_with("://") {
                    self.component = Component::Host;
                } else if sign == '/' && !self.scheme.ends_with(":/") {
                    // There is no scheme: a path of its own.
                    self.component = Component::Path;
                }
            }
        }
        Ok(())
    }

    /// A value, encoded for where it stands.
    pub(super) fn value<'v>(&mut self, value: &'v str) -> Result<Cow<'v, str>, ExprError> {
        match self.component {
            Component::Start => {
                whole_url(value)?;
                self.literal(value)?;
                // What follows in the same segment is the author's, but the segment may have been a dot before.
                self.segment_has_value = true;
                Ok(Cow::Borrowed(value))
            }
            Component::Scheme => Err(ExprError::new("a value cannot be a part of the scheme of a URL")
                .help("write `https://` yourself, or give the whole URL in one hole at the beginning")),
            Component::Host => {
                let fits = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | ':');
                if value.is_empty() || !value.chars().all(fits) {
                    return Err(ExprError::new(format!("{:?} is not a host", shortened(value)))
                        .help("a host has letters, digits, dots and hyphens, and may end with a port"));
                }
                Ok(Cow::Borrowed(value))
            }
            Component::Path => {
                self.segment.push_str(value);
                self.segment_has_value = true;
                Ok(encode(value))
            }
            Component::Behind => Ok(encode(value)),
        }
    }

    /// The end of the URL.
    pub(super) fn end(&mut self) -> Result<(), ExprError> {
        self.end_of_segment()
    }

    /// `.` and `..` mean another directory, encoded or not: as a value they would leave the segment.
    fn end_of_segment(&mut self) -> Result<(), ExprError> {
        let dots = matches!(self.segment.as_str(), "." | "..");
        let wrong = dots && self.segment_has_value;
        let segment = std::mem::take(&mut self.segment);
        self.segment_has_value = false;
        if wrong {
            return Err(ExprError::new(format!("`{segment}` as a part of a path leads elsewhere"))
                .help("check the value with a `pattern` in its schema"));
        }
        Ok(())
    }
}

/// A value that stands at the beginning is the beginning of a URL as it stands.
fn whole_url(value: &str) -> Result<(), ExprError> {
    let lower = value.get(..8).unwrap_or(value).to_ascii_lowercase();
    let host = match (lower.strip_prefix("http://"), lower.strip_prefix("https://")) {
        (Some(_), _) => &value[7..],
        (_, Some(_)) => &value[8..],
        (None, None) => {
            return Err(ExprError::new(format!("{:?} is not an absolute http or https URL", shortened(value)))
                .help("a value at the beginning of a URL is the beginning of the URL, like `https://example.org`"));
        }
    };
    let allowed =
        |sign: char| sign.is_ascii_graphic() && !matches!(sign, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}');
    if host.is_empty() || host.starts_with(['/', '?', '#']) || !host.chars().all(allowed) {
        return Err(ExprError::new(format!("{:?} is not a URL", shortened(value)))
            .help("characters outside of ASCII, spaces and quotes must be percent-encoded"));
    }
    Ok(())
}

/// Everything but letters, digits and `-._~` as its bytes.
fn encode(value: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if value.bytes().all(plain) {
        return Cow::Borrowed(value);
    }
    let mut encoded = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    Cow::Owned(encoded)
}

fn shortened(value: &str) -> String {
    if value.chars().count() <= 60 { value.to_owned() } else { value.chars().take(60).chain(['…']).collect() }
}

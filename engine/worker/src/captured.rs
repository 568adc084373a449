//! Output that expressions of the step read, kept in memory and therefore bounded.

/// More is not captured.
const MAX_CAPTURED: usize = 256 * 1024;

/// Text that expressions asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Captured {
    /// They did not.
    Off,
    /// All of it so far.
    Kept(Vec<u8>),
    /// There was more than may be kept.
    TooMuch,
}

impl Captured {
    /// Begins to keep, if it is wanted.
    pub(crate) fn new(wanted: bool) -> Self {
        if wanted { Self::Kept(Vec::new()) } else { Self::Off }
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Kept(kept) if kept.len() + bytes.len() <= MAX_CAPTURED => kept.extend_from_slice(bytes),
            Self::Kept(_) => *self = Self::TooMuch,
            Self::Off | Self::TooMuch => {}
        }
    }

    /// The text, if there is all of it; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Kept(kept) => Some(String::from_utf8_lossy(kept).into_owned()),
            Self::Off | Self::TooMuch => None,
        }
    }
}

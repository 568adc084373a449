//! The pieces of a text between white space.

/// A piece of the text, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// As it is written. Scalars may have several lines.
    pub(super) text: &'a str,
    /// Its first byte.
    pub(super) at: usize,
    /// In characters from 0.
    pub(super) column: usize,
    /// Whether only white space stands before it on its line.
    pub(super) first: bool,
    /// Whether an empty line, or more than one, stands between it and the token before.
    pub(super) after_blank: bool,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `%YAML 1.2`, the whole line.
    Directive,
    /// `---`, `...`
    Marker,
    /// `-`
    Dash,
    /// `?`
    Question,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// `[`
    OpenSequence,
    /// `{`
    OpenMapping,
    /// `]`, `}`
    Close,
    /// `&anchor`, `!tag`
    Property,
    /// `*anchor`
    Alias,
    /// A scalar without quotes.
    Plain,
    /// A scalar in single or double quotes.
    Quoted,
    /// `|`, `>-`, `|2+`: the header of a block scalar.
    Header,
    /// Where the lines of a block scalar follow. It has no text; the lexer hands out the lines apart.
    Body,
    /// `# …` to the end of the line.
    Comment,
}

impl Kind {
    /// It begins a flow collection.
    pub(super) fn opens(self) -> bool {
        matches!(self, Self::OpenSequence | Self::OpenMapping)
    }

    /// A value, or another part of one, must follow, and may be empty.
    pub(super) fn awaits_value(self) -> bool {
        matches!(self, Self::Dash | Self::Question | Self::Colon | Self::Property)
    }
}

//! White space around tags, as Handlebars has it.
//!
//! A block tag or a comment that stands alone on its line takes the whole line with it, so that blocks can be laid out in
//! lines of their own. `{{~` and `~}}` take all white space on their side.

use super::syntax::{Piece, Tag, TagKind};

/// Trims the texts between tags.
pub(super) fn trim(source: &str, pieces: &mut [Piece]) {
    for index in 0..pieces.len() {
        let Piece::Tag(tag) = &pieces[index] else { continue };
        let (before, behind) = (tag.trim_before, tag.trim_behind);
        let alone = stands_alone(source, tag);
        if let Some(Piece::Text(text)) = index.checked_sub(1).and_then(|index| pieces.get_mut(index)) {
            if before {
                text.truncate(text.trim_end().len());
            } else if alone {
                text.truncate(text.trim_end_matches([' ', '\t']).len());
            }
        }
        if let Some(Piece::Text(text)) = pieces.get_mut(index + 1) {
            if behind {
                text.replace_range(..text.len() - text.trim_start().len(), "");
            } else if alone {
                text.replace_range(..rest_of_line(text), "");
            }
        }
    }
}

fn stands_alone(source: &str, tag: &Tag) -> bool {
    if matches!(tag.kind, TagKind::Hole(_)) {
        return false;
    }
    // Only blanks are looked at: a line may be a megabyte long and have ten thousand tags.
    let before = source[..tag.span.start].trim_end_matches([' ', '\t']);
    if !before.is_empty() && !before.ends_with('\n') {
        return false;
    }
    let behind = &source[tag.span.end..];
    let rest = behind.trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with('\n') || rest.starts_with("\r\n")
}

/// The length of what is left of a line, its end included.
fn rest_of_line(text: &str) -> usize {
    let blank = text.len() - text.trim_start_matches([' ', '\t']).len();
    let rest = &text[blank..];
    let newline = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    blank + newline
}

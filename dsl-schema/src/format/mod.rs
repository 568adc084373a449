//! The formatter: one layout for every pipeline file, without a change of what it says.
//!
//! ```text
//! text ─► lexer (tokens, with yaml::marks at hand) ─► levels (how deep) ─► page (lines, columns of comments) ─► text
//!                                                        comments (which level they belong to)
//! ```
//!
//! It goes over the text as it stands and never writes a tree anew: which line a thing stands on is the author's choice, so
//! comments, order, quotes and anchors stay by themselves. Only white space changes. `docs/formatting.md` has the rules.
//! [`format()`] is where to start; it also makes sure that the result says what the text said.

mod block_scalar;
mod comments;
mod entry;
mod layout;
mod levels;
mod lexer;
mod multiline;
mod page;
mod spacing;
mod token;

pub use entry::format;

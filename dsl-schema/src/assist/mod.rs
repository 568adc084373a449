//! What editors ask about a text: what may come next, what a word means, where it is declared, how it is renamed.
//!
//! Pure functions from a text and a byte of it to values; lines, columns and protocols are for others. Most texts that are
//! asked about are broken at the very place, since somebody is writing there: [`complete()`] needs no tree, and a
//! [`Document`] leaves out the lines that cannot be read.
//!
//! ```text
//! text, offset ─► cursor (where it stands) ─► mend (the rest of the file) ─► shape, offers ─► complete
//! text ─► Document ─► mentions (every name) ─► definition, references, rename, hover
//!                └──► findings, symbols
//! ```
//!
//! What the language allows is asked of its JSON Schema and of [`crate::check`]. Nothing here knows a list of keys, but for
//! the keys that name steps (`mentions/structure.rs`).

mod complete;
mod cursor;
mod definition;
mod document;
mod edit;
mod expression;
mod findings;
mod hover;
mod mend;
mod mentions;
mod rename;
mod shape;
mod steps;
mod symbols;
mod tree;

pub use complete::{Completion, CompletionKind, complete};
pub use definition::Definition;
pub use document::Document;
pub use edit::Edit;
pub use findings::{Finding, Remedy};
pub use hover::Hover;
pub use rename::Refusal;
pub use symbols::{Symbol, SymbolKind};

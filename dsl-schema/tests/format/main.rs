//! The formatter keeps what a file says (T6, T3), and its layout is what `docs/formatting.md` promises.
#![allow(clippy::disallowed_methods, reason = "the tests read data files; the formatter does not")]

mod any_text;
mod documents;
mod files;
mod kept;
mod refused;

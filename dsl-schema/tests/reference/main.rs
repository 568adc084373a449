//! The language reference, `docs/language/`: made from the templates in `reference/`, the types of the language and the pages
//! of the codes. `LOOPLINE_BLESS=1` writes it anew; without it these tests fail when it is stale.
//!
//! ```text
//! reference/*.md ──┐
//! types (schemas) ─┼─► pages ─► docs/language/*.md ─► every example compiles, every link leads somewhere
//! diagnostics ─────┘
//! ```
//!
//! A page's prose is written in its template. A line `<!-- keys: steps.ID.goto[] -->` becomes the table of a mapping's keys; what other
//! markers there are is listed in [`pages`]. Nothing here knows a key by name but [`frames`], which says where a mapping stands
//! so that its examples can be compiled.
#![allow(clippy::disallowed_methods, reason = "the tests read and write documents; the compiler does not")]

mod blocks;
mod codes;
mod defaults;
mod documents;
mod fits;
mod flow;
mod forms;
mod frames;
mod links;
mod mappings;
#[path = "../neighbours/mod.rs"]
mod neighbours;
mod pages;
mod rules;
mod tables;

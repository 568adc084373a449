//! What the compiler has to say about a file: codes, places, sentences, and the next move.
//!
//! A [`Diagnostic`] says where it is as a [`Place`]; only the renderers ([`pretty`], [`json`],
//! [`sarif`], [`github`]) turn that into line and column.
//! Each [`Code`] has a page of its own in `pages/`, which [`explain`] gives; a new code is one line in `code.rs` and one page.

mod code;
mod diagnostic;
mod fix;
pub mod github;
pub mod json;
pub mod pretty;
pub mod sarif;

pub use code::{Code, explain};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use fix::{Change, Edit, Fix, Sureness};
